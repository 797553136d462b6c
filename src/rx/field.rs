//! How a struct's fields are read from AVPs and written to them, and the macros that declare the structs.

use std::{borrow::Cow, net::IpAddr};

use super::{CustomAvp, Element, List, RxError};
use crate::dict::enums;
use crate::wire::{
    Address, Avp, AvpDef, DiameterIdentity, DiameterUri, Enumerated, Float32, Integer32, Integer64,
    IpFilterRule, OctetString, Time, TimeValue, Unsigned32, Unsigned64, Utf8String, Writer,
};

/// A field's value, written as an AVP of format `F`.
pub(super) trait Field<F> {
    fn put(&self, w: &mut Writer<'_>, def: &AvpDef<F>);
}

/// A value made independent of the octets that it was read from.
pub(super) trait IntoOwned {
    type Owned;
    fn into_owned(self) -> Self::Owned;
}

/// A value that borrows from this one what is borrowed or owned in it.
pub(super) trait Lend<'b> {
    type Lent;
    fn lend(&'b self) -> Self::Lent;
}

macro_rules! plain {
    ($($value:ty: $format:ty;)*) => {$(
        impl Lend<'_> for $value {
            type Lent = Self;
            #[inline(always)]
            fn lend(&self) -> Self {
                *self
            }
        }

        impl Element<'_> for $value {
            #[inline(always)]
            fn read(avp: Avp<'_>) -> Result<Self, RxError> {
                Ok(avp.read::<$format>()?)
            }
        }

        impl Field<$format> for $value {
            #[inline(always)]
            fn put(&self, w: &mut Writer<'_>, def: &AvpDef<$format>) {
                w.put(def, *self);
            }
        }

        impl IntoOwned for $value {
            type Owned = Self;
            fn into_owned(self) -> Self {
                self
            }
        }
    )*};
}

plain! {
    u32: Unsigned32;
    u64: Unsigned64;
    i32: Integer32;
    i64: Integer64;
    f32: Float32;
    TimeValue: Time;
    IpAddr: Address;
}

macro_rules! enumerations {
    ($($value:ident)*) => {$(
        impl Lend<'_> for enums::$value {
            type Lent = Self;
            #[inline(always)]
            fn lend(&self) -> Self {
                *self
            }
        }

        impl Element<'_> for enums::$value {
            #[inline(always)]
            fn read(avp: Avp<'_>) -> Result<Self, RxError> {
                Ok(avp.read::<Enumerated<Self>>()?)
            }
        }

        impl Field<Enumerated<Self>> for enums::$value {
            #[inline(always)]
            fn put(&self, w: &mut Writer<'_>, def: &AvpDef<Enumerated<Self>>) {
                w.put(def, *self);
            }
        }

        impl IntoOwned for enums::$value {
            type Owned = Self;
            fn into_owned(self) -> Self {
                self
            }
        }
    )*};
}

enumerations! {
    AbortCause AfSignallingProtocol AnTrusted AuthSessionState
    Drmp FinalUnitAction FlowStatus FlowUsage
    ImsContentType IpCanType LoadType MediaType
    MpsAction OcReportType PreEmptionCapability PreEmptionVulnerability
    PrioritySharingIndicator RatType RedirectHostUsage RequiredAccessInfo
    ReservationPriority RxRequestType ServiceInfoStatus SipForkingIndication
    SpecificAction SponsoringAction SubscriptionIdType TariffChangeUsage
    TerminationCause UserEquipmentInfoType
}

macro_rules! borrowed {
    ($($value:ty: $read:ty, $($format:ty)*;)*) => {$(
        impl<'a> Element<'a> for Cow<'a, $value> {
            #[inline(always)]
            fn read(avp: Avp<'a>) -> Result<Self, RxError> {
                Ok(Cow::Borrowed(avp.read::<$read>()?))
            }
        }

        $(impl Field<$format> for Cow<'_, $value> {
            #[inline(always)]
            fn put(&self, w: &mut Writer<'_>, def: &AvpDef<$format>) {
                w.put(def, self);
            }
        })*
    )*};
}

