//! What the owner of a pool wants beside sending requests, and what a simulator of a bad node wants.

use tokio::sync::oneshot;

use super::{
    driver::{Connection, Driver},
    now,
};
use crate::{
    peer::{ConnectionId, DisconnectCause, NodePeer},
    wire::MessageBuf,
};

/// What the owner of the pool wants.
pub(super) enum Control {
    Connect {
        host: String,
        done: oneshot::Sender<bool>,
    },
    Disconnect {
        host: String,
        cause: DisconnectCause,
        reason: String,
        done: oneshot::Sender<bool>,
    },
    /// Say that the driver is there.
    Ask {
        done: oneshot::Sender<bool>,
    },
    /// Make these the configured peers.
    Reconfigure {
        peers: Vec<NodePeer>,
        done: oneshot::Sender<bool>,
    },
    /// Send a DPR, and let the peer come back.
    Goodbye {
        host: String,
        cause: DisconnectCause,
    },
    ShutDown {
        cause: DisconnectCause,
        done: oneshot::Sender<()>,
    },
    /// Send a message on the connection of a peer, past the node.
    Send {
        host: String,
        message: MessageBuf,
    },
    /// End the connection of a peer.
    Drop {
        host: String,
    },
    /// Do nothing any more, or go on.
    Pause {
        paused: bool,
    },
    /// End everything at once.
    BreakOff {
        done: oneshot::Sender<()>,
    },
}

impl Driver {
    /// Does what is wanted, or notes it.
    pub fn control(&mut self, control: Control) {
        let now = now();
        match control {
            Control::Connect { host, done } => {
                let known = self.parts.node.connect(now, &host);
                self.tell(done, known);
            }
            Control::Disconnect { host, cause, reason, done } => {
                let known = self.parts.node.disconnect(now, &host, cause, &reason);
                self.tell(done, known);
            }
            Control::Ask { done } => self.tell(done, true),
            Control::Reconfigure { peers, done } => {
                self.parts.node.reconfigure(now, peers);
                self.tell(done, true);
            }
            Control::Goodbye { host, cause } => {
                self.parts.node.disconnect(now, &host, cause, "told to say goodbye");
                self.parts.node.connect(now, &host);
            }
            Control::Send { host, message } => {
                for id in self.connections_of(&host) {
                    let outbox = self.connections.get(&id).map(|connection| &connection.outbox);
                    // A connection that cannot take it is found out by the node's own messages.
                    _ = outbox.map(|outbox| outbox.push(message.clone().into_bytes()));
                }
            }
            Control::Drop { host } => {
                for id in self.connections_of(&host) {
                    if let Some(Connection { peer, .. }) = self.connections.remove(&id) {
                        self.parts.node.handle_disconnected(now, peer, id, "closed by this side".into());
                    }
                }
            }
            Control::Pause { paused } => self.paused = paused,
            Control::BreakOff { done } => self.breaking = Some(done),
            Control::ShutDown { cause, done } => {
                self.paused = false;
                self.parts.listeners.abort_all();
                self.stopping.get_or_insert_default().push(done);
                self.parts.node.shut_down(now, cause);
            }
        }
    }

    /// Whoever hears that it is done sees the peer as it is then.
    fn tell(&mut self, done: oneshot::Sender<bool>, known: bool) {
        self.settle();
        // Whoever asked may not want to know any more.
        _ = done.send(known);
    }

    /// There are two while an election is on: the older one first.
    fn connections_of(&self, host: &str) -> Vec<ConnectionId> {
        let is_of = |peer| self.parts.node.host(peer).is_some_and(|found| found.eq_ignore_ascii_case(host));
        let found = self.connections.iter().filter(|(_, one)| is_of(one.peer)).map(|(id, _)| *id);
        let mut found: Vec<_> = found.collect();
        found.sort_unstable();
        found
    }

    /// Sockets close as they would if the process were killed.
    pub async fn break_off(mut self, done: oneshot::Sender<()>) {
        self.parts.listeners.shutdown().await;
        self.connections.clear();
        self.tasks.shutdown().await;
        self.handlers.shutdown().await;
        _ = done.send(());
    }
}
