//! Sessions in memory: gone with the process.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use dashmap::{DashMap, Entry};

use crate::{
    BoxFuture,
    session::{
        QosSessionId, RxSessionId, Session, SessionFilter, SessionStore, StoreError,
        ports::{
            Commit, DeadLetter, Letter, LetterId, LetterWrite, Record, RecordKind, RecordWrite, SessionWrite,
        },
    },
};

/// Sessions in memory.
///
/// One session at a time is changed under its shard's lock, which is never held across an await point.
#[derive(Debug, Default)]
pub struct MemoryStore {
    sessions: DashMap<QosSessionId, Session>,
    by_rx: DashMap<RxSessionId, QosSessionId>,
    /// Open sessions with an end, the earliest first. Locked after a session's shard, never before.
    expiries: Mutex<BTreeSet<(SystemTime, QosSessionId)>>,
    /// Locked alone.
    rest: Mutex<Rest>,
}

#[derive(Debug, Default)]
struct Rest {
    letters: BTreeMap<LetterId, Letter>,
    dead: BTreeMap<LetterId, DeadLetter>,
    records: BTreeMap<(RecordKind, Arc<str>), Arc<[u8]>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn expiries(&self) -> MutexGuard<'_, BTreeSet<(SystemTime, QosSessionId)>> {
        self.expiries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the expiries as the session is now.
    fn reschedule(&self, before: Option<&Session>, now: Option<&Session>) {
        let entry = |session: &Session| Some((session.expiry()?, session.id.clone()));
        let (before, now) = (before.and_then(entry), now.and_then(entry));
        if before != now {
            let mut expiries = self.expiries();
            before.map(|before| expiries.remove(&before));
            now.map(|now| expiries.insert(now));
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
            self.rest().write(commit.letters, commit.records);
        }
        Ok(())
    }

    fn insert(&self, session: Session) -> Result<(), StoreError> {
        let Entry::Vacant(rx) = self.by_rx.entry(session.rx_session.clone()) else {
            return Err(StoreError::Exists);
        };
        let Entry::Vacant(place) = self.sessions.entry(session.id.clone()) else {
            return Err(StoreError::Exists);
        };
        self.reschedule(None, Some(&session));
        rx.insert(session.id.clone());
        place.insert(session);
        Ok(())
    }

    fn replace(&self, before: &Session, mut session: Session) -> Result<(), StoreError> {
        let mut stored = self.sessions.get_mut(&session.id).ok_or(StoreError::Missing)?;
        if stored.version != before.version || stored.rx_session != session.rx_session {
            return Err(StoreError::Conflict);
        }
        session.version = before.version + 1;
        self.reschedule(Some(&stored), Some(&session));
        *stored = session;
        Ok(())
    }

    fn remove(&self, session: &Session) -> Result<(), StoreError> {
        let removed = self.sessions.remove_if(&session.id, |_, stored| {
            let same = stored.version == session.version;
            if same {
                self.reschedule(Some(stored), None);
            }
            same
        });
        match removed {
            Some((_, session)) => {
                self.by_rx.remove(&session.rx_session);
                Ok(())
            }
            None if self.sessions.contains_key(&session.id) => Err(StoreError::Conflict),
            None => Err(StoreError::Missing),
        }
    }

    /// The names of those that are asked for, in order.
    fn names(
        &self,
        after: Option<QosSessionId>,
        limit: usize,
        wanted: impl Fn(&Session) -> bool,
    ) -> Vec<QosSessionId> {
        let follows = |session: &Session| after.as_ref().is_none_or(|after| session.id > *after);
        let found = self.sessions.iter().filter(|session| follows(session) && wanted(session));
        let mut names: Vec<QosSessionId> = found.map(|session| session.id.clone()).collect();
        names.sort();
        names.truncate(limit);
        names
    }
}

impl Rest {
    fn write(&mut self, letters: Vec<LetterWrite>, records: Vec<RecordWrite>) {
        for letter in letters {
            match letter {
                LetterWrite::Post(letter) => {
                    self.dead.remove(&letter.id);
                    self.letters.insert(letter.id, letter);
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
        ready(Ok(self.sessions.get(id).map(|session| session.clone())))
    }

    fn find<'a>(&'a self, id: &'a RxSessionId) -> BoxFuture<'a, Result<Option<Session>, StoreError>> {
        let id = self.by_rx.get(id).map(|id| id.clone());
        ready(Ok(id.and_then(|id| self.sessions.get(&id).map(|session| session.clone()))))
    }

    fn list(&self, filter: SessionFilter) -> BoxFuture<'_, Result<Vec<Session>, StoreError>> {
        let limit = filter.limit.unwrap_or(usize::MAX);
        let names = self.names(filter.after.clone(), limit, |session| filter.matches(session));
        ready(Ok(names.iter().filter_map(|id| Some(self.sessions.get(id)?.clone())).collect()))
    }

    fn count(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        ready(Ok(u64::try_from(self.sessions.len()).unwrap_or(u64::MAX)))
    }

    fn expiring(
        &self,
        after: Option<(SystemTime, QosSessionId)>,
        until: SystemTime,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(SystemTime, QosSessionId)>, StoreError>> {
        let expiries = self.expiries();
        let due = expiries.range(follows(after)).take_while(|(expires, _)| *expires <= until);
        ready(Ok(due.take(limit).cloned().collect()))
    }

    fn owed(
        &self,
        after: Option<QosSessionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<QosSessionId>, StoreError>> {
        ready(Ok(self.names(after, limit, Session::is_owed)))
    }

    fn letters(
        &self,
        after: Option<LetterId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Letter>, StoreError>> {
        ready(Ok(self.rest().letters.range(follows(after)).take(limit).map(|(_, it)| it.clone()).collect()))
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