borrowed! {
    [u8]: OctetString, OctetString;
    str: Utf8String, Utf8String DiameterIdentity DiameterUri IpFilterRule;
}

impl<T: ToOwned + ?Sized + 'static> IntoOwned for Cow<'_, T> {
    type Owned = Cow<'static, T>;
    fn into_owned(self) -> Cow<'static, T> {
        Cow::Owned(Cow::into_owned(self))
    }
}

impl<T: IntoOwned> IntoOwned for Option<T> {
    type Owned = Option<T::Owned>;
    fn into_owned(self) -> Self::Owned {
        self.map(T::into_owned)
    }
}

impl<'a, T: IntoOwned + Element<'a>> IntoOwned for List<'a, T>
where
    T::Owned: 'static,
{
    type Owned = List<'static, T::Owned>;
    fn into_owned(self) -> Self::Owned {
        self.iter().map(|value| value.into_owned().into_owned()).collect()
    }
}

impl<'b, T: ToOwned + ?Sized + 'static> Lend<'b> for Cow<'_, T> {
    type Lent = Cow<'b, T>;
    #[inline(always)]
    fn lend(&'b self) -> Cow<'b, T> {
        Cow::Borrowed(self)
    }
}

impl<'b, T: Lend<'b>> Lend<'b> for Option<T> {
    type Lent = Option<T::Lent>;
    #[inline(always)]
    fn lend(&'b self) -> Self::Lent {
        self.as_ref().map(T::lend)
    }
}

