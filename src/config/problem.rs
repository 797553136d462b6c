//! What is wrong with a configuration file: where, what was found, and what to write instead.

use std::{
    fmt,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// A place in the file; lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The place of the octet `offset` of `text`; past the end it is the end.
    pub fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

/// One thing that is wrong, or, as a warning, unwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The configuration file.
    pub file: PathBuf,
    /// Where in it; `None` when it is about something that is not there.
    pub at: Option<Position>,
    /// What was found.
    pub text: String,
    /// What is accepted, or what to do next.
    pub hint: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(Position { line, column }) = self.at {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.text)
    }
}

/// Why a configuration is not used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read at all.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// The configuration file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file was read and is refused, with every reason that was found, in the file's order.
    #[error("{} is refused: {}", first_file(.0), count(.0.len()))]
    Refused(Vec<Problem>),
}

impl ConfigError {
    /// For these reasons, in any order.
    pub(super) fn refused(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.at);
        Self::Refused(problems)
    }

    /// Every problem with its hint; an unreadable file is one, too.
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Refused(problems) => problems.clone(),
            Self::Unreadable { file, source } => vec![Problem {
                file: file.clone(),
                at: None,
                text: format!("cannot be read: {source}"),
                hint: match source.kind() {
                    ErrorKind::InvalidData => "it has to be text in UTF-8: look whether it is the right file",
                    _ => "give the path of a configuration file that this user may read",
                }
                .into(),
            }],
        }
    }
}

fn first_file(problems: &[Problem]) -> std::path::Display<'_> {
    problems.first().map_or(Path::new(""), |problem| &problem.file).display()
}

fn count(problems: usize) -> String {
    if problems == 1 { "1 problem".into() } else { format!("{problems} problems") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_characters_from_one() {
        assert_eq!(Position::of("a\nßb", 0), Position { line: 1, column: 1 });
        assert_eq!(Position::of("a\nßb", 4), Position { line: 2, column: 2 });
        assert_eq!(Position::of("a\n", 99), Position { line: 2, column: 1 });
    }
}
