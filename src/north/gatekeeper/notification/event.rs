//! The events that applications register for, with the numbers and names of the interface (Tables 16-2, 16-3).

use crate::{dict::enums::SpecificAction, session::EventKind};

/// An event that an application can register for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Event(u32);

impl Event {
    /// All of them, with their names (Table 16-3).
    ///
    /// Up to 11 they are Specific-Actions (TS 29.214 §5.3.13), of which 5 is void. 12 is not the Specific-Action
    /// of that number, which is younger.
    pub const NAMED: &[(Self, &str)] = &[
        (Self(1), "CHARGING_CORRELATION_EXCHANGE"),
        (Self(2), "INDICATION_OF_LOSS_OF_BEARER"),
        (Self(3), "INDICATION_OF_RECOVERY_OF_BEARER"),
        (Self(4), "INDICATION_OF_RELEASE_OF_BEARER"),
        (Self(6), "IP-CAN_CHANGE"),
        (Self(7), "INDICATION_OF_OUT_OF_CREDIT"),
        (Self(8), "INDICATION_OF_SUCCESSFUL_RESOURCES_ALLOCATION"),
        (Self(9), "INDICATION_OF_FAILED_RESOURCES_ALLOCATION"),
        (Self(10), "INDICATION_OF_LIMITED_PCC_DEPLOYMENT"),
        (Self(11), "USAGE_REPORT"),
        (Self(12), "QOS_FEATURE_RELEASED"),
    ];

    /// INDICATION_OF_RELEASE_OF_BEARER: what an ASR is, too.
    pub const RELEASE_OF_BEARER: Self = Self(4);

    /// QOS_FEATURE_RELEASED: the session is over.
    pub const RELEASED: Self = Self(12);

    /// The event of this number.
    pub fn from_number(number: u64) -> Option<Self> {
        Self::NAMED.iter().map(|(event, _)| *event).find(|event| u64::from(event.0) == number)
    }

    /// What it is to applications; `None` for what they cannot register for.
    pub fn of(kind: EventKind) -> Option<Self> {
        Self::from_number(kind.number().into())
    }

    /// Its number in the interface.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// What a session subscribes to for it.
    ///
    /// Nothing for usage reports, which come with a threshold and not without, and nothing for what happens
    /// here: in Rx 12 is something else.
    pub fn subscription(self) -> Option<SpecificAction> {
        let action = SpecificAction(self.0);
        (action != SpecificAction::USAGE_REPORT && self != Self::RELEASED).then_some(action)
    }
}
