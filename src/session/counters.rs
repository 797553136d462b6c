//! What is counted about sessions.

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
    /// Sessions granted.
    granted;
    /// Requests refused by a PCRF, or beforehand because it asked to wait.
    refused;
    /// Requests that nobody answered in time.
    unanswered;
    /// Modifications granted.
    updates_granted;
    /// Modifications refused by a PCRF, or beforehand because it asked to wait.
    updates_refused;
    /// Modifications whose first AAR had no answer in time, or none that says what became of it.
    updates_unanswered;
    /// AARs of modifications that were sent again.
    updates_repeated;
    /// Grants that came when nobody waited for them any more.
    late_grants;
    /// STRs sent, repetitions included.
    terminations_sent;
    /// STRs that were given up: the server may still have the session.
    terminations_given_up;
    /// Sessions that a PCRF forgot.
    lost;
    /// Sessions that expired.
    expired;
    /// Sessions that a PCRF aborted.
    aborted;
    /// RARs accepted.
    reports;
}

/// Counts one up.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
