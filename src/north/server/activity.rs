//! What a connection is doing, and until when it may.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
    time::Instant,
};

use super::super::limits::Limits;

/// Requests that a client may take back before they are answered (RFC 9113 §6.4), beyond as many as it let be
/// answered. One that takes back more has us work for nothing, and is cut off.
const MAX_TAKEN_BACK: u64 = 100;

/// What a connection is doing, and until when it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Waiting for the first request.
    Fresh(Instant),
    /// Waiting for another request.
    Idle(Instant),
    /// In the header of a request.
    Header(Instant),
    /// Serving so many requests: they have bounds of their own.
    Busy(u32),
    /// Cut off.
    Over,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Requests come beside each other, and octets need not be of one.
    http2: bool,
    /// The client is asked to go elsewhere.
    leaving: bool,
    answered: u64,
    taken_back: u64,
}

/// What a connection is doing. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    state: Arc<watch::Sender<State>>,
    limits: Limits,
}

impl Activity {
    pub fn new(limits: Limits) -> Self {
        let phase = Phase::Fresh(Instant::now() + limits.header_timeout);
        let state = State { phase, http2: false, leaving: false, answered: 0, taken_back: 0 };
        Self { state: Arc::new(watch::Sender::new(state)), limits }
    }

    /// A request has come.
    pub fn begin(&self, http2: bool) -> Serving {
        self.state.send_modify(|state| {
            state.http2 = http2;
            state.phase = match state.phase {
                Phase::Busy(others) => Phase::Busy(others.saturating_add(1)),
                Phase::Over => Phase::Over,
                Phase::Fresh(_) | Phase::Idle(_) | Phase::Header(_) => Phase::Busy(1),
            };
        });
        Serving { activity: self.clone(), answered: false }
    }

    fn end(&self, answered: bool) {
        let idle = Instant::now() + self.limits.idle_timeout;
        self.state.send_modify(|state| {
            *if answered { &mut state.answered } else { &mut state.taken_back } += 1;
            state.phase = match state.phase {
                _ if state.taken_back > state.answered + MAX_TAKEN_BACK => Phase::Over,
                Phase::Busy(others @ 2..) => Phase::Busy(others - 1),
                Phase::Busy(_) => Phase::Idle(idle),
                other => other,
            };
        });
    }

    /// Octets came: if they begin a request, its header has to follow soon.
    fn received(&self) {
        self.state.send_if_modified(|state| {
            state.phase = match state.phase {
                _ if state.http2 => return false,
                Phase::Fresh(until) => Phase::Header(until),
                Phase::Idle(_) => Phase::Header(Instant::now() + self.limits.header_timeout),
                Phase::Header(_) | Phase::Busy(_) | Phase::Over => return false,
            };
            true
        });
    }

    /// The client is to go elsewhere once what it has begun is answered.
    pub fn leave(&self) {
        self.state.send_modify(|state| state.leaving = true);
    }

    /// Is done when the client is to go elsewhere.
    pub async fn left(&self) {
        self.until(|state| state.leaving).await;
    }

    /// Is done when no header has begun that is not there yet.
    pub async fn between_requests(&self) {
        self.until(|state| !matches!(state.phase, Phase::Header(_))).await;
    }

    async fn until(&self, is_so: impl FnMut(&State) -> bool) {
        // The sender is in here, and so not gone.
        _ = self.state.subscribe().wait_for(is_so).await;
    }

    /// Is done when the connection has been doing nothing for too long, or too much for nothing.
    pub fn expired(&self) -> impl Future<Output = ()> + use<> {
        let mut state = self.state.subscribe();
        async move {
            loop {
                let now = state.borrow_and_update().phase;
                let changed = state.changed();
                let changed = match now {
                    Phase::Over => return,
                    Phase::Busy(_) => changed.await,
                    Phase::Fresh(until) | Phase::Idle(until) | Phase::Header(until) => {
                        match tokio::time::timeout_at(until, changed).await {
                            Ok(changed) => changed,
                            Err(_) => return,
                        }
                    }
                };
                if changed.is_err() {
                    // The connection is gone; its task ends by that.
                    return std::future::pending().await;
                }
            }
        }
    }
}

/// A request that is being served. Dropped without an answer: the client took it back, or is gone.
pub(super) struct Serving {
    activity: Activity,
    answered: bool,
}

impl Serving {
    pub fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.activity.end(self.answered);
    }
}

/// A stream that reports when octets come.
pub(super) struct Watched<S> {
    pub stream: S,
    pub activity: Activity,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.activity.received();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
