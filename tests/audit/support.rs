//! Logs to look at.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use rxgate::audit::{AuditLog, Operation, Outcome, Report, Source, verify};
use serde_json::Value;

/// A directory that goes when the test ends.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("rxgate-audit-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// Something that was done, with a name to find it by.
pub fn done(target: &str) -> Operation {
    Operation {
        operation: "DELETE /x".into(),
        listener: "http",
        target: Some(target.into()),
        status: Some(204),
        outcome: Outcome::Done,
        ..Operation::default()
    }
}

/// A log that started, had these things done, and stopped.
pub fn write(file: &Path, targets: &[&str]) {
    let log = AuditLog::open(file.to_owned()).unwrap();
    targets.iter().for_each(|target| log.note(done(target)));
    log.close();
}

/// The lines, each with its end.
pub fn lines(file: &Path) -> Vec<Vec<u8>> {
    fs::read(file).unwrap().split_inclusive(|octet| *octet == b'\n').map(<[u8]>::to_vec).collect()
}

/// The lines as JSON.
pub fn read(file: &Path) -> Vec<Value> {
    lines(file).iter().map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// What each line is about: its operation, or its target.
pub fn about(file: &Path) -> Vec<String> {
    let about = |line: Value| {
        let what = line.get("target").or(line.get("operation")).unwrap();
        what.as_str().unwrap().to_owned()
    };
    read(file).into_iter().map(about).collect()
}

/// Checks what stands in memory, one file after the other.
pub fn check(files: &[Vec<u8>]) -> Report {
    let source = |(number, octets): (usize, &Vec<u8>)| Source {
        name: format!("file{number}"),
        content: Box::new(std::io::Cursor::new(octets.clone())),
    };
    verify(files.iter().enumerate().map(source), &[])
}

/// Checks files.
pub fn check_files(files: &[&Path]) -> Report {
    check(&files.iter().map(|file| fs::read(file).unwrap()).collect::<Vec<_>>())
}

/// What is wrong, as it is told.
pub fn told(report: &Report) -> Vec<String> {
    report.problems.iter().map(ToString::to_string).collect()
}
