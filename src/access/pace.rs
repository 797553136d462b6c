//! How often something may happen: so many a second in the long run, so many at once after a rest.
//!
//! The generic cell rate algorithm (ITU-T I.371 Annex A): all that is kept is when the next one would be due if
//! they came evenly. A crate for it brings a dozen others; this is one number and one loop.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;

/// When the next one is due. Nanoseconds since the beginning.
#[derive(Debug, Default)]
pub(super) struct Pace(AtomicU64);

/// How often, and since when it is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// From one to the next, in the long run.
    pub every: Duration,
    /// At once. At least 1.
    pub burst: u32,
    /// Any moment before all others.
    pub beginning: Instant,
}

impl Rate {
    fn nanos(self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.beginning).as_nanos()).unwrap_or(u64::MAX)
    }

    /// From one to the next.
    fn apart(self) -> u64 {
        u64::try_from(self.every.as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Pace {
    /// Counts one, or says when there may be another one.
    pub fn take(&self, rate: Rate, now: Instant) -> Result<(), Duration> {
        let (now, apart) = (rate.nanos(now), rate.apart());
        let ahead = apart.saturating_mul(u64::from(rate.burst.max(1)));
        let mut due = self.0.load(Ordering::Relaxed);
        loop {
            let next = due.max(now).saturating_add(apart);
            // As many at once as have their time between now and what is due.
            if next > now.saturating_add(ahead) {
                return Err(Duration::from_nanos(next - now.saturating_add(ahead)));
            }
            match self.0.compare_exchange_weak(due, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(found) => due = found,
            }
        }
    }

    /// Takes back one that was counted.
    pub fn give_back(&self, rate: Rate) {
        let apart = rate.apart();
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |due| Some(due.saturating_sub(apart))).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_at_once_and_then_the_rate() {
        let beginning = Instant::now();
        let rate = Rate { every: Duration::from_millis(100), burst: 3, beginning };
        let at = |millis| beginning + Duration::from_millis(millis);
        let pace = Pace::default();
        for _ in 0..3 {
            assert_eq!(pace.take(rate, at(0)), Ok(()));
        }
        assert_eq!(pace.take(rate, at(0)), Err(Duration::from_millis(100)));
        assert_eq!(pace.take(rate, at(40)), Err(Duration::from_millis(60)));
        assert_eq!(pace.take(rate, at(100)), Ok(()));
        assert_eq!(pace.take(rate, at(100)), Err(Duration::from_millis(100)));
        pace.give_back(rate);
        assert_eq!(pace.take(rate, at(100)), Ok(()));
        // However long the rest was, not more than the burst.
        for _ in 0..3 {
            assert_eq!(pace.take(rate, at(60_000)), Ok(()));
        }
        assert!(pace.take(rate, at(60_000)).is_err());
    }

    #[test]
    fn in_the_long_run_it_is_the_rate() {
        let beginning = Instant::now();
        let rate = Rate { every: Duration::from_millis(20), burst: 5, beginning };
        let pace = Pace::default();
        let taken =
            (0..10_000).filter(|millis| pace.take(rate, beginning + Duration::from_millis(*millis)).is_ok());
        assert_eq!(taken.count(), 50 * 10 + 4);
    }
}
