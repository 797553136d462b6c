//! What the log says of peers that cannot be reached: a warning once, and when they are back.

use std::net::SocketAddr;

use rxgate::pcrf::{Pcrf, PcrfConfig};

use crate::{
    gateway,
    process::{Gateway, call, ready},
};

/// What was logged of peers above debug, in order: the level and the beginning of the message.
fn told(log: &str) -> Vec<(String, String)> {
    let lines = log.lines().filter_map(|line| {
        let (_, rest) = line.split_once(' ')?;
        let (level, rest) = rest.trim_start().split_once(' ')?;
        let (_, message) =
            rest.split_once("rxgate::peer::enter: ").or(rest.split_once("rxgate::gateway::reach: "))?;
        let message = message.split([':', '=']).next()?;
        Some((level.to_owned(), message.trim_end_matches(" peer").trim_end_matches(" after_s").to_owned()))
    });
    lines.filter(|(level, _)| level != "DEBUG").collect()
}

/// `more`: further sections, behind the peer's.
fn spawn(name: &str, pcrf: SocketAddr, more: &str) -> Gateway {
    let quick = "reconnect_initial_ms = 10\nreconnect_max_ms = 20";
    Gateway::spawn_logging(
        name,
        &gateway::config(pcrf, quick, more),
        "warn,rxgate::peer=debug,rxgate::gateway=info",
    )
}

/// On an address that nothing else listens on or connects from: its port stays free while it is away.
fn alone() -> PcrfConfig {
    PcrfConfig { listen: "127.0.0.2:0".parse().unwrap(), ..PcrfConfig::on_free_ports() }
}

/// Three attempts that fail.
fn three_attempts(gateway: &mut Gateway) -> String {
    (0..3).map(|_| gateway.log_until("from=Wait-Conn-Ack to=Closed")).collect()
}

fn pair(level: &str, message: &str) -> (String, String) {
    (level.to_owned(), message.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loss_of_the_only_peer_is_told_once_and_so_is_its_return() {
    let pcrf = Pcrf::start(alone()).await.unwrap();
    let address = pcrf.address();
    let mut gateway = spawn("loss", address, "");
    gateway.listening("http");
    let admin = gateway.listening("admin");
    ready(admin);
    pcrf.kill().await;
    let mut log = gateway.log_until("peer lost");
    log += &three_attempts(&mut gateway);
    let pcrf = Pcrf::start(PcrfConfig { listen: address, ..PcrfConfig::on_free_ports() }).await.unwrap();
    log += &gateway.log_until("can be reached again");
    assert!(log.contains("peer=pcrf.rx.test from=I-Open to=Closed reason="), "{log}");
    let mut first = told(&log);
    // Once for each reason: while a PCRF goes or comes there may be several.
    first.dedup_by(|next, one| next == one && next.1 == "peer is still not reached");
    let lost = first.iter().position(|(level, _)| level == "WARN").unwrap_or_else(|| panic!("{log}"));
    assert_eq!(
        first[lost..],
        [
            pair("WARN", "peer lost"),
            pair("ERROR", "no PCRF can be reached"),
            pair("INFO", "peer is still not reached"),
            pair("INFO", "peer is back"),
            pair("INFO", "watchdog"),
            pair("INFO", "a PCRF can be reached again"),
        ],
        "{log}"
    );
    // Whoever is sent away is not missed.
    assert_eq!(call(admin, "POST", "/peers/pcrf.rx.test/disconnect", "").0, 204);
    gateway.signal("-TERM");
    let (code, log) = gateway.end();
    assert!(code == Some(0) && told(&log).iter().all(|(level, _)| level == "INFO"), "{log}");
    pcrf.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_not_there_from_the_start_is_told_once() {
    let pcrf = Pcrf::start(alone()).await.unwrap();
    let address = pcrf.address();
    pcrf.kill().await;
    let mut gateway = spawn("never", address, "");
    let log = three_attempts(&mut gateway);
    assert!(log.contains("reason=cannot connect to pcrf.rx.test: "), "{log}");
    assert_eq!(told(&log), [pair("INFO", "peer"), pair("WARN", "peer not reached")], "{log}");
    let pcrf = Pcrf::start(PcrfConfig { listen: address, ..PcrfConfig::on_free_ports() }).await.unwrap();
    gateway.log_until("peer is back");
    gateway.signal("-TERM");
    assert_eq!(gateway.end().0, Some(0));
    pcrf.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_end_with_a_peer_missing_is_no_loss() {
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
    let missing = "[[diameter.peers]]\nhost = \"other.rx.test\"\naddress = \"127.0.0.2:1\"\n";
    let mut gateway = spawn("end", pcrf.address(), missing);
    gateway.listening("http");
    let admin = gateway.listening("admin");
    ready(admin);
    gateway.log_until("peer not reached");
    gateway.signal("-TERM");
    let (code, log) = gateway.end();
    assert!(code == Some(0) && told(&log).iter().all(|(level, _)| level == "INFO"), "{log}");
    assert!(log.contains("peer=pcrf.rx.test from=I-Open to=Closing"), "{log}");
    pcrf.stop().await;
}
