//! The PCRF is gone in the midst of everything, and comes back: with its sessions, or having forgotten them.

use rxgate::{
    dict::commands::{AA, SESSION_TERMINATION},
    pcrf::{Action, Command},
    transport::DisconnectCause,
};

use crate::{
    client::{BANDWIDTH, user},
    wire::Way,
    world::{PATIENT, World},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pcrf_that_dies_and_comes_back_with_its_state_keeps_its_sessions() {
    let mut world = World::new(PATIENT).await;
    let client = world.client.clone();
    let (stays, rx_stays) = world.session(1).await;
    let (modified, rx_modified) = world.session(2).await;
    let (removed, rx_removed) = world.session(3).await;
    let (removed_later, rx_removed_later) = world.session(4).await;

    // The answers to all four are on their way when it dies; the last request of them it has not even looked at.
    world.one.wire.hold(Way::ToGateway, AA);
    world.one.wire.hold(Way::ToGateway, SESSION_TERMINATION);
    let granted = tokio::spawn(client.create(5));
    let modifying = tokio::spawn(client.modify(&modified, 2, 2 * BANDWIDTH));
    let removing = tokio::spawn(client.remove(&removed));
    world.one.answered("AAR", 6).await;
    world.one.rule(Command::Aar, 1, Action::Silence { handled: false });
    let ignored = tokio::spawn(client.create(6));
    world.one.saw("AAR", 7).await;
    world.one.answered("STR", 1).await;
    world.one.wire.break_off().await;

    // Who asks for a session gets it from the other one.
    let mut moved = Vec::new();
    for create in [granted, ignored] {
        let rx_session = world.rx_session(&create.await.unwrap().created()).await;
        assert_eq!(world.two.lines(&rx_session), ["AAR (T) 2001"]);
        let [asked, asked_again] = [&world.one, &world.two]
            .map(|seat| seat.about(&rx_session, "AAR")[0].request.header().end_to_end);
        assert_eq!(asked, asked_again);
        moved.push(rx_session);
    }
    world.open(1).await;
    let (_, rx_meanwhile) = world.session(7).await;
    assert_eq!(world.two.lines(&rx_meanwhile), ["AAR 2001"]);
    // What is there is there still; what needs the PCRF that is not there says so, and changes nothing.
    assert_eq!(client.look(&stays).await, Some(BANDWIDTH.into()));
    let refused = client.modify(&stays, 1, 3 * BANDWIDTH).await;
    assert_eq!((refused.status, refused.retry_after), (503, None));
    assert!(refused.message().contains("pcrf.rx.test"), "{refused:?}");
    assert_eq!(client.look(&stays).await, Some(BANDWIDTH.into()));
    assert_eq!(client.remove(&removed_later).await.status, 204);
    for gone in [&removed, &removed_later] {
        assert_eq!(client.look(gone).await, None);
        assert_eq!(client.remove(gone).await.status, 404);
    }

    world.one.wire.mend().await;
    assert_eq!(modifying.await.unwrap().status, 200);
    assert_eq!(client.look(&modified).await, Some(u64::from(2 * BANDWIDTH)));
    assert_eq!(removing.await.unwrap().status, 204);
    world.agree().await;
    assert_eq!(world.one.held(), [rx_stays.clone(), rx_modified.clone()].into());
    assert_eq!(world.one.bandwidth(&rx_modified), 2 * BANDWIDTH);
    assert_eq!(world.two.held().len(), 3);
    assert_eq!(world.one.lines(&rx_stays), ["AAR 2001"]);
    assert_eq!(world.one.lines(&rx_modified), ["AAR 2001", "AAR 2001", "AAR (T) 2001"]);
    world.one.has_lines(&rx_removed, &["AAR 2001", "STR 2001", "STR (T) 2001"]).await;
    world.one.has_lines(&rx_removed_later, &["AAR 2001", "STR 2001"]).await;
    world.one.has_lines(&moved[0], &["AAR 2001", "STR 2001"]).await;
    world.one.has_lines(&moved[1], &["AAR without an answer", "STR 5002"]).await;
    for own in [&rx_stays, &rx_modified, &rx_removed, &rx_removed_later] {
        assert_eq!(world.two.lines(own), [""; 0]);
    }
    // Its sessions go on: what it reports about them is told.
    assert_eq!(world.one.report(&rx_stays).await, Some(2001));
    let told = world.told(1).await.remove(0);
    assert_eq!((told.user, told.event), (user(1), 2));
    world.end("dies, and comes back with its state").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_pcrf_sessions_stay_and_nothing_is_promised() {
    let mut world = World::new("").await;
    let client = world.client.clone();
    let (stays, rx_stays) = world.session(1).await;
    let (removed, rx_removed) = world.session(2).await;
    world.one.wire.break_off().await;
    world.two.wire.break_off().await;
    world.open(0).await;
    let refused = client.create(3).await;
    assert_eq!((refused.status, refused.retry_after), (503, None));
    for host in [world.one.host, world.two.host] {
        assert!(refused.message().contains(host), "{refused:?}");
    }
    assert_eq!(client.modify(&stays, 1, 2 * BANDWIDTH).await.status, 503);
    assert_eq!(client.look(&stays).await, Some(BANDWIDTH.into()));
    assert_eq!(client.remove(&removed).await.status, 204);
    assert_eq!(client.look(&removed).await, None);

    world.two.wire.mend().await;
    world.open(1).await;
    let (_, rx_meanwhile) = world.session(4).await;
    assert_eq!(world.two.lines(&rx_meanwhile), ["AAR 2001"]);
    world.one.wire.mend().await;
    world.both_open().await;
    world.agree().await;
    assert_eq!(world.one.held(), [rx_stays.clone()].into());
    world.one.has_lines(&rx_stays, &["AAR 2001"]).await;
    world.one.has_lines(&rx_removed, &["AAR 2001", "STR 2001"]).await;
    assert_eq!(world.two.wire.seen().len(), 1);
    world.end("dies, and so does the other one").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goodbye_costs_nothing() {
    let world = World::new(&format!("{PATIENT}\nreconnect_after_refusal_ms = 2000")).await;
    let (stays, rx_stays) = world.session(1).await;
    world.one.wire.hold(Way::ToGateway, AA);
    let creating = tokio::spawn(world.client.create(2));
    world.one.answered("AAR", 2).await;
    world.one.wire.lose();
    world.one.pcrf.disconnect(DisconnectCause::Busy);
    let rx_moved = world.rx_session(&creating.await.unwrap().created()).await;
    assert_eq!(world.two.lines(&rx_moved), ["AAR (T) 2001"]);
    assert_eq!(world.client.look(&stays).await, Some(BANDWIDTH.into()));
    world.both_open().await;
    world.agree().await;
    assert_eq!((world.one.held(), world.two.held()), ([rx_stays].into(), [rx_moved.clone()].into()));
    world.one.has_lines(&rx_moved, &["AAR 2001", "STR 2001"]).await;
    world.end("says goodbye with BUSY").await;
}
