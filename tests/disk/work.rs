//! What the store is made to do: several tasks at a time, each changing what is its own, as a seed says.

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::{Arc, Mutex},
};

use rxgate::{
    session::{
        Session, SessionFilter, SessionState, SessionStore,
        ports::{Commit, DeadLetter, Letter, LetterId, LetterWrite, Record, RecordKind, RecordWrite},
    },
    store::{EmbeddedStore, MemoryStore},
};

use crate::{
    dice::Dice,
    sessions::{session, time},
};

/// Tasks at a time: so many commits may share one sync.
pub const TASKS: usize = 6;

/// A task: its commits follow from its seed alone, because nobody else touches what it changes.
pub struct Task {
    number: usize,
    dice: Dice,
    made: u32,
    sessions: Vec<Session>,
    letters: Vec<Letter>,
    done: u64,
}

impl Task {
    pub fn new(seed: u64, number: usize) -> Self {
        let dice = Dice::new(seed.wrapping_mul(0x1000) + number as u64);
        Self { number, dice, made: 0, sessions: Vec::new(), letters: Vec::new(), done: 0 }
    }

    fn text(&mut self, at_most: u64) -> String {
        let length = usize::try_from(self.dice.below(at_most)).unwrap();
        let letters = b"abcdefghijklmnopqrstuvwxyz";
        let first = usize::try_from(self.dice.below(26)).unwrap();
        (0..length).map(|at| char::from(letters[(first + at * at) % 26])).collect()
    }

    fn letter(&mut self) -> Letter {
        self.made += 1;
        Letter {
            id: LetterId((u128::from(self.made) << 64) + self.number as u128),
            queue: format!("queue {}", self.number).into(),
            endpoint: "http://[::1]:8080/".into(),
            body: self.text(2000).into_bytes().into(),
            at: time(self.done),
            rx_session: "af;1;1".into(),
            number: 1,
        }
    }

    /// The next commit.
    pub fn commit(&mut self) -> Commit {
        self.done += 1;
        let any = match self.sessions.len() as u64 {
            0 => None,
            some => Some(usize::try_from(self.dice.below(some)).unwrap()),
        };
        let mut commit = match (self.dice.below(10), any) {
            (0..4, _) | (_, None) => {
                self.made += 1;
                let number = u32::try_from(self.number).unwrap() * 100_000 + self.made;
                let new = Session { view: self.text(1500).into(), ..session(number) };
                self.sessions.push(new.clone());
                Commit::insert(new)
            }
            (4..7, Some(at)) => {
                let before = self.sessions[at].clone();
                let expires = Some(time(self.dice.below(1000)));
                let view = self.text(1500).into();
                let after = Session { state: SessionState::Open, expires, view, ..before.clone() };
                self.sessions[at] = Session { version: before.version + 1, ..after.clone() };
                Commit::replace(before, after)
            }
            (7..9, Some(at)) => Commit::remove(self.sessions.swap_remove(at)),
            _ => Commit::default(),
        };
        match (self.dice.below(6), self.letters.is_empty()) {
            (0..3, _) => {
                let letter = self.letter();
                self.letters.push(letter.clone());
                commit.letters.push(LetterWrite::Post(letter));
            }
            (3, false) => commit.letters.push(LetterWrite::Remove(self.letters.swap_remove(0).id)),
            (4, false) => {
                let letter = self.letters.swap_remove(0);
                commit.letters.push(LetterWrite::Bury(DeadLetter {
                    letter,
                    at: time(9),
                    reason: "old".into(),
                }));
            }
            _ => {}
        }
        // Now and then more than fits into one write of the database.
        let at_most = if self.dice.below(8) == 0 { 40_000 } else { 100 };
        let value = Some(self.text(at_most).into_bytes().into());
        let key = format!("{}-{}", self.number, self.dice.below(5)).into();
        commit.records.push(RecordWrite { kind: RecordKind::Answer, key, value });
        let value = Some(self.done.to_be_bytes().as_slice().into());
        commit.records.push(RecordWrite { kind: RecordKind::Gateway, key: progress(self.number), value });
        commit
    }
}

