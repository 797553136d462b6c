//! A file that is a list of sections, such as `[[rule]]`; and what is no TOML at all.

use std::path::Path;

use toml::{Spanned, de::DeTable};

use super::{
    ConfigError,
    problem::{Position, Problem},
    section::Reader,
};

/// What the sections of such a file are.
pub(super) struct Kind {
    /// What may stand in the brackets: `rule`.
    pub keys: &'static [&'static str],
    /// One of them, and all: `a rule`, `rules`.
    pub names: (&'static str, &'static str),
    /// How they are written.
    pub how: &'static str,
}

/// One of them.
pub(super) struct Item<'d> {
    /// What stands in the brackets.
    pub key: &'static str,
    /// What stands below.
    pub table: &'d DeTable<'d>,
    /// Where it begins.
    pub offset: Option<usize>,
}

/// Reads such a file: `one` adds what a section says to the list, or notes what is wrong with it. With the warnings.
pub(super) fn read<T: Default>(
    file: &Path,
    text: &str,
    Kind { keys, names: (name, names), how }: &Kind,
    one: impl for<'d> Fn(&mut Reader<'d>, &Item<'d>, &mut T),
) -> Result<(T, Vec<Problem>), ConfigError> {
    let hint = format!("{how}; a text with a backslash stands in single quotes");
    let document = document(file, text, &hint)?;
    let mut reader = Reader::new(file, text);
    let mut list = T::default();
    for (found, value) in document.get_ref() {
        let at = Some(found.span().start);
        let Some(key) = keys.iter().find(|key| found.get_ref() == *key) else {
            reader.refuse(
                at,
                format!("there is no section [{}] in a file of {names}", found.get_ref()),
                *how,
            );
            continue;
        };
        let Some(items) = value.get_ref().as_array() else {
            reader.refuse(at, format!("`{key}` is not a list of {names}"), *how);
            continue;
        };
        for item in items {
            let offset = Some(item.span().start);
            match item.get_ref().as_table() {
                Some(table) => one(&mut reader, &Item { key, table, offset }, &mut list),
                None => reader.refuse(offset, format!("{name} is not a section"), *how),
            }
        }
    }
    let Reader { problems, warnings, .. } = reader;
    if problems.is_empty() { Ok((list, warnings)) } else { Err(ConfigError::refused(problems)) }
}

/// What a file says; `hint`: what to write instead of what is no TOML.
pub(super) fn document<'t>(
    file: &Path,
    text: &'t str,
    hint: &str,
) -> Result<Spanned<DeTable<'t>>, ConfigError> {
    let (document, mut errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(document);
    }
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    // A list that is not closed takes in whatever follows: nothing there is wrong for another reason.
    if let Some(list) = errors.iter().position(|error| error.message().contains("array")) {
        errors.truncate(list + 1);
    }
    let mut problems = Vec::new();
    // Where what stands below a header that stands twice ends: that its keys do, too, is no second problem.
    let mut below = 0;
    for error in &errors {
        let start = error.span().map(|span| span.start);
        let twice = error.message() == "duplicate key";
        if twice && start.is_some_and(|start| start < below) {
            continue;
        }
        let (said, hint) = match start.and_then(|start| header(text, start)).filter(|_| twice) {
            Some((title, end)) => {
                below = end;
                (
                    format!("{title} stands twice"),
                    "a section stands once: put all of its keys below one header",
                )
            }
            None => (error.message().to_owned(), hint),
        };
        problems.push(Problem {
            file: file.to_owned(),
            at: start.map(|start| Position::of(text, start)),
            text: format!("not TOML: {said}"),
            hint: hint.to_owned(),
        });
    }
    Err(ConfigError::Refused(problems))
}

/// The header `[name]` on whose line this offset is, and where the next one begins.
fn header(text: &str, offset: usize) -> Option<(&str, usize)> {
    let start = text.get(..offset)?.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text.get(start..)?.lines().next()?;
    let title = line.trim_start();
    let title = title.get(..=title.find(']')?).filter(|title| title.starts_with('['))?;
    let next = text.get(offset..)?.find("\n[").map_or(text.len(), |next| offset + next);
    (!title.starts_with("[[")).then_some((title, next))
}
