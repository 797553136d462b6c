//! Modifications whose AAR had no answer: it is sent again until the network says what became of them.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use dashmap::{DashMap, Entry};
use tokio::{
    sync::{Notify, Semaphore, watch},
    time::Instant,
};
use tracing::{error, warn};

use super::{Sessions, step::Key};
use crate::{
    counters::count,
    session::{
        RxSessionId, Session, SessionError,
        machine::{Input, Progress},
    },
};

/// AARs that are sent again at a time: a server that is back must not be flooded.
const AT_A_TIME: usize = 32;

/// The modifications that are sent again, by session and number.
#[derive(Debug)]
pub(super) struct Again {
    jobs: DashMap<(RxSessionId, u64), Job>,
    slots: Semaphore,
}

#[derive(Debug)]
struct Job {
    /// The server, and the peer that leads to it.
    at: [Arc<str>; 2],
    /// A reason to try at once.
    poke: Arc<Notify>,
    /// Its sender goes when the outcome is stored.
    decided: watch::Receiver<()>,
}

impl Again {
    pub fn new() -> Self {
        Self { jobs: DashMap::new(), slots: Semaphore::new(AT_A_TIME) }
    }

    /// Sees its sender go when this modification is not sent again any more.
    pub fn watch(&self, rx_session: &RxSessionId, number: u64) -> Option<watch::Receiver<()>> {
        Some(self.jobs.get(&(rx_session.clone(), number))?.decided.clone())
    }

    /// What goes to this peer, or through it, can be sent now.
    pub fn peer_up(&self, peer: &str) {
        let is_at = |job: &Job| job.at.iter().any(|host| host.eq_ignore_ascii_case(peer));
        let found = self.jobs.iter().filter(|job| is_at(job));
        let mut found: Vec<_> = found.map(|job| (job.key().clone(), Arc::clone(&job.poke))).collect();
        // Always the same order.
        found.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        found.iter().for_each(|(_, poke)| poke.notify_one());
    }
}

/// A wait that is not the same for everybody: three to five quarters of it.
pub(super) fn spread(of: &impl Hash, wait: Duration) -> Duration {
    let mut hasher = DefaultHasher::new();
    (of, wait).hash(&mut hasher);
    wait.mul_f64(0.75 + (hasher.finish() % 1000) as f64 / 2000.0)
}

impl Sessions {
    /// Begins to send a modification again, unless that is under way.
    pub(super) fn send_again(&self, session: &Session, number: u64) {
        let (Some(me), Some(pcrf), Some(update)) = (self.me.upgrade(), &session.pcrf, &session.update) else {
            return;
        };
        let (undecided, decided) = watch::channel(());
        let poke = Arc::new(Notify::new());
        let key = (session.rx_session.clone(), number);
        let Entry::Vacant(place) = self.again.jobs.entry(key.clone()) else { return };
        let at = [Arc::clone(&pcrf.host), Arc::clone(&pcrf.peer)];
        place.insert(Job { at, poke: Arc::clone(&poke), decided });
        let age = self.clock.now().duration_since(update.since).unwrap_or_default();
        let give_up_at = Instant::now() + self.config.give_up_str_after.saturating_sub(age);
        let work = self.begin_work();
        tokio::spawn(async move {
            me.repeat(&key, &poke, give_up_at).await;
            me.again.jobs.remove(&key);
            drop((undecided, work));
        });
    }

    async fn repeat(&self, key: &(RxSessionId, u64), poke: &Notify, give_up_at: Instant) {
        let (rx_session, number) = (&key.0, key.1);
        let mut wait = self.config.retry_initial;
        loop {
            let next = Instant::now() + spread(key, wait);
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(next.min(give_up_at)) => {
                    wait = (wait * 2).min(self.config.retry_max);
                }
                () = poke.notified() => wait = self.config.retry_initial,
            }
            let given_up = Instant::now() >= give_up_at;
            let progress = if given_up { Progress::GivenUp } else { Progress::Again };
            // Nobody closes it: this cannot fail.
            let _slot = self.again.slots.acquire().await;
            match self.step(Key::Rx(rx_session), Input::Update(number, progress)).await {
                Ok(Some(stepped)) if stepped.ask => {
                    count(&self.counters.updates_repeated);
                    match self.ask_for_update(&stepped.session, None).await {
                        Err(SessionError::ShuttingDown) => {
                            warn!(%rx_session, "shutting down: a modification is not sent again");
                            return;
                        }
                        Ok(_)
                        | Err(SessionError::Refused(_) | SessionError::Lost(_) | SessionError::NotFound) => {
                            return;
                        }
                        Err(_) => {}
                    }
                }
                // Decided, or over.
                Ok(_) => return,
                Err(error) => error!(%rx_session, %error, "a modification cannot be sent again"),
            }
        }
    }
}
