//! Many modifications of many sessions at once over HTTP, with RARs and ASRs racing against them, over real connections: no
//! session ever has two AARs under way, and in the end gateway and PCRF have the same sessions with the same
//! bandwidth.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

#[path = "pcrf/gateway.rs"]
mod gateway;
#[path = "pcrf/http.rs"]
mod http;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use http::call;
use rxgate::{
    app::App,
    config::Loaded,
    pcrf::{Action, Command, Pcrf, PcrfConfig, Rule},
    rx::Outcome,
    session::SessionFilter,
};
use serde_json::{Value, json};
use tokio::{
    sync::{Barrier, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

/// Longer than anything takes, on any machine.
const DEADLINE: Duration = Duration::from_secs(300);

const SESSIONS: usize = 100;

/// At a time, of each session.
const MODIFIES: usize = 10;

/// Of all modifications, those that the PCRF refuses.
const REFUSED: u32 = 150;

/// How long the PCRF takes for an AAR: much longer than it takes to send another one.
const THINKS: Duration = Duration::from_millis(20);

/// A gateway in front of a PCRF.
struct World {
    pcrf: Pcrf,
    control: SocketAddr,
    app: App,
}

impl World {
    async fn new() -> Self {
        let config = PcrfConfig { request_timeout: DEADLINE, ..PcrfConfig::on_free_ports() };
        let pcrf = Pcrf::start(config).await.unwrap();
        // All come at once and wait for one another.
        let timeouts = "request_timeout_ms = 600000\nattempt_timeout_ms = 600000";
        let config = gateway::config(pcrf.address(), timeouts, "");
        let config = config.replace("[http]\n", "[http]\nheader_timeout_ms = 60000\n");
        let app =
            App::start(Loaded::from_text(Path::new("rxgate.toml"), &config).unwrap().config).await.unwrap();
        let control = pcrf.control_address().unwrap();
        let world = Self { pcrf, control, app };
        let mut look = tokio::time::interval(Duration::from_millis(5));
        // Being open is not told.
        while !world.app.peers().iter().any(|peer| peer.open) {
            look.tick().await;
        }
        world
    }
}

/// Each has its own.
fn bandwidth(session: usize, modification: usize) -> u32 {
    u32::try_from(1_000_000 + session * 1_000 + modification).unwrap()
}

/// What is asked for, over HTTP.
fn properties(bandwidth: u32) -> Value {
    json!({ "mediaComponentDescription": { "mediaComponentNumber": 1, "maxRequestedBandwidthDL": bandwidth } })
}

impl World {
    /// Applies for a session with this bandwidth; its Session-Id afterwards.
    async fn apply(&self, session: usize) -> String {
        let mut properties = properties(bandwidth(session, 0));
        properties["framedIPAddress"] = format!("10.0.1.{session}").into();
        let body = json!({ "qoSFeatureProperties": properties }).to_string();
        let path = format!("/ApplicationQoSService/tel:1555{session}/qos");
        let (status, body) = self.call("POST", &path, &body).await;
        assert_eq!(status, 201, "{body}");
        let filter = SessionFilter { end_user: Some(format!("tel:1555{session}")), ..Default::default() };
        self.app.sessions().list(filter).await.unwrap()[0].id.to_string()
    }

    async fn call(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        call(self.app.http_address(), method, path, body).await
    }

    /// Modifies it, and comes again when this machine is too slow to take that on; the status.
    async fn modify(&self, id: &str, bandwidth: u32) -> u16 {
        let body = json!({ "qoSFeatureProperties": properties(bandwidth) }).to_string();
        let path = format!("/ApplicationQoSService/qos/{id}");
        loop {
            let (status, body) = self.call("PUT", &path, &body).await;
            let message = body["error"]["message"].as_str();
            match status {
                200 => assert!(body["actualProperties"].is_object(), "{body}"),
                403 | 404 => assert!(message.is_some(), "{body}"),
                503 if message.unwrap().contains("another one would not be done in") => {
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
                _ => panic!("{status}: {body}"),
            }
            return status;
        }
    }

    /// The bandwidth that a GET shows, and whether the user is connected; `None` when it is over.
    async fn shown(&self, id: &str) -> Option<(u64, bool)> {
        let (status, body) = self.call("GET", &format!("/ApplicationQoSService/qos/{id}"), "").await;
        if status == 404 {
            return None;
        }
        let status = &body["qoSStatus"];
        let component = &status["qosFeatureProperties"]["mediaComponentDescription"][0];
        Some((
            component["maxRequestedBandwidthDL"].as_u64().unwrap(),
            status["userIsConnected"].as_bool().unwrap(),
        ))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_modifications_race_with_reports_and_aborts() {
    timeout(DEADLINE, race()).await.expect("every operation ends");
}

async fn race() {
    let world = Arc::new(World::new().await);
    let mut sessions = Vec::new();
    for number in 0..SESSIONS {
        let id = world.apply(number).await;
        let rx = world.app.sessions().status(&id.as_str().into()).await.unwrap().rx_session.to_string();
        sessions.push((id, rx));
    }
    let slow = Rule { command: Some(Command::Aar), delay: THINKS, ..Rule::default() };
    let refuse = Action::answer(Outcome::tgpp(5063));
    world.pcrf.set_rules(vec![Rule { times: Some(REFUSED), action: refuse, ..slow.clone() }, slow]);

    let started = Instant::now();
    let begin = Arc::new(Barrier::new(SESSIONS * MODIFIES));
    let (mut modifies, mut pushes) = (JoinSet::new(), JoinSet::new());
    for (number, (id, rx)) in sessions.iter().enumerate() {
        let done = watch::Sender::new(0);
        for modification in 1..=MODIFIES {
            let (world, id, begin, done) = (world.clone(), id.clone(), begin.clone(), done.clone());
            modifies.spawn(async move {
                begin.wait().await;
                let status = world.modify(&id, bandwidth(number, modification)).await;
                done.send_modify(|done| *done += 1);
                status
            });
        }
        // After so many modifications of it: in the midst of the next one.
        let mut push = |after: usize, what: &'static str, order: Value| {
            let (control, mut done) = (world.control, done.subscribe());
            let path = format!("/sessions/{rx}/{what}");
            pushes.spawn(async move {
                done.wait_for(|done| *done >= after).await.unwrap();
                (what, call(control, "POST", &path, &order.to_string()).await)
            });
        };
        push(0, "rar", json!({ "specificActions": [6], "ratType": "UTRAN" }));
        push(3, "rar", json!({ "specificActions": ["INDICATION_OF_LOSS_OF_BEARER"] }));
        if number % 5 == 0 {
            push(number % 7, "asr", json!({}));
        }
    }
    let mut counts = BTreeMap::<u16, usize>::new();
    while let Some(status) = modifies.join_next().await {
        *counts.entry(status.unwrap()).or_default() += 1;
    }
    let mut pushed = BTreeMap::<(&str, u64), usize>::new();
    while let Some(push) = pushes.join_next().await {
        let (what, (status, body)) = push.unwrap();
        // 404: the session was over, for the PCRF too.
        assert!(matches!(status, 200 | 404), "{what}: {status} {body}");
        *pushed.entry((what, body["resultCode"].as_u64().unwrap_or(status.into()))).or_default() += 1;
    }
    let took = started.elapsed();
    world.app.sessions().settled().await;

    let stats = world.pcrf.stats();
    assert_eq!(stats.most_aars_of_a_session, 1, "AARs under way for one Session-Id");
    assert_eq!(stats.strs_during_an_aar, 0, "STRs that crossed an AAR");
    assert_eq!(counts.values().sum::<usize>(), SESSIONS * MODIFIES);
    assert!(counts.contains_key(&200), "{counts:?}");
    // A refusal of a session that was aborted meanwhile is a 404.
    let refused = counts.get(&403).copied().unwrap_or_default();
    assert!(refused > 0 && refused <= usize::try_from(REFUSED).unwrap(), "{counts:?}");
    let mut ours = BTreeSet::new();
    for (id, rx) in &sessions {
        if let Some((bandwidth, connected)) = world.shown(id).await {
            // What was reported in the midst of the modifications is known afterwards.
            assert!(!connected);
            ours.insert((rx.clone(), bandwidth));
        }
    }
    assert_eq!(ours.len(), SESSIONS - SESSIONS / 5);
    let theirs: BTreeSet<_> = world
        .pcrf
        .sessions()
        .into_iter()
        .map(|it| (it.session_id, it.media_components[0].max_requested_bandwidth_dl.unwrap().into()))
        .collect();
    assert_eq!(ours, theirs, "sessions and their bandwidth: gateway on the left, PCRF on the right");
    println!(
        "modify: {} modifies of {SESSIONS} sessions in {} ms: {counts:?}; {pushed:?}; most AARs of a session at \
         a time {}, STRs during an AAR {}; {} sessions on both sides with the same bandwidth",
        SESSIONS * MODIFIES,
        took.as_millis(),
        stats.most_aars_of_a_session,
        stats.strs_during_an_aar,
        ours.len(),
    );
}
