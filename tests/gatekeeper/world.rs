//! The interfaces over the session layer, with a scripted PCRF behind its port.

use std::{
    sync::{
        Arc, LockResult, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Request, Uri},
};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use rxgate::{
    BoxFuture,
    access::{Access, Terms},
    audit::Operation,
    dict::Dictionary,
    live::Live,
    north::{
        admin::{
            self, Admin, KeptTemplates, LocalView, PeerView, Peers, Pulse, Reload, ReloadProblem, Reloaded,
            TemplateAdmin,
        },
        gatekeeper::{
            self, Answers, AnswersConfig, Gatekeeper, NotificationSettings, Notifications, ReadSettings,
        },
        limits::Limits,
        outbox::{Outbox, OutboxConfig},
    },
    notify::{Notifier, NotifyConfig, SystemResolver},
    session::{SessionConfig, SessionStore, Sessions},
    store::MemoryStore,
    template::{RuleSet, Settings, Template, Templates},
};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::document::Document;
pub use crate::pcrf::{Pcrf, Says, aaa, aaa_with};
use crate::support::{DICTIONARY, STRICT, USER};

/// The peers that the operator sees.
#[derive(Default)]
pub struct Known {
    views: Mutex<Vec<PeerView>>,
    /// What the operator wished: `connect HOST`, `disconnect HOST: REASON`.
    pub wishes: Mutex<Vec<String>>,
    /// Nothing runs them.
    pub ended: AtomicBool,
}

impl Known {
    pub fn lock(&self) -> LockResult<MutexGuard<'_, Vec<PeerView>>> {
        self.views.lock()
    }

    fn wish(&self, host: &str, wish: String) -> BoxFuture<'_, bool> {
        self.wishes.lock().unwrap().push(wish);
        let known = self.views.lock().unwrap().iter().any(|peer| peer.host == host);
        Box::pin(async move { known })
    }
}

impl Peers for Known {
    fn peers(&self) -> Vec<PeerView> {
        self.views.lock().unwrap().clone()
    }

    fn answers(&self) -> BoxFuture<'_, bool> {
        Box::pin(std::future::ready(!self.ended.load(Ordering::SeqCst)))
    }

    fn connect<'a>(&'a self, host: &'a str) -> BoxFuture<'a, bool> {
        self.wish(host, format!("connect {host}"))
    }

    fn disconnect<'a>(&'a self, host: &'a str, reason: &'a str) -> BoxFuture<'a, bool> {
        self.wish(host, format!("disconnect {host}: {reason}"))
    }
}

/// A configuration in which nothing changes.
struct Unchanged;

impl Reload for Unchanged {
    fn reload(self: Arc<Self>, _: Operation) -> BoxFuture<'static, Result<Reloaded, Vec<ReloadProblem>>> {
        Box::pin(async { Ok(Reloaded { changes: Vec::new(), warnings: Vec::new() }) })
    }
}

/// The gateway without its sockets.
pub struct World {
    pub pcrf: Arc<Pcrf>,
    pub sessions: Arc<Sessions>,
    pub peers: Arc<Known>,
    pub notifier: Arc<Notifier>,
    pub notifications: Arc<Notifications>,
    answers: Arc<Answers>,
    pub templates: Arc<Templates>,
    pub kept: Arc<KeptTemplates>,
    /// How templates are read.
    pub template_settings: Live<Settings>,
    gatekeeper: Router,
    admin: Router,
}

/// What a client gets.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    #[track_caller]
    pub fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn request_id(&self) -> String {
        assert_eq!(self.status, 201, "{self:?}");
        self.json()["applyQoSFeatureResponse"]["requestId"].as_str().unwrap().to_owned()
    }
}

impl World {
    pub fn new() -> Self {
        Self::with(Limits::default())
    }

    pub fn with(limits: Limits) -> Self {
        Self::with_settings(limits, NotificationSettings::default())
    }

    pub fn with_settings(limits: Limits, settings: NotificationSettings) -> Self {
        Self::build(Arc::new(MemoryStore::new()), limits, settings, "127.0.0.0/8")
    }

    /// A gateway over a store of which it has read nothing yet.
    pub fn with_settings_over(store: Arc<dyn SessionStore>, settings: NotificationSettings) -> Self {
        Self::build(store, Limits::default(), settings, "127.0.0.0/8")
    }

