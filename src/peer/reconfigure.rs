//! Other peers than a [`Node`] began with, while it runs.

use std::time::Instant;

use super::{DisconnectCause, Node, NodePeer, PeerIndex, slot::Origin};

impl Node {
    /// Makes these the configured peers.
    ///
    /// A peer that is not among them any more gets a DPR with DO_NOT_WANT_TO_TALK_TO_YOU and is not known from
    /// then on; its requests go to others. One with another address is said goodbye to with REBOOTING and
    /// dialled there, unless the operator keeps it down. Priority and weight count from the next request on. A
    /// new one is dialled. Whoever stays as it was notices nothing. Without effect once this node is shutting down.
    pub fn reconfigure(&mut self, now: Instant, peers: Vec<NodePeer>) {
        if self.stopping {
            return;
        }
        for index in (0..self.slots.len()).map(PeerIndex) {
            let Some(slot) = self.slots.get_mut(index.0) else { continue };
            let stays = peers.iter().any(|peer| peer.host.eq_ignore_ascii_case(&slot.host));
            if slot.origin == Origin::Configured && !stays {
                slot.origin = Origin::Removed;
                let why = "removed from the configuration".to_owned();
                self.with_peer(now, index, |peer| {
                    peer.disconnect(now, DisconnectCause::DoNotWantToTalkToYou, why);
                });
            }
        }
        self.config.peers.clone_from(&peers);
        self.changed = true;
        for wanted in peers {
            match self.peer_named(&wanted.host) {
                Some(known) => self.change(now, known, wanted),
                None => {
                    self.add(now, wanted, Origin::Configured);
                    self.settle(now);
                }
            }
        }
    }

    fn change(&mut self, now: Instant, index: PeerIndex, wanted: NodePeer) {
        let Some(slot) = self.slots.get_mut(index.0) else { return };
        (slot.priority, slot.weight) = (wanted.priority, wanted.weight);
        slot.origin = Origin::Configured;
        if slot.address == wanted.address {
            return;
        }
        slot.address = wanted.address;
        if !slot.peer.status().held {
            self.with_peer(now, index, |peer| {
                peer.disconnect(now, DisconnectCause::Rebooting, "its address changed".into());
                peer.connect(now);
            });
        }
    }
}
