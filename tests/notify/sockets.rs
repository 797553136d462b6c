//! Over real sockets, with the resolver of the system.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use rxgate::notify::{Notification, Notifier, NotifyConfig, Resolve, SystemResolver};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use uuid::Uuid;

use crate::world::{count, read_request};

/// Every wait of these tests ends by an event; this only keeps a broken one from hanging.
const DEADLINE: Duration = Duration::from_secs(60);

fn notifier(allow: &[&str]) -> Arc<Notifier> {
    let config = NotifyConfig {
        allow_networks: allow.iter().map(|text| text.parse().unwrap()).collect(),
        retry_initial: Duration::from_millis(10),
        retry_max: Duration::from_millis(20),
        ..NotifyConfig::default()
    };
    Notifier::new(config, Arc::new(SystemResolver::default()))
}

fn send(notifier: &Notifier, queue: &str, url: &str, body: &'static str) {
    let endpoint = notifier.endpoint(url).unwrap();
    let notification = Notification {
        id: Uuid::now_v7(),
        age: Duration::ZERO,
        endpoint,
        body: Bytes::from_static(body.as_bytes()),
        release: Box::pin(async {}),
    };
    notifier.send(queue, notification).unwrap();
}

/// Listens on a port of the system's choice, and answers one connection after another with these, the last one
/// for good. Nothing means: resets the connection after the request.
async fn listen(
    at: &str,
    answers: Vec<Option<String>>,
) -> (SocketAddr, mpsc::UnboundedReceiver<(String, String)>) {
    let listener = TcpListener::bind(at).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for at in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read_request(&mut stream).await.unwrap();
            match answers.get(at).unwrap_or(answers.last().unwrap()) {
                Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                None => reset(&stream),
            }
            if sender.send(request).is_err() {
                return;
            }
        }
    });
    (address, seen)
}

/// Closing will reset the connection.
fn reset(stream: &TcpStream) {
    stream.set_zero_linger().unwrap();
}

fn answer(status: &str) -> Option<String> {
    Some(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"))
}

async fn next<T>(receiver: &mut mpsc::UnboundedReceiver<T>) -> T {
    timeout(DEADLINE, receiver.recv()).await.expect("a request comes").unwrap()
}

#[tokio::test]
async fn a_reset_a_500_and_a_redirect_are_repeated_in_order() {
    let (other, mut unseen) = listen("127.0.0.1:0", vec![answer("200 OK")]).await;
    let redirect = format!("HTTP/1.1 307 Moved\r\nLocation: http://{other}/\r\nContent-Length: 0\r\n\r\n");
    let answers = vec![None, answer("500 Oops"), Some(redirect), answer("204 No Content")];
    let (address, mut seen) = listen("127.0.0.1:0", answers).await;
    let notifier = notifier(&["127.0.0.0/8"]);
    for body in ["1", "2"] {
        send(&notifier, "one", &format!("http://{address}/app"), body);
    }
    let mut got = Vec::new();
    for _ in 0..5 {
        let (head, body) = next(&mut seen).await;
        assert!(head.to_ascii_lowercase().contains(&format!("\r\nhost: {address}\r\n")), "{head}");
        got.push(body);
    }
    assert_eq!(got, ["1", "1", "1", "1", "2"]);
    notifier.shut_down(DEADLINE).await;
    assert_eq!((count(notifier.counters(), "delivered"), count(notifier.counters(), "left")), (2, 0));
    assert!(unseen.try_recv().is_err());
}

#[tokio::test]
async fn localhost_is_resolved_and_its_allowed_address_is_used() {
    let (address, mut seen) = listen("127.0.0.1:0", vec![answer("200 OK")]).await;
    // A port that nobody listens on at ::1: that address, if localhost has it, is not allowed anyway.
    let notifier = notifier(&["127.0.0.1/32"]);
    send(&notifier, "one", &format!("http://LocalHost:{}/", address.port()), "{}");
    let (head, _) = next(&mut seen).await;
    assert!(head.to_ascii_lowercase().contains(&format!("\r\nhost: localhost:{}\r\n", address.port())));
    notifier.shut_down(DEADLINE).await;
    assert_eq!(count(notifier.counters(), "delivered"), 1);
}

#[tokio::test]
async fn localhost_is_refused_unless_it_is_allowed() {
    let (address, mut seen) = listen("127.0.0.1:0", vec![answer("200 OK")]).await;
    let notifier = notifier(&[]);
    send(&notifier, "one", &format!("http://localhost:{}/", address.port()), "{}");
    notifier.shut_down(DEADLINE).await;
    assert_eq!((count(notifier.counters(), "failed"), count(notifier.counters(), "left")), (1, 1));
    assert!(seen.try_recv().is_err());
}

#[tokio::test]
async fn an_ipv6_endpoint_has_its_brackets_in_the_host_header() {
    let Ok(probe) = TcpListener::bind("[::1]:0").await else {
        eprintln!("skipped: this machine has no IPv6 loopback");
        return;
    };
    drop(probe);
    let (address, mut seen) = listen("[::1]:0", vec![answer("200 OK")]).await;
    let notifier = notifier(&["::1/128"]);
    send(&notifier, "one", &format!("http://{address}/"), "{}");
    let (head, _) = next(&mut seen).await;
    assert!(head.to_ascii_lowercase().contains(&format!("\r\nhost: [::1]:{}\r\n", address.port())), "{head}");
    notifier.shut_down(DEADLINE).await;
}

#[tokio::test]
async fn a_name_without_an_address_is_an_error_for_everybody_who_asked() {
    let resolver = SystemResolver::default();
    // The reserved name of RFC 6761 §6.4.
    let (one, other) = tokio::join!(resolver.resolve("rxgate.invalid"), resolver.resolve("rxgate.invalid"));
    assert!(one.is_err() && other.is_err());
    let found = resolver.resolve("127.0.0.1").await.unwrap();
    assert_eq!(found, ["127.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
}
