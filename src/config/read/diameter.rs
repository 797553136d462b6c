//! `[diameter]` and `[[diameter.peers]]`.

use std::net::SocketAddr;

use toml::{Spanned, de::DeValue};

use super::{
    super::{
        Diameter, Peer, Transport,
        problem::Position,
        section::{Number, Reader, Section},
    },
    HOUR, LISTEN, MINUTES_10, PLACES, YEAR_S, in_order, once_each, sctp, tls,
};

const IDENTITY: &str =
    "a Diameter identity: a host name of letters, digits, hyphens and dots such as \"pcrf.example.net\"";
const REALM: &str = "a realm: a domain name of letters, digits, hyphens and dots such as \"example.net\"";
const PEER_ADDRESS: &str = "an address and a port from 1 such as \"192.0.2.7:3868\", \"[2001:db8::7]:3868\" or \
                            \"pcrf.example.net:3868\"";
/// Shortest Tw that RFC 3539 §3.4.1 allows, in milliseconds.
const WATCHDOG_FLOOR_MS: u64 = 6_000;

/// `None` only after a problem was noted.
pub(super) fn read(mut section: Section<'_, '_>) -> Option<Diameter> {
    let origin_host = section.text("origin_host", IDENTITY, identity);
    let origin_realm = section.text("origin_realm", REALM, identity);
    let destination_realm = section.text("destination_realm", REALM, identity);
    let listen = section.list("listen", LISTEN, |text| text.parse::<SocketAddr>().ok());
    let listen_tls = section.list("listen_tls", LISTEN, |text| text.parse::<SocketAddr>().ok());
    let listen_sctp = sctp::listen(&mut section);
    let request_timeout = section.duration("request_timeout_ms", 10_000, 10..=MINUTES_10);
    let attempt_timeout = section.duration("attempt_timeout_ms", 4_000, 10..=MINUTES_10);
    let watchdog_interval = section.duration("watchdog_interval_ms", 30_000, 100..=HOUR);
    let reconnect_initial = section.duration("reconnect_initial_ms", 1_000, 10..=HOUR);
    let reconnect_max = section.duration("reconnect_max_ms", 30_000, 10..=24 * HOUR);
    let reconnect_after_refusal = section.duration("reconnect_after_refusal_ms", 60_000, 10..=24 * HOUR);
    let redirect_hosts = section.list("redirect_hosts", IDENTITY, identity);
    let give_up_str_after = section.duration("give_up_str_after_s", 86_400, 1..=YEAR_S);

    once_each(&mut section, "listen", &listen);
    once_each(&mut section, "listen_tls", &listen_tls);
    let taken =
        |address: &SocketAddr| address.port() != 0 && listen.iter().any(|plain| plain.value == *address);
    if let Some(both) = listen_tls.iter().find(|found| taken(&found.value)) {
        section.reader.refuse(
            both.offset,
            format!("`listen` and `listen_tls` both have {}", both.value),
            "a port takes plain Diameter (usually 3868) or TLS (usually 5658): give each its own",
        );
    }
    let refused =
        [&attempt_timeout, &request_timeout].iter().any(|found| section.reader.is_refused(found.offset));
    if attempt_timeout.value > request_timeout.value && !refused {
        section.reader.refuse(
            attempt_timeout.offset.or(request_timeout.offset),
            format!(
                "`attempt_timeout_ms` ({}) is longer than `request_timeout_ms` ({})",
                attempt_timeout.value.as_millis(),
                request_timeout.value.as_millis()
            ),
            "one attempt is part of the request's whole time: lower the first or raise the second",
        );
    }
    in_order(
        &mut section,
        ("reconnect_initial_ms", &reconnect_initial),
        ("reconnect_max_ms", &reconnect_max),
    );
    if watchdog_interval.value.as_millis() < u128::from(WATCHDOG_FLOOR_MS) {
        section.reader.warn(
            watchdog_interval.offset,
            format!("`watchdog_interval_ms` is {}", watchdog_interval.value.as_millis()),
            format!("RFC 3539 §3.4.1 wants {WATCHDOG_FLOOR_MS} or more; shorter is for labs and tests"),
        );
    }

    let tls = tls::diameter(&mut section);
    let sctp = sctp::read(&mut section);
    let peers = peers(&mut section, origin_host.as_ref().map(|found| found.value.as_str()));
    let dialled = peers.iter().flatten().find(|(peer, _)| peer.transport == Transport::Tls);
    let wants = match (listen_tls.first(), dialled) {
        (Some(listen), _) => Some(("`listen_tls`".to_owned(), listen.offset)),
        (None, Some((peer, at))) => Some((format!("the peer {}", peer.host), *at)),
        (None, None) => None,
    };
    match (&tls, wants) {
        (tls::Found::Not, Some((who, at))) => section.reader.refuse(
            at,
            format!("{who} needs a [diameter.tls] section"),
            "TLS on Diameter takes certificates of both sides: give `certificate`, `key` and `ca` there",
        ),
        (tls::Found::Is(_, at), None) => section.reader.warn(
            *at,
            "[diameter.tls] is not used",
            "it is for `listen_tls` and for peers with `transport = \"tls\"`",
        ),
        _ => {}
    }
    section.finish(&PLACES);
    Some(Diameter {
        origin_host: origin_host?.value,
        origin_realm: origin_realm?.value,
        destination_realm: destination_realm?.value,
        listen: listen.into_iter().map(|found| found.value).collect(),
        listen_tls: listen_tls.into_iter().map(|found| found.value).collect(),
        tls: tls.value(),
        listen_sctp,
        sctp: sctp?,
        request_timeout: request_timeout.value,
        attempt_timeout: attempt_timeout.value,
        watchdog_interval: watchdog_interval.value,
        reconnect_initial: reconnect_initial.value,
        reconnect_max: reconnect_max.value,
        reconnect_after_refusal: reconnect_after_refusal.value,
        redirect_hosts: redirect_hosts.into_iter().map(|found| found.value).collect(),
        give_up_str_after: give_up_str_after.value,
        peers: peers?.into_iter().map(|(peer, _)| peer).collect(),
    })
}

