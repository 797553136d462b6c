//! The letters and records of a store.

use std::sync::Arc;

use rxgate::session::{
    Session, SessionStore, StoreError,
    ports::{Commit, DeadLetter, Letter, LetterId, LetterWrite, Record, RecordKind, RecordWrite},
};

use super::sessions::{insert, session, time};

pub fn letter(number: u128) -> Letter {
    Letter {
        id: LetterId(number << 64),
        queue: format!("queue {}", number % 2).into(),
        endpoint: "http://[::1]:8080/ü".into(),
        body: Arc::from(&b"{\"a\": \0\xff}"[..]),
        at: time(7),
        rx_session: "af;1;1".into(),
        number: 12,
    }
}

fn dead(number: u128) -> DeadLetter {
    DeadLetter { letter: letter(number), at: time(9), reason: "too old".into() }
}

pub async fn write(store: &dyn SessionStore, letters: impl IntoIterator<Item = LetterWrite>) {
    let letters = letters.into_iter().collect();
    store.commit(Commit { letters, ..Commit::default() }).await.unwrap();
}

async fn waiting(store: &dyn SessionStore) -> Vec<Letter> {
    store.letters(None, 100).await.unwrap()
}

pub async fn letters_wait_in_order_until_they_are_removed(store: &dyn SessionStore) {
    write(store, [3, 1, 2].map(letter).map(LetterWrite::Post)).await;
    assert_eq!(waiting(store).await, [1, 2, 3].map(letter));
    assert_eq!(store.letters(None, 2).await.unwrap(), [1, 2].map(letter));
    assert_eq!(store.letters(Some(letter(1).id), 9).await.unwrap(), [2, 3].map(letter));
    write(store, [LetterWrite::Remove(letter(2).id), LetterWrite::Remove(letter(4).id)]).await;
    assert_eq!(waiting(store).await, [1, 3].map(letter));
}

pub async fn a_letter_waits_or_is_dead(store: &dyn SessionStore) {
    write(store, [1, 2, 3].map(letter).map(LetterWrite::Post)).await;
    write(store, [3, 1].map(dead).map(LetterWrite::Bury)).await;
    assert_eq!(waiting(store).await, [letter(2)]);
    assert_eq!(store.dead_letters(None, 9).await.unwrap(), [1, 3].map(dead));
    assert_eq!(store.dead_letters(Some(letter(1).id), 9).await.unwrap(), [dead(3)]);
    assert_eq!(store.dead_letters(None, 1).await.unwrap(), [dead(1)]);
    write(store, [LetterWrite::Post(letter(1))]).await;
    assert_eq!(waiting(store).await, [1, 2].map(letter));
    write(store, [LetterWrite::Remove(letter(3).id)]).await;
    assert_eq!(store.dead_letters(None, 9).await.unwrap(), []);
}

fn record(kind: RecordKind, key: &str, value: Option<&[u8]>) -> RecordWrite {
    RecordWrite { kind, key: key.into(), value: value.map(Arc::from) }
}

pub async fn records_are_kept_by_kind_and_name(store: &dyn SessionStore) {
    use RecordKind::{Answer, Gateway, Registration, Template};
    let records = vec![
        record(Template, "b", Some(b"1")),
        record(Template, "a", Some(b"2")),
        record(Registration, "a", Some(b"3")),
        record(Answer, "", Some(b"")),
        record(Gateway, "z", Some(&[0, 255])),
    ];
    store.commit(Commit { records, ..Commit::default() }).await.unwrap();
    let list = async |kind, after: Option<&str>, limit| -> Vec<(String, Vec<u8>)> {
        let found = store.records(kind, after.map(Arc::from), limit).await.unwrap();
        found.iter().map(|Record { key, value }| (key.to_string(), value.to_vec())).collect()
    };
    let pair = |key: &str, value: &[u8]| (key.to_owned(), value.to_vec());
    assert_eq!(list(Template, None, 9).await, [pair("a", b"2"), pair("b", b"1")]);
    assert_eq!(list(Template, None, 1).await, [pair("a", b"2")]);
    assert_eq!(list(Template, Some("a"), 9).await, [pair("b", b"1")]);
    assert_eq!(list(Answer, None, 9).await, [pair("", b"")]);
    assert_eq!(list(Registration, None, 9).await, [pair("a", b"3")]);
    assert_eq!(store.record(Gateway, "z").await.unwrap().as_deref(), Some(&[0, 255][..]));
    assert_eq!(store.record(Gateway, "a").await.unwrap(), None);
    let records =
        vec![record(Template, "a", Some(b"4")), record(Template, "b", None), record(Answer, "x", None)];
    store.commit(Commit { records, ..Commit::default() }).await.unwrap();
    assert_eq!(list(Template, None, 9).await, [pair("a", b"4")]);
}

pub async fn a_commit_is_whole_or_nothing(store: &dyn SessionStore) {
    insert(store, session(1)).await;
    let with = |commit: Commit, number: u128| Commit {
        letters: vec![LetterWrite::Post(letter(number))],
        records: vec![record(RecordKind::Answer, &number.to_string(), Some(b"x"))],
        ..commit
    };
    let exists = store.commit(with(Commit::insert(session(1)), 1)).await;
    assert_eq!(exists, Err(StoreError::Exists));
    let old = Session { version: 5, ..session(1) };
    assert_eq!(
        store.commit(with(Commit::replace(old.clone(), old.clone()), 2)).await,
        Err(StoreError::Conflict)
    );
    assert_eq!(store.commit(with(Commit::remove(old), 3)).await, Err(StoreError::Conflict));
    assert_eq!(store.commit(with(Commit::remove(session(2)), 4)).await, Err(StoreError::Missing));
    assert_eq!(waiting(store).await, []);
    assert_eq!(store.records(RecordKind::Answer, None, 9).await.unwrap(), []);
    store.commit(with(Commit::remove(session(1)), 5)).await.unwrap();
    assert_eq!(waiting(store).await, [letter(5)]);
    assert_eq!(store.record(RecordKind::Answer, "5").await.unwrap().as_deref(), Some(&b"x"[..]));
}
