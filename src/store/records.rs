//! The file of records: one line for each session that is over.
//!
//! A thread of its own writes; whoever has a record never waits for the disk. What finds no room, or cannot be
//! written, is lost, counted and logged: sessions go on without records rather than the other way round.

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Write},
    mem,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::Receiver,
    },
};

use tracing::{error, info};

use crate::{
    handover::Handover,
    metrics::{Collect, Page},
    session::{Ledger, SessionRecord},
};

/// Most records that wait for the disk.
const MAX_WAITING: usize = 10_000;

/// Most octets that are written at once, about.
const BATCH: usize = 256 * 1024;

/// Records are appended to a file, until it is [closed](Self::close).
#[derive(Debug)]
pub struct RecordFile {
    writer: Handover<SessionRecord>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Its file was moved away: the next record goes to a new one.
    reopen: AtomicBool,
    written: AtomicU64,
    lost: AtomicU64,
    /// The last one found no room: that is logged once.
    crowded: AtomicBool,
}

impl RecordFile {
    /// Appends to this file, which is made if it is not there. `end_user`: with whose traffic it was.
    pub fn open(path: PathBuf, end_user: bool) -> io::Result<Self> {
        let state = Arc::<State>::default();
        let file = Some(append(&path)?);
        let writer = Writer { path, file, end_user, state: Arc::clone(&state), failing: false };
        let writer = Handover::start("records", MAX_WAITING, move |records| writer.run(records))?;
        Ok(Self { writer, state })
    }

    /// What is written from now on goes to the file of that name, which may be another one than before.
    pub fn reopen(&self) {
        self.state.reopen.store(true, Ordering::Release);
    }

    /// Takes no more, and returns when everything is written. Blocks.
    pub fn close(&self) {
        self.writer.close();
    }
}

impl Ledger for RecordFile {
    fn completed(&self, record: SessionRecord) {
        if self.writer.offer(record) {
            self.state.crowded.store(false, Ordering::Relaxed);
        } else {
            let lost = self.state.lost.fetch_add(1, Ordering::Relaxed) + 1;
            if !self.state.crowded.swap(true, Ordering::Relaxed) {
                error!(lost, "records of sessions find no room, and are lost: their disk is too slow");
            }
        }
    }
}

impl Collect for RecordFile {
    fn collect(&self, page: &mut Page) {
        page.counter("rxgate_records_written_total", "Records of sessions that were written.")
            .sample(&[], self.state.written.load(Ordering::Relaxed));
        page.counter("rxgate_records_lost_total", "Records that found no room or could not be written.")
            .sample(&[], self.state.lost.load(Ordering::Relaxed));
    }
}

