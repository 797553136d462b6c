//! Parameters of the operations.

use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

/// endUserId in the path.
pub(in crate::north::gatekeeper) struct EndUserId;

impl IntoParams for EndUserId {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![in_path(
            "endUserId",
            "The end user: a tel:, sip:, sips:, imsi: or nai: URI, or the digits of a telephone number.",
            "tel:861013388991111",
        )]
    }
}

/// requestId in the path.
pub(in crate::north::gatekeeper) struct RequestId;

impl IntoParams for RequestId {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![in_path(
            "requestId",
            "The QoS session, as requestId and Location of the answer to Apply QoS name it.",
            "af.rx.test;1362972174;0-1362972554169",
        )]
    }
}

fn in_path(name: &str, description: &str, example: &str) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(schema))
        .example(Some(example.into()))
        .build()
}
