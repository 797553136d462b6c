//! Messages made wrong by chance: the goldens with bits, octets, lengths and whole AVPs changed.
//!
//! The same seed makes the same messages. Half of them are changed as trees of AVPs, so that their lengths
//! still agree and the change reaches the upper layers; then octets are changed whatever they mean.

use rxgate::{
    dict::{self, Dictionary},
    wire::{Avps, Index, VendorId, avp_key, walk},
};

use crate::files;

/// Octets that no mutation makes a message longer than; Message Length would allow 16 MiB.
const LONGEST: usize = 48 * 1024;

/// Words that lie on the edges of lengths, codes and counts.
const EDGES: [u32; 20] = [
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    9,
    11,
    12,
    13,
    16,
    0x7f,
    0xff,
    0xffff,
    0x00ff_fffc,
    0x00ff_ffff,
    0x7fff_ffff,
    0xffff_ffff,
];

/// xorshift64* (Marsaglia, Vigna): small, and the same everywhere.
pub struct Random(u64);

impl Random {
    /// A generator of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() >> 11) as usize % end.max(1)
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn octets(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.next() as u8).collect()
    }
}

/// An AVP that can be changed; what is inside a group is in `inside`, and `data` is empty then.
#[derive(Clone)]
struct Node {
    key: u64,
    flags: u8,
    data: Vec<u8>,
    inside: Option<Vec<Node>>,
}

/// A message to begin with.
struct Origin {
    octets: Vec<u8>,
    /// Its AVPs, if it can be parsed.
    nodes: Option<Vec<Node>>,
}

/// The goldens, right and wrong, and what can be put into them.
pub struct Mutations {
    origins: Vec<Origin>,
    /// Every AVP of the dictionary, and some that are not there.
    keys: Vec<u64>,
    /// The groups among them.
    groups: Vec<u64>,
}

impl Mutations {
    /// Reads the goldens.
    pub fn of_goldens() -> Self {
        let mut index = Index::new();
        let goldens = files::good().into_iter().chain(files::bad());
        let origins = goldens.map(|golden| {
            let nodes = index.parse(&golden.octets, dict::is_grouped).ok().map(|m| nodes(m.avps()));
            Origin { nodes, octets: golden.octets }
        });
        let origins = origins.collect();
        let mut keys: Vec<u64> = Dictionary::builtin().avps().map(|spec| spec.key()).collect();
        let groups = keys.iter().copied().filter(|key| dict::is_grouped(*key)).collect();
        keys.extend([avp_key(VendorId(99_999), 1), avp_key(VendorId::NONE, 0), u64::MAX]);
        Self { origins, keys, groups }
    }

    /// Makes a message.
    pub fn next(&self, random: &mut Random) -> Vec<u8> {
        let origin = &self.origins[random.below(self.origins.len())];
        let mut octets = origin.octets.clone();
        let as_tree = random.one_in(2);
        if let Some(nodes) = origin.nodes.as_ref().filter(|_| as_tree) {
            let mut nodes = nodes.clone();
            for _ in 0..1 + random.below(3) {
                self.change_tree(&mut nodes, random);
            }
            octets.truncate(20);
            nodes.iter().for_each(|node| put(node, &mut octets));
            octets.truncate(LONGEST);
            write_length(&mut octets);
        }
        let times = if as_tree { random.below(3) } else { 1 + random.below(3) };
        for _ in 0..times {
            change_octets(&mut octets, random);
        }
        octets
    }

    /// Changes one AVP, or the AVPs of one level.
    fn change_tree(&self, top: &mut Vec<Node>, random: &mut Random) {
        let level = some_level(top, random);
        let (at, other) = (random.below(level.len()), random.below(level.len()));
        let Some(node) = level.get(at).cloned() else { return };
        match random.below(12) {
            // Duplicate, now and then more often than an index has room.
            0 if random.one_in(500) => level.extend(vec![node; 2500]),
            0 => level.insert(other, node),
            1 => drop(level.remove(at)),
            2 => level.swap(at, other),
            3 => {
                level.remove(at);
                some_level(top, random).push(node);
            }
            4 => {
                // Nested in a group, now and then deeper than the bound.
                let times = if random.one_in(8) { random.below(24) } else { 1 };
                let group = random.of(&self.groups);
                for _ in 0..times {
                    let inside = std::mem::replace(&mut level[at], placeholder(group));
                    level[at].inside = Some(vec![inside]);
                }
            }
            5 => level[at].key = random.of(&self.keys),
            6 => level[at].key = random.of(&self.keys) & 0xffff_ffff | node.key & !0xffff_ffff,
            7 => level[at].key = node.key & 0xffff_ffff | (random.of(&[0, 10_415, 13_019, 99_999u64]) << 32),
            8 => level[at].flags = random.of(&[0, 0x40, 0x20, 0x60, 0x1f, 0xff]),
            9 => (level[at].data, level[at].inside) = (random.octets(40), None),
            10 => {
                let value = random.of(&EDGES).to_be_bytes();
                (level[at].data, level[at].inside) = (value[..1 + random.below(4)].to_vec(), None);
            }
            _ => level[at].inside = Some(Vec::new()),
        }
    }
}

