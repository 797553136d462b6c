//! How old and how large the answers in the store are, and whose.
//!
//! Where there are too many, it is the oldest of whoever has the most that go: so however many an application makes,
//! the answers to another one stay as long as it has fewer.

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
    by_key: HashMap<Arc<str>, (SystemTime, usize)>,
    octets: usize,
    by_owner: HashMap<String, Own>,
}

/// Those of one owner.
#[derive(Debug, Default)]
struct Own {
    by_age: BTreeSet<(SystemTime, Arc<str>)>,
    octets: usize,
}

/// Whose a key is ([`Key::of`](super::Key::of)); empty: nobody's.
fn owner(key: &str) -> &str {
    key.split_once(' ').map_or("", |(owner, _)| owner)
}

impl Index {
    /// There is an answer of so many octets, instead of the one before.
    pub fn note(&mut self, key: &Arc<str>, at: SystemTime, octets: usize) {
        self.forget(key);
        let octets = octets + 2 * key.len() + ENTRY;
        let own = self.by_owner.entry(owner(key).to_owned()).or_default();
        own.by_age.insert((at, Arc::clone(key)));
        own.octets += octets;
        self.by_key.insert(Arc::clone(key), (at, octets));
        self.octets += octets;
    }

    pub fn contains(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    pub fn forget(&mut self, key: &Arc<str>) {
        let Some((at, octets)) = self.by_key.remove(key) else { return };
        self.octets -= octets;
        if let Some(own) = self.by_owner.get_mut(owner(key)) {
            own.by_age.remove(&(at, Arc::clone(key)));
            own.octets -= octets;
            if own.by_age.is_empty() {
                self.by_owner.remove(owner(key));
            }
        }
    }

    /// Whether there are more than there may be.
    pub fn is_full(&self, config: &AnswersConfig) -> bool {
        self.by_key.len() > config.max_answers || self.octets > config.max_octets
    }

    /// Those that are too old or too much, at most so many; those under way stay.
    pub fn surplus(
        &self,
        config: &AnswersConfig,
        now: SystemTime,
        most: usize,
        is_under_way: impl Fn(&str) -> bool,
    ) -> Vec<Arc<str>> {
        let is_old = |at: SystemTime| now.duration_since(at).is_ok_and(|age| age >= config.lifetime);
        let (mut count, mut octets) = (self.by_key.len(), self.octets);
        // What is left of each: its oldest ones, how many, and their octets.
        let mut left: Vec<_> = self
            .by_owner
            .values()
            .map(|own| {
                let oldest = own.by_age.iter().filter(|(_, key)| !is_under_way(key));
                (oldest.peekable(), own.by_age.len(), own.octets)
            })
            .collect();
        let mut surplus = Vec::new();
        while surplus.len() < most {
            let (too_many, too_large) = (count > config.max_answers, octets > config.max_octets);
            let ranked = left.iter_mut().filter_map(|own| {
                let is_old = is_old(own.0.peek()?.0);
                let most = if too_many { own.1 } else { own.2 };
                (is_old || too_many || too_large).then_some(((is_old, most), own))
            });
            let Some((_, own)) = ranked.max_by_key(|(rank, _)| *rank) else { break };
            let Some((_, key)) = own.0.next() else { break };
            let its_octets = self.by_key.get(key).map_or(0, |(_, octets)| *octets);
            (count, octets) = (count - 1, octets - its_octets);
            (own.1, own.2) = (own.1 - 1, own.2 - its_octets);
            surplus.push(Arc::clone(key));
        }
        surplus
    }
}
