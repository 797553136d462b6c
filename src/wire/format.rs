//! AVP data formats (RFC 6733 §4.2-4.4) as types, and typed AVP definitions made of them.
//!
//! A definition is a constant generated from the dictionary: the type of a value follows from it, with no
//! look-up at run time.

use std::{
    marker::PhantomData,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::{Avp, AvpFlags, Avps, FormatError, VendorId, avp_key};

/// A format of AVP data: how its value is read and written. The formats are empty types.
pub trait Format {
    /// The value, borrowed from the message.
    type Value<'a>;

    /// Reads the value of an AVP.
    fn read(avp: Avp<'_>) -> Result<Self::Value<'_>, FormatError>;

    /// Octets that the value takes, without padding.
    fn length(value: &Self::Value<'_>) -> usize;

    /// Writes the value; `out` has exactly the length that was asked for.
    fn write(value: Self::Value<'_>, out: &mut [u8]);
}

/// What an AVP is called, how it is known, and its flags when sent. `F` is its format.
pub struct AvpDef<F> {
    /// Name as its specification prints it.
    pub name: &'static str,
    /// AVP Code.
    pub code: u32,
    /// Vendor; [`VendorId::NONE`] for the IETF.
    pub vendor: VendorId,
    /// Flags when sent: V with a vendor, M by the specification's rule.
    pub flags: AvpFlags,
    format: PhantomData<fn() -> F>,
}

impl<F> AvpDef<F> {
    /// Defines an AVP. The V bit is set exactly when there is a vendor.
    pub const fn new(name: &'static str, code: u32, vendor: VendorId, mandatory: bool) -> Self {
        let vendor_flag = if vendor.0 == 0 { 0 } else { AvpFlags::VENDOR.0 };
        let mandatory_flag = if mandatory { AvpFlags::MANDATORY.0 } else { 0 };
        Self { name, code, vendor, flags: AvpFlags(vendor_flag | mandatory_flag), format: PhantomData }
    }

    /// Vendor and code in one number.
    #[inline(always)]
    pub const fn key(&self) -> u64 {
        avp_key(self.vendor, self.code)
    }
}

impl<F> Clone for AvpDef<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for AvpDef<F> {}

impl<F> std::fmt::Debug for AvpDef<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({}:{})", self.name, self.vendor.0, self.code)
    }
}

/// The data as an array of the format's size.
#[inline(always)]
fn fixed<const N: usize>(data: &[u8], format: &'static str) -> Result<[u8; N], FormatError> {
    data.try_into().map_err(|_| FormatError::Length { format, expected: N, found: data.len() })
}

#[inline(always)]
fn text<'a>(data: &'a [u8], format: &'static str) -> Result<&'a str, FormatError> {
    std::str::from_utf8(data).map_err(|error| FormatError::Text { format, at: error.valid_up_to() })
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident: $value:ty, $label:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl Format for $name {
            type Value<'a> = $value;

            #[inline(always)]
            fn read(avp: Avp<'_>) -> Result<$value, FormatError> {
                fixed(avp.data(), $label).map(<$value>::from_be_bytes)
            }

            #[inline(always)]
            fn length(_: &$value) -> usize {
                size_of::<$value>()
            }

            #[inline(always)]
            fn write(value: $value, out: &mut [u8]) {
                out.copy_from_slice(&value.to_be_bytes());
            }
        }
    )*};
}

numbers! {
    /// 32 bits, signed (RFC 6733 §4.2).
    Integer32: i32, "Integer32";
    /// 64 bits, signed (RFC 6733 §4.2).
    Integer64: i64, "Integer64";
    /// 32 bits, unsigned (RFC 6733 §4.2).
    Unsigned32: u32, "Unsigned32";
    /// 64 bits, unsigned (RFC 6733 §4.2).
    Unsigned64: u64, "Unsigned64";
    /// IEEE 754 single precision (RFC 6733 §4.2).
    Float32: f32, "Float32";
    /// IEEE 754 double precision (RFC 6733 §4.2).
    Float64: f64, "Float64";
}

macro_rules! octet_formats {
    ($($(#[$doc:meta])* $name:ident: $value:ty, $read:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl Format for $name {
            type Value<'a> = &'a $value;

            #[inline(always)]
            fn read(avp: Avp<'_>) -> Result<&$value, FormatError> {
                $read(avp.data())
            }

            #[inline(always)]
            fn length(value: &&$value) -> usize {
                value.len()
            }

            #[inline(always)]
            fn write(value: &$value, out: &mut [u8]) {
                out.copy_from_slice(value.as_ref());
            }
        }
    )*};
}

octet_formats! {
    /// Any octets (RFC 6733 §4.2).
    OctetString: [u8], Ok;
    /// UTF-8 text (RFC 6733 §4.3.1).
    Utf8String: str, |data| text(data, "UTF8String");
    /// A host or realm name, ASCII, compared without case (RFC 6733 §4.3.1).
    DiameterIdentity: str, |data| text(data, "DiameterIdentity");
    /// `aaa://host:port;transport=tcp` (RFC 6733 §4.3.1).
    DiameterUri: str, |data| text(data, "DiameterURI");
    /// A packet filter in text (RFC 6733 §4.3.1, restricted by TS 29.214 §5.3.8).
    IpFilterRule: str, |data| text(data, "IPFilterRule");
    /// A packet filter with QoS options in text (RFC 7155 §4.1.1).
    QosFilterRule: str, |data| text(data, "QoSFilterRule");
}

