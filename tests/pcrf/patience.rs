//! Waiting for what happens elsewhere.

use std::time::Duration;

/// Far above what any wait takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again and again, until it is so.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let look = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("never so: {what}"));
}
