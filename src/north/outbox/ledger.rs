//! Writes what became of letters: a task that takes all that there is to write into one commit.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};
use tracing::{debug, error, warn};
use uuid::Uuid;

use crate::{
    clock::Clock,
    notify::Outcome,
    session::{
        SessionStore, StoreError,
        ports::{Commit, DeadLetter, LetterId, LetterWrite},
    },
};

use super::{dead::Dead, operate::find_waiting};

/// Most changes of a commit.
const BATCH: usize = 256;
/// Commits of the same that are tried, and the wait after the first one, doubled each time: 13 s in all.
const TRIES: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// Something to write.
enum Entry {
    Remove(LetterId),
    Bury(LetterId, Arc<str>),
    /// Told when there is nothing before it to write: whether all of it is written.
    Written(oneshot::Sender<bool>),
}

/// The way to the task. There are never more entries than letters.
pub(super) struct Ledger {
    entries: mpsc::UnboundedSender<Entry>,
}

impl Ledger {
    /// Starts the task, which ends with the last one that writes.
    pub fn open(store: Arc<dyn SessionStore>, clock: Clock, dead: Arc<Dead>) -> Arc<Self> {
        let (entries, to_write) = mpsc::unbounded_channel();
        tokio::spawn(Writer { store, clock, dead }.run(to_write));
        Arc::new(Self { entries })
    }

    /// Nobody has to be told any more.
    pub fn remove(&self, id: LetterId) {
        self.add(Entry::Remove(id));
    }

    /// It cannot be delivered.
    pub fn bury(&self, id: LetterId, reason: &str) {
        self.add(Entry::Bury(id, reason.into()));
    }

    /// Whether all that there was to write, ever, is written within this time.
    pub async fn written(&self, within: Duration) -> bool {
        let (tell, told) = oneshot::channel();
        self.add(Entry::Written(tell));
        matches!(timeout(within, told).await, Ok(Ok(true)))
    }

    fn add(&self, entry: Entry) {
        // The task lives as long as the runtime.
        let _ = self.entries.send(entry);
    }
}

impl Outcome for Ledger {
    fn delivered(&self, id: Uuid) {
        self.remove(LetterId(id.as_u128()));
    }

    fn given_up(&self, id: Uuid, why: String) {
        self.bury(LetterId(id.as_u128()), &why);
    }
}

struct Writer {
    store: Arc<dyn SessionStore>,
    clock: Clock,
    dead: Arc<Dead>,
}

impl Writer {
    async fn run(self, mut entries: mpsc::UnboundedReceiver<Entry>) {
        let (mut batch, mut all_written) = (Vec::new(), true);
        while entries.recv_many(&mut batch, BATCH).await > 0 {
            let (mut changes, mut tell) = (Vec::new(), Vec::new());
            for entry in batch.drain(..) {
                match entry {
                    Entry::Written(sender) => tell.push(sender),
                    change => changes.push(change),
                }
            }
            all_written &= self.write(&changes).await;
            // Who asked may have gone.
            tell.into_iter().for_each(|tell| _ = tell.send(all_written));
            if let Err(error) = self.dead.trim().await {
                warn!(%error, "there are more dead notifications than are kept");
            }
        }
    }

    /// Whether it is written.
    async fn write(&self, changes: &[Entry]) -> bool {
        let mut wait = FIRST_WAIT;
        for tried in 1..=TRIES {
            let error = match self.try_write(changes).await {
                Ok(()) => return true,
                Err(error) => error,
            };
            warn!(tried, letters = changes.len(), %error, "what became of notifications is not written");
            if tried < TRIES {
                sleep(wait).await;
                wait *= 2;
            }
        }
        error!(letters = changes.len(), "it stays unwritten: the next start delivers them, maybe once more");
        false
    }

    async fn try_write(&self, changes: &[Entry]) -> Result<(), StoreError> {
        let (mut letters, mut buried) = (Vec::with_capacity(changes.len()), 0);
        for change in changes {
            match change {
                Entry::Remove(id) => letters.push(LetterWrite::Remove(*id)),
                Entry::Bury(id, reason) => {
                    let Some(letter) = find_waiting(&*self.store, *id).await? else { continue };
                    let (at, reason) = (self.clock.now(), Arc::clone(reason));
                    letters.push(LetterWrite::Bury(DeadLetter { letter, at, reason }));
                    buried += 1;
                }
                Entry::Written(_) => {}
            }
        }
        if letters.is_empty() {
            return Ok(());
        }
        let number = letters.len();
        self.store.commit(Commit { letters, ..Commit::default() }).await?;
        debug!(letters = number, buried, "what became of notifications is written");
        (0..buried).for_each(|_| self.dead.one_more());
        Ok(())
    }
}
