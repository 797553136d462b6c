//! What the client is told when the network says no, or nothing.

use std::{sync::atomic::Ordering, time::Duration};

use rxgate::{
    rx::{AaAnswer, AcceptableServiceInfo, MediaComponentDescription, Outcome},
    session::{Shed, ShedCause, ports::GatewayError},
    wire::VendorId,
};
use serde_json::json;

use crate::{support::*, world::*};

#[tokio::test]
async fn each_result_has_its_status_and_fault() {
    let vendor = |vendor, code| Outcome { vendor: VendorId(vendor), code };
    for (outcome, status, kind, message) in [
        (
            Outcome::tgpp(5061),
            400,
            "ServiceException",
            "SVC0002: Invalid input value for message part body: ",
        ),
        (
            Outcome::tgpp(5062),
            400,
            "ServiceException",
            "SVC0002: Invalid input value for message part body: ",
        ),
        (
            Outcome::tgpp(5063),
            403,
            "PolicyException",
            "POL0001: A policy error occurred. Error code is 5063 ",
        ),
        (
            Outcome::tgpp(5066),
            403,
            "PolicyException",
            "POL0001: A policy error occurred. Error code is 5066 ",
        ),
        (
            Outcome::tgpp(5067),
            403,
            "PolicyException",
            "POL0001: A policy error occurred. Error code is 5067 ",
        ),
        (Outcome::base(5063), 403, "PolicyException", "POL0001: A policy error occurred. Error code is 5063"),
        (
            Outcome::base(5003),
            403,
            "PolicyException",
            "POL0001: A policy error occurred. Error code is 5003 ",
        ),
        (Outcome::tgpp(5064), 409, "ServiceException", "SVC0002: "),
        (Outcome::tgpp(5065), 404, "ServiceException", "SVC0004: "),
        (Outcome::base(5030), 404, "ServiceException", "SVC0004: "),
        (
            Outcome::tgpp(4261),
            503,
            "ServiceException",
            "SVC0001: A service error occurred. Error code is 4261 ",
        ),
        (Outcome::tgpp(5068), 503, "ServiceException", "SVC0001: "),
        (
            Outcome::base(3004),
            503,
            "ServiceException",
            "SVC0001: A service error occurred. Error code is 3004 ",
        ),
        (Outcome::base(3002), 503, "ServiceException", "SVC0001: "),
        (Outcome::base(3003), 503, "ServiceException", "SVC0001: "),
        (Outcome::base(3007), 503, "ServiceException", "SVC0001: "),
        (
            Outcome::base(5012),
            502,
            "ServiceException",
            "SVC0001: A service error occurred. Error code is 5012 ",
        ),
        (Outcome::base(5002), 502, "ServiceException", "SVC0001: "),
        (Outcome::tgpp(5003), 502, "ServiceException", "SVC0001: "),
        (Outcome::tgpp(5011), 502, "ServiceException", "SVC0001: "),
        (Outcome::base(3001), 502, "ServiceException", "SVC0001: "),
        (
            Outcome::base(4999),
            502,
            "ServiceException",
            "SVC0001: A service error occurred. Error code is 4999",
        ),
        (vendor(9, 5063), 502, "ServiceException", "SVC0001: "),
    ] {
        let world = World::new();
        world.pcrf.will_answer(aaa_with(outcome));
        let reply = world.apply(EXAMPLE).await;
        assert_eq!((reply.status, &reply.json()["error"]["type"]), (status, &json!(kind)), "{outcome}");
        assert_starts(&reply.message(), message);
        assert!(reply.message().contains("from pcrf.rx.test"), "{}", reply.message());
        let temporary = [4261, 5068, 3004].contains(&outcome.code);
        assert_eq!(reply.header("retry-after"), if temporary { "10" } else { "" }, "{outcome}");
        let result = format!("<Result-Code>{}</Result-Code>", outcome.code);
        assert!(reply.header("x-plugin-param-values").contains(&result), "{outcome}");
        assert_eq!(reply.header("x-plugin-param-keys"), "AVP_LIST,session-id");
        assert_eq!(reply.header("location"), "");
    }
}

