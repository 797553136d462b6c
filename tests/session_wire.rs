//! The core over real connections to simulated PCRFs: every AVP passes the codec, every failure is a socket's.
#![allow(clippy::unwrap_used)]

#[path = "session/events.rs"]
mod events;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use rxgate::{
    dict::{
        Dictionary, commands,
        enums::{AbortCause, SpecificAction},
    },
    gateway::{Gateway, GatewayConfig},
    pcrf::{Action, AsrOrder, CustomOrder, Exchange, Pcrf, PcrfConfig, RarOrder, Rule},
    rx::{AaRequest, MediaComponentDescription, Outcome},
    session::{
        Applied, QosEvent, QosRequest, SessionConfig, SessionError, SessionFilter, Sessions, ports::RxServer,
    },
    store::MemoryStore,
    transport::{DisconnectCause, LocalNode, NodePeer, Pool, PoolConfig},
};
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinSet};

/// Longer than anything takes, on any machine.
const DEADLINE: Duration = Duration::from_secs(60);

const AF: &str = "af.rx.test";

type Log = Arc<Mutex<Vec<Exchange>>>;

/// A PCRF, and everything that it was asked.
async fn pcrf(host: &str, config: PcrfConfig) -> (Pcrf, Log) {
    let log = Log::default();
    let seen = log.clone();
    let config = PcrfConfig {
        origin_host: host.into(),
        control: None,
        observer: Some(Arc::new(move |exchange: &Exchange| seen.lock().unwrap().push(exchange.clone()))),
        ..config
    };
    (Pcrf::start(config).await.unwrap(), log)
}

fn free() -> PcrfConfig {
    PcrfConfig { origin_state_id: Some(7), class: Some(b"class".to_vec()), ..PcrfConfig::on_free_ports() }
}

struct Af {
    sessions: Arc<Sessions>,
    gateway: Arc<Gateway>,
    pool: Pool,
    events: UnboundedReceiver<Arc<QosEvent>>,
}

/// A gateway with these peers, the first one preferred; all of them can be used when this returns.
async fn af(peers: &[(&str, &Pcrf)]) -> Af {
    af_that_waits(DEADLINE, peers).await
}

/// The same; each attempt at a peer may take so long.
async fn af_that_waits(attempt_timeout: Duration, peers: &[(&str, &Pcrf)]) -> Af {
    let mut local = LocalNode::rx(AF, "rx.test");
    local.origin_state_id = Some(1);
    let mut pool = PoolConfig::new(local);
    pool.node.attempt_timeout = attempt_timeout;
    pool.node.each_peer.reconnect_initial = Duration::from_millis(10);
    pool.node.each_peer.reopen_probes = 0;
    pool.node.peers = (1..)
        .zip(peers)
        .map(|(priority, (host, pcrf))| NodePeer {
            priority,
            ..NodePeer::new(*host, pcrf.address().to_string())
        })
        .collect();
    let config = SessionConfig {
        origin_state_id: 1,
        request_timeout: DEADLINE,
        retry_initial: Duration::from_millis(50),
        settle: Duration::from_millis(500),
        ..SessionConfig::new(AF, "rx.test", "rx.test", SystemTime::now())
    };
    let identity =
        GatewayConfig { origin_host: AF.into(), origin_realm: "rx.test".into(), origin_state_id: 1 };
    let gateway = Gateway::new(identity, Dictionary::builtin()).unwrap();
    let sessions = Sessions::new(config, gateway.clone(), Arc::new(MemoryStore::new()));
    sessions.start().await.unwrap();
    let events = events::listen(&sessions);
    let server: Arc<dyn RxServer> = sessions.clone();
    let pool = gateway.connect(pool, &server).await.unwrap();
    let af = Af { sessions, gateway, pool, events };
    for (host, _) in peers {
        af.open(host).await;
    }
    af
}

