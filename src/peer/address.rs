//! Where a peer is, and what carries Diameter there. Carried for whoever dials and accepts.

use std::fmt;

/// What carries Diameter (RFC 6733 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TCP without security.
    Tcp,
}

impl Transport {
    /// As in the configuration: `tcp`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
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
}

impl<T: Into<String>> From<T> for PeerAddress {
    /// Over TCP.
    fn from(at: T) -> Self {
        Self { transport: Transport::Tcp, at: at.into() }
    }
}
