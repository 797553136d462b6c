//! Opening the store: what is refused, and why.

use std::{
    fs, io, panic,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64},
        mpsc,
    },
    thread,
};

use fjall::{Database, KeyspaceCreateOptions, PersistMode};
use thiserror::Error;
use tokio::sync::Semaphore;
use tracing::warn;

use super::{
    EmbeddedStore, Spaces, WAITING,
    keys::Space,
    room::Room,
    sequence::Sequence,
    writer::{LAST, State, Writer},
};

/// What the data looks like; goes up with every change of it that an older program cannot read.
const SCHEMA: u32 = 1;

/// Key of the schema's number.
const SCHEMA_KEY: &[u8] = b"schema";

/// Octets of journals before they are folded into the trees. Bounds the time to open.
const JOURNAL: u64 = 64 << 20;

/// Octets of a part that are kept in memory before they are written to a tree.
const MEMTABLE: u64 = 8 << 20;

/// Name of the database's directory.
const DATABASE: &str = "db";

/// Where the store is, and how it is opened.
#[derive(Clone, Debug)]
pub struct EmbeddedConfig {
    /// Its directory; made if it is not there.
    pub directory: PathBuf,
    /// With less room than this on the disk no session is added. Octets; default 256 MiB.
    pub min_free: u64,
    /// Open it although something is lost: after [`OpenError::Lost`] with what is left, after
    /// [`OpenError::Damaged`] empty, with the damaged database set aside.
    pub accept_loss: bool,
}

impl EmbeddedConfig {
    /// The defaults for this directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), min_free: 256 << 20, accept_loss: false }
    }
}

/// Why the store cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The directory or a file in it cannot be used.
    #[error("{directory}: {error}")]
    Io {
        /// Where.
        directory: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process has it open.
    #[error("{directory}: another process has this store open")]
    Locked {
        /// Where.
        directory: PathBuf,
    },
    /// A later version of this program wrote it.
    #[error("{directory}: written by a later version (its data has schema {found}, known is {SCHEMA})")]
    Later {
        /// Where.
        directory: PathBuf,
        /// The schema that it has.
        found: u32,
    },
    /// The database cannot be read.
    #[error("{directory}: the database is damaged: {reason}")]
    Damaged {
        /// Where.
        directory: PathBuf,
        /// What the database says.
        reason: String,
    },
    /// The database is older than what was written: its end was lost.
    #[error(
        "{directory}: {} changes that were confirmed are missing (the last one has number {written}, found is {found})",
        .written.saturating_sub(*.found)
    )]
    Lost {
        /// Where.
        directory: PathBuf,
        /// Number of the last commit that was confirmed.
        written: u64,
        /// Number of the last commit in the database.
        found: u64,
    },
}

/// What was found in an open store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Nothing was in it.
    pub is_new: bool,
    /// Something was lost, and that was accepted.
    pub lost: bool,
}

impl EmbeddedStore {
    /// Opens the store, or makes it. Waits for the disk.
    pub fn open(config: &EmbeddedConfig) -> Result<(Self, Opened), OpenError> {
        let directory = &config.directory;
        let io = |error| OpenError::Io { directory: directory.clone(), error };
        fs::create_dir_all(directory).map_err(io)?;
        let mut set_aside = false;
        let database = match database(directory) {
            Err(OpenError::Damaged { reason, .. }) if config.accept_loss => {
                set_aside = true;
                let aside = aside(directory).map_err(io)?;
                warn!(reason, aside = %aside.display(), "the damaged database is set aside: the store begins empty");
                self::database(directory)?
            }
            opened => opened?,
        };
        // After it: the database keeps others out.
        let (sequence, written) = Sequence::open(directory).map_err(io)?;
        let spaces = Space::ALL.iter().map(|space| {
            database.keyspace(space.name(), || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE))
        });
        let all = spaces.collect::<Result<_, _>>().map_err(|error| refused(directory, error))?;
        let spaces = Spaces { database, all };

