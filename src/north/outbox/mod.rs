//! The outbox: letters to applications, from the store to the [`Notifier`] and back.
//!
//! A letter is stored with the change that caused it, before anybody is told. Whoever stored it [posts](Outbox::post)
//! it; the notifier delivers it, and what became of it is written by a task of its own, many at a time:
//!
//! - **Delivered**: removed. A process that ends before that is written delivers it once more, with the same id.
//! - **Too old, no room, or the endpoint is refused**: a dead letter with the reason, for the operator to look at and to
//!   [replay](Outbox::replay).
//! - **Neither when the process ends**: a store that is durable keeps it, and the next process
//!   [goes on](Outbox::resume) with it, in the same order.
//!
//! What a letter says and who gets it is decided by whoever writes it.

mod dead;
mod ledger;
mod operate;

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use tokio::time::sleep;
use tracing::{error, info, warn};
use uuid::Uuid;

use crate::{
    BoxFuture,
    clock::Clock,
    ids::Ids,
    metrics::{Collect, Page},
    notify::{Endpoint, EndpointError, Notification, Notifier, QueueFull},
    session::{
        SessionStore, StoreError,
        ports::{CLAIMS_PER_LEASE, Letter, LetterId},
    },
};

use dead::Dead;
use ledger::Ledger;
pub use operate::{Kept, OutboxError, State};

/// Letters read from the store at a time.
const PAGE: usize = 256;
/// How long the last outcomes may take to be written when the process ends.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// Dead letters that are kept: some hundred megabytes.
const MAX_DEAD: u64 = 100_000;

/// What an outbox is told.
#[derive(Clone, Copy, Debug)]
pub struct OutboxConfig {
    /// The time now, that of the sessions: events are as old as this clock says.
    pub started: SystemTime,
    /// Makes the ids of events the same ones each time, for a simulation; `None`: they are of the system's chance.
    pub seed: Option<u64>,
    /// Most dead letters that are kept; of more the oldest are dropped. Default 100,000.
    pub max_dead: u64,
}

impl OutboxConfig {
    /// The defaults.
    pub fn new(started: SystemTime, seed: Option<u64>) -> Self {
        Self { started, seed, max_dead: MAX_DEAD }
    }
}

/// The letters of a store, and their way to the applications.
pub struct Outbox {
    store: Arc<dyn SessionStore>,
    notifier: Arc<Notifier>,
    ledger: Arc<Ledger>,
    clock: Clock,
    ids: LetterIds,
    dead: Arc<Dead>,
}

impl Outbox {
    /// Over a store and the delivery, whose outcomes go here from now on. Panics outside of a tokio runtime.
    pub fn new(config: OutboxConfig, notifier: Arc<Notifier>, store: Arc<dyn SessionStore>) -> Arc<Self> {
        let clock = Clock::new(config.started);
        let dead = Arc::new(Dead::new(Arc::clone(&store), config.max_dead));
        let ledger = Ledger::open(Arc::clone(&store), clock, Arc::clone(&dead));
        notifier.report_to(ledger.clone());
        let ids = LetterIds::new(config.seed);
        Arc::new(Self { store, notifier, ledger, clock, ids, dead })
    }

    /// Where the letters are kept.
    pub fn store(&self) -> &Arc<dyn SessionStore> {
        &self.store
    }

    /// The delivery.
    pub fn notifier(&self) -> &Arc<Notifier> {
        &self.notifier
    }

    /// A name for a letter, greater than all before and than those of letters that were [found](Self::resume).
    pub fn next_id(&self) -> LetterId {
        self.ids.next()
    }

    /// Goes on with what an earlier process left. To be called before anything is posted.
    ///
    /// Letters that nobody wants any more are removed; those that cannot be delivered are dead from now on.
    pub async fn resume(self: &Arc<Self>, wanted: impl Fn(&Letter) -> bool) -> Result<(), StoreError> {
        let (mut after, mut dead) = (None, 0_u64);
        loop {
            let page = self.store.dead_letters(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.letter.id);
            self.ids.found(last.letter.id);
            let (kept, unwanted): (Vec<_>, Vec<_>) = page.iter().partition(|dead| wanted(&dead.letter));
            unwanted.iter().for_each(|dead| self.ledger.remove(dead.letter.id));
            dead += u64::try_from(kept.len()).unwrap_or(u64::MAX);
        }
        self.dead.found(dead);
        let waiting = self.take_over(&wanted).await?;
        if waiting > 0 || dead > 0 {
            info!(waiting, dead, "notifications of an earlier process");
        }
        if let Some(lease) = self.store.lease() {
            tokio::spawn(claim(Arc::downgrade(self), lease));
        }
        Ok(())
    }

    /// Goes on with letters of processes that are gone, and says how many they were.
    async fn take_over(&self, wanted: impl Fn(&Letter) -> bool) -> Result<usize, StoreError> {
        let mut found = 0;
        loop {
            let page = self.store.claim_letters(PAGE).await?;
            if page.is_empty() {
                return Ok(found);
            }
            found += page.len();
            for letter in page {
                self.ids.found(letter.id);
                // Where its address is forbidden now, that is seen in the attempts, as it is with what comes later.
                match self.notifier.known_endpoint(&letter.endpoint) {
                    Err(error) => self.bury(&letter, &refused(&error)),
                    Ok(_) if !wanted(&letter) => self.ledger.remove(letter.id),
                    Ok(endpoint) => {
                        let age = self.clock.now().duration_since(letter.at).unwrap_or_default();
                        self.queue(&letter, endpoint, age, Box::pin(async {}));
                    }
                }
            }
        }
    }

