//! What follows when an attempt fails: decisions about who gets the request next, and with which bits.

use rxgate::peer::{DisconnectCause, PeerEvent, RequestError};

use crate::world::{SECOND, World, config, is_retransmission};

#[test]
fn an_unanswered_attempt_is_sent_once_more_elsewhere_with_t_and_the_same_end_to_end() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    let id = world.request();
    let first = world.asked(0);
    assert!(!is_retransmission(&first));
    world.advance(4 * SECOND);
    let second = world.asked(1);
    assert!(is_retransmission(&second));
    assert_eq!(second.header().end_to_end, first.header().end_to_end);
    assert_eq!(second.as_bytes()[20..], first.as_bytes()[20..]);
    world.answer(1, &second, 2001);
    assert_eq!(world.outcome(id), (2001, "pcrf2", vec!["pcrf1", "pcrf2"]));
    assert_eq!(world.counts(0).timeouts, 1);
    assert_eq!(world.counts(1).retransmissions, 1);
}

#[test]
fn once_more_is_once() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1), ("pcrf3", 3, 1)]);
    let id = world.request();
    world.advance(9 * SECOND);
    world.asked(0);
    world.asked(1);
    world.assert_nobody_asked();
    assert!(world.outcomes.is_empty());
    world.advance(SECOND);
    let RequestError::NoAnswer { sent_to, reason } = world.error(id) else { panic!() };
    assert_eq!(*sent_to, ["pcrf1", "pcrf2"]);
    assert_eq!(reason, "pcrf2 (pcrf2:3868) did not answer in 4s; waited 10.0s in all");
}

#[test]
fn without_time_for_another_attempt_the_reason_names_the_only_one() {
    let mut short = config(&[("pcrf1", 1, 1)]);
    short.attempt_timeout = 60 * SECOND;
    let mut world = World::with(short, 1, |_| {});
    let id = world.request();
    world.asked(0);
    world.advance(10 * SECOND);
    let RequestError::NoAnswer { reason, .. } = world.error(id) else { panic!() };
    assert_eq!(reason, "pcrf1 (pcrf1:3868) did not answer; waited 10.0s in all");
}

#[test]
fn a_lost_connection_fails_over_at_once() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    let ids: Vec<_> = (0..50).map(|_| world.request()).collect();
    let first = std::mem::take(&mut world.remote(0).inbox);
    world.kill(0);
    let second = std::mem::take(&mut world.remote(1).inbox);
    assert_eq!(second.len(), 50);
    for ((_, first), (_, second)) in first.iter().zip(&second) {
        assert!(is_retransmission(second));
        assert_eq!(second.header().end_to_end, first.header().end_to_end);
        world.answer(1, second, 2001);
    }
    for id in ids {
        assert_eq!(world.outcome(id), (2001, "pcrf2", vec!["pcrf1", "pcrf2"]));
    }
}

#[test]
fn a_suspect_peer_fails_over_and_gets_nothing_new_until_it_recovers() {
    let mut slow = config(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    slow.attempt_timeout = 300 * SECOND;
    let mut world = World::with(slow, 1, |_| {});
    // The DWR of an idle connection goes unanswered; the request follows it.
    world.remote(0).mute = true;
    let id = world.request_for(None, 300 * SECOND);
    world.remote(1).inbox.clear();
    let suspect = PeerEvent::Suspect { host: "pcrf1".into() };
    while !world.news.contains(&suspect) {
        world.advance(SECOND);
        assert!(world.now < world.start + 70 * SECOND);
    }
    let second = world.asked(1);
    assert!(is_retransmission(&second));
    world.request();
    let new = world.asked(1);
    assert!(!is_retransmission(&new));
    // Any message brings it back, here the answer to the first attempt: that is the outcome.
    world.remote(0).mute = false;
    world.answer(0, &second, 2001);
    assert!(world.news.contains(&PeerEvent::Recovered { host: "pcrf1".into() }));
    assert_eq!(world.outcome(id), (2001, "pcrf1", vec!["pcrf1", "pcrf2"]));
    world.request();
    world.asked(0);
}

#[test]
fn with_one_peer_a_request_is_sent_again_only_on_a_new_connection() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    let id = world.request();
    let first = world.asked(0);
    world.advance(5 * SECOND);
    world.assert_nobody_asked();
    world.cut(0);
    assert!(world.outcomes.is_empty());
    // The back-off, then three DWRs until the watchdog trusts the connection.
    world.advance(2 * SECOND);
    let second = world.asked(0);
    assert!(is_retransmission(&second));
    assert_eq!(second.header().end_to_end, first.header().end_to_end);
    world.answer(0, &second, 2001);
    assert_eq!(world.outcome(id), (2001, "pcrf1", vec!["pcrf1"]));
}

#[test]
fn without_a_new_connection_the_time_runs_out() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    let id = world.request();
    world.kill(0);
    world.advance(9 * SECOND);
    assert!(world.outcomes.is_empty());
    world.advance(SECOND);
    let RequestError::NoAnswer { sent_to, reason } = world.error(id) else { panic!() };
    assert_eq!(*sent_to, ["pcrf1"]);
    assert!(reason.starts_with("pcrf1 (pcrf1:3868) is gone: "), "{reason}");
    assert!(reason.contains("reset by the other side"), "{reason}");
}

#[test]
fn a_request_that_waits_for_a_connection_takes_whichever_comes_first() {
    let mut world = World::with(config(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]), 1, |remote| {
        remote.reachable = remote.host == "pcrf1";
    });
    let id = world.request();
    world.kill(0);
    world.remote(1).reachable = true;
    world.advance(5 * SECOND);
    let second = world.asked(1);
    assert!(is_retransmission(&second));
    world.answer(1, &second, 2001);
    assert_eq!(world.outcome(id), (2001, "pcrf2", vec!["pcrf1", "pcrf2"]));
}

