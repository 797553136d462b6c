//! A network of model PCRFs behind the gateway port, on tokio's virtual time: they delay, lose, hang, crash.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use rxgate::{
    BoxFuture,
    dict::enums::{AbortCause, RxRequestType, SpecificAction},
    rx::{
        AaAnswer, AaRequest, AsRequest, AvpText, AvpTextValue, Outcome, RaRequest, RxError,
        SponsoredConnectivityData, StAnswer, StRequest, UsedServiceUnit,
    },
    session::ports::{Exchange, GatewayError, LateGrant, Replied, Reply, RxGateway, RxServer, Sending},
};
use tokio::{sync::oneshot, time::sleep};

/// One attempt at one PCRF goes this long without an answer before the next one is made.
pub const ATTEMPT: Duration = Duration::from_secs(4);

/// What becomes of one attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub host: &'static str,
    /// How long the AAR is on its way; `None`: it is lost.
    pub arrives: Option<Duration>,
    pub says: Says,
    /// How long the AAA is on its way; `None`: it is lost.
    pub returns: Option<Duration>,
}

/// What a PCRF makes of an AAR.
#[derive(Clone, Debug)]
pub enum Says {
    Grant,
    Refuse(Outcome, Option<u32>),
    /// Grants it, in an answer that cannot be read.
    Garbage,
}

pub const fn at(host: &'static str) -> Attempt {
    let short = Duration::from_millis(1);
    Attempt { host, arrives: Some(short), says: Says::Grant, returns: Some(short) }
}

#[derive(Debug, Default)]
pub struct Host {
    pub sessions: BTreeSet<String>,
    /// AF-Application-Identifier of the latest AAR of each session that was granted.
    pub service: BTreeMap<String, String>,
    pub origin_state_id: u32,
    pub down: bool,
    pub hung: bool,
    /// What came in while it hung.
    queue: VecDeque<Queued>,
}

#[derive(Debug)]
enum Queued {
    Aar(Box<AaRequest<'static>>, Says, Option<Duration>, oneshot::Sender<Exchange<AaAnswer<'static>>>),
    Str(String),
}

