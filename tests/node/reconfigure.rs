//! Peers that come, go and move while the node runs.

use rxgate::{
    dict::{avp, commands},
    peer::{ConnectionId, DisconnectCause, NodePeer, PeerEvent, RequestError},
    wire::MessageBuf,
};

use crate::{
    operator::cer,
    world::{SECOND, World, is_retransmission, number},
};

fn peer(host: &str, priority: u32) -> NodePeer {
    NodePeer { priority, ..NodePeer::new(host, format!("{host}:3868")) }
}

fn reconfigure(world: &mut World, peers: Vec<NodePeer>) {
    world.node.reconfigure(world.now, peers);
    world.settle();
}

fn hosts(world: &World) -> Vec<String> {
    world.node.statuses().iter().map(|status| status.host.to_string()).collect()
}

/// Disconnect-Cause of the DPR among what the node sent.
fn cause(dpr: &MessageBuf) -> Option<u32> {
    number(dpr, avp::DISCONNECT_CAUSE.key())
}

#[test]
fn a_new_peer_is_dialled_and_used() {
    let mut world = World::up(&[("pcrf1", 2, 1)]);
    reconfigure(&mut world, vec![peer("pcrf1", 2), peer("pcrf2", 1)]);
    assert_eq!(hosts(&world), ["pcrf1", "pcrf2"]);
    let id = world.request();
    let request = world.asked(1);
    world.answer(1, &request, 2001);
    assert_eq!(world.outcome(id), (2001, "pcrf2", vec!["pcrf2"]));
}

#[test]
fn a_peer_that_is_removed_gets_a_dpr_and_its_requests_go_to_another() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    let id = world.request();
    world.asked(0);
    reconfigure(&mut world, vec![NodePeer { host: "PCRF2".into(), ..peer("pcrf2", 2) }]);
    let dprs = world.said(commands::DISCONNECT_PEER);
    assert_eq!(dprs.iter().map(|(peer, dpr)| (peer.0, cause(dpr))).collect::<Vec<_>>(), [(0, Some(2))]);
    assert!(
        matches!(world.news.last(), Some(PeerEvent::Down { host, reason })
            if host == "pcrf1" && reason == "removed from the configuration"),
        "{:?}",
        world.news
    );
    let second = world.asked(1);
    assert!(is_retransmission(&second));
    world.answer(1, &second, 2001);
    assert_eq!(world.outcome(id), (2001, "pcrf2", vec!["pcrf1", "pcrf2"]));
    // It is not known any more: not shown, not dialled, not let in, not a destination.
    assert_eq!(hosts(&world), ["pcrf2"]);
    world.advance(3600 * SECOND);
    assert_eq!(world.remote(0).connection, None);
    assert!(!world.node.connect(world.now, "pcrf1"));
    let refused = world.node.handle_first_message(
        world.now,
        ConnectionId(1_000),
        &[],
        &"192.0.2.7:1".into(),
        cer("pcrf1"),
    );
    assert!(refused.is_err());
    let id = world.request_for(Some("pcrf1"), SECOND);
    world.advance(2 * SECOND);
    let error = world.error(id);
    assert!(
        matches!(error, RequestError::NoPeer { .. }) && !error.to_string().contains("pcrf1 ("),
        "{error}"
    );
}

#[test]
fn a_peer_that_comes_back_is_dialled_where_it_is_now() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    for _ in 0..3 {
        reconfigure(&mut world, vec![peer("pcrf2", 2)]);
        assert_eq!(world.remote(0).connection, None);
        let moved = NodePeer { address: "elsewhere:3868".into(), ..peer("pcrf1", 1) };
        reconfigure(&mut world, vec![moved, peer("pcrf2", 2)]);
        let statuses = world.node.statuses();
        assert_eq!(statuses.len(), 2);
        assert_eq!(statuses[0].address, "elsewhere:3868".into());
        assert!(world.remote(0).connection.is_some());
    }
}

#[test]
fn a_peer_with_another_address_is_left_and_dialled_there() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    let before = world.remote(0).connection;
    let moved = NodePeer { address: "elsewhere:3868".into(), ..peer("pcrf1", 1) };
    reconfigure(&mut world, vec![moved]);
    let dprs = world.said(commands::DISCONNECT_PEER);
    assert_eq!(dprs.iter().map(|(_, dpr)| cause(dpr)).collect::<Vec<_>>(), [Some(0)]);
    world.advance(SECOND);
    assert_ne!(world.remote(0).connection, before);
    assert!(world.remote(0).connection.is_some());
    assert_eq!(world.node.statuses()[0].address, "elsewhere:3868".into());
}

#[test]
fn a_peer_that_the_operator_holds_stays_down_at_its_new_address() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    assert!(world.node.disconnect(world.now, "pcrf1", DisconnectCause::Rebooting, "held"));
    world.settle();
    let moved = NodePeer { address: "elsewhere:3868".into(), ..peer("pcrf1", 1) };
    reconfigure(&mut world, vec![moved]);
    world.advance(60 * SECOND);
    assert_eq!(world.remote(0).connection, None);
    assert!(world.node.statuses()[0].status.held);
}

#[test]
fn who_stays_as_it_was_keeps_its_connection_and_what_waits_there() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    let before = world.remote(0).connection;
    let id = world.request();
    let request = world.asked(0);
    // Only its priority is another one: that is for the next request.
    reconfigure(&mut world, vec![peer("pcrf1", 3), peer("pcrf2", 2)]);
    assert_eq!(world.remote(0).connection, before);
    assert!(world.said(commands::DISCONNECT_PEER).is_empty());
    world.answer(0, &request, 2001);
    assert_eq!(world.outcome(id), (2001, "pcrf1", vec!["pcrf1"]));
    world.request();
    world.asked(1);
}
