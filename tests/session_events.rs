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
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use hooked::{Hook, Hooked};
use rxgate::{
    BoxFuture,
    session::{
        QosEvent, SessionState, SessionStore, StoreError,
        ports::{Commit, EventSink, Letter, Reply, Sending},
    },
    store::MemoryStore,
};
use tokio::time::{sleep, timeout};
use world::{World, config, lasting, request, world, world_over};

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

/// Ends the process when it has written something, if it is told to: nobody hears of that.
#[derive(Default)]
struct Deadly(AtomicBool);

impl Hook for Arc<Deadly> {
    fn commit<'a>(&'a self, store: &'a MemoryStore, commit: Commit) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            store.commit(commit).await?;
            if self.0.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    }
}

/// A process that has one session and ends before it has answered what the network asks of it; and the next one.
async fn dies_before_it_answers<F: Future>(asks: impl FnOnce(Arc<net::Net>, String) -> F) -> (World, String) {
    let (store, deadly) = (Arc::new(MemoryStore::new()), Arc::new(Deadly::default()));
    let port = Hooked { store: store.clone(), hook: deadly.clone() };
    let mut before = world_over(&["a.net"], Arc::new(port), store.clone(), config()).await;
    let rx_session = before.sessions.apply(request()).await.unwrap().rx_session.to_string();
    deadly.0.store(true, Ordering::Relaxed);
    let answer = asks(before.net.clone(), rx_session.clone());
    assert!(timeout(Duration::from_secs(9), answer).await.is_err(), "it is not answered");
    assert_eq!(before.kinds(), [], "and nobody is told before it is stored");
    let store = Arc::new(store.reopened());
    let after = world_over(&["a.net"], store.clone(), store, config()).await;
    (after, rx_session)
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_repeated_to_the_next_process_is_no_second_event() {
    let first = Sending { end_to_end: 7, retransmit: false };
    let again = Sending { retransmit: true, ..first };
    let asks = async |net: Arc<net::Net>, rx: String| net.send_rar("a.net", &rx, &[2], first).await;
    let (mut world, rx) = dies_before_it_answers(asks).await;
    let stored = world.store.find(&rx.as_str().into()).await.unwrap().unwrap();
    assert!(stored.history.iter().any(|entry| entry.what.starts_with("reported")), "{stored:?}");
    for _ in 0..2 {
        assert_eq!(world.net.send_rar("a.net", &rx, &[2], again).await, Reply::Success);
    }
    assert_eq!(world.kinds(), []);
    assert_eq!(world.store.find(&rx.as_str().into()).await.unwrap().unwrap(), stored, "nor is it written");
    // Another one is, and so is one of a PCRF that counts anew.
    let other = Sending { end_to_end: 8, ..again };
    assert_eq!(world.net.send_rar("a.net", &rx, &[2], other).await, Reply::Success);
    assert_eq!(world.net.send_rar("a.net", &rx, &[3], first).await, Reply::Success);
    let numbers: Vec<_> = world.kinds().iter().map(|kind| kind.number()).collect();
    assert_eq!(numbers, [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn an_abort_that_is_repeated_to_the_next_process_is_no_second_event() {
    let asks = async |net: Arc<net::Net>, rx: String| net.asr("a.net", &rx).await;
    let (mut world, rx) = dies_before_it_answers(asks).await;
    let stored = world.store.find(&rx.as_str().into()).await.unwrap().unwrap();
    assert_eq!(stored.state, SessionState::Ending);
    // While the STR is owed, and when it has an answer.
    assert_eq!(world.net.asr("a.net", &rx).await, Reply::Success);
    world.sessions.settled().await;
    assert_eq!(world.net.asr("a.net", &rx).await, Reply::UnknownSession);
    assert_eq!((world.kinds(), world.causes()), (vec![], vec![4]));
}
