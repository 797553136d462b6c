//! Get QoS Status.

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    north::gatekeeper::{
        ApiError, content,
        granted::ActualProperties,
        routes::{Named, Shared},
        view::Envelope,
    },
    session::{QosSessionId, Session},
};

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
pub(in crate::north::gatekeeper) async fn status(
    State(gatekeeper): Shared,
    Named(id): Named<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    content::accepts_json(&headers)?;
    shown(&gatekeeper.sessions.status(&QosSessionId::from(id)).await?)
}

/// Get QoS Status under the path that Location gives.
pub(in crate::north::gatekeeper) async fn status_of(
    State(gatekeeper): Shared,
    Named((end_user, id)): Named<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    content::accepts_json(&headers)?;
    shown(&gatekeeper.session_of(&end_user, &QosSessionId::from(id)).await?)
}

fn shown(session: &Session) -> Result<Response, ApiError> {
    let status = Status {
        user_is_connected: session.is_connected(),
        actual_properties: ActualProperties::from(&session.granted),
        qos_feature_properties: Envelope::read(session)?.properties,
    };
    Ok(Json(StatusResponse { status }).into_response())
}