/// The peers, each with the place of its host.
fn peers(section: &mut Section<'_, '_>, origin_host: Option<&str>) -> Option<Vec<(Peer, Option<usize>)>> {
    const HOW: &str = "add a [[diameter.peers]] section with `host` and `address` of the PCRF or relay";
    let offset = section.offset();
    let Some(value) = section.take("peers") else {
        section.reader.refuse(offset, "[diameter] has no peers", HOW);
        return None;
    };
    let at = Some(value.span().start);
    let Some(items) = value.get_ref().as_array() else {
        section.reader.refuse(
            at,
            "`peers` is not a list of peers",
            "write [[diameter.peers]] with two brackets",
        );
        return None;
    };
    if items.is_empty() {
        section.reader.refuse(at, "[diameter] has no peers", HOW);
    }
    let mut peers: Vec<(Peer, Option<usize>)> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some((peer, host_at)) = peer(section.reader, item, index) else { continue };
        if origin_host.is_some_and(|own| own.eq_ignore_ascii_case(&peer.host)) {
            section.reader.refuse(
                host_at,
                format!("the peer's `host` {} is this gateway's own `origin_host`", peer.host),
                "give the Origin-Host that the peer shows",
            );
        }
        if let Some((_, first)) = peers.iter().find(|(other, _)| other.host.eq_ignore_ascii_case(&peer.host))
        {
            let line = first.map_or(0, |offset| Position::of(section.reader.text, offset).line);
            section.reader.refuse(
                host_at,
                format!("a peer with `host` {} is already configured on line {line}", peer.host),
                "a peer has one section; two addresses of one host are not in this version",
            );
        }
        peers.push((peer, host_at));
    }
    Some(peers)
}

fn peer<'d>(
    reader: &mut Reader<'d>,
    item: &'d Spanned<DeValue<'d>>,
    index: usize,
) -> Option<(Peer, Option<usize>)> {
    let offset = Some(item.span().start);
    let Some(table) = item.get_ref().as_table() else {
        reader.refuse(offset, "a peer is not a section", "write [[diameter.peers]] on a line of its own");
        return None;
    };
    // The number keeps the sections apart in the list of settings; it is not shown.
    let title =
        if index == 0 { "[[diameter.peers]]".into() } else { format!("[[diameter.peers]] {}", index + 1) };
    let mut section = Section::new(reader, title, Some(table), offset);
    let host = section.text("host", IDENTITY, identity);
    let address = section.text("address", PEER_ADDRESS, peer_address);
    let transport = section.one_of(
        "transport",
        Transport::Tcp,
        &[("tcp", Some(Transport::Tcp)), ("tls", Some(Transport::Tls)), ("sctp", Some(Transport::Sctp))],
    );
    let more_addresses = sctp::more_addresses(&mut section, transport.value, address.as_ref());
    let priority =
        section.number(Number { key: "priority", unit: "", default: 1, accepted: 0..=u64::from(u16::MAX) });
    let weight =
        section.number(Number { key: "weight", unit: "", default: 1, accepted: 1..=u64::from(u16::MAX) });
    section.finish(&PLACES);
    let host = host?;
    let peer = Peer {
        host: host.value,
        address: address?.value,
        more_addresses,
        transport: transport.value,
        priority: priority.value,
        weight: weight.value,
    };
    Some((peer, host.offset))
}

/// Where a peer can be dialled: an IP address or a name, and a port.
fn peer_address(text: &str) -> Option<String> {
    let good = match text.parse::<SocketAddr>() {
        Ok(address) => address.port() != 0 && !address.ip().is_unspecified(),
        Err(_) => {
            let (name, port) = text.rsplit_once(':')?;
            // A last label of digits alone is a mistyped IP address.
            let last = name.rsplit('.').next()?;
            port.parse::<u16>().is_ok_and(|port| port != 0)
                && identity(name).is_some()
                && !last.bytes().all(|octet| octet.is_ascii_digit())
        }
    };
    good.then(|| text.to_owned())
}

/// A DiameterIdentity (RFC 6733 §4.3.1), which is a fully qualified domain name (RFC 1035 §2.3.1, RFC 1123 §2.1).
fn identity(text: &str) -> Option<String> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (text.len() <= 253 && text.split('.').all(label)).then(|| text.to_owned())
}
