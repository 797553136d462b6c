//! rxgate: a Diameter Rx application function (3GPP TS 29.214) as a library and a program.
//!
//! ```text
//!   north/gatekeeper  north/admin          REST in, events out: only translate
//!            │                ├── notify      events to applications: HTTP, in order, at least once
//!            │                ├── access      who calls, and what he may
//!            │                └── audit       who did what
//!         session ── store                 what was asked, what was granted; every timer
//!            │
//!         gateway                          the one place where Rx meets sockets
//!        ┌───┴────┐
//!        │    transport ── peer            tokio sockets ── RFC 6733, sans-IO
//!    template     │                        QoS templates: names and texts to Rx values; used by north
//!        │        │
//!       rx        │                        typed TS 29.214
//!        └───┬────┘
//!          dict                            what the numbers mean
//!            │
//!          wire                            octets <-> views (RFC 6733 §3-4), zero-copy
//!      ───────────
//!    words, counters, ids, clock, live,    ground: words for people, names, the time, what is replaced while it is
//!    metrics, task, handover, tls,         worked with, figures, work to its end or in a thread, certificates,
//!    whole_file                            files that are whole; import nothing
//! ```
//!
//! A module imports only from what stands below it. The layers without sockets (`wire`, `dict`, `peer`,
//! `rx`, `template` and the pure part of `session`) build without the `net` feature: no task, no socket, no clock.

#[cfg(feature = "net")]
pub mod access;
#[cfg(feature = "net")]
pub mod app;
#[cfg(feature = "net")]
pub mod audit;
#[cfg(feature = "net")]
pub mod capture;
#[cfg(feature = "net")]
pub mod cli;
#[cfg(feature = "net")]
mod clock;
#[cfg(feature = "net")]
pub mod config;
#[cfg(feature = "net")]
mod counters;
pub mod dict;
#[cfg(feature = "net")]
pub mod gateway;
#[cfg(feature = "net")]
mod handover;
#[cfg(feature = "net")]
mod ids;
#[cfg(feature = "net")]
pub mod live;
pub mod metrics;
#[cfg(feature = "net")]
pub mod north;
#[cfg(feature = "net")]
pub mod notify;
#[cfg(feature = "net")]
pub mod pcrf;
pub mod peer;
pub mod rx;
pub mod session;
#[cfg(feature = "net")]
pub mod store;
#[cfg(feature = "net")]
mod task;
pub mod template;
#[cfg(feature = "net")]
pub mod tls;
#[cfg(feature = "net")]
pub mod transport;
#[cfg(feature = "net")]
mod whole_file;
pub mod wire;
mod words;

use std::{future::Future, pin::Pin};

/// A boxed future that may cross threads: what the ports between layers return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What somebody waits for to be dropped: it is dropped when an answer is on its way, or cannot be.
pub type Held = Box<dyn Send>;
