//! What a QoS session is: what the caller asked for, what the network granted, and what is still owed to the
//! network when it is over (TS 29.214 §4.4, §4.5).

use std::{
    fmt,
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::{FlowId, KnownRars, Modification, flows, priority, stored};
use crate::{
    dict::enums::{AnTrusted, IpCanType, RatType, TerminationCause},
    rx::{AaRequest, AccessNetworkChargingIdentifier, AvpText, Flows, SubscriptionId, SupportedFeatures},
};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<Arc<str>>> From<T> for $name {
            fn from(text: T) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// The caller's name of a session: goes into URLs and cannot be guessed.
    QosSessionId
}

id! {
    /// The Session-Id of Diameter (RFC 6733 §8.8). Never shown to a caller as a key.
    RxSessionId
}

/// Whose a session is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The name that its sessions have.
    pub id: Arc<str>,
    /// Most live sessions that it may have; `None`: no limit.
    pub quota: Option<u64>,
}

/// A request for quality of service, as a northbound API hands it over.
#[derive(Clone, Debug)]
pub struct QosRequest {
    /// Who asks; `None`: nobody in particular.
    pub owner: Option<Owner>,
    /// Whose traffic it is, in the one form that the API compares and shows.
    pub end_user: String,
    /// Runs from the PCRF's answer; `None` is unlimited.
    pub duration: Option<Duration>,
    /// The service part of the AAR: UE address, media, Subscription-Id and the like. The core fills in
    /// Session-Id, Origin and Destination, Rx-Request-Type, and adds Specific-Action and Supported-Features.
    pub service: AaRequest<'static>,
    /// The caller's own view of what was asked. Never looked into.
    pub view: Arc<str>,
}

/// A session that was granted.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Its name from now on.
    pub id: QosSessionId,
    /// Its name in Diameter.
    pub rx_session: RxSessionId,
    /// What the network said about it.
    pub granted: Granted,
    /// When it ends by itself.
    pub expires: Option<SystemTime>,
    /// The AAA by names.
    pub answer: Vec<AvpText>,
}

/// A session that was ended on request.
#[derive(Clone, Debug)]
pub struct Removed {
    /// Its name in Diameter.
    pub rx_session: RxSessionId,
    /// The STA by names; empty if none came in time (the STR is then repeated in the background).
    pub answer: Vec<AvpText>,
}

/// What the network said about a session last, in AAA or RAR.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Granted {
    /// IP-CAN-Type.
    pub ip_can_type: Option<IpCanType>,
    /// RAT-Type.
    pub rat_type: Option<RatType>,
    /// AN-Trusted.
    pub an_trusted: Option<AnTrusted>,
    /// AN-GW-Address, at most two.
    pub an_gw_address: Vec<IpAddr>,
    /// Access-Network-Charging-Identifier, one for each flow or one for all.
    pub access_network_charging_identifier: Vec<AccessNetworkChargingIdentifier<'static>>,
    /// Access-Network-Charging-Address.
    pub access_network_charging_address: Option<IpAddr>,
    /// Flows of the AAA.
    pub flows: Vec<Flows<'static>>,
    /// Subscription-Id of the AAA.
    pub subscription_id: Vec<SubscriptionId<'static>>,
    /// Supported-Features of the AAA: what both sides have.
    pub supported_features: Vec<SupportedFeatures<'static>>,
    /// Class, echoed in later requests (RFC 6733 §8.20).
    pub class: Vec<Vec<u8>>,
}

impl Granted {
    /// Takes over what the network says now; what it does not mention stays.
    pub fn take_over(&mut self, news: Self) {
        fn replace<T>(known: &mut Vec<T>, news: Vec<T>) {
            if !news.is_empty() {
                *known = news;
            }
        }
        self.ip_can_type = news.ip_can_type.or(self.ip_can_type);
        self.rat_type = news.rat_type.or(self.rat_type);
        self.an_trusted = news.an_trusted.or(self.an_trusted);
        replace(&mut self.an_gw_address, news.an_gw_address);
        replace(&mut self.access_network_charging_identifier, news.access_network_charging_identifier);
        self.access_network_charging_address =
            news.access_network_charging_address.or(self.access_network_charging_address);
        replace(&mut self.flows, news.flows);
        replace(&mut self.subscription_id, news.subscription_id);
        replace(&mut self.supported_features, news.supported_features);
        replace(&mut self.class, news.class);
    }
}