/// Opens it so that what is written next begins a line, even if the last one was cut off.
fn append(path: &PathBuf) -> io::Result<File> {
    // Readable for the group: whoever collects it need not be root, and it is nobody else's concern.
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o640).open(path)?;
    // What is no ordinary file, such as a pipe, has no last line.
    let octets = Some(file.metadata()?).filter(Metadata::is_file).map_or(0, |found| found.len());
    if let Some(last) = octets.checked_sub(1) {
        let mut end = [0];
        file.read_exact_at(&mut end, last)?;
        if end != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

struct Writer {
    path: PathBuf,
    /// `None`: it could not be opened, and is tried again with the next record.
    file: Option<File>,
    end_user: bool,
    state: Arc<State>,
    failing: bool,
}

impl Writer {
    fn run(mut self, records: &Receiver<SessionRecord>) {
        let mut lines = String::new();
        while let Ok(record) = records.recv() {
            let mut count = 0;
            let more = std::iter::from_fn(|| records.try_recv().ok());
            for record in std::iter::once(record).chain(more) {
                lines.push_str(&record.to_json(self.end_user));
                lines.push('\n');
                count += 1;
                if lines.len() >= BATCH {
                    break;
                }
            }
            self.write(mem::take(&mut lines), count);
        }
    }

    fn write(&mut self, lines: String, count: u64) {
        let written = self.file().and_then(|file| file.write_all(lines.as_bytes()));
        match written {
            Ok(()) => {
                self.state.written.fetch_add(count, Ordering::Relaxed);
                if mem::take(&mut self.failing) {
                    info!(lost = self.state.lost.load(Ordering::Relaxed), "records are written again");
                }
            }
            Err(error) => {
                // With the file goes what was cut off in it: the next line begins on its own.
                self.file = None;
                self.state.lost.fetch_add(count, Ordering::Relaxed);
                if !mem::replace(&mut self.failing, true) {
                    error!(path = %self.path.display(), %error, "records of sessions cannot be written, and are lost");
                }
            }
        }
    }

    /// The file to write to.
    fn file(&mut self) -> io::Result<&mut File> {
        if self.state.reopen.swap(false, Ordering::AcqRel) {
            self.file = None;
        }
        if self.file.is_none() {
            self.file = Some(append(&self.path)?);
        }
        self.file.as_mut().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, time::UNIX_EPOCH};

    use super::*;

    fn record(id: &str) -> SessionRecord {
        SessionRecord {
            id: id.into(),
            rx_session: "rx;1".into(),
            owner: None,
            end_user: "tel:+491".into(),
            asked: UNIX_EPOCH,
            granted: None,
            ended: UNIX_EPOCH,
            reason: "removed".into(),
            closed: UNIX_EPOCH,
            pcrf: None,
            media: Vec::new(),
            modifications: 0,
            access: [None, None],
        }
    }

    fn ids(text: &str) -> Vec<String> {
        let id = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(line.get("end_user"), None);
            line["request_id"].as_str().unwrap().to_owned()
        };
        text.lines().map(id).collect()
    }

    #[test]
    fn records_are_appended_and_after_a_move_go_to_a_new_file() {
        let directory = std::env::temp_dir().join(format!("rxgate-records-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let (path, moved) = (directory.join("records.jsonl"), directory.join("records.jsonl.1"));
        let written = |ids: &[&str]| {
            let file = RecordFile::open(path.clone(), false).unwrap();
            ids.iter().for_each(|id| file.completed(record(id)));
            file.close();
            file.completed(record("too late"));
            assert_eq!(file.state.lost.load(Ordering::Relaxed), 1);
            file
        };
        written(&["1", "2"]);
        written(&["3"]);
        assert_eq!(ids(&fs::read_to_string(&path).unwrap()), ["1", "2", "3"]);

        let file = RecordFile::open(path.clone(), false).unwrap();
        fs::rename(&path, &moved).unwrap();
        file.reopen();
        file.completed(record("4"));
        file.close();
        assert_eq!(ids(&fs::read_to_string(&moved).unwrap()), ["1", "2", "3"]);
        assert_eq!(ids(&fs::read_to_string(&path).unwrap()), ["4"]);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_line_that_was_cut_off_takes_no_other_with_it() {
        let path = std::env::temp_dir().join(format!("rxgate-records-cut-{}", std::process::id()));
        fs::write(&path, "{\"request_id\":\"1\"}\n{\"reque").unwrap();
        let file = RecordFile::open(path.clone(), false).unwrap();
        file.completed(record("2"));
        file.close();
        let text = fs::read_to_string(&path).unwrap();
        let (cut_off, next) = text.split_once("{\"reque\n").unwrap();
        assert_eq!((ids(cut_off), ids(next)), (vec!["1".into()], vec!["2".into()]));
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_a_full_disk_does_not_take_is_counted() {
        let file = RecordFile::open("/dev/full".into(), false).unwrap();
        file.completed(record("1"));
        file.close();
        let (written, lost) = (&file.state.written, &file.state.lost);
        assert_eq!((written.load(Ordering::Relaxed), lost.load(Ordering::Relaxed)), (0, 1));
    }
}
