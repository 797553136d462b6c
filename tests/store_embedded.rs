//! The store on a disk: what is there after it was closed, and what is refused when it is opened.
#![allow(clippy::unwrap_used)]

#[path = "store/folder.rs"]
mod folder;
#[path = "store/letters.rs"]
#[allow(dead_code)]
mod letters;
#[path = "store/sessions.rs"]
#[allow(dead_code)]
mod sessions;

use std::{fs, path::PathBuf, sync::Arc};

use folder::Folder;
use rxgate::{
    session::{
        Session, SessionFilter, SessionState, SessionStore, StoreError,
        ports::{Commit, RecordKind, RecordWrite},
    },
    store::{EmbeddedConfig, EmbeddedStore, OpenError, Opened},
};
use sessions::{insert, session, time};

fn config(folder: &Folder) -> EmbeddedConfig {
    EmbeddedConfig { min_free: 0, ..EmbeddedConfig::new(folder.path()) }
}

fn open(folder: &Folder) -> EmbeddedStore {
    EmbeddedStore::open(&config(folder)).unwrap().0
}

#[tokio::test]
async fn everything_is_there_after_it_was_closed() {
    let folder = Folder::new();
    let (store, opened) = EmbeddedStore::open(&config(&folder)).unwrap();
    assert_eq!(opened, Opened { is_new: true, lost: false });
    for number in 1..=100 {
        insert(&store, session(number)).await;
    }
    let after = Session { state: SessionState::Open, expires: Some(time(9)), ..session(7) };
    store.commit(Commit::replace(session(7), after.clone())).await.unwrap();
    store.commit(Commit::remove(session(8))).await.unwrap();
    drop(store);

    let (store, opened) = EmbeddedStore::open(&config(&folder)).unwrap();
    assert_eq!(opened, Opened { is_new: false, lost: false });
    assert_eq!(store.count().await.unwrap(), 99);
    assert_eq!(store.list(SessionFilter::default()).await.unwrap().len(), 99);
    let seventh = store.find(&session(7).rx_session).await.unwrap();
    assert_eq!(seventh, Some(Session { version: 1, ..after }));
    assert_eq!(store.get(&session(8).id).await.unwrap(), None);
    assert_eq!(store.claim_sessions(1000).await.unwrap().len(), 98);
    assert_eq!(store.expiring(None, time(9), 10).await.unwrap(), [(time(9), session(7).id)]);
}

#[tokio::test]
async fn many_callers_share_a_sync_and_each_has_its_own_outcome() {
    let folder = Folder::new();
    let store = Arc::new(open(&folder));
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                // Two tasks want each session.
                store.commit(Commit::insert(session(task / 2))).await
            })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error, StoreError::Exists);
                taken += 1;
            }
        }
    }
    assert_eq!((taken, store.count().await.unwrap()), (32, 32));
}

#[test]
fn a_second_process_is_kept_out() {
    let folder = Folder::new();
    let _first = open(&folder);
    let error = EmbeddedStore::open(&config(&folder)).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
}

#[tokio::test]
async fn without_room_no_session_is_added_and_those_that_exist_go_on() {
    let folder = Folder::new();
    let store = open(&folder);
    insert(&store, session(1)).await;
    drop(store);
    let config = EmbeddedConfig { min_free: u64::MAX, ..config(&folder) };
    let store = EmbeddedStore::open(&config).unwrap().0;
    assert_eq!(store.commit(Commit::insert(session(2))).await, Err(StoreError::Full));
    let after = Session { state: SessionState::Open, ..session(1) };
    store.commit(Commit::replace(session(1), after.clone())).await.unwrap();
    store.commit(Commit::remove(Session { version: 1, ..after })).await.unwrap();
}

/// The journal of a database that is as small as here.
fn journal(folder: &Folder) -> PathBuf {
    let files = fs::read_dir(folder.path().join("db")).unwrap().map(|entry| entry.unwrap().path());
    let journals: Vec<_> = files.filter(|path| path.extension().is_some_and(|it| it == "jnl")).collect();
    let [journal] = &journals[..] else { panic!("{journals:?}") };
    journal.clone()
}

#[tokio::test]
async fn a_flipped_bit_in_the_journal_is_refused_until_the_loss_is_accepted() {
    let folder = Folder::new();
    let store = open(&folder);
    for number in 1..=50 {
        insert(&store, session(number)).await;
    }
    drop(store);
    let octets = fs::read(journal(&folder)).unwrap();
    let place = |name: &str| octets.windows(name.len()).position(|it| it == name.as_bytes()).unwrap();
    // What is written for one session, a bit in every 61st octet.
    for at in (place(session(25).rx_session.as_str())..place(session(26).rx_session.as_str())).step_by(61) {
        let damaged = Folder::new();
        damaged.fill(folder.path());
        let mut octets = octets.clone();
        octets[at] ^= 1 << (at % 8);
        fs::write(journal(&damaged), octets).unwrap();
        // Again and again, not only once.
        for _ in 0..2 {
            match EmbeddedStore::open(&config(&damaged)) {
                Err(OpenError::Lost { written: 50, found: 24 | 25, .. } | OpenError::Damaged { .. }) => {}
                other => panic!("octet {at}: {:?}", other.map(|(_, opened)| opened)),
            }
        }
        let accepting = EmbeddedConfig { accept_loss: true, ..config(&damaged) };
        drop(EmbeddedStore::open(&accepting).unwrap());
        // Nothing was written over it: it is a loss still.
        assert!(EmbeddedStore::open(&config(&damaged)).is_err(), "octet {at}");
        let (store, opened) = EmbeddedStore::open(&accepting).unwrap();
        assert!(opened.lost, "octet {at}");
        assert!([0, 24, 25].contains(&store.count().await.unwrap()));
        insert(&store, session(60)).await;
        drop(store);
        assert!(!EmbeddedStore::open(&config(&damaged)).unwrap().1.lost);
    }
}

