//! Two peers, a virtual clock, and a link that delays, swallows and cuts.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use bytes::Bytes;
use rxgate::{
    peer::{Command, ConnectionId, Event, LocalNode, Peer, PeerConfig, accept_identity},
    wire::MessageBuf,
};

pub const LOCAL: [IpAddr; 1] = [IpAddr::V4(Ipv4Addr::LOCALHOST)];

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    A,
    B,
}

impl Who {
    pub fn other(self) -> Self {
        match self {
            Who::A => Who::B,
            Who::B => Who::A,
        }
    }
}

#[derive(Debug)]
enum Delivery {
    /// A dial reaches the listener.
    Dial(ConnectionId),
    Connected(ConnectionId),
    ConnectFailed,
    Octets(ConnectionId, Bytes),
    Disconnected(ConnectionId),
}

pub struct Side {
    pub peer: Peer,
    pub config: PeerConfig,
    pub events: Vec<(Instant, Event)>,
    pub sent: Vec<(Instant, MessageBuf)>,
    /// When it dialled.
    pub dials: Vec<Instant>,
    /// Accepted, first message not seen yet.
    fresh: HashSet<ConnectionId>,
    /// Its end of these connections is open.
    open: HashSet<ConnectionId>,
    dialling: Option<ConnectionId>,
}

pub struct World {
    pub now: Instant,
    pub delay: Duration,
    /// Octets and dials of this side are swallowed.
    pub swallow: HashSet<Who>,
    /// Dials of this side get no reply.
    pub lost_dials: HashSet<Who>,
    /// Dials to this side are refused.
    pub refuse: HashSet<Who>,
    pub sides: HashMap<Who, Side>,
    queue: BTreeMap<(Instant, u64), (Who, Delivery)>,
    sequence: u64,
    connections: u64,
}

impl World {
    /// `a` and `b` as configured, towards each other.
    pub fn new(a: PeerConfig, b: PeerConfig) -> Self {
        let now = Instant::now();
        let side = |config: PeerConfig, seed| Side {
            peer: Peer::new(config.clone(), seed, now),
            config,
            events: Vec::new(),
            sent: Vec::new(),
            dials: Vec::new(),
            fresh: HashSet::new(),
            open: HashSet::new(),
            dialling: None,
        };
        let mut world = Self {
            now,
            delay: Duration::from_millis(20),
            swallow: HashSet::new(),
            refuse: HashSet::new(),
            lost_dials: HashSet::new(),
            sides: HashMap::from([(Who::A, side(a, 1)), (Who::B, side(b, 2))]),
            queue: BTreeMap::new(),
            sequence: 0,
            connections: 0,
        };
        world.drain();
        world
    }

    pub fn side(&mut self, who: Who) -> &mut Side {
        self.sides.get_mut(&who).unwrap()
    }

    pub fn peer(&mut self, who: Who) -> &mut Peer {
        &mut self.side(who).peer
    }

    /// Calls into a peer, then lets its commands take effect.
    pub fn with<R>(&mut self, who: Who, call: impl FnOnce(&mut Peer, Instant) -> R) -> R {
        let now = self.now;
        let result = call(self.peer(who), now);
        self.drain();
        result
    }

    fn post(&mut self, to: Who, after: Duration, delivery: Delivery) {
        self.sequence += 1;
        self.queue.insert((self.now + after, self.sequence), (to, delivery));
    }

    fn drain(&mut self) {
        for who in [Who::A, Who::B] {
            while let Some(event) = self.peer(who).poll_event() {
                let now = self.now;
                self.side(who).events.push((now, event));
            }
            while let Some(command) = self.peer(who).poll_command() {
                self.obey(who, command);
            }
        }
    }

    fn obey(&mut self, who: Who, command: Command) {
        let (now, delay, swallow) = (self.now, self.delay, self.swallow.contains(&who));
        match command {
            Command::Connect => {
                self.connections += 1;
                let id = ConnectionId(self.connections);
                self.side(who).dials.push(now);
                self.side(who).dialling = Some(id);
                if !swallow {
                    self.post(who.other(), delay, Delivery::Dial(id));
                }
            }
            Command::Send { connection, octets } => {
                assert!(self.side(who).open.contains(&connection), "{who:?} sends on a dead connection");
                let message = MessageBuf::from_bytes(octets.clone()).unwrap();
                self.side(who).sent.push((now, message));
                if !swallow {
                    self.post(who.other(), delay, Delivery::Octets(connection, octets));
                }
            }
            Command::Close { connection } => {
                self.side(who).open.remove(&connection);
                if !swallow {
                    self.post(who.other(), delay, Delivery::Disconnected(connection));
                }
            }
        }
    }

