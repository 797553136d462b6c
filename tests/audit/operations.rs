//! What is written of requests to a running gateway.

use std::{fs, net::SocketAddr, path::PathBuf};

use rxgate::{
    app::{App, AppError},
    config::Loaded,
    pcrf::{Pcrf, PcrfConfig},
};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    gateway, http,
    patience::until,
    support::{Directory, check_files, read, told},
};

const BODY: &str = r#"{"qoSFeatureProperties": {"framedIPAddress": "10.0.0.1", "duration": 3600,
    "mediaComponentDescription": [{"mediaComponentNumber": 1, "mediaType": "VIDEO"}]}}"#;

struct World {
    app: App,
    pcrf: Pcrf,
    directory: Directory,
}

impl World {
    async fn new(more: &str) -> Self {
        let directory = Directory::new();
        let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
        let audit =
            format!("[notify]\nallow_networks = [\"127.0.0.0/8\"]\n[audit]\nfile = \"audit.jsonl\"\n{more}");
        let file = directory.file("gate.toml");
        fs::write(&file, gateway::config(pcrf.address(), "", &audit)).unwrap();
        let app = App::start_file(&file, Loaded::from_file(&file).unwrap(), false).await.unwrap();
        let world = Self { app, pcrf, directory };
        until("the PCRF is connected", async || world.app.peers().iter().any(|peer| peer.open)).await;
        world
    }

    fn file(&self) -> PathBuf {
        self.directory.file("audit.jsonl")
    }

    async fn ask(&self, address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, Value) {
        let json = [("content-type", "application/json"), ("x-correlator", "corr-1")];
        http::read(&http::attempt(address, method, path, body, &json).await.unwrap())
    }

    async fn http(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.ask(self.app.http_address(), method, path, body).await
    }

    async fn admin(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.ask(self.app.admin_address(), method, path, body).await
    }

    async fn apply(&self, user: &str) -> String {
        let (status, answer) = self.http("POST", &format!("/ApplicationQoSService/{user}/qos"), BODY).await;
        assert_eq!(status, 201, "{answer}");
        answer["applyQoSFeatureResponse"]["requestId"].as_str().unwrap().to_owned()
    }

    /// Ends the gateway; what the log says between start and stop.
    async fn end(self) -> Vec<Value> {
        let file = self.file();
        self.app.shut_down().await;
        self.pcrf.stop().await;
        let report = check_files(&[&file]);
        assert_eq!((told(&report), report.remarks), (Vec::new(), Vec::new()));
        let mut lines = read(&file);
        assert_eq!(lines.remove(0)["operation"], "start");
        assert_eq!(lines.pop().unwrap()["operation"], "stop");
        lines
    }
}

