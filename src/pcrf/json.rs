//! What the control API reads: enumerations by name or number, octets in hexadecimal, errors that list what is
//! accepted.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use crate::dict::enums::{
    AbortCause, AnTrusted, DisconnectCause, FinalUnitAction, IpCanType, RatType, SpecificAction,
};

/// Reads JSON; the error has line, column, and what is accepted there.
pub(super) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    // No body is an empty object: everything optional left out.
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

/// Reads a list, or a single element as a list of one.
pub(super) fn read_list<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<Vec<T>, String> {
    match body.trim_ascii_start().first() {
        Some(b'{') => read(body).map(|one| vec![one]),
        _ => serde_json::from_slice(body).map_err(|error| error.to_string()),
    }
}

/// An enumeration that may be given by its name or its number.
pub(super) trait Named: Sized + From<u32> + Copy + 'static {
    /// Its values with names.
    const NAMED: &'static [(Self, &'static str)];

    /// The value of a name.
    fn from_name(name: &str) -> Option<Self>;

    /// Reads a name or a number.
    fn from_value(value: &Value) -> Result<Self, String> {
        let found = match value {
            Value::Number(number) => {
                number.as_u64().and_then(|number| u32::try_from(number).ok()).map(Self::from)
            }
            Value::String(name) => Self::from_name(name),
            _ => None,
        };
        found.ok_or_else(|| {
            let names: Vec<_> = Self::NAMED.iter().map(|(_, name)| *name).collect();
            format!(
                "{value} is not accepted here: give one of {}, or a number from 0 to 4294967295",
                names.join(", ")
            )
        })
    }
}

macro_rules! named {
    ($($name:ident)*) => {$(
        impl Named for $name {
            const NAMED: &'static [(Self, &'static str)] = Self::NAMED;

            fn from_name(name: &str) -> Option<Self> {
                Self::from_name(name)
            }
        }
    )*};
}

named! { AbortCause AnTrusted DisconnectCause FinalUnitAction IpCanType RatType SpecificAction }

/// One value, for `#[serde(deserialize_with)]`.
pub(super) fn named<'de, T: Named, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::from_value(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// One value or none.
pub(super) fn some_named<'de, T: Named, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    named(deserializer).map(Some)
}

/// A list of values.
pub(super) fn all_named<'de, T: Named, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let values = Vec::<Value>::deserialize(deserializer)?;
    values.iter().map(|value| T::from_value(value).map_err(D::Error::custom)).collect()
}

/// Octets in hexadecimal.
pub(super) fn hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let octets = text.as_bytes().chunks(2).map(|pair| match *pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    octets.collect::<Option<Vec<u8>>>().ok_or_else(|| {
        D::Error::custom(format!(
            "\"{text}\" is no octets: give two hexadecimal digits for each, as \"0a1b\""
        ))
    })
}

/// Octets in hexadecimal, or none.
pub(super) fn some_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    hex(deserializer).map(Some)
}
