//! What the interfaces say of themselves names every route that they serve, and no other.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Router, routing};
use quick_xml::{Reader, XmlVersion, events::Event};
use serde_json::{Value, json};

use crate::document::Document;
use crate::world::{Reply, World};

const METHODS: [&str; 8] = ["get", "head", "delete", "options", "patch", "post", "put", "trace"];

/// Methods and paths, as `get /path`.
type Operations = BTreeSet<String>;

/// The routes of a router, read off its debug output: axum shows them nowhere else.
fn routes(router: &Router) -> Operations {
    let shown = format!("{router:#?}");
    let (served, _) = shown.split_once("fallback_router:").unwrap();
    let (mut methods, mut paths) = (BTreeMap::<&str, Vec<&str>>::new(), BTreeMap::new());
    let mut id = "";
    for line in served.lines().map(str::trim) {
        if line.strip_suffix(',').is_some_and(|number| number.parse::<u32>().is_ok()) {
            id = line;
        } else if let Some(path) = line.strip_prefix("): \"") {
            paths.insert(id, path.trim_end_matches("\","));
        } else if let Some((method, handler)) = line.split_once(": ")
            && METHODS.contains(&method)
            && handler != "None,"
        {
            methods.entry(id).or_default().push(method);
        } else if line.starts_with("): ") {
            assert_eq!(line, "): MethodRouter(", "a route for any method");
        }
    }
    let of = |(id, path)| methods[id].iter().map(move |method| format!("{method} {path}"));
    paths.into_iter().flat_map(of).collect()
}

/// The operations of an OpenAPI document.
fn described(document: &Value) -> Operations {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let path = path.clone();
        item.as_object().unwrap().keys().map(move |method| format!("{method} {path}")).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

/// Methods and paths of a WADL document.
fn in_wadl(text: &str) -> Operations {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let (mut operations, mut path) = (Operations::new(), String::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                let attribute = |name: &str| {
                    let attribute = element.try_get_attribute(name).unwrap().unwrap();
                    attribute.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned()
                };
                match element.name().as_ref() {
                    "resource" => path = attribute("path"),
                    "method" => {
                        let method = attribute("name").to_ascii_lowercase();
                        assert!(operations.insert(format!("{method} /{path}")));
                    }
                    _ => {}
                }
            }
            Event::Eof => return operations,
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_descriptions_name_every_route() {
    let world = World::new();
    let text = |reply: Reply| String::from_utf8(reply.body.to_vec()).unwrap();
    let served = routes(&world.router());
    assert!(served.contains("post /ApplicationQoSService/{endUserId}/qos"));
    assert_eq!(described(&world.get("/openapi.json").await.json()), served);
    assert_eq!(in_wadl(&text(world.get("/application.wadl").await)), served);
    let served = routes(&world.admin_router());
    assert!(served.contains("delete /sessions/{requestId}"));
    assert_eq!(described(&world.admin("GET", "/openapi.json").await.json()), served);
    assert_eq!(in_wadl(&text(world.admin("GET", "/application.wadl").await)), served);
}

#[tokio::test]
async fn the_page_shows_every_operation_and_loads_nothing_from_elsewhere() {
    let world = World::new();
    let reply = world.get("/docs").await;
    let policy = reply.header("content-security-policy").to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; "), "{policy}");
    let page = String::from_utf8(reply.body.to_vec()).unwrap();
    let mut loaded = Vec::new();
    for name in ["src", "href", "action", "data", "srcset", "poster"] {
        let start = format!(" {name}=\"");
        loaded.extend(page.split(&start).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    assert!(loaded.iter().all(|url| url.starts_with('#') || url.starts_with('/') && !url.starts_with("//")));
    loaded.retain(|url| !url.starts_with('#'));
    assert_eq!(loaded, ["/docs.css", "/openapi.json", "/application.wadl"]);
    assert!(!page.contains("<script") && !page.contains("style="));
    let style = String::from_utf8(world.get("/docs.css").await.body.to_vec()).unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"));
    let document = world.get("/openapi.json").await.json();
    for operation in
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap())
    {
        let id = operation.1["operationId"].as_str().unwrap();
        assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
        assert_eq!(page.matches(&format!(" href=\"#{id}\"")).count(), 1, "{id}");
    }
    for target in page.split(" href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(page.contains(&format!(" id=\"{target}\"")), "{target}");
    }
}

#[tokio::test]
async fn a_route_that_is_added_by_hand_is_found() {
    let router = World::new().router();
    let mut expected = routes(&router);
    let router = router.route("/hidden/{a}", routing::put(async || ()).patch(async || ()));
    expected.extend(["put /hidden/{a}".into(), "patch /hidden/{a}".into()]);
    assert_eq!(routes(&router), expected);
}
#[tokio::test]
async fn examples_are_valid_and_get_the_status_that_is_announced() {
    let world = World::new();
    let document = Document(world.get("/openapi.json").await.json());
    let mut checked = 0;
    let paths = ["paths", "webhooks"].into_iter().flat_map(|kind| document.0[kind].as_object().unwrap());
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let body = &operation["requestBody"]["content"]["application/json"];
            let answers = operation["responses"].as_object().unwrap().values();
            let contents = answers.map(|answer| &document.resolve(answer)["content"]["application/json"]);
            for content in contents.chain([body]).filter(|content| content.get("example").is_some()) {
                let faults = document.faults(&content["schema"], &content["example"]);
                assert_eq!(faults, Vec::<String>::new(), "{method} {path}");
                checked += 1;
            }
        }
    }
    assert!(checked >= 13, "{checked} examples");
    let apply = "/ApplicationQoSService/{endUserId}/qos";
    let apply = &document.0["paths"][apply]["post"]["requestBody"]["content"]["application/json"]["example"];
    assert_eq!(world.apply(apply.to_string()).await.status, 201);
}

#[test]
fn what_is_not_described_is_found() {
    let document = Document(json!({"components": {"a": {"type": "integer", "maximum": 3}}}));
    let schema = json!({
        "type": "object", "required": ["b"],
        "properties": {"a": {"$ref": "#/components/a"}, "b": {"type": "string", "pattern": "^x"}},
    });
    for (value, faults) in [
        (json!({"a": 3, "b": "x"}), 0),
        (json!({"b": "xy", "c": 1}), 1),
        (json!({"a": 4, "b": "y"}), 2),
        (json!({"a": "3"}), 2),
        (json!([]), 1),
    ] {
        assert_eq!(document.faults(&schema, &value).len(), faults, "{value}");
    }
    let either =
        json!({"oneOf": [{"type": "string"}, {"type": ["array", "null"], "items": {"enum": [1, 2]}}]});
    for (value, faults) in
        [(json!("a"), 0), (json!(null), 0), (json!([1, 2]), 0), (json!([3]), 1), (json!(1), 1)]
    {
        assert_eq!(document.faults(&either, &value).len(), faults, "{value}");
    }
}
