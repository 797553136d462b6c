//! Clients: each asks for sessions, changes and removes its own, and writes down what it was told.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{dice::Dice, gateway::Reply, ledger::end_user, trace::note, world::World};

/// Longest time until an answer: the time on the network, a turn that is waited for as long, a slow disk.
const LONGEST_ANSWER: Duration = Duration::from_secs(45);

/// Users of one application.
pub const USERS: usize = 64;

/// Requests of a client that does not know the outcome of the first.
const TRIES: u32 = 6;

/// One client.
pub struct Client {
    world: Arc<World>,
    dice: Dice,
    mine: Vec<usize>,
}

impl Client {
    pub fn new(world: Arc<World>, dice: Dice) -> Self {
        Self { world, dice, mine: Vec::new() }
    }

    /// Does so many things, one after the other.
    pub async fn run(mut self, steps: usize) {
        for _ in 0..steps {
            sleep(self.dice.millis(0, 3_000)).await;
            let mine: Vec<usize> =
                self.mine.iter().copied().filter(|number| self.is_there(*number)).collect();
            match (self.dice.below(10), self.dice.pick(&mine).copied()) {
                (0..2, Some(number)) => self.remove(number).await,
                (2..5, Some(number)) => self.modify(number).await,
                (5..6, Some(number)) => self.look(number).await,
                _ if mine.len() < 4 => self.apply().await,
                _ => {}
            }
        }
    }

    fn is_there(&self, number: usize) -> bool {
        let entry = self.world.ledger.get(number);
        entry.id.is_some() && entry.removing.is_none() && entry.missed.is_none()
    }

    fn key(&self) -> Option<String> {
        (!self.dice.one_in(4)).then(|| format!("key-{:x}", self.dice.number()))
    }

    async fn apply(&mut self) {
        let world = self.world.clone();
        let bandwidth = world.next_bandwidth();
        let duration = self.dice.one_in(4).then(|| Duration::from_secs(1 + self.dice.below(90)));
        let number = world.ledger.wish(bandwidth, duration);
        self.mine.push(number);
        let mut properties = service(bandwidth);
        properties["framedIPAddress"] = json!(format!("0A{:06X}", number + 1));
        if let Some(duration) = duration {
            properties["duration"] = json!(duration.as_secs());
        }
        let path = format!("/ApplicationQoSService/{}/qos", end_user(number));
        let key = self.key();
        for _ in 0..TRIES {
            let Some(reply) = self.call("POST", &path, Some(&properties), key.as_deref()).await else {
                world.ledger.change(number, |entry| entry.uncertain = true);
                if key.is_none() {
                    return;
                }
                sleep(self.dice.millis(500, 5_000)).await;
                continue;
            };
            if reply.status == 201 {
                let body: Value = serde_json::from_slice(&reply.body).unwrap();
                let id = body["applyQoSFeatureResponse"]["requestId"].as_str().unwrap().to_owned();
                let rx_session = world.rx_session(&id);
                note!(world.trace, "wish {number} is {id} {rx_session:?}");
                world.ledger.change(number, |entry| {
                    entry.id = Some(id);
                    entry.rx_session = rx_session;
                    entry.granted = Some(Instant::now());
                });
            }
            return;
        }
    }

    async fn modify(&self, number: usize) {
        let (world, entry) = (&self.world, self.world.ledger.get(number));
        let bandwidth = world.next_bandwidth();
        let path = format!("/ApplicationQoSService/qos/{}", entry.id.unwrap_or_default());
        let key = self.key();
        let reply = self.call("PUT", &path, Some(&service(bandwidth)), key.as_deref()).await;
        world.ledger.change(number, |entry| match reply.map(|reply| reply.status) {
            Some(200) => entry.worth = [bandwidth].into(),
            Some(404) => entry.missed = Some(Instant::now()),
            Some(400..500) => {}
            // Perhaps it is granted all the same, or later.
            _ => _ = entry.worth.insert(bandwidth),
        });
    }

