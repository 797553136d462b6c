//! The QoS templates over the operator's interface.

use rxgate::template::{MAX_OCTETS, Settings};
use serde_json::json;

use crate::world::*;

const COMPLETE: &str = include_str!("../data/template/corpus/accepted/example-16-10.xml");
const TYPOGRAPHIC: &str = include_str!("../data/template/corpus/refused/example-16-7-typographic-quotes.xml");

fn template(id: &str) -> String {
    format!(r#"<QoSTemplate xmlns="http://oracle/ocsg/rest/qos/template" templateId="{id}"/>"#)
}

fn rule(pattern: &str) -> String {
    // What has a meaning in a query.
    let encoded = pattern.replace('%', "%25").replace('+', "%2B").replace('\\', "%5C").replace('{', "%7B");
    format!(
        "/qos-templates?matchRule={}",
        encoded.replace('}', "%7D").replace('&', "%26").replace(' ', "%20")
    )
}

#[tokio::test]
async fn a_template_is_loaded_replaced_and_loaded_again() {
    let world = World::new();
    let loaded = |id: &str, version: u64| json!({ "templateId": id, "version": version, "warnings": [] });
    for (id, status, version) in [("one", 201, 1), ("two", 200, 2), ("two", 200, 2), ("three", 200, 3)] {
        let reply = world.admin_with("PUT", &rule("tel:.*"), template(id)).await;
        assert_eq!((reply.status, reply.json()), (status, loaded(id, version)));
    }
}

#[tokio::test]
async fn warnings_of_a_template_come_with_their_places() {
    let world = World::new();
    let reply = world.admin_with("PUT", &rule(".*"), COMPLETE).await;
    assert_eq!((reply.status, &reply.json()["templateId"]), (201, &json!("default_template")));
    let warnings = reply.json()["warnings"].as_array().unwrap().clone();
    let twice =
        warnings.iter().find(|warning| warning["text"].as_str().unwrap().contains("$MIN_REQ_BAND_UL"));
    let line = COMPLETE.lines().position(|line| line.contains("minRequestedBandwidthDL")).unwrap() + 1;
    assert_eq!(twice.unwrap()["line"], line);
}

#[tokio::test]
async fn a_template_waits_for_what_changes_how_it_is_read() {
    let world = World::new();
    let xml = template("t").replace("/>", "><duration>3600</duration></QoSTemplate>");
    let warnings = async || {
        let reply = world.admin_with("PUT", &rule("tel:.*"), xml.clone()).await;
        reply.json()["warnings"].as_array().unwrap().len()
    };
    assert_eq!(warnings().await, 0);
    let changing = world.kept.changing().await;
    let loading = warnings();
    tokio::pin!(loading);
    // Whatever is ready has its turn in a runtime of one thread; it is none of it.
    for _ in 0..100 {
        tokio::select! {
            biased;
            _ = &mut loading => panic!("read while it may not be"),
            () = tokio::task::yield_now() => {}
        }
    }
    world.template_settings.set(Settings { max_duration: Some(60), ..Settings::default() });
    drop(changing);
    assert_eq!(loading.await, 1);
}

#[tokio::test]
async fn a_rule_behind_one_for_everybody_is_warned_of() {
    let world = World::new();
    let warnings = async |pattern: &str| {
        let reply = world.admin_with("PUT", &rule(pattern), template("t")).await;
        reply.json()["warnings"].as_array().unwrap().clone()
    };
    assert!(warnings("tel:1").await.is_empty());
    assert!(warnings(".*").await.is_empty());
    // Now and whenever it is loaded again.
    for _ in 0..2 {
        let [warning] = &warnings("tel:2").await[..] else { panic!() };
        assert_eq!((&warning["line"], &warning["column"]), (&json!(1), &json!(1)));
        let text = warning["text"].as_str().unwrap();
        assert!(text.contains("about its match rule: it is never tried"), "{text}");
        assert!(text.contains(" and .* before it matches every endUserId"), "{text}");
    }
    assert!(warnings("tel:1").await.is_empty());
}

#[tokio::test]
async fn rules_are_listed_in_the_order_in_which_they_are_tried() {
    let world = World::new();
    assert_eq!(world.admin("GET", "/qos-templates").await.json(), json!([]));
    for (pattern, id) in [(r"tel:\+?49.*", "german"), ("tel:.*", "all"), (r"tel:\+?49.*", "German")] {
        world.admin_with("PUT", &rule(pattern), template(id)).await;
    }
    let listed = json!([
        { "matchRule": r"tel:\+?49.*", "templateId": "German", "version": 3 },
        { "matchRule": "tel:.*", "templateId": "all", "version": 2 },
    ]);
    assert_eq!(world.admin("GET", "/qos-templates").await.json(), listed);
    assert_eq!(world.admin("DELETE", &rule(r"tel:\+?49.*")).await.status, 204);
    assert_eq!(world.admin("GET", "/qos-templates").await.json(), json!([listed[1]]));
    let again = world.admin("DELETE", &rule(r"tel:\+?49.*")).await;
    assert_eq!(again.status, 404);
    assert!(again.message().contains("GET /qos-templates lists them"), "{}", again.message());
}

#[tokio::test]
async fn a_template_is_shown_by_its_rule_or_by_an_end_user() {
    let world = World::new();
    world.admin_with("PUT", &rule("tel:49.*"), template("german")).await;
    world.admin_with("PUT", &rule("tel:.*"), COMPLETE).await;
    let shown = |query: &'static str| {
        let world = &world;
        async move { world.admin("GET", &format!("/qos-templates/template{query}")).await }
    };
    let reply = shown("?matchRule=tel:.*").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/xml"));
    assert_eq!(reply.body, COMPLETE.as_bytes());
    for query in ["?endUserId=tel:%2B49-170-1", "?endUserId=491701", "?endUserId=TEL:%2B491701"] {
        assert_eq!(shown(query).await.body, template("german").as_bytes(), "{query}");
    }
    assert_eq!(shown("?endUserId=tel:1").await.body, COMPLETE.as_bytes());
    for query in ["?matchRule=tel:", "?matchRule=tel:1", "?endUserId=sip:a@b"] {
        assert_eq!(shown(query).await.status, 404, "{query}");
    }
    for query in ["", "?matchRule=tel:.*&endUserId=tel:1", "?endUserId=x", "?colour=red"] {
        let reply = shown(query).await;
        assert_eq!(reply.status, 400, "{query}");
        assert!(!reply.message().is_empty());
    }
}

