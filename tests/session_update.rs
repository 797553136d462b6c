//! Modifying an open session: one AAR at a time, and what callers and PCRFs see holds together.
#![allow(clippy::unwrap_used)]

#[path = "session/net.rs"]
#[allow(dead_code)]
mod net;
#[path = "session/world.rs"]
#[allow(dead_code)]
mod world;

use std::{sync::Arc, time::Duration};

use net::{Attempt, Says, at};
use rxgate::{
    dict::enums::RxRequestType,
    rx::Outcome,
    session::{EventKind, QosChange, ReleaseReason, SessionError},
};
use tokio::time::{Instant, sleep};
use world::{change, lasting, late, lost_answer, request, world};

fn refusing(outcome: Outcome) -> Attempt {
    Attempt { says: Says::Refuse(outcome, None), ..at("a.net") }
}

#[tokio::test(start_paused = true)]
async fn a_modification_goes_to_the_server_that_granted() {
    let world = world(&["a.net", "b.net"]).await;
    world.net.plan([at("b.net")]);
    let applied = world.sessions.apply(lasting(60)).await.unwrap();
    world.net.plan([at("b.net")]);
    let updated = world.modify(&applied.id, change("more")).await.unwrap();
    assert_eq!(updated.rx_session, applied.rx_session);
    assert_eq!(updated.expires, applied.expires);
    assert_eq!(updated.granted.ip_can_type, Some(5.into()));
    assert_eq!(updated.answer[0].name, "AAA");
    assert_eq!(world.views(&applied.id).await, ("more".into(), "more".into()));

    let aar = world.net.aars.lock().unwrap()[1].clone();
    assert_eq!(aar.session_id, applied.rx_session.as_str());
    assert_eq!(aar.rx_request_type, Some(RxRequestType::UPDATE_REQUEST));
    assert_eq!((aar.destination_host.as_deref(), &*aar.destination_realm), (Some("b.net"), "net"));
    assert_eq!((&*aar.origin_host, aar.framed_ip_address.as_deref()), ("af.test", Some(&[10, 0, 0, 1][..])));
    assert!(aar.origin_state_id.is_some());
    assert!(aar.specific_action.is_empty() && aar.supported_features.is_empty());
    // Class is not of an AAR.
    assert!(aar.custom.is_empty());
    assert_eq!(world.counted("updates_granted"), 1);
    world.balanced().await;
}

