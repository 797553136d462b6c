//! One connection: HTTP/1.1 or HTTP/2, whichever its first octets say.

use std::{net::SocketAddr, pin::pin, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{
    Request, Version,
    body::Incoming,
    header::{self, HeaderValue},
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};
use tracing::debug;

use super::{
    super::{
        SCHEME,
        limits::{Counted, Limits},
    },
    activity::{Activity, Watched},
    body::Drained,
    https::ClientCertificate,
};
use crate::live::Live;

/// Largest header of a request. Octets; a larger one is answered with 431.
const MAX_HEADER: u16 = 32 * 1024;

/// Most requests under way on an HTTP/2 connection (RFC 9113 §5.1.2); a client that has more waits with them.
const MAX_STREAMS: u32 = 100;

/// Most octets of the bodies of an HTTP/2 connection that wait to be read (RFC 9113 §6.9), for each request and in all.
const WINDOWS: (u32, u32) = (64 * 1024, 1024 * 1024);

/// Time for what clients sent before they could know of the end, and the system has not handed over yet.
pub(super) const LAST_CHANCE: Duration = Duration::from_millis(100);

/// What a connection is served with.
pub(super) struct Connection {
    /// Who made it; every request of it has that as an extension.
    pub client: SocketAddr,
    pub router: Router,
    pub limits: Limits,
    /// Becomes true when no further request is taken.
    pub stopped: watch::Receiver<bool>,
    /// While it is set, every answer is the last one of its connection.
    pub draining: Live<bool>,
    /// Whether nobody on the way can read it.
    pub secure: bool,
    /// Who the client is, if it showed a certificate.
    pub certificate: Option<ClientCertificate>,
    pub counted: Counted,
}

impl Connection {
    /// Serves it until either side has had enough.
    pub async fn serve<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { client, secure, certificate, router, limits, stopped, draining, counted: _counted } = self;
        let activity = Activity::new(limits);
        let (expired, told) = (activity.expired(), told(stopped, activity.clone()));
        let router = TowerToHyperService::new(router);
        let during = activity.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(client));
            if let Some(certificate) = &certificate {
                request.extensions_mut().insert(certificate.clone());
            }
            if secure {
                request.headers_mut().insert(SCHEME, HeaderValue::from_static("https"));
            }
            let http2 = request.version() == Version::HTTP_2;
            let serving = during.begin(http2);
            let request = named(request).map(|body| match http2 {
                true => Body::new(Drained::new(body, limits)),
                false => Body::new(body),
            });
            let (response, during, draining) = (router.call(request), during.clone(), draining.clone());
            async move {
                let mut response = response.await;
                if draining.get() {
                    match &mut response {
                        _ if http2 => during.leave(),
                        Ok(response) => {
                            response
                                .headers_mut()
                                .insert(header::CONNECTION, HeaderValue::from_static("close"));
                        }
                        Err(never) => match *never {},
                    }
                }
                serving.answered();
                response
            }
        });
        let io = TokioIo::new(Watched { stream, activity });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().max_buf_size(MAX_HEADER.into());
        builder
            .http2()
            .max_header_list_size(MAX_HEADER.into())
            .max_concurrent_streams(MAX_STREAMS)
            .initial_stream_window_size(WINDOWS.0)
            .initial_connection_window_size(WINDOWS.1);
        let connection = builder.serve_connection(io, service);
        let (mut connection, mut expired, mut told) = (pin!(connection), pin!(expired), pin!(told));
        let mut is_told = false;
        loop {
            tokio::select! {
                // What has arrived is looked at before the end.
                biased;
                ended = &mut connection => {
                    if let Err(error) = ended {
                        debug!(error, "a connection broke");
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
}

/// Is done when no further request is to be taken.
async fn told(mut stopped: watch::Receiver<bool>, activity: Activity) {
    tokio::select! {
        // Whoever could tell is there until all connections are gone.
        _ = stopped.wait_for(|stop| *stop) => {}
        () = activity.left() => return,
    }
    tokio::time::sleep(LAST_CHANCE).await;
    // Timers are looked at after the sockets: on a busy machine what came in between is in the socket, and only
    // the next look at the sockets tells.
    tokio::task::yield_now().await;
    activity.between_requests().await;
}

/// HTTP/2 names the host in `:authority` (RFC 9113 §8.3.1), and everybody here asks for `Host`.
fn named(mut request: Request<Incoming>) -> Request<Incoming> {
    if request.version() == Version::HTTP_2
        && let Some(authority) = request.uri().authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().entry(header::HOST).or_insert(host);
    }
    request
}
