//! From TOML to [`Config`]: each section's keys, defaults, ranges, and what must agree with what.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Admin, Config, ConfigError, Diameter, Http, Loaded, Peer, Store, Transport,
    problem::{Position, Problem, nearest},
    section::{Found, Number, Reader, Section},
};

const SECTIONS: [&str; 5] = ["http", "admin", "diameter", "dictionary", "store"];
const SECTION_TITLES: &str = "[http], [admin], [diameter], [[diameter.peers]], [dictionary], [store]";
/// Keys that are easily put under the wrong header.
const PLACES: [(&str, &str); 9] = [
    ("[http]", "max_body_bytes"),
    ("[diameter]", "origin_host"),
    ("[diameter]", "origin_realm"),
    ("[diameter]", "destination_realm"),
    ("[diameter]", "watchdog_interval_ms"),
    ("[[diameter.peers]]", "host"),
    ("[[diameter.peers]]", "transport"),
    ("[dictionary]", "directory"),
    ("[store]", "kind"),
];

const MINUTES_10: u64 = 600_000;
const HOUR: u64 = 3_600_000;
const IDENTITY: &str =
    "a Diameter identity: a host name of letters, digits, hyphens and dots such as \"pcrf.example.net\"";
const REALM: &str = "a realm: a domain name of letters, digits, hyphens and dots such as \"example.net\"";
const LISTEN: &str =
    "an IP address and a port such as \"127.0.0.1:8001\" or \"[::1]:8001\"; port 0 takes a free one";
const PEER_ADDRESS: &str = "an address and a port from 1 such as \"192.0.2.7:3868\", \"[2001:db8::7]:3868\" or \
                            \"pcrf.example.net:3868\"";
/// Shortest Tw that RFC 3539 §3.4.1 allows, in milliseconds.
const WATCHDOG_FLOOR_MS: u64 = 6_000;

pub(super) fn read(file: &Path, text: &str) -> Result<Loaded, ConfigError> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problems = errors.iter().map(|error| Problem {
            file: file.to_owned(),
            at: error.span().map(|span| Position::of(text, span.start)),
            text: format!("not TOML: {}", error.message()),
            hint: "write [section] headers and `key = value` lines; text values stand in double quotes"
                .into(),
        });
        return Err(ConfigError::Refused(problems.collect()));
    }
    let mut reader = Reader { file, text, problems: Vec::new(), warnings: Vec::new(), settings: Vec::new() };
    let config = read_sections(&mut reader, document.get_ref());
    let Reader { mut problems, warnings, settings, .. } = reader;
    match config {
        Some(config) if problems.is_empty() => Ok(Loaded { config, warnings, settings }),
        _ => {
            problems.sort_by_key(|problem| problem.at);
            Err(ConfigError::Refused(problems))
        }
    }
}

/// `None` only after a problem was noted.
fn read_sections<'d>(reader: &mut Reader<'d>, document: &'d DeTable<'d>) -> Option<Config> {
    for (key, _) in document {
        let name: &str = key.get_ref();
        if SECTIONS.contains(&name) {
            continue;
        }
        let hint = match nearest(name, SECTIONS) {
            Some(near) => format!("did you mean [{near}]? accepted: {SECTION_TITLES}"),
            None => format!("accepted: {SECTION_TITLES}"),
        };
        reader.refuse(Some(key.span().start), format!("there is no section [{name}] in this version"), hint);
    }
    let (http, http_at) = http(open(reader, document, "http"));
    let (admin, admin_at) = admin(open(reader, document, "admin"));
    if admin.listen == http.listen && admin.listen.port() != 0 {
        reader.refuse(
            admin_at.or(http_at),
            format!("[http] and [admin] both listen on {}", http.listen),
            "give each a port of its own",
        );
    }
    let diameter = diameter(open(reader, document, "diameter"));
    let mut section = open(reader, document, "dictionary");
    let base = section.reader.file.parent().unwrap_or(Path::new("")).to_owned();
    let directory = section.optional_text("directory", "the path of an existing directory", |text| {
        let path = base.join(text);
        path.is_dir().then_some(path)
    });
    section.finish(&PLACES);
    let store = store(open(reader, document, "store"));
    Some(Config {
        http,
        admin,
        diameter: diameter?,
        dictionary: directory.and_then(|found| found.value),
        store,
    })
}

fn open<'r, 'd>(
    reader: &'r mut Reader<'d>,
    document: &'d DeTable<'d>,
    name: &'static str,
) -> Section<'r, 'd> {
    let title = format!("[{name}]");
    let Some((key, value)) = document.get_key_value(name) else {
        return Section::new(reader, title, None, None);
    };
    let offset = Some(key.span().start);
    let table = value.get_ref().as_table();
    if table.is_none() {
        reader.refuse(
            offset,
            format!("`{name}` is not a section"),
            format!("write {title} on a line of its own"),
        );
    }
    Section::new(reader, title, table, offset)
}

fn http(mut section: Section<'_, '_>) -> (Http, Option<usize>) {
    let listen = loopback(&mut section, 8001);
    let max_body_bytes = section.number(Number {
        key: "max_body_bytes",
        unit: "octets",
        default: 262_144,
        accepted: 1_024..=16_777_216,
    });
    let header_timeout = section.duration("header_timeout_ms", 5_000, 10..=MINUTES_10);
    let idle_timeout = section.duration("idle_timeout_ms", 60_000, 10..=24 * HOUR);
    let connections = section.number(Number {
        key: "max_connections_per_address",
        unit: "connections, 0 for no limit,",
        default: 2_000,
        accepted: 0..=1_000_000,
    });
    section.finish(&PLACES);
    let http = Http {
        listen: listen.value,
        max_body_bytes: max_body_bytes.value,
        header_timeout: header_timeout.value,
        idle_timeout: idle_timeout.value,
        max_connections_per_address: connections.value,
    };
    (http, listen.offset)
}

