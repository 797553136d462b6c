//! Apply Template-Based QoS.

use std::time::Duration;

use axum::{body::Body, http::Request};
use rxgate::{
    dict::enums::{ReservationPriority, RxRequestType},
    north::gatekeeper::ReadSettings,
    rx::{AaRequest, Outcome},
};
use serde_json::{Value, json};

use crate::{
    examples::{EXAMPLE_16_8, EXAMPLE_16_9, EXAMPLE_16_10},
    support::*,
    world::*,
};

/// A small template with a flow, and parameters for what tests set.
pub const SMALL: &str = r#"<QoSTemplate xmlns="http://oracle/ocsg/rest/qos/template" templateId="small">
  <duration parameterName="$DURATION">600</duration>
  <mediaComponentDescription>
    <mediaComponentNumber parameterName="$COMPONENT">1</mediaComponentNumber>
    <mediaSubComponent>
      <flowNumber>1</flowNumber>
      <flowDescription parameterName="$UP">permit in 17 from 10.0.0.1 5000 to any 6000</flowDescription>
      <flowDescription parameterName="$DOWN">permit out 17 from any 6000 to 10.0.0.1 5000</flowDescription>
    </mediaSubComponent>
    <mediaType parameterName="$TYPE">VIDEO</mediaType>
    <maxRequestedBandwidthUL parameterName="$MAX_UL">1000</maxRequestedBandwidthUL>
    <minRequestedBandwidthUL parameterName="$MIN_UL">10</minRequestedBandwidthUL>
  </mediaComponentDescription>
  <subscriptionId>
    <subscriptionIdType parameterName="$ID_TYPE">END_USER_E164</subscriptionIdType>
    <subscriptionIdData parameterName="$ID">13693312888</subscriptionIdData>
  </subscriptionId>
  <framedIPAddress parameterName="$ADDRESS">10.0.0.1</framedIPAddress>
</QoSTemplate>"#;

/// One without an address and a duration.
const BARE: &str = r#"<QoSTemplate xmlns="http://oracle/ocsg/rest/qos/template" templateId="bare">
  <applicationIdentifier parameterName="$APP">video</applicationIdentifier>
</QoSTemplate>"#;

pub fn body(properties: Value) -> String {
    json!({ "templateQoSFeatureProperties": properties }).to_string()
}

pub fn set(pairs: &[(&str, Value)]) -> Value {
    pairs.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

pub async fn apply(world: &World, user: &str, body: impl Into<Body>) -> Reply {
    world.send("POST", &format!("/ApplicationQoSService/{user}/qos/templatebased"), body).await
}

/// qosFeatureProperties of a session.
pub async fn shown(world: &World, id: &str) -> Value {
    let status: Value = serde_json::from_slice(&world.status(id).await).unwrap();
    status["qoSStatus"]["qosFeatureProperties"].clone()
}

pub fn last(world: &World) -> AaRequest<'static> {
    world.pcrf.aars().last().unwrap().clone()
}

fn subscribers(aar: &AaRequest<'_>) -> Vec<(u32, String)> {
    let ids = aar.subscription_id.to_vec();
    ids.iter().map(|id| (id.subscription_id_type.0, id.subscription_id_data.to_string())).collect()
}

