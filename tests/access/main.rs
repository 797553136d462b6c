//! Who may call, over the sockets of a running gateway with a simulated PCRF behind it.
#![allow(missing_docs, clippy::unwrap_used)]
#![cfg(feature = "net")]

mod audit;
mod command;
#[path = "../serve/exchange.rs"]
mod exchange;
mod limits;
mod ownership;
#[path = "../gatekeeper/receiver.rs"]
#[allow(dead_code)]
mod receiver;
mod table;
mod world;
