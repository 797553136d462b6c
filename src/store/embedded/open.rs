//! Opening the store: what is refused, and why.

use std::{
    cell::Cell,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    panic,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64},
        mpsc,
    },
    thread,
};

use fjall::{Database, KeyspaceCreateOptions};
use thiserror::Error;
use tokio::sync::Semaphore;
use tracing::{info, warn};
use uuid::Uuid;

use super::{
    EmbeddedStore, Spaces, WAITING,
    journal::{self, JournalError},
    keys::Space,
    lists,
    make::{make, sync},
    room::Room,
    sequence::{self, Sequence, Written},
    writer::{LAST, State, Writer},
};

/// What the data looks like; goes up with every change of it that an older program cannot read.
pub(super) const SCHEMA: u32 = 1;

/// Key of the schema's number.
pub(super) const SCHEMA_KEY: &[u8] = b"schema";

/// Octets of journals before they are folded into the trees. Bounds the time to open.
const JOURNAL: u64 = 64 << 20;

/// Octets of a part that are kept in memory before they are written to a tree.
const MEMTABLE: u64 = 8 << 20;

/// Name of the database's directory.
pub(super) const DATABASE: &str = "db";

/// Where the store is, and how it is opened.
#[derive(Clone, Debug)]
pub struct EmbeddedConfig {
    /// Its directory; made if it is not there, in one that is.
    pub directory: PathBuf,
    /// With less room than this on the disk no session is added. Octets; default 256 MiB.
    pub min_free: u64,
    /// Octets of a part that are kept in memory before they are written to its tree, for a store that is made; one
    /// that is there keeps what it has. Default 8 MiB.
    pub memtable: u64,
    /// Open it although something is lost: after [`OpenError::Lost`] with what is left, after
    /// [`OpenError::Damaged`] empty, with the damaged database set aside.
    pub accept_loss: bool,
}

impl EmbeddedConfig {
    /// The defaults for this directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), min_free: 256 << 20, memtable: MEMTABLE, accept_loss: false }
    }

    /// Whether its directory is there, or can be made where it is to be. Changes nothing.
    ///
    /// Only the last part of the path is ever made: with more of it missing it is more likely mistyped, or on a disk
    /// that is not mounted, and an empty store there would have forgotten every session.
    pub fn place(&self) -> Result<(), OpenError> {
        let directory = &self.directory;
        let parent = or_here(directory.parent().unwrap_or(directory));
        let found = match fs::metadata(directory) {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && parent.is_dir() => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(OpenError::NoPlace { directory: directory.clone(), parent: parent.to_owned() });
            }
            Err(error) => Err(error),
        };
        found.map_err(|error| OpenError::Io { directory: directory.clone(), error })
    }
}

/// A relative path of one name has an empty parent.
fn or_here(parent: &Path) -> &Path {
    if parent == Path::new("") { Path::new(".") } else { parent }
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
    /// The directory is not there, and neither is the one that it would be made in.
    #[error("{directory}: there is no such directory, and none {parent} to make it in")]
    NoPlace {
        /// Where.
        directory: PathBuf,
        /// The directory above it.
        parent: PathBuf,
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
        let damaged = |reason: String| OpenError::Damaged { directory: directory.clone(), reason };
        config.place()?;
        // Subscribers are named in it.
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io)?;
        let is_made = directory.join(DATABASE).try_exists().map_err(io)?;
        // Keeps others out from here on.
        let (sequence, written) = Sequence::open(directory).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => OpenError::Locked { directory: directory.clone() },
            _ => io(error),
        })?;
        let is_forgotten = match written {
            // There was a number before the database was made.
            Written::Nothing if is_made => Some("is missing or holds no number"),
            Written::Unreadable => Some("cannot be read"),
            Written::Nothing | Written::Number(_) => None,
        };
        if let Some(how) = is_forgotten.filter(|_| !config.accept_loss) {
            return Err(damaged(format!("{} {how}, which says what was confirmed", sequence::NAME)));
        }
        let written = match written {
            Written::Number(number) => Some(number),
            Written::Nothing | Written::Unreadable => None,
        };
        if !is_made && written.is_none() {
            sequence.begin(0).map_err(io)?;
        }
        for directory in [Some(&**directory), directory.parent()].into_iter().flatten() {
            sync(or_here(directory)).map_err(io)?;
        }
        let mut set_aside = false;
        let opened = match is_made {
            true => existing(config, written),
            false => new(config).map(|spaces| (spaces, false)),
        };
        let (spaces, was_cut) = match opened {
            Err(OpenError::Damaged { reason, .. }) if config.accept_loss => {
                set_aside = true;
                let aside = aside(directory).map_err(io)?;
                warn!(reason, aside = %aside.display(), "the damaged database is set aside: the store begins empty");
                (new(config)?, false)
            }
            opened => opened?,
        };
        let meta = |key: &[u8]| spaces.read(Space::Meta, key).map_err(|error| damaged(error.to_string()));
        let (last, schema) = (meta(LAST)?, meta(SCHEMA_KEY)?);
        match schema.as_deref().map(<[u8; 4]>::try_from) {
            Some(Ok(found)) => match u32::from_be_bytes(found) {
                SCHEMA => {}
                found => return Err(OpenError::Later { directory: directory.clone(), found }),
            },
            Some(Err(_)) | None => return Err(damaged("its schema cannot be read".into())),
        }
        let (found, sessions) = match last.as_deref().map(<[u8; 16]>::try_from) {
            None => (0, 0),
            Some(Ok(row)) => {
                let row = u128::from_be_bytes(row);
                ((row >> 64) as u64, row as u64)
            }
            Some(Err(_)) => return Err(damaged("the number of its last change cannot be read".into())),
        };
        let is_lost =
            set_aside || was_cut || is_forgotten.is_some() || written.is_some_and(|written| found < written);
        if let Some(written) = written.filter(|_| is_lost) {
            if !config.accept_loss {
                return Err(OpenError::Lost { directory: directory.clone(), written, found });
            }
            warn!(
                missing = written.saturating_sub(found),
                "the store is opened although confirmed changes are missing"
            );
        }
        let state = Arc::new(State {
            // Nearly all of it is chance.
            run: Uuid::now_v7().as_u64_pair().1,
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
            is_behind: Cell::new(is_lost && written.is_some()),
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
            left: Arc::default(),
        };
        Ok((store, Opened { is_new: last.is_none(), lost: is_lost }))
    }
}

