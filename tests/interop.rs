//! Against other people's Diameter: a strict PCRF on Erlang/OTP and freeDiameter as peer and relay, all
//! on loopback (tests/interop/README.md).
#![allow(clippy::unwrap_used)]

#[path = "interop/peers.rs"]
mod peers;

use peers::{
    Capture, Peer, ROOT, free_port, installed, last_number, relay, scratch_file, script, wire_check,
};

/// Without this, "the PCRF refused nothing" would prove nothing.
#[test]
fn the_strict_pcrf_refuses_what_breaks_the_rules() {
    if installed("the strict PCRF's own test", &["erl"]) {
        let otp = script("otp");
        let selftest = Peer::start("selftest", &otp, &["selftest", otp.to_str().unwrap()]);
        assert!(selftest.finish());
    }
}

/// And without this, "tshark finds nothing malformed and nothing unknown" would not either.
#[test]
fn behind_a_relay_too_and_tshark_sees_each_fault() {
    if installed("the strict PCRF's own test behind a relay", &["erl", "freeDiameterd", "ip", "tshark", ROOT])
    {
        let otp = script("otp");
        let port = free_port();
        let file = scratch_file("selftest.pcapng");
        let capture = Capture::start(&file, &[port]);
        let arguments = ["selftest", otp.to_str().unwrap(), "relay.rx.test", "198.18.0.1", &port.to_string()];
        let mut selftest = Peer::start("selftest", &otp, &arguments);
        let pcrf_port = last_number(&selftest.expect("pcrf: ready "));
        let _relay = relay(port, pcrf_port);
        selftest.expect("every case as expected");
        assert!(selftest.finish());
        capture.stop();
        let (report, clean) = wire_check(&file, &[port], "af.rx.test");
        assert!(!clean && report.contains("unknown 1 "), "{report}");
        assert!(report.contains("Unknown AVP 9999") && report.contains("Malformed"), "{report}");
    }
}
