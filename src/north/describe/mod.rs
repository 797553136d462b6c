//! What an interface says of itself: the OpenAPI document (3.1), made of the routes that are served, and what is
//! made of that document: the same in WADL, and a page for people.

mod document;
mod page;
mod wadl;

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::auth::{self, Needs};
use crate::access::Scope;

use document::Document;

/// Tag of the operations that describe the interface.
pub(super) const DESCRIPTION: &str = "Description";

/// Nothing from elsewhere, no script, no form, no frame around it.
const SECURITY: [(HeaderName, &str); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// The descriptions, written once.
#[derive(Debug)]
struct Documents {
    openapi: Bytes,
    wadl: Bytes,
    page: Bytes,
}

/// The operations of an interface, and beside them what describes them all; and what each needs of who calls it.
///
/// `denied`: the schema of what is answered to whom it is not served; `None` without access control. `readers`: the
/// scope that the description itself needs; `None`: every application may read it.
pub(super) fn described(
    operations: OpenApiRouter,
    denied: Option<&str>,
    readers: Option<Scope>,
) -> (Router, Needs) {
    let own = OpenApiRouter::default()
        .routes(routes!(openapi))
        .routes(routes!(application_wadl))
        .routes(routes!(docs))
        .routes(routes!(docs_style));
    let (own, mut of_own) = own.split_for_parts();
    if let Some(scope) = readers {
        auth::require(&mut of_own, scope);
    }
    let (router, mut api) = operations.split_for_parts();
    api.merge(of_own);
    let needs = Needs::of(&api);
    match denied {
        Some(schema) => auth::announce(&mut api, schema),
        None => auth::conceal(&mut api),
    }
    (router.merge(own.with_state(Arc::new(Documents::of(&api)))), needs)
}

impl Documents {
    fn of(api: &OpenApi) -> Self {
        let value = serde_json::to_value(api).expect("its maps have strings for keys");
        let document = Document(&value);
        Self {
            openapi: api.to_pretty_json().expect("its maps have strings for keys").into(),
            wadl: wadl::wadl(document).into(),
            page: page::page(document).into(),
        }
    }
}

/// The interface in OpenAPI
#[utoipa::path(
    get, path = "/openapi.json", tag = DESCRIPTION, operation_id = "openapi",
    security(("application" = [])),
    responses((status = 200, description = "This document.", body = Object)),
)]
async fn openapi(State(documents): State<Arc<Documents>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], documents.openapi.clone()).into_response()
}

/// The interface in WADL
#[utoipa::path(
    get, path = "/application.wadl", tag = DESCRIPTION, operation_id = "wadl",
    security(("application" = [])),
    responses((
        status = 200, description = "Resources, methods, parameters and status codes.", body = String,
        content_type = "application/vnd.sun.wadl+xml",
    )),
)]
async fn application_wadl(State(documents): State<Arc<Documents>>) -> Response {
    ([(header::CONTENT_TYPE, "application/vnd.sun.wadl+xml")], documents.wadl.clone()).into_response()
}

/// The interface for people
#[utoipa::path(
    get, path = "/docs", tag = DESCRIPTION, operation_id = "docs",
    security(("application" = [])),
    responses((status = 200, description = "This page.", body = String, content_type = "text/html")),
)]
async fn docs(State(documents): State<Arc<Documents>>) -> Response {
    (SECURITY, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], documents.page.clone()).into_response()
}

/// The look of the page for people
#[utoipa::path(
    get, path = "/docs.css", tag = DESCRIPTION, operation_id = "docsStyle",
    security(("application" = [])),
    responses((status = 200, description = "A style sheet.", body = String, content_type = "text/css")),
)]
async fn docs_style() -> Response {
    (SECURITY, [(header::CONTENT_TYPE, "text/css; charset=utf-8")], page::STYLE).into_response()
}
