//! What is counted about notifications.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        /// Counters since the start of the process.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[$doc])* pub $name: AtomicU64,)*
        }

        impl Counters {
            /// Every counter with its name.
            pub fn read(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name.load(Ordering::Relaxed)),)*].into_iter()
            }
        }
    };
}

counters! {
    /// Notifications put into a queue. The sum of `delivered`, `given_up`, `forgotten`, `left` and of what waits.
    queued;
    /// Notifications refused because there was no room.
    refused;
    /// Attempts begun.
    attempts;
    /// Attempts that failed.
    failed;
    /// Notifications answered with 2xx.
    delivered;
    /// Notifications that became too old.
    given_up;
    /// Notifications dropped because nobody wants them any more.
    forgotten;
    /// Notifications undelivered when the process ended.
    left;
}

/// Counts up.
pub(super) fn count(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, Ordering::Relaxed);
}
