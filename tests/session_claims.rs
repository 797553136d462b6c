//! Several processes on one store: what one of them began is finished by another once it is gone, and not before.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "session/net.rs"]
#[allow(dead_code)]
mod net;
#[path = "session/world.rs"]
#[allow(dead_code)]
mod world;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rxgate::{
    session::{Session, SessionError, SessionState, SessionStore, Sessions, ports::Commit},
    store::MemoryStore,
};
use tokio::time::sleep;
use world::{change, config, lasting, late, request, world_over};

const LEASE: Duration = Duration::from_secs(15);

fn pending(id: &str, rx_session: &str) -> Session {
    Session::pending(id.into(), rx_session.into(), SystemTime::now(), &request())
}

#[tokio::test(start_paused = true)]
async fn it_is_finished_by_another_process_once_its_own_is_gone() {
    let one = MemoryStore::new().joined(LEASE);
    let two = Arc::new(one.joined(LEASE));
    let world = world_over(&["a.net"], two.clone(), two, config()).await;
    one.commit(Commit::insert(pending("q1", "af.test;1;1"))).await.unwrap();
    world.net.hosts().get_mut("a.net").unwrap().sessions.insert("af.test;1;1".into());
    // For an hour it is busy, and it is there.
    for _ in 0..360 {
        sleep(Duration::from_secs(10)).await;
        assert!(one.claim_sessions(9).await.unwrap().is_empty());
    }
    assert_eq!(world.net.seen(), [""; 0]);
    // It does not come again.
    sleep(2 * LEASE).await;
    world.balanced().await;
    assert_eq!(world.net.held().len(), 0);
    assert_eq!(world.net.seen()[0], "STR a.net 2001");
}

#[tokio::test(start_paused = true)]
async fn two_processes_leave_each_other_alone() {
    let shared = MemoryStore::new();
    let ports = [(); 2].map(|()| Arc::new(shared.joined(LEASE)));
    let world = world_over(&["a.net"], ports[0].clone(), ports[0].clone(), config()).await;
    let port = Arc::new(net::Port(world.net.clone()));
    let other = Sessions::new(config(), port, ports[1].clone());
    other.start().await.unwrap();
    // What is owed for longer than any lease: an STR, and an AAR of a modification, that have no answer.
    let ending = world.sessions.apply(request()).await.unwrap();
    let modified = other.apply(request()).await.unwrap();
    world.net.hang("a.net");
    world.sessions.remove(&ending.id).await.unwrap();
    let asked = other.update(&modified.id).await.unwrap().apply(change("more")).await;
    assert!(matches!(asked, Err(SessionError::NoAnswer { .. })), "{asked:?}");
    let sent = || (world.net.strs.lock().unwrap().len(), world.net.aars.lock().unwrap().len());
    let before = sent();
    sleep(Duration::from_secs(4 * 3600)).await;
    assert_eq!((world.sessions.closings(), other.closings()), (1, 0));
    // Each by one of them, at the pace of one: every minute at last.
    let after = sent();
    for sent in [after.0 - before.0, after.1 - before.1] {
        assert!((100..300).contains(&sent), "{sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_only_slow_leaves_nothing_behind() {
    let lease = Duration::from_secs(1);
    let shared = MemoryStore::new();
    let two = Arc::new(shared.joined(lease));
    let world = world_over(&["a.net"], two.clone(), two, config()).await;
    // It never says that it is there.
    let port = Arc::new(net::Port(world.net.clone()));
    let slow = Sessions::new(config(), port, Arc::new(shared.joined(lease)));
    world.net.plan([late("a.net", 3)]);
    let asked = slow.apply(request()).await;
    assert!(matches!(asked, Err(SessionError::Aborted { .. })), "{asked:?}");
    assert_ne!(world.counted("terminations_sent"), 0);
    slow.settled().await;
    world.balanced().await;
    assert_eq!(world.net.held().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_in_time_though_its_process_is_gone() {
    let shared = MemoryStore::new();
    let one = Arc::new(shared.joined(LEASE));
    let world = world_over(&["a.net"], one.clone(), one, config()).await;
    let other = Arc::new(shared.joined(LEASE));
    let first = Sessions::new(config(), Arc::new(net::Port(world.net.clone())), other.clone());
    let applied = first.apply(lasting(600)).await.unwrap();
    first.settled().await;
    drop(first);
    sleep(Duration::from_secs(598)).await;
    assert_eq!(other.get(&applied.id).await.unwrap().unwrap().state, SessionState::Open);
    sleep(Duration::from_secs(4)).await;
    world.balanced().await;
    assert_eq!((world.net.held().len(), world.counted("expired")), (0, 1));
}
