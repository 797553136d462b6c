//! Where a DIAMETER_REDIRECT_INDICATION points to (RFC 6733 §6.12, DiameterURI in §4.3.1).

/// Port of Diameter without transport security (RFC 6733 §4.3.1).
const PORT: u16 = 3868;

/// A host named in a Redirect-Host, and where it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub host: String,
    /// `host:port`.
    pub address: String,
}

/// Reads `aaa://host[:port][;transport=tcp][;protocol=diameter]`; `None` for anything that is not plain
/// Diameter over TCP.
pub(super) fn target(uri: &str) -> Option<Target> {
    let mut parts = uri.strip_prefix("aaa://")?.split(';');
    let authority = parts.next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, PORT),
    };
    let name = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_');
    if host.is_empty() || host.len() > 255 || !host.bytes().all(name) || port == 0 {
        return None;
    }
    let plain = parts.all(|option| match option.split_once('=') {
        Some((key, value)) if key.eq_ignore_ascii_case("transport") => value.eq_ignore_ascii_case("tcp"),
        Some((key, value)) if key.eq_ignore_ascii_case("protocol") => value.eq_ignore_ascii_case("diameter"),
        _ => false,
    });
    plain.then(|| Target { host: host.to_owned(), address: format!("{host}:{port}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_of_plain_diameter_over_tcp_are_read() {
        for (uri, address) in [
            ("aaa://pcrf2.rx.test", "pcrf2.rx.test:3868"),
            ("aaa://pcrf2.rx.test:3999", "pcrf2.rx.test:3999"),
            ("aaa://pcrf2.rx.test:3999;transport=tcp", "pcrf2.rx.test:3999"),
            ("aaa://pcrf2.rx.test;transport=TCP;protocol=diameter", "pcrf2.rx.test:3868"),
        ] {
            let expected = Target { host: "pcrf2.rx.test".into(), address: address.into() };
            assert_eq!(target(uri), Some(expected), "{uri}");
        }
    }

    #[test]
    fn anything_else_is_no_target() {
        for uri in [
            "",
            "aaa://",
            "aaa://:3868",
            "aaas://pcrf2.rx.test",
            "pcrf2.rx.test",
            "aaa://pcrf2.rx.test:0",
            "aaa://pcrf2.rx.test:70000",
            "aaa://pcrf2.rx.test;transport=sctp",
            "aaa://pcrf2.rx.test;protocol=radius",
            "aaa://pcrf2.rx.test;whatever",
            "aaa://pcrf2 rx",
        ] {
            assert_eq!(target(uri), None, "{uri}");
        }
    }
}
