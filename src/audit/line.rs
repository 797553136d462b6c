//! One line: how it is written, and what it is if it is read.

use std::{
    borrow::Cow,
    fmt,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, IgnoredAny},
};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{Entry, entry::What};
use crate::dict::dump::date;

/// Longest line. Octets; what is longer was not written by an audit log.
pub const MAX_LINE: usize = 64 * 1024;

/// How a line begins.
pub(super) const BEGINNING: &[u8] = b"{\"seq\":";
/// How the last member begins, which the hash is not of.
const HASH: &[u8] = b",\"hash\":\"";
/// How a line ends after the hash.
const END: &[u8] = b"\"}";

/// SHA-256 (FIPS 180-4) of a line. Written in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first line of a chain has as the one before.
    pub const NONE: Self = Self([0; 32]);

    /// The hash of these octets.
    pub fn of(octets: &[u8]) -> Self {
        Self(Sha256::digest(octets).into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a hash has 64 hexadecimal digits in lower case";
        let digit = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(WRONG),
        };
        let (pairs, rest) = text.as_bytes().as_chunks();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(WRONG);
        }
        let mut hash = [0; 32];
        for (octet, [high, low]) in hash.iter_mut().zip(pairs) {
            *octet = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(hash))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Where a chain stands: its last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number, from 1; 0: there is none.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

#[derive(Serialize)]
struct Written<'a> {
    seq: u64,
    time: String,
    #[serde(flatten)]
    what: &'a What,
    previous: Hash,
}

impl Head {
    /// Before the first line.
    pub const NONE: Self = Self { seq: 0, hash: Hash::NONE };

    /// Appends the next line, which becomes the head, with its end.
    pub fn append(&mut self, entry: &Entry, text: &mut String) {
        let written =
            Written { seq: self.seq + 1, time: shown(entry.at), what: &entry.what, previous: self.hash };
        let mut line = serde_json::to_string(&written).expect("its members have a form in JSON");
        // The brace comes after the hash.
        line.pop();
        *self = Self { seq: written.seq, hash: Hash::of(line.as_bytes()) };
        text.push_str(&line);
        text.push_str(&format!(",\"hash\":\"{}\"}}\n", self.hash));
    }
}

/// In UTC with milliseconds (RFC 3339).
fn shown(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = date(i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), since.subsec_millis())
}

/// Why something is no line, or not as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Wrong {
    /// It may be a piece of one: it is not even JSON, which no piece is.
    #[error("does not end as a line of an audit log does")]
    Piece,
    #[error("lacks members that every line of an audit log has")]
    Members,
    #[error("has another hash than its text")]
    Hash,
    #[error("is longer than any line of an audit log")]
    Long,
}

/// A line that was read, and is as it was written.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    pub seq: u64,
    #[serde(borrow)]
    pub time: Cow<'a, str>,
    #[serde(borrow)]
    pub operation: Cow<'a, str>,
    pub previous: Hash,
    pub hash: Hash,
    /// Of the torn or altered lines before.
    pub octets: Option<u64>,
    /// Of the torn or altered lines before.
    pub sha256: Option<Hash>,
    /// Of lines that are lost.
    pub count: Option<u64>,
}

impl<'a> Line<'a> {
    /// Reads a line without its end.
    pub fn read(octets: &'a [u8]) -> Result<Self, Wrong> {
        let without_end = octets.strip_suffix(END).unwrap_or_default();
        let hashed = without_end.split_last_chunk::<64>().and_then(|(rest, _)| rest.strip_suffix(HASH));
        let Some(hashed) = hashed else {
            let is_json = serde_json::from_slice::<IgnoredAny>(octets).is_ok();
            return Err(if is_json { Wrong::Members } else { Wrong::Piece });
        };
        let line: Self = serde_json::from_slice(octets).map_err(|_| Wrong::Members)?;
        if line.hash == Hash::of(hashed) { Ok(line) } else { Err(Wrong::Hash) }
    }

    /// What the next line has to follow.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }

    /// The one that it says it comes after.
    pub fn follows(&self, head: Head) -> bool {
        self.previous == head.hash && head.seq.checked_add(1) == Some(self.seq)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::audit::{Mark, Operation};

    fn line(head: &mut Head, what: impl Into<What>) -> String {
        let mut text = String::new();
        let at = UNIX_EPOCH + Duration::from_millis(951_782_399_007);
        head.append(&Entry { at, what: what.into() }, &mut text);
        text
    }

    #[test]
    fn a_line_has_its_number_the_hash_before_and_its_own_at_the_end() {
        let mut head = Head::NONE;
        let first = line(&mut head, Mark::Start { version: "1" });
        let zeros = "0".repeat(64);
        let hashed = format!(
            r#"{{"seq":1,"time":"2000-02-28T23:59:59.007Z","operation":"start","version":"1","previous":"{zeros}""#
        );
        assert_eq!(first, format!("{hashed},\"hash\":\"{}\"}}\n", Hash::of(hashed.as_bytes())));
        let operation = Operation { operation: "reload".into(), listener: "signal", ..Operation::default() };
        let before = head;
        let second = line(&mut head, operation);
        assert!(second.starts_with(
            r#"{"seq":2,"time":"2000-02-28T23:59:59.007Z","operation":"reload","listener":"signal","outcome":"unanswered","#
        ), "{second}");
        let read = Line::read(second.trim_end().as_bytes()).unwrap();
        assert!(read.follows(before) && read.head() == head);
    }

    #[test]
    fn every_octet_of_a_line_counts() {
        let mut head = Head::NONE;
        let text = line(&mut head, Mark::Lost { count: 3 });
        let text = text.trim_end().as_bytes();
        let read = Line::read(text).unwrap();
        assert_eq!((read.seq, &*read.operation, read.count, read.hash), (1, "lost", Some(3), head.hash));
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut changed = text.to_vec();
                changed[at] ^= 1 << bit;
                assert!(Line::read(&changed).is_err(), "{}", String::from_utf8_lossy(&changed));
            }
            assert!(Line::read(&text[..at]).is_err());
            assert!(Line::read(&text[at + 1..]).is_err());
        }
    }

    #[test]
    fn a_hash_is_64_digits() {
        let hash = Hash::of(b"abc");
        // FIPS 180-4, the example of one block.
        assert_eq!(hash.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for wrong in [
            "",
            "ba",
            &hash.to_string().to_uppercase(),
            &format!("{hash}0"),
            &"g".repeat(64),
            &"ä".repeat(32),
        ] {
            assert!(wrong.parse::<Hash>().is_err(), "{wrong}");
        }
    }
}
