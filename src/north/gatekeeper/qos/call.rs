//! A request with a body that makes or changes something.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::Request,
    http::{HeaderMap, Method, Uri},
    response::{IntoResponse, Response},
};

use crate::north::gatekeeper::{ApiError, Gatekeeper, content, idempotency::Key};

/// The parts of a request that count.
pub(super) struct Call {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its whole body, said to be JSON.
    pub body: Bytes,
    method: Method,
    uri: Uri,
}

impl Gatekeeper {
    /// Takes a request and does what it asks for; only once, if it has an Idempotency-Key.
    pub(super) async fn take<F>(
        self: &Arc<Self>,
        request: Request,
        work: impl FnOnce(Arc<Self>, Call) -> F,
    ) -> Result<Response, ApiError>
    where
        F: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        content::accepts_json(request.headers())?;
        content::is_json(request.headers())?;
        let key = Key::read(request.headers())?;
        let (head, body) = request.into_parts();
        let body = self.limits.read(body).await?;
        let call = Call { headers: head.headers, body, method: head.method, uri: head.uri };
        let Some(key) = key else { return work(Arc::clone(self), call).await };
        let same = (call.method.clone(), call.uri.clone(), call.body.clone());
        let work = work(Arc::clone(self), call);
        self.answers.once(key, same, async move { work.await.into_response() }).await
    }
}
