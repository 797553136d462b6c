//! Requests that go out: which peers can take one, and what happens when an attempt fails (RFC 6733 §5.5.4,
//! §6.1, §6.12, §7.1.3; RFC 3539 §3.4).
//!
//! - An attempt without an answer in time, or whose connection is lost or suspect, is followed by one more,
//!   at another open peer or on another connection of the same one, inside the same total time. It carries
//!   the same End-to-End Identifier and the T bit.
//! - A 3004, or a 3002 or 3003 to a request for no particular host, is followed by one attempt at another peer.
//! - A 3006 is followed once, to a host on the list of those it may point to.
//!
//! - What may be shed is kept away from whoever asked for less (`overload.rs`).
//!
//! Whichever attempt is answered first gives the outcome; an answer to another one is reported as late.

use std::time::Instant;

use super::{
    Answered, LateKind, Node, NodeEvent, NodePeer, OutgoingRequest, PeerIndex, RequestError, RequestId,
    Transport,
    candidates::Choice,
    facts::{Facts, drmp, redirect_hosts, reports, text},
    overload::{Abated, Olr},
    pending::{Attempt, Pending, Sending, Used},
    redirect::{self, Target},
    route::part,
    same_identity,
    slot::{Origin, Slot},
};
use crate::{
    dict::{avp, result},
    wire::{CommandFlags, EndToEndId, HopByHopId, MessageBuf},
};

impl Node {
    /// Sends a request. There is exactly one [`NodeEvent::Outcome`] for it, at the latest when its time is
    /// over; it may be there already when this returns.
    pub fn request(&mut self, now: Instant, outgoing: OutgoingRequest) -> RequestId {
        self.next_request += 1;
        let id = RequestId(self.next_request);
        if let Err(error) = self.begin(now, id, outgoing) {
            self.events.push_back(NodeEvent::Outcome { id, result: Err(error) });
        }
        self.settle(now);
        id
    }

    fn begin(&mut self, now: Instant, id: RequestId, outgoing: OutgoingRequest) -> Result<(), RequestError> {
        let OutgoingRequest { message, destination_host, within, sheddable } = outgoing;
        if !message.header().is_request() {
            return Err(RequestError::NotARequest);
        }
        if self.stopping {
            return Err(RequestError::ShuttingDown);
        }
        // What ends sessions still has room when what asks for them has none.
        let reserved = if sheddable { self.config.max_pending / 8 } else { 0 };
        if self.table.len() >= self.config.max_pending - reserved {
            let reason = format!("{} over all peers", self.table.len());
            return Err(RequestError::Overloaded { reason, retry_after: self.config.attempt_timeout });
        }
        self.next_end_to_end = self.next_end_to_end.wrapping_add(1);
        let message = message.with_end_to_end(EndToEndId(self.next_end_to_end));
        let deadline = now + within;
        let destination_realm = text(&message, &avp::DESTINATION_REALM).map(str::to_owned);
        let lot = sheddable.then(|| self.overload.draw(now, drmp(&message), part(&mut self.chance)));
        let pending = Pending {
            message,
            destination_host,
            destination_realm,
            lot,
            began: now,
            deadline,
            wake: deadline,
            sendings: Vec::new(),
            current: None,
            resent: false,
            rerouted: false,
            redirected: None,
            wanting: false,
            queued_at: None,
            reason: String::new(),
        };
        self.table.insert(id, pending);
        let Err(otherwise) = self.try_to_send(now, id, false) else { return Ok(()) };
        let pending = self.table.remove(id);
        Err(match otherwise {
            Choice::Full(peer) => {
                let full =
                    self.slots.get(peer.0).map(|slot| format!("{} for {}", slot.waiting.len(), slot.name()));
                let (reason, retry_after) = (full.unwrap_or_default(), self.config.attempt_timeout);
                RequestError::Overloaded { reason, retry_after }
            }
            Choice::Abated(Abated { reason, retry_after }) => RequestError::Abated { reason, retry_after },
            Choice::Peer(_) | Choice::Nowhere => {
                RequestError::NoPeer { reason: self.nobody(now, pending.as_ref()) }
            }
        })
    }

    /// The wake of a request came: its attempt or all its time is over.
    pub(super) fn wake(&mut self, now: Instant, id: RequestId) {
        let Some(pending) = self.table.get(id) else { return };
        if let Some(slot) = pending.current.and_then(|peer| self.slots.get_mut(peer.0)) {
            slot.counters.timeouts.add();
            slot.penalty.raise(now);
        }
        let who = pending.current.and_then(|peer| self.slots.get(peer.0)).map(Slot::name);
        if pending.deadline <= now {
            let only = who.filter(|_| pending.reason.is_empty()).map(|who| format!("{who} did not answer"));
            return self.give_up(now, id, only.as_deref());
        }
        let timeout = self.config.attempt_timeout;
        let reason = format!("{} did not answer in {timeout:?}", who.unwrap_or_default());
        self.attempt_failed(now, id, reason);
    }

