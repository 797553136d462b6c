//! What applications, PCRFs and the endpoint of events see when a PCRF misbehaves: the whole gateway over TCP, two
//! PCRFs, one fault a test, and a row about it in the log.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

mod aborts;
mod answers;
mod client;
mod dies;
#[path = "../store/folder.rs"]
mod folder;
#[path = "../pcrf/gateway.rs"]
mod gateway;
mod hangs;
#[path = "../pcrf/http.rs"]
mod http;
mod late;
#[path = "../pcrf/patience.rs"]
mod patience;
#[path = "../gatekeeper/receiver.rs"]
#[allow(dead_code)]
mod receiver;
mod restarts;
mod row;
mod wire;
mod world;
