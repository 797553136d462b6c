//! What the OpenAPI document says of the interface as a whole, and what many of its operations have in common.

pub(super) mod examples;
mod failures;
mod finish;
pub(super) mod names;
mod params;
mod schema;
mod webhook;

use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder, tag::TagBuilder};

pub(super) use failures::{FromNetwork, FromStore, Keyed, NoJsonTaken, NotReadable, Stored, WithBody};
pub(super) use finish::finish;
pub(super) use params::{EndUserId, IdempotencyKey, RequestId};
pub(super) use schema::{
    ApplyRequest, ModifyRequest, QosFeatureProperties, RegisterRequest, TemplateRequest,
};

/// Tag of the operations on sessions.
pub(super) const QOS: &str = "QoS";

/// Tag of the operations on registrations for events.
pub(super) const NOTIFICATIONS: &str = "Notifications";

/// The document before its operations.
pub(super) fn interface() -> OpenApi {
    let mut info = Info::new("rxgate: quality of service", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Applies, changes, shows and removes quality of service for end users, through the Rx interface of the \
         operator's PCRF."
            .into(),
    );
    let qos = TagBuilder::new().name(QOS).description(Some("QoS sessions of end users.")).build();
    let notifications = TagBuilder::new()
        .name(NOTIFICATIONS)
        .description(Some("Registrations for what happens to the sessions of end users."))
        .build();
    let mut components = Components::new();
    failures::add_to(&mut components);
    let sent = webhook::notification(&mut components);
    OpenApiBuilder::new()
        .info(info)
        .tags(Some([qos, notifications]))
        .webhooks(Some(sent))
        .components(Some(components))
        .build()
}
