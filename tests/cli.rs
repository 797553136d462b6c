//! The program's arguments, help and exit codes.
#![allow(clippy::unwrap_used)]

use std::{
    path::PathBuf,
    process::{Command, Output, Stdio},
};

fn rxgate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rxgate")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

/// A configuration file that goes when the test ends.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rxgate-{}-{name}.toml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.0);
    }
}

const GOOD: &str = r#"[diameter]
origin_host = "af.rx.test"
origin_realm = "rx.test"
destination_realm = "rx.test"

[[diameter.peers]]
host = "pcrf.rx.test"
address = "127.0.0.1:3868"
"#;

#[test]
fn every_command_has_help_with_an_example_and_its_exit_codes() {
    let help = text(&rxgate(&["--help"]).stdout);
    let commands: Vec<&str> = help
        .split_once("Commands:\n")
        .and_then(|(_, rest)| rest.split_once("\n\n"))
        .map(|(list, _)| list.lines().filter_map(|line| line.split_whitespace().next()).collect())
        .unwrap();
    assert!(help.contains("Examples:") && help.contains("Exit codes: 0 "), "{help}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        let output = rxgate(&[command, "--help"]);
        let help = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0));
        assert!(help.contains("Example"), "{help}");
        assert!(help.contains(&format!("\n  rxgate {command}")), "{help}");
        assert!(help.contains("Exit codes: 0 "), "{help}");
    }
}

#[test]
fn wrong_arguments_end_with_2() {
    for arguments in [&["no-such-command"][..], &["decode", "--format", "yaml"], &["check-config"], &[]] {
        let output = rxgate(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn a_good_configuration_is_shown_in_full() {
    let file = File::new("good", GOOD);
    let output = rxgate(&["check-config", file.path()]);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output.stdout);
    assert!(shown.starts_with(&format!("OK {}\n\n[http]\n", file.path())), "{shown}");
    assert!(shown.contains("request_timeout_ms = 10000              # milliseconds; default\n"), "{shown}");
    assert!(shown.contains("[[diameter.peers]]\nhost = \"pcrf.rx.test\"\n"), "{shown}");
    let (_, reload) = shown.split_once("\n# A reload ").unwrap();
    assert!(reload.contains("anything else takes a restart:\n#   [[diameter.peers]] all\n"), "{shown}");
}

#[test]
fn a_bad_configuration_is_refused_with_every_problem() {
    let file = File::new("bad", &GOOD.replace("origin_realm", "orign_realm").replace(":3868", ""));
    let output = rxgate(&["check-config", file.path()]);
    assert_eq!(text(&output.stdout), "");
    assert_eq!(output.status.code(), Some(2));
    let errors = text(&output.stderr);
    let lines: Vec<&str> = errors.lines().collect();
    let at = |place: &str| format!("error: {}:{place}", file.path());
    assert_eq!(lines.len(), 6, "{errors}");
    assert_eq!(lines[0], at("1:2: [diameter] lacks `origin_realm`"));
    assert!(lines[1].starts_with("hint: add `origin_realm = "));
    assert_eq!(lines[2], at("3:1: [diameter] has no key `orign_realm`"));
    assert!(lines[3].starts_with("hint: did you mean `origin_realm`? "));
    assert_eq!(lines[4], at("8:11: `address` is \"127.0.0.1\""));
    assert!(lines[5].starts_with("hint: accepted: an address and a port"));
}

#[test]
fn an_unwise_configuration_is_good_with_a_warning() {
    let text_of_file = GOOD.replacen("\n\n", "\nwatchdog_interval_ms = 200\n\n", 1);
    let file = File::new("unwise", &text_of_file);
    let output = rxgate(&["check-config", file.path()]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        text(&output.stderr),
        format!(
            "warning: {}:5:24: `watchdog_interval_ms` is 200\nhint: RFC 3539 §3.4.1 wants 6000 or more; shorter \
             is for labs and tests\n",
            file.path()
        )
    );
}

#[test]
fn a_configuration_that_is_not_there_is_refused() {
    let output = rxgate(&["check-config", "/no/such/gate.toml"]);
    assert_eq!(output.status.code(), Some(2));
    let errors = text(&output.stderr);
    assert!(errors.starts_with("error: /no/such/gate.toml: cannot be read: "), "{errors}");
    assert!(errors.ends_with("hint: give the path of a configuration file that this user may read\n"));
}

#[test]
fn a_number_below_zero_is_a_wrong_number_and_no_unknown_argument() {
    for (command, option) in [
        (&["events", "list"][..], "--limit"),
        (&["app", "add", "video"], "--rate"),
        (&["app", "add", "video"], "--burst"),
        (&["app", "add", "video"], "--sessions"),
    ] {
        let output = rxgate(&[command, &[option, "-5"]].concat());
        assert_eq!(output.status.code(), Some(2));
        let errors = text(&output.stderr);
        assert!(errors.contains(&format!("invalid value '-5' for '{option} <NUMBER>'")), "{errors}");
    }
}