pub type BeforeAar = Box<dyn Fn(&AaRequest<'static>) + Send + Sync>;

#[derive(Default)]
pub struct Net {
    pub hosts: Mutex<BTreeMap<&'static str, Host>>,
    server: OnceLock<Weak<dyn RxServer>>,
    /// What the next AARs meet; the default is a grant at a.net.
    pub plans: Mutex<VecDeque<Vec<Attempt>>>,
    /// What the next updates meet, at whatever host they are for; `None`: they meet what the next AARs meet.
    pub updates: Mutex<Option<VecDeque<Attempt>>>,
    /// Sessions with an AAR that is waited for and its Destination-Host; how often there was a second one, or an
    /// STR to the same host, beside it.
    waited_for: Mutex<BTreeMap<String, String>>,
    pub crossed: AtomicU64,
    /// What the next STRs get instead of the truth: a result, or (`None`) silence.
    pub stas: Mutex<VecDeque<Option<Outcome>>>,
    /// Whether a PCRF says what was used when a session ends there.
    pub reports_usage: AtomicBool,
    /// Everything that reached a PCRF.
    pub log: Mutex<Vec<String>>,
    /// Every AAR and STR that left.
    pub aars: Mutex<Vec<AaRequest<'static>>>,
    pub strs: Mutex<Vec<StRequest<'static>>>,
    /// End-to-End Identifier of the last RAR.
    end_to_end: AtomicU32,
    /// Runs when an AAR is about to leave.
    pub before_aar: OnceLock<BeforeAar>,
}

impl Net {
    pub fn new(hosts: &[&'static str]) -> Arc<Self> {
        let net = Self::default();
        net.hosts().extend(hosts.iter().map(|host| (*host, Host { origin_state_id: 1, ..Host::default() })));
        Arc::new(net)
    }

    pub fn serve(&self, server: Weak<dyn RxServer>) {
        assert!(self.server.set(server).is_ok());
    }

    pub fn hosts(&self) -> MutexGuard<'_, BTreeMap<&'static str, Host>> {
        self.hosts.lock().unwrap()
    }

    pub fn plan(&self, attempts: impl Into<Vec<Attempt>>) {
        self.plans.lock().unwrap().push_back(attempts.into());
    }

    /// Sessions that PCRFs hold, with their host.
    pub fn held(&self) -> BTreeSet<(String, String)> {
        let hosts = self.hosts();
        let of = |(host, held): (&&str, &Host)| {
            held.sessions.iter().map(|session| (host.to_string(), session.clone())).collect::<Vec<_>>()
        };
        hosts.iter().flat_map(of).collect()
    }

    /// What reached the PCRFs, and forgets it.
    pub fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    fn server(&self) -> Option<Arc<dyn RxServer>> {
        self.server.get()?.upgrade()
    }

    /// Crashes; what it had and what was under way to it is gone.
    pub fn kill(&self, host: &str) {
        let mut hosts = self.hosts();
        let host = hosts.get_mut(host).unwrap();
        *host = Host { down: true, origin_state_id: host.origin_state_id, ..Host::default() };
    }

    /// Starts again after [`kill`](Self::kill) and connects.
    pub fn restart(&self, name: &str) {
        let id = {
            let mut hosts = self.hosts();
            let host = hosts.get_mut(name).unwrap();
            host.down = false;
            host.origin_state_id += 1;
            host.origin_state_id
        };
        if let Some(server) = self.server() {
            server.origin_state(name, id);
            server.peer_up(name);
        }
    }

    /// Loses only the connection, for a moment.
    pub fn reconnect(&self, name: &str) {
        if let Some(server) = self.server() {
            server.peer_up(name);
        }
    }

    pub fn hang(&self, host: &str) {
        self.hosts().get_mut(host).unwrap().hung = true;
    }

    /// Goes on with what came in meanwhile, in order.
    pub fn wake(self: &Arc<Self>, name: &'static str) {
        let queue = {
            let mut hosts = self.hosts();
            let host = hosts.get_mut(name).unwrap();
            host.hung = false;
            std::mem::take(&mut host.queue)
        };
        for queued in queue {
            match queued {
                Queued::Aar(request, says, returns, answer) => {
                    self.aar(name, *request, says, returns, answer)
                }
                Queued::Str(session) => {
                    self.str(name, &session);
                }
            }
        }
    }

    /// An AAR arrives at a PCRF.
    fn aar(
        self: &Arc<Self>,
        name: &'static str,
        request: AaRequest<'static>,
        mut says: Says,
        returns: Option<Duration>,
        answer: oneshot::Sender<Exchange<AaAnswer<'static>>>,
    ) {
        let session = request.session_id.to_string();
        let mut hosts = self.hosts();
        let host = hosts.get_mut(name).unwrap();
        if host.down {
            return;
        }
        if host.hung {
            return host.queue.push_back(Queued::Aar(Box::new(request), says, returns, answer));
        }
        let is_update = request.rx_request_type == Some(RxRequestType::UPDATE_REQUEST);
        self.log.lock().unwrap().push(format!("{} {name}", if is_update { "update" } else { "AAR" }));
        if is_update && !host.sessions.contains(&session) {
            says = Says::Refuse(Outcome::base(5002), None);
        }
        let service = request.af_application_identifier.as_deref().map(String::from_utf8_lossy);
        let has_it =
            service.is_some() && host.service.get(&session).map(String::as_str) == service.as_deref();
        if has_it && matches!(says, Says::Refuse(outcome, _) if outcome.class() == 5) {
            // There is nothing to refuse about what it granted before.
            says = Says::Grant;
        }
        if matches!(says, Says::Grant | Says::Garbage) {
            host.sessions.insert(session.clone());
            host.service.extend(service.map(|service| (session.clone(), service.into_owned())));
        }
        let Some(returns) = returns else { return };
        let exchange = aaa(name, &session, &says, host.origin_state_id);
        let net = Arc::clone(self);
        tokio::spawn(async move {
            sleep(returns).await;
            // Nobody waits any more: a late one.
            if let Err(exchange) = answer.send(exchange)
                && exchange.outcome.is_some_and(Outcome::is_success)
                && let Some(server) = net.server()
            {
                let (host, peer) = (Arc::from(name), Arc::from(name));
                server.late_grant(LateGrant { rx_session: session.into(), host, peer, class: vec![] });
            }
        });
    }

    /// An STR arrives at a PCRF; what it says, if it can.
    fn str(&self, name: &str, session: &str) -> Option<Outcome> {
        let mut hosts = self.hosts();
        let host = hosts.get_mut(name)?;
        if host.down {
            return None;
        }
        if host.hung {
            host.queue.push_back(Queued::Str(session.into()));
            return None;
        }
        let had = host.sessions.remove(session);
        let outcome = if had { Outcome::SUCCESS } else { Outcome::base(5002) };
        self.log.lock().unwrap().push(format!("STR {name} {}", outcome.code));
        Some(outcome)
    }

    /// A PCRF sends a RAR.
    pub async fn rar(&self, host: &'static str, session: &str, actions: &[u32]) -> Reply {
        let end_to_end = self.end_to_end.fetch_add(1, Ordering::Relaxed) + 1;
        self.send_rar(host, session, actions, Sending { end_to_end, retransmit: false }).await
    }

    /// A PCRF sends a RAR, for the first time or once more.
    pub async fn send_rar(
        &self,
        host: &'static str,
        session: &str,
        actions: &[u32],
        sending: Sending,
    ) -> Reply {
        let request = RaRequest {
            session_id: session.to_owned().into(),
            origin_host: host.into(),
            specific_action: actions.iter().copied().map(SpecificAction).collect(),
            ..RaRequest::default()
        };
        self.server().unwrap().re_auth(request, sending).await.reply
    }

    /// A PCRF sends an ASR. It keeps the session until the STR (TS 29.214 §4.4.6.1).
    pub async fn asr(&self, host: &'static str, session: &str) -> Reply {
        self.asr_held(host, session).await.reply
    }

    /// The same, with what waits for the answer to be on its way.
    pub async fn asr_held(&self, host: &'static str, session: &str) -> Replied {
        let request = AsRequest {
            session_id: session.to_owned().into(),
            origin_host: host.into(),
            abort_cause: AbortCause::BEARER_RELEASED,
            ..AsRequest::default()
        };
        self.server().unwrap().abort(request).await
    }

    /// What is planned for an AAR.
    fn attempts(&self, request: &AaRequest<'static>) -> Vec<Attempt> {
        let mut host = "a.net";
        if let Some(wanted) = &request.destination_host {
            host = self.hosts().keys().find(|host| *host == wanted).unwrap();
            if let Some(updates) = &mut *self.updates.lock().unwrap() {
                return vec![Attempt { host, ..updates.pop_front().unwrap_or_else(|| at(host)) }];
            }
        }
        self.plans.lock().unwrap().pop_front().unwrap_or_else(|| vec![at(host)])
    }

    async fn try_all(
        self: Arc<Self>,
        request: AaRequest<'static>,
        attempts: Vec<Attempt>,
        within: Duration,
    ) -> Result<Exchange<AaAnswer<'static>>, GatewayError> {
        let mut sent_to: Vec<Arc<str>> = Vec::new();
        let deadline = tokio::time::Instant::now() + within;
        let last = attempts.len().saturating_sub(1);
        for (number, Attempt { host, arrives, says, returns }) in attempts.into_iter().enumerate() {
            if self.hosts()[host].down {
                continue;
            }
            sent_to.push(host.into());
            let (answer, mut answered) = oneshot::channel();
            if let Some(arrives) = arrives {
                let (net, request) = (Arc::clone(&self), request.clone());
                tokio::spawn(async move {
                    sleep(arrives).await;
                    net.aar(host, request, says, returns, answer);
                });
            }
            let wait =
                if number == last { deadline } else { deadline.min(tokio::time::Instant::now() + ATTEMPT) };
            match tokio::time::timeout_at(wait, &mut answered).await {
                Ok(Ok(mut exchange)) => {
                    exchange.sent_to = sent_to;
                    return Ok(exchange);
                }
                // It was lost, or goes on: its answer, if it comes, is a late one.
                Ok(Err(_)) => tokio::time::sleep_until(wait).await,
                Err(_) => {}
            }
        }
        match sent_to.is_empty() {
            true => Err(GatewayError::NotSent { reason: "everybody is down".into() }),
            false => Err(GatewayError::NoAnswer { reason: "silence".into(), sent_to }),
        }
    }
}

fn aaa(name: &str, session: &str, says: &Says, origin_state_id: u32) -> Exchange<AaAnswer<'static>> {
    let (outcome, retry_interval) = match says {
        Says::Grant | Says::Garbage => (Outcome::SUCCESS, None),
        Says::Refuse(outcome, wait) => (*outcome, *wait),
    };
    let answer = AaAnswer {
        session_id: Some(session.to_owned().into()),
        origin_host: name.to_owned().into(),
        origin_realm: "net".into(),
        result_code: Some(outcome.code),
        class: vec![b"class".to_vec().into()].into(),
        origin_state_id: Some(origin_state_id),
        ip_can_type: Some(5.into()),
        retry_interval,
        ..AaAnswer::default()
    };
    let garbage = RxError::Missing { inside: "AA-Answer", avp: "Origin-Host", key: 264 };
    Exchange {
        outcome: Some(outcome),
        answer: if matches!(says, Says::Garbage) { Err(garbage) } else { Ok(answer) },
        failed_avp: None,
        text: text("AAA"),
        peer: name.into(),
        sent_to: vec![name.into()],
        in_doubt: false,
    }
}

