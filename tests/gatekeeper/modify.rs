//! Modify QoS over a PCRF that does what the test says.

use std::time::Duration;

use axum::{body::Body, http::Request};
use rxgate::{
    dict::enums::{FlowStatus, RatType},
    rx::{AaAnswer, Outcome},
    session::{Shed, ShedCause, ports::GatewayError},
};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::{support::*, world::*};

const CHANGE: &str = include_str!("../data/gatekeeper/example-16-11.json");

fn path(id: &str) -> String {
    format!("/ApplicationQoSService/qos/{id}")
}

fn properties(change: Value) -> String {
    json!({ "qoSFeatureProperties": change }).to_string()
}

/// qosFeatureProperties of a session.
async fn shown(world: &World, id: &str) -> Value {
    let status: Value = serde_json::from_slice(&world.status(id).await).unwrap();
    status["qoSStatus"]["qosFeatureProperties"].clone()
}

#[tokio::test]
async fn the_path_of_location_modifies_too_if_the_end_user_is_right() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    for (user, status) in [("tel:1", 404), ("somebody", 400), ("tel%3A%2B861013388991111", 200)] {
        let path = format!("/ApplicationQoSService/{user}/qos/{id}");
        assert_eq!(world.send("PUT", &path, CHANGE).await.status, status, "{user}");
    }
    assert_eq!(world.pcrf.aars().len(), 2);
    let reply = world.send("PUT", &path("nothing"), CHANGE).await;
    assert_eq!(reply.status, 404);
    assert_starts(&reply.message(), "SVC0002: Invalid input value for message part requestId: ");
}

#[tokio::test]
async fn changes_come_on_top_of_each_other() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    for change in [
        json!({ "mediaComponentDescription": { "mediaComponentNumber": 2, "mediaType": "VIDEO" } }),
        json!({ "mediaComponentDescription": { "mediaComponentNumber": 2, "mediaSubComponent": { "flowNumber": 7 } } }),
        json!({ "mediaComponentDescription": { "mediaComponentNumber": 1, "flowStatus": "REMOVED" } }),
        json!({ "duration": 60, "mPSIdentifier": "other" }),
    ] {
        assert_eq!(world.send("PUT", &path(&id), properties(change)).await.status, 200);
    }
    let shown = shown(&world, &id).await;
    assert_eq!(
        shown["mediaComponentDescription"],
        json!([{ "mediaComponentNumber": 2, "mediaSubComponent": [{ "flowNumber": 7 }], "mediaType": "VIDEO" }])
    );
    assert_eq!((&shown["duration"], &shown["mPSIdentifier"]), (&json!(60), &json!("other")));
    let removal = world.pcrf.aars()[3].media_component_description.first().unwrap().into_owned();
    assert_eq!((removal.media_component_number, removal.flow_status), (1, Some(FlowStatus::REMOVED)));
}

#[tokio::test]
async fn the_answer_brings_what_the_network_says_now() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    world.pcrf.will_answer(AaAnswer { rat_type: Some(RatType::EUTRAN), ip_can_type: None, ..aaa() });
    let reply = world.send("PUT", &path(&id), CHANGE).await;
    let actual = json!({ "iPCANType": "_3GPP-GPRS", "rATType": "EUTRAN" });
    assert_eq!(reply.json(), json!({ "actualProperties": actual }));
    let status: Value = serde_json::from_slice(&world.status(&id).await).unwrap();
    assert_eq!(status["qoSStatus"]["actualProperties"], actual);
}

#[tokio::test]
async fn a_refused_change_leaves_nothing_behind() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    let before = world.status(&id).await;
    for (outcome, status, start) in [
        (Outcome::tgpp(5061), 400, "SVC0002: Invalid input value for message part body: "),
        (Outcome::tgpp(5063), 403, "POL0001: "),
        (Outcome::base(5003), 403, "POL0001: "),
        (Outcome::tgpp(5064), 409, "SVC0002: "),
        (Outcome::tgpp(5065), 404, "SVC0004: "),
        (Outcome::tgpp(4261), 503, "SVC0001: "),
        (Outcome::base(5012), 502, "SVC0001: "),
    ] {
        world.pcrf.will_answer(aaa_with(outcome));
        // Another one each time: after 4261 the same is not asked again at once.
        let change = properties(json!({ "applicationIdentifier": format!("{outcome}") }));
        let reply = world.send("PUT", &path(&id), change).await;
        assert_eq!(reply.status, status, "{outcome}");
        assert_starts(&reply.message(), start);
        assert_eq!(reply.header("x-plugin-param-keys"), "AVP_LIST,session-id");
        assert!(reply.header("x-plugin-param-values").contains(&format!("<Result-Code>{}<", outcome.code)));
        assert_eq!(world.status(&id).await, before, "{outcome}");
    }
    let count = world.pcrf.aars().len();
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"qoSFeatureProperties":{}}"#,
        r#"{"qoSFeatureProperties":{"framedIPAddress":"10.0.0.1"}}"#,
        r#"{"qoSFeatureProperties":{"duration":0}}"#,
        r#"{"qoSFeatureProperties":{"applicationIdentifier":"x","serviceInfoStatus":"NEVER"}}"#,
        r#"{"qoSFeatureProperties":{"mediaComponentDescription":{"mediaComponentNumber":1,"minRequestedBandwidthUL":1001}}}"#,
        r#"{"templateQoSFeatureProperties":{}}"#,
    ] {
        let reply = world.send("PUT", &path(&id), body).await;
        assert_eq!(reply.status, 400, "{body}");
        assert_starts(&reply.message(), "SVC000");
        assert_eq!(world.status(&id).await, before, "{body}");
    }
    assert_eq!(world.pcrf.aars().len(), count);
}

