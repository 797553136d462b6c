//! The sessions of a store.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rxgate::{
    dict::enums::{FlowStatus, IpCanType, TerminationCause},
    rx::{AaRequest, Flows, MediaComponentDescription, SubscriptionId},
    session::{
        Closing, FlowId, Granted, HistoryEntry, KnownRars, Modification, Pcrf, QosChange, QosRequest,
        QosSessionId, Session, SessionFilter, SessionState, SessionStore, StoreError,
        ports::{Commit, Sending},
    },
};

/// Seconds after the epoch.
pub fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A session that was just asked for.
pub fn session(number: u32) -> Session {
    let request = QosRequest {
        owner: None,
        end_user: format!("tel:+{}", number % 2),
        duration: None,
        service: AaRequest::default(),
        view: "{}".into(),
    };
    Session::pending(format!("q{number:03}").into(), format!("af;1;{number}").into(), time(0), &request)
}

pub fn open(number: u32, expires: Option<u64>) -> Session {
    Session { state: SessionState::Open, expires: expires.map(time), ..session(number) }
}

fn names(sessions: &[Session]) -> Vec<&str> {
    sessions.iter().map(|session| session.id.as_str()).collect()
}

/// Adds a session, which must succeed.
pub async fn insert(store: &dyn SessionStore, session: Session) {
    store.commit(Commit::insert(session)).await.unwrap();
}

pub async fn replace(store: &dyn SessionStore, before: Session, after: Session) {
    store.commit(Commit::replace(before, after)).await.unwrap();
}

pub async fn both_names_find_a_session(store: &dyn SessionStore) {
    let one = session(1);
    insert(store, one.clone()).await;
    assert_eq!(store.get(&one.id).await.unwrap(), Some(one.clone()));
    assert_eq!(store.find(&one.rx_session).await.unwrap(), Some(one.clone()));
    assert_eq!(store.get(&"q2".into()).await.unwrap(), None);
    assert_eq!(store.find(&"af;1;2".into()).await.unwrap(), None);
    store.commit(Commit::remove(one.clone())).await.unwrap();
    assert_eq!(store.get(&one.id).await.unwrap(), None);
    assert_eq!(store.find(&one.rx_session).await.unwrap(), None);
    insert(store, one).await;
}

pub async fn names_are_taken_once(store: &dyn SessionStore) {
    let one = session(1);
    insert(store, one.clone()).await;
    let same_id = Session { id: one.id.clone(), ..session(2) };
    let same_rx = Session { rx_session: one.rx_session.clone(), ..session(3) };
    assert_eq!(store.commit(Commit::insert(same_id.clone())).await, Err(StoreError::Exists));
    assert_eq!(store.commit(Commit::insert(same_rx.clone())).await, Err(StoreError::Exists));
    // A refused insertion leaves nothing.
    assert_eq!(store.find(&same_id.rx_session).await.unwrap(), None);
    assert_eq!(store.get(&same_rx.id).await.unwrap(), None);
    assert_eq!(store.get(&one.id).await.unwrap(), Some(one));
}

pub async fn replacing_is_compare_and_set(store: &dyn SessionStore) {
    insert(store, session(1)).await;
    let read = store.get(&"q001".into()).await.unwrap().unwrap();
    let changed = Session { view: "new".into(), ..read.clone() };
    replace(store, read.clone(), changed.clone()).await;
    let now = store.get(&"q001".into()).await.unwrap().unwrap();
    assert_eq!((&*now.view, now.version), ("new", read.version + 1));
    let old = Commit::replace(read.clone(), Session { view: "old".into(), ..read });
    assert_eq!(store.commit(old).await, Err(StoreError::Conflict));
    assert_eq!(&*store.get(&"q001".into()).await.unwrap().unwrap().view, "new");
    assert_eq!(store.commit(Commit::replace(session(2), session(2))).await, Err(StoreError::Missing));
}

pub async fn removing_needs_the_version(store: &dyn SessionStore) {
    let one = session(1);
    insert(store, one.clone()).await;
    replace(store, one.clone(), one.clone()).await;
    assert_eq!(store.commit(Commit::remove(one.clone())).await, Err(StoreError::Conflict));
    let now = store.get(&one.id).await.unwrap().unwrap();
    assert_eq!(store.commit(Commit::remove(now.clone())).await, Ok(()));
    assert_eq!(store.commit(Commit::remove(now)).await, Err(StoreError::Missing));
}

