//! A PCRF that dies or hangs under load, with a second one beside it: every HTTP call has one answer, and in the
//! end no PCRF holds a session that is not owned there.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

#[path = "pcrf/patience.rs"]
mod patience;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use patience::{PATIENCE, until};
use rxgate::{
    dict::{Dictionary, commands},
    gateway::{Gateway, GatewayConfig},
    north::{
        gatekeeper::{self, Answers, AnswersConfig, Gatekeeper, NotificationSettings, Notifications},
        limits::Limits,
        outbox::{Outbox, OutboxConfig},
        server::Server,
    },
    notify::{Notifier, NotifyConfig, SystemResolver},
    pcrf::{Action, Command, Exchange, Pcrf, PcrfConfig, Rule},
    peer::LocalNode,
    session::{SessionConfig, SessionFilter, SessionState, Sessions, ports::RxServer},
    store::MemoryStore,
    transport::{NodePeer, Pool, PoolConfig},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

const CALLS: usize = 50;

/// Example 16-2 of the interface.
const EXAMPLE: &[u8] = include_bytes!("data/gatekeeper/example-16-2.json");

const APPLY: &str = "/ApplicationQoSService/tel%3A861013388991111/qos";

type Log = Arc<Mutex<Vec<Exchange>>>;

/// A PCRF, and what it saw.
async fn pcrf(host: &str, listen: Option<SocketAddr>, origin_state_id: u32, log: &Log) -> Pcrf {
    let log = log.clone();
    let free = PcrfConfig::on_free_ports();
    let config = PcrfConfig {
        listen: listen.unwrap_or(free.listen),
        control: None,
        origin_host: host.into(),
        origin_state_id: Some(origin_state_id),
        observer: Some(Arc::new(move |exchange| log.lock().unwrap().push(exchange.clone()))),
        ..free
    };
    Pcrf::start(config).await.unwrap()
}

/// The gateway between two PCRFs, the first of which is asked first.
struct World {
    sessions: Arc<Sessions>,
    pool: Pool,
    http: SocketAddr,
    /// `None` while it is dead.
    first: Option<Pcrf>,
    first_log: Log,
    second: Pcrf,
    second_log: Log,
}

impl World {
    async fn new(attempt_timeout: Duration) -> Self {
        let (first_log, second_log) = (Log::default(), Log::default());
        let first = pcrf("pcrf1.rx.test", None, 1, &first_log).await;
        let second = pcrf("pcrf2.rx.test", None, 1, &second_log).await;

        let mut config = SessionConfig::new("af.rx.test", "rx.test", "rx.test", SystemTime::now());
        config.request_timeout = PATIENCE;
        // All calls come at once and wait for a PCRF that does nothing: none is to be shed for that.
        config.admit_within = PATIENCE;
        config.retry_initial = Duration::from_millis(50);
        config.retry_max = Duration::from_millis(500);
        config.settle = Duration::from_millis(500);
        let mut local = LocalNode::rx("af.rx.test", "rx.test");
        local.origin_state_id = Some(config.origin_state_id);
        let identity = GatewayConfig {
            origin_host: config.origin_host.clone(),
            origin_realm: config.origin_realm.clone(),
            origin_state_id: config.origin_state_id,
        };
        let gateway = Gateway::new(identity, Dictionary::builtin()).unwrap();
        let store = Arc::new(MemoryStore::new());
        let sessions = Sessions::new(config, gateway.clone(), store.clone());
        sessions.start().await.unwrap();

        let peer = |host: &str, pcrf: &Pcrf, priority| NodePeer {
            priority,
            ..NodePeer::new(host, pcrf.address().to_string())
        };
        let mut peers = PoolConfig::new(local);
        peers.node.peers = vec![peer("pcrf1.rx.test", &first, 1), peer("pcrf2.rx.test", &second, 2)];
        peers.node.attempt_timeout = attempt_timeout;
        let timers = &mut peers.node.each_peer;
        timers.capabilities_timeout = Duration::from_millis(500);
        timers.reconnect_initial = Duration::from_millis(20);
        timers.reconnect_max = Duration::from_millis(200);
        timers.reopen_probes = 0;
        let server: Arc<dyn RxServer> = sessions.clone();
        let pool = gateway.connect(peers, &server).await.unwrap();
        let limits = Limits::default();
        let gatekeeper = gatekeeper::router(Gatekeeper {
            sessions: sessions.clone(),
            dictionary: Dictionary::builtin().into(),
            settings: Default::default(),
            limits,
            templates: Default::default(),
            answers: Answers::new(AnswersConfig::default(), store.clone(), sessions.clock()),
            notifications: Notifications::new(
                Outbox::new(
                    OutboxConfig::new(SystemTime::now(), None),
                    Notifier::new(NotifyConfig::default(), Arc::new(SystemResolver::default())),
                    store,
                ),
                NotificationSettings::default(),
            ),
            access: None,
            requests: Default::default(),
        });
        let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0)), limits).await.unwrap();
        let http = server.address();
        tokio::spawn(server.serve(gatekeeper, std::future::pending(), Duration::ZERO));

        let world = Self { sessions, pool, http, first: Some(first), first_log, second, second_log };
        until("both peers are open", async || world.open_peers() == 2).await;
        world
    }

    fn first(&self) -> &Pcrf {
        self.first.as_ref().unwrap()
    }

    fn open_peers(&self) -> usize {
        self.pool.peers().iter().filter(|peer| peer.open).count()
    }

    /// Starts all calls at once.
    fn calls(&self) -> JoinSet<String> {
        (0..CALLS).map(|call| apply(self.http, call)).collect()
    }

    /// Open sessions by the PCRF that they are owned at.
    async fn owned(&self) -> BTreeMap<String, BTreeSet<String>> {
        let filter = SessionFilter { state: Some(SessionState::Open), ..SessionFilter::default() };
        let mut owned = BTreeMap::<_, BTreeSet<_>>::new();
        for session in self.sessions.list(filter).await.unwrap() {
            let host = session.pcrf.unwrap().host.to_string();
            owned.entry(host).or_default().insert(session.rx_session.to_string());
        }
        owned
    }

    /// Waits until nothing is owed to anybody, and compares who holds what.
    async fn compare(&self, owned_at_second: usize) {
        tokio::time::timeout(PATIENCE, self.sessions.settled()).await.expect("every STR is answered");
        let owned = self.owned().await;
        assert_eq!(held(self.first()), BTreeSet::new());
        assert_eq!(Some(&held(&self.second)), owned.get("pcrf2.rx.test"));
        assert_eq!((owned.len(), held(&self.second).len()), (1, owned_at_second));
    }
}

