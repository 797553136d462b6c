//! How the operator's interface reads what requests say in their path and query.

use axum::{
    extract::{
        Path, Query,
        rejection::{PathRejection, QueryRejection},
    },
    http::StatusCode,
};

use super::{Failed, failed};

/// Entries of a page, unless the operator says how many.
const PAGE: usize = 100;

/// Most entries of a page.
const MAX_PAGE: usize = 1000;

/// The one name in a path.
pub(super) type InPath = Result<Path<String>, PathRejection>;

/// What a query asks for.
pub(super) type Asked<T> = Result<Query<T>, QueryRejection>;

impl From<PathRejection> for Failed {
    fn from(error: PathRejection) -> Self {
        failed(error.status(), error.body_text())
    }
}

impl From<QueryRejection> for Failed {
    fn from(error: QueryRejection) -> Self {
        bad(error.body_text())
    }
}

pub(super) fn bad(why: impl Into<String>) -> Failed {
    failed(StatusCode::BAD_REQUEST, why)
}

/// How many entries a page has that `limit` asks for.
pub(super) fn page(limit: Option<usize>) -> Result<usize, Failed> {
    match limit.unwrap_or(PAGE) {
        limit @ 1..=MAX_PAGE => Ok(limit),
        limit => Err(bad(format!("limit is {limit}; accepted are numbers from 1 to {MAX_PAGE}"))),
    }
}
