//! Notifications to applications: what arrives where, when, how often and in which order.
//!
//! Most of it runs over connections in memory and a clock that stands still until everybody waits; what needs
//! sockets is in `sockets`.
#![allow(clippy::unwrap_used)]

mod addresses;
mod answers;
mod delivery;
mod endpoints;
mod limits;
#[path = "../tls/log.rs"]
mod log;
mod logs;
mod retries;
mod shutdown;
mod sockets;
mod world;
