//! Texts with a form of their own: application identifiers and service names.

use std::borrow::Cow;

use super::ValueError;

/// AF-Application-Identifier: always the octets of the text; what looks like hexadecimal digits is text too,
/// unless it says `hex:` before them.
pub fn application_identifier(text: &str) -> Result<Cow<'_, [u8]>, ValueError> {
    let Some(digits) = text.strip_prefix("hex:") else { return Ok(text.as_bytes().into()) };
    let octets = octets_of_hex(digits);
    octets.map(Cow::Owned).ok_or_else(|| {
        ValueError::accepted("an even number of hexadecimal digits after hex:, or a text without it")
    })
}

/// Octets written as pairs of hexadecimal digits; at least one.
pub fn octets_of_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    let octet = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    (!text.is_empty()).then(|| pairs.map(octet).collect()).flatten()
}

/// Service-URN: what stands after `urn:service:`, which may be left out (RFC 5031 §4.1).
pub fn service_urn(text: &str) -> Result<&str, ValueError> {
    let prefix = text.get(.."urn:service:".len()).filter(|start| start.eq_ignore_ascii_case("urn:service:"));
    let label = text.get(prefix.map_or(0, str::len)..).unwrap_or_default();
    let is_label = |label: &str| {
        let legal = label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        legal && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    match label.split('.').all(is_label) {
        true => Ok(label),
        false => Err(ValueError::accepted(
            "a service such as sos, sos.fire or counseling.children (RFC 5031 §4.1)",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_are_text_unless_they_say_otherwise() {
        assert_eq!(application_identifier("654321").as_deref(), Ok(&b"654321"[..]));
        assert_eq!(application_identifier("hex:6543aF").as_deref(), Ok(&[0x65, 0x43, 0xaf][..]));
        for text in ["hex:", "hex:1", "hex:1g", "hex:é1"] {
            assert!(application_identifier(text).is_err(), "{text}");
        }
    }

    #[test]
    fn services_are_dotted_labels() {
        assert_eq!(service_urn("sos.animal-control"), Ok("sos.animal-control"));
        assert_eq!(service_urn("URN:Service:sos"), Ok("sos"));
        for text in ["", "urn:service:", "sos.", "sos..fire", "-sos", "sos fire", "søs"] {
            assert!(service_urn(text).is_err(), "{text}");
        }
    }
}
