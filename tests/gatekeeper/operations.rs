//! Apply QoS, Get QoS Status and Remove QoS, over a PCRF that does what the test says.

use axum::{body::Body, http::Request};
use rxgate::{
    dict::enums::{FinalUnitAction, RatType, SpecificAction},
    north::limits::Limits,
    rx::{AaAnswer, AccessNetworkChargingIdentifier, Flows, SupportedFeatures},
};
use serde_json::json;

use crate::{support::*, world::*};

#[tokio::test]
async fn point_22_our_features_stand_beside_those_of_the_client() {
    let world = World::new();
    world.apply(EXAMPLE).await.request_id();
    let features = world.pcrf.aars().pop().unwrap().supported_features.to_vec();
    let features: Vec<_> =
        features.iter().map(|it| (it.vendor_id, it.feature_list_id, it.feature_list)).collect();
    assert_eq!(features, [(10415, 1, 0x1b), (1, 1, 333)]);
}

#[tokio::test]
async fn point_37_the_response_is_an_object() {
    let world = World::new();
    let reply = world.apply(EXAMPLE).await;
    assert!(reply.json()["applyQoSFeatureResponse"].is_object());
}

#[tokio::test]
async fn point_46_the_answer_of_the_pcrf_is_enough() {
    // No RAR comes from this PCRF: the AAA alone makes it 201.
    let world = World::new();
    assert_eq!(world.apply(EXAMPLE).await.status, 201);
    assert_eq!(world.pcrf.aars().len(), 1);
}

#[tokio::test]
async fn actual_properties_are_what_the_network_told() {
    let world = World::new();
    let flows = Flows {
        media_component_number: 1,
        flow_number: vec![1, 2].into(),
        final_unit_action: Some(FinalUnitAction::RESTRICT_ACCESS),
        ..Flows::default()
    };
    world.pcrf.will_answer(AaAnswer {
        rat_type: Some(RatType(9999)),
        access_network_charging_address: Some([192, 0, 2, 7].into()),
        access_network_charging_identifier: vec![AccessNetworkChargingIdentifier {
            access_network_charging_identifier_value: vec![0x0a, 0xff].into(),
            flows: vec![flows.clone()].into(),
            ..AccessNetworkChargingIdentifier::default()
        }]
        .into(),
        flows: vec![Flows { flow_number: Default::default(), final_unit_action: None, ..flows }].into(),
        supported_features: vec![SupportedFeatures {
            vendor_id: 10415,
            feature_list_id: 1,
            feature_list: 3,
            ..SupportedFeatures::default()
        }]
        .into(),
        ..aaa()
    });
    let reply = world.apply(EXAMPLE).await;
    assert_eq!(
        reply.json()["applyQoSFeatureResponse"]["actualProperties"],
        json!({
            "accessNetworkChargingIdentifier": [{
                "accessNetworkChargingIdentifierValue": "0AFF",
                "flows": [{ "mediaComponentNumber": 1, "flowNumber": [1, 2], "finalUnitAction": "RESTRICT_ACCESS" }],
            }],
            "accessNetworkChargingAddress": "192.0.2.7",
            "iPCANType": "_3GPP-GPRS",
            "rATType": "9999",
            "flows": [{ "mediaComponentNumber": 1 }],
            "supportedFeatures": [{ "vendorId": 10415, "featureListID": 1, "featureList": 3 }],
        })
    );
}

#[tokio::test]
async fn the_end_user_of_a_session_is_checked_where_the_path_names_one() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    for (user, status) in [
        ("tel:861013388991111", 200),
        ("tel%3A%2B86-10-1338-8991111", 200),
        ("861013388991111", 200),
        ("tel:861013388991112", 404),
        ("somebody", 400),
    ] {
        assert_eq!(
            world.get(&format!("/ApplicationQoSService/{user}/qos/{id}")).await.status,
            status,
            "{user}"
        );
    }
    for (user, status) in [("tel:861013388991112", 404), ("x", 400), (USER, 204)] {
        assert_eq!(
            world.delete(&format!("/ApplicationQoSService/{user}/qos/{id}")).await.status,
            status,
            "{user}"
        );
    }
}

#[tokio::test]
async fn a_removal_without_an_answer_is_a_removal() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    *world.pcrf.silent_on_str.lock().unwrap() = true;
    let removed = world.delete(&format!("/ApplicationQoSService/qos/{id}")).await;
    assert_eq!((removed.status, removed.header("x-plugin-param-values")), (204, ""));
    assert_eq!(world.get(&format!("/ApplicationQoSService/qos/{id}")).await.status, 404);
}