#[tokio::test]
#[expect(clippy::approx_constant, reason = "it is an amount of money")]
async fn the_complete_template_reaches_the_wire_and_the_view() {
    let world = World::new();
    world.load("tel:.*", EXAMPLE_16_10);
    let reply = apply(&world, "tel%3A88888888", EXAMPLE_16_8).await;
    let id = reply.request_id();
    let mut expected: Value = serde_json::from_str(EXAMPLE_16_9).unwrap();
    expected["applyQoSFeatureResponse"]["requestId"] = id.clone().into();
    assert_eq!(reply.json(), expected);
    assert_eq!(
        reply.header("location"),
        format!("http://localhost:8001/ApplicationQoSService/tel%3A88888888/qos/{id}")
    );
    assert_eq!(reply.header("x-plugin-param-keys"), "AVP_LIST,session-id");

    let aar = last(&world);
    assert_eq!(aar.rx_request_type, Some(RxRequestType::INITIAL_REQUEST));
    assert_eq!(aar.af_charging_identifier.as_deref(), Some(&b"charging_id_test"[..]));
    assert_eq!(aar.af_application_identifier.as_deref(), Some(&b"app_id"[..]));
    assert_eq!(aar.framed_ip_address.as_deref(), Some(&[10, 11, 152, 153][..]));
    assert_eq!(aar.called_station_id.as_deref(), Some("called_station_id"));
    assert_eq!(aar.reservation_priority, Some(ReservationPriority(0)));
    // The template's own subscriber is a default, and another one than the end user.
    assert_eq!(subscribers(&aar), [(0, "88888888".into())]);
    let component = aar.media_component_description.first().unwrap().into_owned();
    assert_eq!(component.max_requested_bandwidth_dl, Some(2048));
    assert_eq!(component.max_requested_bandwidth_ul, Some(1000));
    assert_eq!(
        component.media_sub_component.first().unwrap().flow_description.to_vec(),
        ["flow0_Description"]
    );
    aar.encode(Default::default()).unwrap();

    let status = shown(&world, &id).await;
    assert_eq!(
        status,
        json!({
            "duration": 3600,
            "applicationIdentifier": "app_id",
            "mediaComponentDescription": [{
                "mediaComponentNumber": 0,
                "mediaSubComponent": [{
                    "flowNumber": 0,
                    "flowDescription": ["flow0_Description"],
                    "flowStatus": "ENABLED",
                    "flowUsage": "NO_INFORMATION",
                    "maxRequestedBandwidthUL": 1000,
                    "maxRequestedBandwidthDL": 1000,
                    "signallingProtocol": "SIP",
                }],
                "applicationIdentifier": "test_appId",
                "mediaType": "AUDIO",
                "maxRequestedBandwidthUL": 1000,
                "maxRequestedBandwidthDL": 2048,
                "minRequestedBandwidthUL": 10,
                "minRequestedBandwidthDL": 10,
                "flowStatus": "ENABLED",
                "reservationPriority": 0,
                "rSBandwidth": 1000,
                "rRBandwidth": 1000,
                "codecData": ["CODEC"],
            }],
            "serviceInfoStatus": "FINAL_SERVICE_INFORMATION",
            "chargingIdentifier": "charging_id_test",
            "sIPForkingIndication": "SINGLE_DIALOGUE",
            "subscriptionId": [{ "subscriptionIdType": "END_USER_E164", "subscriptionIdData": "88888888" }],
            "supportedFeatures": [{
                "vendorId": 654321,
                "featureListID": 654320,
                "featureList": 654322,
                "parameter": [{
                    "name": "test_supported_feature",
                    "value": [{ "name": "avps_name", "value": "xmf" }],
                }],
            }],
            "reservationPriority": 0,
            "framedIPAddress": "0A0B9899",
            "calledStationId": "called_station_id",
            "serviceURN": "sos.fire",
            "sponsoredConnectivityData": {
                "sponsorIdentity": "spon_id",
                "applicationServiceProviderIdentity": "spon_serv_prov_id",
                "grantedServiceUnit": {
                    "tariffTimeChange": 1,
                    "cCTime": 60,
                    "cCMoney": { "unitValue": 6.28, "currencyCode": 80 },
                    "cCTotalOctets": 1_000_000,
                    "cCInputOctets": 500_000,
                    "cCOutputOctets": 500_000,
                    "cCServiceSpecificUnits": 1,
                },
            },
            "mPSIdentifier": "mps_id",
            "parameter": [{ "name": "myRandomAVP", "value": "ENUM_1" }],
        })
    );
    // In the order of the interface's own example.
    let text = String::from_utf8(world.status(&id).await.to_vec()).unwrap();
    let places = [
        "\"duration\"",
        "\"chargingIdentifier\"",
        "\"framedIPAddress\"",
        "\"mPSIdentifier\"",
        "\"myRandomAVP\"",
    ]
    .map(|name| text.find(name).unwrap());
    assert!(places.is_sorted(), "{text}");
}

#[tokio::test]
async fn a_template_asks_for_what_the_same_properties_ask_for() {
    let world = World::new();
    world.load(".*", SMALL);
    let parameters = set(&[("$TYPE", json!("audio")), ("$MAX_UL", json!("2000")), ("$DOWN", json!("x"))]);
    let id = apply(&world, USER, body(json!({ "parameter": parameters }))).await.request_id();
    let from_template = last(&world);
    let properties = shown(&world, &id).await;
    assert_eq!(properties["mediaComponentDescription"][0]["mediaType"], "AUDIO");
    assert_eq!(properties["duration"], 600);
    let plain = world.apply(json!({ "qoSFeatureProperties": properties }).to_string()).await.request_id();
    let plain_aar = AaRequest { session_id: from_template.session_id.clone(), ..last(&world) };
    assert_eq!(plain_aar, from_template);
    assert_eq!(shown(&world, &plain).await, properties);
}

