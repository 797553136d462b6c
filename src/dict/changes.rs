//! What is different between two dictionaries: whether the files of a directory say something new.

use std::collections::BTreeMap;

use super::{AvpSpec, CommandSpec, Dictionary, Place, VendorSpec};

impl Dictionary {
    /// What `new` has that this one has not, has not, or has otherwise: one line each. Where something is
    /// declared does not matter.
    pub fn changes(&self, new: &Self) -> Vec<String> {
        let vendors = |it: &Self| {
            let name = |one: &VendorSpec| (one.id.clone(), format!("vendor {}", one.id));
            declared(&it.vendors, name, |one| one.place = nowhere())
        };
        let applications = |it: &Self| {
            let all: Vec<_> = it.applications.clone().into_iter().collect();
            declared(&all, |(id, _)| (*id, format!("application {id}")), |_| {})
        };
        let avps = |it: &Self| {
            let name = |one: &AvpSpec| (one.key(), format!("AVP {}", one.name));
            declared(&it.avps, name, |one| one.place = nowhere())
        };
        let commands = |it: &Self| {
            let name = |one: &CommandSpec| ((one.application, one.code), format!("command {}", one.name));
            declared(&it.commands, name, |one| one.place = nowhere())
        };
        let mut changes = compare(&vendors(self), &vendors(new));
        changes.extend(compare(&applications(self), &applications(new)));
        changes.extend(compare(&avps(self), &avps(new)));
        changes.extend(compare(&commands(self), &commands(new)));
        changes
    }
}

/// A place that does not matter.
fn nowhere() -> Place {
    Place { file: "".into(), line: 0 }
}

/// Everything by what tells it from others, with its name for people, and without what does not matter.
fn declared<K: Ord, V: Clone>(
    all: &[V],
    name: impl Fn(&V) -> (K, String),
    blank: impl Fn(&mut V),
) -> BTreeMap<K, (String, V)> {
    let each = |one: &V| {
        let ((key, name), mut one) = (name(one), one.clone());
        blank(&mut one);
        (key, (name, one))
    };
    all.iter().map(each).collect()
}

fn compare<K: Ord, V: PartialEq>(
    old: &BTreeMap<K, (String, V)>,
    new: &BTreeMap<K, (String, V)>,
) -> Vec<String> {
    let mut changes = Vec::new();
    for (key, (name, value)) in new {
        match old.get(key) {
            None => changes.push(format!("{name} added")),
            Some((_, before)) if before != value => changes.push(format!("{name} changed")),
            Some(_) => {}
        }
    }
    let removed = old.iter().filter(|(key, _)| !new.contains_key(key));
    changes.extend(removed.map(|(_, (name, _))| format!("{name} removed")));
    changes
}
