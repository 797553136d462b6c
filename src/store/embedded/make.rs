//! A new database: made under another name, so that a power failure leaves all of it or nothing.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use fjall::{KeyspaceCreateOptions, PersistMode};

use super::{
    keys::Space,
    open::{DATABASE, EmbeddedConfig, OpenError, SCHEMA, SCHEMA_KEY, database, refused},
};

/// Name of a database that is not complete.
const UNFINISHED: &str = "db.new";

/// Makes the database in the store's directory, where none is.
pub(super) fn make(config: &EmbeddedConfig) -> Result<(), OpenError> {
    let directory = &config.directory;
    let io = |error| OpenError::Io { directory: directory.clone(), error };
    let unfinished = directory.join(UNFINISHED);
    if unfinished.try_exists().map_err(io)? {
        fs::remove_dir_all(&unfinished).map_err(io)?;
    }
    let database = database(directory, UNFINISHED)?;
    let mut batch = database.batch().durability(Some(PersistMode::SyncAll));
    for space in Space::ALL {
        let options = || KeyspaceCreateOptions::default().max_memtable_size(config.memtable);
        let keyspace = database.keyspace(space.name(), options).map_err(|error| refused(directory, error))?;
        if space == Space::Meta {
            batch.insert(&keyspace, SCHEMA_KEY, SCHEMA.to_be_bytes());
        }
    }
    batch.commit().map_err(|error| refused(directory, error))?;
    drop(database);
    sync_all(&unfinished).map_err(io)?;
    fs::rename(&unfinished, directory.join(DATABASE)).map_err(io)?;
    sync(directory).map_err(io)
}

/// Makes a directory durable: the names in it.
pub(super) fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The same of everything in it.
fn sync_all(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() { sync_all(&path)? } else { sync(&path)? }
    }
    sync(directory)
}