#[tokio::test]
async fn a_refused_template_is_told_with_every_place_and_changes_nothing() {
    let world = World::new();
    world.admin_with("PUT", &rule(".*"), template("good")).await;
    let bad = "<QoSTemplate xmlns=\"http://oracle/ocsg/rest/qos/template\" templateId=\"t\">\n  \
               <mediaComponentDescription>\n    <mediaType>MOVIE</mediaType>\n  </mediaComponentDescription>\n  \
               <colour>red</colour>\n</QoSTemplate>";
    let reply = world.admin_with("PUT", &rule(".*"), bad).await;
    assert_eq!((reply.status, reply.message()), (400, "the template is refused: 3 problems".into()));
    let problems = reply.json()["error"]["problems"].as_array().unwrap().clone();
    let places: Vec<_> =
        problems.iter().map(|problem| (problem["line"].as_u64(), problem["column"].as_u64())).collect();
    assert_eq!(places, [(Some(2), Some(3)), (Some(3), Some(16)), (Some(5), Some(3))]);
    let reply = world.admin_with("PUT", &rule(".*"), "").await;
    assert!(
        reply.message().starts_with("the template is refused: line 1, column 1: "),
        "{}",
        reply.message()
    );
    let reply = world.admin_with("PUT", &rule(".*"), TYPOGRAPHIC).await;
    assert!(reply.json()["error"]["problems"][0]["hint"].as_str().unwrap().contains("typographic quotes"));
    assert_eq!(world.templates.get(".*").unwrap().template().id(), "good");
    assert_eq!(world.templates.list().len(), 1);
}

#[tokio::test]
async fn a_rule_that_is_no_regular_expression_is_refused() {
    let world = World::new();
    for (pattern, why) in [
        ("tel:(1", "unclosed group at character 5"),
        ("", "a match rule is empty"),
        ("a)|(b", "at character 2"),
    ] {
        let reply = world.admin_with("PUT", &rule(pattern), template("t")).await;
        assert_eq!(reply.status, 400, "{pattern}");
        assert!(reply.message().contains(why), "{}", reply.message());
    }
    let long = "a".repeat(1025);
    assert!(world.admin_with("PUT", &rule(&long), template("t")).await.message().contains("1025 octets"));
    for path in ["/qos-templates", "/qos-templates?matchrule=.*", "/qos-templates?matchRule=a&matchRule=b"] {
        let reply = world.admin_with("PUT", path, template("t")).await;
        assert_eq!(reply.status, 400, "{path}");
        assert!(reply.message().ends_with("/qos-templates?matchRule=REGEX"), "{}", reply.message());
        assert_eq!(world.admin("DELETE", path).await.status, 400, "{path}");
    }
    assert!(world.templates.list().is_empty());
}

#[tokio::test]
async fn one_octet_more_than_a_template_may_have_is_too_large() {
    let world = World::new();
    let empty = template("t");
    let of_size = |size: usize| {
        let comment = "x".repeat(size - empty.len() - "<!---->".len());
        format!("{empty}<!--{comment}-->")
    };
    assert_eq!(world.admin_with("PUT", &rule(".*"), of_size(MAX_OCTETS)).await.status, 201);
    let reply = world.admin_with("PUT", &rule(".*"), of_size(MAX_OCTETS + 1)).await;
    assert_eq!(reply.status, 413);
    assert!(reply.message().contains("1048576 octets"), "{}", reply.message());
}

#[tokio::test]
async fn the_document_says_how_a_plus_is_written() {
    let world = World::new();
    world.admin_with("PUT", "/qos-templates?matchRule=tel:%5C%2B1+2", template("t")).await;
    assert_eq!(world.templates.list()[0].pattern(), r"tel:\+1 2");
    let document = world.admin("GET", "/openapi.json").await.json();
    for (path, method) in
        [("/qos-templates", "put"), ("/qos-templates", "delete"), ("/qos-templates/template", "get")]
    {
        let parameters = document["paths"][path][method]["parameters"].as_array().unwrap();
        let rule = parameters.iter().find(|parameter| parameter["name"] == "matchRule").unwrap();
        assert!(rule["description"].as_str().unwrap().contains("%2B"), "{rule}");
    }
}
