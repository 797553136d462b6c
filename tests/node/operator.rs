//! What an operator does to a peer: disconnect it, which holds whoever dials, and connect it.

use rxgate::{
    dict::{RX_APPLICATION_ID, avp, commands},
    peer::{ConnectionId, DisconnectCause, PeerEvent, PeerIndex, RequestError, State},
    wire::{CommandFlags, MessageBuf},
};

use crate::world::{SECOND, World, is_retransmission, result_code};

const WHY: &str = "switched off for a test";
const HOUR: u32 = 3600;

fn disconnect(world: &mut World, host: &str) {
    assert!(world.node.disconnect(world.now, host, DisconnectCause::Rebooting, WHY));
    world.settle();
}

/// The peer's own attempt at a connection.
pub fn cer(host: &str) -> MessageBuf {
    MessageBuf::build(commands::CAPABILITIES_EXCHANGE, CommandFlags::REQUEST, 0, Default::default(), |w| {
        w.put(&avp::ORIGIN_HOST, host);
        w.put(&avp::ORIGIN_REALM, "rx.test");
        w.put(&avp::HOST_IP_ADDRESS, "192.0.2.7".parse().unwrap());
        w.put(&avp::VENDOR_ID, 0);
        w.put(&avp::PRODUCT_NAME, "remote");
        w.put(&avp::AUTH_APPLICATION_ID, RX_APPLICATION_ID);
    })
    .unwrap()
}

#[test]
fn a_peer_that_the_operator_disconnected_stays_down_whatever_happens() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    disconnect(&mut world, "PCRF1");
    assert_eq!(world.remote(0).connection, None);
    assert!(
        matches!(world.news.last(), Some(PeerEvent::Down { host, reason }) if host == "pcrf1" && reason == WHY)
    );
    // No timer of ours dials it.
    world.advance(HOUR * SECOND);
    assert_eq!(world.remote(0).connection, None);
    // Nor does it get in by itself.
    let id = ConnectionId(1_000);
    world.remote(0).connection = Some(id);
    world.node.handle_first_message(world.now, id, &[], &"192.0.2.7:40000".into(), cer("pcrf1")).unwrap();
    world.settle();
    let (_, cea) = world.remote(0).answers.pop().unwrap();
    assert_eq!((cea.header().command, result_code(&cea)), (commands::CAPABILITIES_EXCHANGE, 5012));
    assert_eq!(world.remote(0).connection, None);
    let status = &world.node.statuses()[0].status;
    assert_eq!((status.state, status.held, status.reason.as_str()), (State::Closed, true, WHY));
    assert!(!world.node.statuses()[1].status.held);
}

#[test]
fn connecting_dials_at_once_and_does_nothing_to_a_peer_that_is_up() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    disconnect(&mut world, "pcrf1");
    world.advance(HOUR * SECOND);
    assert!(world.node.connect(world.now, "PCRF1"));
    world.settle();
    assert!(!world.node.statuses()[0].status.held);
    let connection = world.remote(0).connection;
    assert!(connection.is_some(), "{:?}", world.node.statuses());
    world.request();
    world.asked(0);
    assert!(world.node.connect(world.now, "pcrf1"));
    world.settle();
    assert_eq!(world.remote(0).connection, connection);
    assert!(!world.node.connect(world.now, "nobody"));
}

#[test]
fn connecting_does_not_wait_out_a_back_off() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    world.kill(0);
    world.advance(HOUR * SECOND);
    world.remote(0).reachable = true;
    assert_eq!(world.remote(0).connection, None);
    assert!(world.node.connect(world.now, "pcrf1"));
    world.settle();
    assert!(world.remote(0).connection.is_some());
}

#[test]
fn a_peer_that_is_down_already_is_held_too_and_that_is_seen() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    world.kill(0);
    world.node.take_changed();
    disconnect(&mut world, "pcrf1");
    assert!(world.node.take_changed());
    assert_eq!(world.node.statuses()[0].status.reason, WHY);
    world.remote(0).reachable = true;
    world.advance(HOUR * SECOND);
    assert_eq!(world.remote(0).connection, None);
    let id = world.request();
    let error = world.error(id);
    assert!(matches!(error, RequestError::NoPeer { .. }));
    assert_eq!(
        error.to_string(),
        format!("no peer is open: pcrf1 (pcrf1:3868) is Closed for {HOUR} s: {WHY}")
    );
}

#[test]
fn what_waits_goes_to_another_peer() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    let id = world.request();
    let first = world.asked(0);
    disconnect(&mut world, "pcrf1");
    let second = world.asked(1);
    assert!(is_retransmission(&second));
    assert_eq!(second.header().end_to_end, first.header().end_to_end);
    world.answer(1, &second, 2001);
    assert_eq!(world.outcome(id), (2001, "pcrf2", vec!["pcrf1", "pcrf2"]));
}

#[test]
fn changing_ones_mind_while_the_goodbye_is_under_way_dials_after_it() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    world.remote(0).mute = true;
    let before = world.remote(0).connection;
    disconnect(&mut world, "pcrf1");
    assert_eq!(world.node.statuses()[0].status.state, State::Closing);
    assert!(world.node.connect(world.now, "pcrf1"));
    world.settle();
    world.remote(0).mute = false;
    // Its DPA does not come, so the connection ends after the longest wait for one, and no back-off follows.
    world.advance(5 * SECOND);
    assert!(world.remote(0).connection.is_some());
    assert_ne!(world.remote(0).connection, before);
    assert_eq!(world.node.host(PeerIndex(0)).unwrap().as_ref(), "pcrf1");
    world.request();
    world.asked(0);
}
