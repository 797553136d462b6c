//! What the clients asked for and were told: the account that the world is held to.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::time::Instant;

/// One wish of a client for a session.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Each has one of its own.
    pub end_user: String,
    /// What its requests ask for: no two ask for the same bandwidth.
    pub asked_for: u32,
    /// requestId, once a 201 said it.
    pub id: Option<String>,
    pub rx_session: Option<String>,
    /// What it may be worth by now: bits per second.
    pub worth: BTreeSet<u32>,
    /// Seconds after which it ends.
    pub duration: Option<Duration>,
    /// When the 201 came.
    pub granted: Option<Instant>,
    /// Nobody heard the answer to one of its requests to create.
    pub uncertain: bool,
    /// When its removal was first asked for.
    pub removing: Option<Instant>,
    /// A 204 came.
    pub removed: bool,
    /// It was not found, and its client had not removed it.
    pub missed: Option<Instant>,
}

/// All wishes.
#[derive(Default)]
pub struct Ledger(Mutex<Vec<Entry>>);

impl Ledger {
    pub fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap()
    }

    /// A new wish; its number.
    pub fn wish(&self, first_bandwidth: u32, duration: Option<Duration>) -> usize {
        let mut entries = self.entries();
        let number = entries.len();
        entries.push(Entry {
            end_user: end_user(number),
            asked_for: first_bandwidth,
            id: None,
            rx_session: None,
            worth: BTreeSet::from([first_bandwidth]),
            duration,
            granted: None,
            uncertain: false,
            removing: None,
            removed: false,
            missed: None,
        });
        number
    }

    pub fn get(&self, number: usize) -> Entry {
        self.entries()[number].clone()
    }

    pub fn change(&self, number: usize, change: impl FnOnce(&mut Entry)) {
        change(&mut self.entries()[number]);
    }
}

/// The end user of a wish: a telephone number.
pub fn end_user(number: usize) -> String {
    format!("861300{number:06}")
}
