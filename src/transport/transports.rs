//! Whatever carries Diameter, by its name.

use std::io;

use super::{Accept, Connect, Link, Listen, ListenOn, PeerAddress, Sctp, Tcp, Tls, Transport};
use crate::BoxFuture;

/// Connects and listens over whichever transport an address names.
#[derive(Clone, Debug, Default)]
pub struct Transports {
    /// Without security.
    pub tcp: Tcp,
    /// With certificates, if there are some.
    pub tls: Option<Tls>,
    /// With several addresses, without security.
    pub sctp: Sctp,
}

impl Connect for Transports {
    fn connect<'a>(&'a self, host: &'a str, address: &'a PeerAddress) -> BoxFuture<'a, io::Result<Link>> {
        match address.transport {
            Transport::Tcp => self.tcp.connect(host, address),
            Transport::Tls if let Some(tls) = &self.tls => tls.connect(host, address),
            Transport::Sctp => self.sctp.connect(host, address),
            other => Box::pin(std::future::ready(Err(missing(other)))),
        }
    }
}

impl Listen for Transports {
    fn listen<'a>(&'a self, on: &'a ListenOn) -> BoxFuture<'a, io::Result<Box<dyn Accept>>> {
        match on.transport {
            Transport::Tcp => self.tcp.listen(on),
            Transport::Tls if let Some(tls) = &self.tls => tls.listen(on),
            Transport::Sctp => self.sctp.listen(on),
            other => Box::pin(std::future::ready(Err(missing(other)))),
        }
    }
}

fn missing(transport: Transport) -> io::Error {
    let text = format!("transport {transport} is not configured: it takes a section [diameter.{transport}]");
    io::Error::new(io::ErrorKind::Unsupported, text)
}
