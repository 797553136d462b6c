//! The interfaces to the north: REST calls in, translated to calls of the session layer.

pub mod gatekeeper;
