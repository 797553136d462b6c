//! The value of any AVP, by the format that the built-in dictionary gives it.

use std::net::IpAddr;

use super::{DataFormat, formats::FORMATS};
use crate::wire::{
    Address, Avp, Float32, Float64, Integer32, Integer64, Time, TimeValue, Unsigned32, Unsigned64,
    Utf8String, VendorId, WireError,
};

/// A value, borrowed from its message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// OctetString, and every AVP that the dictionary does not know.
    Octets(&'a [u8]),
    /// UTF8String, DiameterIdentity, DiameterURI, IPFilterRule, QoSFilterRule.
    Text(&'a str),
    /// Unsigned32 and Enumerated.
    Unsigned32(u32),
    /// Unsigned64.
    Unsigned64(u64),
    /// Integer32.
    Integer32(i32),
    /// Integer64.
    Integer64(i64),
    /// Float32.
    Float32(f32),
    /// Float64.
    Float64(f64),
    /// Address.
    Address(IpAddr),
    /// Time.
    Time(TimeValue),
    /// Grouped; what is inside are the AVP's [`children`](Avp::children).
    Group,
}

impl<'a> Value<'a> {
    /// Reads the value of an AVP: its size, and whether text is text, are checked.
    #[inline(always)]
    pub fn read(avp: Avp<'a>) -> Result<Self, WireError> {
        use DataFormat as F;
        let format = format_of(avp.key());
        match format {
            None | Some(F::OctetString) => Ok(Self::Octets(avp.data())),
            Some(
                F::Utf8String | F::DiameterIdentity | F::DiameterUri | F::IpFilterRule | F::QosFilterRule,
            ) => avp.read::<Utf8String>().map(Self::Text),
            Some(F::Grouped) => Ok(Self::Group),
            Some(F::Unsigned32 | F::Enumerated) => avp.read::<Unsigned32>().map(Self::Unsigned32),
            Some(F::Unsigned64) => avp.read::<Unsigned64>().map(Self::Unsigned64),
            Some(F::Integer32) => avp.read::<Integer32>().map(Self::Integer32),
            Some(F::Integer64) => avp.read::<Integer64>().map(Self::Integer64),
            Some(F::Float32) => avp.read::<Float32>().map(Self::Float32),
            Some(F::Float64) => avp.read::<Float64>().map(Self::Float64),
            Some(F::Address) => avp.read::<Address>().map(Self::Address),
            Some(F::Time) => avp.read::<Time>().map(Self::Time),
        }
    }
}

/// Formats of the IETF's AVPs by code, and of 3GPP's.
static IETF: [Option<DataFormat>; codes(VendorId::NONE)] = by_code(VendorId::NONE);
static TGPP: [Option<DataFormat>; codes(VendorId::TGPP)] = by_code(VendorId::TGPP);

/// One more than the highest code of a vendor in the built-in dictionary.
const fn codes(vendor: VendorId) -> usize {
    let (mut at, mut end) = (0, 0);
    while at < FORMATS.len() {
        let (key, _) = FORMATS[at];
        if (key >> 32) as u32 == vendor.0 && key as u32 as usize >= end {
            end = key as u32 as usize + 1;
        }
        at += 1;
    }
    end
}

const fn by_code<const CODES: usize>(vendor: VendorId) -> [Option<DataFormat>; CODES] {
    let mut table = [None; CODES];
    let mut at = 0;
    while at < FORMATS.len() {
        let (key, format) = FORMATS[at];
        if (key >> 32) as u32 == vendor.0 {
            table[key as u32 as usize] = Some(format);
        }
        at += 1;
    }
    table
}

/// The format of an AVP of the built-in dictionary; see [`avp_key`](crate::wire::avp_key).
#[inline(always)]
pub fn format_of(key: u64) -> Option<DataFormat> {
    let code = key as u32 as usize;
    match VendorId((key >> 32) as u32) {
        VendorId::TGPP => TGPP.get(code).copied().flatten(),
        VendorId::NONE => IETF.get(code).copied().flatten(),
        _ => other_vendor(key),
    }
}

/// Reservation-Priority of ETSI, and little else.
#[cold]
fn other_vendor(key: u64) -> Option<DataFormat> {
    let found = FORMATS.binary_search_by_key(&key, |(key, _)| *key).ok()?;
    FORMATS.get(found).map(|(_, format)| *format)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dict::{Dictionary, avp, is_grouped},
        wire::{AvpFlags, CommandFlags, FormatError, Index, MessageBuf, avp_key},
    };

    #[test]
    fn every_avp_has_the_format_of_the_dictionary() {
        for spec in Dictionary::builtin().avps() {
            assert_eq!(format_of(spec.key()), Some(spec.format), "{}", spec.name);
        }
        for key in
            [avp_key(VendorId::NONE, u32::MAX), avp_key(VendorId(9), 1), u64::MAX, avp_key(VendorId::TGPP, 0)]
        {
            assert_eq!(format_of(key), None);
        }
    }

    #[test]
    fn values_are_read_by_their_format_and_checked() {
        let message = MessageBuf::build(265, CommandFlags::NONE, 1, Default::default(), |w| {
            w.put(&avp::SESSION_ID, "a");
            w.put(&avp::RESERVATION_PRIORITY, 5.into());
            w.group(&avp::FLOWS, |w| w.put(&avp::FLOW_NUMBER, 7));
            w.put_raw(77, VendorId(9), AvpFlags::NONE, b"x");
            w.put_raw(268, VendorId::NONE, AvpFlags::MANDATORY, b"abc");
        });
        let (message, mut index) = (message.unwrap(), Index::new());
        let message = message.parse(&mut index, is_grouped).unwrap();
        let values: Vec<_> = message.every_avp().map(Value::read).collect();
        let wrong = FormatError::Length { format: "Unsigned32", expected: 4, found: 3 };
        assert_eq!(values.len(), 6);
        assert_eq!(values[0], Ok(Value::Text("a")));
        assert_eq!(values[1], Ok(Value::Unsigned32(5)));
        assert_eq!(values[2], Ok(Value::Group));
        assert_eq!(values[3], Ok(Value::Octets(b"x")));
        assert!(matches!(values[4], Err(WireError::Value { key: 268, error, .. }) if error == wrong));
        assert_eq!(values[5], Ok(Value::Unsigned32(7)));
    }
}
