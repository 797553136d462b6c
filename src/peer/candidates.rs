//! Which peers can take a request now, and why nobody can (RFC 6733 §6.1.4-6.1.6).
//!
//! - For a host: the host itself if it is an open peer, else an agent that may know it.
//! - For a realm: its open peers and agents; without any, whoever serves the application.
//!
//! A peer that had the request comes after those that had not, and only with a new connection. One that asked for
//! less, or is too busy, is left out as often as it takes: then the request goes to others, or to nobody.

use std::time::Instant;

use super::{
    Node, PeerIndex, RequestId,
    overload::{Abated, Lot, Scope},
    pending::Pending,
    route::{Candidate, choose},
    same_identity,
    slot::{Origin, Slot},
};

/// Most peers that an error text names.
const MAX_NAMED: usize = 8;

/// Where a request can go.
pub(super) enum Choice {
    Peer(PeerIndex),
    /// Only to peers that have too many requests waiting already.
    Full(PeerIndex),
    /// Only to peers that it is kept away from.
    Abated(Abated),
    Nowhere,
}

impl Node {
    /// The peer that should get the request now, among those that did not have it on their present connection.
    pub(super) fn best(&mut self, now: Instant, id: RequestId, others: bool) -> Choice {
        let Some(pending) = self.table.get(id) else { return Choice::Nowhere };
        let application = pending.message.header().application;
        let direct = match (pending.redirected, &pending.destination_host) {
            (Some(target), _) => Some(target),
            (None, Some(host)) => self.peer_named(host),
            (None, None) => None,
        };
        let particular = pending.redirected.is_some() || pending.destination_host.is_some();
        let realm = pending.destination_realm.as_deref();
        // First choice, second choice.
        let tier = |index: PeerIndex, slot: &Slot| match particular {
            true if direct == Some(index) => Some(0),
            true => (pending.redirected.is_none() && slot.is_relay).then_some(1),
            false if slot.origin == Origin::Redirected => None,
            false if slot.is_relay || realm.is_none_or(|realm| same_identity(realm, &slot.realm)) => Some(0),
            // Nobody of the realm is there: then whoever serves the application, as a default route.
            false => Some(1),
        };
        let lot = pending.lot;
        if let Some(abated) = lot.and_then(|lot| self.abated_anywhere(now, pending, lot)) {
            return Choice::Abated(abated);
        }
        let mut candidates: [Vec<Candidate>; 4] = Default::default();
        let (mut full, mut abated) = (None, None);
        let mut kept_away = Vec::new();
        for (index, slot) in self.slots.iter().enumerate() {
            let index = PeerIndex(index);
            let had_it = pending.was_sent_to(index);
            if !slot.usable
                || !slot.peer.serves(application)
                || pending.was_sent_on(index, slot.connection)
                || others && had_it
            {
                continue;
            }
            let Some(tier) = tier(index, slot) else { continue };
            if slot.waiting.len() >= self.config.max_outstanding {
                full = Some(index);
                continue;
            }
            if let Some(by) = lot.and_then(|lot| self.abated_at(now, application, particular, slot, lot)) {
                kept_away.push(index);
                abated = Some(by);
                continue;
            }
            let share = slot.penalty.share(now);
            let candidate = Candidate { peer: index, priority: slot.priority, weight: slot.weight, share };
            // A peer that never had it before one that lost it with its connection.
            candidates[2 * tier + usize::from(had_it)].push(candidate);
        }
        let candidates = candidates.into_iter().find(|candidates| !candidates.is_empty());
        for index in kept_away {
            if let Some(slot) = self.slots.get_mut(index.0) {
                slot.counters.abated.add();
            }
        }
        match (candidates.and_then(|candidates| choose(candidates, &mut self.chance)), full, abated) {
            (Some(peer), ..) => Choice::Peer(peer),
            (None, Some(full), _) => Choice::Full(full),
            (None, None, Some(abated)) => Choice::Abated(abated),
            (None, None, None) => Choice::Nowhere,
        }
    }

    /// Whether a request is kept away from the host that it is for, or from the realm if it is for none
    /// (RFC 7683 §7.6).
    fn abated_anywhere(&self, now: Instant, pending: &Pending, lot: Lot) -> Option<Abated> {
        if self.overload.is_quiet() {
            return None;
        }
        let scope = match (&pending.destination_host, &pending.destination_realm) {
            (Some(host), _) => Scope::host(host),
            (None, Some(realm)) => Scope::realm(realm),
            (None, None) => return None,
        };
        self.overload.abates(now, pending.message.header().application, &scope, lot)
    }

    /// Whether it is kept away from this peer. One for a particular host is kept away from that host only.
    fn abated_at(
        &self,
        now: Instant,
        application: u32,
        particular: bool,
        slot: &Slot,
        lot: Lot,
    ) -> Option<Abated> {
        let by_report = match particular || self.overload.is_quiet() {
            true => None,
            false => self.overload.abates(now, application, &Scope::host(&slot.host), lot),
        };
        by_report.or_else(|| self.overload.is_too_busy(now, || slot.name(), &slot.busy, lot))
    }

    /// Why nobody can take the request: each peer in question, its state and why.
    pub(super) fn nobody(&self, now: Instant, pending: Option<&Pending>) -> String {
        let particular = pending.and_then(|pending| pending.destination_host.as_deref());
        let why = |slot: &Slot| {
            let status = slot.peer.status();
            let since = now.saturating_duration_since(status.since).as_secs();
            match (slot.usable, particular) {
                (false, _) => {
                    let state = status.name();
                    format!("{} is {state} for {since} s: {}", slot.name(), status.reason)
                }
                (true, Some(host)) => format!("{} is open, but neither {host} nor an agent", slot.name()),
                (true, None) => format!("{} is open, but does not offer the application", slot.name()),
            }
        };
        let target = pending.and_then(|pending| pending.redirected);
        let slots = self.slots.iter().enumerate().filter(|(index, slot)| match target {
            Some(target) => target == PeerIndex(*index),
            None => slot.origin == Origin::Configured || self.config.peers.is_empty(),
        });
        let named: Vec<_> = slots.map(|(_, slot)| why(slot)).take(MAX_NAMED).collect();
        match named.is_empty() {
            true => "no peer is configured".into(),
            false => named.join("; "),
        }
    }
}
