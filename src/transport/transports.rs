//! Whatever carries Diameter, by its name.

use std::io;

use super::{Accept, Connect, Link, Listen, ListenOn, PeerAddress, Tcp, Transport};
use crate::BoxFuture;

/// Connects and listens over whichever transport an address names.
#[derive(Clone, Debug, Default)]
pub struct Transports {
    /// Without security.
    pub tcp: Tcp,
}

impl Connect for Transports {
    fn connect<'a>(&'a self, host: &'a str, address: &'a PeerAddress) -> BoxFuture<'a, io::Result<Link>> {
        match address.transport {
            Transport::Tcp => self.tcp.connect(host, address),
        }
    }
}

impl Listen for Transports {
    fn listen<'a>(&'a self, on: &'a ListenOn) -> BoxFuture<'a, io::Result<Box<dyn Accept>>> {
        match on.transport {
            Transport::Tcp => self.tcp.listen(on),
        }
    }
}
