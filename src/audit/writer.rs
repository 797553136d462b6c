//! The thread that writes: it numbers and chains the lines, and goes on where the file ends.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions, TryLockError},
    io::Write,
    iter, mem,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use tracing::{error, info, warn};

use super::{
    Entry, Head, Mark,
    entry::What,
    fold::Folds,
    log::{AuditError, State},
    tail::Tail,
};

/// Most lines that are written at once.
const BATCH: usize = 512;

/// How much a power failure may take: what is older is on the disk.
const SYNC: Duration = Duration::from_secs(1);

/// How long a disk that took nothing is left alone.
const RETRY: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    path: PathBuf,
    file: File,
    /// Something went wrong, and what is in the file since then could not be read: nothing is written before it is.
    unclear: bool,
    /// The last line that is written.
    head: Head,
    /// Lines that are to be written next.
    due: VecDeque<Entry>,
    /// The end of the last line is not in the file.
    unfinished: bool,
    folds: Folds,
    /// Lost lines that the file tells of.
    told: u64,
    /// Since when something is written that may not be on the disk.
    unsynced: Option<Instant>,
    state: Arc<State>,
}

impl Writer {
    /// Goes on where the file ends.
    pub fn open(path: PathBuf, state: Arc<State>) -> Result<Self, AuditError> {
        let (file, tail) = open(&path)?;
        let mut writer = Self {
            path,
            file,
            unclear: false,
            head: tail.head.unwrap_or(Head::NONE),
            due: VecDeque::new(),
            unfinished: tail.unfinished,
            folds: Folds::default(),
            told: 0,
            unsynced: None,
            state,
        };
        writer.tell_behind(tail.mark());
        writer.due.push_back(Entry::now(Mark::Start { version: env!("CARGO_PKG_VERSION") }));
        match writer.head == Head::NONE {
            true => info!(path = %writer.path.display(), "a new audit log begins"),
            false => writer.log_head("the audit log goes on after this line"),
        }
        Ok(writer)
    }

    /// Whether there was nothing in the file that was opened: no line, and no piece of one. What is no ordinary file
    /// never tells.
    pub fn is_new(&self) -> bool {
        let is_file = self.file.metadata().is_ok_and(|found| found.is_file());
        self.head == Head::NONE && self.behind().is_none() && is_file
    }

