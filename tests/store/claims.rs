//! Whose it is to go on with what is in a store.

use std::{sync::Arc, time::Duration};

use rxgate::{
    session::{
        Session, SessionState, SessionStore,
        ports::{Commit, DeadLetter, LetterWrite},
    },
    store::MemoryStore,
};
use tokio::time::sleep;

use super::{
    letters::{letter, write},
    sessions::{full, insert, open, replace, session, time},
};

/// What a process left is taken over by the next one, and by nobody else. `open_store` opens it once more.
pub async fn suite(open_store: impl Fn() -> Arc<dyn SessionStore>) {
    let opened = open_store();
    let store = &*opened;
    insert(store, session(1)).await;
    insert(store, open(2, None)).await;
    insert(store, Session { state: SessionState::Ending, ..session(3) }).await;
    insert(store, Session { id: "q004".into(), rx_session: "af;1;4".into(), ..full() }).await;
    insert(store, session(5)).await;
    write(store, [1, 2, 3, 4].map(letter).map(LetterWrite::Post)).await;
    write(store, [buried(1), LetterWrite::Remove(letter(2).id)]).await;
    // It is its own.
    assert_eq!(claimed(store, 9).await, [""; 0]);
    assert_eq!(store.claim_letters(9).await.unwrap(), []);
    drop(opened);
    let opened = open_store();
    let store = &*opened;
    assert_eq!(claimed(store, 0).await, [""; 0]);
    assert_eq!(claimed(store, 2).await, ["q001", "q003"]);
    // What this process writes is not of another.
    insert(store, session(6)).await;
    assert_eq!(claimed(store, 2).await, ["q004", "q005"]);
    assert_eq!(claimed(store, 2).await, [""; 0]);
    assert_eq!(store.claim_letters(1).await.unwrap(), [letter(3)]);
    write(store, [LetterWrite::Post(letter(1)), LetterWrite::Post(letter(5))]).await;
    assert_eq!(store.claim_letters(9).await.unwrap(), [letter(4)]);
    assert_eq!(store.claim_letters(9).await.unwrap(), []);
    // Nothing is owed any more of one of them, and one is over.
    replace(store, session(1), open(1, None)).await;
    store.commit(Commit::remove(Session { state: SessionState::Ending, ..session(3) })).await.unwrap();
    write(store, [LetterWrite::Remove(letter(3).id)]).await;
    // Of both that were before.
    drop(opened);
    let opened = open_store();
    let store = &*opened;
    assert_eq!(claimed(store, 9).await, ["q004", "q005", "q006"]);
    assert_eq!(store.claim_letters(9).await.unwrap(), [1, 4, 5].map(letter));
}

fn buried(number: u128) -> LetterWrite {
    LetterWrite::Bury(DeadLetter { letter: letter(number), at: time(9), reason: "too old".into() })
}

async fn claimed(store: &dyn SessionStore, limit: usize) -> Vec<String> {
    store.claim_sessions(limit).await.unwrap().iter().map(ToString::to_string).collect()
}

#[tokio::test(start_paused = true)]
async fn who_is_there_keeps_what_it_began() {
    let lease = Duration::from_secs(10);
    let one = MemoryStore::new().joined(lease);
    let two = one.joined(lease);
    insert(&one, session(1)).await;
    insert(&one, open(2, None)).await;
    write(&one, [LetterWrite::Post(letter(1))]).await;
    sleep(Duration::from_secs(9)).await;
    assert_eq!(claimed(&one, 9).await, [""; 0]);
    sleep(Duration::from_secs(9)).await;
    assert_eq!(claimed(&two, 9).await, [""; 0]);
    assert_eq!(two.claim_letters(9).await.unwrap(), []);
    // Who began it goes, and not the other one that answered a RAR of it, say.
    insert(&one, session(3)).await;
    let reported = Session { end_user: "tel:+9".into(), ..session(3) };
    replace(&two, session(3), reported.clone()).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(claimed(&two, 9).await, ["q001", "q003"]);
    assert_eq!(two.claim_letters(9).await.unwrap(), [letter(1)]);
    // It was only slow, and is there again: what was taken over stays so.
    assert_eq!(claimed(&one, 9).await, [""; 0]);
    // And the other way round.
    replace(&one, Session { version: 1, ..reported.clone() }, reported).await;
    sleep(Duration::from_secs(9)).await;
    assert_eq!(claimed(&one, 9).await, [""; 0]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(claimed(&one, 9).await, ["q001", "q003"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_is_taken_over_by_one() {
    let before = MemoryStore::new();
    for number in 1..=500 {
        insert(&before, session(number)).await;
    }
    let first = before.reopened();
    let lease = Duration::from_secs(3600);
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let store = first.joined(lease);
        tasks.push(tokio::spawn(async move {
            let mut all = Vec::new();
            loop {
                let page = claimed(&store, 7).await;
                if page.is_empty() {
                    return all;
                }
                all.extend(page);
                tokio::task::yield_now().await;
            }
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    assert_eq!(all.len(), 500);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 500);
}
