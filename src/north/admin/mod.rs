//! The operator's interface: is it alive, is it ready, its peers, its sessions. On a listener of its own.

mod events;
mod kept;
mod metrics;
mod peers;
mod pulse;
mod read;
mod reload;
mod sessions;
mod templates;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{Info, OpenApi, OpenApiBuilder},
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use events::ListedEvent;
pub use kept::{Changing, KeptTemplates};
pub use metrics::Process;
pub use peers::{LocalView, PathView, PeerView, Peers};
pub use pulse::Pulse;
pub use reload::{Reload, ReloadProblem, Reloaded, not_reloaded};
pub use templates::TemplateAdmin;
pub(crate) use templates::{ListedRule, LoadedTemplate, TemplateProblem};

use crate::{
    access::{Access, Denial, Scope},
    live::Live,
    metrics::Collect,
    session::Sessions,
};

use super::{
    auth, describe,
    gatekeeper::Notifications,
    observe::{self, Requests},
};

/// What the operator's interface shows.
#[derive(Clone)]
pub struct Admin {
    /// The AF sessions.
    pub sessions: Arc<Sessions>,
    /// The Diameter peers.
    pub peers: Arc<dyn Peers>,
    /// Whether anything goes on.
    pub pulse: Arc<Pulse>,
    /// What this gateway is to them.
    pub local: LocalView,
    /// The QoS templates.
    pub templates: TemplateAdmin,
    /// What applications are told, and who wants to be.
    pub notifications: Arc<Notifications>,
    /// Whether the gateway is shutting down.
    pub stopping: Live<bool>,
    /// What reads the configuration again.
    pub reload: Arc<dyn Reload>,
    /// What `/metrics` shows.
    pub figures: Arc<[Arc<dyn Collect>]>,
    /// Who may call; `None`: whoever reaches the listener.
    pub access: Option<Arc<Access>>,
    /// Where requests are counted.
    pub requests: Arc<Requests>,
}

/// The resources of the operator's interface, and its description.
pub fn router(admin: Admin) -> Router {
    let (requests, access) = (Arc::clone(&admin.requests), admin.access.clone());
    let operations = OpenApiRouter::with_openapi(interface())
        .routes(routes!(live))
        .routes(routes!(metrics::metrics))
        .routes(routes!(peers::ready))
        .routes(routes!(peers::list))
        .routes(routes!(peers::connect))
        .routes(routes!(peers::disconnect))
        .routes(routes!(reload::reload))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::show, sessions::end))
        .routes(routes!(events::list))
        .routes(routes!(events::show, events::discard))
        .routes(routes!(events::replay))
        .routes(routes!(templates::load, templates::list, templates::remove))
        .routes(routes!(templates::show))
        .with_state(admin);
    let (router, needs) =
        describe::described(operations, access.as_ref().map(|_| FAILURE), Some(Scope::Admin));
    let router = router
        .fallback(|| async {
            failed(StatusCode::NOT_FOUND, "there is nothing here: GET /docs shows every path")
        })
        .method_not_allowed_fallback(|| async {
            let why = "the header Allow names the methods accepted, GET /docs says what each does";
            failed(StatusCode::METHOD_NOT_ALLOWED, why)
        });
    let router = auth::guarded(router, access, needs, denied, || false);
    observe::observed(router, "admin", requests)
}

/// The schema of the body of every failure.
const FAILURE: &str = "FailedBody";

/// The answer to whom nothing is shown.
fn denied(denial: Denial) -> Response {
    let mut response = failed(auth::status(&denial), denial.to_string()).into_response();
    auth::add_denial(&denial, &mut response);
    response
}

/// Tags of the operations.
const HEALTH: &str = "Health";
const PEERS: &str = "Peers";
const SESSIONS: &str = "Sessions";
const EVENTS: &str = "Events";
const TEMPLATES: &str = "QoS templates";
const CONFIGURATION: &str = "Configuration";

/// The OpenAPI document before its operations.
fn interface() -> OpenApi {
    let mut info = Info::new("rxgate: administration", env!("CARGO_PKG_VERSION"));
    info.description = Some("Shows the gateway to its operator, and lets him act on it.".into());
    OpenApiBuilder::new().info(info).build()
}

#[derive(Serialize, ToSchema)]
#[schema(as = Live)]
struct Alive {
    live: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Is it alive
///
/// Who is not has to be started again: its store takes nothing more, or nothing runs its peers, or one of them has not
/// shown a sign of life for 5 s. That is how long an answer may take; however many ask, they share it.
#[utoipa::path(
    get, path = "/live", tag = HEALTH,
    security(()),
    responses(
        (status = 200, description = "It is.", body = Alive),
        (status = 503, description = "It is not; the reason says what stands still.", body = Alive),
    ),
)]
async fn live(State(admin): State<Admin>) -> Response {
    // The peers are gone at the end, and it ends by itself.
    let reason = if admin.stopping.get() { None } else { admin.pulse.stands_still().await };
    let status = if reason.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Alive { live: reason.is_none(), reason })).into_response()
}

/// A request that is not answered with what it asked for.
#[derive(Debug)]
struct Failed {
    status: StatusCode,
    message: String,
    /// What is wrong with a template.
    problems: Vec<TemplateProblem>,
}

fn failed(status: StatusCode, message: impl Into<String>) -> Failed {
    Failed { status, message: message.into(), problems: Vec::new() }
}

/// The body of every failure.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct FailedBody {
    pub error: FailedInside,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct FailedInside {
    pub message: String,
    /// What is wrong with a template, in the order of its lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<TemplateProblem>,
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let Self { status, message, problems } = self;
        (status, Json(FailedBody { error: FailedInside { message, problems } })).into_response()
    }
}
