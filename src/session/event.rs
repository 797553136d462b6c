//! What happened to a session, for the application that asked for it (TS 29.214 §5.3.13).

use std::{net::IpAddr, sync::Arc, time::SystemTime};

use super::{QosSessionId, RxSessionId};
use crate::{
    dict::enums::{AbortCause, AnTrusted, IpCanType, RatType, SpecificAction},
    rx::{AccessNetworkChargingIdentifier, Flows, SponsoredConnectivityData, SubscriptionId},
};

/// What kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The network reported it, in a RAR; an ASR is reported as INDICATION_OF_RELEASE_OF_BEARER, and the
    /// usage in an STA as USAGE_REPORT.
    Network(SpecificAction),
    /// QOS_FEATURE_RELEASED: the session is over and no ASR said so.
    Released(ReleaseReason),
}

/// Why a session is over although neither its caller nor an ASR ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReleaseReason {
    /// Its duration is over.
    Expired,
    /// The PCRF restarted and forgot it (RFC 6733 §8.16).
    PcrfRestarted,
    /// The PCRF answered a modification of it with "unknown session" (5002).
    Forgotten,
    /// For too long nobody said what became of a modification of it.
    Undecided,
    /// The operator ended it.
    Ended,
    /// This gateway's store lost something, and nobody knows whether that was about it.
    StoreLoss,
}

impl ReleaseReason {
    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "its duration is over",
            Self::PcrfRestarted => "the PCRF restarted and forgot it",
            Self::Forgotten => "the PCRF does not know it any more",
            Self::Undecided => "what became of a modification is not known",
            Self::Ended => "ended by the operator",
            Self::StoreLoss => "the gateway lost part of its memory of sessions",
        }
    }
}

impl EventKind {
    /// The events' own numbering: that of Specific-Action up to 11, 12 for QOS_FEATURE_RELEASED.
    ///
    /// Specific-Actions from 12 on, whose numbers are taken by that, follow 100 later.
    pub const fn number(self) -> u32 {
        match self {
            Self::Network(SpecificAction(number @ 0..=11)) => number,
            Self::Network(SpecificAction(number)) => number.saturating_add(100),
            Self::Released(_) => 12,
        }
    }

    /// Name as TS 29.214 prints it; of a number without a name `None`.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Network(action) => action.name(),
            Self::Released(_) => Some("QOS_FEATURE_RELEASED"),
        }
    }
}

/// One event of one session.
#[derive(Clone, Debug, PartialEq)]
pub struct QosEvent {
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: SystemTime,
    /// To which session.
    pub id: QosSessionId,
    /// Its name in Diameter.
    pub rx_session: RxSessionId,
    /// Who made the session; `None`: nobody in particular.
    pub owner: Option<Arc<str>>,
    /// Whose traffic it is.
    pub end_user: String,
    /// The caller's own view of the session.
    pub view: Arc<str>,
    /// Whether the session is over: by this event, or before it (the usage that an STA brings).
    pub ended: bool,
    /// What the network told with it; empty for local events.
    pub report: Report,
}

/// What the network told with an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Flows concerned; empty means all.
    pub flows: Vec<Flows<'static>>,
    /// Subscription-Id.
    pub subscription_id: Vec<SubscriptionId<'static>>,
    /// Abort-Cause.
    pub abort_cause: Option<AbortCause>,
    /// IP-CAN-Type.
    pub ip_can_type: Option<IpCanType>,
    /// RAT-Type.
    pub rat_type: Option<RatType>,
    /// AN-Trusted.
    pub an_trusted: Option<AnTrusted>,
    /// AN-GW-Address.
    pub an_gw_address: Vec<IpAddr>,
    /// Access-Network-Charging-Identifier.
    pub access_network_charging_identifier: Vec<AccessNetworkChargingIdentifier<'static>>,
    /// Access-Network-Charging-Address.
    pub access_network_charging_address: Option<IpAddr>,
    /// Sponsored-Connectivity-Data with the used units.
    pub sponsored_connectivity_data: Option<SponsoredConnectivityData<'static>>,
}
