//! An application is told of what happens to its users' sessions: over the whole gateway, a PCRF on loopback and
//! an endpoint that goes away in the middle.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

#[path = "pcrf/gateway.rs"]
mod gateway;
#[path = "pcrf/http.rs"]
mod http;
#[path = "pcrf/patience.rs"]
mod patience;
#[path = "gatekeeper/receiver.rs"]
#[allow(dead_code)]
mod receiver;

use std::{future::Future, path::Path, sync::atomic::Ordering, task::Poll, time::Duration};

use patience::until;
use receiver::Receiver;
use rxgate::{
    app::App,
    config::Loaded,
    pcrf::{Pcrf, PcrfConfig, RarOrder},
    session::SessionState,
};
use serde_json::{Value, json};

/// The gateway between a PCRF and an application.
struct World {
    app: App,
    pcrf: Pcrf,
    receiver: Receiver,
}

impl World {
    async fn new(notify: &str) -> Self {
        let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
        let notify = format!("[notify]\nallow_networks = [\"127.0.0.0/8\"]\n{notify}");
        let text = gateway::config(pcrf.address(), "", &notify);
        let app = App::start(Loaded::from_text(Path::new("test"), &text).unwrap().config).await.unwrap();
        until("the PCRF is connected", async || app.peers().iter().any(|peer| peer.open)).await;
        let template = include_str!("../templates/video-streaming.xml");
        let (status, answer) =
            http::call(app.admin_address(), "PUT", "/qos-templates?matchRule=tel:.*", template).await;
        assert_eq!(status, 201, "{answer}");
        Self { app, pcrf, receiver: Receiver::start().await }
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        http::call(self.app.http_address(), method, path, &body.to_string()).await
    }

    async fn register(&self, users: &[&str], criteria: &[&str]) {
        let body = json!({ "startQoSNotification": {
            "reference": {
                "endpoint": self.receiver.url(),
                "interfaceName": "interfaceName",
                "correlator": "987654321",
            },
            "endUserIdentities": users,
            "eventCriteria": criteria,
        } });
        let (status, answer) = self.call("POST", "/ApplicationQoSNotification/registration", &body).await;
        assert_eq!((status, answer), (201, Value::Null));
    }

    /// A session by template; its Session-Id.
    async fn apply(&self, user: &str, address: &str, duration: Option<u32>) -> String {
        let known: Vec<_> = self.pcrf.sessions().into_iter().map(|held| held.session_id).collect();
        let mut properties = json!({
            "framedIPAddress": address,
            "parameter": [{ "name": "$DOWNLINK", "value": 8_000_000 }],
        });
        if let Some(duration) = duration {
            properties["duration"] = duration.into();
        }
        let path = format!("/ApplicationQoSService/{user}/qos/templatebased");
        let body = json!({ "templateQoSFeatureProperties": properties });
        let (status, answer) = self.call("POST", &path, &body).await;
        assert_eq!(status, 201, "{answer}");
        let mut sessions = self.pcrf.sessions().into_iter().map(|held| held.session_id);
        sessions.find(|id| !known.contains(id)).unwrap()
    }

    /// The PCRF sends a RAR or ASR and gets its answer.
    async fn push(&self, session: &str, command: &str, order: Value) {
        let path = format!("/sessions/{}/{command}", session.replace(';', "%3B"));
        let control = self.pcrf.control_address().unwrap();
        let (status, answer) = http::call(control, "POST", &path, &order.to_string()).await;
        assert_eq!((status, &answer["resultCode"]), (200, &json!(2001)), "{answer}");
    }

    async fn stop(self) {
        self.app.shut_down().await;
        self.pcrf.stop().await;
    }
}

/// What an application is told.
fn told(user: &str, event: u32, more: &str) -> String {
    format!(
        r#"{{"notifyQoSEvent":{{"correlator":"987654321","endUserIdentities":["{user}"],"eventType":{event}{more}}}}}"#
    )
}

