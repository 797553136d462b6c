//! Register for QoS Notifications, Unregister, List, and what sessions subscribe to by that.

use serde_json::{Value, json};

use crate::{support::*, world::*};

pub const REGISTRATION: &str = "/ApplicationQoSNotification/registration";

/// A real endpoint in place of `endpt_host:port`, which is no URL.
const HOST: &str = "application.example.com:8080";

pub const EXAMPLE_16_16: &str = include_str!("../data/gatekeeper/example-16-16.json");

pub fn with_host(example: &str) -> String {
    example.replace("endpt_host:port", HOST)
}

/// Without the white space between tokens; no text of the examples has any in it.
pub fn compact(example: &str) -> String {
    example.chars().filter(|one| !one.is_whitespace()).collect()
}

pub fn text(reply: &Reply) -> &str {
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    std::str::from_utf8(&reply.body).unwrap()
}

/// A registration with some of its members replaced; `null` takes one out.
pub fn registration(members: Value) -> String {
    let mut body: Value = serde_json::from_str(&with_host(EXAMPLE_16_16)).unwrap();
    let inside = body["startQoSNotification"].as_object_mut().unwrap();
    for (name, value) in members.as_object().unwrap() {
        if let Some(value) = value.as_object() {
            inside[name].as_object_mut().unwrap().extend(value.clone());
        } else {
            inside.insert(name.clone(), value.clone());
        }
    }
    body.to_string()
}

pub fn correlated(correlator: &str) -> String {
    registration(json!({ "reference": { "correlator": correlator } }))
}

#[tokio::test]
async fn point_39_a_reference_is_read_by_its_names_and_not_by_their_texts() {
    let world = World::new();
    let reference = json!({ "endpoint": "duration", "correlator": "http://127.0.0.1:1/x" });
    let reply = world.register(registration(json!({ "reference": reference }))).await;
    assert_starts(&reply.message(), "SVC0002: Invalid input value for message part reference.endpoint: ");
}

#[tokio::test]
async fn point_41_the_interface_name_is_optional_and_shown_only_if_given() {
    let world = World::new();
    let without = registration(json!({ "reference": { "interfaceName": null } }));
    assert_eq!(world.register(without).await.status, 201);
    let shown = world.get(&format!("{REGISTRATION}/987654321")).await.json();
    assert!(shown["startQoSNotification"]["reference"].get("interfaceName").is_none());
}

