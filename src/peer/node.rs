//! A Diameter node: several peers and the requests between them and us, without sockets and without a clock.
//!
//! [`Node`] is driven like a [`Peer`]: everything that happens comes in with the present time, and after every
//! call [`Node::poll_command`] and [`Node::poll_event`] are drained, then [`Node::poll_timeout`] is waited
//! for. Routing and failover are in `failover.rs`, requests that come in in `incoming.rs`.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant, UNIX_EPOCH},
};

use super::{
    Arrival, ConnectionId, DisconnectCause, Event, NodeCommand, NodeConfig, NodeEvent, NodePeer, NodeStatus,
    Peer, PeerAddress, PeerConfig, PeerEvent, PeerIndex, Refusal, State, accept_identity,
    duplicates::Duplicates,
    overload::Overload,
    pending::{Memory, Table},
    reconnect::Chance,
    slot::{Origin, Slot},
};
use crate::{
    dict::RELAY_APPLICATION_ID,
    wire::{Header, MessageBuf, WireError},
};

/// Most peers that a node with [`NodeConfig::accept_any_peer`] gets to know.
const MAX_STRANGERS: usize = 4096;

/// Longest wait for the answers to requests that came in, before the goodbyes.
const FINISH_WITHIN: Duration = Duration::from_secs(4);

/// Several peers, and the requests between them and us.
#[derive(Debug)]
pub struct Node {
    pub(super) config: NodeConfig,
    pub(super) slots: Vec<Slot>,
    /// By Origin-Host in lower case.
    by_host: HashMap<String, PeerIndex>,
    pub(super) table: Table,
    pub(super) memory: Memory,
    pub(super) duplicates: Duplicates,
    pub(super) overload: Overload,
    pub(super) chance: Chance,
    pub(super) next_request: u64,
    pub(super) next_end_to_end: u32,
    pub(super) stopping: bool,
    /// The goodbyes to come: when at the latest, and their cause.
    leaving: Option<(Instant, DisconnectCause)>,
    /// Peers that may have something to say.
    pub(super) agenda: VecDeque<PeerIndex>,
    /// Peers that were full and have room for one more request.
    pub(super) roomy: Vec<PeerIndex>,
    timeouts: BTreeSet<(Instant, PeerIndex)>,
    pub(super) changed: bool,
    commands: VecDeque<NodeCommand>,
    pub(super) events: VecDeque<NodeEvent>,
}

impl Node {
    /// A node whose first commands are to dial its peers. `seed` decides about chance: another one for each
    /// process.
    pub fn new(config: NodeConfig, seed: u64, now: Instant) -> Self {
        let mut chance = Chance::new(seed);
        let started = config.started.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        // The high 12 bits are the low 12 of the time, the rest is chance. Counting on through all 32 bits
        // takes an hour at the highest rate, and stays behind the clock at any rate below a million a second.
        let next_end_to_end = ((started & 0xfff) as u32) << 20 | chance.next_u32() >> 12;
        let mut node = Self {
            slots: Vec::new(),
            by_host: HashMap::new(),
            table: Table::default(),
            memory: Memory::default(),
            duplicates: Duplicates::default(),
            overload: Overload::new(now),
            chance,
            next_request: 0,
            next_end_to_end,
            stopping: false,
            leaving: None,
            agenda: VecDeque::new(),
            roomy: Vec::new(),
            timeouts: BTreeSet::new(),
            changed: true,
            commands: VecDeque::new(),
            events: VecDeque::new(),
            config,
        };
        for peer in node.config.peers.clone() {
            node.add(now, peer, Origin::Configured);
        }
        node.settle(now);
        node
    }

    // ---- Transport

    /// A dial succeeded; `local` are our addresses on the connection.
    pub fn handle_connected(&mut self, now: Instant, peer: PeerIndex, id: ConnectionId, local: &[IpAddr]) {
        self.with_peer(now, peer, |peer| peer.handle_connected(now, id, local));
    }

    /// A dial failed.
    pub fn handle_connect_failed(&mut self, now: Instant, peer: PeerIndex, reason: String) {
        self.with_peer(now, peer, |peer| peer.handle_connect_failed(now, reason));
    }

    /// The first message came in on a connection that somebody made.
    ///
    /// `Ok`: the connection belongs to this peer. `Err`: send the refusal's answer, if it has one, and close.
    pub fn handle_first_message(
        &mut self,
        now: Instant,
        id: ConnectionId,
        local: &[IpAddr],
        arrival: &Arrival,
        first: MessageBuf,
    ) -> Result<PeerIndex, Refusal> {
        if self.stopping {
            return Err(Refusal { answer: None, reason: "this node is shutting down".into() });
        }
        if let Some(refusal) = self.impostor(local, arrival, &first) {
            return Err(refusal);
        }
        let strangers = self.slots.iter().filter(|slot| slot.origin == Origin::Stranger).count();
        let open_house = self.config.accept_any_peer && strangers < MAX_STRANGERS;
        let host = accept_identity(self.config.local(), local, &first, |host| {
            open_house || self.peer_named(host).is_some()
        })?;
        let peer = self.peer_named(&host).unwrap_or_else(|| {
            let peer = NodePeer { connect: false, ..NodePeer::new(host, arrival.from.clone()) };
            self.add(now, peer, Origin::Stranger)
        });
        if let Some(slot) = self.slots.get_mut(peer.0)
            && slot.origin == Origin::Stranger
        {
            slot.address.clone_from(&arrival.from);
        }
        self.with_peer(now, peer, |peer| peer.handle_accepted(now, id, local, first));
        Ok(peer)
    }

