//! Whether any PCRF can be reached: one line when the last one goes, and one when the first is back.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;
use tracing::{error, info};

use crate::transport::{PeerEvent, PeerStatus};

/// Since when none can be; `None`: one can, or none ever could.
#[derive(Debug, Default)]
pub(super) struct Reach(Mutex<Option<Instant>>);

impl Reach {
    /// What follows from an event of one peer; `peers` is how all are doing now.
    pub fn after(&self, event: &PeerEvent, peers: impl FnOnce() -> Vec<PeerStatus>) {
        // It is replaced in one step: what a panic left behind is whole.
        let mut none_since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            PeerEvent::Up { .. } | PeerEvent::Recovered { .. } => {
                if let Some(since) = none_since.take() {
                    info!(after_s = since.elapsed().as_secs(), "a PCRF can be reached again");
                }
            }
            PeerEvent::Suspect { .. } | PeerEvent::Down { .. } => {
                let peers = peers();
                // Peers that were disconnected on purpose are missed by nobody.
                let is_missed = !peers.iter().any(|peer| peer.open) && !peers.iter().all(|peer| peer.held);
                if is_missed && none_since.is_none() {
                    error!("no PCRF can be reached: requests for QoS get 503 until one is back");
                    *none_since = Some(Instant::now());
                }
            }
            PeerEvent::StateLost { .. } => {}
        }
    }
}
