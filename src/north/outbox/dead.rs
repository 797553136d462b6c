//! The letters that were given up: how many there are, and which are dropped.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{Mutex, MutexGuard};
use tracing::error;

use crate::{
    metrics::{Collect, Gauge, Page},
    session::{
        SessionStore, StoreError,
        ports::{Commit, LetterId, LetterWrite},
    },
};

use super::PAGE;

/// The dead letters of a store.
pub(super) struct Dead {
    store: Arc<dyn SessionStore>,
    /// Most that are kept.
    most: u64,
    number: Gauge,
    dropped: AtomicU64,
    /// Held by whoever takes some out.
    acting: Mutex<()>,
}

impl Dead {
    pub fn new(store: Arc<dyn SessionStore>, most: u64) -> Self {
        let (number, dropped, acting) = Default::default();
        Self { store, most, number, dropped, acting }
    }

    /// So many were there before this process.
    pub fn found(&self, number: u64) {
        self.number.set(number);
    }

    /// One more is written.
    pub fn one_more(&self) {
        self.number.up();
    }

    /// One is taken out.
    pub fn one_less(&self) {
        self.number.down();
    }

    /// Waits for the turn to take some out.
    pub async fn acting(&self) -> MutexGuard<'_, ()> {
        self.acting.lock().await
    }

    /// Drops the oldest if there are too many.
    pub async fn trim(&self) -> Result<(), StoreError> {
        while let Some(over) = self.number.get().checked_sub(self.most).filter(|over| *over > 0) {
            let _acting = self.acting().await;
            let limit = usize::try_from(over).unwrap_or(PAGE).min(PAGE);
            let oldest = self.store.dead_letters(None, limit).await?;
            if oldest.is_empty() {
                return Ok(());
            }
            self.remove(oldest.iter().map(|dead| dead.letter.id)).await?;
            let number = u64::try_from(oldest.len()).unwrap_or(u64::MAX);
            let dropped = self.dropped.fetch_add(number, Ordering::Relaxed) + number;
            error!(
                dropped,
                "the oldest of the notifications that were given up are dropped: more than {} are not kept",
                self.most
            );
        }
        Ok(())
    }

    /// Drops those of a queue.
    pub async fn forget(&self, queue: &str) -> Result<(), StoreError> {
        let _acting = self.acting().await;
        let mut after = None;
        loop {
            let page = self.store.dead_letters(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.letter.id);
            let of_queue = page.iter().filter(|dead| *dead.letter.queue == *queue);
            self.remove(of_queue.map(|dead| dead.letter.id)).await?;
        }
    }

    async fn remove(&self, ids: impl Iterator<Item = LetterId>) -> Result<(), StoreError> {
        let letters: Vec<_> = ids.map(LetterWrite::Remove).collect();
        if letters.is_empty() {
            return Ok(());
        }
        let number = letters.len();
        self.store.commit(Commit { letters, ..Commit::default() }).await?;
        (0..number).for_each(|_| self.one_less());
        Ok(())
    }
}

impl Collect for Dead {
    fn collect(&self, page: &mut Page) {
        page.gauge(
            "rxgate_notifications_dead",
            "Notifications given up or refused, that the operator may replay.",
        )
        .sample(&[], self.number.get());
        page.counter(
            "rxgate_notifications_dead_dropped_total",
            "The oldest of those given up, dropped because there were too many.",
        )
        .sample(&[], self.dropped.load(Ordering::Relaxed));
    }
}
