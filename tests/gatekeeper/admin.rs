//! The operator's interface.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use rxgate::{
    BoxFuture,
    north::{admin::PeerView, gatekeeper::NotificationSettings},
    session::{SessionStore, StoreError, ports::Commit},
    store::MemoryStore,
};
use serde_json::json;
use tokio::{sync::Notify, time::Instant};

use crate::{
    events,
    hooked::{Hook, Hooked},
    support::*,
    world::*,
};

fn peer(open: bool) -> PeerView {
    PeerView {
        host: "pcrf.rx.test".into(),
        address: "127.0.0.1:3868".into(),
        transport: "tcp".into(),
        state: if open { "Okay" } else { "Down" }.into(),
        connected: open,
        open,
        held: false,
        since: SystemTime::UNIX_EPOCH + Duration::from_secs(1_362_972_554),
        reason: (!open).then(|| "connection refused".into()),
        paths: Vec::new(),
    }
}

/// A disk that may fail for good, or hang.
#[derive(Default)]
struct Troubled {
    failed: AtomicBool,
    hangs: AtomicBool,
    /// Done once it hangs no more.
    goes_on: Notify,
    commits: AtomicUsize,
}

impl Hook for Troubled {
    fn commit<'a>(&'a self, store: &'a MemoryStore, commit: Commit) -> BoxFuture<'a, Result<(), StoreError>> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            if self.failed.load(Ordering::SeqCst) {
                return Err(StoreError::Failed { reason: "its disk failed".into() });
            }
            if self.hangs.load(Ordering::SeqCst) {
                self.goes_on.notified().await;
            }
            store.commit(commit).await
        })
    }
}

/// A gateway with an open peer over such a disk.
fn troubled() -> (World, Arc<Hooked<Troubled>>) {
    let store = Arc::new(Hooked { store: Arc::new(MemoryStore::new()), hook: Troubled::default() });
    let world = World::with_settings_over(store.clone(), NotificationSettings::default());
    world.peers.lock().unwrap().push(peer(true));
    (world, store)
}

/// Status of `/live` and of `/ready`, and the reason, which is the same.
async fn probed(world: &World) -> (u16, u16, Option<String>) {
    let (live, ready) = (world.admin("GET", "/live").await, world.admin("GET", "/ready").await);
    assert_eq!(live.json()["live"], live.status == 200);
    assert_eq!(live.json().get("reason"), ready.json().get("reason"));
    let reason = live.json().get("reason").map(|reason| reason.as_str().unwrap().to_owned());
    (live.status, ready.status, reason)
}

