//! The one thread that writes: takes what has come meanwhile, and commits all of it with one sync.

use std::{
    cell::Cell,
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use fjall::PersistMode;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::error;

use super::{
    Figures, Spaces,
    keys::{self, Run, Space},
    room::Room,
    rows,
    sequence::Sequence,
};
use crate::session::{
    QosSessionId, RxSessionId, Session, StoreError,
    ports::{Commit, LetterWrite, SessionWrite},
};

/// Most commits of a group.
const GROUP: usize = 512;

/// Most octets of a group.
const GROUP_OCTETS: usize = 4 << 20;

/// How often the file of the last commit is synced.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// Key of the last commit's number and of the number of sessions.
pub(super) const LAST: &[u8] = b"last";

/// What must be true for a commit.
enum Check {
    Nothing,
    /// Neither name is taken.
    New {
        id: QosSessionId,
        rx_session: RxSessionId,
        version: u64,
    },
    /// The session has this version; it will have the next one, or be gone.
    Version {
        id: QosSessionId,
        rx_session: RxSessionId,
        version: u64,
        stays: bool,
    },
}

/// A change of one key.
struct Change {
    space: Space,
    key: Vec<u8>,
    /// `None` removes it.
    value: Option<Vec<u8>>,
}

/// A commit, ready to be written.
pub(super) struct Prepared {
    check: Check,
    changes: Vec<Change>,
    /// Sessions more, or less.
    sessions: i64,
    run: Run,
}

impl Prepared {
    /// Everything that needs no look into the store; done by whoever commits.
    pub fn new(commit: Commit, run: Run) -> Result<Self, StoreError> {
        let mut prepared = Self { check: Check::Nothing, changes: Vec::new(), sessions: 0, run };
        match commit.session {
            Some(SessionWrite::Insert(session)) => {
                let (id, rx_session) = (session.id.clone(), session.rx_session.clone());
                prepared.check = Check::New { id, rx_session, version: session.version };
                prepared.sessions = 1;
                prepared.session(None, Some((&session, session.version)))?;
            }
            Some(SessionWrite::Replace { before, after }) => {
                if (&before.id, &before.rx_session) != (&after.id, &after.rx_session) {
                    return Err(StoreError::Conflict);
                }
                prepared.check = Check::version(&before, true);
                prepared.session(Some(&before), Some((&after, before.version + 1)))?;
            }
            Some(SessionWrite::Remove(session)) => {
                prepared.check = Check::version(&session, false);
                prepared.sessions = -1;
                prepared.session(Some(&session), None)?;
            }
            None => {}
        }
        for letter in commit.letters {
            match letter {
                LetterWrite::Post(letter) => {
                    prepared.put(Space::Letter, keys::letter(letter.id), Some(rows::letter(&letter, run)?));
                    prepared.put(Space::Dead, keys::letter(letter.id), None);
                }
                LetterWrite::Remove(id) => {
                    prepared.put(Space::Letter, keys::letter(id), None);
                    prepared.put(Space::Dead, keys::letter(id), None);
                }
                LetterWrite::Bury(dead) => {
                    prepared.put(Space::Letter, keys::letter(dead.letter.id), None);
                    prepared.put(Space::Dead, keys::letter(dead.letter.id), Some(rows::dead(&dead)?));
                }
            }
        }
        for record in commit.records {
            let value = record.value.map(|value| value.to_vec());
            prepared.put(Space::Record, keys::record(record.kind, &record.key), value);
        }
        Ok(prepared)
    }

    fn put(&mut self, space: Space, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.changes.push(Change { space, key, value });
    }

    /// The session, and what of its keys changes.
    fn session(
        &mut self,
        before: Option<&Session>,
        after: Option<(&Session, u64)>,
    ) -> Result<(), StoreError> {
        let keys = |session| keys::index(session, self.run);
        let old = before.map(keys).unwrap_or_default();
        let new = after.map(|(session, _)| keys(session)).unwrap_or_default();
        for (space, key, _) in old.iter().filter(|key| !new.contains(key)) {
            self.put(*space, key.clone(), None);
        }
        for (space, key, value) in new.iter().filter(|key| !old.contains(key)) {
            self.put(*space, key.clone(), Some(value.clone()));
        }
        if let Some(id) = before.or(after.map(|(session, _)| session)).map(|session| &session.id) {
            let row = after.map(|(session, version)| rows::session(session, version)).transpose()?;
            self.put(Space::Session, id.as_str().as_bytes().to_vec(), row);
        }
        Ok(())
    }

    fn octets(&self) -> usize {
        self.changes.iter().map(|change| change.key.len() + change.value.as_ref().map_or(0, Vec::len)).sum()
    }
}

impl Check {
    fn version(session: &Session, stays: bool) -> Self {
        let (id, rx_session) = (session.id.clone(), session.rx_session.clone());
        Self::Version { id, rx_session, version: session.version, stays }
    }
}

/// A commit on its way to the writer.
pub(super) struct Job {
    pub prepared: Prepared,
    pub done: oneshot::Sender<Result<(), StoreError>>,
    /// Bounds how many there are.
    pub _place: OwnedSemaphorePermit,
}

/// What the writer and the store have in common.
#[derive(Debug)]
pub(super) struct State {
    /// Of this process.
    pub run: Run,
    /// Sessions in the store.
    pub sessions: AtomicU64,
    /// Number of the last commit.
    pub last: AtomicU64,
    /// The disk failed, and nothing more is written by this process.
    pub broken: AtomicBool,
    /// There is so little room that no session is added.
    pub full: AtomicBool,
}

/// The thread.
pub(super) struct Writer {
    pub spaces: Spaces,
    pub jobs: Receiver<Job>,
    pub sequence: Sequence,
    /// The number in the file is of a commit that is lost. It stays there until something is written over the loss: so
    /// nobody takes the store for whole before it is stored what is to be done about that.
    pub is_behind: Cell<bool>,
    pub state: Arc<State>,
    pub figures: Arc<Figures>,
    pub room: Room,
}

/// What a group changes of what its later commits look at.
#[derive(Default)]
struct Overlay {
    /// The version that a session has then; `None`: gone.
    versions: HashMap<QosSessionId, Option<u64>>,
    /// Whether a Session-Id is taken then.
    taken: HashMap<RxSessionId, bool>,
}

impl Writer {
    /// Writes until nobody can send any more.
    pub fn run(self) {
        let (mut synced, mut sync_at) =
            (self.state.last.load(Ordering::Relaxed), Instant::now() + SYNC_EVERY);
        loop {
            match self.jobs.recv_timeout(sync_at.saturating_duration_since(Instant::now())) {
                Ok(first) => self.group(first),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if sync_at <= Instant::now() {
                self.sync(&mut synced);
                self.room.look(&self.state);
                sync_at = Instant::now() + SYNC_EVERY;
            }
        }
        self.sync(&mut synced);
    }

    fn sync(&self, synced: &mut u64) {
        let last = self.state.last.load(Ordering::Relaxed);
        if *synced != last && !self.is_broken() {
            match self.sequence.sync() {
                Ok(()) => *synced = last,
                Err(error) => {
                    self.break_down(&format!("the number of the last commit cannot be synced: {error}"))
                }
            }
        }
    }

    /// Takes what has come, and writes it.
    fn group(&self, first: Job) {
        let (mut octets, mut jobs) = (first.prepared.octets(), vec![first]);
        while jobs.len() < GROUP && octets < GROUP_OCTETS {
            let Ok(job) = self.jobs.try_recv() else { break };
            octets += job.prepared.octets();
            jobs.push(job);
        }
        let mut overlay = Overlay::default();
        let (mut accepted, mut batch) = (Vec::with_capacity(jobs.len()), self.spaces.batch());
        let mut sessions = self.state.sessions.load(Ordering::Relaxed);
        for job in jobs {
            match self.check(&job.prepared.check, &mut overlay) {
                Ok(()) => {
                    sessions = sessions.saturating_add_signed(job.prepared.sessions);
                    for Change { space, key, value } in job.prepared.changes {
                        match value {
                            Some(value) => batch.insert(self.spaces.of(space), key, value),
                            None => batch.remove(self.spaces.of(space), key),
                        }
                    }
                    accepted.push(job.done);
                }
                // Whoever asked may be gone.
                Err(error) => drop(job.done.send(Err(error))),
            }
        }
        if accepted.is_empty() {
            return;
        }
        let number = self.state.last.load(Ordering::Relaxed) + 1;
        let row = [number.to_be_bytes(), sessions.to_be_bytes()].concat();
        batch.insert(self.spaces.of(Space::Meta), LAST, row);
        let began = Instant::now();
        let written = match self.is_broken() {
            true => Err(broken()),
            false => batch.durability(Some(PersistMode::SyncData)).commit().map_err(|error| {
                self.break_down(&format!("a commit cannot be written: {error:?}"));
                broken()
            }),
        };
        if written.is_ok() {
            self.figures.commits.observe(began.elapsed());
            self.figures.group.record(u64::try_from(accepted.len()).unwrap_or(u64::MAX));
            self.state.sessions.store(sessions, Ordering::Relaxed);
            self.state.last.store(number, Ordering::Relaxed);
            let kept = match self.is_behind.take() {
                true => self.sequence.begin(number),
                false => self.sequence.write(number),
            };
            if let Err(error) = kept {
                self.break_down(&format!("the number of the last commit cannot be written: {error}"));
            }
        }
        for done in accepted {
            drop(done.send(written.clone()));
        }
    }

    /// Whether a commit may be written after those of the group before it.
    fn check(&self, check: &Check, overlay: &mut Overlay) -> Result<(), StoreError> {
        match check {
            Check::Nothing => Ok(()),
            Check::New { id, rx_session, version } => {
                if self.state.full.load(Ordering::Relaxed) {
                    return Err(StoreError::Full);
                }
                let taken = match overlay.taken.get(rx_session) {
                    Some(taken) => *taken,
                    None => self.spaces.contains(Space::ByRx, rx_session.as_str().as_bytes())?,
                };
                if taken || self.version(id, overlay)?.is_some() {
                    return Err(StoreError::Exists);
                }
                overlay.versions.insert(id.clone(), Some(*version));
                overlay.taken.insert(rx_session.clone(), true);
                Ok(())
            }
            Check::Version { id, rx_session, version, stays } => {
                let found = self.version(id, overlay)?.ok_or(StoreError::Missing)?;
                if found != *version {
                    return Err(StoreError::Conflict);
                }
                overlay.versions.insert(id.clone(), stays.then_some(version + 1));
                overlay.taken.insert(rx_session.clone(), *stays);
                Ok(())
            }
        }
    }

    fn version(&self, id: &QosSessionId, overlay: &Overlay) -> Result<Option<u64>, StoreError> {
        match overlay.versions.get(id) {
            Some(version) => Ok(*version),
            None => {
                let row = self.spaces.read(Space::Session, id.as_str().as_bytes())?;
                row.map(|row| rows::version(&row)).transpose()
            }
        }
    }

    fn is_broken(&self) -> bool {
        self.state.broken.load(Ordering::Relaxed)
    }

    /// What a disk has of a write that failed nobody knows: nothing is written after it.
    fn break_down(&self, reason: &str) {
        self.state.broken.store(true, Ordering::Relaxed);
        error!(
            reason,
            "the store takes nothing more until the gateway is started again: look at the disk, its space and the \
             kernel's log first"
        );
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Its queue goes after this: whoever waits there, or comes later, finds a store that failed.
        if std::thread::panicking() {
            self.break_down("the thread that writes has broken down");
        }
    }
}

/// What every commit is told after the disk failed.
pub(super) fn broken() -> StoreError {
    StoreError::Failed { reason: "its disk failed; the log says how".into() }
}
