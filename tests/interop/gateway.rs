//! The gateway itself: REST in, Rx at a foreign PCRF, straight and through a relay.
use std::path::Path;

use serde_json::{Value, json};

use super::peers::{
    Capture, Peer, ROOT, await_messages, free_port, installed, last_number, relay, say, scratch_file, script,
    to, wire_check,
};
use super::rest::Gateway;

const ALL: [&str; 5] = ["erl", "freeDiameterd", "ip", "tshark", ROOT];

#[test]
fn gateway_and_strict_pcrf() {
    if installed("gateway against the strict PCRF", &["erl", "tshark", ROOT]) {
        let mut pcrf = start_pcrf();
        let port = last_number(&pcrf.expect("ready "));
        let file = scratch_file("direct.pcapng");
        let capture = Capture::start(&file, &[port]);
        let gateway = Gateway::start("direct", "pcrf.rx.test", &format!("127.0.0.1:{port}"), "");
        pcrf.expect("up af.rx.test");
        let stats = plays_every_session(gateway, &mut pcrf, &file, port);
        capture.stop();
        assert!(!stats.contains("excepted="), "{stats}");
        assert_clean("direct", &file, &[port], &to(port), &stats);
    }
}

#[test]
fn gateway_and_strict_pcrf_through_a_relay() {
    if installed("gateway against the strict PCRF behind a freeDiameter relay", &ALL) {
        let mut pcrf = start_pcrf();
        let pcrf_port = last_number(&pcrf.expect("ready "));
        let port = free_port();
        let file = scratch_file("relay.pcapng");
        let capture = Capture::start(&file, &[port]);
        let _relay = relay(port, pcrf_port);
        pcrf.expect("up relay.rx.test");
        let gateway = Gateway::start("relay", "relay.rx.test", &format!("198.18.0.1:{port}"), "");
        let stats = plays_every_session(gateway, &mut pcrf, &file, port);
        capture.stop();
        // Four RAA and two ASA, each with the relay's own Route-Record.
        assert!(stats.contains(" excepted=6"), "{stats}");
        assert_clean("through a relay", &file, &[port], &to(port), &stats);
    }
}

fn start_pcrf() -> Peer {
    Peer::start("pcrf", &script("otp"), &["pcrf", "0", "pcrf.rx.test", "rx.test"])
}

/// Every kind of session that REST can make, both endings, both requests of the PCRF; returns the PCRF's count.
fn plays_every_session(gateway: Gateway, pcrf: &mut Peer, capture: &Path, port: u16) -> String {
    gateway.await_ready(200);
    let voice = applied(&gateway, pcrf, "4915112345678", &voice());
    let seen = pcrf.ask(&format!("session {}", voice.rx_session), "session ");
    assert!(seen.contains("af=af.rx.test ue=0A987898 updates=0 media=[1,2]"), "{seen}");
    let status = gateway.call("GET", &voice.path, "").want(200).body;
    assert_eq!(status["qoSStatus"]["actualProperties"]["iPCANType"], "_3GPP-EPS", "{status}");

    // Charging, release of one flow, and a change of the access network, which the status then shows.
    for (actions, flows) in [("1", ""), ("4", " 1:1"), ("6", "")] {
        let line = pcrf.ask(&format!("rar {} {actions}{flows}", voice.rx_session), "raa ");
        assert!(line.ends_with(" 2001"), "{line}");
    }
    let status = gateway.call("GET", &voice.path, "").want(200).body;
    assert_eq!(status["qoSStatus"]["actualProperties"]["iPCANType"], "Non-3GPP-EPS", "{status}");

    // One component more, one less, and a flow that changes in part: an update on the same Session-Id.
    let change = json!({ "qoSFeatureProperties": {
        "duration": 7200,
        "mediaComponentDescription": [
            {
                "mediaComponentNumber": 1,
                "mediaSubComponent": [{ "flowNumber": 1, "maxRequestedBandwidthDL": 96000 }],
            },
            { "mediaComponentNumber": 2, "flowStatus": "REMOVED" },
            { "mediaComponentNumber": 3, "mediaType": "TEXT", "flowStatus": "ENABLED" },
        ],
    } });
    let changed = gateway.call("PUT", &voice.path, &change.to_string()).want(200);
    assert!(
        changed.header("x-plugin-param-values").ends_with(&format!(",{}", voice.rx_session)),
        "{changed:?}"
    );
    let seen = pcrf.ask(&format!("session {}", voice.rx_session), "session ");
    // It lists every component that it ever heard of.
    assert!(seen.contains("af=af.rx.test ue=0A987898 updates=1 media=[1,2,3]"), "{seen}");

    let video = applied(&gateway, pcrf, "4915112345679", &ipv6());
    assert!(pcrf.ask("sessions", "sessions ").starts_with("sessions 2 "));
    let line = pcrf.ask("rar af.rx.test;0;0 2", "raa ");
    assert!(line.ends_with(" 5002"), "{line}");
    let line = pcrf.ask("asr af.rx.test;0;0 0", "asa ");
    assert!(line.ends_with(" 5002"), "{line}");

    // The ASR is followed by an STR of the gateway's.
    let line = pcrf.ask(&format!("asr {} 0", video.rx_session), "asa ");
    assert!(line.ends_with(" 2001"), "{line}");
    await_messages(capture, &[port], "diameter.cmd.code == 275", 2);
    gateway.call("GET", &video.path, "").want(404);

    gateway.call("DELETE", &voice.path, "").want(204);
    gateway.call("GET", &voice.path, "").want(404);
    gateway.stop();
    let stats = pcrf.ask("stats", "stats ");
    assert!(stats.starts_with("stats sessions=0 AAR=3 ASA=2 ASR=2 RAA=4 RAR=4 STR=2"), "{stats}");
    assert!(!stats.contains("refused=") && !stats.contains("_avps="), "{stats}");
    stats
}

