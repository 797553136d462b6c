//! Work that is done to its end, whoever goes away meanwhile.

use tracing::Instrument;

/// Does it to its end even if whoever waits for it goes away. What it logs has the fields of its caller.
///
/// `None`: the runtime ended before. A panic of it goes on in whoever waits.
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    match tokio::spawn(work.in_current_span()).await {
        Ok(done) => Some(done),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => None,
    }
}