#[test]
fn when_both_connections_are_lost_nobody_waits_for_the_deadline() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    let id = world.request();
    world.kill(0);
    world.kill(1);
    let RequestError::NoAnswer { sent_to, .. } = world.error(id) else { panic!() };
    assert_eq!(*sent_to, ["pcrf1", "pcrf2"]);
}

#[test]
fn an_answer_to_the_first_attempt_counts_after_the_second_was_sent() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    let id = world.request();
    let first = world.asked(0);
    world.advance(5 * SECOND);
    world.asked(1);
    world.answer(0, &first, 2001);
    assert_eq!(world.outcome(id), (2001, "pcrf1", vec!["pcrf1", "pcrf2"]));
}

#[test]
fn a_protocol_error_to_the_first_attempt_does_not_end_the_second() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    let id = world.request();
    let first = world.asked(0);
    world.advance(5 * SECOND);
    let second = world.asked(1);
    world.answer(0, &first, 3002);
    assert!(world.outcomes.is_empty());
    world.answer(1, &second, 2001);
    // pcrf1 said that it did not act.
    assert_eq!(world.outcome(id), (2001, "pcrf2", vec!["pcrf2"]));
}

#[test]
fn a_busy_peer_is_passed_over_once_and_then_gets_less() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 1, 1), ("pcrf3", 1, 1)]);
    let id = world.request();
    let busy = (0..3).find(|peer| !world.remote(*peer).inbox.is_empty()).unwrap();
    let first = world.asked(busy);
    world.answer(busy, &first, 3004);
    let other = (0..3).find(|peer| !world.remote(*peer).inbox.is_empty()).unwrap();
    let second = world.asked(other);
    assert_ne!(other, busy);
    // Nobody acted on it yet: it is no retransmission.
    assert!(!is_retransmission(&second));
    assert_eq!(second.header().end_to_end, first.header().end_to_end);
    world.answer(other, &second, 3004);
    let (code, peer, sent_to) = world.outcome(id);
    assert_eq!((code, sent_to), (3004, vec![peer]));
    world.assert_nobody_asked();

    let share = |world: &mut World| {
        world.remotes.values_mut().for_each(|remote| remote.inbox.clear());
        (0..900).for_each(|_| _ = world.request());
        let counts: Vec<_> = (0..3).map(|peer| world.remote(peer).inbox.len()).collect();
        world.remotes.values_mut().for_each(|remote| remote.inbox.clear());
        world.advance(20 * SECOND);
        counts
    };
    let free = 3 - busy - other;
    // Half a share each for the two, a whole one for the third.
    let counts = share(&mut world);
    assert!(counts[busy] < 300 && counts[other] < 300 && counts[free] > 380, "{counts:?}");
    world.advance(120 * SECOND);
    let counts = share(&mut world);
    assert!(counts.iter().all(|count| (230..370).contains(count)), "{counts:?}");
}

#[test]
fn a_busy_peer_that_is_the_only_one_is_heard() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    let id = world.request();
    let first = world.asked(0);
    world.answer(0, &first, 3004);
    assert_eq!(world.outcome(id), (3004, "pcrf1", vec!["pcrf1"]));
    assert_eq!(world.counts(0).too_busy, 1);
}

#[test]
fn an_undeliverable_request_for_the_realm_tries_the_next_peer_once() {
    for code in [3002, 3003] {
        let mut world = World::up(&[("dra1", 1, 1), ("pcrf2", 2, 1), ("pcrf3", 3, 1)]);
        let id = world.request();
        let first = world.asked(0);
        world.answer(0, &first, code);
        let second = world.asked(1);
        assert!(!is_retransmission(&second));
        world.answer(1, &second, code);
        world.assert_nobody_asked();
        assert_eq!(world.outcome(id), (code, "pcrf2", vec!["pcrf2"]));
    }
}

#[test]
fn an_undeliverable_request_for_a_host_is_an_outcome() {
    let mut world = World::up(&[("dra1", 1, 1), ("dra2", 2, 1)]);
    let id = world.request_for(Some("pcrf9"), 10 * SECOND);
    let first = world.asked(0);
    world.answer(0, &first, 3002);
    world.assert_nobody_asked();
    assert_eq!(world.outcome(id), (3002, "dra1", vec!["dra1"]));
}

#[test]
fn after_a_detour_the_attempt_may_still_fail_over() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1), ("pcrf3", 3, 1)]);
    let id = world.request();
    let first = world.asked(0);
    world.answer(0, &first, 3004);
    world.asked(1);
    world.kill(1);
    let third = world.asked(2);
    assert!(is_retransmission(&third));
    world.answer(2, &third, 2001);
    assert_eq!(world.outcome(id), (2001, "pcrf3", vec!["pcrf2", "pcrf3"]));
}

#[test]
fn other_errors_are_outcomes() {
    for code in [2002, 3001, 3007, 4001, 5002, 5012, 5063] {
        let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
        let id = world.request();
        let first = world.asked(0);
        world.answer(0, &first, code);
        assert_eq!(world.outcome(id), (code, "pcrf1", vec!["pcrf1"]));
        world.assert_nobody_asked();
    }
}

#[test]
fn a_goodbye_moves_what_waits() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    world.request();
    world.asked(0);
    assert!(world.node.disconnect(world.now, "PCRF1", DisconnectCause::Busy, "for a test"));
    world.settle();
    assert!(is_retransmission(&world.asked(1)));
    assert!(!world.node.disconnect(world.now, "nobody", DisconnectCause::Busy, "for a test"));
    assert!(world.node.connect(world.now, "pcrf1"));
    world.advance(SECOND);
    world.request();
    world.asked(0);
}