/// A session in which everything is set.
pub fn full() -> Session {
    let granted = Granted {
        ip_can_type: Some(IpCanType(5)),
        an_gw_address: vec!["10.1.2.3".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        access_network_charging_address: Some("10.9.8.7".parse().unwrap()),
        flows: vec![Flows { media_component_number: 1, ..Flows::default() }],
        subscription_id: vec![SubscriptionId {
            subscription_id_data: "88888888".into(),
            ..Default::default()
        }],
        class: vec![vec![0, 255], vec![]],
        ..Granted::default()
    };
    let component = MediaComponentDescription {
        media_component_number: 3,
        flow_status: Some(FlowStatus::REMOVED),
        ..MediaComponentDescription::default()
    };
    let change = QosChange {
        duration: Some(Duration::from_millis(1500)),
        service: AaRequest { media_component_description: vec![component].into(), ..AaRequest::default() },
        view: "{\"wanted\": true}".into(),
    };
    let flow = |flow| FlowId { component: Some(1), flow };
    let mut rars = KnownRars::default();
    for end_to_end in [0, u32::MAX] {
        rars.add(time(18), "a.net", Sending { end_to_end, retransmit: false });
    }
    Session {
        state: SessionState::Open,
        duration: Some(Duration::new(3600, 7)),
        expires: Some(time(3600) + Duration::from_nanos(9)),
        pcrf: Some(Pcrf {
            host: "a.net".into(),
            realm: "net".into(),
            peer: "relay.net".into(),
            origin_state_id: Some(u32::MAX),
        }),
        granted: granted.clone(),
        flows: vec![flow(None), flow(Some(2))],
        lost: vec![flow(Some(2))],
        aborted: true,
        revision: 4,
        update: Some(Modification {
            number: 4,
            change: Arc::new(change),
            since: time(17),
            tries: 2,
            outstanding: Some(time(18)),
            reported: granted,
        }),
        rars,
        closing: vec![Closing {
            host: Some("b.net".into()),
            peer: None,
            cause: TerminationCause::DIAMETER_LINK_BROKEN,
            since: time(19),
            certain: true,
            class: vec![vec![1, 2, 3]],
        }],
        history: vec![HistoryEntry { at: time(20), state: SessionState::Pending, what: "ü".into() }],
        ..session(1)
    }
}

pub async fn nothing_of_a_session_is_lost(store: &dyn SessionStore) {
    insert(store, full()).await;
    assert_eq!(store.get(&full().id).await.unwrap(), Some(full()));
    let plain = Session { update: None, granted: Granted::default(), ..full() };
    replace(store, full(), plain.clone()).await;
    assert_eq!(store.find(&full().rx_session).await.unwrap(), Some(Session { version: 1, ..plain }));
}

pub async fn open_sessions_expire_in_order(store: &dyn SessionStore) {
    for (number, expires) in [(1, Some(30)), (2, Some(10)), (3, Some(20)), (4, None), (5, Some(20))] {
        insert(store, open(number, expires)).await;
    }
    // Only an open session expires.
    insert(store, Session { state: SessionState::Ending, ..open(6, Some(1)) }).await;
    let expiring = async |after, until, limit| -> Vec<String> {
        let found = store.expiring(after, time(until), limit).await.unwrap();
        found
            .iter()
            .map(|(at, id)| format!("{} {id}", at.duration_since(time(0)).unwrap().as_secs()))
            .collect()
    };
    assert_eq!(expiring(None, 9, 10).await, [""; 0]);
    assert_eq!(expiring(None, 20, 10).await, ["10 q002", "20 q003", "20 q005"]);
    assert_eq!(expiring(None, 20, 2).await, ["10 q002", "20 q003"]);
    assert_eq!(expiring(Some((time(20), "q003".into())), 40, 9).await, ["20 q005", "30 q001"]);
    let now = async |name: &str| store.get(&name.into()).await.unwrap().unwrap();
    replace(store, now("q002").await, Session { expires: Some(time(40)), ..open(2, None) }).await;
    store.commit(Commit::remove(now("q003").await)).await.unwrap();
    replace(store, now("q005").await, Session { state: SessionState::Ending, ..open(5, Some(20)) }).await;
    assert_eq!(expiring(None, 40, 10).await, ["30 q001", "40 q002"]);
    // Earlier than everything that was looked at.
    replace(store, now("q002").await, Session { expires: Some(time(5)), ..open(2, None) }).await;
    assert_eq!(expiring(None, 40, 10).await, ["5 q002", "30 q001"]);
}

pub async fn lists_are_filtered_and_come_in_pages(store: &dyn SessionStore) {
    for number in (1..=6).rev() {
        insert(store, session(number)).await;
    }
    let pcrf =
        Pcrf { host: "a.net".into(), realm: "net".into(), peer: "a.net".into(), origin_state_id: None };
    replace(store, session(2), Session { pcrf: Some(pcrf), state: SessionState::Open, ..session(2) }).await;
    replace(store, session(3), Session { state: SessionState::Ending, ..session(3) }).await;
    let list = async |filter: SessionFilter| store.list(filter).await.unwrap();
    let all = SessionFilter::default;
    assert_eq!(names(&list(all()).await), ["q001", "q002", "q004", "q005", "q006"]);
    let page = SessionFilter { limit: Some(2), ..all() };
    assert_eq!(names(&list(page.clone()).await), ["q001", "q002"]);
    let next = SessionFilter { after: Some(QosSessionId::from("q002")), ..page };
    assert_eq!(names(&list(next).await), ["q004", "q005"]);
    let end_user = || Some("tel:+1".to_owned());
    assert_eq!(names(&list(SessionFilter { end_user: end_user(), ..all() }).await), ["q001", "q005"]);
    let after = Some(QosSessionId::from("q001"));
    assert_eq!(names(&list(SessionFilter { end_user: end_user(), after, ..all() }).await), ["q005"]);
    let state = Some(SessionState::Ending);
    assert_eq!(names(&list(SessionFilter { state, ..all() }).await), ["q003"]);
    let pcrf = Some("A.net".into());
    assert_eq!(names(&list(SessionFilter { pcrf, ..all() }).await), ["q002"]);
}

pub async fn no_change_is_lost_between_tasks(store: Arc<dyn SessionStore>) {
    const TASKS: u64 = 8;
    const CHANGES: u64 = 200;
    insert(&*store, session(1)).await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..CHANGES {
                    loop {
                        let read = store.get(&"q001".into()).await.unwrap().unwrap();
                        let duration = Some(read.duration.unwrap_or_default() + Duration::from_secs(1));
                        let changed = Session { duration, ..read.clone() };
                        match store.commit(Commit::replace(read, changed)).await {
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
