//! Requests of AFs: what a rule says about them, or what a PCRF should do with them.

use std::{
    net::SocketAddr,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::time::{sleep, sleep_until};

use super::{
    PcrfConfig, PcrfError,
    exchange::{self, Exchange},
    load::{Beyond, Load, Place, Report},
    overlap::Overlap,
    refusal::Refusal,
    rules::{Action, Rule, Rules},
    sessions::Sessions,
    stats::{Counters, Stats},
};
use crate::{
    BoxFuture,
    dict::commands,
    peer::LocalNode,
    transport::{DisconnectCause, Handled, ListenOn, PeerEvent, Pool, PoolConfig, RequestHandler},
    wire::MessageBuf,
};

/// What happens to a request for which there is no place.
impl From<Beyond> for Rule {
    fn from(beyond: Beyond) -> Self {
        let action = match beyond {
            Beyond::Busy => Action::BUSY,
            Beyond::Silence => Action::Silence { handled: false },
        };
        Self { action, ..Self::default() }
    }
}

/// The PCRF behind its connections: what stays when they are closed and accepted again.
pub(super) struct Server {
    pub config: PcrfConfig,
    pub sessions: Sessions,
    pub rules: Rules,
    pub load: Load,
    pub report: Report,
    counters: Counters,
    overlap: Overlap,
    /// Where AFs connect, with the ports that the system gave; known from the first opening on.
    bound: OnceLock<Vec<ListenOn>>,
    /// The connections; `None` during a restart and after the end.
    pool: RwLock<Option<Pool>>,
    /// Counts the restarts: what began before one must not have an effect after it.
    life: AtomicU64,
    /// How the present life presents itself.
    local: RwLock<Arc<LocalNode>>,
    hung: AtomicBool,
    /// One restart at a time.
    restarting: tokio::sync::Mutex<()>,
}

impl Server {
    /// Starts to listen for AFs.
    pub async fn start(config: PcrfConfig) -> Result<Arc<Self>, PcrfError> {
        let mut local = LocalNode::rx(&*config.origin_host, &*config.origin_realm);
        local.product_name = "rxgate simulated PCRF".into();
        // Seconds fit until 2106.
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        local.origin_state_id = config.origin_state_id.or(u32::try_from(seconds).ok());
        let rules = Rules::default();
        rules.set(config.rules.clone());
        let server = Arc::new(Self {
            sessions: Sessions::default(),
            rules,
            load: Load::default(),
            report: Report::default(),
            counters: Counters::default(),
            overlap: Overlap::default(),
            bound: OnceLock::new(),
            pool: RwLock::new(None),
            life: AtomicU64::new(0),
            local: RwLock::new(Arc::new(local)),
            hung: AtomicBool::new(false),
            restarting: tokio::sync::Mutex::new(()),
            config,
        });
        server.open().await?;
        Ok(server)
    }

    async fn open(self: &Arc<Self>) -> Result<(), PcrfError> {
        let mut config = PoolConfig::new((*self.local()).clone());
        config.listen = self.bound.get().cloned().unwrap_or_else(|| {
            [self.config.listen.into()].into_iter().chain(self.config.also.iter().cloned()).collect()
        });
        let listen = config.listen.clone();
        config.accept = self.config.accept.clone();
        if let Some(seed) = self.config.seed {
            // Another one in each life.
            config.seed = seed.wrapping_add(self.life.load(Ordering::SeqCst));
        }
        config.node.accept_any_peer = true;
        config.node.commands = vec![commands::AA, commands::SESSION_TERMINATION];
        config.node.each_peer.watchdog_interval = self.config.watchdog_interval;
        // A new connection is trusted at once: whoever plays with a PCRF does not want to wait for three DWAs.
        config.node.each_peer.reopen_probes = 0;
        let pool = Pool::start(config, self.clone()).await.map_err(PcrfError::Listen)?;
        let ports = pool.local_addresses();
        self.bound.get_or_init(|| listen.into_iter().zip(ports).map(with_port).collect());
        self.set_pool(Some(pool));
        Ok(())
    }

    /// Where AFs connect.
    pub fn address(&self) -> SocketAddr {
        let first = self.bound.get().and_then(|bound| bound.first()?.addresses.first().copied());
        first.unwrap_or(self.config.listen)
    }

    /// Where else they do.
    pub fn also(&self) -> &[ListenOn] {
        self.bound.get().and_then(|bound| bound.get(1..)).unwrap_or_default()
    }

    /// The connections, unless there are none at the moment.
    pub fn pool(&self) -> Option<Pool> {
        self.pool.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over new connections, or none; gives back the ones before.
    ///
    /// The pool holds on to its server, so a server that is not wanted any more must be left without one.
    pub fn set_pool(&self, pool: Option<Pool>) -> Option<Pool> {
        std::mem::replace(&mut *self.pool.write().unwrap_or_else(PoisonError::into_inner), pool)
    }

    /// How it presents itself now.
    pub fn local(&self) -> Arc<LocalNode> {
        self.local.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Breaks off all connections.
    pub async fn break_off(&self) {
        if let Some(pool) = self.set_pool(None) {
            pool.break_off().await;
        }
    }

    /// Forgets every session and goes on as a PCRF that was started again.
    pub async fn restart(self: &Arc<Self>) -> Result<(), PcrfError> {
        let _alone = self.restarting.lock().await;
        self.break_off().await;
        self.hung.store(false, Ordering::SeqCst);
        self.life.fetch_add(1, Ordering::SeqCst);
        self.sessions.lock().clear();
        {
            let mut local = self.local.write().unwrap_or_else(PoisonError::into_inner);
            let local = Arc::make_mut(&mut local);
            local.origin_state_id = local.origin_state_id.map(|id| id.wrapping_add(1));
        }
        self.open().await
    }

    /// Hangs, or goes on.
    pub fn hang(&self, hung: bool) {
        self.hung.store(hung, Ordering::SeqCst);
        self.with_pool(|pool| if hung { pool.pause() } else { pool.resume() });
    }

    /// Whether it hangs.
    pub fn is_hung(&self) -> bool {
        self.hung.load(Ordering::SeqCst)
    }

    /// Says goodbye to every AF and lets it come back; returns who they are.
    pub fn disconnect(&self, cause: DisconnectCause) -> Vec<String> {
        let Some(pool) = self.pool() else { return Vec::new() };
        let open = pool.peers().into_iter().filter(|peer| peer.open);
        let hosts: Vec<String> = open.map(|peer| peer.host).collect();
        for host in &hosts {
            pool.say_goodbye(host, cause);
        }
        hosts
    }

    /// The present state and all counters.
    pub fn stats(&self) -> Stats {
        let (most_aars_of_a_session, strs_during_an_aar) = self.overlap.read();
        Stats {
            most_aars_of_a_session,
            strs_during_an_aar,
            origin_state_id: self.local().origin_state_id,
            hung: self.is_hung(),
            sessions: self.sessions.lock().len(),
            peers: self
                .pool()
                .map_or_else(Vec::new, |pool| pool.peers().into_iter().map(Into::into).collect()),
            counts: self.counters.read(),
        }
    }

    pub fn observe(&self, exchange: &Exchange) {
        self.counters.count(exchange);
        if let Some(observer) = &self.config.observer {
            observer(exchange);
        }
    }

    async fn serve(&self, peer: Arc<str>, request: MessageBuf) -> Option<MessageBuf> {
        let started = Instant::now();
        let _in_hand = self.overlap.begin(&request);
        let life = self.life.load(Ordering::SeqCst);
        let place = self.load.place();
        if let Some(Place::Done(then)) = place {
            sleep_until(then).await;
        }
        let rule = match place {
            Some(Place::None(beyond)) => Some(beyond.into()),
            Some(Place::Done(_)) | None => self.rule(&request),
        };
        let delay = rule.as_ref().map_or(Duration::ZERO, |rule| rule.delay);
        if !delay.is_zero() {
            sleep(delay).await;
        }
        if self.life.load(Ordering::SeqCst) != life {
            return None;
        }
        let why = if matches!(place, Some(Place::None(_))) { "too much to do" } else { "by rule" };
        let note = rule.as_ref().map(|rule| format!("{why}: {rule}"));
        let (said, answer) = self.act(&peer, &request, rule.map_or(Action::Accept, |rule| rule.action));
        self.observe(&Exchange {
            incoming: true,
            peer,
            request,
            answer: said,
            took: started.elapsed(),
            note,
        });
        answer
    }

    /// The rule for a request; nothing is read if there are none.
    fn rule(&self, request: &MessageBuf) -> Option<Rule> {
        if self.rules.is_empty() {
            return None;
        }
        let session = exchange::session_id(request).unwrap_or("");
        let held = self.sessions.lock().get(session).map(|session| session.ues.clone());
        let ues = held.unwrap_or_else(|| self.ues(request));
        self.rules.matching(request.header().command, session, &ues)
    }

    /// Does what a rule says. First what the AF gets to see, then what is kept for copies of the request and sent
    /// if the connection is still there.
    fn act(
        &self,
        peer: &str,
        request: &MessageBuf,
        action: Action,
    ) -> (Option<MessageBuf>, Option<MessageBuf>) {
        match action {
            Action::Accept => {
                let answer = self.answer(request);
                (Some(answer.clone()), Some(answer))
            }
            Action::Answer { outcome, acceptable, retry_interval } => {
                let acceptable = acceptable.map(|service| Box::new(service.to_avp()));
                let refusal =
                    Refusal { acceptable, retry_interval, ..Refusal::new(outcome, "as a rule wants it") };
                let answer = self.forced(request, refusal);
                (Some(answer.clone()), Some(answer))
            }
            Action::Silence { handled } => {
                if handled {
                    self.answer(request);
                }
                (None, None)
            }
            Action::Duplicate => {
                let answer = self.answer(request);
                self.with_pool(|pool| pool.send_as_is(peer, answer.clone()));
                (Some(answer.clone()), Some(answer))
            }
            Action::DisconnectBefore { handled } => {
                let answer = handled.then(|| self.answer(request));
                self.with_pool(|pool| pool.drop_connection(peer));
                (None, answer)
            }
            Action::DisconnectAfter => {
                let answer = self.answer(request);
                self.with_pool(|pool| pool.send_as_is(peer, answer.clone()));
                self.with_pool(|pool| pool.drop_connection(peer));
                (Some(answer.clone()), Some(answer))
            }
        }
    }

    fn with_pool(&self, call: impl FnOnce(&Pool)) {
        if let Some(pool) = self.pool() {
            call(&pool);
        }
    }
}

/// The addresses of an endpoint with the port that it got: after a restart it takes the same.
fn with_port((mut on, bound): (ListenOn, SocketAddr)) -> ListenOn {
    on.addresses.iter_mut().for_each(|address| address.set_port(bound.port()));
    on
}

impl RequestHandler for Server {
    fn handle(&self, peer: Arc<str>, request: MessageBuf) -> BoxFuture<'_, Handled> {
        Box::pin(async move { self.serve(peer, request).await.into() })
    }

    fn late_answer(&self, peer: Arc<str>, answer: MessageBuf) {
        tracing::warn!(%peer, command = answer.header().command, "answer came too late");
    }

    fn peer_event(&self, _: PeerEvent) {}
}
