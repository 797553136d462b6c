//! What the rest of the program sees of the delivery.

use std::{
    fmt,
    sync::{Arc, OnceLock, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use ipnet::IpNet;
use tokio::{
    runtime::Handle,
    sync::watch,
    task::AbortHandle,
    time::{Instant, timeout},
};
use uuid::Uuid;

use super::{
    Connect, Counters, Endpoint, EndpointError, NotifyConfig, QueueFull, Resolve, TcpConnector,
    attempt::Client,
    queues::{Item, Queues, TaskId},
    slots::Slots,
    worker::{self, Shared},
};
use crate::{BoxFuture, counters::count, metrics::Histogram};

/// Something to tell an application.
pub struct Notification {
    /// The event's name: its receiver sees the same one however often it is sent.
    pub id: Uuid,
    /// How long ago it happened: [`NotifyConfig::give_up_after`] counts from there.
    pub age: Duration,
    /// Where it goes.
    pub endpoint: Endpoint,
    /// JSON.
    pub body: Bytes,
    /// Awaited before the first attempt, when it is this notification's turn: what must have left before, such
    /// as the answer to the PCRF.
    pub release: BoxFuture<'static, ()>,
}

impl fmt::Debug for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, octets) = (&self.id, self.body.len());
        f.debug_struct("Notification").field("id", id).field("octets", &octets).finish_non_exhaustive()
    }
}

/// Learns what became of each notification that was queued and is not wanted back. Never waits.
pub trait Outcome: Send + Sync {
    /// The application has it.
    fn delivered(&self, id: Uuid);
    /// It became too old. `why` names no subscriber and no address.
    fn given_up(&self, id: Uuid, why: String);
}

/// Delivers notifications: at least once, in order per queue.
///
/// Its tasks go on without it; [`Notifier::shut_down`] ends them.
pub struct Notifier {
    shared: Arc<Shared>,
    runtime: Handle,
}

impl Notifier {
    /// Delivers over TCP. Panics outside of a tokio runtime, whose tasks its tasks will be.
    pub fn new(config: NotifyConfig, resolver: Arc<dyn Resolve>) -> Arc<Self> {
        Self::over(config, resolver, Arc::new(TcpConnector))
    }

    /// The same over other connections.
    pub fn over(config: NotifyConfig, resolver: Arc<dyn Resolve>, connector: Arc<dyn Connect>) -> Arc<Self> {
        let shared = Shared {
            client: Client::new(&config, resolver, connector),
            queues: Queues::new(&config),
            slots: Slots::new(&config),
            counters: Counters::default(),
            deliveries: Histogram::of_waits(),
            closing: watch::Sender::new(false),
            outcome: OnceLock::new(),
            config,
        };
        Arc::new(Self { shared: Arc::new(shared), runtime: Handle::current() })
    }

    /// From now on this is told what becomes of notifications; the first one that is given stays.
    pub fn report_to(&self, outcome: Arc<dyn Outcome>) {
        let _ = self.shared.outcome.set(outcome);
    }

    /// Checks the URL of an endpoint: everything but what its name stands for, which may change at any time.
    pub fn endpoint(&self, url: &str) -> Result<Endpoint, EndpointError> {
        Endpoint::new(url, &self.shared.client.guard())
    }

    /// The endpoint of a URL that was accepted before, whatever address may be in it: what is forbidden now is
    /// refused with every attempt.
    pub fn known_endpoint(&self, url: &str) -> Result<Endpoint, EndpointError> {
        Endpoint::read(url)
    }

    /// Opens these networks to endpoints and no others, from the next attempt on; see
    /// [`NotifyConfig::allow_networks`].
    pub fn allow(&self, networks: Vec<IpNet>) {
        self.shared.client.allow(networks);
    }

    /// Puts a notification at the end of a queue. Never blocks; may be called from any thread.
    pub fn send(&self, queue: &str, notification: Notification) -> Result<(), QueueFull> {
        let item = Item { since: Instant::now(), notification };
        let sent = self.shared.queues.push(queue, item, |key, task| self.spawn(key, task));
        let counter = if sent.is_ok() { &self.shared.counters.queued } else { &self.shared.counters.refused };
        count(counter);
        sent
    }

    /// Drops what waits in a queue, for the receiver does not want it any more, and says what that was; an attempt
    /// under way is cut off.
    pub fn forget(&self, queue: &str) -> Vec<Uuid> {
        self.shared.queues.remove(queue, None, &self.shared.counters.forgotten)
    }

    /// Drops one notification of a queue; an attempt under way is cut off, and the next one has its turn at once.
    /// `false` if there is none.
    pub fn forget_one(&self, queue: &str, id: Uuid) -> bool {
        let counter = &self.shared.counters.forgotten;
        self.shared.queues.take(queue, id, counter, |key, task| self.spawn(key, task))
    }

    /// How often it was tried to deliver this since it was queued; `None` if it does not wait.
    pub fn attempts(&self, queue: &str, id: Uuid) -> Option<u64> {
        self.shared.queues.attempts(queue, id)
    }

    fn spawn(&self, key: Arc<str>, task: TaskId) -> AbortHandle {
        self.runtime.spawn(worker::run(self.shared.clone(), key, task)).abort_handle()
    }

    /// What was counted.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// How long what was delivered took.
    pub(super) fn deliveries(&self) -> &Histogram {
        &self.shared.deliveries
    }

    /// Notifications in all queues now.
    pub fn waiting(&self) -> usize {
        self.shared.queues.total()
    }

    /// Age of the oldest that waits.
    pub fn oldest(&self) -> Option<Duration> {
        self.shared.queues.oldest()
    }

    /// Takes no more, and delivers what it can within this time: every queue as far as its application answers
    /// 2xx, without waiting after a failure. Returns how many are left, of which no outcome is told.
    pub async fn shut_down(&self, within: Duration) -> u64 {
        self.shared.queues.close();
        self.shared.closing.send_replace(true);
        let _ = timeout(within, self.shared.queues.idle()).await;
        let counter = &self.shared.counters.left;
        self.shared.queues.clear(counter);
        counter.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}
