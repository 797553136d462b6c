//! Parameters of the operations.

use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

/// Forms of an endUserId, without what is accepted beyond them: separators in numbers, any letters in hosts.
pub(super) const END_USER: &str = "^([0-9]{1,20}|tel:[+]?[0-9]{1,20}|imsi:[0-9]{6,15}|nai:[!-.0-~]{1,200}|\
    sips?:[!-.0-?A-~]{1,100}@[0-9A-Za-z.-]{1,100})$";

/// endUserId in the path.
pub(in crate::north::gatekeeper) struct EndUserId;

impl IntoParams for EndUserId {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![in_path(
            "endUserId",
            "The end user: a tel:, sip:, sips:, imsi: or nai: URI, or the digits of a telephone number.",
            "tel:861013388991111",
            END_USER,
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
            "^.+$",
        )]
    }
}

/// Idempotency-Key among the headers.
pub(in crate::north::gatekeeper) struct IdempotencyKey;

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(255))
            .pattern(Some("^[!-~]+$"));
        let description = "A text of the client's own, for this request alone. Sent again with the same key \
            within 24 hours, the request gets the answer that it got before, and nothing is done twice; while \
            the first is under way, the second waits for it. Answers with a status of 500 or more are not kept: \
            with those the request may be tried again under its key.";
        let parameter = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(schema))
            .example(Some("5b2f9f9e-6a2b-4c6e-9c55-0d6f3a1f7a10".into()));
        vec![parameter.build()]
    }
}

fn in_path(name: &str, description: &str, example: &str, pattern: &str) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).max_length(Some(256));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(schema))
        .example(Some(example.into()))
        .build()
}
