//! The listener over real sockets: bounds of connections, and how they end.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, routing};
use bytes::Bytes;
use rxgate::{
    metrics::{Collect, Page},
    north::{
        limits::{Limits, Refusals, Refused},
        server::{BindError, Server},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{support::EXAMPLE, world::World};

/// Every wait of these tests ends by an event; this only keeps a broken one from hanging.
const DEADLINE: Duration = Duration::from_secs(60);

struct Running {
    address: SocketAddr,
    refused: Arc<Refused>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    /// What it shows of connections that it refused.
    fn figures(&self) -> String {
        Page::of([&Refusals([("http", self.refused.clone())]) as &dyn Collect]).into_text()
    }
}

async fn start(router: Router, limits: Limits, grace: Duration) -> Running {
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), limits).await.unwrap();
    let (address, refused) = (server.address(), server.refused());
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(server.serve(router, async { drop(stopped.await) }, grace));
    Running { address, refused, stop, task }
}

async fn connect(running: &Running) -> TcpStream {
    TcpStream::connect(running.address).await.unwrap()
}

/// Everything until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A server that closes with octets unread resets the connection: that is an end as well.
    let read = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut text)).await;
    drop(read.expect("the server closes"));
    String::from_utf8(text).unwrap()
}

/// Until the end of an answer without a body.
async fn head(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        let octet = tokio::time::timeout(DEADLINE, stream.read_u8()).await.expect("an answer comes");
        text.push(octet.unwrap());
    }
    String::from_utf8(text).unwrap()
}

