//! AF sessions (TS 29.214 §4.4): what a caller asked for, what the network granted, and the promise that no
//! server keeps a session that nobody owns.
//!
//! [`machine::step`] holds the rules and is pure; [`Sessions`] runs it: it stores what changed, and only then
//! sends, answers and tells. Knows neither the callers' APIs nor sockets: those are behind the traits of
//! [`ports`].

#[cfg(feature = "net")]
mod counters;
mod error;
mod event;
mod flows;
pub mod machine;
mod model;
mod modification;
pub mod ports;
mod priority;
#[cfg(feature = "net")]
mod receipt;
#[cfg(feature = "net")]
mod record;
mod repetition;
mod request;
#[cfg(feature = "net")]
mod service;
mod stored;

#[cfg(feature = "net")]
pub use crate::clock::Clock;
#[cfg(feature = "net")]
pub use counters::Counters;
pub use error::{Refusal, SessionError, Shed, ShedCause, StoreError};
pub use event::{EventKind, QosEvent, ReleaseReason, Report};
pub use flows::FlowId;
pub use model::{
    Applied, Closing, Granted, HistoryEntry, MAX_HISTORY, Owner, Pcrf, QosRequest, QosSessionId, Removed,
    RxSessionId, Session, SessionFilter, SessionState,
};
pub use modification::{Modification, QosChange, Updated};
pub use ports::SessionStore;
pub use priority::comes_first;
#[cfg(feature = "net")]
pub use receipt::Receipt;
#[cfg(feature = "net")]
pub use record::{Ledger, SessionRecord};
pub use repetition::KnownRars;
pub use request::SessionConfig;
#[cfg(feature = "net")]
pub use service::{Sessions, Update};
