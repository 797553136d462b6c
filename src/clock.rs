//! The time of day as it goes on since the process started: steps of the system's clock end no session, and a
//! simulation has its own.

use std::time::SystemTime;

use tokio::time::Instant;

/// Time of day, anchored once and monotonic from then on.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    time: SystemTime,
    instant: Instant,
}

impl Clock {
    /// It is this time now.
    pub fn new(time: SystemTime) -> Self {
        Self { time, instant: Instant::now() }
    }

    /// The time of day.
    pub fn now(&self) -> SystemTime {
        self.time + self.instant.elapsed()
    }

    /// When it will be that time; in the past, now.
    pub fn instant(&self, time: SystemTime) -> Instant {
        self.instant + time.duration_since(self.time).unwrap_or_default()
    }
}
