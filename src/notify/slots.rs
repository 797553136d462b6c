//! How many attempts there are at a time: to one host, of repetitions, and altogether.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::{Endpoint, NotifyConfig, endpoint::Host};

type Key = (Host, u16);

/// The bounds. Whoever waits is served in the order of coming.
///
/// A host that hangs holds its own slots only. Many that hang hold at most half of all: what fails is repeated,
/// and repetitions have no more.
pub(super) struct Slots {
    all: Semaphore,
    repetitions: Semaphore,
    hosts: Mutex<HashMap<Key, Arc<Semaphore>>>,
    per_host: usize,
}

/// Leave to make one attempt.
pub(super) struct Slot<'s> {
    _any: SemaphorePermit<'s>,
    _repetition: Option<SemaphorePermit<'s>>,
    _host: HostSlot<'s>,
}

/// A slot of one host; the last one takes the host off the list.
struct HostSlot<'s> {
    slots: &'s Slots,
    key: Key,
    permit: Option<OwnedSemaphorePermit>,
}

impl Slots {
    pub fn new(config: &NotifyConfig) -> Self {
        let all = config.max_attempts.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            all: Semaphore::new(all),
            repetitions: Semaphore::new(all.div_ceil(2)),
            hosts: Mutex::default(),
            per_host: config.max_attempts_per_host.clamp(1, Semaphore::MAX_PERMITS),
        }
    }

    /// Waits for leave: first where only those to the same host wait.
    pub async fn acquire(&self, endpoint: &Endpoint, repetition: bool) -> Slot<'_> {
        let host = self.acquire_host((endpoint.host().clone(), endpoint.port())).await;
        let repetition = match repetition {
            true => Some(self.repetitions.acquire().await.expect("never closed")),
            false => None,
        };
        let any = self.all.acquire().await.expect("never closed");
        Slot { _any: any, _repetition: repetition, _host: host }
    }

    async fn acquire_host(&self, key: Key) -> HostSlot<'_> {
        let semaphore = {
            let mut hosts = self.hosts();
            let new = || Arc::new(Semaphore::new(self.per_host));
            Arc::clone(hosts.entry(key.clone()).or_insert_with(new))
        };
        // Made first: it cleans up, also when nobody waits for the permit any more.
        let mut slot = HostSlot { slots: self, key, permit: None };
        slot.permit = Some(semaphore.acquire_owned().await.expect("never closed"));
        slot
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<Key, Arc<Semaphore>>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for HostSlot<'_> {
    fn drop(&mut self) {
        let mut hosts = self.slots.hosts();
        self.permit = None;
        // The map's own is the only one: nobody has a permit of it, and nobody waits for one.
        if hosts.get(&self.key).is_some_and(|semaphore| Arc::strong_count(semaphore) == 1) {
            hosts.remove(&self.key);
        }
    }
}
