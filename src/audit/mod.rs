//! The audit log: who did what to which session, from where, and with what outcome.
//!
//! A file of JSON objects, one a line, that is only ever appended to. Each line has its number (`seq`), the hash of the
//! line before (`previous`) and, as its last member, its own (`hash`): SHA-256 of the octets of the line that stand
//! before `,"hash":`. So nobody changes, removes, inserts or moves a line without [`verify`] telling which, unless he
//! writes every later line anew; against that helps a hash that was noted elsewhere. What only shows in that way, too,
//! is that whole lines at the end are gone.
//!
//! [`AuditLog`] writes, in a thread of its own; [`verify`] checks what was written. Neither knows HTTP.

mod chain;
mod entry;
mod fold;
mod line;
mod log;
mod tail;
mod verify;
mod writer;

pub use chain::{Place, Problem, Report, Seen};
pub use entry::{Entry, Mark, Operation, Outcome, What, clipped};
pub use line::{Hash, Head, MAX_LINE};
pub use log::{AuditError, AuditLog};
pub use verify::{Source, verify};
