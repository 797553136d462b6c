//! Every operation of both listeners, as their OpenAPI documents name them, called with each kind of credentials.

use std::fmt::Write;

use rxgate::access::Scope;
use serde_json::Value;

use crate::world::{ALL, Reply, USER, World, application, asked, by, registration, shown};

/// A name of nothing.
const UNKNOWN: &str = "01976d3c-8a52-7a3e-b6a8-0f6a7c1d9b44";

/// What the table was when it was last looked at.
const TABLE: &str = include_str!("table.txt");

/// An operation of a document.
struct Operation {
    listener: &'static str,
    method: String,
    path: String,
    id: String,
    /// `None`: it is served to everybody; empty: to every application.
    scope: Option<String>,
    statuses: Vec<String>,
}

fn operations(listener: &'static str, document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let requirement = operation["security"][0].as_object().unwrap();
            let scope = requirement
                .get("application")
                .map(|scopes| scopes[0].as_str().unwrap_or_default().to_owned());
            operations.push(Operation {
                listener,
                method: method.to_ascii_uppercase(),
                path: path.clone(),
                id: operation["operationId"].as_str().unwrap_or(path).to_owned(),
                scope,
                statuses: operation["responses"].as_object().unwrap().keys().cloned().collect(),
            });
        }
    }
    operations
}

/// What an operation is about: made anew for each operation, so that each finds it as the one before did.
struct Subject {
    session: String,
    correlator: String,
    event: String,
}

/// A rule of its own, which no subscriber fits.
const RULE: &str = "/qos-templates?matchRule=table";
const TEMPLATE: &str = include_str!("../../templates/video-streaming.xml");

impl Subject {
    async fn of(world: &World, owner: &str, number: usize, by_template: bool) -> Self {
        let correlator = format!("c{number}");
        let registered = world.register(&by(owner), &correlator, "http://127.0.0.1:9/x").await;
        assert_eq!(registered.status, 201, "{registered:?}");
        let path = format!("/ApplicationQoSService/{USER}/qos");
        let applied = match by_template {
            true => {
                world
                    .http(&by(owner), "POST", &format!("{path}/templatebased"), &of_template("10.0.0.1"))
                    .await
            }
            false => world.http(&by(owner), "POST", &path, &asked("")).await,
        };
        let loaded = world.admin(&by("operator"), "PUT", RULE, TEMPLATE).await;
        assert!([200, 201].contains(&loaded.status), "{loaded:?}");
        let session = applied.request_id();
        let event = world.event(&session).await;
        Self { session, correlator, event }
    }
}