    fn deliver(&mut self, to: Who, delivery: Delivery) {
        let (now, delay) = (self.now, self.delay);
        match delivery {
            Delivery::Dial(_) if self.lost_dials.contains(&to.other()) => {}
            Delivery::Dial(_) if self.refuse.contains(&to) => {
                self.post(to.other(), delay, Delivery::ConnectFailed);
            }
            Delivery::Dial(id) => {
                self.side(to).fresh.insert(id);
                self.side(to).open.insert(id);
                self.post(to.other(), delay, Delivery::Connected(id));
            }
            Delivery::Connected(id) if self.side(to).dialling == Some(id) => {
                self.side(to).dialling = None;
                self.side(to).open.insert(id);
                self.peer(to).handle_connected(now, id, &LOCAL);
            }
            // An abandoned dial that succeeds after all is closed by the driver.
            Delivery::Connected(id) => self.post(to.other(), delay, Delivery::Disconnected(id)),
            Delivery::ConnectFailed => self.peer(to).handle_connect_failed(now, "connection refused".into()),
            Delivery::Octets(id, octets) => self.octets(to, id, octets),
            Delivery::Disconnected(id) => {
                self.side(to).fresh.remove(&id);
                if self.side(to).open.remove(&id) {
                    self.peer(to).handle_disconnected(now, id, "closed by the peer".into());
                }
            }
        }
        self.drain();
    }

    /// What a driver and its listener do with a message.
    fn octets(&mut self, to: Who, id: ConnectionId, octets: Bytes) {
        let now = self.now;
        let side = self.sides.get_mut(&to).unwrap();
        if !side.open.contains(&id) {
            return;
        }
        let message = MessageBuf::from_bytes(octets).unwrap();
        if !side.fresh.remove(&id) {
            side.peer.handle_message(now, id, message);
            return;
        }
        let host = side.config.host.clone();
        match accept_identity(&side.config.local, &LOCAL, &message, |name| name.eq_ignore_ascii_case(&host)) {
            Ok(_) => side.peer.handle_accepted(now, id, &LOCAL, message),
            Err(refusal) => {
                if let Some(answer) = refusal.answer {
                    self.obey(to, Command::Send { connection: id, octets: answer.into_bytes() });
                }
                self.obey(to, Command::Close { connection: id });
            }
        }
    }

    /// One thing happens: a delivery, or a timeout. Returns false when nothing ever will again.
    pub fn tick(&mut self, until: Instant) -> bool {
        let delivery = self.queue.first_key_value().map(|((at, _), _)| *at);
        let timers = self.sides.values().filter_map(|side| side.peer.poll_timeout());
        let Some(next) = timers.chain(delivery).min().filter(|next| *next <= until) else {
            self.now = until;
            return false;
        };
        self.now = self.now.max(next);
        if delivery == Some(next) {
            let (_, (to, delivery)) = self.queue.pop_first().unwrap();
            self.deliver(to, delivery);
        } else {
            for who in [Who::A, Who::B] {
                self.with(who, |peer, now| peer.handle_timeout(now));
            }
        }
        true
    }

    pub fn run(&mut self, span: Duration) {
        let until = self.now + span;
        while self.tick(until) {}
    }

    /// Runs until `wanted` holds; panics when it does not within `span`.
    pub fn run_until(&mut self, span: Duration, wanted: impl Fn(&World) -> bool) {
        let until = self.now + span;
        while !wanted(self) {
            assert!(self.tick(until), "not within {span:?}: {}", self.describe());
        }
    }

    pub fn describe(&self) -> String {
        let status = |who| self.sides[&who].peer.status();
        format!("A {:?}, B {:?}", status(Who::A), status(Who::B))
    }

    /// Every connection breaks; both ends notice at once.
    pub fn cut(&mut self) {
        for who in [Who::A, Who::B] {
            let open: Vec<_> = self.side(who).open.iter().copied().collect();
            for id in open {
                self.side(who).open.remove(&id);
                self.side(who).fresh.remove(&id);
                self.with(who, |peer, now| peer.handle_disconnected(now, id, "reset".into()));
            }
        }
        self.queue.clear();
    }

    /// A process dies and a new one takes its place; the other side sees its connections reset.
    pub fn restart(&mut self, who: Who, change: impl FnOnce(&mut PeerConfig)) {
        let now = self.now;
        let side = self.sides.get_mut(&who).unwrap();
        change(&mut side.config);
        side.peer = Peer::new(side.config.clone(), 77, now);
        side.events.clear();
        side.open.clear();
        side.fresh.clear();
        side.dialling = None;
        self.cut();
        self.drain();
    }

    pub fn usable(&self) -> bool {
        self.sides.values().all(|side| side.peer.is_usable())
    }
}

/// `from` towards `to`.
pub fn config(from: &str, to: &str, connect: bool) -> PeerConfig {
    let mut local = LocalNode::rx(from, "rx.test");
    local.origin_state_id = Some(1000);
    PeerConfig { connect, ..PeerConfig::new(local, to) }
}

/// A dials, B listens.
pub fn one_way() -> World {
    World::new(config("af.rx.test", "pcrf.rx.test", true), config("pcrf.rx.test", "af.rx.test", false))
}
