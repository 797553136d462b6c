//! Apply QoS.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;
use tracing::warn;
use utoipa::ToSchema;

use super::call::{Call, answering};
use crate::{
    north::gatekeeper::{
        ApiError, EndUser, Gatekeeper,
        describe::{
            ApplyRequest, EndUserId, FromNetwork, IdempotencyKey, Keyed, NoJsonTaken, NotReadable, QOS,
            WithBody, examples,
        },
        granted::ActualProperties,
        headers,
        idempotency::Answer,
        read::Warning,
        read_apply, rights,
        routes::{Named, Shared},
        view::Envelope,
    },
    session::{Applied, QosRequest},
};

#[derive(Serialize, ToSchema)]
pub(super) struct ApplyResponse<'a> {
    #[serde(rename = "applyQoSFeatureResponse")]
    response: ApplyInside<'a>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Applied)]
struct ApplyInside<'a> {
    /// The name of the new session.
    request_id: &'a str,
    actual_properties: ActualProperties,
}

/// Apply QoS
///
/// Asks the PCRF for what the body describes, for this end user, and answers once it is granted.
#[utoipa::path(
    post, path = "/ApplicationQoSService/{endUserId}/qos", tag = QOS, operation_id = "applyQos",
    params(EndUserId, IdempotencyKey),
    request_body(content = ApplyRequest, example = examples::apply),
    security(("application" = ["apply"])),
    responses(
        (status = 201, description = "The QoS is granted.", headers(
            ("Location" = String), ("X-Plugin-Param-Keys" = String), ("X-Plugin-Param-Values" = String),
        ), body = ApplyResponse, example = examples::applied),
        NotReadable, NoJsonTaken, WithBody, Keyed, FromNetwork,
    ),
)]
pub(in crate::north::gatekeeper) async fn apply(
    State(gatekeeper): Shared,
    Named(end_user): Named<String>,
    request: Request,
) -> Result<Response, ApiError> {
    gatekeeper.take(request, |gatekeeper, call| grant(gatekeeper, end_user, call)).await
}

async fn grant(gatekeeper: Arc<Gatekeeper>, end_user: String, call: Call) -> Result<Answer, ApiError> {
    let Call { headers, body, caller, keyed } = call;
    let user = EndUser::parse(&end_user)?;
    let asked = read_apply(&body, &user, gatekeeper.settings.get(), gatekeeper.dictionary.get())?;
    log(&asked.warnings);
    rights::check(&caller, &user, &asked.service)?;
    let service = gatekeeper.notifications.subscribe(&caller, &user, asked.service);
    let request = QosRequest {
        owner: rights::owner(&caller),
        end_user: user.normalised().to_owned(),
        duration: asked.duration,
        service,
        view: Envelope::text(&asked.view, None).into(),
    };
    let (answer, receipt) = answering(keyed, move |applied| created(&headers, &user, applied));
    Ok(answer(&gatekeeper.sessions.apply_with(request, receipt).await?))
}

/// Says what was accepted though it is doubtful.
pub(super) fn log(warnings: &[Warning]) {
    for warning in warnings {
        warn!(part = ?warning.part, "{}", warning.what);
    }
}

/// The answer to what made a session.
pub(super) fn created(request: &HeaderMap, user: &EndUser, applied: &Applied) -> Answer {
    let body = ApplyResponse {
        response: ApplyInside {
            request_id: applied.id.as_str(),
            actual_properties: ActualProperties::from(&applied.granted),
        },
    };
    let mut answer = Answer::json(StatusCode::CREATED, &body);
    let location = headers::location(request, user, &applied.id);
    if let Ok(location) = HeaderValue::try_from(location) {
        answer.headers.insert(header::LOCATION, location);
    }
    headers::add_answer(&mut answer.headers, &applied.answer, applied.rx_session.as_str());
    answer
}