    /// A peer became suspect, or (`lost`) its connection is gone.
    pub(super) fn peer_failed(&mut self, now: Instant, peer: PeerIndex, why: &str, lost: bool) {
        let Some(slot) = self.slots.get_mut(peer.0) else { return };
        let reason = format!("{} {why}", slot.name());
        let waiting: Vec<_> = slot.waiting.iter().copied().collect();
        for id in waiting {
            if lost {
                self.leave_current(id);
            }
            self.attempt_failed(now, id, reason.clone());
        }
    }

    /// Sends the request once more if that is still due, else leaves it to its deadline or gives it up.
    fn attempt_failed(&mut self, now: Instant, id: RequestId, reason: String) {
        let Some(pending) = self.table.get_mut(id) else { return };
        pending.reason = reason;
        if !pending.resent {
            if self.send_somewhere(now, id, false) {
                self.was_resent(id);
                return;
            }
            return self.want(now, id);
        }
        if !self.may_be_answered(id) {
            return self.give_up(now, id, None);
        }
        self.wait_for_deadline(now, id);
    }

    /// The request waits for a connection, or for room at a peer.
    fn want(&mut self, now: Instant, id: RequestId) {
        self.table.set_wanting(id, true);
        self.queue(now, id);
        self.wait_for_deadline(now, id);
    }

    /// If only the number of requests that wait there keeps peers from taking this one, it is next at one of
    /// them.
    fn queue(&mut self, now: Instant, id: RequestId) {
        let at = match self.best(now, id, false) {
            Choice::Full(peer) => Some(peer),
            Choice::Peer(_) | Choice::Abated(_) | Choice::Nowhere => None,
        };
        self.table.set_queued(id, at);
    }

    fn wait_for_deadline(&mut self, now: Instant, id: RequestId) {
        let deadline = self.table.get(id).map(|pending| pending.deadline);
        self.table.wake_at(id, deadline.unwrap_or(now));
    }

    /// A peer that was full has room for one more.
    pub(super) fn send_queued(&mut self, now: Instant, peer: PeerIndex) {
        if let Some(id) = self.table.first_queued(peer) {
            self.send_wanted(now, id);
        }
    }

    fn send_wanted(&mut self, now: Instant, id: RequestId) {
        match self.send_somewhere(now, id, false) {
            true => self.was_resent(id),
            false => self.queue(now, id),
        }
    }

    /// A peer can be used again: now is the time for requests that want another connection.
    pub(super) fn send_wanting(&mut self, now: Instant) {
        for id in self.table.wanting() {
            self.send_wanted(now, id);
        }
    }

    fn was_resent(&mut self, id: RequestId) {
        let Some(pending) = self.table.get_mut(id) else { return };
        // A request that only waited for the host it was redirected to has not been repeated.
        pending.resent = pending.sendings.iter().rev().skip(1).any(|it| it.attempt == Attempt::Unanswered);
        if pending.resent {
            let end_to_end = pending.message.header().end_to_end.0;
            let slot = pending.current.and_then(|peer| self.slots.get(peer.0));
            let host = slot.map(|slot| &*slot.host).unwrap_or_default();
            tracing::info!(peer = %host, end_to_end, reason = %pending.reason, "request sent once more");
        }
    }

    /// Whether an answer to any sending can still come.
    fn may_be_answered(&self, id: RequestId) -> bool {
        let alive = |sending: &Sending| {
            let slot = self.slots.get(sending.peer.0);
            slot.is_some_and(|slot| slot.open && slot.connection == sending.connection)
        };
        let pending = self.table.get(id);
        pending.is_some_and(|pending| {
            pending.sendings.iter().any(|sending| sending.attempt == Attempt::Unanswered && alive(sending))
        })
    }

    /// Sends the request to the best peer that is left for it; `others` leaves out those that had it before.
    fn send_somewhere(&mut self, now: Instant, id: RequestId, others: bool) -> bool {
        self.try_to_send(now, id, others).is_ok()
    }

    /// The same; the error is what there is instead of a peer.
    fn try_to_send(&mut self, now: Instant, id: RequestId, others: bool) -> Result<(), Choice> {
        // A peer that refuses to send is not usable any more, so this ends.
        loop {
            match self.best(now, id, others) {
                Choice::Peer(peer) if self.send(now, id, peer) => return Ok(()),
                Choice::Peer(_) => {}
                otherwise => return Err(otherwise),
            }
        }
    }

