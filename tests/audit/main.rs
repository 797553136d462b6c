//! The audit log: what is written, that it goes on whatever happens, and that nobody can change it unnoticed.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

#[path = "../pcrf/gateway.rs"]
mod gateway;
#[path = "../pcrf/http.rs"]
mod http;
#[path = "../pcrf/patience.rs"]
mod patience;

mod command;
mod files;
mod operations;
mod support;
mod tampering;
