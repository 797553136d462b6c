//! Counts how it went.

use std::{collections::BTreeMap, env};

use crate::check::Outcome;

/// A number in the environment.
pub fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

/// Says what is left out, and why; where nothing may be, it fails.
pub fn skip(what: &str, why: &str) {
    let line = format!("SKIPPED: {what}: {why}");
    assert!(env::var("CI").as_deref() != Ok("true"), "{line}, which CI=true forbids");
    println!("{line}");
}

/// Outcomes by what was done to the disk.
#[derive(Default)]
pub struct Tally {
    outcomes: BTreeMap<String, [u32; 3]>,
    wrong: Vec<String>,
}

impl Tally {
    /// Counts one; with what is wrong with it.
    pub fn add(&mut self, what: impl Into<String>, outcome: &Outcome, wrong: Option<String>) {
        let counts = self.outcomes.entry(what.into()).or_default();
        match outcome {
            Outcome::Whole => counts[0] += 1,
            Outcome::Refused(_) => counts[1] += 1,
            Outcome::Unreadable(_) => counts[2] += 1,
            Outcome::Wrong(_) => {}
        }
        self.wrong.extend(wrong);
    }

    /// Prints the figures; fails if anything was wrong.
    pub fn end(self, of: &str) {
        let sum: u32 = self.outcomes.values().flatten().sum();
        let each = self.outcomes.iter().map(|(what, [whole, refused, unreadable])| {
            format!("{what} {whole} whole, {refused} refused, {unreadable} refused when read")
        });
        let each: Vec<_> = each.collect();
        println!("disk: {sum} {of}: {}; {} silent losses", each.join("; "), self.wrong.len());
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }
}
