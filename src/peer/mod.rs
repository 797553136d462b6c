//! One Diameter peer without sockets and without a clock: RFC 6733 §5 and the watchdog of RFC 3539.
//!
//! [`Peer`] is driven from outside. Everything that happens comes in through a `handle_*` method or a call of
//! its owner, each with the present time; what has to be done comes out of [`Peer::poll_command`], what
//! happened out of [`Peer::poll_event`]. **Drain both after every call**, then wait until
//! [`Peer::poll_timeout`]. The same calls with the same seed give the same results.
//!
//! ```text
//!            requests, answers │ ▲ events
//!                              ▼ │
//!   fsm.rs   the table of §5.6 ── act.rs, enter.rs   what its actions do, what its states bring
//!   watchdog.rs   RFC 3539     ── inbound.rs         messages that come in
//!   capabilities.rs, grammar.rs, base.rs             reading and building CER, CEA, DWR, DWA, DPR, DPA
//!            octets, timeouts  │ ▲ commands
//!                              ▼ │
//! ```
//!
//! [`Node`] is the floor above: several peers, routing, deadlines, failover, duplicates.

mod act;
mod address;
mod arrival;
mod base;
mod candidates;
mod capabilities;
mod config;
mod counters;
mod duplicates;
mod enter;
mod error;
mod event;
mod exchanges;
mod facts;
mod failover;
mod fsm;
mod grammar;
mod inbound;
mod incoming;
mod lane;
mod node;
mod node_config;
mod outgoing;
mod outstanding;
mod overload;
mod pending;
mod reconfigure;
mod reconnect;
mod redirect;
mod route;
mod slot;
mod watchdog;

use std::{
    collections::VecDeque,
    net::IpAddr,
    time::{Duration, Instant},
};

#[cfg(feature = "net")]
pub(crate) use crate::dict::commands::abbreviation_of;
pub use address::{Arrival, PeerAddress, Transport};
pub use capabilities::{Refusal, accept_identity};
pub use config::{Application, LocalNode, PeerConfig};
pub use counters::{Counter, PeerCounters, PeerCounts};
pub use error::PeerError;
pub use event::{Command, ConnectionId, DisconnectCause, Event, RequestId, State, Status, WatchdogState};
pub use exchanges::Exchanges;
pub use lane::Lane;
pub use node::Node;
pub use node_config::{NodeConfig, NodePeer};
pub use outgoing::{
    Answered, LateKind, NodeCommand, NodeEvent, OutgoingRequest, PeerEvent, PeerIndex, RequestError, Ticket,
};
pub use slot::NodeStatus;

use crate::{
    dict::RELAY_APPLICATION_ID,
    wire::{CommandFlags, EndToEndId, Header, HopByHopId, Index, MessageBuf, WireError},
};
use act::{Connection, Redial, Subject};
use base::{Fault, Prepared};
use capabilities::same_identity;
use fsm::Input;
use outstanding::Outstanding;
use reconnect::{Backoff, Chance};
use watchdog::Watchdog;

/// One peer: its connection, or the attempts at one, and the requests that wait for its answers.
#[derive(Debug)]
pub struct Peer {
    config: PeerConfig,
    state: State,
    watchdog: Watchdog,
    since: Instant,
    reason: String,
    /// Since when it is missed: lost, or not reached the first time; and the reason that was told last.
    missed: Option<(Instant, String)>,

    /// I: the connection we made.
    initiator: Option<Connection>,
    /// R: the connection we accepted.
    responder: Option<Connection>,
    /// The election's outcome, between Elect and the next step.
    won: bool,
    /// When the connection became open.
    opened: Option<Instant>,
    /// The peer's Origin-State-Id, as far as it is known.
    peer_state_id: Option<u32>,
    /// Cause in the peer's DPR.
    goodbye: Option<DisconnectCause>,
    /// Cause for our DPR.
    stop_cause: DisconnectCause,
    /// Told to stay down until [`connect`](Self::connect).
    held: bool,
    redial: Redial,

    /// End of the present wait: Wait-*, Closing.
    state_deadline: Option<Instant>,
    reconnect_at: Option<Instant>,

    /// Hop-by-Hop Identifier of the DWR that waits for its DWA.
    dwr: Option<HopByHopId>,
    outstanding: Outstanding,
    next_end_to_end: u32,

    prepared: Prepared,
    index: Index,
    backoff: Backoff,
    chance: Chance,
    commands: VecDeque<Command>,
    events: VecDeque<Event>,
}

