//! Examples of registrations, and of what applications are told.

use rxgate::{
    dict::enums::{IpCanType, RatType},
    rx::RaRequest,
};
use serde_json::json;

use super::*;
use crate::{
    notification::{EXAMPLE_16_16, REGISTRATION, compact, correlated, text, with_host},
    notification_body::{reports, told},
    support::*,
};

#[tokio::test]
async fn example_16_16_is_accepted_and_shown_again() {
    let world = World::new();
    let reply = world.register(with_host(EXAMPLE_16_16)).await;
    assert_eq!((reply.status, reply.body.len()), (201, 0), "{reply:?}");
    let path = format!("{REGISTRATION}/987654321");
    assert_eq!(reply.header("location"), format!("http://localhost:8001{path}"));
    assert_eq!(reply.header("x-plugin-param-keys"), "");
    let shown = world.get(&path).await;
    assert_eq!(text(&shown), compact(&with_host(EXAMPLE_16_16)));
    note(16, ACCEPTED, "201, with a real endpoint");
}

#[tokio::test]
async fn example_16_17_is_what_an_application_gets() {
    let mut told = told(json!(["1", "2", "6", "7"])).await;
    let request = RaRequest {
        access_network_charging_address: Some("127.0.0.1".parse().unwrap()),
        ip_can_type: Some(IpCanType::WIMAX),
        rat_type: Some(RatType::WLAN),
        ..reports(&[6])
    };
    told.rar(request).await;
    let post = told.receiver.next().await;
    assert_eq!((post.method.as_str(), post.target.as_str()), ("POST", "/jaxrs/QoSNotification"));
    assert_eq!(post.headers["content-type"], "application/json");
    // Its text requires endUserIdentities, which the example lacks.
    let identities = format!(r#","endUserIdentities":["{USER}"],"eventType""#);
    assert_eq!(post.body, compact(EXAMPLE_16_17).replace(r#","eventType""#, &identities));
    note(17, PRODUCED, "equal, with the endUserIdentities that its text requires");
}

#[tokio::test]
async fn example_16_18_lists_the_correlators_in_the_order_of_registration() {
    let world = World::new();
    for correlator in ["987654321", "12345676", "1272638"] {
        assert_eq!(world.register(correlated(correlator)).await.status, 201);
    }
    for path in [REGISTRATION, "/ApplicationQoSNotification/registration/"] {
        assert_eq!(text(&world.get(path).await), compact(EXAMPLE_16_18));
    }
    note(18, PRODUCED, "equal");
}

#[tokio::test]
async fn example_16_19_shows_one_registration() {
    let world = World::new();
    assert_eq!(world.register(with_host(EXAMPLE_16_19)).await.status, 201);
    let shown = world.get(&format!("{REGISTRATION}/987654321")).await;
    assert_eq!(text(&shown), compact(&with_host(EXAMPLE_16_19)));
    note(19, PRODUCED, "equal, with a real endpoint");
}