/// The record that says how many commits of a task are there.
fn progress(task: usize) -> Arc<str> {
    format!("task-{task}").into()
}

/// What each task has written according to the store itself.
pub async fn written(store: &dyn SessionStore) -> Result<[u64; TASKS], String> {
    let mut written = [0; TASKS];
    for (task, number) in written.iter_mut().enumerate() {
        if let Some(value) =
            store.record(RecordKind::Gateway, &progress(task)).await.map_err(|it| it.to_string())?
        {
            *number = u64::from_be_bytes(value[..].try_into().map_err(|_| "a record of another length")?);
        }
    }
    Ok(written)
}

/// A store in memory after so many commits of each task.
pub async fn expected(seed: u64, written: [u64; TASKS]) -> MemoryStore {
    let store = MemoryStore::new();
    for (number, written) in written.into_iter().enumerate() {
        let mut task = Task::new(seed, number);
        for _ in 0..written {
            store.commit(task.commit()).await.unwrap();
        }
    }
    store.reopened()
}

/// Works until every task has `until` commits; each one that is acknowledged is a line in the file.
pub async fn work(store: EmbeddedStore, seed: u64, until: u64, acknowledged: &Path) -> Arc<EmbeddedStore> {
    let store = Arc::new(store);
    let file = File::options().create(true).append(true).open(acknowledged).unwrap();
    let (file, from) = (Arc::new(Mutex::new(file)), written(&*store).await.unwrap());
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| {
            let (store, file) = (Arc::clone(&store), Arc::clone(&file));
            tokio::spawn(async move {
                let mut task = Task::new(seed, number);
                (0..from[number]).for_each(|_| drop(task.commit()));
                for done in from[number] + 1..=until {
                    if store.commit(task.commit()).await.is_err() {
                        return;
                    }
                    let line = format!("{number} {done}\n");
                    // What cannot be said was not acknowledged.
                    if file.lock().unwrap().write_all(line.as_bytes()).is_err() {
                        return;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    store
}

/// Everything that a store shows.
#[derive(Debug, PartialEq)]
pub struct Shown {
    count: u64,
    sessions: Vec<Session>,
    of_users: Vec<Vec<Session>>,
    by_rx: usize,
    expiring: Vec<String>,
    owed: Vec<String>,
    letters: Vec<Letter>,
    dead: Vec<DeadLetter>,
    records: Vec<Vec<Record>>,
}

/// Reads everything of a store that was opened just now.
pub async fn show(store: &dyn SessionStore) -> Result<Shown, String> {
    const ALL: usize = usize::MAX;
    let text = |error: rxgate::session::StoreError| error.to_string();
    let mut sessions = store.list(SessionFilter::default()).await.map_err(text)?;
    sessions.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
    let mut by_rx = 0;
    for session in &sessions {
        by_rx += usize::from(store.find(&session.rx_session).await.map_err(text)?.as_ref() == Some(session));
    }
    let mut of_users = Vec::new();
    for user in ["tel:+0", "tel:+1"] {
        let filter = SessionFilter { end_user: Some(user.into()), ..SessionFilter::default() };
        let mut found = store.list(filter).await.map_err(text)?;
        found.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
        of_users.push(found);
    }
    let expiring = store.expiring(None, time(1 << 32), ALL).await.map_err(text)?;
    let owed = store.claim_sessions(ALL).await.map_err(text)?;
    let mut records = Vec::new();
    for kind in [RecordKind::Answer, RecordKind::Gateway] {
        records.push(store.records(kind, None, ALL).await.map_err(text)?);
    }
    Ok(Shown {
        count: store.count().await.map_err(text)?,
        by_rx,
        of_users,
        expiring: expiring.iter().map(|(at, id)| format!("{at:?} {}", id.as_str())).collect(),
        owed: owed.iter().map(|id| id.as_str().to_owned()).collect(),
        letters: store.letters(None, ALL).await.map_err(text)?,
        dead: store.dead_letters(None, ALL).await.map_err(text)?,
        records,
        sessions,
    })
}