impl<'b, 'a: 'b, T: 'b> Lend<'b> for List<'a, T> {
    type Lent = List<'b, T>;
    #[inline(always)]
    fn lend(&'b self) -> List<'b, T> {
        self.as_borrowed()
    }
}

/// Writes the values of a list as AVPs of one definition.
#[inline(always)]
pub(super) fn put_list<'a, F, T: Field<F> + Element<'a>>(
    list: &List<'a, T>,
    w: &mut Writer<'_>,
    def: &AvpDef<F>,
) {
    list.for_each(|value| value.put(w, def));
}

/// Writes AVPs that stand in no grammar: most messages have none, and few groups ever.
#[inline(always)]
pub(super) fn put_custom(list: &List<'_, CustomAvp<'_>>, w: &mut Writer<'_>) {
    if !list.is_empty() {
        put_each_custom(list, w);
    }
}

#[cold]
fn put_each_custom(list: &List<'_, CustomAvp<'_>>, w: &mut Writer<'_>) {
    list.for_each(|avp| w.put_raw(avp.code, avp.vendor, avp.flags, &avp.data));
}

/// Declares structs of AVPs: the fields, reading, writing, and making them owned.
///
/// A line is `one|opt|many field: Type = DEFINITION;`. Of AVPs that may come once the first counts; what
/// stands in no line is kept in `custom`.
macro_rules! avps {
    ($($(#[$doc:meta])* $name:ident $label:literal {
        $($(#[$fdoc:meta])* $rule:ident $field:ident: $value:ty = $def:ident;)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name<'a> {
            $(
                #[doc = concat!("The AVP that this field is called after.")]
                $(#[$fdoc])*
                pub $field: crate::rx::field::field_type!($rule, 'a, $value),
            )*
            /// AVPs that are not in the grammar: custom ones, and those of later releases.
            pub custom: crate::rx::List<'a, crate::rx::CustomAvp<'a>>,
        }

        impl<'a> $name<'a> {
            /// Whether an AVP with this key has a field of its own here.
            fn has_field(key: u64) -> bool {
                $(key == const { crate::dict::avp::$def.key() })||*
            }

            /// Reads and checks every AVP of one level.
            ///
            /// Lists are checked by reading each of their values once; with `LISTS` false that was done before.
            pub(super) fn read_avps<const LISTS: bool>(
                avps: crate::wire::Avps<'a>,
            ) -> Result<Self, crate::rx::RxError> {
                $(crate::rx::field::field_local!($rule, $field, $value);)*
                let mut custom = crate::rx::List::default();
                for avp in avps.iter() {
                    let key = avp.key();
                    $(if key == const { crate::dict::avp::$def.key() } {
                        crate::rx::field::field_read!($rule, $field, $value, $def, avp, avps);
                    } else)* {
                        custom = crate::rx::List::wire(avps, |key| !Self::has_field(key));
                    }
                }
                Ok(Self {
                    $($field: crate::rx::field::field_value!($rule, $field, $label, $def),)*
                    custom,
                })
            }

            /// Writes the AVPs in the order of the fields.
            pub(super) fn write_avps(&self, w: &mut crate::wire::Writer<'_>) {
                $(crate::rx::field::field_write!($rule, self, $field, $def, w);)*
                crate::rx::field::put_custom(&self.custom, w);
            }

            /// The same, borrowing from this one: nothing is copied but numbers.
            #[inline]
            pub fn borrowed(&self) -> $name<'_> {
                $name {
                    $($field: crate::rx::field::Lend::lend(&self.$field),)*
                    custom: crate::rx::field::Lend::lend(&self.custom),
                }
            }

            /// The same, independent of the octets that it was read from.
            pub fn into_owned(self) -> $name<'static> {
                $name {
                    $($field: crate::rx::field::IntoOwned::into_owned(self.$field),)*
                    custom: crate::rx::field::IntoOwned::into_owned(self.custom),
                }
            }
        }

        impl<'b> crate::rx::field::Lend<'b> for $name<'_> {
            type Lent = $name<'b>;
            #[inline(always)]
            fn lend(&'b self) -> $name<'b> {
                self.borrowed()
            }
        }

        impl crate::rx::field::IntoOwned for $name<'_> {
            type Owned = $name<'static>;
            fn into_owned(self) -> $name<'static> {
                $name::into_owned(self)
            }
        }

        impl<'a> crate::rx::Element<'a> for $name<'a> {
            #[inline(always)]
            fn read(avp: crate::wire::Avp<'a>) -> Result<Self, crate::rx::RxError> {
                Self::read_avps::<true>(avp.children())
            }

            #[inline]
            fn read_again(avp: crate::wire::Avp<'a>) -> Result<Self, crate::rx::RxError> {
                Self::read_avps::<false>(avp.children())
            }
        }

        impl crate::rx::field::Field<crate::wire::Grouped> for $name<'_> {
            #[inline(always)]
            fn put(&self, w: &mut crate::wire::Writer<'_>, def: &crate::wire::AvpDef<crate::wire::Grouped>) {
                w.group(def, |w| self.write_avps(w));
            }
        }
    )*};
}

macro_rules! field_type {
    (one, $a:lifetime, $value:ty) => { $value };
    (opt, $a:lifetime, $value:ty) => { Option<$value> };
    (many, $a:lifetime, $value:ty) => { crate::rx::List<$a, $value> };
}

macro_rules! field_local {
    (many, $field:ident, $value:ty) => {
        let mut $field = crate::rx::List::<'a, $value>::default();
    };
    ($rule:ident, $field:ident, $value:ty) => {
        let mut $field: Option<$value> = None;
    };
}

