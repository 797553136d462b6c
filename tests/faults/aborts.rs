//! An ASR and a DELETE of the same session.

use rxgate::dict::commands::{AA, ABORT_SESSION, SESSION_TERMINATION};

use crate::{
    client::user,
    wire::Way,
    world::{PATIENT, World},
};

const RELEASED: &str = "BEARER_RELEASED";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_asr_during_a_delete_is_granted_and_told_nobody() {
    let world = World::new("").await;
    let (id, rx_session) = world.session(1).await;
    world.one.wire.hold(Way::ToPcrf, SESSION_TERMINATION);
    let removing = tokio::spawn(world.client.remove(&id));
    world.one.saw("STR", 1).await;
    assert_eq!(world.one.abort(&rx_session).await, Some(2001));
    assert_eq!(world.client.look(&id).await, None);
    world.one.wire.release();
    assert_eq!(removing.await.unwrap().status, 204);
    world.agree().await;
    assert_eq!(world.one.lines(&rx_session), ["AAR 2001", "STR 2001", "ASR 2001"]);
    assert_eq!(world.one.held().len(), 0);
    assert_eq!(world.ended(&user(1)).await, "removed");
    world.end("sends ASR while a DELETE runs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_during_an_asr_finds_nothing_and_the_event_is_told() {
    let mut world = World::new("").await;
    let (id, rx_session) = world.session(1).await;
    // The answer is on its way: for the PCRF the session is there still.
    world.one.wire.hold(Way::ToGateway, SESSION_TERMINATION);
    world.one.wire.hold(Way::ToPcrf, ABORT_SESSION);
    let aborting = world.one.abort(&rx_session);
    let removing = async {
        world.one.saw("ASR", 1).await;
        world.one.saw("STR", 1).await;
        let removed = world.client.remove(&id).await;
        world.one.wire.release();
        removed
    };
    let (aborted, removed) = tokio::join!(aborting, removing);
    assert_eq!((aborted, removed.status), (Some(2001), 404), "{removed:?}");
    let told = world.told(1).await.remove(0);
    assert_eq!((&*told.user, told.event, &*told.why), (&*user(1), 4, RELEASED));
    world.agree().await;
    world.one.has_lines(&rx_session, &["AAR 2001", "ASR 2001", "STR 2001"]).await;
    assert_eq!(world.one.held().len(), 0);
    world.end("sends ASR before a DELETE").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_asr_and_a_delete_at_once_one_ends_the_session() {
    const RACES: u8 = 50;
    let mut world = World::new("").await;
    let mut aborted = Vec::new();
    for race in 0..RACES {
        let (id, rx_session) = world.session(race).await;
        let remove = async {
            // Every other time the ASR has a start.
            let asrs = if race % 2 == 0 { 0 } else { usize::from(race) + 1 };
            world.one.saw("ASR", asrs).await;
            world.client.remove(&id).await
        };
        let (answered, removed) = tokio::join!(world.one.abort(&rx_session), remove);
        match removed.status {
            // To an ASR that comes after the STA the session is unknown.
            204 => assert!([Some(2001), Some(5002)].contains(&answered), "{answered:?}"),
            404 => {
                assert_eq!(answered, Some(2001));
                aborted.push(user(race));
            }
            other => panic!("{other}"),
        }
        assert_eq!(world.client.look(&id).await, None);
    }
    let told: Vec<_> = world.told(aborted.len()).await.into_iter().map(|told| told.user).collect();
    assert_eq!(told, aborted);
    world.agree().await;
    assert_eq!(world.one.held().len(), 0);
    world.one.answered("STR", RACES.into()).await;
    let ends: Vec<_> = world.one.wire.seen().into_iter().filter(|seen| seen.command() == "STR").collect();
    assert_eq!(ends.len(), usize::from(RACES));
    assert!(ends.iter().all(|seen| seen.results() == [2001] && !seen.again()));
    world.end("sends ASR and gets a DELETE at once").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_asr_before_the_grant_is_known_ends_what_was_granted() {
    let world = World::new(PATIENT).await;
    world.one.wire.hold(Way::ToGateway, AA);
    let creating = tokio::spawn(world.client.create(1));
    world.one.answered("AAR", 1).await;
    let rx_session = world.one.wire.seen()[0].session();
    assert_eq!(world.one.abort(&rx_session).await, Some(5002));
    world.one.wire.release();
    let refused = creating.await.unwrap();
    assert_eq!((refused.status, refused.retry_after), (502, None), "{refused:?}");
    assert!(refused.message().contains("aborted"), "{refused:?}");
    world.agree().await;
    // It gave the session up when it heard that nobody knows it.
    world.one.has_lines(&rx_session, &["AAR 2001", "ASR 5002", "STR 5002"]).await;
    assert_eq!((world.one.held().len(), world.two.wire.seen().len()), (0, 0));
    world.end("sends ASR before its AAA").await;
}
