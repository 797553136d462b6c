//! A listener with its connections: how many, how long they may idle, how they end.

use std::{
    future::Future,
    io, iter,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::Router;
use hyper::{
    body::Incoming,
    header::{self, HeaderValue},
    server::conn::http1,
    service::Service,
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::Instant,
};
use tracing::{debug, warn};

use super::limits::{Connections, Counted, Limits};
use crate::live::Live;

/// Largest header of a request. Octets; a larger one is answered with 431.
const MAX_HEADER: usize = 32 * 1024;

/// Connections that the system makes before they are accepted: what tokio asks for, and Linux' own limit is more.
const BACKLOG: usize = 1024;

/// Time for what clients sent before they could know of the end, and the system has not handed over yet.
const LAST_CHANCE: Duration = Duration::from_millis(100);

/// What a client is told that there is no room for: its address, or all of them, have too many connections.
const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";

/// An address that others than this machine could reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "{0} is not a loopback address: without access control whoever reaches it may set anybody's QoS; \
     listen on 127.0.0.1 or [::1] and put what checks the clients before it"
)]
pub struct NotLoopback(pub SocketAddr);

/// Checks that only this machine can reach an address.
pub fn require_loopback(address: SocketAddr) -> Result<(), NotLoopback> {
    if address.ip().to_canonical().is_loopback() { Ok(()) } else { Err(NotLoopback(address)) }
}

/// Why a listener is not there.
#[derive(Debug, Error)]
pub enum BindError {
    /// The address is not for this machine only.
    #[error(transparent)]
    NotLoopback(#[from] NotLoopback),
    /// The system does not give it.
    #[error("cannot listen on {address}: {error}")]
    Io {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
}

/// A listener that is not served yet: clients can connect and wait.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    limits: Limits,
    draining: Live<bool>,
}

impl Server {
    /// Listens on a loopback address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr, limits: Limits) -> Result<Self, BindError> {
        require_loopback(address)?;
        let listen = async {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address, limits, draining: false.into() })
        };
        listen.await.map_err(|error| BindError::Io { address, error })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// While this is set every answer closes its connection: clients look for another server, and none waits on
    /// a connection that is about to go.
    pub fn draining(self, draining: Live<bool>) -> Self {
        Self { draining, ..self }
    }

    /// Serves until `stop` is done; then takes no connection any more but those that were made before, lets the
    /// requests end that have begun to arrive, and cuts off what is left after `grace`.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()>, grace: Duration) {
        let (stopping, stopped) = watch::channel(false);
        let connections = Connections::default();
        let mut tasks = JoinSet::new();
        let take = |tasks: &mut JoinSet<()>, (stream, client): (TcpStream, SocketAddr)| {
            match connections.count(client.ip(), &self.limits) {
                Some(counted) => {
                    let (router, stopped, draining) =
                        (router.clone(), stopped.clone(), self.draining.clone());
                    tasks.spawn(connection(stream, router, self.limits, stopped, draining, counted));
                }
                // If it cannot be written at once, the client finds out anyway.
                None => drop(stream.try_write(TOO_MANY)),
            }
        };
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(ended) = tasks.join_next() => {
                    if let Err(error) = ended {
                        warn!(%error, "a connection's task failed");
                    }
                }
                accepted = self.listener.accept() => match accepted {
                    Ok(accepted) => take(&mut tasks, accepted),
                    Err(error) => {
                        warn!(%error, "a connection cannot be accepted");
                        // Out of descriptors: the next attempt would fail at once, over and over.
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
        // The system has made some more already: their clients may have sent their requests. Asked directly: what
        // the runtime knows of them may be old.
        match self.listener.into_std() {
            Ok(listener) => {
                let waiting = iter::repeat_with(|| listener.accept()).take(BACKLOG).map_while(Result::ok);
                for (stream, client) in waiting {
                    let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                    match stream {
                        Ok(stream) => take(&mut tasks, (stream, client)),
                        Err(error) => warn!(%error, "a connection cannot be served"),
                    }
                }
            }
            Err(error) => warn!(%error, "connections that wait to be accepted are cut off"),
        }
        // Fails if there is no connection to tell.
        let _ = stopping.send(true);
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, all).await.is_err() {
            warn!(left = tasks.len(), "connections are cut off");
            tasks.shutdown().await;
        }
    }
}