fn of_template(address: &str) -> String {
    format!(r#"{{"templateQoSFeatureProperties": {{"framedIPAddress": "{address}", "duration": 600}}}}"#)
}

async fn call(world: &World, operation: &Operation, who: &str, subject: &Subject) -> Reply {
    let Operation { listener, method, path, id, .. } = operation;
    let path = path
        .replace("{endUserId}", USER)
        .replace("{requestId}", &subject.session)
        .replace("{correlator}", &subject.correlator)
        .replace("{id}", &subject.event)
        .replace("{host}", "pcrf.rx.test");
    let path = match path.as_str() {
        "/qos-templates" if method != "GET" => RULE.to_owned(),
        "/qos-templates/template" => RULE.replace('?', "/template?"),
        _ => path,
    };
    let change = r#"{"qoSFeatureProperties": {"duration": 60}}"#.to_owned();
    let body = match id.as_str() {
        "applyQos" => asked(""),
        "applyTemplateQos" => of_template("10.0.0.1"),
        "modifyQos" | "modifyQosOf" => change,
        "issueToken" => "grant_type=client_credentials".to_owned(),
        _ if path == RULE => TEMPLATE.to_owned(),
        id if id.contains("TemplateQos") => {
            r#"{"templateQoSFeatureProperties": {"duration": 60}}"#.to_owned()
        }
        "registerForQosNotifications" => {
            registration(&format!("new-{}", subject.correlator), "http://127.0.0.1:9/x")
        }
        _ => String::new(),
    };
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    match *listener {
        "http" if id == "issueToken" => world.http(&format!("{form}{who}"), method, &path, &body).await,
        "http" => world.http(who, method, &path, &body).await,
        _ => world.admin(who, method, &path, &body).await,
    }
}

/// The answer with the names that the request had taken out.
fn without(reply: &Reply, subject: &Subject) -> String {
    reply.body.replace(&subject.session, "SESSION").replace(&subject.correlator, "CORRELATOR")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_with_each_kind_of_credentials() {
    let world = World::new(
        "table",
        &[
            application("right", &ALL),
            application("other", &ALL),
            // The scope alone is no right to any operation.
            application("bare", &[Scope::Priority]),
            application("operator", &[Scope::Admin]),
        ],
    )
    .await;
    let document = world.http(&by("right"), "GET", "/openapi.json", "").await.json();
    let mut all = operations("http", &document);
    all.extend(operations("admin", &world.admin(&by("operator"), "GET", "/openapi.json", "").await.json()));
    assert!(all.len() > 35, "{}", all.len());

    let mut table = "listener operation | none wrong without-scope right another's\n".to_owned();
    for (number, operation) in all.iter().enumerate() {
        let admin = operation.listener == "admin";
        let (right, lacking) = if admin { ("operator", "right") } else { ("right", "bare") };
        let by_template = operation.id.contains("TemplateQos");
        let subject = Subject::of(&world, "right", number, by_template).await;
        let reply = async |who: &str| call(&world, operation, who, &subject).await;
        let none = reply("").await;
        let wrong = reply(&shown(right, "wrong")).await;
        let unknown = reply(&shown("nobody", "wrong")).await;
        let without_scope = reply(&by(lacking)).await;
        let name = format!("{} {} {}", operation.listener, operation.method, operation.path);
        match &operation.scope {
            // It asks for the credentials itself (RFC 6749 §4.4), and gives what the application has.
            None if operation.id == "issueToken" => {
                assert_eq!(
                    [none.status, wrong.status, unknown.status, without_scope.status],
                    [401, 401, 401, 200]
                );
                assert_eq!(wrong.body, unknown.body, "{name}: an id that exists is like one that does not");
            }
            None => {
                for reply in [&none, &wrong, &without_scope] {
                    assert_eq!(reply.status, 200, "{name}: {reply:?}");
                }
            }
            Some(scope) => {
                for reply in [&none, &wrong, &unknown] {
                    assert_eq!(reply.status, 401, "{name}: {reply:?}");
                    assert!(reply.has("www-authenticate"), "{name}: {reply:?}");
                    assert_eq!(reply.body, none.body, "{name}: an id that exists is like one that does not");
                }
                assert_eq!(without_scope.status, if scope.is_empty() { 200 } else { 403 }, "{name}");
                assert!(!admin || scope == "admin", "{name}");
                for status in ["401", "403", "429"] {
                    assert!(operation.statuses.iter().any(|known| known == status), "{name} {status}");
                }
            }
        }
        // First the other one: what belongs to somebody must be there still.
        let names_it = operation.path.contains("{requestId}") || operation.path.contains("{correlator}");
        let another = if admin {
            "-".to_owned()
        } else {
            let another = reply(&by("other")).await;
            if names_it {
                let nothing =
                    Subject { session: UNKNOWN.into(), correlator: "none".into(), event: UNKNOWN.into() };
                let unknown = call(&world, operation, &by("other"), &nothing).await;
                assert_eq!(another.status, 404, "{name}: {another:?}");
                assert_eq!(
                    (another.status, without(&another, &subject)),
                    (unknown.status, without(&unknown, &nothing)),
                    "{name}"
                );
            }
            another.status.to_string()
        };
        // What it registers itself has a name of its own, which is free.
        let reply = reply(&by(right)).await;
        assert!(![401, 403, 429].contains(&reply.status) && reply.status < 500, "{name}: {reply:?}");
        let status = reply.status.to_string();
        assert!(operation.statuses.contains(&status), "{name}: {status} is not announced");
        writeln!(
            table,
            "{name} | {} {} {} {status} {another}",
            none.status, wrong.status, without_scope.status
        )
        .unwrap();
        if operation.id == "disconnect" {
            let connected = world.admin(&by(right), "POST", "/peers/pcrf.rx.test/connect", "").await;
            assert_eq!(connected.status, 204, "{connected:?}");
            World::connected(&world.app).await;
        }
        // Not to let the table of sessions grow.
        _ = world
            .http(&by("right"), "DELETE", &format!("/ApplicationQoSService/qos/{}", subject.session), "")
            .await;
    }
    println!("{table}");
    assert_eq!(table, TABLE);
    world.end().await;
}
