//! One world: a gateway, two PCRFs, applications and clients, a network and a disk, and all that befalls them.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{body::Body, http::Request};
use rxgate::session::{SessionState, SessionStore};
use tokio::{sync::watch, time::sleep};

use crate::{
    broken::Broken,
    checks,
    client::{Client, registration},
    dice::Dice,
    disk::{Disk, Health},
    endpoints::{Endpoints, Mood},
    faults::{self, Profile},
    gateway::{Gateway, Parts, Reply},
    ledger::Ledger,
    network::{Network, Weather},
    pcrf::{Host, SharedFacts},
    process::Process,
    trace::{Trace, note},
};

/// Applications, each with an endpoint and users of its own.
pub const APPLICATIONS: usize = 2;

/// Clients at a time.
const CLIENTS: usize = 3;

/// What each client does.
const STEPS: usize = 25;

/// After all troubles: the longest wait between two repetitions of anything is five minutes.
const QUIET: Duration = Duration::from_secs(900);

/// An event that an application must have been told of.
#[derive(Clone, Debug)]
pub struct Expected {
    pub rx_session: String,
    pub end_user: String,
    /// Which RAR it was; an ASR has none.
    pub marker: Option<String>,
}

pub struct World {
    pub seed: u64,
    pub dice: Dice,
    pub trace: Arc<Trace>,
    pub network: Arc<Network>,
    pub endpoints: Arc<Endpoints>,
    pub disk: Arc<Disk>,
    pub hosts: Vec<Host>,
    pub facts: SharedFacts,
    pub ledger: Ledger,
    pub expected: Mutex<Vec<Expected>>,
    broken: Broken,
    gateway: watch::Sender<Option<Arc<Gateway>>>,
    lives: AtomicU64,
    bandwidths: AtomicU32,
    /// How long a dead gateway stays so, at most.
    pub longest_death: Mutex<Duration>,
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    pub seed: u64,
    pub hash: u64,
    pub simulated: Duration,
    pub violations: Vec<String>,
    pub lines: Vec<String>,
    pub tally: Tally,
}

/// How much happened: a world in which nothing does proves nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub granted: u64,
    pub removed: u64,
    pub open: u64,
    pub told: u64,
    pub lives: u64,
}

pub fn endpoint(application: usize) -> SocketAddr {
    SocketAddr::from(([127, 0, 1, application as u8 + 1], 80))
}

impl World {
    /// Runs the world of a seed; with `keep`, its whole story is told.
    pub async fn run(seed: u64, broken: Broken, keep: bool) -> Outcome {
        let trace = Arc::new(Trace::new(keep));
        let dice = Dice::new(seed);
        let network = Network::new(dice.fork(), trace.clone());
        let facts = SharedFacts::default();
        let mut hosts = Vec::new();
        for (number, name) in ["pcrf1.rx.test", "pcrf2.rx.test"].into_iter().enumerate() {
            let address = SocketAddr::from(([10, 1, 0, number as u8 + 1], 3868));
            hosts.push(Host::start(name, address, &dice, &network, &trace, &facts).await);
        }
        let world = Arc::new(Self {
            seed,
            endpoints: Endpoints::new(dice.fork(), trace.clone()),
            disk: Disk::new(dice.fork(), trace.clone()),
            dice: dice.fork(),
            trace,
            network,
            hosts,
            facts,
            ledger: Ledger::default(),
            expected: Mutex::default(),
            broken,
            gateway: watch::Sender::new(None),
            lives: AtomicU64::new(0),
            bandwidths: AtomicU32::new(1_000),
            longest_death: Mutex::new(Duration::from_secs(1)),
        });
        world.live().await
    }

    async fn live(self: Arc<Self>) -> Outcome {
        let watching = tokio::spawn(Self::keep_alive(self.clone()));
        self.up().await;
        let profile = Profile::new(&self.dice);
        note!(self.trace, "{profile:?}");
        let trouble = faults::begin(&self, profile);
        let clients =
            (0..CLIENTS).map(|_| tokio::spawn(Client::new(self.clone(), self.dice.fork()).run(STEPS)));
        for client in clients.collect::<Vec<_>>() {
            if let Err(error) = client.await {
                self.trace.violation(format!("a client broke down: {error}"));
            }
        }
        for task in trouble {
            task.abort();
            _ = task.await;
        }
        self.heal().await;
        sleep(Duration::from_secs(60)).await;
        let client = Client::new(self.clone(), self.dice.fork());
        let count = self.ledger.entries().len();
        for number in 0..count {
            let entry = self.ledger.get(number);
            if entry.removing.is_some() && !entry.removed && entry.missed.is_none() {
                client.remove(number).await;
            }
        }
        sleep(QUIET).await;
        checks::check(&self).await;
        let tally = self.tally();
        watching.abort();
        let (hash, lines, violations) = self.trace.finish();
        Outcome { seed: self.seed, hash, simulated: self.trace.elapsed(), violations, lines, tally }
    }

