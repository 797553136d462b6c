//! QoS templates: reading files, and making requests of them.
#![allow(clippy::unwrap_used)]

mod change;
mod custom;
mod examples;
mod fill;
mod mutation;
mod points;
mod reader;
mod refusals;
mod support;
