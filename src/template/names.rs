//! Parameter names by hash: a request's values are looked up for every fill.

use super::Parameter;

/// Slots by the hash of their names, in open addressing.
///
/// The hash is no secret: who writes a template chooses its names, and a request only looks names up.
#[derive(Debug)]
pub(super) struct Names(Box<[Option<u32>]>);

impl Names {
    pub fn new(parameters: &[Parameter]) -> Self {
        // At most half full, so that the search for a name that is not there ends soon.
        let mut table = vec![None; (2 * parameters.len()).next_power_of_two()];
        for (slot, parameter) in (0u32..).zip(parameters) {
            let length = table.len();
            let start = hash(&parameter.name);
            let free = (0..length).map(|step| start.wrapping_add(step) & (length - 1));
            let free = free.into_iter().find(|place| table.get(*place) == Some(&None));
            if let Some(place) = free.and_then(|place| table.get_mut(place)) {
                *place = Some(slot);
            }
        }
        Self(table.into())
    }

    pub fn find(&self, name: &str, parameters: &[Parameter]) -> Option<usize> {
        let mask = self.0.len() - 1;
        let mut place = hash(name) & mask;
        while let Some(slot) = self.0.get(place).copied().flatten() {
            let slot = slot as usize;
            if parameters.get(slot).is_some_and(|parameter| *parameter.name == *name) {
                return Some(slot);
            }
            place = (place + 1) & mask;
        }
        None
    }
}

/// Eight octets at a time; the upper half of a product is the part that all of them had a say in.
fn hash(name: &str) -> usize {
    let mix = |hash: u64, word: [u8; 8]| {
        (hash.rotate_left(23) ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    let (words, rest) = name.as_bytes().as_chunks::<8>();
    let hash = words.iter().fold(name.len() as u64, |hash, word| mix(hash, *word));
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(last, octet)| *last = *octet);
    (mix(hash, last) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        for count in [0, 1, 2, 3, 4, 100, 4096] {
            let parameters: Vec<Parameter> = (0..count)
                .map(|n| Parameter { name: format!("$P_{n}").into(), places: Vec::new() })
                .collect();
            let names = Names::new(&parameters);
            for n in 0..count {
                assert_eq!(names.find(&format!("$P_{n}"), &parameters), Some(n));
            }
            assert_eq!(names.find(&format!("$P_{count}"), &parameters), None);
            assert_eq!(names.find("", &parameters), None);
        }
    }
}