impl Peer {
    /// A peer without a connection. If it is one that we dial, the first command is to do so.
    ///
    /// `seed` decides all jitter and where the identifiers begin: take another one for each process.
    pub fn new(config: PeerConfig, seed: u64, now: Instant) -> Self {
        let mut chance = Chance::new(seed);
        let mut peer = Self {
            state: State::Closed,
            watchdog: Watchdog::new(config.watchdog_interval, config.reopen_probes),
            since: now,
            reason: match config.connect {
                true => format!("dialling {} for the first time", config.host),
                false => format!("waiting for {} to connect", config.host),
            },
            missed: None,
            initiator: None,
            responder: None,
            won: false,
            opened: None,
            peer_state_id: None,
            goodbye: None,
            stop_cause: DisconnectCause::Rebooting,
            held: false,
            redial: Redial::BackOff,
            state_deadline: None,
            reconnect_at: None,
            dwr: None,
            outstanding: Outstanding::new(chance.next_u32()),
            next_end_to_end: chance.next_u32(),
            prepared: Prepared::new(&config.local),
            index: Index::new(),
            backoff: Backoff::new(
                config.reconnect_initial,
                config.reconnect_max,
                config.reconnect_after_refusal,
            ),
            chance,
            commands: VecDeque::new(),
            events: VecDeque::new(),
            config,
        };
        if peer.config.connect {
            peer.start(now);
        }
        peer
    }

    // ---- Transport

    /// Our dial succeeded; `local` are our addresses on the connection.
    ///
    /// A connection that is not wanted any more is closed.
    pub fn handle_connected(&mut self, now: Instant, id: ConnectionId, local: &[IpAddr]) {
        if matches!(self.state, State::WaitConnAck | State::WaitConnAckElect) {
            self.initiator = Some(Connection::initiated(id, local));
            self.reason = format!("connected to {}, waiting for its CEA", self.config.host);
            self.step(now, Input::IRcvConnAck, Subject::None);
        } else {
            self.commands.push_back(Command::Close { connection: id });
        }
    }

    /// Our dial failed. The reason says what to do about it, which depends on what carries Diameter.
    pub fn handle_connect_failed(&mut self, now: Instant, reason: String) {
        if matches!(self.state, State::WaitConnAck | State::WaitConnAckElect) {
            self.reason = format!("cannot connect to {}: {reason}", self.config.host);
            self.step(now, Input::IRcvConnNack, Subject::None);
        }
    }

    /// Somebody connected, and the first message is a CER that [`accept_identity`] found to name this peer.
    pub fn handle_accepted(&mut self, now: Instant, id: ConnectionId, local: &[IpAddr], cer: MessageBuf) {
        self.accepted(now, id, local, &cer);
    }

    /// Somebody else said to be this peer: for people, while it is missed.
    fn note(&mut self, reason: &str) {
        if !self.state.is_open() {
            reason.clone_into(&mut self.reason);
        }
    }

    /// A message came in.
    pub fn handle_message(&mut self, now: Instant, id: ConnectionId, message: MessageBuf) {
        self.inbound(now, id, message);
    }

    /// What came in is not Diameter, and where the next message begins is unknown: the connection is lost.
    ///
    /// If the header could be read and is that of a request, it is answered before.
    pub fn handle_bad_octets(
        &mut self,
        now: Instant,
        id: ConnectionId,
        error: &WireError,
        header: Option<Header>,
    ) {
        let talking = self.active() == Some(id);
        if let Some(header) = header.filter(|header| talking && header.is_request()) {
            let fault = Fault::wire(error, &[]);
            let answer = base::refusal_of_header(&self.config.local, &header, &fault);
            self.send_on(id, answer.into_bytes());
        }
        let why = format!(
            "{} sent octets that are no Diameter message ({error}): check that `address` is its Diameter port \
             and `transport` the one it expects",
            self.config.host
        );
        self.fail(now, id, why);
    }

    /// The connection is gone.
    pub fn handle_disconnected(&mut self, now: Instant, id: ConnectionId, reason: String) {
        self.disconnected(now, id, &reason);
    }

