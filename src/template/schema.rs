//! The elements of a template: which stand in which and how often, and what each holds.
//!
//! The order is that of the interface's complete template (Example 16-10). `duration` is an addition of ours;
//! the further names are those that the interface's texts have beside its examples.

use std::borrow::Cow;

use super::value::{self, Decimal, Tariff, UeAddress, ValueError};
use crate::dict::enums::{
    AfSignallingProtocol, FlowStatus, FlowUsage, MediaType, ReservationPriority, ServiceInfoStatus,
    SipForkingIndication, SubscriptionIdType, TariffChangeUsage,
};

/// An element that has elements in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Template,
    MediaComponent,
    MediaSubComponent,
    SubscriptionId,
    SupportedFeatures,
    Sponsored,
    GrantedUnit,
    UsedUnit,
    Money,
}

/// What may stand in an element, once or more often.
#[derive(Debug)]
pub(super) struct Part {
    pub name: &'static str,
    /// A further name that is accepted for it.
    pub alias: Option<&'static str>,
    pub holds: Holds,
    pub required: bool,
    /// Most of them; `None` for any number.
    pub at_most: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Holds {
    Value(Field),
    Parts(Kind),
    /// A custom AVP.
    Custom,
}

const fn one(name: &'static str, field: Field) -> Part {
    Part { name, alias: None, holds: Holds::Value(field), required: false, at_most: Some(1) }
}

const fn required(name: &'static str, field: Field) -> Part {
    Part { required: true, ..one(name, field) }
}

const fn or(alias: &'static str, part: Part) -> Part {
    Part { alias: Some(alias), ..part }
}

const fn two(name: &'static str, field: Field) -> Part {
    Part { at_most: Some(2), ..one(name, field) }
}

const fn group(name: &'static str, kind: Kind) -> Part {
    Part { name, alias: None, holds: Holds::Parts(kind), required: false, at_most: Some(1) }
}

const fn many(name: &'static str, kind: Kind) -> Part {
    Part { at_most: None, ..group(name, kind) }
}

const CUSTOM: Part = Part { name: "avp", alias: None, holds: Holds::Custom, required: false, at_most: None };

impl Kind {
    /// What may stand in it, in any order.
    pub fn parts(self) -> &'static [Part] {
        use Field as F;
        const UNIT: [Part; 5] = [
            one("cCTime", F::CcTime),
            or("ccMoney", group("cCMoney", Kind::Money)),
            one("cCTotalOctets", F::TotalOctets),
            one("cCInputOctets", F::InputOctets),
            one("cCOutputOctets", F::OutputOctets),
        ];
        const UNITS: Part = one("cCServiceSpecificUnits", F::ServiceSpecificUnits);
        match self {
            Self::Template => {
                const {
                    &[
                        one("duration", F::Duration),
                        one("applicationIdentifier", F::ApplicationIdentifier),
                        many("mediaComponentDescription", Self::MediaComponent),
                        one("serviceInfoStatus", F::ServiceInfoStatus),
                        one("chargingIdentifier", F::ChargingIdentifier),
                        or("sipForkingIndication", one("sIPForkingIndication", F::SipForkingIndication)),
                        or("subscriptionID", many("subscriptionId", Self::SubscriptionId)),
                        many("supportedFeatures", Self::SupportedFeatures),
                        one("reservationPriority", F::ReservationPriority),
                        one("framedIPAddress", F::FramedIpAddress),
                        one("framedIPv6Prefix", F::FramedIpv6Prefix),
                        one("calledStationId", F::CalledStationId),
                        one("serviceURN", F::ServiceUrn),
                        group("sponsoredConnectivityData", Self::Sponsored),
                        one("mPSIdentifier", F::MpsIdentifier),
                        CUSTOM,
                    ]
                }
            }
            Self::MediaComponent => {
                const {
                    &[
                        required("mediaComponentNumber", F::MediaComponentNumber),
                        many("mediaSubComponent", Self::MediaSubComponent),
                        one("applicationIdentifier", F::ApplicationIdentifier),
                        one("mediaType", F::MediaType),
                        one("maxRequestedBandwidthUL", F::MaxRequestedUl),
                        one("maxRequestedBandwidthDL", F::MaxRequestedDl),
                        one("minRequestedBandwidthUL", F::MinRequestedUl),
                        one("minRequestedBandwidthDL", F::MinRequestedDl),
                        one("flowStatus", F::FlowStatus),
                        one("reservationPriority", F::ReservationPriority),
                        one("rSBandwidth", F::RsBandwidth),
                        or("rBBandwidth", one("rRBandwidth", F::RrBandwidth)),
                        two("codecData", F::CodecData),
                        CUSTOM,
                    ]
                }
            }
            Self::MediaSubComponent => {
                const {
                    &[
                        required("flowNumber", F::FlowNumber),
                        two("flowDescription", F::FlowDescription),
                        one("flowStatus", F::FlowStatus),
                        one("flowUsage", F::FlowUsage),
                        one("maxRequestedBandwidthUL", F::MaxRequestedUl),
                        one("maxRequestedBandwidthDL", F::MaxRequestedDl),
                        one("signallingProtocol", F::SignallingProtocol),
                        CUSTOM,
                    ]
                }
            }
            Self::SubscriptionId => {
                const {
                    &[
                        required("subscriptionIdType", F::SubscriptionIdType),
                        required("subscriptionIdData", F::SubscriptionIdData),
                    ]
                }
            }
            Self::SupportedFeatures => {
                const {
                    &[
                        required("vendorId", F::VendorId),
                        required("featureListID", F::FeatureListId),
                        required("featureList", F::FeatureList),
                        CUSTOM,
                    ]
                }
            }
            Self::Sponsored => {
                const {
                    &[
                        one("sponsorIdentity", F::SponsorIdentity),
                        one("applicationServiceProviderIdentity", F::ProviderIdentity),
                        group("grantedServiceUnit", Self::GrantedUnit),
                        group("usedServiceUnit", Self::UsedUnit),
                        CUSTOM,
                    ]
                }
            }
            Self::GrantedUnit => {
                const {
                    let [time, money, total, input, output] = UNIT;
                    &[
                        one("tariffTimeChange", F::TariffTimeChange),
                        time,
                        money,
                        total,
                        input,
                        output,
                        UNITS,
                        CUSTOM,
                    ]
                }
            }
            Self::UsedUnit => {
                const {
                    let [time, money, total, input, output] = UNIT;
                    &[
                        one("tariffTimeChange", F::TariffChangeUsage),
                        time,
                        money,
                        total,
                        input,
                        output,
                        UNITS,
                        CUSTOM,
                    ]
                }
            }
            Self::Money => {
                const { &[required("unitValue", F::UnitValue), one("currencyCode", F::CurrencyCode)] }
            }
        }
    }

