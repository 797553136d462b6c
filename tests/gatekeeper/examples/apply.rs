//! Examples of sessions whose requests say everything themselves.

use rxgate::{
    dict::{self, Dictionary, enums::RxRequestType},
    rx::{AaAnswer, AvpText, AvpTextValue},
    wire::{AvpFlags, Index},
};
use serde_json::{Value, json};

use super::*;
use crate::{
    notification::{compact, text},
    support::*,
};

/// The properties that Example 16-15 shows, as a request.
fn properties_of_16_15() -> Value {
    let status: Value = serde_json::from_str(EXAMPLE_16_15).unwrap();
    json!({ "qoSFeatureProperties": status["qoSStatus"]["qosFeatureProperties"] })
}

/// Values of an AVP wherever it stands in the AAR, as text.
fn all(avps: &[AvpText], name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for avp in avps {
        match &avp.value {
            AvpTextValue::Text(text) if avp.name == name => found.push(text.clone()),
            AvpTextValue::Text(_) => {}
            AvpTextValue::Group(inside) => found.extend(all(inside, name)),
        }
    }
    found
}

#[tokio::test]
async fn example_16_01_is_refused_until_its_comma_is_there() {
    let world = World::new();
    let around = |part: &str| {
        format!("{{ \"qoSFeatureProperties\": {{\n  \"framedIPAddress\": \"10.0.0.1\",\n{part}}} }}")
    };
    let reply = world.apply(around(EXAMPLE_16_1)).await;
    assert_eq!(reply.status, 400);
    let place = "expected `,` or `}` at line 5 column 5";
    assert_eq!(
        reply.message(),
        format!("SVC0002: Invalid input value for message part body: it is not JSON: {place}")
    );
    assert!(world.pcrf.aars().is_empty());
    note(1, REFUSED, format!("400, {place}; with its comma accepted, 201"));

    let corrected = around(&EXAMPLE_16_1.replace("Parameter\"\n", "Parameter\",\n"));
    world.apply(corrected.clone()).await.request_id();
    let value = b"My diameter parameter value";
    assert_eq!(last(&world).custom.to_vec(), [own(7010, EXAMPLE_VENDOR, AvpFlags::NONE, value)]);
    // Without a dictionary that has the name, it cannot be sent.
    let reply = World::strict().apply(corrected).await;
    assert_eq!(reply.status, 400);
    assert_starts(
        &reply.message(),
        "SVC0002: Invalid input value for message part parameter[0].name: found \"myCustomDiameterParameter\"",
    );
}

