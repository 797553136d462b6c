//! Modifications among failures and everything else that happens to a session: what callers and PCRFs see holds
//! together in the end.
#![allow(clippy::unwrap_used)]

#[path = "session/hooked.rs"]
mod hooked;
#[path = "session/net.rs"]
#[allow(dead_code)]
mod net;
#[path = "session/world.rs"]
#[allow(dead_code)]
mod world;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use hooked::{Hook, Hooked};
use net::{Attempt, Says, at};
use rxgate::{
    BoxFuture,
    rx::Outcome,
    session::{
        EventKind, QosChange, QosSessionId, ReleaseReason, SessionError, SessionStore, StoreError, Updated,
        ports::{Commit, Reply},
    },
    store::MemoryStore,
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};
use world::{World, change, config, lasting, late, lost_answer, request, world, world_over};

type Modifying = JoinHandle<Result<Updated, SessionError>>;

/// A session that is being modified; the PCRF answers after three seconds.
async fn updating(world: &World, id: &QosSessionId, to: &'static str) -> Modifying {
    world.net.plan([late("a.net", 3)]);
    let turn = world.sessions.update(id).await.unwrap();
    let modifying = tokio::spawn(turn.apply(change(to)));
    sleep(Duration::from_secs(1)).await;
    modifying
}

async fn answered(modifying: Modifying) -> Result<Updated, SessionError> {
    modifying.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn it_is_stored_before_the_request_leaves_and_beside_what_holds() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    let modifying = updating(&world, &applied.id, "more").await;
    let session = world.sessions.status(&applied.id).await.unwrap();
    let update = session.update.unwrap();
    assert_eq!((&*session.view, &*update.change.view, update.number), ("{}", "more", 1));
    assert!(update.outstanding.is_some());
    answered(modifying).await.unwrap();
    assert_eq!(world.sessions.status(&applied.id).await.unwrap().update, None);
}

#[tokio::test(start_paused = true)]
async fn a_removal_is_done_at_once_and_its_termination_waits_for_the_answer() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.net.seen();
    let modifying = updating(&world, &applied.id, "more").await;
    let (sessions, id, asked) = (world.sessions.clone(), applied.id.clone(), Instant::now());
    let removal = tokio::spawn(async move { sessions.remove(&id).await });
    sleep(Duration::from_millis(1)).await;
    assert!(matches!(world.sessions.status(&applied.id).await, Err(SessionError::NotFound)));
    assert!(matches!(answered(modifying).await, Err(SessionError::NotFound)));
    assert_eq!(removal.await.unwrap().unwrap().answer[0].name, "STA");
    assert_eq!(asked.elapsed().as_secs(), 2);
    assert_eq!(world.net.seen(), ["update a.net", "STR a.net 2001"]);
    world.balanced().await;
    assert_eq!(world.causes(), [1]);
}