const USERS: [&str; 3] = ["tel:88888888", "tel:123456", "tel:234567"];

/// Three sessions and everything that can happen to them; `down` is done when the endpoint, which is closed
/// before, has been down for long enough.
async fn scenario(world: &mut World, down: impl AsyncFnOnce(&World)) {
    world.register(&USERS, &["1", "2", "3", "4", "6", "7", "11", "12"]).await;
    let first = world.apply(USERS[0], "10.0.0.1", None).await;
    let second = world.apply(USERS[1], "10.0.0.2", None).await;

    let charging = json!({
        "specificActions": ["CHARGING_CORRELATION_EXCHANGE"],
        "accessNetworkChargingIdentifiers": [
            { "value": "0a1b", "flows": [{ "mediaComponentNumber": 1, "flowNumbers": [1] }] },
        ],
        "accessNetworkChargingAddress": "127.0.0.1",
    });
    world.push(&first, "rar", charging).await;
    let flows = json!([{ "mediaComponentNumber": 1 }]);
    world.push(&first, "rar", json!({ "specificActions": [2], "flows": flows })).await;
    world.push(&first, "rar", json!({ "specificActions": [3], "flows": flows })).await;
    for expected in [
        told(
            USERS[0],
            1,
            r#","accessNetworkChargingIdentifier":[{"accessNetworkChargingIdentifierValue":"0A1B","flows":[{"mediaComponentNumber":1,"flowNumber":[1]}]}],"accessNetworkChargingAddress":"127.0.0.1""#,
        ),
        told(USERS[0], 2, r#","flows":[{"mediaComponentNumber":1}]"#),
        told(USERS[0], 3, r#","flows":[{"mediaComponentNumber":1}]"#),
    ] {
        assert_eq!(world.receiver.body().await, expected);
    }

    world.receiver.close().await;
    world.push(&first, "rar", json!({ "specificActions": [4], "abortCause": "BEARER_RELEASED" })).await;
    let change = json!({
        "specificActions": ["IP-CAN_CHANGE", "INDICATION_OF_LOSS_OF_BEARER", "INDICATION_OF_OUT_OF_CREDIT"],
        "ipCanType": "WiMAX",
        "ratType": "WLAN",
        "flows": [{ "mediaComponentNumber": 1, "flowNumbers": [1, 2], "finalUnitAction": "TERMINATE" }],
    });
    world.push(&first, "rar", change).await;
    // Nobody registered for these two.
    world.push(&first, "rar", json!({ "specificActions": [8, 12] })).await;
    world.push(&second, "asr", json!({ "abortCause": "INSUFFICIENT_BEARER_RESOURCES" })).await;
    world.apply(USERS[2], "10.0.0.3", Some(1)).await;
    // The one that was aborted, and the one that runs out.
    until("one session is left", async || world.pcrf.sessions().len() == 1).await;
    down(world).await;
    world.receiver.reopen().await;
    let usage = json!({
        "specificActions": ["USAGE_REPORT"],
        "usedServiceUnit": { "time": 60, "totalOctets": 5_000_000_000_u64 },
    });
    world.push(&first, "rar", usage).await;
    let change = r#","iPCANType":"WiMAX","rATType":"WLAN","flows":[{"mediaComponentNumber":1,"flowNumber":[1,2],"finalUnitAction":"TERMINATE"}]"#;
    for expected in [
        told(USERS[0], 4, r#","abortCause":"BEARER_RELEASED""#),
        told(USERS[0], 6, change),
        told(USERS[0], 2, change),
        told(USERS[0], 7, change),
        told(USERS[1], 4, r#","abortCause":"INSUFFICIENT_BEARER_RESOURCES""#),
        told(USERS[2], 12, ""),
        told(
            USERS[0],
            11,
            r#","sponsoredConnectivityData":{"usedServiceUnit":{"cCTime":60,"cCTotalOctets":5000000000}}"#,
        ),
    ] {
        assert_eq!(world.receiver.body().await, expected);
    }
    until("everything is delivered", async || world.app.notifier().waiting() == 0).await;
    let counters = world.app.notifier().counters();
    assert_eq!(counters.delivered.load(Ordering::Relaxed), 10);
    assert_eq!(counters.queued.load(Ordering::Relaxed), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_told_of_everything_in_order_though_it_was_down() {
    let mut world = World::new("attempt_timeout_ms = 60000\nretry_initial_ms = 20\nretry_max_ms = 100").await;
    scenario(&mut world, async |world| {
        let failed = || world.app.notifier().counters().failed.load(Ordering::Relaxed);
        until("it was tried often", async || failed() >= 5).await;
    })
    .await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes ten seconds on purpose: how long the endpoint is down, with the delivery's own settings"]
async fn an_application_is_told_of_everything_in_order_though_it_was_down_for_ten_seconds() {
    let mut world = World::new("").await;
    scenario(&mut world, async |_| tokio::time::sleep(Duration::from_secs(10)).await).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_does_not_answer_delays_no_answer_to_the_pcrf() {
    let mut world = World::new("attempt_timeout_ms = 60000").await;
    world.register(&USERS, &["2", "3", "4"]).await;
    let first = world.apply(USERS[0], "10.0.0.1", None).await;
    let second = world.apply(USERS[1], "10.0.0.2", None).await;
    world.receiver.answer(false);
    world.push(&first, "rar", json!({ "specificActions": [2] })).await;
    assert_eq!(world.receiver.body().await, told(USERS[0], 2, ""));
    // The application has it and says nothing: RAA and ASA come all the same.
    world.push(&first, "rar", json!({ "specificActions": [3] })).await;
    world.push(&second, "asr", json!({})).await;
    until("one session is left", async || world.pcrf.sessions().len() == 1).await;
    assert_eq!(world.app.notifier().counters().delivered.load(Ordering::Relaxed), 0);
    world.receiver.answer(true);
    assert_eq!(world.receiver.body().await, told(USERS[0], 3, ""));
    assert_eq!(world.receiver.body().await, told(USERS[1], 4, r#","abortCause":"BEARER_RELEASED""#));
    let open = world.app.sessions().list(Default::default()).await.unwrap();
    assert!(open.iter().all(|session| session.state == SessionState::Open) && open.len() == 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_follow_one_another_at_once_are_told_in_their_order() {
    let mut world = World::new("attempt_timeout_ms = 60000").await;
    world.register(&USERS, &["2", "3"]).await;
    let session = world.apply(USERS[0], "10.0.0.1", None).await;
    let order = |action: u32| serde_json::from_value(json!({ "specificActions": [action] })).unwrap();
    let orders: Vec<RarOrder> = [2, 3].into_iter().cycle().take(50).map(order).collect();
    // Polled one after the other, they leave in this order, and none waits for the answer to the one before.
    let mut reports: Vec<_> = orders.iter().map(|order| Box::pin(world.pcrf.rar(&session, order))).collect();
    std::future::poll_fn(|context| {
        reports.retain_mut(|report| report.as_mut().poll(context).is_pending());
        if reports.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    drop(reports);
    for event in [2, 3].into_iter().cycle().take(50) {
        assert_eq!(world.receiver.body().await, told(USERS[0], event, ""));
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_takes_neither_of_its_own_listeners_for_an_application() {
    let world = World::new("").await;
    for own in [world.app.http_address(), world.app.admin_address()] {
        let refused = world.app.notifier().endpoint(&format!("http://{own}/")).unwrap_err();
        assert!(refused.to_string().contains("own HTTP listeners"), "{refused}");
    }
    world.app.notifier().endpoint(&world.receiver.url()).unwrap();
    world.stop().await;
}
