//! Texts in URLs (RFC 3986 §2.1).

/// Percent-encodes all but the characters that never need it (RFC 3986 §2.3).
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

/// Takes percent-encoding off; what is none stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    let digit = |octet: Option<&u8>| octet.and_then(|octet| char::from(*octet).to_digit(16));
    let (mut rest, mut out) = (text.as_bytes(), Vec::with_capacity(text.len()));
    while let Some((&octet, more)) = rest.split_first() {
        let pair = digit(more.first()).zip(digit(more.get(1)));
        match pair.and_then(|(high, low)| u8::try_from(high << 4 | low).ok()) {
            Some(decoded) if octet == b'%' => {
                out.push(decoded);
                rest = more.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(octet);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_a_query_is_encoded() {
        assert_eq!(encoded(r"tel:\+?49.*"), "tel%3A%5C%2B%3F49.%2A");
        assert_eq!(encoded("a&b=ü"), "a%26b%3D%C3%BC");
    }

    #[test]
    fn what_was_encoded_comes_back() {
        for text in ["tel:+49 1", "a&b=ü%", "100%", "%4", ""] {
            assert_eq!(decoded(&encoded(text)), text);
        }
        assert_eq!(decoded("%zz%4%"), "%zz%4%");
        assert_eq!(decoded("%FF"), "\u{fffd}");
    }
}
