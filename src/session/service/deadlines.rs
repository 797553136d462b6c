//! Ends sessions when their time is over.
//!
//! The store knows when which session expires; the wheel here holds those of the next minute, and is fed from the
//! store again before that is over. Whatever changes an expiry arms it here too. An entry that is out of date does
//! nothing: the step looks at the session as it is. So a session that could not be ended, for the store failed, is
//! found again with the next feeding.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, SystemTime},
};

use tokio::{
    sync::{Notify, Semaphore},
    time::{Instant, sleep_until},
};
use tracing::error;

use super::{
    PAGE, Sessions,
    step::{Key, Stepped},
};
use crate::{
    counters::count,
    session::{QosSessionId, StoreError, machine::Input},
};

/// How far ahead the wheel holds what expires.
const AHEAD: Duration = Duration::from_secs(60);

/// How soon what failed is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Sessions that are being ended at a time.
const AT_A_TIME: usize = 256;

/// What expires soon.
#[derive(Debug)]
pub(super) struct Deadlines {
    wheel: Mutex<Wheel>,
    /// There is an earlier one than before.
    earlier: Notify,
    ending: Arc<Semaphore>,
}

#[derive(Debug)]
struct Wheel {
    armed: BTreeSet<(SystemTime, QosSessionId)>,
    /// What expires later is left to the store.
    until: SystemTime,
}

impl Deadlines {
    pub fn new() -> Self {
        let wheel = Wheel { armed: BTreeSet::new(), until: SystemTime::UNIX_EPOCH };
        Self { wheel: Mutex::new(wheel), earlier: Notify::new(), ending: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    /// A session expires then.
    pub fn arm(&self, expires: SystemTime, id: &QosSessionId) {
        let mut wheel = self.wheel();
        if expires <= wheel.until {
            wheel.armed.insert((expires, id.clone()));
            if wheel.armed.first().is_some_and(|(first, _)| *first == expires) {
                self.earlier.notify_one();
            }
        }
    }

    /// Ends the timer, once nobody holds the sessions any more.
    pub fn wake(&self) {
        self.earlier.notify_one();
    }

    fn wheel(&self) -> MutexGuard<'_, Wheel> {
        self.wheel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out what is due.
    fn due(&self, now: SystemTime) -> Vec<QosSessionId> {
        let mut wheel = self.wheel();
        let mut due = Vec::new();
        while wheel.armed.first().is_some_and(|(expires, _)| *expires <= now) {
            due.extend(wheel.armed.pop_first().map(|(_, id)| id));
        }
        due
    }
}

/// Ends what has expired, then sleeps until the next session does or one is armed that does earlier.
pub(super) async fn run(sessions: Weak<Sessions>, deadlines: Arc<Deadlines>) {
    let mut feed_at = Instant::now();
    loop {
        let Some(sessions) = sessions.upgrade() else { return };
        if feed_at <= Instant::now() {
            let fed = sessions.feed().await;
            if let Err(error) = &fed {
                error!(%error, "what expires next cannot be read");
            }
            feed_at = Instant::now() + if fed.is_ok() { AHEAD / 2 } else { AGAIN };
        }
        for id in deadlines.due(sessions.clock.now()) {
            let slot = Arc::clone(&deadlines.ending).acquire_owned().await;
            let sessions = Arc::clone(&sessions);
            tokio::spawn(async move {
                sessions.expire(&id).await;
                drop(slot);
            });
        }
        let next = deadlines.wheel().armed.first().map(|(expires, _)| sessions.clock.instant(*expires));
        drop(sessions);
        tokio::select! {
            biased;
            () = deadlines.earlier.notified() => {}
            () = sleep_until(next.unwrap_or(feed_at).min(feed_at)) => {}
        }
    }
}

impl Sessions {
    /// Fills the wheel with what expires in the next while.
    async fn feed(&self) -> Result<(), StoreError> {
        let until = self.clock.now() + AHEAD;
        // From now on everybody arms what is before that: nothing falls between the pages.
        self.deadlines.wheel().until = until;
        let mut after = None;
        loop {
            let page = self.store.expiring(after, until, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            self.deadlines.wheel().armed.extend(page);
        }
    }

    async fn expire(&self, id: &QosSessionId) {
        match self.step(Key::Qos(id), Input::Expire).await {
            Ok(stepped) => {
                if let Some(stepped) = stepped.filter(Stepped::changed)
                    && let Some(expired) = stepped.before.expiry
                {
                    count(&self.counters.expired);
                    self.lateness.observe(self.clock.now().duration_since(expired).unwrap_or_default());
                }
            }
            Err(error) => {
                error!(%error, "an expired session cannot be ended");
                self.deadlines.arm(self.clock.now() + AGAIN, id);
            }
        }
    }
}
