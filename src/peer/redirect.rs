//! Where a DIAMETER_REDIRECT_INDICATION points to (RFC 6733 §6.12, DiameterURI in §4.3.1).

use super::{PeerAddress, Transport};

/// Port of Diameter without transport security (RFC 6733 §4.3.1).
const PORT: u16 = 3868;

/// The same with TLS.
const TLS_PORT: u16 = 5658;

/// Most hosts that are told when none of them is followed.
const MAX_TOLD: usize = 8;

/// A host named in a Redirect-Host, and where it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub host: String,
    pub address: PeerAddress,
}

/// The hosts among these that may be followed; if there is none, what is in the way of each.
pub(super) fn targets<'u>(
    uris: impl Iterator<Item = &'u str>,
    may_be_followed: impl Fn(&Target) -> Result<(), &'static str>,
) -> Result<Vec<Target>, String> {
    let (mut targets, mut left_out) = (Vec::new(), Vec::new());
    for uri in uris {
        match target(uri).and_then(|target| may_be_followed(&target).map(|()| target)) {
            Ok(target) => targets.push(target),
            Err(why) if left_out.len() < MAX_TOLD => left_out.push(format!("{uri:?} {why}")),
            Err(_) => {}
        }
    }
    if targets.is_empty() { Err(left_out.join(", ")) } else { Ok(targets) }
}

/// Reads `aaa://host[:port][;transport=tcp|sctp][;protocol=diameter]`, or with `aaas://` one of TLS over TCP; or says
/// why it is of no use.
fn target(uri: &str) -> Result<Target, &'static str> {
    const NO_URI: &str = "is no URI of Diameter";
    let (secure, rest) = match (uri.strip_prefix("aaa://"), uri.strip_prefix("aaas://")) {
        (Some(rest), _) => (false, rest),
        (None, Some(rest)) => (true, rest),
        (None, None) => return Err(NO_URI),
    };
    let mut parts = rest.split(';');
    let authority = parts.next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| NO_URI)?),
        None if secure => (authority, TLS_PORT),
        None => (authority, PORT),
    };
    let name = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_');
    if host.is_empty() || host.len() > 255 || !host.bytes().all(name) || port == 0 {
        return Err(NO_URI);
    }
    let mut transport = if secure { Transport::Tls } else { Transport::Tcp };
    for option in parts {
        let (key, value) = option.split_once('=').ok_or(NO_URI)?;
        let is = |word: &str| value.eq_ignore_ascii_case(word);
        match key.to_ascii_lowercase().as_str() {
            "transport" if is("tcp") => {}
            "transport" if is("sctp") && secure => {
                return Err("wants DTLS over SCTP, which is not in this version");
            }
            "transport" if is("sctp") => transport = Transport::Sctp,
            "transport" => return Err("wants another transport than TCP and SCTP"),
            "protocol" if is("diameter") => {}
            "protocol" => return Err("wants another protocol than Diameter"),
            _ => return Err(NO_URI),
        }
    }
    let address = PeerAddress { transport, ..format!("{host}:{port}").into() };
    Ok(Target { host: host.to_owned(), address })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_name_a_transport_and_its_port() {
        use Transport::{Sctp, Tcp, Tls};
        for (uri, transport, address) in [
            ("aaa://pcrf2.rx.test", Tcp, "pcrf2.rx.test:3868"),
            ("aaa://pcrf2.rx.test:3999", Tcp, "pcrf2.rx.test:3999"),
            ("aaa://pcrf2.rx.test:3999;transport=tcp", Tcp, "pcrf2.rx.test:3999"),
            ("aaa://pcrf2.rx.test;transport=TCP;protocol=diameter", Tcp, "pcrf2.rx.test:3868"),
            ("aaa://pcrf2.rx.test;transport=sctp", Sctp, "pcrf2.rx.test:3868"),
            ("aaas://pcrf2.rx.test", Tls, "pcrf2.rx.test:5658"),
            ("aaas://pcrf2.rx.test:5999;transport=tcp", Tls, "pcrf2.rx.test:5999"),
        ] {
            let address = PeerAddress { transport, ..address.into() };
            assert_eq!(target(uri), Ok(Target { host: "pcrf2.rx.test".into(), address }), "{uri}");
        }
    }

    #[test]
    fn anything_else_is_no_target_and_says_why() {
        for (uri, why) in [
            ("", "is no URI of Diameter"),
            ("aaa://", "is no URI of Diameter"),
            ("aaa://:3868", "is no URI of Diameter"),
            ("pcrf2.rx.test", "is no URI of Diameter"),
            ("aaa://pcrf2.rx.test:0", "is no URI of Diameter"),
            ("aaa://pcrf2.rx.test:70000", "is no URI of Diameter"),
            ("aaa://pcrf2.rx.test;whatever", "is no URI of Diameter"),
            ("aaa://pcrf2.rx.test;colour=red", "is no URI of Diameter"),
            ("aaa://pcrf2 rx", "is no URI of Diameter"),
            ("aaas://pcrf2.rx.test;transport=sctp", "wants DTLS over SCTP, which is not in this version"),
            ("aaa://pcrf2.rx.test;transport=udp", "wants another transport than TCP and SCTP"),
            ("aaa://pcrf2.rx.test;protocol=radius", "wants another protocol than Diameter"),
        ] {
            assert_eq!(target(uri), Err(why), "{uri}");
        }
    }

    #[test]
    fn without_a_host_to_follow_it_is_told_why_of_each() {
        let allowed = |target: &Target| if target.host == "pcrf2" { Ok(()) } else { Err("is not allowed") };
        let uris = ["aaa://evil", "aaas://pcrf2;transport=sctp", "aaa://pcrf2"];
        assert_eq!(targets(uris.into_iter(), allowed).map(|targets| targets.len()), Ok(1));
        assert_eq!(
            targets(uris[..2].iter().copied(), allowed),
            Err(
                "\"aaa://evil\" is not allowed, \"aaas://pcrf2;transport=sctp\" wants DTLS over SCTP, which \
                 is not in this version"
                    .into()
            )
        );
    }
}
