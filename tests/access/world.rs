//! A gateway with access control, and whoever calls it.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use base64ct::{Base64, Encoding};
use rxgate::{
    access::{Scope, Secret, SecretHash, Terms},
    app::{App, AppError},
    config::{Applications, Loaded},
    dict::enums::SpecificAction,
    pcrf::{Pcrf, PcrfConfig, RarOrder},
    store::OpenError,
};
use serde_json::Value;

use crate::exchange;

/// Far above what any wait takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const USER: &str = "tel:4917655501";

/// Every right that an application can have.
pub const ALL: [Scope; 6] =
    [Scope::Apply, Scope::Modify, Scope::Read, Scope::Remove, Scope::Notify, Scope::Priority];

/// An application whose secret is `ID-secret`.
pub fn application(id: &str, scopes: &[Scope]) -> Terms {
    let secrets = vec![SecretHash::of(&secret(id)).unwrap()];
    Terms { secrets, ..Terms::new(id, scopes.iter().copied()) }
}

fn secret(id: &str) -> Secret {
    format!("{id}-secret").into()
}

/// The header line of an application that shows its secret.
pub fn by(id: &str) -> String {
    shown(id, secret(id).reveal())
}

/// The header line of an id and a secret.
pub fn shown(id: &str, secret: &str) -> String {
    let pair = Base64::encode_string(format!("{id}:{secret}").as_bytes());
    format!("Authorization: Basic {pair}\r\n")
}

/// A body of Apply QoS.
pub fn asked(more: &str) -> String {
    format!(
        r#"{{"qoSFeatureProperties": {{"framedIPAddress": "10.0.0.1", "duration": 3600, {more}
        "mediaComponentDescription": [{{"mediaComponentNumber": 1, "mediaType": "VIDEO"}}]}}}}"#
    )
}

pub struct World {
    pub app: App,
    pub pcrf: Pcrf,
    pub directory: PathBuf,
}

/// What a client gets.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    pub fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn request_id(&self) -> String {
        assert_eq!(self.status, 201, "{self:?}");
        self.json()["applyQoSFeatureResponse"]["requestId"].as_str().unwrap().to_owned()
    }

    pub fn has(&self, header: &str) -> bool {
        self.head.lines().any(|line| line.to_ascii_lowercase().starts_with(&format!("{header}: ")))
    }
}

impl World {
    pub async fn new(name: &str, applications: &[Terms]) -> Self {
        let directory = std::env::temp_dir().join(format!("rxgate-access-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
        let templates = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
        let rules = directory.join("rules.toml");
        std::fs::write(&rules, "[[rule]]\nmatch = '.*'\ntemplate = \"voice-call.xml\"\n").unwrap();
        let text = format!(
            "[http]\nlisten = '127.0.0.1:0'\n[admin]\nlisten = '127.0.0.1:0'\n[diameter]\n\
             origin_host = 'af.rx.test'\norigin_realm = 'rx.test'\ndestination_realm = 'rx.test'\n\
             [[diameter.peers]]\nhost = 'pcrf.rx.test'\naddress = '{}'\n\
             [store]\nkind = 'embedded'\npath = '{}'\n[notify]\nallow_networks = ['127.0.0.0/8']\n\
             [templates]\ndirectory = '{templates}'\nrules = '{}'\n[access]\napplications = 'applications.toml'\n\
             [access.token]\nlifetime_s = 600\n[audit]\nfile = 'audit.jsonl'\n",
            pcrf.address(),
            directory.join("store").display(),
            rules.display(),
        );
        std::fs::write(directory.join("gate.toml"), text).unwrap();
        Applications::from(applications.to_vec()).write(&directory.join("applications.toml")).unwrap();
        let app = Self::start(&directory).await;
        Self { app, pcrf, directory }
    }

    async fn start(directory: &std::path::Path) -> App {
        let file = directory.join("gate.toml");
        let start = async {
            loop {
                match App::start_file(&file, Loaded::from_file(&file).unwrap(), false).await {
                    // The tasks of the gateway before have it still.
                    Err(AppError::Open(OpenError::Locked { .. })) => {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                    started => break started.unwrap(),
                }
            }
        };
        let app = tokio::time::timeout(PATIENCE, start).await.unwrap();
        Self::connected(&app).await;
        app
    }

    /// Waits until the PCRF can be used.
    pub async fn connected(app: &App) {
        let open = async {
            while !app.peers().iter().any(|peer| peer.open) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, open).await.unwrap();
    }

    /// Puts other applications into force.
    pub async fn put(&self, applications: &[Terms]) -> Vec<String> {
        Applications::from(applications.to_vec()).write(&self.directory.join("applications.toml")).unwrap();
        self.app.reload().await.unwrap()
    }

    pub async fn restart(self) -> Self {
        let Self { app, pcrf, directory } = self;
        app.shut_down().await;
        Self { app: Self::start(&directory).await, pcrf, directory }
    }

    pub async fn http(&self, who: &str, method: &str, path: &str, body: &str) -> Reply {
        call(self.app.http_address(), who, method, path, body).await
    }

    pub async fn admin(&self, who: &str, method: &str, path: &str, body: &str) -> Reply {
        call(self.app.admin_address(), who, method, path, body).await
    }

    pub async fn apply(&self, who: &str, body: &str) -> Reply {
        self.http(who, "POST", &format!("/ApplicationQoSService/{USER}/qos"), body).await
    }

    pub async fn register(&self, who: &str, correlator: &str, endpoint: &str) -> Reply {
        let body = registration(correlator, endpoint);
        self.http(who, "POST", "/ApplicationQoSNotification/registration", &body).await
    }

    /// The id of an event of this session, which waits for an application that does not answer.
    pub async fn event(&self, session: &str) -> String {
        let shown = self.admin(&by("operator"), "GET", &format!("/sessions/{session}"), "").await.json();
        let rx = shown["rxSessionId"].as_str().unwrap_or_else(|| panic!("{shown}"));
        let order = RarOrder {
            specific_actions: vec![SpecificAction::INDICATION_OF_LOSS_OF_BEARER],
            ..RarOrder::default()
        };
        self.pcrf.rar(rx, &order).await.unwrap();
        let events = self.admin(&by("operator"), "GET", "/events?limit=1000", "").await.json();
        let events = events.as_array().unwrap();
        let event = events.iter().find(|event| event["rxSessionId"] == rx);
        event.unwrap_or_else(|| panic!("{events:?}"))["id"].as_str().unwrap().to_owned()
    }

    /// Returns the audit log.
    pub async fn end(self) -> String {
        self.app.shut_down().await;
        self.pcrf.stop().await;
        let log = std::fs::read_to_string(self.directory.join("audit.jsonl")).unwrap();
        std::fs::remove_dir_all(self.directory).unwrap();
        log
    }
}

pub fn registration(correlator: &str, endpoint: &str) -> String {
    format!(
        r#"{{"startQoSNotification": {{"reference": {{"endpoint": "{endpoint}", "correlator": "{correlator}"}},
        "endUserIdentities": ["{USER}"], "eventCriteria": ["2", "4"]}}}}"#
    )
}

/// `more`: further lines of the header.
pub async fn call(address: SocketAddr, more: &str, method: &str, path: &str, body: &str) -> Reply {
    let (more, method, path, body) = (more.to_owned(), method.to_owned(), path.to_owned(), body.to_owned());
    let exchange = move || {
        let answer = exchange::answer(address, &method, &path, &more, &body);
        let (status, head, body) = exchange::read(&answer);
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}
