//! `rxgate demo`: the scenario over real sockets, as it is printed.
#![allow(clippy::unwrap_used)]

#[path = "serve/exchange.rs"]
#[allow(dead_code)]
mod exchange;

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

fn demo() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rxgate"));
    command.arg("demo").env_remove("RXGATE_LOG").stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

#[test]
fn once_shows_every_message_of_one_session_by_name_and_ends_with_0() {
    let output = demo().arg("--once").output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0), "{shown}");
    let names: Vec<&str> = shown
        .lines()
        .filter_map(|line| line.strip_prefix("Diameter gateway "))
        .map(|line| &line[..line.find(" [").unwrap()])
        .collect();
    assert_eq!(
        names,
        [
            "--> PCRF: CER Capabilities-Exchange-Request",
            "<-- PCRF: CEA Capabilities-Exchange-Answer",
            "--> PCRF: AAR AA-Request",
            "<-- PCRF: AAA AA-Answer",
            "--> PCRF: AAR AA-Request",
            "<-- PCRF: AAA AA-Answer",
            "<-- PCRF: RAR Re-Auth-Request",
            "--> PCRF: RAA Re-Auth-Answer",
            "--> PCRF: STR Session-Termination-Request",
            "<-- PCRF: STA Session-Termination-Answer",
            "--> PCRF: DPR Disconnect-Peer-Request",
            "<-- PCRF: DPA Disconnect-Peer-Answer",
        ]
    );
    let replies: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("HTTP <-- ")).collect();
    // Template, registration, session; change, status; removal, and what is left.
    assert_eq!(
        replies,
        ["201 Created", "201 Created", "201 Created", "200 OK", "200 OK", "204 No Content", "404 Not Found"]
    );
    // The application is told after the RAA.
    let place = |what: &str| shown.find(what).unwrap_or_else(|| panic!("{what}\n{shown}"));
    assert!(place("HTTP to the application: POST http://127.0.0.1:") > place("RAA Re-Auth-Answer"));
    // One session: the same Session-Id in all eight messages.
    let mut sessions: Vec<&str> =
        shown.lines().filter_map(|line| line.strip_prefix("  Session-Id [263 M]: ")).collect();
    assert_eq!(sessions.len(), 8);
    sessions.dedup();
    assert_eq!(sessions.len(), 1);
    for line in [
        "    Max-Requested-Bandwidth-DL [515/3GPP VM]: 3000000 bit/s",
        "    Max-Requested-Bandwidth-DL [515/3GPP VM]: 8000000 bit/s",
        "  Rx-Request-Type [533/3GPP V]: 1 (UPDATE_REQUEST)",
        "      \"correlator\": \"demo\"",
        "      \"eventType\": 1",
        "  IP-CAN-Type [1027/3GPP VM]: 5 (3GPP-EPS)",
        "  Termination-Cause [295 M]: 1 (DIAMETER_LOGOUT)",
        "      \"userIsConnected\": true",
    ] {
        assert!(shown.lines().any(|shown| shown.starts_with(line)), "{line}\n{shown}");
    }
    assert!(!shown.contains('\x1b'), "colours only on a terminal");
}

#[test]
fn without_once_it_stays_up_and_shows_what_others_cause() {
    let mut child = demo().stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let curl = lines.find(|line| line.starts_with("  curl -i http://")).unwrap();
    let (address, rest) = curl.trim().strip_prefix("curl -i http://").unwrap().split_once('/').unwrap();
    let (path, rest) = rest.split_once(' ').unwrap();
    let body = rest.split('\'').nth(3).unwrap();
    let answer = exchange::answer(address.parse().unwrap(), "POST", &format!("/{path}"), "", body);
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(lines.any(|line| line.contains("AAA AA-Answer")));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    // The session that was left is ended.
    assert!(lines.any(|line| line.contains("STR Session-Termination-Request")));
    assert!(lines.any(|line| {
        line.starts_with("== Done: CER CEA AAR AAA AAR AAA RAR RAA STR STA AAR AAA STR STA DPR DPA")
    }));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
