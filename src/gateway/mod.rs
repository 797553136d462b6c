//! The one place where Rx meets sockets: the core's way to the network over a pool of peers, and the network's
//! way in.
//!
//! ```text
//!   Sessions ── RxGateway ──► requests: encode, Pool::request, read the answer
//!            ◄── RxServer ─── inbound:  check RAR and ASR, hand them over, answer from a template
//! ```
//!
//! Knows what the messages say, not what follows from it.

mod answer;
mod figures;
mod inbound;
mod index;
mod reach;
mod turns;

use std::{
    io,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tracing::{debug, trace, warn};

use self::{answer::Replies, reach::Reach, turns::Turns};
use crate::{
    BoxFuture,
    dict::{Dictionary, commands},
    live::Live,
    rx::{AaAnswer, AaRequest, AvpText, Outcome, RxError, StAnswer, StRequest},
    session::{
        Shed, ShedCause,
        ports::{Exchange, GatewayError, RxGateway, RxServer},
    },
    transport::{Answered, OutgoingRequest, PeerStatus, Pool, PoolConfig, RequestError},
    wire::{Message, MessageBuf},
};

/// Who answers RAR and ASR: the same identity as in the capabilities exchange.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Origin-Host of this AF.
    pub origin_host: String,
    /// Origin-Realm of this AF.
    pub origin_realm: String,
    /// Origin-State-Id of this process.
    pub origin_state_id: u32,
}

/// What is counted here.
#[derive(Debug, Default)]
pub struct GatewayCounters {
    /// Answers that held more than one result; the first one counts.
    pub double_results: AtomicU64,
    /// Requests of PCRFs that were refused because of what is in them.
    pub bad_requests: AtomicU64,
    /// Answers that cannot be read.
    pub bad_answers: AtomicU64,
}

/// The way to the PCRFs and back.
pub struct Gateway {
    config: GatewayConfig,
    dictionary: Live<&'static Dictionary>,
    replies: Replies,
    pool: OnceLock<Pool>,
    server: OnceLock<Weak<dyn RxServer>>,
    counters: GatewayCounters,
    turns: Turns,
    reach: Reach,
}

impl Gateway {
    /// A gateway without peers: until [`connect`](Self::connect), nothing can be sent.
    pub fn new(
        config: GatewayConfig,
        dictionary: impl Into<Live<&'static Dictionary>>,
    ) -> Result<Arc<Self>, RxError> {
        Ok(Arc::new(Self {
            replies: Replies::new(&config)?,
            config,
            dictionary: dictionary.into(),
            pool: OnceLock::new(),
            server: OnceLock::new(),
            counters: GatewayCounters::default(),
            turns: Turns::default(),
            reach: Reach::default(),
        }))
    }

    /// Starts to listen and to dial. What comes in goes to `server`, which is not kept alive.
    ///
    /// Fails if an address cannot be listened on. To be called once.
    pub async fn connect(
        self: &Arc<Self>,
        mut peers: PoolConfig,
        server: &Arc<dyn RxServer>,
    ) -> io::Result<Pool> {
        let again = || io::Error::new(io::ErrorKind::AlreadyExists, "the gateway is connected already");
        self.server.set(Arc::downgrade(server)).map_err(|_| again())?;
        peers.node.commands = vec![commands::RE_AUTH, commands::ABORT_SESSION];
        let pool = Pool::start(peers, Arc::<Self>::clone(self)).await?;
        self.pool.set(pool.clone()).map_err(|_| again())?;
        Ok(pool)
    }

    /// How every peer is doing.
    pub fn peers(&self) -> Vec<PeerStatus> {
        self.pool.get().map(Pool::peers).unwrap_or_default()
    }

    /// What was counted.
    pub fn counters(&self) -> &GatewayCounters {
        &self.counters
    }

    fn server(&self) -> Option<Arc<dyn RxServer>> {
        self.server.get()?.upgrade()
    }