/// The server that granted a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pcrf {
    /// Origin-Host of its AAA: Destination-Host of what follows.
    pub host: Arc<str>,
    /// Origin-Realm of its AAA.
    pub realm: Arc<str>,
    /// The peer that the AAA came through; with an agent in between not the host.
    pub peer: Arc<str>,
    /// Its Origin-State-Id when it granted: a higher one means that it forgot (RFC 6733 §8.16).
    pub origin_state_id: Option<u32>,
}

/// A server that must still be told by STR that the session is over there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// Destination-Host; `None`: wherever the realm leads.
    pub host: Option<Arc<str>>,
    /// The peer that was sent the AAR, for an STR without Destination-Host.
    pub peer: Option<Arc<str>>,
    /// Termination-Cause.
    #[serde(with = "stored::termination_cause")]
    pub cause: TerminationCause,
    /// Since when.
    pub since: SystemTime,
    /// The server is known to have granted the session. If not, "unknown session" may just mean "not yet".
    pub certain: bool,
    /// Class of its answer, echoed (RFC 6733 §8.20).
    pub class: Vec<Vec<u8>>,
}

impl Closing {
    /// Whether both concern the same server.
    pub fn is_same(&self, other: &Self) -> bool {
        self.host == other.host && self.peer == other.peer
    }
}

/// State of an AF session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SessionState {
    /// The AAR is under way.
    Pending,
    /// Granted.
    Open,
    /// Over for the caller, STRs are owed to the network.
    Ending,
    /// Over.
    Gone,
}

impl SessionState {
    /// Whether a session in this state is there for its caller, or may be soon.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Pending | Self::Open)
    }

    /// Lower case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Open => "open",
            Self::Ending => "ending",
            Self::Gone => "gone",
        }
    }
}

impl fmt::Display for SessionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that happened to a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    pub at: SystemTime,
    /// State afterwards.
    pub state: SessionState,
    /// What, without identities of subscribers.
    pub what: String,
}

/// A QoS session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its name for the caller.
    pub id: QosSessionId,
    /// Its name in Diameter.
    pub rx_session: RxSessionId,
    /// Who made it; `None`: nobody in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Arc<str>>,
    /// Whose traffic it is.
    pub end_user: String,
    /// The caller's own view of it. Never looked into.
    pub view: Arc<str>,
    /// Where it stands.
    pub state: SessionState,
    /// When it was asked for.
    pub created: SystemTime,
    /// As asked for; runs from the answer.
    pub duration: Option<Duration>,
    /// When it ends by itself; known once it is open.
    pub expires: Option<SystemTime>,
    /// Who granted it.
    pub pcrf: Option<Pcrf>,
    /// What was granted.
    #[serde(with = "stored::granted")]
    pub granted: Granted,
    /// Its flows.
    pub flows: Vec<FlowId>,
    /// DRMP of its requests (RFC 7944); `None`: it is an ordinary session.
    pub drmp: Option<u32>,
    /// Those of its flows that the network reported lost or released.
    pub lost: Vec<FlowId>,
    /// The network aborted it before its AAA was there.
    pub aborted: bool,
    /// Modifications asked for so far.
    pub revision: u64,
    /// The latest of them, until the network has decided on it. There is no second one meanwhile.
    pub update: Option<Modification>,
    /// RARs of the last minutes, so that none is taken for a second one when it is repeated.
    #[serde(default, skip_serializing_if = "KnownRars::is_empty")]
    pub rars: KnownRars,
    /// Servers that are still to be told that it is over there.
    pub closing: Vec<Closing>,
    /// The latest [`MAX_HISTORY`] things that happened, oldest first; every change of state stays.
    pub history: Vec<HistoryEntry>,
    /// Counts the changes; belongs to the store's compare-and-set.
    pub version: u64,
}