    /// Starts the gateway again whenever it has died.
    async fn keep_alive(self: Arc<Self>) {
        loop {
            let number = self.lives.fetch_add(1, Ordering::Relaxed);
            let process = Arc::new(Process::new(number));
            let parts = Parts {
                // Names grow from life to life.
                seed: (number << 32) | (self.seed & 0xffff_ffff),
                process: process.clone(),
                network: self.network.clone(),
                endpoints: self.endpoints.clone(),
                disk: self.disk.clone(),
                broken: self.broken,
                peers: self.hosts.iter().map(|host| (host.name, host.address)).collect(),
                started: self.trace.wall(),
            };
            note!(self.trace, "gateway {number} starts");
            let started = tokio::select! {
                biased;
                () = process.died() => None,
                started = Gateway::start(parts) => Some(started),
            };
            let gateway = match started {
                Some(Ok(gateway)) => {
                    let gateway = Arc::new(gateway);
                    Self::register(&gateway, &self.trace).await;
                    self.gateway.send_replace(Some(gateway.clone()));
                    Some(gateway)
                }
                Some(Err(error)) => {
                    note!(self.trace, "gateway {number} cannot start: {error}");
                    process.kill();
                    None
                }
                None => None,
            };
            process.died().await;
            self.gateway.send_replace(None);
            let silently = self.dice.one_in(3);
            note!(self.trace, "gateway {number} is dead");
            self.network.break_process(&process, silently);
            if let Some(gateway) = gateway {
                gateway.bury().await;
            }
            let longest = *self.longest_death.lock().unwrap();
            sleep(self.dice.millis(1, longest.as_millis() as u64)).await;
            self.network.break_process(&process, false);
        }
    }

    /// The applications say what they want to be told.
    async fn register(gateway: &Gateway, trace: &Trace) {
        for application in 0..APPLICATIONS {
            let endpoint = format!("http://{}/events", endpoint(application));
            let body = registration(application, &endpoint).to_string();
            let request = Request::post("/ApplicationQoSNotification/registration");
            let request = request.header("content-type", "application/json").header("host", "gate.test");
            let reply = gateway.call(request.body(Body::from(body)).unwrap()).await;
            // It is there from the life before; or the disk is full, and was before.
            let first = gateway.process.number == 0;
            if let Some(reply) = reply.filter(|reply| reply.status != if first { 201 } else { 409 }) {
                trace.violation(format!("no registration: {} {:?}", reply.status, reply.body));
            }
        }
    }

    /// Waits until the gateway runs.
    async fn up(&self) -> Arc<Gateway> {
        let mut gateway = self.gateway.subscribe();
        // The sender is the world's: waiting cannot fail.
        gateway.wait_for(Option::is_some).await.unwrap().clone().unwrap()
    }

    /// The gateway, if it runs.
    pub fn gateway(&self) -> Option<Arc<Gateway>> {
        self.gateway.borrow().clone()
    }

    /// A client's request; nothing if nobody answers.
    pub async fn call(&self, request: Request<Body>) -> Option<Reply> {
        match self.gateway() {
            Some(gateway) => gateway.call(request).await,
            None => {
                sleep(Duration::from_millis(1)).await;
                None
            }
        }
    }

    /// Bits per second that nobody asked for before.
    pub fn next_bandwidth(&self) -> u32 {
        self.bandwidths.fetch_add(1, Ordering::Relaxed)
    }

    /// The Session-Id of a session.
    pub fn rx_session(&self, id: &str) -> Option<String> {
        self.disk.rx_session(id)
    }

    /// A PCRF tells of a session, or aborts it; what the gateway acknowledged is to reach the application.
    pub async fn push(&self, host: &Host, abort: bool) {
        let held = host.pcrf.sessions();
        let open: Vec<_> = held.into_iter().filter(|session| session.state == "open").collect();
        let Some(session) = self.dice.pick(&open) else { return };
        let Some(marker) = host.push(session, abort, &self.facts).await else { return };
        let Some(kept) = self.disk.store.find(&session.session_id.clone().into()).await.unwrap() else {
            return;
        };
        let is_owner = kept.pcrf.as_ref().is_some_and(|pcrf| &*pcrf.host == host.name);
        let told = match abort {
            false => kept.state == SessionState::Open,
            true => kept.history.iter().any(|entry| entry.what.starts_with("aborted by the PCRF")),
        };
        if is_owner && told {
            let (rx_session, end_user) = (session.session_id.clone(), kept.end_user);
            let end_user = end_user.trim_start_matches("tel:").to_owned();
            self.expected.lock().unwrap().push(Expected { rx_session, end_user, marker });
        }
    }

    /// From now on nothing goes wrong any more.
    async fn heal(&self) {
        note!(self.trace, "all is well from now on");
        self.network.set_weather(Weather::default());
        self.disk.set_health(Health::default());
        *self.longest_death.lock().unwrap() = Duration::from_secs(1);
        for application in 0..APPLICATIONS {
            self.endpoints.set_mood(endpoint(application), Mood::Fine);
        }
        for host in &self.hosts {
            self.network.set_down(host.address, false);
            self.network.set_stalled(host.address, false);
            host.pcrf.set_rules(Vec::new());
            host.pcrf.wake();
        }
        self.up().await;
    }

    fn tally(&self) -> Tally {
        let entries = self.ledger.entries();
        let count =
            |which: fn(&crate::ledger::Entry) -> bool| entries.iter().filter(|one| which(one)).count() as u64;
        Tally {
            granted: count(|entry| entry.id.is_some()),
            removed: count(|entry| entry.removed),
            open: self.hosts.iter().map(|host| host.pcrf.sessions().len() as u64).sum(),
            told: self.endpoints.told().len() as u64,
            lives: self.lives(),
        }
    }

    /// How often the gateway was started.
    pub fn lives(&self) -> u64 {
        self.lives.load(Ordering::Relaxed)
    }
}
