//! Requests reach the PCRF when the gateway has given them up, or it answers them twice.

use rxgate::{
    dict::commands::{AA, SESSION_TERMINATION},
    pcrf::{Action, Rule},
};

use crate::{
    client::BANDWIDTH,
    patience::{PATIENCE, until},
    wire::Way,
    world::World,
};

/// Short enough to wait for it.
const HASTY: &str = "attempt_timeout_ms = 1000\nrequest_timeout_ms = 3000";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_that_comes_when_another_pcrf_has_taken_over_is_taken_back() {
    let world = World::new(HASTY).await;
    world.one.wire.hold(Way::ToPcrf, AA);
    let (id, rx_session) = world.session(1).await;
    assert_eq!(world.two.lines(&rx_session), ["AAR (T) 2001"]);
    // There is nothing to end yet: the AAR is still on its way.
    world.one.answered("STR", 1).await;
    assert_eq!(world.one.held().len(), 0);
    world.one.wire.release();
    until("the late answer is there", async || world.metric("rxgate_late_grants_total").await == 1).await;
    world.agree().await;
    assert_eq!(world.one.held().len(), 0);
    assert_eq!(world.two.held(), [rx_session.clone()].into());
    assert_eq!(world.one.about(&rx_session, "AAR")[0].results(), [2001]);
    world.one.ends(&rx_session, |ends| ends.starts_with(&[5002, 2001])).await;
    assert_eq!(world.two.about(&rx_session, "STR").len(), 0);
    assert_eq!(world.client.look(&id).await, Some(BANDWIDTH.into()));
    world.end("answers late, after another one").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_that_comes_long_after_everything_is_taken_back() {
    let world = World::new(HASTY).await;
    for seat in [&world.one, &world.two] {
        seat.wire.hold(Way::ToPcrf, AA);
    }
    let refused = world.client.create(1).await;
    assert_eq!((refused.status, refused.retry_after), (504, None), "{refused:?}");
    let rx_session = world.one.wire.seen()[0].session();
    for (seat, line) in [(&world.one, "AAR without an answer"), (&world.two, "AAR (T) without an answer")] {
        seat.answered("STR", 1).await;
        assert_eq!(seat.lines(&rx_session)[0], line);
    }
    // So late that both have said often enough that they have no such session.
    let settled = tokio::time::timeout(PATIENCE, world.app.sessions().settled());
    settled.await.expect("nothing is owed to anybody");
    for seat in [&world.one, &world.two] {
        seat.wire.release();
    }
    let late = async || world.metric("rxgate_late_grants_total").await == 2;
    until("the late answers are there", late).await;
    world.agree().await;
    for seat in [&world.one, &world.two] {
        assert_eq!(seat.held().len(), 0);
        assert_eq!(seat.about(&rx_session, "AAR")[0].results(), [2001]);
        let ended = |ends: &[u32]| matches!(ends, [unknown @ .., 2001] if unknown.iter().all(|result| *result == 5002));
        seat.ends(&rx_session, ended).await;
    }
    world.end("answers long after everything").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_and_an_end_that_are_answered_late_take_place() {
    let world = World::new(HASTY).await;
    let client = &world.client;
    let (modified, rx_modified) = world.session(1).await;
    let (removed, rx_removed) = world.session(2).await;
    world.one.wire.hold(Way::ToPcrf, AA);
    world.one.wire.hold(Way::ToPcrf, SESSION_TERMINATION);
    let modify = client.modify(&modified, 1, 2 * BANDWIDTH);
    let (unanswered, ended) = tokio::join!(modify, client.remove(&removed));
    assert_eq!((unanswered.status, unanswered.retry_after), (504, None), "{unanswered:?}");
    assert_eq!(ended.status, 204);
    assert_eq!(client.look(&modified).await, Some(BANDWIDTH.into()));
    assert_eq!(client.look(&removed).await, None);
    assert_eq!(world.one.held(), [rx_modified.clone(), rx_removed].into());

    world.one.wire.release();
    let holds = async || client.look(&modified).await == Some(u64::from(2 * BANDWIDTH));
    until("the modification holds", holds).await;
    world.agree().await;
    assert_eq!(world.one.held(), [rx_modified.clone()].into());
    assert_eq!(world.one.bandwidth(&rx_modified), 2 * BANDWIDTH);
    assert_eq!(world.one.about(&rx_modified, "STR").len(), 0);
    assert_eq!(world.two.wire.seen().len(), 0);
    world.end("answers a change and an end late").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_of_two_answers_is_counted_and_nothing_else() {
    let world = World::new("").await;
    let client = &world.client;
    world.one.pcrf.set_rules(vec![Rule { action: Action::Duplicate, ..Rule::default() }]);
    let (stays, rx_stays) = world.session(1).await;
    let (removed, rx_removed) = world.session(2).await;
    assert_eq!(client.modify(&stays, 1, 2 * BANDWIDTH).await.status, 200);
    assert_eq!(client.remove(&removed).await.status, 204);
    let stray = r#"rxgate_peer_stray_answers_total{peer="pcrf.rx.test"}"#;
    until("the second answers are there", async || world.metric(stray).await == 4).await;
    world.agree().await;
    assert_eq!(world.metric("rxgate_late_grants_total").await, 0);
    assert_eq!(world.one.held(), [rx_stays.clone()].into());
    assert_eq!(world.one.lines(&rx_stays), ["AAR 2001 and 2001", "AAR 2001 and 2001"]);
    assert_eq!(world.one.lines(&rx_removed), ["AAR 2001 and 2001", "STR 2001 and 2001"]);
    assert_eq!(client.look(&stays).await, Some(u64::from(2 * BANDWIDTH)));
    assert_eq!(world.two.wire.seen().len(), 0);
    world.one.pcrf.set_rules(Vec::new());
    world.end("answers twice").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_granted_a_session_in_vain_does_not_speak_for_it() {
    for aborts in [false, true] {
        let world = World::new(HASTY).await;
        world.one.wire.hold(Way::ToGateway, AA);
        world.one.wire.hold(Way::ToPcrf, SESSION_TERMINATION);
        let (id, rx_session) = world.session(1).await;
        world.one.saw("STR", 1).await;
        // Both have it now.
        let both = [&world.one, &world.two].map(|seat| seat.held().len());
        assert_eq!(both, [1, 1]);
        let (what, answered, expected) = match aborts {
            false => ("RAR", world.one.report(&rx_session).await, 5002),
            true => ("ASR", world.one.abort(&rx_session).await, 2001),
        };
        assert_eq!(answered, Some(expected));
        world.one.wire.release();
        world.agree().await;
        assert_eq!(world.client.look(&id).await, Some(BANDWIDTH.into()));
        assert_eq!((world.one.held().len(), world.two.held()), (0, [rx_session.clone()].into()));
        assert_eq!(world.two.lines(&rx_session), ["AAR (T) 2001"]);
        world.end(&format!("sends {what} about a session that the other one has")).await;
    }
}