    /// Where else an element of this name belongs.
    pub fn home_of(name: &str) -> impl Iterator<Item = &'static str> {
        const NAMED: [(Kind, &str); 9] = [
            (Kind::Template, "QoSTemplate"),
            (Kind::MediaComponent, "mediaComponentDescription"),
            (Kind::MediaSubComponent, "mediaSubComponent"),
            (Kind::SubscriptionId, "subscriptionId"),
            (Kind::SupportedFeatures, "supportedFeatures"),
            (Kind::Sponsored, "sponsoredConnectivityData"),
            (Kind::GrantedUnit, "grantedServiceUnit"),
            (Kind::UsedUnit, "usedServiceUnit"),
            (Kind::Money, "cCMoney"),
        ];
        let homes = NAMED.into_iter().filter(move |(kind, _)| kind.parts().iter().any(|part| part.is(name)));
        homes.map(|(_, home)| home)
    }
}

impl Part {
    pub fn is(&self, name: &str) -> bool {
        self.name == name || self.alias == Some(name)
    }
}

/// An element that has a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Duration,
    ApplicationIdentifier,
    ServiceInfoStatus,
    ChargingIdentifier,
    SipForkingIndication,
    ReservationPriority,
    FramedIpAddress,
    FramedIpv6Prefix,
    CalledStationId,
    ServiceUrn,
    MpsIdentifier,
    MediaComponentNumber,
    MediaType,
    MaxRequestedUl,
    MaxRequestedDl,
    MinRequestedUl,
    MinRequestedDl,
    FlowStatus,
    RsBandwidth,
    RrBandwidth,
    CodecData,
    FlowNumber,
    FlowDescription,
    FlowUsage,
    SignallingProtocol,
    SubscriptionIdType,
    SubscriptionIdData,
    VendorId,
    FeatureListId,
    FeatureList,
    SponsorIdentity,
    ProviderIdentity,
    TariffTimeChange,
    TariffChangeUsage,
    CcTime,
    UnitValue,
    CurrencyCode,
    TotalOctets,
    InputOctets,
    OutputOctets,
    ServiceSpecificUnits,
}

