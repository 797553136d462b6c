//! Requests that wait for their outcome, and a memory of those that had one (RFC 6733 §5.5.4).
//!
//! Only bookkeeping: what to do when an attempt fails is decided in `failover.rs`.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::{Duration, Instant},
};

use super::{LateKind, PeerIndex, RequestId, overload::Lot, same_identity};
use crate::wire::{EndToEndId, MessageBuf};

/// How long a late answer is recognised. The connection of a peer that is silent for longer is closed by the
/// watchdog, and its answers with it.
const REMEMBER: Duration = Duration::from_secs(600);

/// Most requests remembered for the sake of late answers; the oldest are forgotten first.
const MAX_REMEMBERED: usize = 100_000;

/// What has become of one sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// No answer yet.
    Unanswered,
    /// Answered: nothing more is expected of it.
    Answered,
}

/// One sending of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sending {
    pub peer: PeerIndex,
    /// Which of the peer's connections: see `Slot::connection`.
    pub connection: u64,
    pub attempt: Attempt,
    pub at: Instant,
}

/// A request without an outcome.
#[derive(Debug)]
pub(super) struct Pending {
    /// With its End-to-End Identifier.
    pub message: MessageBuf,
    pub destination_host: Option<String>,
    pub destination_realm: Option<String>,
    /// When it was asked for.
    pub began: Instant,
    /// It may be kept back.
    pub lot: Option<Lot>,
    /// When there is an outcome, whatever happens.
    pub deadline: Instant,
    /// When to look at it again: end of the attempt, or the deadline.
    pub wake: Instant,
    pub sendings: Vec<Sending>,
    /// The peer that counts it among those that wait for its answer.
    pub current: Option<PeerIndex>,
    /// It has been sent once more after an attempt without an answer.
    pub resent: bool,
    /// It has been sent to another peer after one said 3002, 3003 or 3004.
    pub rerouted: bool,
    /// Where a 3006 sent it.
    pub redirected: Option<PeerIndex>,
    /// It should be sent once more as soon as there is a connection for it.
    pub wanting: bool,
    /// The peer that could take it if fewer requests waited there.
    pub queued_at: Option<PeerIndex>,
    /// The latest thing that went wrong.
    pub reason: String,
}

impl Pending {
    /// Whether somebody may have acted on it without our knowing: the T bit (RFC 6733 §3).
    pub fn is_uncertain(&self) -> bool {
        self.sendings.iter().any(|sending| sending.attempt == Attempt::Unanswered)
    }

    pub fn was_sent_to(&self, peer: PeerIndex) -> bool {
        self.sendings.iter().any(|sending| sending.peer == peer)
    }

    pub fn was_sent_on(&self, peer: PeerIndex, connection: u64) -> bool {
        self.sendings.iter().any(|sending| sending.peer == peer && sending.connection == connection)
    }

    /// When it was last sent to this peer.
    pub fn sent_at(&self, peer: PeerIndex) -> Option<Instant> {
        self.sendings.iter().rfind(|sending| sending.peer == peer).map(|sending| sending.at)
    }

    /// The peers that may have acted without an answer, each once, in order.
    pub fn may_have_acted(&self) -> Vec<PeerIndex> {
        let mut peers = Vec::new();
        for sending in &self.sendings {
            if sending.attempt == Attempt::Unanswered && !peers.contains(&sending.peer) {
                peers.push(sending.peer);
            }
        }
        peers
    }

    /// The peer's latest sending was answered.
    pub fn answered_by(&mut self, peer: PeerIndex) {
        if let Some(sending) = self.sendings.iter_mut().rfind(|sending| sending.peer == peer) {
            sending.attempt = Attempt::Answered;
        }
    }
}

/// All requests without an outcome.
#[derive(Debug, Default)]
pub(super) struct Table {
    requests: HashMap<RequestId, Pending>,
    by_end_to_end: HashMap<EndToEndId, RequestId>,
    /// One entry for each request: when to look at it.
    wakes: BTreeSet<(Instant, RequestId)>,
    wanting: BTreeSet<RequestId>,
    /// Those among them that a peer could take if fewer requests waited there.
    queued: BTreeSet<(PeerIndex, RequestId)>,
}

impl Table {
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    pub fn ids(&self) -> Vec<RequestId> {
        self.wakes.iter().map(|(_, id)| *id).collect()
    }

    pub fn insert(&mut self, id: RequestId, pending: Pending) {
        self.by_end_to_end.insert(pending.message.header().end_to_end, id);
        self.wakes.insert((pending.wake, id));
        self.requests.insert(id, pending);
    }

    pub fn get(&self, id: RequestId) -> Option<&Pending> {
        self.requests.get(&id)
    }

