//! Values of DER (ITU-T X.690 §8): only what is needed of it, definite lengths, one value after the other.

pub(super) const SEQUENCE: u8 = 0x30;

/// Octets that a length may take; with them it is below 4 GiB.
const LENGTH_OCTETS: usize = 4;

/// The content of the value with this tag that the octets begin with, and what follows it.
pub(super) fn value(octets: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = octets.split_first_chunk::<2>()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        // The length of the length.
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let mut wide = [0; LENGTH_OCTETS];
            wide.iter_mut().rev().zip(length.iter().rev()).for_each(|(wide, octet)| *wide = *octet);
            (usize::try_from(u32::from_be_bytes(wide)).ok()?, rest)
        }
        _ => return None,
    };
    (found == tag).then(|| rest.split_at_checked(length)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_up_to_four_octets_and_stays_within_what_is_there() {
        for (octets, content) in [
            (&b"\x30\x01ab"[..], Some((&b"a"[..], &b"b"[..]))),
            (b"\x30\x81\x01ab", Some((b"a", b"b"))),
            (b"\x30\x82\x00\x01ab", Some((b"a", b"b"))),
            (b"\x30\x83\x00\x00\x02ab", Some((b"ab", b""))),
            (b"\x30\x84\x00\x00\x00\x02ab", Some((b"ab", b""))),
            (b"\x30\x84\xff\xff\xff\xffab", None),
            (b"\x30\x85\x00\x00\x00\x00\x01a", None),
            (b"\x30\x80ab", None),
            (b"\x31\x01ab", None),
            (b"\x30\x83\x00", None),
            (b"\x30", None),
        ] {
            assert_eq!(value(octets, SEQUENCE), content, "{octets:?}");
        }
    }
}
