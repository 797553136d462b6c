//! Everybody who is at work while the gateway is killed: clients, and reporters in the PCRF.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use rxgate::pcrf::Pcrf;
use serde_json::json;
use tokio::{
    sync::{OwnedRwLockWriteGuard, RwLock, watch},
    task::JoinSet,
    time::sleep,
};

use crate::{
    client::{Client, User},
    dice::Dice,
    http,
    ledger::Ledger,
    process::Gateway,
    reporter::Reporter,
};

/// Users are shared out among so many registrations, and so many reporters.
const PARTS: usize = 4;

/// Somebody who asks for things, one after the other.
pub trait Work: Send + 'static {
    /// One of them, until its outcome is known.
    fn once(&mut self) -> impl Future<Output = ()> + Send;

    /// How long to stay away then.
    fn rest(&mut self) -> Duration;
}

/// All of them.
pub struct Clients {
    /// Held for reading while something is asked.
    gate: Arc<RwLock<()>>,
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Clients {
    /// Registers for what happens to so many users, and sends their clients off.
    pub async fn start(
        count: usize,
        seed: u64,
        gateway: &Gateway,
        pcrf: &Arc<Pcrf>,
        endpoint: &str,
        ledger: &Ledger,
    ) -> Self {
        let mut chance = Dice::new(seed);
        let mut clients =
            Self { gate: Arc::default(), tasks: JoinSet::new(), stop: watch::Sender::new(false) };
        let number = Arc::<AtomicU32>::default();
        let at = gateway.addresses().borrow().expect("it was started");
        for part in 0..PARTS {
            let users: Vec<_> = (part..count).step_by(PARTS).map(User::new).collect();
            register(at, endpoint, part, &users).await;
            for user in &users {
                let own = Dice::new(chance.below(u64::MAX));
                let client = Client::new(user.clone(), own, gateway.addresses(), ledger.clone());
                clients.send_off(client);
            }
            let reporter = Reporter {
                users,
                chance: Dice::new(chance.below(u64::MAX)),
                pcrf: pcrf.clone(),
                ledger: ledger.clone(),
                number: number.clone(),
            };
            clients.send_off(reporter);
        }
        clients
    }

    fn send_off(&mut self, mut worker: impl Work) {
        let (gate, stop) = (self.gate.clone(), self.stop.subscribe());
        self.tasks.spawn(async move {
            while !*stop.borrow() {
                let asking = gate.read().await;
                worker.once().await;
                drop(asking);
                sleep(worker.rest()).await;
            }
        });
    }

    /// Waits until nobody asks, and lets nobody ask.
    pub async fn pause(&mut self) -> OwnedRwLockWriteGuard<()> {
        let pause = self.gate.clone().write_owned().await;
        // Nobody ends but by a panic.
        if let Some(ended) = self.tasks.try_join_next() {
            ended.unwrap();
        }
        pause
    }

    /// Sends them home.
    pub async fn end(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
    }
}

/// Registers for everything that happens to these users.
async fn register(gateway: SocketAddr, endpoint: &str, part: usize, users: &[User]) {
    let names: Vec<_> = users.iter().map(|user| &user.name).collect();
    let reference =
        json!({ "endpoint": endpoint, "interfaceName": "QoSNotification", "correlator": part.to_string() });
    let body = json!({ "startQoSNotification": {
        "reference": reference, "endUserIdentities": names, "eventCriteria": ["2", "3", "6"],
    }});
    let path = "/ApplicationQoSNotification/registration";
    let (status, body) = http::call(gateway, "POST", path, &body.to_string()).await;
    assert_eq!(status, 201, "{body}");
}
