//! Content-Type and Accept: what a client may send and must be able to take.

use axum::http::{HeaderMap, header};

use super::ApiError;

/// Whether the body says of itself that it is JSON; one that says nothing is taken for it.
pub(super) fn is_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf_8 = |charset: &str| {
        let charset = charset.trim_matches('"');
        charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("us-ascii")
    };
    let is_readable = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => is_utf_8(charset.trim()),
        _ => true,
    });
    if is_json && is_readable { Ok(()) } else { Err(ApiError::NotJson) }
}

/// Whether the client takes JSON (RFC 9110 §12.5.1); the most specific range that fits counts.
pub(super) fn accepts_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let mut best = None::<(usize, bool)>;
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    for range in values.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let rank = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "application/json" => 2,
            "application/*" => 1,
            "*/*" => 0,
            _ => {
                best = best.or(Some((0, false)));
                continue;
            }
        };
        let quality =
            parts.find_map(|parameter| parameter.strip_prefix("q=").or(parameter.strip_prefix("Q=")));
        let wanted = quality.is_none_or(|quality| quality.parse::<f32>().is_ok_and(|quality| quality > 0.0));
        if best.is_none_or(|(known, accepted)| rank > known || rank == known && !accepted) {
            best = Some((rank, wanted));
        }
    }
    if best.is_none_or(|(_, wanted)| wanted) { Ok(()) } else { Err(ApiError::NotAcceptable) }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn accept_is_judged_by_its_most_specific_range() {
        for (value, accepted) in [
            ("*/*", true),
            ("application/*", true),
            ("Application/JSON", true),
            ("text/html, application/json;q=0.1", true),
            ("text/html, */*;q=0.5", true),
            ("text/html", false),
            ("application/json;q=0", false),
            ("application/json;q=0, */*", false),
            ("*/*;q=0, application/json", true),
        ] {
            assert_eq!(accepts_json(&with(header::ACCEPT, value)).is_ok(), accepted, "{value}");
        }
        assert!(accepts_json(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn a_body_is_json_in_utf_8() {
        for (value, accepted) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/json; charset=iso-8859-1", false),
            ("application/x-www-form-urlencoded", false),
            ("text/json", false),
            ("", false),
        ] {
            assert_eq!(is_json(&with(header::CONTENT_TYPE, value)).is_ok(), accepted, "{value}");
        }
        assert!(is_json(&HeaderMap::new()).is_ok());
    }
}