#[tokio::test]
async fn a_refusal_says_what_would_be_granted() {
    let world = World::new();
    world.pcrf.will_answer(AaAnswer {
        acceptable_service_info: Some(AcceptableServiceInfo {
            media_component_description: vec![MediaComponentDescription {
                media_component_number: 1,
                max_requested_bandwidth_dl: Some(500),
                extended_max_requested_bw_ul: Some(5_000_000),
                ..MediaComponentDescription::default()
            }]
            .into(),
            max_requested_bandwidth_ul: Some(64),
            ..AcceptableServiceInfo::default()
        }),
        error_message: Some("too\nmuch".into()),
        ..aaa_with(Outcome::tgpp(5063))
    });
    let reply = world.apply(EXAMPLE).await;
    assert_eq!(
        reply.json()["error"],
        json!({
            "type": "PolicyException",
            "message": "POL0001: A policy error occurred. Error code is 5063 REQUESTED_SERVICE_NOT_AUTHORIZED \
                        from pcrf.rx.test: toomuch",
            "acceptableServiceInfo": {
                "mediaComponentDescription": [{
                    "mediaComponentNumber": 1,
                    "maxRequestedBandwidthUL": 5_000_000_000u64,
                    "maxRequestedBandwidthDL": 500,
                }],
                "maxRequestedBandwidthUL": 64,
            },
        })
    );
}

#[tokio::test]
async fn a_retry_interval_holds_for_the_same_request() {
    let world = World::new();
    world.pcrf.will_answer(AaAnswer { retry_interval: Some(77), ..aaa_with(Outcome::tgpp(4261)) });
    let reply = world.apply(EXAMPLE).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, "77"));
    // Now nobody is asked: there is no answer to show.
    let again = world.apply(EXAMPLE).await;
    assert_eq!((again.status, again.header("x-plugin-param-keys")), (503, ""));
    assert!((1..=77).contains(&again.header("retry-after").parse::<u32>().unwrap()));
    assert_eq!(world.pcrf.aars().len(), 1);
}

#[tokio::test]
async fn the_avp_that_failed_is_named() {
    let world = World::new();
    world.pcrf.will(Says::Blames(Box::new(aaa_with(Outcome::tgpp(5062))), "Flow-Description"));
    let reply = world.apply(EXAMPLE).await;
    assert_eq!(reply.status, 400);
    let part = "SVC0002: Invalid input value for message part Flow-Description: the PCRF answered 5062 ";
    assert_starts(&reply.message(), part);
}

#[tokio::test]
async fn no_peer_and_no_answer_have_their_statuses() {
    let world = World::new();
    let reason = "pcrf.rx.test is closed: connection refused".to_owned();
    world.pcrf.will(Says::Fails(GatewayError::NotSent { reason }));
    let reply = world.apply(EXAMPLE).await;
    assert_eq!((reply.status, reply.header("x-plugin-param-keys")), (503, ""));
    assert!(reply.message().ends_with("pcrf.rx.test is closed: connection refused"), "{}", reply.message());
    assert!(world.pcrf.strs().is_empty());

    let sent_to = vec!["pcrf.rx.test".into()];
    world.pcrf.will(Says::Fails(GatewayError::NoAnswer { reason: "nothing in 4 s".into(), sent_to }));
    let reply = world.apply(EXAMPLE).await;
    assert_eq!(reply.status, 504);
    assert_starts(&reply.message(), "SVC0001: A service error occurred. Error code is 504: ");
    world.sessions.settled().await;
    let aar = world.pcrf.aars().last().unwrap().session_id.to_string();
    // The AAR may have been on its way still when the first STR was answered.
    let strs: Vec<_> = world.pcrf.strs().iter().map(|it| it.session_id.to_string()).collect();
    assert_eq!(strs, [aar.clone(), aar]);

    world.pcrf.will(Says::Fails(GatewayError::ShuttingDown));
    assert_eq!(world.apply(EXAMPLE).await.status, 503);
}

#[tokio::test]
async fn what_is_shed_says_why_and_when_to_come_back() {
    let world = World::new();
    let reason =
        "the network has too much to do: host pcrf.rx.test asked for 50 % less, for 27 s more".to_owned();
    let shed = Shed {
        cause: ShedCause::Network,
        reason: reason.clone(),
        retry_after: Duration::from_millis(12_500),
    };
    world.pcrf.will(Says::Fails(GatewayError::Shed(shed)));
    let reply = world.apply(EXAMPLE).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, "13"));
    assert_eq!(reply.message(), format!("SVC0001: A service error occurred. Error code is 503: {reason}"));
    assert!(world.pcrf.strs().is_empty());
    assert_eq!(world.sessions.counters().shed_by_network.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn success_of_another_kind_is_success() {
    let world = World::new();
    world.pcrf.will_answer(AaAnswer { result_code: Some(2999), ..aaa() });
    assert_eq!(world.apply(EXAMPLE).await.status, 201);
}
