//! What the interfaces say of themselves names every route that they serve, and no other.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Router, routing};
use serde_json::Value;

use crate::world::World;

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

#[tokio::test]
async fn the_openapi_documents_name_every_route() {
    let world = World::new();
    let document = world.get("/openapi.json").await.json();
    assert_eq!(described(&document), routes(&world.router()));
    assert!(described(&document).contains("post /ApplicationQoSService/{endUserId}/qos"));
    let document = world.admin("GET", "/openapi.json").await.json();
    assert_eq!(described(&document), routes(&world.admin_router()));
    assert!(described(&document).contains("delete /sessions/{requestId}"));
}

#[tokio::test]
async fn a_route_that_is_added_by_hand_is_found() {
    let router = World::new().router();
    let mut expected = routes(&router);
    let router = router.route("/hidden/{a}", routing::put(async || ()).patch(async || ()));
    expected.extend(["put /hidden/{a}".into(), "patch /hidden/{a}".into()]);
    assert_eq!(routes(&router), expected);
}