/// A database that is made.
fn new(config: &EmbeddedConfig) -> Result<Spaces, OpenError> {
    make(config)?;
    parts(config)
}

/// A database that is there, and whether something of it was cut off that was confirmed.
fn existing(config: &EmbeddedConfig, written: Option<u64>) -> Result<(Spaces, bool), OpenError> {
    let directory = &config.directory;
    let io = |error| OpenError::Io { directory: directory.clone(), error };
    if let Some(list) = lists::damaged(&directory.join(DATABASE)).map_err(io)? {
        let reason = format!("{}: a list of tables is missing or not as it was written", list.display());
        return Err(OpenError::Damaged { directory: directory.clone(), reason });
    }
    let found = journal::look(&directory.join(DATABASE)).map_err(|error| match error {
        JournalError::Io(error) => io(error),
        JournalError::Damaged(reason) => OpenError::Damaged { directory: directory.clone(), reason },
    })?;
    found.write_again().map_err(io)?;
    let Some(tail) = found.tail else { return Ok((parts(config)?, false)) };
    let reason = tail.reason();
    let is_lost = written.zip(found.commit).is_some_and(|(written, found)| found < written);
    match (config.accept_loss, written, found.commit) {
        (false, ..) if tail.is_followed => {
            return Err(OpenError::Damaged { directory: directory.clone(), reason });
        }
        // Nothing is changed, so that whoever repairs it finds it as it was.
        (false, Some(written), Some(found)) if is_lost => {
            return Err(OpenError::Lost { directory: directory.clone(), written, found });
        }
        (true, ..) if is_lost || tail.is_followed => {
            let kept = free_name(directory, "journal").map_err(io)?;
            warn!(reason, kept = %kept.display(), "the damaged journal is kept");
            tail.keep(&kept).map_err(io)?;
        }
        _ => info!("that was being written when the power failed: nothing that was confirmed is missing"),
    }
    tail.cut().map_err(io)?;
    Ok((parts(config)?, tail.is_followed))
}

/// Opens the database with all of its parts.
fn parts(config: &EmbeddedConfig) -> Result<Spaces, OpenError> {
    let directory = &config.directory;
    let database = database(directory, DATABASE)?;
    let mut all = Vec::with_capacity(Space::ALL.len());
    for space in Space::ALL {
        // The database forgets a part whose description it does not find, and would make an empty one.
        if !database.keyspace_exists(space.name()) {
            let reason = format!("its part `{}` is missing", space.name());
            return Err(OpenError::Damaged { directory: directory.clone(), reason });
        }
        let keyspace = database.keyspace(space.name(), KeyspaceCreateOptions::default);
        all.push(keyspace.map_err(|error| refused(directory, error))?);
    }
    Ok(Spaces { database, all: all.into() })
}

pub(super) fn database(directory: &Path, name: &str) -> Result<Database, OpenError> {
    let open = || Database::builder(directory.join(name)).max_journaling_size(JOURNAL).open();
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
    let name = free_name(directory, DATABASE)?;
    fs::rename(directory.join(DATABASE), &name)?;
    Ok(name)
}

/// A name for something damaged.
fn free_name(directory: &Path, what: &str) -> io::Result<PathBuf> {
    for name in (1_u32..).map(|number| directory.join(format!("{what}.damaged-{number}"))) {
        if !name.try_exists()? {
            return Ok(name);
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

pub(super) fn refused(directory: &Path, error: fjall::Error) -> OpenError {
    use io::ErrorKind::{InvalidData, InvalidInput, NotFound, UnexpectedEof};
    let directory = directory.to_owned();
    match error {
        fjall::Error::Locked => OpenError::Locked { directory },
        // A file that is shorter than it says, or not there, is not one that cannot be used.
        fjall::Error::Io(error)
            if !matches!(error.kind(), NotFound | UnexpectedEof | InvalidData | InvalidInput) =>
        {
            OpenError::Io { directory, error }
        }
        error => OpenError::Damaged { directory, reason: format!("{error:?}") },
    }
}
