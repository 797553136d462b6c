//! What is left of a session when it is over: a line in the file of records.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

#[path = "pcrf/gateway.rs"]
mod gateway;
#[path = "pcrf/http.rs"]
mod http;
#[path = "pcrf/patience.rs"]
mod patience;

use std::{
    fs,
    path::{Path, PathBuf},
};

use patience::until;
use rxgate::{
    app::App,
    config::Loaded,
    dict::enums::AbortCause,
    pcrf::{AsrOrder, Pcrf, PcrfConfig},
};
use serde_json::{Value, json};

struct World {
    app: App,
    pcrf: Pcrf,
    directory: PathBuf,
}

impl World {
    async fn new(name: &str, more: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("rxgate-records-{}-{name}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
        let records = format!("[records]\nfile = \"records.jsonl\"\n{more}");
        let text = gateway::config(pcrf.address(), "", &records);
        let file = directory.join("gate.toml");
        fs::write(&file, &text).unwrap();
        let app = App::start_file(&file, Loaded::from_file(&file).unwrap(), false).await.unwrap();
        let world = Self { app, pcrf, directory };
        until("the PCRF is connected", async || world.app.peers().iter().any(|peer| peer.open)).await;
        world
    }

    async fn apply(&self, user: &str, duration: u32) -> (u16, String) {
        let body = json!({ "qoSFeatureProperties": { "duration": duration, "framedIPAddress": "10.0.0.1",
            "mediaComponentDescription": [{ "mediaComponentNumber": 1, "mediaType": "VIDEO" },
                { "mediaComponentNumber": 3, "mediaType": "AUDIO" }] } });
        let path = format!("/ApplicationQoSService/{user}/qos");
        let (status, answer) = http::call(self.app.http_address(), "POST", &path, &body.to_string()).await;
        let id = &answer["applyQoSFeatureResponse"]["requestId"];
        (status, id.as_str().unwrap_or_default().to_owned())
    }

    async fn remove(&self, id: &str) {
        let path = format!("/ApplicationQoSService/qos/{id}");
        assert_eq!(http::call(self.app.http_address(), "DELETE", &path, "").await.0, 204);
    }

    /// Waits until nothing is owed to the network.
    async fn settled(&self) {
        until("the PCRF has no session", async || self.pcrf.sessions().is_empty()).await;
        self.app.sessions().settled().await;
    }

    /// Ends the gateway; gives the directory of the file.
    async fn end(self) -> PathBuf {
        self.app.shut_down().await;
        self.pcrf.stop().await;
        self.directory
    }
}

fn read(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_session_leaves_one_that_says_what_became_of_it() {
    let world = World::new("life", "").await;
    let (status, removed) = world.apply("tel:4911", 60).await;
    assert_eq!(status, 201);
    world.remove(&removed).await;
    world.settled().await;
    assert_eq!(world.apply("tel:4912", 1).await.0, 201);
    world.settled().await;
    assert_eq!(world.apply("tel:4913", 60).await.0, 201);
    let session = world.pcrf.sessions().pop().unwrap().session_id;
    let order = AsrOrder { abort_cause: AbortCause::INSUFFICIENT_BEARER_RESOURCES, ..AsrOrder::default() };
    world.pcrf.asr(&session, &order).await.unwrap();
    world.settled().await;
    let refuse = r#"{"command": "AAR", "times": 1, "action": "result", "resultCode": 5012}"#;
    world.pcrf.add_rule(serde_json::from_str(refuse).unwrap());
    assert!(world.apply("tel:4914", 60).await.0 >= 400);
    // At the end, its sessions are ended too.
    assert_eq!(world.apply("tel:4915", 60).await.0, 201);
    let directory = world.end().await;

    let records = read(&directory.join("records.jsonl"));
    let reasons: Vec<_> = records.iter().map(|record| record["reason"].as_str().unwrap()).collect();
    assert_eq!(
        reasons,
        [
            "removed",
            "its duration is over",
            "aborted by the PCRF: INSUFFICIENT_BEARER_RESOURCES",
            "refused: 5012 DIAMETER_UNABLE_TO_COMPLY",
            "ended by the operator",
        ]
    );
    assert_eq!(records[0]["request_id"], json!(removed));
    // More if this machine was late.
    assert!(records[1]["seconds"].as_u64().unwrap() >= 1, "{}", records[1]);
    for (number, record) in records.iter().enumerate() {
        let granted = number != 3;
        assert_eq!(record["granted"].is_string(), granted, "{record}");
        assert_eq!(record["pcrf"], if granted { json!("pcrf.rx.test") } else { Value::Null });
        assert_eq!(record["media"], json!([1, 3]));
        assert!(record["asked"].is_string() && record["ended"].is_string(), "{record}");
        assert!(!record.to_string().contains("tel:"), "{record}");
    }
    fs::remove_dir_all(directory).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_begins_a_new_file_even_if_the_configuration_is_wrong() {
    let world = World::new("moved", "end_user = true\n").await;
    let (_, id) = world.apply("tel:4911", 60).await;
    world.remove(&id).await;
    world.settled().await;
    let (file, moved) = (world.directory.join("records.jsonl"), world.directory.join("records.jsonl.1"));
    // A record is written a moment after its session is over.
    until("there is a record", async || !read(&file).is_empty()).await;
    fs::rename(&file, &moved).unwrap();
    fs::write(world.directory.join("gate.toml"), "wrong").unwrap();
    assert!(world.app.reload().await.is_err());
    let (_, id) = world.apply("tel:4912", 60).await;
    world.remove(&id).await;
    world.settled().await;
    let directory = world.end().await;
    for (file, user) in [(moved, "tel:4911"), (file, "tel:4912")] {
        let records = read(&file);
        assert_eq!(records.len(), 1, "{records:?}");
        assert_eq!(records[0]["end_user"], json!(user));
    }
    fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_refused_at_the_start() {
    let text =
        gateway::config("127.0.0.1:3868".parse().unwrap(), "", "[records]\nfile = \"/proc/records\"\n");
    let config = Loaded::from_text(Path::new("gate.toml"), &text).unwrap().config;
    let error = App::start(config).await.unwrap_err().to_string();
    assert!(error.starts_with("[records] cannot append to /proc/records: "), "{error}");
}