    /// A message came in on a connection of this peer.
    pub fn handle_message(&mut self, now: Instant, peer: PeerIndex, id: ConnectionId, message: MessageBuf) {
        self.with_peer(now, peer, |peer| peer.handle_message(now, id, message));
    }

    /// What came in is not Diameter, and where the next message begins is unknown.
    pub fn handle_bad_octets(
        &mut self,
        now: Instant,
        peer: PeerIndex,
        id: ConnectionId,
        error: &WireError,
        header: Option<Header>,
    ) {
        self.with_peer(now, peer, |peer| peer.handle_bad_octets(now, id, error, header));
    }

    /// A connection is gone.
    pub fn handle_disconnected(&mut self, now: Instant, peer: PeerIndex, id: ConnectionId, reason: String) {
        self.with_peer(now, peer, |peer| peer.handle_disconnected(now, id, reason));
    }

    /// Time has passed. Early or spurious calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, peer)) = self.timeouts.first().copied().filter(|(timeout, _)| *timeout <= now) {
            self.with_peer(now, peer, |peer| peer.handle_timeout(now));
            // A peer whose timeout stays in the past would be asked for ever.
            if self.timeouts.first().is_some_and(|(timeout, again)| *again == peer && *timeout <= now) {
                break;
            }
        }
        while let Some(id) = self.table.due(now) {
            self.wake(now, id);
        }
        self.leave(now);
        self.settle(now);
    }

    // ---- Owner

    /// Operator's wish: connect this peer now. `false` if there is none of that name.
    pub fn connect(&mut self, now: Instant, host: &str) -> bool {
        let Some(peer) = self.peer_named(host) else { return false };
        if !self.stopping {
            self.changed = true;
            self.with_peer(now, peer, |peer| peer.connect(now));
        }
        true
    }

    /// Operator's wish: disconnect this peer and leave it so, whatever timers and the peer itself want, until
    /// [`connect`](Self::connect). `false` if there is none of that name.
    ///
    /// Requests that wait there go to other peers. `reason` is what whoever misses the peer is told.
    pub fn disconnect(&mut self, now: Instant, host: &str, cause: DisconnectCause, reason: &str) -> bool {
        let Some(peer) = self.peer_named(host) else { return false };
        self.changed = true;
        self.with_peer(now, peer, |peer| peer.disconnect(now, cause, reason.to_owned()));
        true
    }

    /// Says goodbye to every peer, once the requests that came in are answered, which may take a few seconds.
    /// Requests that wait get their outcome now. Over when [`is_closed`](Self::is_closed).
    pub fn shut_down(&mut self, now: Instant, cause: DisconnectCause) {
        self.stopping = true;
        self.give_up_all(now);
        self.leaving = Some((now + FINISH_WITHIN, cause));
        self.leave(now);
    }

    /// Says the goodbyes that are due.
    pub(super) fn leave(&mut self, now: Instant) {
        let answered = self.duplicates.is_idle();
        let Some((_, cause)) = self.leaving.take_if(|(latest, _)| answered || *latest <= now) else { return };
        for peer in (0..self.slots.len()).map(PeerIndex) {
            self.with_peer(now, peer, |peer| peer.shut_down(now, cause));
        }
    }

    /// Whether no peer has a connection, or an attempt at one, and the goodbyes are said.
    pub fn is_closed(&self) -> bool {
        self.leaving.is_none() && self.slots.iter().all(|slot| slot.peer.state() == State::Closed)
    }

    // ---- Output

    /// The next thing for the driver to do.
    pub fn poll_command(&mut self) -> Option<NodeCommand> {
        self.commands.pop_front()
    }

    /// The next thing for the owner to know.
    pub fn poll_event(&mut self) -> Option<NodeEvent> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is wanted; may change with every other call.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let peers = self.timeouts.first().map(|(timeout, _)| *timeout);
        let leaving = self.leaving.map(|(latest, _)| latest);
        [peers, self.table.next_wake(), leaving].into_iter().flatten().min()
    }

    /// Where to dial a peer.
    pub fn address(&self, peer: PeerIndex) -> Option<&PeerAddress> {
        self.slots.get(peer.0).map(|slot| &slot.address)
    }

    /// The name of a peer: its Origin-Host.
    pub fn host(&self, peer: PeerIndex) -> Option<&Arc<str>> {
        self.slots.get(peer.0).map(|slot| &slot.host)
    }

    /// How every peer is doing, in the order they were added.
    pub fn statuses(&self) -> Vec<NodeStatus> {
        let known = self.slots.iter().enumerate().filter(|(_, slot)| slot.is_known());
        known.map(|(index, slot)| slot.status(PeerIndex(index))).collect()
    }

    /// Whether [`statuses`](Self::statuses) may say something else since this was last asked.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    // ---- Inside

    pub(super) fn peer_named(&self, host: &str) -> Option<PeerIndex> {
        let is_known = |peer: &PeerIndex| self.slots.get(peer.0).is_some_and(|slot| slot.is_known());
        self.by_host.get(&host.to_ascii_lowercase()).copied().filter(is_known)
    }

    /// Adds a peer that is not known. One that was removed gets its place back: there is one for each host.
    pub(super) fn add(&mut self, now: Instant, peer: NodePeer, origin: Origin) -> PeerIndex {
        if let Some(index) = self.by_host.get(&peer.host.to_ascii_lowercase()).copied()
            && let Some(slot) = self.slots.get_mut(index.0)
        {
            slot.origin = origin;
            (slot.address, slot.priority, slot.weight) = (peer.address, peer.priority, peer.weight);
            if !self.stopping {
                slot.peer.connect(now);
            }
            self.changed = true;
            self.agenda.push_back(index);
            return index;
        }
        let index = PeerIndex(self.slots.len());
        let config = PeerConfig {
            host: peer.host.clone(),
            connect: peer.connect && !self.stopping,
            ..self.config.each_peer.clone()
        };
        let machine = Peer::new(config, self.chance.next(), now);
        self.by_host.insert(peer.host.to_ascii_lowercase(), index);
        self.slots.push(Slot::new(machine, peer, origin, now));
        self.changed = true;
        self.agenda.push_back(index);
        index
    }

    /// One call of a peer, and everything that follows from it.
    pub(super) fn with_peer(&mut self, now: Instant, peer: PeerIndex, call: impl FnOnce(&mut Peer)) {
        if let Some(slot) = self.slots.get_mut(peer.0) {
            call(&mut slot.peer);
            self.agenda.push_back(peer);
        }
        self.settle(now);
    }

    /// Takes what the peers that were called have to say, until nobody has anything left.
    pub(super) fn settle(&mut self, now: Instant) {
        loop {
            self.listen(now);
            let Some(peer) = self.roomy.pop() else { return };
            self.send_queued(now, peer);
        }
    }

    fn listen(&mut self, now: Instant) {
        while let Some(peer) = self.agenda.pop_front() {
            while let Some(event) = self.slots.get_mut(peer.0).and_then(|slot| slot.peer.poll_event()) {
                self.peer_event(now, peer, event);
            }
            let Some(slot) = self.slots.get_mut(peer.0) else { continue };
            while let Some(command) = slot.peer.poll_command() {
                self.commands.push_back(NodeCommand { peer, command });
            }
            let timeout = slot.peer.poll_timeout();
            if timeout != slot.timeout {
                if let Some(old) = std::mem::replace(&mut slot.timeout, timeout) {
                    self.timeouts.remove(&(old, peer));
                }
                self.timeouts.extend(timeout.map(|timeout| (timeout, peer)));
            }
            let seen = (slot.peer.state(), slot.peer.watchdog());
            if std::mem::replace(&mut slot.seen, seen) != seen {
                self.changed = true;
            }
        }
    }

    fn peer_event(&mut self, now: Instant, peer: PeerIndex, event: Event) {
        let Some(slot) = self.slots.get_mut(peer.0) else { return };
        let host = slot.host.to_string();
        match event {
            Event::Up { origin_host: _, origin_realm, origin_state_id, applications } => {
                slot.connection += 1;
                (slot.open, slot.usable, slot.reported) = (true, false, false);
                slot.realm = origin_realm;
                slot.origin_state_id = origin_state_id;
                slot.is_relay = applications.contains(&RELAY_APPLICATION_ID);
            }
            Event::Okay => {
                slot.usable = true;
                let news = match std::mem::replace(&mut slot.reported, true) {
                    true => PeerEvent::Recovered { host },
                    false => PeerEvent::Up {
                        host,
                        realm: slot.realm.clone(),
                        origin_state_id: slot.origin_state_id,
                        address: slot.address.at.clone(),
                    },
                };
                self.events.push_back(NodeEvent::Peer(news));
                self.send_wanting(now);
            }
            Event::Suspect => {
                slot.usable = false;
                self.events.push_back(NodeEvent::Peer(PeerEvent::Suspect { host }));
                self.peer_failed(now, peer, "does not answer the watchdog", false);
            }
            Event::Down { reason, cause: _ } => {
                (slot.open, slot.usable) = (false, false);
                let why = format!("is gone: {reason}");
                self.events.push_back(NodeEvent::Peer(PeerEvent::Down { host, reason }));
                self.peer_failed(now, peer, &why, true);
            }
            Event::StateLost { origin_state_id } => {
                slot.origin_state_id = Some(origin_state_id);
                self.events.push_back(NodeEvent::Peer(PeerEvent::StateLost { host, origin_state_id }));
            }
            Event::Answer { id, message } => self.answered(now, peer, Some(id), message),
            Event::LateAnswer { message } => self.answered(now, peer, None, message),
            Event::Request { connection, message } => self.asked(now, peer, connection, message),
        }
    }
}
