//! What a gateway logs over a whole life: enough to follow a request, one set of fields, and nothing about who is
//! concerned.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

#[path = "serve/exchange.rs"]
mod exchange;
#[path = "pcrf/gateway.rs"]
mod gateway;
#[path = "gatekeeper/receiver.rs"]
#[allow(dead_code)]
mod receiver;

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    thread::JoinHandle,
    time::Duration,
};

use receiver::Receiver;
use rxgate::{
    dict::enums::SpecificAction,
    pcrf::{AsrOrder, Pcrf, PcrfConfig, RarOrder},
};
use serde_json::{Map, Value, json};

/// Far above what any wait takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who is concerned: numbers, names, addresses and endpoints that nothing else has.
const HIDDEN: [&str; 12] = [
    "4917655501",
    "4917655502",
    "wonderland",
    "10.77.66.",
    "2001:db8:77",
    "20010db80077",
    "192.0.2.177",
    "secret-correlator",
    "jaxrs",
    "secret-sponsor",
    "secret-subscription",
    "secret-mps",
];

const CORRELATOR: &str = "b4333c46-49c0-4f62-80d7-f0ef930f1c46";

/// The program, its log as it comes, and its configuration file; all go with the test.
struct Gateway {
    child: Child,
    file: PathBuf,
    listening: std::io::Lines<BufReader<ChildStdout>>,
    log: Option<JoinHandle<String>>,
}

impl Gateway {
    fn spawn(name: &str, level: &str, config: &str) -> Self {
        let file = std::env::temp_dir().join(format!("rxgate-logs-{}-{name}.toml", std::process::id()));
        std::fs::write(&file, config).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_rxgate"))
            .args(["serve", "--log-format", "json", "--config"])
            .arg(&file)
            .env("RXGATE_LOG", level)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let listening = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut errors = child.stderr.take().unwrap();
        // Read all the time: a full pipe would stop the gateway.
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).unwrap();
            text
        });
        Self { child, file, listening, log: Some(log) }
    }

    /// The address of the next listener.
    fn listener(&mut self) -> SocketAddr {
        let line = self.listening.next().unwrap().unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Ends it; gives all that it logged.
    fn end(&mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.child.kill();
        _ = self.child.wait();
        _ = std::fs::remove_file(&self.file);
    }
}

