//! TLS before HTTP: the handshake, and the name in the certificate that a client shows.

use std::{io, net::SocketAddr, sync::Arc};

use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tracing::{debug, info};

use super::{super::limits::Limits, stall::Stalling};
use crate::tls::{self, HANDSHAKE, Names, Settings};

/// What may be spoken inside of TLS (RFC 7301 §6), the best first.
pub const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// What a client is told that speaks HTTP where HTTPS is spoken.
const HTTPS_ONLY: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\
    Content-Length: 28\r\n\r\nthis port takes HTTPS only.\n";

/// An extension of each request on a connection whose client showed a certificate that was verified: the name in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate(pub Arc<str>);

/// A handshake, and whose certificate the client showed. `None`: there is no TLS.
pub(super) async fn shake(
    stream: TcpStream,
    client: SocketAddr,
    tls: Settings<ServerConfig>,
    limits: &Limits,
) -> Option<(TlsStream<Stalling<TcpStream>>, Option<ClientCertificate>)> {
    let shaking = async {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first != [HANDSHAKE] {
            // If it cannot be written at once, the client finds out anyway.
            drop(stream.try_write(HTTPS_ONLY));
            return Err(io::Error::other("the client does not begin with TLS: this port takes HTTPS only"));
        }
        TlsAcceptor::from(tls.config).accept(Stalling::new(stream, limits.write_timeout)).await
    };
    match tokio::time::timeout(limits.header_timeout, shaking).await {
        Ok(Ok(stream)) => {
            let chain = stream.get_ref().1.peer_certificates();
            let name = chain.and_then(|chain| Names::of(chain).first());
            Some((stream, name.map(|name| ClientCertificate(name.into()))))
        }
        Ok(Err(error)) => {
            let reason = tls::io_reason(&error);
            // Whoever only looks whether the port is open has nothing to be told of.
            match error.kind() {
                io::ErrorKind::UnexpectedEof => debug!(%client, reason, "no TLS with a client"),
                _ => info!(%client, reason, "no TLS with a client"),
            }
            None
        }
        Err(_) => {
            debug!(%client, "a client does not end its TLS handshake");
            None
        }
    }
}
