//! The operator's way to the peers.

use crate::{
    BoxFuture,
    north::admin::{PeerView, Peers},
    transport::{DisconnectCause, PeerStatus, Pool},
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
    }
}
