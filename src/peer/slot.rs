//! A peer of a node, with what the node keeps about it.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use super::{
    NodePeer, Peer, PeerAddress, PeerIndex, RequestId, State, Status, WatchdogState, counters::PeerCounters,
    overload::Busy, route::Penalty,
};

/// How a peer came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Configured,
    /// A 3006 pointed to it: gets what was redirected there, or names it as Destination-Host.
    Redirected,
    /// It connected to a node that accepts any peer.
    Stranger,
    /// It is not configured any more: nobody knows it, and its place waits for it to come back.
    Removed,
}

/// One peer, and what the node keeps about it.
#[derive(Debug)]
pub(super) struct Slot {
    pub peer: Peer,
    pub host: Arc<str>,
    /// Where it is dialled; of a stranger, where it connected from.
    pub address: PeerAddress,
    pub origin: Origin,
    pub priority: u32,
    pub weight: u32,
    pub penalty: Penalty,
    /// Whether it answers 3004.
    pub busy: Busy,
    /// Counts the connections that were opened: tells a new one from the one before.
    pub connection: u64,
    /// Between Up and Down.
    pub open: bool,
    /// Between Okay and Suspect or Down.
    pub usable: bool,
    /// Whether the present connection was reported as up.
    pub reported: bool,
    pub realm: String,
    pub origin_state_id: Option<u32>,
    pub is_relay: bool,
    /// Requests that wait for this peer's answer.
    pub waiting: BTreeSet<RequestId>,
    pub counters: Arc<PeerCounters>,
    /// The peer's timeout, as the node has noted it down.
    pub timeout: Option<Instant>,
    /// The peer's states when the node last looked.
    pub seen: (State, WatchdogState),
}

impl Slot {
    pub fn new(peer: Peer, configured: NodePeer, origin: Origin, now: Instant) -> Self {
        let NodePeer { host, address, priority, weight, connect: _ } = configured;
        Self {
            seen: (peer.state(), peer.watchdog()),
            peer,
            host: host.into(),
            address,
            origin,
            priority,
            weight,
            penalty: Penalty::none(now),
            busy: Busy::not(now),
            connection: 0,
            open: false,
            usable: false,
            reported: false,
            realm: String::new(),
            origin_state_id: None,
            is_relay: false,
            waiting: BTreeSet::new(),
            counters: Arc::default(),
            timeout: None,
        }
    }

    /// Whether it was not removed.
    pub fn is_known(&self) -> bool {
        self.origin != Origin::Removed
    }

    /// What an error text calls it.
    pub fn name(&self) -> String {
        format!("{} ({})", self.host, self.address.at)
    }

    pub fn status(&self, peer: PeerIndex) -> NodeStatus {
        NodeStatus {
            peer,
            host: self.host.clone(),
            address: self.address.clone(),
            is_relay: self.is_relay,
            status: self.peer.status(),
            counters: self.counters.clone(),
        }
    }
}

/// How a peer of a node is doing.
#[derive(Clone, Debug)]
pub struct NodeStatus {
    /// Which it is.
    pub peer: PeerIndex,
    /// Origin-Host, as configured.
    pub host: Arc<str>,
    /// Where it is dialled; of a peer that is not configured, where it connected from.
    pub address: PeerAddress,
    /// Whether it is an agent: takes requests for other hosts. Known once it has been open.
    pub is_relay: bool,
    /// Its states, since when and why.
    pub status: Status,
    /// What went over its connections; goes on counting.
    pub counters: Arc<PeerCounters>,
}
