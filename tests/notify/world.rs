//! A notifier, names and servers without sockets.

use std::{
    collections::{HashMap, VecDeque},
    future::pending,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use rxgate::{
    BoxFuture,
    notify::{Connect, Counters, Notification, Notifier, NotifyConfig, QueueFull, Resolve, Stream},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    sync::mpsc,
    time::{Instant, sleep},
};
use uuid::Uuid;

/// What an endpoint does with one connection.
#[derive(Clone, Debug)]
pub enum Does {
    /// Reads the request and writes this, then closes.
    Answers(Vec<u8>),
    /// Reads the request, writes this, and keeps the connection.
    StopsAfter(Vec<u8>),
    /// Reads the request and writes this, an octet every so often.
    Trickles(Vec<u8>, Duration),
    /// Never completes the connection.
    Hangs,
    /// Refuses the connection.
    Refuses,
}

pub fn status(status: &str) -> Does {
    Does::Answers(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").into_bytes())
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Seen {
    pub at: Instant,
    pub to: SocketAddr,
    pub head: String,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

#[derive(Default)]
struct State {
    names: HashMap<String, VecDeque<Vec<IpAddr>>>,
    /// What comes next, and after that always.
    servers: HashMap<SocketAddr, (VecDeque<Does>, Does)>,
    connected: Vec<SocketAddr>,
}

/// Names and servers.
pub struct Net {
    state: Mutex<State>,
    seen: mpsc::UnboundedSender<Seen>,
}

impl Net {
    /// The addresses that a name has, each time it is asked; the last ones for good.
    pub fn name(&self, name: &str, answers: &[&[&str]]) {
        let answers = answers.iter().map(|list| list.iter().map(|text| text.parse().unwrap()).collect());
        self.state.lock().unwrap().names.insert(name.to_owned(), answers.collect());
    }

    /// What a server does, one after another, and from then on.
    pub fn server(&self, address: &str, first: Vec<Does>, then: Does) {
        self.state.lock().unwrap().servers.insert(address.parse().unwrap(), (first.into(), then));
    }

    /// Every connection that was opened or tried.
    pub fn connected(&self) -> Vec<String> {
        self.state.lock().unwrap().connected.iter().map(SocketAddr::to_string).collect()
    }
}

/// The two ports of the notifier.
struct Port(Arc<Net>);

impl Resolve for Port {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let mut state = self.0.state.lock().unwrap();
            let answers = state.names.get_mut(host).ok_or(io::ErrorKind::NotFound)?;
            Ok(if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() })
        })
    }
}

impl Connect for Port {
    fn connect(&self, to: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let does = {
                let mut state = self.0.state.lock().unwrap();
                state.connected.push(to);
                let (first, then) = state.servers.get_mut(&to).ok_or(io::ErrorKind::ConnectionRefused)?;
                first.pop_front().unwrap_or_else(|| then.clone())
            };
            match does {
                Does::Hangs => pending().await,
                Does::Refuses => Err(io::ErrorKind::ConnectionRefused.into()),
                does => {
                    let (ours, theirs) = duplex(64 * 1024);
                    tokio::spawn(serve(theirs, to, does, self.0.seen.clone()));
                    Ok(Box::new(ours) as Box<dyn Stream>)
                }
            }
        })
    }
}

async fn serve(mut stream: DuplexStream, to: SocketAddr, does: Does, seen: mpsc::UnboundedSender<Seen>) {
    let Some((head, body)) = read_request(&mut stream).await else {
        return;
    };
    let _ = seen.send(Seen { at: Instant::now(), to, head, body });
    match does {
        Does::Answers(octets) => drop(stream.write_all(&octets).await),
        Does::StopsAfter(octets) => {
            let _ = stream.write_all(&octets).await;
            let _ = stream.read_u8().await;
        }
        Does::Trickles(octets, every) => {
            for octet in octets {
                sleep(every).await;
                if stream.write_u8(octet).await.is_err() {
                    return;
                }
            }
        }
        Does::Hangs | Does::Refuses => unreachable!("there is no connection"),
    }
}

/// Head and body; nothing when the other side leaves before.
pub async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<(String, String)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let lower = head.to_ascii_lowercase();
    let length = lower.split("content-length: ").nth(1).map_or("0", |rest| rest.lines().next().unwrap());
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, String::from_utf8(body).unwrap()))
}

pub struct World {
    pub net: Arc<Net>,
    pub notifier: Arc<Notifier>,
    pub seen: mpsc::UnboundedReceiver<Seen>,
}

pub fn world() -> World {
    world_with(NotifyConfig::default())
}

pub fn world_with(config: NotifyConfig) -> World {
    let (sender, seen) = mpsc::unbounded_channel();
    let net = Arc::new(Net { state: Mutex::default(), seen: sender });
    let notifier = Notifier::over(config, Arc::new(Port(net.clone())), Arc::new(Port(net.clone())));
    World { net, notifier, seen }
}

impl World {
    pub fn notification(&self, url: &str, body: &str) -> Notification {
        let endpoint = self.notifier.endpoint(url).unwrap();
        Notification {
            id: Uuid::now_v7(),
            age: Duration::ZERO,
            endpoint,
            body: Bytes::copy_from_slice(body.as_bytes()),
            release: Box::pin(async {}),
        }
    }

    pub fn send(&self, queue: &str, url: &str, body: &str) -> Result<(), QueueFull> {
        self.notifier.send(queue, self.notification(url, body))
    }

    /// The next request that any server read.
    pub async fn next(&mut self) -> Seen {
        // Longer than any wait of the notifier: the clock jumps there only when nothing else is to come.
        tokio::time::timeout(Duration::from_secs(1_000_000), self.seen.recv())
            .await
            .expect("a request comes")
            .unwrap()
    }

    /// Until every queue is empty.
    pub async fn settled(&self) {
        let wait = async {
            let start = Instant::now();
            while self.notifier.waiting() > 0 {
                // Exact where tests look at the clock.
                let long = start.elapsed() > Duration::from_secs(10);
                sleep(Duration::from_millis(if long { 5000 } else { 1 })).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(1_000_000), wait).await.expect("the queues get empty");
    }

    pub fn count(&self, name: &str) -> u64 {
        count(self.notifier.counters(), name)
    }
}

pub fn count(counters: &Counters, name: &str) -> u64 {
    counters.read().find(|(found, _)| *found == name).unwrap().1
}

/// A public address, for names of the tests.
pub const APP: &str = "93.184.216.34";
