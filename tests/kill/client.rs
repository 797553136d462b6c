//! A client that goes on until it knows what came of what it asked, whatever happens to the gateway meanwhile.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    sync::{RwLock, watch},
    time::{sleep, timeout},
};

use crate::{clients::Work, dice::Dice, http, ledger::Ledger};

/// Sessions that a client keeps, at most.
const KEPT: usize = 3;

/// Far above what the gateway takes for any answer, also on a machine that has too much to do.
const ANSWER: Duration = Duration::from_secs(120);

/// The wait before the same is asked again.
const AGAIN: Duration = Duration::from_millis(30);

/// A session that a client has.
pub struct Kept {
    id: String,
    of_template: bool,
}

/// The user of a client.
#[derive(Clone)]
pub struct User {
    pub name: String,
    /// Its address, which the PCRF knows it by.
    pub ue: String,
    /// Its sessions: held for writing while nobody knows how many there are.
    pub kept: Arc<RwLock<Vec<Kept>>>,
}

impl User {
    /// Number so and so.
    pub fn new(number: usize) -> Self {
        Self { name: format!("tel:+4930{number:06}"), ue: format!("10.1.0.{number}"), kept: Arc::default() }
    }
}

/// The client.
pub struct Client {
    user: User,
    chance: Dice,
    asked: u64,
    address: watch::Receiver<Option<SocketAddr>>,
    ledger: Ledger,
}

impl Client {
    /// One for this user, at this address of the gateway.
    pub fn new(
        user: User,
        chance: Dice,
        address: watch::Receiver<Option<SocketAddr>>,
        ledger: Ledger,
    ) -> Self {
        Self { user, chance, asked: 0, address, ledger }
    }

    async fn create(&mut self) {
        let kept = self.user.kept.clone();
        let mut kept = kept.write().await;
        let (of_template, bandwidth) = (self.chance.below(3) == 0, self.bandwidth());
        let (end, mut body) = properties(of_template, bandwidth);
        let members = body.as_object_mut().and_then(|body| body.values_mut().next()).unwrap();
        members["framedIPAddress"] = self.user.ue.clone().into();
        let path = format!("/ApplicationQoSService/{}/qos{end}", self.user.name);
        let answer = self.decided("POST", &path, &body, 201).await;
        let id = answer["applyQoSFeatureResponse"]["requestId"].as_str().unwrap().to_owned();
        let mut told = self.ledger.told();
        told.created += 1;
        let before = told.live.insert(id.clone(), bandwidth);
        assert!(before.is_none() && !told.removed.contains(&id), "{id} was made twice");
        drop(told);
        kept.push(Kept { id, of_template });
    }

    async fn modify(&mut self) {
        let kept = self.user.kept.clone();
        let kept = kept.read().await;
        let Kept { id, of_template } = self.one_of(&kept);
        let bandwidth = self.bandwidth();
        let (end, body) = properties(*of_template, bandwidth);
        self.decided("PUT", &format!("/ApplicationQoSService/qos/{id}{end}"), &body, 200).await;
        let mut told = self.ledger.told();
        told.modified += 1;
        told.live.insert(id.clone(), bandwidth);
    }

    /// What was acknowledged is there at any time.
    async fn look(&mut self) {
        let kept = self.user.kept.clone();
        let kept = kept.read().await;
        let Kept { id, .. } = self.one_of(&kept);
        let (status, shown) =
            self.answered("GET", &format!("/ApplicationQoSService/qos/{id}"), "", None).await;
        assert_eq!(status, 200, "{id}: {shown}");
        let components = &shown["qoSStatus"]["qosFeatureProperties"]["mediaComponentDescription"];
        let granted = self.ledger.told().live.get(id).copied();
        assert_eq!(components[0]["maxRequestedBandwidthDL"].as_u64(), granted, "{id}: {shown}");
    }

