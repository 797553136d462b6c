//! The lists of tables of the database's parts, checked before the database reads them.
//!
//! Beside each list stands a file `current` with the list's number and checksum. The database (lsm-tree 3) writes the
//! checksum and does not look at it: a damaged list makes it forget tables.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use xxhash_rust::xxh3::xxh3_128;

/// The first list of a database that is not as it was written.
pub(super) fn damaged(database: &Path) -> io::Result<Option<PathBuf>> {
    for part in fs::read_dir(database.join("keyspaces"))? {
        let part = part?.path();
        let current = match fs::read(part.join("current")) {
            Ok(current) => current,
            // A part that is not there is missed later.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
            Err(error) => return Err(error),
        };
        // Number (8 octets), checksum (16), both little-endian, and which checksum that is.
        let Some((number, rest)) = current.split_first_chunk() else { return Ok(Some(part.join("current"))) };
        let list = part.join(format!("v{}", u64::from_le_bytes(*number)));
        let is_whole = match fs::read(&list) {
            Ok(octets) => rest.first_chunk() == Some(&xxh3_128(&octets).to_le_bytes()),
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        if !is_whole {
            return Ok(Some(list));
        }
    }
    Ok(None)
}
