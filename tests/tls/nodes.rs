//! Whole nodes over TLS: who is a peer, and who only has a certificate of the right authority.

use std::{net::SocketAddr, sync::Arc};

use bytes::BytesMut;
use rustls::ClientConfig;
use rxgate::{
    dict::commands,
    pcrf::{Pcrf, PcrfConfig},
    transport::{ListenOn, NodePeer, PeerStatus, PoolConfig, Tls, Transport, Transports},
    wire::{MAX_MESSAGE, MessageBuf, frame_length},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    authority::{Authority, Leaf},
    ends::{ends, node},
    raw::{Raw, cer},
    support::{End, answer, client, request, result_code, server, soon},
};

const PCRF: &str = "pcrf.rx.test";
const AF: &str = "af.rx.test";

/// The same node, over TLS.
fn over(mut config: PoolConfig, tls: Tls) -> PoolConfig {
    let transports = Arc::new(Transports { tls: Some(tls), ..Transports::default() });
    (config.connect, config.accept) = (transports.clone(), transports);
    for peer in &mut config.node.peers {
        peer.address.transport = Transport::Tls;
    }
    config
}

/// A PCRF that knows only the AF, and takes it over TLS.
pub async fn pcrf(ca: &Authority) -> End {
    let mut config = server(PCRF, None);
    config.node.accept_any_peer = false;
    config.node.peers = vec![NodePeer { connect: false, ..NodePeer::new(AF, "127.0.0.1:1") }];
    let address = "127.0.0.1:0".parse().unwrap();
    config.listen = vec![ListenOn { transport: Transport::Tls, addresses: vec![address] }, address.into()];
    End::start(over(config, node(&ca.leaf(&[PCRF]), ca, &[])), |r| Some(answer(r, PCRF, 2001))).await
}

fn plain(pcrf: &End) -> SocketAddr {
    pcrf.pool.local_addresses()[1]
}

/// A TLS connection that says of itself in Diameter whatever it likes.
pub struct Liar {
    pub stream: TlsStream<TcpStream>,
}

impl Liar {
    async fn connect(to: SocketAddr, leaf: &Leaf, ca: &Authority) -> Self {
        Self::set_up(to, ends(leaf, ca, &[]).connect.config).await
    }

    /// Over TLS that is set up like this.
    pub async fn set_up(to: SocketAddr, config: Arc<ClientConfig>) -> Self {
        let stream = TcpStream::connect(to).await.unwrap();
        let connector = TlsConnector::from(config);
        Self { stream: soon(connector.connect(PCRF.try_into().unwrap(), stream)).await.unwrap() }
    }