impl Af {
    /// Waits until this peer can be used.
    async fn open(&self, host: &str) {
        let open = async {
            while !self.gateway.peers().iter().any(|peer| peer.host == host && peer.open) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(DEADLINE, open).await.expect("the peer opens in time");
    }

    async fn apply(&self) -> Result<Applied, SessionError> {
        self.sessions.apply(request()).await
    }

    async fn settled(&self) {
        tokio::time::timeout(DEADLINE, self.sessions.settled()).await.expect("everything settles in time");
    }

    async fn owned(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut owned = BTreeMap::<_, BTreeSet<_>>::new();
        for session in self.sessions.list(SessionFilter::default()).await.unwrap() {
            let host = session.pcrf.unwrap().host.to_string();
            owned.entry(host).or_default().insert(session.rx_session.to_string());
        }
        owned
    }

    /// Fifty requests at once.
    fn fifty(&self) -> JoinSet<Result<Applied, SessionError>> {
        let mut all = JoinSet::new();
        for _ in 0..50 {
            let sessions = self.sessions.clone();
            all.spawn(async move { sessions.apply(request()).await });
        }
        all
    }
}

fn request() -> QosRequest {
    let component = MediaComponentDescription { media_component_number: 1, ..Default::default() };
    QosRequest {
        owner: None,
        end_user: "tel:+1".into(),
        duration: None,
        service: AaRequest {
            framed_ip_address: Some(vec![10, 0, 0, 1].into()),
            media_component_description: vec![component].into(),
            ..AaRequest::default()
        },
        view: "{}".into(),
    }
}

fn held(pcrf: &Pcrf) -> BTreeSet<String> {
    pcrf.sessions().into_iter().map(|session| session.session_id).collect()
}

fn names(log: &Log) -> Vec<String> {
    log.lock().unwrap().iter().map(ToString::to_string).map(|line| line[3..6].to_owned()).collect()
}

#[tokio::test]
async fn one_session_from_the_first_message_to_the_last() {
    let (pcrf, log) = pcrf("a.rx.test", free()).await;
    let mut af = af(&[("a.rx.test", &pcrf)]).await;
    let applied = af.apply().await.unwrap();
    let named: Vec<_> = applied.answer.iter().map(|avp| avp.name.as_str()).collect();
    assert!(named.contains(&"IP-CAN-Type") && named.contains(&"Result-Code"), "{named:?}");
    assert_eq!(applied.granted.class, [b"class".to_vec()]);
    let rx = applied.rx_session.as_str();

    let order = RarOrder {
        specific_actions: vec![
            SpecificAction::INDICATION_OF_LOSS_OF_BEARER,
            SpecificAction::INDICATION_OF_LIMITED_PCC_DEPLOYMENT,
        ],
        ..RarOrder::default()
    };
    assert_eq!(pcrf.rar(rx, &order).await.unwrap().outcome, Some(Outcome::SUCCESS));
    assert!(!af.sessions.status(&applied.id).await.unwrap().is_connected());
    let mut numbers = vec![af.events.recv().await.unwrap().kind.number()];
    numbers.push(af.events.recv().await.unwrap().kind.number());
    assert_eq!(numbers, [2, 10]);

    let removed = af.sessions.remove(&applied.id).await.unwrap();
    assert!(removed.answer.iter().any(|avp| avp.name == "Result-Code"));
    assert_eq!(names(&log), ["AAR", "RAR", "STR"]);
    assert_eq!(held(&pcrf).len(), 0);
    // The Class came back.
    let last = log.lock().unwrap().last().unwrap().request.clone();
    assert!(last.as_bytes().windows(5).any(|octets| octets == b"class"));
}

#[tokio::test]
async fn an_abort_is_answered_and_ended() {
    let (pcrf, log) = pcrf("a.rx.test", free()).await;
    let mut af = af(&[("a.rx.test", &pcrf)]).await;
    let applied = af.apply().await.unwrap();
    let order = AsrOrder { abort_cause: AbortCause::INSUFFICIENT_BEARER_RESOURCES, ..AsrOrder::default() };
    let pushed = pcrf.asr(applied.rx_session.as_str(), &order).await.unwrap();
    assert_eq!(pushed.outcome, Some(Outcome::SUCCESS));
    let event = af.events.recv().await.unwrap();
    assert_eq!(event.kind.number(), 4);
    assert_eq!(event.report.abort_cause, Some(AbortCause::INSUFFICIENT_BEARER_RESOURCES));
    af.settled().await;
    assert_eq!(held(&pcrf).len(), 0);
    assert_eq!(names(&log).iter().filter(|name| *name == "STR").count(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_and_changes_nothing() {
    let (pcrf, _) = pcrf("a.rx.test", free()).await;
    let af = af(&[("a.rx.test", &pcrf)]).await;
    let applied = af.apply().await.unwrap();
    let rx = applied.rx_session.as_str();
    let none = RarOrder::default();
    assert_eq!(pcrf.rar(rx, &none).await.unwrap().outcome, Some(Outcome::base(5005)));
    let unknown = CustomOrder { code: 9999, vendor_id: 10415, mandatory: true, data: vec![1] };
    let order = AsrOrder { custom: vec![unknown], ..AsrOrder::default() };
    let pushed = pcrf.asr(rx, &order).await.unwrap();
    assert_eq!(pushed.outcome, Some(Outcome::base(5001)));
    // Failed-AVP holds it, as it came.
    let failed = [0, 0, 0x27, 0x0f, 0xc0, 0, 0, 13, 0, 0, 0x28, 0xaf, 1];
    assert!(pushed.answer.as_bytes().windows(13).any(|octets| octets == failed));
    assert!(af.sessions.status(&applied.id).await.is_ok());
    assert_eq!(af.gateway.counters().bad_requests.load(std::sync::atomic::Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_refusal_comes_through() {
    let (pcrf, log) = pcrf("a.rx.test", free()).await;
    let af = af(&[("a.rx.test", &pcrf)]).await;
    let outcome = Outcome::tgpp(4261);
    pcrf.add_rule(Rule {
        action: Action::Answer { outcome, acceptable: None, retry_interval: Some(7) },
        ..Rule::default()
    });
    let Err(SessionError::Refused(refusal)) = af.apply().await else { panic!("it is refused") };
    assert_eq!((refusal.outcome, refusal.retry_after), (outcome, Some(Duration::from_secs(7))));
    af.settled().await;
    assert_eq!(names(&log), ["AAR"]);
}

#[tokio::test]
async fn a_request_for_a_session_that_nobody_knows_is_answered_so() {
    let (pcrf, _) = pcrf("a.rx.test", free()).await;
    let before = af(&[("a.rx.test", &pcrf)]).await;
    let (one, two) = (before.apply().await.unwrap(), before.apply().await.unwrap());
    before.pool.shut_down(DisconnectCause::Rebooting).await;
    // Another process under the same name, with a memory of its own.
    let _now = af(&[("a.rx.test", &pcrf)]).await;
    let unknown = Some(Outcome::base(5002));
    let order = RarOrder { specific_actions: vec![SpecificAction(2)], ..RarOrder::default() };
    assert_eq!(pcrf.rar(one.rx_session.as_str(), &order).await.unwrap().outcome, unknown);
    assert_eq!(pcrf.asr(two.rx_session.as_str(), &AsrOrder::default()).await.unwrap().outcome, unknown);
}

/// Fifty requests are at a PCRF that does not answer when it is killed.
#[tokio::test]
async fn a_pcrf_killed_under_fifty_requests_leaves_nothing_behind() {
    // It takes effect, and no answer comes.
    let silence = Rule { action: Action::Silence { handled: true }, ..Rule::default() };
    let (a, log_a) = pcrf("a.rx.test", PcrfConfig { rules: vec![silence], ..free() }).await;
    let (b, log_b) = pcrf("b.rx.test", free()).await;
    let af = af(&[("a.rx.test", &a), ("b.rx.test", &b)]).await;
    let mut all = af.fifty();
    let arrived = async {
        while names(&log_a).iter().filter(|name| *name == "AAR").count() < 50 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(DEADLINE, arrived).await.expect("all fifty arrive in time");
    let address = a.address();
    a.kill().await;
    let mut granted = BTreeSet::new();
    while let Some(applied) = all.join_next().await {
        granted.insert(applied.unwrap().unwrap().rx_session.to_string());
    }
    assert_eq!(granted.len(), 50);

    // It comes back, and remembers nothing.
    let (a, _) = pcrf("a.rx.test", PcrfConfig { listen: address, origin_state_id: Some(8), ..free() }).await;
    af.open("a.rx.test").await;
    af.settled().await;
    assert_eq!(held(&a).len(), 0);
    assert_eq!(held(&b), granted);
    assert_eq!(af.owned().await, BTreeMap::from([("b.rx.test".into(), granted)]));

    // What failed over carries T and the End-to-End Identifier of the first attempt.
    let aars = |log: &Log| -> BTreeMap<String, (u32, bool)> {
        let log = log.lock().unwrap();
        let aars = log.iter().filter(|seen| seen.request.header().command == commands::AA);
        let of = |seen: &Exchange| {
            let ids = (seen.request.header().end_to_end.0, seen.is_retransmission());
            (seen.session_id().unwrap().to_owned(), ids)
        };
        aars.map(of).collect()
    };
    let (first, second) = (aars(&log_a), aars(&log_b));
    assert_eq!(second.len(), 50);
    for (session, (end_to_end, retransmitted)) in &second {
        assert!(retransmitted, "{session} carries no T");
        assert_eq!(first.get(session).map(|(first, _)| first), Some(end_to_end), "{session}");
    }
}

/// Fifty requests are at a PCRF that hangs, and wakes up later.
#[tokio::test]
async fn a_pcrf_that_hung_under_fifty_requests_leaves_nothing_behind() {
    let (a, _) = pcrf("a.rx.test", free()).await;
    let (b, _) = pcrf("b.rx.test", free()).await;
    // All of them are sent before the first one goes to the other.
    let af = af_that_waits(Duration::from_secs(2), &[("a.rx.test", &a), ("b.rx.test", &b)]).await;
    a.hang();
    let mut all = af.fifty();
    let mut granted = BTreeSet::new();
    while let Some(applied) = all.join_next().await {
        granted.insert(applied.unwrap().unwrap().rx_session.to_string());
    }
    assert_eq!((granted.len(), af.sessions.closings()), (50, 50));
    a.wake();
    af.settled().await;
    assert_eq!(held(&a).len(), 0);
    assert_eq!(held(&b), granted);
    assert_eq!(af.owned().await, BTreeMap::from([("b.rx.test".into(), granted)]));
}

#[tokio::test]
async fn a_pcrf_that_restarts_ends_what_it_had() {
    let (pcrf, _) = pcrf("a.rx.test", free()).await;
    let mut af = af(&[("a.rx.test", &pcrf)]).await;
    let applied = af.apply().await.unwrap();
    pcrf.restart().await.unwrap();
    let event = tokio::time::timeout(DEADLINE, af.events.recv()).await.unwrap().unwrap();
    assert_eq!((event.kind.number(), &event.id), (12, &applied.id));
    assert!(matches!(af.sessions.status(&applied.id).await, Err(SessionError::NotFound)));
    af.settled().await;
    assert_eq!((held(&pcrf).len(), af.owned().await.len()), (0, 0));
}

#[tokio::test]
async fn nobody_is_there_to_ask() {
    let (pcrf, _) = pcrf("a.rx.test", free()).await;
    let af = af(&[("a.rx.test", &pcrf)]).await;
    af.pool.shut_down(DisconnectCause::Rebooting).await;
    assert!(matches!(af.apply().await, Err(SessionError::ShuttingDown)));
    af.settled().await;
    assert_eq!(af.owned().await.len(), 0);
}
