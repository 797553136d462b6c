//! The request that the gateway sends: the QoS event notification.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, Content, HttpMethod, Paths, PathsBuilder, Ref, Required,
        path::{OperationBuilder, ParameterBuilder, ParameterIn, PathItem},
        request_body::RequestBodyBuilder,
        response::Response,
        schema::{ObjectBuilder, SchemaFormat, Type},
    },
};

use super::{NOTIFICATIONS, examples};
use crate::north::gatekeeper::notification::Notify;

/// The notification, with its types among the components.
pub(super) fn notification(components: &mut Components) -> Paths {
    let mut schemas = vec![(Notify::name().into_owned(), Notify::schema())];
    Notify::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let mut content = Content::new(Some(Ref::from_schema_name(Notify::name())));
    content.example = Some(examples::notification());
    let body = RequestBodyBuilder::new().required(Some(Required::True)).content("application/json", content);
    let uuid = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom("uuid".into())))
        .build();
    let event_id = ParameterBuilder::new()
        .name("X-Event-Id")
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .description(Some("The same whenever this event is sent again: who has seen it drops the copy."))
        .schema(Some(uuid));
    let operation = OperationBuilder::new()
        .operation_id(Some("notifyQosEvent"))
        .tag(NOTIFICATIONS)
        .summary(Some("QoS Event Notification"))
        .description(Some(
            "Sent to the endpoint of every registration that the event is for, exactly as the endpoint is written. The \
             events of a registration come in their order, each until it is answered with 2xx; it may come more \
             than once, then with the same X-Event-Id, also after a restart of the gateway. Redirects are not \
             followed.",
        ))
        .parameter(event_id)
        .request_body(Some(body.build()))
        .response("2XX", Response::new("It has arrived: the next one may be sent."))
        .response("default", Response::new("It is sent again later."));
    PathsBuilder::new().path("notifyQoSEvent", PathItem::new(HttpMethod::Post, operation)).build()
}
