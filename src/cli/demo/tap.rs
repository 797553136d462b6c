//! A transport that tells of every message that goes through it.

use std::io;

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    BoxFuture,
    transport::{Connect, Link, PeerAddress, RecvError, RecvMessage, SendMessage, Tcp},
    wire::MessageBuf,
};

/// What goes by while a step is under way.
#[derive(Debug)]
pub(super) enum Seen {
    /// A Diameter message; `sent`: by the gateway.
    Diameter { sent: bool, message: MessageBuf },
    /// The gateway told the application something.
    Notification { body: String },
}

/// TCP whose messages are told of: sent ones before they leave, received ones before they are looked at.
pub(super) struct Tap {
    tcp: Tcp,
    seen: UnboundedSender<Seen>,
}

impl Tap {
    pub fn new(seen: UnboundedSender<Seen>) -> Self {
        Self { tcp: Tcp::default(), seen }
    }
}

impl Connect for Tap {
    fn connect<'a>(&'a self, host: &'a str, address: &'a PeerAddress) -> BoxFuture<'a, io::Result<Link>> {
        Box::pin(async move {
            let link = self.tcp.connect(host, address).await?;
            let rx = Box::new(Receiver { rx: link.rx, seen: self.seen.clone() });
            let tx = Box::new(Sender { tx: link.tx, seen: self.seen.clone() });
            Ok(Link { rx, tx, ..link })
        })
    }
}

fn tell(seen: &UnboundedSender<Seen>, sent: bool, message: MessageBuf) {
    // Nobody may be listening any more.
    _ = seen.send(Seen::Diameter { sent, message });
}

struct Receiver {
    rx: Box<dyn RecvMessage>,
    seen: UnboundedSender<Seen>,
}

impl RecvMessage for Receiver {
    fn recv<'a>(&'a mut self, into: &'a mut Vec<MessageBuf>) -> BoxFuture<'a, Result<(), RecvError>> {
        Box::pin(async move {
            let before = into.len();
            let received = self.rx.recv(into).await;
            for message in into.iter().skip(before) {
                tell(&self.seen, false, message.clone());
            }
            received
        })
    }
}

struct Sender {
    tx: Box<dyn SendMessage>,
    seen: UnboundedSender<Seen>,
}

impl SendMessage for Sender {
    fn send<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, io::Result<()>> {
        for message in messages {
            if let Ok(message) = MessageBuf::from_bytes(message.clone()) {
                tell(&self.seen, true, message);
            }
        }
        self.tx.send(messages)
    }

    fn finish(&mut self) -> BoxFuture<'_, io::Result<()>> {
        self.tx.finish()
    }
}
