//! The data of an AVP that no field exists for, by the type that a dictionary or a template gives it.

use std::net::IpAddr;

use super::{ValueError, octets_of_hex};
use crate::dict::{AvpSpec, DataFormat, EnumItem, same_name};

/// Deepest that Grouped AVPs may be nested, in a template and in a request.
pub const MAX_CUSTOM_DEPTH: usize = 8;

/// What decides how a text becomes the data of an AVP.
#[derive(Clone, Copy, Debug)]
pub struct AvpType<'a> {
    /// Name, for messages.
    pub name: &'a str,
    /// Format of the data.
    pub format: DataFormat,
    /// Named values; with any, no other value is accepted.
    pub values: &'a [EnumItem],
    /// Least and most octets of data, where they are narrower than the format.
    pub length: Option<(u32, u32)>,
}

impl<'a> From<&'a AvpSpec> for AvpType<'a> {
    fn from(spec: &'a AvpSpec) -> Self {
        Self { name: &spec.name, format: spec.format, values: &spec.values, length: spec.length }
    }
}

/// A value's text as the data of an AVP: the type decides. A Grouped AVP has no text.
pub fn custom_data(text: &str, of: AvpType<'_>) -> Result<Vec<u8>, ValueError> {
    let data = if of.values.is_empty() { plain(text, of.format) } else { Some(named(text, of)?) };
    let data = data.ok_or_else(|| {
        let range = match of.format {
            DataFormat::Time => "seconds since 1900-01-01",
            DataFormat::Address => "an IPv4 or IPv6 address",
            DataFormat::DiameterIdentity => "a host or realm name",
            DataFormat::DiameterUri => "a URI with aaa:// or aaas://",
            _ => "a value of this type and range",
        };
        ValueError::accepted(format!("{range}: {} is a {}", of.name, of.format))
    })?;
    match of.length {
        Some((least, most)) if !(least as usize..=most as usize).contains(&data.len()) => {
            let what = format!("{least} to {most} octets: {} is no longer and no shorter", of.name);
            Err(ValueError::accepted(what))
        }
        _ => Ok(data),
    }
}

/// A value of an enumeration, by name or by one of its numbers.
fn named(text: &str, of: AvpType<'_>) -> Result<Vec<u8>, ValueError> {
    let by_name = of.values.iter().find(|item| same_name(&item.name, text));
    let item = by_name.or_else(|| {
        let number = text.parse::<u32>().ok()?;
        of.values.iter().find(|item| item.value == number)
    });
    let Some(item) = item else {
        let names: Vec<&str> = of.values.iter().map(|item| &*item.name).collect();
        return Err(ValueError::Choice(names.join(", ")));
    };
    let value = item.value.to_be_bytes();
    // Eight octets where the dictionary names values of a 64-bit type.
    Ok(match of.format.size() {
        Some(8) => [[0; 4], value].concat(),
        _ => value.to_vec(),
    })
}

fn plain(text: &str, format: DataFormat) -> Option<Vec<u8>> {
    fn number<T: std::str::FromStr, const N: usize>(text: &str, octets: fn(T) -> [u8; N]) -> Option<Vec<u8>> {
        text.parse().ok().map(|value| octets(value).to_vec())
    }
    match format {
        DataFormat::OctetString => match text.strip_prefix("hex:") {
            Some(digits) => octets_of_hex(digits),
            None => Some(text.as_bytes().to_vec()),
        },
        DataFormat::Utf8String | DataFormat::IpFilterRule | DataFormat::QosFilterRule => {
            Some(text.as_bytes().to_vec())
        }
        DataFormat::DiameterIdentity => {
            let legal = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_');
            (!text.is_empty() && text.bytes().all(legal)).then(|| text.as_bytes().to_vec())
        }
        DataFormat::DiameterUri => {
            let host = text.strip_prefix("aaa://").or_else(|| text.strip_prefix("aaas://"))?;
            (!host.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic()))
                .then(|| text.as_bytes().to_vec())
        }
        DataFormat::Unsigned32 | DataFormat::Time => number(text, u32::to_be_bytes),
        DataFormat::Integer32 | DataFormat::Enumerated => number(text, i32::to_be_bytes),
        DataFormat::Unsigned64 => number(text, u64::to_be_bytes),
        DataFormat::Integer64 => number(text, i64::to_be_bytes),
        DataFormat::Float32 => {
            text.parse().ok().filter(|value: &f32| value.is_finite()).map(|it| it.to_be_bytes().to_vec())
        }
        DataFormat::Float64 => {
            text.parse().ok().filter(|value: &f64| value.is_finite()).map(|it| it.to_be_bytes().to_vec())
        }
        DataFormat::Address => text.parse().ok().map(|address| match address {
            IpAddr::V4(address) => [&[0, 1], &address.octets()[..]].concat(),
            IpAddr::V6(address) => [&[0, 2], &address.octets()[..]].concat(),
        }),
        DataFormat::Grouped => None,
    }
}
