//! The audit log: what is written, that it goes on whatever happens, and that nobody can change it unnoticed.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

mod command;
mod files;
mod support;
mod tampering;
