//! A store in memory whose commits go another way first.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rxgate::{
    BoxFuture,
    session::{
        QosSessionId, RxSessionId, Session, SessionFilter, SessionStore, StoreError,
        ports::{Commit, DeadLetter, Letter, LetterId, Record, RecordKind},
    },
    store::MemoryStore,
};

/// Does the commits of a store.
pub trait Hook: Send + Sync {
    /// Writes it, or does not.
    fn commit<'a>(&'a self, store: &'a MemoryStore, commit: Commit) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// The store, with its hook.
pub struct Hooked<H> {
    pub store: Arc<MemoryStore>,
    pub hook: H,
}

type Found<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

impl<H: Hook> SessionStore for Hooked<H> {
    fn commit(&self, commit: Commit) -> Found<'_, ()> {
        self.hook.commit(&self.store, commit)
    }
    fn get<'a>(&'a self, id: &'a QosSessionId) -> Found<'a, Option<Session>> {
        self.store.get(id)
    }
    fn find<'a>(&'a self, id: &'a RxSessionId) -> Found<'a, Option<Session>> {
        self.store.find(id)
    }
    fn list(&self, filter: SessionFilter) -> Found<'_, Vec<Session>> {
        self.store.list(filter)
    }
    fn count(&self) -> Found<'_, u64> {
        self.store.count()
    }
    fn expiring(
        &self,
        after: Option<(SystemTime, QosSessionId)>,
        until: SystemTime,
        limit: usize,
    ) -> Found<'_, Vec<(SystemTime, QosSessionId)>> {
        self.store.expiring(after, until, limit)
    }
    fn claim_sessions(&self, limit: usize) -> Found<'_, Vec<QosSessionId>> {
        self.store.claim_sessions(limit)
    }
    fn claim_letters(&self, limit: usize) -> Found<'_, Vec<Letter>> {
        self.store.claim_letters(limit)
    }
    fn lease(&self) -> Option<Duration> {
        self.store.lease()
    }
    fn letters(&self, after: Option<LetterId>, limit: usize) -> Found<'_, Vec<Letter>> {
        self.store.letters(after, limit)
    }
    fn dead_letters(&self, after: Option<LetterId>, limit: usize) -> Found<'_, Vec<DeadLetter>> {
        self.store.dead_letters(after, limit)
    }
    fn records(&self, kind: RecordKind, after: Option<Arc<str>>, limit: usize) -> Found<'_, Vec<Record>> {
        self.store.records(kind, after, limit)
    }
    fn record<'a>(&'a self, kind: RecordKind, key: &'a str) -> Found<'a, Option<Arc<[u8]>>> {
        self.store.record(kind, key)
    }
    fn is_durable(&self) -> bool {
        self.store.is_durable()
    }
}