    /// Writes until there is nobody left who could have something to write.
    pub fn run(mut self, entries: &Receiver<Entry>) {
        self.write();
        loop {
            let now = Instant::now();
            let synced_in = self.unsynced.map(|since| (since + SYNC).saturating_duration_since(now));
            let first = match self.folds.due_in(now).into_iter().chain(synced_in).min() {
                Some(wait) => entries.recv_timeout(wait),
                None => entries.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let now = Instant::now();
            match first {
                Ok(first) => {
                    for entry in iter::once(first).chain(entries.try_iter()).take(BATCH) {
                        self.due.extend(self.folds.take(entry, now));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.folds.due_in(now) == Some(Duration::ZERO) {
                self.due.extend(self.folds.end());
            }
            self.write();
            if self.unsynced.is_some_and(|since| now.saturating_duration_since(since) >= SYNC) {
                self.sync();
            }
        }
        self.due.extend(self.folds.end());
        self.due.push_back(Entry::now(Mark::Stop));
        self.write();
        self.sync();
        self.log_head("the audit log ends with this line");
        // Closing is not enough while a process that is being started has a copy of the descriptor.
        _ = self.file.unlock();
    }

    /// Writes what is due, as often as it takes; at the end only once.
    fn write(&mut self) {
        loop {
            let Err(error) = self.try_to_write() else {
                if self.state.failing.swap(false, Ordering::Relaxed) {
                    info!(lost = self.told, "the audit log is written again");
                }
                return;
            };
            if !self.state.failing.swap(true, Ordering::Relaxed) {
                let path = self.path.display();
                error!(%path, %error, "the audit log cannot be written: its lines wait, then are lost");
            }
            if self.state.closing.load(Ordering::Acquire) {
                let left = mem::take(&mut self.due).into_iter();
                let left = left.filter(|entry| matches!(entry.what, What::Operation(_))).count();
                let left = u64::try_from(left).unwrap_or(u64::MAX);
                let lost = self.state.lost.fetch_add(left, Ordering::Relaxed) + left;
                error!(lost, "the audit log ends without lines that could not be written");
                return;
            }
            thread::park_timeout(RETRY);
        }
    }

    /// Writes what is due. After a failure only what is not in the file is due still.
    fn try_to_write(&mut self) -> Result<(), AuditError> {
        self.follow_path()?;
        if self.unclear {
            // It may be readable only if it is opened again, by whatever file is there then.
            self.look_what_is_there().inspect_err(|_| self.state.reopen.store(true, Ordering::Release))?;
        }
        let lost = self.state.lost.load(Ordering::Relaxed);
        if let Some(count) = lost.checked_sub(self.told).filter(|count| *count > 0) {
            self.due.push_back(Entry::now(Mark::Lost { count }));
            self.told = lost;
        }
        if self.due.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        if self.unfinished {
            text.push('\n');
        }
        let mut head = self.head;
        self.due.iter().for_each(|entry| head.append(entry, &mut text));
        if let Err(error) = self.file.write_all(text.as_bytes()) {
            self.unclear = true;
            // What comes of it shows the next time.
            _ = self.look_what_is_there();
            return Err(AuditError::Io { file: self.path.clone(), error });
        }
        self.unfinished = false;
        self.unsynced.get_or_insert_with(Instant::now);
        self.is_written(self.due.len(), head);
        Ok(())
    }

    fn is_written(&mut self, lines: usize, head: Head) {
        self.due.drain(..lines);
        self.head = head;
        self.state.seq.store(head.seq, Ordering::Relaxed);
        self.state.written.fetch_add(u64::try_from(lines).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// After a write that failed: some lines may be in the file, and a piece of the next.
    fn look_what_is_there(&mut self) -> Result<(), AuditError> {
        let tail = tail_of(&self.file, &self.path)?;
        let lines = tail.head.map_or(0, |head| head.seq.saturating_sub(self.head.seq));
        if let (Some(head), Ok(lines)) = (tail.head, usize::try_from(lines))
            && (1..=self.due.len()).contains(&lines)
        {
            self.is_written(lines, head);
        }
        self.tell_behind(tail.mark());
        (self.unfinished, self.unclear) = (tail.unfinished, false);
        Ok(())
    }

    /// Makes sure that the file is the one of that name if it was moved away.
    fn follow_path(&mut self) -> Result<(), AuditError> {
        if !self.state.reopen.load(Ordering::Acquire) {
            return Ok(());
        }
        if is_at(&self.file, &self.path) {
            self.state.reopen.store(false, Ordering::Release);
            return Ok(());
        }
        let (file, tail) = open(&self.path)?;
        self.sync();
        if self.unclear && self.look_what_is_there().is_err() {
            let path = self.path.display();
            warn!(%path, "the end of the file before cannot be read: its last lines may stand in the new one, too");
        }
        self.log_head("the audit log goes on in a new file after this line");
        if tail.head.is_some() {
            let path = self.path.display();
            warn!(%path, "that file is not empty: it is not the beginning of what follows");
        }
        (self.file, self.unfinished, self.unclear) = (file, tail.unfinished, false);
        // A piece at the end of the old file is told of before anything else.
        let behind = tail.mark().or(self.behind());
        self.tell_behind(None);
        self.due.push_front(Entry::now(Mark::Rotate));
        self.tell_behind(behind);
        self.state.reopen.store(false, Ordering::Release);
        Ok(())
    }

    /// What the next line will tell of, if that is what stands before it.
    fn behind(&self) -> Option<Mark> {
        match &self.due.front()?.what {
            What::Mark(mark @ (Mark::Torn { .. } | Mark::Altered { .. })) => Some(mark.clone()),
            _ => None,
        }
    }

    /// What stands at the end of the file and is no line: the next line tells of it.
    fn tell_behind(&mut self, mark: Option<Mark>) {
        let before = self.behind();
        if before == mark {
            return;
        }
        if before.is_some() {
            self.due.pop_front();
        }
        let Some(mark) = mark else { return };
        let path = self.path.display();
        if let Mark::Altered { octets, .. } = mark {
            error!(
                %path, octets,
                "the end of the audit log was changed: a line there is whole and not as it was written. It stays, and \
                 the next line says so; `rxgate audit verify` shows which it is"
            );
        } else {
            warn!(%path, "the audit log was cut off within a line, which stays: the next line says so");
        }
        self.due.push_front(Entry::now(mark));
    }

    fn sync(&mut self) {
        if self.unsynced.take().is_none() {
            return;
        }
        if let Err(error) = self.file.sync_data() {
            error!(path = %self.path.display(), %error, "the disk may not have the last lines of the audit log");
        }
        if self.file.metadata().is_ok_and(|found| found.is_file() && found.nlink() == 0) {
            error!(path = %self.path.display(), "the audit log was deleted: it goes on in a new file");
            self.state.reopen.store(true, Ordering::Release);
        }
    }

    /// Says where the chain stands, where nobody who can write the file can change it.
    fn log_head(&self, what: &str) {
        info!(path = %self.path.display(), seq = self.head.seq, hash = %self.head.hash, "{what}");
    }
}

/// Opens a file to append to, and says how it ends. Nobody else may write it.
fn open(path: &Path) -> Result<(File, Tail), AuditError> {
    let io = |error| AuditError::Io { file: path.to_owned(), error };
    // Readable for the group: whoever collects it need not be root, and it is nobody else's concern.
    let file = OpenOptions::new().read(true).append(true).create(true).mode(0o640).open(path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(AuditError::Locked { file: path.to_owned() }),
        Err(TryLockError::Error(error)) => return Err(io(error)),
    }
    let tail = tail_of(&file, path)?;
    Ok((file, tail))
}

fn tail_of(file: &File, path: &Path) -> Result<Tail, AuditError> {
    let tail = Tail::of(file).map_err(|error| AuditError::Io { file: path.to_owned(), error })?;
    tail.map_err(|why| AuditError::Foreign { file: path.to_owned(), why })
}

/// Whether it is the file of that name.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Source, verify};

    #[test]
    fn what_is_in_the_file_after_a_write_that_failed_is_not_written_again() {
        let path = std::env::temp_dir().join(format!("rxgate-audit-writer-{}.jsonl", std::process::id()));
        _ = fs::remove_file(&path);
        let mut writer = Writer::open(path.clone(), Arc::default()).unwrap();
        writer.try_to_write().unwrap();
        writer.due.extend((1..=3).map(|count| Entry::now(Mark::Lost { count })));
        let (head, mut due) = (writer.head, writer.due.clone());
        writer.try_to_write().unwrap();
        let written = writer.head;
        // As if the write had failed after all of that, and nobody could look; and one more waits.
        due.push_back(Entry::now(Mark::Stop));
        (writer.head, writer.due, writer.unclear) = (head, due, true);
        writer.try_to_write().unwrap();
        assert_eq!((writer.head.seq, writer.due.len()), (written.seq + 1, 0));
        let content = Box::new(std::io::Cursor::new(fs::read(&path).unwrap()));
        let report = verify([Source { name: "log".into(), content }], &[written.hash]);
        assert!(report.is_whole() && report.lines == 5, "{report:?}");
        fs::remove_file(path).unwrap();
    }
}
