//! How a file ends: what the next line has to follow.

use std::{fs::File, io, os::unix::fs::FileExt};

use super::{
    Mark,
    line::{BEGINNING, Hash, Head, Line, MAX_LINE, Wrong},
};

/// How much of the end is looked at: a line, and what may stand behind it. Octets.
const WINDOW: usize = 4 * MAX_LINE;

/// The end of an audit log.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// Its last whole line. `None`: there is none.
    pub head: Option<Head>,
    /// What stands after it and is no line: one that was cut off, and what was done to the file meanwhile.
    pub torn: Option<Torn>,
    /// There is a line in that which is whole, and not as it was written: no crash leaves one.
    pub altered: bool,
    /// The end of the last line is not there.
    pub unfinished: bool,
}

/// A piece of a file that is no line; without the end of its last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Torn {
    pub octets: u64,
    pub sha256: Hash,
}

impl Torn {
    pub fn of(piece: &[u8]) -> Self {
        let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
        Self { octets: u64::try_from(piece.len()).unwrap_or(u64::MAX), sha256: Hash::of(piece) }
    }
}

impl Tail {
    /// What the next line has to tell of.
    pub fn mark(&self) -> Option<Mark> {
        let Torn { octets, sha256 } = self.torn?;
        Some(if self.altered { Mark::Altered { octets, sha256 } } else { Mark::Torn { octets, sha256 } })
    }

    /// Reads the end of a file. The inner error: it is no audit log.
    pub fn of(file: &File) -> io::Result<Result<Self, &'static str>> {
        let found = file.metadata()?;
        // What is no ordinary file, such as a pipe, has no last line.
        if !found.is_file() {
            return Ok(Ok(Self::default()));
        }
        let size = usize::try_from(found.len()).unwrap_or(usize::MAX).min(WINDOW);
        let from = found.len() - u64::try_from(size).unwrap_or(u64::MAX);
        let mut end = vec![0; size];
        file.read_exact_at(&mut end, from)?;
        Ok(Self::read(&end, from == 0))
    }

    /// `end` is all of the file, or the end of it.
    fn read(end: &[u8], is_all: bool) -> Result<Self, &'static str> {
        let unfinished = end.last().is_some_and(|last| *last != b'\n');
        let (mut after, mut altered) = (end.len(), false);
        let mut rest = end.strip_suffix(b"\n").unwrap_or(end);
        loop {
            let start = rest.iter().rposition(|octet| *octet == b'\n').map_or(0, |at| at + 1);
            match Line::read(rest.get(start..).unwrap_or_default()) {
                Ok(line) => {
                    let torn = end.get(after..).filter(|torn| !torn.is_empty()).map(Torn::of);
                    return Ok(Self { head: Some(line.head()), torn, altered, unfinished });
                }
                Err(why) => altered |= why != Wrong::Piece,
            }
            if start == 0 {
                break;
            }
            after = start;
            rest = rest.get(..start - 1).unwrap_or_default();
        }
        // A first line that was not written to its end begins like one, or the disk has nothing of it but its length.
        let is_line = BEGINNING.iter().zip(end).all(|(one, other)| one == other);
        let is_blank = end.iter().all(|octet| *octet == 0);
        match is_all && !end.contains(&b'\n') && (is_line || is_blank) {
            true => {
                let torn = (!end.is_empty()).then(|| Torn::of(end));
                Ok(Self { head: None, torn, altered, unfinished })
            }
            false => Err("it is no audit log, or what is not one was written behind it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Entry, Mark};

    fn lines(count: usize) -> (String, Head) {
        let (mut text, mut head) = (String::new(), Head::NONE);
        (0..count).for_each(|_| head.append(&Entry::now(Mark::Stop), &mut text));
        (text, head)
    }

    #[test]
    fn wherever_a_file_was_cut_the_last_whole_line_is_found() {
        let (text, _) = lines(3);
        let heads = [Head::NONE, lines_of(&text, 1), lines_of(&text, 2), lines_of(&text, 3)];
        let text = text.as_bytes();
        for cut in 0..=text.len() {
            let kept = &text[..cut];
            let tail = Tail::read(kept, true).unwrap();
            let whole = kept.iter().filter(|octet| **octet == b'\n').count();
            let piece = kept.rsplit(|octet| *octet == b'\n').next().unwrap();
            let complete = text.get(cut) == Some(&b'\n');
            let expected = heads[whole + usize::from(complete)];
            assert_eq!(tail.head.unwrap_or(Head::NONE), expected, "{cut}");
            assert_eq!(tail.unfinished, !piece.is_empty(), "{cut}");
            let torn = (!complete && !piece.is_empty()).then(|| Torn::of(piece));
            assert_eq!((tail.torn, tail.altered), (torn, false), "{cut}");
        }
    }

    fn lines_of(text: &str, number: usize) -> Head {
        Line::read(text.lines().nth(number - 1).unwrap().as_bytes()).unwrap().head()
    }

    #[test]
    fn a_disk_that_kept_only_the_length_of_a_line_left_a_piece() {
        let (text, head) = lines(2);
        let end = [text.as_bytes(), &[0; 100]].concat();
        let tail = Tail::read(&end, true).unwrap();
        assert_eq!((tail.head, tail.torn), (Some(head), Some(Torn::of(&[0; 100]))));
        assert_eq!(Tail::read(&[0; 5], true).unwrap().head, None);
    }

    #[test]
    fn what_stands_behind_the_last_whole_line_is_one_piece() {
        let (text, head) = lines(2);
        for (more, piece, unfinished) in
            [("{\"seq\":3,\n{\"se", "{\"seq\":3,\n{\"se", true), ("x\ny\n", "x\ny", false), ("\n", "", false)]
        {
            let tail = Tail::read((text.clone() + more).as_bytes(), true).unwrap();
            let torn = Some(Torn::of(piece.as_bytes()));
            assert_eq!(tail, Tail { head: Some(head), torn, altered: false, unfinished });
        }
    }

    #[test]
    fn a_whole_line_that_was_changed_is_no_piece_of_one() {
        let (text, _) = lines(3);
        let (before, last) = text.trim_end().rsplit_once('\n').unwrap();
        let without_hash = last.split(",\"hash\"").next().unwrap().to_owned() + "}";
        for changed in
            [last.replace("stop", "stap"), last.replace("\"hash\":\"", "\"hash\":\"0"), without_hash]
        {
            for (end, unfinished) in [("\n", false), ("", true)] {
                let tail = Tail::read(format!("{before}\n{changed}{end}").as_bytes(), true).unwrap();
                let torn = Some(Torn::of(changed.as_bytes()));
                assert_eq!(tail, Tail { head: Some(lines_of(before, 2)), torn, altered: true, unfinished });
                assert!(matches!(tail.mark(), Some(Mark::Altered { .. })));
            }
        }
    }

    #[test]
    fn what_is_no_audit_log_is_refused() {
        let (text, _) = lines(1);
        for end in
            ["x", "\n", "hello\nworld\n", "{\"request_id\":\"1\"}\n{\"req", &text.replace("stop", "stap")]
        {
            assert!(Tail::read(end.as_bytes(), true).is_err(), "{end}");
        }
        assert!(Tail::read(b"{\"seq\":1,", false).is_err(), "no line is so long");
    }
}
