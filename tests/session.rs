//! The core between a caller and model PCRFs: what callers and the network see.
#![allow(clippy::unwrap_used)]

#[path = "session/net.rs"]
#[allow(dead_code)]
mod net;
#[path = "session/world.rs"]
#[allow(dead_code)]
mod world;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime},
};

use net::{Attempt, Says, at};
use rxgate::{
    BoxFuture,
    dict::enums::{RxRequestType, TerminationCause},
    rx::{AaRequest, Outcome},
    session::{
        EventKind, ReleaseReason, RxSessionId, Session, SessionError, SessionState, SessionStore,
        ports::{Commit, Reply},
    },
    store::MemoryStore,
};
use tokio::time::{Instant, sleep};
use world::{config, lasting, late, request, world, world_over};

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
async fn the_termination_after_an_abort_waits_for_the_answer_to_leave() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    let replied = world.net.asr_held("a.net", applied.rx_session.as_str()).await;
    assert_eq!(replied.reply, Reply::Success);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(world.causes(), [] as [u32; 0]);
    drop(replied);
    world.balanced().await;
    assert_eq!(world.causes(), [TerminationCause::DIAMETER_ADMINISTRATIVE.0]);
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
async fn the_operator_ends_a_session() {
    let mut world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.sessions.end(&applied.id).await.unwrap();
    world.balanced().await;
    assert_eq!(world.kinds(), [EventKind::Released(ReleaseReason::Ended)]);
    assert_eq!(world.causes(), [4]);
}

#[tokio::test(start_paused = true)]
async fn shutting_down_waits_for_what_has_only_just_been_asked_for() {
    let world = world(&["a.net"]).await;
    let mut applying = std::pin::pin!(world.sessions.apply(request()));
    // It has begun, but its task has not run yet.
    assert!(applying.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    world.sessions.shut_down(Duration::from_secs(60)).await;
    assert_eq!(world.net.held().len(), 1);
    assert!(matches!(applying.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_))));
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
    let store = MemoryStore::new();
    let old = |id: &str, rx: &str| Session::pending(id.into(), rx.into(), SystemTime::now(), &request());
    store.commit(Commit::insert(old("q1", "af.test;1;1"))).await.unwrap();
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
    store.commit(Commit::insert(ending("b.net"))).await.unwrap();
    let store = Arc::new(store.reopened());
    let world = world_over(&["a.net", "b.net"], store.clone(), store, config()).await;
    world.net.hosts().get_mut("a.net").unwrap().sessions.insert("af.test;1;1".into());
    world.net.hosts().get_mut("b.net").unwrap().sessions.insert("af.test;1;2".into());
    world.balanced().await;
    assert_eq!(world.net.held().len(), 0);
}
