//! Against other people's Diameter: a strict PCRF on Erlang/OTP and freeDiameter as peer and relay, all
//! on loopback (tests/interop/README.md).
#![allow(clippy::unwrap_used)]

#[path = "tls/authority.rs"]
#[allow(dead_code)]
mod authority;
#[path = "interop/everything.rs"]
mod everything;
#[path = "interop/gateway.rs"]
mod gateway;
#[path = "interop/peers.rs"]
mod peers;
#[path = "interop/rest.rs"]
mod rest;
#[path = "interop/tls.rs"]
mod tls;

use everything::{Connection, authorization, termination};
use peers::{
    Capture, Peer, ROOT, free_port, installed, last_number, relay, scratch_file, script, to, wire_check,
};
use rxgate::dict::enums::{RxRequestType, SpecificAction};

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
        let (report, clean) = wire_check(&file, &[port], &to(port));
        assert!(!clean && report.contains(" 1 unknown AVPs"), "{report}");
        assert!(report.contains("Unknown AVP 9999") && report.contains("Malformed"), "{report}");
    }
}

#[test]
fn every_avp_that_an_af_can_send_passes_the_strict_pcrf_and_tshark() {
    if installed("every AVP against the strict PCRF", &["erl", "tshark", ROOT]) {
        let mut pcrf = Peer::start("pcrf", &script("otp"), &["pcrf", "0", "pcrf.rx.test", "rx.test"]);
        let port = last_number(&pcrf.expect("ready "));
        let file = scratch_file("everything.pcapng");
        let capture = Capture::start(&file, &[port]);
        let mut af = Connection::open(port);
        pcrf.expect("up af.rx.test");

        let session = "af.rx.test;1;1";
        let mut request = authorization(session);
        let initial = af.authorize(&request, 2);
        assert_eq!(initial.result_code, Some(2001), "{initial:?}");
        // Rel8 to Rel10 and sponsoring are common.
        assert_eq!(initial.supported_features.first().unwrap().feature_list, 0x1b);
        // An update subscribes to nothing that is not one-time.
        request.rx_request_type = Some(RxRequestType(1));
        request.specific_action = vec![SpecificAction(12)].into();
        let update = af.authorize(&request, 3);
        assert_eq!(update.result_code, Some(2001), "{update:?}");
        let end = af.terminate(&termination(session, initial.class.clone()), 4);
        assert_eq!(end.result_code, Some(2001), "{end:?}");

        let stats = pcrf.ask("stats", "stats ");
        assert_eq!(stats, "stats sessions=0 AAR=2 STR=1");
        capture.stop();
        // Nothing but those that this tshark has never heard of (README.md), each in two AARs.
        let (report, _) = wire_check(&file, &[port], &to(port));
        assert!(report.starts_with("4 messages, 0 malformed, "), "{report}");
        assert!(report.contains(" 0 not Diameter\n"), "{report}");
        for line in report.lines().skip(1) {
            let known = [565, 566, 567, 568, 582, 4202]
                .iter()
                .any(|code| line.contains(&format!("Unknown AVP {code} ")));
            assert!(known, "{line}");
        }
    }
}