fn text(line: &Value, member: &str) -> String {
    line[member].as_str().unwrap_or("-").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_what_to_which_session_is_written_with_its_outcome() {
    let world = World::new("").await;
    let id = world.apply("sip:ann@operator.test").await;
    let session = world.pcrf.sessions().pop().unwrap().session_id;
    let path = format!("/ApplicationQoSService/qos/{id}");
    let change = r#"{"qoSFeatureProperties": {"duration": 60}}"#;
    assert_eq!(world.http("PUT", &path, change).await.0, 200);
    assert_eq!(world.http("GET", &path, "").await.0, 200);
    assert_eq!(world.http("PUT", &path, "{").await.0, 400);
    assert_eq!(world.http("DELETE", &path, "").await.0, 204);
    assert_eq!(world.http("DELETE", &path, "").await.0, 404);
    assert_eq!(world.http("POST", "/nowhere/sip:bob@operator.test?access_token=secret", "").await.0, 404);
    let lines = world.end().await;

    let short = |line: &Value| {
        (
            text(line, "operation"),
            line["status"].as_u64().unwrap(),
            text(line, "outcome"),
            text(line, "request_id"),
        )
    };
    let modify = "PUT /ApplicationQoSService/qos/{requestId}";
    let remove = "DELETE /ApplicationQoSService/qos/{requestId}";
    let expected = [
        ("POST /ApplicationQoSService/{endUserId}/qos", 201, "done", id.as_str()),
        (modify, 200, "done", &id),
        (modify, 400, "refused", &id),
        (remove, 204, "done", &id),
        (remove, 404, "refused", &id),
        ("POST -", 404, "refused", "-"),
    ];
    let expected = expected.map(|(operation, status, outcome, id)| {
        (operation.to_owned(), status, outcome.to_owned(), id.to_owned())
    });
    assert_eq!(lines.iter().map(short).collect::<Vec<_>>(), expected);
    for line in &lines {
        assert_eq!((text(line, "client"), text(line, "listener")), ("127.0.0.1".into(), "http".into()));
        assert_eq!(text(line, "x_correlator"), "corr-1");
        // No words that a hash could have by chance, as it can have the digits of a number.
        let all = line.to_string();
        assert!(["ann@", "bob@", "secret"].iter().all(|word| !all.contains(word)), "{all}");
    }
    for line in [&lines[0], &lines[1], &lines[3]] {
        assert_eq!(text(line, "rx_session"), session);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_and_registrations_are_there_too() {
    let world = World::new("end_user = true\n").await;
    let id = world.apply("tel:491").await;
    let register = json!({ "startQoSNotification": {
        "reference": { "endpoint": "http://127.0.0.1:9/x", "correlator": "cörr 1" },
        "endUserIdentities": ["tel:491"], "eventCriteria": ["2"] } });
    let path = "/ApplicationQoSNotification/registration";
    assert_eq!(world.http("POST", path, &register.to_string()).await.0, 201);
    assert_eq!(world.http("DELETE", &format!("{path}/c%C3%B6rr%201"), "").await.0, 204);
    assert_eq!(world.admin("DELETE", &format!("/sessions/{id}"), "").await.0, 204);
    assert_eq!(world.admin("POST", "/peers/pcrf.rx.test/disconnect", "").await.0, 204);
    assert_eq!(world.admin("DELETE", "/qos-templates?matchRule=tel:.*", "").await.0, 404);
    assert_eq!(world.admin("POST", "/reload", "").await.0, 200);
    assert_eq!(world.admin("GET", "/sessions", "").await.0, 200);
    assert!(world.app.reload().await.is_ok());
    let lines = world.end().await;
    let short = |line: &Value| {
        ["listener", "operation", "request_id", "target", "end_user"].map(|member| text(line, member))
    };
    let expected = [
        ["http", "POST /ApplicationQoSService/{endUserId}/qos", &id, "-", "tel:491"],
        ["http", "POST /ApplicationQoSNotification/registration", "-", "cörr 1", "-"],
        ["http", "DELETE /ApplicationQoSNotification/registration/{correlator}", "-", "cörr 1", "-"],
        ["admin", "DELETE /sessions/{requestId}", &id, "-", "-"],
        ["admin", "POST /peers/{host}/disconnect", "-", "pcrf.rx.test", "-"],
        ["admin", "DELETE /qos-templates", "-", "tel:.*", "-"],
        ["admin", "POST /reload", "-", "-", "-"],
        ["signal", "reload", "-", "-", "-"],
    ];
    assert_eq!(lines.iter().map(short).collect::<Vec<_>>(), expected.map(|line| line.map(str::to_owned)));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_are_there_if_asked_for_but_not_the_probes() {
    let world = World::new("reads = true\n").await;
    let (http, admin) = (world.app.http_address(), world.app.admin_address());
    for path in ["/sessions", "/live", "/metrics", "/peers"] {
        assert_eq!(http::exchange(admin, "GET", path, "").await.status(), 200, "{path}");
    }
    assert_eq!(http::call(http, "GET", "/ApplicationQoSService/qos/x", "").await.0, 404);
    let lines = world.end().await;
    let operations: Vec<_> = lines.iter().map(|line| text(line, "operation")).collect();
    assert_eq!(operations, ["GET /sessions", "GET /peers", "GET /ApplicationQoSService/qos/{requestId}"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_given_again_names_the_same_session() {
    let world = World::new("").await;
    let path = "/ApplicationQoSService/tel:491/qos";
    let headers = [("content-type", "application/json"), ("idempotency-key", "k1")];
    for _ in 0..2 {
        let answer = http::attempt(world.app.http_address(), "POST", path, BODY, &headers).await.unwrap();
        assert_eq!(answer.status(), 201);
    }
    let lines = world.end().await;
    assert_eq!(lines.len(), 2);
    for member in ["request_id", "rx_session"] {
        assert!(lines[0][member].is_string(), "{lines:?}");
        assert_eq!(lines[0][member], lines[1][member]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_leaves_a_line() {
    let world = World::new("").await;
    world
        .pcrf
        .add_rule(serde_json::from_str(r#"{"command": "AAR", "times": 1, "action": "silence"}"#).unwrap());
    let mut client = TcpStream::connect(world.app.http_address()).await.unwrap();
    let request = format!(
        "POST /ApplicationQoSService/tel:491/qos HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    client.write_all(request.as_bytes()).await.unwrap();
    until("the PCRF was asked", async || world.pcrf.stats().counts.received.contains_key("AAR")).await;
    drop(client);
    let file = world.file();
    until("there is a line", async || read(&file).len() > 1).await;
    let line = read(&file).remove(1);
    assert_eq!((text(&line, "outcome"), line.get("status")), ("unanswered".into(), None));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_goes_on_in_a_new_file_even_if_the_configuration_is_wrong() {
    let world = World::new("").await;
    let id = world.apply("tel:491").await;
    let (file, moved) = (world.file(), world.directory.file("audit.jsonl.1"));
    until("there is a line", async || read(&file).len() > 1).await;
    fs::rename(&file, &moved).unwrap();
    fs::write(world.directory.file("gate.toml"), "wrong").unwrap();
    assert!(world.app.reload().await.is_err());
    assert_eq!(world.http("DELETE", &format!("/ApplicationQoSService/qos/{id}"), "").await.0, 204);
    world.app.shut_down().await;
    world.pcrf.stop().await;
    let report = check_files(&[&moved, &file]);
    assert_eq!((told(&report), report.remarks), (Vec::new(), Vec::new()));
    let new: Vec<_> =
        read(&file).iter().map(|line| (text(line, "operation"), text(line, "outcome"))).collect();
    let expected = [
        ("rotate", "-"),
        ("reload", "refused"),
        ("DELETE /ApplicationQoSService/qos/{requestId}", "done"),
        ("stop", "-"),
    ];
    assert_eq!(new, expected.map(|(operation, outcome)| (operation.to_owned(), outcome.to_owned())));
    assert_eq!(read(&file)[0]["previous"], read(&moved).last().unwrap()["hash"]);
}

#[tokio::test]
async fn a_log_that_cannot_go_on_is_refused_at_the_start() {
    let directory = Directory::new();
    let file = directory.file("gate.toml");
    fs::write(directory.file("audit.jsonl"), "hello\n").unwrap();
    let audit = "[audit]\nfile = \"audit.jsonl\"\n";
    fs::write(&file, gateway::config("127.0.0.1:3868".parse().unwrap(), "", audit)).unwrap();
    let error = App::start_file(&file, Loaded::from_file(&file).unwrap(), false).await.unwrap_err();
    assert!(matches!(error, AppError::Audit(_)), "{error}");
    assert!(
        error.to_string().ends_with("it is no audit log, or what is not one was written behind it"),
        "{error}"
    );
}
