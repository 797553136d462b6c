//! The PCRF refuses, or answers what cannot be used.

use bytes::{Bytes, BytesMut};
use rxgate::{
    dict::commands::AA,
    pcrf::{Action, Command},
    rx::Outcome,
    wire::HEADER_LENGTH,
};

use crate::{
    client::{BANDWIDTH, user},
    wire::{Fate, Way},
    world::{PATIENT, World},
};

/// Another Session-Id of the same length: the AVP stands first, and begins with eight octets.
fn of_another_session(message: &Bytes) -> Bytes {
    let mut octets = BytesMut::from(&message[..]);
    octets[HEADER_LENGTH + 8] ^= 1;
    octets.freeze()
}

/// An AVP that is longer than all that is there.
fn broken(message: &Bytes) -> Bytes {
    let mut octets = BytesMut::from(&message[..]);
    octets[HEADER_LENGTH + 5] = 0xff;
    octets.freeze()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_cannot_be_used_leaves_no_session() {
    for (fault, change) in [
        ("answers for another session", of_another_session as fn(&Bytes) -> Bytes),
        ("answers with broken AVPs", broken),
    ] {
        let world = World::new("").await;
        world.one.wire.next(Way::ToGateway, AA, Fate::Changed(change));
        let refused = world.client.create(1).await;
        assert_eq!((refused.status, refused.retry_after), (502, None), "{refused:?}");
        let rx_session = world.one.wire.seen()[0].session();
        world.agree().await;
        assert_eq!(world.one.held().len(), 0);
        world.one.has_lines(&rx_session, &["AAR 2001", "STR 2001"]).await;
        assert_eq!(world.two.wire.seen().len(), 0);
        world.end(fault).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_cut_off_is_asked_for_at_the_other_one() {
    let world = World::new(PATIENT).await;
    world.one.wire.next(Way::ToGateway, AA, Fate::Cut);
    let (_, rx_session) = world.session(1).await;
    assert_eq!(world.two.lines(&rx_session), ["AAR (T) 2001"]);
    world.agree().await;
    assert_eq!(world.two.held(), [rx_session.clone()].into());
    world.one.has_lines(&rx_session, &["AAR 2001", "STR 2001"]).await;
    world.end("is cut off in the middle of an answer").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_serve_a_request_now_is_asked_no_more_and_owed_nothing() {
    for (code, name) in [(3002, "UNABLE_TO_DELIVER"), (3004, "TOO_BUSY")] {
        let world = World::new("").await;
        world.one.rule(Command::Aar, 1, Action::answer(Outcome::base(code)));
        let (_, rx_session) = world.session(1).await;
        assert_eq!(world.one.lines(&rx_session), [format!("AAR {code}")]);
        assert_eq!(world.two.lines(&rx_session), ["AAR 2001"]);
        // Nor is there a third one.
        for seat in [&world.one, &world.two] {
            seat.rule(Command::Aar, 1, Action::answer(Outcome::base(code)));
        }
        let refused = world.client.create(2).await;
        assert_eq!((refused.status, refused.retry_after), (503, (code == 3004).then_some(10)));
        assert!(refused.message().contains(name), "{refused:?}");
        world.agree().await;
        assert_eq!((world.one.held().len(), world.two.held()), (0, [rx_session].into()));
        let ended = |seen: &[crate::wire::Seen]| seen.iter().any(|seen| seen.command() == "STR");
        assert!(!ended(&world.one.wire.seen()) && !ended(&world.two.wire.seen()));
        world.end(&format!("answers {code} {name}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_final() {
    let world = World::new("").await;
    let (id, rx_session) = world.session(1).await;
    world.one.rule(Command::Aar, 2, Action::answer(Outcome::base(5012)));
    let refused = world.client.create(2).await;
    assert_eq!((refused.status, refused.retry_after), (502, None));
    assert!(refused.message().contains("5012 DIAMETER_UNABLE_TO_COMPLY"), "{refused:?}");
    assert_eq!(world.client.modify(&id, 1, 2 * BANDWIDTH).await.status, 502);
    assert_eq!(world.client.look(&id).await, Some(BANDWIDTH.into()));
    world.agree().await;
    assert_eq!(world.one.held(), [rx_session.clone()].into());
    assert_eq!(world.one.lines(&rx_session), ["AAR 2001", "AAR 5012"]);
    assert_eq!((world.one.wire.seen().len(), world.two.wire.seen().len()), (3, 0));
    world.end("answers 5012").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_it_does_not_know_is_over() {
    let mut world = World::new("").await;
    let (removed, rx_removed) = world.session(1).await;
    world.one.rule(Command::Str, 1, Action::answer(Outcome::base(5002)));
    assert_eq!(world.client.remove(&removed).await.status, 204);
    assert_eq!(world.one.lines(&rx_removed), ["AAR 2001", "STR 5002"]);

    let (modified, rx_modified) = world.session(2).await;
    world.one.rule(Command::Aar, 1, Action::answer(Outcome::base(5002)));
    let lost = world.client.modify(&modified, 2, 2 * BANDWIDTH).await;
    assert_eq!((lost.status, lost.retry_after), (404, None), "{lost:?}");
    let told = world.told(1).await.remove(0);
    assert_eq!((&*told.user, told.event, &*told.why), (&*user(2), 12, "the PCRF does not know it any more"));
    assert_eq!(world.client.look(&modified).await, None);
    assert_eq!(world.one.lines(&rx_modified), ["AAR 2001", "AAR 5002"]);
    assert_eq!(world.two.wire.seen().len(), 0);
    // It only said so.
    assert_eq!(world.one.held(), [rx_modified.clone()].into());
    assert_eq!(world.one.report(&rx_modified).await, Some(5002));
    world.end("answers 5002 to a modification and to an STR").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_about_no_session_is_refused_and_told_nobody() {
    let world = World::new("").await;
    let (_, rx_session) = world.session(1).await;
    for unknown in ["af.rx.test;1;2", "", &"x".repeat(1000)] {
        assert_eq!(world.one.report(unknown).await, Some(5002));
        assert_eq!(world.one.abort(unknown).await, Some(5002));
    }
    // Nor does the other one speak for it.
    assert_eq!(world.one.lines(&rx_session), ["AAR 2001"]);
    world.agree().await;
    assert_eq!(world.one.held(), [rx_session].into());
    world.end("sends RAR and ASR about unknown sessions").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_str_that_is_refused_for_now_is_sent_again() {
    let world = World::new("").await;
    let (id, rx_session) = world.session(1).await;
    world.one.rule(Command::Str, 1, Action::BUSY);
    assert_eq!(world.client.remove(&id).await.status, 204);
    world.agree().await;
    assert_eq!(world.one.held().len(), 0);
    world.one.has_lines(&rx_session, &["AAR 2001", "STR 3004", "STR 2001"]).await;
    assert_eq!(world.two.wire.seen().len(), 0);
    world.end("answers 3004 to an STR").await;
}
