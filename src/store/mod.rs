//! Stores of sessions: implementations of [`SessionStore`](crate::session::SessionStore), and the file of their
//! records.

mod embedded;
mod memory;
mod records;

pub use embedded::{EmbeddedConfig, EmbeddedStore, OpenError, Opened};
pub use memory::MemoryStore;
pub use records::RecordFile;
