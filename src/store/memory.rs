//! Sessions in memory: gone with the process.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use dashmap::{DashMap, Entry};
use tokio::time::Instant;

use crate::{
    BoxFuture,
    session::{
        QosSessionId, RxSessionId, Session, SessionFilter, SessionStore, StoreError,
        ports::{
            Commit, DeadLetter, Letter, LetterId, LetterWrite, Record, RecordKind, RecordWrite, SessionWrite,
        },
    },
};

/// Sessions in memory; this value is one process's way to them.
///
/// One session at a time is changed under its shard's lock, which is never held across an await point.
#[derive(Debug, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
    me: Owner,
    lease: Option<Duration>,
}

/// A process that had or has the store.
type Owner = u64;

#[derive(Debug, Default)]
struct Shared {
    sessions: DashMap<QosSessionId, Session>,
    by_rx: DashMap<RxSessionId, QosSessionId>,
    /// Locked after a session's shard, never before.
    due: Mutex<Due>,
    /// Locked alone.
    rest: Mutex<Rest>,
    /// Locked alone.
    owners: Mutex<Owners>,
}

/// What is to be done, and when.
#[derive(Debug, Default)]
struct Due {
    /// Open sessions with an end, the earliest first.
    expiries: BTreeSet<(SystemTime, QosSessionId)>,
    /// Sessions of which something is owed, and who has a part in it.
    owed: BTreeMap<QosSessionId, BTreeSet<Owner>>,
}

#[derive(Debug, Default)]
struct Rest {
    /// Whose they are to deliver, and what.
    letters: BTreeMap<LetterId, (Owner, Letter)>,
    dead: BTreeMap<LetterId, DeadLetter>,
    records: BTreeMap<(RecordKind, Arc<str>), Arc<[u8]>>,
}

/// Who is there.
#[derive(Clone, Debug)]
struct Owners {
    /// Until when; `None`: until the store is opened again.
    there: BTreeMap<Owner, Option<Instant>>,
    next: Owner,
}

impl Default for Owners {
    fn default() -> Self {
        Self { there: BTreeMap::from([(0, None)]), next: 1 }
    }
}

impl Owners {
    fn enter(&mut self, until: Option<Instant>) -> Owner {
        let me = self.next;
        self.next += 1;
        self.there.insert(me, until);
        me
    }

    fn is_gone(&self, owner: Owner, now: Instant) -> bool {
        self.there.get(&owner).is_none_or(|until| until.is_some_and(|until| until <= now))
    }
}

impl MemoryStore {
    /// An empty store, for one process.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the next process finds: those that had it before are gone.
    pub fn reopened(&self) -> Self {
        let mut owners = self.owners();
        owners.there.clear();
        Self { shared: Arc::clone(&self.shared), me: owners.enter(None), lease: None }
    }

    /// The same for a further process, as a shared store has several at a time. It is taken for gone when it did not
    /// claim for so long.
    pub fn joined(&self, lease: Duration) -> Self {
        let me = self.owners().enter(Some(Instant::now() + lease));
        Self { shared: Arc::clone(&self.shared), me, lease: Some(lease) }
    }

    fn due(&self) -> MutexGuard<'_, Due> {
        self.shared.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.shared.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn owners(&self) -> MutexGuard<'_, Owners> {
        self.shared.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that this process is there, and tells who is.
    fn renew(&self) -> Owners {
        let mut owners = self.owners();
        if let Some(lease) = self.lease {
            owners.there.insert(self.me, Some(Instant::now() + lease));
        }
        owners.clone()
    }

