//! RARs that were acted on, known by their session: what was stored just before the process died, and is sent once
//! more to the next one because no RAA left, is no second report (RFC 6733 §3, §5.5.4).
//!
//! What is sent once more to the same process never comes this far: `peer` repeats the answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::ports::Sending;

/// RARs known of a session, at most: few are under way at the moment when a process dies.
const MOST: usize = 4;

/// How long one is known. End-to-End Identifiers are unique for four minutes (RFC 6733 §3).
const KEEP: Duration = Duration::from_secs(240);

/// The latest RARs that changed or reported something about a session, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KnownRars(Vec<KnownRar>);

/// A digest of its sender and identifier, and when it came: seconds since 1970. Not by names, which would be longer
/// than both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KnownRar(u64, u64);

impl KnownRars {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is one of them, sent once more.
    ///
    /// Without the T bit it is none of them: who sends again what had no answer must set it (RFC 6733 §3), and who
    /// counts anew after a restart, and does not, has something new to report. `peer` takes equal AVPs for a
    /// repetition, too; these are not stored.
    pub fn is_repeated(&self, now: SystemTime, origin_host: &str, sending: Sending) -> bool {
        let (digest, now) = (digest(origin_host, sending.end_to_end), seconds(now));
        sending.retransmit && self.0.iter().any(|known| known.0 == digest && known.is_recent(now))
    }

    /// One more that was acted on.
    pub fn add(&mut self, now: SystemTime, origin_host: &str, sending: Sending) {
        let (digest, now) = (digest(origin_host, sending.end_to_end), seconds(now));
        self.0.retain(|known| known.0 != digest && known.is_recent(now));
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(KnownRar(digest, now));
    }
}

impl KnownRar {
    /// The clock of the process before may have been ahead.
    fn is_recent(self, now: u64) -> bool {
        self.1.abs_diff(now) < KEEP.as_secs()
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// FNV-1a: what the standard library's hasher says may be something else in the next build.
fn digest(origin_host: &str, end_to_end: u32) -> u64 {
    let octets = origin_host.bytes().map(|octet| octet.to_ascii_lowercase()).chain(end_to_end.to_be_bytes());
    octets.fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn sending(end_to_end: u32) -> Sending {
        Sending { end_to_end, retransmit: true }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn known(end_to_ends: impl IntoIterator<Item = u32>) -> KnownRars {
        let mut known = KnownRars::default();
        end_to_ends.into_iter().for_each(|end_to_end| known.add(at(1_000), "a.net", sending(end_to_end)));
        known
    }

    #[test]
    fn a_repetition_has_the_host_the_identifier_and_the_t_bit() {
        let known = known([7]);
        assert!(known.is_repeated(at(1_000), "A.net", sending(7)));
        assert!(!known.is_repeated(at(1_000), "b.net", sending(7)));
        assert!(!known.is_repeated(at(1_000), "a.net", sending(8)));
        assert!(!known.is_repeated(at(1_000), "a.net", Sending { retransmit: false, ..sending(7) }));
    }

    #[test]
    fn an_identifier_is_known_for_four_minutes() {
        let mut known = known([7]);
        assert!(known.is_repeated(at(1_239), "a.net", sending(7)));
        assert!(!known.is_repeated(at(1_240), "a.net", sending(7)));
        // The clock was set back meanwhile.
        assert!(known.is_repeated(at(900), "a.net", sending(7)));
        known.add(at(1_240), "a.net", sending(8));
        assert_eq!(known.0.len(), 1, "what is too old is not kept");
    }

    #[test]
    fn the_latest_are_kept() {
        let known = known(1..=6);
        let repeated: Vec<_> =
            (1..=6).filter(|number| known.is_repeated(at(1_000), "a.net", sending(*number))).collect();
        assert_eq!(repeated, [3, 4, 5, 6]);
    }

    #[test]
    fn an_identifier_that_is_used_anew_is_known_from_then_on() {
        let mut known = known([7]);
        known.add(at(1_200), "a.net", Sending { retransmit: false, ..sending(7) });
        assert!(known.is_repeated(at(1_400), "a.net", sending(7)));
        assert_eq!(known.0.len(), 1);
    }

    #[test]
    fn the_digest_is_the_same_in_every_build() {
        // A test vector of FNV-1a: foobar.
        assert_eq!(digest("FO", u32::from_be_bytes(*b"obar")), 0x8594_4171_f739_67e8);
    }
}
