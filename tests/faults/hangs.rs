//! The PCRF accepts connections and answers nothing.

use crate::{
    client::BANDWIDTH,
    patience::{PATIENCE, until},
    world::{PATIENT, World},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pcrf_that_never_answers_the_capabilities_exchange_gets_no_request() {
    let world = World::before(PATIENT, async |one| one.pcrf.hang()).await;
    world.open(1).await;
    let (_, rx_session) = world.session(1).await;
    assert_eq!(world.two.lines(&rx_session), ["AAR 2001"]);
    let hanging = world.app.peers().into_iter().find(|peer| peer.host == world.one.host).unwrap();
    assert!(!hanging.open, "{hanging:?}");
    assert_eq!(world.one.wire.seen().len(), 0);

    world.one.pcrf.wake();
    world.both_open().await;
    let (_, rx_later) = world.session(2).await;
    assert_eq!(world.one.lines(&rx_later), ["AAR 2001"]);
    world.end("hangs from the start").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pcrf_that_stops_answering_is_found_out_by_the_watchdog() {
    let world = World::new(&format!("{PATIENT}\nwatchdog_interval_ms = 2000")).await;
    let client = world.client.clone();
    let (stays, rx_stays) = world.session(1).await;
    let (modified, rx_modified) = world.session(2).await;
    let (removed, rx_removed) = world.session(3).await;
    world.one.pcrf.hang();
    let creating = tokio::spawn(client.create(4));
    let modifying = tokio::spawn(client.modify(&modified, 2, 2 * BANDWIDTH));
    let removing = tokio::spawn(client.remove(&removed));
    world.one.saw("AAR", 5).await;
    world.one.saw("STR", 1).await;
    let rx_moved = world.rx_session(&creating.await.unwrap().created()).await;
    assert_eq!(world.two.lines(&rx_moved), ["AAR (T) 2001"]);
    let lost = async || world.app.peers().iter().any(|peer| !peer.connected);
    until("the connection is given up", lost).await;
    let (_, rx_meanwhile) = world.session(5).await;
    assert_eq!(world.two.lines(&rx_meanwhile), ["AAR 2001"]);
    assert_eq!(client.look(&removed).await, None);
    assert_eq!(client.look(&modified).await, Some(BANDWIDTH.into()));

    world.one.pcrf.wake();
    assert_eq!(modifying.await.unwrap().status, 200);
    assert_eq!(removing.await.unwrap().status, 204);
    world.agree().await;
    assert_eq!(world.one.held(), [rx_stays, rx_modified.clone()].into());
    assert_eq!(world.one.bandwidth(&rx_modified), 2 * BANDWIDTH);
    assert_eq!(world.two.held(), [rx_moved.clone(), rx_meanwhile].into());
    assert_eq!(client.look(&stays).await, Some(BANDWIDTH.into()));
    let settled = tokio::time::timeout(PATIENCE, world.app.sessions().settled());
    settled.await.expect("nothing is owed to anybody");
    world.agree().await;
    world.one.has_lines(&rx_removed, &["AAR 2001", "STR without an answer", "STR (T) 2001"]).await;
    // What it granted when it woke is ended, and asked for again until nothing of it can come any more.
    let once = |ends: &[u32]| ends.iter().filter(|result| **result == 2001).count() == 1 && ends.len() > 1;
    world.one.ends(&rx_moved, once).await;
    world.end("hangs, and the watchdog notices").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pcrf_that_hangs_costs_a_call_no_more_than_its_time() {
    let world = World::new("attempt_timeout_ms = 2000\nrequest_timeout_ms = 5000").await;
    let client = world.client.clone();
    let (stays, rx_stays) = world.session(1).await;
    let (modified, rx_modified) = world.session(2).await;
    let (removed, rx_removed) = world.session(3).await;
    world.one.pcrf.hang();
    let creating = tokio::spawn(client.create(4));
    let modifying = tokio::spawn(client.modify(&modified, 2, 2 * BANDWIDTH));
    let removing = tokio::spawn(client.remove(&removed));
    let rx_moved = world.rx_session(&creating.await.unwrap().created()).await;
    assert_eq!(world.two.lines(&rx_moved), ["AAR (T) 2001"]);
    let unanswered = modifying.await.unwrap();
    assert_eq!((unanswered.status, unanswered.retry_after), (504, None), "{unanswered:?}");
    assert_eq!(removing.await.unwrap().status, 204);
    // Nobody knows yet whether the modification holds; what is shown is what held before.
    assert_eq!(client.look(&modified).await, Some(BANDWIDTH.into()));
    assert_eq!(client.look(&removed).await, None);

    world.one.pcrf.wake();
    let holds = async || client.look(&modified).await == Some(u64::from(2 * BANDWIDTH));
    until("the modification holds", holds).await;
    world.agree().await;
    assert_eq!(world.one.held(), [rx_stays, rx_modified.clone()].into());
    assert_eq!(world.one.bandwidth(&rx_modified), 2 * BANDWIDTH);
    assert_eq!(world.two.held(), [rx_moved.clone()].into());
    assert_eq!(client.look(&stays).await, Some(BANDWIDTH.into()));
    world.one.has_lines(&rx_removed, &["AAR 2001", "STR 2001"]).await;
    assert_eq!(world.one.about(&rx_moved, "AAR")[0].results(), [2001]);
    world.one.ends(&rx_moved, |ends| ends.contains(&2001)).await;
    world.end("hangs, and its time is over").await;
}
