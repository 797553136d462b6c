//! The operations: paths, methods and headers in, calls of the session layer out.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use tracing::warn;

use crate::{
    dict::Dictionary,
    north::{limits::Limits, server},
    session::{QosRequest, QosSessionId, Session, SessionError, Sessions},
};

use super::{ApiError, EndUser, Invalid, ReadSettings, granted::ActualProperties, headers, read_apply};

/// What the operations work with.
pub struct Gatekeeper {
    /// The AF sessions.
    pub sessions: Arc<Sessions>,
    /// The AVPs that requests may name.
    pub dictionary: &'static Dictionary,
    /// How requests are read.
    pub settings: ReadSettings,
    /// Bounds of requests.
    pub limits: Limits,
}

type Shared = State<Arc<Gatekeeper>>;

/// What the path names, with its percent-encoding taken off once.
struct Named<T>(T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let named = Path::<T>::from_request_parts(parts, state).await;
        let Path(named) = named.map_err(|_| Invalid::value("path", "its percent-encoding gives no UTF-8"))?;
        Ok(Self(named))
    }
}

/// The resources of the interface.
pub fn router(gatekeeper: Gatekeeper) -> Router {
    let session = || routing::get(status).delete(remove);
    let session_of = || routing::get(status_of).delete(remove_of);
    Router::new()
        .route("/ApplicationQoSService/{endUserId}/qos", routing::post(apply))
        .route("/ApplicationQoSService/qos/{requestId}", session())
        .route("/ApplicationQoSService/{endUserId}/qos/{requestId}", session_of())
        .fallback(|| async { ApiError::NoSuchPath })
        .method_not_allowed_fallback(|| async { ApiError::NoSuchMethod })
        .layer(axum::middleware::from_fn(server::observe))
        .with_state(Arc::new(gatekeeper))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApplyResponse<'a> {
    #[serde(rename = "applyQoSFeatureResponse")]
    response: ApplyInside<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApplyInside<'a> {
    request_id: &'a str,
    actual_properties: ActualProperties,
}

/// Apply QoS.
async fn apply(
    State(gatekeeper): Shared,
    Named(end_user): Named<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let user = EndUser::parse(&end_user)?;
    accepts_json(request.headers())?;
    is_json(request.headers())?;
    let (head, body) = request.into_parts();
    let body = gatekeeper.limits.read(body).await?;
    let asked = read_apply(&body, &user, gatekeeper.settings, gatekeeper.dictionary)?;
    for warning in &asked.warnings {
        warn!(part = ?warning.part, "{}", warning.what);
    }
    let applied = gatekeeper.sessions.apply(QosRequest {
        end_user: user.normalised().to_owned(),
        duration: asked.duration,
        service: asked.service,
        view: asked.view,
    });
    let applied = applied.await?;
    let body = ApplyResponse {
        response: ApplyInside {
            request_id: applied.id.as_str(),
            actual_properties: ActualProperties::from(&applied.granted),
        },
    };
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    let location = headers::location(&head.headers, &user, &applied.id);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    headers::add_answer(response.headers_mut(), &applied.answer, applied.rx_session.as_str());
    Ok(response)
}

#[derive(Serialize)]
struct StatusResponse<'a> {
    #[serde(rename = "qoSStatus")]
    status: Status<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    user_is_connected: bool,
    actual_properties: ActualProperties,
    qos_feature_properties: &'a RawValue,
}

/// Get QoS Status.
async fn status(
    State(gatekeeper): Shared,
    Named(id): Named<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    accepts_json(&headers)?;
    shown(&gatekeeper.sessions.status(&QosSessionId::from(id)).await?)
}

/// Get QoS Status under the path that Location gives.
async fn status_of(
    State(gatekeeper): Shared,
    Named((end_user, id)): Named<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    accepts_json(&headers)?;
    shown(&gatekeeper.session_of(&end_user, &QosSessionId::from(id)).await?)
}