    /// What comes back for a CER; `None`: the end of the connection.
    pub async fn says(&mut self, host: &str) -> Option<MessageBuf> {
        self.stream.write_all(cer(host).as_bytes()).await.unwrap();
        let mut buffer = BytesMut::new();
        loop {
            if let Some(length) = frame_length(&buffer, MAX_MESSAGE).unwrap()
                && length <= buffer.len()
            {
                return Some(MessageBuf::from_bytes(buffer.split_to(length).freeze()).unwrap());
            }
            if soon(self.stream.read_buf(&mut buffer)).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }
}

fn the_af(pcrf: &End) -> PeerStatus {
    pcrf.pool.peers().into_iter().find(|peer| peer.host == AF).unwrap()
}

#[tokio::test]
async fn requests_go_over_tls_and_come_back() {
    let ca = Authority::new();
    let pcrf = pcrf(&ca).await;
    let af = over(client(&[(PCRF, pcrf.address())]), node(&ca.leaf(&[AF]), &ca, &[]));
    let mut af = End::start(af, |_| None).await;
    af.up(PCRF).await;
    for _ in 0..100 {
        let answered = af.pool.request(request(commands::AA)).await.unwrap();
        assert_eq!(result_code(&answered.message), 2001);
    }
    assert_eq!(af.pool.peers()[0].transport, "tls");
}

#[tokio::test]
async fn a_certificate_for_another_name_gets_no_cea() {
    let ca = Authority::new();
    let pcrf = pcrf(&ca).await;
    for names in [&["other.rx.test"][..], &["*.rx.test"], &[]] {
        let mut liar = Liar::connect(pcrf.address(), &ca.sign(names, AF, (2020, 2120)), &ca).await;
        assert!(liar.says(AF).await.is_none(), "{names:?}");
        let reason = the_af(&pcrf).reason.unwrap();
        assert!(
            reason.contains("its certificate is for ") && reason.contains("not for af.rx.test"),
            "{reason}"
        );
    }
    // It is not the certificate of a stranger that makes somebody known.
    let mut stranger = Liar::connect(pcrf.address(), &ca.leaf(&["other.rx.test"]), &ca).await;
    assert_eq!(result_code(&stranger.says("other.rx.test").await.unwrap()), 3010);
    let mut liar = Liar::connect(pcrf.address(), &ca.leaf(&["other.rx.test"]), &ca).await;
    assert!(liar.says("nobody.rx.test").await.is_none());
    let mut right = Liar::connect(pcrf.address(), &ca.leaf(&["other.rx.test", "AF.RX.test"]), &ca).await;
    assert_eq!(result_code(&right.says(AF).await.unwrap()), 2001);
}

#[tokio::test]
async fn a_peer_that_is_to_use_tls_is_refused_without() {
    let ca = Authority::new();
    let pcrf = pcrf(&ca).await;
    let mut raw = Raw::connect(plain(&pcrf)).await;
    raw.send(cer(AF).as_bytes()).await;
    assert_eq!(result_code(&raw.recv().await.unwrap()), 5017);
    assert!(raw.recv().await.is_none());
    let reason = the_af(&pcrf).reason.unwrap();
    assert!(reason.contains("transport = \"tls\""), "{reason}");
}

#[tokio::test]
async fn a_connection_that_is_open_stays_when_a_liar_comes() {
    let ca = Authority::new();
    let mut pcrf = pcrf(&ca).await;
    let mut right = Liar::connect(pcrf.address(), &ca.leaf(&[AF]), &ca).await;
    assert_eq!(result_code(&right.says(AF).await.unwrap()), 2001);
    pcrf.up(AF).await;
    let mut liar = Liar::connect(pcrf.address(), &ca.leaf(&["other.rx.test"]), &ca).await;
    assert!(liar.says(AF).await.is_none());
    let status = the_af(&pcrf);
    assert!(status.open && status.reason.is_none(), "{status:?}");
}

#[tokio::test]
async fn the_reason_why_a_peer_is_not_reached_is_that_of_tls() {
    let ca = Authority::new();
    let expired = ca.sign(&[PCRF], "", (2020, 2021));
    let mut config = server(PCRF, None);
    config.listen =
        vec![ListenOn { transport: Transport::Tls, addresses: vec!["127.0.0.1:0".parse().unwrap()] }];
    let pcrf = End::start(over(config, node(&expired, &ca, &[])), |_| None).await;
    let af = over(client(&[(PCRF, pcrf.address())]), node(&ca.leaf(&[AF]), &ca, &[]));
    let af = End::start(af, |_| None).await;
    let told = |peer: &PeerStatus| {
        peer.reason.as_ref().is_some_and(|reason| reason.contains("its certificate expired on "))
    };
    soon(async {
        while !told(&af.pool.peers()[0]) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn handshakes_that_never_end_keep_no_peer_out() {
    let ca = Authority::new();
    let mut config = server(PCRF, None);
    config.max_unidentified = 8;
    config.listen =
        vec![ListenOn { transport: Transport::Tls, addresses: vec!["127.0.0.1:0".parse().unwrap()] }];
    let pcrf = End::start(over(config, node(&ca.leaf(&[PCRF]), &ca, &[])), |_| None).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(pcrf.address()).await.unwrap();
        stream.write_all(b"\x16\x03\x01\x02\x00").await.unwrap();
        silent.push(stream);
    }
    let mut right = Liar::connect(pcrf.address(), &ca.leaf(&[AF]), &ca).await;
    assert_eq!(result_code(&right.says(AF).await.unwrap()), 2001);
    // Those that came first made room.
    assert_eq!(soon(silent[0].read(&mut [0; 64])).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn the_simulated_pcrf_keeps_a_port_that_the_system_gave() {
    let ca = Authority::new();
    let free = ListenOn { transport: Transport::Tls, addresses: vec!["127.0.0.1:0".parse().unwrap()] };
    let tls = Some(node(&ca.leaf(&[PCRF]), &ca, &[]));
    let config = PcrfConfig {
        also: vec![free],
        accept: Arc::new(Transports { tls, ..Transports::default() }),
        ..PcrfConfig::on_free_ports()
    };
    let pcrf = Pcrf::start(config).await.unwrap();
    let there = pcrf.also()[0].addresses[0];
    assert_ne!(there.port(), 0);
    for _ in 0..2 {
        Liar::connect(there, &ca.leaf(&[AF]), &ca).await;
        pcrf.restart().await.unwrap();
        assert_eq!(pcrf.also()[0].addresses, [there]);
    }
    Liar::connect(there, &ca.leaf(&[AF]), &ca).await;
}
