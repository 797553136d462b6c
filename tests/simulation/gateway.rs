//! The gateway: everything of the product but its sockets and its disk, in one of its lives.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    http::Request,
};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use rxgate::{
    dict::Dictionary,
    gateway::{Gateway as RxOverDiameter, GatewayConfig},
    north::{
        gatekeeper::{self, Answers, AnswersConfig, Gatekeeper, NotificationSettings, Notifications},
        limits::Limits,
        outbox::{Outbox, OutboxConfig},
    },
    notify::{Notifier, NotifyConfig, SystemResolver},
    peer::LocalNode,
    session::{SessionConfig, SessionStore, Sessions, ports::RxServer},
    transport::{DisconnectCause, NodePeer, Pool, PoolConfig},
};

use crate::{
    broken::Broken,
    disk::{Disk, Door},
    endpoints,
    endpoints::Endpoints,
    network,
    network::Network,
    process::Process,
};

/// The request timeout.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// What a client gets.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Bytes,
}

/// What a life of the gateway is made of.
pub struct Parts {
    pub seed: u64,
    pub process: Arc<Process>,
    pub network: Arc<Network>,
    pub endpoints: Arc<Endpoints>,
    pub disk: Arc<Disk>,
    pub broken: Broken,
    /// Origin-Hosts of the PCRFs and where they listen, the preferred one first.
    pub peers: Vec<(&'static str, SocketAddr)>,
    pub started: std::time::SystemTime,
}

/// A running gateway.
pub struct Gateway {
    pub process: Arc<Process>,
    pub sessions: Arc<Sessions>,
    pub notifier: Arc<Notifier>,
    pub pool: Pool,
    router: Router,
}

impl Gateway {
    /// Starts as the program does (`app.rs`).
    pub async fn start(parts: Parts) -> Result<Self, String> {
        let Parts { seed, process, network, endpoints, disk, broken, peers, started } = parts;
        let mut config = SessionConfig::new("af.rx.test", "rx.test", "rx.test", started);
        config.seed = Some(seed);
        config.peers = peers.iter().map(|(host, _)| Arc::from(*host)).collect();
        let mut local = LocalNode::rx("af.rx.test", "rx.test");
        local.origin_state_id = Some(config.origin_state_id);
        let identity = GatewayConfig {
            origin_host: config.origin_host.clone(),
            origin_realm: config.origin_realm.clone(),
            origin_state_id: config.origin_state_id,
        };
        let gateway = RxOverDiameter::new(identity, Dictionary::builtin()).unwrap();
        let store: Arc<dyn SessionStore> = Arc::new(Door::new(disk, process.clone(), broken));
        let sessions = Sessions::new(config, broken.gateway(gateway.clone()), store.clone());
        let notify =
            NotifyConfig { allow_networks: vec!["127.0.0.0/8".parse().unwrap()], ..NotifyConfig::default() };
        let over = endpoints::Dialler { endpoints, process: process.clone() };
        let notifier = Notifier::over(notify, Arc::new(SystemResolver::default()), Arc::new(over));
        let outbox = Outbox::new(OutboxConfig::new(started, Some(seed ^ 1)), notifier.clone(), store.clone());
        let notifications = Notifications::new(outbox, NotificationSettings::default());
        notifications.restore().await.map_err(|error| error.to_string())?;
        sessions.deliver_to(notifications.clone());
        sessions.start().await.map_err(|error| error.to_string())?;

        let mut pool = PoolConfig::new(local);
        pool.seed = seed ^ 2;
        pool.node.started = started;
        pool.connect = Arc::new(network::Dialler { network, process: process.clone() });
        let peer = |(priority, (host, address)): (usize, (&str, SocketAddr))| NodePeer {
            priority: priority as u32 + 1,
            ..NodePeer::new(host, address.to_string())
        };
        pool.node.peers = peers.into_iter().enumerate().map(peer).collect();
        let server: Arc<dyn RxServer> = sessions.clone();
        let pool = gateway.connect(pool, &server).await.unwrap();
        let router = gatekeeper::router(Gatekeeper {
            sessions: sessions.clone(),
            dictionary: Dictionary::builtin().into(),
            settings: Default::default(),
            limits: Limits::default(),
            templates: Arc::default(),
            answers: Answers::new(AnswersConfig::default(), store, sessions.clock()),
            notifications,
            access: None,
            requests: Default::default(),
        });
        Ok(Self { process, sessions, notifier, pool, router })
    }

    /// A request of a client; nothing comes back if the process ends meanwhile.
    pub async fn call(&self, request: Request<Body>) -> Option<Reply> {
        let answered = async {
            let response = TowerToHyperService::new(self.router.clone()).call(request).await.unwrap();
            let (head, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Reply { status: head.status.as_u16(), body }
        };
        tokio::select! {
            biased;
            () = self.process.died() => None,
            reply = answered => Some(reply),
        }
    }

    /// Stops as the program does: what is under way ends, peers hear a goodbye, and what can be told is.
    pub async fn stop(&self) {
        self.sessions.shut_down(STOP_WITHIN).await;
        self.pool.shut_down(DisconnectCause::Rebooting).await;
        self.notifier.shut_down(STOP_WITHIN).await;
        self.process.kill();
    }

    /// Takes apart what a dead process leaves: nothing of it is of consequence.
    pub async fn bury(&self) {
        self.pool.break_off().await;
        self.notifier.shut_down(Duration::ZERO).await;
    }
}