fn empty() -> Router {
    Router::new().route("/", routing::get(|| async {}))
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn an_apply_over_a_socket() {
    let world = World::new();
    let running = start(world.router(), Limits::default(), DEADLINE).await;
    let mut stream = connect(&running).await;
    let head = format!(
        "POST /ApplicationQoSService/tel%3A861013388991111/qos HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        running.address,
        EXAMPLE.len()
    );
    stream.write_all(&[head.as_bytes(), EXAMPLE].concat()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    let location =
        format!("location: http://{}/ApplicationQoSService/tel%3A861013388991111/qos/", running.address);
    assert!(answer.contains(&location), "{answer}");
}

#[tokio::test]
async fn a_header_that_does_not_end_is_not_waited_for() {
    let limits = Limits { header_timeout: Duration::from_millis(50), ..Limits::default() };
    let running = start(empty(), limits, DEADLINE).await;
    let mut silent = connect(&running).await;
    assert_eq!(rest(&mut silent).await, "");
    let mut slow = connect(&running).await;
    slow.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    assert_eq!(rest(&mut slow).await, "");
}

#[tokio::test]
async fn a_request_that_has_begun_to_arrive_is_answered_after_the_stop() {
    let running = start(empty(), Limits::default(), DEADLINE).await;
    let mut connections = Vec::new();
    for is_fresh in [true, false] {
        let mut stream = connect(&running).await;
        if !is_fresh {
            stream.write_all(GET).await.unwrap();
            assert!(head(&mut stream).await.starts_with("HTTP/1.1 200 "));
        }
        // So much of it that it has arrived when something that was sent later is answered.
        stream.write_all(&GET[..9]).await.unwrap();
        connections.push(stream);
    }
    let mut other = connect(&running).await;
    other.write_all(GET).await.unwrap();
    head(&mut other).await;
    let silent = connect(&running).await;
    running.stop.send(()).unwrap();
    // Those that say nothing are closed.
    for mut stream in [other, silent] {
        assert_eq!(rest(&mut stream).await, "");
    }
    for mut stream in connections {
        stream.write_all(&GET[9..]).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
    running.task.await.unwrap();
}

#[tokio::test]
async fn while_it_drains_every_answer_closes_its_connection() {
    let draining = rxgate::live::Live::from(false);
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), Limits::default()).await.unwrap();
    let address = server.address();
    tokio::spawn(server.draining(draining.clone()).serve(empty(), std::future::pending(), DEADLINE));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    assert!(!head(&mut stream).await.contains("connection: close"));
    draining.set(true);
    stream.write_all(GET).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("connection: close\r\n"),
        "{answer}"
    );
    // Whoever connects meanwhile is answered as well.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let limits = Limits { idle_timeout: Duration::from_millis(50), ..Limits::default() };
    let (called, mut calls) = mpsc::unbounded_channel();
    let router = Router::new().route(
        "/",
        routing::get(move || {
            let (go, wait) = oneshot::channel::<()>();
            called.send(go).unwrap();
            async move { drop(wait.await) }
        }),
    );
    let running = start(router, limits, DEADLINE).await;
    let mut idle = connect(&running).await;
    let mut busy = connect(&running).await;
    busy.write_all(GET).await.unwrap();
    let go_on_busy = calls.recv().await.unwrap();
    idle.write_all(GET).await.unwrap();
    calls.recv().await.unwrap().send(()).unwrap();
    assert!(head(&mut idle).await.starts_with("HTTP/1.1 200 OK"));
    // The other one has waited as long as this one when this is closed, and still gets its answer.
    assert_eq!(rest(&mut idle).await, "");
    go_on_busy.send(()).unwrap();
    assert!(head(&mut busy).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn an_address_has_so_many_connections() {
    let limits = Limits { max_connections_per_address: 2, ..Limits::default() };
    let running = start(empty(), limits, DEADLINE).await;
    let (mut first, mut second) = (connect(&running).await, connect(&running).await);
    for stream in [&mut first, &mut second] {
        stream.write_all(GET).await.unwrap();
        assert!(head(stream).await.starts_with("HTTP/1.1 200 OK"));
    }
    let mut third = connect(&running).await;
    let told = rest(&mut third).await;
    assert!(
        told.starts_with("HTTP/1.1 503 Service Unavailable\r\n") && told.contains("Retry-After: 1"),
        "{told}"
    );
    assert!(running.figures().contains("reason=\"max_connections_per_address\"} 1\n"));
    // Once the server has seen one of them go there is room for another.
    first.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    rest(&mut first).await;
    drop(first);
    let answered = async {
        loop {
            let mut next = connect(&running).await;
            if next.write_all(GET).await.is_ok()
                && next.read_u8().await.is_ok()
                && !is_refused(&mut next).await
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, answered).await.expect("there is room again");
}

#[tokio::test]
async fn a_listener_has_so_many_connections_whoever_makes_them() {
    let limits = Limits { max_connections: 2, max_connections_per_address: 0, ..Limits::default() };
    let running = start(empty(), limits, DEADLINE).await;
    let mut kept = Vec::new();
    for last in [1, 2] {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, last], 0).into()).unwrap();
        let mut stream = socket.connect(running.address).await.unwrap();
        stream.write_all(GET).await.unwrap();
        assert!(head(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
        kept.push(stream);
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 3], 0).into()).unwrap();
    let told = rest(&mut socket.connect(running.address).await.unwrap()).await;
    assert!(told.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{told}");
    assert!(running.figures().contains("reason=\"max_connections\"} 1\n"));
    for stream in &mut kept {
        stream.write_all(GET).await.unwrap();
        assert!(head(stream).await.starts_with("HTTP/1.1 200 OK"));
    }
}

/// Whether the answer, whose first octet was read, is the refusal.
async fn is_refused(stream: &mut TcpStream) -> bool {
    let mut start = [0; 11];
    stream.read_exact(&mut start).await.is_err() || &start == b"TTP/1.1 503"
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_waited_for() {
    let world = World::new();
    let running = start(world.router(), Limits::default(), DEADLINE).await;
    for framing in ["Content-Length: 300000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n493E0\r\n"] {
        let mut stream = connect(&running).await;
        let head = format!(
            "POST /ApplicationQoSService/tel:1/qos HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             {framing}"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server may close before it has read all of it.
        drop(stream.write_all(&[b' '; 262_145]).await);
        let mut start = [0; 12];
        let read =
            tokio::time::timeout(DEADLINE, stream.read_exact(&mut start)).await.expect("an answer comes");
        read.unwrap();
        assert_eq!(&start, b"HTTP/1.1 413");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let limits = Limits { body_timeout: Duration::from_millis(50), ..Limits::default() };
    let world = World::with(limits);
    let running = start(world.router(), limits, DEADLINE).await;
    let mut stream = connect(&running).await;
    let head = "POST /ApplicationQoSService/tel:1/qos HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Content-Length: 10\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 408 Request Timeout\r\n"));
}

#[tokio::test]
async fn a_body_that_comes_octet_by_octet_is_not_waited_for() {
    let limits = Limits { body_timeout: Duration::from_millis(50), ..Limits::default() };
    let running = start(World::with(limits).router(), limits, DEADLINE).await;
    let (mut answers, mut requests) = connect(&running).await.into_split();
    let head = format!(
        "POST /ApplicationQoSService/tel:1/qos HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        limits.max_body
    );
    requests.write_all(head.as_bytes()).await.unwrap();
    // Without a last octet the body never is whole, and the next octet is always on its way.
    let drip = async {
        for _ in 1..limits.max_body {
            if requests.write_all(b" ").await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        std::future::pending::<()>().await;
    };
    let mut start = [0; 12];
    let answered = async { drop(answers.read_exact(&mut start).await) };
    tokio::select! {
        () = drip => {}
        answered = tokio::time::timeout(DEADLINE, answered) => answered.expect("an answer comes"),
    }
    assert_eq!(&start, b"HTTP/1.1 408");
}

/// So large that no buffer on the way holds it, and saying when the server lets go of it.
fn large(gone: oneshot::Sender<()>) -> Bytes {
    struct Large(Vec<u8>, Option<oneshot::Sender<()>>);
    impl AsRef<[u8]> for Large {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    impl Drop for Large {
        fn drop(&mut self) {
            // The test may be over.
            _ = self.1.take().map(|gone| gone.send(()));
        }
    }
    Bytes::from_owner(Large(vec![b'x'; 64 << 20], Some(gone)))
}

#[tokio::test]
async fn who_does_not_read_an_answer_is_cut_off() {
    // Nothing else ends the connection.
    let limits = Limits {
        write_timeout: Duration::from_millis(50),
        idle_timeout: Duration::from_secs(3600),
        ..Limits::default()
    };
    let (gone, is_gone) = oneshot::channel();
    let answer = Arc::new(Mutex::new(Some(large(gone))));
    let answer = move || std::future::ready(answer.lock().unwrap().take().unwrap());
    let router = Router::new().route("/", routing::get(answer));
    let running = start(router, limits, DEADLINE).await;
    let mut stream = connect(&running).await;
    stream.write_all(GET).await.unwrap();
    tokio::time::timeout(DEADLINE, is_gone).await.expect("the server gives up").unwrap();
    assert!(rest(&mut stream).await.len() < 64 << 20);
}

#[tokio::test]
async fn stopping_lets_requests_end_and_takes_no_more() {
    let (called, mut calls) = mpsc::unbounded_channel();
    let router = Router::new().route(
        "/",
        routing::get(move || {
            let (go, wait) = oneshot::channel::<()>();
            called.send(go).unwrap();
            async move { drop(wait.await) }
        }),
    );
    let running = start(router.clone(), Limits::default(), DEADLINE).await;
    let (mut busy, mut idle) = (connect(&running).await, connect(&running).await);
    idle.write_all(GET).await.unwrap();
    calls.recv().await.unwrap().send(()).unwrap();
    head(&mut idle).await;
    busy.write_all(GET).await.unwrap();
    let go_on = calls.recv().await.unwrap();
    running.stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    TcpStream::connect(running.address).await.unwrap_err();
    go_on.send(()).unwrap();
    let answer = rest(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("connection: close"), "{answer}");
    tokio::time::timeout(DEADLINE, running.task).await.unwrap().unwrap();

    // One that does not end is cut off.
    let running = start(router, Limits::default(), Duration::from_millis(50)).await;
    let mut busy = connect(&running).await;
    busy.write_all(GET).await.unwrap();
    let _never = calls.recv().await.unwrap();
    running.stop.send(()).unwrap();
    assert_eq!(rest(&mut busy).await, "");
    tokio::time::timeout(DEADLINE, running.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn others_than_this_machine_are_not_served() {
    let address = "0.0.0.0:0".parse().unwrap();
    let error = Server::bind(address, Limits::default()).await.unwrap_err();
    assert!(matches!(error, BindError::NotLoopback(_)));
    let first = Server::bind("127.0.0.1:0".parse().unwrap(), Limits::default()).await.unwrap();
    let error = Server::bind(first.address(), Limits::default()).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot listen on 127.0.0.1:"), "{error}");
}
