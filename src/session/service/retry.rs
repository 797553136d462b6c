//! Retry-Interval (TS 29.214 §5.3.42): what the PCRF wants not to be asked again for a while.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hasher},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::verdict::TEMPORARILY;
use crate::{rx::AaRequest, session::Refusal};

/// Refusals remembered at a time; beyond that the one that ends first is forgotten.
const MOST: usize = 10_000;

/// Requests that were refused for some time: the UE's address and a digest of the service information.
#[derive(Debug, Default)]
pub(super) struct RetryMemory(Mutex<HashMap<u64, Instant>>);

impl RetryMemory {
    /// Time left until the same may be asked again.
    pub fn left(&self, service: &AaRequest<'_>, now: Instant) -> Option<Duration> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.is_empty() {
            return None;
        }
        let key = digest(service);
        let left = memory.get(&key)?.saturating_duration_since(now);
        if left.is_zero() {
            memory.remove(&key);
            return None;
        }
        Some(left)
    }

    /// Remembers it if the PCRF said for how long it does not want to be asked the same.
    pub fn remember_refusal(&self, digest: u64, refusal: &Refusal) {
        if let (TEMPORARILY, Some(wait)) = (refusal.outcome, refusal.retry_after) {
            let now = Instant::now();
            self.remember(digest, now + wait, now);
        }
    }

    /// Remembers that the same may not be asked again before `until`.
    fn remember(&self, digest: u64, until: Instant, now: Instant) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() >= MOST {
            memory.retain(|_, until| *until > now);
        }
        if memory.len() >= MOST {
            let first = memory.iter().min_by_key(|(_, until)| **until).map(|(key, _)| *key);
            first.map(|key| memory.remove(&key));
        }
        memory.insert(digest, until);
    }
}

/// Stands for the binding and the service information of a request: a hash of it as it would be sent.
///
/// Two requests have the same digest with a chance of 2^-64; the second would wait in vain for a
/// Retry-Interval. What cannot be sent is never refused, so its digest does not matter.
pub(super) fn digest(service: &AaRequest<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    if let Ok(message) = service.encode(Default::default()) {
        hasher.write(message.as_bytes());
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(last: u8) -> AaRequest<'static> {
        AaRequest { framed_ip_address: Some(vec![10, 0, 0, last].into()), ..AaRequest::default() }
    }

    #[test]
    fn only_the_same_request_has_to_wait() {
        let (memory, now) = (RetryMemory::default(), Instant::now());
        memory.remember(digest(&service(1)), now + Duration::from_secs(5), now);
        assert_eq!(memory.left(&service(1), now), Some(Duration::from_secs(5)));
        assert_eq!(memory.left(&service(2), now), None);
        assert_eq!(memory.left(&service(1), now + Duration::from_secs(5)), None);
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_what_ends_first() {
        let (memory, now) = (RetryMemory::default(), Instant::now());
        for number in 0..=MOST {
            memory.remember(number as u64, now + Duration::from_secs(10 + number as u64), now);
        }
        let memory = memory.0.lock().unwrap();
        assert_eq!(memory.len(), MOST);
        assert!(!memory.contains_key(&0) && memory.contains_key(&1));
    }
}
