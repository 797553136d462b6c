//! Input that nobody should send: each has its answer, and leaves nothing behind.

use rxgate::template::MAX_OCTETS;
use serde_json::{Value, json};

use crate::{
    notification::{EXAMPLE_16_16, REGISTRATION, registration, with_host},
    support::*,
    world::*,
};

macro_rules! corpus {
    ($file:literal) => {
        include_str!(concat!("../data/template/corpus/", $file))
    };
}

/// A template with a number, a word and a text that requests set.
const GOOD: &str = r#"<QoSTemplate xmlns="http://oracle/ocsg/rest/qos/template" templateId="good">
  <duration>600</duration>
  <mediaComponentDescription>
    <mediaComponentNumber>1</mediaComponentNumber>
    <mediaType parameterName="$TYPE">VIDEO</mediaType>
    <maxRequestedBandwidthUL parameterName="$MAX_UL">1000</maxRequestedBandwidthUL>
  </mediaComponentDescription>
  <framedIPAddress>10.0.0.1</framedIPAddress>
</QoSTemplate>"#;

const RULE: &str = "/qos-templates?matchRule=tel:.*";
const OTHER_RULE: &str = "/qos-templates?matchRule=sip:.*";

/// Every problem that is told of a template: line, column and the beginning of the text.
type Problems<'a> = &'a [(u64, u64, &'a str)];

#[tokio::test]
async fn a_bad_template_is_refused_with_its_places_and_nothing_is_stored() {
    let world = World::new();
    assert_eq!(world.admin_with("PUT", RULE, GOOD).await.status, 201);
    let listed = world.admin("GET", "/qos-templates").await.json();
    let quotes = "not XML: an attribute's value stands in ”, accepted are \" and '";
    let cases: [(&str, Problems<'_>); 9] = [
        (
            corpus!("refused/no-xml.xml"),
            &[
                (1, 1, "not XML: text outside of every element"),
                (2, 1, "not XML: there is no element in the file"),
            ],
        ),
        (
            corpus!("refused/example-16-7-typographic-quotes.xml"),
            &[(6, 15, quotes), (6, 29, quotes), (7, 15, quotes), (7, 29, quotes), (8, 25, quotes)],
        ),
        (
            corpus!("refused/bandwidth-with-a-unit.xml"),
            &[(6, 32, "<maxRequestedBandwidthUL> holds 10M: it is not a number")],
        ),
        (
            corpus!("refused/media-type-unknown.xml"),
            &[(4, 16, "<mediaType> holds MOVIE: accepted are AUDIO, ")],
        ),
        (corpus!("refused/avp-type-unknown.xml"), &[(3, 11, "type Text is not known, accepted: String, ")]),
        (
            corpus!("refused/unknown-element.xml"),
            &[(2, 3, "<colour> is not known in <QoSTemplate>, accepted: duration, ")],
        ),
        (
            corpus!("reader-only/avp-of-an-unknown-vendor.xml"),
            &[(2, 32, "vendor-id=\"Nobody Incorporated\" is not known, accepted: a number, ")],
        ),
        (
            corpus!("reader-only/group-nested-100-deep.xml"),
            &[(3, 1385, "elements are nested more than 32 deep; the file is not read any further")],
        ),
        (
            corpus!("refused/entities-a-billion-laughs.xml"),
            &[(1, 1, "a DOCTYPE is not accepted"), (13, 23, "not XML: &i; is not defined")],
        ),
    ];
    for (xml, expected) in cases {
        for rule in [RULE, OTHER_RULE] {
            let reply = world.admin_with("PUT", rule, xml).await;
            assert_eq!(reply.status, 400, "{xml}");
            let problems = reply.json()["error"]["problems"].as_array().unwrap().clone();
            assert_eq!(problems.len(), expected.len(), "{problems:?}");
            for (problem, (line, column, start)) in problems.iter().zip(expected) {
                assert_eq!(
                    (&problem["line"], &problem["column"]),
                    (&json!(line), &json!(column)),
                    "{problem}"
                );
                assert_starts(problem["text"].as_str().unwrap(), start);
            }
        }
        assert_nothing_changed(&world, &listed).await;
    }
    let large = GOOD.replace("</QoSTemplate>", &format!("<!--{}-->", " ".repeat(MAX_OCTETS)));
    let large = format!("{}</QoSTemplate>", &large[..MAX_OCTETS + 1 - "</QoSTemplate>".len()]);
    assert_eq!(large.len(), 1_048_577);
    for rule in [RULE, OTHER_RULE] {
        let reply = world.admin_with("PUT", rule, large.clone()).await;
        assert_eq!(reply.status, 413);
        assert!(reply.message().contains("1048576 octets"), "{}", reply.message());
    }
    assert_nothing_changed(&world, &listed).await;
}

/// The rules are those listed, and the template is still the good one.
async fn assert_nothing_changed(world: &World, listed: &Value) {
    assert_eq!(world.admin("GET", "/qos-templates").await.json(), *listed);
    let shown = world.admin("GET", "/qos-templates/template?matchRule=tel:.*").await;
    assert_eq!(shown.body, GOOD.as_bytes());
}

#[tokio::test]
async fn a_template_with_a_name_twice_is_loaded_and_the_name_cannot_be_set() {
    let world = World::new();
    let loaded = world.admin_with("PUT", RULE, corpus!("accepted/one-parameter-name-twice.xml")).await;
    assert_eq!((loaded.status, &loaded.json()["warnings"][0]["line"]), (201, &json!(3)));
    let asked = |more: Value| {
        let mut members = json!({ "duration": 60, "framedIPAddress": "10.0.0.1" });
        members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "templateQoSFeatureProperties": members }).to_string()
    };
    let path = format!("/ApplicationQoSService/{USER}/qos/templatebased");
    let set = asked(json!({ "parameter": { "name": "$A", "value": "x" } }));
    let reply = world.send("POST", &path, set).await;
    assert_eq!(reply.status, 400);
    assert_starts(
        &reply.message(),
        "SVC0002: Invalid input value for message part parameter[0].name: the template has $A at ",
    );
    assert!(world.pcrf.aars().is_empty());
    world.send("POST", &path, asked(json!({}))).await.request_id();
}

#[tokio::test]
async fn a_bad_request_is_refused_with_its_place_and_nothing_is_stored() {
    let world = World::new();
    assert_eq!(world.admin_with("PUT", RULE, GOOD).await.status, 201);
    assert_eq!(world.register(with_host(EXAMPLE_16_16)).await.status, 201);
    let template =
        |parameter: Value| json!({ "templateQoSFeatureProperties": { "parameter": parameter } }).to_string();
    let apply = format!("/ApplicationQoSService/{USER}/qos/templatebased");
    let made = world.send("POST", &apply, template(json!([]))).await.request_id();
    let plain = world.apply(EXAMPLE).await.request_id();

    let modify = format!("/ApplicationQoSService/qos/{made}/templatebased");
    let unknown = template(json!([{ "name": "$PARAM", "value": 1 }]));
    let twice = template(json!([{ "name": "$MAX_UL", "value": 1 }, { "name": "$MAX_UL", "value": 2 }]));
    let number = template(json!([{ "name": "$MAX_UL", "value": "many" }]));
    let word = template(json!([{ "name": "$TYPE", "value": "SMELL" }]));
    let mut cases = Vec::new();
    for path in [&apply, &modify] {
        let path = path.as_str();
        cases.extend([
            (
                path,
                unknown.clone(),
                400,
                "SVC0002",
                "parameter[0].name: the template has no parameter $PARAM",
            ),
            (path, twice.clone(), 400, "SVC0002", "parameter[1].name: $MAX_UL is set twice"),
            (path, number.clone(), 400, "SVC0002", "parameter[0].value: $MAX_UL: found many for "),
            (path, word.clone(), 400, "SVC0003", "parameter[0].value, valid values are AUDIO, VIDEO, "),
        ]);
    }
    let nobody = "/ApplicationQoSService/sip:a@b/qos/templatebased";
    cases.push((nobody, template(json!([])), 404, "SVC0002", "endUserId: there is no template"));
    let other_way = format!("/ApplicationQoSService/qos/{plain}/templatebased");
    let good = template(json!({ "name": "$MAX_UL", "value": 1 }));
    let why = "templateQoSFeatureProperties: the session was not made of";
    cases.push((other_way.as_str(), good, 400, "SVC0002", why));
    let registered = |members: Value| {
        let mut all = json!({ "reference": { "correlator": "another" } });
        all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        registration(all)
    };
    for criterion in [json!(5), json!("5"), json!(13), json!("13"), json!("x")] {
        let body = registered(json!({ "eventCriteria": [criterion] }));
        let valid = "eventCriteria[0], valid values are 1 CHARGING_CORRELATION_EXCHANGE, ";
        cases.push((REGISTRATION, body, 400, "SVC0003", valid));
    }
    for endpoint in ["http://endpt_host:port/jaxrs/QoSNotification", "x", "/jaxrs", "ftp://host/x"] {
        let body = registered(json!({ "reference": { "correlator": "another", "endpoint": endpoint } }));
        cases.push((REGISTRATION, body, 400, "SVC0002", "reference.endpoint: "));
    }

    let (sessions, asked) = (world.admin("GET", "/sessions").await.json(), world.pcrf.aars().len());
    let before = [world.status(&made).await, world.status(&plain).await];
    for (path, body, status, id, start) in cases {
        let reply = world.send("POST", path, body.clone()).await;
        assert_eq!(reply.status, status, "{path}: {body}");
        assert_starts(&reply.message(), &format!("{id}: Invalid input value for message part {start}"));
    }
    let duplicate = world.register(registration(json!({ "eventCriteria": [9] }))).await;
    assert_eq!(duplicate.status, 409);
    assert_starts(&duplicate.message(), "SVC0005: Correlator 987654321 ");

    assert_eq!(world.admin("GET", "/sessions").await.json(), sessions);
    assert_eq!(world.pcrf.aars().len(), asked);
    assert_eq!([world.status(&made).await, world.status(&plain).await], before);
    let correlators = world.get(REGISTRATION).await.json();
    assert_eq!(correlators["correlators"]["correlator"], json!(["987654321"]));
    let first = world.get(&format!("{REGISTRATION}/987654321")).await.json();
    assert_eq!(first["startQoSNotification"]["eventCriteria"], json!(["1", "2", "6", "7"]));
}