fn shown(session: &Session) -> Result<Response, ApiError> {
    // A view that is no JSON is that of another API: to this one there is no such session.
    let view = serde_json::from_str(&session.view).map_err(|_| SessionError::NotFound)?;
    let status = Status {
        user_is_connected: session.is_connected(),
        actual_properties: ActualProperties::from(&session.granted),
        qos_feature_properties: view,
    };
    Ok(Json(StatusResponse { status }).into_response())
}

/// Remove QoS.
async fn remove(State(gatekeeper): Shared, Named(id): Named<String>) -> Result<Response, ApiError> {
    gatekeeper.remove(&QosSessionId::from(id)).await
}

/// Remove QoS under the path that Location gives.
async fn remove_of(
    State(gatekeeper): Shared,
    Named((end_user, id)): Named<(String, String)>,
) -> Result<Response, ApiError> {
    let id = QosSessionId::from(id);
    gatekeeper.session_of(&end_user, &id).await?;
    gatekeeper.remove(&id).await
}

impl Gatekeeper {
    /// The session of this name if it is that of the end user.
    async fn session_of(&self, end_user: &str, id: &QosSessionId) -> Result<Session, ApiError> {
        let user = EndUser::parse(end_user)?;
        let session = self.sessions.status(id).await?;
        if session.end_user == user.normalised() { Ok(session) } else { Err(SessionError::NotFound.into()) }
    }

    async fn remove(&self, id: &QosSessionId) -> Result<Response, ApiError> {
        let removed = self.sessions.remove(id).await?;
        let mut response = StatusCode::NO_CONTENT.into_response();
        headers::add_answer(response.headers_mut(), &removed.answer, removed.rx_session.as_str());
        Ok(response)
    }
}

/// Whether the body says of itself that it is JSON; one that says nothing is taken for it.
fn is_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf_8 = |charset: &str| {
        let charset = charset.trim_matches('"');
        charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("us-ascii")
    };
    let is_readable = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => is_utf_8(charset.trim()),
        _ => true,
    });
    if is_json && is_readable { Ok(()) } else { Err(ApiError::NotJson) }
}

/// Whether the client takes JSON (RFC 9110 §12.5.1); the most specific range that fits counts.
fn accepts_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let mut best = None::<(usize, bool)>;
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    for range in values.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let rank = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "application/json" => 2,
            "application/*" => 1,
            "*/*" => 0,
            _ => {
                best = best.or(Some((0, false)));
                continue;
            }
        };
        let quality =
            parts.find_map(|parameter| parameter.strip_prefix("q=").or(parameter.strip_prefix("Q=")));
        let wanted = quality.is_none_or(|quality| quality.parse::<f32>().is_ok_and(|quality| quality > 0.0));
        if best.is_none_or(|(known, accepted)| rank > known || rank == known && !accepted) {
            best = Some((rank, wanted));
        }
    }
    if best.is_none_or(|(_, wanted)| wanted) { Ok(()) } else { Err(ApiError::NotAcceptable) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn accept_is_judged_by_its_most_specific_range() {
        for (value, accepted) in [
            ("*/*", true),
            ("application/*", true),
            ("Application/JSON", true),
            ("text/html, application/json;q=0.1", true),
            ("text/html, */*;q=0.5", true),
            ("text/html", false),
            ("application/json;q=0", false),
            ("application/json;q=0, */*", false),
            ("*/*;q=0, application/json", true),
        ] {
            assert_eq!(accepts_json(&with(header::ACCEPT, value)).is_ok(), accepted, "{value}");
        }
        assert!(accepts_json(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn a_body_is_json_in_utf_8() {
        for (value, accepted) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/json; charset=iso-8859-1", false),
            ("application/x-www-form-urlencoded", false),
            ("text/json", false),
            ("", false),
        ] {
            assert_eq!(is_json(&with(header::CONTENT_TYPE, value)).is_ok(), accepted, "{value}");
        }
        assert!(is_json(&HeaderMap::new()).is_ok());
    }
}
