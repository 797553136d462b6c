//! Examples of templates, and of sessions made of them.

use rxgate::{dict::enums::RxRequestType, wire::AvpFlags};
use serde_json::json;

use super::*;
use crate::{
    notification::{compact, text},
    support::*,
};

/// Loads a template for telephone numbers, as the operator does.
async fn load(world: &World, xml: impl Into<String>) -> Reply {
    world.admin_with("PUT", "/qos-templates?matchRule=tel:.*", xml.into()).await
}

/// The element of an example, where it belongs.
fn in_a_template(element: &str) -> String {
    format!(
        "<QoSTemplate xmlns=\"http://oracle/ocsg/rest/qos/template\" templateId=\"custom\">\n{element}\n</QoSTemplate>"
    )
}

/// Checks line and beginning of every warning.
#[track_caller]
fn assert_warnings(loaded: &Reply, expected: &[(u64, &str)]) {
    assert_eq!(loaded.status, 201, "{loaded:?}");
    let loaded = loaded.json();
    let found = loaded["warnings"].as_array().unwrap();
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, (line, start)) in found.iter().zip(expected) {
        assert_eq!(found["line"], *line, "{found}");
        assert_starts(found["text"].as_str().unwrap(), start);
    }
}

async fn apply_template(world: &World, body: impl Into<String>) -> Reply {
    let path = format!("/ApplicationQoSService/{END_USER}/qos/templatebased");
    world.send("POST", &path, body.into()).await
}

/// A world with a session of the complete template, as Example 16-8 asks for it.
async fn with_example_16_8() -> (World, Reply) {
    let world = World::new();
    assert_eq!(load(&world, EXAMPLE_16_10).await.status, 201);
    let reply = apply_template(&world, EXAMPLE_16_8).await;
    (world, reply)
}

#[tokio::test]
async fn example_16_05_is_loaded_with_a_warning_of_its_stray_letter() {
    let world = World::new();
    let loaded = load(&world, EXAMPLE_16_5).await;
    // Points 21, 9, 25; and the subscriber, who is a default.
    let warnings = [
        (8, "number 0 is that of AF signalling"),
        (13, "sent as it stands, though TS 29.214 §5.3.8 restricts filters more"),
        (19, "text between the elements of <QoSTemplate>: M"),
        (25, "this subscriptionId is a default"),
    ];
    assert_warnings(&loaded, &warnings);
    let shown = world.admin("GET", "/qos-templates/template?matchRule=tel:.*").await;
    assert_eq!(shown.body, EXAMPLE_16_5.as_bytes());
    let asked = r#"{"templateQoSFeatureProperties":{"duration":60,"framedIPAddress":"0A0B9899"}}"#;
    apply_template(&world, asked).await.request_id();
    assert_eq!(last(&world).service_urn.as_deref(), Some(&b"sos.police"[..]));
    note(5, ACCEPTED, "201, with the warning of the stray M in line 19 and 3 more");
}