fn placeholder(key: u64) -> Node {
    Node { key, flags: 0x40, data: Vec::new(), inside: None }
}

fn nodes(avps: Avps<'_>) -> Vec<Node> {
    let node = |avp: rxgate::wire::Avp<'_>| {
        let inside = dict::is_grouped(avp.key()).then(|| nodes(avp.children()));
        let data = if inside.is_some() { Vec::new() } else { avp.data().to_vec() };
        Node { key: avp.key(), flags: avp.flags().0, data, inside }
    };
    avps.iter().map(node).collect()
}

/// The message's level, or with even chances that of a group in it, and so on.
fn some_level<'n>(level: &'n mut Vec<Node>, random: &mut Random) -> &'n mut Vec<Node> {
    let groups: Vec<usize> = (0..level.len()).filter(|at| level[*at].inside.is_some()).collect();
    if groups.is_empty() || random.one_in(2) {
        return level;
    }
    let group = random.of(&groups);
    match &mut level[group].inside {
        Some(inside) => some_level(inside, random),
        None => unreachable!("only groups were chosen"),
    }
}

fn put(node: &Node, out: &mut Vec<u8>) {
    let (start, vendor) = (out.len(), (node.key >> 32) as u32);
    out.extend((node.key as u32).to_be_bytes());
    out.extend([node.flags & 0x7f | if vendor == 0 { 0 } else { 0x80 }, 0, 0, 0]);
    if vendor != 0 {
        out.extend(vendor.to_be_bytes());
    }
    out.extend(&node.data);
    for node in node.inside.iter().flatten() {
        put(node, out);
    }
    let length = (out.len() - start) as u32;
    out[start + 5..start + 8].copy_from_slice(&length.to_be_bytes()[1..]);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// Makes Message Length that of the octets.
fn write_length(octets: &mut [u8]) {
    let length = (octets.len() as u32).to_be_bytes();
    if let Some(field) = octets.get_mut(1..4) {
        field.copy_from_slice(&length[1..]);
    }
}

/// Changes octets without regard to what they mean, or the header of an AVP.
fn change_octets(octets: &mut Vec<u8>, random: &mut Random) {
    let length = octets.len();
    match random.below(10) {
        0 | 1 => set(octets, random.below(length), |octet| octet ^ 1 << random.below(8)),
        2 => set(octets, random.below(length), |_| random.of(&[0, 1, 3, 0x7f, 0x80, 0xc0, 0xff])),
        3 => write(octets, random.below(length) & !3, &random.of(&EDGES).to_be_bytes()),
        4 => write(octets, 1, &random.of(&EDGES).to_be_bytes()[1..]),
        5 => {
            let start = some_avp(octets, random);
            let old = octets
                .get(start + 5..start + 8)
                .map_or(0, |field| field.iter().fold(0u32, |length, octet| length << 8 | u32::from(*octet)));
            let new = match random.below(3) {
                0 => random.of(&EDGES),
                1 => old.wrapping_add(random.below(9) as u32).wrapping_sub(4),
                _ => random.below(length) as u32,
            };
            write(octets, start + 5, &new.to_be_bytes()[1..]);
        }
        6 => {
            let start = some_avp(octets, random);
            set(octets, start + 4, |flags| random.of(&[flags ^ 0x80, flags ^ 0x40, flags ^ 0x20, 0, 0xff]));
        }
        7 => {
            let start = some_avp(octets, random);
            set(octets, start + random.below(12), |octet| octet ^ 1 << random.below(8));
        }
        8 => {
            octets.truncate(random.below(length));
            settle(octets, random);
        }
        _ => {
            let more = random.octets(64);
            let at = if random.one_in(2) { length } else { random.below(length) };
            octets.splice(at..at, more);
            settle(octets, random);
        }
    }
}

/// After octets came or went: mostly the length is made right, and a multiple of four.
fn settle(octets: &mut Vec<u8>, random: &mut Random) {
    if !random.one_in(4) {
        octets.truncate(octets.len() & !3);
    }
    if !random.one_in(4) {
        write_length(octets);
    }
}

/// Where one of the AVPs begins that the octets hold on their first two levels.
fn some_avp(octets: &[u8], random: &mut Random) -> usize {
    let mut starts = Vec::new();
    let position = |data: &[u8]| data.as_ptr().addr() - octets.as_ptr().addr();
    for avp in walk(octets.get(20..).unwrap_or_default()) {
        let header = if avp.flags.0 & 0x80 == 0 { 8 } else { 12 };
        starts.push(position(avp.data).saturating_sub(header));
        let mut inside = walk(avp.data).peekable();
        if inside.peek().is_some() {
            starts.push(position(avp.data));
        }
        starts.extend(inside.map(|avp| position(avp.data).saturating_sub(8)));
    }
    if starts.is_empty() { 20 } else { random.of(&starts) }
}

fn set(octets: &mut [u8], at: usize, new: impl FnOnce(u8) -> u8) {
    if let Some(octet) = octets.get_mut(at) {
        *octet = new(*octet);
    }
}

fn write(octets: &mut [u8], at: usize, new: &[u8]) {
    if let Some(field) = octets.get_mut(at..at + new.len()) {
        field.copy_from_slice(new);
    }
}