#[tokio::test]
async fn bad_end_users_and_addresses_are_svc0004() {
    let world = World::new();
    for user in ["qos", "tel:", "acr:1", "http:%2F%2Fx", "tel%253A88888888", "tel:1%0A", &"9".repeat(300)] {
        let request =
            Request::post(format!("/ApplicationQoSService/{user}/qos")).body(Body::from(EXAMPLE)).unwrap();
        let reply = world.call(request).await;
        // This one is the path of a session called qos.
        if user == "qos" {
            assert_eq!(reply.status, 405);
            continue;
        }
        assert_eq!(reply.status, 400, "{user}");
        assert_starts(&reply.message(), "SVC0004: No valid addresses provided in message part endUserId: ");
    }
    let reply = world.get("/ApplicationQoSService/%FF/qos/x").await;
    assert_eq!(reply.status, 400);
    assert_starts(&reply.message(), "SVC0002: Invalid input value for message part path: ");
    let reply = world.apply(r#"{"qoSFeatureProperties":{}}"#).await;
    assert_eq!(reply.status, 400);
    assert_starts(&reply.message(), "SVC0004: No valid addresses provided in message part framedIPAddress: ");
    assert!(world.pcrf.aars().is_empty());
}

#[tokio::test]
async fn paths_methods_and_media_types_have_their_statuses() {
    let world = World::new();
    let send = |method: &str, path: &str, headers: &[(&str, &str)]| {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        world.call(request.body(Body::from(EXAMPLE)).unwrap())
    };
    let apply = format!("/ApplicationQoSService/{USER}/qos");
    for path in ["/", "/ApplicationQoSService", "/ApplicationQoSService/x/y", "/applicationqosservice/qos/1"]
    {
        let reply = send("GET", path, &[]).await;
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.json()["error"]["type"], "ServiceException");
        assert!(reply.message().contains("GET /docs"), "{}", reply.message());
    }
    let reply = send("PATCH", &apply, &[]).await;
    assert_eq!((reply.status, reply.header("allow")), (405, "POST"));
    assert!(reply.message().contains("GET /docs"), "{}", reply.message());
    assert_starts(&reply.message(), "SVC0002: Invalid input value for message part method: ");
    let reply = send("POST", "/ApplicationQoSService/qos/1", &[]).await;
    assert_eq!((reply.status, reply.header("allow")), (405, "GET,HEAD,PUT,DELETE"));
    assert_eq!(send("POST", &apply, &[("accept", "text/html")]).await.status, 406);
    assert_eq!(send("GET", "/ApplicationQoSService/qos/1", &[("accept", "text/html")]).await.status, 406);
    for wrong in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"] {
        assert_eq!(send("POST", &apply, &[("content-type", wrong)]).await.status, 415, "{wrong}");
    }
    assert!(world.pcrf.aars().is_empty());
    let right = [("content-type", "application/json; charset=UTF-8"), ("accept", "text/html, */*;q=0.1")];
    assert_eq!(send("POST", &apply, &right).await.status, 201);
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let world = World::new();
    let with_blanks = |length: usize| {
        let mut body = EXAMPLE.to_vec();
        body.resize(length, b' ');
        body
    };
    assert_eq!(world.apply(with_blanks(262_144)).await.status, 201);
    let reply = world.apply(with_blanks(262_145)).await;
    assert_eq!(reply.status, 413);
    assert_starts(&reply.message(), "SVC0002: Invalid input value for message part body: ");
    let small = World::with(Limits { max_body: 10, ..Limits::default() });
    assert_eq!(small.apply(EXAMPLE).await.status, 413);
}

#[tokio::test]
async fn json_errors_name_line_and_column() {
    let world = World::new();
    for (body, told) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("{\n  \"a\": tru }", "expected ident at line 2 column 11"),
        ("{}}", "trailing characters at line 1 column 3"),
        ("[1,2", "EOF while parsing a list at line 1 column 4"),
        (
            "{\"a\":\"\u{1}\"}",
            "control character (\\u0000-\\u001F) found while parsing a string at line 1 column 6",
        ),
    ] {
        let reply = world.apply(body.to_owned()).await;
        assert_eq!(reply.status, 400);
        let expected = format!("SVC0002: Invalid input value for message part body: it is not JSON: {told}");
        assert_eq!(reply.message(), expected);
    }
    let reply = world.apply(&b"{\"\xff\":1}"[..]).await;
    assert_eq!(reply.status, 400);
    for body in
        ["1", "null", "[]", "\"x\"", r#"{"qoSFeatureProperties":[]}"#, r#"{"qoSFeatureProperties":null}"#]
    {
        assert_eq!(world.apply(body).await.status, 400, "{body}");
    }
    assert_eq!(world.apply("[".repeat(200_000)).await.status, 400);
    let deep = format!("{}1{}", "{\"parameter\":".repeat(10_000), "}".repeat(10_000));
    assert_eq!(world.apply(format!("{{\"qoSFeatureProperties\":{deep}}}")).await.status, 400);
}

#[tokio::test]
async fn an_initial_request_subscribes_to_the_baseline() {
    let world = World::new();
    world.apply(r#"{"qoSFeatureProperties":{"framedIPAddress":"10.0.0.1"}}"#).await.request_id();
    let actions = world.pcrf.aars().pop().unwrap().specific_action.to_vec();
    assert_eq!(actions, [1, 2, 3, 4, 6, 7, 10].map(SpecificAction));
}

#[tokio::test]
async fn the_strict_profile_refuses_the_filter_of_the_example() {
    let world = World::strict();
    let reply = world.apply(EXAMPLE).await;
    assert_eq!(reply.status, 400);
    let part = "mediaComponentDescription[0].mediaSubComponent[0].flowDescription[0]";
    assert_starts(&reply.message(), &format!("SVC0002: Invalid input value for message part {part}: "));
}