    fn send(&mut self, now: Instant, id: RequestId, peer: PeerIndex) -> bool {
        self.leave_current(id);
        let attempt_timeout = self.config.attempt_timeout;
        let (Some(pending), Some(slot)) = (self.table.get_mut(id), self.slots.get_mut(peer.0)) else {
            return false;
        };
        let flags = pending.message.header().flags;
        let retransmit = pending.is_uncertain() || flags.contains(CommandFlags::RETRANSMIT);
        let message = pending.message.clone().with_hop_by_hop(HopByHopId(0), retransmit);
        slot.peer.forget(id);
        self.agenda.push_back(peer);
        if let Err(error) = slot.peer.request(now, id, message) {
            slot.usable = false;
            pending.reason = error.to_string();
            return false;
        }
        slot.counters.requests_sent.add();
        if retransmit {
            slot.counters.retransmissions.add();
        }
        slot.waiting.insert(id);
        slot.counters.pending.up();
        pending.current = Some(peer);
        let (connection, attempt) = (slot.connection, Attempt::Unanswered);
        pending.sendings.push(Sending { peer, connection, attempt, at: now });
        self.table.set_wanting(id, false);
        self.table.set_queued(id, None);
        self.table.wake_at(id, now + attempt_timeout);
        true
    }

    /// The request does not wait at its peer any more; an answer from there is found by its End-to-End
    /// Identifier.
    fn leave_current(&mut self, id: RequestId) {
        let current = self.table.get_mut(id).and_then(|pending| pending.current.take());
        if let Some(slot) = current.and_then(|peer| self.slots.get_mut(peer.0)) {
            if slot.waiting.remove(&id) {
                slot.counters.pending.down();
                if slot.waiting.len() + 1 == self.config.max_outstanding {
                    self.roomy.extend(current);
                }
            }
            slot.peer.forget(id);
        }
    }

    // ---- Answers