/// A session that exists at both ends.
struct Applied {
    /// Session-Id.
    rx_session: String,
    /// Of the resource.
    path: String,
}

fn applied(gateway: &Gateway, pcrf: &mut Peer, number: &str, body: &Value) -> Applied {
    let reply = gateway.apply(number, body).want(201);
    let opened = pcrf.expect("opened ");
    let rx_session = opened.strip_prefix("opened ").unwrap().to_owned();
    assert_eq!(reply.header("x-plugin-param-keys"), "AVP_LIST,session-id");
    assert!(reply.header("x-plugin-param-values").ends_with(&format!(",{rx_session}")), "{reply:?}");
    let location = reply.header("location");
    let path = location.find("/ApplicationQoSService").map(|start| location[start..].to_owned()).unwrap();
    Applied { rx_session, path }
}

/// Two components, sponsored, with every kind of value that the strict PCRF and tshark both know.
fn voice() -> Value {
    json!({ "qoSFeatureProperties": {
        "duration": 3600,
        "applicationIdentifier": "voice",
        "mediaComponentDescription": [
            {
                "mediaComponentNumber": 1,
                "mediaSubComponent": [{
                    "flowNumber": 1,
                    "flowDescription": [
                        "permit in 17 from 10.152.120.152 5000 to 192.0.2.9 6000",
                        "permit out 17 from 192.0.2.9 6000 to 10.152.120.152 5000",
                    ],
                    "flowStatus": "ENABLED",
                    "flowUsage": "NO_INFORMATION",
                    "signallingProtocol": "SIP",
                    "maxRequestedBandwidthUL": 64000,
                    "maxRequestedBandwidthDL": 64000,
                }],
                "mediaType": "AUDIO",
                "maxRequestedBandwidthUL": 64000,
                "maxRequestedBandwidthDL": 64000,
                "minRequestedBandwidthUL": 8000,
                "minRequestedBandwidthDL": 8000,
                "flowStatus": "ENABLED",
                "reservationPriority": 1,
                "rSBandwidth": 800,
                "rRBandwidth": 2400,
                "codecData": ["uplink\noffer\nm=audio 5000 RTP/AVP 8\n"],
            },
            { "mediaComponentNumber": 2, "mediaType": "OTHER", "flowStatus": "DISABLED" },
        ],
        "serviceInfoStatus": "FINAL_SERVICE_INFORMATION",
        "chargingIdentifier": "icid-1",
        "sIPForkingIndication": "SINGLE_DIALOGUE",
        "subscriptionId": [{ "subscriptionIdType": "END_USER_E164", "subscriptionIdData": "4915112345678" }],
        "reservationPriority": 1,
        "framedIPAddress": "0A987898",
        "calledStationId": "ims",
        "serviceURN": "counseling",
        "sponsoredConnectivityData": {
            "sponsorIdentity": "sponsor",
            "applicationServiceProviderIdentity": "provider",
            "grantedServiceUnit": {
                "cCTime": 600,
                "cCMoney": { "unitValue": 6.27, "currencyCode": 978 },
                "cCTotalOctets": 1_000_000,
                "cCInputOctets": 400_000,
                "cCOutputOctets": 600_000,
            },
        },
        "mPSIdentifier": "mps",
    } })
}

