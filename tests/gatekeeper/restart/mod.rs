//! What is there again when everything but the store was dropped and made anew.

mod answers;
mod registrations;
mod templates;

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use rxgate::{
    BoxFuture,
    session::{
        StoreError,
        ports::{Commit, RecordKind},
    },
    store::MemoryStore,
};
use tokio::sync::Notify;

use crate::hooked::{Hook, Hooked};

/// What becomes of commits with records of one kind; of all others, nothing special.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    None,
    /// The store refuses them.
    Fails,
    /// They are written, but nobody ever hears of it.
    Silent,
    /// They take their time.
    Slow,
}

/// A store that has its faults.
pub struct Faulty {
    kind: RecordKind,
    fault: AtomicU8,
    /// Tells of every commit that nobody else hears of.
    pub written: Notify,
}

pub type Store = Hooked<Arc<Faulty>>;

/// Keeps what is written, and has its faults with this kind.
pub fn store(kind: RecordKind) -> Arc<Store> {
    let hook = Arc::new(Faulty { kind, fault: AtomicU8::new(0), written: Notify::new() });
    Arc::new(Hooked { store: Arc::new(MemoryStore::new()), hook })
}

/// The store as the next process has it.
pub fn reopened(store: &Store) -> Arc<Store> {
    Arc::new(Hooked { store: Arc::new(store.store.reopened()), hook: store.hook.clone() })
}

impl Faulty {
    pub fn will(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
    }
}

impl Hook for Arc<Faulty> {
    fn commit<'a>(&'a self, store: &'a MemoryStore, commit: Commit) -> BoxFuture<'a, Result<(), StoreError>> {
        use rxgate::session::SessionStore;
        Box::pin(async move {
            let fault = self.fault.load(Ordering::SeqCst);
            if commit.records.iter().all(|record| record.kind != self.kind) {
                return store.commit(commit).await;
            }
            if fault == Fault::Fails as u8 {
                return Err(StoreError::Failed { reason: "on purpose".into() });
            }
            if fault == Fault::Slow as u8 {
                tokio::task::yield_now().await;
            }
            store.commit(commit).await?;
            if fault == Fault::Silent as u8 {
                self.written.notify_one();
                pending::<()>().await;
            }
            if fault == Fault::Slow as u8 {
                tokio::task::yield_now().await;
            }
            Ok(())
        })
    }
}
