//! The Diameter peers: how each is doing, whether one is ready, and the operator's wishes about them.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{BoxFuture, north::timestamp::rfc3339};

use super::{Admin, Failed, FailedBody, HEALTH, PEERS, failed, read::InPath};

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
    /// Whether it is connected and capabilities were exchanged.
    pub connected: bool,
    /// Whether requests can be sent to it.
    pub open: bool,
    /// Whether the operator disconnected it, and it stays so until the operator connects it.
    pub held: bool,
    /// Since when it is in this state.
    pub since: SystemTime,
    /// Why it is not open.
    pub reason: Option<String>,
    /// The paths of its association; none unless it is connected over SCTP.
    pub paths: Vec<PathView>,
}

/// A path of an SCTP association, as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathView {
    /// The peer's address.
    pub address: IpAddr,
    /// Its state by name.
    pub state: &'static str,
    /// Whether messages go there while it works.
    pub primary: bool,
    /// Smoothed round-trip time.
    pub round_trip: Duration,
    /// Retransmission time-out.
    pub timeout: Duration,
}

/// What this gateway calls itself towards its peers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalView {
    /// Origin-Host.
    pub origin_host: String,
    /// Origin-Realm.
    pub origin_realm: String,
    /// Where peers may connect; `None`: nowhere.
    pub origin_port: Option<u16>,
    /// Destination-Realm of its requests.
    pub destination_realm: String,
}

/// Where the operator's interface sees the peers, and does something about them.
pub trait Peers: Send + Sync {
    /// Every configured peer.
    fn peers(&self) -> Vec<PeerView>;

    /// Done when what runs them has done everything before this. `false`: it has ended.
    fn answers(&self) -> BoxFuture<'_, bool>;

    /// Connects a peer at once; without effect if it is. `false`: there is no such peer.
    fn connect<'a>(&'a self, host: &'a str) -> BoxFuture<'a, bool>;

    /// Disconnects a peer, for `reason`, until it is connected again. `false`: there is no such peer.
    fn disconnect<'a>(&'a self, host: &'a str, reason: &'a str) -> BoxFuture<'a, bool>;
}

#[derive(Serialize, ToSchema)]
struct Ready {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Is it ready
///
/// Ready is who is alive, has a peer to send to, and is not about to end.
#[utoipa::path(
    get, path = "/ready", tag = HEALTH,
    security(()),
    responses(
        (status = 200, description = "A peer is open.", body = Ready),
        (status = 503, description = "No peer is open, the gateway is shutting down, or it is not alive any more.", body = Ready),
    ),
)]
pub(super) async fn ready(State(admin): State<Admin>) -> Response {
    let not_ready = |reason: String| {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Ready { ready: false, reason: Some(reason) })).into_response()
    };
    if admin.stopping.get() {
        return not_ready("the gateway is shutting down".into());
    }
    if let Some(reason) = admin.pulse.stands_still().await {
        return not_ready(reason);
    }
    let peers = admin.peers.peers();
    if peers.iter().any(|peer| peer.open) {
        return Json(Ready { ready: true, reason: None }).into_response();
    }
    if admin.access.is_some() {
        // Asked without credentials: who the peers are is not for everybody.
        return not_ready("no peer is open: GET /peers says why".into());
    }
    let why = peers.iter().map(|peer| match &peer.reason {
        Some(reason) => format!("{} is {}: {reason}", peer.host, peer.state),
        None => format!("{} is {}", peer.host, peer.state),
    });
    let why: Vec<String> = why.collect();
    not_ready(match why.is_empty() {
        true => "no peer is configured".into(),
        false => format!("no peer is open: {}", why.join("; ")),
    })
}

/// A peer, and the identity under which requests go there
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Peer {
    /// Its Origin-Host.
    host: String,
    /// Where it is dialled.
    address: String,
    transport: String,
    /// State of RFC 6733 §5.6; while it is connected, with that of the watchdog.
    state: String,
    since: String,
    /// Why it cannot be used, and what to do about it.
    reason: Option<String>,
    connected: bool,
    /// Whether it stays down until it is connected here.
    disconnected_by_operator: bool,
    destination_host: String,
    destination_port: Option<u16>,
    destination_realm: String,
    origin_host: String,
    /// Where it may connect to this gateway.
    origin_port: Option<u16>,
    origin_realm: String,
    /// The paths to it; left out unless it is connected over SCTP.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    paths: Vec<PeerPath>,
}

