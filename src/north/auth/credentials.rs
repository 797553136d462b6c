//! What a request shows of who sent it.

use axum::http::{HeaderMap, HeaderValue, header};
use base64ct::{Base64, Encoding};

use crate::access::{Denial, Secret};

/// Longest value. Octets.
const MAX: usize = 8192;

/// What is shown: an id and a secret (RFC 7617).
#[derive(Debug)]
pub(super) struct Credentials {
    pub id: String,
    pub secret: Secret,
}

impl Credentials {
    /// Whether there are any, right or not.
    pub fn are_in(headers: &HeaderMap) -> bool {
        headers.contains_key(header::AUTHORIZATION)
    }

    /// Reads the header. Two of it show nothing.
    pub fn read(headers: &HeaderMap) -> Result<Self, Denial> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let text = values.next().map(HeaderValue::to_str);
        let (Some(Ok(text)), None) = (text, values.next()) else { return Err(Denial::Unknown) };
        let (id, secret) = basic(text).ok_or(Denial::Unknown)?;
        Ok(Self { id, secret })
    }
}

/// The id and the secret of a value of Authorization (RFC 7617 §2).
fn basic(value: &str) -> Option<(String, Secret)> {
    let (scheme, rest) = value.split_once(' ').filter(|_| value.len() <= MAX)?;
    let octets = Base64::decode_vec(rest.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let pair = String::from_utf8(octets).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((id.to_owned(), secret.into()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn read(headers: &[(&'static str, &str)]) -> Option<String> {
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        });
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value);
        }
        match Credentials::read(&map) {
            Ok(Credentials { id, secret }) => Some(format!("{id} {}", secret.reveal())),
            Err(denial) => {
                assert_eq!(denial, Denial::Unknown);
                None
            }
        }
    }

    #[test]
    fn an_id_and_a_secret_are_read() {
        // video:se:cret
        for value in ["Basic dmlkZW86c2U6Y3JldA==", "basic  dmlkZW86c2U6Y3JldA== "] {
            assert_eq!(read(&[("authorization", value)]).as_deref(), Some("video se:cret"));
        }
    }

    #[test]
    fn what_is_unclear_shows_nothing() {
        let long = format!("Basic {}", "A".repeat(MAX));
        for headers in [
            &[][..],
            &[("authorization", "")],
            &[("authorization", "Basic")],
            &[("authorization", "Basic dmlkZW8=")],
            &[("authorization", "Basic dmlkZW86c2U6Y3JldA")],
            &[("authorization", "Basic /zr/")],
            &[("authorization", "Bearer abc")],
            &[("authorization", "Digest a=b")],
            &[("authorization", "Bearer \u{e4}")],
            &[("authorization", &long)],
            &[
                ("authorization", "Basic dmlkZW86c2U6Y3JldA=="),
                ("authorization", "Basic dmlkZW86c2U6Y3JldA=="),
            ],
        ] {
            assert_eq!(read(headers), None, "{headers:?}");
        }
    }
}
