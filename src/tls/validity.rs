//! Own certificates and CRLs that do not hold now, or not for long (RFC 5280 §4.1.2.5, §5.1.2.5).
//!
//! They can be read, so nothing is refused for them; but the other side refuses what is out of date.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use super::{
    Identity, Trust,
    der::{SEQUENCE, value},
};

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The version of a certificate (RFC 5280 §4.1).
const VERSION: u8 = 0xa0;

/// Seconds.
const DAY: i64 = 86_400;

/// What is left of a certificate when its end is told. Days.
const SOON: i64 = 30;

/// Before 1970-01-01 in the calendar of today (ISO 8601). Days.
const BEFORE_1970: i64 = 719_162;

/// A file that can be used, and is not as it should be, or will not be accepted, now or soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Which.
    pub file: PathBuf,
    /// What is wrong with it, with the date.
    pub text: String,
    /// What to do.
    pub hint: String,
}

impl Doubt {
    /// Of an authority in this file, with this subject, that has no CRL although others have.
    pub(super) fn without_list(file: &Path, subject: &[u8]) -> Self {
        let name = super::subject::common_name(subject).unwrap_or_else(|| "without a common name".into());
        Self {
            file: file.to_owned(),
            text: format!("none of the CRLs is of its authority {name:?}"),
            hint: "add one: with CRLs every certificate of an authority without a current one is refused"
                .into(),
        }
    }
}

/// A certificate or a CRL that does not hold for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    /// Where it is.
    pub file: PathBuf,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// With its place in the chain, from 0 on.
    Certificate(usize, Validity),
    /// With its next update.
    List(Time),
}

impl Identity {
    /// The certificates of the chain.
    pub fn dated(&self) -> Vec<Dated> {
        let chain = self.certified.cert.iter().enumerate();
        let dated = chain.filter_map(|(before, certificate)| {
            let what = What::Certificate(before, Validity::of(certificate)?);
            Some(Dated { file: self.file.clone(), what })
        });
        dated.collect()
    }
}

impl Trust {
    /// The CRLs.
    pub fn dated(&self) -> Vec<Dated> {
        let lists = self.next_updates.iter();
        lists.map(|(file, next)| Dated { file: file.clone(), what: What::List(*next) }).collect()
    }
}

impl Dated {
    /// What is to be said at this time: that a certificate is not valid, or ends soon; that a CRL is past its next update.
    pub fn doubt(&self, now: SystemTime) -> Option<Doubt> {
        let now = seconds(now);
        let (text, hint) = match self.what {
            What::Certificate(before, validity) => {
                let (says, hint) = validity.doubt(now)?;
                let which = match before {
                    0 => "first certificate".into(),
                    _ => format!("certificate {}", before.saturating_add(1)),
                };
                (format!("its {which} {says}"), hint)
            }
            What::List(next) if next.since_epoch() < now => (
                format!("has a CRL that is out of date since {next}"),
                "get a new one: with this one every certificate of its authority is refused",
            ),
            What::List(_) => return None,
        };
        Some(Doubt { file: self.file.clone(), text, hint: hint.into() })
    }

    /// The end of a certificate, in seconds since 1970; `None` of a CRL.
    pub fn expiry(&self) -> Option<i64> {
        match self.what {
            What::Certificate(_, validity) => Some(validity.not_after.since_epoch()),
            What::List(_) => None,
        }
    }
}

/// From when to when a certificate is valid, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Validity {
    not_before: Time,
    not_after: Time,
}

impl Validity {
    /// Of a certificate; `None` if it cannot be read.
    fn of(certificate: &[u8]) -> Option<Self> {
        let (certificate, _) = value(certificate, SEQUENCE)?;
        let (signed, _) = value(certificate, SEQUENCE)?;
        let after_version = value(signed, VERSION).map_or(signed, |(_, rest)| rest);
        let (_serial, rest) = value(after_version, INTEGER)?;
        let (_signature, rest) = value(rest, SEQUENCE)?;
        let (_issuer, rest) = value(rest, SEQUENCE)?;
        let (validity, _) = value(rest, SEQUENCE)?;
        let (not_before, rest) = Time::read(validity)?;
        let (not_after, _) = Time::read(rest)?;
        Some(Self { not_before, not_after })
    }

