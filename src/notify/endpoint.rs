//! Where notifications of an application go: the URL it gave, checked once.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use hyper::{
    Uri,
    http::{HeaderValue, uri::PathAndQuery},
};

use super::{AddressGuard, EndpointError};

/// Octets of a URL that are accepted.
const MOST: usize = 2048;
/// Octets of a DNS name, and of a part of it (RFC 1035 §2.3.4).
const MOST_NAME: usize = 253;
const MOST_LABEL: usize = 63;

/// The endpoint of an application, checked. Cheap to clone; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Arc<Parts>);

#[derive(PartialEq, Eq)]
struct Parts {
    url: String,
    tls: bool,
    host: Host,
    port: u16,
    authority: HeaderValue,
    target: Uri,
}

/// Who is connected to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Host {
    /// A DNS name, in lower case.
    Name(Arc<str>),
    /// An address, which is never resolved.
    Address(IpAddr),
}

impl Endpoint {
    /// Checks a URL. An address in it is checked at once, what a name stands for with every attempt.
    pub(super) fn new(url: &str, guard: &AddressGuard) -> Result<Self, EndpointError> {
        let endpoint = Self::read(url)?;
        if let Host::Address(address) = endpoint.0.host {
            let checked = guard.check_port(SocketAddr::new(address, endpoint.0.port));
            checked.map_err(|range| EndpointError::Forbidden { address, range })?;
        }
        Ok(endpoint)
    }

    /// Checks everything about a URL but its address, which every attempt looks at.
    pub(super) fn read(url: &str) -> Result<Self, EndpointError> {
        if url.len() > MOST {
            return Err(EndpointError::TooLong { length: url.len(), most: MOST });
        }
        let (scheme, rest) = url.split_once("://").ok_or(EndpointError::Malformed("it lacks ://"))?;
        // The port that a URL without one means (RFC 9110 §4.2.1, §4.2.2).
        let (tls, usual) = match scheme {
            _ if scheme.eq_ignore_ascii_case("http") => (false, 80),
            _ if scheme.eq_ignore_ascii_case("https") => (true, 443),
            _ => return Err(EndpointError::Scheme),
        };
        if rest.contains('#') {
            return Err(EndpointError::Fragment);
        }
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(EndpointError::UserInfo);
        }
        let (host_text, port) = split_port(authority, usual)?;
        let host = read_host(host_text)?;
        let authority = match port {
            _ if port == usual => HeaderValue::from_str(host_text),
            _ => HeaderValue::from_str(&format!("{host_text}:{port}")),
        };
        let authority = authority.map_err(|_| EndpointError::Host("it has other characters"))?;
        let target = read_target(target)?;
        Ok(Self(Arc::new(Parts { url: url.to_owned(), tls, host, port, authority, target })))
    }

    /// The URL as the application gave it.
    pub fn as_str(&self) -> &str {
        &self.0.url
    }

    /// Whether the scheme is https.
    pub(super) fn is_tls(&self) -> bool {
        self.0.tls
    }

    pub(super) fn host(&self) -> &Host {
        &self.0.host
    }

    /// TCP port, never 0.
    pub(super) fn port(&self) -> u16 {
        self.0.port
    }

    /// The `Host` header: without the port when it is that of the scheme (RFC 9110 §7.2).
    pub(super) fn authority(&self) -> &HeaderValue {
        &self.0.authority
    }

    /// Path and query as they were given (RFC 9112 §3.2.1).
    pub(super) fn target(&self) -> &Uri {
        &self.0.target
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

/// The host as it stands there, and the port: that of the scheme when it is left out (RFC 9110 §4.2.1).
fn split_port(authority: &str, usual: u16) -> Result<(&str, u16), EndpointError> {
    let end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']').ok_or(EndpointError::Host("] is missing"))? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at(end);
    let port = match rest.strip_prefix(':') {
        Some("") => usual,
        Some(digits) if digits.len() <= 5 && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port != 0).ok_or(EndpointError::Port)?
        }
        Some(_) => return Err(EndpointError::Port),
        None if rest.is_empty() => usual,
        None => return Err(EndpointError::Host("something follows ]")),
    };
    Ok((host, port))
}

fn read_host(text: &str) -> Result<Host, EndpointError> {
    if let Some(inner) = text.strip_prefix('[') {
        let address = inner.strip_suffix(']').and_then(|inner| inner.parse::<Ipv6Addr>().ok());
        return address
            .map(|address| Host::Address(address.into()))
            .ok_or(EndpointError::Host("what is in the brackets is no IPv6 address"));
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(Host::Address(address.into()));
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.is_empty() || name.len() > MOST_NAME {
        return Err(EndpointError::Host("a name has 1 to 253 characters"));
    }
    let is_label = |label: &str| {
        (1..=MOST_LABEL).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
    };
    if !name.split('.').all(is_label) {
        return Err(EndpointError::Host("a name has letters, digits and - in parts of 1 to 63"));
    }
    // Resolvers take 127.1, 0x7f000001 or 2130706433 for addresses.
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let number = last.bytes().all(|octet| octet.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|octet| octet.is_ascii_hexdigit()));
    if number {
        return Err(EndpointError::Host("what ends in a number is an IPv4 address of four decimal numbers"));
    }
    Ok(Host::Name(text.to_ascii_lowercase().into()))
}

fn read_target(text: &str) -> Result<Uri, EndpointError> {
    let mut rest = text.as_bytes();
    while let [octet, after @ ..] = rest {
        rest = match (octet, after) {
            (b'%', [a, b, after @ ..]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => after,
            (b'%', _) => return Err(EndpointError::Malformed("% is followed by two hexadecimal digits")),
            (b'"' | b'<' | b'>' | b'\\' | b'^' | b'`', _) => {
                return Err(EndpointError::Malformed("\" < > \\ ^ and ` are written with % in it"));
            }
            (octet, after) if octet.is_ascii_graphic() => after,
            _ => return Err(EndpointError::Malformed("it has visible ASCII characters only, others with %")),
        };
    }
    let slash = if text.starts_with('/') { "" } else { "/" };
    let target = PathAndQuery::try_from(format!("{slash}{text}"));
    target.map(Uri::from).map_err(|_| EndpointError::Malformed("path or query cannot be read"))
}
