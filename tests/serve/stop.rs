//! The end of the process: what is under way is answered, what is new is refused, and only then nobody is there.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rxgate::pcrf::{Pcrf, PcrfConfig};
use serde_json::{Value, json};

use crate::process::{BODY, Directory, Gateway, answer, call, durable, patient, ready, until};

/// Requests that are under way: as many as are taken on however slow everything is.
const UNDER_WAY: usize = 16;

fn path(user: usize) -> String {
    format!("/ApplicationQoSService/tel:+4917{user}/qos")
}

/// The path of what an answer says was made.
fn made(answer: &str) -> String {
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let location = answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    location.strip_prefix("http://gate").unwrap().to_owned()
}

fn pending(admin: SocketAddr) -> usize {
    let (status, body) = call(admin, "GET", "/sessions?state=pending&limit=100", "");
    assert_eq!(status, 200, "{body}");
    let sessions: Value = serde_json::from_str(&body).unwrap();
    sessions.as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_is_answered_and_what_is_new_is_refused() {
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
    let mut gateway = Gateway::spawn("stop", &patient(pcrf.address()));
    let (http, admin) = (gateway.listening("http"), gateway.listening("admin"));
    ready(admin);
    let resource = made(&answer(http, "POST", &path(0), BODY));

    pcrf.hang();
    let calls: Vec<_> =
        (1..=UNDER_WAY).map(|user| thread::spawn(move || call(http, "POST", &path(user), BODY))).collect();
    until(|| pending(admin) == UNDER_WAY, || format!("{} are pending", pending(admin)));
    gateway.signal("-TERM");
    gateway.log_until("shutting down");

    // Both listeners answer: what is new is refused, what is there is shown.
    let refused = answer(http, "POST", &path(99), BODY);
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("\r\nretry-after: 10\r\n"), "{refused}");
    assert!(refused.contains("\r\nconnection: close\r\n"), "{refused}");
    assert!(refused.contains("the gateway is shutting down"), "{refused}");
    let (status, body) = call(http, "PUT", &resource, BODY);
    assert!(status == 503 && body.contains("the gateway is shutting down"), "{status} {body}");
    assert_eq!(call(http, "GET", &resource, "").0, 200);
    let (status, body) = call(admin, "GET", "/ready", "");
    let reason = json!({ "ready": false, "reason": "the gateway is shutting down" });
    assert_eq!((status, serde_json::from_str::<Value>(&body).unwrap()), (503, reason));
    assert_eq!(call(admin, "GET", "/live", "").0, 200);

    pcrf.wake();
    for call in calls {
        let (status, body) = call.join().unwrap();
        assert_eq!(status, 201, "{body}");
    }
    let (code, log) = gateway.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(pcrf.sessions().is_empty());
    assert!(TcpStream::connect(http).is_err());
    pcrf.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_in_a_store_survive_the_process_with_their_timers() {
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
    let directory = Directory::new("durable");
    let config = durable(pcrf.address(), &directory);
    let mut gateway = Gateway::spawn("durable", &config);
    let (http, admin) = (gateway.listening("http"), gateway.listening("admin"));
    ready(admin);
    let resource = made(&answer(http, "POST", &path(1), BODY));
    gateway.signal("-TERM");
    let (code, log) = gateway.end();
    assert_eq!(code, Some(0), "{log}");
    let is_told =
        |log: &str| log.lines().any(|line| line.contains("WARN") && line.contains("the store is new:"));
    assert!(is_told(&log), "{log}");
    // The PCRF was told goodbye, and nothing about the sessions.
    assert!(log.contains("REBOOTING") || log.contains("told to stay down"), "{log}");
    assert_eq!(pcrf.sessions().len(), 1);

    // It is to outlive the end of its process, and soon to end after that; a slow machine needs the longer one.
    let expires = [4, 60].into_iter().find_map(|duration| {
        let mut gateway = Gateway::spawn("durable", &config);
        let (http, admin) = (gateway.listening("http"), gateway.listening("admin"));
        ready(admin);
        let timed = BODY.replacen("{\"framed", &format!("{{\"duration\": {duration}, \"framed"), 1);
        let expires = made(&answer(http, "POST", &path(2), &timed));
        gateway.signal("-TERM");
        assert_eq!(gateway.end().0, Some(0));
        (pcrf.sessions().len() == 2).then_some(expires)
    });
    let expires = expires.unwrap();

    let mut gateway = Gateway::spawn("durable", &config);
    let (http, admin) = (gateway.listening("http"), gateway.listening("admin"));
    ready(admin);
    until(|| pcrf.sessions().len() <= 1, || "the timer of the session is lost".into());
    assert_eq!(call(http, "GET", &expires, "").0, 404);
    assert_eq!(call(http, "GET", &resource, "").0, 200);
    assert_eq!(call(http, "DELETE", &resource, "").0, 204);
    assert!(pcrf.sessions().is_empty());
    gateway.signal("-TERM");
    let (code, log) = gateway.end();
    assert!(code == Some(0) && !is_told(&log), "{log}");
    pcrf.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_over_a_loss_that_is_accepted_end_with_a_reason_of_their_own() {
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
    let directory = Directory::new("loss");
    let records = directory.0.join("records.jsonl");
    let config =
        format!("{}[records]\nfile = '{}'\n", durable(pcrf.address(), &directory), records.display());
    let mut gateway = Gateway::spawn("accept", &config);
    let (http, admin) = (gateway.listening("http"), gateway.listening("admin"));
    ready(admin);
    made(&answer(http, "POST", &path(1), BODY));
    gateway.signal("-TERM");
    assert_eq!(gateway.end().0, Some(0));
    std::fs::remove_file(directory.0.join("store/commits")).unwrap();
    let (code, log) = Gateway::spawn("accept", &config).end();
    assert!(code == Some(1) && log.contains("start with --accept-store-loss"), "{log}");
    assert_eq!(pcrf.sessions().len(), 1);

    // It ends before it has ended one of them: the next one goes on with that.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("[diameter]\nlisten = [\"{}\"]\n", taken.local_addr().unwrap());
    let busy = config.replacen("[diameter]\n", &listen, 1);
    let (code, log) = Gateway::spawn_as("accept", &busy, &[], &["--accept-store-loss"]).end();
    assert!(code == Some(1) && log.contains("sessions may be lost"), "{log}");
    assert_eq!(pcrf.sessions().len(), 1);

    let mut gateway = Gateway::spawn("accept", &config);
    let (http, admin) = (gateway.listening("http"), gateway.listening("admin"));
    until(|| pcrf.sessions().is_empty(), || "the session that is left is not ended".into());
    gateway.log_until("every session is ended that was left");
    let resource = made(&answer(http, "POST", &path(2), BODY));
    let (_, metrics) = call(admin, "GET", "/metrics", "");
    assert!(metrics.contains("rxgate_sessions_ended_total{by=\"loss\"} 1\n"), "{metrics}");
    gateway.signal("-TERM");
    assert_eq!(gateway.end().0, Some(0));
    // That is done once.
    let mut gateway = Gateway::spawn("accept", &config);
    let (http, admin) = (gateway.listening("http"), gateway.listening("admin"));
    ready(admin);
    assert_eq!(call(http, "GET", &resource, "").0, 200);
    assert_eq!(call(http, "DELETE", &resource, "").0, 204);
    gateway.signal("-TERM");
    let (code, log) = gateway.end();
    assert!(code == Some(0) && !log.contains("every session is ended"), "{log}");
    let records = std::fs::read_to_string(records).unwrap();
    let record: Value = serde_json::from_str(records.lines().next().unwrap()).unwrap();
    assert_eq!(record["reason"], "the gateway lost part of its memory of sessions");
    pcrf.stop().await;
}

/// What became of one request.
enum Fate {
    Granted,
    Refused,
    /// Nobody was there.
    NotConnected,
    /// Closed without a word on a client that connected and sent nothing for so long.
    TooLate,
    Cut(String),
}

/// At the end a connection on which nothing has come is left open for so long.
const LAST_CHANCE: Duration = Duration::from_millis(100);

fn attempt(http: SocketAddr, path: &str) -> Fate {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n",
        BODY.len()
    );
    let request = [head.as_str(), BODY].concat();
    let mut answer = String::new();
    let begun = Instant::now();
    let Ok(mut stream) = TcpStream::connect(http) else { return Fate::NotConnected };
    let written = stream.write_all(request.as_bytes());
    let took = begun.elapsed();
    match written.and_then(|()| stream.read_to_string(&mut answer)) {
        Ok(_) if answer.starts_with("HTTP/1.1 201 ") => Fate::Granted,
        Ok(_) if answer.starts_with("HTTP/1.1 503 ") && answer.contains("shutting down") => Fate::Refused,
        _ if answer.is_empty() && took >= LAST_CHANCE => Fate::TooLate,
        outcome => Fate::Cut(format!("{outcome:?} after {answer:?}, sent in {took:?}")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_every_request_that_was_taken_is_answered() {
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
    let mut gateway = Gateway::spawn_logging("load", &patient(pcrf.address()), "warn");
    let (http, admin) = (gateway.listening("http"), gateway.listening("admin"));
    ready(admin);
    let granted = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..16_usize)
        .map(|client| {
            let granted = granted.clone();
            // Bounded, should nothing ever stop it.
            thread::spawn(move || {
                for number in 0..200_000 {
                    match attempt(http, &path(1000 + client * 200_000 + number)) {
                        Fate::Granted => _ = granted.fetch_add(1, Ordering::Relaxed),
                        Fate::Refused | Fate::TooLate => {}
                        Fate::NotConnected => return Ok(()),
                        Fate::Cut(how) => return Err(how),
                    }
                }
                Err("it never ended".into())
            })
        })
        .collect();
    let granted = || granted.load(Ordering::Relaxed);
    until(|| granted() >= 200, || format!("{} are granted", granted()));
    gateway.signal("-TERM");
    let fates: Vec<Result<(), String>> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    let cut: Vec<_> = fates.into_iter().filter_map(Result::err).collect();
    assert!(cut.is_empty(), "{} of 16: {cut:?}", cut.len());
    let (code, log) = gateway.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(pcrf.sessions().is_empty(), "{log}");
    pcrf.stop().await;
}
