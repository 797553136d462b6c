//! QoS templates: reading files, and making requests of them.
#![allow(clippy::unwrap_used)]

mod examples;
mod support;
