//! A listener with its connections: how many, how long they may idle, how they end.

mod activity;
mod body;
mod connection;
mod https;
mod stall;

use std::{future::Future, io, iter, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use rustls::ServerConfig;
#[cfg(target_os = "linux")]
use socket2::{SockFilter, SockRef};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tracing::warn;

use super::limits::{Connections, Limits, Refused};
use crate::{live::Live, tls::Settings};
use connection::{Connection, LAST_CHANCE};
pub use https::{ClientCertificate, PROTOCOLS};
use stall::Stalling;

/// Connections that the system makes before they are accepted: what tokio asks for, and Linux' own limit is more.
const BACKLOG: usize = 1024;

/// What a client is told that there is no room for: its address, or all of them, have too many connections.
const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";

/// An address that others than this machine could reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "{0} is not a loopback address: without access control whoever reaches it may set anybody's QoS; \
     listen on 127.0.0.1 or [::1] and put what checks the clients before it"
)]
pub struct NotLoopback(pub SocketAddr);

/// Checks that only this machine can reach an address.
pub fn require_loopback(address: SocketAddr) -> Result<(), NotLoopback> {
    if address.ip().to_canonical().is_loopback() { Ok(()) } else { Err(NotLoopback(address)) }
}

/// Why a listener is not there.
#[derive(Debug, Error)]
pub enum BindError {
    /// The address is not for this machine only.
    #[error(transparent)]
    NotLoopback(#[from] NotLoopback),
    /// The system does not give it.
    #[error("cannot listen on {address}: {error}")]
    Io {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
}

/// A listener that is not served yet: clients can connect and wait.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    limits: Limits,
    draining: Live<bool>,
    tls: Option<Live<Settings<ServerConfig>>>,
    refused: Arc<Refused>,
}

impl Server {
    /// Listens on a loopback address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr, limits: Limits) -> Result<Self, BindError> {
        require_loopback(address)?;
        Self::bind_anywhere(address, limits).await
    }

    /// Listens on any address: for what asks its clients who they are.
    pub async fn bind_anywhere(address: SocketAddr, limits: Limits) -> Result<Self, BindError> {
        let listen = async {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address, limits, draining: false.into(), tls: None, refused: Arc::default() })
        };
        listen.await.map_err(|error| BindError::Io { address, error })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that it refuses for want of room.
    pub fn refused(&self) -> Arc<Refused> {
        self.refused.clone()
    }

    /// While this is set every answer closes its connection: clients look for another server, and none waits on
    /// a connection that is about to go.
    pub fn draining(self, draining: Live<bool>) -> Self {
        Self { draining, ..self }
    }

    /// With settings it speaks HTTPS and nothing else; each handshake takes those that are in force.
    pub fn tls(self, tls: Option<Live<Settings<ServerConfig>>>) -> Self {
        Self { tls, ..self }
    }

    /// Serves until `stop` is done; then takes no connection any more but those that had begun before, lets the
    /// requests end that have begun to arrive, and cuts off what is left after `grace`.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()>, grace: Duration) {
        let (stopping, stopped) = watch::channel(false);
        let connections = Connections::new(self.refused.clone());
        let mut tasks = JoinSet::new();
        let take = |tasks: &mut JoinSet<()>, (stream, client): (TcpStream, SocketAddr)| {
            match connections.count(client.ip(), &self.limits) {
                Some(counted) => {
                    // Answers are small: waiting for more to send only makes them late.
                    let _ = stream.set_nodelay(true);
                    let connection = Connection {
                        client,
                        router: router.clone(),
                        limits: self.limits,
                        stopped: stopped.clone(),
                        draining: self.draining.clone(),
                        secure: self.tls.is_some(),
                        certificate: None,
                        counted,
                    };
                    match self.tls.as_ref().map(Live::get) {
                        Some(tls) => tasks.spawn(async move {
                            if let Some((stream, certificate)) =
                                https::shake(stream, connection.client, tls, &connection.limits).await
                            {
                                Connection { certificate, ..connection }.serve(stream).await;
                            }
                        }),
                        None => {
                            let stream = Stalling::new(stream, self.limits.write_timeout);
                            tasks.spawn(connection.serve(stream))
                        }
                    };
                }
                // If it cannot be written at once, the client finds out anyway.
                None if self.tls.is_none() => drop(stream.try_write(TOO_MANY)),
                None => {}
            }
        };
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(ended) = tasks.join_next() => {
                    if let Err(error) = ended {
                        warn!(%error, "a connection's task failed");
                    }
                }
                accepted = self.listener.accept() => match accepted {
                    Ok(accepted) => take(&mut tasks, accepted),
                    Err(error) => {
                        warn!(%error, "a connection cannot be accepted");
                        // Out of descriptors: the next attempt would fail at once, over and over.
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
        // Fails if there is no connection to tell.
        let _ = stopping.send(true);
        // The system makes those that have begun: their clients may send their requests at once.
        if let Err(error) = let_none_begin(&self.listener) {
            warn!(%error, "connections that are made right now may be cut off");
        }
        let mut made = pin!(tokio::time::sleep(LAST_CHANCE));
        loop {
            tokio::select! {
                () = &mut made => break,
                Ok(accepted) = self.listener.accept() => take(&mut tasks, accepted),
            }
        }
        // Asked directly for the last ones: what the runtime knows of them may be old.
        match self.listener.into_std() {
            Ok(listener) => {
                let waiting = iter::repeat_with(|| listener.accept()).take(BACKLOG).map_while(Result::ok);
                for (stream, client) in waiting {
                    let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                    match stream {
                        Ok(stream) => take(&mut tasks, (stream, client)),
                        Err(error) => warn!(%error, "a connection cannot be served"),
                    }
                }
            }
            Err(error) => warn!(%error, "connections that wait to be accepted are cut off"),
        }
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, all).await.is_err() {
            warn!(left = tasks.len(), "connections are cut off");
            tasks.shutdown().await;
        }
    }
}

