//! Requests of the peers: refused, handed up, and answered again when they come again.

use rxgate::{
    dict::avp,
    peer::{DisconnectCause, PeerIndex, State},
    wire::{CommandFlags, MessageBuf, walk},
};

use crate::world::{SECOND, World, rar, result_code};

fn raa(request: &MessageBuf, code: u32) -> MessageBuf {
    let header = request.header();
    // The upper layer's identifiers do not matter.
    MessageBuf::build(header.command, CommandFlags::PROXIABLE, header.application, Default::default(), |w| {
        w.put(&avp::SESSION_ID, "af.rx.test;1;1");
        w.put(&avp::RESULT_CODE, code);
        w.put(&avp::ORIGIN_HOST, "af.rx.test");
        w.put(&avp::ORIGIN_REALM, "rx.test");
    })
    .unwrap()
}

/// The answers that a remote has got: Hop-by-Hop and End-to-End Identifier, Result-Code.
fn answers(world: &mut World, peer: usize) -> Vec<(u32, u32, u32)> {
    let answers = std::mem::take(&mut world.remote(peer).answers);
    answers
        .iter()
        .map(|(_, answer)| (answer.header().hop_by_hop.0, answer.header().end_to_end.0, result_code(answer)))
        .collect()
}

#[test]
fn a_request_is_handed_up_and_its_answer_finds_its_way() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    let request = rar((11, 22), |_| {});
    world.say(0, request.clone());
    let (peer, ticket, message) = world.requests.pop().unwrap();
    assert_eq!((peer.as_str(), &message), ("pcrf1", &request));
    world.node.answer(world.now, ticket, Some(raa(&request, 2001)));
    world.settle();
    assert_eq!(answers(&mut world, 0), [(11, 22, 2001)]);
}

#[test]
fn a_copy_gets_the_stored_answer_and_is_not_handed_up() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("dra2", 2, 1)]);
    let proxied = |w: &mut rxgate::wire::Writer<'_>, host: &str| {
        w.group(&avp::PROXY_INFO, |w| {
            w.put(&avp::PROXY_HOST, host);
            w.put(&avp::PROXY_STATE, b"state");
        });
    };
    world.say(0, rar((11, 22), |w| proxied(w, "one")));
    let (_, ticket, request) = world.requests.pop().unwrap();
    world.node.answer(world.now, ticket, Some(raa(&request, 2001)));
    world.settle();
    answers(&mut world, 0);
    world.advance(239 * SECOND);
    // By another way: the T bit says that it is a copy although its AVPs are not the same.
    let copy = rar((77, 22), |w| proxied(w, "other")).with_hop_by_hop(rxgate::wire::HopByHopId(77), true);
    world.say(1, copy);
    assert!(world.requests.is_empty());
    let (_, answer) = world.remote(1).answers.pop().unwrap();
    assert_eq!((answer.header().hop_by_hop.0, answer.header().end_to_end.0), (77, 22));
    assert!(!answer.header().flags.contains(CommandFlags::RETRANSMIT));
    let info: Vec<_> =
        walk(&answer.as_bytes()[20..]).filter(|avp| avp.key == avp::PROXY_INFO.key()).collect();
    assert_eq!(info.len(), 1);
    assert_eq!(&info[0].data[8..13], b"other");
    assert_eq!(world.counts(1).duplicates, 1);
    // The same octets without the T bit are a copy too.
    world.say(0, rar((12, 22), |w| proxied(w, "one")));
    assert_eq!(answers(&mut world, 0), [(12, 22, 2001)]);
    assert!(world.requests.is_empty());
}

#[test]
fn a_copy_of_a_request_in_progress_waits_for_its_answer() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("dra2", 2, 1)]);
    world.say(0, rar((11, 22), |_| {}));
    world.say(1, rar((33, 22), |_| {}));
    assert_eq!(world.requests.len(), 1);
    let (_, ticket, request) = world.requests.pop().unwrap();
    world.node.answer(world.now, ticket, Some(raa(&request, 5002)));
    world.settle();
    assert_eq!(answers(&mut world, 0), [(11, 22, 5002)]);
    assert_eq!(answers(&mut world, 1), [(33, 22, 5002)]);
}

#[test]
fn another_request_under_a_used_identifier_is_a_new_one() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    world.say(0, rar((11, 22), |_| {}));
    let (_, first, request) = world.requests.pop().unwrap();
    world.say(0, rar((12, 22), |w| w.put(&avp::ORIGIN_STATE_ID, 9)));
    let (_, second, _) = world.requests.pop().unwrap();
    world.node.answer(world.now, second, Some(raa(&request, 5002)));
    world.node.answer(world.now, first, Some(raa(&request, 2001)));
    world.settle();
    assert_eq!(answers(&mut world, 0), [(12, 22, 5002), (11, 22, 2001)]);
}