fn ipv6() -> Value {
    json!({ "qoSFeatureProperties": {
        "mediaComponentDescription": { "mediaComponentNumber": 1, "mediaType": "VIDEO", "flowStatus": "ENABLED" },
        "supportedFeatures": { "vendorId": 10415, "featureListID": 1, "featureList": 3 },
        "framedIPv6Prefix": "2001:db8::7",
    } })
}

/// Among all that the gateway sent nothing is malformed, nothing unknown, nothing remarkable. Says how much it was.
fn assert_clean(run: &str, capture: &Path, ports: &[u16], from_gateway: &str, more: &str) {
    let (report, clean) = wire_check(capture, ports, from_gateway);
    assert!(clean, "{report}");
    // The PCRF's line begins with the word that asked for it.
    let more = more.trim_start_matches("stats ");
    say(&format!("interop: {run}: from the gateway {}; {more}", report.trim_end()));
}

#[test]
fn gateway_and_freediameter() {
    if installed("gateway against a freeDiameter base peer", &ALL[1..]) {
        let port = free_port();
        let file = scratch_file("base.pcapng");
        let capture = Capture::start(&file, &[port]);
        let start = || {
            let arguments = ["base.rx.test", "rx.test", &port.to_string(), "af.rx.test"];
            Peer::start("freeDiameter", &script("freediameter"), &arguments)
        };
        let peer = start();
        let gateway = Gateway::start("base", "base.rx.test", &format!("198.18.0.1:{port}"), "");
        gateway.await_ready(200);
        assert_unavailable(&gateway, "3002");
        // After 6 s of silence it asks whether we are there.
        let asked = "diameter.cmd.code == 280 and diameter.flags.request == 1";
        await_messages(&file, &[port], &format!("{asked} and tcp.srcport == {port}"), 1);

        drop(peer); // killed: no DPR
        let reason = gateway.await_ready(503);
        assert!(reason["reason"].to_string().contains("base.rx.test"), "{reason}");
        assert_unavailable(&gateway, "connect");
        let peer = start();
        gateway.await_ready(200);
        assert!(peer.stop()); // with a DPR
        gateway.await_ready(503);
        let _peer = start();
        gateway.await_ready(200);
        assert_unavailable(&gateway, "3002");
        gateway.stop();
        await_messages(&file, &[port], "diameter.cmd.code == 282", 4);
        capture.stop();
        let seen = "three connections, DWR of the peer, DPR of both, 3002 is 503";
        assert_clean("base peer", &file, &[port], &to(port), seen);
    }
}

/// A call is answered with 503, which says which peer it is and what is the matter with it.
pub fn assert_unavailable(gateway: &Gateway, reason: &str) {
    let text = gateway.apply("4915112345678", &voice()).want(503).body.to_string();
    assert!(text.contains("base.rx.test") && text.contains(reason), "{text}");
}

/// Both dial; one connection is left, whichever side came first or would win an election. Over that one the
/// gateway's own watchdog asks.
#[test]
fn gateway_and_freediameter_dial_each_other() {
    if installed("gateway and freeDiameter dialling each other", &ALL[1..]) {
        for host in ["aa.rx.test", "zz.rx.test"] {
            let (port, ours) = (free_port(), free_port());
            let file = scratch_file(&format!("{host}.pcapng"));
            let capture = Capture::start(&file, &[port, ours]);
            let dialled = format!("af.rx.test@{ours}");
            let arguments = [host, "rx.test", &port.to_string(), "af.rx.test", &dialled];
            let more = format!("listen = [\"127.0.0.1:{ours}\"]\nwatchdog_interval_ms = 1000");
            let gateway = Gateway::start(host, host, &format!("198.18.0.1:{port}"), &more);
            let _peer = Peer::start("freeDiameter", &script("freediameter"), &arguments);
            gateway.await_ready(200);
            gateway.apply("4915112345678", &voice()).want(503);
            let from_gateway = format!("(tcp.dstport == {port} or tcp.srcport == {ours})");
            let answered = "diameter.cmd.code == 280 and diameter.flags.request == 0";
            await_messages(&file, &[port, ours], &format!("{answered} and not {from_gateway}"), 1);
            gateway.stop();
            capture.stop();
            let run = format!("dialling each other, {host}");
            assert_clean(&run, &file, &[port, ours], &from_gateway, "DWA of the peer, 3002 is 503");
        }
    }
}
