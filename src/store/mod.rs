//! Stores of sessions: implementations of [`SessionStore`](crate::session::SessionStore).

mod embedded;
mod memory;

pub use embedded::{EmbeddedConfig, EmbeddedStore, OpenError, Opened};
pub use memory::MemoryStore;
