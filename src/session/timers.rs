//! The duration timer: ends sessions when their time is over.

use std::sync::{Arc, Weak};

use tokio::sync::Notify;

use super::Sessions;

/// Ends what has expired, then sleeps until the next session does or `deadlines` says that one may be earlier.
pub(super) async fn run(sessions: Weak<Sessions>, deadlines: Arc<Notify>) {
    loop {
        let Some(next) = sessions.upgrade() else { return };
        let next = next.expire().await;
        let sleep = async {
            match next {
                Some(next) => tokio::time::sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = sleep => {}
            () = deadlines.notified() => {}
        }
    }
}
