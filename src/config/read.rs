//! From TOML to [`Config`]: each section's keys, defaults, ranges, and what must agree with what.

mod diameter;
mod front;
mod sctp;
mod tls;
mod tokens;

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use toml::de::{DeTable, DeValue};

use super::{
    Admin, Config, ConfigError, Http, Loaded, Store, list_file,
    section::{Found, Number, Reader, Section},
};
use crate::words::nearest;

const SECTIONS: [&str; 11] = [
    "http",
    "admin",
    "diameter",
    "dictionary",
    "gatekeeper",
    "templates",
    "notify",
    "store",
    "records",
    "audit",
    "access",
];
const SECTION_TITLES: &str = "[http], [admin], [diameter], [diameter.tls], [diameter.sctp], [[diameter.peers]], \
                              [dictionary], [gatekeeper], [templates], [notify], [store], [records], [audit], [access], \
                              [access.token], [access.jwt]";
/// Keys that are easily put under the wrong header.
const PLACES: [(&str, &str); 21] = [
    ("[http]", "max_body_bytes"),
    ("[diameter]", "origin_host"),
    ("[diameter]", "origin_realm"),
    ("[diameter]", "destination_realm"),
    ("[diameter]", "watchdog_interval_ms"),
    ("[diameter]", "listen_tls"),
    ("[diameter.tls]", "crl"),
    ("[diameter]", "listen_sctp"),
    ("[diameter.sctp]", "streams"),
    ("[[diameter.peers]]", "more_addresses"),
    ("[[diameter.peers]]", "host"),
    ("[[diameter.peers]]", "transport"),
    ("[dictionary]", "directory"),
    ("[gatekeeper]", "profile"),
    ("[gatekeeper]", "default_duration_s"),
    ("[gatekeeper]", "max_duration_s"),
    ("[gatekeeper]", "baseline_events"),
    ("[notify]", "allow_networks"),
    ("[diameter.tls]", "ca"),
    ("[store]", "kind"),
    ("[access]", "applications"),
];

const MINUTES_10: u64 = 600_000;
const HOUR: u64 = 3_600_000;
const YEAR_S: u64 = 31_536_000;
const DIRECTORY: &str = "the path of an existing directory";
const MADE: &str = "the path of a file in an existing directory; it is made if it is not there";
const LISTEN: &str =
    "an IP address and a port such as \"127.0.0.1:8001\" or \"[::1]:8001\"; port 0 takes a free one";

pub(super) fn read(file: &Path, text: &str) -> Result<Loaded, ConfigError> {
    const HOW: &str = "write [section] headers and `key = value` lines; text values stand in double quotes";
    let document = list_file::document(file, text, HOW)?;
    let mut reader = Reader::new(file, text);
    let config = read_sections(&mut reader, document.get_ref());
    let Reader { problems, warnings, settings, .. } = reader;
    match config {
        Some(config) if problems.is_empty() => Ok(Loaded { config, warnings, settings }),
        _ => Err(ConfigError::refused(problems)),
    }
}

/// Whether a file is there or can be made.
fn can_be_made(path: &Path) -> bool {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    !path.is_dir() && directory.is_none_or(Path::is_dir)
}

