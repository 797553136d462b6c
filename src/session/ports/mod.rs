//! What the core needs from outside, as traits: a store, a way to the network, the network's way in, and a way to
//! the applications.

mod events;
mod network;
mod store;

pub use events::{DeadLetter, EventSink, Letter, LetterId};
pub use network::{Exchange, GatewayError, LateGrant, Replied, Reply, RxGateway, RxServer, Sending};
pub use store::{
    CLAIMS_PER_LEASE, Commit, LetterWrite, Record, RecordKind, RecordWrite, SessionStore, SessionWrite,
};
