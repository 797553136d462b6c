//! One bit of one file is not what was written.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use rxgate::store::{EmbeddedStore, OpenError};

use crate::{
    check::{Outcome, check, config},
    dice::Dice,
    folder::Folder,
    tally::{Tally, number},
    work::{self, TASKS},
};

/// Every file below a directory.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut names: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    for path in names {
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// Cuts the only journal in two, as if the database had begun another one in its midst.
fn split_journal(directory: &Path) {
    let journal = directory.join("db/0.jnl");
    let mut octets = fs::read(&journal).unwrap();
    let ends = (octets.len() / 2..octets.len() - 5).filter(|at| &octets[at - 4..*at] == b"FJL\x03");
    let rest = octets.split_off(ends.clone().find(|at| octets[*at] == 1).unwrap());
    fs::write(journal, octets).unwrap();
    fs::write(directory.join("db/1.jnl"), rest).unwrap();
}

/// What kind of file it is, for the figures.
fn kind(path: &Path) -> &'static str {
    match path.file_name().unwrap().to_str().unwrap() {
        "commits" => "commit number",
        "current" | "version" | "lock" => "marker",
        "0.jnl" => "older journal",
        "1.jnl" => "newer journal",
        _ if path.parent().unwrap().ends_with("tables") => "table",
        _ => "list of tables",
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_is_harmless_or_refused() {
    const UNTIL: u64 = 60;
    let base = Folder::new();
    let (directory, acknowledged) = (base.path().join("data"), base.path().join("acknowledged"));
    for until in [UNTIL / 2, UNTIL] {
        let store = EmbeddedStore::open(&config(&directory)).unwrap().0;
        work::work(store, 1, until, &acknowledged).await;
    }
    split_journal(&directory);
    let mut all = Vec::new();
    files(&directory, &mut all);
    all.retain(|file| fs::metadata(file).unwrap().len() > 0);
    let mut kinds: Vec<_> = all.iter().map(|file| kind(file)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let (from, seeds) = (number("DISK_FROM", 1), number("DISK_SEEDS", 40));
    let mut tally = Tally::default();
    for seed in from..from + seeds {
        let mut dice = Dice::new(seed);
        let folder = Folder::new();
        folder.fill(&directory);
        // Each kind of file as often as any other, however few and small they are.
        let wanted = dice.one_of(&kinds);
        let of_kind: Vec<_> = all.iter().filter(|file| kind(file) == wanted).collect();
        let file = dice.one_of(&of_kind).strip_prefix(&directory).unwrap();
        let length = fs::metadata(directory.join(file)).unwrap().len();
        let (at, bit) = (dice.below(length), dice.below(8));
        let damaged = fs::File::options().read(true).write(true).open(folder.path().join(file)).unwrap();
        let mut octet = [0];
        damaged.read_exact_at(&mut octet, at).unwrap();
        damaged.write_all_at(&[octet[0] ^ 1 << bit], at).unwrap();
        let outcome = check(folder.path(), 1, [UNTIL; TASKS], 0).await;
        let wrong = match &outcome {
            // What `rxgate serve` says to do follows from the kind.
            Outcome::Refused(error @ (OpenError::Damaged { .. } | OpenError::Lost { .. })) => {
                !error.to_string().starts_with(&folder.path().display().to_string())
            }
            Outcome::Refused(_) => true,
            Outcome::Unreadable(_) | Outcome::Whole => false,
            Outcome::Wrong(_) => true,
        };
        let what = format!("bit {bit} of octet {at} of {length} of {}", file.display());
        tally.add(wanted, &outcome, wrong.then(|| format!("seed {seed}: {what}: {}", outcome.text())));
    }
    tally.end("flipped bits in");
}