    /// A gateway that finds what an earlier one left in the store.
    pub async fn over(store: Arc<dyn SessionStore>) -> Self {
        Self::over_allowing(store, "127.0.0.0/8").await
    }

    /// The same with endpoints in this network only.
    pub async fn over_allowing(store: Arc<dyn SessionStore>, network: &str) -> Self {
        let world = Self::build(store, Limits::default(), NotificationSettings::default(), network);
        world.notifications.restore().await.unwrap();
        world.kept.restore(&DICTIONARY, Default::default()).await.unwrap();
        world.sessions.start().await.unwrap();
        world
    }

    fn build(
        store: Arc<dyn SessionStore>,
        limits: Limits,
        settings: NotificationSettings,
        network: &str,
    ) -> Self {
        let pcrf = Arc::new(Pcrf::default());
        let mut config = SessionConfig::new("af.rx.test", "rx.test", "rx.test", SystemTime::now());
        config.request_timeout = Duration::from_millis(200);
        let gateway: Arc<Pcrf> = Arc::clone(&pcrf);
        let outbox = OutboxConfig::new(config.started, None);
        let sessions = Sessions::new(config, gateway, Arc::clone(&store));
        let notify = NotifyConfig {
            allow_networks: vec![network.parse().unwrap()],
            retry_initial: Duration::from_millis(10),
            retry_max: Duration::from_millis(50),
            ..NotifyConfig::default()
        };
        let notifier = Notifier::new(notify, Arc::new(SystemResolver::default()));
        let outbox = Outbox::new(outbox, notifier.clone(), Arc::clone(&store));
        let notifications = Notifications::new(outbox, settings);
        sessions.deliver_to(notifications.clone());
        let peers = Arc::new(Known::default());
        let templates = Arc::new(Templates::new());
        let kept = KeptTemplates::new(Arc::clone(&templates), Arc::clone(&store));
        let template_settings = Live::from(Settings::default());
        let pulse = Arc::new(Pulse::new(Arc::clone(&store), Arc::<Known>::clone(&peers)));
        let answers = Answers::new(AnswersConfig::default(), store, sessions.clock());
        let gatekeeper = gatekeeper::router(Gatekeeper {
            sessions: Arc::clone(&sessions),
            dictionary: (&*DICTIONARY).into(),
            settings: Default::default(),
            limits,
            templates: Arc::clone(&templates),
            answers: Arc::clone(&answers),
            notifications: notifications.clone(),
            access: None,
            requests: Arc::default(),
        });
        let admin = admin::router(Admin {
            sessions: Arc::clone(&sessions),
            peers: Arc::<Known>::clone(&peers),
            pulse,
            local: LocalView {
                origin_host: "af.rx.test".into(),
                origin_realm: "af-realm".into(),
                origin_port: None,
                destination_realm: "rx.test".into(),
            },
            templates: TemplateAdmin {
                kept: Arc::clone(&kept),
                dictionary: (&*DICTIONARY).into(),
                settings: template_settings.clone(),
            },
            notifications: notifications.clone(),
            reload: Arc::new(Unchanged),
            stopping: false.into(),
            figures: Arc::new([]),
            access: None,
            requests: Arc::default(),
        });
        Self {
            pcrf,
            sessions,
            peers,
            templates,
            kept,
            template_settings,
            notifier,
            notifications,
            answers,
            gatekeeper,
            admin,
        }
    }

    /// The same with requests read strictly.
    pub fn strict() -> Self {
        Self::reading(STRICT)
    }

    /// The same with requests read like this.
    pub fn reading(settings: ReadSettings) -> Self {
        let world = Self::new();
        let gatekeeper = gatekeeper::router(Gatekeeper {
            sessions: Arc::clone(&world.sessions),
            dictionary: Dictionary::builtin().into(),
            settings: settings.into(),
            limits: Limits::default(),
            templates: Arc::clone(&world.templates),
            answers: Arc::clone(&world.answers),
            notifications: world.notifications.clone(),
            access: None,
            requests: Arc::default(),
        });
        Self { gatekeeper, ..world }
    }

