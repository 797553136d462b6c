//! What the actions of the table in `fsm.rs` do.

use std::{net::IpAddr, time::Instant};

use bytes::Bytes;

use super::{
    Command, ConnectionId, Peer, State,
    base::{self, Fault},
    capabilities::{self, Capabilities},
    fsm::{self, Action, Input},
};
use crate::{
    dict::{commands, is_grouped, result},
    wire::{Header, HopByHopId, MessageBuf},
};

/// One of the two connections that there can be.
#[derive(Debug)]
pub(super) struct Connection {
    pub id: ConnectionId,
    local: Vec<IpAddr>,
    /// What the peer said in its CER or CEA.
    pub capabilities: Option<Capabilities>,
    /// R: header of the peer's CER.
    cer: Option<Header>,
    /// I: Hop-by-Hop Identifier of our CER.
    pub cer_sent: Option<HopByHopId>,
}

impl Connection {
    pub fn initiated(id: ConnectionId, local: &[IpAddr]) -> Self {
        Self { id, local: local.to_vec(), capabilities: None, cer: None, cer_sent: None }
    }
}

/// How soon to dial after the present attempt or connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redial {
    BackOff,
    AfterRefusal,
    AtOnce,
}

/// What an input of the table is about.
pub(super) enum Subject<'m> {
    None,
    /// R-Conn-CER: the new connection.
    Accepted(Connection),
    /// Rcv-DPR: the DPR.
    Message(&'m MessageBuf),
}

impl Peer {
    /// The connection in use, or about to be ended.
    pub(super) fn active_connection(&self) -> Option<&Connection> {
        match self.state {
            State::IOpen => self.initiator.as_ref(),
            State::ROpen => self.responder.as_ref(),
            State::Closing => self.initiator.as_ref().or(self.responder.as_ref()),
            State::Closed
            | State::WaitConnAck
            | State::WaitICea
            | State::WaitConnAckElect
            | State::WaitReturns => None,
        }
    }

    pub(super) fn active(&self) -> Option<ConnectionId> {
        self.active_connection().map(|connection| connection.id)
    }

    pub(super) fn is_initiator(&self, id: ConnectionId) -> bool {
        self.initiator.as_ref().is_some_and(|connection| connection.id == id)
    }

    pub(super) fn is_responder(&self, id: ConnectionId) -> bool {
        self.responder.as_ref().is_some_and(|connection| connection.id == id)
    }

    pub(super) fn send_on(&mut self, connection: ConnectionId, octets: Bytes) {
        if tracing::enabled!(tracing::Level::DEBUG)
            && let Ok(header) = Header::parse(&octets)
        {
            let (command, hop_by_hop) = (commands::abbreviation_of(header), header.hop_by_hop);
            tracing::debug!(peer = %self.config.host, command, hop_by_hop = hop_by_hop.0, "sent");
        }
        tracing::trace!(peer = %self.config.host, ?octets, "sent");
        self.commands.push_back(Command::Send { connection, octets });
    }

    /// Dials, if nothing else is going on.
    pub(super) fn start(&mut self, now: Instant) {
        self.reconnect_at = None;
        self.step(now, Input::Start, Subject::None);
    }

    /// R-Conn-CER, if the CER is acceptable.
    pub(super) fn accepted(&mut self, now: Instant, id: ConnectionId, local: &[IpAddr], cer: &MessageBuf) {
        let header = cer.header();
        let processed = match self.held {
            false => capabilities::process_cer(cer, &mut self.index, &self.config),
            true => Err(Fault::new(result::UNABLE_TO_COMPLY, "this connection is switched off")),
        };
        match processed {
            Ok(capabilities) => {
                let connection = Connection {
                    capabilities: Some(capabilities),
                    cer: Some(header),
                    ..Connection::initiated(id, local)
                };
                self.step(now, Input::RConnCer, Subject::Accepted(connection));
            }
            Err(fault) => {
                tracing::warn!(peer = %self.config.host, result_code = fault.code, text = %fault.text, "CER refused");
                if self.state == State::Closed && !self.held {
                    self.since = now;
                    self.reason = format!("its CER was refused with {}: {}", fault.code, fault.text);
                }
                let cea = base::cea(&self.config.local, local, &header, Some(&fault));
                self.send_on(id, cea.into_bytes());
                self.commands.push_back(Command::Close { connection: id });
            }
        }
    }