/// From now on the system makes no connection that has not begun, while those that have begun can still be taken.
///
/// One that was made between the last look at a listener and its end is cut off without an answer. A client that finds
/// nobody now asks again after a second (RFC 6298 §2), and is refused once the listener is gone.
#[cfg(target_os = "linux")]
fn let_none_begin(listener: &TcpListener) -> io::Result<()> {
    use libc::{BPF_ABS, BPF_B, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_RET};
    // The octet of the TCP header with the flags, and SYN in it (RFC 9293 §3.1).
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    let filter = [
        (BPF_LD | BPF_B | BPF_ABS, 0, FLAGS),
        (BPF_JMP | BPF_JSET | BPF_K, 1, SYN),
        (BPF_RET | BPF_K, 0, u32::MAX),
        (BPF_RET | BPF_K, 0, 0),
    ];
    SockRef::from(listener)
        .attach_filter(&filter.map(|(code, if_set, value)| SockFilter::new(code as u16, if_set, 0, value)))
}

/// Other systems have no means for this.
#[cfg(not(target_os = "linux"))]
fn let_none_begin(_: &TcpListener) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_connection_that_was_made_can_be_taken_when_none_begins_any_more() {
        use std::net::TcpStream as Client;
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(address).await.unwrap();
            let address = listener.local_addr().unwrap();
            let before = Client::connect(address).unwrap();
            let_none_begin(&listener).unwrap();
            let after = Client::connect_timeout(&address, Duration::from_millis(200));
            assert_eq!(after.unwrap_err().kind(), io::ErrorKind::TimedOut);
            let (taken, client) = listener.accept().await.unwrap();
            assert_eq!(client, before.local_addr().unwrap());
            // What it sends is no matter of the listener.
            io::Write::write_all(&mut &before, b"x").unwrap();
            taken.readable().await.unwrap();
            assert_eq!(taken.try_read(&mut [0; 2]).unwrap(), 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_while_the_last_chance_ended_is_answered() {
        use std::io::{Read, Write};
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), Limits::default()).await.unwrap();
        let mut client = std::net::TcpStream::connect(server.address()).unwrap();
        let send = async {
            tokio::time::sleep(LAST_CHANCE).await;
            client.write_all(b"GET / HTTP/1.1\r\nHost: gate\r\n\r\n").unwrap();
        };
        tokio::join!(server.serve(Router::new(), std::future::ready(()), Duration::from_secs(60)), send);
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    }

    #[test]
    fn only_loopback_addresses_are_served() {
        for (address, ok) in [
            ("127.0.0.1:1", true),
            ("127.9.9.9:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("0.0.0.0:1", false),
            ("[::]:1", false),
            ("192.0.2.1:1", false),
        ] {
            assert_eq!(require_loopback(address.parse().unwrap()).is_ok(), ok, "{address}");
        }
        let text = require_loopback("0.0.0.0:80".parse().unwrap()).unwrap_err().to_string();
        assert!(text.starts_with("0.0.0.0:80 is not a loopback address: without access control "), "{text}");
    }
}
