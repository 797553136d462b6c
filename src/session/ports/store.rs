//! The store: what must not be lost.
//!
//! Everything that is written is a [`Commit`], which takes effect as a whole or not at all. A session is changed by
//! compare-and-set on its version: that, and not that there is one process, keeps two changes apart.
//!
//! What a process has begun and must finish is derived from the session itself ([`Session::is_owed`]). Each process that
//! wrote a session while something was owed of it has a part in that: the one that sent an AAR, and the one that was
//! sent a RAR meanwhile. Once any of them is gone, another one [claims](SessionStore::claim_sessions) the session and
//! goes on with all of it: what is sent twice does no harm. The same holds for letters and who wrote them.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{DeadLetter, Letter, LetterId};
use crate::{
    BoxFuture,
    session::{QosSessionId, RxSessionId, Session, SessionFilter, StoreError},
};

/// A change of the store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commit {
    /// One session.
    pub session: Option<SessionWrite>,
    /// What applications are told, or were.
    pub letters: Vec<LetterWrite>,
    /// Other small things.
    pub records: Vec<RecordWrite>,
}

/// A change of one session.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionWrite {
    /// Adds it; [`StoreError::Exists`] if one of its names is taken.
    Insert(Box<Session>),
    /// Compare-and-set: stores it with the next version if what is stored has the version that was read.
    ///
    /// [`StoreError::Conflict`] if it has another one, [`StoreError::Missing`] if there is nothing.
    Replace {
        /// As it was read.
        before: Box<Session>,
        /// As it is to be; its names are the same, and its version does not matter.
        after: Box<Session>,
    },
    /// Removes it if what is stored has this version; fails as a replacement does.
    Remove(Box<Session>),
}

impl Commit {
    /// Adds a session.
    pub fn insert(session: Session) -> Self {
        SessionWrite::Insert(Box::new(session)).into()
    }

    /// Changes a session from what was read.
    pub fn replace(before: Session, after: Session) -> Self {
        SessionWrite::Replace { before: Box::new(before), after: Box::new(after) }.into()
    }

    /// Removes a session that was read.
    pub fn remove(session: Session) -> Self {
        SessionWrite::Remove(Box::new(session)).into()
    }
}

impl From<SessionWrite> for Commit {
    fn from(session: SessionWrite) -> Self {
        Self { session: Some(session), ..Self::default() }
    }
}

/// A change of the letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetterWrite {
    /// It is to be delivered; also one that was dead.
    Post(Letter),
    /// It was taken, or nobody wants it any more: neither waiting nor dead. Nothing if there is none.
    Remove(LetterId),
    /// It cannot be delivered: a person has to look at it.
    Bury(DeadLetter),
}

/// What kind of thing a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordKind {
    /// Who wants to be told of which events.
    Registration,
    /// A template and whose it is.
    Template,
    /// An answer that is given again when the same is asked again.
    Answer,
    /// Something about the gateway itself.
    Gateway,
}

/// A small thing that is kept by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name within its kind.
    pub key: Arc<str>,
    /// What it is; means nothing to the store.
    pub value: Arc<[u8]>,
}

/// A change of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordWrite {
    /// What kind of thing.
    pub kind: RecordKind,
    /// Its name within its kind.
    pub key: Arc<str>,
    /// What it is now; `None` removes it.
    pub value: Option<Arc<[u8]>>,
}

/// How often a process claims within its lease: it can fail twice in a row.
pub const CLAIMS_PER_LEASE: u32 = 3;

/// Keeps sessions, and what belongs to them: one process's way to it. Every implementation passes the same test suite.
pub trait SessionStore: Send + Sync {
    /// Writes all of it or nothing. What was written is there for every reader, and survives the end of the process
    /// if the store survives it, when this is done.
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<(), StoreError>>;
    /// The session of this name.
    fn get<'a>(&'a self, id: &'a QosSessionId) -> BoxFuture<'a, Result<Option<Session>, StoreError>>;
    /// The session of this Session-Id.
    fn find<'a>(&'a self, id: &'a RxSessionId) -> BoxFuture<'a, Result<Option<Session>, StoreError>>;
    /// Sessions in the order of their names.
    fn list(&self, filter: SessionFilter) -> BoxFuture<'_, Result<Vec<Session>, StoreError>>;
    /// How many sessions there are; need not be exact while some are added or removed.
    fn count(&self) -> BoxFuture<'_, Result<u64, StoreError>>;
    /// When which open session expires, up to and including `until`, in order; only those that follow `after`.
    fn expiring(
        &self,
        after: Option<(SystemTime, QosSessionId)>,
        until: SystemTime,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(SystemTime, QosSessionId)>, StoreError>>;
    /// Takes over sessions of which [something is owed](Session::is_owed) by a process that is gone, in the order of
    /// their names. Now this process has its part, and while it is there they are not handed out again. Fewer than
    /// `limit`: there are no more for the moment.
    ///
    /// Renews the [lease](Self::lease). A process that was taken for gone and comes back finds the versions changed
    /// where it matters; what both send to the network can be sent twice.
    fn claim_sessions(&self, limit: usize) -> BoxFuture<'_, Result<Vec<QosSessionId>, StoreError>>;
    /// The same of letters that wait.
    fn claim_letters(&self, limit: usize) -> BoxFuture<'_, Result<Vec<Letter>, StoreError>>;
    /// A process that did not claim for so long is taken for gone. `None`: no two have the store at a time, and
    /// everything that was written before it was opened is of one that is gone.
    fn lease(&self) -> Option<Duration> {
        None
    }
    /// Letters that wait, in order; only those that follow `after`.
    fn letters(
        &self,
        after: Option<LetterId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Letter>, StoreError>>;
    /// Letters that were given up, in order; only those that follow `after`.
    fn dead_letters(
        &self,
        after: Option<LetterId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, StoreError>>;
    /// Records of a kind, in the order of their names; only those that follow `after`.
    fn records(
        &self,
        kind: RecordKind,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, StoreError>>;
    /// The record of this name.
    fn record<'a>(
        &'a self,
        kind: RecordKind,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Arc<[u8]>>, StoreError>>;
    /// Whether what was written survives the end of this process.
    fn is_durable(&self) -> bool;
}
