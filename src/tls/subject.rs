//! The common name in the subject of a certificate (RFC 5280 §4.1.2.6).

use super::der::{SEQUENCE, value};

/// id-at-commonName, 2.5.4.3 (RFC 5280 appendix A.1).
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// UTF8String, PrintableString, TeletexString, IA5String: those that are read as UTF-8, of which ASCII is a part.
const TEXTS: [u8; 4] = [0x0c, 0x13, 0x14, 0x16];

/// The first common name in the content of a Name; `None` if there is none that can be read.
pub(super) fn common_name(mut name: &[u8]) -> Option<String> {
    while !name.is_empty() {
        let (set, rest) = value(name, SET)?;
        name = rest;
        let mut attributes = set;
        while !attributes.is_empty() {
            let (attribute, rest) = value(attributes, SEQUENCE)?;
            attributes = rest;
            let (kind, text) = value(attribute, OBJECT_IDENTIFIER)?;
            if kind == COMMON_NAME {
                let (text, _) = TEXTS.iter().find_map(|tag| value(text, *tag))?;
                return std::str::from_utf8(text).ok().filter(|text| !text.is_empty()).map(str::to_owned);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `C=DE, CN=video`.
    const NAME: &[u8] =
        b"\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02DE\x31\x0e\x30\x0c\x06\x03\x55\x04\x03\x0c\x05video";

    #[test]
    fn the_common_name_is_found_behind_others() {
        assert_eq!(common_name(NAME).as_deref(), Some("video"));
        assert_eq!(common_name(&NAME[13..]).as_deref(), Some("video"));
        assert_eq!(common_name(&NAME[..13]), None);
    }

    #[test]
    fn a_name_that_is_cut_or_changed_is_read_or_not_but_never_beyond_its_end() {
        for end in 0..NAME.len() {
            assert_eq!(common_name(&NAME[..end]), None, "{end}");
        }
        for at in 0..NAME.len() {
            for octet in [0, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff] {
                let mut changed = NAME.to_vec();
                changed[at] = octet;
                // Whatever it is, it is no more than there is.
                assert!(common_name(&changed).is_none_or(|name| name.len() <= NAME.len()));
            }
        }
    }
}