/// Entries of [`Session::history`].
pub const MAX_HISTORY: usize = 32;

impl Session {
    /// A session whose AAR is about to leave.
    pub fn pending(id: QosSessionId, rx_session: RxSessionId, now: SystemTime, request: &QosRequest) -> Self {
        let mut session = Self {
            id,
            rx_session,
            owner: request.owner.as_ref().map(|owner| Arc::clone(&owner.id)),
            end_user: request.end_user.clone(),
            view: Arc::clone(&request.view),
            state: SessionState::Pending,
            created: now,
            duration: request.duration,
            expires: None,
            pcrf: None,
            granted: Granted::default(),
            flows: flows::merge(&[], &request.service),
            drmp: priority::drmp(&request.service).map(u32::from),
            lost: Vec::new(),
            aborted: false,
            revision: 0,
            update: None,
            rars: KnownRars::default(),
            closing: Vec::new(),
            history: Vec::new(),
            version: 0,
        };
        session.record(now, "asked for");
        session
    }

    /// What is left of a session that nobody remembers but a server: it is only there to be closed.
    pub fn orphan(id: QosSessionId, rx_session: RxSessionId, now: SystemTime) -> Self {
        let nothing = QosRequest {
            owner: None,
            end_user: String::new(),
            duration: None,
            service: AaRequest::default(),
            view: Arc::from(""),
        };
        let mut session = Self::pending(id, rx_session, now, &nothing);
        session.state = SessionState::Ending;
        session.history.clear();
        session
    }

    /// Whether traffic gets what was granted: open, and not every flow reported lost (userIsConnected).
    pub fn is_connected(&self) -> bool {
        self.state == SessionState::Open && self.flows.iter().any(|flow| !self.lost.contains(flow))
    }

    /// Whether a process has begun something about it that it must finish: an AAR without an outcome, or an STR.
    pub fn is_owed(&self) -> bool {
        self.state != SessionState::Open || self.update.is_some() || !self.closing.is_empty()
    }

    /// Whether it is there for its caller, or may be soon.
    pub fn is_live(&self) -> bool {
        self.state.is_live()
    }

    /// When it ends by itself, if it is open.
    pub fn expiry(&self) -> Option<SystemTime> {
        self.expires.filter(|_| self.state == SessionState::Open)
    }

    /// Adds to the history.
    pub fn record(&mut self, at: SystemTime, what: impl Into<String>) {
        if self.history.len() >= MAX_HISTORY {
            let is_change = |pair: &[HistoryEntry]| !matches!(pair, [one, next] if one.state == next.state);
            let ordinary = self.history.windows(2).position(|pair| !is_change(pair));
            self.history.remove(ordinary.map_or(0, |before| before + 1));
        }
        self.history.push(HistoryEntry { at, state: self.state, what: what.into() });
    }
}

/// Which sessions to list.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    /// Of this user only.
    pub end_user: Option<String>,
    /// In this state only; without it those that are not over: pending and open.
    pub state: Option<SessionState>,
    /// Granted by this server only.
    pub pcrf: Option<Arc<str>>,
    /// Only those that follow this one: where the page before ended.
    pub after: Option<QosSessionId>,
    /// At most so many; `None` is no bound.
    pub limit: Option<usize>,
}

impl SessionFilter {
    /// Whether a session is one of those that are asked for; `after` and `limit` are left to the store.
    pub fn matches(&self, session: &Session) -> bool {
        let state = match self.state {
            Some(state) => session.state == state,
            None => session.is_live(),
        };
        let pcrf =
            |host: &Arc<str>| session.pcrf.as_ref().is_some_and(|pcrf| pcrf.host.eq_ignore_ascii_case(host));
        state
            && self.end_user.as_ref().is_none_or(|end_user| session.end_user == *end_user)
            && self.pcrf.as_ref().is_none_or(pcrf)
    }
}