#[tokio::test]
async fn the_first_rule_that_matches_gives_the_template() {
    let world = World::new();
    let reply = apply(&world, USER, body(json!({}))).await;
    assert_eq!(reply.status, 404);
    assert_starts(
        &reply.message(),
        "SVC0002: Invalid input value for message part endUserId: there is no template",
    );
    world.load("tel:86.*", SMALL);
    world.load(".*", BARE);
    apply(&world, USER, body(json!({}))).await.request_id();
    assert!(!last(&world).media_component_description.is_empty());
    let other = body(json!({ "duration": 1, "framedIPAddress": "10.0.0.2" }));
    apply(&world, "tel:1", other).await.request_id();
    assert!(last(&world).media_component_description.is_empty());
    // By the form that all that means the same has, too.
    apply(&world, "%2B86-10-1338-8991111", body(json!({}))).await;
    let reply = apply(&world, "somebody", body(json!({}))).await;
    assert_eq!(reply.status, 400);
    assert_starts(&reply.message(), "SVC0004: ");
}

#[tokio::test]
async fn members_of_the_body_stand_over_the_template() {
    let world = World::new();
    world.load(".*", SMALL);
    let asked = json!({
        "duration": "30",
        "applicationIdentifier": "hex:00ff",
        "framedIPv6Prefix": "2001:db8::7",
        "calledStationId": "apn",
        "parameter": { "name": "$MIN_UL", "value": 11 },
    });
    let id = apply(&world, USER, body(asked)).await.request_id();
    let aar = last(&world);
    assert_eq!(aar.af_application_identifier.as_deref(), Some(&[0, 255][..]));
    assert_eq!(aar.framed_ip_address, None);
    assert_eq!(aar.framed_ipv6_prefix.as_deref().map(<[u8]>::len), Some(18));
    assert_eq!(aar.called_station_id.as_deref(), Some("apn"));
    let shown = shown(&world, &id).await;
    assert_eq!(shown["duration"], 30);
    assert_eq!((shown.get("framedIPAddress"), &shown["framedIPv6Prefix"]), (None, &json!("2001:db8::7")));
    assert_eq!(shown["mediaComponentDescription"][0]["minRequestedBandwidthUL"], 11);
}

#[tokio::test]
async fn a_session_of_a_template_needs_a_duration() {
    let limited = ReadSettings { max_duration: Some(Duration::from_secs(599)), ..COMPATIBLE };
    let with_default = ReadSettings { default_duration: Some(Duration::from_secs(77)), ..COMPATIBLE };
    let address = |members: Value| {
        let mut members = members;
        members["framedIPAddress"] = "10.0.0.1".into();
        body(members)
    };
    let part = "SVC0002: Invalid input value for message part duration: ";
    for (settings, template, given, expected) in [
        (COMPATIBLE, BARE, json!({}), Err("it is missing")),
        (COMPATIBLE, BARE, json!({ "duration": 5 }), Ok(5)),
        (COMPATIBLE, BARE, json!({ "duration": 0 }), Err("found 0")),
        (COMPATIBLE, SMALL, json!({}), Ok(600)),
        (COMPATIBLE, SMALL, json!({ "parameter": set(&[("$DURATION", json!(7))]) }), Ok(7)),
        (COMPATIBLE, SMALL, json!({ "duration": 8, "parameter": set(&[("$DURATION", json!(7))]) }), Ok(8)),
        (with_default, BARE, json!({}), Ok(77)),
        (with_default, SMALL, json!({}), Ok(600)),
        (limited, SMALL, json!({}), Err("found 600, accepted are 1 to 599 seconds")),
        (limited, SMALL, json!({ "duration": 600 }), Err("found 600")),
        (limited, SMALL, json!({ "duration": 599 }), Ok(599)),
    ] {
        let world = World::reading(settings);
        world.load(".*", template);
        let reply = apply(&world, USER, address(given.clone())).await;
        match expected {
            Ok(seconds) => {
                assert_eq!(shown(&world, &reply.request_id()).await["duration"], seconds, "{given}")
            }
            Err(why) => {
                assert_eq!(reply.status, 400, "{given}");
                assert_starts(&reply.message(), &format!("{part}{why}"));
                assert!(world.pcrf.aars().is_empty());
            }
        }
    }
}

