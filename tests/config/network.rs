//! Listeners, addresses, identities and peers.

use crate::support::{LEAST, assert_refused, load, refusal, refusals, with, with_diameter};

#[test]
fn the_listeners_stay_on_loopback_without_access_control() {
    for section in ["http", "admin"] {
        for address in ["0.0.0.0:8000", "192.0.2.1:8000", "[::]:8000", "[::ffff:192.0.2.1]:8000"] {
            assert_refused(
                &with(&format!("[{section}]\nlisten = \"{address}\"\n")),
                &format!("10:10: `listen` is {address}, which is not a loopback address"),
                "without `applications` in [access] whoever reaches it may set anybody's QoS, so only this machine may \
                 connect; accepted: an IP address and a port such as \"127.0.0.1:8001\" or \"[::1]:8001\"; port 0 takes a free one",
            );
        }
    }
    load(&with("[http]\nlisten = \"127.8.9.10:8000\"\n[admin]\nlisten = \"[::1]:8000\"\n")).unwrap();
}

#[test]
fn beyond_loopback_clients_show_who_they_are_and_nobody_reads_it() {
    let file = std::env::temp_dir().join(format!("rxgate-config-{}-applications.toml", std::process::id()));
    std::fs::write(&file, "").unwrap();
    let access = format!("[access]\napplications = '{}'\n", file.display());
    for section in ["http", "admin"] {
        let listen = |more: &str| with(&format!("{access}[{section}]\nlisten = \"0.0.0.0:8000\"\n{more}"));
        let (text, hint) = refusal(&listen(""));
        assert_eq!(text, "gate.toml:12:10: `listen` is 0.0.0.0:8000, which is not a loopback address");
        assert!(hint.contains("`allow_plaintext = true`"), "{hint}");
        load(&listen("allow_plaintext = true\n")).unwrap();
    }
    // Without applications that is no way.
    let open = with("[http]\nlisten = \"0.0.0.0:8000\"\nallow_plaintext = true\n");
    assert!(refusal(&open).1.contains("without `applications` in [access]"));
    assert!(refusal(&with("[access]\napplications = 'nowhere.toml'\n")).1.contains("`rxgate app add` made"));
    std::fs::remove_file(file).unwrap();
}

#[test]
fn a_section_that_guards_nothing_is_told() {
    for more in ["[access]\n", "[access.token]\nlifetime_s = 600\n"] {
        let warnings = load(&with(more)).unwrap().warnings;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert_eq!(warnings[0].to_string(), "gate.toml:9:2: [access] without `applications`");
        assert!(warnings[0].hint.starts_with("whoever reaches a listener may do everything"), "{warnings:?}");
    }
    assert_eq!(load(LEAST).unwrap().warnings, []);
}

#[test]
fn what_follows_from_a_setting_that_is_refused_is_no_problem_of_its_own() {
    let only = |more: &str, places: &[&str]| {
        let refused = refusals(&with(more));
        let found: Vec<_> = refused.iter().map(|(text, _)| text.split(": ").next().unwrap()).collect();
        let places: Vec<_> = places.iter().map(|place| format!("gate.toml:{place}")).collect();
        assert_eq!(found, places, "{refused:#?}");
    };
    let open = "[http]\nlisten = \"0.0.0.0:1\"\n";
    only(&format!("{open}allow_plaintext = true\n[access]\napplications = \"gone\"\n"), &["13:16"]);
    // The applications are there; of the certificate that is all that is wrong.
    let file = std::env::temp_dir().join(format!("rxgate-config-follows-{}.toml", std::process::id()));
    std::fs::write(&file, "").unwrap();
    let access = format!("[access]\napplications = '{}'\n", file.display());
    only(&format!("{open}certificate = \"gone\"\nkey = \"gone\"\n{access}"), &["11:15", "12:7"]);
    std::fs::remove_file(file).unwrap();
    only("[http]\nlisten = \"127.0.0.1:8002\"\n[admin]\nlisten = \"there\"\n", &["12:10"]);
    only("[notify]\nretry_initial_ms = 400000\nretry_max_ms = 0\n", &["11:16"]);
    only("[notify]\nmax_waiting_per_correlator = 200000\nmax_waiting = 0\n", &["11:15"]);
    let request = "attempt_timeout_ms = 20000\nrequest_timeout_ms = 0";
    let refused = refusals(&with_diameter(request));
    assert_eq!(refused.len(), 1, "{refused:#?}");
    only("[notify]\nallow_networks = [\"10.0.0.0/8\"\n[admin]\nlisten = \"127.0.0.1:8002\"\n", &["11:1"]);
}

