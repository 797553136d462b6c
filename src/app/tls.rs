//! What the configuration names for TLS: read at the start and on a reload, all of it or nothing.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use rustls::{ClientConfig, ServerConfig};

use super::expiry::{Place, Watched, doubts};
use crate::{
    config::{Config, DiameterTls, ListenerTls, Places, Problem},
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
    /// What does not hold for ever.
    watched: Arc<[Watched]>,
    /// Certificates and CRLs that the other side refuses, now or soon, authorities without a CRL beside others with one,
    /// and keys that too many may read.
    pub warnings: Vec<Problem>,
}

impl Material {
    /// Reads what the configuration names; what is wrong is told with its place there. Blocks on the disk.
    pub fn read(config: &Config, places: Option<Places<'_>>) -> Result<Self, Vec<Problem>> {
        let mut notes = Notes::new(places);
        let diameter = config.diameter.tls.as_ref();
        let diameter =
            diameter.and_then(|files| diameter_ends(files, &config.diameter.origin_host, &mut notes));
        let mut listener = |section, files: &Option<ListenerTls>| {
            files.as_ref().and_then(|files| server(section, files, &mut notes))
        };
        let (http, admin) = (listener("[http]", &config.http.tls), listener("[admin]", &config.admin.tls));
        let mut client = |section, key, ca: Option<&PathBuf>| {
            let files = Files { section, named: vec![(key, ca?)] };
            let trust = Trust::read(ca?, &[]);
            Some(tls::client(None, &notes.of(&files, trust)?))
        };
        let notify = client("[notify]", "ca", config.notify.ca.as_ref());
        let jwt = config.access.as_ref().and_then(|access| access.jwt.as_ref());
        let jwks = client("[access.jwt]", "jwks_ca", jwt.and_then(|jwt| jwt.ca.as_ref()));
        let Notes { mut problems, watched, doubtful, .. } = notes;
        problems.sort_by_key(|problem| problem.at);
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut warnings = doubts(&watched, SystemTime::now());
        warnings.extend(doubtful);
        warnings.sort_by_key(|doubt| doubt.at);
        Ok(Self { diameter, http, admin, notify, jwks, watched: watched.into(), warnings })
    }
}

/// The files that a section names, each with its key.
struct Files<'a> {
    section: &'static str,
    named: Vec<(&'static str, &'a PathBuf)>,
}

/// What is wrong and what is doubtful.
struct Notes<'a> {
    places: Option<Places<'a>>,
    problems: Vec<Problem>,
    watched: Vec<Watched>,
    /// Authorities without a CRL beside others with one, and keys that too many may read; a key that serves twice stands
    /// here once.
    doubtful: Vec<Problem>,
}

impl<'a> Notes<'a> {
    fn new(places: Option<Places<'a>>) -> Self {
        Self { places, problems: Vec::new(), watched: Vec::new(), doubtful: Vec::new() }
    }

