//! What a peer is told at construction: who we are, whom we expect, how patient to be.

use std::time::Duration;

use crate::{
    dict::{RELAY_APPLICATION_ID, RX_APPLICATION_ID},
    wire::VendorId,
};

/// An application that this node offers in its capabilities exchange (RFC 6733 §5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application {
    /// Vendor of the application; `None` for one of the IETF.
    ///
    /// With a vendor it is offered twice, inside Vendor-Specific-Application-Id and bare: peers differ in
    /// which of the two they look at.
    pub vendor: Option<VendorId>,
    /// Auth-Application-Id.
    pub id: u32,
}

impl Application {
    /// 3GPP Rx (TS 29.214 §5.1).
    pub const RX: Self = Self { vendor: Some(VendorId::TGPP), id: RX_APPLICATION_ID };
}

/// This Diameter node as it presents itself to every peer (RFC 6733 §5.3.1).
///
/// All of it stays the same for the life of the process: peers drop a connection on which Origin-State-Id
/// changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalNode {
    /// Origin-Host.
    pub origin_host: String,
    /// Origin-Realm.
    pub origin_realm: String,
    /// Product-Name.
    pub product_name: String,
    /// Vendor-Id: IANA enterprise number of the maker, 0 for none.
    pub vendor_id: VendorId,
    /// Origin-State-Id: grows with every loss of state, so the start time in seconds; `None` says nothing.
    pub origin_state_id: Option<u32>,
    /// Vendors whose AVPs are understood: Supported-Vendor-Id.
    pub supported_vendors: Vec<VendorId>,
    /// Applications offered; one of them, or relay, must be common with the peer.
    pub applications: Vec<Application>,
}

impl LocalNode {
    /// An Rx node: one application, the vendors 3GPP and ETSI, no Origin-State-Id yet.
    pub fn rx(origin_host: impl Into<String>, origin_realm: impl Into<String>) -> Self {
        Self {
            origin_host: origin_host.into(),
            origin_realm: origin_realm.into(),
            product_name: "rxgate".into(),
            vendor_id: VendorId::NONE,
            origin_state_id: None,
            supported_vendors: vec![VendorId::TGPP, VendorId::ETSI],
            applications: vec![Application::RX],
        }
    }

    /// Whether requests of this application are for us.
    pub fn serves(&self, application: u32) -> bool {
        self.applications.iter().any(|own| own.id == application || own.id == RELAY_APPLICATION_ID)
    }
}

/// Everything that one [`Peer`](super::Peer) needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerConfig {
    /// This node.
    pub local: LocalNode,
    /// Origin-Host that the peer must show; compared without case.
    pub host: String,
    /// Whether we dial. `false`: only connections that the peer makes are used.
    pub connect: bool,
    /// Tw, watchdog interval; default 30 s, the RFC wants at least 6 s (RFC 3539 §3.4.1).
    ///
    /// Jittered by ±2 s, below 6 s by ± a third of itself.
    pub watchdog_interval: Duration,
    /// Longest wait for the transport connection, and then for the CEA; default 10 s.
    pub capabilities_timeout: Duration,
    /// Longest wait between DPR and the end of the connection; default 5 s.
    pub closing_timeout: Duration,
    /// DWAs that a reopened connection must bring before it is used; default 3, 0 trusts it at once
    /// (RFC 3539 §3.4.1, REOPEN).
    pub reopen_probes: u8,
    /// First wait before dialling again; doubled with each failure, jittered; default 1 s.
    pub reconnect_initial: Duration,
    /// Longest such wait; default 30 s.
    pub reconnect_max: Duration,
    /// Wait before dialling a peer that does not want us: DPR with BUSY or DO_NOT_WANT_TO_TALK_TO_YOU, CEA
    /// with 3010 or 5010; default 60 s.
    pub reconnect_after_refusal: Duration,
}

impl PeerConfig {
    /// A peer that we dial, with the defaults above.
    pub fn new(local: LocalNode, host: impl Into<String>) -> Self {
        Self {
            local,
            host: host.into(),
            connect: true,
            watchdog_interval: Duration::from_secs(30),
            capabilities_timeout: Duration::from_secs(10),
            closing_timeout: Duration::from_secs(5),
            reopen_probes: 3,
            reconnect_initial: Duration::from_secs(1),
            reconnect_max: Duration::from_secs(30),
            reconnect_after_refusal: Duration::from_secs(60),
        }
    }
}