#[tokio::test(start_paused = true)]
async fn a_new_duration_runs_from_the_answer() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(lasting(60)).await.unwrap();
    sleep(Duration::from_secs(50)).await;
    let longer = QosChange { duration: Some(Duration::from_secs(30)), ..change("longer") };
    let updated = world.modify(&applied.id, longer).await.unwrap();
    let gained = updated.expires.unwrap().duration_since(applied.expires.unwrap()).unwrap();
    assert_eq!(gained.as_secs(), 20);
    let shorter = QosChange { duration: Some(Duration::from_secs(5)), ..change("shorter") };
    world.modify(&applied.id, shorter).await.unwrap();
    sleep(Duration::from_secs(6)).await;
    assert!(matches!(world.sessions.status(&applied.id).await, Err(SessionError::NotFound)));
    world.balanced().await;
    assert_eq!(world.causes(), [8]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_changes_nothing() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(lasting(60)).await.unwrap();
    world.modify(&applied.id, change("one")).await.unwrap();
    world.net.plan([refusing(Outcome::tgpp(5063))]);
    let two = QosChange { duration: Some(Duration::from_secs(500)), ..change("two") };
    let Err(SessionError::Refused(refusal)) = world.modify(&applied.id, two).await else { panic!() };
    assert_eq!(refusal.outcome, Outcome::tgpp(5063));
    assert_eq!(refusal.answer[0].name, "AAA");
    assert_eq!(refusal.rx_session, Some(applied.rx_session));
    assert_eq!(world.views(&applied.id).await, ("one".into(), "one".into()));
    assert_eq!(world.sessions.status(&applied.id).await.unwrap().expires, applied.expires);
    assert_eq!(world.counted("updates_refused"), 1);
    world.balanced().await;
    assert_eq!(world.causes(), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_know_the_session_ends_it() {
    let mut world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.net.hosts().get_mut("a.net").unwrap().sessions.clear();
    let Err(SessionError::Lost(refusal)) = world.modify(&applied.id, change("more")).await else { panic!() };
    assert_eq!(refusal.outcome, Outcome::base(5002));
    assert!(matches!(world.sessions.status(&applied.id).await, Err(SessionError::NotFound)));
    let kinds = world.kinds();
    assert_eq!(kinds, [EventKind::Released(ReleaseReason::Forgotten)]);
    assert_eq!(kinds[0].number(), 12);
    world.balanced().await;
    assert_eq!(world.causes(), [0; 0]);
    assert_eq!(world.counted("lost"), 1);
}

#[tokio::test(start_paused = true)]
async fn without_anybody_to_ask_nothing_changes() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.net.hosts().get_mut("a.net").unwrap().down = true;
    let more = world.modify(&applied.id, change("more")).await;
    assert!(matches!(more, Err(SessionError::Unavailable { .. })));
    world.net.hosts().get_mut("a.net").unwrap().down = false;
    world.modify(&applied.id, change("even more")).await.unwrap();
    assert_eq!(world.views(&applied.id).await, ("even more".into(), "even more".into()));
    world.balanced().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_over_or_never_was_cannot_be_modified() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    let turn = world.sessions.update(&applied.id).await.unwrap();
    world.sessions.remove(&applied.id).await.unwrap();
    assert!(matches!(turn.apply(change("more")).await, Err(SessionError::NotFound)));
    assert!(matches!(world.modify(&applied.id, change("more")).await, Err(SessionError::NotFound)));
    assert!(matches!(world.modify(&"q".into(), change("more")).await, Err(SessionError::NotFound)));
    assert_eq!(world.net.aars.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn modifications_of_a_session_wait_for_each_other_in_order() {
    let world = Arc::new(world(&["a.net"]).await);
    let applied = world.sessions.apply(request()).await.unwrap();
    let mut all = Vec::new();
    for number in 0..4 {
        world.net.plan([late("a.net", 2)]);
        let (world, id) = (world.clone(), applied.id.clone());
        all.push(tokio::spawn(async move {
            let turn = world.sessions.update(&id).await?;
            let before = turn.session().view.clone();
            turn.apply(change(&format!("{before}{number}"))).await
        }));
        tokio::task::yield_now().await;
    }
    let started = Instant::now();
    for one in all {
        one.await.unwrap().unwrap();
    }
    assert_eq!(started.elapsed().as_secs(), 8);
    assert_eq!(world.views(&applied.id).await, ("{}0123".into(), "{}0123".into()));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_too_long_is_told_that_the_session_is_busy() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    let turn = world.sessions.update(&applied.id).await.unwrap();
    let started = Instant::now();
    assert!(matches!(world.sessions.update(&applied.id).await, Err(SessionError::Busy)));
    assert_eq!(started.elapsed().as_secs(), 10);
    turn.apply(change("more")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_it_is_sent_again_until_one_decides() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.net.plan([lost_answer("a.net")]);
    world.net.plan([lost_answer("a.net")]);
    let started = Instant::now();
    let more = world.modify(&applied.id, change("more")).await;
    assert!(matches!(more, Err(SessionError::NoAnswer { .. })));
    assert_eq!(started.elapsed().as_secs(), 10);
    assert_eq!(world.views(&applied.id).await, ("{}".into(), "more".into()));
    // The next one waits, but not for ever.
    assert!(matches!(world.modify(&applied.id, change("other")).await, Err(SessionError::Busy)));
    world.balanced().await;
    assert_eq!(world.views(&applied.id).await, ("more".into(), "more".into()));
    let numbers = ["updates_granted", "updates_unanswered", "updates_repeated"];
    assert_eq!(numbers.map(|name| world.counted(name)), [1, 1, 2]);
    world.modify(&applied.id, change("other")).await.unwrap();
    assert_eq!(world.views(&applied.id).await, ("other".into(), "other".into()));
}