#[tokio::test]
async fn the_subscriber_is_the_end_user() {
    let world = World::new();
    world.load(".*", SMALL);
    let with = |pairs: &[(&str, Value)]| body(json!({ "parameter": set(pairs) }));
    // A default gives way to a telephone number, and is shown as what was sent.
    let id = apply(&world, USER, with(&[])).await.request_id();
    assert_eq!(subscribers(&last(&world)), [(0, "861013388991111".into())]);
    assert_eq!(shown(&world, &id).await["subscriptionId"][0]["subscriptionIdData"], "861013388991111");
    // With another kind of end user it stays.
    apply(&world, "sip:a@b", with(&[])).await.request_id();
    assert_eq!(subscribers(&last(&world)), [(0, "13693312888".into())]);
    // What the request says must not be somebody else.
    for (pairs, sent) in [
        (vec![("$ID", json!("861013388991111"))], Some((0, "861013388991111"))),
        (
            vec![("$ID", json!("001010123456789")), ("$ID_TYPE", json!("END_USER_IMSI"))],
            Some((1, "001010123456789")),
        ),
        (vec![("$MAX_UL", json!(5000)), ("$ID", json!("8612345"))], None),
        (vec![("$MAX_UL", json!(5000)), ("$ID_TYPE", json!("END_USER_E164"))], None),
    ] {
        let reply = apply(&world, USER, with(&pairs)).await;
        match sent {
            Some((kind, data)) => {
                reply.request_id();
                assert_eq!(subscribers(&last(&world)), [(kind, data.to_owned())]);
            }
            None => {
                assert_eq!(reply.status, 400);
                assert_starts(
                    &reply.message(),
                    "SVC0002: Invalid input value for message part parameter[1].value: subscriptionId: ",
                );
            }
        }
    }
    // Without any in the template it is derived, and not shown: nobody gave it.
    world.load(".*", BARE);
    let id =
        apply(&world, USER, body(json!({ "duration": 1, "framedIPAddress": "10.0.0.1" }))).await.request_id();
    assert_eq!(subscribers(&last(&world)), [(0, "861013388991111".into())]);
    assert_eq!(shown(&world, &id).await.get("subscriptionId"), None);
}

