//! The simulated PCRF over real sockets: what it answers, what rules make of that, what its control API does.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

mod af;
mod command;
mod control;
mod http;
mod outages;
mod overload;
mod patience;
mod rules;
mod sessions;
