//! What outlives the gateway's process: a store in memory, reached through each process's own door.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use rxgate::{
    BoxFuture,
    session::{
        QosSessionId, RxSessionId, Session, SessionFilter, SessionStore, StoreError,
        ports::{Commit, DeadLetter, Letter, LetterId, LetterWrite, Record, RecordKind, SessionWrite},
    },
    store::MemoryStore,
};
use tokio::time::sleep;

use crate::{
    broken::{Broken, Unwritten},
    dice::Dice,
    process::Process,
    trace::{Trace, note},
};

/// How the disk is doing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Health {
    /// One write in so many fails; zero: none.
    pub fail: u64,
    /// One write in so many takes seconds; zero: none.
    pub slow: u64,
    /// One write in so many is the last that the process begins; zero: none.
    pub kill: u64,
}

/// What is kept.
pub struct Disk {
    dice: Dice,
    trace: Arc<Trace>,
    pub store: MemoryStore,
    health: Mutex<Health>,
    /// Session-Ids of all sessions that ever were, by their names.
    names: Mutex<BTreeMap<String, String>>,
}

impl Disk {
    pub fn new(dice: Dice, trace: Arc<Trace>) -> Arc<Self> {
        Arc::new(Self {
            dice,
            trace,
            store: MemoryStore::new(),
            health: Mutex::default(),
            names: Mutex::default(),
        })
    }

    pub fn set_health(&self, health: Health) {
        *self.health.lock().unwrap() = health;
    }

    /// The Session-Id of a session, also when it is over.
    pub fn rx_session(&self, id: &str) -> Option<String> {
        self.names.lock().unwrap().get(id).cloned()
    }

    /// All of it: what is open, and what is not over yet.
    pub async fn sessions(&self) -> Vec<Session> {
        use rxgate::session::SessionState::{Ending, Gone, Open, Pending};
        let mut all = Vec::new();
        for state in [Pending, Open, Ending, Gone] {
            let filter = SessionFilter { state: Some(state), ..SessionFilter::default() };
            all.extend(self.store.list(filter).await.unwrap());
        }
        all
    }
}

/// A process's way to the disk.
pub struct Door {
    disk: Arc<Disk>,
    store: MemoryStore,
    process: Arc<Process>,
    broken: Broken,
    unwritten: Unwritten,
}

impl Door {
    /// Processes before this one are gone.
    pub fn new(disk: Arc<Disk>, process: Arc<Process>, broken: Broken) -> Self {
        Self { store: disk.store.reopened(), disk, process, broken, unwritten: Unwritten::default() }
    }

    async fn write(&self, commit: Commit) -> Result<(), StoreError> {
        self.process.alive().await;
        let (Disk { dice, trace, health, names, .. }, store) = (&*self.disk, &self.store);
        let Health { fail, slow, kill } = *health.lock().unwrap();
        let what = told(&commit);
        if let Some(SessionWrite::Insert(session)) = &commit.session {
            names.lock().unwrap().insert(session.id.to_string(), session.rx_session.to_string());
        }
        if dice.one_in(slow) {
            sleep(dice.millis(500, 5_000)).await;
        }
        let before = dice.millis(0, 2);
        if !before.is_zero() {
            sleep(before).await;
        }
        self.process.alive().await;
        if dice.one_in(kill) {
            // In the middle of it: half of them are on the disk all the same.
            self.process.kill();
            let written = dice.one_in(2) && store.commit(commit).await.is_ok();
            note!(trace, "{what}: the process ends, written: {written}");
            return std::future::pending().await;
        }
        if dice.one_in(fail) {
            note!(trace, "{what}: fails");
            return Err(StoreError::Failed { reason: "the disk is full".into() });
        }
        let written = store.commit(commit).await;
        note!(trace, "{what}: {written:?}");
        if dice.one_in(4) {
            sleep(Duration::from_millis(1)).await;
            self.process.alive().await;
        }
        written
    }

