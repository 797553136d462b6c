//! Connections between the gateway and the PCRFs: they delay, stall, break and vanish. As with TCP, what is on one
//! connection stays in order; what is on two does not.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use rxgate::{
    BoxFuture,
    transport::{
        Accept, Arriving, Connect, Link, Listen, ListenOn, PeerAddress, RecvError, RecvMessage, SendMessage,
    },
    wire::MessageBuf,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    dice::Dice,
    process::Process,
    trace::{Trace, note},
    value::Value,
};

/// How a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Fine,
    /// Nothing gets through, and nobody is told.
    Silent,
    /// Both sides know that it is over.
    Cut,
}

/// How the network is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// One message in so many is late, with all that follow; zero: none.
    pub late: u64,
    /// One message in so many is the last on its connection; zero: none.
    pub cut: u64,
    /// One message in so many is the last that a process sends; zero: none.
    pub kill: u64,
}

struct Connection {
    server: SocketAddr,
    process: Arc<Process>,
    fate: Arc<Value<Fate>>,
}

#[derive(Default)]
struct State {
    listeners: BTreeMap<SocketAddr, mpsc::UnboundedSender<(Link, SocketAddr)>>,
    /// Whether nothing gets through to a server, for now.
    stalled: BTreeMap<SocketAddr, Arc<Value<bool>>>,
    /// Servers that refuse connections.
    down: BTreeMap<SocketAddr, bool>,
    connections: BTreeMap<u16, Connection>,
    made: u16,
}

/// All connections.
pub struct Network {
    dice: Dice,
    trace: Arc<Trace>,
    weather: Arc<Mutex<Weather>>,
    state: Mutex<State>,
}

impl Network {
    pub fn new(dice: Dice, trace: Arc<Trace>) -> Arc<Self> {
        Arc::new(Self { dice, trace, weather: Arc::default(), state: Mutex::default() })
    }

    pub fn set_weather(&self, weather: Weather) {
        *self.weather.lock().unwrap() = weather;
    }

    /// Whether a server refuses connections.
    pub fn set_down(&self, server: SocketAddr, down: bool) {
        self.state.lock().unwrap().down.insert(server, down);
    }

    /// Whether everything that is on the way to and from a server waits.
    pub fn set_stalled(&self, server: SocketAddr, stalled: bool) {
        self.stalled(server).set(stalled);
    }

    fn stalled(&self, server: SocketAddr) -> Arc<Value<bool>> {
        let mut state = self.state.lock().unwrap();
        state.stalled.entry(server).or_insert_with(|| Arc::new(Value::new(false))).clone()
    }

    /// Breaks all connections with a server; silently: neither side is told.
    pub fn break_server(&self, server: SocketAddr, silently: bool) {
        self.break_all(silently, |connection| connection.server == server);
    }

    /// Breaks all connections of a process; silently: the other side is not told.
    pub fn break_process(&self, process: &Process, silently: bool) {
        self.break_all(silently, |connection| connection.process.number == process.number);
    }

    fn break_all(&self, silently: bool, which: impl Fn(&Connection) -> bool) {
        let fate = if silently { Fate::Silent } else { Fate::Cut };
        let mut state = self.state.lock().unwrap();
        state.connections.retain(|_, connection| Arc::strong_count(&connection.fate) > 1);
        for connection in state.connections.values().filter(|connection| which(connection)) {
            if connection.fate.get() != Fate::Cut {
                connection.fate.set(fate);
            }
        }
    }

    async fn dial(&self, process: &Arc<Process>, address: &str) -> io::Result<Link> {
        process.alive().await;
        let server: SocketAddr = address.parse().map_err(io::Error::other)?;
        sleep(self.dice.millis(1, 5)).await;
        let stalled = self.stalled(server);
        stalled.becomes(false).await;
        process.alive().await;
        let mut state = self.state.lock().unwrap();
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        if state.down.get(&server) == Some(&true) {
            return Err(refused());
        }
        let listener = state.listeners.get(&server).cloned().ok_or_else(refused)?;
        state.made = state.made.wrapping_add(1);
        let port = state.made;
        let fate = Arc::new(Value::new(Fate::Fine));
        let (near, far) = (IpAddr::V4(Ipv4Addr::new(10, 9, 0, 1)), server.ip());
        let (there, here) = (Channel::new(), Channel::new());
        let end = |name, to: &Channel, from: &mut Channel, at| {
            let rx = Box::new(Receiver {
                incoming: from.receiver.take().expect("each is taken once"),
                next: None,
                over: false,
                fate: fate.clone(),
                stalled: stalled.clone(),
            });
            let tx = Box::new(Sender {
                name,
                port,
                trace: self.trace.clone(),
                dice: self.dice.fork(),
                weather: self.weather.clone(),
                outgoing: to.sender.clone(),
                last: Instant::now(),
                fate: fate.clone(),
                stalled: stalled.clone(),
                process: Arc::clone(process),
            });
            Link::plain(rx, tx, vec![at])
        };
        let (mut there, mut here) = (there, here);
        let client = end(">", &there, &mut here, near);
        let served = end("<", &here, &mut there, far);
        note!(self.trace, "connection {port} to {server} by process {}", process.number);
        state.connections.insert(port, Connection { server, process: Arc::clone(process), fate });
        listener.send((served, SocketAddr::new(near, port))).map_err(|_| refused())?;
        Ok(client)
    }
}

/// Messages in one direction; `None` is the end. Each with the time when it is there.
type Item = (Instant, Option<Bytes>);