    /// The same for these applications alone.
    pub fn with_access(self, applications: Vec<Terms>) -> Self {
        let gatekeeper = gatekeeper::router(Gatekeeper {
            sessions: Arc::clone(&self.sessions),
            dictionary: (&*DICTIONARY).into(),
            settings: Default::default(),
            limits: Limits::default(),
            templates: Arc::clone(&self.templates),
            answers: Arc::clone(&self.answers),
            notifications: self.notifications.clone(),
            access: Some(Access::new(applications).unwrap()),
            requests: Arc::default(),
        });
        Self { gatekeeper, ..self }
    }

    pub fn router(&self) -> Router {
        self.gatekeeper.clone()
    }

    pub fn admin_router(&self) -> Router {
        self.admin.clone()
    }

    pub async fn call(&self, request: Request<Body>) -> Reply {
        static DOCUMENT: OnceCell<Document> = OnceCell::const_new();
        judged(self.gatekeeper.clone(), request, &DOCUMENT).await
    }

    /// The same without a look at the document, which not everybody is shown.
    pub async fn unjudged(&self, request: Request<Body>) -> Reply {
        ask(self.gatekeeper.clone(), request).await
    }

    pub async fn apply(&self, body: impl Into<Body>) -> Reply {
        let path = format!("/ApplicationQoSService/{USER}/qos");
        let request = Request::post(path).header("content-type", "application/json");
        self.call(request.header("host", "localhost:8001").body(body.into()).unwrap()).await
    }

    /// A request with a JSON body.
    pub async fn send(&self, method: &str, path: &str, body: impl Into<Body>) -> Reply {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        self.call(request.header("host", "localhost:8001").body(body.into()).unwrap()).await
    }

    /// Loads a template for whoever this matches.
    pub fn load(&self, pattern: &str, xml: &str) -> u64 {
        let read = Template::read(xml.as_bytes(), Dictionary::builtin(), Default::default()).unwrap();
        self.rules(|rules| rules.load(pattern, Arc::new(read.template)).unwrap().version())
    }

    /// Removes it.
    pub fn unload(&self, pattern: &str) {
        self.rules(|rules| rules.remove(pattern).map(drop)).unwrap();
    }

    fn rules<T>(&self, change: impl FnOnce(&mut RuleSet) -> T) -> T {
        let mut rules = self.templates.snapshot();
        let done = change(&mut rules);
        self.templates.put(rules);
        done
    }

    /// What is kept of a session that is there.
    pub async fn view(&self, id: &str) -> Arc<str> {
        self.sessions.status(&id.to_owned().into()).await.unwrap().view
    }

    /// Get QoS Status of a session that is there.
    pub async fn status(&self, id: &str) -> Bytes {
        let reply = self.get(&format!("/ApplicationQoSService/qos/{id}")).await;
        assert_eq!(reply.status, 200);
        reply.body
    }

    pub async fn register(&self, body: impl Into<Body>) -> Reply {
        self.send("POST", "/ApplicationQoSNotification/registration", body).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        let request = Request::delete(path).header("content-type", "application/x-www-form-urlencoded");
        self.call(request.body(Body::empty()).unwrap()).await
    }

    pub async fn admin(&self, method: &str, path: &str) -> Reply {
        self.admin_with(method, path, Body::empty()).await
    }

    pub async fn admin_with(&self, method: &str, path: &str, body: impl Into<Body>) -> Reply {
        let request = Request::builder().method(method).uri(path.parse::<Uri>().unwrap());
        static DOCUMENT: OnceCell<Document> = OnceCell::const_new();
        judged(self.admin.clone(), request.body(body.into()).unwrap(), &DOCUMENT).await
    }
}

/// An answer that the interface's own description announces.
async fn judged(router: Router, request: Request<Body>, document: &OnceCell<Document>) -> Reply {
    let document = document.get_or_init(|| async {
        let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
        Document(ask(router.clone(), request).await.json())
    });
    let document = document.await;
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let reply = ask(router.clone(), request).await;
    document.judge(method.as_str(), &path, &reply);
    reply
}

async fn ask(router: Router, request: Request<Body>) -> Reply {
    let response = TowerToHyperService::new(router).call(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Reply { status: head.status.as_u16(), headers: head.headers, body }
}
