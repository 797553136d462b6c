//! The operator's way to the peers.

use crate::{
    BoxFuture,
    north::admin::{PathView, PeerView, Peers},
    transport::{DisconnectCause, PathStatus, PeerStatus, Pool},
};

/// The peers of a pool.
pub(super) struct Operator(pub Pool);

impl Peers for Operator {
    fn peers(&self) -> Vec<PeerView> {
        self.0.peers().into_iter().map(peer_view).collect()
    }

    fn answers(&self) -> BoxFuture<'_, bool> {
        Box::pin(self.0.answers())
    }

    fn connect<'a>(&'a self, host: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(self.0.connect(host))
    }

    fn disconnect<'a>(&'a self, host: &'a str, reason: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(self.0.disconnect(host, DisconnectCause::Rebooting, reason))
    }
}

fn peer_view(status: PeerStatus) -> PeerView {
    PeerView {
        host: status.host,
        address: status.address,
        transport: status.transport.into(),
        state: status.state,
        connected: status.connected,
        open: status.open,
        held: status.held,
        since: status.since,
        reason: status.reason,
        paths: status.paths.into_iter().map(path_view).collect(),
    }
}

fn path_view(status: PathStatus) -> PathView {
    PathView {
        address: status.address,
        state: status.state,
        primary: status.primary,
        round_trip: status.round_trip,
        timeout: status.timeout,
    }
}