#[test]
fn a_request_that_got_no_answer_may_come_again() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    world.say(0, rar((11, 22), |_| {}));
    let (_, ticket, _) = world.requests.pop().unwrap();
    world.node.answer(world.now, ticket, None);
    world.say(0, rar((12, 22), |_| {}));
    assert_eq!(world.requests.len(), 1);
    assert_eq!(answers(&mut world, 0), []);
}

#[test]
fn a_handler_that_broke_down_is_answered_for() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    world.say(0, rar((11, 22), |_| {}));
    let (_, ticket, _) = world.requests.pop().unwrap();
    world.node.cannot_answer(world.now, ticket);
    world.settle();
    assert_eq!(answers(&mut world, 0), [(11, 22, 5012)]);
}

#[test]
fn goodbyes_wait_a_few_seconds_for_answers() {
    for answered in [true, false] {
        let mut world = World::up(&[("pcrf1", 1, 1)]);
        world.say(0, rar((11, 22), |_| {}));
        let (_, ticket, request) = world.requests.pop().unwrap();
        world.node.shut_down(world.now, DisconnectCause::Rebooting);
        world.settle();
        world.say(0, rar((12, 23), |_| {}));
        assert_eq!((answers(&mut world, 0), world.requests.len()), (vec![(12, 23, 3002)], 0));
        assert_eq!(world.node.statuses()[0].status.state, State::IOpen);
        if answered {
            world.node.answer(world.now, ticket, Some(raa(&request, 2001)));
            world.settle();
            assert_eq!(answers(&mut world, 0), [(11, 22, 2001)]);
            assert_ne!(world.node.statuses()[0].status.state, State::IOpen);
        }
        world.advance(10 * SECOND);
        assert!(world.node.is_closed());
        // It stays so.
        assert!(world.node.connect(world.now, "pcrf1"));
        world.settle();
        assert!(world.node.is_closed());
    }
}

#[test]
fn answers_do_not_go_to_a_later_connection() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    world.say(0, rar((11, 22), |_| {}));
    let (_, ticket, request) = world.requests.pop().unwrap();
    world.cut(0);
    world.advance(5 * SECOND);
    world.node.answer(world.now, ticket, Some(raa(&request, 2001)));
    world.settle();
    assert_eq!(answers(&mut world, 0), []);
    // But it was kept for when the request comes again.
    world.say(0, rar((12, 22), |_| {}).with_hop_by_hop(rxgate::wire::HopByHopId(12), true));
    assert_eq!(answers(&mut world, 0), [(12, 22, 2001)]);
}

#[test]
fn answers_are_kept_for_four_minutes_and_not_for_ever() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    world.say(0, rar((11, 22), |_| {}));
    let (_, ticket, request) = world.requests.pop().unwrap();
    world.node.answer(world.now, ticket, Some(raa(&request, 2001)));
    world.settle();
    for (seconds, handed_up) in [(240, 0), (3600, 1)] {
        world.advance(seconds * SECOND);
        world.say(0, rar((12, 22), |_| {}));
        assert_eq!(world.requests.len(), handed_up);
    }
}

#[test]
fn requests_that_are_not_for_us_are_refused() {
    let host = |host: &'static str| rar((11, 22), move |w| w.put(&avp::DESTINATION_HOST, host));
    let realm = rar((11, 22), |w| w.put(&avp::DESTINATION_REALM, "somebody.else"));
    let command = |command: u8| {
        let mut octets = rar((11, 22), |_| {}).into_bytes().to_vec();
        octets[7] = command;
        MessageBuf::from_bytes(octets.into()).unwrap()
    };
    let mut application = rar((11, 22), |_| {}).into_bytes().to_vec();
    application[11] = 99;
    let application = MessageBuf::from_bytes(application.into()).unwrap();
    for (request, refused) in [
        (host("AF.rx.test"), None),
        (host("other"), Some(3002)),
        // Open5GS names its own realm.
        (realm, None),
        (command(9), Some(3001)),
        (command(18), None),
        (application, Some(3007)),
    ] {
        let mut world = World::up(&[("pcrf1", 1, 1)]);
        world.say(0, request.clone());
        let codes: Vec<_> = answers(&mut world, 0).into_iter().map(|(_, _, code)| code).collect();
        assert_eq!(codes, Vec::from_iter(refused), "{request:?}");
        assert_eq!(world.requests.len(), usize::from(refused.is_none()), "{request:?}");
    }
}

#[test]
fn so_many_requests_are_handled_at_a_time() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    (0..10_001).for_each(|number| world.say(0, rar((number, number), |_| {})));
    assert_eq!(world.requests.len(), 10_000);
    assert_eq!(answers(&mut world, 0), [(10_000, 10_000, 3004)]);
    assert_eq!(world.node.host(PeerIndex(0)).unwrap().as_ref(), "pcrf1");
    let (_, ticket, request) = world.requests.pop().unwrap();
    world.node.answer(world.now, ticket, Some(raa(&request, 2001)));
    world.say(0, rar((20_000, 20_000), |_| {}));
    assert_eq!(world.requests.len(), 10_000);
}