    /// Delivers a letter that was stored just now, once `release` is done. Never waits.
    pub fn post(&self, letter: &Letter, endpoint: Endpoint, release: BoxFuture<'static, ()>) {
        self.queue(letter, endpoint, Duration::ZERO, release);
    }

    /// Nobody wants a letter that is stored, and was not posted.
    pub fn drop_letter(&self, id: LetterId) {
        self.ledger.remove(id);
    }

    /// Drops what waits in a queue: its receiver does not want it any more.
    pub fn forget(&self, queue: &str) {
        for id in self.notifier.forget(queue) {
            self.ledger.remove(LetterId(id.as_u128()));
        }
    }

    /// Drops what of a queue is dead, after [`forget`](Self::forget): its receiver is not there to be told after all.
    pub async fn forget_dead(&self, queue: &str) -> Result<(), StoreError> {
        // What was just given up is dead by then.
        self.ledger.written(LAST_WRITES).await;
        self.dead.forget(queue).await
    }

    /// Takes no more, delivers what it can within this time, and writes what became of it.
    pub async fn shut_down(&self, within: Duration) {
        let left = self.notifier.shut_down(within).await;
        let written = self.ledger.written(LAST_WRITES).await;
        match left {
            _ if !written => {
                warn!("what became of the last notifications is not written: they may come twice")
            }
            0 => info!("every notification is delivered"),
            left if self.store.is_durable() => info!(left, "notifications wait for the next start"),
            left => error!(left, "notifications are lost: the process ends before they are delivered"),
        }
    }

    /// Gives it to the notifier; what that refuses is dead, unless this process ends and another one has it.
    fn queue(&self, letter: &Letter, endpoint: Endpoint, age: Duration, release: BoxFuture<'static, ()>) {
        match self.try_queue(letter, endpoint, age, release) {
            Ok(()) => {}
            Err(QueueFull::ShuttingDown) if self.store.is_durable() => {
                info!(event = %letter.id, "a notification waits for the next start");
            }
            Err(error) => self.bury(letter, &error.to_string()),
        }
    }

    fn try_queue(
        &self,
        letter: &Letter,
        endpoint: Endpoint,
        age: Duration,
        release: BoxFuture<'static, ()>,
    ) -> Result<(), QueueFull> {
        let id = Uuid::from_u128(letter.id.0);
        let body = Bytes::from_owner(Arc::clone(&letter.body));
        self.notifier.send(&letter.queue, Notification { id, age, endpoint, body, release })
    }

    fn bury(&self, letter: &Letter, reason: &str) {
        let Letter { id, rx_session, number, .. } = letter;
        warn!(event = %id, %rx_session, number, reason, "an application is not told of an event");
        self.ledger.bury(*id, reason);
    }
}

/// Looks for letters of processes that are gone until nobody holds the outbox any more.
async fn claim(outbox: Weak<Outbox>, lease: Duration) {
    loop {
        sleep(lease / CLAIMS_PER_LEASE).await;
        let Some(outbox) = outbox.upgrade() else { return };
        // Who wanted it may be known to that process alone: one too many is better than none.
        match outbox.take_over(|_| true).await {
            Ok(0) => {}
            Ok(found) => info!(found, "notifications of another process are delivered"),
            Err(error) => error!(%error, "notifications of processes that are gone wait: the store fails"),
        }
    }
}

impl Collect for Outbox {
    fn collect(&self, page: &mut Page) {
        self.dead.collect(page);
    }
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox").field("notifier", &self.notifier).finish_non_exhaustive()
    }
}

/// Why an endpoint is not taken any more; unlike the error it names no address.
fn refused(error: &EndpointError) -> String {
    match error {
        EndpointError::Forbidden { range, .. } => {
            format!("its endpoint is refused now: {range}; [notify] allow_networks can allow it")
        }
        error => format!("its endpoint is refused now: {error}"),
    }
}

/// Names that grow, whatever the system's clock does.
struct LetterIds {
    ids: Ids,
    last: Mutex<u128>,
}

impl LetterIds {
    fn new(seed: Option<u64>) -> Self {
        Self { ids: Ids::new(seed), last: Mutex::new(0) }
    }

    fn next(&self) -> LetterId {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = self.ids.next().as_u128().max(last.saturating_add(1));
        LetterId(*last)
    }

    /// There is a letter of this name.
    fn found(&self, id: LetterId) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = id.0.max(*last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_grow_beyond_those_that_were_found() {
        for seed in [None, Some(7)] {
            let ids = LetterIds::new(seed);
            let first = ids.next();
            let ahead = LetterId(first.0 + (1 << 100));
            ids.found(ahead);
            ids.found(first);
            let next = [ids.next(), ids.next()];
            assert!(first < ahead && ahead < next[0] && next[0] < next[1]);
        }
    }
}
