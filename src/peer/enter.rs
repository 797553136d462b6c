//! What entering a state brings with it: timers, events, the next dial; and what its timers do.

use std::time::{Duration, Instant};

use super::{
    DisconnectCause, Event, Peer, State, WatchdogState,
    act::{Redial, Subject},
    fsm::Input,
    watchdog::Effect,
};
use crate::wire::MessageBuf;

impl Peer {
    /// The state, its timer, and what its owner is told.
    pub(super) fn enter(&mut self, now: Instant, next: State) {
        let previous = std::mem::replace(&mut self.state, next);
        if previous == next {
            return;
        }
        self.since = now;
        self.state_deadline = match (previous, next) {
            (State::Closed, State::WaitConnAck)
            | (State::WaitConnAck, State::WaitICea)
            | (State::WaitConnAckElect, State::WaitReturns) => Some(now + self.config.capabilities_timeout),
            (_, State::Closing) => Some(now + self.config.closing_timeout),
            (_, State::Closed | State::ROpen | State::IOpen) => None,
            // On the way back from an election the wait that began before it goes on.
            (_, State::WaitConnAck | State::WaitICea | State::WaitConnAckElect | State::WaitReturns) => {
                self.state_deadline
            }
        };
        if next.is_open() {
            self.opened(now);
        } else if previous.is_open() {
            self.watchdog.disconnected();
            self.events.push_back(Event::Down { reason: self.reason.clone(), cause: self.goodbye });
        }
        if next == State::Closed {
            self.plan_redial(now);
        }
        self.tell(now, previous, next);
    }

    /// One line for each change. While the peer is missed the attempts to reach it are at debug, unless one fails for
    /// another reason than the one before.
    fn tell(&mut self, now: Instant, from: State, to: State) {
        let (peer, reason) = (&self.config.host, &self.reason);
        let (was_open, is_open) = (from.is_open(), to.is_open());
        let failed = to == State::Closed && !was_open && from != State::Closing;
        let is_news = (was_open && !is_open || failed) && self.is_wanted();
        match &mut self.missed {
            Some((since, _)) if is_open => {
                let missed_s = now.saturating_duration_since(*since).as_secs();
                tracing::info!(%peer, %from, %to, %reason, missed_s, "peer is back");
                self.missed = None;
            }
            Some((_, told)) if failed && told != reason => {
                tracing::info!(%peer, %from, %to, %reason, "peer is still not reached");
                told.clone_from(reason);
            }
            Some(_) => tracing::debug!(%peer, %from, %to, %reason, "peer"),
            None if is_news => {
                match was_open {
                    true => tracing::warn!(%peer, %from, %to, %reason, "peer lost"),
                    false => tracing::warn!(%peer, %from, %to, %reason, "peer not reached"),
                }
                self.missed = Some((now, reason.clone()));
            }
            None => tracing::info!(%peer, %from, %to, %reason, "peer"),
        }
    }

    /// Whether nobody meant the end of the connection: neither we, nor a peer that comes and goes as it likes.
    fn is_wanted(&self) -> bool {
        !self.held && (self.config.connect || self.goodbye.is_none())
    }

    fn opened(&mut self, now: Instant) {
        self.opened = Some(now);
        self.reconnect_at = None;
        self.goodbye = None;
        self.redial = Redial::BackOff;
        self.outstanding.clear();
        self.reason = "capabilities exchanged".into();
        let capabilities = self.active_connection().and_then(|connection| connection.capabilities.clone());
        if let Some(capabilities) = capabilities {
            self.peer_state_id = capabilities.origin_state_id;
            self.events.push_back(Event::Up {
                origin_host: capabilities.origin_host,
                origin_realm: capabilities.origin_realm,
                origin_state_id: capabilities.origin_state_id,
                applications: capabilities.applications,
            });
        }
        let effect = self.watchdog.connected(now, &mut self.chance);
        if self.watchdog.state() == WatchdogState::Reopen {
            self.reason = "connected again; it is used once it has answered a few DWRs".into();
        }
        self.effect(now, effect);
    }

    /// No loss is for ever: whatever ended, there is a next dial, unless somebody said stop.
    fn plan_redial(&mut self, now: Instant) {
        let open = self.how_long_open(now);
        if self.held || !self.config.connect {
            return;
        }
        let wait = match std::mem::replace(&mut self.redial, Redial::BackOff) {
            Redial::BackOff => self.backoff.after_loss(open, &mut self.chance),
            Redial::AfterRefusal => self.backoff.after_refusal(&mut self.chance),
            Redial::AtOnce => Duration::ZERO,
        };
        self.reconnect_at = Some(now + wait);
    }

    /// The peer's DPR.
    pub(super) fn said_goodbye(&mut self, now: Instant, cause: DisconnectCause, dpr: &MessageBuf) {
        if self.state.is_open() {
            let host = &self.config.host;
            self.goodbye = Some(cause);
            self.reason = match cause {
                DisconnectCause::Rebooting => format!("{host} disconnected: REBOOTING"),
                refusal if !self.config.connect => {
                    format!("{host} disconnected: {refusal}: look there for the cause")
                }
                refusal => format!(
                    "{host} disconnected: {refusal}; it is dialled again after {:?}: look there for the cause",
                    self.config.reconnect_after_refusal
                ),
            };
            if cause.is_refusal() {
                self.redial = Redial::AfterRefusal;
            }
        }
        self.step(now, Input::RcvDpr, Subject::Message(dpr));
    }

    /// Does what the watchdog wants.
    pub(super) fn effect(&mut self, now: Instant, effect: Effect) {
        let host = &self.config.host;
        match effect {
            Effect::Nothing => return,
            Effect::SendDwr => {
                let ids = self.fresh_ids();
                if let Some(connection) = self.active() {
                    self.dwr = Some(ids.0);
                    let dwr = self.prepared.dwr(ids);
                    self.send_on(connection, dwr.into_bytes());
                }
                return;
            }
            Effect::Failover => {
                self.reason =
                    format!("{host} has not answered a DWR for {:?}", self.config.watchdog_interval);
                self.events.push_back(Event::Suspect);
            }
            Effect::Failback => {
                self.reason = "open".into();
                self.events.push_back(Event::Okay);
            }
            Effect::Close => {
                let why = format!("{host} stopped answering DWRs: check that it is not overloaded or hung");
                if let Some(connection) = self.active() {
                    self.fail(now, connection, why);
                }
                return;
            }
        }
        self.since = now;
        let (peer, watchdog, reason) = (&self.config.host, self.watchdog.state(), &self.reason);
        match watchdog {
            WatchdogState::Suspect => tracing::warn!(%peer, %watchdog, %reason, "peer suspect"),
            _ => tracing::info!(%peer, %watchdog, %reason, "watchdog"),
        }
    }

    /// The wait in the present state is over.
    pub(super) fn expire(&mut self, now: Instant) {
        let (host, waited) = (&self.config.host, self.config.capabilities_timeout);
        match self.state {
            State::WaitConnAck | State::WaitConnAckElect => {
                self.reason = format!(
                    "cannot connect to {host}: nothing came back in {waited:?}: check its `address` and firewalls"
                );
            }
            State::WaitICea | State::WaitReturns => {
                self.reason = format!(
                    "{host} did not answer the CER in {waited:?}: check that `address` is its Diameter port and \
                     `transport` the one it expects"
                );
            }
            State::Closed | State::ROpen | State::IOpen | State::Closing => {}
        }
        self.state_deadline = None;
        self.step(now, Input::Timeout, Subject::None);
    }
}
