//! Two nodes that dial each other in the same moment (RFC 6733 §5.6.4).

use std::{io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use rxgate::{
    BoxFuture,
    dict::commands,
    transport::{Connect, Link, NodePeer, PeerAddress, PeerEvent, PoolConfig, SendMessage, Tcp},
};
use tokio::{net::TcpListener, sync::Barrier};

use crate::support::{End, answer, client, request, result_code, server, soon};

/// Dials when the other side dials too, and knows how many of the connections that it made are there.
struct Together {
    tcp: Tcp,
    start: Arc<Barrier>,
    connected: Arc<Barrier>,
    alive: Arc<()>,
}

/// The sending half of a connection, counted while it is there.
struct Counted {
    tx: Box<dyn SendMessage>,
    _alive: Arc<()>,
}

impl Connect for Together {
    fn connect<'a>(&'a self, host: &'a str, address: &'a PeerAddress) -> BoxFuture<'a, io::Result<Link>> {
        Box::pin(async move {
            self.start.wait().await;
            let link = self.tcp.connect(host, address).await?;
            let tx = Box::new(Counted { tx: link.tx, _alive: self.alive.clone() });
            self.connected.wait().await;
            Ok(Link { tx, ..link })
        })
    }
}

impl SendMessage for Counted {
    fn send<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, io::Result<()>> {
        self.tx.send(messages)
    }

    fn finish(&mut self) -> BoxFuture<'_, io::Result<()>> {
        self.tx.finish()
    }
}

/// An address that nobody listens on.
async fn free() -> SocketAddr {
    // No outgoing connection takes a port of this address meanwhile.
    TcpListener::bind("127.0.66.1:0").await.unwrap().local_addr().unwrap()
}

fn node(mut config: PoolConfig, at: SocketAddr, other: (&str, SocketAddr), connect: Together) -> PoolConfig {
    config.listen = vec![at.into()];
    config.node.accept_any_peer = false;
    config.node.peers = vec![NodePeer::new(other.0, other.1.to_string())];
    config.connect = Arc::new(connect);
    config
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_connections_made_at_once_one_is_left() {
    let (low, high) = ("af.rx.test", "pcrf.rx.test");
    for round in 0..50 {
        // Every other time neither sends its CER before the other one is connected as well.
        let (start, connected) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(1 + round % 2)));
        let alive = Arc::new(());
        let together = || Together {
            tcp: Tcp::default(),
            start: start.clone(),
            connected: connected.clone(),
            alive: alive.clone(),
        };
        let (low_at, high_at) = (free().await, free().await);
        let low_config = node(client(&[]), low_at, (high, high_at), together());
        let high_config = node(server(high, None), high_at, (low, low_at), together());
        let mut low_end = End::start(low_config, move |r| Some(answer(r, low, 2001))).await;
        let mut high_end = End::start(high_config, move |r| Some(answer(r, high, 2001))).await;
        low_end.up(high).await;
        high_end.up(low).await;
        // The three others are held here and by the two nodes.
        soon(async {
            while Arc::strong_count(&alive) != 4 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        for _ in 0..3 {
            let there = soon(low_end.pool.request(request(commands::AA))).await.unwrap();
            let back = soon(high_end.pool.request(request(commands::RE_AUTH))).await.unwrap();
            assert_eq!((result_code(&there.message), result_code(&back.message)), (2001, 2001));
        }
        assert_eq!(Arc::strong_count(&alive), 4);
        let states = [&low_end, &high_end].map(|end| end.pool.peers()[0].state.clone());
        // The higher one keeps the connection that it accepted.
        assert_eq!(states, ["I-Open (OKAY)", "R-Open (OKAY)"]);
        for end in [&mut low_end, &mut high_end] {
            let more = end.events.try_recv();
            assert!(!matches!(more, Ok(PeerEvent::Down { .. })), "{more:?}");
        }
    }
}
