//! Modify QoS.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    apply::log,
    call::{Call, answering},
};
use crate::{
    access::Caller,
    north::gatekeeper::{
        ApiError, EndUser, Gatekeeper,
        describe::{
            EndUserId, FromNetwork, IdempotencyKey, Keyed, ModifyRequest, NoJsonTaken, NotReadable, QOS,
            RequestId, WithBody, examples,
        },
        granted::ActualProperties,
        headers,
        idempotency::Answer,
        read_modify, rights,
        routes::{Named, Shared},
        view::Envelope,
    },
    session::{QosChange, QosSessionId, SessionError, Update, Updated},
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ModifyResponse {
    actual_properties: ActualProperties,
}

/// Modify QoS
///
/// Asks the PCRF for what is to change; what the body does not name stays as it is. Components are meant by their
/// mediaComponentNumber, flows by their flowNumber; the flowStatus REMOVED takes one away. The filters of a flow
/// are replaced together, and so is sponsoredConnectivityData. The UE's address cannot change. A duration runs
/// from the answer on; without one the session ends when it was to end. If the PCRF refuses, the session is as it
/// was.
#[utoipa::path(
    put, path = "/ApplicationQoSService/qos/{requestId}", tag = QOS, operation_id = "modifyQos",
    params(RequestId, IdempotencyKey),
    request_body(content = ModifyRequest, example = examples::modify),
    security(("application" = ["modify"])),
    responses(
        (status = 200, description = "The change is granted.", headers(
            ("X-Plugin-Param-Keys" = String), ("X-Plugin-Param-Values" = String),
        ), body = ModifyResponse, example = examples::modified),
        NotReadable, NoJsonTaken, WithBody, Keyed, FromNetwork,
    ),
)]
pub(in crate::north::gatekeeper) async fn modify(
    State(gatekeeper): Shared,
    Named(id): Named<String>,
    request: Request,
) -> Result<Response, ApiError> {
    gatekeeper.take(request, |gatekeeper, call| change(gatekeeper, None, id, call)).await
}

/// Modify QoS
///
/// The path that Location gives: the session must be that of the end user.
#[utoipa::path(
    put, path = "/ApplicationQoSService/{endUserId}/qos/{requestId}", tag = QOS,
    operation_id = "modifyQosOf",
    params(EndUserId, RequestId, IdempotencyKey),
    request_body(content = ModifyRequest, example = examples::modify),
    security(("application" = ["modify"])),
    responses(
        (status = 200, description = "The change is granted.", headers(
            ("X-Plugin-Param-Keys" = String), ("X-Plugin-Param-Values" = String),
        ), body = ModifyResponse, example = examples::modified),
        NotReadable, NoJsonTaken, WithBody, Keyed, FromNetwork,
    ),
)]
pub(in crate::north::gatekeeper) async fn modify_of(
    State(gatekeeper): Shared,
    Named((end_user, id)): Named<(String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    gatekeeper.take(request, |gatekeeper, call| change(gatekeeper, Some(end_user), id, call)).await
}

async fn change(
    gatekeeper: Arc<Gatekeeper>,
    end_user: Option<String>,
    id: String,
    call: Call,
) -> Result<Answer, ApiError> {
    let update = gatekeeper.turn(&call.caller, end_user, id).await?;
    let session = update.session();
    let envelope = Envelope::read(session)?;
    let current = envelope.properties.get();
    let user = user_of(&session.end_user)?;
    let (settings, dictionary) = (gatekeeper.settings.get(), gatekeeper.dictionary.get());
    let asked = read_modify(&call.body, &user, current, settings, dictionary)?;
    log(&asked.warnings);
    rights::check(&call.caller, &user, &asked.service)?;
    let view = Envelope::text(&asked.view, envelope.template.as_ref()).into();
    let change = QosChange { duration: asked.duration, service: asked.service, view };
    let (answer, receipt) = answering(call.keyed, changed);
    Ok(answer(&update.apply_with(change, receipt).await?))
}

impl Gatekeeper {
    /// The turn to change a session of the caller; that of the end user, if the path names one.
    pub(super) async fn turn(
        &self,
        caller: &Caller,
        end_user: Option<String>,
        id: String,
    ) -> Result<Update, ApiError> {
        let id = QosSessionId::from(id);
        self.is_there(caller, end_user.as_deref(), &id).await?;
        Ok(self.sessions.update(&id).await?)
    }
}

/// Whose session it is. A name of another form is that of another API.
pub(super) fn user_of(end_user: &str) -> Result<EndUser, SessionError> {
    EndUser::parse(end_user).map_err(|_| SessionError::NotFound)
}

/// The answer to what changed a session.
pub(super) fn changed(updated: &Updated) -> Answer {
    let body = ModifyResponse { actual_properties: ActualProperties::from(&updated.granted) };
    let mut answer = Answer::json(StatusCode::OK, &body);
    headers::add_answer(&mut answer.headers, &updated.answer, updated.rx_session.as_str());
    answer
}
