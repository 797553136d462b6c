//! The PCRF forgets everything and comes back with a higher Origin-State-Id.

use rxgate::dict::commands::{AA, SESSION_TERMINATION};

use crate::{
    client::{BANDWIDTH, user},
    wire::Way,
    world::{PATIENT, World},
};

/// Why a session ended that the PCRF forgot.
const RESTARTED: &str = "the PCRF restarted and forgot it";

/// The same where its modification was what it was asked about first.
const FORGOTTEN: &str = "the PCRF does not know it any more";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pcrf_that_restarts_ends_its_sessions_with_an_event_each() {
    let mut world = World::new(PATIENT).await;
    let client = world.client.clone();
    let (idle, rx_idle) = world.session(1).await;
    let (modified, rx_modified) = world.session(2).await;
    let (removed, rx_removed) = world.session(3).await;

    world.one.wire.hold(Way::ToGateway, AA);
    world.one.wire.hold(Way::ToGateway, SESSION_TERMINATION);
    let creating = tokio::spawn(client.create(4));
    let modifying = tokio::spawn(client.modify(&modified, 2, 2 * BANDWIDTH));
    let removing = tokio::spawn(client.remove(&removed));
    world.one.answered("AAR", 5).await;
    world.one.answered("STR", 1).await;
    world.one.wire.lose();
    world.one.pcrf.restart().await.unwrap();

    let rx_moved = world.rx_session(&creating.await.unwrap().created()).await;
    assert_eq!(world.two.lines(&rx_moved), ["AAR (T) 2001"]);
    assert_eq!(removing.await.unwrap().status, 204);
    let lost = modifying.await.unwrap();
    assert_eq!((lost.status, lost.retry_after), (404, None), "{lost:?}");
    // Whose caller ended it hears nothing more of it.
    let mut told = world.told(2).await;
    told.sort();
    assert_eq!((&*told[0].user, told[0].event, &*told[0].why), (&*user(1), 12, RESTARTED));
    assert_eq!((&*told[1].user, told[1].event), (&*user(2), 12));
    assert!([RESTARTED, FORGOTTEN].contains(&&*told[1].why), "{told:?}");
    for gone in [&idle, &modified, &removed] {
        assert_eq!(client.look(gone).await, None);
    }

    world.agree().await;
    assert_eq!((world.one.held().len(), world.two.held()), (0, [rx_moved.clone()].into()));
    // It is not told to end what it has forgotten, and nobody else hears of it.
    assert_eq!(world.one.lines(&rx_idle), ["AAR 2001"]);
    assert_eq!(world.one.about(&rx_modified, "STR").len(), 0);
    world.one.has_lines(&rx_removed, &["AAR 2001", "STR 2001", "STR (T) 5002"]).await;
    world.one.has_lines(&rx_moved, &["AAR 2001", "STR 5002"]).await;
    let elsewhere = world.two.wire.seen().into_iter().filter(|seen| seen.session() != rx_moved);
    assert_eq!(elsewhere.count(), 0);
    world.end("restarts with a raised Origin-State-Id").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_that_does_not_answer_is_told_again_under_the_same_name() {
    let mut world = World::new(PATIENT).await;
    let (id, _) = world.session(1).await;
    world.endpoint.answer(false);
    world.one.pcrf.restart().await.unwrap();
    let told = world.told(1).await.remove(0);
    assert_eq!((&*told.user, told.event, &*told.why), (&*user(1), 12, RESTARTED));
    assert_eq!(world.client.look(&id).await, None);
    assert_eq!(world.repeated().await, told);
    world.endpoint.answer(true);
    world.agree().await;
    world.end("restarts while the application does not answer").await;
}
