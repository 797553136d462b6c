//! Stores of sessions: implementations of [`SessionStore`](crate::session::SessionStore).

mod memory;

pub use memory::MemoryStore;
