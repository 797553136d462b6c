//! Making Session-Ids that are never used twice (RFC 6733 §8.8).

use std::sync::atomic::{AtomicU64, Ordering};

/// Makes `<origin host>;<high>;<low>;<instance>`.
///
/// The upper half is the start time in seconds, the lower one counts; the instance keeps two processes
/// that share an Origin-Host and started in the same second apart.
#[derive(Debug)]
pub struct SessionIds {
    origin_host: String,
    instance: String,
    next: AtomicU64,
}

impl SessionIds {
    /// `started` is in seconds since 1970; `instance` is any text without a semicolon, may be empty.
    pub fn new(origin_host: &str, started: u64, instance: &str) -> Self {
        let instance = instance.replace(';', "");
        Self { origin_host: origin_host.into(), instance, next: AtomicU64::new(started << 32) }
    }

    /// The next Session-Id.
    pub fn next(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (high, low) = (number >> 32, number & 0xffff_ffff);
        match self.instance.is_empty() {
            true => format!("{};{high};{low}", self.origin_host),
            false => format!("{};{high};{low};{}", self.origin_host, self.instance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ids_count_on_from_the_start_time() {
        let ids = SessionIds::new("af.rx.test", 1_763_764_000, "n;1");
        assert_eq!(ids.next(), "af.rx.test;1763764000;0;n1");
        assert_eq!(ids.next(), "af.rx.test;1763764000;1;n1");
        assert_eq!(SessionIds::new("af", 7, "").next(), "af;7;0");
    }

    #[test]
    fn the_low_half_carries_into_the_high_one() {
        let ids = SessionIds::new("af", 7, "");
        ids.next.store((7 << 32) | 0xffff_ffff, Ordering::Relaxed);
        assert_eq!([ids.next(), ids.next()], ["af;7;4294967295", "af;8;0"]);
    }
}
