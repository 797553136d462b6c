//! `[gatekeeper]`, `[templates]`, `[notify]` and the applications.

use std::path::Path;

use rxgate::config::{Applications, Loaded, Templates};

use crate::support::{assert_refused, beside, load, refusals, with};

#[test]
fn events_that_nobody_can_subscribe_to_are_refused_with_the_reason() {
    const EVENT: &str = "a Specific-Action from 1 to 4 or from 6 to 11";
    let events = |list: &str| with(&format!("[gatekeeper]\nbaseline_events = {list}\n"));
    for (number, why) in [
        ("0", "TS 29.214 §5.3.13 has no Specific-Action of that number"),
        ("5", "TS 29.214 §5.3.13 has no Specific-Action of that number"),
        (
            "12",
            "event 12 (QOS_FEATURE_RELEASED) needs no subscription; in Rx 12 is ACCESS_NETWORK_INFO_REPORT, \
             which has no event",
        ),
        ("13", "the interface has no event of that number"),
        ("4294967297", "the interface has no event of that number"),
    ] {
        assert_refused(
            &events(&format!("[1, {number}]")),
            &format!("10:23: `baseline_events` has {number}"),
            &format!("{why}; accepted: {EVENT}"),
        );
    }
    for bad in ["-1", "\"1\"", "1.0"] {
        assert_refused(
            &events(&format!("[1, {bad}]")),
            &format!("10:23: `baseline_events` is {bad}"),
            &format!("accepted: {EVENT}"),
        );
    }
    assert_refused(
        &events("7"),
        "10:19: `baseline_events` is 7",
        &format!("accepted: a list, each item {EVENT}"),
    );
    assert_refused(&events("[7, 7]"), "10:23: `baseline_events` has 7 twice", "leave one of them out");
    assert_eq!(refusals(&events("[5, 7, 12]")).len(), 2);
    let all = load(&events("[1, 2, 3, 4, 6, 7, 8, 9, 10, 11]")).unwrap();
    assert_eq!(all.config.gatekeeper.baseline_events.len(), 10);
    assert_eq!(load(&events("[]")).unwrap().config.gatekeeper.baseline_events, Vec::<u32>::new());
}

#[test]
fn settings_of_the_interface_that_make_no_sense_are_refused() {
    assert_refused(
        &with("[gatekeeper]\nprofile = \"lenient\"\n"),
        "10:11: `profile` is \"lenient\"",
        "accepted: \"compatible\", \"strict\"",
    );
    assert_refused(
        &with("[gatekeeper]\nabort_also_released = 1\n"),
        "10:23: `abort_also_released` is 1",
        "accepted: true or false; default false",
    );
    assert_refused(
        &with("[gatekeeper]\nmax_duration_s = 0\n"),
        "10:18: `max_duration_s` is 0",
        "accepted: a whole number of seconds from 1 to 4294967295; left out: no limit",
    );
    assert_refused(
        &with("[gatekeeper]\nmax_duration_s = 59\ndefault_duration_s = 60\n"),
        "11:22: `default_duration_s` (60) is longer than `max_duration_s` (59)",
        "lower the first or raise the second",
    );
    assert_refused(
        &with("[notify]\nbaseline_events = [1]\n"),
        "10:1: [notify] has no key `baseline_events`",
        "`baseline_events` belongs in [gatekeeper]; accepted here: allow_networks, retry_initial_ms, \
         retry_max_ms, give_up_after_s, attempt_timeout_ms, max_waiting_per_correlator, max_waiting, \
         max_waiting_octets, ca",
    );
    assert_refused(
        &with("[notify]\nretry_max_ms = 999\n"),
        "10:16: `retry_initial_ms` (1000) is longer than `retry_max_ms` (999)",
        "the wait grows from the first to the second: lower the first or raise the second",
    );
    assert_refused(
        &with("[notify]\nmax_waiting = 999\n"),
        "10:15: `max_waiting_per_correlator` (1000) is more than `max_waiting` (999)",
        "one registration's share is part of the whole: lower the first or raise the second",
    );
}

#[test]
fn networks_are_written_with_their_prefix() {
    const NETWORK: &str =
        "accepted: a network such as \"127.0.0.0/8\", \"192.0.2.7/32\" or \"2001:db8::/32\"";
    let networks = |list: &str| with(&format!("[notify]\nallow_networks = [{list}]\n"));
    for bad in ["127.0.0.1", "127.0.0.1/8", "127.0.0.0/33", "localhost/8", "::1/129", ""] {
        assert_refused(
            &networks(&format!("\"{bad}\"")),
            &format!("10:19: `allow_networks` is \"{bad}\""),
            NETWORK,
        );
    }
    assert_refused(
        &networks("\"::1/128\", \"::1/128\""),
        "10:30: `allow_networks` has ::1/128 twice",
        "leave one of them out",
    );
    let loaded = load(&networks("\"0.0.0.0/0\"")).unwrap();
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!(loaded.warnings[0].to_string(), "gate.toml:10:19: `allow_networks` has 0.0.0.0/0");
}

