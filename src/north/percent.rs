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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_a_query_is_encoded() {
        assert_eq!(encoded(r"tel:\+?49.*"), "tel%3A%5C%2B%3F49.%2A");
        assert_eq!(encoded("a&b=ü"), "a%26b%3D%C3%BC");
    }
}
