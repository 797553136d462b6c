//! Remove QoS.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    access::Caller,
    north::{
        auth::Calling,
        gatekeeper::{
            ApiError, Gatekeeper,
            describe::{EndUserId, FromStore, NotReadable, QOS, RequestId},
            headers,
            routes::{Named, Shared},
        },
    },
    session::QosSessionId,
};

/// Remove QoS
#[utoipa::path(
    delete, path = "/ApplicationQoSService/qos/{requestId}", tag = QOS, operation_id = "removeQos",
    params(RequestId),
    security(("application" = ["remove"])),
    responses(
        (status = 204, description = "The session is over.", headers(
            ("X-Plugin-Param-Keys" = String), ("X-Plugin-Param-Values" = String),
        )),
        NotReadable, FromStore,
    ),
)]
pub(in crate::north::gatekeeper) async fn remove(
    State(gatekeeper): Shared,
    Named(id): Named<String>,
    Calling(caller): Calling,
) -> Result<Response, ApiError> {
    gatekeeper.remove(&caller, None, &QosSessionId::from(id)).await
}

/// Remove QoS
///
/// The path that Location gives: the session must be that of the end user.
#[utoipa::path(
    delete, path = "/ApplicationQoSService/{endUserId}/qos/{requestId}", tag = QOS,
    operation_id = "removeQosOf",
    params(EndUserId, RequestId),
    security(("application" = ["remove"])),
    responses(
        (status = 204, description = "The session is over.", headers(
            ("X-Plugin-Param-Keys" = String), ("X-Plugin-Param-Values" = String),
        )),
        NotReadable, FromStore,
    ),
)]
pub(in crate::north::gatekeeper) async fn remove_of(
    State(gatekeeper): Shared,
    Named((end_user, id)): Named<(String, String)>,
    Calling(caller): Calling,
) -> Result<Response, ApiError> {
    gatekeeper.remove(&caller, Some(&end_user), &QosSessionId::from(id)).await
}

impl Gatekeeper {
    async fn remove(
        &self,
        caller: &Caller,
        end_user: Option<&str>,
        id: &QosSessionId,
    ) -> Result<Response, ApiError> {
        self.is_there(caller, end_user, id).await?;
        let removed = self.sessions.remove(id).await?;
        let mut response = StatusCode::NO_CONTENT.into_response();
        headers::add_answer(response.headers_mut(), &removed.answer, removed.rx_session.as_str());
        Ok(response)
    }
}
