//! One row of the table of faults: what was seen, in words.

use std::io::Write;

use rxgate::{
    dict::commands,
    pcrf::Exchange,
    wire::{CommandFlags, MessageBuf},
};

use crate::wire::{Seen, Way};

/// What there is, in the order in which it came first, and how often.
pub fn tally(items: impl IntoIterator<Item = String>) -> String {
    let mut counted: Vec<(String, u32)> = Vec::new();
    for item in items {
        match counted.iter_mut().find(|(known, _)| *known == item) {
            Some((_, times)) => *times += 1,
            None => counted.push((item, 1)),
        }
    }
    let shown = counted.into_iter().map(|(item, times)| match times {
        1 => item,
        _ => format!("{times} x {item}"),
    });
    let shown: Vec<_> = shown.collect();
    if shown.is_empty() { "nothing".into() } else { shown.join(", ") }
}

impl Seen {
    /// The name of the request.
    pub fn command(&self) -> &'static str {
        commands::abbreviation(self.request.header().command, true).unwrap()
    }

    /// Whether it may have been sent before: the T bit.
    pub fn again(&self) -> bool {
        self.request.header().flags.contains(CommandFlags::RETRANSMIT)
    }

    pub fn session(&self) -> String {
        self.exchange(None).session_id().unwrap().to_owned()
    }

    /// What the answers say.
    pub fn results(&self) -> Vec<u32> {
        let code = |answer: &MessageBuf| self.exchange(Some(answer.clone())).outcome().unwrap().code;
        self.answers.iter().map(code).collect()
    }

    fn exchange(&self, answer: Option<MessageBuf>) -> Exchange {
        Exchange {
            incoming: self.way == Way::ToPcrf,
            peer: "".into(),
            request: self.request.clone(),
            answer,
            took: Default::default(),
            note: None,
        }
    }
}

/// `AAR 2001`, `STR (T) without an answer`.
impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let again = if self.again() { " (T)" } else { "" };
        write!(f, "{}{again}", self.command())?;
        let results: Vec<_> = self.results().iter().map(u32::to_string).collect();
        match results.is_empty() {
            true => f.write_str(" without an answer"),
            false => write!(f, " {}", results.join(" and ")),
        }
    }
}

/// Shows a row even when the test passes: tests/run lists these lines at its end.
pub fn print(row: &str) {
    std::io::stderr().write_all(format!("faults: {row}\n").as_bytes()).unwrap();
}
