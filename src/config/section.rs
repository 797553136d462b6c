//! Reads one section of the file key by key and notes every problem, so that all are told at once.

mod list;

use std::{
    fmt::Display,
    io::ErrorKind,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
    value::Datetime,
};

use super::problem::{Position, Problem};
use crate::{access::without_secrets, words::nearest};

/// One effective setting, as it would stand in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The section's header line, such as `[http]`.
    pub section: String,
    /// The key.
    pub key: &'static str,
    /// The value as TOML; `None`: it has none, and `unit` says what that means.
    pub value: Option<String>,
    /// Its unit; empty when it has none.
    pub unit: &'static str,
    /// Whether the file leaves it out.
    pub default: bool,
    /// Where its key stands, if the file has it.
    pub at: Option<Position>,
}

/// What is gathered while a file is read.
pub(super) struct Reader<'d> {
    pub file: &'d Path,
    pub text: &'d str,
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
    pub settings: Vec<Setting>,
}

impl<'d> Reader<'d> {
    pub fn new(file: &'d Path, text: &'d str) -> Self {
        Self { file, text, problems: Vec::new(), warnings: Vec::new(), settings: Vec::new() }
    }

    pub fn refuse(&mut self, offset: Option<usize>, text: impl Into<String>, hint: impl Into<String>) {
        let problem = self.problem(offset, text.into(), hint.into());
        self.problems.push(problem);
    }

    pub fn warn(&mut self, offset: Option<usize>, text: impl Into<String>, hint: impl Into<String>) {
        let problem = self.problem(offset, text.into(), hint.into());
        self.warnings.push(problem);
    }

    /// Whether what stands there was refused: what comes of it, such as a default in its place, is then no second problem.
    pub fn is_refused(&self, offset: Option<usize>) -> bool {
        let at = offset.map(|offset| Position::of(self.text, offset));
        at.is_some() && self.problems.iter().any(|problem| problem.at == at)
    }

    /// A path of the file, which is relative to its directory.
    pub fn beside(&self, text: &str) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(text)
    }

    fn problem(&self, offset: Option<usize>, text: String, hint: String) -> Problem {
        let at = offset.map(|offset| Position::of(self.text, offset));
        // What stands in the wrong place may be a secret.
        Problem { file: self.file.to_owned(), at, text: without_secrets(&text).into_owned(), hint }
    }
}

/// A value that was read, with the place to point at in a later complaint.
pub(super) struct Found<T> {
    pub value: T,
    pub offset: Option<usize>,
}

/// A whole number's key: what it is when left out, and what it may be.
pub(super) struct Number<T> {
    pub key: &'static str,
    pub unit: &'static str,
    pub default: T,
    pub accepted: RangeInclusive<u64>,
}

/// A table of the file while its keys are taken one by one.
pub(super) struct Section<'r, 'd> {
    pub reader: &'r mut Reader<'d>,
    title: String,
    table: Option<&'d DeTable<'d>>,
    offset: Option<usize>,
    known: Vec<&'static str>,
}

impl<'r, 'd> Section<'r, 'd> {
    /// `title` is the header line, `table` what stands below it, `offset` where.
    pub fn new(
        reader: &'r mut Reader<'d>,
        title: impl Into<String>,
        table: Option<&'d DeTable<'d>>,
        offset: Option<usize>,
    ) -> Self {
        Self { reader, title: title.into(), table, offset, known: Vec::new() }
    }

    /// Where the section begins, if the file has it.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// A section in this one, which has no keys and no [`offset`](Self::offset) if the file lacks it; `None` if it is
    /// something else, which is then noted.
    pub fn inside(&mut self, key: &'static str) -> Option<Section<'_, 'd>> {
        let title = format!("{}.{key}]", self.title.trim_end_matches(']'));
        let value = self.take(key);
        let offset = value.map(|value| value.span().start);
        let table = value.and_then(|value| value.get_ref().as_table());
        if value.is_some() && table.is_none() {
            let text = format!("`{key}` of {} is not a section", self.title);
            self.reader.refuse(offset, text, format!("write {title} on a line of its own"));
            return None;
        }
        Some(Section::new(self.reader, title, table, offset))
    }

    /// The raw value of `key`, which from now on is known here.
    pub fn take(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.known.push(key);
        self.table?.get(key)
    }

    /// Whether there is such a key.
    pub fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// A whole number.
    pub fn number<T: TryFrom<u64> + Display>(&mut self, number: Number<T>) -> Found<T> {
        let Number { key, unit, default, accepted } = number;
        let Some(value) = self.take(key) else {
            self.note(key, default.to_string(), unit, true);
            return Found { value: default, offset: None };
        };
        let offset = Some(value.span().start);
        match whole(value).filter(|read| accepted.contains(read)).and_then(|read| T::try_from(read).ok()) {
            Some(value) => {
                self.note(key, value.to_string(), unit, false);
                Found { value, offset }
            }
            None => {
                let of = if unit.is_empty() { String::new() } else { format!(" of {unit}") };
                let (from, to) = accepted.into_inner();
                self.refuse_value(
                    key,
                    value,
                    &format!("a whole number{of} from {from} to {to}; default {default}"),
                );
                Found { value: default, offset }
            }
        }
    }