#[tokio::test]
async fn example_16_06_is_loaded_and_needs_a_value_of_its_type() {
    let world = World::new();
    let loaded = load(&world, in_a_template(EXAMPLE_16_6)).await;
    assert_warnings(
        &loaded,
        &[(6, "\"My Diameter Value\" cannot be sent, accepted is a value of this type")],
    );
    let asked = |more: &str| {
        format!(r#"{{"templateQoSFeatureProperties":{{"duration":60,"framedIPAddress":"0A0B9899"{more}}}}}"#)
    };
    let reply = apply_template(&world, asked("")).await;
    assert_eq!(reply.status, 400);
    assert_starts(&reply.message(), "SVC0002: Invalid input value for message part ");
    assert!(reply.message().contains("$MY_CUSTOM_DIAMETER_PARAMETER"), "{}", reply.message());
    assert!(world.pcrf.aars().is_empty());
    let value = r#","parameter":{"name":"$MY_CUSTOM_DIAMETER_PARAMETER","value":-7}"#;
    apply_template(&world, asked(value)).await.request_id();
    let sent = own(234_567, 111, AvpFlags::NONE, &(-7i32).to_be_bytes());
    assert_eq!(last(&world).custom.to_vec(), [sent]);
    note(6, ACCEPTED, "201, with the warning that a request has to set its value");
}

#[tokio::test]
async fn example_16_07_is_refused_for_its_typographic_quotes() {
    let world = World::new();
    let template = in_a_template(EXAMPLE_16_7);
    let reply = load(&world, template.clone()).await;
    assert_eq!((reply.status, reply.message().as_str()), (400, "the template is refused: 5 problems"));
    let problems = reply.json()["error"]["problems"].as_array().unwrap().clone();
    let places: Vec<_> = problems.iter().map(|it| (it["line"].as_u64(), it["column"].as_u64())).collect();
    assert_eq!(places, [(6, 15), (6, 29), (7, 15), (7, 29), (8, 25)].map(|(l, c)| (Some(l), Some(c))));
    for problem in problems {
        assert!(problem["hint"].as_str().unwrap().contains("typographic quotes"), "{problem}");
    }
    assert_eq!(world.admin("GET", "/qos-templates").await.json(), json!([]));
    let corrected = template.replace('”', "\"");
    assert_warnings(&load(&world, corrected).await, &[]);
    note(7, REFUSED, "400, typographic quotes at 6:15 and 4 more places; with plain ones accepted, 201");
}

#[tokio::test]
async fn example_16_08_is_accepted_with_the_complete_template() {
    let (world, reply) = with_example_16_8().await;
    reply.request_id();
    let aar = last(&world);
    assert_eq!(aar.rx_request_type, Some(RxRequestType::INITIAL_REQUEST));
    assert_eq!(aar.af_charging_identifier.as_deref(), Some(&b"charging_id_test"[..]));
    assert_eq!(aar.af_application_identifier.as_deref(), Some(&b"app_id"[..]));
    assert_eq!(aar.framed_ip_address.as_deref(), Some(&[10, 11, 152, 153][..]));
    assert_eq!(aar.called_station_id.as_deref(), Some("called_station_id"));
    let component = aar.media_component_description.first().unwrap().into_owned();
    assert_eq!(component.max_requested_bandwidth_dl, Some(2048));
    assert_eq!(component.max_requested_bandwidth_ul, Some(1000));
    // The sample template has no $MAX_REQ_BAND_DL.
    let sample = World::new();
    assert_eq!(load(&sample, EXAMPLE_16_5).await.status, 201);
    let reply = apply_template(&sample, EXAMPLE_16_8).await;
    assert_eq!(reply.status, 400);
    assert_starts(
        &reply.message(),
        "SVC0002: Invalid input value for message part parameter[1].name: the template has no parameter \
         $MAX_REQ_BAND_DL",
    );
    assert!(sample.pcrf.aars().is_empty());
    note(8, ACCEPTED, "201");
}

#[tokio::test]
async fn example_16_09_answers_an_apply_with_a_template() {
    let (_world, reply) = with_example_16_8().await;
    assert_eq!(body(&reply), with_id(EXAMPLE_16_9, &reply.request_id()));
    note(9, PRODUCED, "equal but for the id");
}

#[tokio::test]
async fn example_16_10_is_loaded_with_a_warning_of_its_duplicated_name() {
    let world = World::new();
    let loaded = load(&world, EXAMPLE_16_10).await;
    // Points 21, 9, 20, 27; the subscriber, who is a default; points 33, 10.
    let warnings = [
        (8, "number 0 is that of AF signalling"),
        (13, "sent as it stands, though TS 29.214 §5.3.8 restricts filters more"),
        (23, "not sent: Rx has signallingProtocol only with flowUsage AF_SIGNALLING"),
        (36, "$MIN_REQ_BAND_UL names 2 elements"),
        (55, "this subscriptionId is a default"),
        (70, "<gavp> names grouped_avp, and no <avps> is called so"),
        (98, "sent as it stands, though it is a time before 1968 or after 2036"),
    ];
    assert_warnings(&loaded, &warnings);
    note(10, ACCEPTED, "201, with the warning of the duplicated name in line 36 and 6 more");
}

#[tokio::test]
async fn example_16_13_changes_a_filter() {
    let filter = "permit out 8001 from assigned 34 to 24.2.1.6/18 8000";
    let (world, applied) = with_example_16_8().await;
    let path = format!("/ApplicationQoSService/qos/{}/templatebased", applied.request_id());
    let before = last(&world);
    assert_eq!(world.send("POST", &path, EXAMPLE_16_13).await.status, 200);
    let update = last(&world);
    assert_eq!(update.rx_request_type, Some(RxRequestType::UPDATE_REQUEST));
    assert_eq!(update.framed_ip_address, before.framed_ip_address);
    assert!(update.af_charging_identifier.is_none() && update.sponsored_connectivity_data.is_none());
    let [component] = &update.media_component_description.to_vec()[..] else { panic!("one component") };
    assert_eq!((component.media_component_number, component.media_type), (0, None));
    let [flow] = &component.media_sub_component.to_vec()[..] else { panic!("one flow") };
    assert_eq!((flow.flow_number, flow.flow_status), (0, None));
    assert_eq!(flow.flow_description.to_vec(), [filter]);
    note(13, ACCEPTED, "200");
}

#[tokio::test]
async fn example_16_14_answers_a_modify_with_a_template() {
    let (world, applied) = with_example_16_8().await;
    let path = format!("/ApplicationQoSService/qos/{}/templatebased", applied.request_id());
    let reply = world.send("POST", &path, EXAMPLE_16_13).await;
    assert_eq!(text(&reply), compact(EXAMPLE_16_14));
    assert_eq!(reply.header("x-plugin-param-keys"), "AVP_LIST,session-id");
    note(14, PRODUCED, "equal");
}
