//! The interfaces to the north: REST calls in, translated to calls of the session layer.

pub mod admin;
pub mod audit;
pub mod auth;
mod describe;
pub mod gatekeeper;
pub mod limits;
pub mod observe;
pub mod outbox;
pub(crate) mod percent;
pub mod records;
pub mod server;
mod timestamp;
mod token;

use axum::http::HeaderName;

/// What a request came by, `https` or `http`, for the URLs in its answer. Ours says it itself; a proxy does where it
/// takes TLS off.
const SCHEME: HeaderName = HeaderName::from_static("x-forwarded-proto");
