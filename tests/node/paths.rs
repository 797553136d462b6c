//! Whoever comes over SCTP must come from where the peer is, with all of its addresses.

use rxgate::{
    dict::avp,
    peer::{Arrival, ConnectionId, NodePeer, PeerAddress, Transport},
    wire::Index,
};

use crate::{
    operator::cer,
    world::{World, config},
};

fn over_sctp(at: &str, more: &[&str]) -> PeerAddress {
    let more = more.iter().map(|ip| ip.parse().unwrap()).collect();
    PeerAddress { transport: Transport::Sctp, at: at.into(), more }
}

/// The refusal, if there is one, of an association from there with a peer that is configured there.
fn refusal(configured: PeerAddress, from: PeerAddress) -> Option<String> {
    let mut config = config(&[]);
    config.peers = vec![NodePeer { connect: false, ..NodePeer::new("pcrf1", configured) }];
    let mut world = World::with(config, 1, |_| {});
    let arrival = Arrival { from, certified: None };
    let result = world.node.handle_first_message(world.now, ConnectionId(1), &[], &arrival, cer("PCRF1"));
    let refusal = result.err()?;
    let answer = refusal.answer.expect("a CEA");
    let mut index = Index::new();
    let answer = answer.parse(&mut index, rxgate::dict::is_grouped).unwrap();
    assert_eq!(answer.avps().get(&avp::RESULT_CODE), Ok(Some(3010)));
    Some(refusal.reason)
}

#[test]
fn every_address_of_an_association_must_be_the_peers() {
    let configured = || over_sctp("10.0.1.2:3868", &["10.0.2.2", "2001:db8::2"]);
    for (at, more) in [
        ("10.0.1.2:40000", &[][..]),
        ("10.0.2.2:3868", &["10.0.1.2"]),
        ("[2001:db8::2]:1", &["10.0.1.2", "10.0.2.2"]),
        ("[::ffff:10.0.1.2]:1", &[]),
    ] {
        assert_eq!(refusal(configured(), over_sctp(at, more)), None, "{at} {more:?}");
    }
    for (at, more) in [("10.0.3.2:3868", &["10.0.1.2"][..]), ("10.0.1.2:3868", &["10.0.2.2", "10.0.3.2"])] {
        let reason = refusal(configured(), over_sctp(at, more)).expect("refused");
        assert_eq!(
            reason,
            "somebody connected as pcrf1 over SCTP with the address 10.0.3.2, which is not among those of that peer \
             (10.0.1.2, 10.0.2.2, 2001:db8::2): if it is the peer's, add it to its `more_addresses`, or have the peer \
             not use it"
        );
    }
}

#[test]
fn addresses_say_nothing_over_tcp_and_of_a_peer_that_is_known_by_name() {
    assert_eq!(refusal(over_sctp("10.0.1.2:3868", &[]), "10.0.3.2:1".into()), None);
    assert_eq!(refusal(over_sctp("pcrf1.example.net:3868", &[]), over_sctp("10.0.3.2:1", &[])), None);
}
