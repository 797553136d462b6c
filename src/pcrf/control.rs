//! The control API: what a test or a person does with the PCRF, over HTTP on a loopback address.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;

use super::{
    AsrOrder, Capacity, OverloadReport, PcrfError, PushError, Pushed, RarOrder, Rule,
    json::{self, Named},
    server::Server,
    sessions::SessionView,
};
use crate::{
    dict::enums,
    transport::{DisconnectCause, RequestError},
    wire::VendorId,
};

/// What there is, for whoever asks for something else.
const PATHS: &[&str] = &[
    "GET /sessions?limit=N&after=SESSION-ID",
    "GET /sessions/{Session-Id}",
    "POST /sessions/{Session-Id}/rar",
    "POST /sessions/{Session-Id}/asr",
    "GET, PUT, POST, DELETE /rules",
    "GET, PUT, DELETE /capacity",
    "GET, PUT, DELETE /overload-report",
    "GET /stats",
    "POST /dpr",
    "POST /restart",
    "POST /hang",
    "POST /wake",
];

/// Most sessions in one list.
const MAX_LISTED: usize = 10_000;

/// Opens the socket. There is no access control, so nobody from outside may reach it.
pub(super) async fn bind(
    address: Option<SocketAddr>,
) -> Result<Option<(SocketAddr, TcpListener)>, PcrfError> {
    let Some(address) = address else { return Ok(None) };
    if !address.ip().is_loopback() {
        return Err(PcrfError::NotLoopback(address));
    }
    let failed = |error| PcrfError::Control { address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    Ok(Some((listener.local_addr().map_err(failed)?, listener)))
}

/// Serves for ever.
pub(super) async fn serve(listener: TcpListener, server: Arc<Server>) {
    let missing = async || ControlError::not_found("there is no such path").into_response();
    let wrong_method = async || {
        ControlError(StatusCode::METHOD_NOT_ALLOWED, "this path has other methods".into()).into_response()
    };
    let router = Router::new()
        .route("/sessions", get(sessions))
        .route("/sessions/{id}", get(session))
        .route("/sessions/{id}/rar", post(rar))
        .route("/sessions/{id}/asr", post(asr))
        .route("/rules", get(rules).put(set_rules).post(add_rule).delete(clear_rules))
        .route("/capacity", get(capacity).put(set_capacity).delete(clear_capacity))
        .route("/overload-report", get(report).put(set_report).delete(clear_report))
        .route("/stats", get(stats))
        .route("/dpr", post(dpr))
        .route("/restart", post(restart))
        .route("/hang", post(hang))
        .route("/wake", post(wake))
        .fallback(missing)
        .method_not_allowed_fallback(wrong_method)
        .with_state(server);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the control API has ended");
    }
}

/// A request that cannot be done: `{"error": "…"}`, with the paths where that helps.
struct ControlError(StatusCode, String);

impl ControlError {
    fn bad_request(text: String) -> Self {
        Self(StatusCode::BAD_REQUEST, text)
    }

    fn not_found(text: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, text.into())
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1, "paths": PATHS }))).into_response()
    }
}