/// A path to a peer over SCTP
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PeerPath {
    /// The peer's address.
    address: String,
    /// active, potentially failed, inactive, unconfirmed.
    state: &'static str,
    /// Whether messages go there while it works.
    primary: bool,
    /// Smoothed round-trip time in milliseconds.
    srtt_ms: u64,
    /// Retransmission time-out in milliseconds.
    rto_ms: u64,
}

impl From<PathView> for PeerPath {
    fn from(path: PathView) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            address: path.address.to_string(),
            state: path.state,
            primary: path.primary,
            srtt_ms: millis(path.round_trip),
            rto_ms: millis(path.timeout),
        }
    }
}

/// The Diameter peers
#[utoipa::path(
    get, path = "/peers", tag = PEERS,
    security(("application" = ["admin"])),
    responses((status = 200, description = "Every configured peer.", body = Vec<Peer>)),
)]
pub(super) async fn list(State(admin): State<Admin>) -> Json<Vec<Peer>> {
    let local = &admin.local;
    let peers = admin.peers.peers().into_iter().map(|peer| Peer {
        destination_host: peer.host.clone(),
        destination_port: peer.address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()),
        destination_realm: local.destination_realm.clone(),
        origin_host: local.origin_host.clone(),
        origin_port: local.origin_port,
        origin_realm: local.origin_realm.clone(),
        connected: peer.connected,
        disconnected_by_operator: peer.held,
        host: peer.host,
        address: peer.address,
        transport: peer.transport,
        state: peer.state,
        since: rfc3339(peer.since),
        reason: peer.reason,
        paths: peer.paths.into_iter().map(PeerPath::from).collect(),
    });
    Json(peers.collect())
}

/// Connect a peer
///
/// At once, also one that waits for its next attempt or was disconnected here. Without effect on one that is
/// connected.
#[utoipa::path(
    post, path = "/peers/{host}/connect", tag = PEERS, operation_id = "connect",
    params(("host" = String, Path, description = "Its Origin-Host.")),
    security(("application" = ["admin"])),
    responses(
        (status = 204, description = "It is being dialled, or connected already."),
        (status = 400, description = "The path gives no UTF-8.", body = FailedBody),
        (status = 404, description = "There is no such peer.", body = FailedBody),
    ),
)]
pub(super) async fn connect(State(admin): State<Admin>, host: InPath) -> Result<StatusCode, Failed> {
    let Path(host) = host?;
    match admin.peers.connect(&host).await {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown(&admin, &host)),
    }
}

/// Disconnect a peer
///
/// It gets a DPR with the cause REBOOTING and stays down, whoever dials, until it is connected here or this
/// gateway starts again. Requests that wait for it go to other peers.
#[utoipa::path(
    post, path = "/peers/{host}/disconnect", tag = PEERS, operation_id = "disconnect",
    params(("host" = String, Path, description = "Its Origin-Host.")),
    security(("application" = ["admin"])),
    responses(
        (status = 204, description = "The DPR is on its way, or it was down already."),
        (status = 400, description = "The path gives no UTF-8.", body = FailedBody),
        (status = 404, description = "There is no such peer.", body = FailedBody),
    ),
)]
pub(super) async fn disconnect(State(admin): State<Admin>, host: InPath) -> Result<StatusCode, Failed> {
    let Path(host) = host?;
    let reason = format!(
        "disconnected by the operator: POST /peers/{host}/connect on the admin listener connects it again"
    );
    match admin.peers.disconnect(&host, &reason).await {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown(&admin, &host)),
    }
}

fn unknown(admin: &Admin, host: &str) -> Failed {
    let known: Vec<String> = admin.peers.peers().into_iter().map(|peer| peer.host).collect();
    let known = match known.is_empty() {
        true => "there are none".into(),
        false => format!("there are {}", known.join(", ")),
    };
    failed(StatusCode::NOT_FOUND, format!("there is no peer \"{}\": {known}", host.escape_debug()))
}