fn text(name: &str) -> Vec<AvpText> {
    vec![AvpText { name: name.into(), value: AvpTextValue::Text("here".into()) }]
}

/// The way to the network.
pub struct Port(pub Arc<Net>);

impl RxGateway for Port {
    fn authorize(
        &self,
        request: AaRequest<'static>,
        within: Duration,
    ) -> BoxFuture<'_, Result<Exchange<AaAnswer<'static>>, GatewayError>> {
        if let Some(before) = self.0.before_aar.get() {
            before(&request);
        }
        self.0.aars.lock().unwrap().push(request.clone());
        let attempts = self.0.attempts(&request);
        let net = Arc::clone(&self.0);
        let session = request.session_id.to_string();
        let host = request.destination_host.clone().unwrap_or_default().into_owned();
        if net.waited_for.lock().unwrap().insert(session.clone(), host).is_some() {
            net.crossed.fetch_add(1, Ordering::Relaxed);
        }
        Box::pin(async move {
            let outcome = Arc::clone(&net).try_all(request, attempts, within).await;
            net.waited_for.lock().unwrap().remove(&session);
            outcome
        })
    }

    fn terminate(
        &self,
        request: StRequest<'static>,
        to: Option<Arc<str>>,
        within: Duration,
    ) -> BoxFuture<'_, Result<Exchange<StAnswer<'static>>, GatewayError>> {
        Box::pin(async move {
            // Without a host, whoever is up.
            let up = || self.0.hosts().iter().find(|(_, host)| !host.down).map(|(name, _)| Arc::from(*name));
            let to: Option<Arc<str>> = to.or_else(up);
            let is_down = |name: &Arc<str>| self.0.hosts().get(&**name).is_none_or(|host| host.down);
            let Some(to) = to.filter(|to| !is_down(to)) else {
                return Err(GatewayError::NotSent { reason: "it is down".into() });
            };
            self.0.strs.lock().unwrap().push(request.clone());
            if self.0.waited_for.lock().unwrap().get(&*request.session_id).is_some_and(|host| **host == *to) {
                self.0.crossed.fetch_add(1, Ordering::Relaxed);
            }
            let planned = self.0.stas.lock().unwrap().pop_front();
            sleep(Duration::from_millis(1)).await;
            let outcome = match planned {
                Some(planned) => planned,
                None => self.0.str(&to, &request.session_id),
            };
            let Some(outcome) = outcome else {
                sleep(within).await;
                return Err(GatewayError::NoAnswer { reason: "silence".into(), sent_to: vec![to] });
            };
            sleep(Duration::from_millis(1)).await;
            let used = self.0.reports_usage.load(Ordering::Relaxed) && outcome.is_success();
            let answer = StAnswer {
                origin_host: to.to_string().into(),
                result_code: Some(outcome.code),
                sponsored_connectivity_data: used.then(|| SponsoredConnectivityData {
                    used_service_unit: Some(UsedServiceUnit::default()),
                    ..SponsoredConnectivityData::default()
                }),
                ..StAnswer::default()
            };
            Ok(Exchange {
                outcome: Some(outcome),
                answer: Ok(answer),
                failed_avp: None,
                text: text("STA"),
                peer: Arc::clone(&to),
                sent_to: vec![to],
                in_doubt: false,
            })
        })
    }
}
