//! Goes on with what processes began that are gone.

use std::{collections::VecDeque, sync::Weak, time::Duration};

use tokio::time::sleep;
use tracing::{error, info};

use super::{PAGE, Sessions, step::Key};
use crate::session::{QosSessionId, SessionState, StoreError, machine::Input, ports::CLAIMS_PER_LEASE};

/// Looks for it until nobody holds the sessions any more, and so renews the lease of this process.
pub(super) async fn run(sessions: Weak<Sessions>, lease: Duration) {
    let mut claimed = VecDeque::new();
    loop {
        sleep(lease / CLAIMS_PER_LEASE).await;
        let Some(sessions) = sessions.upgrade() else { return };
        if let Err(error) = sessions.take_over(&mut claimed).await {
            error!(%error, "what a process left that is gone waits: the store fails");
        }
    }
}

impl Sessions {
    /// Claims everything that is owed by processes that are gone, and goes on with it. What is `claimed` and not done
    /// is done first.
    pub(super) async fn take_over(&self, claimed: &mut VecDeque<QosSessionId>) -> Result<(), StoreError> {
        let mut done = 0_usize;
        loop {
            while let Some(id) = claimed.front() {
                self.go_on_with(id).await?;
                claimed.pop_front();
                done += 1;
            }
            claimed.extend(self.store.claim_sessions(PAGE).await?);
            if claimed.is_empty() {
                break;
            }
        }
        if done > 0 {
            info!(sessions = done, "what another process began is brought to its end");
        }
        Ok(())
    }

    async fn go_on_with(&self, id: &QosSessionId) -> Result<(), StoreError> {
        let found = self.store.get(id).await?.map(|session| session.state);
        self.states.change(found.and(Some(SessionState::Open)), found);
        self.step(Key::Qos(id), Input::Found(&self.config.peers)).await?;
        Ok(())
    }
}
