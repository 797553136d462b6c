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

/// What makes the other form.
const CHECK: u64 = 0x7278_6761_7465_0001;

/// What the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Nothing: it is empty, or was not there.
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
        let mut found = None;
        for slot in 0..2 {
            let mut octets = [0; SLOT];
            match file.read_exact_at(&mut octets, slot * SLOT as u64) {
                Ok(()) => found = found.max(read(octets)),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
                Err(error) => return Err(error),
            }
        }
        let written = match found {
            Some(number) => Written::Number(number),
            None if file.metadata()?.len() == 0 => Written::Nothing,
            None => Written::Unreadable,
        };
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
