//! The store over a disk that fails: what was acknowledged is there, or the store is refused with a reason.
#![allow(clippy::unwrap_used)]

mod check;
mod dice;
#[path = "../serve/exchange.rs"]
mod exchange;
mod faults;
mod flips;
#[path = "../store/folder.rs"]
mod folder;
mod full;
#[path = "../pcrf/gateway.rs"]
mod gateway;
mod power;
mod record;
#[path = "../store/sessions.rs"]
#[allow(dead_code)]
mod sessions;
mod state;
mod syscall;
mod tally;
mod work;
mod worker;
