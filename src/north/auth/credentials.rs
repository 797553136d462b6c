//! What a request shows of who sent it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64ct::{Base64, Encoding};

use crate::access::{Denial, Secret};

/// A second carrier of a token, beside or instead of Authorization.
const ACCESS_TOKEN: HeaderName = HeaderName::from_static("access_token");

/// Longest value. Octets; signed tokens have one or two thousand.
const MAX: usize = 8192;

/// What is shown.
#[derive(Debug)]
pub(super) enum Credentials {
    /// An id and a secret (RFC 7617).
    Basic { id: String, secret: Secret },
    /// A token (RFC 6750 §2.1).
    Bearer(Secret),
}

impl Credentials {
    /// Whether there are any, right or not.
    pub fn are_in(headers: &HeaderMap) -> bool {
        headers.contains_key(header::AUTHORIZATION) || headers.contains_key(ACCESS_TOKEN)
    }

    /// Reads the headers. Two that say different things show nothing; `lone_token`: the second may be alone.
    pub fn read(headers: &HeaderMap, lone_token: bool) -> Result<Self, Denial> {
        let shown = one(headers, header::AUTHORIZATION)?.map(authorization).transpose()?;
        let token = one(headers, ACCESS_TOKEN)?.map(|token| Secret::from(token.trim()));
        match (shown, token) {
            (Some(shown), None) => Ok(shown),
            (None, Some(token)) if lone_token => Ok(Self::Bearer(token)),
            (Some(Self::Bearer(one)), Some(other)) if one.reveal() == other.reveal() => Ok(Self::Bearer(one)),
            _ => Err(Denial::Unknown),
        }
    }
}

/// The only value of a header.
fn one(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, Denial> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = Some(value).filter(|value| value.len() <= MAX).map(HeaderValue::to_str);
    match (text, values.next()) {
        (Some(Ok(text)), None) => Ok(Some(text)),
        _ => Err(Denial::Unknown),
    }
}

fn authorization(value: &str) -> Result<Credentials, Denial> {
    let (scheme, rest) = value.split_once(' ').ok_or(Denial::Unknown)?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
        return Ok(Credentials::Bearer(rest.into()));
    }
    let (id, secret) = basic(value).ok_or(Denial::Unknown)?;
    Ok(Credentials::Basic { id, secret })
}

/// The id and the secret of a value of Authorization (RFC 7617 §2).
pub fn basic(value: &str) -> Option<(String, Secret)> {
    let (scheme, rest) = value.split_once(' ').filter(|_| value.len() <= MAX)?;
    let octets = Base64::decode_vec(rest.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let pair = String::from_utf8(octets).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((id.to_owned(), secret.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&'static str, &str)]) -> Option<String> {
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        });
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value);
        }
        match Credentials::read(&map, true) {
            Ok(Credentials::Basic { id, secret }) => Some(format!("{id} {}", secret.reveal())),
            Ok(Credentials::Bearer(token)) => Some(token.reveal().to_owned()),
            Err(denial) => {
                assert_eq!(denial, Denial::Unknown);
                None
            }
        }
    }

    #[test]
    fn an_id_and_a_secret_or_a_token_are_read() {
        // video:se:cret
        for value in ["Basic dmlkZW86c2U6Y3JldA==", "basic  dmlkZW86c2U6Y3JldA== "] {
            assert_eq!(read(&[("authorization", value)]).as_deref(), Some("video se:cret"));
        }
        assert_eq!(read(&[("authorization", "Bearer abc")]).as_deref(), Some("abc"));
        assert_eq!(read(&[("access_token", "abc")]).as_deref(), Some("abc"));
        let both = [("authorization", "Bearer abc"), ("access_token", "abc")];
        assert_eq!(read(&both).as_deref(), Some("abc"));
    }

    #[test]
    fn the_second_carrier_is_alone_only_where_that_is_allowed() {
        let headers = HeaderMap::from_iter([(ACCESS_TOKEN, HeaderValue::from_static("abc"))]);
        assert!(Credentials::read(&headers, true).is_ok());
        assert_eq!(Credentials::read(&headers, false).unwrap_err(), Denial::Unknown);
    }

    #[test]
    fn what_is_unclear_shows_nothing() {
        let long = format!("Bearer {}", "a".repeat(MAX));
        for headers in [
            &[][..],
            &[("authorization", "")],
            &[("authorization", "Basic")],
            &[("authorization", "Basic dmlkZW8=")],
            &[("authorization", "Basic dmlkZW86c2U6Y3JldA")],
            &[("authorization", "Basic /zr/")],
            &[("authorization", "Bearer ")],
            &[("authorization", "Digest a=b")],
            &[("authorization", "Bearer \u{e4}")],
            &[("authorization", &long)],
            &[("authorization", "Bearer a"), ("authorization", "Bearer a")],
            &[("authorization", "Bearer a"), ("access_token", "b")],
            &[("authorization", "Basic dmlkZW86c2U6Y3JldA=="), ("access_token", "b")],
            &[("access_token", "a"), ("access_token", "a")],
        ] {
            assert_eq!(read(headers), None, "{headers:?}");
        }
    }
}
