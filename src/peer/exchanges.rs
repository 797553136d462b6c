//! What was answered, with which result and how soon.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::facts::Facts;
use crate::{dict::commands::abbreviation, metrics::Histogram, wire::MessageBuf};

/// Most result codes of a command that are told apart: a peer may send any number.
const MAX_CODES: usize = 64;

/// The answers of one peer and those that it got, by command.
#[derive(Debug, Default)]
pub struct Exchanges(Mutex<BTreeMap<&'static str, Exchanged>>);

#[derive(Debug, Default)]
struct Exchanged {
    /// By result code, experimental or not; `None` without one, and for those that are too many.
    results: BTreeMap<Option<u32>, u64>,
    round_trips: Option<Histogram>,
}

impl Exchanges {
    /// Calls `show` with each command (`AAR`), its result codes with how often each came, and the times from its
    /// requests to their answers, if it is one that was sent.
    pub fn each(&self, mut show: impl FnMut(&str, &BTreeMap<Option<u32>, u64>, Option<&Histogram>)) {
        for (command, exchanged) in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            show(command, &exchanged.results, exchanged.round_trips.as_ref());
        }
    }

    /// An answer came to a request that was sent so long ago.
    pub(super) fn received(&self, answer: &MessageBuf, facts: &Facts<'_>, round_trip: Duration) {
        self.count(answer, facts, Some(round_trip));
    }

    /// An answer is sent.
    pub(super) fn sent(&self, answer: &MessageBuf) {
        self.count(answer, &Facts::of(answer), None);
    }

    fn count(&self, answer: &MessageBuf, facts: &Facts<'_>, round_trip: Option<Duration>) {
        let code = facts.code;
        // What a peer asked for and is refused may be any command.
        let command = abbreviation(answer.header().command, true).unwrap_or("other");
        let mut commands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Exchanged { results, round_trips } = commands.entry(command).or_default();
        let known = results.len() < MAX_CODES || results.contains_key(&code);
        *results.entry(code.filter(|_| known)).or_default() += 1;
        if let Some(round_trip) = round_trip {
            round_trips.get_or_insert_with(Histogram::of_waits).observe(round_trip);
        }
    }
}
