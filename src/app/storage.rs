//! The store that the configuration asks for, and what the gateway itself keeps in it.

use std::sync::Arc;

use tracing::{info, warn};

use super::AppError;
use crate::{
    config,
    metrics::Collect,
    session::{
        SessionError, SessionStore, StoreError,
        ports::{Commit, RecordKind, RecordWrite},
    },
    store::{EmbeddedConfig, EmbeddedStore, MemoryStore, OpenError, Opened},
};

/// Where the Origin-State-Id is kept.
const ORIGIN_STATE_ID: &str = "origin-state-id";

/// An open store.
pub(super) struct Storage {
    pub store: Arc<dyn SessionStore>,
    pub figures: Option<Arc<dyn Collect>>,
    /// Something was lost, and that was accepted.
    pub lost: bool,
    /// It outlives the process, and nothing was in it.
    is_new: bool,
}

impl Storage {
    /// Opens it; with `accept_loss` also if something in it is lost.
    pub async fn open(config: &config::Store, accept_loss: bool) -> Result<Self, OpenError> {
        let (directory, min_free) = match config {
            config::Store::Memory => {
                let store = Arc::new(MemoryStore::new());
                return Ok(Self { store, figures: None, lost: false, is_new: false });
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
        Ok(Self { figures: Some(store.clone()), store, lost, is_new })
    }

    /// What PCRFs take for the sign that nothing was forgotten (RFC 6733 §8.16): the same as before if the store
    /// was kept, `now`, which is higher, if it is new, or if something in it is lost.
    pub async fn origin_state_id(&self, now: u32) -> Result<u32, AppError> {
        let kept =
            self.store.record(RecordKind::Gateway, ORIGIN_STATE_ID).await.map_err(SessionError::from)?;
        let known = match kept {
            Some(kept) => Some(u32::from_be_bytes((*kept).try_into().map_err(|_| {
                let reason = "the Origin-State-Id in it cannot be read".into();
                SessionError::from(StoreError::Failed { reason })
            })?)),
            None => None,
        };
        let id = match known {
            Some(known) if !self.lost => return Ok(known),
            Some(known) => now.max(known.saturating_add(1)),
            None => now,
        };
        if self.lost {
            warn!(
                origin_state_id = id,
                "sessions may be lost: the PCRFs are told to end all that this host had"
            );
        } else if self.is_new {
            warn!(
                origin_state_id = id,
                "the store is new: no session is known, and by the raised Origin-State-Id the PCRFs end what this host \
                 had before. Right on the first start; otherwise stop now, and look whether `path` of [store] is right \
                 and its disk is mounted"
            );
        }
        let record = RecordWrite {
            kind: RecordKind::Gateway,
            key: ORIGIN_STATE_ID.into(),
            value: Some(Arc::from(id.to_be_bytes())),
        };
        let commit = Commit { records: vec![record], ..Commit::default() };
        self.store.commit(commit).await.map_err(SessionError::from)?;
        Ok(id)
    }
}
