//! Clients that go on until they know what came of what they asked, whatever happens to the gateway meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes};
use hyper_util::rt::TokioIo;
use rxgate::{
    dict::enums::SpecificAction,
    pcrf::{Pcrf, RarOrder},
    rx::Outcome,
};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{OwnedRwLockWriteGuard, RwLock, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::Chance;

/// Sessions that a client keeps.
const KEPT: usize = 3;

/// Longer than the gateway takes for any answer.
const ANSWER: Duration = Duration::from_secs(20);

/// What clients were told.
#[derive(Debug, Default)]
pub struct Told {
    pub created: u64,
    pub modified: u64,
    pub live: BTreeSet<String>,
    pub removed: BTreeSet<String>,
    reports: BTreeMap<String, Reports>,
}

/// Reports about the sessions of one user.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reports {
    pub sent: u64,
    pub acknowledged: u64,
}

impl Told {
    /// Of all users.
    pub fn reports_acknowledged(&self) -> u64 {
        self.reports.values().map(|reports| reports.acknowledged).sum()
    }
}

/// The same, for all to write into.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<Told>>);

impl Ledger {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap()
    }

    /// Sessions that are there, and those that are not any more.
    pub fn names(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let told = self.told();
        (told.live.clone(), told.removed.clone())
    }

    /// By user.
    pub fn reports(&self) -> BTreeMap<String, Reports> {
        self.told().reports.clone()
    }
}

/// A session as the operator sees it.
pub struct Shown {
    pub id: String,
    pub rx_session: String,
    pub state: String,
}

/// All of them.
pub struct Clients {
    pub ledger: Ledger,
    /// Held for reading while something is asked.
    gate: Arc<RwLock<()>>,
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

/// One of them.
struct Client {
    user: String,
    /// Its address, which the PCRF knows it by.
    ue: String,
    chance: Chance,
    asked: u64,
    kept: Vec<String>,
    address: watch::Receiver<SocketAddr>,
    ledger: Ledger,
}

/// The user of a client.
fn user(number: usize) -> String {
    format!("tel:+4930{number:06}")
}

/// The address of a client.
fn ue(number: usize) -> String {
    format!("10.1.0.{number}")
}

/// Whose address it is.
fn user_at(ue: &str) -> Option<String> {
    ue.strip_prefix("10.1.0.")?.parse().ok().map(user)
}

/// Registers for everything that happens to the users of so many clients.
pub async fn register(gateway: SocketAddr, endpoint: &str, clients: usize) {
    let body = json!({ "startQoSNotification": {
        "reference": { "endpoint": endpoint, "interfaceName": "QoSNotification", "correlator": "1" },
        "endUserIdentities": (0..clients).map(user).collect::<Vec<_>>(),
        "eventCriteria": ["2", "3", "6"],
    }});
    let (status, body) =
        call(gateway, "POST", "/ApplicationQoSNotification/registration", &body.to_string(), None)
            .await
            .unwrap();
    assert_eq!(status, 201, "{body}");
}

/// Every session that is not over.
pub async fn sessions(admin: SocketAddr) -> Vec<Shown> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/sessions?limit=100{after}");
        let (status, page) = call(admin, "GET", &path, "", None).await.unwrap();
        assert_eq!(status, 200, "{page}");
        let sessions = page.as_array().unwrap();
        for session in sessions {
            let text = |name: &str| session[name].as_str().unwrap().to_owned();
            all.push(Shown { id: text("requestId"), rx_session: text("rxSessionId"), state: text("state") });
        }
        let Some(last) = all.last().filter(|_| sessions.len() == 100) else { return all };
        after = format!("&after={}", last.id);
    }
}

impl Clients {
    /// Sends them off.
    pub fn start(count: usize, seed: u64, address: watch::Receiver<SocketAddr>, pcrf: &Arc<Pcrf>) -> Self {
        let (ledger, gate, stop) =
            (Ledger::default(), Arc::<RwLock<()>>::default(), watch::Sender::new(false));
        let mut tasks = JoinSet::new();
        for number in 0..count {
            let mut client = Client {
                user: user(number),
                ue: ue(number),
                chance: Chance(seed.wrapping_mul(1000) + number as u64),
                asked: 0,
                kept: Vec::new(),
                address: address.clone(),
                ledger: ledger.clone(),
            };
            let (gate, stop) = (gate.clone(), stop.subscribe());
            tasks.spawn(async move {
                while !*stop.borrow() {
                    let asking = gate.read().await;
                    client.once().await;
                    drop(asking);
                    sleep(Duration::from_millis(client.chance.below(60))).await;
                }
            });
        }
        let (reporter, chance) = (Reporter { pcrf: pcrf.clone(), ledger: ledger.clone() }, Chance(!seed));
        let (reporting, stopping) = (gate.clone(), stop.subscribe());
        tasks.spawn(reporter.run(chance, reporting, stopping));
        Self { ledger, gate, tasks, stop }
    }

    /// Waits until nobody asks, and lets nobody ask.
    pub async fn pause(&self) -> OwnedRwLockWriteGuard<()> {
        self.gate.clone().write_owned().await
    }