#[tokio::test(start_paused = true)]
async fn an_abort_is_answered_at_once_and_its_termination_waits_for_the_answer() {
    for refused in [false, true] {
        let mut world = world(&["a.net"]).await;
        let applied = world.sessions.apply(request()).await.unwrap();
        if refused {
            let says = Says::Refuse(Outcome::tgpp(5063), None);
            world.net.plan([Attempt { says, ..late("a.net", 3) }]);
        }
        let modifying = updating(&world, &applied.id, "more").await;
        let asked = Instant::now();
        assert_eq!(world.net.asr("a.net", applied.rx_session.as_str()).await, Reply::Success);
        assert_eq!(asked.elapsed(), Duration::ZERO);
        assert_eq!(world.kinds().iter().map(|kind| kind.number()).collect::<Vec<_>>(), [4]);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(world.causes(), [0; 0]);
        assert!(matches!(answered(modifying).await, Err(SessionError::NotFound)));
        assert_eq!(asked.elapsed().as_secs(), 2);
        world.balanced().await;
        assert_eq!((world.causes(), world.net.held().len()), (vec![4], 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_termination_that_waits_for_an_answer_waits_no_longer_than_the_answer_may_take() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.net.plan([lost_answer("a.net")]);
    let turn = world.sessions.update(&applied.id).await.unwrap();
    let modifying = tokio::spawn(turn.apply(change("more")));
    sleep(Duration::from_secs(4)).await;
    let asked = Instant::now();
    world.sessions.remove(&applied.id).await.unwrap();
    assert_eq!(asked.elapsed().as_secs(), 6);
    assert!(matches!(answered(modifying).await, Err(SessionError::NotFound)));
    world.balanced().await;
    assert_eq!(world.causes(), [1]);
    assert_eq!(world.counted("updates_repeated"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_expires_in_the_midst_of_a_modification() {
    let mut world = world(&["a.net"]).await;
    let applied = world.sessions.apply(lasting(2)).await.unwrap();
    world.net.plan([late("a.net", 3)]);
    let longer = QosChange { duration: Some(Duration::from_secs(600)), ..change("more") };
    assert!(matches!(world.modify(&applied.id, longer).await, Err(SessionError::NotFound)));
    assert_eq!(world.kinds(), [EventKind::Released(ReleaseReason::Expired)]);
    world.balanced().await;
    assert_eq!((world.causes(), world.net.held().len()), (vec![8], 0));
}

#[tokio::test(start_paused = true)]
async fn a_report_is_answered_at_once_in_the_midst_of_a_modification() {
    let mut world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    let modifying = updating(&world, &applied.id, "more").await;
    let asked = Instant::now();
    assert_eq!(world.net.rar("a.net", applied.rx_session.as_str(), &[2]).await, Reply::Success);
    assert_eq!(asked.elapsed(), Duration::ZERO);
    assert_eq!(world.kinds().len(), 1);
    answered(modifying).await.unwrap();
    let session = world.sessions.status(&applied.id).await.unwrap();
    assert!(!session.is_connected() && &*session.view == "more");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_restarts_in_the_midst_of_a_modification_keeps_nothing() {
    let mut world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    let modifying = updating(&world, &applied.id, "more").await;
    world.net.kill("a.net");
    world.net.restart("a.net");
    // The answer was on its way.
    assert!(matches!(answered(modifying).await, Err(SessionError::NotFound)));
    world.balanced().await;
    assert_eq!(world.kinds(), [EventKind::Released(ReleaseReason::PcrfRestarted)]);
    assert_eq!((world.net.held().len(), world.counted("lost")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_is_asked_again_when_its_peer_is_back() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.net.hang("a.net");
    let more = world.modify(&applied.id, change("more")).await;
    assert!(matches!(more, Err(SessionError::NoAnswer { .. })));
    sleep(Duration::from_secs(3000)).await;
    world.net.wake("a.net");
    world.net.reconnect("a.net");
    let asked = Instant::now();
    // Whoever comes now waits for the decision on the first.
    world.modify(&applied.id, change("even more")).await.unwrap();
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert_eq!(world.views(&applied.id).await, ("even more".into(), "even more".into()));
    world.balanced().await;
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_the_repetition_decides() {
    let mut world = world(&["a.net"]).await;
    let granted = world.sessions.apply(request()).await.unwrap();
    let forgotten = world.sessions.apply(request()).await.unwrap();
    for (id, says) in [
        (&granted.id, Says::Refuse(Outcome::tgpp(5063), None)),
        (&forgotten.id, Says::Refuse(Outcome::base(5002), None)),
    ] {
        // It does not arrive; then "not now", which decides nothing; then the answer that counts.
        world.net.plan([Attempt { arrives: None, ..at("a.net") }]);
        world.net.plan([Attempt { says: Says::Refuse(Outcome::base(3004), None), ..at("a.net") }]);
        world.net.plan([Attempt { says, ..at("a.net") }]);
        let more = world.modify(id, change("more")).await;
        assert!(matches!(more, Err(SessionError::NoAnswer { .. })));
        world.sessions.settled().await;
    }
    assert_eq!(world.views(&granted.id).await, ("{}".into(), "".into()));
    assert!(matches!(world.sessions.status(&forgotten.id).await, Err(SessionError::NotFound)));
    assert_eq!(world.kinds(), [EventKind::Released(ReleaseReason::Forgotten)]);
    assert_eq!((world.counted("updates_repeated"), world.counted("updates_granted")), (4, 0));
    assert_eq!(world.causes(), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_asked_for_again() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.net.plan([Attempt { says: Says::Garbage, ..at("a.net") }]);
    let more = world.modify(&applied.id, change("more")).await;
    assert!(matches!(more, Err(SessionError::BadAnswer { .. })));
    world.balanced().await;
    assert_eq!(world.views(&applied.id).await, ("more".into(), "more".into()));
    assert_eq!((world.counted("updates_unanswered"), world.counted("updates_granted")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_modification_that_nobody_decides_ends_the_session_after_a_day() {
    let mut world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.net.hang("a.net");
    assert!(world.modify(&applied.id, change("more")).await.is_err());
    sleep(Duration::from_secs(86_000)).await;
    assert!(world.sessions.status(&applied.id).await.is_ok());
    sleep(Duration::from_secs(500)).await;
    assert!(matches!(world.sessions.status(&applied.id).await, Err(SessionError::NotFound)));
    assert_eq!(world.kinds(), [EventKind::Released(ReleaseReason::Undecided)]);
    world.net.wake("a.net");
    world.balanced().await;
    assert_eq!(world.net.held().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_retry_interval_is_kept_for_the_same_change_of_the_same_session_only() {
    let world = world(&["a.net"]).await;
    let one = world.sessions.apply(request()).await.unwrap().id;
    let other = world.sessions.apply(request()).await.unwrap().id;
    world.net.plan([Attempt { says: Says::Refuse(Outcome::tgpp(4261), Some(30)), ..at("a.net") }]);
    let Err(SessionError::Refused(refusal)) = world.modify(&one, change("more")).await else { panic!() };
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(30)));
    sleep(Duration::from_secs(10)).await;
    let Err(SessionError::Refused(refusal)) = world.modify(&one, change("more")).await else { panic!() };
    assert_eq!((refusal.outcome, refusal.rx_session), (Outcome::tgpp(4261), None));
    assert!(refusal.retry_after.unwrap() <= Duration::from_secs(20));
    world.modify(&one, change("less")).await.unwrap();
    world.modify(&other, change("more")).await.unwrap();
    sleep(Duration::from_secs(21)).await;
    world.modify(&one, change("more")).await.unwrap();
    assert_eq!(world.counted("updates_refused"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_changes_nothing() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    world.net.plan([late("a.net", 3)]);
    let gone = tokio::time::timeout(Duration::from_secs(1), world.modify(&applied.id, change("more"))).await;
    assert!(gone.is_err());
    // The next one has its turn after the answer.
    let asked = Instant::now();
    world.modify(&applied.id, change("even more")).await.unwrap();
    assert_eq!(asked.elapsed().as_secs(), 2);
    world.balanced().await;
}

#[tokio::test(start_paused = true)]
async fn another_process_on_the_same_store_does_not_cross_a_modification() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    let second =
        rxgate::session::Sessions::new(config(), Arc::new(net::Port(world.net.clone())), world.store.clone());
    // Both have read the same; the store lets one of them begin.
    let (one, two) =
        (world.sessions.update(&applied.id).await.unwrap(), second.update(&applied.id).await.unwrap());
    let (one, two) = tokio::join!(one.apply(change("one")), two.apply(change("two")));
    assert!(one.is_ok() && matches!(two, Err(SessionError::Busy)));
    // And whoever comes while it is under way waits for the outcome.
    let modifying = updating(&world, &applied.id, "three").await;
    let turn = second.update(&applied.id).await.unwrap();
    assert_eq!(&*turn.session().view, "three");
    answered(modifying).await.unwrap();
    turn.apply(change("four")).await.unwrap();
    assert_eq!(world.views(&applied.id).await, ("four".into(), "four".into()));
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_it_is_sent_again_and_its_answer_decides() {
    for says in [Says::Grant, Says::Refuse(Outcome::tgpp(5063), None)] {
        let before = world(&["a.net"]).await;
        let applied = before.sessions.apply(request()).await.unwrap();
        let gone = updating(&before, &applied.id, "more").await;
        let session = before.store.get(&applied.id).await.unwrap().unwrap();
        answered(gone).await.unwrap();
        // The process ended while it was under way.
        let store = MemoryStore::new();
        store.commit(Commit::insert(session.clone())).await.unwrap();
        let store = Arc::new(store.reopened());
        let after = world_over(&["a.net"], store.clone(), store, config()).await;
        let rx = session.rx_session.to_string();
        after.net.hosts().get_mut("a.net").unwrap().sessions.insert(rx);
        let refused = matches!(says, Says::Refuse(..));
        after.net.plan([Attempt { says, ..at("a.net") }]);
        after.balanced().await;
        assert_eq!(
            &*after.sessions.status(&applied.id).await.unwrap().view,
            if refused { "{}" } else { "more" }
        );
        assert_eq!(after.net.seen(), ["update a.net"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_leaves_no_view_that_the_server_does_not_have() {
    // Before the AAR: nothing is sent. After it: it is sent again.
    for (good, sent) in [(0, 0), (1, 2)] {
        let store = Arc::new(MemoryStore::new());
        let failing = Arc::new(Failing { good: AtomicU32::new(u32::MAX) });
        let port = Hooked { store: store.clone(), hook: failing.clone() };
        let world = world_over(&["a.net"], Arc::new(port), store, config()).await;
        let applied = world.sessions.apply(request()).await.unwrap();
        world.net.seen();
        let turn = world.sessions.update(&applied.id).await.unwrap();
        failing.good.store(good, Ordering::SeqCst);
        assert!(matches!(turn.apply(change("more")).await, Err(SessionError::Store(_))));
        // It fails for some time.
        sleep(Duration::from_secs(10)).await;
        failing.good.store(u32::MAX, Ordering::SeqCst);
        world.balanced().await;
        let (shown, held) = world.views(&applied.id).await;
        assert_eq!((&*shown, &*held), if sent == 0 { ("{}", "") } else { ("more", "more") });
        assert_eq!(world.net.seen().len(), sent);
    }
}

#[tokio::test(start_paused = true)]
async fn shutting_down_waits_for_what_is_under_way_and_takes_nothing_new() {
    let world = world(&["a.net"]).await;
    let applied = world.sessions.apply(request()).await.unwrap();
    let modifying = updating(&world, &applied.id, "more").await;
    world.sessions.shut_down(Duration::from_secs(60)).await;
    assert!(modifying.is_finished());
    answered(modifying).await.unwrap();
    let more = world.modify(&applied.id, change("even more")).await;
    assert!(matches!(more, Err(SessionError::ShuttingDown)));
}

/// Fails to store anything after so many successes.
struct Failing {
    good: AtomicU32,
}

impl Failing {
    fn fails(&self) -> bool {
        let less = |good: u32| if good == u32::MAX { Some(good) } else { good.checked_sub(1) };
        self.good.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_err()
    }
}

impl Hook for Arc<Failing> {
    fn commit<'a>(&'a self, store: &'a MemoryStore, commit: Commit) -> BoxFuture<'a, Result<(), StoreError>> {
        match self.fails() {
            true => Box::pin(async { Err(StoreError::Failed { reason: "disk full".into() }) }),
            false => store.commit(commit),
        }
    }
}