    /// What was read; or nothing, which is noted.
    fn of<T>(&mut self, files: &Files<'_>, read: Result<T, FileError>) -> Option<T> {
        const HINT: &str =
            "TLS takes certificates, keys and CRLs (X.509 version 2) in PEM files that this user may read";
        let error = match read {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        self.problems.push(self.place(files, &error.file).problem(error.text, HINT.into()));
        None
    }

    /// What can be read and may be doubtful, now or later.
    fn look_at(&mut self, files: &Files<'_>, identity: &Identity, trust: Option<&Trust>) {
        let lists = trust.map(Trust::dated).unwrap_or_default();
        for dated in identity.dated().into_iter().chain(lists) {
            let place = self.place(files, &dated.file);
            self.watched.push(Watched { section: files.section, place, dated });
        }
        for Doubt { file, text, hint } in trust.map(Trust::unlisted).unwrap_or_default() {
            let problem = self.place(files, file).problem(text.clone(), hint.clone());
            self.doubtful.push(problem);
        }
        if let Some(Doubt { file, text, hint }) = identity.exposed() {
            let problem = self.place(files, &file).problem(text, hint);
            if !self.doubtful.iter().any(|before| before.hint == problem.hint) {
                self.doubtful.push(problem);
            }
        }
    }

    /// The setting that names this file; the file itself, if the configuration is in none.
    fn place(&self, files: &Files<'_>, file: &Path) -> Place {
        let key = files.named.iter().find(|(_, named)| **named == file).map(|(key, _)| *key);
        match self.places.zip(key) {
            Some((places, key)) => Place {
                file: places.file.to_owned(),
                at: places.of(files.section, key),
                before: format!("`{key}`: {}: ", file.display()),
            },
            None => Place { file: file.to_owned(), at: None, before: String::new() },
        }
    }
}

fn diameter_ends(tls: &DiameterTls, origin_host: &str, notes: &mut Notes<'_>) -> Option<TlsEnds> {
    let DiameterTls { certificate, key, ca, crl } = tls;
    let mut named = vec![("certificate", certificate), ("key", key), ("ca", ca)];
    named.extend(crl.iter().map(|file| ("crl", file)));
    let files = Files { section: "[diameter.tls]", named };
    let identity = notes.of(&files, Identity::read(certificate, key));
    let trust = notes.of(&files, Trust::read(ca, crl));
    let identity = identity?;
    let names = identity.names().dns;
    if !names.iter().any(|name| name.eq_ignore_ascii_case(origin_host)) {
        let text = format!(
            "its first certificate is for {}, and `origin_host` is {origin_host}",
            if names.is_empty() { "no DNS name".into() } else { names.join(", ") }
        );
        let hint =
            "peers compare the two: have a certificate made with `origin_host` as DNS name (subjectAltName)";
        notes.problems.push(notes.place(&files, certificate).problem(text, hint.into()));
        return None;
    }
    let trust = trust?;
    notes.look_at(&files, &identity, Some(&trust));
    Some(TlsEnds::new(&identity, &trust))
}

fn server(section: &'static str, tls: &ListenerTls, notes: &mut Notes<'_>) -> Option<Settings<ServerConfig>> {
    let ListenerTls { certificate, key, client_ca, client_crl, required } = tls;
    let mut named = vec![("certificate", certificate), ("key", key)];
    named.extend(client_ca.iter().map(|file| ("client_ca", file)));
    named.extend(client_crl.iter().map(|file| ("client_crl", file)));
    let files = Files { section, named };
    let identity = notes.of(&files, Identity::read(certificate, key));
    let trust = match client_ca {
        None => None,
        Some(file) => Some(notes.of(&files, Trust::read(file, client_crl))?),
    };
    let identity = identity?;
    notes.look_at(&files, &identity, trust.as_ref());
    let clients = match trust {
        None => Clients::Unasked,
        Some(trust) if *required => Clients::Required(trust),
        Some(trust) => Clients::Optional(trust),
    };
    Some(tls::server(&identity, &clients, &PROTOCOLS))
}

/// What is in force: new handshakes take it, connections stay as they are.
#[derive(Clone)]
pub(super) struct InForce {
    pub diameter: Option<Live<TlsEnds>>,
    pub http: Option<Live<Settings<ServerConfig>>>,
    pub admin: Option<Live<Settings<ServerConfig>>>,
    pub notify: Live<Option<Settings<ClientConfig>>>,
    pub jwks: Live<Option<Settings<ClientConfig>>>,
    pub watched: Live<Arc<[Watched]>>,
}

impl From<Material> for InForce {
    fn from(Material { diameter, http, admin, notify, jwks, watched, .. }: Material) -> Self {
        Self {
            diameter: diameter.map(Live::from),
            http: http.map(Live::from),
            admin: admin.map(Live::from),
            notify: notify.into(),
            jwks: jwks.into(),
            watched: watched.into(),
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
    pub fn put(&self, Material { diameter, http, admin, notify, jwks, watched, .. }: Material) {
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
        self.watched.set(watched);
    }
}
