//! An AF that is nothing but a pool, to talk to the PCRF.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rxgate::{
    BoxFuture,
    dict::is_grouped,
    pcrf::Pcrf,
    peer::{LocalNode, PeerEvent},
    rx::{
        AaAnswer, AaRequest, AsAnswer, AsRequest, MediaComponentDescription, Outcome, RaAnswer, RaRequest,
        StAnswer, StRequest,
    },
    transport::{
        Answered, Handled, NodePeer, OutgoingRequest, Pool, PoolConfig, RequestError, RequestHandler,
    },
    wire::{EndToEndId, HopByHopId, Index, Message, MessageBuf, VendorId},
};
use tokio::sync::{Mutex, mpsc};

/// Longer than anything takes, on any machine.
pub const DEADLINE: Duration = Duration::from_secs(60);

pub const HOST: &str = "af.rx.test";

const NO_IDS: (HopByHopId, EndToEndId) = (HopByHopId(0), EndToEndId(0));

/// What the AF is told.
#[derive(Debug)]
pub enum News {
    Up { origin_state_id: Option<u32> },
    Down { reason: String },
    Rar(Box<RaRequest<'static>>),
    Asr(Box<AsRequest<'static>>),
    Late(MessageBuf),
}

struct Handler {
    news: mpsc::UnboundedSender<News>,
    /// Result-Code of every RAA and ASA.
    result_code: u32,
}

impl Handler {
    fn answer(&self, request: &MessageBuf) -> MessageBuf {
        let (local, result_code) = (LocalNode::rx(HOST, "rx.test"), Some(self.result_code));
        let mut index = Index::new();
        let message = request.parse(&mut index, is_grouped).unwrap();
        let header = message.header();
        let ids = (header.hop_by_hop, header.end_to_end);
        match RaRequest::read(&message) {
            Ok(request) => {
                let answer = RaAnswer {
                    session_id: Some(request.session_id.clone()),
                    origin_host: local.origin_host.into(),
                    origin_realm: local.origin_realm.into(),
                    result_code,
                    ..RaAnswer::default()
                };
                let answer = answer.encode(ids).unwrap();
                self.news.send(News::Rar(Box::new(request.into_owned()))).unwrap();
                answer
            }
            Err(_) => {
                let request = AsRequest::read(&message).unwrap();
                let answer = AsAnswer {
                    session_id: Some(request.session_id.clone()),
                    origin_host: local.origin_host.into(),
                    origin_realm: local.origin_realm.into(),
                    result_code,
                    ..AsAnswer::default()
                };
                let answer = answer.encode(ids).unwrap();
                self.news.send(News::Asr(Box::new(request.into_owned()))).unwrap();
                answer
            }
        }
    }
}

impl RequestHandler for Handler {
    fn handle(&self, _: Arc<str>, request: MessageBuf) -> BoxFuture<'_, Handled> {
        Box::pin(async move { Some(self.answer(&request)).into() })
    }

    fn late_answer(&self, _: Arc<str>, answer: MessageBuf) {
        // The test may be over.
        _ = self.news.send(News::Late(answer));
    }

    fn peer_event(&self, event: PeerEvent) {
        _ = match event {
            PeerEvent::Up { origin_state_id, .. } => self.news.send(News::Up { origin_state_id }),
            PeerEvent::Down { reason, .. } => self.news.send(News::Down { reason }),
            _ => Ok(()),
        };
    }
}

pub struct Af {
    pub pool: Pool,
    news: Mutex<mpsc::UnboundedReceiver<News>>,
}

impl Af {
    /// Connects to a PCRF, and waits until the connection can be used.
    pub async fn connect(pcrf: &Pcrf) -> Self {
        Self::answering(pcrf, 2001).await
    }

    /// The same; answers every RAR and ASR with this Result-Code.
    pub async fn answering(pcrf: &Pcrf, result_code: u32) -> Self {
        Self::at(pcrf.address(), result_code).await
    }

