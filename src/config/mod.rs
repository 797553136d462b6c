//! The configuration file: TOML, read and checked once, before anything else starts.
//!
//! [`Config`] is typed and complete: every value has its unit, its range was checked and its default filled
//! in. Whatever is unknown, missing or out of range is refused, all of it at once, with file, line and
//! column, what is accepted, and the nearest known word. Relative paths are relative to the file's directory.
//!
//! Nothing below the composition root names this module: each layer has its own small configuration.

mod applications;
mod list_file;
mod problem;
mod read;
mod rules;
mod section;

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

pub use applications::{Applications, Removed};
pub use problem::{ConfigError, Position, Problem};
pub use rules::RuleEntry;
pub use section::Setting;

use ipnet::IpNet;

use crate::access::Algorithm;
pub use crate::peer::Transport;

/// Everything that `rxgate serve` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `[http]`: the REST interface.
    pub http: Http,
    /// `[admin]`: health, peers and sessions.
    pub admin: Admin,
    /// `[diameter]`: this node and its peers.
    pub diameter: Diameter,
    /// `[dictionary] directory`: further AVP dictionary files.
    pub dictionary: Option<PathBuf>,
    /// `[gatekeeper]`: the QoS interface that applications use.
    pub gatekeeper: Gatekeeper,
    /// `[templates]`: the templates that are loaded at start and on SIGHUP.
    pub templates: Option<Templates>,
    /// `[notify]`: how events reach the applications.
    pub notify: Notify,
    /// `[store]`: where sessions are kept.
    pub store: Store,
    /// `[records]`: what is left of sessions that are over.
    pub records: Option<Records>,
    /// `[audit]`: who did what.
    pub audit: Option<Audit>,
    /// `[access]`: who may call. Default: whoever reaches a listener may do everything.
    pub access: Option<Access>,
}

/// `[http]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where applications connect; port 0 takes a free one. Default 127.0.0.1:8001. Beyond loopback only with
    /// `[access]`, and then with a certificate or `allow_plaintext`.
    pub listen: SocketAddr,
    /// Whether credentials may come in clear from beyond loopback: what stands before it does TLS. Default no.
    pub allow_plaintext: bool,
    /// Longest request body in octets; default 262144, 1024 to 16777216.
    pub max_body_bytes: usize,
    /// Longest wait for a request's header; default 5000 ms, 10 ms to 10 minutes.
    pub header_timeout: Duration,
    /// Longest wait for the whole body of a request; default 30000 ms, 10 ms to 10 minutes.
    pub body_timeout: Duration,
    /// How long a connection may stay unused; default 60000 ms, 10 ms to 1 day.
    pub idle_timeout: Duration,
    /// Connections at a time; default 10000, 1 to 1000000.
    pub max_connections: u32,
    /// Connections from one address at a time; default 2000, 0 = no limit.
    pub max_connections_per_address: u32,
    /// With it: HTTPS and nothing else.
    pub tls: Option<ListenerTls>,
}

/// `[admin]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Where the admin interface listens; port 0 takes a free one. Default 127.0.0.1:8002; beyond loopback as `[http]`.
    pub listen: SocketAddr,
    /// As in `[http]`.
    pub allow_plaintext: bool,
    /// Connections at a time; default 100, 1 to 1000000.
    pub max_connections: u32,
    /// With it: HTTPS and nothing else.
    pub tls: Option<ListenerTls>,
}

/// `certificate`, `key`, `client_ca`, `client_crl` and `client_certificate` of `[http]` and of `[admin]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerTls {
    /// `certificate`: PEM chain, the server's own first.
    pub certificate: PathBuf,
    /// `key`: its PEM key, without a passphrase.
    pub key: PathBuf,
    /// `client_ca`: authorities of client certificates; default: clients are not asked for one.
    pub client_ca: Option<PathBuf>,
    /// `client_crl`: what they have revoked, PEM; default: nothing is asked.
    pub client_crl: Vec<PathBuf>,
    /// `client_certificate`: whether a client may come without one; default yes.
    pub required: bool,
}

