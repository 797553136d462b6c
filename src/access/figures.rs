//! What this layer shows of itself: what came of credentials.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Access;
use crate::metrics::{Collect, Page};

/// Counters since the start of the process.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Credentials that were right.
    pub right: AtomicU64,
    /// Credentials that were wrong.
    pub wrong: AtomicU64,
    /// Credentials that were not looked at: too many wrong ones, or others, came from there.
    pub limited: AtomicU64,
    /// Credentials that were not looked at: too many others were.
    pub busy: AtomicU64,
    /// Tokens that were taken.
    pub tokens_right: AtomicU64,
    /// Tokens that were looked at and not taken.
    pub tokens_wrong: AtomicU64,
    /// Tokens that were not looked at: too many wrong ones came from there.
    pub tokens_limited: AtomicU64,
    /// How often secrets were hashed.
    pub hashed: AtomicU64,
}

impl Collect for Access {
    fn collect(&self, page: &mut Page) {
        let counted = &self.counters;
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        page.counter("rxgate_credentials_total", "Ids with secrets that were shown, by what came of them.")
            .sample(&[("outcome", "right")], now(&counted.right))
            .sample(&[("outcome", "wrong")], now(&counted.wrong))
            .sample(&[("outcome", "limited")], now(&counted.limited))
            .sample(&[("outcome", "busy")], now(&counted.busy));
        page.counter("rxgate_tokens_total", "Tokens that were shown, by what came of them.")
            .sample(&[("outcome", "right")], now(&counted.tokens_right))
            .sample(&[("outcome", "wrong")], now(&counted.tokens_wrong))
            .sample(&[("outcome", "limited")], now(&counted.tokens_limited));
        page.counter("rxgate_secrets_hashed_total", "How often a secret was hashed to compare it.")
            .sample(&[], now(&counted.hashed));
    }
}