fn admin(mut section: Section<'_, '_>) -> (Admin, Option<usize>) {
    let listen = loopback(&mut section, 8002);
    section.finish(&PLACES);
    (Admin { listen: listen.value }, listen.offset)
}

/// `listen` of a listener that anybody who reaches it may use.
fn loopback(section: &mut Section<'_, '_>, port: u16) -> Found<SocketAddr> {
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let found = section.text_or("listen", default, LISTEN, |text| text.parse().ok());
    if !found.value.ip().to_canonical().is_loopback() {
        section.reader.refuse(
            found.offset,
            format!("`listen` is {}, which is not a loopback address", found.value),
            format!(
                "access control is not available yet, so only this machine may connect; accepted: {LISTEN}"
            ),
        );
    }
    found
}

fn diameter(mut section: Section<'_, '_>) -> Option<Diameter> {
    let origin_host = section.text("origin_host", IDENTITY, identity);
    let origin_realm = section.text("origin_realm", REALM, identity);
    let destination_realm = section.text("destination_realm", REALM, identity);
    let listen = section.list("listen", LISTEN, |text| text.parse::<SocketAddr>().ok());
    let request_timeout = section.duration("request_timeout_ms", 10_000, 10..=MINUTES_10);
    let attempt_timeout = section.duration("attempt_timeout_ms", 4_000, 10..=MINUTES_10);
    let watchdog_interval = section.duration("watchdog_interval_ms", 30_000, 100..=HOUR);
    let reconnect_initial = section.duration("reconnect_initial_ms", 1_000, 10..=HOUR);
    let reconnect_max = section.duration("reconnect_max_ms", 30_000, 10..=24 * HOUR);
    let reconnect_after_refusal = section.duration("reconnect_after_refusal_ms", 60_000, 10..=24 * HOUR);
    let redirect_hosts = section.list("redirect_hosts", IDENTITY, identity);
    let give_up_str_after = section.duration("give_up_str_after_s", 86_400, 1..=31_536_000);

    once_each(&mut section, "listen", &listen);
    if attempt_timeout.value > request_timeout.value {
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
    if reconnect_initial.value > reconnect_max.value {
        section.reader.refuse(
            reconnect_initial.offset.or(reconnect_max.offset),
            format!(
                "`reconnect_initial_ms` ({}) is longer than `reconnect_max_ms` ({})",
                reconnect_initial.value.as_millis(),
                reconnect_max.value.as_millis()
            ),
            "the wait grows from the first to the second: lower the first or raise the second",
        );
    }
    if watchdog_interval.value.as_millis() < u128::from(WATCHDOG_FLOOR_MS) {
        section.reader.warn(
            watchdog_interval.offset,
            format!("`watchdog_interval_ms` is {}", watchdog_interval.value.as_millis()),
            format!("RFC 3539 §3.4.1 wants {WATCHDOG_FLOOR_MS} or more; shorter is for labs and tests"),
        );
    }

    let peers = peers(&mut section, origin_host.as_ref().map(|found| found.value.as_str()));
    section.finish(&PLACES);
    Some(Diameter {
        origin_host: origin_host?.value,
        origin_realm: origin_realm?.value,
        destination_realm: destination_realm?.value,
        listen: listen.into_iter().map(|found| found.value).collect(),
        request_timeout: request_timeout.value,
        attempt_timeout: attempt_timeout.value,
        watchdog_interval: watchdog_interval.value,
        reconnect_initial: reconnect_initial.value,
        reconnect_max: reconnect_max.value,
        reconnect_after_refusal: reconnect_after_refusal.value,
        redirect_hosts: redirect_hosts.into_iter().map(|found| found.value).collect(),
        give_up_str_after: give_up_str_after.value,
        peers: peers?,
    })
}

fn peers(section: &mut Section<'_, '_>, origin_host: Option<&str>) -> Option<Vec<Peer>> {
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
    Some(peers.into_iter().map(|(peer, _)| peer).collect())
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
        &[("tcp", Some(Transport::Tcp)), ("tls", None), ("sctp", None)],
    );
    let priority =
        section.number(Number { key: "priority", unit: "", default: 1, accepted: 0..=u64::from(u16::MAX) });
    let weight =
        section.number(Number { key: "weight", unit: "", default: 1, accepted: 1..=u64::from(u16::MAX) });
    section.finish(&PLACES);
    let host = host?;
    let peer = Peer {
        host: host.value,
        address: address?.value,
        transport: transport.value,
        priority: priority.value,
        weight: weight.value,
    };
    Some((peer, host.offset))
}

fn store(mut section: Section<'_, '_>) -> Store {
    let kind = section.one_of("kind", Store::Memory, &[("memory", Some(Store::Memory)), ("embedded", None)]);
    let path =
        section.optional_text("path", "the path of a directory", |text| (!text.is_empty()).then_some(()));
    if let Some(found) = path {
        section.reader.warn(found.offset, "`path` is not used", "the store kind \"memory\" writes no files");
    }
    section.finish(&PLACES);
    kind.value
}

fn once_each<T: PartialEq + std::fmt::Display>(section: &mut Section<'_, '_>, key: &str, found: &[Found<T>]) {
    for (index, item) in found.iter().enumerate() {
        if found.iter().take(index).any(|earlier| earlier.value == item.value) {
            section.reader.refuse(
                item.offset,
                format!("`{key}` has {} twice", item.value),
                "leave one of them out",
            );
        }
    }
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
