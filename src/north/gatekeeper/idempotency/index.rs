//! How old and how large the answers in the store are.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::SystemTime,
};

use super::AnswersConfig;

/// What an answer takes beside its texts. Octets, roughly.
pub(super) const ENTRY: usize = 512;

/// The answers that are known to be in the store.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_age: BTreeSet<(SystemTime, Arc<str>)>,
    by_key: HashMap<Arc<str>, (SystemTime, usize)>,
    octets: usize,
}

impl Index {
    /// There is an answer of so many octets, instead of the one before.
    pub fn note(&mut self, key: &Arc<str>, at: SystemTime, octets: usize) {
        self.forget(key);
        let octets = octets + 2 * key.len() + ENTRY;
        self.by_age.insert((at, Arc::clone(key)));
        self.by_key.insert(Arc::clone(key), (at, octets));
        self.octets += octets;
    }

    pub fn contains(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    pub fn forget(&mut self, key: &Arc<str>) {
        if let Some((at, octets)) = self.by_key.remove(key) {
            self.by_age.remove(&(at, Arc::clone(key)));
            self.octets -= octets;
        }
    }

    /// Whether there are more than there may be.
    pub fn is_full(&self, config: &AnswersConfig) -> bool {
        self.by_key.len() > config.max_answers || self.octets > config.max_octets
    }

    /// The oldest that are too old or too much, at most so many; those under way stay.
    pub fn surplus(
        &self,
        config: &AnswersConfig,
        now: SystemTime,
        most: usize,
        is_under_way: impl Fn(&str) -> bool,
    ) -> Vec<Arc<str>> {
        let (mut count, mut octets) = (self.by_key.len(), self.octets);
        let mut surplus = Vec::new();
        for (at, key) in self.by_age.iter().filter(|(_, key)| !is_under_way(key)) {
            let is_old = now.duration_since(*at).is_ok_and(|age| age >= config.lifetime);
            if surplus.len() >= most || !(is_old || count > config.max_answers || octets > config.max_octets)
            {
                break;
            }
            count -= 1;
            octets -= self.by_key.get(key).map_or(0, |(_, octets)| *octets);
            surplus.push(Arc::clone(key));
        }
        surplus
    }
}