    /// An answer came from `peer`; `id` if it fits a request that waits there.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        peer: PeerIndex,
        id: Option<RequestId>,
        message: MessageBuf,
    ) {
        let header = message.header();
        let id = id.or_else(|| self.table.by_end_to_end(header.end_to_end)).filter(|id| {
            self.table.get(*id).is_some_and(|pending| {
                pending.was_sent_to(peer) && pending.message.header().command == header.command
            })
        });
        self.heed(now, &message);
        let Some(slot) = self.slots.get_mut(peer.0) else { return };
        let Some(id) = id else {
            let kind = self.memory.kind(header.end_to_end, peer, Facts::of(&message).origin_host);
            match kind {
                LateKind::Unused => slot.counters.late_answers.add(),
                LateKind::Repeated | LateKind::Unasked => slot.counters.stray_answers.add(),
            }
            let peer = slot.host.clone();
            return self.events.push_back(NodeEvent::LateAnswer { peer, message, kind });
        };
        slot.counters.answers_received.add();
        let sent_at = self.table.get(id).and_then(|pending| pending.sent_at(peer)).unwrap_or(now);
        let facts = Facts::of(&message);
        slot.counters.exchanges.received(&message, &facts, now.duration_since(sent_at));
        slot.busy.answered(now, facts.result_code == Some(result::TOO_BUSY));
        if facts.is_protocol_error() {
            self.refused(now, peer, id, message.clone());
        } else {
            self.finish(now, id, peer, message);
        }
    }

    /// Takes over what an answer says about overload (RFC 7683 §5.2.1).
    fn heed(&mut self, now: Instant, answer: &MessageBuf) {
        for (scope, olr) in reports(answer) {
            if self.overload.note(now, answer.header().application, &scope, olr) {
                let Olr { sequence, reduction, validity } = olr;
                tracing::warn!(about = ?scope, sequence, reduction, validity, "overload report");
            }
        }
    }

    /// A protocol error: the peer did not act, somebody else may (RFC 6733 §7.1.3).
    fn refused(&mut self, now: Instant, peer: PeerIndex, id: RequestId, message: MessageBuf) {
        let code = Facts::of(&message).result_code.unwrap_or_default();
        if code == result::TOO_BUSY
            && let Some(slot) = self.slots.get_mut(peer.0)
        {
            slot.counters.too_busy.add();
            slot.penalty.raise(now);
        }
        let Some(pending) = self.table.get_mut(id) else { return };
        pending.answered_by(peer);
        if pending.current.is_some_and(|current| current != peer) {
            // The attempt that counts is another one.
            return;
        }
        let elsewhere = match code {
            result::TOO_BUSY => true,
            result::UNABLE_TO_DELIVER | result::REALM_NOT_SERVED => pending.destination_host.is_none(),
            _ => false,
        };
        if elsewhere && !pending.rerouted && pending.redirected.is_none() {
            pending.rerouted = true;
            pending.reason =
                format!("{} answered {code}", self.slots.get(peer.0).map(Slot::name).unwrap_or_default());
            if self.send_somewhere(now, id, true) {
                return;
            }
        }
        if code == result::REDIRECT_INDICATION && self.redirect(now, id, peer, &message) {
            return;
        }
        self.finish(now, id, peer, message);
    }

    /// Follows a 3006 of this peer, once, to a host on the list.
    fn redirect(&mut self, now: Instant, id: RequestId, from: PeerIndex, message: &MessageBuf) -> bool {
        if self.table.get(id).is_none_or(|pending| pending.redirected.is_some()) {
            return false;
        }
        let over_tls = self.address(from).is_some_and(|address| address.transport == Transport::Tls);
        let may_be_followed = |target: &Target| {
            if !self.config.redirect_hosts.iter().any(|it| same_identity(it, &target.host)) {
                return Err("is not among `redirect_hosts`");
            }
            // How one that is configured is reached is not for others to say.
            let leaves_tls = over_tls && target.address.transport != Transport::Tls;
            if leaves_tls && self.peer_named(&target.host).is_none() {
                return Err("is without TLS, over which it was named");
            }
            Ok(())
        };
        let targets = match redirect::targets(redirect_hosts(message), may_be_followed) {
            Ok(targets) => targets,
            Err(reason) => {
                tracing::warn!(reason, "redirected to no host that is followed");
                return false;
            }
        };
        let mut peers = Vec::new();
        for target in targets {
            peers.push(self.peer_named(&target.host).unwrap_or_else(|| {
                self.add(now, NodePeer::new(target.host, target.address), Origin::Redirected)
            }));
        }
        let is_usable = |peer: &PeerIndex| self.slots.get(peer.0).is_some_and(|slot| slot.usable);
        let Some(target) = peers.iter().copied().find(is_usable).or(peers.first().copied()) else {
            return false;
        };
        self.leave_current(id);
        if let Some(pending) = self.table.get_mut(id) {
            pending.redirected = Some(target);
        }
        if !self.send_somewhere(now, id, false) {
            self.want(now, id);
        }
        true
    }

    // ---- Outcomes

    /// The outcome is this answer.
    fn finish(&mut self, now: Instant, id: RequestId, peer: PeerIndex, message: MessageBuf) {
        self.leave_current(id);
        let Some(mut pending) = self.table.remove(id) else { return };
        let mut acted = pending.may_have_acted();
        if !acted.contains(&peer) {
            acted.push(peer);
        }
        // What was sent on this peer's latest connection is answered now; the rest may be answered late.
        pending.answered_by(peer);
        let in_doubt = pending.may_have_acted().contains(&peer);
        if pending.is_uncertain() {
            let origin_host = Facts::of(&message).origin_host.map(str::to_owned);
            self.memory.insert(now, &pending, Some(Used { peer, origin_host }));
        }
        let answered =
            Answered { message, peer: self.name_of(peer), sent_to: self.names_of(&acted), in_doubt };
        self.events.push_back(NodeEvent::Outcome { id, result: Ok(answered) });
    }

    /// The outcome is that there is no answer.
    fn give_up(&mut self, now: Instant, id: RequestId, why: Option<&str>) {
        self.leave_current(id);
        let Some(mut pending) = self.table.remove(id) else { return };
        if let Some(why) = why {
            pending.reason = why.to_owned();
        }
        let acted = pending.may_have_acted();
        let error = if acted.is_empty() {
            RequestError::NoPeer { reason: self.nobody(now, Some(&pending)) }
        } else {
            self.memory.insert(now, &pending, None);
            // The reason is that of one attempt; whoever asked waited for all of them.
            let waited = now.saturating_duration_since(pending.began);
            let reason = format!("{}; waited {waited:.1?} in all", pending.reason);
            RequestError::NoAnswer { sent_to: self.names_of(&acted), reason }
        };
        self.events.push_back(NodeEvent::Outcome { id, result: Err(error) });
    }

    /// Every request that waits gets its outcome: this node is shutting down.
    pub(super) fn give_up_all(&mut self, now: Instant) {
        for id in self.table.ids() {
            self.give_up(now, id, Some("this node is shutting down"));
        }
    }

    fn name_of(&self, peer: PeerIndex) -> String {
        self.slots.get(peer.0).map(|slot| slot.host.to_string()).unwrap_or_default()
    }

    fn names_of(&self, peers: &[PeerIndex]) -> Vec<String> {
        peers.iter().map(|peer| self.name_of(*peer)).collect()
    }
}
