//! A node, and peers that do as they are told.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime},
};

use rxgate::{
    dict::{RELAY_APPLICATION_ID, RX_APPLICATION_ID, avp, commands},
    peer::{
        Answered, Command, ConnectionId, LateKind, LocalNode, Node, NodeCommand, NodeConfig, NodeEvent,
        NodePeer, OutgoingRequest, PeerCounts, PeerEvent, PeerIndex, RequestError, RequestId, Ticket,
    },
    wire::{CommandFlags, EndToEndId, Header, HopByHopId, MessageBuf, Writer},
};

pub const SECOND: Duration = Duration::from_secs(1);

/// The far side of a peer: answers the base protocol by itself, everything else on request.
pub struct Remote {
    pub host: String,
    pub realm: &'static str,
    /// What its CEA offers.
    pub application: u32,
    /// Whether a dial succeeds.
    pub reachable: bool,
    /// Whether it says anything at all.
    pub mute: bool,
    /// Requests that came, and on which connection; taken with [`World::asked`].
    pub inbox: Vec<(ConnectionId, MessageBuf)>,
    /// Answers that came; taken by the tests.
    pub answers: Vec<(ConnectionId, MessageBuf)>,
    /// Its open connection.
    pub connection: Option<ConnectionId>,
}

pub struct World {
    pub node: Node,
    pub start: Instant,
    pub now: Instant,
    pub remotes: BTreeMap<PeerIndex, Remote>,
    next_connection: u64,
    /// Every request that the node sent, in order, also to a remote that says nothing.
    pub sent: Vec<(PeerIndex, ConnectionId, MessageBuf)>,
    /// The same of the base protocol.
    base: Vec<(PeerIndex, MessageBuf)>,
    pub outcomes: BTreeMap<RequestId, Result<Answered, RequestError>>,
    pub late: Vec<(String, MessageBuf, LateKind)>,
    pub requests: Vec<(String, Ticket, MessageBuf)>,
    pub news: Vec<PeerEvent>,
}

/// Peers as configured: host, priority, weight.
pub type Spec<'a> = (&'a str, u32, u32);

