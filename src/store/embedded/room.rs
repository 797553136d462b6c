//! Room on the disk: the last of it is kept for the sessions that exist.

use std::{path::PathBuf, sync::atomic::Ordering};

use tracing::{info, warn};

use super::writer::State;

/// Looks how much room there is.
#[derive(Debug)]
pub(super) struct Room {
    pub directory: PathBuf,
    /// With less than this no session is added. Octets.
    pub min_free: u64,
}

impl Room {
    /// Looks, and notes it.
    pub fn look(&self, state: &State) {
        let free = match rustix::fs::statvfs(&self.directory) {
            Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
            Err(error) => return warn!(%error, "the room on the store's disk cannot be read"),
        };
        let full = free < self.min_free;
        if state.full.swap(full, Ordering::Relaxed) != full {
            let (free_mib, min_free_mib) = (free >> 20, self.min_free >> 20);
            match full {
                true => {
                    warn!(free_mib, min_free_mib, "no room for more sessions on the store's disk: free some")
                }
                false => info!(free_mib, "room for sessions again on the store's disk"),
            }
        }
    }
}
