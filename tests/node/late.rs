//! Answers that nobody waits for any more.

use rxgate::peer::LateKind;

use crate::world::{SECOND, World, result_code};

#[test]
fn an_answer_after_the_outcome_is_reported_with_its_peer() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    world.request();
    let first = world.asked(0);
    world.advance(4 * SECOND);
    let second = world.asked(1);
    world.answer(1, &second, 2001);
    world.answer(0, &first, 2001);
    let (peer, message, kind) = world.late.pop().unwrap();
    assert_eq!((peer.as_str(), result_code(&message), kind), ("pcrf1", 2001, LateKind::Unused));
    assert_eq!(world.counts(0).late_answers, 1);
}

#[test]
fn an_answer_after_the_deadline_is_reported() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    let id = world.request();
    let first = world.asked(0);
    world.advance(10 * SECOND);
    world.error(id);
    world.answer(0, &first, 2001);
    assert!(matches!(world.late.as_slice(), [(peer, _, LateKind::Unused)] if peer == "pcrf1"));
}

#[test]
fn a_second_copy_of_the_answer_is_told_from_a_second_server_s() {
    let mut world = World::up(&[("dra1", 1, 1), ("dra2", 2, 1)]);
    world.request();
    world.asked(0);
    world.advance(4 * SECOND);
    let second = world.asked(1);
    world.answer_as(1, &second, 2001, "pcrf1", &[]);
    world.answer_as(1, &second, 2001, "PCRF1", &[]);
    world.answer_as(1, &second, 2001, "pcrf2", &[]);
    let kinds: Vec<_> = world.late.iter().map(|(_, _, kind)| *kind).collect();
    assert_eq!(kinds, [LateKind::Repeated, LateKind::Unused]);
}

#[test]
fn an_answer_of_a_peer_that_was_not_asked_changes_nothing() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]);
    let id = world.request();
    let first = world.asked(0);
    world.answer(1, &first, 2001);
    assert!(world.outcomes.is_empty());
    assert!(matches!(world.late.as_slice(), [(peer, _, LateKind::Unasked)] if peer == "pcrf2"));
    assert_eq!(world.counts(1).stray_answers, 1);
    world.answer(0, &first, 2001);
    assert_eq!(world.outcome(id), (2001, "pcrf1", vec!["pcrf1"]));
}

#[test]
fn late_answers_are_forgotten_in_the_end() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    world.request();
    let old = world.asked(0);
    world.advance(900 * SECOND);
    // What is old goes when something new has to be remembered.
    world.request();
    world.advance(10 * SECOND);
    world.answer(0, &old, 2001);
    assert!(matches!(world.late.as_slice(), [(_, _, LateKind::Unasked)]));
}