/// `None` only after a problem was noted.
fn read_sections<'d>(reader: &mut Reader<'d>, document: &'d DeTable<'d>) -> Option<Config> {
    for (key, value) in document {
        let name: &str = key.get_ref();
        if SECTIONS.contains(&name) {
            continue;
        }
        if !is_section(value.get_ref()) {
            let hint = match PLACES.iter().find(|(_, key)| *key == name) {
                Some((title, _)) => format!("it belongs below {title}"),
                None => format!("move it below the header of its section: {SECTION_TITLES}"),
            };
            reader.refuse(Some(key.span().start), format!("`{name}` stands before any section"), hint);
            continue;
        }
        let hint = match nearest(name, SECTIONS) {
            Some(near) => format!("did you mean [{near}]? accepted: {SECTION_TITLES}"),
            None => format!("accepted: {SECTION_TITLES}"),
        };
        reader.refuse(Some(key.span().start), format!("there is no section [{name}] in this version"), hint);
    }
    let before = reader.problems.len();
    let (http, http_at) = http(open(reader, document, "http"));
    let http_is_safe = http.allow_plaintext || http.tls.is_some() || reader.problems.len() > before;
    let before = reader.problems.len();
    let (admin, admin_at) = admin(open(reader, document, "admin"));
    let admin_is_safe = admin.allow_plaintext || admin.tls.is_some() || reader.problems.len() > before;
    let refused = reader.is_refused(http_at) || reader.is_refused(admin_at);
    if admin.listen == http.listen && admin.listen.port() != 0 && !refused {
        reader.refuse(
            admin_at.or(http_at),
            format!("[http] and [admin] both listen on {}", http.listen),
            "give each a port of its own",
        );
    }
    let diameter = diameter::read(open(reader, document, "diameter"));
    let mut section = open(reader, document, "dictionary");
    let dictionary = section.optional_path("directory", DIRECTORY, Path::is_dir);
    if dictionary.is_none() {
        section.note_unset("directory", "the built-in AVPs are all");
    }
    section.finish(&PLACES);
    let gatekeeper = front::gatekeeper(open(reader, document, "gatekeeper"));
    let templates = front::templates(open(reader, document, "templates"));
    let notify = front::notify(open(reader, document, "notify"));
    let store = store(open(reader, document, "store"));
    let records = front::records(open(reader, document, "records"));
    let audit = front::audit(open(reader, document, "audit"), records.as_ref());
    let before = reader.problems.len();
    let access = front::access(open(reader, document, "access"));
    // What is refused there may be good the next time.
    let guarded = access.is_some() || reader.problems.len() > before;
    beyond_loopback(reader, http.listen, http_at, guarded, http_is_safe);
    beyond_loopback(reader, admin.listen, admin_at, guarded, admin_is_safe);
    Some(Config {
        http,
        admin,
        diameter: diameter?,
        dictionary: dictionary.and_then(|found| found.value),
        gatekeeper,
        templates,
        notify,
        store,
        records,
        audit,
        access,
    })
}

/// Whether that is what stands below `[name]` or `[[name]]`.
fn is_section(value: &DeValue<'_>) -> bool {
    match value.as_array() {
        Some(items) => items.iter().any(|item| item.get_ref().is_table()),
        None => value.is_table(),
    }
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
    let listen = listen(&mut section, 8001);
    let max_body_bytes = section.number(Number {
        key: "max_body_bytes",
        unit: "octets",
        default: 262_144,
        accepted: 1_024..=16_777_216,
    });
    let header_timeout = section.duration("header_timeout_ms", 5_000, 10..=MINUTES_10);
    let body_timeout = section.duration("body_timeout_ms", 30_000, 10..=MINUTES_10);
    let idle_timeout = section.duration("idle_timeout_ms", 60_000, 10..=24 * HOUR);
    let max_connections = max_connections(&mut section, 10_000);
    let per_address = section.number(Number {
        key: "max_connections_per_address",
        unit: "connections (0: no limit)",
        default: 2_000,
        accepted: 0..=1_000_000,
    });
    let tls = tls::listener(&mut section);
    let allow_plaintext = section.flag("allow_plaintext", false);
    section.finish(&PLACES);
    let http = Http {
        listen: listen.value,
        allow_plaintext: allow_plaintext.value,
        max_body_bytes: max_body_bytes.value,
        header_timeout: header_timeout.value,
        body_timeout: body_timeout.value,
        idle_timeout: idle_timeout.value,
        max_connections: max_connections.value,
        max_connections_per_address: per_address.value,
        tls,
    };
    (http, listen.offset)
}