    /// The transport lost a connection.
    pub(super) fn disconnected(&mut self, now: Instant, id: ConnectionId, reason: &str) {
        let input = if self.is_initiator(id) {
            self.initiator = None;
            Input::IPeerDisc
        } else if self.is_responder(id) {
            self.responder = None;
            Input::RPeerDisc
        } else {
            return;
        };
        // After a goodbye the reason for it says more than the end it leads to.
        if self.state != State::Closing {
            self.reason = format!("connection to {} lost: {reason}", self.config.host);
        }
        self.step(now, input, Subject::None);
    }

    /// Gives a connection up for a reason of our own.
    pub(super) fn fail(&mut self, now: Instant, id: ConnectionId, why: String) {
        let input = if self.is_initiator(id) { Input::IPeerDisc } else { Input::RPeerDisc };
        if self.is_initiator(id) || self.is_responder(id) {
            self.reason = why;
            self.step(now, input, Subject::None);
        }
    }

    /// One row of the table.
    pub(super) fn step(&mut self, now: Instant, input: Input, mut subject: Subject<'_>) {
        let Some((actions, next)) = fsm::next(self.state, input) else {
            return;
        };
        for action in actions {
            self.act(now, *action, &mut subject);
        }
        self.enter(now, next);
        if std::mem::take(&mut self.won) {
            self.step(now, Input::WinElection, Subject::None);
        }
    }

    fn act(&mut self, now: Instant, action: Action, subject: &mut Subject<'_>) {
        match action {
            Action::ISndConnReq => self.commands.push_back(Command::Connect),
            Action::ISndCer => {
                let ids = self.fresh_ids();
                if let Some(connection) = &mut self.initiator {
                    connection.cer_sent = Some(ids.0);
                    let cer = base::cer(&self.config.local, &connection.local, ids);
                    let connection = connection.id;
                    self.send_on(connection, cer.into_bytes());
                }
            }
            Action::RAccept => {
                if let Subject::Accepted(connection) = std::mem::replace(subject, Subject::None) {
                    self.responder = Some(connection);
                }
            }
            Action::RReject => {
                if let Subject::Accepted(connection) = std::mem::replace(subject, Subject::None) {
                    self.reject(now, &connection);
                }
            }
            Action::RSndCea => {
                if let Some(connection) = &self.responder
                    && let Some(cer) = &connection.cer
                {
                    let cea = base::cea(&self.config.local, &connection.local, cer, None);
                    self.send_on(connection.id, cea.into_bytes());
                }
            }
            Action::Elect => {
                let peer = self.responder.as_ref().and_then(|connection| connection.capabilities.as_ref());
                self.won = peer.is_some_and(|peer| wins(&self.config.local.origin_host, &peer.origin_host));
            }
            Action::IDisc => {
                if let Some(Connection { id: connection, .. }) = self.initiator.take() {
                    self.commands.push_back(Command::Close { connection });
                }
            }
            Action::RDisc => {
                if let Some(Connection { id: connection, .. }) = self.responder.take() {
                    self.commands.push_back(Command::Close { connection });
                }
            }
            Action::SndDpr => {
                let ids = self.fresh_ids();
                let dpr = base::dpr(&self.config.local, self.stop_cause, ids);
                if let Some(connection) = self.active() {
                    self.send_on(connection, dpr.into_bytes());
                }
            }
            Action::SndDpa => {
                if let Subject::Message(dpr) = subject
                    && let Some(connection) = self.active()
                    && let Ok(dpr) = dpr.parse(&mut self.index, is_grouped)
                    && let Some(octets) = self.prepared.success(&dpr)
                {
                    self.send_on(connection, octets);
                }
            }
        }
    }

    /// R-Reject. The CEA tells the peer why; 5012 has no meaning of its own in a CEA.
    fn reject(&mut self, now: Instant, connection: &Connection) {
        if let Some(cer) = &connection.cer {
            let fault =
                Fault::new(result::UNABLE_TO_COMPLY, "there is another connection between us already");
            let cea = base::cea(&self.config.local, &connection.local, cer, Some(&fault));
            self.send_on(connection.id, cea.into_bytes());
        }
        self.commands.push_back(Command::Close { connection: connection.id });
        // A peer that connects anew may have lost the connection that we still think is open: look.
        if self.state.is_open() {
            let effect = self.watchdog.probe(now, &mut self.chance);
            self.effect(now, effect);
        }
    }
}

/// Whether the local Origin-Host wins the election: it is the higher one, letters without case
/// (RFC 6733 §5.6.4).
fn wins(local: &str, peer: &str) -> bool {
    let lower = |name: &str| name.bytes().map(|octet| octet.to_ascii_lowercase()).collect::<Vec<_>>();
    lower(local) > lower(peer)
}
