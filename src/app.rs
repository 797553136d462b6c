//! The composition root: from a [`Config`] to a running gateway and back down.
//!
//! The only place that knows every layer. It translates the configuration into each layer's own, joins them,
//! and takes them down in the order in which nothing is lost: no new HTTP, the requests under way, the
//! sessions, the peers.

mod applications;
mod audit;
mod changes;
mod descriptors;
mod ending;
mod expiry;
mod jwks;
mod operator;
mod reload;
mod settings;
mod storage;
mod templates;
mod tls;
mod tokens;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use rustls::ClientConfig;
use thiserror::Error;
use tokio::{sync::watch, task::JoinHandle};
use tracing::{error, info, warn};

use crate::{
    access::{Access, ChanceError},
    audit::{AuditError, AuditLog, Operation, Outcome},
    config::{self, Config, Loaded, Problem},
    dict::{DictError, Dictionary},
    gateway::{Gateway, GatewayConfig},
    live::Live,
    metrics::Collect,
    north::{
        admin::{self, Admin, KeptTemplates, Process, Pulse, TemplateAdmin, not_reloaded},
        audit::audited,
        gatekeeper::{self, Answers, AnswersConfig, Gatekeeper, Notifications},
        limits::{Limits, Refusals},
        observe::Requests,
        outbox::{Outbox, OutboxConfig},
        records::RestoreError,
        server::{BindError, Server},
    },
    notify::{Notifier, SystemResolver},
    rx::RxError,
    session::{
        ReleaseReason, SessionError, Sessions,
        ports::{RxGateway, RxServer},
    },
    store::{OpenError, RecordFile},
    template::Templates,
    tls::Settings,
    transport::{Connect, DisconnectCause, PeerStatus, Pool, Sctp, Tcp, Tls, Transports},
};
pub(crate) use applications::read as read_applications;
pub(crate) use changes::reloadable;
pub(crate) use settings::template_settings;
pub use templates::TemplateDirectory;
pub(crate) use templates::read_file as read_template_file;
pub(crate) use tls::Material as TlsMaterial;
pub(crate) use tokens::check as check_tokens;

use ending::{end_after, end_all};
use expiry::InUse;
use operator::Operator;
use reload::{Parts, Reloader, Source};
use storage::Storage;

