//! What the simulated PCRF is told when it starts.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use super::{Observer, Rule, Ue};
use crate::{
    dict::{
        Dictionary,
        enums::{IpCanType, RatType},
    },
    rx::FeatureList,
    transport::{Listen, ListenOn, Transports},
};

/// Everything that [`Pcrf::start`](super::Pcrf::start) needs to know.
#[derive(Clone)]
pub struct PcrfConfig {
    /// Where AFs connect; port 0 takes a free one. Default 127.0.0.1:3868.
    pub listen: SocketAddr,
    /// Where they connect over other transports. Default: nowhere.
    pub also: Vec<ListenOn>,
    /// How their connections are accepted. Default: over whichever transport that is.
    pub accept: Arc<dyn Listen>,
    /// Where the control API listens, a loopback address; `None`: there is none. Default 127.0.0.1:8868.
    pub control: Option<SocketAddr>,
    /// Origin-Host.
    pub origin_host: String,
    /// Origin-Realm.
    pub origin_realm: String,
    /// Origin-State-Id; `None`: the time. Each restart raises it.
    pub origin_state_id: Option<u32>,
    /// The users that are attached; empty: everybody is.
    pub ues: Vec<Ue>,
    /// Whether to refuse what real PCRFs let pass: filters outside the Rx restrictions (5062), wrong M bits (3009),
    /// unknown values of enumerations (5004), sponsors without names (5067).
    pub strict: bool,
    /// IP-CAN-Type in every AAA.
    pub ip_can_type: IpCanType,
    /// RAT-Type in every AAA.
    pub rat_type: RatType,
    /// The features that it has; the AAA names those that the AF has too.
    pub features: Vec<FeatureList>,
    /// Class in every AAA, to come back in the STR.
    pub class: Option<Vec<u8>>,
    /// AVPs that are known. Default: the built-in ones.
    pub dictionary: &'static Dictionary,
    /// Rules in force from the start.
    pub rules: Vec<Rule>,
    /// Tw, watchdog interval. Default 30 s.
    pub watchdog_interval: Duration,
    /// How long RAR and ASR wait for their answers. Default 10 s.
    pub request_timeout: Duration,
    /// Is told of every exchange.
    pub observer: Option<Observer>,
    /// Decides about chance, such as jitter and first identifiers; `None`: another one each time.
    pub seed: Option<u64>,
}

impl Default for PcrfConfig {
    fn default() -> Self {
        let list_1 = FeatureList::REL8
            | FeatureList::REL9
            | FeatureList::PROV_AF_SIGNAL_FLOW
            | FeatureList::SPONSORED_CONNECTIVITY
            | FeatureList::REL10
            | FeatureList::SC_TIME_BASED_UM;
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3868)),
            also: Vec::new(),
            accept: Arc::new(Transports::default()),
            control: Some(SocketAddr::from(([127, 0, 0, 1], 8868))),
            origin_host: "pcrf.rx.test".into(),
            origin_realm: "rx.test".into(),
            origin_state_id: None,
            ues: Vec::new(),
            strict: false,
            ip_can_type: IpCanType::TGPP_EPS,
            rat_type: RatType::EUTRAN,
            features: vec![FeatureList { id: 1, bits: list_1 }],
            class: None,
            dictionary: Dictionary::builtin(),
            rules: Vec::new(),
            watchdog_interval: Duration::from_secs(30),
            request_timeout: Duration::from_secs(10),
            observer: None,
            seed: None,
        }
    }
}

impl PcrfConfig {
    /// A PCRF on free loopback ports, for programs that start one of their own.
    pub fn on_free_ports() -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { listen: free, control: Some(free), ..Self::default() }
    }
}

impl fmt::Debug for PcrfConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PcrfConfig")
            .field("listen", &self.listen)
            .field("control", &self.control)
            .field("origin_host", &self.origin_host)
            .finish_non_exhaustive()
    }
}
