//! Pools over real sockets on loopback: requests and answers, bad peers, lost peers, goodbyes.
//!
//! Every wait is for an event and has a deadline; nothing sleeps and nothing measures time.
#![allow(clippy::unwrap_used)]

mod election;
mod hostile;
mod loss;
mod raw;
mod requests;
mod support;
