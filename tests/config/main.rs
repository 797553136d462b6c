//! The configuration file: what is accepted, and the exact words with which the rest is refused.
#![allow(clippy::unwrap_used)]

mod front;
mod network;
mod sctp;
mod support;
mod tls;

use std::{path::Path, time::Duration};

use rxgate::config::{ConfigError, Loaded, Profile, Store, Transport};

use support::{LEAST, assert_refused, beside, load, refusal, refusals, with, with_diameter};

#[test]
fn the_least_file_gets_every_documented_default() {
    let Loaded { config, warnings, .. } = load(LEAST).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(config.http.listen, "127.0.0.1:8001".parse().unwrap());
    assert_eq!(config.http.max_body_bytes, 262_144);
    assert_eq!(config.http.header_timeout, Duration::from_millis(5_000));
    assert_eq!(config.http.body_timeout, Duration::from_millis(30_000));
    assert_eq!(config.http.idle_timeout, Duration::from_millis(60_000));
    assert_eq!(config.http.max_connections_per_address, 2_000);
    assert_eq!((config.http.max_connections, config.admin.max_connections), (10_000, 100));
    assert_eq!(config.admin.listen, "127.0.0.1:8002".parse().unwrap());
    let diameter = config.diameter;
    assert_eq!(diameter.origin_host, "af.rx.test");
    assert_eq!(diameter.origin_realm, "rx.test");
    assert_eq!(diameter.destination_realm, "rx.test");
    assert_eq!(diameter.listen, []);
    assert_eq!(diameter.request_timeout, Duration::from_millis(10_000));
    assert_eq!(diameter.attempt_timeout, Duration::from_millis(4_000));
    assert_eq!(diameter.watchdog_interval, Duration::from_millis(30_000));
    assert_eq!(diameter.reconnect_initial, Duration::from_millis(1_000));
    assert_eq!(diameter.reconnect_max, Duration::from_millis(30_000));
    assert_eq!(diameter.reconnect_after_refusal, Duration::from_millis(60_000));
    assert_eq!(diameter.redirect_hosts, Vec::<String>::new());
    assert_eq!(diameter.give_up_str_after, Duration::from_secs(86_400));
    assert_eq!(diameter.peers.len(), 1);
    assert_eq!(diameter.peers[0].host, "pcrf.rx.test");
    assert_eq!(diameter.peers[0].address, "127.0.0.1:3868");
    assert_eq!(diameter.peers[0].transport, Transport::Tcp);
    assert_eq!((diameter.peers[0].priority, diameter.peers[0].weight), (1, 1));
    assert_eq!(config.dictionary, None);
    assert_eq!(config.gatekeeper.profile, Profile::Compatible);
    assert!(!config.gatekeeper.short_ipv6_prefix);
    assert_eq!(config.gatekeeper.default_duration, None);
    assert_eq!(config.gatekeeper.max_duration, None);
    assert_eq!(config.gatekeeper.baseline_events, [1, 2, 3, 4, 6, 7, 10]);
    assert!(!config.gatekeeper.abort_also_released);
    assert_eq!(config.templates, None);
    assert_eq!(config.notify.allow_networks, []);
    assert_eq!(config.notify.retry_initial, Duration::from_millis(1_000));
    assert_eq!(config.notify.retry_max, Duration::from_millis(300_000));
    assert_eq!(config.notify.give_up_after, Duration::from_secs(86_400));
    assert_eq!(config.notify.attempt_timeout, Duration::from_millis(5_000));
    assert_eq!(config.notify.max_waiting_per_correlator, 1_000);
    assert_eq!(config.notify.max_waiting, 100_000);
    assert_eq!(config.notify.max_waiting_octets, 67_108_864);
    assert_eq!(config.store, Store::Embedded { directory: "data".into(), min_free: 256 << 20 });
}

