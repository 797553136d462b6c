//! `kill -9` at random moments, with clients, reports and an application's endpoint at work: what was acknowledged
//! holds, on both sides, and every event arrives.
//!
//! `RXGATE_KILLS` says how often (30), `RXGATE_SEED` repeats the moments of a run as far as a machine can.
#![allow(clippy::unwrap_used)]

mod agree;
mod client;
mod clients;
#[path = "../disk/dice.rs"]
#[allow(dead_code)]
mod dice;
mod endpoint;
#[path = "../store/folder.rs"]
mod folder;
#[path = "../pcrf/gateway.rs"]
mod gateway;
#[path = "../pcrf/http.rs"]
mod http;
mod ledger;
mod process;
mod reporter;

use std::{
    io::{self, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use agree::agree;
use clients::Clients;
use dice::Dice;
use endpoint::Endpoint;
use folder::Folder;
use ledger::Ledger;
use process::Gateway;
use rxgate::pcrf::{Pcrf, PcrfConfig};
use tokio::time::sleep;

/// Clients at a time, each with a user of its own.
const CLIENTS: usize = 64;

/// Starts between two looks at everything.
const BETWEEN_LOOKS: usize = 10;

/// How long the PCRF waits for the answer to a report: a client waits for that, too.
const REPORT: Duration = Duration::from_secs(2);

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_every_kill() {
    let (wanted, seed) = (number("RXGATE_KILLS", 30).max(1), number("RXGATE_SEED", 1));
    // Shown if the test fails.
    println!("RXGATE_SEED={seed} RXGATE_KILLS={wanted}");
    let began = Instant::now();
    let folder = Folder::new();
    let config = PcrfConfig { request_timeout: REPORT, ..PcrfConfig::on_free_ports() };
    let pcrf = Arc::new(Pcrf::start(config).await.unwrap());
    let (endpoint, ledger) = (Endpoint::start().await, Ledger::default());
    let mut gateway = Gateway::start(&folder, pcrf.address()).await;
    let mut clients = Clients::start(CLIENTS, seed, &gateway, &pcrf, &endpoint.url(), &ledger).await;

    let (mut chance, mut reopened, mut kills, mut early) = (Dice::new(!seed), Vec::new(), 0, 0);
    while kills < wanted {
        sleep(Duration::from_millis(20 + chance.below(400))).await;
        gateway.kill();
        kills += 1;
        while chance.below(4) == 0 {
            gateway.start_and_kill(Duration::from_millis(chance.below(150))).await;
            kills += 1;
            early += 1;
        }
        reopened.push(gateway.start_again().await);
        if reopened.len().is_multiple_of(BETWEEN_LOOKS) || kills >= wanted {
            let pause = clients.pause().await;
            agree(&gateway, &pcrf, &ledger, &endpoint).await;
            drop(pause);
        }
    }
    clients.end().await;
    reopened.sort();
    let (told, heard) = (ledger.told(), endpoint.heard());
    let acknowledged = told.reports.values().filter(|report| report.acknowledged).count();
    // Not by println, which a test that passes keeps to itself.
    writeln!(
        io::stderr(),
        "kill -9: {kills} kills in {} s with seed {seed}, {early} of them while it started; {} creates, {} changes and \
         {} removes acknowledged, {} of the first two asked for again with the same answer; {acknowledged} of {} \
         reports acknowledged, {} events in {} deliveries; 0 lost, 0 twice, 0 phantom, 0 left at the PCRF; from the start of the process until it listens: median {} ms, worst {} ms",
        began.elapsed().as_secs(),
        told.created,
        told.modified,
        told.removed.len(),
        told.repeated,
        told.reports.len(),
        heard.events.len(),
        heard.deliveries,
        reopened[reopened.len() / 2].as_millis(),
        reopened[reopened.len() - 1].as_millis(),
    )
    .unwrap();
    assert!(!told.removed.is_empty() && acknowledged > 0, "clients and reporters were at work");
}
