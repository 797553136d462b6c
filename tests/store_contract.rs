//! What every store of sessions must do: one suite, run on each of them.
#![allow(clippy::unwrap_used)]

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rxgate::{
    rx::AaRequest,
    session::{
        Pcrf, QosRequest, QosSessionId, Session, SessionFilter, SessionState, SessionStore, StoreError,
    },
    store::MemoryStore,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory() {
    suite(|| Arc::new(MemoryStore::new())).await;
}

/// The whole suite; `fresh` makes an empty store.
async fn suite(fresh: impl Fn() -> Arc<dyn SessionStore>) {
    both_names_find_a_session(&*fresh()).await;
    names_are_taken_once(&*fresh()).await;
    replacing_is_compare_and_swap(&*fresh()).await;
    removing_needs_the_version(&*fresh()).await;
    open_sessions_expire_in_order(&*fresh()).await;
    lists_are_filtered_and_come_in_pages(&*fresh()).await;
    no_change_is_lost_between_tasks(fresh()).await;
}

fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn session(number: u32) -> Session {
    let request = QosRequest {
        end_user: format!("tel:+{}", number % 2),
        duration: None,
        service: AaRequest::default(),
        view: "{}".into(),
    };
    Session::pending(format!("q{number:03}").into(), format!("af;1;{number}").into(), time(0), &request)
}

fn open(number: u32, expires: Option<u64>) -> Session {
    Session { state: SessionState::Open, expires: expires.map(time), ..session(number) }
}

fn names(sessions: &[Session]) -> Vec<&str> {
    sessions.iter().map(|session| session.id.as_str()).collect()
}

async fn both_names_find_a_session(store: &dyn SessionStore) {
    let one = session(1);
    store.insert(one.clone()).await.unwrap();
    assert_eq!(store.get(&one.id).await.unwrap(), Some(one.clone()));
    assert_eq!(store.find(&one.rx_session).await.unwrap(), Some(one.clone()));
    assert_eq!(store.get(&"q2".into()).await.unwrap(), None);
    assert_eq!(store.find(&"af;1;2".into()).await.unwrap(), None);
    assert!(store.remove(&one.id, one.version).await.unwrap());
    assert_eq!(store.get(&one.id).await.unwrap(), None);
    assert_eq!(store.find(&one.rx_session).await.unwrap(), None);
    store.insert(one).await.unwrap();
}

async fn names_are_taken_once(store: &dyn SessionStore) {
    let one = session(1);
    store.insert(one.clone()).await.unwrap();
    let same_id = Session { id: one.id.clone(), ..session(2) };
    let same_rx = Session { rx_session: one.rx_session.clone(), ..session(3) };
    assert_eq!(store.insert(same_id.clone()).await, Err(StoreError::Exists));
    assert_eq!(store.insert(same_rx.clone()).await, Err(StoreError::Exists));
    // A refused insertion leaves nothing.
    assert_eq!(store.find(&same_id.rx_session).await.unwrap(), None);
    assert_eq!(store.get(&same_rx.id).await.unwrap(), None);
    assert_eq!(store.get(&one.id).await.unwrap(), Some(one));
}

async fn replacing_is_compare_and_swap(store: &dyn SessionStore) {
    store.insert(session(1)).await.unwrap();
    let read = store.get(&"q001".into()).await.unwrap().unwrap();
    let changed = Session { view: "new".into(), ..read.clone() };
    store.replace(changed).await.unwrap();
    let now = store.get(&"q001".into()).await.unwrap().unwrap();
    assert_eq!((&*now.view, now.version), ("new", read.version + 1));
    assert_eq!(store.replace(read).await, Err(StoreError::Conflict));
    assert_eq!(&*store.get(&"q001".into()).await.unwrap().unwrap().view, "new");
    assert_eq!(store.replace(session(2)).await, Err(StoreError::Missing));
}

async fn removing_needs_the_version(store: &dyn SessionStore) {
    let one = session(1);
    store.insert(one.clone()).await.unwrap();
    store.replace(one.clone()).await.unwrap();
    assert_eq!(store.remove(&one.id, one.version).await, Err(StoreError::Conflict));
    assert_eq!(store.remove(&one.id, one.version + 1).await, Ok(true));
    assert_eq!(store.remove(&one.id, one.version + 1).await, Ok(false));
}

async fn open_sessions_expire_in_order(store: &dyn SessionStore) {
    assert_eq!(store.next_expiry().await.unwrap(), None);
    for (number, expires) in [(1, Some(30)), (2, Some(10)), (3, Some(20)), (4, None), (5, Some(20))] {
        store.insert(open(number, expires)).await.unwrap();
    }
    // Only an open session expires.
    store.insert(Session { state: SessionState::Ending, ..open(6, Some(1)) }).await.unwrap();
    assert_eq!(store.next_expiry().await.unwrap(), Some(time(10)));
    let expiring = async |before, limit| -> Vec<String> {
        let found = store.expiring(time(before), limit).await.unwrap();
        found.iter().map(ToString::to_string).collect()
    };
    assert_eq!(expiring(9, 10).await, [""; 0]);
    assert_eq!(expiring(20, 10).await, ["q002", "q003", "q005"]);
    assert_eq!(expiring(20, 2).await, ["q002", "q003"]);
    let later = Session { expires: Some(time(40)), ..open(2, None) };
    store.replace(later).await.unwrap();
    store.remove(&"q003".into(), 0).await.unwrap();
    store.replace(Session { state: SessionState::Ending, ..open(5, Some(20)) }).await.unwrap();
    assert_eq!(expiring(40, 10).await, ["q001", "q002"]);
    assert_eq!(store.next_expiry().await.unwrap(), Some(time(30)));
}

async fn lists_are_filtered_and_come_in_pages(store: &dyn SessionStore) {
    for number in (1..=6).rev() {
        store.insert(session(number)).await.unwrap();
    }
    let pcrf =
        Pcrf { host: "a.net".into(), realm: "net".into(), peer: "a.net".into(), origin_state_id: None };
    store.replace(Session { pcrf: Some(pcrf), state: SessionState::Open, ..session(2) }).await.unwrap();
    store.replace(Session { state: SessionState::Ending, ..session(3) }).await.unwrap();
    let list = async |filter: SessionFilter| store.list(filter).await.unwrap();
    let all = SessionFilter::default;
    assert_eq!(names(&list(all()).await), ["q001", "q002", "q004", "q005", "q006"]);
    let page = SessionFilter { limit: Some(2), ..all() };
    assert_eq!(names(&list(page.clone()).await), ["q001", "q002"]);
    let next = SessionFilter { after: Some(QosSessionId::from("q002")), ..page };
    assert_eq!(names(&list(next).await), ["q004", "q005"]);
    let end_user = Some("tel:+1".to_owned());
    assert_eq!(names(&list(SessionFilter { end_user, ..all() }).await), ["q001", "q005"]);
    let state = Some(SessionState::Ending);
    assert_eq!(names(&list(SessionFilter { state, ..all() }).await), ["q003"]);
    let pcrf = Some("A.net".into());
    assert_eq!(names(&list(SessionFilter { pcrf, ..all() }).await), ["q002"]);
}

async fn no_change_is_lost_between_tasks(store: Arc<dyn SessionStore>) {
    const TASKS: u64 = 8;
    const CHANGES: u64 = 200;
    store.insert(session(1)).await.unwrap();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..CHANGES {
                    loop {
                        let mut read = store.get(&"q001".into()).await.unwrap().unwrap();
                        read.duration = Some(read.duration.unwrap_or_default() + Duration::from_secs(1));
                        match store.replace(read).await {
                            Ok(()) => break,
                            Err(error) => assert_eq!(error, StoreError::Conflict),
                        }
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let counted = store.get(&"q001".into()).await.unwrap().unwrap();
    assert_eq!(
        (counted.duration, counted.version),
        (Some(Duration::from_secs(TASKS * CHANGES)), TASKS * CHANGES)
    );
}
