//! Register for QoS Notifications, Unregister, List.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tracing::{info, warn};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    access::Caller,
    north::{
        auth::{self, Calling},
        gatekeeper::{
            ApiError, EndUser, Gatekeeper, Invalid, content,
            describe::{
                NOTIFICATIONS, NoJsonTaken, NotReadable, RegisterRequest, Stored, WithBody, examples, names,
            },
            error, headers, read_registration,
            routes::{Named, Shared},
        },
        percent::encoded,
    },
    notify::EndpointError,
};

use super::{Registration, RegistrationError, registration::key};

/// The resources of the notifications.
pub(in crate::north::gatekeeper) fn routes() -> OpenApiRouter<Arc<Gatekeeper>> {
    OpenApiRouter::new()
        .routes(routes!(register, list))
        .routes(routes!(list_with_slash))
        .routes(routes!(show, unregister))
}

/// Register for QoS Notifications
///
/// From now on, what happens to any session of these end users and is one of these events is sent to the
/// endpoint as a POST, in order, until it answers 2xx. A session that is there already reports what it
/// subscribed to when it was made.
#[utoipa::path(
    post, path = "/ApplicationQoSNotification/registration", tag = NOTIFICATIONS,
    operation_id = "registerForQosNotifications",
    request_body(
        content = RegisterRequest,
        description = "Where to, whose events, and which: by numbers, or by names such as IP-CAN_CHANGE.",
        example = examples::register,
    ),
    security(("application" = ["notify"])),
    responses(
        (status = 201, description = "Registered.", headers(
            ("Location" = String),
        )),
        (status = 403, description = "Too many end users or registrations.", body = error::Body),
        (status = 409, description = "The correlator is in use.", body = error::Body),
        NotReadable, WithBody, Stored,
    ),
)]
async fn register(State(gatekeeper): Shared, request: Request) -> Result<Response, ApiError> {
    content::is_json(request.headers())?;
    let caller = auth::caller(request.extensions()).ok_or(ApiError::Broken)?;
    let (head, body) = request.into_parts();
    let body = gatekeeper.limits.read(body).await?;
    let asked = read_registration(&body, gatekeeper.settings.get(), gatekeeper.dictionary.get())?;
    for warning in &asked.warnings {
        warn!(part = ?warning.part, "{}", warning.what);
    }
    let notifications = &gatekeeper.notifications;
    let (found, max) = (asked.end_users.len(), notifications.settings.get().max_end_users);
    if found > max {
        return Err(RegistrationError::TooManyUsers { found, max }.into());
    }
    for user in &asked.end_users {
        caller.may_ask_for(&user.forms(), "endUserIdentities")?;
    }
    let endpoint = notifications.outbox.notifier().endpoint(&asked.endpoint).map_err(refused)?;
    let path = format!("/ApplicationQoSNotification/registration/{}", encoded(&asked.correlator));
    let registration = Registration {
        owner: caller.owner(),
        correlator: asked.correlator.into(),
        endpoint,
        interface_name: asked.interface_name,
        end_users: asked.end_users,
        criteria: asked.criteria,
    };
    let events: Vec<u32> = registration.criteria.iter().map(|event| event.number()).collect();
    notifications.register(registration).await?;
    info!(end_users = found, ?events, "registered: open sessions go on to report what they subscribed to");
    let mut response = StatusCode::CREATED.into_response();
    if let Ok(location) = HeaderValue::try_from(headers::absolute(&head.headers, path)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

fn refused(error: EndpointError) -> Invalid {
    let hint = match error {
        EndpointError::Forbidden { .. } => "; [notify] allow_networks of the configuration can allow it",
        _ => "",
    };
    Invalid::value("reference.endpoint", format!("{error}{hint}"))
}

/// Unregister for QoS Notifications
///
/// What waits for the application is dropped.
#[utoipa::path(
    delete, path = "/ApplicationQoSNotification/registration/{correlator}", tag = NOTIFICATIONS,
    operation_id = "unregisterForQosNotifications",
    params(("correlator" = String, Path, description = "The registration.", example = "987654321")),
    security(("application" = ["notify"])),
    responses(
        (status = 204, description = "Nothing is sent for it any more."),
        (status = 404, description = "There is no such registration.", body = error::Body),
        NotReadable, Stored,
    ),
)]
async fn unregister(
    State(gatekeeper): Shared,
    Named(correlator): Named<String>,
    Calling(caller): Calling,
) -> Result<StatusCode, ApiError> {
    gatekeeper.notifications.unregister(key(caller.owner().as_deref(), &correlator)).await?;
    info!("unregistered");
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
#[schema(as = CorrelatorsResponse)]
struct ListResponse<'a> {
    correlators: Correlators<'a>,
}

