//! Where the events of a session go: to every sink, all of them, in order, and not before the answer has left.
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
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use hooked::{Hook, Hooked};
use rxgate::{
    BoxFuture,
    session::{
        QosEvent, SessionStore, StoreError,
        ports::{Commit, EventSink, Letter, Reply},
    },
    store::MemoryStore,
};
use tokio::time::sleep;
use world::{config, lasting, request, world, world_over};

/// Notes what it is given, and what is released.
#[derive(Default)]
struct Sink {
    given: Mutex<Vec<Arc<QosEvent>>>,
    released: Arc<Mutex<Vec<u32>>>,
}

impl EventSink for Sink {
    fn emit(&self, event: Arc<QosEvent>, _: Vec<Letter>, release: BoxFuture<'static, ()>) {
        let (number, released) = (event.kind.number(), self.released.clone());
        self.given.lock().unwrap().push(event);
        tokio::spawn(async move {
            release.await;
            released.lock().unwrap().push(number);
        });
    }
}

impl Sink {
    fn given(&self) -> Vec<(u32, bool)> {
        self.given.lock().unwrap().iter().map(|event| (event.kind.number(), event.ended)).collect()
    }

    fn released(&self) -> Vec<u32> {
        self.released.lock().unwrap().clone()
    }
}

/// Lets every task run that can.
async fn others_run() {
    sleep(Duration::from_nanos(1)).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_is_released_when_the_answer_to_the_network_has_left() {
    let world = world(&["a.net"]).await;
    let sinks = [Arc::new(Sink::default()), Arc::new(Sink::default())];
    sinks.iter().for_each(|sink| world.sessions.deliver_to(sink.clone()));
    let applied = world.sessions.apply(request()).await.unwrap();
    let replied = world.net.asr_held("a.net", applied.rx_session.as_str()).await;
    others_run().await;
    for sink in &sinks {
        assert_eq!((sink.given(), sink.released()), (vec![(4, true)], vec![]));
    }
    drop(replied.held);
    others_run().await;
    for sink in &sinks {
        assert_eq!(sink.released(), [4]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_happens_here_is_released_at_once_and_a_removal_is_no_event() {
    let world = world(&["a.net"]).await;
    let sink = Arc::new(Sink::default());
    world.sessions.deliver_to(sink.clone());
    world.sessions.apply(lasting(5)).await.unwrap();
    sleep(Duration::from_secs(6)).await;
    assert_eq!((sink.given(), sink.released()), (vec![(12, true)], vec![12]));
    let removed = world.sessions.apply(request()).await.unwrap();
    world.sessions.remove(&removed.id).await.unwrap();
    let ended = world.sessions.apply(request()).await.unwrap();
    world.sessions.end(&ended.id).await.unwrap();
    others_run().await;
    assert_eq!((sink.given().len(), sink.released()), (2, vec![12, 12]));
}

#[tokio::test(start_paused = true)]
async fn every_action_of_a_report_is_an_event_of_a_session_that_goes_on() {
    let world = world(&["a.net"]).await;
    let sink = Arc::new(Sink::default());
    world.sessions.deliver_to(sink.clone());
    let applied = world.sessions.apply(request()).await.unwrap();
    assert_eq!(world.net.rar("a.net", applied.rx_session.as_str(), &[3, 1, 5, 12]).await, Reply::Success);
    assert_eq!(sink.given(), [(3, false), (1, false), (112, false)]);
}

/// Says late that the first changes are stored.
struct Late(AtomicU32);

impl Hook for Arc<Late> {
    fn commit<'a>(&'a self, store: &'a MemoryStore, commit: Commit) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            store.commit(commit).await?;
            let left = self.0.load(Ordering::Relaxed);
            self.0.store(left.saturating_sub(1), Ordering::Relaxed);
            sleep(Duration::from_millis(u64::from(left))).await;
            Ok(())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn events_come_out_in_the_order_in_which_they_were_stored() {
    let store = Arc::new(MemoryStore::new());
    let late = Arc::new(Late(AtomicU32::new(0)));
    let port = Hooked { store: store.clone(), hook: late.clone() };
    let world = world_over(&["a.net"], Arc::new(port), store, config()).await;
    let sink = Arc::new(Sink::default());
    world.sessions.deliver_to(sink.clone());
    let applied = world.sessions.apply(request()).await.unwrap();
    late.0.store(20, Ordering::Relaxed);
    let rx_session = applied.rx_session.as_str();
    let replies = at_once(world.net.clone(), rx_session, &[1, 2, 3, 4, 6, 7, 8, 9, 10, 11]).await;
    assert_eq!(replies, [Reply::Success; 10]);
    let stored = world.store.get(&applied.id).await.unwrap().unwrap();
    let stored: Vec<_> =
        stored.history.iter().filter_map(|entry| entry.what.strip_prefix("reported: ")).collect();
    let told: Vec<_> =
        sink.given.lock().unwrap().iter().map(|event| event.kind.name().unwrap().to_owned()).collect();
    assert_eq!(told, stored);
    assert_eq!(told.len(), 10);
}

/// As many RARs at once.
async fn at_once(net: Arc<net::Net>, rx_session: &str, actions: &[u32]) -> Vec<Reply> {
    let reports = actions.iter().map(|action| {
        let (net, rx_session, action) = (net.clone(), rx_session.to_owned(), *action);
        tokio::spawn(async move { net.rar("a.net", &rx_session, &[action]).await })
    });
    let reports: Vec<_> = reports.collect();
    let mut replies = Vec::new();
    for report in reports {
        replies.push(report.await.unwrap());
    }
    replies
}
