//! Why the core could not do what it was asked for, in terms of outcomes: no Diameter, no HTTP.

use std::time::Duration;

use thiserror::Error;

use super::RxSessionId;
use crate::rx::{AcceptableServiceInfo, AvpText, Outcome};

/// Why an operation on sessions failed.
#[derive(Clone, Debug, Error)]
pub enum SessionError {
    /// The network said no; there is no session, or it is as it was.
    #[error("the PCRF refused: {}", .0.outcome)]
    Refused(Box<Refusal>),
    /// The network said something that cannot be used; what it granted to a new session is taken back, a
    /// modification is sent again.
    #[error("the answer of the PCRF cannot be used: {reason}")]
    BadAnswer {
        /// What is wrong with it.
        reason: String,
        /// Session-Id of the attempt.
        rx_session: RxSessionId,
    },
    /// The network granted it and aborted it in the same moment; there is no session.
    #[error("the PCRF aborted the session while it was being set up")]
    Aborted {
        /// Session-Id of the attempt.
        rx_session: RxSessionId,
    },
    /// Nobody could be asked: nothing was sent.
    #[error("no PCRF can be asked: {reason}")]
    Unavailable {
        /// Which peers, their states and why.
        reason: String,
    },
    /// Somebody has too much to do: nothing was sent, and everything is as it was.
    #[error(transparent)]
    Shed(#[from] Shed),
    /// Nobody answered in time. Whoever may have granted a session will be told that it is not wanted any more; a
    /// modification is sent again until the network has decided.
    #[error("no answer from the PCRF: {reason}")]
    NoAnswer {
        /// What happened.
        reason: String,
        /// Session-Id of the attempt.
        rx_session: RxSessionId,
    },
    /// The request does not fit into a Diameter message.
    #[error("the request cannot be sent: {reason}")]
    Unsendable {
        /// Why.
        reason: String,
    },
    /// The network does not know the session any more: it is over.
    #[error("the PCRF does not know the session any more: {}", .0.outcome)]
    Lost(Box<Refusal>),
    /// An earlier modification of the session is not decided yet, or somebody else's was faster.
    #[error("another modification of the session is under way")]
    Busy,
    /// Its owner has as many live sessions as it may have: nothing was sent.
    #[error("there are {max} sessions, which is as many as there may be")]
    Quota {
        /// The most.
        max: u64,
    },
    /// There is no such session, or it is over.
    #[error("no such session")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// This process is shutting down.
    #[error("shutting down")]
    ShuttingDown,
}

/// A request that is not taken on, because somebody has too much to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct Shed {
    /// Who or what it is.
    pub cause: ShedCause,
    /// The same for people: with names, and how much is too much.
    pub reason: String,
    /// When there is a better chance.
    pub retry_after: Duration,
}

/// Who has too much to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShedCause {
    /// What is under way already cannot be done in the time that this one has.
    Deadline,
    /// As many requests wait for answers as may.
    Full,
    /// The network, which asked for less (RFC 7683) or answers 3004.
    Network,
}

/// A refusal by the network, or one that is known beforehand because the network asked to wait.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The result.
    pub outcome: Outcome,
    /// Name of the AVP in Failed-AVP; its code if it has no name.
    pub failed_avp: Option<String>,
    /// What would have been granted.
    pub acceptable_service_info: Option<AcceptableServiceInfo<'static>>,
    /// Not before (Retry-Interval).
    pub retry_after: Option<Duration>,
    /// Error-Message: for people.
    pub error_message: Option<String>,
    /// The AAA by names; empty if no PCRF was asked.
    pub answer: Vec<AvpText>,
    /// Session-Id of the attempt; `None` if no PCRF was asked.
    pub rx_session: Option<RxSessionId>,
}

/// Why a store did not do it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The session changed since it was read. Read again.
    #[error("the session changed in the meantime")]
    Conflict,
    /// There is a session of that name already.
    #[error("a session of that name exists")]
    Exists,
    /// There is no session of that name.
    #[error("no session of that name is stored")]
    Missing,
    /// There is hardly any room left: what exists can be changed, but nothing is added.
    #[error("the store has hardly any room left on its disk: no session is added")]
    Full,
    /// The storage failed.
    #[error("the store failed: {reason}")]
    Failed {
        /// Why.
        reason: String,
    },
}
