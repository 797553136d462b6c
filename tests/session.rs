//! The core between a caller and model PCRFs: one outcome for every request, and no session left anywhere.
#![allow(clippy::unwrap_used)]

#[path = "session/net.rs"]
#[allow(dead_code)]
mod net;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use net::{Attempt, Net, Port, Says, at};
use rxgate::{
    BoxFuture,
    dict::enums::{RxRequestType, TerminationCause},
    rx::{AaRequest, Outcome},
    session::{
        EventKind, QosEvent, QosRequest, QosSessionId, ReleaseReason, RxSessionId, Session, SessionConfig,
        SessionError, SessionFilter, SessionState, SessionStore, Sessions, StoreError, ports::Reply,
    },
    store::MemoryStore,
};
use tokio::{
    sync::broadcast,
    time::{Instant, sleep},
};

struct World {
    net: Arc<Net>,
    store: Arc<MemoryStore>,
    sessions: Arc<Sessions>,
    events: broadcast::Receiver<Arc<QosEvent>>,
}

fn config() -> SessionConfig {
    SessionConfig::new("af.test", "test", "net", SystemTime::now())
}

async fn world(hosts: &[&'static str]) -> World {
    let store = Arc::new(MemoryStore::new());
    world_over(hosts, store.clone(), store, config()).await
}

async fn world_over(
    hosts: &[&'static str],
    port: Arc<dyn SessionStore>,
    store: Arc<MemoryStore>,
    config: SessionConfig,
) -> World {
    let net = Net::new(hosts);
    let sessions = Sessions::new(config, Arc::new(Port(net.clone())), port);
    let server: Arc<dyn rxgate::session::ports::RxServer> = sessions.clone();
    net.serve(Arc::downgrade(&server));
    sessions.start().await.unwrap();
    let events = sessions.events();
    World { net, store, sessions, events }
}

fn request() -> QosRequest {
    QosRequest {
        end_user: "tel:+1".into(),
        duration: None,
        service: AaRequest { framed_ip_address: Some(vec![10, 0, 0, 1].into()), ..AaRequest::default() },
        view: "{}".into(),
    }
}

fn lasting(seconds: u64) -> QosRequest {
    QosRequest { duration: Some(Duration::from_secs(seconds)), ..request() }
}

impl World {
    /// Nothing is under way, nothing is owed, and both sides have the same sessions.
    async fn balanced(&self) {
        self.sessions.settled().await;
        let listed = self.sessions.list(SessionFilter::default()).await.unwrap();
        let owned = listed
            .iter()
            .map(|session| (session.pcrf.as_ref().unwrap().host.to_string(), session.rx_session.to_string()))
            .collect();
        assert_eq!(self.net.held(), owned);
        let all = [SessionState::Pending, SessionState::Ending, SessionState::Gone];
        for state in all {
            let filter = SessionFilter { state: Some(state), ..SessionFilter::default() };
            assert!(self.sessions.list(filter).await.unwrap().is_empty(), "{state} sessions are left");
        }
        assert_eq!(self.sessions.closings(), 0);
    }

    fn causes(&self) -> Vec<u32> {
        self.net.strs.lock().unwrap().iter().map(|request| request.termination_cause.0).collect()
    }

    fn kinds(&mut self) -> Vec<EventKind> {
        std::iter::from_fn(|| self.events.try_recv().ok()).map(|event| event.kind).collect()
    }

    fn counted(&self, name: &str) -> u64 {
        self.sessions.counters().read().find(|(known, _)| *known == name).unwrap().1
    }
}

fn lost_answer(host: &'static str) -> Attempt {
    Attempt { returns: None, ..at(host) }
}

fn late(host: &'static str, seconds: u64) -> Attempt {
    Attempt { returns: Some(Duration::from_secs(seconds)), ..at(host) }
}

#[tokio::test(start_paused = true)]
async fn apply_status_remove() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(lasting(60)).await.unwrap();
    assert_eq!(applied.granted.ip_can_type, Some(5.into()));
    assert_eq!(applied.answer[0].name, "AAA");
    let aar = world.net.aars.lock().unwrap()[0].clone();
    assert_eq!(aar.session_id, applied.rx_session.as_str());
    assert_eq!(aar.rx_request_type, Some(RxRequestType::INITIAL_REQUEST));
    assert_eq!((&*aar.origin_host, &*aar.destination_realm), ("af.test", "net"));
    let session = world.sessions.status(&applied.id).await.unwrap();
    assert!(session.is_connected());
    assert_eq!(session.expires, applied.expires);
    world.balanced().await;

    let removed = world.sessions.remove(&applied.id).await.unwrap();
    assert_eq!(removed.answer[0].name, "STA");
    assert!(matches!(world.sessions.status(&applied.id).await, Err(SessionError::NotFound)));
    let str = world.net.strs.lock().unwrap()[0].clone();
    assert_eq!(str.destination_host.as_deref(), Some("a.net"));
    assert_eq!(str.class.to_vec(), [b"class".to_vec()]);
    assert_eq!(str.termination_cause, TerminationCause::DIAMETER_LOGOUT);
    world.balanced().await;
    assert_eq!(world.net.held().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn it_is_stored_before_the_request_leaves_and_before_the_caller_is_told() {
    let world = world(&["a.net"]).await;
    let (store, seen) = (world.store.clone(), Arc::new(AtomicBool::new(false)));
    let flag = seen.clone();
    let before = Box::new(move |request: &AaRequest<'static>| {
        let id = RxSessionId::from(&*request.session_id);
        let found = ready(store.find(&id)).unwrap().unwrap();
        flag.store(found.state == SessionState::Pending, Ordering::Relaxed);
    });
    assert!(world.net.before_aar.set(before).is_ok());
    let applied = world.sessions.apply(request()).await.unwrap();
    assert!(seen.load(Ordering::Relaxed));
    assert_eq!(world.store.get(&applied.id).await.unwrap().unwrap().state, SessionState::Open);
}

/// The result of a future that is ready.
fn ready<T>(mut future: BoxFuture<'_, T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("not ready"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_and_nothing_is_sent_after_it() {
    let world = world(&["a.net"]).await;
    world.net.plan([Attempt { says: Says::Refuse(Outcome::tgpp(5063), None), ..at("a.net") }]);
    let Err(SessionError::Refused(refusal)) = world.sessions.apply(request()).await else { panic!() };
    assert_eq!(refusal.outcome, Outcome::tgpp(5063));
    assert_eq!(refusal.answer[0].name, "AAA");
    world.balanced().await;
    assert_eq!(world.causes(), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_retry_interval_is_kept_for_the_same_request_only() {
    let world = world(&["a.net"]).await;
    world.net.plan([Attempt { says: Says::Refuse(Outcome::tgpp(4261), Some(30)), ..at("a.net") }]);
    let Err(SessionError::Refused(refusal)) = world.sessions.apply(request()).await else { panic!() };
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(30)));
    sleep(Duration::from_secs(10)).await;
    let Err(SessionError::Refused(refusal)) = world.sessions.apply(request()).await else { panic!() };
    assert_eq!((refusal.outcome, refusal.rx_session), (Outcome::tgpp(4261), None));
    assert!(refusal.retry_after.unwrap() <= Duration::from_secs(20));
    let mut other = request();
    other.service.framed_ip_address = Some(vec![10, 0, 0, 2].into());
    world.sessions.apply(other).await.unwrap();
    sleep(Duration::from_secs(21)).await;
    world.sessions.apply(request()).await.unwrap();
    assert_eq!(world.net.aars.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn nobody_to_ask() {
    let world = world(&["a.net"]).await;
    world.net.kill("a.net");
    assert!(matches!(world.sessions.apply(request()).await, Err(SessionError::Unavailable { .. })));
    world.balanced().await;
    assert_eq!(world.causes(), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_the_server_is_told_that_it_is_over() {
    let world = world(&["a.net"]).await;
    world.net.plan([lost_answer("a.net")]);
    let started = Instant::now();
    assert!(matches!(world.sessions.apply(request()).await, Err(SessionError::NoAnswer { .. })));
    assert_eq!(started.elapsed().as_secs(), 10);
    world.balanced().await;
    assert_eq!(world.net.held().len(), 0);
    assert_eq!(world.causes(), [5]);
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_comes_late_is_taken_back_even_if_the_session_was_unknown_before() {
    let world = world(&["a.net"]).await;
    // The AAR arrives 15 s late: the first STR finds nothing, and so does the one after that.
    world.net.plan([Attempt { arrives: Some(Duration::from_secs(45)), ..at("a.net") }]);
    assert!(matches!(world.sessions.apply(request()).await, Err(SessionError::NoAnswer { .. })));
    world.sessions.settled().await;
    assert_eq!(world.net.seen(), ["STR a.net 5002", "STR a.net 5002"]);
    sleep(Duration::from_secs(60)).await;
    world.balanced().await;
    assert_eq!(world.net.seen(), ["AAR a.net", "STR a.net 2001"]);
    assert_eq!(world.counted("late_grants"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_session_is_asked_for_again_while_its_request_may_be_on_its_way() {
    let world = world(&["a.net"]).await;
    // It arrives after the first STR, and its answer is lost.
    world.net.plan([Attempt { arrives: Some(Duration::from_secs(15)), returns: None, ..at("a.net") }]);
    assert!(matches!(world.sessions.apply(request()).await, Err(SessionError::NoAnswer { .. })));
    world.balanced().await;
    assert_eq!(world.net.seen(), ["STR a.net 5002", "AAR a.net", "STR a.net 2001"]);
}

#[tokio::test(start_paused = true)]
async fn after_failover_the_first_server_is_closed_and_the_second_is_not() {
    let world = world(&["a.net", "b.net"]).await;
    world.net.plan([lost_answer("a.net"), at("b.net")]);
    let applied = world.sessions.apply(request()).await.unwrap();
    world.balanced().await;
    assert_eq!(
        world.net.held().into_iter().collect::<Vec<_>>(),
        [("b.net".into(), applied.rx_session.to_string())]
    );
}

#[tokio::test(start_paused = true)]
async fn both_servers_grant_and_the_one_that_was_first_loses() {
    let world = world(&["a.net", "b.net"]).await;
    world.net.plan([late("a.net", 5), late("b.net", 3)]);
    let applied = world.sessions.apply(request()).await.unwrap();
    world.balanced().await;
    assert_eq!(world.net.held().len(), 1);
    assert_eq!(world.sessions.status(&applied.id).await.unwrap().pcrf.unwrap().host.as_ref(), "b.net");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hung_is_closed_when_it_wakes_up() {
    let world = world(&["a.net", "b.net"]).await;
    world.net.hang("a.net");
    for _ in 0..50 {
        world.net.plan([at("a.net"), at("b.net")]);
    }
    let sessions = &world.sessions;
    let all: Vec<_> = (0..50)
        .map(|_| {
            let sessions = sessions.clone();
            tokio::spawn(async move { sessions.apply(request()).await })
        })
        .collect();
    for one in all {
        one.await.unwrap().unwrap();
    }
    sleep(Duration::from_secs(1000)).await;
    world.net.wake("a.net");
    world.balanced().await;
    assert_eq!(world.net.held().len(), 50);
    assert!(world.net.held().iter().all(|(host, _)| host == "b.net"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_killed_is_told_as_soon_as_it_is_back() {
    let world = world(&["a.net", "b.net"]).await;
    world.net.plan([lost_answer("a.net"), at("b.net")]);
    let (sessions, net) = (world.sessions.clone(), world.net.clone());
    let apply = tokio::spawn(async move { sessions.apply(request()).await });
    sleep(Duration::from_secs(1)).await;
    net.kill("a.net");
    apply.await.unwrap().unwrap();
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(world.net.seen(), ["AAR a.net", "AAR b.net"]);
    world.net.restart("a.net");
    sleep(Duration::from_millis(10)).await;
    assert_eq!(world.net.seen(), ["STR a.net 5002"]);
    world.balanced().await;
    assert_eq!(world.net.held().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_used_is_taken_back() {
    let world = world(&["a.net"]).await;
    world.net.plan([Attempt { says: Says::Garbage, ..at("a.net") }]);
    assert!(matches!(world.sessions.apply(request()).await, Err(SessionError::BadAnswer { .. })));
    world.balanced().await;
    assert_eq!(world.causes(), [TerminationCause::DIAMETER_BAD_ANSWER.0]);
    assert_eq!(world.net.held().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_when_its_time_is_over() {
    let mut world = world(&["a.net"]).await;
    let long = world.sessions.apply(lasting(100)).await.unwrap();
    let short = world.sessions.apply(lasting(60)).await.unwrap();
    sleep(Duration::from_secs(59)).await;
    assert!(world.sessions.status(&short.id).await.is_ok());
    sleep(Duration::from_secs(2)).await;
    assert!(matches!(world.sessions.status(&short.id).await, Err(SessionError::NotFound)));
    assert!(world.sessions.status(&long.id).await.is_ok());
    assert_eq!(world.kinds(), [EventKind::Released(ReleaseReason::Expired)]);
    world.balanced().await;
    sleep(Duration::from_secs(60)).await;
    world.balanced().await;
    assert_eq!(world.net.held().len(), 0);
    assert_eq!(world.causes(), [8, 8]);
    assert_eq!(world.counted("expired"), 2);
}

#[tokio::test(start_paused = true)]
async fn reports_are_answered_and_told() {
    let mut world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    let rx = applied.rx_session.as_str();
    assert_eq!(world.net.rar("a.net", rx, &[2, 6]).await, Reply::Success);
    assert!(!world.sessions.status(&applied.id).await.unwrap().is_connected());
    assert_eq!(world.net.rar("a.net", rx, &[3]).await, Reply::Success);
    assert!(world.sessions.status(&applied.id).await.unwrap().is_connected());
    let numbers: Vec<u32> = world.kinds().iter().map(|kind| kind.number()).collect();
    assert_eq!(numbers, [2, 6, 3]);
    assert_eq!(world.net.rar("a.net", "af.test;0;0", &[2]).await, Reply::UnknownSession);
    assert_eq!(world.net.asr("a.net", "af.test;0;0").await, Reply::UnknownSession);
}

#[tokio::test(start_paused = true)]
async fn an_abort_is_answered_told_and_followed_by_a_termination() {
    let mut world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    assert_eq!(world.net.asr("a.net", applied.rx_session.as_str()).await, Reply::Success);
    world.balanced().await;
    assert_eq!(world.causes(), [TerminationCause::DIAMETER_ADMINISTRATIVE.0]);
    assert_eq!(world.kinds().iter().map(|kind| kind.number()).collect::<Vec<_>>(), [4]);
    assert!(matches!(world.sessions.remove(&applied.id).await, Err(SessionError::NotFound)));
}

#[tokio::test(start_paused = true)]
async fn an_abort_that_crosses_a_removal_causes_no_second_termination() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    // The answer to the STR takes its time.
    world.net.stas.lock().unwrap().push_back(None);
    let (sessions, id) = (world.sessions.clone(), applied.id.clone());
    let removal = tokio::spawn(async move { sessions.remove(&id).await });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.net.asr("a.net", applied.rx_session.as_str()).await, Reply::Success);
    assert_eq!(world.net.strs.lock().unwrap().len(), 1);
    assert!(removal.await.unwrap().is_ok());
    world.balanced().await;
    // The one without an answer, and its repetition.
    assert_eq!(world.causes(), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_crosses_an_abort_finds_nothing() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    let removal = world.sessions.remove(&applied.id);
    let (abort, removal) = tokio::join!(world.net.asr("a.net", applied.rx_session.as_str()), removal);
    assert_eq!(abort, Reply::Success);
    assert!(matches!(removal, Err(SessionError::NotFound)));
    world.balanced().await;
    assert_eq!(world.causes(), [4]);
}

#[tokio::test(start_paused = true)]
async fn of_two_removals_one_removes() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    let (one, two) = tokio::join!(world.sessions.remove(&applied.id), world.sessions.remove(&applied.id));
    assert!(one.is_ok() != two.is_ok());
    world.balanced().await;
    assert_eq!(world.causes(), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_report_that_overtakes_the_answer_waits_for_it() {
    let mut world = world(&["a.net"]).await;
    world.net.plan([Attempt { returns: Some(Duration::from_millis(900)), ..at("a.net") }]);
    let sessions = world.sessions.clone();
    let apply = tokio::spawn(async move { sessions.apply(request()).await });
    sleep(Duration::from_millis(10)).await;
    let rx = world.net.held().into_iter().next().unwrap().1;
    assert_eq!(world.net.rar("a.net", &rx, &[2]).await, Reply::Success);
    apply.await.unwrap().unwrap();
    assert_eq!(world.kinds().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_abort_that_waits_too_long_for_the_answer_ends_what_is_granted_then() {
    let world = world(&["a.net"]).await;
    world.net.plan([late("a.net", 3)]);
    let sessions = world.sessions.clone();
    let apply = tokio::spawn(async move { sessions.apply(request()).await });
    sleep(Duration::from_millis(10)).await;
    let rx = world.net.held().into_iter().next().unwrap().1;
    let asked = Instant::now();
    assert_eq!(world.net.asr("a.net", &rx).await, Reply::UnknownSession);
    assert_eq!(asked.elapsed().as_millis() / 10, 100);
    assert!(matches!(apply.await.unwrap(), Err(SessionError::Aborted { .. })));
    world.balanced().await;
    assert_eq!(world.net.held().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_restarted_has_lost_its_sessions() {
    let mut world = world(&["a.net", "b.net"]).await;
    let lost = world.sessions.apply(request()).await.unwrap();
    world.net.plan([at("b.net")]);
    let kept = world.sessions.apply(request()).await.unwrap();
    world.net.kill("a.net");
    world.net.restart("a.net");
    world.balanced().await;
    assert!(matches!(world.sessions.status(&lost.id).await, Err(SessionError::NotFound)));
    assert!(world.sessions.status(&kept.id).await.is_ok());
    assert_eq!(world.kinds(), [EventKind::Released(ReleaseReason::PcrfRestarted)]);
    assert_eq!(world.causes(), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_termination_is_repeated_until_it_is_answered() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    let busy = Some(Outcome::base(3004));
    world.net.stas.lock().unwrap().extend([busy, Some(Outcome::base(4001)), None, busy]);
    let started = Instant::now();
    let removed = world.sessions.remove(&applied.id).await.unwrap();
    // The caller does not wait for ever.
    assert!(removed.answer.is_empty());
    assert_eq!(started.elapsed().as_secs(), 10);
    world.balanced().await;
    assert_eq!(world.causes().len(), 5);
    assert_eq!(world.net.held().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_delivered_to_a_host_is_sent_once_without_it() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.net.stas.lock().unwrap().push_back(Some(Outcome::base(3002)));
    world.sessions.remove(&applied.id).await.unwrap();
    world.balanced().await;
    let hosts: Vec<bool> =
        world.net.strs.lock().unwrap().iter().map(|request| request.destination_host.is_some()).collect();
    assert_eq!(hosts, [true, false]);
}

#[tokio::test(start_paused = true)]
async fn without_a_host_nothing_is_sent_that_could_end_a_session_in_use() {
    let world = world(&["a.net", "b.net"]).await;
    world.net.plan([lost_answer("a.net"), at("b.net")]);
    world.net.stas.lock().unwrap().extend([Some(Outcome::base(3002)); 3]);
    world.sessions.apply(request()).await.unwrap();
    world.balanced().await;
    assert!(world.net.strs.lock().unwrap().iter().all(|request| request.destination_host.is_some()));
    assert_eq!(world.net.held().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_termination_is_given_up_after_a_day() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.net.hang("a.net");
    world.sessions.remove(&applied.id).await.unwrap();
    sleep(Duration::from_secs(80_000)).await;
    assert_eq!((world.sessions.closings(), world.counted("terminations_given_up")), (1, 0));
    world.sessions.settled().await;
    assert_eq!((world.sessions.closings(), world.counted("terminations_given_up")), (0, 1));
    assert!(matches!(world.sessions.inspect(&applied.id).await, Err(SessionError::NotFound)));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_changes_nothing() {
    let world = world(&["a.net"]).await;
    world.net.plan([late("a.net", 3)]);
    assert!(tokio::time::timeout(Duration::from_secs(1), world.sessions.apply(request())).await.is_err());
    world.balanced().await;
    assert_eq!(world.net.held().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_operator_ends_a_session() {
    let mut world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.sessions.end(&applied.id).await.unwrap();
    world.balanced().await;
    assert_eq!(world.kinds(), [EventKind::Released(ReleaseReason::Ended)]);
    assert_eq!(world.causes(), [4]);
}

#[tokio::test(start_paused = true)]
async fn shutting_down_waits_for_what_is_under_way_and_takes_nothing_new() {
    let world = world(&["a.net"]).await;
    world.net.plan([late("a.net", 3)]);
    let sessions = world.sessions.clone();
    let apply = tokio::spawn(async move { sessions.apply(request()).await });
    sleep(Duration::from_secs(1)).await;
    world.sessions.shut_down(Duration::from_secs(60)).await;
    assert!(apply.await.unwrap().is_ok());
    assert!(matches!(world.sessions.apply(request()).await, Err(SessionError::ShuttingDown)));
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_process_left_is_brought_to_an_end() {
    let store = Arc::new(MemoryStore::new());
    let old = |id: &str, rx: &str| Session::pending(id.into(), rx.into(), SystemTime::now(), &request());
    store.insert(old("q1", "af.test;1;1")).await.unwrap();
    let ending = |host: &str| {
        let mut session = Session::orphan("q2".into(), "af.test;1;2".into(), SystemTime::now());
        let grant = rxgate::session::ports::LateGrant {
            rx_session: "af.test;1;2".into(),
            host: host.into(),
            peer: host.into(),
            class: vec![],
        };
        rxgate::session::machine::step(
            &mut session,
            SystemTime::now(),
            rxgate::session::machine::Input::LateGrant(&grant),
        );
        session
    };
    store.insert(ending("b.net")).await.unwrap();
    let world = world_over(&["a.net", "b.net"], store.clone(), store, config()).await;
    world.net.hosts().get_mut("a.net").unwrap().sessions.insert("af.test;1;1".into());
    world.net.hosts().get_mut("b.net").unwrap().sessions.insert("af.test;1;2".into());
    world.balanced().await;
    assert_eq!(world.net.held().len(), 0);
}

/// A store that fails to store outcomes.
struct Failing(Arc<MemoryStore>);

impl SessionStore for Failing {
    fn insert(&self, session: Session) -> BoxFuture<'_, Result<(), StoreError>> {
        SessionStore::insert(&*self.0, session)
    }
    fn get<'a>(&'a self, id: &'a QosSessionId) -> BoxFuture<'a, Result<Option<Session>, StoreError>> {
        self.0.get(id)
    }
    fn find<'a>(&'a self, id: &'a RxSessionId) -> BoxFuture<'a, Result<Option<Session>, StoreError>> {
        self.0.find(id)
    }
    fn replace(&self, _: Session) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Err(StoreError::Failed { reason: "disk full".into() }) })
    }
    fn remove<'a>(&'a self, id: &'a QosSessionId, version: u64) -> BoxFuture<'a, Result<bool, StoreError>> {
        SessionStore::remove(&*self.0, id, version)
    }
    fn expiring(
        &self,
        before: SystemTime,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<QosSessionId>, StoreError>> {
        self.0.expiring(before, limit)
    }
    fn next_expiry(&self) -> BoxFuture<'_, Result<Option<SystemTime>, StoreError>> {
        self.0.next_expiry()
    }
    fn list(&self, filter: SessionFilter) -> BoxFuture<'_, Result<Vec<Session>, StoreError>> {
        SessionStore::list(&*self.0, filter)
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_granted_but_cannot_be_stored_is_taken_back() {
    let store = Arc::new(MemoryStore::new());
    let world = world_over(&["a.net"], Arc::new(Failing(store.clone())), store, config()).await;
    assert!(matches!(world.sessions.apply(request()).await, Err(SessionError::Store(_))));
    world.sessions.settled().await;
    assert_eq!(world.net.held().len(), 0);
    assert_eq!(world.net.seen()[..2], ["AAR a.net", "STR a.net 2001"]);
}
