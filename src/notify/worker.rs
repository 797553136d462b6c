//! The task of one queue: delivers the first notification until it is delivered or too old, then the next.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout_at},
};
use tracing::{debug, error, info, trace, warn};

use super::{
    AttemptError, Counters, Notification, NotifyConfig, Outcome,
    attempt::Client,
    backoff::Backoff,
    queues::{Item, Queues, TaskId},
    slots::Slots,
};
use crate::{counters::count, metrics::Histogram};

/// What all tasks have in common.
pub(super) struct Shared {
    pub config: NotifyConfig,
    pub client: Client,
    pub queues: Queues,
    pub slots: Slots,
    pub counters: Counters,
    pub deliveries: Histogram,
    /// Whether there is no time left to wait for another attempt.
    pub closing: watch::Sender<bool>,
    pub outcome: OnceLock<Arc<dyn Outcome>>,
}

/// How it went with a notification.
enum End {
    Delivered,
    TooOld {
        attempts: u64,
        error: Option<AttemptError>,
    },
    /// The last attempt before the process ends failed.
    Stopped,
}

/// One queue's task.
struct Worker {
    shared: Arc<Shared>,
    key: Arc<str>,
    task: TaskId,
    backoff: Backoff,
    /// When the next attempt may begin: the endpoint failed, whichever notification it was.
    not_before: Option<Instant>,
}

/// Delivers until the queue is empty.
pub(super) async fn run(shared: Arc<Shared>, key: Arc<str>, task: TaskId) {
    let backoff = Backoff::new(shared.config.retry_initial, shared.config.retry_max);
    let mut worker = Worker { shared, key, task, backoff, not_before: None };
    while let Some(item) = worker.next() {
        let (event, since, age) = (item.notification.id, item.since, item.notification.age);
        let end = worker.deliver(item).await;
        let counters = &worker.shared.counters;
        let counter = match end {
            End::Delivered => &counters.delivered,
            End::TooOld { .. } => &counters.given_up,
            End::Stopped => return,
        };
        // It was forgotten while the end was on its way: that has been counted.
        if !worker.shared.queues.done(&worker.key, task, counter) {
            return;
        }
        let (age, outcome) = (age + since.elapsed(), worker.shared.outcome.get());
        match end {
            End::Delivered => {
                worker.shared.deliveries.observe(age);
                if let Some(outcome) = outcome {
                    outcome.delivered(event);
                }
            }
            End::TooOld { attempts, error } => {
                if let Some(outcome) = outcome {
                    outcome.given_up(event, too_old(age, attempts, error.as_ref()));
                }
                let error = error.map(tracing::field::display);
                let age_s = age.as_secs();
                error!(%event, attempts, age_s, error, "a notification is given up: its application does not know");
            }
            End::Stopped => {}
        }
    }
}

/// Why it is given up, for people.
fn too_old(age: Duration, attempts: u64, last: Option<&AttemptError>) -> String {
    let age = age.as_secs();
    match last {
        Some(last) => format!("too old: {age} s, after {attempts} attempts; the last one: {last}"),
        None => format!("too old: {age} s, without an attempt of this process"),
    }
}

impl Worker {
    fn next(&self) -> Option<Item> {
        self.shared.queues.next(&self.key, self.task)
    }

    async fn deliver(&mut self, item: Item) -> End {
        let Item { since, notification: Notification { id: event, age, endpoint, body, release } } = item;
        let too_old_at = since + self.shared.config.give_up_after.saturating_sub(age);
        let (mut attempts, mut last) = (0_u64, None);
        if timeout_at(too_old_at, release).await.is_err() {
            return End::TooOld { attempts, error: last };
        }
        loop {
            self.wait_until(too_old_at).await;
            if Instant::now() >= too_old_at {
                return End::TooOld { attempts, error: last };
            }
            let slot = self.shared.slots.acquire(&endpoint, self.backoff.is_failing()).await;
            attempts += 1;
            self.shared.queues.attempted(&self.key, self.task);
            count(&self.shared.counters.attempts);
            let result = self.shared.client.post(&endpoint, event, body.clone()).await;
            drop(slot);
            let failed = match result {
                Ok(()) => {
                    debug!(%event, attempts, "a notification is delivered");
                    if self.backoff.is_failing() {
                        info!(%event, attempts, "an application takes its notifications again");
                    }
                    self.backoff.reset();
                    self.not_before = None;
                    return End::Delivered;
                }
                Err(failed) => failed,
            };
            count(&self.shared.counters.failed);
            if self.backoff.is_failing() {
                debug!(%event, attempts, error = %failed.error, "a notification is not delivered");
            } else {
                warn!(%event, error = %failed.error, "an application does not take its notification");
            }
            trace!(%event, queue = &*self.key, endpoint = endpoint.as_str(), "it was this one");
            if *self.shared.closing.borrow() {
                return End::Stopped;
            }
            let wait = self.backoff.next_wait(event, failed.retry_after);
            self.not_before = Some(Instant::now() + wait);
            last = Some(failed.error);
        }
    }

    /// Waits until an attempt may be made, the notification is too old, or it is the last moment for one.
    async fn wait_until(&self, too_old_at: Instant) {
        let Some(not_before) = self.not_before else {
            return;
        };
        let mut closing = self.shared.closing.subscribe();
        tokio::select! {
            biased;
            () = sleep_until(not_before.min(too_old_at)) => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Nothing, unless the process ends or what was to be awaited panicked.
        self.shared.queues.remove(&self.key, Some(self.task), &self.shared.counters.left);
    }
}
