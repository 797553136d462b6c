//! The wire between the gateway and a PCRF: TCP in two pieces, where messages are seen, held, changed and cut.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::{Bytes, BytesMut};
use rxgate::{
    dict::commands,
    wire::{MAX_MESSAGE, MessageBuf, frame_length},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    ToPcrf,
    ToGateway,
}

/// What becomes of a message.
#[derive(Clone, Copy)]
pub enum Fate {
    /// It waits until [`Wire::release`], or goes down with its connection.
    Held,
    /// The connection ends in the middle of it.
    Cut,
    /// It arrives like this.
    Changed(fn(&Bytes) -> Bytes),
}

/// What becomes of the messages of one command.
struct Rule {
    way: Way,
    command: u32,
    fate: Fate,
    once: bool,
}

/// A request and its answers, as they came by.
#[derive(Clone)]
pub struct Seen {
    pub way: Way,
    pub request: MessageBuf,
    pub answers: Vec<MessageBuf>,
}

/// What all connections have in common.
struct Shared {
    to: SocketAddr,
    rules: Mutex<Vec<Rule>>,
    seen: Mutex<Vec<Seen>>,
    released: watch::Sender<()>,
}

/// The wire. Where it begins looks like the PCRF.
pub struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl Wire {
    /// One that leads there.
    pub async fn new(to: SocketAddr) -> Self {
        let (rules, seen, released) = Default::default();
        let shared = Arc::new(Shared { to, rules, seen, released });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(serve(listener, shared.clone()));
        Self { address, shared, serving }
    }

    /// Where it begins.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Nobody listens any more, all connections are gone, and what they held with them.
    pub async fn break_off(&mut self) {
        self.shared.rules().clear();
        self.serving.abort();
        // It ends with its listener and its connections.
        _ = (&mut self.serving).await;
    }

    /// Listens again, at the same address.
    pub async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serving = tokio::spawn(serve(listener, self.shared.clone()));
    }

    /// From now on messages of this command wait.
    pub fn hold(&self, way: Way, command: u32) {
        self.shared.rules().push(Rule { way, command, fate: Fate::Held, once: false });
    }

    /// What waits goes on, in its order, and nothing is held any more.
    pub fn release(&self) {
        self.shared.rules().clear();
        self.shared.released.send_replace(());
    }

    /// The next message of this command has this fate.
    pub fn next(&self, way: Way, command: u32, fate: Fate) {
        self.shared.rules().push(Rule { way, command, fate, once: true });
    }

    /// Nothing is held any more; what waits goes down with its connection.
    pub fn lose(&self) {
        self.shared.rules().clear();
    }

    /// What came by so far, without capabilities, watchdogs and goodbyes.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen().clone()
    }
}

impl Shared {
    fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap()
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap()
    }

    fn see(&self, way: Way, octets: &Bytes) -> Option<Fate> {
        let message = MessageBuf::from_bytes(octets.clone()).unwrap();
        let header = message.header();
        let base = [commands::CAPABILITIES_EXCHANGE, commands::DEVICE_WATCHDOG, commands::DISCONNECT_PEER];
        if base.contains(&header.command) {
            return None;
        }
        let mut seen = self.seen();
        if header.is_request() {
            seen.push(Seen { way, request: message, answers: Vec::new() });
        } else {
            let ids = (header.hop_by_hop, header.end_to_end, header.command);
            let asked = seen.iter_mut().rev().find(|seen| {
                let request = seen.request.header();
                seen.way != way && ids == (request.hop_by_hop, request.end_to_end, request.command)
            });
            asked.expect("an answer to a request").answers.push(message);
        }
        let mut rules = self.rules();
        let found = rules.iter().position(|rule| rule.way == way && rule.command == header.command)?;
        let fate = rules[found].fate;
        if rules[found].once {
            rules.remove(found);
        }
        Some(fate)
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let (gateway, _) = listener.accept().await.unwrap();
        connections.spawn(carry(gateway, shared.clone()));
    }
}

/// Both ways of a connection, until one of them ends.
async fn carry(gateway: TcpStream, shared: Arc<Shared>) {
    // Without a PCRF there is nothing that could be said.
    let Ok(pcrf) = TcpStream::connect(shared.to).await else { return };
    // Messages are on their way for no longer than they are held.
    for end in [&gateway, &pcrf] {
        end.set_nodelay(true).unwrap();
    }
    let (from_gateway, to_gateway) = gateway.into_split();
    let (from_pcrf, to_pcrf) = pcrf.into_split();
    tokio::select! {
        _ = pump(Way::ToPcrf, from_gateway, to_pcrf, &shared) => {}
        _ = pump(Way::ToGateway, from_pcrf, to_gateway, &shared) => {}
    }
}

async fn pump(
    way: Way,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: &Shared,
) -> std::io::Result<()> {
    let (mut buffer, mut held) = (BytesMut::new(), Vec::<Bytes>::new());
    let mut released = shared.released.subscribe();
    loop {
        tokio::select! {
            read = from.read_buf(&mut buffer) => if read? == 0 { return Ok(()) },
            _ = released.changed() => for message in held.drain(..) { to.write_all(&message).await? },
        }
        while let Some(length) = frame_length(&buffer, MAX_MESSAGE).unwrap()
            && buffer.len() >= length
        {
            let message = buffer.split_to(length).freeze();
            match shared.see(way, &message) {
                None => to.write_all(&message).await?,
                Some(Fate::Held) => held.push(message),
                Some(Fate::Changed(change)) => to.write_all(&change(&message)).await?,
                Some(Fate::Cut) => return to.write_all(&message[..length / 2]).await,
            }
        }
    }
}
