//! What the configuration names for TLS: read at the start and on a reload, all of it or nothing.

use std::{path::PathBuf, time::SystemTime};

use rustls::{ClientConfig, ServerConfig};

use crate::{
    config::{Config, DiameterTls, ListenerTls, Problem},
    live::Live,
    north::server::PROTOCOLS,
    tls::{self, Clients, Doubt, FileError, Identity, Settings, Trust},
    transport::TlsEnds,
};

/// Everything that was read.
#[derive(Clone)]
pub(crate) struct Material {
    diameter: Option<TlsEnds>,
    http: Option<Settings<ServerConfig>>,
    admin: Option<Settings<ServerConfig>>,
    /// For https endpoints; `None`: whom the system trusts.
    notify: Option<Settings<ClientConfig>>,
    /// For the identity provider's keys; `None`: whom the system trusts.
    jwks: Option<Settings<ClientConfig>>,
    /// Certificates and CRLs that the other side refuses, now or soon, and keys that too many may read.
    pub warnings: Vec<Problem>,
}

impl Material {
    /// Reads what the configuration names. Blocks on the disk.
    pub fn read(config: &Config) -> Result<Self, Vec<Problem>> {
        let (mut problems, mut doubts) = (Vec::new(), Doubts { now: SystemTime::now(), found: Vec::new() });
        let mut noted = |error: Problem| problems.push(error);
        let diameter = config.diameter.tls.as_ref().and_then(|files| {
            diameter(files, &config.diameter.origin_host, &mut doubts).map_err(&mut noted).ok()
        });
        let mut listener = |files: &Option<ListenerTls>| {
            let files = files.as_ref()?;
            listener(files, &mut doubts).map_err(|error| noted(of_file(error))).ok()
        };
        let (http, admin) = (listener(&config.http.tls), listener(&config.admin.tls));
        let mut client = |ca: Option<&PathBuf>| {
            let trust = ca.map(|file| Trust::read(file, &[]));
            let trust = trust.and_then(|trust| trust.map_err(|error| noted(of_file(error))).ok());
            trust.map(|trust| tls::client(None, &trust))
        };
        let notify = client(config.notify.ca.as_ref());
        let jwt = config.access.as_ref().and_then(|access| access.jwt.as_ref());
        let jwks = client(jwt.and_then(|jwt| jwt.ca.as_ref()));
        match problems.is_empty() {
            true => Ok(Self { diameter, http, admin, notify, jwks, warnings: doubts.found }),
            false => Err(problems),
        }
    }
}

fn diameter(files: &DiameterTls, origin_host: &str, doubts: &mut Doubts) -> Result<TlsEnds, Problem> {
    let identity = Identity::read(&files.certificate, &files.key).map_err(of_file)?;
    let names = identity.names().dns;
    if !names.iter().any(|name| name.eq_ignore_ascii_case(origin_host)) {
        return Err(Problem {
            file: files.certificate.clone(),
            at: None,
            text: format!(
                "its first certificate is for {}, and `origin_host` is {origin_host}",
                if names.is_empty() { "no DNS name".into() } else { names.join(", ") }
            ),
            hint: "peers compare the two: have a certificate made with `origin_host` as DNS name (subjectAltName)"
                .into(),
        });
    }
    let trust = Trust::read(&files.ca, &files.crl).map_err(of_file)?;
    doubts.of(&identity, Some(&trust));
    Ok(TlsEnds::new(&identity, &trust))
}

fn listener(files: &ListenerTls, doubts: &mut Doubts) -> Result<Settings<ServerConfig>, FileError> {
    let identity = Identity::read(&files.certificate, &files.key)?;
    let clients = match &files.client_ca {
        None => Clients::Unasked,
        Some(file) => {
            let trust = Trust::read(file, &files.client_crl)?;
            if files.required { Clients::Required(trust) } else { Clients::Optional(trust) }
        }
    };
    let trust = match &clients {
        Clients::Unasked => None,
        Clients::Optional(trust) | Clients::Required(trust) => Some(trust),
    };
    doubts.of(&identity, trust);
    Ok(tls::server(&identity, &clients, &PROTOCOLS))
}

/// What can be read and is doubtful; a file that serves twice is told once.
struct Doubts {
    now: SystemTime,
    found: Vec<Problem>,
}

impl Doubts {
    fn of(&mut self, identity: &Identity, trust: Option<&Trust>) {
        let revocations = trust.map(|trust| trust.doubts(self.now)).unwrap_or_default();
        for Doubt { file, text, hint } in identity.doubts(self.now).into_iter().chain(revocations) {
            let problem = Problem { file, at: None, text, hint };
            if !self.found.contains(&problem) {
                self.found.push(problem);
            }
        }
    }
}

fn of_file(FileError { file, text }: FileError) -> Problem {
    Problem {
        file,
        at: None,
        text,
        hint: "TLS takes certificates, keys and CRLs (X.509 version 2) in PEM files that this user may read"
            .into(),
    }
}

/// What is in force: new handshakes take it, connections stay as they are.
#[derive(Clone)]
pub(super) struct InForce {
    pub diameter: Option<Live<TlsEnds>>,
    pub http: Option<Live<Settings<ServerConfig>>>,
    pub admin: Option<Live<Settings<ServerConfig>>>,
    pub notify: Live<Option<Settings<ClientConfig>>>,
    pub jwks: Live<Option<Settings<ClientConfig>>>,
}

impl From<Material> for InForce {
    fn from(Material { diameter, http, admin, notify, jwks, .. }: Material) -> Self {
        Self {
            diameter: diameter.map(Live::from),
            http: http.map(Live::from),
            admin: admin.map(Live::from),
            notify: notify.into(),
            jwks: jwks.into(),
        }
    }
}

impl InForce {
    /// What these would change, one line each.
    pub fn changes(&self, new: &Material) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = |changed: bool, section: &str| {
            if changed {
                lines.push(format!("{section}: the certificates changed; new connections take them"));
            }
        };
        line(self.diameter.as_ref().map(Live::get) != new.diameter, "[diameter.tls]");
        line(self.http.as_ref().map(Live::get) != new.http, "[http]");
        line(self.admin.as_ref().map(Live::get) != new.admin, "[admin]");
        line(self.notify.get() != new.notify, "[notify] ca");
        line(self.jwks.get() != new.jwks, "[access.jwt] jwks_ca");
        lines
    }

    /// Puts them into force. A section that began or ended takes a restart, which was checked before.
    pub fn put(&self, Material { diameter, http, admin, notify, jwks, .. }: Material) {
        fn set<T: Clone>(live: &Option<Live<T>>, new: Option<T>) {
            if let (Some(live), Some(new)) = (live, new) {
                live.set(new);
            }
        }
        set(&self.diameter, diameter);
        set(&self.http, http);
        set(&self.admin, admin);
        self.notify.set(notify);
        self.jwks.set(jwks);
    }
}