/// Applies for the user of a number; returns all that comes back until the connection ends.
async fn apply(http: SocketAddr, call: usize) -> String {
    let mut body: Value = serde_json::from_slice(EXAMPLE).unwrap();
    body["qoSFeatureProperties"]["framedIPAddress"] = json!(format!("0A0000{call:02X}"));
    let body = body.to_string();
    let mut stream = TcpStream::connect(http).await.unwrap();
    let head = format!(
        "POST {APPLY} HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head, body].concat().into_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// The requestId in what is one answer, 201, and nothing else.
fn created(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 201 "), "{answer}");
    let body: Value = serde_json::from_str(body).unwrap();
    body["applyQoSFeatureResponse"]["requestId"].as_str().unwrap().to_owned()
}

fn held(pcrf: &Pcrf) -> BTreeSet<String> {
    pcrf.sessions().into_iter().map(|session| session.session_id).collect()
}

/// The AARs that a PCRF saw: Session-Id, End-to-End Identifier and whether the T bit was set.
fn aars(log: &Log) -> Vec<(String, u32, bool)> {
    let seen = log.lock().unwrap();
    let aars = seen.iter().filter(|exchange| exchange.request.header().command == commands::AA);
    aars.map(|exchange| {
        let id = exchange.request.header().end_to_end.0;
        (exchange.session_id().unwrap().to_owned(), id, exchange.is_retransmission())
    })
    .collect()
}

/// Session-Ids with their End-to-End Identifiers.
fn ids(log: &Log) -> BTreeSet<(String, u32)> {
    aars(log).into_iter().map(|(session, id, _)| (session, id)).collect()
}

/// A rule for a number of AARs.
fn some(times: usize, action: Action) -> Rule {
    let times = Some(u32::try_from(times).unwrap());
    Rule { command: Some(Command::Aar), times, action, ..Rule::default() }
}

/// Every call has one answer, and it is a session of its own.
async fn all_granted(mut calls: JoinSet<String>) {
    let mut names = BTreeSet::new();
    while let Some(done) = tokio::time::timeout(PATIENCE, calls.join_next()).await.expect("every call ends") {
        names.insert(created(&done.unwrap()));
    }
    assert_eq!(names.len(), CALLS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_pcrf_costs_no_call_and_leaves_no_session() {
    let mut world = World::new(PATIENCE).await;
    // Of the calls, ten are granted, the others hang: half of them with a session at the PCRF already.
    world.first().set_rules(vec![
        some(20, Action::Silence { handled: true }),
        some(10, Action::Accept),
        some(20, Action::Silence { handled: false }),
    ]);
    let calls = world.calls();
    until("all calls are at the first PCRF", async || aars(&world.first_log).len() == CALLS).await;
    let granted = async || world.owned().await.get("pcrf1.rx.test").map_or(0, BTreeSet::len);
    until("the ten answers have come through", async || granted().await == 10).await;
    assert_eq!(world.second_log.lock().unwrap().len(), 0);

    let address = world.first().address();
    world.first.take().unwrap().kill().await;
    all_granted(calls).await;

    let asked: BTreeMap<String, u32> =
        aars(&world.first_log).into_iter().map(|(session, id, _)| (session, id)).collect();
    let moved = aars(&world.second_log);
    assert_eq!(moved.len(), 40);
    for (session, id, retransmission) in moved {
        assert_eq!((asked.get(&session), retransmission), (Some(&id), true), "{session}");
    }

    world.first_log.lock().unwrap().clear();
    world.first = Some(pcrf("pcrf1.rx.test", Some(address), 2, &world.first_log).await);
    until("the gateway has found the restarted PCRF", async || world.open_peers() == 2).await;
    // What the PCRF granted it has forgotten: nobody owns it any more.
    until("lost sessions are given up", async || world.owned().await.len() == 1).await;
    world.compare(40).await;
    assert_eq!(aars(&world.first_log), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pcrf_that_hangs_and_wakes_on_its_connection_keeps_no_session() {
    hang(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pcrf_that_hangs_until_it_is_cut_off_keeps_no_session() {
    hang(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pcrf_that_loses_its_connection_but_not_its_state_keeps_no_session() {
    let world = World::new(PATIENCE).await;
    // All are granted, and no answer gets through: the connection breaks with the last one.
    world.first().set_rules(vec![
        some(CALLS - 1, Action::Silence { handled: true }),
        some(1, Action::DisconnectBefore { handled: true }),
    ]);
    all_granted(world.calls()).await;
    assert_eq!(aars(&world.first_log).len(), CALLS);
    assert_eq!(ids(&world.first_log), ids(&world.second_log));
    assert!(aars(&world.second_log).iter().all(|(_, _, retransmission)| *retransmission));
    world.compare(CALLS).await;
}

/// All calls wait at a PCRF that hangs; `cut`: until its connection is given up, and redialled in vain.
async fn hang(cut: bool) {
    // All of them are sent before the first one goes to the second PCRF.
    let world = World::new(Duration::from_secs(3)).await;
    world.first().hang();
    all_granted(world.calls()).await;
    let moved = aars(&world.second_log);
    assert_eq!(moved.len(), CALLS);
    assert!(moved.iter().all(|(_, _, retransmission)| *retransmission));
    assert_eq!(held(&world.second).len(), CALLS);
    if cut {
        world.pool.drop_connection("pcrf1.rx.test");
        until("the connection is given up", async || world.open_peers() == 1).await;
    }

    world.first().wake();
    // It works off what has come in: grants that nobody wants any more.
    until("the PCRF has read what it was sent", async || aars(&world.first_log).len() == CALLS).await;
    until("the gateway talks to it again", async || world.open_peers() == 2).await;
    assert_eq!(ids(&world.first_log), ids(&world.second_log));
    world.compare(CALLS).await;
}
