//! The store that the configuration asks for, and what the gateway itself keeps in it.

use std::sync::Arc;

use tracing::{info, warn};

use crate::{
    config,
    metrics::Collect,
    session::{
        QosSessionId, SessionError, SessionFilter, SessionStore, StoreError,
        ports::{Commit, RecordKind, RecordWrite},
    },
    store::{EmbeddedConfig, EmbeddedStore, MemoryStore, OpenError, Opened},
};

/// Where the Origin-State-Id is kept.
const ORIGIN_STATE_ID: &str = "origin-state-id";

/// Where the name of the last session is kept that was left after a loss.
const LOSS: &str = "loss";

/// Sessions read from the store at a time.
const PAGE: usize = 1000;

/// An open store.
pub(super) struct Storage {
    pub store: Arc<dyn SessionStore>,
    pub figures: Option<Arc<dyn Collect>>,
    /// Something was lost, and that was accepted.
    lost: bool,
}

impl Storage {
    /// Opens it; with `accept_loss` also if something in it is lost.
    pub async fn open(config: &config::Store, accept_loss: bool) -> Result<Self, OpenError> {
        let (directory, min_free) = match config {
            config::Store::Memory => {
                let store = Arc::new(MemoryStore::new());
                return Ok(Self { store, figures: None, lost: false });
            }
            config::Store::Embedded { directory, min_free } => (directory.clone(), *min_free),
        };
        let config = EmbeddedConfig { min_free, accept_loss, ..EmbeddedConfig::new(directory) };
        let opened = tokio::task::spawn_blocking(move || {
            let opened = EmbeddedStore::open(&config);
            opened.map(|opened| (opened, config.directory))
        });
        let ((store, opened), directory) = opened.await.expect("opening a store does not panic")?;
        let store = Arc::new(store);
        let sessions = store.count().await.unwrap_or_default();
        let Opened { is_new, lost } = opened;
        info!(directory = %directory.display(), sessions, is_new, "store opened");
        Ok(Self { figures: Some(store.clone()), store, lost })
    }

    /// Reads what the gateway keeps about itself, and what is to be done about a loss. To be called before anything else
    /// is written: what was lost is known for as long as nothing is.
    ///
    /// PCRFs take an Origin-State-Id that is the same as before for the sign that nothing was forgotten (RFC 6733
    /// §8.16): so it is if the store was kept, and `now`, which is higher, if it is new or something in it is lost.
    pub async fn identity(&self, now: u32) -> Result<Identity, SessionError> {
        let known = self.read(ORIGIN_STATE_ID, |kept| kept.try_into().ok().map(u32::from_be_bytes)).await?;
        let last = |kept: &[u8]| Some(Loss { last: str::from_utf8(kept).ok()?.into() });
        let mut loss = self.read(LOSS, last).await?;
        let origin_state_id = match known {
            Some(known) if !self.lost => return Ok(Identity { origin_state_id: known, had_one: true, loss }),
            Some(known) => now.max(known.saturating_add(1)),
            None => now,
        };
        if self.lost {
            warn!(
                origin_state_id,
                "sessions may be lost: the PCRFs are told to end all that this host had, and those that are left are ended"
            );
            loss = self.last().await?.map(|last| Loss { last }).or(loss);
        } else if self.store.is_durable() {
            // Also if the start that made it did not come this far.
            warn!(
                origin_state_id,
                "the store is new: no session is known, and by the raised Origin-State-Id the PCRFs end what this host \
                 had before. Right on the first start; otherwise stop now, and look whether `path` of [store] is right \
                 and its disk is mounted"
            );
        }
        let record = |key: &str, value: Arc<[u8]>| RecordWrite {
            kind: RecordKind::Gateway,
            key: key.into(),
            value: Some(value),
        };
        let mut records = vec![record(ORIGIN_STATE_ID, Arc::from(origin_state_id.to_be_bytes()))];
        records.extend(loss.as_ref().map(|loss| record(LOSS, loss.last.as_str().as_bytes().into())));
        self.store.commit(Commit { records, ..Commit::default() }).await?;
        Ok(Identity { origin_state_id, had_one: known.is_some(), loss })
    }

    /// Something about the gateway.
    async fn read<T>(&self, key: &str, read: impl Fn(&[u8]) -> Option<T>) -> Result<Option<T>, SessionError> {
        let Some(kept) = self.store.record(RecordKind::Gateway, key).await? else { return Ok(None) };
        let unreadable = || StoreError::Failed { reason: format!("the {key} in it cannot be read") };
        Ok(Some(read(&kept).ok_or_else(unreadable)?))
    }

    /// The last session, by its name.
    async fn last(&self) -> Result<Option<QosSessionId>, StoreError> {
        let mut filter = SessionFilter { limit: Some(PAGE), ..SessionFilter::default() };
        loop {
            let page = self.store.list(filter.clone()).await?;
            match page.last() {
                Some(last) => filter.after = Some(last.id.clone()),
                None => return Ok(filter.after),
            }
        }
    }
}

/// What the gateway keeps about itself.
pub(super) struct Identity {
    pub origin_state_id: u32,
    /// A gateway had this store before.
    pub had_one: bool,
    /// Something was lost, and what was left is not all ended yet.
    pub loss: Option<Loss>,
}

/// A loss that was accepted.
pub(super) struct Loss {
    /// The last session that was left: it is ended, and those before it.
    pub last: QosSessionId,
}

/// All that was left is ended.
pub(super) async fn forget_loss(store: &dyn SessionStore) -> Result<(), StoreError> {
    let record = RecordWrite { kind: RecordKind::Gateway, key: LOSS.into(), value: None };
    store.commit(Commit { records: vec![record], ..Commit::default() }).await
}
