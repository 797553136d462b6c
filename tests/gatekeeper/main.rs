//! The QoS REST interface: bodies to AA-Requests, and the operations over a scripted PCRF.
//!
//! Tests called `point_N_...` hold the choice of that number in the notes on the interface, where it
//! contradicts itself or Rx.
#![allow(missing_docs, clippy::unwrap_used)]

mod admin;
mod bad_input;
mod custom;
mod describe;
mod document;
#[path = "../session/events.rs"]
mod events;
mod events_admin;
mod example;
mod examples;
#[path = "../session/hooked.rs"]
mod hooked;
mod idempotency;
mod listener;
mod modify;
mod modify_random;
mod modify_read;
mod mutation;
mod notification;
mod notification_body;
mod notification_refused;
mod operations;
mod pcrf;
mod points;
mod points_01_20;
mod points_21_55;
#[allow(dead_code)]
mod receiver;
mod refusals;
mod restart;
mod support;
mod template;
mod template_modify;
mod templates_admin;
mod world;
