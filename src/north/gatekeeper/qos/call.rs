//! A request with a body that makes or changes something.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::Request,
    http::HeaderMap,
    response::{IntoResponse, Response},
};

use crate::{
    access::Caller,
    north::{
        auth,
        gatekeeper::{
            ApiError, Gatekeeper, content,
            idempotency::{Answer, Key, Keyed},
        },
    },
    session::Receipt,
};

/// The parts of a request that count.
pub(super) struct Call {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its whole body, said to be JSON.
    pub body: Bytes,
    /// Who sent it.
    pub caller: Caller,
    /// What it is if it comes again.
    pub keyed: Option<Keyed>,
}

/// How an outcome is answered, and the receipt that keeps this answer if the request has a key.
pub(super) fn answering<T, F>(keyed: Option<Keyed>, answer: F) -> (Arc<F>, Option<Receipt<T>>)
where
    F: Fn(&T) -> Answer + Send + Sync + 'static,
{
    let answer = Arc::new(answer);
    let receipt = keyed.map(|keyed| {
        let answer = Arc::clone(&answer);
        keyed.receipt(move |outcome| answer(outcome))
    });
    (answer, receipt)
}

impl Gatekeeper {
    /// Takes a request and does what it asks for; only once, if it has an Idempotency-Key.
    pub(super) async fn take<F>(
        self: &Arc<Self>,
        request: Request,
        work: impl FnOnce(Arc<Self>, Call) -> F,
    ) -> Result<Response, ApiError>
    where
        F: Future<Output = Result<Answer, ApiError>> + Send + 'static,
    {
        content::accepts_json(request.headers())?;
        content::is_json(request.headers())?;
        let caller = auth::caller(request.extensions()).ok_or(ApiError::Broken)?;
        let owner = caller.owner();
        let key = Key::read(request.headers())?.map(|key| key.of(owner.as_deref()));
        let (head, body) = request.into_parts();
        let body = self.limits.read(body).await?;
        let keyed = key.map(|key| {
            let (method, uri) = (head.method.as_str(), head.uri.to_string());
            self.answers.keyed(key, &[method.as_bytes(), uri.as_bytes(), &body])
        });
        let call = Call { headers: head.headers, body, caller, keyed: keyed.clone() };
        let work = work(Arc::clone(self), call);
        Ok(match keyed {
            None => (&work.await?).into_response(),
            Some(keyed) => (&*self.answers.once(keyed, work).await?).into_response(),
        })
    }
}
