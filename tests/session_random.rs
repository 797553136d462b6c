//! Seeded schedules of everything that can go wrong; when they are over, gateway and PCRFs agree.
#![allow(clippy::unwrap_used)]

#[path = "session/net.rs"]
#[allow(dead_code)]
mod net;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, atomic::Ordering},
    time::{Duration, SystemTime},
};

use net::{Attempt, Net, Port, Says};
use rxgate::{
    rx::{AaRequest, Outcome},
    session::{QosChange, QosRequest, QosSessionId, SessionConfig, SessionFilter, Sessions, ports::RxServer},
    store::MemoryStore,
};
use tokio::time::{Instant, sleep};

const HOSTS: [&str; 3] = ["a.net", "b.net", "c.net"];

/// xorshift64*: the same numbers from the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn host(&mut self) -> &'static str {
        HOSTS[self.below(3) as usize]
    }

    fn delay(&mut self) -> Option<Duration> {
        match self.below(10) {
            0 => None,
            1 => Some(Duration::from_millis(3_000 + self.below(12_000))),
            _ => Some(Duration::from_millis(1 + self.below(50))),
        }
    }

    /// An update is not under way for longer than its answer is waited for: one that came back to a server after
    /// later ones would undo them there.
    fn update(&mut self, host: &'static str) -> Attempt {
        let says = match self.below(8) {
            0 => Says::Refuse(Outcome::tgpp(5063), None),
            1 => Says::Garbage,
            2 => Says::Refuse(Outcome::base(3004), None),
            _ => Says::Grant,
        };
        let arrives = self.delay().map(|delay| delay.min(Duration::from_secs(9)));
        Attempt { host, arrives, says, returns: self.delay() }
    }

    fn attempt(&mut self, host: &'static str) -> Attempt {
        let says = match self.below(12) {
            0 => Says::Refuse(Outcome::tgpp(5063), None),
            1 => Says::Garbage,
            _ => Says::Grant,
        };
        // Lost answers are made up for while their request may be on its way; after that answers come.
        match self.one_in(10) {
            true => {
                let far = Duration::from_millis(15_000 + self.below(60_000));
                Attempt {
                    host,
                    arrives: Some(far),
                    says: Says::Grant,
                    returns: Some(Duration::from_millis(1)),
                }
            }
            false => Attempt { host, arrives: self.delay(), says, returns: self.delay() },
        }
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_end_both_sides_have_the_same_sessions() {
    let (mut applied, mut held, mut modified) = (0, 0, 0);
    for seed in 1..=60 {
        let (outcomes, open, updates) = schedule(seed).await;
        applied += outcomes;
        held += open;
        modified += updates;
    }
    println!(
        "60 schedules: {applied} requests, each with one outcome; {modified} modifications granted; \
         {held} sessions open at the end"
    );
    assert!(modified > 100, "hardly anything is modified: {modified}");
    assert!(held > 100, "the schedules end almost everything: {held}");
}

/// Runs one schedule; how many requests had an outcome, how many sessions are open when it is over, and how many
/// modifications were granted.
async fn schedule(seed: u64) -> (usize, usize, u64) {
    const STEPS: usize = 120;
    let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let net = Net::new(&HOSTS);
    *net.updates.lock().unwrap() = Some(Default::default());
    let config = SessionConfig::new("af.test", "test", "net", SystemTime::now());
    let sessions = Sessions::new(config, Arc::new(Port(net.clone())), Arc::new(MemoryStore::new()));
    let server: Arc<dyn RxServer> = sessions.clone();
    net.serve(Arc::downgrade(&server));
    sessions.start().await.unwrap();
    let known: Arc<Mutex<Vec<(QosSessionId, String)>>> = Arc::default();
    let mut tasks = Vec::new();
    let mut asked = 0;
    let mut changes = 0;
    for _ in 0..STEPS {
        sleep(Duration::from_millis(chance.below(1_500))).await;
        let some = {
            let known = known.lock().unwrap();
            known.get(chance.below(known.len().max(1) as u64) as usize).cloned()
        };
        let (sessions, net) = (sessions.clone(), net.clone());
        match chance.below(24) {
            20.. => {
                if let Some((id, _)) = some {
                    changes += 1;
                    asked += 1;
                    // To whoever granted it; a repetition meets what is planned for others.
                    let updates: Vec<_> = (0..1 + chance.below(2)).map(|_| chance.update("")).collect();
                    let change = QosChange {
                        duration: chance.one_in(4).then(|| Duration::from_secs(1 + chance.below(120))),
                        service: AaRequest {
                            af_application_identifier: Some(changes.to_string().into_bytes().into()),
                            ..AaRequest::default()
                        },
                        view: changes.to_string().into(),
                    };
                    tasks.push(tokio::spawn(async move {
                        let started = Instant::now();
                        if let Ok(turn) = sessions.update(&id).await {
                            assert!(
                                started.elapsed() < Duration::from_secs(11),
                                "seed {seed}: no turn in time"
                            );
                            net.updates.lock().unwrap().as_mut().unwrap().extend(updates);
                            let started = Instant::now();
                            _ = turn.apply(change).await;
                            assert!(
                                started.elapsed() < Duration::from_secs(11),
                                "seed {seed}: no outcome in time"
                            );
                        }
                    }));
                }
            }
            0..9 => {
                asked += 1;
                let first = chance.below(3) as usize;
                let attempts = [first, (first + 1) % 3].map(|host| chance.attempt(HOSTS[host]));
                let duration = chance.one_in(4).then(|| Duration::from_secs(1 + chance.below(120)));
                let (known, patience) = (known.clone(), chance.one_in(6).then(|| chance.below(6_000)));
                tasks.push(tokio::spawn(async move {
                    net.plan(attempts);
                    let request = QosRequest {
                        owner: None,
                        end_user: "tel:+1".into(),
                        duration,
                        service: AaRequest::default(),
                        view: "{}".into(),
                    };
                    let started = Instant::now();
                    let apply = sessions.apply(request);
                    let patience = Duration::from_millis(patience.unwrap_or(60_000));
                    // Some callers go away.
                    if let Ok(Ok(applied)) = tokio::time::timeout(patience, apply).await {
                        known.lock().unwrap().push((applied.id, applied.rx_session.to_string()));
                    }
                    assert!(started.elapsed() < Duration::from_secs(11), "seed {seed}: no outcome in time");
                }));
            }
            9..12 => {
                if let Some((id, _)) = some {
                    if chance.one_in(3) {
                        net.stas.lock().unwrap().push_back(match chance.below(3) {
                            0 => None,
                            1 => Some(Outcome::base(3004)),
                            _ => Some(Outcome::base(4001)),
                        });
                    }
                    tasks.push(tokio::spawn(async move {
                        _ = sessions.remove(&id).await;
                    }));
                }
            }
            12..14 => {
                if let Some((_, rx)) = some {
                    let host = chance.host();
                    tasks.push(tokio::spawn(async move {
                        if net.held().contains(&(host.into(), rx.clone())) {
                            net.asr(host, &rx).await;
                        }
                    }));
                }
            }
            14..16 => {
                if let Some((_, rx)) = some {
                    let action = 1 + chance.below(4) as u32;
                    let host = chance.host();
                    tasks.push(tokio::spawn(async move {
                        _ = net.rar(host, &rx, &[action]).await;
                    }));
                }
            }
            16 => net.hang(chance.host()),
            17 => HOSTS.into_iter().for_each(|host| net.wake(host)),
            18 => net.kill(chance.host()),
            _ => {
                let host = chance.host();
                let down = net.hosts()[host].down;
                match down {
                    true => net.restart(host),
                    false => net.reconnect(host),
                }
            }
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    // Whatever was wrong is over.
    *net.updates.lock().unwrap() = Some(Default::default());
    net.stas.lock().unwrap().clear();
    for host in HOSTS {
        net.wake(host);
        let down = net.hosts()[host].down;
        if down {
            net.restart(host);
        }
    }
    sleep(Duration::from_secs(100)).await;
    sessions.settled().await;
    let listed = sessions.list(SessionFilter::default()).await.unwrap();
    let owned: BTreeSet<_> = listed
        .iter()
        .map(|session| (session.pcrf.as_ref().unwrap().host.to_string(), session.rx_session.to_string()))
        .collect();
    assert_eq!(net.held(), owned, "seed {seed}: PCRFs on the left, gateway on the right");
    for session in &listed {
        let hosts = net.hosts();
        let held = hosts[&*session.pcrf.as_ref().unwrap().host].service.get(session.rx_session.as_str());
        let held = held.map_or("{}", String::as_str);
        assert_eq!((held, &session.update), (&*session.view, &None), "seed {seed}: {:?}", session.history);
    }
    assert_eq!(net.crossed.load(Ordering::Relaxed), 0, "seed {seed}: AARs of one session crossed");
    assert_eq!(sessions.closings(), 0);
    (asked, owned.len(), sessions.counters().updates_granted.load(Ordering::Relaxed))
}
