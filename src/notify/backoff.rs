//! When to try again: later each time, and not everybody in the same moment.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use uuid::Uuid;

/// The waits of one queue. They go on over notifications that were given up: the endpoint is the same.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    initial: Duration,
    max: Duration,
    wait: Duration,
    failures: u32,
}

impl Backoff {
    pub fn new(initial: Duration, max: Duration) -> Self {
        let initial = initial.min(max);
        Self { initial, max, wait: initial, failures: 0 }
    }

    /// An attempt succeeded.
    pub fn reset(&mut self) {
        *self = Self::new(self.initial, self.max);
    }

    /// Whether the last attempt failed.
    pub fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// An attempt failed: how long to wait.
    ///
    /// Half of the wait to all of it, by chance; the wait doubles from `initial` to `max`. What the application
    /// asks for replaces it, but is at least `initial` and at most `max`.
    pub fn next_wait(&mut self, event: Uuid, asked: Option<Duration>) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let wait = self.wait;
        self.wait = wait.saturating_mul(2).min(self.max);
        // The identifier has 74 random bits (RFC 9562 §5.7).
        let mut hasher = DefaultHasher::new();
        (event, self.failures).hash(&mut hasher);
        let chance = (hasher.finish() % 1000) as f64 / 1000.0;
        match asked {
            // Never earlier than asked, and a little later so that not all come at once.
            Some(asked) => asked.clamp(self.initial, self.max).mul_f64(1.0 + chance / 10.0).min(self.max),
            None => wait.mul_f64(1.0 - chance / 2.0),
        }
    }
}
