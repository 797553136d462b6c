//! Registrations over a restart.

use std::sync::Arc;

use rxgate::{
    north::gatekeeper::NotificationSettings,
    session::{
        SessionStore,
        ports::{Commit, RecordKind, RecordWrite},
    },
};
use serde_json::json;
use tokio::task::JoinSet;

use super::{Fault, store};
use crate::{
    notification::{REGISTRATION, correlated, registration, text},
    receiver::Receiver,
    support::*,
    world::*,
};

const KIND: RecordKind = RecordKind::Registration;

/// All that a client can see of the registrations.
async fn shown(world: &World) -> Vec<String> {
    let listed = world.get(REGISTRATION).await;
    let mut shown = vec![text(&listed).to_owned()];
    for correlator in listed.json()["correlators"]["correlator"].as_array().unwrap() {
        let one = world.get(&format!("{REGISTRATION}/{}", correlator.as_str().unwrap())).await;
        shown.push(text(&one).to_owned());
    }
    shown
}

#[tokio::test]
async fn registrations_are_there_again_in_their_order() {
    let store = store(KIND);
    let mut world = World::over(store.clone()).await;
    for correlator in ["z", "b", "a"] {
        assert_eq!(world.register(correlated(correlator)).await.status, 201);
    }
    let spelled = json!({
        "reference": { "correlator": "users", "interfaceName": null },
        "endUserIdentities": ["tel:+86-1", "1", "sip:A@Example.com"],
        "eventCriteria": [12, 8],
    });
    assert_eq!(world.register(registration(spelled)).await.status, 201);
    assert_eq!(world.delete(&format!("{REGISTRATION}/b")).await.status, 204);
    let before = shown(&world).await;
    for _ in 0..2 {
        drop(world);
        world = World::over(store.clone()).await;
        assert_eq!(shown(&world).await, before);
    }
    assert_eq!(world.register(correlated("z")).await.status, 409);
    assert_eq!(world.register(correlated("b")).await.status, 201);
    assert_eq!(
        text(&world.get(REGISTRATION).await),
        r#"{"correlators":{"correlator":["z","a","users","b"]}}"#
    );
}

#[tokio::test]
async fn sessions_and_events_know_a_registration_of_before() {
    let store = store(KIND);
    let mut receiver = Receiver::start().await;
    let world = World::over(store.clone()).await;
    let body = json!({
        "reference": { "endpoint": receiver.url() },
        "endUserIdentities": [USER],
        "eventCriteria": [8, 12],
    });
    assert_eq!(world.register(registration(body)).await.status, 201);
    drop(world);
    let world = World::over(store).await;
    let id = world.apply(EXAMPLE).await.request_id();
    assert!(world.pcrf.aars()[0].specific_action.iter().any(|action| action.0 == 8));
    world.sessions.end(&id.into()).await.unwrap();
    assert!(receiver.body().await.contains("987654321"));
}

#[tokio::test]
async fn what_cannot_be_stored_changes_nothing() {
    let store = store(KIND);
    let world = World::over(store.clone()).await;
    assert_eq!(world.register(correlated("there")).await.status, 201);
    let before = shown(&world).await;
    store.hook.will(Fault::Fails);
    for reply in
        [world.register(correlated("new")).await, world.delete(&format!("{REGISTRATION}/there")).await]
    {
        assert_eq!((reply.status, reply.header("retry-after")), (503, "10"));
        assert_starts(&reply.message(), "SVC0001: ");
    }
    // What needs no store is answered as ever.
    assert_eq!(world.register(correlated("there")).await.status, 409);
    assert_eq!(shown(&world).await, before);
    store.hook.will(Fault::None);
    assert_eq!(shown(&World::over(store).await).await, before);
}

