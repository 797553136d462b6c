//! Diameter over TCP (RFC 6733 §2.1): connecting, and cutting the byte stream into messages.

use std::{io, net::SocketAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream, lookup_host,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};

use super::{Accept, Connect, Link, Listen, RecvError, RecvMessage, SendMessage};
use crate::{
    BoxFuture,
    wire::{Header, MAX_MESSAGE, MessageBuf, WireError, frame_length},
};

/// Room made for one read: several messages under load. Octets.
const READ_SIZE: usize = 16 * 1024;

/// Connects and listens over TCP, without transport security.
#[derive(Clone, Copy, Debug)]
pub struct Tcp {
    /// Longest attempt at one of the addresses of a name, if it has several; default 3 s.
    pub address_timeout: Duration,
}

impl Default for Tcp {
    fn default() -> Self {
        Self { address_timeout: Duration::from_secs(3) }
    }
}

impl Connect for Tcp {
    fn connect<'a>(&'a self, address: &'a str) -> BoxFuture<'a, io::Result<Link>> {
        Box::pin(self.dial(address))
    }

    fn name(&self) -> &'static str {
        "tcp"
    }
}

impl Tcp {
    async fn dial(&self, address: &str) -> io::Result<Link> {
        let addresses: Vec<SocketAddr> = lookup_host(address)
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("{address} cannot be resolved: {error}")))?
            .collect();
        let mut failed = io::Error::new(io::ErrorKind::NotFound, format!("{address} has no addresses"));
        for address in &addresses {
            let attempt = TcpStream::connect(address);
            // A single address has all the time that the peer machine gives it.
            let connected = match addresses.len() {
                1 => Ok(attempt.await),
                _ => timeout(self.address_timeout, attempt).await,
            };
            match connected {
                Ok(Ok(stream)) => return link(stream),
                Ok(Err(error)) => failed = io::Error::new(error.kind(), format!("{address}: {error}")),
                Err(_) => {
                    let text = format!("{address}: nothing came back in {:?}", self.address_timeout);
                    failed = io::Error::new(io::ErrorKind::TimedOut, text);
                }
            }
        }
        Err(failed)
    }
}

impl Listen for Tcp {
    fn listen(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Accept>>> {
        Box::pin(async move { Ok(Box::new(TcpListener::bind(address).await?) as Box<dyn Accept>) })
    }
}

impl Accept for TcpListener {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<(Link, SocketAddr)>> {
        Box::pin(async move {
            loop {
                let (stream, remote) = Self::accept(self).await?;
                match link(stream) {
                    Ok(link) => return Ok((link, remote)),
                    // This one is gone already; that says nothing of the next.
                    Err(error) => tracing::warn!(%remote, %error, "connection closed"),
                }
            }
        })
    }
}

/// A connected socket as a link. Small messages are not held back (TCP_NODELAY).
fn link(stream: TcpStream) -> io::Result<Link> {
    stream.set_nodelay(true)?;
    let local = vec![stream.local_addr()?.ip()];
    let (rx, tx) = stream.into_split();
    let rx = Receiver { stream: rx, buffer: BytesMut::new(), lost: false };
    Ok(Link { rx: Box::new(rx), tx: Box::new(Sender { stream: tx, joined: Vec::new() }), local })
}

struct Receiver {
    stream: OwnedReadHalf,
    buffer: BytesMut,
    /// Out of step: nothing that follows can be understood.
    lost: bool,
}

impl RecvMessage for Receiver {
    fn recv<'a>(&'a mut self, into: &'a mut Vec<MessageBuf>) -> BoxFuture<'a, Result<(), RecvError>> {
        Box::pin(async move {
            loop {
                if self.lost {
                    self.buffer.clear();
                }
                let before = into.len();
                let error = self.cut(into).err();
                if into.len() > before {
                    // The error, if there is one, comes again with the next call.
                    return Ok(());
                }
                if let Some(error) = error {
                    self.lost = true;
                    return Err(RecvError::Bad { error, header: Header::parse(&self.buffer).ok() });
                }
                self.buffer.reserve(READ_SIZE);
                if self.stream.read_buf(&mut self.buffer).await? == 0 {
                    return Err(RecvError::Ended);
                }
            }
        })
    }
}

impl Receiver {
    /// Cuts the whole messages off the buffer.
    fn cut(&mut self, into: &mut Vec<MessageBuf>) -> Result<(), WireError> {
        while let Some(length) = frame_length(&self.buffer, MAX_MESSAGE)? {
            if self.buffer.len() < length {
                self.buffer.reserve(length - self.buffer.len());
                break;
            }
            into.push(MessageBuf::from_bytes(self.buffer.split_to(length).freeze())?);
        }
        Ok(())
    }
}

struct Sender {
    stream: OwnedWriteHalf,
    joined: Vec<u8>,
}

impl SendMessage for Sender {
    fn send<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, io::Result<()>> {
        Box::pin(async move {
            if let [message] = messages {
                return self.stream.write_all(message).await;
            }
            // One system call for all of them.
            self.joined.clear();
            messages.iter().for_each(|message| self.joined.extend_from_slice(message));
            self.stream.write_all(&self.joined).await
        })
    }

    fn finish(&mut self) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(self.stream.shutdown())
    }
}
