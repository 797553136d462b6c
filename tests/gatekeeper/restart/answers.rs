//! Idempotency-Key over a restart.

use std::sync::Arc;

use axum::{body::Body, http::Request};
use rxgate::{
    rx::Outcome,
    session::{
        SessionFilter, SessionStore,
        ports::{Commit, RecordKind, RecordWrite},
    },
};
use serde_json::json;
use tokio::sync::oneshot;

use super::{Fault, Store, reopened, store};
use crate::{support::*, world::*};

const KIND: RecordKind = RecordKind::Answer;

fn keyed(method: &str, path: &str, key: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("idempotency-key", key);
    request.header("host", "localhost").body(body.into()).unwrap()
}

fn apply(key: &str) -> Request<Body> {
    keyed("POST", &format!("/ApplicationQoSService/{USER}/qos"), key, EXAMPLE)
}

fn modify(id: &str, key: &str) -> Request<Body> {
    let body = json!({ "qoSFeatureProperties": { "duration": "700", "parameter": [] } });
    keyed("PUT", &format!("/ApplicationQoSService/qos/{id}"), key, body.to_string())
}

#[track_caller]
fn assert_same(one: &Reply, other: &Reply) {
    assert_eq!((one.status, &one.headers, &one.body), (other.status, &other.headers, &other.body));
}

async fn sessions(store: &Store) -> usize {
    store.list(SessionFilter::default()).await.unwrap().len()
}

#[tokio::test]
async fn answers_are_given_again() {
    let store = store(KIND);
    let world = World::over(store.clone()).await;
    let created = world.call(apply("apply")).await;
    let id = created.request_id();
    let modified = world.call(modify(&id, "modify")).await;
    assert_eq!(modified.status, 200, "{modified:?}");
    world.pcrf.will_answer(aaa_with(Outcome::tgpp(5063)));
    let refused = world.call(apply("refused")).await;
    assert_eq!(refused.status, 403);
    let path = format!("/ApplicationQoSService/{USER}/qos/templatebased");
    let without = world.call(keyed("POST", &path, "no template", "{}")).await;
    assert_eq!(without.status, 400);
    drop(world);
    for _ in 0..2 {
        let world = World::over(store.clone()).await;
        for (request, first) in
            [(apply("apply"), &created), (modify(&id, "modify"), &modified), (apply("refused"), &refused)]
        {
            assert_same(&world.call(request).await, first);
        }
        for request in [modify(&id, "apply"), apply("modify"), keyed("POST", "/x", "refused", EXAMPLE)] {
            let is_known = request.uri().path() != "/x";
            assert_eq!(world.call(request).await.status, if is_known { 422 } else { 404 });
        }
        assert_eq!(world.pcrf.aars().len(), 0);
        assert_eq!(sessions(&store).await, 1);
    }
}

#[tokio::test]
async fn what_cannot_be_stored_with_its_answer_is_not_done() {
    let store = store(KIND);
    let world = World::over(store.clone()).await;
    let id = world.call(apply("before")).await.request_id();
    let before = world.status(&id).await;
    store.hook.will(Fault::Fails);
    assert_eq!(world.call(apply("key")).await.status, 503);
    world.sessions.settled().await;
    assert_eq!(sessions(&store).await, 1);
    // Told at once that it is over, and again when that was stored.
    let taken_back = world.pcrf.aars().last().unwrap().session_id.to_string();
    let strs: Vec<_> = world.pcrf.strs().iter().map(|it| it.session_id.to_string()).collect();
    assert!(strs.len() > 1 && strs.iter().all(|it| *it == taken_back), "{strs:?}");
    assert_eq!(world.call(modify(&id, "modify")).await.status, 503);
    assert_eq!(world.status(&id).await, before);
    // A refusal is told though it cannot be kept.
    world.pcrf.will_answer(aaa_with(Outcome::tgpp(5063)));
    assert_eq!(world.call(apply("refused")).await.status, 403);
    store.hook.will(Fault::None);
    for key in ["key", "refused"] {
        let reply = world.call(apply(key)).await;
        assert_same(&reply, &world.call(apply(key)).await);
        assert_eq!(reply.status, 201);
    }
    assert_eq!(sessions(&store).await, 3);
}

/// The process dies after the outcome was written and before anybody was told of it.
#[tokio::test]
async fn a_session_that_was_granted_is_found_by_its_key() {
    let store = store(KIND);
    let world = World::over(store.clone()).await;
    store.hook.will(Fault::Silent);
    tokio::select! {
        reply = world.call(apply("key")) => panic!("{reply:?}"),
        () = store.hook.written.notified() => {}
    }
    drop(world);
    store.hook.will(Fault::None);
    let world = World::over(store.clone()).await;
    let id = world.call(apply("key")).await.request_id();
    assert!(!world.status(&id).await.is_empty());
    store.hook.will(Fault::Silent);
    tokio::select! {
        reply = world.call(modify(&id, "modify")) => panic!("{reply:?}"),
        () = store.hook.written.notified() => {}
    }
    drop(world);
    store.hook.will(Fault::None);
    let world = World::over(store.clone()).await;
    assert_eq!(world.call(modify(&id, "modify")).await.status, 200);
    assert_eq!((sessions(&store).await, world.pcrf.aars().len()), (1, 0));
}

/// The process dies before there is an outcome.
#[tokio::test]
async fn a_request_without_an_outcome_leaves_its_key_free() {
    let store = store(KIND);
    let world = World::over(store.clone()).await;
    let (never, told) = oneshot::channel();
    world.pcrf.will(Says::Waits(told));
    let call = tokio::spawn({
        let router = world.router();
        async move { tower_call(router, apply("key")).await }
    });
    while world.pcrf.aars().is_empty() {
        tokio::task::yield_now().await;
    }
    call.abort();
    let aars = Arc::clone(&world.pcrf);
    drop(world);
    let world = World::over(reopened(&store)).await;
    world.sessions.settled().await;
    // The AAR may have been on its way still when the first STR was answered.
    assert_eq!(world.pcrf.strs().len(), 2);
    let id = world.call(apply("key")).await.request_id();
    assert_eq!((world.pcrf.aars().len(), aars.aars().len()), (1, 1));
    assert_eq!(world.call(apply("key")).await.request_id(), id);
    drop(never);
}

async fn tower_call(router: axum::Router, request: Request<Body>) {
    use hyper::service::Service;
    _ = hyper_util::service::TowerToHyperService::new(router).call(request).await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_not_made_again() {
    let store = store(KIND);
    let record = RecordWrite { kind: KIND, key: "key".into(), value: Some(b"\xc1"[..].into()) };
    store.commit(Commit { records: vec![record], ..Commit::default() }).await.unwrap();
    let world = World::over(store).await;
    assert_eq!(world.call(apply("key")).await.status, 500);
    assert_eq!(world.pcrf.aars().len(), 0);
}
