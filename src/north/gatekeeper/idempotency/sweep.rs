//! Removes answers from the store that are too old, or too much.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{
    select,
    sync::{Notify, watch},
    time::sleep,
};
use tracing::{debug, error, warn};

use super::{Answers, answer::Kept};
use crate::{
    north::records,
    session::{
        StoreError,
        ports::{Commit, RecordKind},
    },
};

/// How often old answers are removed.
const EVERY: Duration = Duration::from_secs(60);

/// Least time from one removal to the next: that of one answer after the other is not worth a commit each.
const PAUSE: Duration = Duration::from_secs(1);

/// Answers that are read or removed at a time.
const BATCH: usize = 256;

impl Answers {
    /// Begins to remove old answers: first those of an earlier process, of which the store is asked meanwhile.
    pub fn start(self: &Arc<Self>) {
        tokio::spawn(run(Arc::downgrade(self), Arc::clone(&self.wake)));
    }

    /// Finds the answers of earlier processes.
    async fn find(&self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = self.store.records(RecordKind::Answer, after, BATCH).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(Arc::clone(&last.key));
            for record in &page {
                match records::read::<Kept<'_>>(RecordKind::Answer, &record.key, &record.value) {
                    Ok(kept) => {
                        let mut inner = self.lock();
                        // What is known already is younger than what was read.
                        if !inner.index.contains(&record.key) {
                            inner.index.note(&record.key, kept.at(), record.value.len());
                        }
                    }
                    Err(error) => error!(%error, "an answer is kept for good"),
                }
            }
        }
    }

    /// Removes what is too old or too much.
    async fn sweep(&self) -> Result<(), StoreError> {
        loop {
            let (told, gone) = watch::channel(());
            let keys = {
                let mut inner = self.lock();
                let is_under_way = |key: &str| inner.under_way.contains_key(key);
                let keys = inner.index.surplus(&self.config, self.clock.now(), BATCH, is_under_way);
                inner.leaving = Some((keys.iter().cloned().collect(), gone));
                keys
            };
            let removed = if keys.is_empty() { Ok(()) } else { self.remove(&keys).await };
            let mut inner = self.lock();
            inner.leaving = None;
            drop(told);
            removed?;
            if keys.is_empty() {
                return Ok(());
            }
            debug!(count = keys.len(), "old answers are removed");
            keys.iter().for_each(|key| inner.index.forget(key));
        }
    }

    async fn remove(&self, keys: &[Arc<str>]) -> Result<(), StoreError> {
        let remove = |key: &Arc<str>| records::remove(RecordKind::Answer, Arc::clone(key));
        let records = keys.iter().map(remove).collect();
        self.store.commit(Commit { records, ..Commit::default() }).await
    }
}

async fn run(answers: Weak<Answers>, wake: Arc<Notify>) {
    let mut found = false;
    while let Some(answers) = answers.upgrade() {
        let done = async {
            if !found {
                answers.find().await?;
                found = true;
            }
            answers.sweep().await
        };
        if let Err(error) = done.await {
            warn!(%error, "old answers stay in the store for now");
        }
        drop(answers);
        sleep(PAUSE).await;
        select! {
            biased;
            () = wake.notified() => {}
            () = sleep(EVERY) => {}
        }
    }
}
