//! `rxgate serve` as a process: it says where it listens, serves, and ends in order.
#![allow(clippy::unwrap_used)]

mod audit;
mod exchange;
#[path = "../pcrf/gateway.rs"]
mod gateway;
mod missed;
mod process;
mod reload;
mod stop;
mod supervisor;

use std::{
    process::Command,
    sync::{Arc, Mutex},
};

use rxgate::{
    pcrf::{Exchange, Pcrf, PcrfConfig},
    transport::DisconnectCause,
};

use process::{BODY, Gateway, call, config, ready, template, until};

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_and_on_a_signal_leaves_no_session_behind() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen_by_pcrf = seen.clone();
    let pcrf = Pcrf::start(PcrfConfig {
        observer: Some(Arc::new(move |exchange: &Exchange| {
            seen_by_pcrf.lock().unwrap().push(exchange.to_string());
        })),
        ..PcrfConfig::on_free_ports()
    })
    .await
    .unwrap();
    let mut gateway = Gateway::spawn("good", &config(pcrf.address()));
    let http = gateway.listening("http");
    let admin = gateway.listening("admin");
    gateway.listening("diameter");
    assert_eq!(call(admin, "GET", "/live", "").0, 200);
    ready(admin);
    for user in 1..=3 {
        let (status, body) =
            call(http, "POST", &format!("/ApplicationQoSService/tel:+4917655501{user}/qos"), BODY);
        assert_eq!(status, 201, "{body}");
    }
    assert_eq!(pcrf.sessions().len(), 3);
    gateway.signal("-TERM");
    let (code, log) = gateway.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(pcrf.sessions().is_empty(), "{:?}", seen.lock().unwrap());
    let terminations = seen.lock().unwrap().iter().filter(|exchange| exchange.contains("STR")).count();
    assert_eq!(terminations, 3);
    // So long that no port, time or identifier has it by chance.
    assert!(!log.contains("WARN") && !log.contains("10.0.0.1") && !log.contains("17655501"), "{log}");
    pcrf.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_peer_it_says_why_it_is_not_ready() {
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
    let address = pcrf.address();
    pcrf.kill().await;
    let mut gateway = Gateway::spawn("alone", &config(address));
    let http = gateway.listening("http");
    let admin = gateway.listening("admin");
    let (status, body) = call(admin, "GET", "/ready", "");
    assert_eq!(status, 503);
    assert!(body.contains(r#""ready":false"#) && body.contains("pcrf.rx.test"), "{body}");
    let (status, body) = call(http, "POST", "/ApplicationQoSService/tel:+49171/qos", BODY);
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("pcrf.rx.test"), "{body}");
    gateway.signal("-INT");
    assert_eq!(gateway.end().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_says_goodbye_is_shown_with_its_cause() {
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
    let mut gateway = Gateway::spawn("goodbye", &config(pcrf.address()));
    gateway.listening("http");
    let admin = gateway.listening("admin");
    ready(admin);
    pcrf.disconnect(DisconnectCause::Busy);
    until(|| call(admin, "GET", "/ready", "").0 != 200, || "it is still ready".into());
    let (_, peers) = call(admin, "GET", "/peers", "");
    assert!(peers.contains("BUSY"), "{peers}");
    gateway.signal("-TERM");
    assert_eq!(gateway.end().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_takes_a_peer_out_and_puts_it_back() {
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
    let mut gateway = Gateway::spawn("operator", &config(pcrf.address()));
    let http = gateway.listening("http");
    let admin = gateway.listening("admin");
    let diameter = gateway.listening("diameter");
    ready(admin);
    let (_, peers) = call(admin, "GET", "/peers", "");
    for member in [
        r#""connected":true"#.into(),
        r#""disconnectedByOperator":false"#.into(),
        r#""destinationHost":"pcrf.rx.test""#.into(),
        format!(r#""destinationPort":{}"#, pcrf.address().port()),
        format!(r#""originPort":{}"#, diameter.port()),
    ] {
        assert!(peers.contains::<&str>(&member), "{member}: {peers}");
    }
    let path = "/ApplicationQoSService/tel:+49171/qos";
    let (status, body) = call(http, "POST", path, BODY);
    assert_eq!(status, 201, "{body}");

    assert_eq!(call(admin, "POST", "/peers/pcrf.rx.test/disconnect", "").0, 204);
    let why = "disconnected by the operator: POST /peers/pcrf.rx.test/connect on the admin listener connects it again";
    for (address, method, path, body) in [(admin, "GET", "/ready", ""), (http, "POST", path, BODY)] {
        let (status, body) = call(address, method, path, body);
        assert_eq!(status, 503, "{body}");
        assert!(body.contains(why), "{body}");
    }
    let (_, peers) = call(admin, "GET", "/peers", "");
    assert!(peers.contains(r#""connected":false,"disconnectedByOperator":true"#), "{peers}");
    assert_eq!(call(admin, "POST", "/peers/other.rx.test/connect", "").0, 404);

    assert_eq!(call(admin, "POST", "/peers/pcrf.rx.test/connect", "").0, 204);
    ready(admin);
    // Nobody forgot the session meanwhile.
    assert_eq!(pcrf.sessions().len(), 1);
    gateway.signal("-TERM");
    assert_eq!(gateway.end().0, Some(0));
    assert!(pcrf.sessions().is_empty());
    pcrf.stop().await;
}

#[test]
fn templates_that_are_refused_at_start_end_with_2() {
    let directory = std::env::temp_dir().join(format!("rxgate-serve-{}-refused", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("rules.toml"), "[[rule]]\nmatch = '.*'\ntemplate = \"all.xml\"\n").unwrap();
    std::fs::write(directory.join("all.xml"), template("all", "much")).unwrap();
    let config = config("127.0.0.1:3868".parse().unwrap());
    let config = format!("{config}[templates]\ndirectory = '{}'\n", directory.display());
    let mut gateway = Gateway::spawn("refused-templates", &config);
    let (code, errors) = gateway.end();
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("error: ") && errors.contains("all.xml:4:"), "{errors}");
    let output =
        Command::new(env!("CARGO_BIN_EXE_rxgate")).arg("check-config").arg(&gateway.file).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let checked = String::from_utf8(output.stderr).unwrap();
    assert!(checked.contains("all.xml:4:"), "{checked}");
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_store_above_which_nothing_is_is_refused() {
    let text = gateway::config("127.0.0.1:1".parse().unwrap(), "", "[store]\npath = \"no-disk/store\"\n");
    let mut gateway = Gateway::spawn("no-disk", &text);
    let (code, refused) = gateway.end();
    assert_eq!(code, Some(1), "{refused}");
    let output =
        Command::new(env!("CARGO_BIN_EXE_rxgate")).arg("check-config").arg(&gateway.file).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let checked = String::from_utf8(output.stderr).unwrap();
    let parent = gateway.file.with_file_name("no-disk");
    let (what, place) = (
        format!(
            "[store] {0}/store: there is no such directory, and none {0} to make it in\nhint: ",
            parent.display()
        ),
        gateway.file.display(),
    );
    let line = text.lines().position(|line| line.starts_with("path")).unwrap() + 1;
    assert!(refused.contains(&format!("error: {what}")), "{refused}");
    assert!(checked.contains(&format!("error: {place}:{line}:1: {what}")), "{checked}");
    for errors in [refused, checked] {
        assert!(errors.contains("look whether the disk that it is on is mounted"), "{errors}");
    }
    assert!(!parent.exists());
}

#[test]
fn what_cannot_be_listened_on_ends_with_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let text = config("127.0.0.1:3868".parse().unwrap());
    for (section, text) in [
        ("http", text.replacen("listen = \"127.0.0.1:0\"", &format!("listen = \"{address}\""), 1)),
        ("diameter", text.replace("[\"127.0.0.1:0\"]", &format!("[\"{address}\"]"))),
    ] {
        let mut gateway = Gateway::spawn(&format!("taken-{section}"), &text);
        let (code, errors) = gateway.end();
        assert_eq!(code, Some(1), "{errors}");
        let expected = format!("error: [{section}] cannot listen on {address}: ");
        assert!(errors.contains(&expected), "{errors}");
        assert!(errors.contains("\nhint: `ss -ltnp` shows who listens there"), "{errors}");
    }
    // Of a network for documentation (RFC 5737), which no machine has.
    let text = text.replacen("listen = [\"127.0.0.1:0\"]", "listen = [\"192.0.2.1:3868\"]", 1);
    let (code, errors) = Gateway::spawn("not-here", &text).end();
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("\nhint: `ip address` shows"), "{errors}");
}

#[test]
fn a_refused_configuration_ends_with_2() {
    let mut gateway = Gateway::spawn("refused", "[diameter]\n");
    let (code, errors) = gateway.end();
    assert_eq!(code, Some(2));
    assert!(errors.contains("[diameter] lacks `origin_host`\nhint: add "), "{errors}");
}
