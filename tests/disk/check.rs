//! Whether a directory holds what was acknowledged, and nothing that was never written.

use std::{
    panic::{self, AssertUnwindSafe},
    path::Path,
};

use rxgate::store::{EmbeddedConfig, EmbeddedStore, OpenError};

use crate::work::{self, TASKS};

/// How a store is opened here: with parts so small that they are written to the trees again and again.
pub fn config(directory: &Path) -> EmbeddedConfig {
    EmbeddedConfig { min_free: 0, memtable: 64 << 10, ..EmbeddedConfig::new(directory) }
}

/// What became of a damaged store.
pub enum Outcome {
    /// Everything acknowledged is there, and nothing else but what was being written.
    Whole,
    /// It is not opened.
    Refused(OpenError),
    /// It is opened, and refuses to read something.
    Unreadable(String),
    /// It is opened, and something is wrong in silence.
    Wrong(String),
}

impl Outcome {
    /// What it is, for people.
    pub fn text(&self) -> String {
        match self {
            Self::Whole => "whole".into(),
            Self::Refused(error) => format!("refused: {error}"),
            Self::Unreadable(reason) => format!("refused when read: {reason}"),
            Self::Wrong(what) => format!("wrong: {what}"),
        }
    }
}

/// Opens it, and compares all of it with the work that was done. `under_way`: how many commits more of each task may be
/// there than were acknowledged.
pub async fn check(directory: &Path, seed: u64, acknowledged: [u64; TASKS], under_way: u64) -> Outcome {
    let opened = panic::catch_unwind(AssertUnwindSafe(|| EmbeddedStore::open(&config(directory))));
    let store = match opened {
        Ok(Ok((store, _))) => store,
        Ok(Err(error)) => return Outcome::Refused(error),
        Err(_) => return Outcome::Wrong("it panics when it is opened".into()),
    };
    let written = match work::written(&store).await {
        Ok(written) => written,
        Err(error) => return Outcome::Unreadable(error),
    };
    for (task, (written, acknowledged)) in written.into_iter().zip(acknowledged).enumerate() {
        if written < acknowledged || written > acknowledged + under_way {
            return Outcome::Wrong(format!(
                "task {task}: {written} commits are there, {acknowledged} were acknowledged"
            ));
        }
    }
    let expected = work::show(&work::expected(seed, written).await).await.unwrap();
    match work::show(&store).await {
        Ok(shown) if shown == expected => Outcome::Whole,
        Ok(shown) => Outcome::Wrong(format!("after {written:?} commits: {}", difference(&shown, &expected))),
        Err(error) => Outcome::Unreadable(error),
    }
}

fn difference(shown: &work::Shown, expected: &work::Shown) -> String {
    let (shown, expected) = (format!("{shown:#?}"), format!("{expected:#?}"));
    let lines = shown.lines().zip(expected.lines()).enumerate();
    let different = lines.filter(|(_, (one, other))| one != other).take(3);
    let different: Vec<_> =
        different.map(|(line, (one, other))| format!("line {line}: {one:.80} is not {other:.80}")).collect();
    format!("{} lines, {} expected; {different:?}", shown.lines().count(), expected.lines().count())
}
