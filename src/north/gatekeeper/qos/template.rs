//! Apply Template-Based QoS and Template-Based Modify QoS.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};

use super::{
    apply::{ApplyResponse, created, log},
    call::{Call, answering},
    modify::{ModifyResponse, changed, user_of},
};
use crate::{
    north::gatekeeper::{
        ApiError, EndUser, Gatekeeper, Invalid,
        describe::{
            EndUserId, FromNetwork, IdempotencyKey, Keyed, NoJsonTaken, NotReadable, QOS, RequestId,
            TemplateRequest, WithBody, examples,
        },
        idempotency::Answer,
        read::{read_template_apply, read_template_modify},
        rights,
        routes::{Named, Shared},
        view::{Envelope, Made},
    },
    session::{QosChange, QosRequest},
};

/// Apply Template-Based QoS
///
/// Asks the PCRF for what the operator's template for this end user says, with what the body sets in it: the
/// template's parameters by their names, and beside them the members that stand for an element each.
#[utoipa::path(
    post, path = "/ApplicationQoSService/{endUserId}/qos/templatebased", tag = QOS,
    operation_id = "applyTemplateQos",
    params(EndUserId, IdempotencyKey),
    request_body(content = TemplateRequest, example = examples::apply_template),
    security(("application" = ["apply"])),
    responses(
        (status = 201, description = "The QoS is granted.", headers(
            ("Location" = String), ("X-Plugin-Param-Keys" = String), ("X-Plugin-Param-Values" = String),
        ), body = ApplyResponse, example = examples::applied_template),
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
    let rule = gatekeeper.templates.select(user.normalised(), user.given()).ok_or(ApiError::NoTemplate)?;
    let (settings, dictionary) = (gatekeeper.settings.get(), gatekeeper.dictionary.get());
    let (asked, parameters) = read_template_apply(&body, &user, rule.template(), settings, dictionary)?;
    log(&asked.warnings);
    rights::check(&caller, &user, &asked.service)?;
    let service = gatekeeper.notifications.subscribe(&caller, &user, asked.service);
    let made = Made { rule: rule.pattern().to_owned(), version: rule.version(), parameters };
    let request = QosRequest {
        owner: rights::owner(&caller),
        end_user: user.normalised().to_owned(),
        duration: asked.duration,
        service,
        view: Envelope::text(&asked.view, Some(&made)).into(),
    };
    let (answer, receipt) = answering(keyed, move |applied| created(&headers, &user, applied));
    Ok(answer(&gatekeeper.sessions.apply_with(request, receipt).await?))
}

/// Declares a Template-Based Modify QoS for a method and path.
macro_rules! modify {
    ($name:ident $method:ident $path:literal $id:literal ($($parameter:ident),*) $named:pat => $end_user:expr, $request_id:expr) => {
        /// Template-Based Modify QoS
        ///
        /// Asks the PCRF for what is to change in a session that was made of a template: the parameters that are
        /// given, in the version of the template that the session was made of, and the members that stand for an
        /// element each. What the body does not name stays as it is.
        #[utoipa::path(
            $method, path = $path, tag = QOS, operation_id = $id,
            params($($parameter,)* IdempotencyKey),
            request_body(content = TemplateRequest, example = examples::modify_template),
            security(("application" = ["modify"])),
            responses(
                (status = 200, description = "The change is granted.", headers(
                    ("X-Plugin-Param-Keys" = String), ("X-Plugin-Param-Values" = String),
                ), body = ModifyResponse, example = examples::modified_template),
                NotReadable, NoJsonTaken, WithBody, Keyed, FromNetwork,
            ),
        )]
        pub(in crate::north::gatekeeper) async fn $name(
            State(gatekeeper): Shared,
            $named: Named<modify!(@type $($parameter)*)>,
            request: Request,
        ) -> Result<Response, ApiError> {
            gatekeeper.take(request, |gatekeeper, call| change(gatekeeper, $end_user, $request_id, call)).await
        }
    };
    (@type RequestId) => { String };
    (@type EndUserId RequestId) => { (String, String) };
}

modify!(modify post "/ApplicationQoSService/qos/{requestId}/templatebased" "modifyTemplateQos"
    (RequestId) Named(id) => None, id);
modify!(modify_of post "/ApplicationQoSService/{endUserId}/qos/{requestId}/templatebased" "modifyTemplateQosOf"
    (EndUserId, RequestId) Named((end_user, id)) => Some(end_user), id);
modify!(put put "/ApplicationQoSService/qos/{requestId}/templatebased" "putTemplateQos"
    (RequestId) Named(id) => None, id);
modify!(put_of put "/ApplicationQoSService/{endUserId}/qos/{requestId}/templatebased" "putTemplateQosOf"
    (EndUserId, RequestId) Named((end_user, id)) => Some(end_user), id);

async fn change(
    gatekeeper: Arc<Gatekeeper>,
    end_user: Option<String>,
    id: String,
    call: Call,
) -> Result<Answer, ApiError> {
    let update = gatekeeper.turn(&call.caller, end_user, id).await?;
    let session = update.session();
    let envelope = Envelope::read(session)?;
    let Some(made) = envelope.template else {
        let why = "the session was not made of a template: change it by PUT of qoSFeatureProperties";
        return Err(Invalid::value("templateQoSFeatureProperties", why).into());
    };
    let rule = gatekeeper.templates.version_of(&made.rule, made.version).ok_or(ApiError::TemplateGone)?;
    let (user, current) = (user_of(&session.end_user)?, envelope.properties.get());
    let (settings, dictionary) = (gatekeeper.settings.get(), gatekeeper.dictionary.get());
    let template = (&**rule.template(), &made.parameters);
    let (asked, parameters) =
        read_template_modify(&call.body, &user, template, current, settings, dictionary)?;
    log(&asked.warnings);
    rights::check(&call.caller, &user, &asked.service)?;
    let view = Envelope::text(&asked.view, Some(&Made { parameters, ..made })).into();
    let change = QosChange { duration: asked.duration, service: asked.service, view };
    let (answer, receipt) = answering(call.keyed, changed);
    Ok(answer(&update.apply_with(change, receipt).await?))
}
