//! What a dictionary says: AVPs, commands and who may stand in whom (RFC 6733 §3.2, §4.1-4.4).

use std::fmt;

use crate::wire::{VendorId, avp_key};

use super::Place;

/// A data format of RFC 6733 §4.2 or §4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataFormat {
    /// Any octets.
    OctetString,
    /// 32 bits, signed.
    Integer32,
    /// 64 bits, signed.
    Integer64,
    /// 32 bits, unsigned.
    Unsigned32,
    /// 64 bits, unsigned.
    Unsigned64,
    /// IEEE 754, 32 bits.
    Float32,
    /// IEEE 754, 64 bits.
    Float64,
    /// AVPs inside an AVP.
    Grouped,
    /// Address family and address.
    Address,
    /// Seconds since 1900.
    Time,
    /// UTF-8 text.
    Utf8String,
    /// Host or realm name.
    DiameterIdentity,
    /// `aaa://` URI.
    DiameterUri,
    /// 32 bits with named values.
    Enumerated,
    /// Packet filter in text.
    IpFilterRule,
    /// Packet filter with QoS options in text.
    QosFilterRule,
}

impl DataFormat {
    /// Every format, by the name that RFC 6733 and dictionary files give it.
    const ALL: [(&'static str, Self); 16] = [
        ("OctetString", Self::OctetString),
        ("Integer32", Self::Integer32),
        ("Integer64", Self::Integer64),
        ("Unsigned32", Self::Unsigned32),
        ("Unsigned64", Self::Unsigned64),
        ("Float32", Self::Float32),
        ("Float64", Self::Float64),
        ("Grouped", Self::Grouped),
        ("Address", Self::Address),
        ("Time", Self::Time),
        ("UTF8String", Self::Utf8String),
        ("DiameterIdentity", Self::DiameterIdentity),
        ("DiameterURI", Self::DiameterUri),
        ("Enumerated", Self::Enumerated),
        ("IPFilterRule", Self::IpFilterRule),
        ("QoSFilterRule", Self::QosFilterRule),
    ];

    /// Further names that dictionary files in use have for the same formats.
    const ALIASES: [(&'static str, Self); 6] = [
        ("AppId", Self::Unsigned32),
        ("VendorId", Self::Unsigned32),
        ("IPAddress", Self::Address),
        ("OctetStringOrUTF8", Self::OctetString),
        ("MIPRegistrationRequest", Self::OctetString),
        ("DiamIdent", Self::DiameterIdentity),
    ];

    /// The names accepted, for messages.
    pub(super) const NAMES: &'static str = "OctetString, Integer32, Integer64, Unsigned32, Unsigned64, Float32, \
        Float64, Grouped, Address, Time, UTF8String, DiameterIdentity, DiameterURI, Enumerated, IPFilterRule, \
        QoSFilterRule";

    /// The format of this name, aliases included.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut names = Self::ALL.iter().chain(&Self::ALIASES);
        names.find(|(known, _)| *known == name).map(|(_, format)| *format)
    }

    /// Name as RFC 6733 prints it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// Octets that a value has, for the formats that have one size.
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::Integer32 | Self::Unsigned32 | Self::Float32 | Self::Time | Self::Enumerated => Some(4),
            Self::Integer64 | Self::Unsigned64 | Self::Float64 => Some(8),
            _ => None,
        }
    }

    /// Whether values of both look the same on the wire: text is octets, an enumeration is a number.
    ///
    /// Dictionaries differ in such words for the same AVP, and no message tells the difference.
    pub fn same_octets(self, other: Self) -> bool {
        self == other || self.basic() == other.basic()
    }

    /// The basic format (RFC 6733 §4.2) that this one is derived from, signs of integers left aside.
    const fn basic(self) -> Self {
        match self {
            Self::Utf8String
            | Self::DiameterIdentity
            | Self::DiameterUri
            | Self::IpFilterRule
            | Self::QosFilterRule => Self::OctetString,
            Self::Enumerated | Self::Integer32 => Self::Unsigned32,
            Self::Integer64 => Self::Unsigned64,
            other => other,
        }
    }
}

impl fmt::Display for DataFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The specification's rule for the M bit of an AVP (RFC 6733 §4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MandatoryRule {
    /// Always set.
    Must,
    /// Either; sent clear.
    #[default]
    May,
    /// Never set.
    MustNot,
}