    async fn remove(&mut self) {
        let kept = self.user.kept.clone();
        let mut kept = kept.write().await;
        let chosen = self.any(kept.len());
        let Kept { id, .. } = kept.swap_remove(chosen);
        let path = format!("/ApplicationQoSService/qos/{id}");
        let (mut unknown, mut status) = (false, 0);
        while !matches!(status, 204 | 404) {
            match self.call("DELETE", &path, "", None).await {
                Some((answered, body)) => {
                    assert!(matches!(answered, 204 | 404 | 500..), "{id}: {answered} {body}");
                    status = answered;
                }
                None => unknown = true,
            }
        }
        // It may have been removed by the request whose answer was lost.
        assert!(status == 204 || unknown, "{id} is gone");
        if self.chance.below(4) == 0 {
            let (status, shown) = self.answered("GET", &path, "", None).await;
            assert_eq!(status, 404, "{id}: {shown}");
        }
        let mut told = self.ledger.told();
        assert!(told.live.remove(&id).is_some());
        told.removed.insert(id);
    }

    fn bandwidth(&mut self) -> u64 {
        1_000_000 + self.chance.below(1_000_000)
    }

    fn any(&mut self, bound: usize) -> usize {
        usize::try_from(self.chance.below(bound as u64)).unwrap()
    }

    fn one_of<'a>(&mut self, kept: &'a [Kept]) -> &'a Kept {
        &kept[self.any(kept.len())]
    }

    /// Asks the same with the same key until there is an answer that decides, and sometimes once more.
    async fn decided(&mut self, method: &str, path: &str, body: &Value, expected: u16) -> Value {
        self.asked += 1;
        let (key, body) = (format!("{}/{}", self.user.name, self.asked), body.to_string());
        let (status, answer) = self.answered(method, path, &body, Some(&key)).await;
        assert_eq!(status, expected, "{method} {path}: {answer}");
        if self.chance.below(4) == 0 {
            let again = self.answered(method, path, &body, Some(&key)).await;
            assert_eq!(again, (status, answer.clone()), "{method} {path} with the key {key}");
            self.ledger.told().repeated += 1;
        }
        answer
    }

    /// Asks until there is an answer that is not about trouble of the gateway.
    async fn answered(&mut self, method: &str, path: &str, body: &str, key: Option<&str>) -> (u16, Value) {
        loop {
            match self.call(method, path, body, key).await {
                Some((status, body)) if status < 500 => return (status, body),
                _ => {}
            }
        }
    }

    /// `None`: nobody knows what came of it. So it is when the client loses its patience, as it does at times.
    async fn call(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        key: Option<&str>,
    ) -> Option<(u16, Value)> {
        let there = self.address.wait_for(Option::is_some).await;
        let address = there.expect("it lives as long as the test").expect("it is there");
        let hasty = (self.chance.below(8) == 0).then(|| Duration::from_millis(self.chance.below(30)));
        let key = key.map(|key| ("idempotency-key", key));
        let call = http::attempt(address, method, path, body, key.as_slice());
        let answer = match timeout(hasty.unwrap_or(ANSWER), call).await {
            Ok(answer) => answer.ok().map(|answer| http::read(&answer)),
            Err(_) => {
                assert!(hasty.is_some(), "{method} {path} has no end");
                None
            }
        };
        if !matches!(answer, Some((..500, _))) {
            sleep(AGAIN).await;
        }
        answer
    }
}

impl Work for Client {
    async fn once(&mut self) {
        let kept = self.user.kept.read().await.len();
        match self.chance.below(10) {
            0..3 if kept > 0 => self.modify().await,
            3 if kept > 0 => self.look().await,
            0..7 if kept < KEPT => self.create().await,
            _ if kept > 0 => self.remove().await,
            _ => self.create().await,
        }
    }

    fn rest(&mut self) -> Duration {
        Duration::from_millis(self.chance.below(60))
    }
}

/// What a session is to have: the end of the path, and the body.
fn properties(of_template: bool, bandwidth: u64) -> (&'static str, Value) {
    if of_template {
        let parameter = json!([{ "name": "$DOWNLINK", "value": bandwidth }]);
        ("/templatebased", json!({ "templateQoSFeatureProperties": { "parameter": parameter } }))
    } else {
        let component = json!({ "mediaComponentNumber": 1, "maxRequestedBandwidthDL": bandwidth });
        ("", json!({ "qoSFeatureProperties": { "mediaComponentDescription": [component] } }))
    }
}