pub fn config(peers: &[Spec<'_>]) -> NodeConfig {
    let started = SystemTime::UNIX_EPOCH + 0x1234_5678 * SECOND;
    let mut config = NodeConfig::new(LocalNode::rx("af.rx.test", "rx.test"), started);
    config.commands = vec![commands::RE_AUTH, commands::ABORT_SESSION];
    config.peers = peers
        .iter()
        .map(|(host, priority, weight)| NodePeer {
            priority: *priority,
            weight: *weight,
            ..NodePeer::new(*host, format!("{host}:3868"))
        })
        .collect();
    config
}

impl World {
    /// A node whose peers are all reachable and up.
    pub fn up(peers: &[Spec<'_>]) -> Self {
        Self::with(config(peers), 1, |_| {})
    }

    /// A node with this configuration; `prepare` changes the remotes before they are dialled.
    pub fn with(config: NodeConfig, seed: u64, prepare: impl Fn(&mut Remote)) -> Self {
        let now = Instant::now();
        let hosts: Vec<_> = config.peers.iter().map(|peer| peer.host.clone()).collect();
        let mut world = Self {
            node: Node::new(config, seed, now),
            start: now,
            now,
            remotes: BTreeMap::new(),
            next_connection: 0,
            sent: Vec::new(),
            base: Vec::new(),
            outcomes: BTreeMap::new(),
            late: Vec::new(),
            requests: Vec::new(),
            news: Vec::new(),
        };
        for (index, host) in hosts.iter().enumerate() {
            let mut remote = remote(host);
            prepare(&mut remote);
            world.remotes.insert(PeerIndex(index), remote);
        }
        world.settle();
        world
    }

    pub fn remote(&mut self, peer: usize) -> &mut Remote {
        self.remotes.get_mut(&PeerIndex(peer)).unwrap()
    }

    /// Does what the node says until it has nothing more to say.
    pub fn settle(&mut self) {
        loop {
            while let Some(event) = self.node.poll_event() {
                self.event(event);
            }
            let Some(NodeCommand { peer, command }) = self.node.poll_command() else { return };
            match command {
                Command::Connect => self.dial(peer),
                Command::Send { connection, octets } => {
                    self.deliver(peer, connection, MessageBuf::from_bytes(octets).unwrap());
                }
                Command::Close { connection } => {
                    let remote = self.remotes.get_mut(&peer).unwrap();
                    if remote.connection == Some(connection) {
                        remote.connection = None;
                    }
                }
            }
        }
    }

    fn event(&mut self, event: NodeEvent) {
        match event {
            NodeEvent::Outcome { id, result } => {
                let earlier = self.outcomes.insert(id, result);
                assert!(earlier.is_none(), "{id:?} has a second outcome");
            }
            NodeEvent::LateAnswer { peer, message, kind } => {
                self.late.push((peer.to_string(), message, kind));
            }
            NodeEvent::Request { peer, ticket, message } => {
                self.requests.push((peer.to_string(), ticket, message));
            }
            NodeEvent::Peer(event) => self.news.push(event),
        }
    }

    fn dial(&mut self, peer: PeerIndex) {
        let host = self.node.host(peer).unwrap().to_string();
        let remote = self.remotes.entry(peer).or_insert_with(|| remote(&host));
        if remote.reachable {
            self.next_connection += 1;
            let connection = ConnectionId(self.next_connection);
            remote.connection = Some(connection);
            self.node.handle_connected(self.now, peer, connection, &["192.0.2.1".parse().unwrap()]);
        } else {
            self.node.handle_connect_failed(self.now, peer, "connection refused".into());
        }
    }

    /// A message of the node arrives at a remote.
    fn deliver(&mut self, peer: PeerIndex, connection: ConnectionId, message: MessageBuf) {
        let header = message.header();
        if header.is_request() && header.application == RX_APPLICATION_ID {
            self.sent.push((peer, connection, message.clone()));
        } else if header.is_request() {
            self.base.push((peer, message.clone()));
        }
        let remote = self.remotes.get_mut(&peer).unwrap();
        if remote.mute || remote.connection != Some(connection) {
            return;
        }
        match (header.is_request(), header.command) {
            (true, commands::CAPABILITIES_EXCHANGE) => {
                let application = remote.application;
                self.reply(peer, connection, &header, move |w| {
                    w.put(&avp::HOST_IP_ADDRESS, "192.0.2.9".parse().unwrap());
                    w.put(&avp::VENDOR_ID, 0);
                    w.put(&avp::PRODUCT_NAME, "remote");
                    w.put(&avp::AUTH_APPLICATION_ID, application);
                });
            }
            (true, commands::DEVICE_WATCHDOG | commands::DISCONNECT_PEER) => {
                self.reply(peer, connection, &header, |_| {});
            }
            (true, _) => remote.inbox.push((connection, message)),
            (false, _) => remote.answers.push((connection, message)),
        }
    }

    /// An answer of the base protocol, with 2001.
    fn reply(
        &mut self,
        peer: PeerIndex,
        connection: ConnectionId,
        header: &Header,
        fill: impl Fn(&mut Writer<'_>),
    ) {
        let remote = &self.remotes[&peer];
        let ids = (header.hop_by_hop, header.end_to_end);
        let answer = MessageBuf::build(header.command, CommandFlags::NONE, header.application, ids, |w| {
            w.put(&avp::RESULT_CODE, 2001);
            w.put(&avp::ORIGIN_HOST, &remote.host);
            w.put(&avp::ORIGIN_REALM, remote.realm);
            fill(w);
        });
        self.node.handle_message(self.now, peer, connection, answer.unwrap());
    }

    // ---- Time

    /// Lets time pass, with everything that falls due on the way.
    pub fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        loop {
            self.settle();
            match self.node.poll_timeout().filter(|timeout| *timeout <= end) {
                Some(timeout) => {
                    self.now = self.now.max(timeout);
                    self.node.handle_timeout(self.now);
                }
                None => break,
            }
        }
        self.now = end;
        self.node.handle_timeout(end);
        self.settle();
    }

    // ---- Requests of the node

    /// A request for the realm, with 10 s.
    pub fn request(&mut self) -> RequestId {
        self.request_for(None, 10 * SECOND)
    }

    pub fn request_for(&mut self, host: Option<&str>, within: Duration) -> RequestId {
        let outgoing = OutgoingRequest {
            message: aar(host),
            destination_host: host.map(str::to_owned),
            within,
            sheddable: true,
        };
        let id = self.node.request(self.now, outgoing);
        self.settle();
        id
    }

    /// The only request that a remote has got since this was last asked.
    pub fn asked(&mut self, peer: usize) -> MessageBuf {
        let inbox = std::mem::take(&mut self.remote(peer).inbox);
        assert_eq!(inbox.len(), 1, "requests at {peer}: {inbox:?}");
        inbox[0].1.clone()
    }

    /// Nobody has got a request since this was last asked.
    pub fn assert_nobody_asked(&self) {
        let asked: Vec<_> = self.remotes.values().filter(|remote| !remote.inbox.is_empty()).collect();
        assert!(asked.is_empty(), "asked: {:?}", asked.iter().map(|remote| &remote.host).collect::<Vec<_>>());
    }

    /// The node's requests of a command of the base protocol, in order.
    pub fn said(&self, command: u32) -> Vec<(PeerIndex, MessageBuf)> {
        self.base.iter().filter(|(_, request)| request.header().command == command).cloned().collect()
    }

    /// A remote answers a request on its present connection.
    pub fn answer(&mut self, peer: usize, request: &MessageBuf, code: u32) {
        let host = self.remote(peer).host.clone();
        self.answer_as(peer, request, code, &host, &[]);
    }

    pub fn answer_as(&mut self, peer: usize, request: &MessageBuf, code: u32, origin: &str, to: &[&str]) {
        let header = request.header();
        let flags = if code / 1000 == 3 { CommandFlags::ERROR } else { CommandFlags::NONE };
        let ids = (header.hop_by_hop, header.end_to_end);
        let answer = MessageBuf::build(header.command, flags, header.application, ids, |w| {
            w.put(&avp::SESSION_ID, "af.rx.test;1;1");
            w.put(&avp::RESULT_CODE, code);
            w.put(&avp::ORIGIN_HOST, origin);
            w.put(&avp::ORIGIN_REALM, "rx.test");
            to.iter().for_each(|uri| w.put(&avp::REDIRECT_HOST, uri));
        });
        self.say(peer, answer.unwrap());
    }

    /// A remote sends something on its connection.
    pub fn say(&mut self, peer: usize, message: MessageBuf) {
        if let Some(connection) = self.remote(peer).connection {
            self.node.handle_message(self.now, PeerIndex(peer), connection, message);
            self.settle();
        }
    }

    /// The outcome of a request, with its Result-Code in place of the answer.
    #[track_caller]
    pub fn outcome(&self, id: RequestId) -> (u32, &str, Vec<&str>) {
        let answered = self.outcomes[&id].as_ref().expect("an answer");
        let sent_to = answered.sent_to.iter().map(String::as_str).collect();
        (result_code(&answered.message), &answered.peer, sent_to)
    }

    #[track_caller]
    pub fn error(&self, id: RequestId) -> &RequestError {
        self.outcomes[&id].as_ref().expect_err("no answer")
    }

    // ---- Peers

    /// A remote's connection breaks, and it cannot be dialled until it is reachable again.
    pub fn kill(&mut self, peer: usize) {
        self.remote(peer).reachable = false;
        self.cut(peer);
    }

    /// A remote's connection breaks.
    pub fn cut(&mut self, peer: usize) {
        if let Some(connection) = self.remote(peer).connection.take() {
            let reason = "reset by the other side".into();
            self.node.handle_disconnected(self.now, PeerIndex(peer), connection, reason);
            self.settle();
        }
    }

    pub fn counts(&self, peer: usize) -> PeerCounts {
        self.node.statuses()[peer].counters.read()
    }
}

fn remote(host: &str) -> Remote {
    Remote {
        host: host.to_owned(),
        realm: "rx.test",
        application: if host.starts_with("dra") { RELAY_APPLICATION_ID } else { RX_APPLICATION_ID },
        reachable: true,
        mute: false,
        inbox: Vec::new(),
        answers: Vec::new(),
        connection: None,
    }
}

pub fn aar(host: Option<&str>) -> MessageBuf {
    let flags = CommandFlags::REQUEST | CommandFlags::PROXIABLE;
    MessageBuf::build(commands::AA, flags, RX_APPLICATION_ID, Default::default(), |w| {
        w.put(&avp::SESSION_ID, "af.rx.test;1;1");
        w.put(&avp::ORIGIN_HOST, "af.rx.test");
        w.put(&avp::ORIGIN_REALM, "rx.test");
        w.put(&avp::DESTINATION_REALM, "rx.test");
        w.put_some(&avp::DESTINATION_HOST, host);
    })
    .unwrap()
}

/// A request of a remote.
pub fn rar(ids: (u32, u32), fill: impl Fn(&mut Writer<'_>)) -> MessageBuf {
    let ids = (HopByHopId(ids.0), EndToEndId(ids.1));
    let flags = CommandFlags::REQUEST | CommandFlags::PROXIABLE;
    MessageBuf::build(commands::RE_AUTH, flags, RX_APPLICATION_ID, ids, |w| {
        w.put(&avp::SESSION_ID, "af.rx.test;1;1");
        w.put(&avp::ORIGIN_HOST, "pcrf1");
        w.put(&avp::ORIGIN_REALM, "rx.test");
        fill(w);
    })
    .unwrap()
}

pub fn result_code(message: &MessageBuf) -> u32 {
    number(message, avp::RESULT_CODE.key()).unwrap()
}

pub fn number(message: &MessageBuf, key: u64) -> Option<u32> {
    let avps = &message.as_bytes()[20..];
    let avp = rxgate::wire::walk(avps).find(|avp| avp.key == key)?;
    Some(u32::from_be_bytes(avp.data.try_into().unwrap()))
}

pub fn is_retransmission(message: &MessageBuf) -> bool {
    message.header().flags.contains(CommandFlags::RETRANSMIT)
}
