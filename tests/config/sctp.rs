//! SCTP: its endpoint, its settings, and the addresses of a peer.

use std::time::Duration;

use rxgate::config::{Sctp, Transport};

use crate::support::{assert_refused, load, with, with_diameter};

const PEER: &str = "transport = \"sctp\"\nmore_addresses = [\"10.0.2.9\"]\n";

#[test]
fn everything_can_be_set() {
    let text =
        with("transport = \"sctp\"\nmore_addresses = [\"10.0.2.9\", \"2001:db8::9\"]\n[diameter.sctp]\n")
            + "local = [\"10.0.1.1\"]\nstreams = 4\nheartbeat_interval_ms = 500\nrto_initial_ms = 300\n\
           rto_min_ms = 200\nrto_max_ms = 500\npath_max_retransmissions = 1\n\
           association_max_retransmissions = 4\n";
    let text = text.replacen("\n\n", "\nlisten_sctp = [\"10.0.1.1:3869\", \"10.0.2.1:3869\"]\n\n", 1);
    let diameter = load(&text).unwrap().config.diameter;
    let peer = &diameter.peers[0];
    assert_eq!(peer.transport, Transport::Sctp);
    assert_eq!(
        peer.more_addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["10.0.2.9", "2001:db8::9"]
    );
    assert_eq!(
        diameter.listen_sctp.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["10.0.1.1:3869", "10.0.2.1:3869"]
    );
    let millis = |millis| Some(Duration::from_millis(millis));
    assert_eq!(
        diameter.sctp,
        Sctp {
            local: vec!["10.0.1.1".parse().unwrap()],
            streams: 4,
            heartbeat_interval: millis(500),
            rto_initial: millis(300),
            rto_min: millis(200),
            rto_max: millis(500),
            path_max_retransmissions: Some(1),
            association_max_retransmissions: Some(4),
        }
    );
}

#[test]
fn what_is_left_out_is_as_the_kernel_has_it() {
    let loaded = load(&with(PEER)).unwrap();
    let sctp = &loaded.config.diameter.sctp;
    assert_eq!(
        (sctp.streams, sctp.heartbeat_interval, sctp.association_max_retransmissions),
        (16, None, None)
    );
    assert!(sctp.local.is_empty() && loaded.config.diameter.listen_sctp.is_empty());
    let shown = loaded.to_string();
    assert!(
        shown.contains("# rto_min_ms                            # not set: as the kernel has it"),
        "{shown}"
    );
}

#[test]
fn an_endpoint_has_one_port_and_each_address_once() {
    assert_refused(
        &with_diameter("listen_sctp = [\"10.0.1.1:3868\", \"10.0.2.1:3869\"]"),
        "5:33: `listen_sctp` has 10.0.2.1:3869 beside 10.0.1.1:3868",
        "these are the addresses of one endpoint: give all of them the same port",
    );
    assert_refused(
        &with_diameter("listen_sctp = [\"10.0.1.1:3868\", \"10.0.1.1:3868\"]"),
        "5:33: `listen_sctp` has 10.0.1.1:3868 twice",
        "leave one of them out",
    );
    assert_refused(
        &with_diameter("listen_sctp = [\"10.0.1.1:3868\", \"0.0.0.0:3868\"]"),
        "5:33: `listen_sctp` has 0.0.0.0:3868, which is every address, and others",
        "leave the others out, or this one",
    );
}

#[test]
fn a_peer_over_sctp_is_known_by_its_addresses() {
    assert_refused(
        &with("more_addresses = [\"10.0.2.9\"]\n"),
        "9:19: `more_addresses` is for peers with `transport = \"sctp\"`",
        "only SCTP has several addresses for one connection: set the transport, or leave the addresses out",
    );
    for (bad, column) in [("pcrf2", 19), ("0.0.0.0", 19), ("10.0.2.9:3868", 19)] {
        assert_refused(
            &with(&format!("more_addresses = [\"{bad}\"]\ntransport = \"sctp\"\n")),
            &format!("9:{column}: `more_addresses` is \"{bad}\""),
            "accepted: an IP address such as \"10.0.1.1\" or \"2001:db8::7\"",
        );
    }
    let text = with(PEER);
    let address = text.lines().find(|line| line.starts_with("address")).unwrap();
    let named = text.replace(address, "address = \"pcrf.example.net:3868\"");
    assert_refused(
        &named,
        "8:11: `address` is \"pcrf.example.net:3868\", a name",
        "a peer over SCTP is known by its IP addresses, for who connects from others is refused: give one of them \
         here, and the others as `more_addresses`",
    );
    let twice = text.replace(address, "address = \"10.0.2.9:3868\"");
    assert_refused(
        &twice,
        "10:19: `more_addresses` has 10.0.2.9, which `address` has already",
        "leave it out there",
    );
}

#[test]
fn retransmission_timeouts_ascend() {
    let with = |lines: &str| with(&format!("{PEER}[diameter.sctp]\n{lines}\n"));
    let hint = "they ascend from rto_min_ms over rto_initial_ms to rto_max_ms";
    for (lines, problem) in [
        ("rto_min_ms = 400\nrto_max_ms = 300", "12:14: `rto_min_ms` (400) is more than `rto_max_ms` (300)"),
        (
            "rto_min_ms = 400\nrto_initial_ms = 300",
            "12:14: `rto_min_ms` (400) is more than `rto_initial_ms` (300)",
        ),
        (
            "rto_initial_ms = 400\nrto_max_ms = 300",
            "12:18: `rto_initial_ms` (400) is more than `rto_max_ms` (300)",
        ),
    ] {
        assert_refused(&with(lines), problem, hint);
    }
    assert_refused(
        &with("streams = 0"),
        "12:11: `streams` is 0",
        "accepted: a whole number from 1 to 65535; default 16",
    );
    assert_refused(
        &with("heartbeat_interval_ms = 1"),
        "12:25: `heartbeat_interval_ms` is 1",
        "accepted: a whole number of milliseconds from 10 to 3600000; left out: as the kernel has it (net.sctp)",
    );
}
