//! The failures that operations have in common, as groups that an operation names among its responses.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{Components, Content, Header, Ref, RefOr, ResponseBuilder, response::Response},
};

use crate::north::gatekeeper::error;

/// Name of the response in the document, its status, what it means, its headers.
const FAILURES: [(&str, &str, &str, &[&str]); 16] = [
    ("BadRequest", "400", "A value is wrong; the message names it.", &[]),
    ("Refused", "400", "A value is wrong, here or in the eyes of the PCRF; the message names it.", &ANSWER),
    (
        "Forbidden",
        "403",
        "The network's policy does not allow it; the body may have what it does allow.",
        &ANSWER,
    ),
    ("NotFound", "404", "There is nothing of that name.", &[]),
    (
        "NotKnown",
        "404",
        "There is no such session, or the PCRF knows none, or nobody with that address.",
        &ANSWER,
    ),
    ("NotAcceptable", "406", "The client takes no JSON.", &[]),
    ("RequestTimeout", "408", "The body did not come in time.", &[]),
    ("Conflict", "409", "The PCRF has another request for the same in its hands.", &ANSWER),
    ("ContentTooLarge", "413", "The body is larger than the gateway takes.", &[]),
    ("UnsupportedMediaType", "415", "The body is not JSON in UTF-8.", &[]),
    ("UnprocessableContent", "422", "The Idempotency-Key came with another request before.", &[]),
    ("InternalServerError", "500", "The gateway lost the request half-way.", &[]),
    ("BadGateway", "502", "The PCRF's answer is a failure of its own, or cannot be used.", &ANSWER),
    ("ServiceUnavailable", "503", "The gateway is shutting down, or its store failed.", &["Retry-After"]),
    (
        "NetworkUnavailable",
        "503",
        "No PCRF can do it now, or the gateway is shutting down.",
        &ANSWER_AND_WAIT,
    ),
    ("GatewayTimeout", "504", "The PCRF did not answer in time.", &[]),
];

/// Headers that bring the PCRF's answer.
const ANSWER: [&str; 2] = ["X-Plugin-Param-Keys", "X-Plugin-Param-Values"];
const ANSWER_AND_WAIT: [&str; 3] = ["X-Plugin-Param-Keys", "X-Plugin-Param-Values", "Retry-After"];

/// Adds the responses, to which operations refer by name.
pub(super) fn add_to(components: &mut Components) {
    for (name, _, description, headers) in FAILURES {
        let body = Content::new(Some(Ref::from_schema_name(error::Body::name())));
        let mut response = ResponseBuilder::new().description(description).content("application/json", body);
        for header in headers {
            response = response.header(*header, Header::default());
        }
        components.responses.insert(name.into(), response.build().into());
    }
    let mut schemas = vec![(error::Body::name().into_owned(), error::Body::schema())];
    error::Body::schemas(&mut schemas);
    components.schemas.extend(schemas);
}

/// A group of failures, by their names.
macro_rules! group {
    ($($(#[$doc:meta])* $name:ident: $($response:ident)*;)*) => {$(
        $(#[$doc])*
        pub(in crate::north::gatekeeper) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                named(&[$(stringify!($response)),*])
            }
        }
    )*};
}

group! {
    /// Of an operation with a part of the path or of the body to understand.
    NotReadable: BadRequest;
    /// Of an operation that answers with JSON.
    NoJsonTaken: NotAcceptable;
    /// Of an operation with a body.
    WithBody: RequestTimeout ContentTooLarge UnsupportedMediaType;
    /// Of an operation that is done once for each key of the client's.
    Keyed: UnprocessableContent InternalServerError;
    /// Of an operation that writes to the store.
    Stored: InternalServerError ServiceUnavailable;
    /// Of an operation on what is known here or not.
    FromStore: NotFound ServiceUnavailable;
    /// Of an operation that asks the PCRF; stands after the others.
    FromNetwork: Refused Forbidden NotKnown Conflict BadGateway NetworkUnavailable GatewayTimeout;
}

fn named(names: &[&str]) -> BTreeMap<String, RefOr<Response>> {
    let wanted = FAILURES.iter().filter(|(name, ..)| names.contains(name));
    wanted.map(|(name, status, ..)| ((*status).into(), Ref::from_response_name(*name).into())).collect()
}
