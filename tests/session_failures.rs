//! The core when PCRFs fail: one outcome for every request, and no session left anywhere.
#![allow(clippy::unwrap_used)]

#[path = "session/hooked.rs"]
mod hooked;
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
    time::Duration,
};

use hooked::{Hook, Hooked};
use net::{Attempt, Says, at};
use rxgate::{
    BoxFuture,
    dict::enums::{SpecificAction, TerminationCause},
    rx::Outcome,
    session::{
        EventKind, ReleaseReason, SessionError, StoreError,
        ports::{Commit, SessionStore as _, SessionWrite},
    },
    store::MemoryStore,
};
use tokio::time::{Instant, sleep};
use world::{config, late, lost_answer, request, world, world_over};

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
    assert_eq!(world.causes(), [5, 5], "a copy of the AAR may come after the first");
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
    assert_eq!(world.causes(), [TerminationCause::DIAMETER_BAD_ANSWER.0; 2]);
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
async fn whoever_removes_a_session_does_not_wait_for_a_server_that_is_gone() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.net.kill("a.net");
    let started = Instant::now();
    let removed = world.sessions.remove(&applied.id).await.unwrap();
    assert!(removed.answer.is_empty());
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert!(matches!(world.sessions.status(&applied.id).await, Err(SessionError::NotFound)));
    assert_eq!(world.sessions.closings(), 1);
    sleep(Duration::from_secs(60)).await;
    world.net.restart("a.net");
    world.balanced().await;
    assert_eq!((world.sessions.closings(), world.net.held().len()), (0, 0));
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
async fn what_is_granted_but_cannot_be_stored_is_taken_back() {
    let store = Arc::new(MemoryStore::new());
    let failing = Arc::new(Failing(AtomicBool::new(true)));
    let port = Hooked { store: store.clone(), hook: failing.clone() };
    let world = world_over(&["a.net"], Arc::new(port), store, config()).await;
    assert!(matches!(world.sessions.apply(request()).await, Err(SessionError::Store(_))));
    // The store fails for long: nobody waits for it to tell the PCRF.
    sleep(Duration::from_secs(60)).await;
    assert_eq!(world.net.held().len(), 0);
    assert_eq!(world.net.seen()[..2], ["AAR a.net", "STR a.net 2001"]);
    // Another process would still find it there, and tell everybody.
    assert_eq!(world.store.reopened().claim_sessions(9).await.unwrap().len(), 1);
    failing.0.store(false, Ordering::Relaxed);
    world.sessions.settled().await;
    assert_eq!(world.store.count().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_used_is_told_though_the_end_cannot_be_stored_at_once() {
    let store = Arc::new(MemoryStore::new());
    let remembers = Arc::new(Remembers(AtomicBool::new(true)));
    let port = Hooked { store: store.clone(), hook: remembers.clone() };
    let mut world = world_over(&["a.net"], Arc::new(port), store, config()).await;
    world.net.reports_usage.store(true, Ordering::Relaxed);
    let applied = world.sessions.apply(request()).await.unwrap();
    // The STA is there, and the caller need not wait for the store.
    assert_ne!(world.sessions.remove(&applied.id).await.unwrap().answer, []);
    sleep(Duration::from_secs(10)).await;
    assert_eq!((world.sessions.closings(), world.kinds()), (1, vec![]));
    remembers.0.store(false, Ordering::Relaxed);
    world.balanced().await;
    assert_eq!(world.kinds(), [EventKind::Network(SpecificAction::USAGE_REPORT)]);
}

/// Fails to forget a session.
struct Remembers(AtomicBool);

impl Hook for Arc<Remembers> {
    fn commit<'a>(&'a self, store: &'a MemoryStore, commit: Commit) -> BoxFuture<'a, Result<(), StoreError>> {
        match &commit.session {
            Some(SessionWrite::Remove(_)) if self.0.load(Ordering::Relaxed) => {
                Box::pin(async { Err(StoreError::Failed { reason: "disk full".into() }) })
            }
            _ => store.commit(commit),
        }
    }
}

/// Fails to store outcomes.
struct Failing(AtomicBool);

impl Hook for Arc<Failing> {
    fn commit<'a>(&'a self, store: &'a MemoryStore, commit: Commit) -> BoxFuture<'a, Result<(), StoreError>> {
        match &commit.session {
            Some(SessionWrite::Replace { .. }) if self.0.load(Ordering::Relaxed) => {
                Box::pin(async { Err(StoreError::Failed { reason: "disk full".into() }) })
            }
            _ => store.commit(commit),
        }
    }
}