    /// Keeps what is due as the session is now.
    fn reschedule(&self, before: Option<&Session>, now: Option<&Session>) {
        let expiry = |session: &Session| Some((session.expiry()?, session.id.clone()));
        let owed = |session: &Session| session.is_owed().then(|| session.id.clone());
        let (was_owed, is_owed) = (before.and_then(owed), now.and_then(owed));
        let (before, now) = (before.and_then(expiry), now.and_then(expiry));
        if before == now && was_owed.is_none() && is_owed.is_none() {
            return;
        }
        let mut due = self.due();
        if before != now {
            before.map(|before| due.expiries.remove(&before));
            now.map(|now| due.expiries.insert(now));
        }
        match (was_owed, is_owed) {
            (_, Some(id)) => _ = due.owed.entry(id).or_default().insert(self.me),
            (Some(id), None) => _ = due.owed.remove(&id),
            (None, None) => {}
        }
    }

    fn write(&self, commit: Commit) -> Result<(), StoreError> {
        // It alone can fail, and so stands first.
        match commit.session {
            Some(SessionWrite::Insert(session)) => self.insert(*session)?,
            Some(SessionWrite::Replace { before, after }) => self.replace(&before, *after)?,
            Some(SessionWrite::Remove(session)) => self.remove(&session)?,
            None => {}
        }
        if !commit.letters.is_empty() || !commit.records.is_empty() {
            self.rest().write(commit.letters, commit.records, self.me);
        }
        Ok(())
    }

    fn insert(&self, session: Session) -> Result<(), StoreError> {
        let Entry::Vacant(rx) = self.shared.by_rx.entry(session.rx_session.clone()) else {
            return Err(StoreError::Exists);
        };
        let Entry::Vacant(place) = self.shared.sessions.entry(session.id.clone()) else {
            return Err(StoreError::Exists);
        };
        self.reschedule(None, Some(&session));
        rx.insert(session.id.clone());
        place.insert(session);
        Ok(())
    }

    fn replace(&self, before: &Session, mut session: Session) -> Result<(), StoreError> {
        let mut stored = self.shared.sessions.get_mut(&session.id).ok_or(StoreError::Missing)?;
        if stored.version != before.version || stored.rx_session != session.rx_session {
            return Err(StoreError::Conflict);
        }
        session.version = before.version + 1;
        self.reschedule(Some(&stored), Some(&session));
        *stored = session;
        Ok(())
    }

    fn remove(&self, session: &Session) -> Result<(), StoreError> {
        let removed = self.shared.sessions.remove_if(&session.id, |_, stored| {
            let same = stored.version == session.version;
            if same {
                self.reschedule(Some(stored), None);
            }
            same
        });
        match removed {
            Some((_, session)) => {
                self.shared.by_rx.remove(&session.rx_session);
                Ok(())
            }
            None if self.shared.sessions.contains_key(&session.id) => Err(StoreError::Conflict),
            None => Err(StoreError::Missing),
        }
    }
}

impl Rest {
    fn write(&mut self, letters: Vec<LetterWrite>, records: Vec<RecordWrite>, me: Owner) {
        for letter in letters {
            match letter {
                LetterWrite::Post(letter) => {
                    self.dead.remove(&letter.id);
                    self.letters.insert(letter.id, (me, letter));
                }
                LetterWrite::Remove(id) => {
                    self.letters.remove(&id);
                    self.dead.remove(&id);
                }
                LetterWrite::Bury(dead) => {
                    self.letters.remove(&dead.letter.id);
                    self.dead.insert(dead.letter.id, dead);
                }
            }
        }
        for RecordWrite { kind, key, value } in records {
            match value {
                Some(value) => self.records.insert((kind, key), value),
                None => self.records.remove(&(kind, key)),
            };
        }
    }
}