#[test]
fn every_key_is_read() {
    let directory = std::env::temp_dir();
    let text = format!(
        r#"
[http]
listen = "[::1]:0"
max_body_bytes = 0x1000
header_timeout_ms = 1_000
body_timeout_ms = 3000
idle_timeout_ms = 2000
max_connections = 300
max_connections_per_address = 0
[admin]
listen = "127.0.0.1:0"
max_connections = 30
[diameter]
origin_host = "af.rx.test"
origin_realm = "af-realm"
destination_realm = "pcrf-realm"
listen = ["127.0.0.1:3869", "[::1]:3869"]
request_timeout_ms = 3000
attempt_timeout_ms = 3000
watchdog_interval_ms = 6000
reconnect_initial_ms = 20
reconnect_max_ms = 40
reconnect_after_refusal_ms = 50
redirect_hosts = ["other.rx.test"]
give_up_str_after_s = 60
[[diameter.peers]]
host = "pcrf.rx.test"
address = "127.0.0.1:3868"
transport = "tcp"
priority = 0
weight = 3
[[diameter.peers]]
host = "relay.rx.test"
address = "relay.example.net:3868"
priority = 2
[dictionary]
directory = '{}'
[gatekeeper]
profile = "strict"
short_ipv6_prefix = true
default_duration_s = 3600
max_duration_s = 3600
baseline_events = [11, 2, 9]
abort_also_released = true
[notify]
allow_networks = ["127.0.0.0/8", "::1/128"]
retry_initial_ms = 10
retry_max_ms = 20
give_up_after_s = 30
attempt_timeout_ms = 40
max_waiting_per_correlator = 5
max_waiting = 6
max_waiting_octets = 1048577
[store]
kind = "memory"
[records]
file = "records.jsonl"
end_user = true
[audit]
file = "audit.jsonl"
end_user = true
reads = true
"#,
        directory.display()
    );
    let Loaded { config, warnings, .. } = load(&text).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(config.http.listen, "[::1]:0".parse().unwrap());
    assert_eq!(config.http.max_body_bytes, 4_096);
    assert_eq!(config.http.header_timeout, Duration::from_secs(1));
    assert_eq!(config.http.body_timeout, Duration::from_secs(3));
    assert_eq!(config.http.idle_timeout, Duration::from_secs(2));
    assert_eq!(config.http.max_connections_per_address, 0);
    assert_eq!((config.http.max_connections, config.admin.max_connections), (300, 30));
    assert_eq!(config.admin.listen, "127.0.0.1:0".parse().unwrap());
    assert_eq!(config.diameter.origin_realm, "af-realm");
    assert_eq!(config.diameter.destination_realm, "pcrf-realm");
    assert_eq!(config.diameter.listen.len(), 2);
    assert_eq!(config.diameter.request_timeout, Duration::from_secs(3));
    assert_eq!(config.diameter.attempt_timeout, Duration::from_secs(3));
    assert_eq!(config.diameter.watchdog_interval, Duration::from_secs(6));
    assert_eq!(config.diameter.reconnect_initial, Duration::from_millis(20));
    assert_eq!(config.diameter.reconnect_max, Duration::from_millis(40));
    assert_eq!(config.diameter.reconnect_after_refusal, Duration::from_millis(50));
    assert_eq!(config.diameter.redirect_hosts, ["other.rx.test"]);
    assert_eq!(config.diameter.give_up_str_after, Duration::from_secs(60));
    let peers = config.diameter.peers;
    assert_eq!((peers[0].priority, peers[0].weight), (0, 3));
    assert_eq!((peers[1].host.as_str(), peers[1].priority), ("relay.rx.test", 2));
    assert_eq!(peers[1].address, "relay.example.net:3868");
    assert_eq!(config.dictionary, Some(directory));
    assert_eq!(config.gatekeeper.profile, Profile::Strict);
    assert!(config.gatekeeper.short_ipv6_prefix);
    assert_eq!(config.gatekeeper.default_duration, Some(Duration::from_secs(3_600)));
    assert_eq!(config.gatekeeper.max_duration, Some(Duration::from_secs(3_600)));
    assert_eq!(config.gatekeeper.baseline_events, [11, 2, 9]);
    assert!(config.gatekeeper.abort_also_released);
    let networks: Vec<String> = config.notify.allow_networks.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["127.0.0.0/8", "::1/128"]);
    assert_eq!(config.notify.retry_initial, Duration::from_millis(10));
    assert_eq!(config.notify.retry_max, Duration::from_millis(20));
    assert_eq!(config.notify.give_up_after, Duration::from_secs(30));
    assert_eq!(config.notify.attempt_timeout, Duration::from_millis(40));
    assert_eq!((config.notify.max_waiting_per_correlator, config.notify.max_waiting), (5, 6));
    assert_eq!(config.notify.max_waiting_octets, 1_048_577);
    let records = config.records.unwrap();
    assert!(records.file.ends_with("records.jsonl") && records.end_user);
    let audit = config.audit.unwrap();
    assert!(audit.file.ends_with("audit.jsonl") && audit.end_user && audit.reads);
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    assert_refused(
        &with_diameter("watchdog_intervall_ms = 30000"),
        "5:1: [diameter] has no key `watchdog_intervall_ms`",
        "did you mean `watchdog_interval_ms`? accepted here: origin_host, origin_realm, destination_realm, \
         listen, listen_tls, listen_sctp, request_timeout_ms, attempt_timeout_ms, watchdog_interval_ms, \
         reconnect_initial_ms, reconnect_max_ms, reconnect_after_refusal_ms, redirect_hosts, give_up_str_after_s, \
         tls, sctp, peers",
    );
    assert_refused(
        &with("tranport = \"tcp\"\n"),
        "9:1: [[diameter.peers]] has no key `tranport`",
        "did you mean `transport`? accepted here: host, address, transport, more_addresses, priority, weight",
    );
    assert_refused(
        &with("[admin]\ncolour = 1\n"),
        "10:1: [admin] has no key `colour`",
        "accepted here: listen, max_connections, certificate, key, client_ca, client_crl, client_certificate, \
         allow_plaintext",
    );
    assert_refused(
        &with("[admin]\nwatchdog_interval_ms = 1\n"),
        "10:1: [admin] has no key `watchdog_interval_ms`",
        "`watchdog_interval_ms` belongs in [diameter]; accepted here: listen, max_connections, certificate, key, \
         client_ca, client_crl, client_certificate, allow_plaintext",
    );
}

