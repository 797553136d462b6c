//! Diameter over TLS over TCP (RFC 6733 §13.1): TLS from the first octet on, and both sides show a certificate.
//!
//! Whom we dial must be named in its certificate as it is configured. Whoever connects may be anybody with a
//! certificate of the right authority: the names in it go along with the [`Link`], and `peer` compares them with the
//! Origin-Host of the CER before that is answered.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use rustls::{
    CertificateError, ClientConfig, Error, ServerConfig,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{Accept, Arriving, Connect, Link, Listen, ListenOn, Tcp, stream};
use crate::{
    BoxFuture,
    live::Live,
    peer::PeerAddress,
    tls::{self, Clients, HANDSHAKE, Identity, Names, Settings, Trust},
};

/// Version of Diameter, the first octet of each message (RFC 6733 §3).
const DIAMETER: u8 = 0x01;

/// What both ends are set up with.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsEnds {
    /// Where peers connect; asks for a certificate.
    pub accept: Settings<ServerConfig>,
    /// Where we connect; shows a certificate.
    pub connect: Settings<ClientConfig>,
}

impl TlsEnds {
    /// Both sides show a certificate of an authority that is trusted; ours is this.
    pub fn new(identity: &Identity, trust: &Trust) -> Self {
        Self {
            accept: tls::server(identity, &Clients::Required(trust.clone()), &[]),
            connect: tls::client(Some(identity), trust),
        }
    }
}

/// Longest handshake with a peer that was dialled, which also has to connect and to exchange capabilities in 10 s.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(8);

/// Connects and listens over TLS; each handshake takes the settings that are in force.
#[derive(Clone, Debug)]
pub struct Tls {
    tcp: Tcp,
    ends: Live<TlsEnds>,
}

impl Tls {
    /// TLS over connections that are made as `tcp` makes them.
    pub fn new(tcp: Tcp, ends: Live<TlsEnds>) -> Self {
        Self { tcp, ends }
    }

    async fn dial(&self, host: &str, address: &str) -> io::Result<Link> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| io::Error::other(format!("no certificate can be for {host}")))?;
        let stream = self.tcp.stream(address).await?;
        let local = stream.local_addr()?.ip();
        let connector = TlsConnector::from(self.ends.get().connect.config);
        let stream = timeout(HANDSHAKE_TIMEOUT, connector.connect(name, stream)).await;
        let stream = stream.map_err(|_| no_tls(silent(host)))?.map_err(|error| refused(host, &error))?;
        let names = certified(stream.get_ref().1.peer_certificates());
        // A name with a star in it is no identity of one node.
        if !names.iter().any(|name| name.eq_ignore_ascii_case(host)) {
            return Err(no_tls(another_name(host, &names)));
        }
        Ok(link(stream, local, names))
    }
}

impl Connect for Tls {
    fn connect<'a>(&'a self, host: &'a str, address: &'a PeerAddress) -> BoxFuture<'a, io::Result<Link>> {
        Box::pin(self.dial(host, &address.at))
    }
}

impl Listen for Tls {
    fn listen<'a>(&'a self, on: &'a ListenOn) -> BoxFuture<'a, io::Result<Box<dyn Accept>>> {
        Box::pin(async move {
            let listener = TcpListener::bind(&*on.addresses).await?;
            Ok(Box::new(Listener { listener, ends: self.ends.clone() }) as Box<dyn Accept>)
        })
    }
}

struct Listener {
    listener: TcpListener,
    ends: Live<TlsEnds>,
}

impl Accept for Listener {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<(Arriving, SocketAddr)>> {
        Box::pin(async move {
            let (stream, remote) = self.listener.accept().await?;
            Ok((Arriving::after(shake(stream, self.ends.get().accept.config)), remote))
        })
    }
}

/// The accepting side of a handshake. Takes as long as the other side does.
async fn shake(stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<Link> {
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?.ip();
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 {
        is_tls(first[0])?;
    }
    let stream =
        TlsAcceptor::from(config).accept(stream).await.map_err(|error| no_tls(tls::io_reason(&error)))?;
    let names = certified(stream.get_ref().1.peer_certificates());
    Ok(link(stream, local, names))
}

fn link(tls: impl AsyncRead + AsyncWrite + Send + 'static, local: IpAddr, names: Vec<String>) -> Link {
    let (reader, writer) = tokio::io::split(tls);
    stream::link(reader, writer, vec![local], Some(names))
}

fn certified(chain: Option<&[CertificateDer<'_>]>) -> Vec<String> {
    chain.map(Names::of).unwrap_or_default().dns
}

/// Whether this can be the first octet of TLS.
fn is_tls(octet: u8) -> io::Result<()> {
    match octet {
        HANDSHAKE => Ok(()),
        DIAMETER => Err(no_tls(
            "plain Diameter (it begins with octet 0x01) came to a port of `listen_tls`: have the peer use TLS, or the \
             port of `listen`"
                .into(),
        )),
        octet => Err(no_tls(format!("what came begins with octet {octet:#04x}, TLS with 0x16"))),
    }
}

/// Why there is no TLS with a peer that we dialled.
fn refused(host: &str, error: &io::Error) -> io::Error {
    no_tls(match tls::of_tls(error) {
        Some(Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. })) => {
            let names: Vec<_> = presented.iter().map(|name| plain(name)).collect();
            another_name(host, &names)
        }
        Some(Error::InvalidMessage(_)) => format!("{host} does not answer with TLS: {WHERE}"),
        Some(error) => tls::reason(error),
        // What it says of itself, such as "connection reset", is no more than this.
        None => format!("{host} closed the connection in the handshake: look into its log, or {WHERE}"),
    })
}

fn silent(host: &str) -> String {
    format!("{host} did not end the handshake in {HANDSHAKE_TIMEOUT:?}: look whether it hangs, or {WHERE}")
}

/// For a peer that may not speak TLS there.
const WHERE: &str = "set `transport = \"tcp\"` for this peer, or the port where it takes TLS (usually 5658)";

fn another_name(host: &str, names: &[String]) -> String {
    let names = if names.is_empty() { "no DNS name without a star".into() } else { names.join(", ") };
    format!(
        "its certificate is for {names}, not for {host}: correct `host` of the peer, or have the certificate made anew"
    )
}

/// A name of a certificate, which rustls shows as `DnsName("pcrf.rx.test")`.
fn plain(presented: &str) -> String {
    let inside = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(presented).trim_matches('"').to_owned()
}

fn no_tls(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, format!("no TLS: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_octet_tells_what_came() {
        assert!(is_tls(0x16).is_ok());
        assert!(is_tls(0x01).unwrap_err().to_string().contains("plain Diameter"));
        assert_eq!(
            is_tls(b'G').unwrap_err().to_string(),
            "no TLS: what came begins with octet 0x47, TLS with 0x16"
        );
    }
}
