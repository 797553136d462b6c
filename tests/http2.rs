//! HTTP/2 over real sockets (RFC 9113), as clients use it and as they abuse it.
#![allow(clippy::unwrap_used)]

use std::{
    future::poll_fn,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::HeaderMap, routing};
use bytes::Bytes;
use h2::{
    Reason, SendStream,
    client::{self, ResponseFuture, SendRequest},
};
use hyper::{Request, StatusCode};
use rxgate::{
    live::Live,
    north::{limits::Limits, server::Server},
};
use tokio::{
    net::TcpStream,
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

/// Every wait of these tests ends by an event; this only keeps a broken one from hanging.
const DEADLINE: Duration = Duration::from_secs(60);

struct Running {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

async fn start(router: Router, limits: Limits, draining: Live<bool>) -> Running {
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), limits).await.unwrap().draining(draining);
    let address = server.address();
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(server.serve(router, async { drop(stopped.await) }, DEADLINE));
    Running { address, _stop: stop }
}

struct Client {
    requests: SendRequest<Bytes>,
    /// Ends with the connection.
    connection: JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    async fn connect(running: &Running) -> Self {
        let stream = TcpStream::connect(running.address).await.unwrap();
        let (requests, connection) = client::handshake(stream).await.unwrap();
        Self { requests, connection: tokio::spawn(connection) }
    }

    async fn get(&mut self, path: &str, header: Option<(&str, &str)>) -> Result<ResponseFuture, h2::Error> {
        let mut request = Request::get(format!("http://gate.example.net:8001{path}"));
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let mut requests = self.requests.clone().ready().await?;
        let (answer, _) = requests.send_request(request.body(()).unwrap(), true)?;
        Ok(answer)
    }

    async fn status(&mut self, path: &str) -> StatusCode {
        timeout(DEADLINE, self.get(path, None).await.unwrap()).await.unwrap().unwrap().status()
    }

    /// Waits until the server has ended the connection.
    async fn ended(self) -> Result<(), h2::Error> {
        drop(self.requests);
        timeout(DEADLINE, self.connection).await.expect("the server ends it").unwrap()
    }
}

/// Requests that wait for ever: how many there are, were at a time, and came.
#[derive(Default)]
struct Waiting {
    now: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
    changed: Notify,
}

impl Waiting {
    async fn forever(self: Arc<Self>) {
        struct Leaves(Arc<Waiting>);
        impl Drop for Leaves {
            fn drop(&mut self) {
                self.0.now.fetch_sub(1, Ordering::SeqCst);
                self.0.changed.notify_waiters();
            }
        }
        self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        self.all.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_waiters();
        let _leaves = Leaves(self);
        std::future::pending::<()>().await;
    }

    async fn until(&self, is_so: impl Fn(&Self) -> bool) {
        let so = async {
            loop {
                let changed = self.changed.notified();
                if is_so(self) {
                    return;
                }
                changed.await;
            }
        };
        timeout(DEADLINE, so).await.expect("it becomes so");
    }
}

