//! Templates over a restart.

use std::sync::Arc;

use rxgate::{
    dict::Dictionary,
    north::gatekeeper::NotificationSettings,
    session::{
        SessionStore,
        ports::{Commit, RecordKind, RecordWrite},
    },
    template::{Changes, Pattern, Template},
};
use serde_json::{Value, json};

use super::{Fault, Store, store};
use crate::{
    support::*,
    template::{SMALL, apply, body},
    world::*,
};

const KIND: RecordKind = RecordKind::Template;

fn xml(id: &str) -> String {
    format!(r#"<QoSTemplate xmlns="http://oracle/ocsg/rest/qos/template" templateId="{id}"/>"#)
}

async fn load(world: &World, pattern: &str, xml: &str) -> Reply {
    world.admin_with("PUT", &format!("/qos-templates?matchRule={pattern}"), xml.to_owned()).await
}

async fn delete(world: &World, pattern: &str) -> u16 {
    world.admin("DELETE", &format!("/qos-templates?matchRule={pattern}")).await.status
}

async fn listed(world: &World) -> Value {
    world.admin("GET", "/qos-templates").await.json()
}

/// The directory as files of these names and templates.
async fn directory(world: &World, rules: &[(&str, &str)]) -> Changes {
    let read = |xml: &str| Template::read(xml.as_bytes(), &DICTIONARY, Default::default()).unwrap().template;
    let rule = |(pattern, id): &(&str, &str)| (Pattern::new(pattern).unwrap(), Arc::new(read(&xml(id))));
    let rules = rules.iter().map(rule).collect();
    world.kept.changing().await.apply(|set| set.replace_directory(rules)).await.unwrap()
}

#[tokio::test]
async fn rules_and_versions_go_on() {
    let store = store(KIND);
    let mut world = World::over(store.clone()).await;
    for (pattern, id, version) in [("b", "1", 1), ("a", "2", 2), ("c", "3", 3), ("b", "4", 4), ("b", "4", 4)]
    {
        assert_eq!(load(&world, pattern, &xml(id)).await.json()["version"], version);
    }
    assert_eq!(delete(&world, "c").await, 204);
    let before = listed(&world).await;
    for _ in 0..2 {
        drop(world);
        world = World::over(store.clone()).await;
        assert_eq!(listed(&world).await, before);
        for (pattern, version, id) in [("b", 1, "1"), ("c", 3, "3"), ("b", 4, "4")] {
            assert_eq!(world.templates.version_of(pattern, version).unwrap().template().id(), id);
        }
        assert_eq!(load(&world, "a", &xml("2")).await.json()["version"], 2);
    }
    assert_eq!(load(&world, "c", &xml("3")).await.json()["version"], 5);
    // The last version counts even when nothing of it is left.
    for pattern in ["a", "b", "c"] {
        assert_eq!(delete(&world, pattern).await, 204);
    }
    assert_eq!(load(&World::over(store).await, "d", &xml("1")).await.json()["version"], 6);
}

#[tokio::test]
async fn a_session_of_before_is_modified_by_its_own_version() {
    let store = store(KIND);
    let world = World::over(store.clone()).await;
    assert_eq!(load(&world, ".*", SMALL).await.status, 201);
    let id = apply(&world, USER, body(json!({}))).await.request_id();
    assert_eq!(load(&world, ".*", &xml("other")).await.status, 200);
    drop(world);
    let world = World::over(store).await;
    let path = format!("/ApplicationQoSService/qos/{id}/templatebased");
    let reply = world.send("POST", &path, body(json!({ "duration": 77 }))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_in_force() {
    let store = store(KIND);
    let world = World::over(store.clone()).await;
    assert_eq!(load(&world, "a", &xml("1")).await.status, 201);
    let before = listed(&world).await;
    store.hook.will(Fault::Fails);
    let reply = load(&world, "b", &xml("2")).await;
    assert_eq!(reply.status, 503);
    assert_starts(&reply.message(), "nothing has changed: ");
    assert_eq!(load(&world, "a", &xml("2")).await.status, 503);
    assert_eq!(delete(&world, "a").await, 503);
    // What changes nothing needs no store.
    assert_eq!(load(&world, "a", &xml("1")).await.status, 200);
    assert_eq!(delete(&world, "b").await, 404);
    assert_eq!(listed(&world).await, before);
    store.hook.will(Fault::None);
    assert_eq!(load(&world, "b", &xml("2")).await.json()["version"], 2);
}

/// The process dies after it was written and before it was answered.
#[tokio::test]
async fn what_was_written_is_in_force_though_nobody_was_told() {
    let store = store(KIND);
    let world = World::over(store.clone()).await;
    store.hook.will(Fault::Silent);
    let one = xml("1");
    tokio::select! {
        reply = load(&world, "a", &one) => panic!("{reply:?}"),
        () = store.hook.written.notified() => {}
    }
    assert_eq!(listed(&world).await, json!([]));
    drop(world);
    store.hook.will(Fault::None);
    let again = World::over(store).await;
    assert_eq!(listed(&again).await, json!([{ "matchRule": "a", "templateId": "1", "version": 1 }]));
}

#[tokio::test]
async fn the_directory_is_what_its_files_say_and_keeps_its_versions() {
    let store = store(KIND);
    let world = World::over(store.clone()).await;
    directory(&world, &[("a", "1"), ("b", "2")]).await;
    load(&world, "z", &xml("9")).await;
    drop(world);
    let world = World::over(store.clone()).await;
    let changes = directory(&world, &[("b", "2"), ("a", "1")]).await;
    assert_eq!(changes.same, ["b", "a"]);
    let versions = |world: &World| -> Vec<(String, u64)> {
        world.templates.list().iter().map(|rule| (rule.pattern().to_owned(), rule.version())).collect()
    };
    assert_eq!(versions(&world), [("b".into(), 2), ("a".into(), 1), ("z".into(), 3)]);
    drop(world);
    let world = World::over(store.clone()).await;
    assert_eq!(versions(&world), [("b".into(), 2), ("a".into(), 1), ("z".into(), 3)]);
    let changes = directory(&world, &[("a", "3")]).await;
    assert_eq!((changes.replaced, changes.removed), (vec!["a".into()], vec!["b".into()]));
    assert_eq!(versions(&world), [("a".into(), 4), ("z".into(), 3)]);
    assert!(World::over(store).await.templates.version_of("b", 2).is_some());
}

const OWN: &str = r#"<QoSTemplate xmlns="http://oracle/ocsg/rest/qos/template" templateId="own">
  <avp name="own" code="1" vendor-id="Example"><type type-name="UTF8String"/><value>x</value></avp></QoSTemplate>"#;

#[tokio::test]
async fn a_template_that_the_dictionary_does_not_bear_any_more_stops_the_start_while_it_is_in_force() {
    let store = store(KIND);
    let world = World::over(store.clone()).await;
    let reply = load(&world, "a", OWN).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let start = async |store: Arc<Store>| {
        let world = World::with_settings_over(store, NotificationSettings::default());
        let restored = world.kept.restore(Dictionary::builtin(), Default::default()).await;
        (world, restored.map_err(|error| error.to_string()))
    };
    let error = start(store.clone()).await.1.unwrap_err();
    assert_starts(&error, "version 1 of the templates, which was loaded over the admin interface, ");
    assert!(error.contains("2:28: ") && error.contains("start with the dictionary"), "{error}");
    assert_eq!(load(&world, "a", &xml("without")).await.status, 200);
    let (world, restored) = start(store.clone()).await;
    assert_eq!(restored, Ok(()));
    assert!(world.templates.version_of("a", 1).is_none());
    assert_eq!(load(&world, "b", &xml("1")).await.json()["version"], 3);
    assert!(World::over(store).await.templates.version_of("a", 2).is_some());
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_told_with_its_reason() {
    // {"last_version": 1, "rules": [{"version": 1, "directory": false}], "superseded": []}
    let order =
        b"\x83\xaclast_version\x01\xa5rules\x91\x82\xa7version\x01\xa9directory\xc2\xaasuperseded\x90";
    for (key, value, why) in [
        ("order", &b"\xc1"[..], "wrong msgpack marker"),
        ("one", b"\x80", "invalid digit"),
        ("00000000000000000001", b"\x80", "missing field `pattern`"),
        ("order", order, "it is missing; start"),
    ] {
        let store = store(KIND);
        let record = RecordWrite { kind: KIND, key: key.into(), value: Some(value.into()) };
        store.commit(Commit { records: vec![record], ..Commit::default() }).await.unwrap();
        let world = World::with_settings_over(store, NotificationSettings::default());
        let error = world.kept.restore(&DICTIONARY, Default::default()).await.unwrap_err().to_string();
        assert_starts(&error, &format!("a record of the store, Template, cannot be read: {why}"));
    }
}