#[tokio::test]
async fn example_16_02_travels_to_the_wire_and_back() {
    let world = World::new();
    let reply = world.apply(EXAMPLE).await;
    let id = reply.request_id();
    let actual = json!({ "iPCANType": "_3GPP-GPRS", "rATType": "WLAN" });
    let expected = json!({ "applyQoSFeatureResponse": { "requestId": id, "actualProperties": actual } });
    assert_eq!(reply.json(), expected);

    let aar = world.pcrf.aars().pop().unwrap();
    let rx_session = aar.session_id.to_string();
    let message = aar.encode(Default::default()).unwrap();
    let mut index = Index::new();
    let parsed = message.parse(&mut index, dict::is_grouped).unwrap();
    dict::check(Dictionary::builtin(), &parsed, dict::Strictness::Strict).unwrap();
    let avps = AvpText::read(parsed.avps(), Dictionary::builtin());
    for (name, values) in [
        ("Flow-Status", &["0", "0"][..]),
        ("Media-Type", &["0"]),
        ("Reservation-Priority", &["1", "1"]),
        ("Subscription-Id-Type", &["0"]),
        ("Subscription-Id-Data", &["861013388991111"]),
        ("Flow-Description", &["test_flow"]),
        ("Max-Requested-Bandwidth-UL", &["3300", "1000"]),
        ("Value-Digits", &["1"]),
        ("Exponent", &[]),
        ("AF-Signalling-Protocol", &[]),
        ("AF-Application-Identifier", &["test_app_id", "test"]),
        ("Specific-Action", &["1", "2", "3", "4", "6", "7", "10", "11"]),
    ] {
        assert_eq!(all(&avps, name), values, "{name}");
    }
    let framed_ip_address = parsed.avps().get(&dict::avp::FRAMED_IP_ADDRESS).unwrap();
    assert_eq!(framed_ip_address, Some(&[10, 152, 120, 152][..]));
    let octets = [&[0, 0, 1, 195, 0x40, 0, 0, 12][..], &122u32.to_be_bytes()].concat();
    assert!(message.as_bytes().windows(12).any(|window| window == octets), "Tariff-Time-Change 122");

    let path = format!("/ApplicationQoSService/tel%3A861013388991111/qos/{id}");
    assert_eq!(reply.header("location"), format!("http://localhost:8001{path}"));
    let list = format!(
        "<Avp-List><Session-Id>{rx_session}</Session-Id>\
         <Auth-Application-Id>16777236</Auth-Application-Id><Origin-Host>pcrf.rx.test</Origin-Host>\
         <Origin-Realm>rx.test</Origin-Realm><Result-Code>2001</Result-Code><IP-CAN-Type>0</IP-CAN-Type>\
         <RAT-Type>0</RAT-Type></Avp-List>,{rx_session}"
    );
    assert_eq!(reply.header("x-plugin-param-keys"), "AVP_LIST,session-id");
    assert_eq!(reply.header("x-plugin-param-values"), list);

    let given: Value = serde_json::from_slice(EXAMPLE).unwrap();
    let status = json!({ "qoSStatus": {
        "userIsConnected": true,
        "actualProperties": actual,
        "qosFeatureProperties": given["qoSFeatureProperties"],
    } });
    let other = format!("/ApplicationQoSService/qos/{id}");
    for path in [&path, &other] {
        let shown = world.get(path).await;
        assert_eq!((shown.status, shown.json()), (200, status.clone()));
        assert_eq!(shown.header("x-plugin-param-keys"), "");
    }

    let removed = world.delete(&path).await;
    assert_eq!((removed.status, removed.body.len()), (204, 0));
    let list = format!(
        "<Avp-List><Session-Id>{rx_session}</Session-Id><Origin-Host>pcrf.rx.test</Origin-Host>\
         <Origin-Realm>rx.test</Origin-Realm><Result-Code>2001</Result-Code></Avp-List>,{rx_session}"
    );
    assert_eq!(removed.header("x-plugin-param-values"), list);
    assert_eq!(world.pcrf.strs().len(), 1);
    for reply in [
        world.get(&path).await,
        world.get(&other).await,
        world.delete(&path).await,
        world.delete(&other).await,
    ] {
        assert_eq!(reply.status, 404);
        assert_starts(&reply.message(), "SVC0002: Invalid input value for message part requestId: ");
    }
    note(2, ACCEPTED, "201, and shown and removed again");
}

