//! The power fails.

use std::fs;

use crate::{
    check::{Outcome, check},
    dice::Dice,
    folder::Folder,
    record::{self, Record},
    state::{Disk, Failure, Fate},
    tally::{Tally, number},
    worker::Work,
};

/// Work that was recorded.
struct Recorded {
    seed: u64,
    disk: Disk,
}

pub fn recorded(seed: u64, until: &[u64], injected: Option<&str>) -> Record {
    let folder = Folder::new();
    let (directory, acknowledged) = (folder.path().join("data"), folder.path().join("acknowledged"));
    fs::create_dir(&directory).unwrap();
    let work = Work { directory: &directory, acknowledged: &acknowledged, seed, until };
    record::record(&mut work.command(), &directory, &acknowledged, injected)
}

fn what(fate: Fate) -> String {
    match fate {
        Fate::Kept => "nothing lost".into(),
        Fate::Dropped => "all lost".into(),
        Fate::Torn => "a beginning kept".into(),
        Fate::Scattered(octets) => format!("parts of {octets} octets kept"),
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_power_failure_at_any_moment() {
    if !record::possible("failures of the power") {
        return;
    }
    let (from, seeds) = (number("DISK_FROM", 1), number("DISK_SEEDS", 40));
    let recorded: Vec<_> =
        (0..2).map(|seed| Recorded { seed, disk: Disk::new(recorded(seed, &[10, 30, 60], None)) }).collect();
    let mut tally = Tally::default();
    for seed in from..from + seeds {
        let mut dice = Dice::new(seed);
        let work = &recorded[usize::try_from(seed % 2).unwrap()];
        let failure = Failure::new(&work.disk, &mut dice);
        let folder = Folder::new();
        work.disk.after(&failure, &mut dice.clone(), folder.path());
        let outcome = check(folder.path(), work.seed, work.disk.acknowledged(failure.at), 1).await;
        let wrong = (!matches!(outcome, Outcome::Whole)).then(|| {
            let kept = work.disk.keep(&failure, &dice);
            format!("seed {seed}: {failure:?}: {}; the directory is {kept}", outcome.text())
        });
        tally.add(what(failure.fate), &outcome, wrong);
    }
    tally.end("failures of the power, of what was not synced");
}

/// The program syncs its journals, and the disk only says that it did: this must be found.
#[tokio::test]
async fn a_disk_that_lies_about_journals_is_found_out() {
    if !record::possible("a disk that lies") {
        return;
    }
    let mut record = recorded(7, &[30], None);
    record.forget_syncs(|name| name.ends_with(".jnl"));
    let disk = Disk::new(record);
    let mut found = 0;
    for seed in 0..20 {
        let mut dice = Dice::new(seed);
        let failure = Failure { fate: Fate::Dropped, one_order: true, ..Failure::new(&disk, &mut dice) };
        let folder = Folder::new();
        disk.after(&failure, &mut dice, folder.path());
        let outcome = check(folder.path(), 7, disk.acknowledged(failure.at), 1).await;
        // Refused or wrong: how much its second file knows depends on how long the work took.
        found += usize::from(!matches!(outcome, Outcome::Whole));
    }
    println!("disk: {found} of 20 failures of a disk that lies about journals are found out");
    assert!(found > 0);
}

/// What the store does to come up again is itself cut off by another failure.
#[tokio::test]
async fn a_second_power_failure_while_it_comes_up_again_loses_nothing_either() {
    if !record::possible("second failures of the power") {
        return;
    }
    let (from, runs) = (number("DISK_FROM", 1), number("DISK_RUNS", 2));
    let first = Disk::new(recorded(9, &[10, 25], None));
    let mut tally = Tally::default();
    for seed in from..from + runs {
        let mut dice = Dice::new(seed);
        let fate = dice.one_of(&[Fate::Torn, Fate::Scattered(512)]);
        let failure = Failure { fate, ..Failure::new(&first, &mut dice) };
        let folder = Folder::new();
        let (directory, acknowledged) = (folder.path().join("data"), folder.path().join("acknowledged"));
        first.after(&failure, &mut dice.clone(), &directory);
        let work = Work { directory: &directory, acknowledged: &acknowledged, seed: 9, until: &[27] };
        let second = Disk::new(record::record(&mut work.command(), &directory, &acknowledged, None));
        let before = first.acknowledged(failure.at);
        for _ in 0..10 {
            let again = Failure::new(&second, &mut dice);
            let folder = Folder::new();
            second.after(&again, &mut dice.clone(), folder.path());
            let mut acknowledged = second.acknowledged(again.at);
            for (now, before) in acknowledged.iter_mut().zip(before) {
                *now = before.max(*now);
            }
            let outcome = check(folder.path(), 9, acknowledged, 2).await;
            let wrong = (!matches!(outcome, Outcome::Whole)).then(|| {
                let kept = second.keep(&again, &dice);
                format!("seed {seed}: {failure:?}, {again:?}: {}; the directory is {kept}", outcome.text())
            });
            tally.add(what(again.fate), &outcome, wrong);
        }
    }
    tally.end("second failures of the power while it came up again, of what was not synced");
}