struct Channel {
    sender: mpsc::UnboundedSender<Item>,
    receiver: Option<mpsc::UnboundedReceiver<Item>>,
}

impl Channel {
    fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self { sender, receiver: Some(receiver) }
    }
}

/// Makes a process's connections.
pub struct Dialler {
    pub network: Arc<Network>,
    pub process: Arc<Process>,
}

impl Connect for Dialler {
    fn connect<'a>(&'a self, _: &'a str, address: &'a PeerAddress) -> BoxFuture<'a, io::Result<Link>> {
        Box::pin(self.network.dial(&self.process, &address.at))
    }
}

/// Opens the PCRFs' listeners.
pub struct Acceptor(pub Arc<Network>);

impl Listen for Acceptor {
    fn listen<'a>(&'a self, on: &'a ListenOn) -> BoxFuture<'a, io::Result<Box<dyn Accept>>> {
        let address = on.addresses[0];
        let (sender, accepted) = mpsc::unbounded_channel();
        self.0.state.lock().unwrap().listeners.insert(address, sender);
        Box::pin(async move { Ok(Box::new(Listener { address, accepted }) as Box<dyn Accept>) })
    }
}

struct Listener {
    address: SocketAddr,
    accepted: mpsc::UnboundedReceiver<(Link, SocketAddr)>,
}

impl Accept for Listener {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<(Arriving, SocketAddr)>> {
        Box::pin(async move {
            match self.accepted.recv().await {
                Some((link, from)) => Ok((link.into(), from)),
                None => std::future::pending().await,
            }
        })
    }
}

struct Receiver {
    incoming: mpsc::UnboundedReceiver<Item>,
    /// Received, but not there yet.
    next: Option<Item>,
    over: bool,
    fate: Arc<Value<Fate>>,
    stalled: Arc<Value<bool>>,
}

impl Receiver {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.over {
                return None;
            }
            if self.next.is_none() {
                self.next = self.incoming.recv().await;
            }
            let at = self.next.as_ref().map(|(at, _)| *at);
            sleep_until(at.unwrap_or_else(Instant::now)).await;
            self.stalled.becomes(false).await;
            match self.next.take() {
                Some((_, Some(message))) => return Some(message),
                _ => self.over = true,
            }
        }
    }
}

impl RecvMessage for Receiver {
    fn recv<'a>(&'a mut self, into: &'a mut Vec<MessageBuf>) -> BoxFuture<'a, Result<(), RecvError>> {
        Box::pin(async move {
            let fate = self.fate.clone();
            let message = async {
                tokio::select! {
                    biased;
                    () = fate.becomes(Fate::Silent) => std::future::pending().await,
                    message = self.next() => message,
                }
            };
            tokio::select! {
                biased;
                () = fate.becomes(Fate::Cut) => Err(io::Error::from(io::ErrorKind::ConnectionReset).into()),
                message = message => match message {
                    Some(message) => {
                        into.push(MessageBuf::from_bytes(message).map_err(io::Error::other)?);
                        Ok(())
                    }
                    None => Err(RecvError::Ended),
                },
            }
        })
    }
}

struct Sender {
    name: &'static str,
    port: u16,
    trace: Arc<Trace>,
    dice: Dice,
    weather: Arc<Mutex<Weather>>,
    outgoing: mpsc::UnboundedSender<Item>,
    /// When the latest message is there.
    last: Instant,
    fate: Arc<Value<Fate>>,
    stalled: Arc<Value<bool>>,
    process: Arc<Process>,
}

impl Sender {
    fn arrival(&mut self) -> Instant {
        let weather = *self.weather.lock().unwrap();
        let late = if self.dice.one_in(weather.late) { self.dice.millis(100, 6_000) } else { Duration::ZERO };
        self.last = self.last.max(Instant::now() + self.dice.millis(1, 5) + late);
        self.last
    }

    fn put(&mut self, message: &Bytes) {
        let weather = *self.weather.lock().unwrap();
        let at = self.arrival();
        let command =
            message.get(4..8).map_or(0, |octets| u32::from_be_bytes([0, octets[1], octets[2], octets[3]]));
        let kind = if message.get(4).is_some_and(|flags| flags & 0x80 != 0) { "request" } else { "answer" };
        note!(self.trace, "{} {} {kind} {command}, {} octets", self.port, self.name, message.len());
        if self.fate.get() == Fate::Fine {
            _ = self.outgoing.send((at, Some(message.clone())));
        }
        if self.dice.one_in(weather.cut) {
            note!(self.trace, "connection {} breaks", self.port);
            self.fate.set(Fate::Cut);
        }
        if self.name == ">" && self.dice.one_in(weather.kill) {
            note!(self.trace, "process {} ends after it has sent", self.process.number);
            self.process.kill();
        }
    }
}

impl SendMessage for Sender {
    fn send<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, io::Result<()>> {
        Box::pin(async move {
            for message in messages {
                if self.name == ">" {
                    self.process.alive().await;
                }
                if self.fate.get() == Fate::Cut {
                    return Err(io::ErrorKind::BrokenPipe.into());
                }
                self.put(message);
            }
            Ok(())
        })
    }

    fn finish(&mut self) -> BoxFuture<'_, io::Result<()>> {
        let at = self.arrival();
        _ = self.outgoing.send((at, None));
        Box::pin(async { Ok(()) })
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        // What could not get through for now never will: nobody is there who would send it again.
        if self.stalled.get() {
            self.fate.set(Fate::Cut);
        }
        let at = self.arrival();
        _ = self.outgoing.send((at, None));
    }
}