#[tokio::test]
async fn example_16_03_is_the_head_of_an_answer() {
    let world = World::new();
    world.pcrf.will_answer(AaAnswer {
        auth_application_id: None,
        origin_host: "MINFXU-CN".into(),
        origin_realm: "oracle.com".into(),
        ..aaa()
    });
    let path = format!("/ApplicationQoSService/{END_USER}/qos");
    let reply = world.send("POST", &path, properties_of_16_15().to_string()).await;
    let (id, rx_session) = (reply.request_id(), last(&world).session_id.to_string());
    // On the page some headers are broken into several lines.
    let mut lines = Vec::<String>::new();
    for line in EXAMPLE_16_3.lines() {
        let is_name = |name: &str| name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        let begins = line.split_once(": ").is_some_and(|(name, _)| is_name(name));
        match lines.last_mut() {
            Some(broken) if !begins => broken.push_str(line),
            _ => lines.push(line.into()),
        }
        if lines.len() == 1 {
            assert_eq!((lines[0].as_str(), reply.status), ("HTTP/1.1 201 Created", 201));
        }
    }
    assert_eq!(lines.len(), 8);
    for line in &lines[1..] {
        let (name, value) = line.split_once(": ").unwrap();
        let expected = value
            .replace("localhost%3B1362972174%3B0-1362972554169", &id)
            .replace("localhost;1362972174;0", &rx_session);
        match name {
            // The server's, for the connection.
            "Date" | "Transfer-Encoding" => {}
            // Of the software of then.
            "X-Powered-By" => assert_eq!(reply.header(name), ""),
            _ => assert_eq!(reply.header(name), expected, "{name}"),
        }
    }
    note(3, PRODUCED, "Location and X-Plugin-Param-* equal but for the ids");
}

#[tokio::test]
async fn example_16_04_answers_an_apply() {
    let world = World::new();
    let reply = world.apply(EXAMPLE).await;
    assert_eq!(body(&reply), with_id(EXAMPLE_16_4, &reply.request_id()));
    note(4, PRODUCED, "equal but for the id");
}

#[tokio::test]
async fn example_16_11_changes_what_it_names() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    let initial = last(&world);
    let path = format!("/ApplicationQoSService/qos/{id}");
    let reply = world.send("PUT", &path, EXAMPLE_16_11).await;
    assert_eq!(reply.status, 200);
    let update = last(&world);
    assert_eq!(update.session_id, initial.session_id);
    assert_eq!(update.rx_request_type, Some(RxRequestType::UPDATE_REQUEST));
    assert_eq!(update.af_application_identifier.as_deref(), Some(&b"654321"[..]));
    assert_eq!(update.framed_ip_address, initial.framed_ip_address);
    assert!(update.media_component_description.is_empty() && update.subscription_id.is_empty());
    assert!(update.sponsored_connectivity_data.is_none() && update.af_charging_identifier.is_none());

    let mut expected: Value = serde_json::from_slice(EXAMPLE).unwrap();
    expected["qoSFeatureProperties"]["applicationIdentifier"] = "654321".into();
    let shown: Value = serde_json::from_slice(&world.status(&id).await).unwrap();
    assert_eq!(shown["qoSStatus"]["qosFeatureProperties"], expected["qoSFeatureProperties"]);
    note(11, ACCEPTED, "200");
}

#[tokio::test]
async fn example_16_12_answers_a_modify() {
    let world = World::new();
    let applied = world.apply(EXAMPLE).await;
    let path = format!("/ApplicationQoSService/qos/{}", applied.request_id());
    let reply = world.send("PUT", &path, EXAMPLE_16_11).await;
    assert_eq!(text(&reply), compact(EXAMPLE_16_12));
    assert_eq!(reply.header("location"), "");
    assert_eq!(reply.header("x-plugin-param-keys"), "AVP_LIST,session-id");
    assert_eq!(reply.header("x-plugin-param-values"), applied.header("x-plugin-param-values"));
    note(12, PRODUCED, "equal");
}

#[tokio::test]
async fn example_16_15_is_the_status_after_example_16_11() {
    let world = World::new();
    let mut asked = properties_of_16_15();
    asked["qoSFeatureProperties"]["applicationIdentifier"] = "test_app_id".into();
    let path = format!("/ApplicationQoSService/{END_USER}/qos");
    let id = world.send("POST", &path, asked.to_string()).await.request_id();
    let path = format!("/ApplicationQoSService/qos/{id}");
    assert_ne!(text(&world.get(&path).await), compact(EXAMPLE_16_15));
    assert_eq!(world.send("PUT", &path, EXAMPLE_16_11).await.status, 200);
    assert_eq!(text(&world.get(&path).await), compact(EXAMPLE_16_15));
    note(15, PRODUCED, "equal");
}