#[test]
fn templates_have_a_directory_and_rules_and_one_gives_the_other() {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("config-{}", std::process::id()));
    std::fs::create_dir_all(base.join("both")).unwrap();
    std::fs::create_dir_all(base.join("none")).unwrap();
    std::fs::write(base.join("both/rules.toml"), "").unwrap();
    std::fs::write(base.join("other.toml"), "").unwrap();
    let file = base.join("gate.toml");
    let load = |section: &str| Loaded::from_text(&file, &with(&format!("[templates]\n{section}")));
    let templates = |section: &str| load(section).unwrap().config.templates;
    let expected = |directory: &str, rules: &str| {
        Some(Templates { directory: base.join(directory), rules: base.join(rules) })
    };
    assert_eq!(templates(""), None);
    assert_eq!(templates("directory = \"both\"\n"), expected("both", "both/rules.toml"));
    assert_eq!(templates("rules = \"both/rules.toml\"\n"), expected("both", "both/rules.toml"));
    assert_eq!(templates("directory = \"none\"\nrules = \"other.toml\"\n"), expected("none", "other.toml"));
    let printed = load("directory = \"both\"\n").unwrap().to_string();
    assert!(printed.contains("rules = \"both/rules.toml\"               # default\n"), "{printed}");

    let refused = |section: &str| {
        let problems = load(section).unwrap_err().problems();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        let at = problems[0].at.unwrap();
        (at.line, at.column, problems[0].text.clone(), problems[0].hint.clone())
    };
    const RULES: &str = "the path of an existing file with [[rule]] sections";
    assert_eq!(
        refused("directory = \"none\"\n"),
        (
            10,
            13,
            "`directory` has no rules.toml".into(),
            format!("write one with a [[rule]] section for each template, or add `rules`: {RULES}")
        )
    );
    assert_eq!(
        refused("rules = \"both\"\n"),
        (
            10,
            9,
            "`rules` is \"both\"".into(),
            format!("accepted: {RULES}; {} is a directory", base.join("both").display())
        )
    );
    assert_eq!(
        refused("directory = \"other.toml\"\n"),
        (
            10,
            13,
            "`directory` is \"other.toml\"".into(),
            format!(
                "accepted: the path of an existing directory; {} is a file",
                base.join("other.toml").display()
            )
        )
    );
    std::fs::remove_dir_all(base).unwrap();
}

#[test]
fn records_go_to_a_file_in_a_directory_that_is_there() {
    let found = [
        ("nowhere/records.jsonl", format!("there is no {}", beside("nowhere"))),
        ("tests", format!("{} is a directory", beside("tests"))),
    ];
    for (file, found) in found {
        assert_refused(
            &with(&format!("[records]\nfile = \"{file}\"\n")),
            &format!("10:8: `file` is \"{file}\""),
            &format!(
                "accepted: the path of a file in an existing directory; it is made if it is not there; {found}"
            ),
        );
    }
    let shown = load(&with("")).unwrap().to_string();
    assert!(shown.contains("# not set: sessions leave no records"), "{shown}");
}

#[test]
fn the_audit_log_has_a_file_of_its_own() {
    assert_refused(
        &with("[records]\nfile = \"x.jsonl\"\n[audit]\nfile = \"x.jsonl\"\n"),
        "12:8: `file` is that of [records]",
        "give each a file of its own: only this one is chained",
    );
    assert_refused(
        &with("[audit]\nfile = \"nowhere/audit.jsonl\"\n"),
        "10:8: `file` is \"nowhere/audit.jsonl\"",
        &format!(
            "accepted: the path of a file in an existing directory; it is made if it is not there; there is no {}",
            beside("nowhere")
        ),
    );
    let shown = load(&with("")).unwrap().to_string();
    assert!(shown.contains("# not set: nobody can tell later who did what"), "{shown}");
}

#[test]
fn an_application_that_may_have_priority_and_nothing_to_have_it_for_is_doubtful() {
    let warnings = |scopes: &str| {
        let text = format!("[[application]]\nid = \"a\"\nscopes = [{scopes}]\n");
        let read = Applications::from_text("applications.toml".as_ref(), &text).unwrap();
        read.warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let alone = ["applications.toml:3:19: `scopes` has \"priority\" without \"apply\" and \"modify\""];
    assert_eq!(warnings("\"read\", \"priority\""), alone);
    for good in ["\"priority\", \"apply\"", "\"modify\", \"priority\"", "\"read\""] {
        assert!(warnings(good).is_empty(), "{good}");
    }
}

#[test]
fn a_file_that_is_no_text_is_called_so() {
    let file = std::env::temp_dir().join(format!("rxgate-config-octets-{}.toml", std::process::id()));
    std::fs::write(&file, b"\xff\xfe").unwrap();
    let problems = Loaded::from_file(&file).unwrap_err().problems();
    std::fs::remove_file(file).unwrap();
    assert_eq!(problems[0].hint, "it has to be text in UTF-8: look whether it is the right file");
}