#[tokio::test]
async fn what_does_not_fit_the_template_is_refused_by_its_name() {
    let world = World::new();
    world.load(".*", SMALL);
    let bad = |pairs: &[(&str, Value)]| json!({ "parameter": set(pairs) });
    let part = "SVC0002: Invalid input value for message part ";
    for (properties, start) in [
        (bad(&[("$NOBODY", json!(1))]), "parameter[0].name: the template has no parameter $NOBODY"),
        (
            bad(&[("$TYP", json!(1))]),
            "parameter[0].name: the template has no parameter $TYP; did you mean $TYPE?",
        ),
        (bad(&[("$max_ul", json!(1))]), "parameter[0].name: the template has no parameter $max_ul"),
        (
            bad(&[("$UP", json!("a")), ("$MAX_UL", json!(1)), ("$UP", json!("a"))]),
            "parameter[2].name: $UP is set twice",
        ),
        (bad(&[("$MAX_UL", json!("many"))]), "parameter[0].value: $MAX_UL: found many for "),
        (bad(&[("$UP", json!("x")), ("$MAX_UL", json!(-1))]), "parameter[1].value: $MAX_UL: "),
        (bad(&[("$MAX_UL", json!(1.5))]), "parameter[0].value: $MAX_UL: "),
        (bad(&[("$MAX_UL", json!(4_294_967_296u64))]), "parameter[0].value: $MAX_UL: "),
        (
            bad(&[("$MAX_UL", json!(9))]),
            "parameter: $MIN_UL: mediaComponentDescription[0].minRequestedBandwidthUL: found 10",
        ),
        (bad(&[("$ADDRESS", json!("255.255.255.255"))]), "parameter[0].value: $ADDRESS: "),
        (bad(&[("", json!(1))]), "parameter[0].name: found \"\", accepted is the name of a parameter"),
        (bad(&[("$UP", Value::Null)]), "parameter[0].value: it is missing"),
        (
            bad(&[("$UP", json!([1]))]),
            "parameter[0].value: found an array, accepted is a string, a number or a boolean",
        ),
        (bad(&[("$UP", json!("a\u{0}"))]), "parameter[0].value: "),
        (json!({ "parameter": "x" }), "parameter[0]: found \"x\", accepted is an object"),
        (json!({ "parameter": [{ "value": 1 }] }), "parameter[0].name: it is missing"),
        (json!({ "parameter": [{ "name": "$UP" }] }), "parameter[0].value: it is missing"),
        (
            json!({ "parameter": [{ "name": "$UP", "value": 1, "type": 1 }] }),
            "parameter[0].type: no such member",
        ),
        (
            json!({ "mPSIdentifier": "x" }),
            "mPSIdentifier: a request with a template sets it through a parameter",
        ),
        (json!({ "framedIPAddress": 7 }), "framedIPAddress: found 7"),
        (json!({ "duration": "long" }), "duration: "),
    ] {
        let reply = apply(&world, USER, body(properties.clone())).await;
        assert_eq!(reply.status, 400, "{properties}");
        assert_starts(&reply.message(), &format!("{part}{start}"));
    }
    let reply = apply(&world, USER, body(bad(&[("$TYPE", json!("SMELL"))]))).await;
    let valid = "AUDIO, VIDEO, DATA, APPLICATION, CONTROL, TEXT, MESSAGE, OTHER";
    assert_eq!(reply.status, 400);
    assert_starts(
        &reply.message(),
        &format!(
            "SVC0003: Invalid input value for message part parameter[0].value, valid values are {valid}: found SMELL for $TYPE"
        ),
    );
    for text in
        ["", "{", "[]", "{}", r#"{"qoSFeatureProperties":{}}"#, r#"{"templateQoSFeatureProperties":7}"#]
    {
        assert_eq!(apply(&world, USER, text).await.status, 400, "{text}");
    }
    let long = apply(&world, USER, body(bad(&[(&"$".repeat(10_000), json!(1))]))).await;
    assert!(long.status == 400 && long.message().len() < 300, "{}", long.message());
    assert!(world.pcrf.aars().is_empty());
}

#[tokio::test]
async fn point_27_a_name_that_stands_twice_cannot_be_set() {
    let world = World::new();
    world.load(".*", EXAMPLE_16_10);
    let asked = json!({ "duration": 1, "framedIPAddress": "10.0.0.1", "parameter": set(&[("$MIN_REQ_BAND_UL", json!(5))]) });
    let reply = apply(&world, USER, body(asked)).await;
    assert_eq!(reply.status, 400);
    let part = "SVC0002: Invalid input value for message part parameter[0].name: the template has $MIN_REQ_BAND_UL at ";
    assert_starts(&reply.message(), part);
}

#[tokio::test]
async fn an_address_is_in_the_body_or_in_the_template() {
    let world = World::new();
    world.load(".*", BARE);
    let reply = apply(&world, USER, body(json!({ "duration": 1 }))).await;
    assert_eq!(reply.status, 400);
    assert_starts(&reply.message(), "SVC0004: No valid addresses provided in message part framedIPAddress: ");
    world.load(".*", SMALL);
    apply(&world, USER, body(json!({ "parameter": set(&[("$ADDRESS", json!("10.0.0.9"))]) })))
        .await
        .request_id();
    assert_eq!(last(&world).framed_ip_address.as_deref(), Some(&[10, 0, 0, 9][..]));
}

#[tokio::test]
async fn values_are_strings_numbers_or_booleans() {
    let world = World::new();
    let xml = BARE.replace("</QoSTemplate>", "<chargingIdentifier parameterName=\"$ID\"/></QoSTemplate>");
    world.load(".*", &xml);
    for (value, sent) in [(json!("a"), "a"), (json!(7), "7"), (json!(6.5), "6.5"), (json!(true), "true")] {
        let asked = json!({ "duration": 1, "framedIPAddress": "10.0.0.1", "parameter": { "name": "$ID", "value": value } });
        apply(&world, USER, body(asked)).await.request_id();
        assert_eq!(last(&world).af_charging_identifier.as_deref(), Some(sent.as_bytes()));
    }
}

#[tokio::test]
async fn a_refusal_of_the_pcrf_is_that_of_an_apply() {
    let world = World::new();
    world.load(".*", SMALL);
    world.pcrf.will_answer(aaa_with(Outcome::tgpp(5063)));
    let reply = apply(&world, USER, body(json!({}))).await;
    assert_eq!((reply.status, reply.header("x-plugin-param-keys")), (403, "AVP_LIST,session-id"));
    assert!(world.admin("GET", "/sessions").await.json().as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_key_makes_one_session() {
    let world = World::new();
    world.load(".*", SMALL);
    let path = format!("/ApplicationQoSService/{USER}/qos/templatebased");
    let ask = |body: String| {
        world.call(Request::post(&path).header("idempotency-key", "k").body(Body::from(body)).unwrap())
    };
    let first = ask(body(json!({}))).await;
    // What was loaded since does not matter: the answer is the first one's.
    world.load(".*", BARE);
    let again = ask(body(json!({}))).await;
    assert_eq!((first.request_id(), &first.headers), (again.request_id(), &again.headers));
    assert_eq!(ask(body(json!({ "duration": 1 }))).await.status, 422);
    assert_eq!(world.pcrf.aars().len(), 1);
}
