//! The resources: paths and methods, and what the operations behind them work with.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts, Path, State},
    http::request::Parts,
    response::IntoResponse,
};
use serde::de::DeserializeOwned;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    access::Access,
    dict::Dictionary,
    live::Live,
    north::{
        auth, describe,
        limits::Limits,
        observe::{self, Requests},
        token,
    },
    session::Sessions,
    template::Templates,
};

use super::{
    Answers, ApiError, Invalid, Notifications, Profile, ReadSettings,
    describe::{finish, interface},
    notification, qos,
};

/// What the operations work with.
pub struct Gatekeeper {
    /// The AF sessions.
    pub sessions: Arc<Sessions>,
    /// The AVPs that requests may name.
    pub dictionary: Live<&'static Dictionary>,
    /// The templates, and whose they are.
    pub templates: Arc<Templates>,
    /// How requests are read.
    pub settings: Live<ReadSettings>,
    /// Bounds of requests.
    pub limits: Limits,
    /// Answers to requests that came with a key of their own.
    pub answers: Arc<Answers>,
    /// The registrations for events.
    pub notifications: Arc<Notifications>,
    /// Who may call; `None`: whoever reaches the listener.
    pub access: Option<Arc<Access>>,
    /// Where requests are counted.
    pub requests: Arc<Requests>,
}

/// The state of every operation.
pub(super) type Shared = State<Arc<Gatekeeper>>;

/// What the path names, with its percent-encoding taken off once.
pub(super) struct Named<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let named = Path::<T>::from_request_parts(parts, state).await;
        let Path(named) = named.map_err(|_| Invalid::value("path", "its percent-encoding gives no UTF-8"))?;
        Ok(Self(named))
    }
}

/// The schema of the body of every failure.
const FAILURE: &str = "Failure";

/// The resources of the interface, and its description.
pub fn router(gatekeeper: Gatekeeper) -> Router {
    let (requests, access, limits) =
        (Arc::clone(&gatekeeper.requests), gatekeeper.access.clone(), gatekeeper.limits);
    let settings = gatekeeper.settings.clone();
    let mut operations = OpenApiRouter::with_openapi(interface())
        .routes(routes!(qos::apply::apply))
        .routes(routes!(qos::template::apply))
        .routes(routes!(qos::template::modify, qos::template::put))
        .routes(routes!(qos::template::modify_of, qos::template::put_of))
        .routes(routes!(qos::status::status, qos::modify::modify, qos::remove::remove))
        .routes(routes!(qos::status::status_of, qos::modify::modify_of, qos::remove::remove_of))
        .merge(notification::routes())
        .with_state(Arc::new(gatekeeper));
    finish(operations.get_openapi_mut());
    let operations = match access.clone().filter(|access| access.issues_tokens()) {
        Some(access) => operations.merge(token::routes(access, limits)),
        None => operations,
    };
    let (router, needs) = describe::described(operations, access.as_ref().map(|_| FAILURE), None);
    let router = router
        .fallback(|| async { ApiError::NoSuchPath })
        .method_not_allowed_fallback(|| async { ApiError::NoSuchMethod });
    let denied = |denial| ApiError::Denied(denial).into_response();
    let lone_token = move || settings.get().profile == Profile::Compatible;
    let router = auth::guarded(router, access, needs, denied, lone_token);
    observe::observed(router, "http", requests)
}