    async fn look(&self, number: usize) {
        let (world, entry) = (&self.world, self.world.ledger.get(number));
        let path = format!("/ApplicationQoSService/qos/{}", entry.id.clone().unwrap_or_default());
        let Some(reply) = self.call("GET", &path, None, None).await else { return };
        match reply.status {
            200 => {
                let body: Value = serde_json::from_slice(&reply.body).unwrap();
                let shown = found(&body["qoSStatus"]["qosFeatureProperties"]);
                if !shown.is_some_and(|shown| entry.worth.contains(&shown)) {
                    let worth = &entry.worth;
                    world.trace.violation(format!("wish {number} is shown as {shown:?}, not as {worth:?}"));
                }
            }
            404 => world.ledger.change(number, |entry| entry.missed = Some(Instant::now())),
            _ => {}
        }
    }

    /// Removes a session, and does not give up easily.
    pub async fn remove(&self, number: usize) {
        let (world, entry) = (&self.world, self.world.ledger.get(number));
        let path = format!("/ApplicationQoSService/qos/{}", entry.id.unwrap_or_default());
        let mut asked = entry.removing.is_some();
        world.ledger.change(number, |entry| _ = entry.removing.get_or_insert_with(Instant::now));
        for _ in 0..TRIES {
            match self.call("DELETE", &path, None, None).await.map(|reply| reply.status) {
                Some(204) => return world.ledger.change(number, |entry| entry.removed = true),
                Some(404) => {
                    return world.ledger.change(number, |entry| match asked {
                        true => entry.removed = true,
                        // It was over before.
                        false => entry.missed = Some(Instant::now()),
                    });
                }
                _ => asked = true,
            }
            sleep(self.dice.millis(500, 5_000)).await;
        }
    }

    /// One request; nothing if nobody heard an answer.
    async fn call(
        &self,
        method: &str,
        path: &str,
        service: Option<&Value>,
        key: Option<&str>,
    ) -> Option<Reply> {
        let body = service.map(|service| json!({ "qoSFeatureProperties": service }).to_string());
        let mut request = Request::builder().method(method).uri(path).header("host", "gate.test");
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Body::from(body.unwrap_or_default())).unwrap();
        let began = Instant::now();
        let patience = if self.dice.one_in(8) { self.dice.millis(10, 6_000) } else { 2 * LONGEST_ANSWER };
        let reply = tokio::select! {
            biased;
            reply = self.world.call(request) => reply,
            () = sleep(patience) => None,
        };
        let status = reply.as_ref().map(|reply| reply.status);
        note!(self.world.trace, "{method} {path} {key:?}: {status:?}");
        if began.elapsed() > LONGEST_ANSWER {
            self.world.trace.violation(format!("{method} {path} took {:?}", began.elapsed()));
        }
        if let Some(reply) = reply.as_ref().filter(|reply| reply.status == 500 || reply.status == 422) {
            self.world.trace.violation(format!("{method} {path}: {} {:?}", reply.status, reply.body));
        }
        reply
    }
}

fn service(bandwidth: u32) -> Value {
    json!({
        "mediaComponentDescription": [{
            "mediaComponentNumber": 1,
            "mediaType": "VIDEO",
            "maxRequestedBandwidthUL": bandwidth,
            "maxRequestedBandwidthDL": bandwidth,
        }],
    })
}

/// The bandwidth that properties speak of.
pub fn found(properties: &Value) -> Option<u32> {
    properties["mediaComponentDescription"][0]["maxRequestedBandwidthUL"].as_u64()?.try_into().ok()
}

/// The registration of an application for all of its users.
pub fn registration(application: usize, endpoint: &str) -> Value {
    let users: Vec<String> =
        (0..USERS).map(|user| end_user(user * crate::world::APPLICATIONS + application)).collect();
    json!({
        "startQoSNotification": {
            "reference": { "endpoint": endpoint, "interfaceName": "notifyQoSEvent", "correlator": format!("app-{application}") },
            "endUserIdentities": users,
            "eventCriteria": ["4", "6", "12"],
        },
    })
}