/// The process dies, or the client goes away, after it was written and before it was answered.
#[tokio::test]
async fn what_was_written_holds_though_nobody_was_told() {
    let store = store(KIND);
    let world = World::over(store.clone()).await;
    store.hook.will(Fault::Silent);
    tokio::select! {
        reply = world.register(correlated("one")) => panic!("{reply:?}"),
        () = store.hook.written.notified() => {}
    }
    drop(world);
    store.hook.will(Fault::None);
    let world = World::over(store.clone()).await;
    assert_eq!(world.register(correlated("one")).await.status, 409);
    store.hook.will(Fault::Silent);
    let path = format!("{REGISTRATION}/one");
    tokio::select! {
        reply = world.delete(&path) => panic!("{reply:?}"),
        () = store.hook.written.notified() => {}
    }
    drop(world);
    store.hook.will(Fault::None);
    let world = World::over(store).await;
    assert_eq!(world.delete(&path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_of_one_correlator_at_once_leave_memory_and_store_equal() {
    let store = store(KIND);
    store.hook.will(Fault::Slow);
    let world = Arc::new(World::over(store.clone()).await);
    let mut calls = JoinSet::new();
    for number in 0..200 {
        let (caller, correlator) = (Arc::clone(&world), ["one", "other"][number % 2]);
        calls.spawn(async move {
            match number % 4 {
                0 | 1 => caller.register(correlated(correlator)).await.status,
                _ => caller.delete(&format!("{REGISTRATION}/{correlator}")).await.status,
            }
        });
        if number % 50 == 49 {
            let done = calls.join_all().await;
            assert!(done.iter().all(|status| [201, 204, 404, 409].contains(status)), "{done:?}");
            calls = JoinSet::new();
            let again = World::over(store.clone()).await;
            assert_eq!(shown(&world).await, shown(&again).await);
        }
    }
}

#[tokio::test]
async fn an_endpoint_that_is_forbidden_now_is_kept() {
    let store = store(KIND);
    let world = World::over(store.clone()).await;
    let body = registration(json!({ "reference": { "endpoint": "http://127.0.0.1:9/x" } }));
    assert_eq!(world.register(body.clone()).await.status, 201);
    let before = shown(&world).await;
    drop(world);
    let world = World::over_allowing(store, "10.0.0.0/8").await;
    assert_eq!(shown(&world).await, before);
    // Who asks for it now is refused.
    assert_eq!(world.delete(&format!("{REGISTRATION}/987654321")).await.status, 204);
    assert_eq!(world.register(body).await.status, 400);
}

#[tokio::test]
async fn a_limit_that_is_lower_now_takes_none_away() {
    let store = store(KIND);
    let world = World::over(store.clone()).await;
    for correlator in ["a", "b"] {
        assert_eq!(world.register(correlated(correlator)).await.status, 201);
    }
    drop(world);
    let few = NotificationSettings { max_registrations: 1, ..NotificationSettings::default() };
    let world = World::with_settings_over(store, few);
    world.notifications.restore().await.unwrap();
    assert_eq!(text(&world.get(REGISTRATION).await), r#"{"correlators":{"correlator":["a","b"]}}"#);
    assert_eq!(world.register(correlated("c")).await.status, 403);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_named() {
    for (value, why) in [
        (&b"\xc1"[..], ""),
        // {"place": 1, "endpoint": "ftp://a", "end_users": [], "criteria": []}
        (
            b"\x84\xa5place\x01\xa8endpoint\xa7ftp://a\xa9end_users\x90\xa8criteria\x90",
            "its endpoint is no URL that is taken",
        ),
        (
            b"\x84\xa5place\x01\xa8endpoint\xa8http://a\xa9end_users\x90\xa8criteria\x91\x05",
            "there is no event 5",
        ),
    ] {
        let store = store(KIND);
        let record = RecordWrite { kind: KIND, key: "app-7".into(), value: Some(value.into()) };
        store.commit(Commit { records: vec![record], ..Commit::default() }).await.unwrap();
        let world = World::with_settings_over(store, NotificationSettings::default());
        let error = world.notifications.restore().await.unwrap_err().to_string();
        assert_starts(&error, "a record of the store, Registration, cannot be read: ");
        assert!(error.contains(why) && error.contains("; start the version that wrote it, or "), "{error}");
    }
}
