//! The operator's interface: is it alive, is it ready, its peers, its sessions. On a listener of its own.

mod sessions;

use std::{sync::Arc, time::SystemTime};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing,
};
use serde::Serialize;

use crate::session::Sessions;

use super::{server, timestamp::rfc3339};

/// A Diameter peer, as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerView {
    /// Its Origin-Host.
    pub host: String,
    /// Where it is reached.
    pub address: String,
    /// tcp, tls or sctp.
    pub transport: String,
    /// Its state by name.
    pub state: String,
    /// Whether requests can be sent to it.
    pub open: bool,
    /// Since when it is in this state.
    pub since: SystemTime,
    /// Why it is not open.
    pub reason: Option<String>,
}

/// Where the operator's interface sees the peers.
pub trait PeersView: Send + Sync {
    /// Every configured peer.
    fn peers(&self) -> Vec<PeerView>;
}

impl<F: Fn() -> Vec<PeerView> + Send + Sync> PeersView for F {
    fn peers(&self) -> Vec<PeerView> {
        self()
    }
}

/// What the operator's interface shows.
#[derive(Clone)]
pub struct Admin {
    /// The AF sessions.
    pub sessions: Arc<Sessions>,
    /// The Diameter peers.
    pub peers: Arc<dyn PeersView>,
}

/// The resources of the operator's interface.
pub fn router(admin: Admin) -> Router {
    Router::new()
        .route("/live", routing::get(|| async { Json(Live { live: true }) }))
        .route("/ready", routing::get(ready))
        .route("/peers", routing::get(peers))
        .route("/sessions", routing::get(sessions::list))
        .route("/sessions/{requestId}", routing::get(sessions::show).delete(sessions::end))
        .fallback(|| async { failed(StatusCode::NOT_FOUND, "there is nothing here") })
        .method_not_allowed_fallback(|| async {
            failed(StatusCode::METHOD_NOT_ALLOWED, "the header Allow names the methods accepted")
        })
        .layer(axum::middleware::from_fn(server::observe))
        .with_state(admin)
}

#[derive(Serialize)]
struct Live {
    live: bool,
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Ready is who has a peer to send to.
async fn ready(State(admin): State<Admin>) -> Response {
    let peers = admin.peers.peers();
    if peers.iter().any(|peer| peer.open) {
        return Json(Ready { ready: true, reason: None }).into_response();
    }
    let why = peers.iter().map(|peer| match &peer.reason {
        Some(reason) => format!("{} is {}: {reason}", peer.host, peer.state),
        None => format!("{} is {}", peer.host, peer.state),
    });
    let why: Vec<String> = why.collect();
    let reason = match why.is_empty() {
        true => "no peer is configured".into(),
        false => format!("no peer is open: {}", why.join("; ")),
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(Ready { ready: false, reason: Some(reason) })).into_response()
}

#[derive(Serialize)]
struct Peer {
    host: String,
    address: String,
    transport: String,
    state: String,
    since: String,
    reason: Option<String>,
}

async fn peers(State(admin): State<Admin>) -> Json<Vec<Peer>> {
    let peers = admin.peers.peers().into_iter().map(|peer| Peer {
        host: peer.host,
        address: peer.address,
        transport: peer.transport,
        state: peer.state,
        since: rfc3339(peer.since),
        reason: peer.reason,
    });
    Json(peers.collect())
}

/// A request that is not answered with what it asked for.
#[derive(Debug)]
struct Failed {
    status: StatusCode,
    message: String,
}

fn failed(status: StatusCode, message: impl Into<String>) -> Failed {
    Failed { status, message: message.into() }
}

#[derive(Serialize)]
struct FailedBody {
    error: FailedInside,
}

#[derive(Serialize)]
struct FailedInside {
    message: String,
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (self.status, Json(FailedBody { error: FailedInside { message: self.message } })).into_response()
    }
}