    /// A whole number without a default; `unset` says what it means to leave it out.
    pub fn optional_number<T: TryFrom<u64> + Display>(
        &mut self,
        key: &'static str,
        unit: &'static str,
        accepted: RangeInclusive<u64>,
        unset: &'static str,
    ) -> Option<Found<T>> {
        let Some(value) = self.take(key) else {
            self.note_unset(key, unset);
            return None;
        };
        let offset = Some(value.span().start);
        match whole(value).filter(|read| accepted.contains(read)).and_then(|read| T::try_from(read).ok()) {
            Some(value) => {
                self.note(key, value.to_string(), unit, false);
                Some(Found { value, offset })
            }
            None => {
                let (from, to) = accepted.into_inner();
                let accepted = format!("a whole number of {unit} from {from} to {to}; left out: {unset}");
                self.refuse_value(key, value, &accepted);
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str, default: bool) -> Found<bool> {
        let Some(value) = self.take(key) else {
            self.note(key, default.to_string(), "", true);
            return Found { value: default, offset: None };
        };
        let offset = Some(value.span().start);
        let value = match value.get_ref().as_bool() {
            Some(read) => {
                self.note(key, read.to_string(), "", false);
                read
            }
            None => {
                self.refuse_value(key, value, &format!("true or false; default {default}"));
                default
            }
        };
        Found { value, offset }
    }

    /// A date, or a date and time, that must be there; `None` when it is not or is something else, which is then noted.
    pub fn date(&mut self, key: &'static str) -> Option<Datetime> {
        const ACCEPTED: &str = "a date, or a date and time such as 2026-03-01T12:00:00Z, without quotes";
        let Some(value) = self.take(key) else {
            let text = format!("{} lacks `{key}`", self.title);
            self.reader.refuse(self.offset, text, format!("add `{key} = ...`: {ACCEPTED}"));
            return None;
        };
        let date = value.get_ref().as_datetime().filter(|found| found.date.is_some());
        if date.is_none() {
            self.refuse_value(key, value, ACCEPTED);
        }
        date.copied()
    }

    /// A length of time; the key's ending, `_ms` or `_s`, is its unit.
    pub fn duration(
        &mut self,
        key: &'static str,
        default: u64,
        accepted: RangeInclusive<u64>,
    ) -> Found<Duration> {
        let (unit, length): (_, fn(u64) -> Duration) = if key.ends_with("_ms") {
            ("milliseconds", Duration::from_millis)
        } else {
            ("seconds", Duration::from_secs)
        };
        let found = self.number(Number { key, unit, default, accepted });
        Found { value: length(found.value), offset: found.offset }
    }

    /// A text that `parse` turns into a value, with a default.
    pub fn text_or<T: Display>(
        &mut self,
        key: &'static str,
        default: T,
        accepted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Found<T> {
        match self.optional_text(key, accepted, parse) {
            Some(Found { value: Some(value), offset }) => Found { value, offset },
            Some(Found { value: None, offset }) => Found { value: default, offset },
            None => {
                self.note(key, quoted(&default.to_string()), "", true);
                Found { value: default, offset: None }
            }
        }
    }

    /// A text that must be there; `None` when it is not or is refused, which is then noted.
    pub fn text<T>(
        &mut self,
        key: &'static str,
        accepted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Found<T>> {
        match self.optional_text(key, accepted, parse) {
            Some(Found { value, offset }) => value.map(|value| Found { value, offset }),
            None => {
                let text = format!("{} lacks `{key}`", self.title);
                self.reader.refuse(self.offset, text, format!("add `{key} = \"...\"`: {accepted}"));
                None
            }
        }
    }

    /// A text that may be left out; the inner `None` is one that was refused.
    pub fn optional_text<T>(
        &mut self,
        key: &'static str,
        accepted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Found<Option<T>>> {
        let value = self.take(key)?;
        let offset = Some(value.span().start);
        let read = value.get_ref().as_str().and_then(|text| Some((quoted(text), parse(text)?)));
        Some(match read {
            Some((text, read)) => {
                self.note(key, text, "", false);
                Found { value: Some(read), offset }
            }
            None => {
                self.refuse_value(key, value, accepted);
                Found { value: None, offset }
            }
        })
    }

    /// A path, relative to the file's directory, of something that is there. The inner `None` is one that was
    /// refused.
    pub fn optional_path(
        &mut self,
        key: &'static str,
        accepted: &str,
        is_there: impl Fn(&Path) -> bool,
    ) -> Option<Found<Option<PathBuf>>> {
        let path = self.table.and_then(|table| table.get(key)).and_then(|value| value.get_ref().as_str());
        let path = path.map(|text| self.reader.beside(text));
        let accepted = match &path {
            Some(path) => format!("{accepted}{}", found_at(path)),
            None => accepted.to_owned(),
        };
        self.optional_text(key, &accepted, |_| path.clone().filter(|path| is_there(path)))
    }

    /// One of several words; `None` beside a word means that it is known, but not in this version.
    pub fn one_of<T: Copy>(
        &mut self,
        key: &'static str,
        default: T,
        words: &[(&'static str, Option<T>)],
    ) -> Found<T> {
        let accepted: Vec<String> =
            words.iter().filter(|(_, value)| value.is_some()).map(|(word, _)| quoted(word)).collect();
        let accepted = accepted.join(", ");
        let Some(value) = self.take(key) else {
            let word = words.iter().find(|(_, value)| value.is_some()).map_or("", |(word, _)| word);
            self.note(key, quoted(word), "", true);
            return Found { value: default, offset: None };
        };
        let offset = Some(value.span().start);
        let given = value.get_ref().as_str();
        match words.iter().find(|(word, _)| Some(*word) == given) {
            Some((word, Some(value))) => {
                self.note(key, quoted(word), "", false);
                Found { value: *value, offset }
            }
            Some((word, None)) => {
                let text = format!("`{key}` is {}, which is not in this version", quoted(word));
                self.reader.refuse(offset, text, format!("accepted: {accepted}"));
                Found { value: default, offset }
            }
            None => {
                self.refuse_value(key, value, &accepted);
                Found { value: default, offset }
            }
        }
    }

    /// Refuses every key that nobody took; `elsewhere` lists keys of other sections with their titles.
    pub fn finish(self, elsewhere: &[(&'static str, &'static str)]) {
        for (key, _) in self.table.into_iter().flatten() {
            let name: &str = key.get_ref();
            if self.known.contains(&name) {
                continue;
            }
            let accepted = self.known.join(", ");
            let hint = if let Some(near) = nearest(name, self.known.iter().copied()) {
                format!("did you mean `{near}`? accepted here: {accepted}")
            } else if let Some((title, _)) = elsewhere.iter().find(|(_, key)| *key == name) {
                format!("`{name}` belongs in {title}; accepted here: {accepted}")
            } else {
                format!("accepted here: {accepted}")
            };
            let text = format!("{} has no key `{name}`", self.title);
            self.reader.refuse(Some(key.span().start), text, hint);
        }
    }

    fn refuse_value(&mut self, key: &str, value: &Spanned<DeValue<'_>>, accepted: &str) {
        let span = value.span();
        let found = self.reader.text.get(span.clone()).unwrap_or_default();
        let mut line = found.lines().next().unwrap_or_default().to_owned();
        if line.len() < found.len() {
            line.push_str(" ...");
        }
        self.reader.refuse(Some(span.start), format!("`{key}` is {line}"), format!("accepted: {accepted}"));
    }

    fn note(&mut self, key: &'static str, value: String, unit: &'static str, default: bool) {
        let (section, at) = (self.title.clone(), self.place_of(key));
        self.reader.settings.push(Setting { section, key, value: Some(value), unit, default, at });
    }

    /// `key` is left out, which means this path.
    pub fn note_default(&mut self, key: &'static str, path: &Path) {
        let base = self.reader.file.parent().unwrap_or(Path::new(""));
        let shown = path.strip_prefix(base).unwrap_or(path);
        let shown = if shown.as_os_str().is_empty() { Path::new(".") } else { shown };
        self.note(key, quoted(&shown.display().to_string()), "", true);
    }

    /// `key` is left out and has no default: what that means.
    pub fn note_unset(&mut self, key: &'static str, meaning: &'static str) {
        let section = self.title.clone();
        self.reader.settings.push(Setting {
            section,
            key,
            value: None,
            unit: meaning,
            default: true,
            at: None,
        });
    }

    fn place_of(&self, key: &str) -> Option<Position> {
        let (key, _) = self.table?.get_key_value(key)?;
        Some(Position::of(self.reader.text, key.span().start))
    }
}

/// What there is at a path that is not accepted, to end a hint with.
pub(super) fn found_at(path: &Path) -> String {
    let Ok(path) = std::path::absolute(path) else { return String::new() };
    let missing = |path: &Path| path.metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let found = match path.metadata() {
        Ok(found) if found.is_dir() => format!("; {} is a directory", path.display()),
        Ok(found) if found.is_file() => format!("; {} is a file", path.display()),
        Ok(_) => format!("; {} is neither a file nor a directory", path.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let first = path.ancestors().take_while(|path| missing(path)).last().unwrap_or(&path);
            format!("; there is no {}", first.display())
        }
        Err(error) => format!("; {}: {error}", path.display()),
    };
    // What stands there instead of a path may be a secret.
    without_secrets(&found).into_owned()
}

fn whole(value: &Spanned<DeValue<'_>>) -> Option<u64> {
    match value.get_ref() {
        DeValue::Integer(integer) => u64::from_str_radix(integer.as_str(), integer.radix()).ok(),
        _ => None,
    }
}

/// `text` as a TOML basic string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