/// `/` says under which host it was asked, `/wait` waits for ever.
fn router(waiting: &Arc<Waiting>) -> Router {
    let waiting = waiting.clone();
    let wait = move || waiting.forever();
    let host = |headers: HeaderMap| async move {
        headers.get("host").map(|host| host.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    Router::new().route("/", routing::get(host)).route("/wait", routing::get(wait))
}

fn quiet() -> Router {
    router(&Arc::default())
}

#[tokio::test]
async fn requests_go_beside_each_other_and_know_their_host() {
    let waiting = Arc::<Waiting>::default();
    let running = start(router(&waiting), Limits::default(), false.into()).await;
    let mut client = Client::connect(&running).await;
    let _hangs = client.get("/wait", None).await.unwrap();
    let answer = timeout(DEADLINE, client.get("/", None).await.unwrap()).await.unwrap().unwrap();
    let mut body = answer.into_body();
    assert_eq!(&body.data().await.unwrap().unwrap()[..], b"gate.example.net:8001");
}

#[tokio::test]
async fn a_client_has_at_most_a_hundred_requests_under_way() {
    let waiting = Arc::<Waiting>::default();
    let running = start(router(&waiting), Limits::default(), false.into()).await;
    let mut client = Client::connect(&running).await;
    // The limit is in the server's first frame, which comes before its first answer.
    assert_eq!(client.status("/").await, StatusCode::OK);
    let mut asked = Vec::new();
    for _ in 0..150 {
        asked.push(client.get("/wait", None).await.unwrap());
    }
    waiting.until(|waiting| waiting.now.load(Ordering::SeqCst) == 100).await;
    // Room is made for ten of those that wait at the client.
    asked.drain(..10);
    waiting.until(|waiting| waiting.all.load(Ordering::SeqCst) == 110).await;
    assert_eq!(waiting.most.load(Ordering::SeqCst), 100);
}

#[tokio::test]
async fn who_takes_back_request_after_request_is_cut_off_and_others_are_served() {
    let waiting = Arc::<Waiting>::default();
    let running = start(router(&waiting), Limits::default(), false.into()).await;
    let (flood, mut other) = (Client::connect(&running).await, Client::connect(&running).await);
    let mut sent = 0_usize;
    let cut_off = loop {
        let request = Request::get("http://gate/wait").body(()).unwrap();
        let ready = match timeout(DEADLINE, flood.requests.clone().ready()).await.expect("it goes on or ends")
        {
            Ok(ready) => ready,
            Err(error) => break error,
        };
        let mut ready = ready;
        match ready.send_request(request, true) {
            Ok((answer, mut stream)) => {
                stream.send_reset(Reason::CANCEL);
                drop(answer);
            }
            Err(error) => break error,
        }
        sent += 1;
        assert!(sent < 100_000, "a flood goes on for ever");
        if sent.is_multiple_of(50) {
            assert_eq!(other.status("/").await, StatusCode::OK, "after {sent}");
        }
    };
    println!("cut off after {sent}: {cut_off}");
    _ = flood.ended().await;
    assert_eq!(other.status("/").await, StatusCode::OK);
    waiting.until(|waiting| waiting.now.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn who_has_request_after_request_begun_and_takes_it_back_is_cut_off() {
    let waiting = Arc::<Waiting>::default();
    let running = start(router(&waiting), Limits::default(), false.into()).await;
    let mut client = Client::connect(&running).await;
    for answered in 0..20 {
        assert_eq!(client.status("/").await, StatusCode::OK, "{answered}");
    }
    let mut begun = 0;
    while let Ok(answer) = client.get("/wait", None).await {
        begun += 1;
        let ends = async { waiting.until(|waiting| waiting.all.load(Ordering::SeqCst) == begun).await };
        tokio::select! {
            () = ends => drop(answer),
            _ = &mut client.connection => break,
        }
        waiting.until(|waiting| waiting.now.load(Ordering::SeqCst) == 0).await;
        assert!(begun < 1000, "it goes on for ever");
    }
    // A hundred more than were answered.
    assert!((121..=122).contains(&begun), "{begun}");
}

#[tokio::test]
async fn who_takes_back_a_request_now_and_then_stays() {
    let running = start(quiet(), Limits::default(), false.into()).await;
    let mut client = Client::connect(&running).await;
    for _ in 0..300 {
        assert_eq!(client.status("/").await, StatusCode::OK);
        drop(client.get("/wait", None).await.unwrap());
    }
    assert_eq!(client.status("/").await, StatusCode::OK);
}

#[tokio::test]
async fn pings_do_not_keep_an_idle_connection() {
    let limits = Limits { idle_timeout: Duration::from_millis(300), ..Limits::default() };
    let running = start(quiet(), limits, false.into()).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (requests, mut connection) = client::handshake::<_>(stream).await.unwrap();
    let mut pings = connection.ping_pong().unwrap();
    let mut client = Client { requests, connection: tokio::spawn(connection) };
    assert_eq!(client.status("/").await, StatusCode::OK);
    let pinging = async { while pings.ping(h2::Ping::opaque()).await.is_ok() {} };
    timeout(DEADLINE, pinging).await.expect("the server ends it");
    _ = client.ended().await;
}

/// Nobody holds as much of an answer on the way.
const LARGE: usize = 64 << 20;

/// Says when the server lets go of it.
struct Large(Vec<u8>, mpsc::UnboundedSender<&'static str>);

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        // The test may be over.
        _ = self.1.send("gone");
    }
}

/// `/` gives an answer that is large, and tells when it is asked for it and when it is gone.
fn large(tell: mpsc::UnboundedSender<&'static str>) -> Router {
    let answer = move || {
        tell.send("asked").unwrap();
        std::future::ready(Bytes::from_owner(Large(vec![b'x'; LARGE], tell.clone())))
    };
    Router::new().route("/", routing::get(answer))
}

#[tokio::test]
async fn who_does_not_read_its_connection_is_cut_off() {
    // Nothing else ends the connection.
    let limits = Limits {
        write_timeout: Duration::from_millis(50),
        idle_timeout: Duration::from_secs(3600),
        ..Limits::default()
    };
    let (tell, mut told) = mpsc::unbounded_channel();
    let running = start(large(tell), limits, false.into()).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let window = u32::try_from(LARGE).unwrap();
    let mut builder = client::Builder::new();
    builder.initial_window_size(window).initial_connection_window_size(window);
    let (mut requests, mut connection) = builder.handshake::<_, Bytes>(stream).await.unwrap();
    let request = Request::get("http://gate/").body(()).unwrap();
    let (_answer, _) = requests.send_request(request, true).unwrap();
    tokio::select! {
        told = timeout(DEADLINE, told.recv()) => assert_eq!(told.unwrap(), Some("asked")),
        ended = &mut connection => panic!("{ended:?}"),
    }
    // From here on the client reads nothing.
    assert_eq!(timeout(DEADLINE, told.recv()).await.expect("the server gives up"), Some("gone"));
}

#[tokio::test]
async fn who_makes_no_room_for_an_answer_has_no_longer_than_an_idle_client() {
    let limits = Limits { idle_timeout: Duration::from_millis(300), ..Limits::default() };
    let (tell, _told) = mpsc::unbounded_channel();
    let running = start(large(tell), limits, false.into()).await;
    let mut client = Client::connect(&running).await;
    let answer = timeout(DEADLINE, client.get("/", None).await.unwrap()).await.unwrap().unwrap();
    let mut body = answer.into_body();
    // What it reads it keeps: the window is not opened again (RFC 9113 §6.9).
    let all = async {
        let mut octets = 0;
        while let Some(Ok(part)) = body.data().await {
            octets += part.len();
        }
        octets
    };
    assert_eq!(timeout(DEADLINE, all).await.expect("the server ends it"), 65_535);
    _ = client.ended().await;
}

#[tokio::test]
async fn a_header_that_is_too_large_is_refused_and_the_connection_stays() {
    let running = start(quiet(), Limits::default(), false.into()).await;
    let mut client = Client::connect(&running).await;
    assert_eq!(client.status("/").await, StatusCode::OK);
    let large = "x".repeat(40 * 1024);
    let answer = client.get("/", Some(("x-large", &large))).await.unwrap();
    let answer = timeout(DEADLINE, answer).await.unwrap();
    assert_eq!(answer.unwrap().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(client.status("/").await, StatusCode::OK);
}

/// Sends so many octets of a body as the server lets it, and returns how many those were.
async fn send(stream: &mut SendStream<Bytes>, octets: usize) -> usize {
    let mut sent = 0;
    while sent < octets {
        stream.reserve_capacity(octets - sent);
        let capacity =
            timeout(DEADLINE, poll_fn(|cx| stream.poll_capacity(cx))).await.expect("it goes on or ends");
        let Some(Ok(room)) = capacity else { return sent };
        let part = Bytes::from(vec![b'x'; room]);
        if stream.send_data(part, sent + room == octets).is_err() {
            return sent;
        }
        sent += room;
    }
    sent
}

/// More than the window of a stream.
const BODY: usize = 200_000;

#[tokio::test]
async fn who_is_answered_before_the_end_of_a_body_may_send_it_to_its_end() {
    let running = start(quiet(), Limits { max_body: BODY, ..Limits::default() }, false.into()).await;
    let mut client = Client::connect(&running).await;
    for (octets, goes_through) in [(BODY, true), (3 * BODY, false)] {
        let request = Request::post("http://gate/").body(()).unwrap();
        let mut requests = client.requests.clone().ready().await.unwrap();
        let (answer, mut stream) = requests.send_request(request, false).unwrap();
        let answer = timeout(DEADLINE, answer).await.unwrap().unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        let sent = send(&mut stream, octets).await;
        assert_eq!(sent == octets, goes_through, "{sent} of {octets}");
        assert_eq!(client.status("/").await, StatusCode::OK, "the connection stays");
    }
}

#[tokio::test]
async fn a_client_of_a_server_that_is_leaving_is_told_to_go_elsewhere() {
    let draining = Live::from(false);
    let running = start(quiet(), Limits::default(), draining.clone()).await;
    let mut client = Client::connect(&running).await;
    assert_eq!(client.status("/").await, StatusCode::OK);
    draining.set(true);
    // Answered, and the connection ends after it (GOAWAY, RFC 9113 §6.8).
    assert_eq!(client.status("/").await, StatusCode::OK);
    assert!(client.ended().await.is_ok());
}