#[test]
fn bad_addresses_are_refused() {
    const LISTEN: &str = "accepted: an IP address and a port such as \"127.0.0.1:8001\" or \"[::1]:8001\"; \
                          port 0 takes a free one";
    const PEER: &str = "accepted: an address and a port from 1 such as \"192.0.2.7:3868\", \
                        \"[2001:db8::7]:3868\" or \"pcrf.example.net:3868\"";
    for bad in ["localhost:80", "127.0.0.1", "127.0.0.1:65536", "::1:80", ""] {
        assert_refused(
            &with(&format!("[http]\nlisten = \"{bad}\"\n")),
            &format!("10:10: `listen` is \"{bad}\""),
            LISTEN,
        );
        assert_refused(
            &with_diameter(&format!("listen = [\"127.0.0.1:1\", \"{bad}\"]")),
            &format!("5:26: `listen` is \"{bad}\""),
            LISTEN,
        );
    }
    assert_refused(
        &with_diameter("listen = \"127.0.0.1:3869\""),
        "5:10: `listen` is \"127.0.0.1:3869\"",
        &LISTEN.replace("accepted: an", "accepted: a list, each item an"),
    );
    assert_refused(
        &with_diameter("listen = [\"127.0.0.1:1\", \"127.0.0.1:1\"]"),
        "5:26: `listen` has 127.0.0.1:1 twice",
        "leave one of them out",
    );
    for bad in [
        "127.0.0.1:0",
        "0.0.0.0:3868",
        "127.0.0.256:3868",
        "pcrf_1.test:3868",
        "pcrf.test:0",
        "pcrf.test",
        "127.0.0.1",
    ] {
        assert_refused(&LEAST.replace("127.0.0.1:3868", bad), &format!("8:11: `address` is \"{bad}\""), PEER);
    }
    assert_refused(
        &with("[http]\nlisten = \"127.0.0.1:8002\"\n"),
        "10:10: [http] and [admin] both listen on 127.0.0.1:8002",
        "give each a port of its own",
    );
}

#[test]
fn bad_identities_are_refused() {
    let long = "a".repeat(64);
    for bad in
        ["", "pcrf..test", ".test", "pcrf.", "pcrf_1.test", "-a.test", "a-.test", "p crf", "pcrf:3868", &long]
    {
        let (text, hint) = refusal(&LEAST.replace("pcrf.rx.test", bad));
        assert_eq!(text, format!("gate.toml:7:8: `host` is \"{bad}\""));
        assert!(hint.starts_with("accepted: a Diameter identity: a host name of letters"), "{hint}");
        let (text, hint) = refusal(
            &LEAST.replace("destination_realm = \"rx.test\"", &format!("destination_realm = \"{bad}\"")),
        );
        assert_eq!(text, format!("gate.toml:4:21: `destination_realm` is \"{bad}\""));
        assert!(hint.starts_with("accepted: a realm: a domain name of letters"), "{hint}");
    }
    let (text, _) = refusal(&with_diameter("redirect_hosts = [\"good.test\", \"b_d.test\"]"));
    assert_eq!(text, "gate.toml:5:32: `redirect_hosts` is \"b_d.test\"");
}

#[test]
fn a_host_is_one_peer_and_not_the_gateway() {
    assert_refused(
        &with("[[diameter.peers]]\nhost = \"PCRF.rx.test\"\naddress = \"127.0.0.1:3870\"\n"),
        "10:8: a peer with `host` PCRF.rx.test is already configured on line 7",
        "a peer has one section; two addresses of one host are not in this version",
    );
    assert_refused(
        &LEAST.replace("pcrf.rx.test", "AF.rx.test"),
        "7:8: the peer's `host` AF.rx.test is this gateway's own `origin_host`",
        "give the Origin-Host that the peer shows",
    );
}

#[test]
fn a_gateway_without_peers_is_refused() {
    const HINT: &str = "add a [[diameter.peers]] section with `host` and `address` of the PCRF or relay";
    let without = LEAST.split("[[").next().unwrap();
    assert_refused(without, "1:2: [diameter] has no peers", HINT);
    assert_refused(&format!("{without}peers = []\n"), "6:9: [diameter] has no peers", HINT);
    assert_refused(
        &LEAST.replace("[[diameter.peers]]", "[diameter.peers]"),
        "6:1: `peers` is not a list of peers",
        "write [[diameter.peers]] with two brackets",
    );
    assert_refused(
        &format!("{without}peers = [\"pcrf.rx.test\"]\n"),
        "6:10: a peer is not a section",
        "write [[diameter.peers]] on a line of its own",
    );
}

#[test]
fn times_that_contradict_each_other_are_refused() {
    assert_refused(
        &with_diameter("attempt_timeout_ms = 10001"),
        "5:22: `attempt_timeout_ms` (10001) is longer than `request_timeout_ms` (10000)",
        "one attempt is part of the request's whole time: lower the first or raise the second",
    );
    assert_refused(
        &with_diameter("reconnect_max_ms = 999"),
        "5:20: `reconnect_initial_ms` (1000) is longer than `reconnect_max_ms` (999)",
        "the wait grows from the first to the second: lower the first or raise the second",
    );
}

#[test]
fn what_is_shown_of_tokens_means_the_same() {
    let file = std::env::temp_dir().join(format!("rxgate-config-tokens-{}.toml", std::process::id()));
    std::fs::write(&file, "").unwrap();
    let access = format!("[access]\napplications = '{}'\n", file.display());
    let jwt = format!(
        "[access.jwt]\nissuer = \"i\"\naudience = \"a\"\nalgorithms = [\"ES256\"]\njwks = '{}'\n",
        file.display()
    );
    for more in ["", "[access.token]\nlifetime_s = 600\n", &jwt, &format!("[access.token]\n{jwt}")] {
        let loaded = load(&with(&format!("{access}{more}"))).unwrap();
        let shown = load(&loaded.to_string()).unwrap();
        assert_eq!(shown.config, loaded.config, "{loaded}");
    }
    std::fs::remove_file(&file).unwrap();
}
