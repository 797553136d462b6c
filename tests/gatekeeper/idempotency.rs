//! Idempotency-Key: one request, one answer, however often it comes.

use std::{future::poll_fn, pin::pin, task::Poll};

use axum::{body::Body, http::Request};
use rxgate::{rx::Outcome, session::ports::GatewayError};
use tokio::sync::oneshot;

use crate::{support::*, world::*};

fn apply_to(user: &str, key: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post(format!("/ApplicationQoSService/{user}/qos"));
    request.header("idempotency-key", key).header("host", "localhost").body(body.into()).unwrap()
}

fn apply(key: &str) -> Request<Body> {
    apply_to(USER, key, EXAMPLE)
}

/// Polls a future once; it must not be done.
async fn begin(future: &mut std::pin::Pin<&mut impl Future<Output = Reply>>) {
    let is_done = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
    assert!(!is_done);
}

fn assert_same(one: &Reply, other: &Reply) {
    assert_eq!((one.status, &one.headers, &one.body), (other.status, &other.headers, &other.body));
}

#[tokio::test]
async fn a_request_that_comes_again_gets_the_same_answer() {
    let world = World::new();
    let first = world.call(apply("key-1")).await;
    assert!(!first.header("location").is_empty() && !first.header("x-plugin-param-values").is_empty());
    let second = world.call(apply("key-1")).await;
    assert_same(&first, &second);
    assert_eq!(world.pcrf.aars().len(), 1);
    // Another key, or none, is another request.
    let other = world.call(apply("key-2")).await;
    assert_ne!(other.request_id(), first.request_id());
    assert_ne!(world.apply(EXAMPLE).await.request_id(), world.apply(EXAMPLE).await.request_id());
    assert_eq!(world.pcrf.aars().len(), 4);
}

#[tokio::test]
async fn two_at_once_make_one_session() {
    let world = World::new();
    let (tell, told) = oneshot::channel();
    world.pcrf.will(Says::Waits(told));
    let mut first = pin!(world.call(apply("key")));
    let mut second = pin!(world.call(apply("key")));
    begin(&mut first).await;
    begin(&mut second).await;
    let other = world.call(apply_to(USER, "key", "{}")).await;
    assert_eq!(other.status, 422);
    tell.send(()).unwrap();
    let (first, second) = (first.await, second.await);
    assert_eq!(first.status, 201);
    assert_same(&first, &second);
    assert_eq!(world.pcrf.aars().len(), 1);
}

#[tokio::test]
async fn a_client_that_went_away_finds_its_session_again() {
    let world = World::new();
    let (tell, told) = oneshot::channel();
    world.pcrf.will(Says::Waits(told));
    {
        let mut lost = pin!(world.call(apply("key")));
        begin(&mut lost).await;
    }
    let mut again = pin!(world.call(apply("key")));
    begin(&mut again).await;
    tell.send(()).unwrap();
    let id = again.await.request_id();
    assert_eq!(world.get(&format!("/ApplicationQoSService/qos/{id}")).await.status, 200);
    assert_eq!(world.pcrf.aars().len(), 1);
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    let world = World::new();
    let first = world.call(apply("key")).await;
    let other_body = [EXAMPLE, b"\n"].concat();
    for request in [apply_to("tel:1", "key", EXAMPLE), apply_to(USER, "key", other_body)] {
        let reply = world.call(request).await;
        assert_eq!(reply.status, 422);
        assert_starts(&reply.message(), "SVC0002: Invalid input value for message part Idempotency-Key: ");
    }
    assert_same(&first, &world.call(apply("key")).await);
    assert_eq!(world.pcrf.aars().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_kept_and_a_failure_is_not() {
    let world = World::new();
    world.pcrf.will_answer(aaa_with(Outcome::tgpp(5063)));
    let refused = world.call(apply("refused")).await;
    assert_eq!(refused.status, 403);
    assert!(!refused.header("x-plugin-param-values").is_empty());
    assert_same(&refused, &world.call(apply("refused")).await);
    assert_eq!(world.pcrf.aars().len(), 1);

    world.pcrf.will(Says::Fails(GatewayError::NotSent { reason: "no peer".into() }));
    assert_eq!(world.call(apply("failed")).await.status, 503);
    let again = world.call(apply("failed")).await;
    assert_eq!(again.status, 201);
    assert_same(&again, &world.call(apply("failed")).await);
    assert_eq!(world.pcrf.aars().len(), 3);

    let bad = apply_to(USER, "bad", "{");
    assert_eq!(world.call(bad).await.status, 400);
    assert_eq!(world.call(apply("bad")).await.status, 422);
}

#[tokio::test]
async fn a_key_is_1_to_255_visible_characters() {
    let world = World::new();
    for key in ["x", "\"quoted\"", "~!,;", &"k".repeat(255)] {
        assert_eq!(world.call(apply(key)).await.status, 201, "{key}");
    }
    let count = world.pcrf.aars().len();
    for key in [&b""[..], b"a b", b"a\tb", "é".as_bytes(), &[b'k'; 256]] {
        let mut request = apply("x");
        request.headers_mut().insert("idempotency-key", key.try_into().unwrap());
        let reply = world.call(request).await;
        assert_eq!(reply.status, 400, "{key:?}");
        assert_starts(&reply.message(), "SVC0002: Invalid input value for message part Idempotency-Key: ");
    }
    let mut twice = apply("x");
    twice.headers_mut().append("idempotency-key", "x".parse().unwrap());
    assert_eq!(world.call(twice).await.status, 400);
    assert_eq!(world.pcrf.aars().len(), count);
}