/// The value of an element, as far as its text has to be understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'v> {
    Number(u32),
    Long(u64),
    /// A named value, and its name as the specification prints it.
    Choice(u32, &'static str),
    /// A value of 452 in the place of 451 (12-10).
    TariffUsage(TariffChangeUsage, &'static str),
    Amount(Decimal),
    Text(Cow<'v, str>),
    Octets(Cow<'v, [u8]>),
    /// Data of Framed-IPv6-Prefix.
    Prefix(Cow<'v, [u8]>),
}

impl Value<'_> {
    /// The same, borrowing from this one.
    pub fn borrowed(&self) -> Value<'_> {
        match self {
            Self::Number(number) => Value::Number(*number),
            Self::Long(number) => Value::Long(*number),
            Self::Choice(number, name) => Value::Choice(*number, name),
            Self::TariffUsage(usage, name) => Value::TariffUsage(*usage, name),
            Self::Amount(amount) => Value::Amount(*amount),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Octets(octets) => Value::Octets(Cow::Borrowed(octets)),
            Self::Prefix(octets) => Value::Prefix(Cow::Borrowed(octets)),
        }
    }

    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Number(number) => Value::Number(number),
            Self::Long(number) => Value::Long(number),
            Self::Choice(number, name) => Value::Choice(number, name),
            Self::TariffUsage(usage, name) => Value::TariffUsage(usage, name),
            Self::Amount(amount) => Value::Amount(amount),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Octets(octets) => Value::Octets(Cow::Owned(octets.into_owned())),
            Self::Prefix(octets) => Value::Prefix(Cow::Owned(octets.into_owned())),
        }
    }
}

