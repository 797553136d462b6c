//! The front of the log: takes what happened, and never makes anybody wait.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use thiserror::Error;
use tracing::error;

use super::{Entry, entry::What, writer::Writer};
use crate::{
    handover::Handover,
    metrics::{Collect, Page},
};

/// Most lines that wait for the disk.
const MAX_WAITING: usize = 10_000;

/// Why there is no log.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The system does not give it.
    #[error("cannot append to {}: {error}", .file.display())]
    Io {
        /// Which file.
        file: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Its end cannot be followed.
    #[error("cannot go on in {}: {why}", .file.display())]
    Foreign {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Another process has it.
    #[error("another process writes {}", .file.display())]
    Locked {
        /// Which file.
        file: PathBuf,
    },
}

/// Takes what happened, until it is [closed](Self::close).
///
/// What finds no room in the queue, or cannot be written before the end, is lost: that is counted, logged, and said in
/// the file by a line of its own as soon as one can be written.
#[derive(Debug)]
pub struct AuditLog {
    writer: Handover<Entry>,
    is_new: bool,
    state: Arc<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// Its file was moved away: the next line goes to a new one.
    pub reopen: AtomicBool,
    /// It ends: what cannot be written now is lost.
    pub closing: AtomicBool,
    pub written: AtomicU64,
    pub lost: AtomicU64,
    /// Lines wait for a disk that does not take them.
    pub failing: AtomicBool,
    /// The number of the last line.
    pub seq: AtomicU64,
    /// The last one found no room: that is logged once.
    crowded: AtomicBool,
}

impl AuditLog {
    /// Goes on in this file, which is made if it is not there, with a line that says that it started.
    pub fn open(path: PathBuf) -> Result<Self, AuditError> {
        let state = Arc::<State>::default();
        let writer = Writer::open(path.clone(), Arc::clone(&state))?;
        let is_new = writer.is_new();
        let writer = Handover::start("audit", MAX_WAITING, move |entries| writer.run(entries))
            .map_err(|error| AuditError::Io { file: path, error })?;
        Ok(Self { writer, is_new, state })
    }

    /// Whether there was nothing in its file when it was opened: this is where a chain begins.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Takes what happened now. Never blocks.
    pub fn note(&self, what: impl Into<What>) {
        if self.writer.offer(Entry::now(what)) {
            self.state.crowded.store(false, Ordering::Relaxed);
        } else {
            let lost = self.state.lost.fetch_add(1, Ordering::Relaxed) + 1;
            if !self.state.crowded.swap(true, Ordering::Relaxed) {
                error!(lost, "lines of the audit log find no room, and are lost: its disk is too slow");
            }
        }
    }

    /// What is written from now on goes to the file of that name, which may be another one than before.
    pub fn reopen(&self) {
        self.state.reopen.store(true, Ordering::Release);
    }

    /// Takes no more, and returns when everything is written. Blocks.
    pub fn close(&self) {
        self.state.closing.store(true, Ordering::Release);
        self.writer.close();
    }
}

impl Collect for AuditLog {
    fn collect(&self, page: &mut Page) {
        let State { written, lost, failing, seq, .. } = &*self.state;
        page.counter("rxgate_audit_written_total", "Lines of the audit log that were written.")
            .sample(&[], written.load(Ordering::Relaxed));
        page.counter("rxgate_audit_lost_total", "Lines of the audit log that were lost.")
            .sample(&[], lost.load(Ordering::Relaxed));
        page.gauge("rxgate_audit_failing", "1 while the audit log cannot be written.")
            .sample(&[], u8::from(failing.load(Ordering::Relaxed)));
        page.gauge("rxgate_audit_last_line", "Number of the last line of the audit log.")
            .sample(&[], seq.load(Ordering::Relaxed));
    }
}