    /// Everything that they were told.
    pub async fn end(mut self) -> Told {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut self.ledger.told())
    }
}

impl Client {
    /// One thing, until its outcome is known.
    async fn once(&mut self) {
        match self.chance.below(10) {
            0..4 if self.kept.len() < KEPT => self.create().await,
            4..6 if !self.kept.is_empty() => self.modify().await,
            _ if self.kept.len() == KEPT || self.chance.below(2) == 0 => self.remove().await,
            _ => self.create().await,
        }
    }

    fn properties(&mut self) -> String {
        let bandwidth = 1_000_000 + self.chance.below(1_000_000);
        json!({ "qoSFeatureProperties": {
            "framedIPAddress": self.ue,
            "mediaComponentDescription": [{ "mediaComponentNumber": 1, "maxRequestedBandwidthDL": bandwidth }],
        }})
        .to_string()
    }

    async fn create(&mut self) {
        let (path, body) = (format!("/ApplicationQoSService/{}/qos", self.user), self.properties());
        let (status, body) = self.decided("POST", &path, &body).await;
        assert_eq!(status, 201, "{body}");
        let id = body["applyQoSFeatureResponse"]["requestId"].as_str().unwrap().to_owned();
        let mut told = self.ledger.told();
        told.created += 1;
        assert!(told.live.insert(id.clone()), "{id} was made twice");
        drop(told);
        self.kept.push(id);
    }

    async fn modify(&mut self) {
        let id = self.kept[0].clone();
        let body = self.properties();
        let (status, body) = self.decided("PUT", &format!("/ApplicationQoSService/qos/{id}"), &body).await;
        assert_eq!(status, 200, "{body}");
        self.ledger.told().modified += 1;
    }

    async fn remove(&mut self) {
        if self.kept.is_empty() {
            return;
        }
        let id = self.kept.remove(0);
        let path = format!("/ApplicationQoSService/qos/{id}");
        let (mut unknown, mut status) = (false, 0);
        while !matches!(status, 204 | 404) {
            match self.call("DELETE", &path, "", None).await {
                Some((answered, _)) => status = answered,
                None => unknown = true,
            }
        }
        // It may have been removed by the request whose answer was lost.
        assert!(status == 204 || unknown, "{id} is gone");
        let mut told = self.ledger.told();
        assert!(told.live.remove(&id));
        told.removed.insert(id);
    }

    /// Asks the same with the same key until there is an answer that decides.
    async fn decided(&mut self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.asked += 1;
        let key = format!("{}/{}", self.user, self.asked);
        loop {
            match self.call(method, path, body, Some(&key)).await {
                Some((status, body)) if status < 500 => return (status, body),
                _ => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// `None`: nobody knows what came of it.
    async fn call(&self, method: &str, path: &str, body: &str, key: Option<&str>) -> Option<(u16, Value)> {
        let address = *self.address.borrow();
        let called =
            timeout(ANSWER, call(address, method, path, body, key)).await.expect("every request ends");
        match called {
            Ok(answer) => Some(answer),
            Err(_) => {
                sleep(Duration::from_millis(10)).await;
                None
            }
        }
    }
}

type CallError = Box<dyn std::error::Error + Send + Sync>;

/// One request on a connection of its own.
async fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
    key: Option<&str>,
) -> Result<(u16, Value), CallError> {
    let stream = TokioIo::new(TcpStream::connect(address).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    let connection = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", address.to_string());
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let answer = sender.send_request(request.body(Full::new(Bytes::from(body.to_owned())))?).await?;
    let status = answer.status().as_u16();
    let octets = answer.into_body().collect().await?.to_bytes();
    connection.abort();
    Ok((status, if octets.is_empty() { Value::Null } else { serde_json::from_slice(&octets)? }))
}

/// Reports of the PCRF about sessions, one after the other.
struct Reporter {
    pcrf: Arc<Pcrf>,
    ledger: Ledger,
}

impl Reporter {
    async fn run(self, mut chance: Chance, gate: Arc<RwLock<()>>, stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let asking = gate.read().await;
            self.once(&mut chance).await;
            drop(asking);
            sleep(Duration::from_millis(chance.below(20))).await;
        }
    }

    async fn once(&self, chance: &mut Chance) {
        let sessions = self.pcrf.sessions();
        if sessions.is_empty() {
            return;
        }
        let session = &sessions[usize::try_from(chance.below(sessions.len() as u64)).unwrap()];
        let actions = vec![SpecificAction([2, 3, 6][usize::try_from(chance.below(3)).unwrap()])];
        let order = RarOrder { specific_actions: actions, ..RarOrder::default() };
        let Some(user) = session.ues.first().and_then(|ue| user_at(ue)) else { return };
        self.ledger.told().reports.entry(user.clone()).or_default().sent += 1;
        let pushed =
            timeout(ANSWER, self.pcrf.rar(&session.session_id, &order)).await.expect("every RAR ends");
        if pushed.is_ok_and(|pushed| pushed.outcome.is_some_and(Outcome::is_success)) {
            self.ledger.told().reports.entry(user).or_default().acknowledged += 1;
        }
    }
}
