//! Nodes that are not who they should be, and ones that end in the middle of something.

use std::path::Path;

use crate::{
    network::{Network, soon},
    peers::{Peer, script},
    programs::Gateway,
};

/// A gateway that a PCRF may connect to from one address.
const LISTENING: &str = "
listen_sctp = [\"10.0.1.1:3869\", \"10.0.2.1:3869\"]
[[diameter.peers]]
host = \"pcrf.rx.test\"
address = \"10.0.1.2:3868\"
transport = \"sctp\"
";

/// Somebody who says to be that PCRF.
fn connect(arguments: &[&str]) -> Peer {
    let script = script("../sctp/stranger");
    let first = ["netns", "exec", "pcrf", script.to_str().unwrap(), "10.0.1.1:3869"];
    Peer::start("stranger", Path::new("ip"), &[&first, arguments].concat())
}

#[test]
#[ignore = "runs in tests/sctp/guest"]
fn an_association_with_an_address_that_is_not_the_peers_is_refused() {
    let _network = Network::up();
    let mut gateway = Gateway::start_alone("refusing", LISTENING);
    let mut known = connect(&["10.0.1.2"]);
    assert_eq!(known.expect("CEA "), "CEA 2001");
    assert!(known.finish());
    for from in ["10.0.1.2,10.0.2.2", "10.0.2.2"] {
        let mut stranger = connect(&[from]);
        assert_eq!(stranger.expect("CEA "), "CEA 3010", "from {from}");
        assert!(stranger.finish());
        let said = gateway.expect("connection refused");
        assert!(said.contains("with the address 10.0.2.2") && said.contains("more_addresses"), "{said}");
    }
    gateway.stop();
}

#[test]
#[ignore = "runs in tests/sctp/guest"]
fn a_peer_that_aborts_in_the_middle_of_a_message_may_come_back() {
    let _network = Network::up();
    let gateway = Gateway::start_alone("aborted", LISTENING);
    for lost in 1..=3 {
        let mut peer = connect(&["10.0.1.2", "abort"]);
        assert_eq!(peer.expect("CEA "), "CEA 2001");
        peer.expect("aborted");
        assert!(peer.finish());
        // The abort may be still on its way.
        let counted = || gateway.figure("rxgate_sctp_events_total{event=\"association_lost\"}");
        soon("an association is lost", || counted() == lost);
        gateway.await_lost();
    }
    gateway.stop();
}