/// 32 bits with named values; `T` is the open enumeration (RFC 6733 §4.3.1).
///
/// Values without a name are read like any other: refusing them is a decision of the layers above.
#[derive(Debug)]
pub struct Enumerated<T>(PhantomData<fn() -> T>);

impl<T: From<u32> + Into<u32>> Format for Enumerated<T> {
    type Value<'a> = T;

    #[inline(always)]
    fn read(avp: Avp<'_>) -> Result<T, FormatError> {
        fixed(avp.data(), "Enumerated").map(|octets| T::from(u32::from_be_bytes(octets)))
    }

    #[inline(always)]
    fn length(_: &T) -> usize {
        4
    }

    #[inline(always)]
    fn write(value: T, out: &mut [u8]) {
        out.copy_from_slice(&value.into().to_be_bytes());
    }
}

/// AVPs inside an AVP (RFC 6733 §4.4). Written with [`Writer::group`](super::Writer::group).
#[derive(Debug)]
pub enum Grouped {}

impl Format for Grouped {
    type Value<'a> = Avps<'a>;

    #[inline(always)]
    fn read(avp: Avp<'_>) -> Result<Avps<'_>, FormatError> {
        Ok(avp.children())
    }

    fn length(value: &Avps<'_>) -> usize {
        value.iter().map(|avp| avp.padded_octets().len()).sum()
    }

    fn write(value: Avps<'_>, out: &mut [u8]) {
        let mut rest = out;
        for avp in value.iter() {
            let octets = avp.padded_octets();
            if let Some((head, tail)) = std::mem::take(&mut rest).split_at_mut_checked(octets.len()) {
                head.copy_from_slice(octets);
                rest = tail;
            }
        }
    }
}

/// Seconds since 1900-01-01 00:00 UTC (RFC 6733 §4.3.1). Wraps in 2036.
#[derive(Debug)]
pub enum Time {}

/// Value of a [`Time`]: NTP seconds as on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TimeValue(pub u32);

impl TimeValue {
    /// Seconds from 1900-01-01 to 1970-01-01.
    const UNIX_EPOCH: u64 = 2_208_988_800;

    /// From seconds since 1970; the era is dropped, as on the wire.
    pub const fn from_unix(seconds: u64) -> Self {
        Self(seconds.wrapping_add(Self::UNIX_EPOCH) as u32)
    }

    /// Seconds since 1970, negative before: from 1968 to 2104. A value with the top bit clear is of the era
    /// that begins in 2036 (RFC 5905 §6).
    pub const fn to_unix(self) -> i64 {
        let era = if self.0 & 0x8000_0000 == 0 { 1 << 32 } else { 0 };
        era + self.0 as i64 - Self::UNIX_EPOCH as i64
    }
}

impl Format for Time {
    type Value<'a> = TimeValue;

    #[inline(always)]
    fn read(avp: Avp<'_>) -> Result<TimeValue, FormatError> {
        fixed(avp.data(), "Time").map(|octets| TimeValue(u32::from_be_bytes(octets)))
    }

    #[inline(always)]
    fn length(_: &TimeValue) -> usize {
        4
    }

    #[inline(always)]
    fn write(value: TimeValue, out: &mut [u8]) {
        out.copy_from_slice(&value.0.to_be_bytes());
    }
}

/// An address with its family (RFC 6733 §4.3.1).
#[derive(Debug)]
pub enum Address {}

impl Format for Address {
    type Value<'a> = IpAddr;

    #[inline(always)]
    fn read(avp: Avp<'_>) -> Result<IpAddr, FormatError> {
        let data = avp.data();
        let Some((family, address)) = data.split_first_chunk::<2>() else {
            return Err(FormatError::Address { family: 0, found: data.len() });
        };
        let family = u16::from_be_bytes(*family);
        let wrong = FormatError::Address { family, found: address.len() };
        match family {
            1 => <[u8; 4]>::try_from(address).map(|octets| Ipv4Addr::from(octets).into()).map_err(|_| wrong),
            2 => <[u8; 16]>::try_from(address).map(|octets| Ipv6Addr::from(octets).into()).map_err(|_| wrong),
            // Other families (E.164 and so on) exist; nothing in Rx carries them where an IP address is meant.
            _ => Err(wrong),
        }
    }

    #[inline(always)]
    fn length(value: &IpAddr) -> usize {
        match value {
            IpAddr::V4(_) => 6,
            IpAddr::V6(_) => 18,
        }
    }

    #[inline(always)]
    fn write(value: IpAddr, out: &mut [u8]) {
        let (family, address) = out.split_at_mut(2);
        match value {
            IpAddr::V4(v4) => {
                family.copy_from_slice(&[0, 1]);
                address.copy_from_slice(&v4.octets());
            }
            IpAddr::V6(v6) => {
                family.copy_from_slice(&[0, 2]);
                address.copy_from_slice(&v6.octets());
            }
        }
    }
}
