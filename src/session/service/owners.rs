//! How many live sessions each owner has.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::session::{Owner, Session, SessionError, SessionState};

/// Live sessions by owner. Those of nobody in particular are not counted.
#[derive(Debug, Default)]
pub(super) struct Owners(Mutex<HashMap<Arc<str>, u64>>);

impl Owners {
    /// Counts a session that is about to be stored, unless its owner has as many as it may have.
    pub fn take(&self, owner: Option<&Owner>) -> Result<(), SessionError> {
        let Some(Owner { id, quota }) = owner else { return Ok(()) };
        let mut counts = self.lock();
        let count = counts.get(id).copied().unwrap_or(0);
        if let Some(max) = quota.filter(|max| count >= *max) {
            return Err(SessionError::Quota { max });
        }
        counts.insert(Arc::clone(id), count + 1);
        Ok(())
    }

    /// One of an earlier process.
    pub fn found(&self, session: &Session) {
        if let Some(owner) = &session.owner {
            *self.lock().entry(Arc::clone(owner)).or_default() += 1;
        }
    }

    /// A session goes from one state to another.
    pub fn change(&self, owner: Option<&Arc<str>>, from: SessionState, to: Option<SessionState>) {
        if from.is_live() && !to.is_some_and(SessionState::is_live) {
            self.release(owner);
        }
    }

    /// One less.
    pub fn release(&self, owner: Option<&Arc<str>>) {
        let Some(owner) = owner else { return };
        let mut counts = self.lock();
        match counts.get_mut(owner) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(owner)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