    pub fn get_mut(&mut self, id: RequestId) -> Option<&mut Pending> {
        self.requests.get_mut(&id)
    }

    pub fn by_end_to_end(&self, end_to_end: EndToEndId) -> Option<RequestId> {
        self.by_end_to_end.get(&end_to_end).copied()
    }

    pub fn remove(&mut self, id: RequestId) -> Option<Pending> {
        let pending = self.requests.remove(&id)?;
        self.by_end_to_end.remove(&pending.message.header().end_to_end);
        self.wakes.remove(&(pending.wake, id));
        self.wanting.remove(&id);
        pending.queued_at.map(|peer| self.queued.remove(&(peer, id)));
        Some(pending)
    }

    /// Looks at the request again at `wake`, or at its deadline if that is earlier.
    pub fn wake_at(&mut self, id: RequestId, wake: Instant) {
        if let Some(pending) = self.requests.get_mut(&id) {
            self.wakes.remove(&(pending.wake, id));
            pending.wake = wake.min(pending.deadline);
            self.wakes.insert((pending.wake, id));
        }
    }

    /// Whether the request should be sent once more as soon as there is a connection for it.
    pub fn set_wanting(&mut self, id: RequestId, wanting: bool) {
        if let Some(pending) = self.requests.get_mut(&id) {
            pending.wanting = wanting;
            match wanting {
                true => self.wanting.insert(id),
                false => self.wanting.remove(&id),
            };
        }
    }

    /// Whether the request should be sent once more as soon as this peer has room for it.
    pub fn set_queued(&mut self, id: RequestId, at: Option<PeerIndex>) {
        if let Some(pending) = self.requests.get_mut(&id) {
            let before = std::mem::replace(&mut pending.queued_at, at);
            before.map(|peer| self.queued.remove(&(peer, id)));
            at.map(|peer| self.queued.insert((peer, id)));
        }
    }

    /// The oldest request that wants room at this peer.
    pub fn first_queued(&self, peer: PeerIndex) -> Option<RequestId> {
        let mut queued = self.queued.range((peer, RequestId(0))..=(peer, RequestId(u64::MAX)));
        queued.next().map(|(_, id)| *id)
    }

    /// The requests that want another connection.
    pub fn wanting(&self) -> Vec<RequestId> {
        self.wanting.iter().copied().collect()
    }

    pub fn next_wake(&self) -> Option<Instant> {
        self.wakes.first().map(|(wake, _)| *wake)
    }

    /// A request whose time has come; it stays the first until its wake is moved or it is removed.
    pub fn due(&self, now: Instant) -> Option<RequestId> {
        self.wakes.first().filter(|(wake, _)| *wake <= now).map(|(_, id)| *id)
    }
}

/// The answer that became an outcome.
#[derive(Debug)]
pub(super) struct Used {
    pub peer: PeerIndex,
    pub origin_host: Option<String>,
}

#[derive(Debug)]
struct Remembered {
    sent_to: Vec<PeerIndex>,
    used: Option<Used>,
}

/// Requests that had their outcome while somebody may still answer them.
#[derive(Debug, Default)]
pub(super) struct Memory {
    requests: HashMap<EndToEndId, Remembered>,
    order: VecDeque<(Instant, EndToEndId)>,
}

impl Memory {
    /// Remembers a request that is over.
    pub fn insert(&mut self, now: Instant, pending: &Pending, used: Option<Used>) {
        while self.order.len() >= MAX_REMEMBERED
            || self.order.front().is_some_and(|(since, _)| *since + REMEMBER <= now)
        {
            let Some((_, oldest)) = self.order.pop_front() else { break };
            self.requests.remove(&oldest);
        }
        let mut sent_to: Vec<_> = pending.sendings.iter().map(|sending| sending.peer).collect();
        sent_to.dedup();
        let end_to_end = pending.message.header().end_to_end;
        self.order.push_back((now, end_to_end));
        self.requests.insert(end_to_end, Remembered { sent_to, used });
    }

    /// What an answer with this identifier means when it comes from `peer`.
    pub fn kind(&self, end_to_end: EndToEndId, peer: PeerIndex, origin_host: Option<&str>) -> LateKind {
        let Some(remembered) = self.requests.get(&end_to_end).filter(|it| it.sent_to.contains(&peer)) else {
            return LateKind::Unasked;
        };
        // Behind one agent there may be two servers, each with an answer of its own.
        let repeated = remembered.used.as_ref().is_some_and(|used| {
            used.peer == peer
                && match (used.origin_host.as_deref(), origin_host) {
                    (Some(used), Some(found)) => same_identity(used, found),
                    (used, found) => used == found,
                }
        });
        if repeated { LateKind::Repeated } else { LateKind::Unused }
    }
}
