//! What the rest of the program sees of the delivery.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use ipnet::IpNet;
use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, timeout},
};
use tracing::{error, info};

use super::{
    Connect, Counters, Endpoint, EndpointError, NotifyConfig, QueueFull, Resolve, TcpConnector,
    attempt::Client,
    queues::{Item, Queues},
    slots::Slots,
    worker::{self, Shared},
};
use crate::{BoxFuture, counters::count, ids::Ids, metrics::Histogram};

/// Something to tell an application.
pub struct Notification {
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
        f.debug_struct("Notification").field("octets", &self.body.len()).finish_non_exhaustive()
    }
}

/// Delivers notifications: at least once, in order per queue.
///
/// Its tasks go on without it; [`Notifier::shut_down`] ends them.
pub struct Notifier {
    shared: Arc<Shared>,
    ids: Ids,
    runtime: Handle,
}

impl Notifier {
    /// Delivers over TCP. Panics outside of a tokio runtime, whose tasks its tasks will be.
    pub fn new(config: NotifyConfig, resolver: Arc<dyn Resolve>) -> Arc<Self> {
        Self::over(config, resolver, Arc::new(TcpConnector))
    }

    /// The same over other connections.
    pub fn over(config: NotifyConfig, resolver: Arc<dyn Resolve>, connector: Arc<dyn Connect>) -> Arc<Self> {
        let ids = Ids::new(config.seed);
        let shared = Shared {
            client: Client::new(&config, resolver, connector),
            queues: Queues::new(&config),
            slots: Slots::new(&config),
            counters: Counters::default(),
            deliveries: Histogram::of_waits(),
            closing: watch::Sender::new(false),
            config,
        };
        Arc::new(Self { shared: Arc::new(shared), ids, runtime: Handle::current() })
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
        let item = Item { event: self.ids.next(), since: Instant::now(), notification };
        let spawn =
            |key, task| self.runtime.spawn(worker::run(self.shared.clone(), key, task)).abort_handle();
        let sent = self.shared.queues.push(queue, item, spawn);
        let counter = if sent.is_ok() { &self.shared.counters.queued } else { &self.shared.counters.refused };
        count(counter);
        sent
    }

    /// Drops what waits in a queue, for the receiver does not want it any more; an attempt under way is cut off.
    pub fn forget(&self, queue: &str) {
        self.shared.queues.remove(queue, None, &self.shared.counters.forgotten);
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

    /// Takes no more, and delivers what it can within this time: every queue as far as its application answers
    /// 2xx, without waiting after a failure. What is left is lost; it is counted and logged.
    pub async fn shut_down(&self, within: Duration) {
        self.shared.queues.close();
        self.shared.closing.send_replace(true);
        let _ = timeout(within, self.shared.queues.idle()).await;
        let counter = &self.shared.counters.left;
        self.shared.queues.clear(counter);
        match counter.load(std::sync::atomic::Ordering::Relaxed) {
            0 => info!("every notification is delivered"),
            left => error!(left, "notifications are lost: the process ends before they are delivered"),
        }
    }
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}
