//! Messages that come in, by state: the capabilities exchange, then DWR, DWA, DPR, DPA, requests and answers
//! (RFC 6733 §5.3-5.5, §6.1.4, §7.1).

use std::time::Instant;

use super::{
    ConnectionId, DisconnectCause, Event, Peer, State,
    act::{Redial, Subject},
    base::{self, Fault},
    capabilities,
    fsm::Input,
};
use crate::{
    dict::{BASE_APPLICATION_ID, avp, commands, is_grouped, result},
    wire::{CommandFlags, MessageBuf},
};

impl Peer {
    pub(super) fn inbound(&mut self, now: Instant, id: ConnectionId, message: MessageBuf) {
        let (command, hop_by_hop) =
            (commands::abbreviation_of(message.header()), message.header().hop_by_hop);
        tracing::debug!(peer = %self.config.host, command, hop_by_hop = hop_by_hop.0, "received");
        tracing::trace!(peer = %self.config.host, octets = ?message.as_bytes(), "received");
        match self.state {
            State::WaitICea | State::WaitReturns if self.is_initiator(id) => self.expect_cea(now, &message),
            State::ROpen | State::IOpen | State::Closing if self.active() == Some(id) => {
                self.open_message(now, id, message);
            }
            State::WaitConnAckElect | State::WaitReturns if self.is_responder(id) => {
                let why = format!("{} did not wait for the CEA", self.config.host);
                self.fail(now, id, why);
            }
            // A connection that was given up: what it still brings is of no interest.
            _ => {}
        }
    }

    /// The answer to our CER, or something else in its place.
    fn expect_cea(&mut self, now: Instant, message: &MessageBuf) {
        let header = message.header();
        let host = &self.config.host;
        let sent = self.initiator.as_ref().and_then(|connection| connection.cer_sent);
        if header.is_request()
            || header.command != commands::CAPABILITIES_EXCHANGE
            || Some(header.hop_by_hop) != sent
        {
            self.reason = format!(
                "{host} sent command {} where its CEA was expected: check that `address` is its Diameter port",
                header.command
            );
            self.step(now, Input::IRcvNonCea, Subject::None);
            return;
        }
        match capabilities::process_cea(message, &mut self.index, &self.config) {
            Ok(capabilities) => {
                if let Some(connection) = &mut self.initiator {
                    connection.capabilities = Some(capabilities);
                }
                self.step(now, Input::IRcvCea, Subject::None);
            }
            Err(fault) => {
                self.reason = fault.reason;
                if fault.refused {
                    self.redial = Redial::AfterRefusal;
                }
                self.step(now, Input::IRcvNonCea, Subject::None);
            }
        }
    }