#[test]
fn unknown_sections_are_refused() {
    const ALL: &str = "[http], [admin], [diameter], [diameter.tls], [diameter.sctp], [[diameter.peers]], \
                       [dictionary], [gatekeeper], [templates], [notify], [store], [records], [audit], [access], \
                       [access.token], [access.jwt]";
    for later in ["console", "metrics"] {
        assert_refused(
            &with(&format!("[{later}]\n")),
            &format!("9:2: there is no section [{later}] in this version"),
            &format!("accepted: {ALL}"),
        );
    }
    assert_refused(
        &with("[htp]\nlisten = \"127.0.0.1:1\"\n"),
        "9:2: there is no section [htp] in this version",
        &format!("did you mean [http]? accepted: {ALL}"),
    );
    assert_refused(
        &format!("http = 1\n{LEAST}"),
        "1:1: `http` is not a section",
        "write [http] on a line of its own",
    );
}

#[test]
fn missing_keys_are_refused_all_at_once() {
    let texts: Vec<String> =
        refusals("[diameter]\n[[diameter.peers]]\n").into_iter().map(|(text, _)| text).collect();
    assert_eq!(
        texts,
        [
            "gate.toml:1:2: [diameter] lacks `origin_host`",
            "gate.toml:1:2: [diameter] lacks `origin_realm`",
            "gate.toml:1:2: [diameter] lacks `destination_realm`",
            "gate.toml:2:1: [[diameter.peers]] lacks `host`",
            "gate.toml:2:1: [[diameter.peers]] lacks `address`",
        ]
    );
    let (_, hint) = refusals("[diameter]\n").remove(0);
    assert_eq!(
        hint,
        "add `origin_host = \"...\"`: a Diameter identity: a host name of letters, digits, hyphens and dots \
         such as \"pcrf.example.net\""
    );
    assert_eq!(refusals("").len(), 4);
    assert_eq!(refusals("")[0].0, "gate.toml: [diameter] lacks `origin_host`");
}

#[test]
fn numbers_of_the_wrong_type_or_size_are_refused() {
    const REQUEST: &str = "accepted: a whole number of milliseconds from 10 to 600000; default 10000";
    for (given, column) in [("\"10s\"", 22), ("-1", 22), ("9", 22), ("600001", 22), ("1.5", 22), ("true", 22)]
    {
        assert_refused(
            &with_diameter(&format!("request_timeout_ms = {given}")),
            &format!("5:{column}: `request_timeout_ms` is {given}"),
            REQUEST,
        );
    }
    assert_refused(
        &with("[http]\nmax_body_bytes = 99999999999999999999999\n"),
        "10:18: `max_body_bytes` is 99999999999999999999999",
        "accepted: a whole number of octets from 1024 to 16777216; default 262144",
    );
    assert_refused(
        &with("weight = 0\n"),
        "9:10: `weight` is 0",
        "accepted: a whole number from 1 to 65535; default 1",
    );
    assert_refused(
        &with("priority = 65536\n"),
        "9:12: `priority` is 65536",
        "accepted: a whole number from 0 to 65535; default 1",
    );
    assert_refused(
        &with("[http]\nmax_connections_per_address = [\n1]\n"),
        "10:31: `max_connections_per_address` is [ ...",
        "accepted: a whole number of connections (0: no limit) from 0 to 1000000; default 2000",
    );
}

