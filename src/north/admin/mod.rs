//! The operator's interface: is it alive, is it ready, its peers, its sessions. On a listener of its own.

mod sessions;

use std::{sync::Arc, time::SystemTime};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{Info, OpenApi, OpenApiBuilder},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::session::Sessions;

use super::{describe, server, timestamp::rfc3339};

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

/// The resources of the operator's interface, and its description.
pub fn router(admin: Admin) -> Router {
    let operations = OpenApiRouter::with_openapi(interface())
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(peers))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::show, sessions::end))
        .with_state(admin);
    describe::described(operations)
        .fallback(|| async { failed(StatusCode::NOT_FOUND, "there is nothing here") })
        .method_not_allowed_fallback(|| async {
            failed(StatusCode::METHOD_NOT_ALLOWED, "the header Allow names the methods accepted")
        })
        .layer(axum::middleware::from_fn(server::observe))
}

/// Tags of the operations.
const HEALTH: &str = "Health";
const PEERS: &str = "Peers";
const SESSIONS: &str = "Sessions";

/// The OpenAPI document before its operations.
fn interface() -> OpenApi {
    let mut info = Info::new("rxgate: administration", env!("CARGO_PKG_VERSION"));
    info.description = Some("Shows the gateway to its operator, and lets him act on it.".into());
    OpenApiBuilder::new().info(info).build()
}

#[derive(Serialize, ToSchema)]
struct Live {
    live: bool,
}

#[derive(Serialize, ToSchema)]
struct Ready {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Is it alive
#[utoipa::path(
    get, path = "/live", tag = HEALTH,
    responses((status = 200, description = "It answers.", body = Live)),
)]
async fn live() -> Json<Live> {
    Json(Live { live: true })
}

/// Is it ready
///
/// Ready is who has a peer to send to.
#[utoipa::path(
    get, path = "/ready", tag = HEALTH,
    responses(
        (status = 200, description = "A peer is open.", body = Ready),
        (status = 503, description = "No peer is open.", body = Ready),
    ),
)]
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

#[derive(Serialize, ToSchema)]
struct Peer {
    host: String,
    address: String,
    transport: String,
    state: String,
    since: String,
    reason: Option<String>,
}

/// The Diameter peers
#[utoipa::path(
    get, path = "/peers", tag = PEERS,
    responses((status = 200, description = "Every configured peer.", body = Vec<Peer>)),
)]
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

/// The body of every failure.
#[derive(Serialize, ToSchema)]
struct FailedBody {
    error: FailedInside,
}

#[derive(Serialize, ToSchema)]
struct FailedInside {
    message: String,
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (self.status, Json(FailedBody { error: FailedInside { message: self.message } })).into_response()
    }
}