    /// Rcv-Message, Rcv-DWR, Rcv-DWA, Rcv-DPR, Rcv-DPA of the open states, and what Closing still takes.
    fn open_message(&mut self, now: Instant, id: ConnectionId, message: MessageBuf) {
        let header = message.header();
        let dwa = !header.is_request()
            && header.command == commands::DEVICE_WATCHDOG
            && self.dwr.is_some_and(|dwr| dwr == header.hop_by_hop);
        if dwa {
            self.dwr = None;
        }
        let effect = self.watchdog.received(now, dwa, &mut self.chance);
        self.effect(now, effect);
        if !header.is_request() {
            return match header.command {
                commands::DEVICE_WATCHDOG => self.note_state_id(&message),
                commands::DISCONNECT_PEER => self.step(now, Input::RcvDpa, Subject::None),
                // A CEA long after the exchange.
                commands::CAPABILITIES_EXCHANGE => {}
                _ => self.answered(message),
            };
        }
        let fault = if header.flags.contains(CommandFlags::ERROR) {
            Fault::new(result::INVALID_HDR_BITS, "the E bit is set in a request")
        } else {
            match header.command {
                commands::DEVICE_WATCHDOG => return self.answer_dwr(id, &message),
                commands::DISCONNECT_PEER => return self.receive_dpr(now, id, &message),
                commands::CAPABILITIES_EXCHANGE => {
                    // Capabilities are exchanged once (RFC 6737 would change that; it is optional).
                    let text = "capabilities were exchanged already: reconnect to change them";
                    let fault = Fault::new(result::UNABLE_TO_COMPLY, text);
                    let cea = base::cea(&self.config.local, &[], &header, Some(&fault));
                    return self.send_on(id, cea.into_bytes());
                }
                command if header.application == BASE_APPLICATION_ID => {
                    let text = format!("command {command} is not one of the base protocol");
                    Fault::new(result::COMMAND_UNSUPPORTED, text)
                }
                _ if !self.config.local.serves(header.application) => {
                    let text = format!("application {} is not served here", header.application);
                    Fault::new(result::APPLICATION_UNSUPPORTED, text)
                }
                _ if self.state == State::Closing => {
                    Fault::new(result::UNABLE_TO_DELIVER, "this connection is about to end")
                }
                _ => match message.parse(&mut self.index, is_grouped) {
                    Ok(_) => {
                        return self.events.push_back(Event::Request { connection: id, message });
                    }
                    Err(error) => Fault::wire(&error, message.as_bytes()),
                },
            }
        };
        self.refuse(id, &message, &fault);
    }

    fn refuse(&mut self, id: ConnectionId, request: &MessageBuf, fault: &Fault) {
        tracing::warn!(
            peer = %self.config.host, command = request.header().command, result_code = fault.code,
            text = %fault.text, "request refused"
        );
        let answer = base::refusal(&self.config.local, request, &mut self.index, fault);
        self.send_on(id, answer.into_bytes());
    }

    fn answered(&mut self, message: MessageBuf) {
        self.events.push_back(match self.outstanding.take(&message.header()) {
            Some(id) => Event::Answer { id, message },
            None => Event::LateAnswer { message },
        });
    }

    /// Process-DWR: answered at once in every state that has a connection, whatever it holds; a peer that
    /// asks whether we are there must not be told about its grammar instead.
    fn answer_dwr(&mut self, id: ConnectionId, dwr: &MessageBuf) {
        let answer = match dwr.parse(&mut self.index, is_grouped) {
            Ok(parsed) => self.prepared.success(&parsed),
            Err(error) => {
                let fault = Fault::wire(&error, dwr.as_bytes());
                return self.refuse(id, dwr, &fault);
            }
        };
        if let Some(octets) = answer {
            self.send_on(id, octets);
        }
        self.note_state_id(dwr);
    }

    fn receive_dpr(&mut self, now: Instant, id: ConnectionId, dpr: &MessageBuf) {
        let cause = match dpr.parse(&mut self.index, is_grouped) {
            Ok(parsed) => parsed.avps().get(&avp::DISCONNECT_CAUSE).ok().flatten(),
            Err(error) => {
                let fault = Fault::wire(&error, dpr.as_bytes());
                return self.refuse(id, dpr, &fault);
            }
        };
        // Without a cause that can be read it is a goodbye all the same, and the mildest one.
        let cause = DisconnectCause::from_code(cause.map(u32::from).unwrap_or_default());
        self.said_goodbye(now, cause, dpr);
    }

    /// A raised Origin-State-Id in DWR or DWA: the peer forgot its sessions. A lower one is old news.
    fn note_state_id(&mut self, message: &MessageBuf) {
        if !self.state.is_open() {
            return;
        }
        let Ok(parsed) = message.parse(&mut self.index, is_grouped) else { return };
        let found = parsed.avps().get(&avp::ORIGIN_STATE_ID).ok().flatten();
        let Some(origin_state_id) = found.filter(|id| *id > self.peer_state_id.unwrap_or_default()) else {
            return;
        };
        // The first one that we hear of is no change.
        if self.peer_state_id.replace(origin_state_id).is_some() {
            self.events.push_back(Event::StateLost { origin_state_id });
        }
    }
}