/// `[diameter]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diameter {
    /// Origin-Host of this gateway.
    pub origin_host: String,
    /// Origin-Realm of this gateway.
    pub origin_realm: String,
    /// Destination-Realm of its requests: the PCRF's.
    pub destination_realm: String,
    /// Where configured peers may connect; default: nowhere.
    pub listen: Vec<SocketAddr>,
    /// Where they may connect over TLS (RFC 6733 §13.1); default: nowhere.
    pub listen_tls: Vec<SocketAddr>,
    /// `[diameter.tls]`; there if something of Diameter goes over TLS.
    pub tls: Option<DiameterTls>,
    /// The addresses of an SCTP endpoint where they may connect, all with one port; default: there is none.
    pub listen_sctp: Vec<SocketAddr>,
    /// `[diameter.sctp]`: how associations are made.
    pub sctp: Sctp,
    /// One HTTP operation's whole Diameter time, resends included; default 10000 ms, 10 ms to 10 minutes.
    pub request_timeout: Duration,
    /// One attempt at one peer; default 4000 ms, at most `request_timeout`.
    pub attempt_timeout: Duration,
    /// Tw (RFC 3539 §3.4.1); default 30000 ms, 100 ms to 1 hour; below 6000 ms with a warning.
    pub watchdog_interval: Duration,
    /// First wait before dialling a lost peer again, doubled each time, jittered; default 1000 ms.
    pub reconnect_initial: Duration,
    /// Longest such wait; default 30000 ms.
    pub reconnect_max: Duration,
    /// Wait before dialling a peer that does not want us (DPR, CEA 3010 or 5010); default 60000 ms.
    pub reconnect_after_refusal: Duration,
    /// Hosts that a 3006 (redirect) may point to; default: none.
    pub redirect_hosts: Vec<String>,
    /// How long an unanswered STR is repeated; default 86400 s, 1 s to 1 year.
    pub give_up_str_after: Duration,
    /// `[[diameter.peers]]`; at least one, no host twice.
    pub peers: Vec<Peer>,
}

/// `[diameter.tls]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiameterTls {
    /// PEM chain, this node's own first: it names `origin_host`.
    pub certificate: PathBuf,
    /// Its PEM key, without a passphrase.
    pub key: PathBuf,
    /// Authorities of the peers' certificates, PEM.
    pub ca: PathBuf,
    /// What they have revoked, PEM; default: nothing is asked.
    pub crl: Vec<PathBuf>,
}

/// `[diameter.sctp]` (RFC 9260 §16). `None`: as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sctp {
    /// Our addresses on associations that we make; default: all that this machine has.
    pub local: Vec<IpAddr>,
    /// Streams each way; default 16, 1 to 65535.
    pub streams: u16,
    /// HB.interval; 10 ms to 1 hour.
    pub heartbeat_interval: Option<Duration>,
    /// RTO.Initial; 10 ms to 1 hour.
    pub rto_initial: Option<Duration>,
    /// RTO.Min; 10 ms to 1 hour.
    pub rto_min: Option<Duration>,
    /// RTO.Max; 10 ms to 1 hour.
    pub rto_max: Option<Duration>,
    /// Path.Max.Retrans; 1 to 1000.
    pub path_max_retransmissions: Option<u16>,
    /// Association.Max.Retrans; 1 to 1000.
    pub association_max_retransmissions: Option<u16>,
}

/// `[[diameter.peers]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The Origin-Host that the peer must show.
    pub host: String,
    /// Where it listens, as `host:port`; a name is looked up each time it is dialled. Over SCTP no name.
    pub address: String,
    /// Over SCTP: its further addresses, with the same port. Default: none.
    pub more_addresses: Vec<IpAddr>,
    /// What carries Diameter.
    pub transport: Transport,
    /// Lower is tried first; default 1, 0 to 65535.
    pub priority: u16,
    /// Share among peers of the same priority; default 1, 1 to 65535.
    pub weight: u16,
}

/// `[gatekeeper]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gatekeeper {
    /// How closely requests must follow the Rx specification; default compatible.
    pub profile: Profile,
    /// Whether framedIPv6Prefix may be shorter than 128 bits; default no.
    pub short_ipv6_prefix: bool,
    /// Duration of a session from a template without one, 1 s to 2^32 - 1 s; default: it is refused.
    pub default_duration: Option<Duration>,
    /// Longest duration that is accepted, 1 s to 2^32 - 1 s; with it no session is without one. Default: no limit.
    pub max_duration: Option<Duration>,
    /// Specific-Actions that every session subscribes to; default 1, 2, 3, 4, 6, 7, 10.
    pub baseline_events: Vec<u32>,
    /// Whether an ASR gives event 12 (QOS_FEATURE_RELEASED) beside event 4; default no.
    pub abort_also_released: bool,
}

/// `profile` of `[gatekeeper]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// What the interface's own examples show is accepted, with a warning in the log.
    Compatible,
    /// What contradicts the Rx specification is refused.
    Strict,
}

/// `[templates]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Templates {
    /// Where the template files are; default: where the rules are.
    pub directory: PathBuf,
    /// Which template is for whom; default `rules.toml` in the directory.
    pub rules: PathBuf,
}

