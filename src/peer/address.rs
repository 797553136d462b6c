//! Where a peer is, and what carries Diameter there. Carried for whoever dials and accepts.

use std::{fmt, net::IpAddr};

/// What carries Diameter (RFC 6733 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TCP without security.
    Tcp,
    /// TLS over TCP, from the first octet on (RFC 6733 §13.1).
    Tls,
    /// SCTP without security (RFC 9260).
    Sctp,
}

impl Transport {
    /// As in the configuration: `tcp`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Sctp => "sctp",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a peer is dialled, or where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAddress {
    /// What carries Diameter there.
    pub transport: Transport,
    /// `host:port`; a name is looked up each time.
    pub at: String,
    /// Further addresses of the same SCTP endpoint, with the same port.
    pub more: Vec<IpAddr>,
}

impl<T: Into<String>> From<T> for PeerAddress {
    /// Over TCP.
    fn from(at: T) -> Self {
        Self { transport: Transport::Tcp, at: at.into(), more: Vec::new() }
    }
}

/// A connection that somebody made, as its transport knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// From where.
    pub from: PeerAddress,
    /// The DNS names in the certificate that was shown and checked; `None`: the transport has none.
    pub certified: Option<Vec<String>>,
}

impl<T: Into<PeerAddress>> From<T> for Arrival {
    /// Without a certificate.
    fn from(from: T) -> Self {
        Self { from: from.into(), certified: None }
    }
}
