//! Two ends: a pool whose handler records what it is told, and messages to send with it.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rxgate::{
    BoxFuture,
    dict::{RX_APPLICATION_ID, avp, commands},
    transport::{Handled, LocalNode, NodePeer, OutgoingRequest, PeerEvent, Pool, PoolConfig, RequestHandler},
    wire::{CommandFlags, Index, MessageBuf},
};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};

/// Deadline of every wait: far above what any of them takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for `what`, with a deadline.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it should have happened by now")
}

type Reply = dyn Fn(&MessageBuf) -> Option<MessageBuf> + Send + Sync;

/// A handler that answers with a function and records the rest.
pub struct Recorder {
    reply: Box<Reply>,
    events: mpsc::UnboundedSender<PeerEvent>,
    late: mpsc::UnboundedSender<(Arc<str>, MessageBuf)>,
    requests: mpsc::UnboundedSender<(Arc<str>, MessageBuf)>,
}

impl RequestHandler for Recorder {
    fn handle(&self, peer: Arc<str>, request: MessageBuf) -> BoxFuture<'_, Handled> {
        let answer = (self.reply)(&request);
        // The test may not look at what was recorded.
        _ = self.requests.send((peer, request));
        Box::pin(async { answer.into() })
    }

    fn late_answer(&self, peer: Arc<str>, answer: MessageBuf) {
        _ = self.late.send((peer, answer));
    }

    fn peer_event(&self, event: PeerEvent) {
        _ = self.events.send(event);
    }
}

/// A pool and what its handler recorded.
pub struct End {
    pub pool: Pool,
    pub events: mpsc::UnboundedReceiver<PeerEvent>,
    pub late: mpsc::UnboundedReceiver<(Arc<str>, MessageBuf)>,
    pub requests: mpsc::UnboundedReceiver<(Arc<str>, MessageBuf)>,
}

impl End {
    pub async fn start(
        config: PoolConfig,
        reply: impl Fn(&MessageBuf) -> Option<MessageBuf> + Send + Sync + 'static,
    ) -> Self {
        let (event_sender, events) = mpsc::unbounded_channel();
        let (late_sender, late) = mpsc::unbounded_channel();
        let (request_sender, requests) = mpsc::unbounded_channel();
        let handler = Recorder {
            reply: Box::new(reply),
            events: event_sender,
            late: late_sender,
            requests: request_sender,
        };
        let pool = Pool::start(config, Arc::new(handler)).await.unwrap();
        Self { pool, events, late, requests }
    }

    /// The next event of a kind; others before it are skipped.
    pub async fn event(&mut self, wanted: impl Fn(&PeerEvent) -> bool) -> PeerEvent {
        soon(async {
            loop {
                let event = self.events.recv().await.unwrap();
                if wanted(&event) {
                    return event;
                }
            }
        })
        .await
    }

    pub async fn up(&mut self, host: &str) {
        self.event(|event| matches!(event, PeerEvent::Up { host: up, .. } if up == host)).await;
    }

    pub async fn down(&mut self, host: &str) -> String {
        match self.event(|event| matches!(event, PeerEvent::Down { host: down, .. } if down == host)).await {
            PeerEvent::Down { reason, .. } => reason,
            other => panic!("{other:?} is no Down"),
        }
    }

    /// Breaks everything off, as a killed process does; returns when the address is free again.
    pub async fn kill(self) -> SocketAddr {
        let address = self.address();
        drop(self);
        soon(async {
            while TcpListener::bind(address).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        address
    }

    pub fn address(&self) -> SocketAddr {
        self.pool.local_addresses()[0]
    }
}

/// Timers that suit a test: quick to dial again, slow to give up.
fn config(host: &str) -> PoolConfig {
    let local = LocalNode { origin_state_id: Some(7), ..LocalNode::rx(host, "rx.test") };
    let mut config = PoolConfig::new(local);
    config.node.each_peer.reconnect_initial = Duration::from_millis(20);
    config.node.each_peer.reconnect_max = Duration::from_millis(200);
    config
}

/// A server that accepts anybody, on a free port or on `listen`.
pub fn server(host: &str, listen: Option<SocketAddr>) -> PoolConfig {
    let mut config = config(host);
    config.listen = vec![listen.unwrap_or_else(|| "127.0.0.1:0".parse().unwrap()).into()];
    config.node.accept_any_peer = true;
    config.node.commands = vec![commands::AA, commands::SESSION_TERMINATION];
    config
}

/// A client of these servers.
pub fn client(servers: &[(&str, SocketAddr)]) -> PoolConfig {
    let mut config = config("af.rx.test");
    config.node.peers = servers.iter().map(|(host, at)| NodePeer::new(*host, at.to_string())).collect();
    config.node.commands = vec![commands::RE_AUTH, commands::ABORT_SESSION];
    config
}

static SESSIONS: AtomicU64 = AtomicU64::new(0);

/// A request with a Session-Id of its own.
pub fn request(command: u32) -> OutgoingRequest {
    let session = format!("af.rx.test;1;{}", SESSIONS.fetch_add(1, Ordering::Relaxed));
    let flags = CommandFlags::REQUEST | CommandFlags::PROXIABLE;
    let message = MessageBuf::build(command, flags, RX_APPLICATION_ID, Default::default(), |w| {
        w.put(&avp::SESSION_ID, &session);
        w.put(&avp::AUTH_APPLICATION_ID, RX_APPLICATION_ID);
        w.put(&avp::ORIGIN_HOST, "af.rx.test");
        w.put(&avp::ORIGIN_REALM, "rx.test");
        w.put(&avp::DESTINATION_REALM, "rx.test");
    });
    OutgoingRequest { message: message.unwrap(), destination_host: None, within: PATIENCE, sheddable: false }
}

/// An answer with this Result-Code; with the E bit for class 3.
pub fn answer(request: &MessageBuf, host: &str, code: u32) -> MessageBuf {
    let header = request.header();
    let flags = if code / 1000 == 3 { CommandFlags::ERROR } else { CommandFlags::NONE };
    let ids = (header.hop_by_hop, header.end_to_end);
    let session = session_id(request);
    MessageBuf::build(header.command, flags, header.application, ids, |w| {
        w.put(&avp::SESSION_ID, &session);
        w.put(&avp::RESULT_CODE, code);
        w.put(&avp::ORIGIN_HOST, host);
        w.put(&avp::ORIGIN_REALM, "rx.test");
    })
    .unwrap()
}

pub fn session_id(message: &MessageBuf) -> String {
    let mut index = Index::new();
    let message = message.parse(&mut index, rxgate::dict::is_grouped).unwrap();
    message.avps().get(&avp::SESSION_ID).unwrap().unwrap().to_owned()
}

pub fn result_code(message: &MessageBuf) -> u32 {
    let mut index = Index::new();
    let message = message.parse(&mut index, rxgate::dict::is_grouped).unwrap();
    message.avps().get(&avp::RESULT_CODE).unwrap().unwrap()
}
