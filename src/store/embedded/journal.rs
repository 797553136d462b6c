//! The database's journals, read before the database does.
//!
//! The database (fjall 3) takes whatever it cannot read for the end of a journal and cuts it off there, and has no
//! check of a batch's number, which decides what is newer. And it refuses what a power failure may leave: parts of
//! the last batch in any order. So its journals are looked at first. Only one batch at a time is not synced: if
//! nothing whole follows what cannot be read, it was that one, nobody was told of it, and it is cut off; if something
//! whole follows, a commit that was confirmed is damaged.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{SeekFrom, seek},
    io::Errno,
};
use tracing::warn;
use xxhash_rust::xxh3::Xxh3;

use super::writer::LAST;

/// First octet of a batch: then how many items (4 octets), and its number (8), all numbers little-endian.
const START: u8 = 1;

/// First octet of an item: then its kind and its compression (1 each), its part (8), the lengths of its key (2), of
/// its value (4) and of its value as it stands here (4), both.
const ITEM: u8 = 2;

/// First octet of a batch's end: then a checksum of its items (8), and [`TRAILER`].
const END: u8 = 3;

/// First octet of the order to empty a part: then which one (8).
const CLEAR: u8 = 4;

const TRAILER: &[u8] = b"FJL\x03";

/// What was found in the journals.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Number of the last commit in them, if there is one.
    pub commit: Option<u64>,
    /// What cannot be read at the end of the last one.
    pub tail: Option<Tail>,
    /// Where the last batch stands, and its octets.
    batch: Option<(PathBuf, u64, Vec<u8>)>,
}

/// The end of the last journal, from where it cannot be read.
#[derive(Debug)]
pub(super) struct Tail {
    pub journal: PathBuf,
    /// Octets before it.
    pub at: u64,
    /// Its octets, without zeros behind.
    pub octets: usize,
    /// Something whole comes after it: this is damage, not a batch that was being written.
    pub is_followed: bool,
}

/// Why journals cannot be used.
#[derive(Debug)]
pub(super) enum JournalError {
    Io(io::Error),
    /// What is wrong, for people.
    Damaged(String),
}

impl From<io::Error> for JournalError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Found {
    /// Writes the last batch once more: if the sync failed that was to bring it to the disk, the system has it in
    /// memory, shows it, and never tries again.
    pub fn write_again(&self) -> io::Result<()> {
        let Some((journal, at, octets)) = &self.batch else { return Ok(()) };
        let file = OpenOptions::new().write(true).open(journal)?;
        file.write_all_at(octets, *at)?;
        file.sync_data()
    }
}

impl Tail {
    /// What is wrong, for people.
    pub fn reason(&self) -> String {
        damage(&self.journal, self.at)
    }

    /// Cuts it off.
    pub fn cut(&self) -> io::Result<()> {
        warn!(
            journal = %self.journal.display(),
            at = self.at,
            octets = self.octets,
            "the end of a journal that cannot be read is cut off"
        );
        let file = OpenOptions::new().write(true).open(&self.journal)?;
        file.set_len(self.at)?;
        file.sync_all()
    }

    /// Keeps a copy of the journal.
    pub fn keep(&self, to: &Path) -> io::Result<()> {
        fs::copy(&self.journal, to)?;
        File::open(to)?.sync_all()
    }
}

fn damage(file: &Path, at: u64) -> String {
    format!("{}: what stands from octet {at} on cannot be read", file.display())
}

/// Reads all journals of a database.
pub(super) fn look(database: &Path) -> Result<Found, JournalError> {
    let mut journals = Vec::new();
    for entry in fs::read_dir(database)? {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
        if let Some(number) = number.filter(|_| path.extension().is_some_and(|it| it == "jnl")) {
            journals.push((number, path));
        }
    }
    journals.sort();
    let (mut found, mut newest) = (Found::default(), None);
    let last = journals.len().saturating_sub(1);
    for (index, (_, journal)) in journals.into_iter().enumerate() {
        let octets = read(&journal)?;
        let (mut at, mut last_batch) = (0, None);
        while let Some(batch) = Batch::read(&octets, at, newest) {
            last_batch = Some(at..batch.end);
            (at, newest) = (batch.end, Some(batch.number));
            found.commit = batch.commit.or(found.commit);
        }
        if let Some(range) = last_batch.filter(|_| index == last) {
            let batch = octets.get(range.clone()).unwrap_or_default();
            found.batch = Some((journal.clone(), range.start as u64, batch.to_vec()));
        }
        let tail = octets.get(at..).unwrap_or_default();
        let used = tail.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
        if used > 0 && index < last {
            return Err(JournalError::Damaged(damage(&journal, at as u64)));
        }
        if used > 0 {
            let is_followed = (at + 1..octets.len()).any(|from| Batch::read(&octets, from, newest).is_some());
            found.tail = Some(Tail { journal, at: at as u64, octets: used, is_followed });
        }
    }
    Ok(found)
}

/// A file up to where there is nothing but a hole: journals are made longer than what is in them.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut end = 0;
    loop {
        match seek(&file, SeekFrom::Data(end)) {
            Ok(data) => end = seek(&file, SeekFrom::Hole(data))?,
            Err(Errno::NXIO) => break,
            Err(_) => {
                end = file.metadata()?.len();
                break;
            }
        }
    }
    let mut octets = vec![0; usize::try_from(end).map_err(io::Error::other)?];
    file.read_exact_at(&mut octets, 0)?;
    Ok(octets)
}

/// A whole batch.
struct Batch {
    /// Where it ends.
    end: usize,
    /// Its number in the database.
    number: u64,
    /// The number of the commit, if it is one of the store's.
    commit: Option<u64>,
}

impl Batch {
    /// The batch that begins here, if all of it is as it was written, and it is newer than `newest`.
    fn read(octets: &[u8], at: usize, newest: Option<u64>) -> Option<Self> {
        let mut rest = octets.get(at..)?;
        let &[START] = take(&mut rest)? else { return None };
        let items = u32::from_le_bytes(*take(&mut rest)?);
        let number = u64::from_le_bytes(*take(&mut rest)?);
        if newest.is_some_and(|newest| number <= newest) {
            return None;
        }
        let (mut checksum, mut commit) = (Xxh3::new(), None);
        for _ in 0..items {
            let from = rest;
            match *take(&mut rest)? {
                [ITEM] => {
                    let [_kind, _compression] = take(&mut rest)?;
                    let _part: &[u8; 8] = take(&mut rest)?;
                    let key = u16::from_le_bytes(*take(&mut rest)?);
                    let _value: &[u8; 4] = take(&mut rest)?;
                    let value = u32::from_le_bytes(*take(&mut rest)?);
                    let key = rest.split_off(..usize::from(key))?;
                    let value = rest.split_off(..usize::try_from(value).ok()?)?;
                    let number = value.first_chunk().filter(|_| key == LAST);
                    commit = number.map(|number| u64::from_be_bytes(*number)).or(commit);
                }
                [CLEAR] => {
                    let _part: &[u8; 8] = take(&mut rest)?;
                }
                _ => return None,
            }
            checksum.update(from.get(..from.len() - rest.len())?);
        }
        let &[END] = take(&mut rest)? else { return None };
        let is_whole = u64::from_le_bytes(*take(&mut rest)?) == checksum.digest();
        (is_whole && rest.starts_with(TRAILER)).then(|| Self {
            end: octets.len() - rest.len() + TRAILER.len(),
            number,
            commit,
        })
    }
}

/// Takes so many octets off the front.
fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (first, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(first)
}
