//! Sessions in memory: gone with the process.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use dashmap::{DashMap, Entry};

use crate::{
    BoxFuture,
    session::{QosSessionId, RxSessionId, Session, SessionFilter, SessionState, SessionStore, StoreError},
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
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn expiries(&self) -> MutexGuard<'_, BTreeSet<(SystemTime, QosSessionId)>> {
        self.expiries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the expiries as the session is now.
    fn reschedule(&self, before: Option<&Session>, now: Option<&Session>) {
        let entry = |session: &Session| {
            let open = session.state == SessionState::Open;
            session.expires.filter(|_| open).map(|expires| (expires, session.id.clone()))
        };
        let (before, now) = (before.and_then(entry), now.and_then(entry));
        if before != now {
            let mut expiries = self.expiries();
            before.map(|before| expiries.remove(&before));
            now.map(|now| expiries.insert(now));
        }
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

    fn replace(&self, mut session: Session) -> Result<(), StoreError> {
        let mut stored = self.sessions.get_mut(&session.id).ok_or(StoreError::Missing)?;
        if stored.version != session.version || stored.rx_session != session.rx_session {
            return Err(StoreError::Conflict);
        }
        session.version += 1;
        self.reschedule(Some(&stored), Some(&session));
        *stored = session;
        Ok(())
    }

    fn remove(&self, id: &QosSessionId, version: u64) -> Result<bool, StoreError> {
        let removed = self.sessions.remove_if(id, |_, session| {
            let same = session.version == version;
            if same {
                self.reschedule(Some(session), None);
            }
            same
        });
        match removed {
            Some((_, session)) => {
                self.by_rx.remove(&session.rx_session);
                Ok(true)
            }
            None if self.sessions.contains_key(id) => Err(StoreError::Conflict),
            None => Ok(false),
        }
    }

    fn list(&self, filter: &SessionFilter) -> Vec<Session> {
        let follows = |session: &Session| filter.after.as_ref().is_none_or(|after| session.id > *after);
        let mut names: Vec<QosSessionId> = self
            .sessions
            .iter()
            .filter(|session| follows(session) && filter.matches(session))
            .map(|session| session.id.clone())
            .collect();
        names.sort();
        names.truncate(filter.limit.unwrap_or(usize::MAX));
        names.iter().filter_map(|id| Some(self.sessions.get(id)?.clone())).collect()
    }
}

/// A future that is ready: memory has nothing to wait for.
fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

impl SessionStore for MemoryStore {
    fn insert(&self, session: Session) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(Self::insert(self, session))
    }

    fn get<'a>(&'a self, id: &'a QosSessionId) -> BoxFuture<'a, Result<Option<Session>, StoreError>> {
        ready(Ok(self.sessions.get(id).map(|session| session.clone())))
    }

    fn find<'a>(&'a self, id: &'a RxSessionId) -> BoxFuture<'a, Result<Option<Session>, StoreError>> {
        let id = self.by_rx.get(id).map(|id| id.clone());
        ready(Ok(id.and_then(|id| self.sessions.get(&id).map(|session| session.clone()))))
    }

    fn replace(&self, session: Session) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(Self::replace(self, session))
    }

    fn remove<'a>(&'a self, id: &'a QosSessionId, version: u64) -> BoxFuture<'a, Result<bool, StoreError>> {
        ready(Self::remove(self, id, version))
    }

    fn expiring(
        &self,
        before: SystemTime,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<QosSessionId>, StoreError>> {
        let expiries = self.expiries();
        let due = expiries.iter().take_while(|(expires, _)| *expires <= before).take(limit);
        ready(Ok(due.map(|(_, id)| id.clone()).collect()))
    }

    fn next_expiry(&self) -> BoxFuture<'_, Result<Option<SystemTime>, StoreError>> {
        ready(Ok(self.expiries().first().map(|(expires, _)| *expires)))
    }

    fn list(&self, filter: SessionFilter) -> BoxFuture<'_, Result<Vec<Session>, StoreError>> {
        ready(Ok(Self::list(self, &filter)))
    }
}
