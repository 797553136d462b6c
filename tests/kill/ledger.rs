//! What clients were told, and what the PCRF was told about its reports.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

/// All of it.
#[derive(Debug, Default)]
pub struct Told {
    pub created: u64,
    pub modified: u64,
    /// Requests that came once more when they had been answered, and got the same answer.
    pub repeated: u64,
    /// The sessions that are there, each with the bandwidth that it was granted last. Bits per second.
    pub live: BTreeMap<String, u64>,
    pub removed: BTreeSet<String>,
    /// By number.
    pub reports: BTreeMap<u32, Report>,
}

/// A RAR, and what became of it.
#[derive(Debug)]
pub struct Report {
    pub user: String,
    pub rx_session: String,
    /// Number of the event that it reports.
    pub event: u64,
    /// With success.
    pub acknowledged: bool,
}

/// The same, for all to write into.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<Told>>);

impl Ledger {
    /// To be read and written by one at a time.
    pub fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap()
    }
}
