//! The check of files: those that belong to one log, in the order in which they were written.

use std::{
    io::{self, BufRead},
    sync::Arc,
};

use super::{
    Hash, Problem,
    chain::{Checker, Place, Report},
    line::{BEGINNING, Line, MAX_LINE},
};

/// What is checked.
pub struct Source {
    /// Its name in messages.
    pub name: String,
    /// Its content.
    pub content: Box<dyn BufRead>,
}

/// Checks a log in one file or several, in whatever order they are given. The lines with the `wanted` hashes have to
/// be there.
pub fn verify(sources: impl IntoIterator<Item = Source>, wanted: &[Hash]) -> Report {
    let mut files: Vec<File> = sources.into_iter().map(File::begin).collect();
    files.sort_by_key(|file| file.first);
    let mut checker = Checker::new(wanted);
    let mut is_unfinished = false;
    for mut file in files {
        let (mut number, mark, mut looks) = (0, checker.mark(), Looks::default());
        while let Some(read) = file.next.take() {
            match read {
                Ok(Some(Read { octets, is_long, has_end })) => {
                    number += 1;
                    let place = Place { file: file.name.clone(), line: number };
                    checker.line(place, &octets, number == 1, is_long);
                    looks.line(&octets, has_end);
                    is_unfinished = !has_end;
                    file.next = Some(read_line(&mut *file.content));
                }
                Ok(None) => {}
                Err(error) => {
                    let error = error.to_string();
                    checker.problem(Problem::Unreadable { file: file.name.clone(), error });
                }
            }
        }
        if let Some(problem) = looks.problem(file.name, number) {
            checker.instead(mark, problem);
            is_unfinished = false;
        }
    }
    checker.end(is_unfinished)
}

/// A file that is read.
struct File {
    name: Arc<str>,
    content: Box<dyn BufRead>,
    /// Number of its first line, if that is whole.
    first: Option<u64>,
    next: Option<io::Result<Option<Read>>>,
}

impl File {
    fn begin(Source { name, mut content }: Source) -> Self {
        let next = read_line(&mut *content);
        let first = match &next {
            Ok(Some(Read { octets, .. })) => Line::read(octets).ok().map(|line| line.seq),
            _ => None,
        };
        Self { name: name.into(), content, first, next: Some(next) }
    }
}

/// How the lines of a file look that may be none of a log.
#[derive(Default)]
struct Looks {
    /// One begins like one of a log, or is a piece of one.
    like_one: bool,
    /// One ends with CR LF.
    other_end: bool,
    /// One ends as those of a log do.
    right_end: bool,
}

impl Looks {
    fn line(&mut self, octets: &[u8], has_end: bool) {
        let is_piece = !has_end && (BEGINNING.starts_with(octets) || octets.iter().all(|octet| *octet == 0));
        self.like_one |= octets.starts_with(BEGINNING) || is_piece;
        let is_other = has_end && octets.ends_with(b"\r");
        self.other_end |= is_other;
        self.right_end |= !is_other && (has_end || Line::read(octets).is_ok());
    }

    fn problem(&self, file: Arc<str>, lines: u64) -> Option<Problem> {
        if lines == 0 {
            None
        } else if !self.like_one {
            Some(Problem::NoLog { file, lines })
        } else {
            (self.other_end && !self.right_end).then_some(Problem::LineEnds { file, lines })
        }
    }
}

/// A line without its end.
struct Read {
    /// Of a long line the beginning.
    octets: Vec<u8>,
    is_long: bool,
    has_end: bool,
}

/// Reads a line however long it is, and keeps what a line of a log may have.
fn read_line(content: &mut dyn BufRead) -> io::Result<Option<Read>> {
    let mut line = Read { octets: Vec::new(), is_long: false, has_end: false };
    let mut is_there = false;
    while !line.has_end {
        let some = match content.fill_buf() {
            Ok(some) => some,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if some.is_empty() {
            break;
        }
        is_there = true;
        let end = some.iter().position(|octet| *octet == b'\n');
        line.has_end = end.is_some();
        let part = some.get(..end.unwrap_or(some.len())).unwrap_or_default();
        line.is_long |= line.octets.len() + part.len() > MAX_LINE;
        let room = MAX_LINE.saturating_sub(line.octets.len());
        line.octets.extend(part.iter().take(room));
        let taken = part.len() + usize::from(line.has_end);
        content.consume(taken);
    }
    Ok(is_there.then_some(line))
}
