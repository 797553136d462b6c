//! Diameter over TCP (RFC 6733 §2.1): connecting and listening.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{Accept, Arriving, Connect, Link, Listen, ListenOn, PeerAddress, resolve, stream};
use crate::BoxFuture;

/// Connects and listens over TCP, without transport security.
#[derive(Clone, Copy, Debug)]
pub struct Tcp {
    /// Longest attempt at one of the addresses of a name, if it has several; default 3 s.
    pub address_timeout: Duration,
}

impl Default for Tcp {
    fn default() -> Self {
        Self { address_timeout: Duration::from_secs(3) }
    }
}

impl Connect for Tcp {
    fn connect<'a>(&'a self, _: &'a str, to: &'a PeerAddress) -> BoxFuture<'a, io::Result<Link>> {
        Box::pin(async { link(self.stream(&to.at).await?) })
    }
}

impl Tcp {
    /// A connection to `host:port`. Small messages are not held back (TCP_NODELAY).
    pub(super) async fn stream(&self, address: &str) -> io::Result<TcpStream> {
        let addresses = resolve(address).await?;
        let mut failed = io::Error::from(io::ErrorKind::NotFound);
        for address in &addresses {
            let attempt = TcpStream::connect(address);
            // A single address has all the time that the peer machine gives it.
            let connected = match addresses.len() {
                1 => Ok(attempt.await),
                _ => timeout(self.address_timeout, attempt).await,
            };
            match connected {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => failed = io::Error::new(error.kind(), format!("{address}: {error}")),
                Err(_) => {
                    let text = format!("{address}: nothing came back in {:?}", self.address_timeout);
                    failed = io::Error::new(io::ErrorKind::TimedOut, text);
                }
            }
        }
        Err(failed)
    }
}

impl Listen for Tcp {
    fn listen<'a>(&'a self, on: &'a ListenOn) -> BoxFuture<'a, io::Result<Box<dyn Accept>>> {
        Box::pin(async move { Ok(Box::new(TcpListener::bind(&*on.addresses).await?) as Box<dyn Accept>) })
    }
}

impl Accept for TcpListener {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<(Arriving, SocketAddr)>> {
        Box::pin(async move {
            let (stream, remote) = Self::accept(self).await?;
            // One that is gone already says nothing of the next.
            let link = stream.set_nodelay(true).and_then(|()| link(stream));
            Ok((Arriving::after(std::future::ready(link)), remote))
        })
    }
}

/// A connected socket as a link.
fn link(stream: TcpStream) -> io::Result<Link> {
    let local = vec![stream.local_addr()?.ip()];
    let (reader, writer) = stream.into_split();
    Ok(stream::link(reader, writer, local, None))
}
