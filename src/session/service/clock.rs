//! The time of day as it goes on since the process started: steps of the system's clock end no session.

use std::time::SystemTime;

use tokio::time::Instant;

/// Time of day, anchored once and monotonic from then on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    time: SystemTime,
    instant: Instant,
}

impl Clock {
    pub fn new() -> Self {
        Self { time: SystemTime::now(), instant: Instant::now() }
    }

    pub fn now(&self) -> SystemTime {
        self.time + self.instant.elapsed()
    }

    /// When it will be that time; in the past, now.
    pub fn instant(&self, time: SystemTime) -> Instant {
        self.instant + time.duration_since(self.time).unwrap_or_default()
    }
}
