//! Ends what nobody owns any more, many sessions at a time.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::sleep};
use tracing::{error, info, warn};

use super::storage::{self, Loss};
use crate::session::{
    QosSessionId, ReleaseReason, Session, SessionError, SessionFilter, SessionState, SessionStore, Sessions,
};

/// Sessions that are ended at a time.
const AT_A_TIME: usize = 64;

/// How soon what failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Ends every open session, or those up to `last`: a PCRF would keep what nobody owns any more. `false`: not all of
/// them; the log says why.
pub(super) async fn end_all(
    sessions: &Arc<Sessions>,
    why: ReleaseReason,
    last: Option<&QosSessionId>,
) -> bool {
    let mut filter =
        SessionFilter { state: Some(SessionState::Open), limit: Some(AT_A_TIME), ..SessionFilter::default() };
    let mut all = true;
    loop {
        let mut page = match sessions.list(filter.clone()).await {
            Ok(page) => page,
            Err(error) => {
                warn!(%error, "the sessions cannot be listed");
                return false;
            }
        };
        page.retain(|session| last.is_none_or(|last| session.id <= *last));
        let Some(session) = page.last() else { return all };
        filter.after = Some(session.id.clone());
        let mut ending = JoinSet::new();
        for Session { id, rx_session, .. } in page {
            let sessions = sessions.clone();
            ending.spawn(async move {
                match sessions.end_because(&id, why).await {
                    // Or somebody was faster.
                    Ok(_) | Err(SessionError::NotFound) => true,
                    Err(error) => {
                        warn!(%rx_session, %error, "a session cannot be ended");
                        false
                    }
                }
            });
        }
        all &= ending.join_all().await.into_iter().all(|ended| ended);
    }
}

/// Ends what was left in a store that has lost something, whatever it takes; a process that ends before leaves the rest
/// to the next one.
pub(super) async fn end_after(loss: Loss, sessions: Arc<Sessions>, store: Arc<dyn SessionStore>) {
    while !end_all(&sessions, ReleaseReason::StoreLoss, Some(&loss.last)).await {
        sleep(AGAIN).await;
    }
    while let Err(error) = storage::forget_loss(&*store).await {
        error!(%error, "that every session is ended that was left cannot be stored: tried again");
        sleep(AGAIN).await;
    }
    info!("every session is ended that was left in the store");
}
