//! Why a peer does not take a request.

use thiserror::Error;

use super::{State, WatchdogState};

/// Why [`Peer::request`](super::Peer::request) did not send. Nothing left, nothing waits.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PeerError {
    /// The connection is not open, or the watchdog does not trust it.
    #[error("peer {host} cannot be used: {state}, watchdog {watchdog}: {reason}")]
    NotUsable {
        /// Origin-Host of the peer.
        host: String,
        /// State of the peer state machine.
        state: State,
        /// State of the watchdog.
        watchdog: WatchdogState,
        /// Why, and what to do about it.
        reason: String,
    },
    /// The R bit is not set.
    #[error("the message is an answer: requests only; answers go through `answer`")]
    NotARequest,
    /// The request waits already.
    #[error("a request with this RequestId waits already: forget it first")]
    Duplicate,
}
