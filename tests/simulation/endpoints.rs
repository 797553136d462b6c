//! The applications' endpoints: what they were told, and how badly they take it.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rxgate::{
    BoxFuture,
    notify::{Connect, Stream},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::sleep,
};

use crate::{
    dice::Dice,
    process::Process,
    trace::{Trace, note},
};

/// How an endpoint is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Fine,
    /// Each time something else goes wrong, or nothing.
    Flaky,
    /// Refuses connections.
    Down,
    /// Takes connections and says nothing.
    Hung,
}

/// What an application took.
#[derive(Clone, Debug)]
pub struct Told {
    /// X-Event-Id.
    pub id: String,
    pub end_user: String,
    /// eventType.
    pub number: u64,
    /// accessNetworkChargingAddress: which RAR it was.
    pub marker: Option<String>,
}

#[derive(Default)]
struct State {
    moods: BTreeMap<SocketAddr, Mood>,
    /// Everything that an application answered with 2xx, in order.
    told: Vec<Told>,
    bodies: BTreeMap<String, String>,
}

/// All endpoints.
pub struct Endpoints {
    dice: Dice,
    trace: Arc<Trace>,
    state: Mutex<State>,
}

impl Endpoints {
    pub fn new(dice: Dice, trace: Arc<Trace>) -> Arc<Self> {
        Arc::new(Self { dice, trace, state: Mutex::default() })
    }

    pub fn set_mood(&self, endpoint: SocketAddr, mood: Mood) {
        self.state.lock().unwrap().moods.insert(endpoint, mood);
    }

    fn mood(&self, endpoint: SocketAddr) -> Mood {
        self.state.lock().unwrap().moods.get(&endpoint).copied().unwrap_or_default()
    }

    /// What all of them took, repetitions included.
    pub fn told(&self) -> Vec<Told> {
        self.state.lock().unwrap().told.clone()
    }

    /// Serves one connection: one request.
    async fn serve(&self, endpoint: SocketAddr, mut stream: DuplexStream) -> io::Result<()> {
        let (head, body) = request(&mut stream).await?;
        sleep(self.dice.millis(1, 20)).await;
        let wrong = match self.mood(endpoint) {
            Mood::Fine => 6,
            Mood::Flaky => self.dice.below(9),
            Mood::Down => 0,
            Mood::Hung => 1,
        };
        let answer = match wrong {
            // Breaks before it has done anything.
            0 => return Ok(()),
            1 => return std::future::pending().await,
            2 => "500 Internal Server Error\r\nContent-Length: 0",
            3 => "503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0",
            _ => "204 No Content",
        };
        note!(self.trace, "{endpoint} answers {:.3}", answer);
        if answer.starts_with('2') {
            self.take(&head, &body);
        }
        // It has taken it, and nobody hears of that; or much later.
        match wrong {
            4 => return Ok(()),
            5 => sleep(self.dice.millis(1_000, 8_000)).await,
            _ => {}
        }
        stream.write_all(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes()).await?;
        stream.shutdown().await
    }

    fn take(&self, head: &str, body: &str) {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        let id = lines.find(|(name, _)| name.eq_ignore_ascii_case("x-event-id"));
        let id = id.map_or("", |(_, id)| id).to_owned();
        let json: Value = serde_json::from_str(body).unwrap_or_default();
        let event = &json["notifyQoSEvent"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let told = Told {
            id: id.clone(),
            end_user: text(&event["endUserIdentities"][0]).unwrap_or_default(),
            number: event["eventType"].as_u64().unwrap_or_default(),
            marker: text(&event["accessNetworkChargingAddress"]),
        };
        note!(self.trace, "told {id} {} {} {:?}", told.end_user, told.number, told.marker);
        let mut state = self.state.lock().unwrap();
        state.told.push(told);
        let before = state.bodies.insert(id.clone(), body.to_owned());
        drop(state);
        if id.is_empty() || before.is_some_and(|before| before != body) {
            self.trace.violation(format!("event {id} is not the same each time: {body}"));
        }
    }
}

/// Reads one request with its body.
async fn request(stream: &mut DuplexStream) -> io::Result<(String, String)> {
    let mut octets = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&octets);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().filter_map(|line| line.split_once(": "));
            let mut length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length: usize = length.next().and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return Ok((head.to_owned(), body.to_owned()));
            }
        }
        if stream.read_buf(&mut octets).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// A process's way to the endpoints.
pub struct Dialler {
    pub endpoints: Arc<Endpoints>,
    pub process: Arc<Process>,
}

impl Connect for Dialler {
    fn connect(&self, to: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            self.process.alive().await;
            sleep(self.endpoints.dice.millis(1, 5)).await;
            self.process.alive().await;
            if self.endpoints.mood(to) == Mood::Down {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let (near, far) = duplex(64 * 1024);
            let (endpoints, process) = (self.endpoints.clone(), self.process.clone());
            tokio::spawn(async move {
                tokio::select! {
                    biased;
                    () = process.died() => {}
                    // How it ends is seen on the other side.
                    _ = endpoints.serve(to, far) => {}
                }
            });
            Ok(Box::new(near) as Box<dyn Stream>)
        })
    }
}
