//! TLS everywhere: certificates of each test's own authority, real sockets on loopback.
//!
//! Every wait is for an event and has a deadline.
#![allow(clippy::unwrap_used)]

mod authority;
mod clients;
mod endpoints;
mod ends;
mod files;
mod handshakes;
mod https;
mod killed;
mod log;
mod nodes;
mod programs;
#[path = "../peer_tcp/raw.rs"]
#[allow(dead_code)]
mod raw;
mod reload;
#[path = "../peer_tcp/support.rs"]
#[allow(dead_code)]
mod support;
mod versions;