impl From<PushError> for ControlError {
    fn from(error: PushError) -> Self {
        let status = match &error {
            PushError::UnknownSession(_) => StatusCode::NOT_FOUND,
            PushError::Away => StatusCode::CONFLICT,
            PushError::Unwritable(_) => StatusCode::BAD_REQUEST,
            PushError::Unanswered(RequestError::NoAnswer { .. }) => StatusCode::GATEWAY_TIMEOUT,
            PushError::Unanswered(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self(status, error.to_string())
    }
}

type Answer<T> = Result<T, ControlError>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    limit: Option<usize>,
    after: Option<String>,
}

async fn sessions(
    State(server): State<Arc<Server>>,
    page: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
) -> Answer<Json<Vec<SessionView>>> {
    let Query(page) = page.map_err(|error| ControlError::bad_request(error.body_text()))?;
    let limit = page.limit.unwrap_or(MAX_LISTED).min(MAX_LISTED);
    Ok(Json(server.sessions.views(page.after.as_deref(), limit)))
}

async fn session(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Answer<Json<SessionView>> {
    let held = server.sessions.lock().get(&id).cloned();
    let held = held.ok_or_else(|| ControlError::not_found(format!("no session {id} is held here")))?;
    Ok(Json(SessionView::new(&id, &held)))
}

/// The result of an RAA or ASA.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PushResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    experimental_result_code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_id: Option<u32>,
    name: Option<&'static str>,
    peer: String,
    milliseconds: f64,
}

impl From<Pushed> for PushResult {
    fn from(pushed: Pushed) -> Self {
        let outcome = pushed.outcome;
        let base = outcome.filter(|outcome| outcome.vendor == VendorId::NONE);
        let vendor = outcome.filter(|outcome| outcome.vendor != VendorId::NONE);
        Self {
            result_code: base.map(|outcome| outcome.code),
            experimental_result_code: vendor.map(|outcome| outcome.code),
            vendor_id: vendor.map(|outcome| outcome.vendor.0),
            name: outcome.and_then(|outcome| outcome.name()),
            peer: pushed.peer,
            milliseconds: pushed.took.as_secs_f64() * 1000.0,
        }
    }
}

async fn rar(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<Json<PushResult>> {
    let order: RarOrder = json::read(&body).map_err(ControlError::bad_request)?;
    if order.specific_actions.is_empty() {
        let names: Vec<_> = enums::SpecificAction::NAMED.iter().map(|(_, name)| *name).collect();
        let text =
            format!("`specificActions` is missing or empty: a RAR has one or more of {}", names.join(", "));
        return Err(ControlError::bad_request(text));
    }
    Ok(Json(server.rar(&id, &order).await?.into()))
}

async fn asr(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<Json<PushResult>> {
    let order: AsrOrder = json::read(&body).map_err(ControlError::bad_request)?;
    Ok(Json(server.asr(&id, &order).await?.into()))
}

async fn rules(State(server): State<Arc<Server>>) -> impl IntoResponse {
    Json(server.rules.list())
}

async fn set_rules(State(server): State<Arc<Server>>, body: Bytes) -> Answer<impl IntoResponse> {
    let rules: Vec<Rule> = json::read_list(&body).map_err(ControlError::bad_request)?;
    server.rules.set(rules);
    Ok(Json(server.rules.list()))
}

async fn add_rule(State(server): State<Arc<Server>>, body: Bytes) -> Answer<impl IntoResponse> {
    let rule: Rule = json::read(&body).map_err(ControlError::bad_request)?;
    server.rules.add(rule);
    Ok((StatusCode::CREATED, Json(server.rules.list())))
}

async fn clear_rules(State(server): State<Arc<Server>>) -> StatusCode {
    server.rules.set(Vec::new());
    StatusCode::NO_CONTENT
}

async fn capacity(State(server): State<Arc<Server>>) -> impl IntoResponse {
    Json(server.load.get())
}

async fn set_capacity(State(server): State<Arc<Server>>, body: Bytes) -> Answer<impl IntoResponse> {
    let capacity: Capacity = json::read(&body).map_err(ControlError::bad_request)?;
    server.load.set(Some(capacity));
    Ok(Json(capacity))
}

async fn clear_capacity(State(server): State<Arc<Server>>) -> StatusCode {
    server.load.set(None);
    StatusCode::NO_CONTENT
}

async fn report(State(server): State<Arc<Server>>) -> impl IntoResponse {
    Json(server.report.get())
}

async fn set_report(State(server): State<Arc<Server>>, body: Bytes) -> Answer<impl IntoResponse> {
    let report: OverloadReport = json::read(&body).map_err(ControlError::bad_request)?;
    server.report.set(Some(report));
    Ok(Json(server.report.get()))
}

async fn clear_report(State(server): State<Arc<Server>>) -> StatusCode {
    server.report.set(None);
    StatusCode::NO_CONTENT
}

async fn stats(State(server): State<Arc<Server>>) -> impl IntoResponse {
    Json(server.stats())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Goodbye {
    #[serde(deserialize_with = "json::named")]
    cause: enums::DisconnectCause,
}

impl Default for Goodbye {
    fn default() -> Self {
        Self { cause: enums::DisconnectCause::REBOOTING }
    }
}

async fn dpr(State(server): State<Arc<Server>>, body: Bytes) -> Answer<impl IntoResponse> {
    let Goodbye { cause } = json::read(&body).map_err(ControlError::bad_request)?;
    let code = u32::from(cause);
    if <enums::DisconnectCause as Named>::NAMED.iter().all(|(known, _)| *known != cause) {
        return Err(ControlError::bad_request(format!("cause {code} is not known: give 0, 1 or 2")));
    }
    let peers = server.disconnect(DisconnectCause::from_code(code));
    Ok(Json(json!({ "cause": cause.to_string(), "peers": peers })))
}

async fn restart(State(server): State<Arc<Server>>) -> Answer<impl IntoResponse> {
    let failed = |error: PcrfError| ControlError(StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
    server.restart().await.map_err(failed)?;
    Ok(Json(server.stats()))
}

async fn hang(State(server): State<Arc<Server>>) -> impl IntoResponse {
    server.hang(true);
    Json(json!({ "hung": true }))
}

async fn wake(State(server): State<Arc<Server>>) -> impl IntoResponse {
    server.hang(false);
    Json(json!({ "hung": false }))
}
