//! What a disk may hold after the power failed.
//!
//! What was synced is there: of a file its octets and its length (`fsync`, `fdatasync`), of a directory the names in
//! it (`fsync` of the directory; syncing a file does not keep its name, though ext4 would). Of the rest:
//!
//! - of the changes of names a beginning is there, in the order in which they were made: one order for all, as a
//!   journaling file system has it, or an order for each directory. A rename is there or it is not;
//! - of the writes to a file all, none, a beginning of which the last one is torn at any octet, or any sectors of
//!   512 octets or pages of 4096 in any order. What is missing below something that is there is zeros; the length
//!   may be there before the octets.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
};

use crate::{
    dice::Dice,
    folder::Folder,
    record::{Deed, Node, ROOT, Record, Step},
    work::TASKS,
};

/// What happens to writes that are not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// All of them are there: nothing but the process ended.
    Kept,
    Dropped,
    /// A beginning of them, the last torn.
    Torn,
    /// Any parts of this many octets.
    Scattered(u64),
}

/// A record, prepared for failures at any moment.
pub struct Disk {
    record: Record,
    /// For each step the line at which it is on the disk for sure.
    durable: Vec<usize>,
    /// Lines of the trace.
    pub lines: usize,
}

/// A failure.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// Line of the trace before which the power fails.
    pub at: usize,
    pub fate: Fate,
    /// Names change in one order for all directories.
    pub one_order: bool,
    /// The length of a file gets to the disk before what is in it.
    pub length_first: bool,
}

impl Failure {
    /// One that a seed decides on.
    pub fn new(disk: &Disk, dice: &mut Dice) -> Self {
        let fates = [
            Fate::Kept,
            Fate::Dropped,
            Fate::Torn,
            Fate::Torn,
            Fate::Scattered(512),
            Fate::Scattered(512),
            Fate::Scattered(4096),
        ];
        Self {
            at: 2 + usize::try_from(dice.below(disk.lines as u64)).unwrap(),
            fate: dice.one_of(&fates),
            one_order: dice.percent(50),
            length_first: dice.percent(30),
        }
    }
}

impl Disk {
    pub fn new(record: Record) -> Self {
        let lines = record.steps.iter().map(|step| step.end).max().unwrap_or(0);
        let mut syncs = vec![Vec::new(); record.directories.len()];
        let mut failed = syncs.clone();
        for step in &record.steps {
            match step.deed {
                Deed::Sync { node } => syncs[node].push((step.begin, step.end)),
                Deed::Unsynced { node } => failed[node].push((step.begin, step.end)),
                _ => {}
            }
        }
        let durable = |step: &Step| {
            let node = match &step.deed {
                Deed::Write { node, .. } | Deed::Length { node, .. } => *node,
                Deed::Name { directory, .. }
                | Deed::Unname { directory, .. }
                | Deed::Rename { directory, .. } => *directory,
                _ => return 0,
            };
            let first = |of: &[(usize, usize)]| {
                let after = of.iter().filter(|(begin, _)| *begin > step.end);
                after.map(|(_, end)| *end).min().unwrap_or(usize::MAX)
            };
            let (synced, failed) = (first(&syncs[node]), first(&failed[node]));
            // The kernel forgets what it could not write.
            if failed < synced { usize::MAX } else { synced }
        };
        let durable = record.steps.iter().map(durable).collect();
        Self { record, durable, lines }
    }

    /// How many commits of each task were acknowledged before a line.
    pub fn acknowledged(&self, line: usize) -> [u64; TASKS] {
        let mut acknowledged = [0; TASKS];
        for step in self.record.steps.iter().filter(|step| step.begin < line) {
            if let Deed::Acknowledged { task, number } = step.deed {
                acknowledged[task] = acknowledged[task].max(number);
            }
        }
        acknowledged
    }

