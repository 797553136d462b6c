//! What a [`Node`](super::Node) is told at construction: its peers, and how much is too much.

use std::time::{Duration, SystemTime};

use super::{LocalNode, PeerAddress, PeerConfig};

/// A configured peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePeer {
    /// Origin-Host that the peer must show; compared without case.
    pub host: String,
    /// Where to dial it.
    pub address: PeerAddress,
    /// Lower is tried first.
    pub priority: u32,
    /// Share among those of the same priority; 0 gets something only when all of them have 0.
    pub weight: u32,
    /// Whether we dial. `false`: only connections that the peer makes are used.
    pub connect: bool,
}

impl NodePeer {
    /// A peer that we dial, of priority 1 and weight 1.
    pub fn new(host: impl Into<String>, address: impl Into<PeerAddress>) -> Self {
        Self { host: host.into(), address: address.into(), priority: 1, weight: 1, connect: true }
    }
}

/// Everything that a [`Node`](super::Node) needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeConfig {
    /// This node, and the timers of every peer. `host` and `connect` in here mean nothing.
    pub each_peer: PeerConfig,
    /// The peers.
    pub peers: Vec<NodePeer>,
    /// Whether connections of peers that are not configured are accepted, under any Origin-Host.
    pub accept_any_peer: bool,
    /// Commands whose requests are handed up; others are refused with 3001 (RFC 6733 §7.1.3).
    pub commands: Vec<u32>,
    /// How long one attempt at one peer waits before the request is sent once more; default 4 s.
    pub attempt_timeout: Duration,
    /// Hosts that a DIAMETER_REDIRECT_INDICATION may point to (RFC 6733 §6.12).
    pub redirect_hosts: Vec<String>,
    /// Most requests that wait for one peer's answers; default 4,096.
    pub max_outstanding: usize,
    /// Most requests without an outcome, over all peers; default 16,384.
    pub max_pending: usize,
    /// When the process started: the beginning of the End-to-End Identifiers (RFC 6733 §3).
    pub started: SystemTime,
}

impl NodeConfig {
    /// A node without peers that takes no requests, with the defaults above.
    pub fn new(local: LocalNode, started: SystemTime) -> Self {
        Self {
            each_peer: PeerConfig::new(local, ""),
            peers: Vec::new(),
            accept_any_peer: false,
            commands: Vec::new(),
            attempt_timeout: Duration::from_secs(4),
            redirect_hosts: Vec::new(),
            max_outstanding: 4096,
            max_pending: 16_384,
            started,
        }
    }

    /// This node.
    pub fn local(&self) -> &LocalNode {
        &self.each_peer.local
    }
}
