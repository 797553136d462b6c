//! The names that a template gives its elements.

use std::collections::HashMap;

use super::super::{
    compiled::{Parameter, Place},
    problem::{Offset, Report},
};
use crate::words::brief;

/// Longest name, its `$` included. Octets.
const MAX_NAME: usize = 128;

/// Parameters as they are found.
#[derive(Default)]
pub(super) struct Drafts {
    parameters: Vec<Parameter>,
    slots: HashMap<String, usize>,
    /// Further uses of a name: where, and of which.
    again: Vec<(Offset, usize)>,
}

impl Drafts {
    /// Takes a name at an element; the slot that its value will be in. `None` if it is no name.
    pub fn add(&mut self, name: &str, at: Offset, place: Place, report: &mut Report<'_>) -> Option<usize> {
        let legal = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-' | b'.');
        let word = name.strip_prefix('$').filter(|word| !word.is_empty() && word.bytes().all(legal));
        if word.is_none() || name.len() > MAX_NAME {
            let text = format!(
                "parameterName=\"{}\" is no name: accepted is $ and letters, digits, _ - or . behind it, {MAX_NAME} \
                 characters at most",
                brief(name)
            );
            report.error(at, text);
            return None;
        }
        if let Some(&slot) = self.slots.get(name) {
            self.again.push((at, slot));
            if let Some(parameter) = self.parameters.get_mut(slot) {
                parameter.places.push(place);
            }
            return Some(slot);
        }
        let slot = self.parameters.len();
        self.slots.insert(name.to_owned(), slot);
        self.parameters.push(Parameter { name: name.into(), places: vec![place] });
        Some(slot)
    }

    /// How many there are so far.
    pub fn len(&self) -> usize {
        self.parameters.len()
    }

    /// The parameters, in the order of the file.
    pub fn finish(self, report: &mut Report<'_>) -> Vec<Parameter> {
        for (at, slot) in self.again {
            let Some(Parameter { name, places }) = self.parameters.get(slot) else { continue };
            let elements: Vec<&str> = places.iter().map(|place| &*place.element).collect();
            let text = format!(
                "{name} names {} elements ({}): a request cannot set it, as it would be open which one is meant",
                places.len(),
                elements.join(", ")
            );
            report.warn(at, text);
        }
        self.parameters
    }
}