#[tokio::test]
async fn a_database_that_is_gone_is_a_loss() {
    let folder = Folder::new();
    insert(&open(&folder), session(1)).await;
    fs::remove_dir_all(folder.path().join("db")).unwrap();
    let error = EmbeddedStore::open(&config(&folder)).unwrap_err();
    assert!(matches!(error, OpenError::Lost { written: 1, found: 0, .. }), "{error}");
}

/// Without it nobody knows what was confirmed: a store that lost its end would look whole.
#[tokio::test]
async fn a_store_without_its_numbers_is_refused_until_the_loss_is_accepted() {
    let folder = Folder::new();
    insert(&open(&folder), session(1)).await;
    fs::remove_file(folder.path().join("commits")).unwrap();
    // The refusal makes none: the next start is refused, too.
    for _ in 0..2 {
        let error = EmbeddedStore::open(&config(&folder)).unwrap_err();
        assert!(
            matches!(&error, OpenError::Damaged { reason, .. } if reason.starts_with("commits is missing")),
            "{error}"
        );
    }
    let accepting = EmbeddedConfig { accept_loss: true, ..config(&folder) };
    for (octets, says) in [
        (&[][..], "commits is missing or holds no number"),
        (&[b'x'; 32], "commits cannot be read"),
        (&[7; 5], "commits cannot be read"),
    ] {
        let (store, opened) = EmbeddedStore::open(&accepting).unwrap();
        assert_eq!((opened, store.count().await), (Opened { is_new: false, lost: true }, Ok(1)));
        drop(store);
        // Nothing was written over it: it is a loss still.
        assert!(EmbeddedStore::open(&config(&folder)).is_err());
        let store = EmbeddedStore::open(&accepting).unwrap().0;
        store.commit(Commit::default()).await.unwrap();
        drop(store);
        let (_, opened) = EmbeddedStore::open(&config(&folder)).unwrap();
        assert_eq!(opened, Opened { is_new: false, lost: false });
        fs::write(folder.path().join("commits"), octets).unwrap();
        let error = EmbeddedStore::open(&config(&folder)).unwrap_err();
        assert!(matches!(&error, OpenError::Damaged { reason, .. } if reason.starts_with(says)), "{error}");
    }
    // Nor without a database is it taken for a new store.
    fs::remove_dir_all(folder.path().join("db")).unwrap();
    let error = EmbeddedStore::open(&config(&folder)).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
}

/// Who waits for it, and whoever comes later, is told that nothing is written.
#[tokio::test]
async fn a_writer_that_breaks_down_is_a_store_that_failed() {
    let folder = Folder::new();
    let store = open(&folder);
    insert(&store, session(1)).await;
    assert!(store.is_alive());
    // No key of the database may be that long, and none of the gateway's comes near it.
    let record = RecordWrite { kind: RecordKind::Answer, key: "k".repeat(1 << 16).into(), value: None };
    let commit = Commit { records: vec![record], ..Commit::default() };
    for commit in [commit, Commit::default()] {
        let refused = store.commit(commit).await;
        assert!(matches!(refused, Err(StoreError::Failed { .. })), "{refused:?}");
    }
    assert!(!store.is_alive());
    assert_eq!(store.count().await, Ok(1));
    drop(store);
    assert_eq!(open(&folder).count().await, Ok(1));
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = EmbeddedStore::open(&EmbeddedConfig::new(file.join("data"))).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}/data: ", file.display())), "{error}");
}

/// What is to be on a disk that is not mounted is not begun anew beside it.
#[test]
fn only_the_directory_itself_is_made() {
    let folder = Folder::new();
    let parent = folder.path().join("disk");
    let config = EmbeddedConfig { min_free: 0, ..EmbeddedConfig::new(parent.join("store")) };
    for refused in [config.place().unwrap_err(), EmbeddedStore::open(&config).unwrap_err()] {
        assert_eq!(
            refused.to_string(),
            format!("{0}/store: there is no such directory, and none {0} to make it in", parent.display())
        );
    }
    assert!(!parent.exists());
    fs::create_dir(&parent).unwrap();
    config.place().unwrap();
    assert!(!config.directory.exists());
    EmbeddedStore::open(&config).unwrap();
    config.place().unwrap();
    // One name in the directory that the process runs in.
    EmbeddedConfig::new("not-there").place().unwrap();
    let file = parent.join("file");
    fs::write(&file, "").unwrap();
    let error = EmbeddedConfig::new(&file).place().unwrap_err();
    assert!(matches!(error, OpenError::Io { .. }), "{error}");
}
