//! Schemas that many members have in common: texts, numbers, names of enumerations.
//!
//! Names of enumerations are those of the dictionary, so that the document cannot differ from what is read.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, RefOr, SchemaFormat, Type,
        schema::{AnyOfBuilder, Object, ObjectBuilder, Schema},
    },
};

use super::params::END_USER;
use crate::{
    dict::enums,
    north::gatekeeper::{Event, granted::enumeration},
};

/// A text that has neither control characters nor blanks around it, of at most 256 characters.
const VISIBLE: &str =
    r"^[^\u0000-\u0020\u007F-\u00A0]([^\u0000-\u001F\u007F-\u009F]{0,254}[^\u0000-\u0020\u007F-\u00A0])?$";

/// Types that stand for a schema, which the document has under the name of the type.
macro_rules! schemas {
    ($($(#[$doc:meta])* $name:ident = $schema:expr;)*) => {$(
        $(#[$doc])*
        pub(in crate::north::gatekeeper) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                Schema::from($schema).into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

schemas! {
    /// A whole number of 32 bits.
    Unsigned32 = whole(0, u32::MAX as usize);
    /// A whole number of 64 bits.
    Unsigned64 = whole(0, usize::MAX);
    /// How long QoS lasts.
    Seconds = whole(1, u32::MAX as usize);
    /// A text without control characters.
    Text = text(r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]*$", "Without control characters.");
    /// framedIPAddress.
    UeAddress = AnyOfBuilder::new()
        .description(Some("Where the flows end at the user equipment."))
        .item(formatted(KnownFormat::Ipv4))
        .item(text("^[0-9A-Fa-f]{8}$", "The hexadecimal digits of an IPv4 address."))
        .item(formatted(KnownFormat::Ipv6))
        .build();
    /// framedIPv6Prefix.
    UePrefix = AnyOfBuilder::new()
        .description(Some("Where the flows end at the user equipment: the full address."))
        .item(formatted(KnownFormat::Ipv6))
        .item(text("^[0-9A-Fa-f:.]{2,45}/128$", "An IPv6 address with its prefix length."))
        .item(text("^(0080)?[0-9A-Fa-f]{32}$", "The hexadecimal digits of an IPv6 address."))
        .build();
    /// reservationPriority.
    Priority = whole(0, 15);
    /// serviceURN.
    Service = text(
        "^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
        "What follows urn:service: (RFC 5031), such as sos, sos.fire or counseling.children.",
    );
    /// An end user.
    EndUser = text(END_USER, "A tel:, sip:, sips:, imsi: or nai: URI, or the digits of a telephone number.");
    /// reference.endpoint.
    Endpoint = text(
        r"^http://([0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?][0-9A-Za-z/?&=._~-]*)?$",
        "Where notifications go: an absolute URL, whose address the gateway must allow.",
    );
    /// reference.correlator.
    Correlator = text(VISIBLE, "The application's own name for it, used once; not a dot or two.");
    /// An event of eventCriteria.
    Criterion = one_of(
        Event::NAMED
            .iter()
            .map(|(event, _)| event.number().to_string())
            .chain(Event::NAMED.iter().map(|(_, name)| (*name).into())),
    );
    /// An event of eventCriteria, as List shows it.
    EventNumber = one_of(Event::NAMED.iter().map(|(event, _)| event.number().to_string()));
    /// eventType.
    EventType = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some("What happened, by its number in eventCriteria."))
        .enum_values(Some(Event::NAMED.iter().map(|(event, _)| event.number())))
        .build();
    /// tariffTimeChange of granted units.
    TariffChange = AnyOfBuilder::new()
        .description(Some("When the tariff changes, seconds since 1900-01-01; or which side of it is meant."))
        .item(whole(0, u32::MAX as usize))
        .item(one_of(enums::TariffChangeUsage::NAMED.iter().map(|(_, name)| (*name).into())))
        .build();
}

macro_rules! enumerations {
    ($($name:ident)*) => {
        schemas! {$(
            #[doc = concat!("The values of ", stringify!($name), " by name.")]
            $name = one_of(enums::$name::NAMED.iter().map(|(_, name)| (*name).into()));
        )*}
    };
}

enumerations! {
    AfSignallingProtocol FlowStatus FlowUsage MediaType ServiceInfoStatus SipForkingIndication SubscriptionIdType
    TariffChangeUsage
}

macro_rules! open_enumerations {
    ($($name:ident)*) => {
        schemas! {$(
            #[doc = concat!("The values of ", stringify!($name), " that the network may send.")]
            $name = AnyOfBuilder::new()
                .item(one_of(enums::$name::NAMED.iter().map(|(value, _)| enumeration(*value))))
                .item(text("^[0-9]+$", "The number of a value without a name."))
                .build();
        )*}
    };
}

open_enumerations! { AbortCause FinalUnitAction IpCanType RatType }

fn whole(least: usize, most: usize) -> Object {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least)).maximum(Some(most)).build()
}

fn text(pattern: &str, description: &str) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    text.description(Some(description)).build()
}

fn formatted(format: KnownFormat) -> Object {
    ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(format))).build()
}

fn one_of(names: impl Iterator<Item = String>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}
