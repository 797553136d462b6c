//! What goes into and out of a [`Node`](super::Node): requests, their outcomes, news of peers.

use std::{sync::Arc, time::Duration};

use thiserror::Error;

use super::{Command, RequestId};
use crate::wire::MessageBuf;

/// A peer of a node, by its place in the order they were added; never used for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerIndex(pub usize);

/// A request that came in and wants an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// A request to be sent, to whichever peer can take it.
#[derive(Clone, Debug)]
pub struct OutgoingRequest {
    /// The request. Its Hop-by-Hop and End-to-End Identifiers and its T bit are set when it leaves.
    pub message: MessageBuf,
    /// The host that must get it, also named in its Destination-Host; `None`: any peer of the realm.
    ///
    /// An agent may be named here, with a message that has no Destination-Host: it goes that way.
    pub destination_host: Option<String>,
    /// Time until there is an outcome, everything included.
    pub within: Duration,
    /// Whether it is kept back where less is asked for (RFC 7683), the least important first (its DRMP): yes for
    /// what asks for something, no for what ends it.
    pub sheddable: bool,
}

/// An answer, and who may know about the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The answer. Its AVPs are not checked yet.
    pub message: MessageBuf,
    /// The peer that it came from; with an agent in between not its Origin-Host.
    pub peer: String,
    /// Every peer that was sent the request and may have acted on it, this one included, in order.
    ///
    /// A peer that answered an earlier attempt with a protocol error (3xxx) did not act and is not listed.
    pub sent_to: Vec<String>,
    /// This peer was sent the request before, too, and has not answered that.
    pub in_doubt: bool,
}

/// Why there is no answer. The texts are for people: they name peers, their states and the cause.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// No peer that could take the request is open: nothing was sent.
    #[error("no peer is open: {reason}")]
    NoPeer {
        /// Each peer in question, its state and why.
        reason: String,
    },
    /// It was sent, and in the time it had no answer came. Whether it was acted upon is unknown.
    #[error("no answer: {reason}")]
    NoAnswer {
        /// Every peer that was sent the request and may have acted on it, in order.
        sent_to: Vec<String>,
        /// What happened.
        reason: String,
    },
    /// Too many requests wait already: nothing was sent.
    #[error("too many requests wait already: {reason}")]
    Overloaded {
        /// Where they wait.
        reason: String,
        /// By then those that wait have an answer or have gone elsewhere.
        retry_after: Duration,
    },
    /// Whoever it is for asked for less (RFC 7683), or is too busy: nothing was sent.
    #[error("kept back: {reason}")]
    Abated {
        /// Who asked for how much less, and for how long.
        reason: String,
        /// When there is a better chance.
        retry_after: Duration,
    },
    /// This node is shutting down: nothing was sent.
    #[error("this node is shutting down")]
    ShuttingDown,
    /// The R bit is not set: nothing was sent.
    #[error("the message is an answer, not a request")]
    NotARequest,
}

impl RequestError {
    /// Every peer that may have acted on the request although there is no answer.
    pub fn sent_to(&self) -> &[String] {
        match self {
            Self::NoAnswer { sent_to, .. } => sent_to,
            Self::NoPeer { .. }
            | Self::Overloaded { .. }
            | Self::Abated { .. }
            | Self::ShuttingDown
            | Self::NotARequest => &[],
        }
    }
}

/// What a driver has to do for one of the peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCommand {
    /// Which peer; [`Node::address`](super::Node::address) says where to dial it.
    pub peer: PeerIndex,
    /// What to do.
    pub command: Command,
}

/// What happened, for the owner of the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeEvent {
    /// The one outcome of a request.
    Outcome {
        /// Which request.
        id: RequestId,
        /// Its answer, or why there is none.
        result: Result<Answered, RequestError>,
    },
    /// An answer that came after the outcome, or beside the answer that is the outcome.
    LateAnswer {
        /// The peer that it came from.
        peer: Arc<str>,
        /// The answer. Its AVPs are not checked yet.
        message: MessageBuf,
        /// What is known about it.
        kind: LateKind,
    },
    /// A request to be answered with [`Node::answer`](super::Node::answer).
    Request {
        /// The peer that it came from.
        peer: Arc<str>,
        /// What its answer refers to.
        ticket: Ticket,
        /// The request.
        message: MessageBuf,
    },
    /// News of a peer.
    Peer(PeerEvent),
}

/// What is known about an answer that nobody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LateKind {
    /// The request was sent to this peer, and the outcome was something else than this answer.
    Unused,
    /// A second copy of the answer that was the outcome.
    Repeated,
    /// Nothing was sent to this peer under that End-to-End Identifier, as far as is remembered.
    Unasked,
}

/// News of a peer, for whoever keeps sessions with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerEvent {
    /// Requests can be sent: the connection is new and, after a loss, has proved itself.
    Up {
        /// Origin-Host, as configured.
        host: String,
        /// Origin-Realm of the peer.
        realm: String,
        /// Origin-State-Id. Higher than before: the peer forgot its sessions.
        origin_state_id: Option<u32>,
        /// Where it is: `host:port`.
        address: String,
    },
    /// It does not answer the watchdog: no new requests go there for the time being.
    Suspect {
        /// Origin-Host, as configured.
        host: String,
    },
    /// It answers the watchdog again, on the same connection.
    Recovered {
        /// Origin-Host, as configured.
        host: String,
    },
    /// The connection is gone or about to end.
    Down {
        /// Origin-Host, as configured.
        host: String,
        /// Why, and what to do about it.
        reason: String,
    },
    /// It forgot its sessions without losing the connection.
    StateLost {
        /// Origin-Host, as configured.
        host: String,
        /// Its Origin-State-Id from now on.
        origin_state_id: u32,
    },
}
