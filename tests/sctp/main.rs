//! Diameter over the SCTP of a real kernel: one with two paths that fail, and with peers that misbehave.
//!
//! What needs such a kernel is ignored here and runs in `tests/sctp/guest`, which has one wherever this runs.
#![allow(clippy::unwrap_used)]

mod association;
mod failover;
mod guest;
mod hostile;
mod http;
mod network;
#[path = "../interop/peers.rs"]
#[allow(dead_code)]
mod peers;
mod programs;