/// What follows a key, or everything.
fn follows<K>(after: Option<K>) -> (Bound<K>, Bound<K>) {
    (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}

/// A future that is ready: memory has nothing to wait for.
fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

impl SessionStore for MemoryStore {
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(self.write(commit))
    }

    fn get<'a>(&'a self, id: &'a QosSessionId) -> BoxFuture<'a, Result<Option<Session>, StoreError>> {
        ready(Ok(self.shared.sessions.get(id).map(|session| session.clone())))
    }

    fn find<'a>(&'a self, id: &'a RxSessionId) -> BoxFuture<'a, Result<Option<Session>, StoreError>> {
        let id = self.shared.by_rx.get(id).map(|id| id.clone());
        ready(Ok(id.and_then(|id| self.shared.sessions.get(&id).map(|session| session.clone()))))
    }

    fn list(&self, filter: SessionFilter) -> BoxFuture<'_, Result<Vec<Session>, StoreError>> {
        let limit = filter.limit.unwrap_or(usize::MAX);
        let follows = |session: &Session| filter.after.as_ref().is_none_or(|after| session.id > *after);
        let found = self.shared.sessions.iter().filter(|found| follows(found) && filter.matches(found));
        let mut names: Vec<QosSessionId> = found.map(|session| session.id.clone()).collect();
        names.sort();
        names.truncate(limit);
        ready(Ok(names.iter().filter_map(|id| Some(self.shared.sessions.get(id)?.clone())).collect()))
    }

    fn count(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        ready(Ok(u64::try_from(self.shared.sessions.len()).unwrap_or(u64::MAX)))
    }

    fn expiring(
        &self,
        after: Option<(SystemTime, QosSessionId)>,
        until: SystemTime,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(SystemTime, QosSessionId)>, StoreError>> {
        let due = self.due();
        let due = due.expiries.range(follows(after)).take_while(|(expires, _)| *expires <= until);
        ready(Ok(due.take(limit).cloned().collect()))
    }

    fn claim_sessions(&self, limit: usize) -> BoxFuture<'_, Result<Vec<QosSessionId>, StoreError>> {
        // Who is there is asked with the lock held: whoever came meanwhile, and claimed, is there.
        let mut due = self.due();
        let (owners, now) = (self.renew(), Instant::now());
        let is_gone = |owner: &Owner| owners.is_gone(*owner, now);
        let left = due.owed.iter_mut().filter(|(_, parts)| parts.iter().any(is_gone));
        let claim = |(id, parts): (&QosSessionId, &mut BTreeSet<Owner>)| {
            parts.retain(|owner| !is_gone(owner));
            parts.insert(self.me);
            id.clone()
        };
        ready(Ok(left.take(limit).map(claim).collect()))
    }

    fn claim_letters(&self, limit: usize) -> BoxFuture<'_, Result<Vec<Letter>, StoreError>> {
        let mut rest = self.rest();
        let (owners, now) = (self.renew(), Instant::now());
        let left = rest.letters.values_mut().filter(|(owner, _)| owners.is_gone(*owner, now));
        let claim = |(owner, letter): &mut (Owner, Letter)| {
            *owner = self.me;
            letter.clone()
        };
        ready(Ok(left.take(limit).map(claim).collect()))
    }

    fn lease(&self) -> Option<Duration> {
        self.lease
    }

    fn letters(
        &self,
        after: Option<LetterId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Letter>, StoreError>> {
        ready(Ok(self
            .rest()
            .letters
            .range(follows(after))
            .take(limit)
            .map(|(_, (_, it))| it.clone())
            .collect()))
    }

    fn dead_letters(
        &self,
        after: Option<LetterId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, StoreError>> {
        ready(Ok(self.rest().dead.range(follows(after)).take(limit).map(|(_, it)| it.clone()).collect()))
    }

    fn records(
        &self,
        kind: RecordKind,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, StoreError>> {
        let rest = self.rest();
        let from = match after {
            Some(after) => Bound::Excluded((kind, after)),
            None => Bound::Included((kind, Arc::from(""))),
        };
        let found = rest.records.range((from, Bound::Unbounded)).take_while(|((found, _), _)| *found == kind);
        let records =
            found.take(limit).map(|((_, key), value)| Record { key: key.clone(), value: value.clone() });
        ready(Ok(records.collect()))
    }

    fn record<'a>(
        &'a self,
        kind: RecordKind,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Arc<[u8]>>, StoreError>> {
        ready(Ok(self.rest().records.get(&(kind, Arc::from(key))).cloned()))
    }

    fn is_durable(&self) -> bool {
        false
    }
}
