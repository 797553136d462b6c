//! The disk says that it fails: a sync ends with EIO.
//!
//! What a sync that failed was to bring to the disk is lost, though the system shows it until the power fails, and
//! a later sync succeeds without it.

use crate::{
    check::{Outcome, check},
    dice::Dice,
    folder::Folder,
    power::recorded,
    record,
    state::{Disk, Failure, Fate},
    tally::{Tally, number},
};

#[tokio::test]
async fn nothing_is_acknowledged_that_a_failing_disk_does_not_have() {
    if !record::possible("a disk that fails") {
        return;
    }
    let (from, runs) = (number("DISK_FROM", 1), number("DISK_RUNS", 2));
    let mut tally = Tally::default();
    for seed in from..from + runs {
        let mut dice = Dice::new(seed);
        let call = dice.one_of(&["fdatasync", "fsync"]);
        // Once, or from then on; most of them after the store was made.
        let (first, on) = (dice.below(120) + 1, dice.one_of(&["", "+"]));
        let injected = format!("{call}:error=EIO:when={first}{on}");
        // It is opened again after the failure, and goes on.
        let disk = Disk::new(recorded(seed, &[15, 30, 45], Some(&injected)));
        for moment in 0..10 {
            let fate = dice.one_of(&[Fate::Kept, Fate::Dropped, Fate::Torn, Fate::Scattered(512)]);
            let at = if moment == 0 { disk.lines + 3 } else { Failure::new(&disk, &mut dice).at };
            let failure = Failure { at, fate, one_order: true, length_first: false };
            let folder = Folder::new();
            disk.after(&failure, &mut dice.clone(), folder.path());
            // Under way when it fails, and again after each opening.
            let outcome = check(folder.path(), seed, disk.acknowledged(at), 3).await;
            let wrong = (!matches!(outcome, Outcome::Whole)).then(|| {
                let kept = disk.keep(&failure, &dice);
                format!("seed {seed}: {injected}: {failure:?}: {}; the directory is {kept}", outcome.text())
            });
            tally.add(format!("{call} ends with EIO"), &outcome, wrong);
            // What the next failure leaves has nothing to do with this one's.
            dice.below(2);
        }
    }
    tally.end("failures of the power after a call that failed");
}
