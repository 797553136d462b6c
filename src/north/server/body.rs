//! The body of a request, which is not always read to its end.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::timeout;

use super::super::limits::Limits;

/// A body whose rest is taken from the client after the answer, if nobody wants it.
///
/// Over HTTP/2 an answer before the end of the body goes with RST_STREAM(NO_ERROR), and although clients must not discard
/// the answer for that (RFC 9113 §8.1), some do: they would not see why they are refused. Within the bounds of a body that
/// is read; HTTP/1.1 ends the connection instead.
pub(super) struct Drained {
    body: Option<Incoming>,
    limits: Limits,
}

impl Drained {
    pub fn new(body: Incoming, limits: Limits) -> Self {
        Self { body: Some(body), limits }
    }
}

impl Body for Drained {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.body.as_mut().map_or(Poll::Ready(None), |body| Pin::new(body).poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        if let Some(mut body) = self.body.take().filter(|body| !body.is_end_stream()) {
            let Limits { max_body, body_timeout, .. } = self.limits;
            tokio::spawn(timeout(body_timeout, async move {
                let mut left = max_body;
                while let Some(Ok(frame)) = body.frame().await {
                    let length = frame.data_ref().map_or(0, Bytes::len);
                    match left.checked_sub(length) {
                        Some(rest) => left = rest,
                        None => break,
                    }
                }
            }));
        }
    }
}