    async fn send(
        &self,
        message: MessageBuf,
        to: Option<Arc<str>>,
        within: Duration,
        sheddable: bool,
    ) -> Result<Answered, GatewayError> {
        let Some(pool) = self.pool.get() else {
            return Err(GatewayError::NotSent { reason: "no peer was dialled yet".into() });
        };
        trace!(octets = ?message.as_bytes(), "request");
        let destination_host = to.map(|host| host.to_string());
        let answered = pool.request(OutgoingRequest { message, destination_host, within, sheddable }).await;
        answered.map_err(|error| match error {
            RequestError::NoAnswer { sent_to, reason } => {
                GatewayError::NoAnswer { reason, sent_to: sent_to.into_iter().map(Arc::from).collect() }
            }
            RequestError::ShuttingDown => GatewayError::ShuttingDown,
            RequestError::Overloaded { reason, retry_after } => {
                let reason = format!("too many requests wait for their answers already: {reason}");
                GatewayError::Shed(Shed { cause: ShedCause::Full, reason, retry_after })
            }
            RequestError::Abated { reason, retry_after } => {
                let reason = format!("the network has too much to do: {reason}");
                GatewayError::Shed(Shed { cause: ShedCause::Network, reason, retry_after })
            }
            error @ (RequestError::NoPeer { .. } | RequestError::NotARequest) => {
                GatewayError::NotSent { reason: error.to_string() }
            }
        })
    }

    /// Reads an answer with `read`. That it cannot be read is part of the outcome, not an error.
    fn exchange<A>(
        &self,
        rx_session: &str,
        answered: Answered,
        read: impl Fn(&Message<'_>) -> Result<A, RxError>,
    ) -> Exchange<A> {
        let Answered { message, peer, sent_to, in_doubt } = answered;
        trace!(octets = ?message.as_bytes(), "answer");
        let dictionary = self.dictionary.get();
        let mut exchange = index::with(&message, dictionary, |message| match message {
            Ok(message) => {
                let (outcome, results) = Outcome::read(message.avps());
                if results > 1 {
                    self.counters.double_results.fetch_add(1, Ordering::Relaxed);
                    warn!(rx_session, peer, results, "an answer with several results: the first one counts");
                }
                Exchange {
                    outcome,
                    answer: read(&message),
                    failed_avp: answer::failed_avp(message.avps(), dictionary),
                    text: AvpText::read(message.avps(), dictionary),
                    peer: Arc::from(""),
                    sent_to: Vec::new(),
                    in_doubt: false,
                }
            }
            Err(error) => Exchange {
                outcome: None,
                answer: Err(error.into()),
                failed_avp: None,
                text: Vec::new(),
                peer: Arc::from(""),
                sent_to: Vec::new(),
                in_doubt: false,
            },
        });
        let command = commands::abbreviation_of(message.header());
        match (&exchange.answer, exchange.outcome) {
            (Ok(_), Some(outcome)) => {
                debug!(rx_session, peer, command, result_code = outcome.code, "answer");
            }
            (Ok(_), None) => {
                self.counters.bad_answers.fetch_add(1, Ordering::Relaxed);
                warn!(rx_session, peer, command, "an answer without a result");
            }
            (Err(error), _) => {
                self.counters.bad_answers.fetch_add(1, Ordering::Relaxed);
                warn!(rx_session, peer, command, %error, "an answer that cannot be read");
            }
        }
        exchange.peer = peer.into();
        exchange.sent_to = sent_to.into_iter().map(Arc::from).collect();
        exchange.in_doubt = in_doubt;
        exchange
    }
}

impl RxGateway for Gateway {
    fn authorize(
        &self,
        request: AaRequest<'static>,
        within: Duration,
    ) -> BoxFuture<'_, Result<Exchange<AaAnswer<'static>>, GatewayError>> {
        Box::pin(async move {
            let to = request.destination_host.as_deref().map(Arc::from);
            debug!(rx_session = %request.session_id, command = "AAR", "request");
            // The identifiers are set where it leaves.
            let answered = self.send(request.encode(Default::default())?, to, within, true).await?;
            let read = |message: &Message<'_>| Ok(AaAnswer::read(message)?.into_owned());
            Ok(self.exchange(&request.session_id, answered, read))
        })
    }

    fn terminate(
        &self,
        request: StRequest<'static>,
        to: Option<Arc<str>>,
        within: Duration,
    ) -> BoxFuture<'_, Result<Exchange<StAnswer<'static>>, GatewayError>> {
        Box::pin(async move {
            let cause = request.termination_cause.0;
            debug!(rx_session = %request.session_id, command = "STR", cause, "request");
            let answered = self.send(request.encode(Default::default())?, to, within, false).await?;
            let read = |message: &Message<'_>| Ok(StAnswer::read(message)?.into_owned());
            Ok(self.exchange(&request.session_id, answered, read))
        })
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("config", &self.config).finish_non_exhaustive()
    }
}