    /// The same, with a PCRF of which only the address is known.
    pub async fn at(pcrf: SocketAddr, result_code: u32) -> Self {
        let mut local = LocalNode::rx(HOST, "rx.test");
        local.origin_state_id = Some(1);
        let mut config = PoolConfig::new(local);
        config.node.peers = vec![NodePeer::new("pcrf.rx.test", pcrf.to_string())];
        config.node.commands = vec![258, 274];
        let timers = &mut config.node.each_peer;
        timers.reconnect_initial = Duration::from_millis(10);
        timers.reconnect_after_refusal = Duration::from_millis(10);
        timers.reopen_probes = 0;
        let (sender, news) = mpsc::unbounded_channel();
        let pool = Pool::start(config, Arc::new(Handler { news: sender, result_code })).await.unwrap();
        let af = Self { pool, news: Mutex::new(news) };
        af.until(|news| matches!(news, News::Up { .. })).await;
        af
    }

    /// Waits for news of one kind; others are skipped.
    pub async fn until(&self, wanted: impl Fn(&News) -> bool) -> News {
        let mut news = self.news.lock().await;
        let search = async {
            loop {
                let found = news.recv().await.unwrap();
                if wanted(&found) {
                    return found;
                }
            }
        };
        tokio::time::timeout(DEADLINE, search).await.expect("the news come in time")
    }

    /// Sends a request and waits this long for its answer.
    pub async fn send_within(&self, message: MessageBuf, within: Duration) -> Result<Answered, RequestError> {
        self.pool.request(OutgoingRequest { message, destination_host: None, within, sheddable: false }).await
    }

    /// Sends a request that is answered.
    pub async fn send(&self, message: MessageBuf) -> MessageBuf {
        self.send_within(message, DEADLINE).await.expect("there is an answer").message
    }

    /// Sends an AAR that is answered.
    pub async fn aar(&self, request: &AaRequest<'_>) -> AaAnswer<'static> {
        aaa(&self.send(request.encode(NO_IDS).unwrap()).await)
    }

    /// Sends an AAR that gets no answer in a short time, in which the PCRF need not have read it.
    pub async fn aar_without_answer(&self, request: &AaRequest<'_>) {
        let message = request.encode(NO_IDS).unwrap();
        let result = self.send_within(message, Duration::from_millis(200)).await;
        assert!(matches!(result, Err(RequestError::NoAnswer { .. })), "{result:?}");
    }

    /// Ends a session.
    pub async fn str(&self, session_id: &str) -> StAnswer<'static> {
        let request = StRequest {
            session_id: session_id.to_owned().into(),
            origin_host: HOST.into(),
            origin_realm: "rx.test".into(),
            destination_realm: "rx.test".into(),
            auth_application_id: 16_777_236,
            termination_cause: rxgate::dict::enums::TerminationCause::DIAMETER_LOGOUT,
            ..StRequest::default()
        };
        let answer = self.send(request.encode(NO_IDS).unwrap()).await;
        parsed(&answer, |message| StAnswer::read(message).unwrap().into_owned())
    }
}

pub fn parsed<T>(octets: &MessageBuf, read: impl FnOnce(&Message<'_>) -> T) -> T {
    read(&octets.parse(&mut Index::new(), is_grouped).unwrap())
}

pub fn aaa(answer: &MessageBuf) -> AaAnswer<'static> {
    parsed(answer, |message| AaAnswer::read(message).unwrap().into_owned())
}

/// A first AAR for a user, with one media component.
pub fn aar(session_id: &str, ue: [u8; 4]) -> AaRequest<'static> {
    AaRequest {
        session_id: session_id.to_owned().into(),
        auth_application_id: 16_777_236,
        origin_host: HOST.into(),
        origin_realm: "rx.test".into(),
        destination_realm: "rx.test".into(),
        framed_ip_address: Some(ue.to_vec().into()),
        media_component_description: vec![component(1)].into(),
        ..AaRequest::default()
    }
}

pub fn component(number: u32) -> MediaComponentDescription<'static> {
    MediaComponentDescription { media_component_number: number, ..MediaComponentDescription::default() }
}

pub fn outcome_of(answer: &AaAnswer<'_>) -> Outcome {
    let experimental = answer
        .experimental_result
        .as_ref()
        .map(|result| Outcome { vendor: VendorId(result.vendor_id), code: result.experimental_result_code });
    let base = answer.result_code.map(Outcome::base);
    assert_ne!(base.is_some(), experimental.is_some(), "one of both");
    base.or(experimental).unwrap()
}