#[test]
fn every_number_has_both_limits() {
    let limits = [
        ("[http]", "max_body_bytes", 1_024, 16_777_216_u64),
        ("[http]", "header_timeout_ms", 10, 600_000),
        ("[http]", "body_timeout_ms", 10, 600_000),
        ("[http]", "idle_timeout_ms", 10, 86_400_000),
        ("[http]", "max_connections", 1, 1_000_000),
        ("[http]", "max_connections_per_address", 0, 1_000_000),
        ("[admin]", "max_connections", 1, 1_000_000),
        ("[diameter]", "request_timeout_ms", 10, 600_000),
        ("[diameter]", "attempt_timeout_ms", 10, 600_000),
        ("[diameter]", "watchdog_interval_ms", 100, 3_600_000),
        ("[diameter]", "reconnect_initial_ms", 10, 3_600_000),
        ("[diameter]", "reconnect_max_ms", 10, 86_400_000),
        ("[diameter]", "reconnect_after_refusal_ms", 10, 86_400_000),
        ("[diameter]", "give_up_str_after_s", 1, 31_536_000),
        ("[gatekeeper]", "default_duration_s", 1, 4_294_967_295),
        ("[gatekeeper]", "max_duration_s", 1, 4_294_967_295),
        ("[notify]", "retry_initial_ms", 10, 3_600_000),
        ("[notify]", "retry_max_ms", 10, 86_400_000),
        ("[notify]", "give_up_after_s", 1, 31_536_000),
        ("[notify]", "attempt_timeout_ms", 10, 600_000),
        ("[notify]", "max_waiting_per_correlator", 1, 1_000_000),
        ("[notify]", "max_waiting", 1, 10_000_000),
        ("[notify]", "max_waiting_octets", 1_048_576, 17_179_869_184),
    ];
    for (section, key, least, most) in limits {
        let text = |value: i128| {
            let line = format!("{key} = {value}");
            if section == "[diameter]" { with_diameter(&line) } else { with(&format!("{section}\n{line}\n")) }
        };
        let complaint = |value: i128| match load(&text(value)) {
            Ok(_) => false,
            // A pair of limits that contradict each other is another complaint.
            Err(error) => error.problems().iter().any(|p| p.text == format!("`{key}` is {value}")),
        };
        assert!(!complaint(least.into()), "{key} = {least}");
        assert!(!complaint(most.into()), "{key} = {most}");
        assert!(complaint(i128::from(least) - 1), "{key} below {least}");
        assert!(complaint(i128::from(most) + 1), "{key} above {most}");
    }
}

#[test]
fn other_transports_are_refused() {
    let accepted = "accepted: \"tcp\", \"tls\", \"sctp\"";
    assert_refused(&with("transport = \"udp\"\n"), "9:13: `transport` is \"udp\"", accepted);
}

#[test]
fn the_store_is_a_directory_beside_the_file_unless_it_is_memory() {
    let store = |text: &str| load(&with(text)).unwrap().config.store;
    let at = |directory: &str, mib: u64| Store::Embedded { directory: directory.into(), min_free: mib << 20 };
    assert_eq!(store(""), at("data", 256));
    assert_eq!(
        store("[store]\nkind = \"embedded\"\npath = \"/var/lib/x\"\nmin_free_mib = 0\n"),
        at("/var/lib/x", 0)
    );
    assert_eq!(store("[store]\nkind = \"memory\"\n"), Store::Memory);
    let file = Path::new("/etc/rxgate/gate.toml");
    let loaded = Loaded::from_text(file, &with("[store]\npath = \"d\"\n")).unwrap();
    assert_eq!(loaded.config.store, at("/etc/rxgate/d", 256));
    assert_refused(&with("[store]\nkind = 1\n"), "10:8: `kind` is 1", "accepted: \"embedded\", \"memory\"");
    assert_refused(&with("[store]\npath = 1\n"), "10:8: `path` is 1", "accepted: the path of a directory");
}

