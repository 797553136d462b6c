//! Credentials that were looked at before: known by a keyed hash of them, so that they are not there to be read, and
//! so that looking at the same ones again costs next to nothing.
//!
//! What was right is right as long as its application has the hash that it was right for: nothing else could make it
//! wrong. What was wrong stays wrong until the applications change, as far as there is room for that. Credentials that
//! are being looked at are not looked at twice.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::{
    Denial, Secret,
    force::{Application, Table},
    secret::ChanceError,
    tag::{Tag, Tagger},
};

/// Wrong ones that are remembered.
const WRONG: usize = 1024;

/// What came of credentials.
pub(super) type Outcome = Result<Arc<Application>, Denial>;

/// The memory.
pub(super) struct Verified {
    tagger: Tagger,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    right: HashMap<Tag, Right>,
    /// By the slot of the tag; with the generation of the applications that it was wrong for.
    wrong: Vec<Option<(Tag, u64)>>,
    running: HashMap<Tag, watch::Receiver<Option<Outcome>>>,
}

/// Credentials that were right.
struct Right {
    id: Arc<str>,
    hash: String,
}

impl Right {
    /// Their application, if they still are.
    fn application(&self, table: &Table) -> Option<Arc<Application>> {
        let application = table.find(&self.id)?;
        let mut hashes = application.terms().secrets.iter();
        hashes.any(|secret| secret.as_str() == self.hash).then_some(application)
    }
}

/// What is known of credentials.
pub(super) enum Known {
    /// They are right.
    Right(Arc<Application>),
    /// They are wrong.
    Wrong,
    /// Somebody is looking at them.
    Running(watch::Receiver<Option<Outcome>>),
    /// Nothing: whoever asked is to look at them.
    Nothing(Ticket),
}

/// Who looks at credentials; the others wait for what comes of it.
pub(super) struct Ticket {
    verified: Arc<Verified>,
    tag: Tag,
    tell: watch::Sender<Option<Outcome>>,
}

impl Verified {
    pub fn new() -> Result<Self, ChanceError> {
        let wrong = vec![None; WRONG];
        Ok(Self { tagger: Tagger::new()?, inner: Mutex::new(Inner { wrong, ..Inner::default() }) })
    }

    pub fn tag(&self, id: &str, secret: &Secret) -> Tag {
        self.tagger.tag(id, secret)
    }

    /// What is known of them, with these applications.
    pub fn look(self: &Arc<Self>, tag: &Tag, table: &Table) -> Known {
        let mut inner = self.lock();
        if let Some(application) = inner.right.get(tag).and_then(|right| right.application(table)) {
            return Known::Right(application);
        }
        if inner.wrong.get(tag.slot(WRONG)) == Some(&Some((*tag, table.generation()))) {
            return Known::Wrong;
        }
        if let Some(running) = inner.running.get(tag) {
            return Known::Running(running.clone());
        }
        let (tell, outcome) = watch::channel(None);
        inner.running.insert(*tag, outcome);
        Known::Nothing(Ticket { verified: Arc::clone(self), tag: *tag, tell })
    }

    /// The hash that they were right for, if they were.
    pub fn hash(&self, tag: &Tag) -> Option<String> {
        self.lock().right.get(tag).map(|right| right.hash.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// What will come of it.
    pub fn outcome(&self) -> watch::Receiver<Option<Outcome>> {
        self.tell.subscribe()
    }

    /// They are right: those of this application of the table, by this hash.
    pub fn right(self, application: Arc<Application>, hash: String, table: &Table) {
        let mut inner = self.verified.lock();
        // So nobody remembers more than there are secrets.
        inner.right.retain(|_, right| right.application(table).is_some());
        inner.right.insert(self.tag, Right { id: application.id(), hash });
        drop(inner);
        self.tell(Ok(application));
    }

    /// They are wrong, for the applications of this generation.
    pub fn wrong(self, generation: u64) {
        if let Some(wrong) = self.verified.lock().wrong.get_mut(self.tag.slot(WRONG)) {
            *wrong = Some((self.tag, generation));
        }
        self.tell(Err(Denial::Unknown));
    }

    /// Nobody looked at them.
    pub fn unseen(self, why: Denial) {
        self.tell(Err(why));
    }

    fn tell(self, outcome: Outcome) {
        let tell = self.tell.clone();
        // Whoever comes from now on finds what is remembered of it.
        drop(self);
        tell.send_replace(Some(outcome));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.verified.lock().running.remove(&self.tag);
    }
}
