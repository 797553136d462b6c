//! What is different between two dictionaries: whether the files of a directory say something new.

use std::collections::BTreeMap;

use super::{AvpSpec, CommandSpec, Dictionary, VendorSpec};

impl Dictionary {
    /// What `new` has that this one has not, has not, or has otherwise: one line each. Where something is
    /// declared does not matter.
    pub fn changes(&self, new: &Self) -> Vec<String> {
        let avps = |dictionary: &Self| {
            let named =
                dictionary.avps.iter().map(|avp| (avp.key(), (format!("AVP {}", avp.name), avp.clone())));
            named.collect::<BTreeMap<_, _>>()
        };
        let commands = |dictionary: &Self| {
            let named = dictionary.commands.iter().map(|command| {
                ((command.application, command.code), (format!("command {}", command.name), command.clone()))
            });
            named.collect::<BTreeMap<_, _>>()
        };
        let vendors = |dictionary: &Self| {
            let named = dictionary
                .vendors
                .iter()
                .map(|vendor| (vendor.id.clone(), (format!("vendor {}", vendor.id), vendor.clone())));
            named.collect::<BTreeMap<_, _>>()
        };
        let applications = |dictionary: &Self| {
            let named = dictionary
                .applications
                .iter()
                .map(|(id, name)| (*id, (format!("application {id}"), name.clone())));
            named.collect::<BTreeMap<_, _>>()
        };
        let mut changes = compare(&vendors(self), &vendors(new), VendorSpec::means_the_same);
        changes.extend(compare(&applications(self), &applications(new), |one, other| one == other));
        changes.extend(compare(&avps(self), &avps(new), AvpSpec::means_the_same));
        changes.extend(compare(&commands(self), &commands(new), CommandSpec::means_the_same));
        changes
    }
}

fn compare<K: Ord, V>(
    old: &BTreeMap<K, (String, V)>,
    new: &BTreeMap<K, (String, V)>,
    same: impl Fn(&V, &V) -> bool,
) -> Vec<String> {
    let mut changes = Vec::new();
    for (key, (name, value)) in new {
        match old.get(key) {
            None => changes.push(format!("{name} added")),
            Some((_, before)) if !same(before, value) => changes.push(format!("{name} changed")),
            Some(_) => {}
        }
    }
    let removed = old.iter().filter(|(key, _)| !new.contains_key(key));
    changes.extend(removed.map(|(_, (name, _))| format!("{name} removed")));
    changes
}

impl AvpSpec {
    fn means_the_same(&self, other: &Self) -> bool {
        Self { place: other.place.clone(), ..self.clone() } == *other
    }
}

impl CommandSpec {
    fn means_the_same(&self, other: &Self) -> bool {
        Self { place: other.place.clone(), ..self.clone() } == *other
    }
}

impl VendorSpec {
    fn means_the_same(&self, other: &Self) -> bool {
        Self { place: other.place.clone(), ..self.clone() } == *other
    }
}
