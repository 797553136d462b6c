//! Sockets and the clock for the peers: the only place where a Diameter message meets the network.
//!
//! ```text
//!   Pool       handle for everybody above: requests in, outcomes out; requests of peers to a RequestHandler
//!    │
//!   driver     one task that owns the Node: feeds it, does what it says; decides nothing
//!    ├── connection   one task for each: messages in, messages out
//!    └── listener     connections that peers make, up to their first message
//!         │
//!   Connect, Link     message-oriented: TCP today, and nothing above knows about a byte stream
//! ```

mod connection;
mod control;
mod driver;
mod figures;
mod listener;
mod pool;
mod tcp;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use bytes::Bytes;
use thiserror::Error;

pub use crate::peer::{
    Answered, DisconnectCause, LocalNode, NodeConfig, NodePeer, OutgoingRequest, PeerCounts, PeerEvent,
    RequestError,
};
pub use pool::{Handled, PeerStatus, Pool, PoolConfig, RequestHandler};
pub use tcp::Tcp;

use crate::{
    BoxFuture,
    wire::{Header, MessageBuf, WireError},
};

/// Makes connections.
pub trait Connect: Send + Sync + 'static {
    /// Connects to `address`, which is `host:port`; the name is resolved each time.
    fn connect<'a>(&'a self, address: &'a str) -> BoxFuture<'a, io::Result<Link>>;

    /// What `/peers` calls it: `tcp`.
    fn name(&self) -> &'static str;
}

/// Opens listeners.
pub trait Listen: Send + Sync + 'static {
    /// Listens on `address`; port 0 takes a free one.
    fn listen(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Accept>>>;
}

/// Accepts connections. Dropped: nobody can connect any more.
pub trait Accept: Send {
    /// Where it listens.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// Waits for a connection; says from where it was made. After an error it is called again a little later.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(Link, SocketAddr)>>;
}

/// A connection that carries whole messages.
pub struct Link {
    /// Where messages come from.
    pub rx: Box<dyn RecvMessage>,
    /// Where messages go.
    pub tx: Box<dyn SendMessage>,
    /// Our addresses on it: Host-IP-Address.
    pub local: Vec<IpAddr>,
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
    /// What comes in is not Diameter.
    #[error("not Diameter: {error}")]
    Bad {
        /// What is wrong.
        error: WireError,
        /// The header of the message that is wrong, if it can be read.
        header: Option<Header>,
    },
}

/// The time as the runtime has it: in a test that pauses it, the test's.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
