//! What goes out of a [`Peer`](super::Peer): commands for its driver, events for its owner, its state.

use std::{fmt, time::Instant};

use bytes::Bytes;

use crate::wire::MessageBuf;

/// A transport connection, named by whoever owns the sockets; never used twice for one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// A request waiting for its answer, named by whoever sends it; unique among those that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// What the driver has to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Dial the peer and report with `handle_connected` or `handle_connect_failed`.
    ///
    /// A dial that is still under way from an earlier `Connect` is given up.
    Connect,
    /// Send one whole message.
    Send {
        /// Where.
        connection: ConnectionId,
        /// The message.
        octets: Bytes,
    },
    /// Send what is queued and end the connection; nothing that it still brings is of interest.
    Close {
        /// Which.
        connection: ConnectionId,
    },
}

/// What happened, for the owner of the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Capabilities were exchanged. Requests can be sent from the following [`Okay`](Self::Okay) on.
    Up {
        /// Origin-Host as the peer spells it.
        origin_host: String,
        /// Origin-Realm of the peer.
        origin_realm: String,
        /// Origin-State-Id; `None` if absent or 0. Higher than before: the peer forgot its sessions.
        origin_state_id: Option<u32>,
        /// Auth-Application-Ids that the peer offers, in either form; may hold
        /// [`RELAY_APPLICATION_ID`](crate::dict::RELAY_APPLICATION_ID).
        applications: Vec<u32>,
    },
    /// The connection can be used: requests may be sent (RFC 3539: OKAY; after SUSPECT this is failback).
    Okay,
    /// No sign of life for two watchdog intervals: requests that wait should go elsewhere (failover).
    ///
    /// The connection stays; it may recover or be closed after one more interval.
    Suspect,
    /// The connection is gone or about to end; what still waits will not be answered on it.
    Down {
        /// Why, and what to do about it.
        reason: String,
        /// The peer's Disconnect-Cause, if it was the peer that said goodbye.
        cause: Option<DisconnectCause>,
    },
    /// The peer raised its Origin-State-Id on an open connection: it forgot its sessions.
    StateLost {
        /// The new value.
        origin_state_id: u32,
    },
    /// The answer to a request that waits.
    Answer {
        /// Which request.
        id: RequestId,
        /// The answer; its AVPs are not checked yet.
        message: MessageBuf,
    },
    /// An answer that no request waits for: too late, or never asked for.
    LateAnswer {
        /// The answer; its AVPs are not checked yet.
        message: MessageBuf,
    },
    /// A request of an application that we serve. Its AVPs fit, their meaning is not checked.
    Request {
        /// Where it came from, and where its answer must go.
        connection: ConnectionId,
        /// The request.
        message: MessageBuf,
    },
}

/// Disconnect-Cause (RFC 6733 §5.4.3), as far as it decides about reconnecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DisconnectCause {
    /// 0: will be back soon. Causes that nobody knows count as this one.
    Rebooting,
    /// 1: short of resources.
    Busy,
    /// 2: does not expect to need the connection.
    DoNotWantToTalkToYou,
}

impl DisconnectCause {
    /// The number on the wire.
    pub const fn code(self) -> u32 {
        match self {
            Self::Rebooting => 0,
            Self::Busy => 1,
            Self::DoNotWantToTalkToYou => 2,
        }
    }

    /// The cause with this number.
    pub const fn from_code(code: u32) -> Self {
        match code {
            1 => Self::Busy,
            2 => Self::DoNotWantToTalkToYou,
            _ => Self::Rebooting,
        }
    }

    /// Whether the sender wants to be left alone for a while.
    pub const fn is_refusal(self) -> bool {
        !matches!(self, Self::Rebooting)
    }
}

impl fmt::Display for DisconnectCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rebooting => "REBOOTING",
            Self::Busy => "BUSY",
            Self::DoNotWantToTalkToYou => "DO_NOT_WANT_TO_TALK_TO_YOU",
        })
    }
}

/// State of the peer state machine (RFC 6733 §5.6). I: the connection we made, R: the one we accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// No connection.
    Closed,
    /// Dialling.
    WaitConnAck,
    /// CER sent on I.
    WaitICea,
    /// Dialling, and the peer's CER came in on R.
    WaitConnAckElect,
    /// CER sent on I and received on R: the election decides which one stays.
    WaitReturns,
    /// Open on R.
    ROpen,
    /// Open on I.
    IOpen,
    /// DPR sent or received.
    Closing,
}

impl State {
    /// Whether capabilities were exchanged and no goodbye was said.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::ROpen | Self::IOpen)
    }

    /// The RFC's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "Closed",
            Self::WaitConnAck => "Wait-Conn-Ack",
            Self::WaitICea => "Wait-I-CEA",
            Self::WaitConnAckElect => "Wait-Conn-Ack/Elect",
            Self::WaitReturns => "Wait-Returns",
            Self::ROpen => "R-Open",
            Self::IOpen => "I-Open",
            Self::Closing => "Closing",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// State of the watchdog (RFC 3539 §3.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WatchdogState {
    /// Never had a connection.
    Initial,
    /// The connection works.
    Okay,
    /// A DWA is overdue: nothing new is sent here.
    Suspect,
    /// Had a connection and lost it.
    Down,
    /// Has one again, which must prove itself first.
    Reopen,
}

impl WatchdogState {
    /// The RFC's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initial => "INITIAL",
            Self::Okay => "OKAY",
            Self::Suspect => "SUSPECT",
            Self::Down => "DOWN",
            Self::Reopen => "REOPEN",
        }
    }
}

impl fmt::Display for WatchdogState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a peer is doing, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// State of the peer state machine.
    pub state: State,
    /// State of the watchdog.
    pub watchdog: WatchdogState,
    /// When the pair of them last changed.
    pub since: Instant,
    /// Why it is so, and what to do if that is wrong.
    pub reason: String,
    /// Whether it was told to stay down.
    pub held: bool,
}

impl Status {
    /// Both states in one word: the watchdog's while the connection is open, else the peer's.
    pub fn name(&self) -> &'static str {
        if self.state.is_open() { self.watchdog.name() } else { self.state.name() }
    }
}
