//! What the audit log has about applications.

use std::fs;

use rxgate::access::{Scope, Secret, SecretHash, Terms};
use serde_json::{Value, json};

use crate::world::{ALL, World, application, asked, by, shown};

const REGISTRATIONS: &str = "/ApplicationQoSNotification/registration";
const GET: &str = "GET /ApplicationQoSNotification/registration";

/// The lines that are about these operations, without their numbers, times and hashes.
fn lines(log: &str, operations: &[&str]) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut lines: Vec<_> =
        lines.filter(|line| operations.iter().any(|one| line["operation"] == **one)).collect();
    for line in &mut lines {
        let own = ["seq", "time", "previous", "hash"];
        line.as_object_mut().unwrap().retain(|member, _| !own.contains(&member.as_str()));
    }
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_application_that_a_reload_changes_has_a_line() {
    let operator = application("operator", &[Scope::Admin]);
    let video = application("video", &[Scope::Read]);
    let world = World::new("reload", &[operator.clone(), video.clone()]).await;
    let more = SecretHash::of(&"another".into()).unwrap();
    let rotated = Terms {
        secrets: [&video.secrets[..], std::slice::from_ref(&more)].concat(),
        end_users: vec![rxgate::template::Pattern::new("tel:491").unwrap()],
        ..application("video", &[Scope::Read, Scope::Apply])
    };
    let hashes: Vec<_> = rotated.secrets.iter().map(|hash| hash.as_str().to_owned()).collect();
    let voice = application("voice", &[Scope::Read]);
    assert_eq!(world.put(&[operator.clone(), rotated.clone(), voice.clone()]).await.len(), 2);
    // Nothing is different, and what is wrong changes nothing.
    world.put(&[operator.clone(), rotated.clone(), voice]).await;
    let file = world.directory.join("applications.toml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{}x = 1", good.replace("voice", "other"))).unwrap();
    assert!(world.app.reload().await.is_err());
    let kept = Terms { secrets: vec![more], ..rotated };
    rxgate::config::Applications::from(vec![operator, kept]).write(&file).unwrap();
    let who = format!("{}x-correlator: corr-1\r\n", by("operator"));
    assert_eq!(world.admin(&who, "POST", "/reload", "").await.status, 200);
    fs::write(&file, good.replace("[\"read\"]", "[\"reed\"]")).unwrap();
    assert_eq!(world.admin(&who, "POST", "/reload", "").await.status, 422);
    let log = world.end().await;

    let changes = ["application added", "application changed", "application removed", "POST /reload"];
    let asked = |operation: &str| {
        json!({ "operation": operation, "listener": "admin", "application": "operator",
            "client": "127.0.0.1", "x_correlator": "corr-1", "outcome": "done" })
    };
    let with = |mut line: Value, more: Value| {
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    assert_eq!(
        lines(&log, &changes),
        [
            json!({ "operation": "application changed", "listener": "signal", "target": "video",
                "changed": ["scopes read -> apply read", "end users", "secret added"], "outcome": "done" }),
            json!({ "operation": "application added", "listener": "signal", "target": "voice",
                "changed": ["scopes read"], "outcome": "done" }),
            with(asked("application changed"), json!({ "target": "video", "changed": ["secret dropped"] })),
            with(asked("application removed"), json!({ "target": "voice" })),
            with(asked("POST /reload"), json!({ "status": 200 })),
            with(
                asked("POST /reload"),
                json!({ "status": 422, "outcome": "refused", "reason": "nothing is reloaded: 1 problem" })
            ),
        ]
    );
    let refused = lines(&log, &["reload"]).into_iter().filter(|line| line["outcome"] == "refused");
    assert_eq!(
        refused.collect::<Vec<_>>(),
        [json!({ "operation": "reload", "listener": "signal", "outcome": "refused",
            "reason": "nothing is reloaded: 1 problem" })]
    );
    assert!(!log.contains("argon2") && !log.contains("tel:491"));
    for hash in hashes {
        assert!(!log.contains(hash.rsplit('$').next().unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_too_fast_or_inactive_is_named() {
    let fast = Terms { rate: Some(1), burst: 1, ..application("fast", &[Scope::Read]) };
    let idle = Terms { active: false, ..application("idle", &[Scope::Read]) };
    let world = World::new("named", &[fast, idle]).await;
    while world.http(&by("fast"), "GET", REGISTRATIONS, "").await.status != 429 {}
    for _ in 0..3 {
        assert_eq!(world.http(&by("idle"), "GET", REGISTRATIONS, "").await.status, 403);
    }
    let form = format!("{}Content-Type: application/x-www-form-urlencoded\r\n", by("idle"));
    let token = world.http(&form, "POST", "/oauth2/token", "grant_type=client_credentials").await;
    assert_eq!(token.status, 400, "{token:?}");
    let log = world.end().await;
    let of = |status: u64| {
        let lines = lines(&log, &[GET, "POST /oauth2/token"]);
        lines.into_iter().filter(|line| line["status"] == status).collect::<Vec<_>>()
    };
    let [limited] = &of(429)[..] else { panic!("{log}") };
    assert_eq!((&limited["application"], &limited["code"]), (&json!("fast"), &json!(7)));
    let inactive = of(403);
    assert!(inactive.iter().all(|line| line["application"] == "idle" && line["code"] == 2), "{inactive:?}");
    // He may come as often as he likes, and does not fill the disk.
    let stand_for = |line: &Value| line["repeated"].as_u64().unwrap_or(1);
    assert_eq!(inactive.iter().map(stand_for).sum::<u64>(), 3);
    assert_eq!(of(400)[0]["application"], "idle");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_anothers_session_is_written_and_not_told() {
    let world = World::new("theirs", &[application("video", &ALL), application("voice", &ALL)]).await;
    let id = world.apply(&by("video"), &asked("")).await.request_id();
    let unknown = "01976d3c-8a52-7a3e-b6a8-0f6a7c1d9b44";
    for method in ["GET", "DELETE"] {
        for id in [id.as_str(), unknown] {
            let path = format!("/ApplicationQoSService/qos/{id}");
            assert_eq!(world.http(&by("voice"), method, &path, "").await.status, 404);
        }
    }
    assert_eq!(
        world.http(&by("video"), "GET", &format!("/ApplicationQoSService/qos/{id}"), "").await.status,
        200
    );
    let log = world.end().await;
    let route = "/ApplicationQoSService/qos/{requestId}";
    let lines = lines(&log, &[&format!("GET {route}"), &format!("DELETE {route}")]);
    let found: Vec<_> = lines
        .iter()
        .map(|line| {
            (&line["operation"], &line["request_id"], line["application"] == "voice", &line["reason"])
        })
        .collect();
    let theirs = json!("the session is another application's");
    let (get, delete) = (json!(format!("GET {route}")), json!(format!("DELETE {route}")));
    assert_eq!(
        found,
        [
            (&get, &json!(id), true, &theirs),
            (&delete, &json!(id), true, &theirs),
            (&delete, &json!(unknown), true, &Value::Null),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_let_in_is_written_as_a_claim() {
    let world = World::new("claims", &[application("video", &[Scope::Read])]).await;
    let secret = Secret::generate().unwrap();
    let session = "/ApplicationQoSService/qos/x";
    // Each at another operation: refusals of the same one are counted together.
    for (id, method, path) in [
        ("video", "GET", REGISTRATIONS),
        ("nobody", "POST", "/ApplicationQoSService/tel:491/qos"),
        (secret.reveal(), "DELETE", session),
        ("video\u{1b}[2J", "PUT", session),
    ] {
        assert_eq!(world.http(&shown(id, "wrong"), method, path, &asked("")).await.status, 401, "{id}");
    }
    assert_eq!(world.http("", "GET", session, "").await.status, 401);
    assert_eq!(world.http(&by("video"), "DELETE", session, "").await.status, 403);
    let log = world.end().await;
    let refused = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let refused: Vec<_> = refused
        .filter(|line| line["code"].is_u64())
        .map(|line| {
            (line["status"].as_u64().unwrap(), line.get("claimed").cloned(), line.get("application").cloned())
        })
        .collect();
    let claimed = |id: &str| (401, Some(json!(id)), None);
    let nothing = (401, None, None);
    assert_eq!(
        refused,
        [
            claimed("video"),
            claimed("nobody"),
            nothing.clone(),
            nothing.clone(),
            nothing,
            (403, None, Some(json!("video"))),
        ]
    );
    assert!(!log.contains(secret.reveal()));
}
