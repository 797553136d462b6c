//! When to dial again, and the chance that keeps peers from doing it in step.

use std::time::Duration;

/// A reproducible source of chance (splitmix64); not for secrets.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The upper half of the next number.
    pub fn next_u32(&mut self) -> u32 {
        (self.next() >> 32) as u32
    }

    /// A duration from zero to `most`, evenly spread.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        // 32 bits of chance are finer than any timer.
        most.mul_f64(f64::from(self.next_u32()) / f64::from(u32::MAX))
    }
}

/// Waits between dials: doubled from the first to the longest, each shortened by up to a quarter.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    initial: Duration,
    max: Duration,
    after_refusal: Duration,
    /// The wait before jitter that preceded the latest dial; zero before the first loss.
    current: Duration,
}

impl Backoff {
    pub fn new(initial: Duration, max: Duration, after_refusal: Duration) -> Self {
        // A wait of nothing would be a busy loop.
        let initial = initial.max(Duration::from_millis(10));
        Self { initial, max: max.max(initial), after_refusal, current: Duration::ZERO }
    }

    /// The wait after a loss. `open` says how long the connection had been open.
    ///
    /// After a connection that held for twice the wait before it the waits begin anew; one that opens and
    /// falls at once is waited for longer and longer.
    pub fn after_loss(&mut self, open: Duration, chance: &mut Chance) -> Duration {
        self.current = match self.current * 2 {
            doubled if doubled > open => doubled.min(self.max),
            _ => self.initial,
        };
        self.current - chance.up_to(self.current / 4)
    }

    /// The wait after the peer said that it does not want us; at least what is configured.
    pub fn after_refusal(&mut self, chance: &mut Chance) -> Duration {
        self.current = Duration::ZERO;
        self.after_refusal + chance.up_to(self.after_refusal / 10)
    }

    /// Forgets the failures so far.
    pub fn reset(&mut self) {
        self.current = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew_after_a_connection_that_held() {
        let (mut backoff, mut chance) = (Backoff::new(seconds(1), seconds(30), seconds(60)), Chance::new(7));
        for expected in [1, 2, 4, 8, 16, 30, 30] {
            let wait = backoff.after_loss(Duration::ZERO, &mut chance);
            assert!(wait <= seconds(expected) && wait >= seconds(expected) * 3 / 4, "{expected}: {wait:?}");
        }
        assert!(backoff.after_loss(seconds(5), &mut chance) > seconds(20), "it opened, but did not hold");
        assert!(backoff.after_loss(seconds(300), &mut chance) <= seconds(1));
    }

    #[test]
    fn a_refusal_is_waited_out_in_full() {
        let (mut backoff, mut chance) = (Backoff::new(seconds(1), seconds(30), seconds(60)), Chance::new(7));
        for _ in 0..100 {
            let wait = backoff.after_refusal(&mut chance);
            assert!(wait >= seconds(60) && wait <= seconds(66), "{wait:?}");
        }
    }
}
