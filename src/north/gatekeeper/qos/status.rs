//! Get QoS Status.

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    north::{
        auth::Calling,
        gatekeeper::{
            ApiError, content,
            describe::{
                EndUserId, FromStore, NoJsonTaken, NotReadable, QOS, QosFeatureProperties, RequestId,
                examples,
            },
            granted::ActualProperties,
            routes::{Named, Shared},
            view::Envelope,
        },
    },
    session::{QosSessionId, Session},
};

#[derive(Serialize, ToSchema)]
struct StatusResponse<'a> {
    #[serde(rename = "qoSStatus")]
    status: Status<'a>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QosStatus)]
struct Status<'a> {
    /// Whether the user equipment is connected, as far as the network has told.
    user_is_connected: bool,
    actual_properties: ActualProperties,
    #[schema(value_type = QosFeatureProperties)]
    qos_feature_properties: &'a RawValue,
}

/// Get QoS Status
#[utoipa::path(
    get, path = "/ApplicationQoSService/qos/{requestId}", tag = QOS, operation_id = "qosStatus",
    params(RequestId),
    security(("application" = ["read"])),
    responses(
        (status = 200, description = "The session as it is.", body = StatusResponse,
            example = examples::status),
        NotReadable, NoJsonTaken, FromStore,
    ),
)]
pub(in crate::north::gatekeeper) async fn status(
    State(gatekeeper): Shared,
    Named(id): Named<String>,
    Calling(caller): Calling,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    content::accepts_json(&headers)?;
    shown(&gatekeeper.found(&caller, None, &QosSessionId::from(id)).await?)
}

/// Get QoS Status
///
/// The path that Location gives: the session must be that of the end user.
#[utoipa::path(
    get, path = "/ApplicationQoSService/{endUserId}/qos/{requestId}", tag = QOS,
    operation_id = "qosStatusOf",
    params(EndUserId, RequestId),
    security(("application" = ["read"])),
    responses(
        (status = 200, description = "The session as it is.", body = StatusResponse,
            example = examples::status),
        NotReadable, NoJsonTaken, FromStore,
    ),
)]
pub(in crate::north::gatekeeper) async fn status_of(
    State(gatekeeper): Shared,
    Named((end_user, id)): Named<(String, String)>,
    Calling(caller): Calling,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    content::accepts_json(&headers)?;
    shown(&gatekeeper.found(&caller, Some(&end_user), &QosSessionId::from(id)).await?)
}

fn shown(session: &Session) -> Result<Response, ApiError> {
    let status = Status {
        user_is_connected: session.is_connected(),
        actual_properties: ActualProperties::from(&session.granted),
        qos_feature_properties: Envelope::read(session)?.properties,
    };
    Ok(Json(StatusResponse { status }).into_response())
}