impl Field {
    /// The value of a text; `strict` refuses what the interface's own examples show and Rx does not allow.
    pub fn read(self, text: &str, strict: bool) -> Result<Value<'_>, ValueError> {
        match self {
            Self::Duration => match number(text, u32::MAX)? {
                Value::Number(0) => Err(ValueError::accepted("1 second or more")),
                seconds => Ok(seconds),
            },
            Self::ApplicationIdentifier => value::application_identifier(plain(text)?).map(Value::Octets),
            Self::ChargingIdentifier | Self::MpsIdentifier | Self::CodecData => {
                Ok(Value::Octets(Cow::Borrowed(plain(text)?.as_bytes())))
            }
            Self::CalledStationId
            | Self::SubscriptionIdData
            | Self::SponsorIdentity
            | Self::ProviderIdentity => Ok(Value::Text(Cow::Borrowed(plain(text)?))),
            Self::FlowDescription => {
                if strict && let Err(fault) = value::check_filter(text) {
                    let what = format!("a filter of TS 29.214 §5.3.8: {fault}");
                    return Err(ValueError::accepted(what));
                }
                Ok(Value::Text(Cow::Borrowed(plain(text)?)))
            }
            Self::ServiceUrn => value::service_urn(text).map(|label| Value::Text(Cow::Borrowed(label))),
            Self::FramedIpAddress => value::ue_address(text).map(|address| match address {
                UeAddress::V4(octets) => Value::Octets(Cow::Owned(octets.to_vec())),
                UeAddress::V6(octets) => Value::Prefix(Cow::Owned(octets)),
            }),
            Self::FramedIpv6Prefix => {
                value::ipv6_prefix(text, false).map(|octets| Value::Prefix(Cow::Owned(octets)))
            }
            Self::ServiceInfoStatus => choice(text, ServiceInfoStatus::NAMED),
            Self::SipForkingIndication => choice(text, SipForkingIndication::NAMED),
            Self::MediaType => choice(text, MediaType::NAMED),
            Self::FlowStatus => choice(text, FlowStatus::NAMED),
            Self::FlowUsage => choice(text, FlowUsage::NAMED),
            Self::SignallingProtocol => choice(text, AfSignallingProtocol::NAMED),
            Self::SubscriptionIdType => choice(text, SubscriptionIdType::NAMED),
            Self::ReservationPriority => {
                let ReservationPriority(priority) = value::reservation_priority(text)?;
                Ok(Value::Number(priority))
            }
            Self::TariffTimeChange => match value::tariff_time_change(text, strict)? {
                Tariff::Change(time) => Ok(Value::Number(time.0)),
                Tariff::Usage(usage, name) => Ok(Value::TariffUsage(usage, name)),
            },
            Self::TariffChangeUsage => match Decimal::parse(text).and_then(Decimal::whole) {
                Ok(number) => {
                    let named = TariffChangeUsage::NAMED;
                    let found = named.iter().find(|(value, _)| u64::from(value.0) == number);
                    found.map(|(value, name)| Value::Choice(value.0, name)).ok_or_else(|| {
                        let names: Vec<&str> = named.iter().map(|(_, name)| *name).collect();
                        ValueError::Choice(names.join(", "))
                    })
                }
                Err(_) => choice(text, TariffChangeUsage::NAMED),
            },
            Self::UnitValue => {
                let amount = Decimal::parse(text).and_then(|amount| amount.unit_value().map(|_| amount));
                let amount =
                    amount.map_err(|error| ValueError::accepted(format!("a decimal; it {error}")))?;
                Ok(Value::Amount(amount))
            }
            Self::CurrencyCode => number(text, 999),
            Self::TotalOctets | Self::InputOctets | Self::OutputOctets | Self::ServiceSpecificUnits => {
                value::whole(text, u64::MAX).map(Value::Long)
            }
            Self::MediaComponentNumber
            | Self::FlowNumber
            | Self::MaxRequestedUl
            | Self::MaxRequestedDl
            | Self::MinRequestedUl
            | Self::MinRequestedDl
            | Self::RsBandwidth
            | Self::RrBandwidth
            | Self::VendorId
            | Self::FeatureListId
            | Self::FeatureList
            | Self::CcTime => number(text, u32::MAX),
        }
    }

    /// What is accepted, for people.
    pub fn accepted(self) -> &'static str {
        match self {
            Self::Duration => "seconds, 1 or more",
            Self::ApplicationIdentifier => "a text, or hex: and hexadecimal digits",
            Self::ChargingIdentifier
            | Self::MpsIdentifier
            | Self::CodecData
            | Self::CalledStationId
            | Self::SubscriptionIdData
            | Self::SponsorIdentity
            | Self::ProviderIdentity => "a text",
            Self::FlowDescription => "a packet filter (TS 29.214 §5.3.8)",
            Self::ServiceUrn => "a service such as sos.fire (RFC 5031 §4.1)",
            Self::FramedIpAddress => "an IP address, or 8 hexadecimal digits",
            Self::FramedIpv6Prefix => "an IPv6 address, or 32 hexadecimal digits",
            Self::ServiceInfoStatus => "FINAL_SERVICE_INFORMATION or PRELIMINARY_SERVICE_INFORMATION",
            Self::SipForkingIndication => "SINGLE_DIALOGUE or SEVERAL_DIALOGUES",
            Self::MediaType => "AUDIO, VIDEO, DATA, APPLICATION, CONTROL, TEXT, MESSAGE or OTHER",
            Self::FlowStatus => "ENABLED-UPLINK, ENABLED-DOWNLINK, ENABLED, DISABLED or REMOVED",
            Self::FlowUsage => "NO_INFORMATION, RTCP or AF_SIGNALLING",
            Self::SignallingProtocol => "NO_INFORMATION or SIP",
            Self::SubscriptionIdType => {
                "END_USER_E164, END_USER_IMSI, END_USER_SIP_URI, END_USER_NAI or END_USER_PRIVATE"
            }
            Self::ReservationPriority => "0 to 15, DEFAULT, PRIORITY-ONE to PRIORITY-FIFTEEN",
            Self::TariffTimeChange => "seconds since 1900-01-01",
            Self::TariffChangeUsage => {
                "UNIT_BEFORE_TARIFF_CHANGE, UNIT_AFTER_TARIFF_CHANGE or UNIT_INDETERMINATE"
            }
            Self::UnitValue => "a decimal",
            Self::CurrencyCode => "0 to 999",
            Self::TotalOctets | Self::InputOctets | Self::OutputOctets | Self::ServiceSpecificUnits => {
                "a whole number of 64 bits"
            }
            Self::MaxRequestedUl
            | Self::MaxRequestedDl
            | Self::MinRequestedUl
            | Self::MinRequestedDl
            | Self::RsBandwidth
            | Self::RrBandwidth => "bits per second, a whole number of 32 bits",
            Self::CcTime => "seconds, a whole number of 32 bits",
            Self::MediaComponentNumber
            | Self::FlowNumber
            | Self::VendorId
            | Self::FeatureListId
            | Self::FeatureList => "a whole number of 32 bits",
        }
    }
}

/// A text without control characters other than those that end lines, and the tabulator.
fn plain(text: &str) -> Result<&str, ValueError> {
    // Most texts are printable ASCII.
    if text.bytes().fold(true, |plain, octet| plain & (b' '..=b'~').contains(&octet)) {
        return Ok(text);
    }
    match text.chars().any(|one| one.is_control() && !matches!(one, '\t' | '\n' | '\r')) {
        true => Err(ValueError::accepted("a text without control characters")),
        false => Ok(text),
    }
}

/// A whole number of 32 bits.
fn number(text: &str, max: u32) -> Result<Value<'_>, ValueError> {
    let number = value::whole(text, u64::from(max))?;
    Ok(Value::Number(u32::try_from(number).unwrap_or(max)))
}

fn choice<'v, T: Copy + Into<u32>>(
    text: &str,
    named: &'static [(T, &'static str)],
) -> Result<Value<'v>, ValueError> {
    value::choice(text, named).map(|(value, name)| Value::Choice(value.into(), name))
}
