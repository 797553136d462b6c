//! Goes on with what processes began that are gone.

use std::{mem, sync::Weak, time::Duration};

use tokio::time::sleep;
use tracing::{error, info};

use super::{PAGE, Sessions, step::Key};
use crate::session::{QosSessionId, SessionState, StoreError, machine::Input, ports::CLAIMS_PER_LEASE};

/// Looks for it until nobody holds the sessions any more, and so renews the lease of this process.
pub(super) async fn run(sessions: Weak<Sessions>, lease: Duration) {
    let mut claimed = Vec::new();
    loop {
        sleep(lease / CLAIMS_PER_LEASE).await;
        let Some(sessions) = sessions.upgrade() else { return };
        if let Err(error) = sessions.take_over(&mut claimed, None).await {
            error!(%error, "what a process left that is gone waits: the store fails");
        }
    }
}

impl Sessions {
    /// Claims everything that is owed by processes that are gone, and goes on with it. What was `claimed` before and
    /// cannot be gone on with stays there. `counted`: as what they are in the figures.
    pub(super) async fn take_over(
        &self,
        claimed: &mut Vec<QosSessionId>,
        counted: Option<SessionState>,
    ) -> Result<(), StoreError> {
        loop {
            // First: whatever becomes of those before, it says that this process is there.
            let page = self.store.claim_sessions(PAGE).await?;
            let (found, mut failed) = (page.len(), Ok(()));
            claimed.extend(page);
            for id in mem::take(claimed) {
                if let Err(error) = self.go_on_with(&id, counted).await {
                    failed = Err(error);
                    claimed.push(id);
                }
            }
            failed?;
            if found > 0 {
                info!(sessions = found, "what another process began is brought to its end");
            }
            if found < PAGE {
                return Ok(());
            }
        }
    }

    async fn go_on_with(&self, id: &QosSessionId, counted: Option<SessionState>) -> Result<(), StoreError> {
        if let Some(stepped) = self.step(Key::Qos(id), Input::Found(&self.config.peers)).await? {
            self.states.change(counted, Some(stepped.before.state));
        }
        Ok(())
    }
}
