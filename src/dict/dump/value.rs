//! The data of one AVP as a value with its meaning.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use crate::wire::{TimeValue, VendorId};

use super::{
    super::{AvpSpec, DataFormat, Dictionary, Shown as Show, avp, result},
    Value,
};

/// A value, what it means, and what is wrong with it.
pub(super) struct Shown {
    pub value: Value,
    pub meaning: Option<String>,
    pub error: Option<String>,
}

impl Shown {
    pub fn plain(value: Value) -> Self {
        Self { value, meaning: None, error: None }
    }

    fn with_meaning(value: Value, meaning: Option<String>) -> Self {
        Self { value, meaning, error: None }
    }
}

/// Reads data by its AVP's format; `beside` is the Vendor-Id of the group that it stands in.
pub(super) fn show(dictionary: &Dictionary, spec: Option<&AvpSpec>, data: &[u8], beside: VendorId) -> Shown {
    let Some(spec) = spec else { return octets(data) };
    let read = match spec.format {
        DataFormat::OctetString | DataFormat::Grouped => octet_string(spec, data),
        DataFormat::Integer32 => {
            fixed(data).map(|o| Shown::plain(Value::Signed(i32::from_be_bytes(o).into())))
        }
        DataFormat::Integer64 => fixed(data).map(|o| Shown::plain(Value::Signed(i64::from_be_bytes(o)))),
        DataFormat::Unsigned32 | DataFormat::Enumerated => {
            fixed(data).map(|o| number(dictionary, spec, u32::from_be_bytes(o), beside))
        }
        DataFormat::Unsigned64 => fixed(data).map(|o| Shown::plain(Value::Unsigned(u64::from_be_bytes(o)))),
        DataFormat::Float32 => fixed(data).map(|o| float(&f32::from_be_bytes(o).to_string())),
        DataFormat::Float64 => fixed(data).map(|o| float(&f64::from_be_bytes(o).to_string())),
        DataFormat::Time => fixed(data).map(|o| {
            let time = TimeValue(u32::from_be_bytes(o));
            Shown::with_meaning(Value::Unsigned(time.0.into()), Some(date(time.to_unix())))
        }),
        DataFormat::Address => address(data).map(|text| Shown::plain(Value::Text(text))),
        DataFormat::Utf8String
        | DataFormat::DiameterIdentity
        | DataFormat::DiameterUri
        | DataFormat::IpFilterRule
        | DataFormat::QosFilterRule => {
            std::str::from_utf8(data).ok().map(|text| Shown::plain(Value::Text(text.to_owned())))
        }
    };
    read.unwrap_or_else(|| Shown { error: Some(format!("not the format {}", spec.format)), ..octets(data) })
}

fn fixed<const N: usize>(data: &[u8]) -> Option<[u8; N]> {
    data.try_into().ok()
}

/// Octets without a format; those that read as text say so.
fn octets(data: &[u8]) -> Shown {
    let text = data.len() > 1 && data.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ');
    let meaning = text.then(|| format!("\"{}\"", String::from_utf8_lossy(data)));
    Shown::with_meaning(Value::Octets(data.to_vec()), meaning)
}

fn octet_string(spec: &AvpSpec, data: &[u8]) -> Option<Shown> {
    let text = match spec.shown {
        Show::Hex => return Some(octets(data)),
        Show::Text => match std::str::from_utf8(data) {
            Ok(text) => text.to_owned(),
            // Text by custom only: other octets are no error.
            Err(_) => return Some(octets(data)),
        },
        Show::Ipv4 => Ipv4Addr::from(fixed::<4>(data)?).to_string(),
        Show::Ipv6 => Ipv6Addr::from(fixed::<16>(data)?).to_string(),
        Show::Ipv6Prefix => {
            let [_, length, prefix @ ..] = data else { return None };
            if *length > 128 || prefix.len() < usize::from(length.div_ceil(8)) {
                return None;
            }
            let mut address = [0; 16];
            address.get_mut(..prefix.len())?.copy_from_slice(prefix);
            format!("{}/{length}", Ipv6Addr::from(address))
        }
    };
    Some(Shown::plain(Value::Text(text)))
}

fn address(data: &[u8]) -> Option<String> {
    match data {
        [0, 1, address @ ..] => Some(Ipv4Addr::from(fixed::<4>(address)?).to_string()),
        [0, 2, address @ ..] => Some(Ipv6Addr::from(fixed::<16>(address)?).to_string()),
        [0, 8, number @ ..] => std::str::from_utf8(number).ok().map(|text| format!("E.164 {text}")),
        _ => None,
    }
}

/// A number by the digits that read back the same; JSON has none that are infinite or not a number.
fn float(digits: &str) -> Shown {
    let finite = digits.parse().ok().filter(|number: &f64| number.is_finite());
    Shown::plain(finite.map_or_else(|| Value::Text(digits.to_owned()), Value::Float))
}

fn number(dictionary: &Dictionary, spec: &AvpSpec, number: u32, beside: VendorId) -> Shown {
    let meaning = match spec.key() {
        key if key == avp::RESULT_CODE.key() => result::name(number).map(str::to_owned),
        key if key == avp::EXPERIMENTAL_RESULT_CODE.key() => {
            result::experimental_name(beside, number).map(str::to_owned)
        }
        key if key == avp::VENDOR_ID.key() || key == avp::SUPPORTED_VENDOR_ID.key() => {
            dictionary.vendor_name(VendorId(number)).map(str::to_owned)
        }
        key if key == avp::AUTH_APPLICATION_ID.key() || key == avp::ACCT_APPLICATION_ID.key() => {
            dictionary.application_name(number).map(str::to_owned)
        }
        _ => match spec.unit.as_deref() {
            Some("bits") => Some(bits(spec, number)),
            Some("s") => duration(number),
            _ => spec.value_name(number).map(str::to_owned),
        },
    };
    Shown::with_meaning(Value::Unsigned(number.into()), meaning)
}

/// A set of bits: the names of those that have one, and the whole in hexadecimal.
fn bits(spec: &AvpSpec, number: u32) -> String {
    let named = spec.values.iter().filter(|item| item.value != 0 && number & item.value == item.value);
    named.fold(format!("{number:#x}"), |text, item| format!("{text} {}", item.name))
}

/// Seconds as hours, minutes and seconds, from a minute on.
fn duration(seconds: u32) -> Option<String> {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => None,
        (0, _) => Some(format!("{minutes} min {rest} s")),
        _ => Some(format!("{hours} h {minutes} min {rest} s")),
    }
}

/// Seconds since 1970 as date and time in UTC (ISO 8601).
pub fn date(unix: i64) -> String {
    let (days, second) = (unix.div_euclid(86_400), unix.rem_euclid(86_400));
    // Eras of 400 years that begin on a 1 March, so that the leap day is the last of a year.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Octets in hexadecimal behind `0x`; nothing for none.
pub(super) struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_both_ntp_eras_are_right() {
        for (unix, text) in [
            (-61_505_152, "1968-01-20T03:14:08Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_704_067_199, "2023-12-31T23:59:59Z"),
            (2_085_978_496, "2036-02-07T06:28:16Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(date(unix), text);
        }
        assert_eq!(date(TimeValue::from_unix(2_085_978_496).to_unix()), "2036-02-07T06:28:16Z");
    }
}
