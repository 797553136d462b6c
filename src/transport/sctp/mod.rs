//! Diameter over the kernel's SCTP (RFC 6733 §2.1, RFC 6458): several addresses on both sides, and whole messages.
//!
//! ```text
//!   Sctp           connects and listens
//!    ├── link.rs           messages, streams, paths of one association
//!    │    └── notifications.rs   what the kernel tells of it
//!    └── socket.rs         the options and calls, typed
//!         ├── layout.rs         the kernel's structures as octets
//!         └── system.rs         system calls: the only unsafe code
//! ```
//!
//! No DTLS (PPID 47), no unordered delivery, no addresses added to or taken from a living association by us.

mod layout;
mod link;
mod notifications;
mod socket;
mod system;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::io::{Interest, unix::AsyncFd};

use super::{Accept, Arriving, Connect, Link, Listen, ListenOn, PeerAddress, resolve};
use crate::{
    BoxFuture,
    counters::count,
    metrics::{Collect, Page},
    peer::Lane,
};
use link::link;
use notifications::Counters;
use socket::Socket;

/// What an operator may want otherwise than the kernel has it. `None`: as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SctpConfig {
    /// Our addresses on associations that we make; empty: all of this machine.
    pub local: Vec<IpAddr>,
    /// Streams that are asked for, both ways; default 16. The other side may want fewer.
    pub streams: u16,
    /// HB.interval (RFC 9260 §16): between heartbeats on a path without traffic, beside its RTO.
    pub heartbeat_interval: Option<Duration>,
    /// RTO.Initial (RFC 9260 §16): retransmission timeout of a path before its first measurement.
    pub rto_initial: Option<Duration>,
    /// RTO.Min: least retransmission timeout. A path that failed is left after about as much.
    pub rto_min: Option<Duration>,
    /// RTO.Max: largest retransmission timeout.
    pub rto_max: Option<Duration>,
    /// Path.Max.Retrans: retransmissions after which a path counts as inactive.
    pub path_max_retransmissions: Option<u16>,
    /// Association.Max.Retrans: retransmissions on all paths after which the association is given up.
    pub association_max_retransmissions: Option<u16>,
}

impl Default for SctpConfig {
    fn default() -> Self {
        Self {
            local: Vec::new(),
            streams: 16,
            heartbeat_interval: None,
            rto_initial: None,
            rto_min: None,
            rto_max: None,
            path_max_retransmissions: None,
            association_max_retransmissions: None,
        }
    }
}

/// Connects and listens over SCTP, without transport security. Counts what the kernel tells; clones share that.
#[derive(Clone, Debug, Default)]
pub struct Sctp {
    config: SctpConfig,
    counters: Arc<Counters>,
}

impl Sctp {
    /// With these settings.
    pub fn new(config: SctpConfig) -> Self {
        Self { config, counters: Arc::default() }
    }

    /// Whether this machine's kernel has it; the error says what to do.
    pub fn is_here() -> io::Result<()> {
        Socket::new(&SctpConfig::default(), &[]).map(drop)
    }

    async fn dial(&self, to: &PeerAddress) -> io::Result<Link> {
        let at = &to.at;
        let mut addresses = resolve(at).await?;
        let port = addresses.first().map(SocketAddr::port).unwrap_or_default();
        addresses.extend(to.more.iter().map(|ip| SocketAddr::new(*ip, port)));
        let failed = |error: io::Error| {
            count(&self.counters.association_not_set_up);
            io::Error::new(error.kind(), format!("{at} over SCTP: {error}"))
        };
        self.associate(&addresses, at).await.map_err(failed)
    }

    async fn associate(&self, addresses: &[SocketAddr], remote: &str) -> io::Result<Link> {
        let local: Vec<_> = self.config.local.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
        let socket = Socket::new(&self.config, &[addresses, &local].concat())?;
        if !local.is_empty() {
            socket.bind(&local).map_err(|error| {
                let local = &self.config.local;
                io::Error::new(error.kind(), format!("cannot use the local addresses {local:?}: {error}"))
            })?;
        }
        socket.connect(addresses)?;
        let socket = system::watched(socket)?;
        loop {
            // Refused, it becomes readable and has an error, and is never writable.
            let mut ready = socket.ready(Interest::WRITABLE | Interest::ERROR).await?;
            socket.get_ref().take_error()?;
            // An association that is gone without an error is an error here.
            if socket.get_ref().status()?.is_established {
                break;
            }
            ready.clear_ready();
        }
        let unknown = unexpected(&socket.get_ref().remote_addresses()?, addresses);
        if !unknown.is_empty() {
            // It was reached where it is configured; what else it has is its own word.
            tracing::warn!(%remote, ?unknown, "the peer has addresses that are not configured: they are used too");
        }
        link(socket, Lane::dialled(), remote.to_owned(), &self.counters)
    }

    fn open(&self, on: &ListenOn) -> io::Result<Box<dyn Accept>> {
        let socket = Socket::new(&self.config, &on.addresses)?;
        socket.bind(&on.addresses)?;
        socket.listen()?;
        let socket = system::watched(socket)?;
        Ok(Box::new(Listener { socket, counters: self.counters.clone() }))
    }
}

impl Connect for Sctp {
    fn connect<'a>(&'a self, _host: &'a str, address: &'a PeerAddress) -> BoxFuture<'a, io::Result<Link>> {
        Box::pin(self.dial(address))
    }
}

impl Listen for Sctp {
    fn listen<'a>(&'a self, on: &'a ListenOn) -> BoxFuture<'a, io::Result<Box<dyn Accept>>> {
        Box::pin(std::future::ready(self.open(on)))
    }
}

impl Collect for Sctp {
    fn collect(&self, page: &mut Page) {
        self.counters.collect(page);
    }
}

/// Those addresses that were not expected.
fn unexpected(found: &[SocketAddr], expected: &[SocketAddr]) -> Vec<IpAddr> {
    let expected = |ip: &IpAddr| expected.iter().any(|address| address.ip().to_canonical() == *ip);
    found.iter().map(|address| address.ip().to_canonical()).filter(|ip| !expected(ip)).collect()
}

struct Listener {
    socket: AsyncFd<Socket>,
    counters: Arc<Counters>,
}

impl Listener {
    /// An association, and the first address of who made it.
    fn taken(&self, socket: Socket) -> io::Result<(Link, SocketAddr)> {
        let remote = socket.remote_addresses()?;
        let first = *remote.first().ok_or(io::ErrorKind::NotConnected)?;
        let socket = system::watched(socket)?;
        let link = link(socket, Lane::accepted(), first.to_string(), &self.counters)?;
        Ok((link, first))
    }
}

impl Accept for Listener {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_address()
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<(Arriving, SocketAddr)>> {
        Box::pin(async move {
            loop {
                let accepted = self.socket.async_io(Interest::READABLE, Socket::accept).await?;
                match self.taken(accepted) {
                    Ok((link, remote)) => return Ok((link.into(), remote)),
                    // This one is gone already; that says nothing of the next.
                    Err(error) => tracing::warn!(%error, "SCTP association closed"),
                }
            }
        })
    }
}
