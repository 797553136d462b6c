//! What is wrong or doubtful in a template's file: where, what, and what would be right.

use std::fmt;

use thiserror::Error;

/// Problems of one file that are listed; more are counted only.
const MOST: usize = 100;

/// One thing that is wrong, or doubtful, in a template's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1. Characters, not octets.
    pub column: usize,
    /// What was found and what is accepted.
    pub text: String,
    /// What would be right, where that can be guessed.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.text)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// Why a template is refused: everything that is wrong with its file, in its order. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", Lines(.0))]
pub struct Problems(pub Vec<Problem>);

struct Lines<'a>(&'a [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// A place in the file. Octets from its start.
pub(super) type Offset = usize;

/// Collects what is found while a file is read.
pub(super) struct Report<'x> {
    source: &'x str,
    errors: Found,
    warnings: Found,
}

#[derive(Default)]
struct Found {
    listed: Vec<(Offset, String, Option<String>)>,
    more: usize,
}

impl Found {
    fn add(&mut self, at: Offset, text: String, hint: Option<String>) {
        match self.listed.len() < MOST {
            true => self.listed.push((at, text, hint)),
            false => self.more += 1,
        }
    }
}

impl<'x> Report<'x> {
    pub fn new(source: &'x str) -> Self {
        Self { source, errors: Found::default(), warnings: Found::default() }
    }

    pub fn error(&mut self, at: Offset, text: impl Into<String>) {
        self.errors.add(at, text.into(), None);
    }

    pub fn error_with(&mut self, at: Offset, text: impl Into<String>, hint: Option<String>) {
        self.errors.add(at, text.into(), hint);
    }

    pub fn warn(&mut self, at: Offset, text: impl Into<String>) {
        self.warnings.add(at, text.into(), None);
    }

    pub fn warn_with(&mut self, at: Offset, text: impl Into<String>, hint: &str) {
        self.warnings.add(at, text.into(), Some(hint.into()));
    }

    pub fn has_errors(&self) -> bool {
        !self.errors.listed.is_empty()
    }

    /// The errors, or with none of them the warnings.
    pub fn finish(self) -> Result<Vec<Problem>, Problems> {
        match self.has_errors() {
            true => Err(Problems(sorted(self.source, self.errors))),
            false => Ok(sorted(self.source, self.warnings)),
        }
    }
}

/// Problems in the order of the file.
fn sorted(source: &str, mut found: Found) -> Vec<Problem> {
    found.listed.sort_by_key(|(at, ..)| *at);
    let (mut line, mut start, mut passed) = (1, 0, 0);
    let mut problems: Vec<Problem> = Vec::with_capacity(found.listed.len() + 1);
    for (at, text, hint) in found.listed {
        let at = source.floor_char_boundary(at);
        for (offset, _) in source.get(passed..at).unwrap_or_default().match_indices('\n') {
            (line, start) = (line + 1, passed + offset + 1);
        }
        passed = at;
        let column = source.get(start..at).unwrap_or_default().chars().count() + 1;
        problems.push(Problem { line, column, text, hint });
    }
    if found.more > 0
        && let Some(last) = problems.last()
    {
        let text = format!("{} more of them are not listed", found.more);
        problems.push(Problem { line: last.line, column: last.column, text, hint: None });
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_lines_and_columns_of_characters() {
        let source = "a\nÄé<b>\n\nc";
        let mut report = Report::new(source);
        for at in [source.len(), 0, source.find('<').unwrap(), source.find('c').unwrap()] {
            report.error(at, "x");
        }
        let places: Vec<_> =
            report.finish().unwrap_err().0.iter().map(|problem| (problem.line, problem.column)).collect();
        assert_eq!(places, [(1, 1), (2, 3), (4, 1), (4, 2)]);
    }

    #[test]
    fn a_file_full_of_problems_is_cut_off() {
        let mut report = Report::new("x");
        (0..250).for_each(|_| report.error(0, "wrong"));
        let problems = report.finish().unwrap_err().0;
        assert_eq!((problems.len(), &*problems[100].text), (101, "150 more of them are not listed"));
    }
}
