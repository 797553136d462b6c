//! What an application makes is its own; to others it is not there.

use rxgate::{dict::enums::SpecificAction, pcrf::RarOrder};

use crate::{
    receiver::Receiver,
    world::{ALL, Reply, World, application, asked, by},
};

const UNKNOWN: &str = "01976d3c-8a52-7a3e-b6a8-0f6a7c1d9b44";

/// Everything but the date, which is that of the answer.
fn same(one: &Reply) -> (u16, Vec<String>, String) {
    let head = one.head.lines().filter(|line| !line.starts_with("date: ")).map(str::to_owned).collect();
    (one.status, head, one.body.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_anothers_is_told_apart_from_nothing_by_nothing() {
    let world = World::new("others", &[application("video", &ALL), application("voice", &ALL)]).await;
    let (video, voice) = (by("video"), by("voice"));
    let id = world.apply(&video, &asked("")).await.request_id();
    assert_eq!(world.register(&video, "one", "http://127.0.0.1:9/x").await.status, 201);
    let path = |id: &str| format!("/ApplicationQoSService/qos/{id}");
    let change = r#"{"qoSFeatureProperties": {"duration": 60}}"#;
    for (method, body) in [("GET", ""), ("PUT", change), ("PUT", "{"), ("PUT", ""), ("DELETE", "")] {
        let theirs = world.http(&voice, method, &path(&id), body).await;
        let nothing = world.http(&voice, method, &path(UNKNOWN), body).await;
        assert_eq!(same(&theirs), same(&nothing), "{method} {body}");
        assert_eq!(theirs.status, 404);
    }
    for method in ["GET", "DELETE"] {
        let at = |correlator| format!("/ApplicationQoSNotification/registration/{correlator}");
        let theirs = world.http(&voice, method, &at("one"), "").await;
        assert_eq!(same(&theirs), same(&world.http(&voice, method, &at("two"), "").await));
        assert_eq!(theirs.status, 404);
    }
    // A name that another application uses is free.
    assert_eq!(world.register(&voice, "one", "http://127.0.0.1:9/x").await.status, 201);
    assert_eq!(world.register(&voice, "one", "http://127.0.0.1:9/x").await.status, 409);
    let listed = world.http(&voice, "GET", "/ApplicationQoSNotification/registration", "").await;
    assert_eq!(listed.body, r#"{"correlators":{"correlator":["one"]}}"#);
    assert_eq!(world.http(&video, "GET", &path(&id), "").await.status, 200);
    let world = world.restart().await;
    assert_eq!(world.http(&voice, "GET", &path(&id), "").await.status, 404);
    assert_eq!(world.http(&video, "GET", &path(&id), "").await.status, 200);
    for who in [&video, &voice] {
        let at = "/ApplicationQoSNotification/registration/one";
        assert_eq!(world.http(who, "DELETE", at, "").await.status, 204);
        assert_eq!(world.http(who, "GET", at, "").await.status, 404);
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_go_to_registrations_of_who_made_the_session() {
    let world = World::new("events", &[application("video", &ALL), application("voice", &ALL)]).await;
    let (mut own, mut other) = (Receiver::start().await, Receiver::start().await);
    assert_eq!(world.register(&by("voice"), "same", &other.url()).await.status, 201);
    assert_eq!(world.register(&by("video"), "same", &own.url()).await.status, 201);
    world.apply(&by("video"), &asked("")).await.request_id();
    let lost = RarOrder::new([SpecificAction::INDICATION_OF_LOSS_OF_BEARER]);
    let released = RarOrder::new([SpecificAction::INDICATION_OF_RELEASE_OF_BEARER]);
    let of_video = world.pcrf.sessions().pop().unwrap().session_id;
    assert!(world.pcrf.rar(&of_video, &lost).await.is_ok());
    assert!(own.body().await.contains(r#""eventType":2"#));
    world.apply(&by("voice"), &asked("")).await.request_id();
    let mut all = world.pcrf.sessions().into_iter();
    let of_voice = all.find(|one| one.session_id != of_video).unwrap().session_id;
    assert!(world.pcrf.rar(&of_voice, &released).await.is_ok());
    // What comes first is the first of its own: nothing that was before.
    assert!(other.body().await.contains(r#""eventType":4"#));
    assert!(world.pcrf.rar(&of_voice, &lost).await.is_ok());
    assert!(other.body().await.contains(r#""eventType":2"#));
    assert!(world.pcrf.rar(&of_video, &released).await.is_ok());
    assert!(own.body().await.contains(r#""eventType":4"#), "and not what was told to the other");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotency_key_is_that_of_one_application() {
    let world = World::new("keys", &[application("video", &ALL), application("voice", &ALL)]).await;
    let keyed = |id| format!("{}Idempotency-Key: same\r\n", by(id));
    let first = world.apply(&keyed("video"), &asked("")).await.request_id();
    assert_eq!(world.apply(&keyed("video"), &asked("")).await.request_id(), first);
    assert_ne!(world.apply(&keyed("voice"), &asked("")).await.request_id(), first);
    // Neither what it was used for can be found out.
    let other = world.apply(&keyed("voice"), &asked(r#""applicationIdentifier": "x","#)).await;
    assert_eq!(other.status, 422);
    world.end().await;
}