    /// The deeds of one kind that had begun before the failure, and whether they are on the disk for sure.
    fn before<'a>(
        &'a self,
        failure: &'a Failure,
    ) -> impl DoubleEndedIterator<Item = (usize, &'a Deed, bool)> + 'a {
        let steps = self.record.steps.iter().zip(&self.durable).enumerate();
        steps
            .filter(|(_, (step, _))| step.begin < failure.at)
            .map(|(at, (step, durable))| (at, &step.deed, *durable < failure.at))
    }

    /// Makes the directory as the failure leaves it.
    pub fn after(&self, failure: &Failure, dice: &mut Dice, to: &Path) {
        let names = self.names(failure, dice);
        self.make(ROOT, &names, failure, dice, to);
    }

    /// The same in a directory that stays, for whoever wants to see what went wrong.
    pub fn keep(&self, failure: &Failure, dice: &Dice) -> String {
        let folder = Folder::new();
        self.after(failure, &mut dice.clone(), folder.path());
        let path = folder.path().display().to_string();
        std::mem::forget(folder);
        path
    }

    /// The names in each directory.
    fn names(&self, failure: &Failure, dice: &mut Dice) -> BTreeMap<Node, BTreeMap<String, Node>> {
        let directory = |deed: &Deed| match deed {
            Deed::Name { directory, .. }
            | Deed::Unname { directory, .. }
            | Deed::Rename { directory, .. } => Some(*directory),
            _ => None,
        };
        let mut changes: BTreeMap<Node, (Vec<usize>, usize)> = BTreeMap::new();
        for (at, deed, durable) in self.before(failure) {
            let Some(of) = directory(deed) else { continue };
            let (steps, sure) = changes.entry(if failure.one_order { ROOT } else { of }).or_default();
            steps.push(at);
            if durable {
                *sure = steps.len();
            }
        }
        let mut there = Vec::new();
        for (steps, sure) in changes.values() {
            let unsure = (steps.len() - sure) as u64;
            let more = match failure.fate {
                Fate::Kept => unsure,
                Fate::Dropped => 0,
                _ => dice.below(unsure + 1),
            };
            there.extend_from_slice(&steps[..sure + usize::try_from(more).unwrap()]);
        }
        there.sort_unstable();
        let mut names: BTreeMap<Node, BTreeMap<String, Node>> = BTreeMap::new();
        for step in there {
            match &self.record.steps[step].deed {
                Deed::Name { directory, name, node } => {
                    names.entry(*directory).or_default().insert(name.clone(), *node);
                }
                Deed::Unname { directory, name } => {
                    names.entry(*directory).or_default().remove(name);
                }
                Deed::Rename { directory, from, to, node } => {
                    let names = names.entry(*directory).or_default();
                    names.remove(from);
                    names.insert(to.clone(), *node);
                }
                _ => {}
            }
        }
        names
    }

    fn make(
        &self,
        directory: Node,
        names: &BTreeMap<Node, BTreeMap<String, Node>>,
        failure: &Failure,
        dice: &mut Dice,
        to: &Path,
    ) {
        fs::create_dir_all(to).unwrap();
        for (name, node) in names.get(&directory).into_iter().flatten() {
            let path = to.join(name);
            match self.record.directories[*node] {
                true => self.make(*node, names, failure, dice, &path),
                false => self.file(*node, failure, dice, &path),
            }
        }
    }

    fn file(&self, node: Node, failure: &Failure, dice: &mut Dice, path: &Path) {
        let file = File::create(path).unwrap();
        let of_file = self.before(failure).filter(|(_, deed, _)| match deed {
            Deed::Write { node: of, .. } | Deed::Length { node: of, .. } => *of == node,
            _ => false,
        });
        let of_file: Vec<_> = of_file.collect();
        let unsure = of_file.iter().filter(|(_, _, durable)| !durable).count() as u64;
        // How many whole writes are there of those that may be.
        let mut whole = match failure.fate {
            Fate::Torn => dice.below(unsure + 1),
            _ => 0,
        };
        let (mut torn, likely) = (false, dice.one_of(&[10, 50, 90]));
        for (_, deed, durable) in of_file {
            if durable || failure.fate == Fate::Kept {
                put(&file, deed);
                continue;
            }
            match (failure.fate, deed) {
                (Fate::Torn, _) if whole > 0 => {
                    put(&file, deed);
                    whole -= 1;
                }
                (Fate::Torn, Deed::Write { at, octets, .. }) if !torn => {
                    torn = true;
                    let length = usize::try_from(dice.below(octets.len() as u64)).unwrap();
                    file.write_all_at(&octets[..length], *at).unwrap();
                    lengthen(&file, failure, at + octets.len() as u64);
                }
                (Fate::Scattered(size), Deed::Write { at, octets, .. }) => {
                    scatter(&file, *at, octets, size, || dice.percent(likely));
                    lengthen(&file, failure, at + octets.len() as u64);
                }
                (Fate::Scattered(_), _) if dice.percent(likely) => put(&file, deed),
                (_, Deed::Write { at, octets, .. }) => lengthen(&file, failure, at + octets.len() as u64),
                _ => {}
            }
        }
    }
}

fn lengthen(file: &File, failure: &Failure, to: u64) {
    if failure.length_first && file.metadata().unwrap().len() < to {
        file.set_len(to).unwrap();
    }
}

fn put(file: &File, deed: &Deed) {
    match deed {
        Deed::Write { at, octets, .. } => file.write_all_at(octets, *at).unwrap(),
        Deed::Length { length, .. } => file.set_len(*length).unwrap(),
        _ => {}
    }
}

/// Writes some of the sectors that a write touches.
fn scatter(file: &File, at: u64, octets: &[u8], size: u64, mut is_there: impl FnMut() -> bool) {
    let mut from = 0;
    while from < octets.len() {
        let rest = size - (at + from as u64) % size;
        let to = octets.len().min(from + usize::try_from(rest).unwrap());
        if is_there() {
            file.write_all_at(&octets[from..to], at + from as u64).unwrap();
        }
        from = to;
    }
}