#[derive(Serialize, ToSchema)]
struct Correlators<'a> {
    correlator: Vec<&'a str>,
}

/// List QoS Event Notifications
///
/// The correlators of the application, in the order in which they were registered.
#[utoipa::path(
    get, path = "/ApplicationQoSNotification/registration", tag = NOTIFICATIONS,
    operation_id = "listQosNotifications",
    security(("application" = ["read"])),
    responses(
        (status = 200, description = "All correlators.", body = ListResponse, example = examples::correlators),
        NoJsonTaken,
    ),
)]
async fn list(
    State(gatekeeper): Shared,
    Calling(caller): Calling,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    listed(&gatekeeper, &caller, &headers)
}

/// List QoS Event Notifications
///
/// The same under the path of a correlator that is left out.
#[utoipa::path(
    get, path = "/ApplicationQoSNotification/registration/", tag = NOTIFICATIONS,
    operation_id = "listQosNotificationsWithSlash",
    security(("application" = ["read"])),
    responses(
        (status = 200, description = "All correlators.", body = ListResponse, example = examples::correlators),
        NoJsonTaken,
    ),
)]
async fn list_with_slash(
    State(gatekeeper): Shared,
    Calling(caller): Calling,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    listed(&gatekeeper, &caller, &headers)
}

fn listed(gatekeeper: &Gatekeeper, caller: &Caller, headers: &HeaderMap) -> Result<Response, ApiError> {
    content::accepts_json(headers)?;
    let owner = caller.owner();
    let registrations = &gatekeeper.notifications.registrations;
    let correlators = registrations.correlators(|registration| registration.owner == owner);
    let correlator = correlators.iter().map(|correlator| &**correlator).collect();
    Ok(Json(ListResponse { correlators: Correlators { correlator } }).into_response())
}

#[derive(Serialize, ToSchema)]
#[schema(as = QosNotificationResponse)]
struct ShowResponse<'a> {
    #[serde(rename = "startQoSNotification")]
    registration: Shown<'a>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QosNotification)]
struct Shown<'a> {
    reference: Reference<'a>,
    end_user_identities: Vec<&'a str>,
    #[schema(value_type = Vec<names::EventNumber>)]
    event_criteria: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    endpoint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    interface_name: Option<&'a str>,
    correlator: &'a str,
}

/// List QoS Event Notifications
///
/// The registration of a correlator.
#[utoipa::path(
    get, path = "/ApplicationQoSNotification/registration/{correlator}", tag = NOTIFICATIONS,
    operation_id = "qosNotification",
    params(("correlator" = String, Path, description = "The registration.", example = "987654321")),
    security(("application" = ["read"])),
    responses(
        (status = 200, description = "The registration.", body = ShowResponse, example = examples::registration),
        (status = 404, description = "There is no such registration.", body = error::Body),
        NotReadable, NoJsonTaken,
    ),
)]
async fn show(
    State(gatekeeper): Shared,
    Named(correlator): Named<String>,
    Calling(caller): Calling,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    content::accepts_json(&headers)?;
    let found = gatekeeper.notifications.registrations.get(&key(caller.owner().as_deref(), &correlator));
    let registration = found.ok_or(RegistrationError::Unknown)?;
    let shown = Shown {
        reference: Reference {
            endpoint: registration.endpoint.as_str(),
            interface_name: registration.interface_name.as_deref(),
            correlator: &registration.correlator,
        },
        end_user_identities: registration.end_users.iter().map(EndUser::given).collect(),
        event_criteria: registration.criteria.iter().map(|event| event.number().to_string()).collect(),
    };
    Ok(Json(ShowResponse { registration: shown }).into_response())
}