/// Status, header and body of the answer.
async fn call(address: SocketAddr, method: &'static str, path: &str, body: String) -> (u16, String, String) {
    let path = path.to_owned();
    let exchange = move || {
        let more = format!("x-correlator: {CORRELATOR}\r\nIdempotency-Key: {method}{path}\r\n");
        let answer = exchange::answer(address, method, &path, &more, &body);
        let (status, head, body) = exchange::read(&answer);
        (status, head.to_owned(), body.to_owned())
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

fn media(ue: &str) -> Value {
    json!([{ "mediaComponentNumber": 1, "mediaType": "VIDEO", "flowStatus": "ENABLED", "mediaSubComponent":
        [{ "flowNumber": 1, "flowDescription": [format!("permit out 17 from 192.0.2.177 5000 to {ue} 6000")] }] }])
}

fn request(ue: &str, duration: u32) -> String {
    json!({ "qoSFeatureProperties": {
        "duration": duration,
        "framedIPAddress": ue,
        "mPSIdentifier": "secret-mps",
        "sponsoredConnectivityData": { "sponsorIdentity": "secret-sponsor",
            "applicationServiceProviderIdentity": "secret-sponsor" },
        "mediaComponentDescription": media(ue),
    } })
    .to_string()
}

/// Everything that can happen to sessions, and what goes wrong with requests. Gives the log, and the name of a
/// session that had it all.
async fn scenario(level: &str) -> (String, String) {
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
    let mut receiver = Receiver::start().await;
    let store = std::env::temp_dir().join(format!("rxgate-logs-{}-{level}", std::process::id()));
    let more = format!(
        "[notify]\nallow_networks = [\"127.0.0.0/8\"]\nretry_initial_ms = 10\nretry_max_ms = 20\n\
         [store]\nkind = \"embedded\"\npath = '{}'\n",
        store.display()
    );
    let mut gateway = Gateway::spawn(level, level, &gateway::config(pcrf.address(), "", &more));
    let (http, admin) = (gateway.listener(), gateway.listener());
    let ready = async {
        while call(admin, "GET", "/ready", String::new()).await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ready).await.unwrap();

    let registration = json!({ "startQoSNotification": {
        "reference": { "endpoint": receiver.url(), "interfaceName": "i", "correlator": "secret-correlator" },
        "endUserIdentities": ["tel:+4917655501", "sip:alice@wonderland.example", "tel:+4917655502"],
        "eventCriteria": ["2", "3", "4", "12"],
    } });
    let path = "/ApplicationQoSNotification/registration";
    let (status, _, body) = call(http, "POST", path, registration.to_string()).await;
    assert_eq!(status, 201, "{body}");
    let template = include_str!("../templates/video-streaming.xml").to_owned();
    let path = "/qos-templates?matchRule=tel:%5C%2B4917655502";
    let (status, _, body) = call(admin, "PUT", path, template).await;
    assert_eq!(status, 201, "{body}");

    // A session with everything: modified, reported on, aborted.
    let apply = "/ApplicationQoSService/tel:+4917655501/qos";
    let (status, head, body) = call(http, "POST", apply, request("10.77.66.1", 3600)).await;
    assert_eq!(status, 201, "{body}");
    assert!(head.contains(&format!("x-correlator: {CORRELATOR}")), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    let id = body["applyQoSFeatureResponse"]["requestId"].as_str().unwrap().to_owned();
    let path = format!("/ApplicationQoSService/qos/{id}");
    let change = json!({ "qoSFeatureProperties": { "mediaComponentDescription": media("10.77.66.1") } });
    let (status, _, body) = call(http, "PUT", &path, change.to_string()).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(call(http, "GET", &path, String::new()).await.0, 200);
    let session = pcrf.sessions().pop().unwrap().session_id;
    // The endpoint is away for a while.
    receiver.close().await;
    let report = RarOrder::new([SpecificAction::INDICATION_OF_LOSS_OF_BEARER]);
    pcrf.rar(&session, &report).await.unwrap();
    pcrf.asr(&session, &AsrOrder::default()).await.unwrap();
    receiver.reopen().await;
    for _ in 0..2 {
        receiver.next().await;
    }

    // By template; ended by the operator.
    let path = "/ApplicationQoSService/tel:+4917655502/qos/templatebased";
    let body =
        json!({ "templateQoSFeatureProperties": { "duration": 600, "framedIPAddress": "10.77.66.2" } });
    let (status, _, body) = call(http, "POST", path, body.to_string()).await;
    assert_eq!(status, 201, "{body}");
    let (status, _, body) = call(admin, "GET", "/sessions?endUserId=tel:%2B4917655502", String::new()).await;
    assert_eq!(status, 200, "{body}");
    let listed: Value = serde_json::from_str(&body).unwrap();
    let listed = listed.as_array().unwrap_or_else(|| panic!("{listed}"));
    let path = format!("/sessions/{}", listed[0]["requestId"].as_str().unwrap());
    assert_eq!(call(admin, "GET", &path, String::new()).await.0, 200);
    let (status, _, body) = call(admin, "DELETE", &path, String::new()).await;
    assert!(status / 100 == 2, "{body}");
    receiver.next().await;

    // An IPv6 user, until his time is over.
    let (status, _, body) = call(
        http,
        "POST",
        "/ApplicationQoSService/sip:alice@wonderland.example/qos",
        json!({ "qoSFeatureProperties": { "duration": 1, "framedIPv6Prefix": "2001:db8:77::1/128",
            "mediaComponentDescription": [{ "mediaComponentNumber": 1, "mediaType": "AUDIO" }] } })
        .to_string(),
    )
    .await;
    assert_eq!(status, 201, "{body}");
    receiver.next().await;

    // Refused by the PCRF, not answered by it, and wrong in many ways.
    let refuse =
        r#"{"command": "AAR", "times": 1, "action": "experimental-result", "experimentalResultCode": 5065}"#;
    pcrf.add_rule(serde_json::from_str(refuse).unwrap());
    let other = "/ApplicationQoSService/tel:+4917655502/qos";
    assert_eq!(call(http, "POST", other, request("10.77.66.3", 60)).await.0, 404);
    for (method, path, body) in [
        (
            "POST",
            "/ApplicationQoSService/tel:+4917655501/qos?1",
            "{\"qoSFeatureProperties\": \"10.77.66.4".to_owned(),
        ),
        ("POST", "/ApplicationQoSService/tel:+4917655501/qos?2", request("10.77.66.500", 60)),
        (
            "POST",
            "/ApplicationQoSService/tel:+4917655501/qos?3",
            request("10.77.66.1", 60).replace("\"flowNumber\":1", "\"flowNumber\":\"10.77.66.1\""),
        ),
        (
            "POST",
            "/ApplicationQoSService/tel:+4917655501/qos?4",
            request("10.77.66.1", 60).replace("VIDEO", "10.77.66.1"),
        ),
        ("POST", "/ApplicationQoSService/wonderland/qos", request("10.77.66.1", 60)),
        ("GET", "/ApplicationQoSService/qos/wonderland", String::new()),
        ("DELETE", "/ApplicationQoSService/tel:+4917655501/qos/wonderland", String::new()),
        ("PATCH", "/ApplicationQoSService/tel:+4917655501/qos", String::new()),
        ("GET", "/tel:+4917655501/10.77.66.1", String::new()),
        ("POST", "/ApplicationQoSNotification/registration", "{\"wonderland\": 1}".to_owned()),
        (
            "POST",
            "/ApplicationQoSNotification/registration?1",
            registration.to_string().replace(&receiver.url(), "http://10.77.66.9/jaxrs"),
        ),
    ] {
        let (status, _, body) = call(http, method, path, body).await;
        assert!((400..500).contains(&status), "{method} {path}: {status} {body}");
    }
    let path = "/ApplicationQoSNotification/registration/secret-correlator";
    let (status, _, body) = call(http, "DELETE", path, String::new()).await;
    assert!(status / 100 == 2, "{body}");
    let log = tokio::task::spawn_blocking(move || gateway.end()).await.unwrap();
    pcrf.stop().await;
    std::fs::remove_dir_all(store).unwrap();
    (log, id)
}

fn objects(log: &str) -> Vec<Map<String, Value>> {
    let read = |line: &str| match serde_json::from_str(line) {
        Ok(Value::Object(members)) => members,
        _ => panic!("not an object: {line}"),
    };
    log.lines().map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_concerned_is_in_the_log_and_a_request_can_be_followed() {
    let (log, id) = scenario("debug").await;
    for hidden in HIDDEN {
        let line = log.lines().find(|line| line.to_lowercase().contains(&hidden.to_lowercase()));
        assert_eq!(line, None, "{hidden}");
    }
    let lines = objects(&log);
    assert!(lines.len() > 50, "{log}");
    let named =
        |line: &Map<String, Value>, name: &str| line.get(name).and_then(Value::as_str).map(str::to_owned);
    // From the name that the application knows to the one in Diameter, and what went over the wire for it.
    let opened = lines.iter().find(|line| named(line, "request_id").as_ref() == Some(&id)).unwrap();
    let rx_session = named(opened, "rx_session").unwrap();
    let of_session: Vec<_> =
        lines.iter().filter(|line| named(line, "rx_session").as_ref() == Some(&rx_session)).collect();
    for (command, result_code) in [("AAA", 2001), ("RAR", 2001), ("ASR", 2001), ("STA", 2001)] {
        let found = of_session.iter().any(|line| {
            named(line, "command").as_deref() == Some(command)
                && line.get("result_code") == Some(&json!(result_code))
                && named(line, "peer").as_deref() == Some("pcrf.rx.test")
        });
        assert!(found, "no {command}: {of_session:#?}");
    }
    // What the application calls it stands in every line of its request, whichever layer wrote it.
    let correlated = |target: &str| {
        of_session.iter().any(|line| {
            named(line, "x_correlator").as_deref() == Some(CORRELATOR)
                && named(line, "target").unwrap().starts_with(target)
        })
    };
    assert!(correlated("rxgate::session") && correlated("rxgate::gateway"), "{of_session:#?}");
    for line in &lines {
        assert!(line.get("command").is_none_or(Value::is_string), "{line:?}");
        assert!(line.get("result_code").is_none_or(Value::is_u64), "{line:?}");
        for name in ["timestamp", "level", "target", "message"] {
            assert!(line.get(name).is_some_and(Value::is_string), "{name}: {line:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_trace_everything_is_there() {
    let (log, _) = scenario("trace").await;
    objects(&log);
    for shown in ["4917655501", "4917655502", "wonderland", "secret-correlator", "jaxrs"] {
        assert!(log.contains(shown), "{shown}");
    }
}
