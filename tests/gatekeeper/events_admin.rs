//! What applications are not told yet, over the operator's interface, and a store that fails.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use rxgate::{
    BoxFuture,
    dict::enums::SpecificAction,
    north::gatekeeper::NotificationSettings,
    rx::RaRequest,
    session::{
        SessionStore, StoreError,
        ports::{Commit, DeadLetter, Letter, LetterWrite, Reply, RxServer, Sending},
    },
    store::MemoryStore,
};
use serde_json::{Value, json};

use crate::{
    hooked::{Hook, Hooked},
    receiver::Receiver,
    support::USER,
    world::*,
};

/// Refuses so many commits with letters.
#[derive(Default)]
struct Refusing(AtomicU32);

impl Hook for Refusing {
    fn commit<'a>(&'a self, store: &'a MemoryStore, commit: Commit) -> BoxFuture<'a, Result<(), StoreError>> {
        let left = |left: u32| left.checked_sub(1);
        let refused = !commit.letters.is_empty()
            && self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok();
        match refused {
            true => Box::pin(async { Err(StoreError::Failed { reason: "on purpose".into() }) }),
            false => store.commit(commit),
        }
    }
}

struct Told {
    world: World,
    store: Arc<Hooked<Refusing>>,
    receiver: Receiver,
    rx_session: String,
}

/// A session, and an application that wants to know of the loss of bearers.
async fn told() -> Told {
    let store = Arc::new(Hooked { store: Arc::new(MemoryStore::new()), hook: Refusing::default() });
    let world = World::with_settings_over(store.clone(), NotificationSettings::default());
    let receiver = Receiver::start().await;
    let body = json!({ "startQoSNotification": {
        "reference": { "endpoint": receiver.url(), "correlator": "987654321" },
        "endUserIdentities": [USER],
        "eventCriteria": [2],
    } });
    assert_eq!(world.register(body.to_string()).await.status, 201);
    let body = json!({ "qoSFeatureProperties": { "framedIPAddress": "10.0.0.1" } });
    world.apply(body.to_string()).await.request_id();
    let rx_session = world.pcrf.aars().last().unwrap().session_id.to_string();
    Told { world, store, receiver, rx_session }
}

impl Told {
    async fn rar(&self) -> Reply {
        let request = RaRequest {
            session_id: self.rx_session.clone().into(),
            origin_host: "pcrf.rx.test".into(),
            specific_action: [SpecificAction(2)].into_iter().collect(),
            ..RaRequest::default()
        };
        self.world.sessions.re_auth(request, Sending { end_to_end: 1, retransmit: false }).await.reply
    }

    async fn waiting(&self) -> Vec<Letter> {
        self.store.letters(None, usize::MAX).await.unwrap()
    }

    /// Until so many letters wait in the store.
    async fn until_waiting(&self, number: usize) {
        let there = async {
            while self.waiting().await.len() != number {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), there).await.expect("it never comes to that");
    }
}