/// `[notify]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// Loopback, link-local and private networks in which endpoints are accepted; default: none.
    pub allow_networks: Vec<IpNet>,
    /// Wait before a notification is sent again, doubled each time; default 1000 ms, 10 ms to 1 hour.
    pub retry_initial: Duration,
    /// Longest such wait; default 300000 ms, 10 ms to 1 day.
    pub retry_max: Duration,
    /// Age at which a notification is given up; default 86400 s, 1 s to 1 year.
    pub give_up_after: Duration,
    /// Longest time for one attempt; default 5000 ms, 10 ms to 10 minutes.
    pub attempt_timeout: Duration,
    /// Most notifications that wait for one registration's endpoint; default 1000, 1 to 1000000.
    pub max_waiting_per_correlator: usize,
    /// Most notifications that wait over all; default 100000, 1 to 10000000.
    pub max_waiting: usize,
    /// Most octets of their bodies; default 67108864, 1048576 to 17179869184.
    pub max_waiting_octets: usize,
    /// Authorities of the certificates of https endpoints; default: those that the system trusts.
    pub ca: Option<PathBuf>,
}

/// `[store]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// `kind = "memory"`: sessions live in memory and end with the process.
    Memory,
    /// `kind = "embedded"`, the default: they live in files.
    Embedded {
        /// `path`: the directory; default `data` beside the file. Made if it is not there, in one that is.
        directory: PathBuf,
        /// `min_free_mib`: with less room on its disk no session is added. Octets; default 256 MiB.
        min_free: u64,
    },
}

/// `[records]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// Where one line is appended for each session that is over; opened anew on SIGHUP. Default: nowhere.
    pub file: PathBuf,
    /// Whether the lines say whose session it was; default no.
    pub end_user: bool,
}

/// `[audit]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Where one line is appended for each operation; opened anew on SIGHUP. Default: nowhere.
    pub file: PathBuf,
    /// Whether the lines say whose session it was; default no.
    pub end_user: bool,
    /// Whether operations that only read are there, too; default no.
    pub reads: bool,
}

/// `[access]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The file of the applications that may call; read again on a reload.
    pub applications: PathBuf,
    /// `[access.token]`: tokens that are issued here. Default: none are.
    pub token: Option<AccessToken>,
    /// `[access.jwt]`: tokens of an identity provider. Default: none are taken.
    pub jwt: Option<AccessJwt>,
}

/// `[access.token]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// How long one is taken; default 3600 s, 60 s to 1 day.
    pub lifetime: Duration,
    /// The file of the key that signs them, made if it is not there; default `token.key` beside the file.
    pub key: PathBuf,
}

/// `[access.jwt]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessJwt {
    /// `iss` of its tokens.
    pub issuer: String,
    /// What `aud` of those for this gateway has.
    pub audience: String,
    /// How they may be signed; at least one.
    pub algorithms: Vec<Algorithm>,
    /// The claim that is the id of the application; default client_id.
    pub claim: String,
    /// `jwks`: where its public keys are.
    pub keys: KeySource,
    /// `jwks_ca`: authorities of the certificate of an https URL; default: those that the system trusts.
    pub ca: Option<PathBuf>,
}

/// `jwks` of `[access.jwt]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file, read again every minute and on a reload.
    File(PathBuf),
    /// An https URL, or an http URL of a loopback address: fetched every 5 minutes, or as its max-age says from 1 minute
    /// on, on a reload, and when a token names a key that is not known.
    Url(String),
}

/// A configuration that may be used, and what was noticed on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is accepted but unwise.
    pub warnings: Vec<Problem>,
    /// Every effective setting, in the order of the documentation.
    pub settings: Vec<Setting>,
}

impl Loaded {
    /// Reads and checks `file`.
    pub fn from_file(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| ConfigError::Unreadable { file: file.to_owned(), source })?;
        Self::from_text(file, &text)
    }

    /// Checks `text`, the content of `file`.
    pub fn from_text(file: &Path, text: &str) -> Result<Self, ConfigError> {
        read::read(file, text)
    }
}

/// Where the settings of a file stand, for what is found out about them later.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// The configuration file.
    pub file: &'a Path,
    /// What it says.
    pub settings: &'a [Setting],
}

impl Places<'_> {
    /// Of a key, if the file has it.
    pub fn of(&self, section: &str, key: &str) -> Option<Position> {
        self.settings.iter().find(|setting| setting.section == section && setting.key == key)?.at
    }
}

/// The effective settings as a configuration file; what stood in none is marked as default or as not set.
impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut section = "";
        for setting in &self.settings {
            if setting.section != section {
                let gap = if section.is_empty() { "" } else { "\n" };
                section = &setting.section;
                writeln!(f, "{gap}{}", section.split(' ').next().unwrap_or(section))?;
            }
            let Some(value) = &setting.value else {
                writeln!(f, "{:<39} # not set: {}", format!("# {}", setting.key), setting.unit)?;
                continue;
            };
            let line = format!("{} = {value}", setting.key);
            let remark = match (setting.unit, setting.default) {
                ("", false) => String::new(),
                ("", true) => "default".into(),
                (unit, false) => unit.into(),
                (unit, true) => format!("{unit}; default"),
            };
            match remark.as_str() {
                "" => writeln!(f, "{line}")?,
                remark => writeln!(f, "{line:<39} # {remark}")?,
            }
        }
        Ok(())
    }
}
