//! The file of the applications that may call, and the command that keeps it.
#![allow(missing_docs, clippy::unwrap_used)]
#![cfg(feature = "net")]

mod command;