#[tokio::test]
async fn a_session_that_the_pcrf_forgot_is_over() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    world.pcrf.will_answer(aaa_with(Outcome::base(5002)));
    let reply = world.send("PUT", &path(&id), CHANGE).await;
    assert_eq!(reply.status, 404);
    assert_starts(&reply.message(), "SVC0002: Invalid input value for message part requestId: ");
    assert!(reply.header("x-plugin-param-values").contains("<Result-Code>5002</Result-Code>"));
    assert_eq!(world.get(&path(&id)).await.status, 404);
    assert!(world.pcrf.strs().is_empty());
}

#[tokio::test]
async fn without_an_answer_the_old_properties_are_shown() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    let before = world.status(&id).await;
    world.pcrf.will(Says::Fails(GatewayError::NotSent { reason: "no peer".into() }));
    let reply = world.send("PUT", &path(&id), CHANGE).await;
    assert_eq!((reply.status, world.status(&id).await), (503, before.clone()));
    let shed = Shed { cause: ShedCause::Network, reason: "less".into(), retry_after: Duration::from_secs(3) };
    world.pcrf.will(Says::Fails(GatewayError::Shed(shed)));
    let reply = world.send("PUT", &path(&id), CHANGE).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, "3"));
    assert_eq!(world.status(&id).await, before);
    world
        .pcrf
        .will(Says::Fails(GatewayError::NoAnswer { reason: "silence".into(), sent_to: vec!["p".into()] }));
    let reply = world.send("PUT", &path(&id), CHANGE).await;
    assert_eq!((reply.status, reply.header("x-plugin-param-keys")), (504, ""));
    assert_starts(&reply.message(), "SVC0001: ");
    assert_eq!(world.status(&id).await, before);
}

#[tokio::test]
async fn a_second_change_is_told_to_come_back_while_one_is_under_way() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    let (tell, told) = oneshot::channel();
    world.pcrf.will(Says::Waits(told));
    let path = path(&id);
    let mut first = std::pin::pin!(world.send("PUT", &path, CHANGE));
    let pending =
        std::future::poll_fn(|cx| std::task::Poll::Ready(first.as_mut().poll(cx).is_pending())).await;
    assert!(pending);
    let second = world.send("PUT", &path, properties(json!({ "duration": 5 }))).await;
    assert_eq!(second.status, 503);
    assert_starts(&second.message(), "SVC0001: ");
    assert!(second.header("retry-after").parse::<u32>().unwrap() > 0);
    tell.send(()).unwrap();
    assert_eq!(first.await.status, 200);
    assert_eq!(world.send("PUT", &path, properties(json!({ "duration": 5 }))).await.status, 200);
}

#[tokio::test]
async fn a_change_is_made_once_for_each_key() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    let change = |path: String, body: &'static str| {
        world.call(Request::put(path).header("idempotency-key", "k").body(Body::from(body)).unwrap())
    };
    let first = change(path(&id), CHANGE).await;
    assert_eq!(first.status, 200);
    let again = change(path(&id), CHANGE).await;
    assert_eq!((again.status, &again.headers, &again.body), (200, &first.headers, &first.body));
    assert_eq!(world.pcrf.aars().len(), 2);
    assert_eq!(change(path("other"), CHANGE).await.status, 422);
    assert_eq!(change(path(&id), "{}").await.status, 422);
}

#[tokio::test]
async fn headers_are_judged_as_for_an_apply() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    let request = |name: &str, value: &str| {
        Request::put(path(&id)).header(name, value).body(Body::from(CHANGE)).unwrap()
    };
    assert_eq!(world.call(request("content-type", "text/xml")).await.status, 415);
    assert_eq!(world.call(request("accept", "text/html")).await.status, 406);
    assert_eq!(world.call(request("content-type", "application/json; charset=utf-8")).await.status, 200);
    let reply = world.send("POST", &path(&id), CHANGE).await;
    assert_eq!(reply.status, 405);
    assert!(reply.header("allow").contains("PUT"));
}
