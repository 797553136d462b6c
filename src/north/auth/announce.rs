//! What an interface says of who may call: how to show who one is, and how one is turned away.

use std::collections::BTreeMap;

use utoipa::{
    PartialSchema,
    openapi::{
        Components, Content, Header, OpenApi, Ref, RefOr, ResponseBuilder,
        path::{Operation, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::access::Scope;

/// The name under which operations say which scope they need.
pub(super) const SCHEME: &str = "application";

/// Ways in which a request can be turned away: status, why, and the header that goes with it.
const DENIALS: [(&str, &str, Option<&str>); 4] = [
    ("401", "The request does not show who sent it.", Some("WWW-Authenticate")),
    ("403", "The application may not do this.", None),
    (
        "429",
        "The application sends too many requests, or wrong credentials come too often.",
        Some(RETRY_AFTER),
    ),
    (
        "503",
        "Too many credentials are being looked at, or those of an identity provider cannot be.",
        Some(RETRY_AFTER),
    ),
];

const RETRY_AFTER: &str = "Retry-After";

/// Completes a description where there is access control: every operation that needs credentials can fail for want of
/// them, with a body of the schema `failure`.
pub(in crate::north) fn announce(api: &mut OpenApi, failure: &str) {
    let basic = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some("The application's id and one of its secrets (RFC 7617)."));
    api.components
        .get_or_insert_with(Components::new)
        .add_security_scheme(SCHEME, SecurityScheme::Http(basic.build()));
    for operation in operations(api).filter(|operation| !is_open(operation)) {
        for (status, why, header) in DENIALS {
            let announced = operation.responses.responses.entry(status.into()).or_insert_with(|| {
                let body = Content::new(Some(Ref::from_schema_name(failure)));
                RefOr::T(ResponseBuilder::new().description(why).content("application/json", body).build())
            });
            if let (RefOr::T(response), Some(header)) = (announced, header) {
                add(&mut response.headers, header);
            }
        }
    }
}

/// Has every operation of a description need this scope.
pub(in crate::north) fn require(api: &mut OpenApi, scope: Scope) {
    for operation in operations(api) {
        operation.security = Some(vec![SecurityRequirement::new(SCHEME, [scope.as_str()])]);
    }
}

/// Takes out of a description what operations need: without access control they need nothing.
pub(in crate::north) fn conceal(api: &mut OpenApi) {
    operations(api).for_each(|operation| operation.security = None);
}

fn operations(api: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    api.paths.paths.values_mut().flat_map(of_path)
}

fn of_path(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Whether it needs nothing.
fn is_open(operation: &Operation) -> bool {
    let requirements = operation.security.iter().flatten();
    requirements.into_iter().any(|requirement| *requirement == Default::default())
}

fn add(headers: &mut BTreeMap<String, RefOr<Header>>, name: &str) {
    let (schema, what) = match name {
        RETRY_AFTER => (u32::schema(), "When to come back. Seconds."),
        _ => (String::schema(), "How to show who one is (RFC 9110 §11.6.1)."),
    };
    let header = || Header::builder().schema(Some(schema)).description(Some(what)).build();
    headers.entry(name.into()).or_insert_with(|| RefOr::T(header()));
}