    /// Time has passed. Early or spurious calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        let due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        if due(self.reconnect_at) {
            self.start(now);
        }
        if due(self.state_deadline) {
            self.expire(now);
        }
        let effect = self.watchdog.timeout(now, &mut self.chance);
        self.effect(now, effect);
    }

    // ---- Owner

    /// Sends a request under a fresh Hop-by-Hop Identifier and waits for its answer.
    ///
    /// Whether this is a repetition (T bit) and its End-to-End Identifier are the caller's. Waits for ever:
    /// the caller has the deadline, and calls [`forget`](Self::forget). Timers that are due come first.
    pub fn request(&mut self, now: Instant, id: RequestId, request: MessageBuf) -> Result<(), PeerError> {
        let header = request.header();
        if !header.is_request() {
            return Err(PeerError::NotARequest);
        }
        self.handle_timeout(now);
        let Some(connection) = self.active().filter(|_| self.is_usable()) else {
            let status = self.status();
            return Err(PeerError::NotUsable {
                host: self.config.host.clone(),
                state: status.state,
                watchdog: status.watchdog,
                reason: status.reason,
            });
        };
        let hop_by_hop = self.outstanding.insert(id, &header).ok_or(PeerError::Duplicate)?;
        let retransmit = header.flags.contains(CommandFlags::RETRANSMIT);
        let octets = request.with_hop_by_hop(hop_by_hop, retransmit).into_bytes();
        self.send_on(connection, octets);
        Ok(())
    }

    /// Nobody waits for this request any more; its answer would be reported as late.
    pub fn forget(&mut self, id: RequestId) {
        self.outstanding.remove(id);
    }

    /// The requests that wait, in the order they were sent: what to fail over on Suspect and Down.
    ///
    /// They stay until their answer comes, [`forget`](Self::forget) is called, or the next connection opens.
    pub fn outstanding(&self) -> Vec<RequestId> {
        self.outstanding.ids()
    }

    /// Answers a request that came in on `connection`; the Hop-by-Hop Identifier is that of the request.
    ///
    /// Dropped if that connection is gone: on another one the identifier would mean another request.
    pub fn answer(&mut self, now: Instant, connection: ConnectionId, answer: MessageBuf) {
        self.handle_timeout(now);
        let header = answer.header();
        if self.active() == Some(connection) && !header.is_request() {
            self.send_on(connection, answer.into_bytes());
        }
    }

    /// Ends the connection with a DPR, or the attempts at one, and stays down until [`connect`](Self::connect).
    ///
    /// Over when [`state`](Self::state) is Closed, at the latest after `closing_timeout`.
    pub fn shut_down(&mut self, now: Instant, cause: DisconnectCause) {
        self.disconnect(now, cause, format!("told to stay down ({cause})"));
    }

    /// Operator's wish: the same, and `reason` is why.
    ///
    /// Connections that the peer makes are refused with 5012 meanwhile.
    pub fn disconnect(&mut self, now: Instant, cause: DisconnectCause, reason: String) {
        self.stop_cause = cause;
        self.reconnect_at = None;
        if !std::mem::replace(&mut self.held, true) {
            self.since = now;
            self.reason = reason;
            self.missed = None;
            self.step(now, Input::Stop, Subject::None);
        }
    }

    /// Operator's wish: connect, at once if this peer is one that we dial, and do not wait out any back-off.
    ///
    /// Without effect on a peer that is connected. While a goodbye is under way it is dialled right after that.
    pub fn connect(&mut self, now: Instant) {
        if std::mem::take(&mut self.held) {
            self.reason = match self.config.connect {
                true => format!("dialling {} again", self.config.host),
                false => format!("waiting for {} to connect", self.config.host),
            };
        }
        self.backoff.reset();
        match self.state {
            State::Closed if self.config.connect => self.start(now),
            State::Closing => self.redial = Redial::AtOnce,
            State::Closed
            | State::WaitConnAck
            | State::WaitICea
            | State::WaitConnAckElect
            | State::WaitReturns
            | State::ROpen
            | State::IOpen => {}
        }
    }

    // ---- Output

    /// The next thing for the driver to do.
    pub fn poll_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// The next thing for the owner to know.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is wanted; may change with every other call.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.reconnect_at, self.state_deadline, self.watchdog.deadline()].into_iter().flatten().min()
    }

    // ---- State

    /// Origin-Host of the peer, as configured.
    pub fn host(&self) -> &str {
        &self.config.host
    }

    /// State of the peer state machine.
    pub fn state(&self) -> State {
        self.state
    }

    /// State of the watchdog.
    pub fn watchdog(&self) -> WatchdogState {
        self.watchdog.state()
    }

    /// Whether requests may be sent: open, and trusted by the watchdog.
    pub fn is_usable(&self) -> bool {
        self.state.is_open() && self.watchdog.state() == WatchdogState::Okay
    }

    /// Whether the open connection's peer offers this application, or relays everything.
    pub fn serves(&self, application: u32) -> bool {
        let connection = if self.state.is_open() { self.active_connection() } else { None };
        let capabilities = connection.and_then(|connection| connection.capabilities.as_ref());
        capabilities.is_some_and(|peer| {
            peer.applications.iter().any(|id| *id == application || *id == RELAY_APPLICATION_ID)
        })
    }

    /// How the peer is doing, for people.
    pub fn status(&self) -> Status {
        Status {
            state: self.state,
            watchdog: self.watchdog.state(),
            since: self.since,
            reason: self.reason.clone(),
            held: self.held,
        }
    }

    /// Fresh identifiers for a message of our own.
    fn fresh_ids(&mut self) -> (HopByHopId, EndToEndId) {
        self.next_end_to_end = self.next_end_to_end.wrapping_add(1);
        (self.outstanding.fresh(), EndToEndId(self.next_end_to_end))
    }

    fn how_long_open(&mut self, now: Instant) -> Duration {
        self.opened.take().map_or(Duration::ZERO, |opened| now.saturating_duration_since(opened))
    }
}

/// The answer that refuses `request` on behalf of `local`, with the E bit (RFC 6733 §7.2).
///
/// For what is decided above a single peer: 3002, 3003, 3004, or 3001 for a command that nobody serves.
pub fn refuse(local: &LocalNode, request: &MessageBuf, result_code: u32, text: &str) -> MessageBuf {
    base::refusal(local, request, &mut Index::new(), &Fault::new(result_code, text))
}