async fn listed(world: &World, query: &str) -> Vec<Value> {
    let reply = world.admin("GET", &format!("/events{query}")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json().as_array().unwrap().clone()
}

#[tokio::test]
async fn an_event_whose_change_is_not_stored_is_told_to_nobody() {
    let mut told = told().await;
    told.store.hook.0.store(1, Ordering::SeqCst);
    assert_eq!(told.rar().await, Reply::UnableToComply);
    let queued = || told.world.notifier.counters().queued.load(Ordering::Relaxed);
    assert_eq!((told.waiting().await.len(), queued()), (0, 0));
    assert_eq!(told.rar().await, Reply::Success);
    assert_eq!(queued(), 1);
    assert!(told.receiver.body().await.contains(r#""eventType":2"#));
    told.until_waiting(0).await;
}

#[tokio::test]
async fn what_was_delivered_is_removed_however_often_the_store_fails_before() {
    let mut told = told().await;
    told.receiver.answer(false);
    assert_eq!(told.rar().await, Reply::Success);
    let id = told.receiver.next().await.headers["x-event-id"].to_str().unwrap().to_owned();
    assert_eq!(told.waiting().await[0].id.to_string(), id);
    told.store.hook.0.store(3, Ordering::SeqCst);
    told.receiver.answer(true);
    told.until_waiting(0).await;
    assert_eq!(told.store.hook.0.load(Ordering::SeqCst), 0);
    assert!(told.store.dead_letters(None, 1).await.unwrap().is_empty());
}

#[tokio::test]
async fn events_are_listed_shown_replayed_and_dropped() {
    let mut told = told().await;
    assert_eq!(listed(&told.world, "").await, Vec::<Value>::new());
    told.receiver.answer(false);
    assert_eq!(told.rar().await, Reply::Success);
    told.receiver.next().await;
    let letter = told.waiting().await.remove(0);
    let waiting = &listed(&told.world, "?state=waiting").await[0];
    let known = ["id", "state", "eventType", "rxSessionId", "attempts"].map(|name| waiting[name].clone());
    let expected =
        [json!(letter.id.to_string()), json!("waiting"), json!(2), json!(told.rx_session), json!(1)];
    assert_eq!(known, expected);
    assert_eq!((waiting.get("endpoint"), waiting.get("body")), (None, None));
    let path = format!("/events/{}", letter.id);
    let shown = told.world.admin("GET", &format!("{path}?contents=true")).await.json();
    assert_eq!(shown["endpoint"], told.receiver.url());
    assert!(shown["body"].as_str().unwrap().contains(USER), "{shown}");
    assert_eq!(told.world.admin("POST", &format!("{path}/replay")).await.status, 409);

    // A second one is dead: for the store it needs no more.
    let outbox = told.world.notifications.outbox();
    let dead = DeadLetter {
        letter: Letter { id: outbox.next_id(), body: (*b"{}").into(), ..letter.clone() },
        at: SystemTime::UNIX_EPOCH,
        reason: "too old".into(),
    };
    let unwanted = Letter { id: outbox.next_id(), queue: "gatekeeper:other".into(), ..letter.clone() };
    let unwanted = DeadLetter { letter: unwanted, ..dead.clone() };
    let letters = vec![LetterWrite::Bury(dead.clone()), LetterWrite::Bury(unwanted.clone())];
    told.store.store.commit(Commit { letters, ..Commit::default() }).await.unwrap();
    let ids = |events: &[Value]| -> Vec<String> {
        events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = [letter.id, dead.letter.id, unwanted.letter.id].map(|id| id.to_string());
    assert_eq!(ids(&listed(&told.world, "").await), all);
    assert_eq!(ids(&listed(&told.world, "?limit=1").await), all[..1]);
    assert_eq!(ids(&listed(&told.world, &format!("?limit=1&after={}", letter.id)).await), all[1..2]);
    let gone = &listed(&told.world, "?state=dead").await[0];
    assert_eq!((&gone["reason"], &gone["givenUpAt"]), (&json!("too old"), &json!("1970-01-01T00:00:00Z")));

    // What hangs is dropped, and the one that was dead is delivered after all, with its id.
    assert_eq!(told.world.admin("DELETE", &path).await.status, 204);
    assert_eq!(told.world.admin("GET", &path).await.status, 404);
    told.receiver.answer(true);
    let path = |dead: &DeadLetter| format!("/events/{}", dead.letter.id);
    assert_eq!(told.world.admin("POST", &format!("{}/replay", path(&dead))).await.status, 204);
    let post = told.receiver.next().await;
    assert_eq!((&*post.body, post.headers["x-event-id"].to_str().unwrap()), ("{}", &*all[1]));
    told.until_waiting(0).await;
    let refused = told.world.admin("POST", &format!("{}/replay", path(&unwanted))).await;
    assert_eq!(
        (refused.status, refused.message().as_str()),
        (409, "nobody wants it any more: its registration is gone")
    );
    assert_eq!(told.world.admin("DELETE", &path(&unwanted)).await.status, 204);
    assert_eq!(told.world.admin("DELETE", &path(&unwanted)).await.status, 404);
    assert_eq!(listed(&told.world, "").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_wrong_question_about_events_is_answered_with_what_is_accepted() {
    let world = World::new();
    for (query, what) in [
        ("?state=lost", "state is one of waiting, dead"),
        ("?after=1", "the id of an event is a UUID"),
        ("?limit=0", "limit is 0; accepted are numbers from 1 to 1000"),
        ("?limit=1001", "limit is 1001; accepted are numbers from 1 to 1000"),
    ] {
        let reply = world.admin("GET", &format!("/events{query}")).await;
        assert_eq!((reply.status, reply.message().as_str()), (400, what));
    }
    assert_eq!(world.admin("GET", "/events/1").await.status, 400);
    let unknown = "/events/00000000-0000-0000-0000-000000000000";
    assert_eq!(world.admin("GET", unknown).await.status, 404);
    assert_eq!(world.admin("POST", &format!("{unknown}/replay")).await.status, 404);
}
