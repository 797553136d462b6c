//! What goes over the connections of a peer, counted.

use std::sync::atomic::{AtomicU64, Ordering};

use super::exchanges::Exchanges;
use crate::metrics::Gauge;

macro_rules! counters {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {
        /// Counters of one peer; they only grow. Shared with whoever shows them.
        #[derive(Debug, Default)]
        pub struct PeerCounters {
            $($(#[doc = $doc])* pub $name: Counter,)*
            /// Requests that wait for an answer of this peer.
            pub pending: Gauge,
            /// What was answered.
            pub exchanges: Exchanges,
        }

        /// The values of [`PeerCounters`] at one time.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct PeerCounts { $($(#[doc = $doc])* pub $name: u64,)* }

        impl PeerCounters {
            /// The values now.
            pub fn read(&self) -> PeerCounts {
                PeerCounts { $($name: self.$name.get(),)* }
            }
        }

        impl PeerCounts {
            /// The name of every counter, and what it counts.
            pub const NAMES: &[(&str, &str)] = &[$((stringify!($name), concat!($($doc),*)),)*];

            /// Every counter with its name.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)*].into_iter()
            }
        }
    };
}

counters! {
    /// Requests sent, repetitions included.
    requests_sent,
    /// Requests among them that had been sent before, here or elsewhere, without an answer (T bit).
    retransmissions,
    /// Answers that came for a request that waited.
    answers_received,
    /// Answers that came after the outcome.
    late_answers,
    /// Answers that came twice, or that nobody asked for.
    stray_answers,
    /// Attempts that had no answer in time.
    timeouts,
    /// Answers with 3004, DIAMETER_TOO_BUSY.
    too_busy,
    /// Requests kept away from it because it asked for less or is too busy; some went elsewhere.
    abated,
    /// Requests received, copies included.
    requests_received,
    /// Copies among them of a request that was received before.
    duplicates,
    /// Requests refused before anybody looked at them.
    refused,
    /// Answers sent.
    answers_sent,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts one more.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
