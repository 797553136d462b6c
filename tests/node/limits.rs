//! Bounds: how many requests may wait, how many strangers are known.

use rxgate::{
    dict::{RX_APPLICATION_ID, avp, commands},
    peer::{ConnectionId, DisconnectCause, PeerEvent, PeerIndex, RequestError},
    wire::{CommandFlags, MessageBuf},
};

use crate::world::{SECOND, World, config};

#[test]
fn a_peer_that_never_answers_gets_so_many_requests_and_no_more() {
    let mut config = config(&[("pcrf1", 1, 1)]);
    config.max_outstanding = 3;
    let mut world = World::with(config, 1, |_| {});
    (0..3).for_each(|_| _ = world.request());
    let id = world.request();
    let error = world.error(id);
    assert!(matches!(error, RequestError::Overloaded { .. }));
    assert_eq!(error.to_string(), "too many requests wait already: 3 for pcrf1 (pcrf1:3868)");
    assert_eq!(world.remote(0).inbox.len(), 3);
    world.advance(10 * SECOND);
    world.request();
    assert_eq!(world.remote(0).inbox.len(), 4);
}

#[test]
fn a_full_peer_leaves_the_rest_to_the_next_one() {
    let mut config = config(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    config.max_outstanding = 3;
    let mut world = World::with(config, 1, |_| {});
    (0..5).for_each(|_| _ = world.request());
    assert_eq!(world.remote(0).inbox.len(), 3);
    assert_eq!(world.remote(1).inbox.len(), 2);
}

#[test]
fn a_request_that_fails_over_to_a_full_peer_takes_the_first_place_there() {
    let mut config = config(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    config.max_outstanding = 1;
    let mut world = World::with(config, 1, |_| {});
    let (lost, other) = (world.request(), world.request());
    let (first, second) = (world.asked(0), world.asked(1));
    world.kill(0);
    world.assert_nobody_asked();
    world.answer(1, &second, 2001);
    assert_eq!(world.outcome(other), (2001, "pcrf2", vec!["pcrf2"]));
    let again = world.asked(1);
    assert_eq!(again.header().end_to_end, first.header().end_to_end);
    assert!(again.header().flags.contains(CommandFlags::RETRANSMIT));
    world.answer(1, &again, 2001);
    assert_eq!(world.outcome(lost), (2001, "pcrf2", vec!["pcrf1", "pcrf2"]));
}

#[test]
fn requests_without_an_outcome_are_bounded_over_all_peers() {
    let mut config = config(&[("pcrf1", 1, 1)]);
    config.max_pending = 2;
    let mut world = World::with(config, 1, |_| {});
    (0..2).for_each(|_| _ = world.request());
    let id = world.request();
    assert_eq!(world.error(id).to_string(), "too many requests wait already: 2 over all peers");
}

#[test]
fn after_shutting_down_there_are_no_requests() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    let waiting = world.request();
    world.node.shut_down(world.now, DisconnectCause::Rebooting);
    world.settle();
    assert!(matches!(world.error(waiting), RequestError::NoAnswer { .. }));
    let id = world.request();
    assert_eq!(*world.error(id), RequestError::ShuttingDown);
    // Nobody comes in any more who would have to be said goodbye to.
    let late = world.node.handle_first_message(
        world.now,
        ConnectionId(99),
        &[],
        &"192.0.2.7:9".into(),
        cer("pcrf1"),
    );
    assert!(late.is_err());
    world.advance(5 * SECOND);
    assert!(world.node.is_closed());
    assert!(world.news.iter().any(|it| matches!(it, PeerEvent::Down { host, .. } if host == "pcrf1")));
}

fn cer(host: &str) -> MessageBuf {
    let ids = Default::default();
    MessageBuf::build(commands::CAPABILITIES_EXCHANGE, CommandFlags::REQUEST, 0, ids, |w| {
        w.put(&avp::ORIGIN_HOST, host);
        w.put(&avp::ORIGIN_REALM, "rx.test");
        w.put(&avp::HOST_IP_ADDRESS, "192.0.2.7".parse().unwrap());
        w.put(&avp::VENDOR_ID, 0);
        w.put(&avp::PRODUCT_NAME, "stranger");
        w.put(&avp::AUTH_APPLICATION_ID, RX_APPLICATION_ID);
    })
    .unwrap()
}

#[test]
fn strangers_are_refused_or_get_to_be_peers() {
    for open_house in [false, true] {
        let mut config = config(&[]);
        config.accept_any_peer = open_house;
        let mut world = World::with(config, 1, |_| {});
        let first =
            world.node.handle_first_message(world.now, ConnectionId(1), &[], &"192.0.2.7:9".into(), cer("x"));
        match (open_house, first) {
            (true, Ok(peer)) => {
                assert_eq!((peer, world.node.address(peer)), (PeerIndex(0), Some(&"192.0.2.7:9".into())))
            }
            (false, Err(refusal)) => {
                assert_eq!(crate::world::result_code(&refusal.answer.unwrap()), 3010);
            }
            (_, other) => panic!("{other:?}"),
        }
        // The same one again is the same peer.
        let again = world.node.handle_first_message(
            world.now,
            ConnectionId(2),
            &[],
            &"192.0.2.7:10".into(),
            cer("X"),
        );
        assert_eq!(again.ok(), open_house.then_some(PeerIndex(0)));
    }
}

#[test]
fn there_are_only_so_many_strangers() {
    let mut config = config(&[]);
    config.accept_any_peer = true;
    let mut world = World::with(config, 1, |_| {});
    let accepted = (0..5000).filter(|number| {
        let cer = cer(&format!("host{number}"));
        world
            .node
            .handle_first_message(world.now, ConnectionId(*number), &[], &"192.0.2.7:9".into(), cer)
            .is_ok()
    });
    assert_eq!(accepted.count(), 4096);
}