    /// What is to be said of it at this time, and what to do; `now` is in seconds since 1970.
    fn doubt(self, now: i64) -> Option<(String, &'static str)> {
        let Self { not_before, not_after } = self;
        let left = not_after.since_epoch().saturating_sub(now);
        if left < 0 {
            return Some((
                format!("expired on {not_after}"),
                "renew it: whoever checks it refuses every new connection",
            ));
        }
        if now < not_before.since_epoch() {
            return Some((
                format!("is not valid before {not_before}"),
                "have one made that is valid now, or set the clock of this machine: until then whoever checks it \
                 refuses every new connection",
            ));
        }
        let days = match left / DAY {
            0 => "less than a day".into(),
            1 => "1 day".into(),
            days => format!("{days} days"),
        };
        (left <= SOON * DAY).then(|| {
            (
                format!("expires in {days}, on {not_after}"),
                "renew it before: afterwards whoever checks it refuses every new connection",
            )
        })
    }
}

/// When a CRL is to be replaced; `None`: it does not say, or cannot be read.
pub(super) fn next_update(list: &[u8]) -> Option<Time> {
    let signed = signed_list(list)?;
    let after_version = value(signed, INTEGER).map_or(signed, |(_, rest)| rest);
    let (_signature, rest) = value(after_version, SEQUENCE)?;
    let (_issuer, rest) = value(rest, SEQUENCE)?;
    let (_this_update, rest) = Time::read(rest)?;
    Time::read(rest).map(|(next, _)| next)
}

/// What to say of a CRL that was refused for this.
pub(super) fn unreadable(list: &[u8], error: &webpki::Error) -> String {
    // Only from version 2 on it begins with its version (RFC 5280 §5.1.2.1).
    match signed_list(list).is_some_and(|signed| value(signed, SEQUENCE).is_some()) {
        true => "has a CRL of version 1; accepted is version 2 with a CRL number (RFC 5280 §5), which `openssl ca \
                 -gencrl` makes with `crlnumber` and `crl_extensions` in openssl.cnf"
            .into(),
        false => format!("has a CRL that cannot be read: {}", super::reason::words(error)),
    }
}

fn signed_list(list: &[u8]) -> Option<&[u8]> {
    let (list, _) = value(list, SEQUENCE)?;
    value(list, SEQUENCE).map(|(signed, _)| signed)
}

/// A point in time, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    year: i64,
    /// From 1 on.
    month: i64,
    /// From 1 on.
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

impl Time {
    /// A UTCTime or GeneralizedTime in the form that certificates use (RFC 5280 §4.1.2.5), and what follows it.
    fn read(octets: &[u8]) -> Option<(Self, &[u8])> {
        let (year, digits, rest) = match value(octets, UTC_TIME) {
            Some((text, rest)) => {
                let (year, digits) = number(text)?;
                (if year < 50 { 2000 + year } else { 1900 + year }, digits, rest)
            }
            None => {
                let (text, rest) = value(octets, GENERALIZED_TIME)?;
                let (century, digits) = number(text)?;
                let (year, digits) = number(digits)?;
                (100 * century + year, digits, rest)
            }
        };
        let (month, digits) = number(digits)?;
        let (day, digits) = number(digits)?;
        let (hour, digits) = number(digits)?;
        let (minute, digits) = number(digits)?;
        let (second, zone) = number(digits)?;
        let time = Self { year, month, day, hour, minute, second };
        let exists = (1..=12).contains(&month)
            && (1..=days_before(year, month + 1) - days_before(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        (exists && zone == b"Z").then_some((time, rest))
    }

    /// Seconds; less than 0 before 1970.
    fn since_epoch(self) -> i64 {
        let days = days_before(self.year, self.month) + self.day - 1 - BEFORE_1970;
        ((days * 24 + self.hour) * 60 + self.minute) * 60 + self.second
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, .. } = self;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
    }
}

/// Two decimal digits, and what follows them.
fn number(text: &[u8]) -> Option<(i64, &[u8])> {
    let (&[tens, ones], rest) = text.split_first_chunk::<2>()?;
    let digit = |octet: u8| char::from(octet).to_digit(10).map(i64::from);
    Some((10 * digit(tens)? + digit(ones)?, rest))
}

/// Days from the beginning of the year 1 to that of a month; the 13th is January of the next year.
fn days_before(year: i64, month: i64) -> i64 {
    let past = year - 1;
    let years = 365 * past + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let months: i64 = (1..month)
        .map(|month| match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        })
        .sum();
    years + months
}

/// Since 1970; a time before it is the beginning of 1970.
fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(since).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