#[tokio::test]
async fn who_only_another_start_can_help_is_neither_alive_nor_ready() {
    let (world, store) = troubled();
    assert_eq!(probed(&world).await, (200, 200, None));
    world.peers.ended.store(true, Ordering::SeqCst);
    let reason = "the task that runs the peers has ended; only another start helps";
    assert_eq!(probed(&world).await, (503, 503, Some(reason.into())));
    world.peers.ended.store(false, Ordering::SeqCst);
    store.hook.failed.store(true, Ordering::SeqCst);
    let reason = "the store failed: its disk failed; only another start helps";
    assert_eq!(probed(&world).await, (503, 503, Some(reason.into())));
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_is_told_and_gets_one_question() {
    let (world, store) = troubled();
    store.hook.hangs.store(true, Ordering::SeqCst);
    let began = Instant::now();
    let before = store.hook.commits.load(Ordering::SeqCst);
    let ask = || world.admin("GET", "/live");
    let (first, second, third) = tokio::join!(ask(), ask(), ask());
    for reply in [first, second, third] {
        assert_eq!(reply.status, 503);
        assert_eq!(reply.json(), json!({ "live": false, "reason": "the store writes nothing for 5 s" }));
    }
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    // From then on it is known at once.
    tokio::time::advance(Duration::from_secs(7)).await;
    let reason = "the store writes nothing for 12 s";
    assert_eq!(probed(&world).await, (503, 503, Some(reason.into())));
    assert_eq!(began.elapsed(), Duration::from_secs(12));
    assert_eq!(store.hook.commits.load(Ordering::SeqCst), before + 1);
    store.hook.hangs.store(false, Ordering::SeqCst);
    store.hook.goes_on.notify_waiters();
    while world.admin("GET", "/live").await.status != 200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(probed(&world).await, (200, 200, None));
}

#[tokio::test]
async fn ready_is_who_has_an_open_peer() {
    let world = World::new();
    assert_eq!(world.admin("GET", "/live").await.status, 200);
    let reply = world.admin("GET", "/ready").await;
    assert_eq!(
        (reply.status, reply.json()),
        (503, json!({ "ready": false, "reason": "no peer is configured" }))
    );
    world.peers.lock().unwrap().push(peer(false));
    let reply = world.admin("GET", "/ready").await;
    let reason = "no peer is open: pcrf.rx.test is Down: connection refused";
    assert_eq!((reply.status, reply.json()), (503, json!({ "ready": false, "reason": reason })));
    world.peers.lock().unwrap().push(peer(true));
    let reply = world.admin("GET", "/ready").await;
    assert_eq!((reply.status, reply.json()), (200, json!({ "ready": true })));
}

#[tokio::test]
async fn peers_say_since_when_and_why() {
    let world = World::new();
    assert_eq!(world.admin("GET", "/peers").await.json(), json!([]));
    world.peers.lock().unwrap().extend([peer(false), peer(true)]);
    let shown = |state: &str, reason: Option<&str>, connected: bool| {
        json!({
            "host": "pcrf.rx.test", "address": "127.0.0.1:3868", "transport": "tcp", "state": state,
            "since": "2013-03-11T03:29:14Z", "reason": reason,
            "connected": connected, "disconnectedByOperator": false,
            "destinationHost": "pcrf.rx.test", "destinationPort": 3868, "destinationRealm": "rx.test",
            "originHost": "af.rx.test", "originPort": null, "originRealm": "af-realm",
        })
    };
    let peers = json!([shown("Down", Some("connection refused"), false), shown("Okay", None, true)]);
    assert_eq!(world.admin("GET", "/peers").await.json(), peers);
}

#[tokio::test]
async fn peers_are_connected_and_disconnected_by_their_name() {
    let world = World::new();
    world.peers.lock().unwrap().push(peer(true));
    for (wish, status) in [("disconnect", 204), ("connect", 204)] {
        let reply = world.admin("POST", &format!("/peers/pcrf.rx.test/{wish}")).await;
        assert_eq!((reply.status, reply.body.len()), (status, 0));
        let reply = world.admin("POST", &format!("/peers/other.rx.test/{wish}")).await;
        assert_eq!(reply.status, 404);
        assert_eq!(reply.message(), "there is no peer \"other.rx.test\": there are pcrf.rx.test");
        assert_eq!(world.admin("GET", &format!("/peers/pcrf.rx.test/{wish}")).await.status, 405);
        assert_eq!(world.admin("POST", &format!("/peers/%FF/{wish}")).await.status, 400);
    }
    let why = |host: &str| {
        format!(
            "disconnect {host}: disconnected by the operator: POST /peers/{host}/connect on the admin listener \
             connects it again"
        )
    };
    let expected = [
        why("pcrf.rx.test"),
        why("other.rx.test"),
        "connect pcrf.rx.test".into(),
        "connect other.rx.test".into(),
    ];
    assert_eq!(*world.peers.wishes.lock().unwrap(), expected);
}

#[tokio::test]
async fn sessions_are_listed_page_by_page() {
    let world = World::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(world.apply(EXAMPLE).await.request_id());
    }
    ids.sort();
    let listed = |query: &'static str| {
        let world = &world;
        async move {
            let reply = world.admin("GET", &format!("/sessions{query}")).await;
            assert_eq!(reply.status, 200, "{query}: {reply:?}");
            let sessions = reply.json();
            let ids = sessions
                .as_array()
                .unwrap()
                .iter()
                .map(|session| session["requestId"].as_str().unwrap().to_owned());
            ids.collect::<Vec<_>>()
        }
    };
    assert_eq!(listed("").await, ids);
    assert_eq!(listed("?endUserId=tel:%2B861013388991111").await, ids);
    assert!(listed("?endUserId=tel:1").await.is_empty());
    assert_eq!(listed("?state=open&limit=2").await, ids[..2]);
    assert!(listed("?state=pending").await.is_empty());
    let after = format!("/sessions?after={}&limit=1", ids[0]);
    assert_eq!(world.admin("GET", &after).await.json()[0]["requestId"], ids[1]);
    for bad in ["?state=up", "?limit=0", "?limit=1001", "?limit=x", "?endUserId=x", "?colour=red"] {
        assert_eq!(world.admin("GET", &format!("/sessions{bad}")).await.status, 400, "{bad}");
    }
    let first = world.admin("GET", "/sessions").await.json()[0].clone();
    let rx_session = first["rxSessionId"].as_str().unwrap();
    assert!(rx_session.starts_with("af.rx.test;"), "{rx_session}");
    assert_eq!(first["endUserId"], USER);
    assert_eq!((&first["state"], &first["peer"]), (&json!("open"), &json!("pcrf.rx.test")));
    let expires = first["expiresAt"].as_str().unwrap();
    assert!(expires.starts_with("20") && expires.ends_with('Z'), "{expires}");
}

#[tokio::test]
async fn a_session_is_shown_with_its_history_and_ended() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    let path = format!("/sessions/{id}");
    let shown = world.admin("GET", &path).await.json();
    assert_eq!((&shown["requestId"], &shown["pcrf"]), (&json!(id), &json!("pcrf.rx.test")));
    assert_eq!((&shown["userIsConnected"], &shown["terminationsOwed"]), (&json!(true), &json!(0)));
    let states: Vec<_> =
        shown["history"].as_array().unwrap().iter().map(|entry| entry["state"].clone()).collect();
    assert_eq!(states, ["pending", "open"]);

    let mut events = events::listen(&world.sessions);
    let ended = world.admin("DELETE", &path).await;
    assert_eq!((ended.status, ended.body.len()), (204, 0));
    assert_eq!(events.recv().await.unwrap().kind.number(), 12);
    assert_eq!(world.pcrf.strs().len(), 1);
    assert_eq!(world.get(&format!("/ApplicationQoSService/qos/{id}")).await.status, 404);
    assert_eq!(world.admin("DELETE", &path).await.status, 404);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told() {
    let world = World::new();
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "/sessions/x", 404),
        ("GET", "/sessions/%FF", 400),
        ("POST", "/peers", 405),
    ] {
        let reply = world.admin(method, path).await;
        assert_eq!(reply.status, status, "{path}");
        assert!(!reply.message().is_empty());
        assert_eq!(reply.message().contains("GET /docs"), !path.starts_with("/sessions"), "{path}");
    }
}
