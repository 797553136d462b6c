//! The failures that operations have in common, as groups that an operation names among its responses.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{Components, Content, Header, Ref, RefOr, ResponseBuilder, response::Response},
};

use crate::north::gatekeeper::error;

/// Status, name of the response in the document, what it means.
const FAILURES: [(&str, &str, &str); 13] = [
    ("400", "BadRequest", "A value is wrong, here or in the eyes of the PCRF; the message names it."),
    ("403", "Forbidden", "The network's policy does not allow it."),
    ("404", "NotFound", "There is no such session, or the network knows nobody with that address."),
    ("406", "NotAcceptable", "The client takes no JSON."),
    ("408", "RequestTimeout", "The body did not come in time."),
    ("409", "Conflict", "The PCRF has another request for the same in its hands."),
    ("413", "ContentTooLarge", "The body is larger than the gateway takes."),
    ("415", "UnsupportedMediaType", "The body is not JSON in UTF-8."),
    ("422", "UnprocessableContent", "The Idempotency-Key came with another request before."),
    ("500", "InternalServerError", "The gateway lost the request half-way."),
    ("502", "BadGateway", "The PCRF's answer is a failure of its own, or cannot be used."),
    ("503", "ServiceUnavailable", "No PCRF can be asked now, or the gateway is shutting down."),
    ("504", "GatewayTimeout", "The PCRF did not answer in time."),
];

/// Headers of failures, and the statuses that have them.
const HEADERS: [(&str, &[&str]); 3] = [
    ("X-Plugin-Param-Keys", &["400", "403", "404", "409", "502", "503"]),
    ("X-Plugin-Param-Values", &["400", "403", "404", "409", "502", "503"]),
    ("Retry-After", &["503"]),
];

/// Adds the responses, to which operations refer by name.
pub(super) fn add_to(components: &mut Components) {
    for (status, name, description) in FAILURES {
        let body = Content::new(Some(Ref::from_schema_name(error::Body::name())));
        let mut response = ResponseBuilder::new().description(description).content("application/json", body);
        for (name, statuses) in HEADERS {
            if statuses.contains(&status) {
                response = response.header(name, Header::default());
            }
        }
        components.responses.insert(name.into(), response.build().into());
    }
    let mut schemas = vec![(error::Body::name().into_owned(), error::Body::schema())];
    error::Body::schemas(&mut schemas);
    components.schemas.extend(schemas);
}

/// A group of failures.
macro_rules! group {
    ($($(#[$doc:meta])* $name:ident: $($status:literal)*;)*) => {$(
        $(#[$doc])*
        pub(in crate::north::gatekeeper) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                named(&[$($status),*])
            }
        }
    )*};
}

group! {
    /// Of an operation with a part of the path or of the body to understand.
    NotReadable: "400";
    /// Of an operation that answers with JSON.
    NoJsonTaken: "406";
    /// Of an operation with a body.
    WithBody: "408" "413" "415";
    /// Of an operation that is done once for each key of the client's.
    Keyed: "422" "500";
    /// Of an operation on a session that is known here or not.
    FromStore: "404" "503";
    /// Of an operation that asks the PCRF.
    FromNetwork: "403" "404" "409" "502" "503" "504";
}

fn named(statuses: &[&str]) -> BTreeMap<String, RefOr<Response>> {
    let wanted = FAILURES.iter().filter(|(status, ..)| statuses.contains(status));
    wanted.map(|(status, name, _)| ((*status).into(), Ref::from_response_name(*name).into())).collect()
}