/// How the data of an OctetString is shown to people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Hexadecimal.
    #[default]
    Hex,
    /// As text, where it is text.
    Text,
    /// Four octets as an IPv4 address.
    Ipv4,
    /// Sixteen octets as an IPv6 address.
    Ipv6,
    /// A reserved octet, a prefix length and as much of the prefix as there is (RFC 3162 §2.3).
    Ipv6Prefix,
}

/// A named value of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumItem {
    /// Name as the specification prints it.
    pub name: Box<str>,
    /// The value on the wire.
    pub value: u32,
}

/// How often an AVP may stand in a message or group, and whether its place is fixed (RFC 6733 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Vendor and code of the AVP; see [`avp_key`].
    pub key: u64,
    /// Least occurrences.
    pub min: u32,
    /// Most occurrences; `None` for any number.
    pub max: Option<u32>,
    /// Whether it must stand at the place in the order where the rule stands.
    pub fixed: bool,
}

/// What may stand in a message or group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grammar {
    /// The AVPs that are named, in the specification's order.
    pub rules: Vec<Rule>,
    /// Whether others may stand there too: `*[ AVP ]`.
    pub others: bool,
}

/// What is known of one AVP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvpSpec {
    /// Name as its specification prints it.
    pub name: Box<str>,
    /// AVP Code.
    pub code: u32,
    /// Vendor; [`VendorId::NONE`] for the IETF.
    pub vendor: VendorId,
    /// Format of the data.
    pub format: DataFormat,
    /// The M bit.
    pub mandatory: MandatoryRule,
    /// Named values, in the specification's order.
    pub values: Vec<EnumItem>,
    /// What may stand in it, if it is Grouped.
    pub members: Grammar,
    /// Whether a group's content is quoted from elsewhere and not to be checked (Failed-AVP).
    pub quoted: bool,
    /// Least and most octets of data, where the specification is narrower than the format.
    pub length: Option<(u32, u32)>,
    /// Unit of a number: `bit/s`, `s`, `octets`.
    pub unit: Option<Box<str>>,
    /// How an OctetString is shown.
    pub shown: Shown,
    /// Specification and section: `RFC 6733 §8.8`.
    pub source: Box<str>,
    /// Where the dictionary declares it.
    pub place: Place,
    /// Whether it came with the program.
    pub built_in: bool,
}

impl AvpSpec {
    /// Vendor and code in one number.
    pub const fn key(&self) -> u64 {
        avp_key(self.vendor, self.code)
    }

    /// Name of a value of this AVP's enumeration.
    pub fn value_name(&self, value: u32) -> Option<&str> {
        self.values.iter().find(|item| item.value == value).map(|item| &*item.name)
    }

    /// Value of a name; `-`, `_`, blanks and the case of letters do not matter.
    pub fn value_of(&self, name: &str) -> Option<u32> {
        self.values.iter().find(|item| super::same_name(&item.name, name)).map(|item| item.value)
    }

    /// Whether a parser opens it: it is Grouped and its content is not quoted from elsewhere.
    pub fn is_opened(&self) -> bool {
        self.format == DataFormat::Grouped && !self.quoted
    }
}

/// One direction of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageSpec {
    /// `AAR`.
    pub abbreviation: Box<str>,
    /// What may stand in it.
    pub grammar: Grammar,
    /// Whether the P bit is set in it (requests; answers copy it).
    pub proxiable: bool,
}

/// A command with the grammars of its request and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandSpec {
    /// Name without `-Request` and `-Answer`: `AA`.
    pub name: Box<str>,
    /// Command Code.
    pub code: u32,
    /// Application; 0 for the base protocol.
    pub application: u32,
    /// The request.
    pub request: MessageSpec,
    /// The answer.
    pub answer: MessageSpec,
    /// Where the dictionary declares it.
    pub place: Place,
}

impl CommandSpec {
    /// The request or the answer.
    pub fn message(&self, is_request: bool) -> &MessageSpec {
        if is_request { &self.request } else { &self.answer }
    }
}

/// An enterprise that has AVPs of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorSpec {
    /// Symbolic name that files use: `TGPP`.
    pub id: Box<str>,
    /// Enterprise number.
    pub code: VendorId,
    /// Name for people: `3GPP`.
    pub name: Box<str>,
    /// Where the dictionary declares it.
    pub place: Place,
}