    async fn read<T>(&self, read: impl Future<Output = T>) -> T {
        self.process.alive().await;
        read.await
    }
}

/// A commit in a few words.
fn told(commit: &Commit) -> String {
    let entry = |session: &Session| session.history.last().map_or(String::new(), |entry| entry.what.clone());
    let session = match &commit.session {
        None => String::new(),
        Some(SessionWrite::Insert(session)) => format!("insert {} {}", session.rx_session, session.state),
        Some(SessionWrite::Replace { before, after }) => {
            format!("{} v{} {}: {}", after.rx_session, before.version, after.state, entry(after))
        }
        Some(SessionWrite::Remove(session)) => format!("remove {}", session.rx_session),
    };
    let letters = commit.letters.iter().map(|letter| match letter {
        LetterWrite::Post(letter) => format!(" +{}", letter.id),
        LetterWrite::Remove(id) => format!(" -{id}"),
        LetterWrite::Bury(dead) => format!(" x{}: {}", dead.letter.id, dead.reason),
    });
    let records = commit.records.iter().map(|record| format!(" {:?} {}", record.kind, record.key));
    let rest: String = letters.chain(records).collect();
    format!("commit {session}{rest}")
}

type Found<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

impl SessionStore for Door {
    fn commit(&self, commit: Commit) -> Found<'_, ()> {
        Box::pin(async move {
            for commit in self.broken.commits(commit, &self.unwritten) {
                self.write(commit).await?;
            }
            Ok(())
        })
    }
    fn get<'a>(&'a self, id: &'a QosSessionId) -> Found<'a, Option<Session>> {
        match self.unwritten.find(|session| session.id == *id) {
            Some(session) => Box::pin(self.read(async { Ok(Some(session)) })),
            None => Box::pin(self.read(self.store.get(id))),
        }
    }
    fn find<'a>(&'a self, id: &'a RxSessionId) -> Found<'a, Option<Session>> {
        match self.unwritten.find(|session| session.rx_session == *id) {
            Some(session) => Box::pin(self.read(async { Ok(Some(session)) })),
            None => Box::pin(self.read(self.store.find(id))),
        }
    }
    fn list(&self, filter: SessionFilter) -> Found<'_, Vec<Session>> {
        Box::pin(self.read(self.store.list(filter)))
    }
    fn expiring(
        &self,
        after: Option<(SystemTime, QosSessionId)>,
        until: SystemTime,
        limit: usize,
    ) -> Found<'_, Vec<(SystemTime, QosSessionId)>> {
        Box::pin(self.read(self.store.expiring(after, until, limit)))
    }
    fn claim_sessions(&self, limit: usize) -> Found<'_, Vec<QosSessionId>> {
        Box::pin(self.read(self.store.claim_sessions(limit)))
    }
    fn claim_letters(&self, limit: usize) -> Found<'_, Vec<Letter>> {
        Box::pin(self.read(self.store.claim_letters(limit)))
    }
    fn letters(&self, after: Option<LetterId>, limit: usize) -> Found<'_, Vec<Letter>> {
        Box::pin(self.read(self.store.letters(after, limit)))
    }
    fn dead_letters(&self, after: Option<LetterId>, limit: usize) -> Found<'_, Vec<DeadLetter>> {
        Box::pin(self.read(self.store.dead_letters(after, limit)))
    }
    fn records(&self, kind: RecordKind, after: Option<Arc<str>>, limit: usize) -> Found<'_, Vec<Record>> {
        Box::pin(self.read(self.store.records(kind, after, limit)))
    }
    fn record<'a>(&'a self, kind: RecordKind, key: &'a str) -> Found<'a, Option<Arc<[u8]>>> {
        Box::pin(self.read(self.store.record(kind, key)))
    }
    fn count(&self) -> Found<'_, u64> {
        Box::pin(self.read(self.store.count()))
    }
    fn is_durable(&self) -> bool {
        true
    }
}
