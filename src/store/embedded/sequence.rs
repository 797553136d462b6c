//! The number of the last commit, in a small file beside the database.
//!
//! The database takes damage in the middle of its journal for the torn end of it, and forgets what came after
//! without a word. So every commit has a number in the database, and once it is on the disk, the number is written
//! here as well: a database that has a lower number than this file has lost something.
//!
//! The file is written with every group of commits, and synced every second: what a process leaves behind that is
//! killed is exact, what a power failure leaves behind is at most a second old.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

/// Name of the file.
pub(super) const NAME: &str = "commits";

/// Octets of a slot: a number, and the same number in another form.
const SLOT: usize = 16;

/// Where they are.
const PLACES: [u64; 2] = [0, SLOT as u64];

/// What makes the other form.
const CHECK: u64 = 0x7278_6761_7465_0001;

/// What the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Nothing: it is empty, or has only a part of its first number, or was not there.
    Nothing,
    /// Nothing that can be read.
    Unreadable,
    /// The number of the last commit; zero before the first one.
    Number(u64),
}

/// The file. Two slots are written in turn, so that a torn write leaves the number before.
#[derive(Debug)]
pub(super) struct Sequence(File);

impl Sequence {
    /// Opens the file in this directory, or makes it. Locks it, or fails with [`io::ErrorKind::WouldBlock`].
    pub fn open(directory: &Path) -> io::Result<(Self, Written)> {
        let path = directory.join(NAME);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.try_lock().map_err(io::Error::from)?;
        let mut slots = [None; 2];
        for (found, at) in slots.iter_mut().zip(PLACES) {
            let mut octets = [0; SLOT];
            match file.read_exact_at(&mut octets, at) {
                Ok(()) => *found = read(octets),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
                Err(error) => return Err(error),
            }
        }
        let written = match slots.into_iter().max().flatten() {
            Some(number) => Written::Number(number),
            None if is_beginning(&file)? => Written::Nothing,
            None => Written::Unreadable,
        };
        // The next number may go where the only good one is: a torn write would leave none.
        if let Written::Number(number) = written
            && let Some((_, at)) = slots.iter().zip(PLACES).find(|(found, _)| found.is_none())
        {
            file.write_all_at(&slot(number), at)?;
            file.sync_data()?;
        }
        Ok((Self(file), written))
    }

    /// Writes the number of a commit that is on the disk.
    pub fn write(&self, number: u64) -> io::Result<()> {
        self.0.write_all_at(&slot(number), (number % 2) * SLOT as u64)
    }

    /// Makes it durable.
    pub fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    /// Begins with this number, whatever stood there, and makes that durable.
    pub fn begin(&self, number: u64) -> io::Result<()> {
        self.0.write_all_at(&slot(number).repeat(2), 0)?;
        self.sync()
    }
}

/// Whether it has nothing but a part of what [`Sequence::begin`] writes first, before there is a database.
fn is_beginning(file: &File) -> io::Result<bool> {
    let begun = slot(0).repeat(2);
    let length = file.metadata()?.len();
    let Some(begun) = usize::try_from(length).ok().and_then(|length| begun.get(..length)) else {
        return Ok(false);
    };
    let mut found = vec![0; begun.len()];
    file.read_exact_at(&mut found, 0)?;
    let same = found.iter().zip(begun).take_while(|(found, begun)| found == begun).count();
    // Octets that did not get there are zeros, if the file has room for them.
    Ok(found.iter().skip(same).all(|octet| *octet == 0))
}

fn slot(number: u64) -> [u8; SLOT] {
    let mut octets = [0; SLOT];
    let (first, second) = octets.split_at_mut(8);
    first.copy_from_slice(&number.to_be_bytes());
    second.copy_from_slice(&(number ^ CHECK).to_be_bytes());
    octets
}

fn read(octets: [u8; SLOT]) -> Option<u64> {
    let (number, check) = (octets.first_chunk::<8>()?, octets.last_chunk::<8>()?);
    let number = u64::from_be_bytes(*number);
    (u64::from_be_bytes(*check) == number ^ CHECK).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a directory of its own, which is gone afterwards.
    fn in_a_directory(name: &str, what: impl FnOnce(&Path)) {
        let directory = std::env::temp_dir().join(format!("rxgate-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        what(&directory);
        std::fs::remove_dir_all(directory).unwrap();
    }

    fn tear(directory: &Path, at: u64) {
        let file = OpenOptions::new().write(true).open(directory.join(NAME)).unwrap();
        file.write_all_at(&[0xff; 5], at).unwrap();
    }

    fn found(directory: &Path) -> Written {
        Sequence::open(directory).unwrap().1
    }

    #[test]
    fn one_torn_write_after_the_other_leaves_a_number() {
        in_a_directory("torn", |directory| {
            let (sequence, written) = Sequence::open(directory).unwrap();
            assert_eq!(written, Written::Nothing);
            sequence.begin(0).unwrap();
            (1..=7).for_each(|number| sequence.write(number).unwrap());
            drop(sequence);
            assert_eq!(found(directory), Written::Number(7));
            for [newer, older] in [PLACES, [PLACES[1], PLACES[0]]] {
                tear(directory, newer);
                let number = found(directory);
                assert!(matches!(number, Written::Number(6 | 7)), "{number:?}");
                tear(directory, older);
                assert_eq!(found(directory), number);
            }
            PLACES.into_iter().for_each(|at| tear(directory, at));
            assert_eq!(found(directory), Written::Unreadable);
        });
    }

    #[test]
    fn a_torn_beginning_is_a_beginning() {
        in_a_directory("begun", |directory| {
            let whole = slot(0).repeat(2);
            for (length, written) in [
                (0, Written::Nothing),
                (SLOT - 1, Written::Nothing),
                (SLOT, Written::Number(0)),
                (2 * SLOT - 1, Written::Number(0)),
                (2 * SLOT, Written::Number(0)),
            ] {
                std::fs::write(directory.join(NAME), &whole[..length]).unwrap();
                assert_eq!(found(directory), written, "{length}");
            }
            for (octets, written) in [
                (&[0; 2 * SLOT][..], Written::Nothing),
                (&[&whole[..12], &[0; 20]].concat(), Written::Nothing),
                (&[0; 2 * SLOT + 1], Written::Unreadable),
                (&[7; 5], Written::Unreadable),
                (&[&whole[..12], &[7; 1]].concat(), Written::Unreadable),
            ] {
                std::fs::write(directory.join(NAME), octets).unwrap();
                assert_eq!(found(directory), written, "{octets:?}");
            }
        });
    }
}