#[tokio::test]
async fn point_42_a_list_without_registrations_is_empty() {
    let world = World::new();
    assert_eq!(text(&world.get(REGISTRATION).await), r#"{"correlators":{"correlator":[]}}"#);
}

#[tokio::test]
async fn point_43_the_list_is_there_with_and_without_a_slash() {
    let world = World::new();
    assert_eq!(world.register(with_host(EXAMPLE_16_16)).await.status, 201);
    let listed = world.get(REGISTRATION).await;
    let slash = world.get("/ApplicationQoSNotification/registration/").await;
    assert_eq!(text(&listed), text(&slash));
}

#[tokio::test]
async fn point_57_criteria_are_strings_numbers_or_names_and_shown_as_strings() {
    let world = World::new();
    for (number, (criteria, shown)) in [
        (json!(["1", "2"]), json!(["1", "2"])),
        (json!([7, "6", 1]), json!(["7", "6", "1"])),
        (json!("4"), json!(["4"])),
        (json!(12), json!(["12"])),
        (json!(["IP_CAN_CHANGE", "IP-CAN_CHANGE", "ip-can-change", 6]), json!(["6"])),
        (json!(["usage_report", "11", "QOS_FEATURE_RELEASED"]), json!(["11", "12"])),
        (json!(["2", "1", 2, "2", "INDICATION_OF_LOSS_OF_BEARER"]), json!(["2", "1"])),
        (
            json!([1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12]),
            json!(["1", "2", "3", "4", "6", "7", "8", "9", "10", "11", "12"]),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let correlator = format!("c{number}");
        let body =
            registration(json!({ "reference": { "correlator": correlator }, "eventCriteria": criteria }));
        let reply = world.register(body).await;
        assert_eq!(reply.status, 201, "{criteria}: {reply:?}");
        let found = world.get(&format!("{REGISTRATION}/{correlator}")).await.json();
        assert_eq!(found["startQoSNotification"]["eventCriteria"], shown, "{criteria}");
    }
}

#[tokio::test]
async fn a_correlator_is_used_once_and_free_again_after_unregistering() {
    let world = World::new();
    let path = format!("{REGISTRATION}/987654321");
    let body = with_host(EXAMPLE_16_16);
    assert_eq!(world.register(body.clone()).await.status, 201);
    for again in [body.clone(), registration(json!({ "eventCriteria": [9] }))] {
        let reply = world.register(again).await;
        assert_eq!(reply.status, 409);
        assert_starts(
            &reply.message(),
            "SVC0005: Correlator 987654321 specified in message part reference.correlator is a duplicate",
        );
        assert_eq!(reply.json()["error"]["type"], "ServiceException");
    }
    // The first one stands.
    assert_eq!(text(&world.get(&path).await), compact(&body));
    let removed = world.delete(&path).await;
    assert_eq!((removed.status, removed.body.len()), (204, 0));
    for reply in [world.delete(&path).await, world.get(&path).await] {
        let expected =
            "SVC0002: Invalid input value for message part correlator: there is no such registration";
        assert_eq!((reply.status, reply.message().as_str()), (404, expected));
    }
    assert_eq!(text(&world.get(REGISTRATION).await), r#"{"correlators":{"correlator":[]}}"#);
    assert_eq!(world.register(body).await.status, 201);
}

#[tokio::test]
async fn any_visible_correlator_has_a_path() {
    let world = World::new();
    for (correlator, encoded) in [
        ("a/b?c#d%e", "a%2Fb%3Fc%23d%25e"),
        ("Grüße an 東京", "Gr%C3%BC%C3%9Fe%20an%20%E6%9D%B1%E4%BA%AC"),
        ("...", "..."),
    ] {
        let reply = world.register(correlated(correlator)).await;
        let path = format!("{REGISTRATION}/{encoded}");
        assert_eq!(reply.header("location"), format!("http://localhost:8001{path}"), "{reply:?}");
        let shown = world.get(&path).await.json();
        assert_eq!(shown["startQoSNotification"]["reference"]["correlator"], correlator);
        assert_eq!(world.delete(&path).await.status, 204);
    }
}

#[tokio::test]
async fn one_item_may_stand_without_brackets_and_an_end_user_is_kept_once() {
    let world = World::new();
    for (number, (users, shown)) in [
        (json!("tel:+1-2"), json!(["tel:+1-2"])),
        (json!(["tel:+12", "tel:12", "12", "sip:a@b"]), json!(["tel:+12", "sip:a@b"])),
    ]
    .into_iter()
    .enumerate()
    {
        let correlator = format!("c{number}");
        let reference = json!({ "correlator": correlator });
        let body = registration(json!({ "reference": reference, "endUserIdentities": users }));
        assert_eq!(world.register(body).await.status, 201);
        let found = world.get(&format!("{REGISTRATION}/{correlator}")).await.json();
        assert_eq!(found["startQoSNotification"]["endUserIdentities"], shown);
    }
}

/// Specific-Actions of the AAR that a session without a threshold begins with.
async fn subscribed(world: &World) -> Vec<u32> {
    let body = json!({ "qoSFeatureProperties": { "framedIPAddress": "10.0.0.1" } }).to_string();
    world.apply(body).await.request_id();
    let aar = world.pcrf.aars().pop().unwrap();
    aar.specific_action.iter().map(|action| action.0).collect()
}

#[tokio::test]
async fn point_45_a_session_subscribes_to_what_is_registered_then_but_never_to_12() {
    let world = World::new();
    let baseline = [1, 2, 3, 4, 6, 7, 10];
    assert_eq!(subscribed(&world).await, baseline);
    let users = json!(["tel:+86 1013388991111", "tel:5"]);
    let body = registration(json!({ "endUserIdentities": users, "eventCriteria": [12, 11, 9, 2] }));
    assert_eq!(world.register(body).await.status, 201);
    let other =
        json!({ "reference": { "correlator": "other" }, "endUserIdentities": "tel:5", "eventCriteria": 8 });
    assert_eq!(world.register(registration(other)).await.status, 201);
    // 11 comes with a threshold, and not without.
    assert_eq!(subscribed(&world).await, [1, 2, 3, 4, 6, 7, 9, 10]);
    assert_eq!(world.delete(&format!("{REGISTRATION}/987654321")).await.status, 204);
    assert_eq!(subscribed(&world).await, baseline);
}