/// Why the gateway cannot start.
#[derive(Debug, Error)]
pub enum AppError {
    /// A dictionary file is refused.
    #[error(transparent)]
    Dictionary(#[from] DictError),
    /// A listener for HTTP is not there.
    #[error("[{section}] {error}")]
    Http {
        /// The section of the configuration.
        section: &'static str,
        /// Why.
        error: BindError,
    },
    /// A listener for Diameter is not there.
    #[error("[diameter] {0}")]
    Diameter(io::Error),
    /// The identity does not fit into a message.
    #[error("[diameter] the identity cannot be written: {0}")]
    Identity(#[from] RxError),
    /// The store cannot be opened.
    #[error("[store] {0}")]
    Open(#[from] OpenError),
    /// The store cannot be read.
    #[error("[store] {0}")]
    Store(#[from] SessionError),
    /// What is kept in the store beside the sessions cannot be read.
    #[error("[store] {0}")]
    Records(#[from] RestoreError),
    /// The file of records cannot be opened.
    #[error("[records] cannot append to {}: {error}", .file.display())]
    RecordFile {
        /// Which.
        file: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The audit log cannot go on.
    #[error("[audit] {0}")]
    Audit(#[from] AuditError),
    /// Certificates, keys or CRLs are refused, for every one of these reasons.
    #[error("TLS: {} problems", .0.len())]
    Tls(Vec<config::Problem>),
    /// The applications are refused, for every one of these reasons.
    #[error("[access] {} problems", .0.len())]
    Applications(Vec<config::Problem>),
    /// A key of tokens, or where those of the identity provider should be, is refused.
    #[error("[access] {0}")]
    TokenKeys(config::Problem),
    /// Secrets cannot be compared.
    #[error("[access] {0}")]
    Chance(#[from] ChanceError),
    /// The templates of the directory are refused, for every one of these reasons.
    #[error("[templates] {} problems", .0.len())]
    Templates(Vec<config::Problem>),
}

/// A running gateway. Dropped, it breaks off; [`shut_down`](Self::shut_down) takes it down in order.
#[derive(Debug)]
pub struct App {
    http: SocketAddr,
    admin: SocketAddr,
    pool: PoolHandle,
    pulse: Arc<Pulse>,
    sessions: Arc<Sessions>,
    outbox: Arc<Outbox>,
    records: Option<Arc<RecordFile>>,
    audit: Option<Arc<AuditLog>>,
    reloader: Arc<Reloader>,
    stopping: Live<bool>,
    stop_http: watch::Sender<bool>,
    stop_admin: watch::Sender<bool>,
    serving: (JoinHandle<()>, JoinHandle<()>),
    request_timeout: Duration,
    last_deliveries: Duration,
    /// Sessions survive the process.
    durable: bool,
}

impl App {
    /// Starts everything that the configuration asks for.
    pub async fn start(config: Config) -> Result<Self, AppError> {
        let storage = Storage::open(&config.store, false).await?;
        Self::launch(config, None, storage, None).await
    }

    /// Starts everything that a file asks for; a reload reads it again. With `accept_loss` also over a store in
    /// which something is lost: then every session that is left is ended.
    pub async fn start_file(file: &Path, loaded: Loaded, accept_loss: bool) -> Result<Self, AppError> {
        let source = Source { file: file.to_owned(), settings: loaded.settings };
        let storage = Storage::open(&loaded.config.store, accept_loss).await?;
        Self::launch(loaded.config, Some(source), storage, None).await
    }

    /// Starts everything that the configuration asks for, over connections that `connect` makes.
    pub async fn start_over(config: Config, connect: Arc<dyn Connect>) -> Result<Self, AppError> {
        let storage = Storage::open(&config.store, false).await?;
        Self::launch(config, None, storage, Some(connect)).await
    }

    async fn launch(
        config: Config,
        source: Option<Source>,
        storage: Storage,
        connect: Option<Arc<dyn Connect>>,
    ) -> Result<Self, AppError> {
        let dictionary: Live<&'static Dictionary> = match &config.dictionary {
            // It is needed for as long as the process lives.
            Some(directory) => {
                let dictionary: &'static _ = Box::leak(Box::new(Dictionary::with_directory(directory)?));
                dictionary.into()
            }
            None => Dictionary::builtin().into(),
        };
        let tls = TlsMaterial::read(&config, source.as_ref().map(Source::places)).map_err(AppError::Tls)?;
        for warning in &tls.warnings {
            warn!(hint = %warning.hint, "{warning}");
        }
        let tls = tls::InForce::from(tls);
        let template_settings = Live::from(settings::template_settings(&config.gatekeeper));
        let reading = Live::from(settings::read_settings(&config.gatekeeper));
        let notifying = Live::from(settings::notification_settings(&config.gatekeeper));
        let rules = Arc::new(Templates::new());
        let kept = KeptTemplates::new(rules.clone(), storage.store.clone());
        kept.restore(dictionary.get(), template_settings.get()).await?;
        let read = templates::read_at_start(&config, dictionary.get(), template_settings.get()).await;
        let read = read.map_err(AppError::Templates)?.rules;
        let access = config.access.as_ref().map(|config| access(config, tls.jwks.clone())).transpose()?;
        let admin_limits = settings::admin_limits(&config.admin);
        let limits = descriptors::fit(settings::limits(&config.http), &admin_limits);
        let http = bind(config.http.listen, limits, access.is_some()).await;
        let http = http.map_err(|error| AppError::Http { section: "http", error })?.tls(tls.http.clone());
        let admin = bind(config.admin.listen, admin_limits, access.is_some()).await;
        let admin = admin.map_err(|error| AppError::Http { section: "admin", error })?.tls(tls.admin.clone());

        let mut session_config = settings::session_config(&config);
        let identity = storage.identity(session_config.origin_state_id).await?;
        session_config.origin_state_id = identity.origin_state_id;
        let lines = kept
            .changing()
            .await
            .apply(|rules| templates::put(rules, read))
            .await
            .map_err(SessionError::from)?;
        lines.iter().for_each(|template| info!("{template}"));
        let gateway = Gateway::new(
            GatewayConfig {
                origin_host: session_config.origin_host.clone(),
                origin_realm: session_config.origin_realm.clone(),
                origin_state_id: session_config.origin_state_id,
            },
            dictionary.clone(),
        )?;
        let over_tls = tls.diameter.clone().map(|ends| Tls::new(Tcp::default(), ends));
        let sctp = Sctp::new(settings::sctp(&config.diameter.sctp));
        let transports = Arc::new(Transports { tcp: Tcp::default(), tls: over_tls, sctp: sctp.clone() });
        let connect = connect.unwrap_or_else(|| transports.clone());
        let mut pool_config = settings::pool_config(&config.diameter, &session_config);
        (pool_config.connect, pool_config.accept) = (connect, transports);
        let to_network: Arc<dyn RxGateway> = gateway.clone();
        let durable = storage.store.is_durable();
        let store = storage.store;
        let outbox_config = OutboxConfig::new(session_config.started, session_config.seed);
        let sessions = Sessions::new(session_config, to_network, store.clone());
        let records = config.records.as_ref().map(open).transpose()?;
        if let Some(records) = &records {
            sessions.record_to(records.clone());
        }
        let audit = config.audit.as_ref().map(|config| audit::open(config, identity.had_one)).transpose()?;
        let from_network: Arc<dyn RxServer> = sessions.clone();
        let own = vec![http.address(), admin.address()];
        let notify_config = settings::notify_config(&config.notify, own, tls.notify.clone());
        let notifier = Notifier::new(notify_config, Arc::new(SystemResolver::default()));
        let outbox = Outbox::new(outbox_config, notifier.clone(), store.clone());
        let notifications = Notifications::new(outbox.clone(), notifying.clone());
        // What happened before is told before what happens now.
        notifications.restore().await?;
        sessions.deliver_to(notifications.clone());
        // What comes in from a peer right after it was dialled is about a session of an earlier process.
        sessions.start().await?;
        let pool = gateway.connect(pool_config, &from_network).await.map_err(AppError::Diameter)?;
        if let Some(loss) = identity.loss {
            tokio::spawn(end_after(loss, sessions.clone(), store.clone()));
        }

        let requests = Arc::<Requests>::default();
        let mut figures: Vec<Arc<dyn Collect>> = vec![
            requests.clone(),
            Arc::new(Refusals([("http", http.refused()), ("admin", admin.refused())])),
            sessions.clone(),
            notifier.clone(),
            outbox.clone(),
            gateway,
            Arc::new(pool.clone()),
            Arc::new(sctp),
            InUse::start(tls.watched.clone()),
            Arc::new(Process::new(SystemTime::now())),
        ];
        figures.extend(storage.figures);
        figures.extend(records.clone().map(|records| records as Arc<dyn Collect>));
        figures.extend(audit.clone().map(|audit| audit.log as Arc<dyn Collect>));
        let keyring = access.as_ref().and_then(|access| access.keyring());
        figures.extend(keyring.map(|keyring| keyring as Arc<dyn Collect>));
        figures.extend(access.clone().map(|access| access as Arc<dyn Collect>));
        let answers = Answers::new(AnswersConfig::default(), store.clone(), sessions.clock());
        answers.start();
        let gatekeeper = gatekeeper::router(Gatekeeper {
            sessions: sessions.clone(),
            dictionary: dictionary.clone(),
            settings: reading.clone(),
            limits,
            templates: rules.clone(),
            answers,
            notifications: notifications.clone(),
            access: access.clone(),
            requests: requests.clone(),
        });
        let port = pool.local_addresses().first().map(SocketAddr::port);
        let local = settings::local(&config.diameter, port);
        let request_timeout = config.diameter.request_timeout;
        let last_deliveries = settings::last_deliveries(&config);
        let parts = Parts {
            dictionary: dictionary.clone(),
            reading,
            templates: template_settings.clone(),
            notifications: notifying,
            rules: kept.clone(),
            notifier: notifier.clone(),
            pool: pool.clone(),
            records: records.clone(),
            audit: audit.as_ref().map(|audit| audit.log.clone()),
            tls,
            access: access.clone(),
        };
        let reloader = Arc::new(Reloader::new(config, source, parts));
        let stopping = Live::from(false);
        let http = http.draining(stopping.clone());
        let peers = Arc::new(Operator(pool.clone()));
        let pulse = Arc::new(Pulse::new(store, peers.clone()));
        let operator = admin::router(Admin {
            sessions: sessions.clone(),
            peers,
            pulse: pulse.clone(),
            local,
            templates: TemplateAdmin {
                kept,
                dictionary: dictionary.clone(),
                settings: template_settings.clone(),
            },
            notifications,
            reload: reloader.clone(),
            stopping: stopping.clone(),
            figures: figures.into(),
            access,
            requests,
        });
        let (gatekeeper, operator) = match audit.clone() {
            Some(audit) => (audited(gatekeeper, "http", audit.clone()), audited(operator, "admin", audit)),
            None => (gatekeeper, operator),
        };
        let (stop_http, stop_admin) = (watch::Sender::new(false), watch::Sender::new(false));
        let (http_address, admin_address) = (http.address(), admin.address());
        let serving = (
            // A request may wait for the network that long, and then has to be answered.
            tokio::spawn(http.serve(gatekeeper, told(&stop_http), request_timeout + Duration::from_secs(1))),
            tokio::spawn(admin.serve(operator, told(&stop_admin), Duration::from_secs(1))),
        );
        Ok(Self {
            http: http_address,
            admin: admin_address,
            pool: PoolHandle(pool),
            pulse,
            sessions,
            outbox,
            records,
            audit: audit.map(|audit| audit.log),
            reloader,
            stopping,
            stop_http,
            stop_admin,
            serving,
            request_timeout,
            last_deliveries,
            durable,
        })
    }

    /// Where the REST interface listens.
    pub fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// Where the admin interface listens.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin
    }

    /// Where peers may connect.
    pub fn diameter_addresses(&self) -> Vec<SocketAddr> {
        self.pool.0.local_addresses()
    }

    /// How every peer is doing.
    pub fn peers(&self) -> Vec<PeerStatus> {
        self.pool.0.peers()
    }

    /// The AF sessions.
    pub fn sessions(&self) -> &Arc<Sessions> {
        &self.sessions
    }

    /// The way of the events to the applications.
    pub fn notifier(&self) -> &Arc<Notifier> {
        self.outbox.notifier()
    }

    /// Reads the configuration file, the dictionary and the templates again: all of it takes effect, or, with
    /// anything wrong, nothing. Says in the log, and here, what is different, or everything that is wrong.
    pub async fn reload(&self) -> Result<Vec<String>, Vec<Problem>> {
        let by = Operation { listener: "signal", ..Operation::default() };
        let reloaded = self.reloader.reload(by.clone()).await;
        if let Some(audit) = &self.audit {
            let outcome = if reloaded.is_ok() { Outcome::Done } else { Outcome::Refused };
            let reason = reloaded.as_ref().err().map(|problems| not_reloaded(problems.len()).into());
            audit.note(Operation { operation: "reload".into(), outcome, reason, ..by });
        }
        reloaded.map(|(changes, _)| changes)
    }

    /// Whether it makes progress: the store writes, and the task that runs the peers does its work.
    ///
    /// Takes as long as they do; whoever asks decides how long that may be. `false`: only another start helps.
    pub async fn is_alive(&self) -> bool {
        self.pulse.beat().await.inspect_err(|reason| error!(reason, "only another start helps")).is_ok()
    }

    /// Lets the requests under way end, ends the sessions that would be forgotten (those in memory), and says
    /// goodbye to the peers with DPR (REBOOTING); applications are told of it. Takes the request timeout a few times
    /// at worst, and the time of one delivery.
    ///
    /// Meanwhile the listeners answer: `/ready` with 503, and so what would begin something new; other requests as
    /// ever. Nobody is refused a connection before everything that was under way is done.
    pub async fn shut_down(self) {
        let (http, admin) = self.serving;
        self.stopping.set(true);
        self.sessions.shut_down(self.request_timeout).await;
        let ending = end_all(&self.sessions, ReleaseReason::Ended, None);
        if !self.durable && tokio::time::timeout(self.request_timeout, ending).await.is_err() {
            warn!("sessions are left at the PCRF");
        }
        // Fails if it has ended already.
        _ = self.stop_http.send(true);
        ended("http", http).await;
        self.sessions.shut_down(self.request_timeout).await;
        self.pool.0.shut_down(DisconnectCause::Rebooting).await;
        // Nothing can be added any more.
        self.outbox.shut_down(self.last_deliveries).await;
        _ = self.stop_admin.send(true);
        ended("admin", admin).await;
        // It waits for the disk.
        let close = move || {
            self.records.iter().for_each(|records| records.close());
            self.audit.iter().for_each(|audit| audit.close());
        };
        tokio::task::spawn_blocking(close).await.expect("closing a file does not panic");
    }
}

/// The applications of the file that the configuration names, and what their tokens need.
fn access(
    config: &config::Access,
    to_provider: Live<Option<Settings<ClientConfig>>>,
) -> Result<Arc<Access>, AppError> {
    let read = applications::read(config).map_err(AppError::Applications)?;
    for warning in &read.warnings {
        warn!(hint = %warning.hint, "{warning}");
    }
    let tokens = tokens::start(config, to_provider).map_err(AppError::TokenKeys)?;
    Ok(Access::with_tokens(read.list, tokens)?)
}

/// `guarded`: whoever connects has to show who it is.
async fn bind(address: SocketAddr, limits: Limits, guarded: bool) -> Result<Server, BindError> {
    match guarded {
        true => Server::bind_anywhere(address, limits).await,
        false => Server::bind(address, limits).await,
    }
}

fn open(records: &config::Records) -> Result<Arc<RecordFile>, AppError> {
    let config::Records { file, end_user } = records;
    let opened = RecordFile::open(file.clone(), *end_user);
    opened.map(Arc::new).map_err(|error| AppError::RecordFile { file: file.clone(), error })
}

/// The pool, which has nothing to show but its peers.
struct PoolHandle(Pool);

impl std::fmt::Debug for PoolHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.peers()).finish()
    }
}

/// Is done when `stop` is told, or is gone.
fn told(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + use<> {
    let mut stop = stop.subscribe();
    async move {
        _ = stop.wait_for(|stop| *stop).await;
    }
}

async fn ended(what: &str, task: JoinHandle<()>) {
    if let Err(error) = task.await {
        warn!(what, %error, "a listener failed");
    }
}
