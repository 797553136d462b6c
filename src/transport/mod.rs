//! Sockets and the clock for the peers: the only place where a Diameter message meets the network.
//!
//! ```text
//!   Pool       handle for everybody above: requests in, outcomes out; requests of peers to a RequestHandler
//!    │
//!   driver     one task that owns the Node: feeds it, does what it says; decides nothing
//!    ├── connection   one task for each: messages in, messages out
//!    └── listener     connections that peers make, up to their first message
//!         │
//!   Connect, Listen, Link   message-oriented: nothing above knows about a byte stream
//! ```

mod advice;
mod connection;
mod control;
mod driver;
mod figures;
mod listener;
mod pool;
mod sctp;
mod stream;
mod tcp;
mod tls;
mod transports;

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use thiserror::Error;

pub use crate::peer::{
    Answered, DisconnectCause, LocalNode, NodeConfig, NodePeer, OutgoingRequest, PeerAddress, PeerCounts,
    PeerEvent, RequestError, Transport,
};
pub use pool::{Handled, PeerStatus, Pool, PoolConfig, RequestHandler};
pub use sctp::{Sctp, SctpConfig};
pub use tcp::Tcp;
pub use tls::{Tls, TlsEnds};
pub use transports::Transports;

use crate::{
    BoxFuture,
    wire::{Header, MessageBuf, WireError},
};

/// Makes connections.
pub trait Connect: Send + Sync + 'static {
    /// Connects to a peer at `address`; a name in it is resolved each time. `host` is the Origin-Host that it has to
    /// show: a transport with certificates lets nobody else answer.
    fn connect<'a>(&'a self, host: &'a str, address: &'a PeerAddress) -> BoxFuture<'a, io::Result<Link>>;
}

/// Opens listeners.
pub trait Listen: Send + Sync + 'static {
    /// Listens there; port 0 takes a free one.
    fn listen<'a>(&'a self, on: &'a ListenOn) -> BoxFuture<'a, io::Result<Box<dyn Accept>>>;
}

/// Accepts connections. Dropped: nobody can connect any more.
pub trait Accept: Send {
    /// Where it listens.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// Waits for a connection; says from where it was made. After an error it is called again a little later.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(Arriving, SocketAddr)>>;
}

/// A connection that somebody makes, which may take a handshake. Others do not wait for that: it goes on in
/// [`link`](Self::link), for as long as whoever awaits that has patience.
pub struct Arriving(BoxFuture<'static, io::Result<Link>>);

impl Arriving {
    /// There once this is done.
    pub fn after(handshake: impl Future<Output = io::Result<Link>> + Send + 'static) -> Self {
        Self(Box::pin(handshake))
    }

    /// The connection, when it is made.
    pub async fn link(self) -> io::Result<Link> {
        self.0.await
    }
}

impl From<Link> for Arriving {
    /// It is there already.
    fn from(link: Link) -> Self {
        Self::after(std::future::ready(Ok(link)))
    }
}

/// Where to listen, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenOn {
    /// What carries Diameter.
    pub transport: Transport,
    /// One; of an SCTP endpoint with several, all of them with the same port.
    pub addresses: Vec<SocketAddr>,
}

impl fmt::Display for ListenOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses: Vec<String> = self.addresses.iter().map(SocketAddr::to_string).collect();
        f.write_str(&addresses.join(", "))?;
        match self.transport {
            Transport::Tcp => Ok(()),
            other => write!(f, " over {other}"),
        }
    }
}

impl From<SocketAddr> for ListenOn {
    /// Over TCP.
    fn from(address: SocketAddr) -> Self {
        Self { transport: Transport::Tcp, addresses: vec![address] }
    }
}

/// A connection that carries whole messages.
pub struct Link {
    /// Where messages come from.
    pub rx: Box<dyn RecvMessage>,
    /// Where messages go.
    pub tx: Box<dyn SendMessage>,
    /// Our addresses on it: Host-IP-Address.
    pub local: Vec<IpAddr>,
    /// The DNS names in the other side's certificate, which was checked; `None`: there are no certificates.
    pub certified: Option<Vec<String>>,
    /// The paths of an SCTP association; `None`: a connection of another kind has one, and it is the connection.
    pub paths: Option<Arc<dyn Paths>>,
}

impl Link {
    /// A connection without certificates and paths.
    pub fn plain(rx: Box<dyn RecvMessage>, tx: Box<dyn SendMessage>, local: Vec<IpAddr>) -> Self {
        Self { rx, tx, local, certified: None, paths: None }
    }
}

/// The paths of an association, as they are now.
pub trait Paths: Send + Sync {
    /// One for each address of the other side; none once the association is over.
    fn paths(&self) -> Vec<PathStatus>;
}

/// How a path of an association is doing (RFC 9260 §8.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathStatus {
    /// The other side's address.
    pub address: IpAddr,
    /// `active`, `potentially failed`, `inactive`, `unconfirmed`.
    pub state: &'static str,
    /// Whether messages go there while it is active.
    pub primary: bool,
    /// Smoothed round-trip time.
    pub round_trip: Duration,
    /// Retransmission time-out.
    pub timeout: Duration,
}

/// The receiving half of a [`Link`].
pub trait RecvMessage: Send {
    /// Waits for a message and appends it to `into`, with those that came along with it.
    ///
    /// What was received before an error has been appended by earlier calls. After [`RecvError::Bad`] no
    /// message follows: further calls wait for the end of the connection.
    fn recv<'a>(&'a mut self, into: &'a mut Vec<MessageBuf>) -> BoxFuture<'a, Result<(), RecvError>>;
}

/// The sending half of a [`Link`].
pub trait SendMessage: Send {
    /// Sends whole messages, in order. Not to be called again after an error or after being dropped half-way.
    fn send<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, io::Result<()>>;

    /// Tells the other side that nothing more comes.
    fn finish(&mut self) -> BoxFuture<'_, io::Result<()>>;
}

/// Why nothing more comes in.
#[derive(Debug, Error)]
pub enum RecvError {
    /// The other side ended the connection.
    #[error("closed by the other side")]
    Ended,
    /// The connection broke.
    #[error(transparent)]
    Broken(#[from] io::Error),
    /// The other side speaks TLS (RFC 8446 §5.1), where plain Diameter is spoken.
    #[error(
        "TLS (octets 0x16 0x03, or 0x15 0x03) came to a connection of plain Diameter: for TLS there are `listen_tls` and \
         `transport = \"tls\"`"
    )]
    Tls,
    /// What comes in is not Diameter.
    #[error("not Diameter: {error}")]
    Bad {
        /// What is wrong.
        error: WireError,
        /// The header of the message that is wrong, if it can be read.
        header: Option<Header>,
    },
}

/// Every address of `host:port`; there is one at least.
async fn resolve(at: &str) -> io::Result<Vec<SocketAddr>> {
    let found = tokio::net::lookup_host(at).await;
    let found = found.map_err(|error| {
        io::Error::new(io::ErrorKind::NotFound, format!("{at} cannot be resolved: {error}"))
    })?;
    let addresses: Vec<_> = found.collect();
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{at} has no addresses")));
    }
    Ok(addresses)
}

/// The time as the runtime has it: in a test that pauses it, the test's.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