macro_rules! field_read {
    (many, $field:ident, $value:ty, $def:ident, $avp:ident, $avps:ident) => {
        // Checked here, so that the list can be walked over without errors later.
        if LISTS {
            <$value as crate::rx::Element<'a>>::read($avp)?;
        }
        $field = crate::rx::List::wire($avps, |key| key == const { crate::dict::avp::$def.key() });
    };
    ($rule:ident, $field:ident, $value:ty, $def:ident, $avp:ident, $avps:ident) => {
        if $field.is_none() {
            $field = Some(<$value as crate::rx::Element<'a>>::read($avp)?);
        }
    };
}

macro_rules! field_value {
    (one, $field:ident, $label:literal, $def:ident) => {
        match $field {
            Some(value) => value,
            None => {
                return Err(crate::rx::RxError::Missing {
                    inside: $label,
                    avp: crate::dict::avp::$def.name,
                    key: crate::dict::avp::$def.key(),
                });
            }
        }
    };
    ($rule:ident, $field:ident, $label:literal, $def:ident) => {
        $field
    };
}

macro_rules! field_write {
    (one, $this:ident, $field:ident, $def:ident, $w:ident) => {
        crate::rx::field::Field::put(&$this.$field, $w, &crate::dict::avp::$def);
    };
    (opt, $this:ident, $field:ident, $def:ident, $w:ident) => {
        if let Some(value) = &$this.$field {
            crate::rx::field::Field::put(value, $w, &crate::dict::avp::$def);
        }
    };
    (many, $this:ident, $field:ident, $def:ident, $w:ident) => {
        crate::rx::field::put_list(&$this.$field, $w, &crate::dict::avp::$def);
    };
}

/// Makes a message of a struct of AVPs: its command, and reading and encoding with a header.
macro_rules! message {
    ($name:ident $label:literal $kind:ident $command:ident) => {
        impl<'a> $name<'a> {
            /// Reads a message of this command; every value is checked.
            #[inline]
            pub fn read(message: &Message<'a>) -> Result<Self, RxError> {
                let header = message.header();
                let request = field::is_request!($kind);
                if header.command != commands::$command || header.is_request() != request {
                    let (found, flags) = (header.command, header.flags.0);
                    return Err(RxError::Command { expected: $label, found, flags });
                }
                Self::read_avps::<true>(message.avps())
            }

            /// Encodes the message into a buffer of the caller; returns its length. Allocates nothing.
            #[inline]
            pub fn encode_into(
                &self,
                out: &mut [u8],
                ids: (HopByHopId, EndToEndId),
            ) -> Result<usize, RxError> {
                let flags = field::flags!($kind, self);
                let mut writer = Writer::begin(out, commands::$command, flags, RX_APPLICATION_ID, ids);
                self.write_avps(&mut writer);
                Ok(writer.finish()?)
            }

            /// Encodes the message into a buffer of its own.
            pub fn encode(&self, ids: (HopByHopId, EndToEndId)) -> Result<MessageBuf, RxError> {
                let flags = field::flags!($kind, self);
                let write = |w: &mut Writer<'_>| self.write_avps(w);
                Ok(MessageBuf::build(commands::$command, flags, RX_APPLICATION_ID, ids, write)?)
            }

            /// The message as it is kept for later: as it would be sent, without identifiers.
            pub fn to_octets(&self) -> Result<Vec<u8>, RxError> {
                Ok(self.encode(Default::default())?.as_bytes().to_vec())
            }

            /// Reads what was kept, and makes it independent of the octets.
            pub fn from_octets(octets: &[u8]) -> Result<$name<'static>, RxError> {
                let mut index = crate::wire::Index::new();
                let dictionary = crate::dict::Dictionary::builtin();
                let message = index.parse(octets, |key| dictionary.is_grouped(key))?;
                Ok($name::read(&message)?.into_owned())
            }
        }
    };
}

macro_rules! is_request {
    (request) => {
        true
    };
    (answer) => {
        false
    };
}

/// P is set in all eight; E in answers that report a protocol error (RFC 6733 §7.1.3).
macro_rules! flags {
    (request, $this:ident) => {
        CommandFlags::REQUEST | CommandFlags::PROXIABLE
    };
    (answer, $this:ident) => {
        match $this.result_code {
            Some(3000..4000) => CommandFlags::PROXIABLE | CommandFlags::ERROR,
            _ => CommandFlags::PROXIABLE,
        }
    };
}

pub(super) use {
    avps, field_local, field_read, field_type, field_value, field_write, flags, is_request, message,
};
