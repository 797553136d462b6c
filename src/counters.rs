//! Counters of what happened since the start of the process: numbers with names.

use std::sync::atomic::{AtomicU64, Ordering};

/// Makes the type `Counters` of counters with their docs, and names them when they are read.
macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        /// Counters since the start of the process.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[$doc])* pub $name: ::std::sync::atomic::AtomicU64,)*
        }

        impl Counters {
            /// Every counter with its name.
            pub fn read(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name.load(::std::sync::atomic::Ordering::Relaxed)),)*].into_iter()
            }
        }
    };
}

pub(crate) use counters;

/// Counts one up.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Counts several at once.
pub(crate) fn count_all(counter: &AtomicU64, several: usize) {
    counter.fetch_add(several as u64, Ordering::Relaxed);
}
