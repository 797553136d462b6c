//! Template-Based Modify QoS.

use axum::{body::Body, http::Request};
use rxgate::{
    dict::enums::RxRequestType,
    rx::{AaRequest, Outcome},
};
use serde_json::{Value, json};

use crate::{
    examples::{EXAMPLE_16_10, EXAMPLE_16_13, EXAMPLE_16_14},
    support::*,
    template::{SMALL, apply, body, last, set, shown},
    world::*,
};

fn path(id: &str) -> String {
    format!("/ApplicationQoSService/qos/{id}/templatebased")
}

fn parameters(pairs: &[(&str, Value)]) -> String {
    body(json!({ "parameter": set(pairs) }))
}

/// A world with a session of the small template.
async fn world() -> (World, String) {
    let world = World::new();
    world.load(".*", SMALL);
    let id = apply(&world, USER, body(json!({}))).await.request_id();
    (world, id)
}

/// The AAR without what every update has.
fn change(aar: AaRequest<'static>) -> AaRequest<'static> {
    assert_eq!(aar.rx_request_type, Some(RxRequestType::UPDATE_REQUEST));
    assert!(aar.framed_ip_address.is_some() || aar.framed_ipv6_prefix.is_some());
    aar
}

#[tokio::test]
async fn a_filter_changes_by_either_path_and_method() {
    let world = World::new();
    world.load(".*", EXAMPLE_16_10);
    let asked = body(json!({ "duration": 60, "framedIPAddress": "0A0B9899" }));
    let id = apply(&world, "tel:88888888", asked).await.request_id();
    let mut expected = shown(&world, &id).await;
    let of = format!("/ApplicationQoSService/tel%3A88888888/qos/{id}/templatebased");
    for (method, path) in [("POST", path(&id)), ("PUT", path(&id)), ("POST", of.clone()), ("PUT", of)] {
        let reply = world.send(method, &path, EXAMPLE_16_13).await;
        assert_eq!((reply.status, reply.json()), (200, serde_json::from_str(EXAMPLE_16_14).unwrap()));
        assert_eq!(reply.header("x-plugin-param-keys"), "AVP_LIST,session-id");
        let aar = change(last(&world));
        assert_eq!(aar.framed_ip_address.as_deref(), Some(&[10, 11, 152, 153][..]));
        assert!(aar.af_charging_identifier.is_none() && aar.sponsored_connectivity_data.is_none());
        assert!(aar.subscription_id.is_empty());
        let components = aar.media_component_description.to_vec();
        assert_eq!(
            (components.len(), components[0].media_component_number, components[0].media_type),
            (1, 0, None)
        );
        let flows = components[0].media_sub_component.to_vec();
        assert_eq!((flows.len(), flows[0].flow_number, flows[0].flow_status), (1, 0, None));
        let filter = "permit out 8001 from assigned 34 to 24.2.1.6/18 8000";
        assert_eq!(flows[0].flow_description.to_vec(), [filter]);
        expected["mediaComponentDescription"][0]["mediaSubComponent"][0]["flowDescription"] = json!([filter]);
        assert_eq!(shown(&world, &id).await, expected);
    }
    let reply = world.send("POST", "/ApplicationQoSService/tel:1/qos/x/templatebased", EXAMPLE_16_13).await;
    assert_eq!(reply.status, 404);
    let other = format!("/ApplicationQoSService/tel:1/qos/{id}/templatebased");
    assert_eq!(world.send("POST", &other, EXAMPLE_16_13).await.status, 404);
}

#[tokio::test]
async fn parameters_stand_over_those_that_were_set_before() {
    let (world, id) = world().await;
    for (pairs, up, max) in [
        (vec![("$UP", json!("a"))], "a", 1000),
        (vec![("$MAX_UL", json!(20))], "a", 20),
        (vec![("$UP", json!("b")), ("$MAX_UL", json!(30))], "b", 30),
    ] {
        assert_eq!(world.send("POST", &path(&id), parameters(&pairs)).await.status, 200);
        let component = &shown(&world, &id).await["mediaComponentDescription"][0];
        assert_eq!(component["mediaSubComponent"][0]["flowDescription"][0], up);
        assert_eq!(component["maxRequestedBandwidthUL"], max);
    }
    // Both filters of the flow: Rx replaces them together.
    let aar = change(last(&world));
    let flow =
        aar.media_component_description.first().unwrap().media_sub_component.first().unwrap().into_owned();
    assert_eq!(flow.flow_description.to_vec(), ["b", "permit out 17 from any 6000 to 10.0.0.1 5000"]);
    // The minimum of the template against the maximum of a request, and of one before.
    let reply = world.send("POST", &path(&id), parameters(&[("$MIN_UL", json!(31))])).await;
    assert_eq!(reply.status, 400);
    assert_starts(&reply.message(), "SVC0002: Invalid input value for message part ");
}

#[tokio::test]
async fn what_was_removed_is_not_brought_back_in_part() {
    let (world, id) = world().await;
    let removed = |component: Value| {
        let body = json!({ "qoSFeatureProperties": { "mediaComponentDescription": component } }).to_string();
        let (world, path) = (&world, format!("/ApplicationQoSService/qos/{id}"));
        async move { assert_eq!(world.send("PUT", &path, body).await.status, 200) }
    };
    let refused = async |name: &str, value: Value, gone: &str| {
        let (before, count) = (world.status(&id).await, world.pcrf.aars().len());
        let reply =
            world.send("POST", &path(&id), parameters(&[("$DURATION", json!(9)), (name, value)])).await;
        let expected = format!(
            "SVC0002: Invalid input value for message part parameter[1].value: {gone} was removed from the session: "
        );
        assert_starts(&reply.message(), &expected);
        assert_eq!((reply.status, world.status(&id).await, world.pcrf.aars().len()), (400, before, count));
    };
    let flow = json!({ "flowNumber": 1, "flowStatus": "REMOVED" });
    removed(json!({ "mediaComponentNumber": 1, "mediaSubComponent": flow })).await;
    refused("$UP", json!("a"), "flow 1 of component 1").await;
    assert_eq!(world.send("POST", &path(&id), parameters(&[("$MAX_UL", json!(20))])).await.status, 200);
    removed(json!({ "mediaComponentNumber": 1, "flowStatus": "REMOVED" })).await;
    refused("$MAX_UL", json!(30), "component 1").await;
    assert_eq!(world.send("POST", &path(&id), parameters(&[("$DURATION", json!(9))])).await.status, 200);
}

#[tokio::test]
async fn members_beside_the_parameters_change_too() {
    let (world, id) = world().await;
    let members = json!({ "duration": 5, "applicationIdentifier": "other", "calledStationId": "apn" });
    assert_eq!(world.send("PUT", &path(&id), body(members)).await.status, 200);
    let aar = change(last(&world));
    assert_eq!(aar.af_application_identifier.as_deref(), Some(&b"other"[..]));
    assert_eq!(aar.called_station_id.as_deref(), Some("apn"));
    assert!(aar.media_component_description.is_empty());
    let shown = shown(&world, &id).await;
    assert_eq!((&shown["duration"], &shown["calledStationId"]), (&json!(5), &json!("apn")));
    assert_eq!(world.send("PUT", &path(&id), parameters(&[("$DURATION", json!(7))])).await.status, 200);
    assert_eq!(crate::template::shown(&world, &id).await["duration"], 7);
}

#[tokio::test]
async fn the_version_that_made_the_session_changes_it() {
    let (world, id) = world().await;
    let other = SMALL.replace("$UP", "$UPWARDS").replace("VIDEO", "DATA");
    world.load(".*", &other);
    let reply = world.send("POST", &path(&id), parameters(&[("$UPWARDS", json!("x"))])).await;
    assert_eq!(reply.status, 400);
    assert_eq!(world.send("POST", &path(&id), parameters(&[("$UP", json!("x"))])).await.status, 200);
    world.unload(".*");
    assert_eq!(world.send("POST", &path(&id), parameters(&[("$UP", json!("y"))])).await.status, 200);
    let new = apply(&world, USER, body(json!({}))).await;
    assert_eq!(new.status, 404);
    // Until it is not kept any more.
    for number in 0..=rxgate::template::MAX_SUPERSEDED {
        let xml =
            format!("<QoSTemplate xmlns=\"http://oracle/ocsg/rest/qos/template\" templateId=\"t{number}\"/>");
        world.load("tel:1", &xml);
    }
    let before = world.status(&id).await;
    let reply = world.send("POST", &path(&id), parameters(&[("$UP", json!("z"))])).await;
    assert_eq!(reply.status, 404);
    assert_starts(
        &reply.message(),
        "SVC0002: Invalid input value for message part templateQoSFeatureProperties: the version of the template",
    );
    assert_eq!(world.status(&id).await, before);
    let plain = json!({ "qoSFeatureProperties": { "applicationIdentifier": "x" } }).to_string();
    assert_eq!(world.send("PUT", &format!("/ApplicationQoSService/qos/{id}"), plain).await.status, 200);
}

#[tokio::test]
async fn point_50_sessions_made_the_other_way() {
    let (world, id) = world().await;
    let plain_path = format!("/ApplicationQoSService/qos/{id}");
    let change = |members: Value| json!({ "qoSFeatureProperties": members }).to_string();
    let component = |members: Value| {
        let mut component = json!({ "mediaComponentNumber": 1 });
        component.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        change(json!({ "mediaComponentDescription": component }))
    };
    let plain = component(json!({ "maxRequestedBandwidthUL": 500, "mediaType": "TEXT" }));
    assert_eq!(world.send("PUT", &plain_path, plain).await.status, 200);
    assert_eq!(last(&world).framed_ip_address.as_deref(), Some(&[10, 0, 0, 1][..]));
    // The template would let it pass, what holds now does not.
    let before = world.status(&id).await;
    let reply = world.send("POST", &path(&id), parameters(&[("$MIN_UL", json!(501))])).await;
    assert_eq!(reply.status, 400);
    assert_starts(
        &reply.message(),
        "SVC0002: Invalid input value for message part parameter: minRequestedBandwidthUL",
    );
    assert_eq!(world.status(&id).await, before);
    assert_eq!(world.send("POST", &path(&id), parameters(&[("$MIN_UL", json!(400))])).await.status, 200);
    let shown = &shown(&world, &id).await["mediaComponentDescription"][0];
    assert_eq!(
        (&shown["maxRequestedBandwidthUL"], &shown["minRequestedBandwidthUL"], &shown["mediaType"]),
        (&json!(500), &json!(400), &json!("TEXT"))
    );

    let id = world.apply(EXAMPLE).await.request_id();
    let before = world.status(&id).await;
    let reply = world.send("POST", &path(&id), parameters(&[("$UP", json!("x"))])).await;
    assert_eq!(reply.status, 400);
    assert_starts(
        &reply.message(),
        "SVC0002: Invalid input value for message part templateQoSFeatureProperties: the session was not made of",
    );
    assert_eq!(world.status(&id).await, before);
}

#[tokio::test]
async fn what_is_refused_leaves_nothing_behind() {
    let (world, id) = world().await;
    assert_eq!(world.send("POST", &path(&id), parameters(&[("$MAX_UL", json!(900))])).await.status, 200);
    let before = world.status(&id).await;
    let count = world.pcrf.aars().len();
    let part = "SVC0002: Invalid input value for message part ";
    for (sent, start) in [
        (body(json!({})), "templateQoSFeatureProperties: there is nothing to change"),
        (body(json!({ "parameter": [] })), "templateQoSFeatureProperties: there is nothing to change"),
        (
            body(json!({ "framedIPAddress": "10.0.0.1" })),
            "templateQoSFeatureProperties: there is nothing to change",
        ),
        (body(json!({ "duration": 0 })), "duration: found 0"),
        (parameters(&[("$DURATION", json!(0))]), "parameter[0].value: $DURATION: found 0"),
        (
            body(json!({ "framedIPAddress": "10.0.0.2" })),
            "framedIPAddress: the UE's address of a session cannot",
        ),
        (
            parameters(&[("$UP", json!("x")), ("$ADDRESS", json!("10.0.0.2"))]),
            "parameter[1].value: the UE's address",
        ),
        (parameters(&[("$NOBODY", json!(1))]), "parameter[0].name: the template has no parameter $NOBODY"),
        (parameters(&[("$UP", json!(1)), ("$UP", json!(1))]), "parameter[1].name: $UP is set twice"),
        (parameters(&[("$MAX_UL", json!("x"))]), "parameter[0].value: $MAX_UL: found x"),
        (parameters(&[("$MIN_UL", json!(901))]), "parameter[0].value: $MIN_UL: "),
        (parameters(&[("$COMPONENT", json!(2))]), "parameter[0].value: $COMPONENT: "),
        (parameters(&[("$MAX_UL", json!(""))]), "parameter[0].value: $MAX_UL: "),
        (parameters(&[("$ID", json!("8612345"))]), "parameter[0].value: subscriptionId: "),
        (String::from("{"), "body: it is not JSON"),
        (
            String::from(r#"{"qoSFeatureProperties":{"duration":1}}"#),
            "templateQoSFeatureProperties: it is missing",
        ),
    ] {
        let reply = world.send("POST", &path(&id), sent.clone()).await;
        assert_eq!(reply.status, 400, "{sent}");
        assert_starts(&reply.message(), &format!("{part}{start}"));
        assert_eq!(world.status(&id).await, before, "{sent}");
    }
    assert_eq!(world.pcrf.aars().len(), count);
    for (outcome, status) in
        [(Outcome::tgpp(5061), 400), (Outcome::tgpp(5063), 403), (Outcome::base(5012), 502)]
    {
        world.pcrf.will_answer(aaa_with(outcome));
        let reply = world.send("POST", &path(&id), parameters(&[("$UP", json!("changed"))])).await;
        assert_eq!((reply.status, reply.header("x-plugin-param-keys")), (status, "AVP_LIST,session-id"));
        assert_eq!(world.status(&id).await, before);
    }
    // What was refused is not remembered as set either.
    assert_eq!(world.send("POST", &path(&id), parameters(&[("$MAX_UL", json!(950))])).await.status, 200);
    let shown = shown(&world, &id).await;
    let filter = &shown["mediaComponentDescription"][0]["mediaSubComponent"][0]["flowDescription"][0];
    assert_eq!(filter, "permit in 17 from 10.0.0.1 5000 to any 6000");
    world.pcrf.will_answer(aaa_with(Outcome::base(5002)));
    let reply = world.send("POST", &path(&id), parameters(&[("$UP", json!("changed"))])).await;
    assert_eq!(reply.status, 404);
    assert_eq!(world.get(&format!("/ApplicationQoSService/qos/{id}")).await.status, 404);
}

#[tokio::test]
async fn a_key_changes_once() {
    let (world, id) = world().await;
    let ask = |method: &str, body: String| {
        let request = Request::builder().method(method).uri(path(&id)).header("idempotency-key", "k");
        world.call(request.body(Body::from(body)).unwrap())
    };
    let change = parameters(&[("$UP", json!("x"))]);
    let first = ask("POST", change.clone()).await;
    assert_eq!(first.status, 200);
    let again = ask("POST", change.clone()).await;
    assert_eq!((again.status, &again.headers, &again.body), (200, &first.headers, &first.body));
    // Another method is another request.
    assert_eq!(ask("PUT", change).await.status, 422);
    assert_eq!(ask("POST", parameters(&[("$UP", json!("y"))])).await.status, 422);
    assert_eq!(world.pcrf.aars().len(), 2);
}
