//! What an interface says of itself: the OpenAPI document (3.1), made of the routes that are served.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Tag of the operations that describe the interface.
pub(super) const DESCRIPTION: &str = "Description";

/// The descriptions, written once.
#[derive(Debug)]
struct Documents {
    openapi: String,
}

/// The operations of an interface, and beside them what describes them all.
pub(super) fn described(operations: OpenApiRouter) -> Router {
    let (own, of_own) = OpenApiRouter::default().routes(routes!(openapi)).split_for_parts();
    let (router, mut api) = operations.split_for_parts();
    api.merge(of_own);
    router.merge(own.with_state(Arc::new(Documents::of(&api))))
}

impl Documents {
    fn of(api: &OpenApi) -> Self {
        Self { openapi: api.to_pretty_json().expect("its maps have strings for keys") }
    }
}

/// The OpenAPI document
#[utoipa::path(
    get, path = "/openapi.json", tag = DESCRIPTION, operation_id = "openapi",
    responses((status = 200, description = "This document.", body = Object)),
)]
async fn openapi(State(documents): State<Arc<Documents>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], documents.openapi.clone()).into_response()
}