fn admin(mut section: Section<'_, '_>) -> (Admin, Option<usize>) {
    let listen = listen(&mut section, 8002);
    let max_connections = max_connections(&mut section, 100);
    let tls = tls::listener(&mut section);
    let allow_plaintext = section.flag("allow_plaintext", false);
    section.finish(&PLACES);
    let admin = Admin {
        listen: listen.value,
        allow_plaintext: allow_plaintext.value,
        max_connections: max_connections.value,
        tls,
    };
    (admin, listen.offset)
}

fn max_connections(section: &mut Section<'_, '_>, default: u32) -> Found<u32> {
    let (key, unit) = ("max_connections", "connections");
    section.number(Number { key, unit, default, accepted: 1..=1_000_000 })
}

fn listen(section: &mut Section<'_, '_>, port: u16) -> Found<SocketAddr> {
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    section.text_or("listen", default, LISTEN, |text| text.parse().ok())
}

/// Refuses an address that others than this machine could reach, unless they have to show who they are, and nobody
/// between can read it.
fn beyond_loopback(
    reader: &mut Reader<'_>,
    listen: SocketAddr,
    offset: Option<usize>,
    access: bool,
    is_safe: bool,
) {
    if listen.ip().to_canonical().is_loopback() || access && is_safe {
        return;
    }
    let hint = if access {
        "secrets would cross the network in clear: let what does TLS before it be the only one that reaches it, and say \
         so by `allow_plaintext = true`; or give `certificate` and `key`, or listen on loopback"
            .to_owned()
    } else {
        format!(
            "without `applications` in [access] whoever reaches it may set anybody's QoS, so only this machine may \
             connect; accepted: {LISTEN}"
        )
    };
    reader.refuse(offset, format!("`listen` is {listen}, which is not a loopback address"), hint);
}

fn store(mut section: Section<'_, '_>) -> Store {
    #[derive(Clone, Copy, PartialEq)]
    enum Kind {
        Embedded,
        Memory,
    }
    let words = [("embedded", Some(Kind::Embedded)), ("memory", Some(Kind::Memory))];
    let kind = section.one_of("kind", Kind::Embedded, &words).value;
    let path = section.optional_path("path", "the path of a directory", |path| path != Path::new(""));
    let room = Number { key: "min_free_mib", unit: "MiB", default: 256, accepted: 0..=1 << 40 };
    let min_free = section.number(room);
    let store = match kind {
        Kind::Memory => {
            for (key, at) in
                [("path", path.map(|found| found.offset)), ("min_free_mib", min_free.offset.map(Some))]
            {
                if let Some(at) = at {
                    let text = format!("`{key}` is not used");
                    section.reader.warn(at, text, "the store kind \"memory\" writes no files");
                }
            }
            Store::Memory
        }
        Kind::Embedded => {
            let base = section.reader.file.parent().unwrap_or(Path::new(""));
            let default = base.join("data");
            let directory = match path {
                Some(found) => found.value.unwrap_or(default),
                None => {
                    section.note_default("path", &default);
                    default
                }
            };
            Store::Embedded { directory, min_free: min_free.value << 20 }
        }
    };
    section.finish(&PLACES);
    store
}

/// Refuses a first wait that is longer than the longest one.
fn in_order(
    section: &mut Section<'_, '_>,
    (first_key, first): (&str, &Found<Duration>),
    (last_key, last): (&str, &Found<Duration>),
) {
    let refused = [first, last].iter().any(|found| section.reader.is_refused(found.offset));
    if first.value > last.value && !refused {
        section.reader.refuse(
            first.offset.or(last.offset),
            format!(
                "`{first_key}` ({}) is longer than `{last_key}` ({})",
                first.value.as_millis(),
                last.value.as_millis()
            ),
            "the wait grows from the first to the second: lower the first or raise the second",
        );
    }
}

fn once_each<T: PartialEq + fmt::Display>(section: &mut Section<'_, '_>, key: &str, found: &[Found<T>]) {
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