        let damaged = |reason: String| OpenError::Damaged { directory: directory.clone(), reason };
        let meta = |key: &[u8]| spaces.read(Space::Meta, key).map_err(|error| damaged(error.to_string()));
        let last = meta(LAST)?;
        match meta(SCHEMA_KEY)?.as_deref().map(<[u8; 4]>::try_from) {
            Some(Ok(found)) => match u32::from_be_bytes(found) {
                SCHEMA => {}
                found => return Err(OpenError::Later { directory: directory.clone(), found }),
            },
            Some(Err(_)) => return Err(damaged("its schema cannot be read".into())),
            None => {
                let mut batch = spaces.batch().durability(Some(PersistMode::SyncAll));
                batch.insert(spaces.of(Space::Meta), SCHEMA_KEY, SCHEMA.to_be_bytes());
                batch.commit().map_err(|error| refused(directory, error))?;
            }
        }
        let (found, sessions) = match last.as_deref().map(<[u8; 16]>::try_from) {
            None => (0, 0),
            Some(Ok(row)) => {
                let row = u128::from_be_bytes(row);
                ((row >> 64) as u64, row as u64)
            }
            Some(Err(_)) => return Err(damaged("the number of its last change cannot be read".into())),
        };
        let is_lost = set_aside || written.is_some_and(|written| found < written);
        if let Some(written) = written.filter(|_| is_lost) {
            if !config.accept_loss {
                return Err(OpenError::Lost { directory: directory.clone(), written, found });
            }
            warn!(
                missing = written.saturating_sub(found),
                "the store is opened although confirmed changes are missing"
            );
            sequence.reset(found).map_err(io)?;
        }
        let state = Arc::new(State {
            sessions: AtomicU64::new(sessions),
            last: AtomicU64::new(found),
            broken: AtomicBool::new(false),
            full: AtomicBool::new(false),
        });
        let room = Room { directory: directory.clone(), min_free: config.min_free };
        room.look(&state);
        let (jobs, waiting) = mpsc::channel();
        let figures = Arc::default();
        let writer = Writer {
            spaces: spaces.clone(),
            jobs: waiting,
            sequence,
            state: Arc::clone(&state),
            figures: Arc::clone(&figures),
            room,
        };
        let writer = thread::Builder::new().name("store".into()).spawn(move || writer.run()).map_err(io)?;
        let store = Self {
            spaces,
            state,
            figures,
            places: Arc::new(Semaphore::new(WAITING)),
            jobs: Some(jobs),
            writer: Some(writer),
        };
        Ok((store, Opened { is_new: last.is_none(), lost: is_lost }))
    }
}

fn database(directory: &Path) -> Result<Database, OpenError> {
    let open = || Database::builder(directory.join(DATABASE)).max_journaling_size(JOURNAL).open();
    // Some damage is met with an assertion there. Nothing of ours is held that could be left half done.
    match panic::catch_unwind(open) {
        Ok(opened) => opened.map_err(|error| refused(directory, error)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
            Err(OpenError::Damaged { directory: directory.to_owned(), reason: text.replace('\n', " ") })
        }
    }
}

/// Keeps a database that cannot be opened for whoever wants to look into it.
fn aside(directory: &Path) -> io::Result<PathBuf> {
    let names = (1_u32..).map(|number| directory.join(format!("{DATABASE}.damaged-{number}")));
    for name in names {
        if !name.try_exists()? {
            fs::rename(directory.join(DATABASE), &name)?;
            return Ok(name);
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn refused(directory: &Path, error: fjall::Error) -> OpenError {
    let directory = directory.to_owned();
    match error {
        fjall::Error::Locked => OpenError::Locked { directory },
        fjall::Error::Io(error) => OpenError::Io { directory, error },
        error => OpenError::Damaged { directory, reason: format!("{error:?}") },
    }
}