async fn connection(
    stream: TcpStream,
    router: Router,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
    draining: Live<bool>,
    _counted: Counted,
) {
    // Answers are small: waiting for more to send only makes them late.
    let _ = stream.set_nodelay(true);
    let activity = Activity::new(limits);
    let expired = activity.expired();
    let router = TowerToHyperService::new(router);
    let during = activity.clone();
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        during.set(Phase::Busy);
        let (response, during, draining) = (router.call(request), during.clone(), draining.clone());
        async move {
            let mut response = response.await;
            if draining.get()
                && let Ok(response) = &mut response
            {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            during.idle();
            response
        }
    });
    let mut phase = activity.phase.subscribe();
    let told = async move {
        // Whoever could tell is there until all connections are gone; so is the phase.
        _ = stopped.wait_for(|stop| *stop).await;
        tokio::time::sleep(LAST_CHANCE).await;
        // Timers are looked at after the sockets: on a busy machine what came in between is in the socket, and only
        // the next look at the sockets tells.
        tokio::task::yield_now().await;
        _ = phase.wait_for(|phase| !matches!(phase, Phase::Header(_))).await;
    };
    let io = TokioIo::new(Watched { stream, activity });
    let connection = http1::Builder::new().max_buf_size(MAX_HEADER).serve_connection(io, service);
    let (mut connection, mut expired, mut told) = (pin!(connection), pin!(expired), pin!(told));
    let mut is_told = false;
    loop {
        tokio::select! {
            // What has arrived is looked at before the end.
            biased;
            ended = &mut connection => {
                if let Err(error) = ended {
                    debug!(%error, "a connection broke");
                }
                return;
            }
            () = &mut expired => return,
            () = &mut told, if !is_told => {
                is_told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// What a connection is doing, and until when it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Waiting for the first request.
    Fresh(Instant),
    /// Waiting for another request.
    Idle(Instant),
    /// In the header of a request.
    Header(Instant),
    /// Serving a request: that has bounds of its own.
    Busy,
}

#[derive(Clone, Debug)]
struct Activity {
    phase: Arc<watch::Sender<Phase>>,
    limits: Limits,
}

impl Activity {
    fn new(limits: Limits) -> Self {
        let phase = Phase::Fresh(Instant::now() + limits.header_timeout);
        Self { phase: Arc::new(watch::Sender::new(phase)), limits }
    }

    fn set(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    fn idle(&self) {
        self.set(Phase::Idle(Instant::now() + self.limits.idle_timeout));
    }

    /// Octets came: if they begin a request, its header has to follow soon.
    fn received(&self) {
        self.phase.send_if_modified(|phase| {
            *phase = match *phase {
                Phase::Fresh(until) => Phase::Header(until),
                Phase::Idle(_) => Phase::Header(Instant::now() + self.limits.header_timeout),
                Phase::Header(_) | Phase::Busy => return false,
            };
            true
        });
    }

    /// Is done when the connection has been doing nothing for too long.
    fn expired(&self) -> impl Future<Output = ()> + use<> {
        let mut phase = self.phase.subscribe();
        async move {
            loop {
                let now = *phase.borrow_and_update();
                let changed = phase.changed();
                let changed = match now {
                    Phase::Busy => changed.await,
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

/// A stream that reports when octets come.
struct Watched {
    stream: TcpStream,
    activity: Activity,
}

impl AsyncRead for Watched {
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

impl AsyncWrite for Watched {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_came_while_the_last_chance_ended_is_answered() {
        use std::io::{Read, Write};
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), Limits::default()).await.unwrap();
        let mut client = std::net::TcpStream::connect(server.address()).unwrap();
        let send = async {
            tokio::time::sleep(LAST_CHANCE).await;
            client.write_all(b"GET / HTTP/1.1\r\nHost: gate\r\n\r\n").unwrap();
        };
        tokio::join!(server.serve(Router::new(), std::future::ready(()), Duration::from_secs(60)), send);
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    }

    #[test]
    fn only_loopback_addresses_are_served() {
        for (address, ok) in [
            ("127.0.0.1:1", true),
            ("127.9.9.9:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("0.0.0.0:1", false),
            ("[::]:1", false),
            ("192.0.2.1:1", false),
        ] {
            assert_eq!(require_loopback(address.parse().unwrap()).is_ok(), ok, "{address}");
        }
        let text = require_loopback("0.0.0.0:80".parse().unwrap()).unwrap_err().to_string();
        assert!(text.starts_with("0.0.0.0:80 is not a loopback address: without access control "), "{text}");
    }
}
