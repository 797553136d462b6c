//! The keys of the identity provider as they are known at the moment, and who asks for newer ones.
//!
//! Looks for none itself: whoever does hears of [`Keyring::asks`], and says what came of it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use super::KeySet;
use crate::{
    counters::count,
    metrics::{Collect, Page},
};

/// How long keys are taken while nobody can say whether they are still those of the provider: one that is away for a
/// night stops no application, and a key that it takes back meanwhile does not live on for longer.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// How often tokens with unknown keys may ask for newer ones: whoever makes up names of keys causes no more.
const ASKED_EVERY: Duration = Duration::from_secs(10);

/// How long a request waits for them. What comes later is for the next one.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why a look for keys found none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// Where they should be, nobody answers.
    Unreachable,
    /// What is there is no set of keys that can be used.
    Unusable,
}

/// The keys in force.
#[derive(Debug, Default)]
pub struct Keyring {
    known: watch::Sender<Known>,
    asks: watch::Sender<()>,
    asked: Mutex<Option<Asked>>,
    counters: Counters,
}

#[derive(Debug, Default)]
struct Known {
    keys: Option<Arc<KeySet>>,
    /// When they were seen the last time.
    seen: Option<Instant>,
    /// How often somebody has looked.
    looks: u64,
}

/// The last time that a token asked.
#[derive(Debug)]
struct Asked {
    at: Instant,
    /// Looks until then.
    looks: u64,
}

#[derive(Debug, Default)]
struct Counters {
    found: AtomicU64,
    unreachable: AtomicU64,
    unusable: AtomicU64,
}

impl Keyring {
    /// The keys in force; `None`: there are none yet, or none any more.
    pub fn keys(&self) -> Option<Arc<KeySet>> {
        self.known.borrow().keys.clone()
    }

    /// A look found these, and they are in force from now on. Says whether there were others.
    pub fn found(&self, keys: KeySet) -> bool {
        count(&self.counters.found);
        let mut others = false;
        self.known.send_modify(|known| {
            known.looks += 1;
            known.seen = Some(Instant::now());
            others = known.keys.as_deref() != Some(&keys);
            if others {
                known.keys = Some(Arc::new(keys));
            }
        });
        others
    }

    /// A look found none. Says whether that puts those out of force that were: they were seen too long ago.
    pub fn not_found(&self, why: NotFound) -> bool {
        count(match why {
            NotFound::Unreachable => &self.counters.unreachable,
            NotFound::Unusable => &self.counters.unusable,
        });
        let mut gone = false;
        self.known.send_modify(|known| {
            known.looks += 1;
            gone = known.keys.is_some() && known.seen.is_none_or(|seen| seen.elapsed() >= KEPT);
            if gone {
                known.keys = None;
            }
        });
        gone
    }

    /// Asks for a look, whenever the last one was.
    pub fn ask(&self) {
        self.asks.send_replace(());
    }

    /// Hears of each time that somebody asks; ends with the keyring.
    pub fn asks(&self) -> watch::Receiver<()> {
        self.asks.subscribe()
    }

    /// A token has a key that is not among them: asks for newer ones, if nobody did a moment ago, and waits a moment
    /// for them. `false`: there is nothing new.
    pub(super) async fn renewed(&self) -> bool {
        let mut known = self.known.subscribe();
        self.is_looked_for() && timeout(PATIENCE, known.changed()).await.is_ok_and(|looked| looked.is_ok())
    }

    /// Whether a look is under way, or can be asked for.
    fn is_looked_for(&self) -> bool {
        let (looks, now) = (self.known.borrow().looks, Instant::now());
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        match &*asked {
            // The first one is made without being asked for.
            _ if looks == 0 => true,
            Some(asked) if now < asked.at + ASKED_EVERY => asked.looks == looks,
            _ => {
                *asked = Some(Asked { at: now, looks });
                self.ask();
                true
            }
        }
    }
}

impl Collect for Keyring {
    fn collect(&self, page: &mut Page) {
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        page.counter(
            "rxgate_jwks_fetches_total",
            "Looks for the identity provider's keys, by what came of them.",
        )
        .sample(&[("outcome", "found")], now(&self.counters.found))
        .sample(&[("outcome", "unreachable")], now(&self.counters.unreachable))
        .sample(&[("outcome", "unusable")], now(&self.counters.unusable));
        let mut age =
            page.gauge("rxgate_jwks_age_seconds", "Since the keys in force were seen; none without any.");
        let known = self.known.borrow();
        if let (Some(_), Some(seen)) = (&known.keys, known.seen) {
            age.sample(&[], seen.elapsed().as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests;
