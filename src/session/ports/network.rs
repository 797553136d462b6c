//! The core's way to the network, and the network's way in.

use std::{sync::Arc, time::Duration};

use thiserror::Error;

use crate::{
    BoxFuture, Held,
    dict::result,
    rx::{AaAnswer, AaRequest, AsRequest, AvpText, Outcome, RaRequest, RxError, StAnswer, StRequest},
    session::{RxSessionId, Shed},
};

/// The way to the network.
pub trait RxGateway: Send + Sync {
    /// Sends an AAR; has one outcome, always, within the time given.
    fn authorize(
        &self,
        request: AaRequest<'static>,
        within: Duration,
    ) -> BoxFuture<'_, Result<Exchange<AaAnswer<'static>>, GatewayError>>;

    /// Sends an STR. `to` is the host that must get it: a peer, or a host behind an agent; with `None` any
    /// peer of the realm. It is never sent to another peer than `to` if that is a peer.
    fn terminate(
        &self,
        request: StRequest<'static>,
        to: Option<Arc<str>>,
        within: Duration,
    ) -> BoxFuture<'_, Result<Exchange<StAnswer<'static>>, GatewayError>>;
}

/// An answer, and who may know about the request.
#[derive(Clone, Debug)]
pub struct Exchange<A> {
    /// The first result in it; `None` if there is none.
    pub outcome: Option<Outcome>,
    /// The answer, if it can be read.
    pub answer: Result<A, RxError>,
    /// Name of the AVP in Failed-AVP; its code if it has no name.
    pub failed_avp: Option<String>,
    /// All of it by names.
    pub text: Vec<AvpText>,
    /// The peer that it came from.
    pub peer: Arc<str>,
    /// Every peer that was sent the request and may have acted on it, this one included.
    pub sent_to: Vec<Arc<str>>,
    /// This one was sent it before, too, and has not answered that: it may have acted on it in another way.
    pub in_doubt: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GatewayError {
    /// Nothing was sent.
    #[error("{reason}")]
    NotSent {
        /// Which peers, their states and why.
        reason: String,
    },
    /// Nothing was sent, because somebody has too much to do.
    #[error(transparent)]
    Shed(#[from] Shed),
    /// It was sent; whether it was acted upon is unknown.
    #[error("{reason}")]
    NoAnswer {
        /// What happened.
        reason: String,
        /// Every peer that was sent the request and may have acted on it.
        sent_to: Vec<Arc<str>>,
    },
    /// The message cannot be written.
    #[error(transparent)]
    Unsendable(#[from] RxError),
    /// This process is shutting down; nothing was sent.
    #[error("shutting down")]
    ShuttingDown,
}

/// What the network is told about its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Done (2001).
    Success,
    /// There is no such session (5002).
    UnknownSession,
    /// Could not be done, for no fault of the network (5012).
    UnableToComply,
}

impl Reply {
    /// Its Result-Code.
    pub const fn result_code(self) -> u32 {
        match self {
            Self::Success => result::SUCCESS,
            Self::UnknownSession => result::UNKNOWN_SESSION_ID,
            Self::UnableToComply => result::UNABLE_TO_COMPLY,
        }
    }
}

/// A reply, and what waits for it to be on its way.
pub struct Replied {
    /// What the network is told.
    pub reply: Reply,
    /// To be dropped once the answer is on its way: an STR that follows it waits for that.
    pub held: Option<Held>,
}

impl From<Reply> for Replied {
    fn from(reply: Reply) -> Self {
        Self { reply, held: None }
    }
}

/// An AAA with success that came when nobody waited for it any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateGrant {
    /// Whose session it is.
    pub rx_session: RxSessionId,
    /// Origin-Host.
    pub host: Arc<str>,
    /// The peer that it came through.
    pub peer: Arc<str>,
    /// Class, echoed in the STR.
    pub class: Vec<Vec<u8>>,
}

/// One sending of a request: what its sender knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// End-to-End Identifier: with the Origin-Host, unique for four minutes (RFC 6733 §3).
    pub end_to_end: u32,
    /// The T bit: it may have come before (RFC 6733 §3).
    pub retransmit: bool,
}

/// The network's way in. The futures end soon: no answer of theirs waits for another party.
pub trait RxServer: Send + Sync {
    /// A RAR that was checked against its grammar.
    fn re_auth(&self, request: RaRequest<'static>, sending: Sending) -> BoxFuture<'_, Replied>;
    /// An ASR that was checked against its grammar.
    fn abort(&self, request: AsRequest<'static>) -> BoxFuture<'_, Replied>;
    /// A server granted something that is not wanted any more.
    fn late_grant(&self, grant: LateGrant);
    /// Requests can be sent to this peer again.
    fn peer_up(&self, host: &str);
    /// A server's Origin-State-Id, wherever it was seen.
    fn origin_state(&self, host: &str, origin_state_id: u32);
}