#[test]
fn a_dictionary_that_is_not_there_is_refused() {
    assert_refused(
        &with("[dictionary]\ndirectory = \"no/such/place\"\n"),
        "10:13: `directory` is \"no/such/place\"",
        &format!("accepted: the path of an existing directory; there is no {}", beside("no")),
    );
}

#[test]
fn relative_paths_begin_at_the_file() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("gate.toml");
    let loaded = Loaded::from_text(&file, &with("[dictionary]\ndirectory = \"src\"\n")).unwrap();
    assert_eq!(loaded.config.dictionary, Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));
}

#[test]
fn unwise_settings_are_warned_about() {
    let loaded = load(&with_diameter("watchdog_interval_ms = 5999")).unwrap();
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!(loaded.warnings[0].to_string(), "gate.toml:5:24: `watchdog_interval_ms` is 5999");
    assert_eq!(loaded.warnings[0].hint, "RFC 3539 §3.4.1 wants 6000 or more; shorter is for labs and tests");
    assert_eq!(load(&with_diameter("watchdog_interval_ms = 6000")).unwrap().warnings, []);

    let loaded = load(&with("[store]\nkind = \"memory\"\npath = \"data\"\n")).unwrap();
    assert_eq!(loaded.warnings[0].to_string(), "gate.toml:11:8: `path` is not used");
}

#[test]
fn what_is_not_toml_is_refused_with_every_place() {
    let all = refusals("[http\n[admin]\nlisten = 127.0.0.1:8002\n");
    assert!(all[0].0.starts_with("gate.toml:1:6: not TOML: "), "{all:#?}");
    assert!(all.iter().any(|(text, _)| text.starts_with("gate.toml:3:")), "{all:#?}");
    let (text, _) = refusal(&with_diameter("origin_host = \"again.test\""));
    assert!(text.starts_with("gate.toml:5:1: not TOML: duplicate key"), "{text}");
}

#[test]
fn a_section_that_stands_twice_is_one_problem() {
    const HINT: &str = "a section stands once: put all of its keys below one header";
    let http = "[http]\nlisten = \"127.0.0.1:1\"\nidle_timeout_ms = 1000\n";
    assert_refused(&with(&format!("{http}{http}")), "12:2: not TOML: [http] stands twice", HINT);
    let all =
        refusals(&with(&format!("{http} [http] # again\nlisten = 1\n[admin]\nlisten = 1\nlisten = 2\n")));
    let texts: Vec<&str> = all.iter().map(|(text, _)| &**text).collect();
    assert_eq!(
        texts,
        ["gate.toml:12:3: not TOML: [http] stands twice", "gate.toml:16:1: not TOML: duplicate key"]
    );
}

#[test]
fn a_key_before_any_section_is_no_section() {
    assert_refused(
        &format!("profile = \"strict\"\n{LEAST}"),
        "1:1: `profile` stands before any section",
        "it belongs below [gatekeeper]",
    );
    let (text, hint) = refusal(&format!("listen = [1]\n{LEAST}"));
    assert_eq!(text, "gate.toml:1:1: `listen` stands before any section");
    assert!(hint.starts_with("move it below the header of its section: [http], "), "{hint}");
}

#[test]
fn a_file_that_cannot_be_read_is_one_problem() {
    let error = Loaded::from_file(Path::new("/no/such/gate.toml")).unwrap_err();
    assert!(matches!(error, ConfigError::Unreadable { .. }));
    let problems = error.problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].to_string().starts_with("/no/such/gate.toml: cannot be read: "));
}

#[test]
fn the_effective_settings_are_a_file_with_the_same_meaning() {
    let loaded =
        load(&with("weight = 7\n[[diameter.peers]]\nhost = \"b.rx.test\"\naddress = \"[::1]:3868\"\n"))
            .unwrap();
    let printed = loaded.to_string();
    assert!(printed.contains("max_body_bytes = 262144                 # octets; default\n"), "{printed}");
    assert!(printed.contains("weight = 7\n"), "{printed}");
    assert!(printed.contains("# max_duration_s                        # not set: no limit\n"), "{printed}");
    for remark in [
        "max_connections_per_address = 2000      # connections (0: no limit); default\n",
        "# default_duration_s                    # not set: a request must give its duration where its template has none\n",
    ] {
        assert!(printed.contains(remark), "{remark}{printed}");
    }
    assert_eq!(load(&printed).unwrap().config, loaded.config);
}
