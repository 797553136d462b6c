//! The interfaces to the north: REST calls in, translated to calls of the session layer.

pub mod admin;
mod describe;
pub mod gatekeeper;
pub mod limits;
pub mod observe;
pub mod outbox;
pub(crate) mod percent;
pub mod records;
pub mod server;
mod timestamp;
