//! The gateway and freeDiameter over TLS 1.3, with certificates of both sides.
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::authority::{Authority, Files, Leaf};
use super::gateway::assert_unavailable;
use super::peers::{PATIENCE, Peer, ROOT, free_port, installed, say, script};
use super::rest::Gateway;

const HOST: &str = "base.rx.test";

/// A freeDiameter that shows this certificate and dials these.
fn freediameter(files: &Files, leaf: &Leaf, ca: &Authority, port: u16, dialled: &[&str]) -> Peer {
    files.leaf("own", leaf);
    files.write("ca.pem", &ca.pem);
    let (files, script, port) =
        (format!("TLS_FILES={}", files.0.display()), script("freediameter"), port.to_string());
    let arguments = [&files, script.to_str().unwrap(), HOST, "rx.test", &port, "af.rx.test"];
    Peer::start("freeDiameter", Path::new("/usr/bin/env"), &[&arguments, dialled].concat())
}

/// `[diameter]` lines with the gateway's certificate.
fn gateway_lines(files: &Files, leaf: &Leaf, ca: &Authority) -> String {
    let (certificate, key) = files.leaf("af", leaf);
    let ca = files.write("af-ca.pem", &ca.pem);
    format!("tls = {{ certificate = {certificate:?}, key = {key:?}, ca = {ca:?} }}")
}

#[test]
fn gateway_and_freediameter_over_tls() {
    if installed("gateway and freeDiameter over TLS", &["freeDiameterd", "ip", ROOT]) {
        let (ca, files, port) = (Authority::new(), Files::new(), free_port());
        let _peer = freediameter(&files, &ca.leaf(&[HOST]), &ca, port, &[]);
        let lines = gateway_lines(&files, &ca.leaf(&["af.rx.test"]), &ca);
        let address = format!("198.18.0.1:{port}");
        let gateway = Gateway::start_over("tls", "tls", HOST, &address, &lines);
        gateway.await_ready(200);
        assert_eq!(gateway.peers()[0]["transport"], "tls");
        assert_unavailable(&gateway, "3002");
        gateway.stop();
        // With the same certificate at the other side, and another authority on this.
        let (other, files) = (Authority::new(), Files::new());
        let lines = gateway_lines(&files, &other.leaf(&["af.rx.test"]), &other);
        let gateway = Gateway::start_over("tls", "tls-other", HOST, &address, &lines);
        let deadline = Instant::now() + PATIENCE;
        let refused = |peers: &Value| {
            let reason = peers[0]["reason"].as_str().unwrap_or_default();
            reason.contains("its certificate is of no authority that is trusted here")
        };
        while !refused(&gateway.peers()) {
            assert!(Instant::now() < deadline, "{}", gateway.peers());
            thread::sleep(Duration::from_millis(20));
        }
        gateway.stop();
        say("interop: TLS 1.3 with freeDiameter: certificates of both sides, CER and CEA, 3002 is 503");
    }
}

#[test]
fn freediameter_dials_the_gateway_over_tls() {
    if installed("freeDiameter dialling the gateway over TLS", &["freeDiameterd", "ip", ROOT]) {
        let (ca, files, port, ours) = (Authority::new(), Files::new(), free_port(), free_port());
        let lines = gateway_lines(&files, &ca.leaf(&["af.rx.test"]), &ca);
        let more = format!("listen_tls = [\"127.0.0.1:{ours}\"]\n{lines}");
        // Where it dials nobody listens.
        let nobody = format!("127.0.0.1:{}", free_port());
        let gateway = Gateway::start_over("tls", "tls-dialled", HOST, &nobody, &more);
        let dialled = format!("af.rx.test@{ours}");
        let _peer = freediameter(&files, &ca.leaf(&[HOST]), &ca, port, &[&dialled]);
        gateway.await_ready(200);
        assert_unavailable(&gateway, "3002");
        gateway.stop();
    }
}
