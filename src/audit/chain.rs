//! The check of a chain, line by line: each has to be as it was written, and to follow the one before.

use std::{fmt, mem, ops::RangeInclusive, sync::Arc};

use thiserror::Error;

use super::{
    line::{Hash, Head, Line, MAX_LINE, Wrong},
    tail::Torn,
};

/// Most problems, and most remarks, that are told.
const MAX_TOLD: usize = 100;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of the file.
    pub file: Arc<str>,
    /// The line in it, from 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Something that no gateway did to its log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// A line is not as it was written.
    #[error("{place}: changed: this line {why}")]
    Changed {
        /// Where.
        place: Place,
        /// What tells it.
        why: String,
    },
    /// A line does not belong here.
    #[error("{place}: inserted: this line {why}")]
    Inserted {
        /// Where.
        place: Place,
        /// What tells it.
        why: String,
    },
    /// A line stands elsewhere.
    #[error("{place}: reordered: this line is seq {seq} and stands after a later one")]
    Moved {
        /// Where it stands.
        place: Place,
        /// Its number.
        seq: u64,
    },
    /// Lines are not there.
    #[error("{place}: missing before this line: {}", range(.seqs))]
    Missing {
        /// Where they should be: before this.
        place: Place,
        /// Which.
        seqs: RangeInclusive<u64>,
    },
    /// Two lines cannot both be real.
    #[error(
        "{place}: replaced: this line (seq {seq}) and the one before it are whole, but do not belong together: one \
         of them was written by somebody else"
    )]
    Replaced {
        /// The second of them.
        place: Place,
        /// Its number.
        seq: u64,
    },
    /// The chain before ends without being gone on with.
    #[error("{place}: missing before this line: a new chain begins, which does not go on from seq {last}")]
    NewChain {
        /// Where.
        place: Place,
        /// The last one before.
        last: u64,
    },
    /// The end of the log is a piece of a line.
    #[error(
        "{place}: cut off: the last line is not whole; a gateway that was killed leaves one like it, and says so \
         in the line after when it starts again"
    )]
    CutOff {
        /// The piece.
        place: Place,
    },
    /// No line of a file is even like one of a log.
    #[error("{file}: no audit log: none of its lines ({lines}) is like one of a log")]
    NoLog {
        /// Which.
        file: Arc<str>,
        /// How many there are.
        lines: u64,
    },
    /// Every line of a file ends in another way than a gateway's.
    #[error("{file}: changed: its lines ({lines}) end with CR LF; a gateway ends them with LF alone")]
    LineEnds {
        /// Which.
        file: Arc<str>,
        /// How many there are.
        lines: u64,
    },
    /// The rest of a file cannot be read.
    #[error("{file}: cannot be read: {error}")]
    Unreadable {
        /// Which.
        file: Arc<str>,
        /// What the system says.
        error: String,
    },
}

fn range(seqs: &RangeInclusive<u64>) -> String {
    let (first, last) = (seqs.start(), seqs.end());
    if first == last { format!("seq {first}") } else { format!("seq {first} to {last}") }
}

/// A whole line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub seq: u64,
    /// Its time as it stands there.
    pub time: String,
    /// Its hash.
    pub hash: Hash,
}

/// Octets that are no whole line.
#[derive(Debug)]
struct Bad {
    place: Place,
    why: Wrong,
}

/// How much was found that is no line yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    bad: usize,
    piece: usize,
    more: u64,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Lines of all files, whatever they are.
    pub lines: u64,
    /// The first whole line of the chain.
    pub first: Option<Seen>,
    /// The last one.
    pub last: Option<Seen>,
    /// What is wrong, in the order of the lines, and hardly more than the first hundred.
    pub problems: Vec<Problem>,
    /// Problems beyond those.
    pub more: u64,
    /// What is worth knowing, and in order.
    pub remarks: Vec<String>,
    /// Hashes that should be there and were not found.
    pub absent: Vec<Hash>,
}

impl Report {
    /// Nothing is changed, missing, inserted or reordered, as far as these files tell.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty() && self.absent.is_empty()
    }
}

/// What was found so far, and what the next line is held against.
#[derive(Debug, Default)]
pub(super) struct Checker {
    report: Report,
    /// The line that the next one should follow, and the one before it.
    head: Option<Head>,
    before: Option<Head>,
    /// If two lines follow the same one, the first of them.
    other: Option<Head>,
    /// The last line says that the gateway ended.
    stopped: bool,
    /// What stands between the head and the next line.
    bad: Vec<Bad>,
    /// Its octets, as far as a gateway would leave some.
    piece: Vec<u8>,
}

impl Checker {
    /// That looks for these hashes, too.
    pub fn new(wanted: &[Hash]) -> Self {
        let report = Report { absent: wanted.to_vec(), ..Report::default() };
        Self { report, ..Self::default() }
    }

    /// The next line, without its end. `is_first`: of its file; `is_long`: it is longer than that.
    pub fn line(&mut self, place: Place, octets: &[u8], is_first: bool, is_long: bool) {
        self.report.lines += 1;
        let read = if is_long { Err(Wrong::Long) } else { Line::read(octets) };
        match read {
            Ok(line) => self.whole(place, &line, is_first),
            Err(why) => {
                if !self.bad.is_empty() {
                    self.piece.push(b'\n');
                }
                if self.piece.len() <= 4 * MAX_LINE {
                    self.piece.extend_from_slice(octets);
                }
                match self.bad.len() < MAX_TOLD {
                    true => self.bad.push(Bad { place, why }),
                    false => self.report.more += 1,
                }
            }
        }
    }

    fn whole(&mut self, place: Place, line: &Line<'_>, is_first: bool) {
        let Some(head) = self.head else {
            self.take_torn(&place, line, 0);
            self.changed(u64::MAX);
            if line.previous != Hash::NONE {
                self.remark(format!(
                    "{place}: begins with seq {}: what was before is not in these files",
                    line.seq
                ));
            }
            self.accept(&place, line);
            return;
        };
        if line.follows(head) || self.other.is_some_and(|other| line.follows(other)) {
            self.take_torn(&place, line, head.seq);
            self.inserted();
        } else if is_first && line.seq == 1 && line.previous == Hash::NONE {
            self.changed(u64::MAX);
            self.problem(Problem::NewChain { place: place.clone(), last: head.seq });
        } else if line.seq > head.seq {
            let between = line.seq - head.seq - 1;
            let changed = self.changed(between);
            self.inserted();
            if between == 0 {
                self.problem(Problem::Replaced { place: place.clone(), seq: line.seq });
            } else if changed < between {
                let seqs = head.seq + 1 + changed..=line.seq - 1;
                self.problem(Problem::Missing { place: place.clone(), seqs });
            }
        } else {
            self.inserted();
            self.out_of_order(place, line, head);
            return;
        }
        self.accept(&place, line);
    }

    /// A line that is not later than the one before it.
    fn out_of_order(&mut self, place: Place, line: &Line<'_>, head: Head) {
        let is_of_same = line.seq == head.seq && Some(line.previous) == self.before.map(|before| before.hash);
        if line.hash != head.hash && is_of_same {
            self.problem(Problem::Replaced { place, seq: line.seq });
            // Which of them is real, the next one tells.
            (self.other, self.head) = (Some(head), Some(line.head()));
        } else if self.was_missing(line.seq)
            || self.report.first.as_ref().is_some_and(|first| line.seq < first.seq)
        {
            self.problem(Problem::Moved { place, seq: line.seq });
        } else {
            let why = format!("is seq {}, which was there before", line.seq);
            self.problem(Problem::Inserted { place, why });
        }
    }

    /// Whether a line was missing so far.
    fn was_missing(&mut self, seq: u64) -> bool {
        let is_it =
            |problem: &Problem| matches!(problem, Problem::Missing { seqs, .. } if seqs.contains(&seq));
        let Some(at) = self.report.problems.iter().position(is_it) else { return false };
        if let Problem::Missing { place, seqs } = self.report.problems.remove(at) {
            let parts = [*seqs.start()..=seq.saturating_sub(1), seq.saturating_add(1)..=*seqs.end()];
            let left = parts.into_iter().filter(|part| !part.is_empty()).rev();
            left.for_each(|seqs| {
                self.report.problems.insert(at, Problem::Missing { place: place.clone(), seqs })
            });
        }
        true
    }

    fn accept(&mut self, place: &Place, line: &Line<'_>) {
        self.clear();
        let seen = Seen { seq: line.seq, time: line.time.clone().into_owned(), hash: line.hash };
        self.report.absent.retain(|wanted| *wanted != line.hash);
        match &*line.operation {
            "start" if self.head.is_some() && !self.stopped => self.remark(format!(
                "{place}: the gateway started without having stopped: it was killed, or the last lines before are gone"
            )),
            "lost" => {
                let count = line.count.unwrap_or_default();
                self.remark(format!("{place}: {count} lines were never written, for want of room"));
            }
            _ => {}
        }
        self.stopped = line.operation == "stop" || self.stopped && line.operation == "rotate";
        (self.before, self.other) = (self.head, None);
        self.head = Some(line.head());
        self.report.first.get_or_insert_with(|| seen.clone());
        self.report.last = Some(seen);
    }

    /// If this line says that a piece stands before it, and it does, that is in order.
    fn take_torn(&mut self, place: &Place, line: &Line<'_>, after: u64) {
        let (operation, Some(octets), Some(sha256)) = (&*line.operation, line.octets, line.sha256) else {
            return;
        };
        let is_it = !self.bad.is_empty() && Torn::of(&self.piece) == (Torn { octets, sha256 });
        if operation == "altered" && is_it {
            self.changed(u64::MAX);
            self.clear();
            self.remark(format!(
                "{place}: the gateway found what was changed before this line when it started"
            ));
        } else if operation == "torn" && is_it && self.bad.iter().all(|bad| bad.why == Wrong::Piece) {
            self.clear();
            self.remark(format!(
                "{place}: a line after seq {after} was cut off after {octets} octets when the gateway was killed or \
                 its disk was full"
            ));
        } else if self.bad.is_empty() && ["altered", "torn"].contains(&operation) {
            let why = "tells of octets before it that are not there".into();
            self.problem(Problem::Changed { place: place.clone(), why });
        }
    }

    /// So many of what is no line, at most, are lines that were changed. Says how many.
    fn changed(&mut self, most: u64) -> u64 {
        let count = usize::try_from(most).unwrap_or(usize::MAX).min(self.bad.len());
        for Bad { place, why } in self.bad.drain(..count).collect::<Vec<_>>() {
            self.problem(Problem::Changed { place, why: why.to_string() });
        }
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// The others are no lines of this log.
    fn inserted(&mut self) {
        for Bad { place, why } in mem::take(&mut self.bad) {
            self.problem(Problem::Inserted { place, why: why.to_string() });
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.bad.clear();
        self.piece.clear();
    }

    /// What there is to forget if a file turns out to be none of a log: what was found before its first line.
    pub fn mark(&self) -> Mark {
        Mark { bad: self.bad.len(), piece: self.piece.len(), more: self.report.more }
    }

    /// One problem stands for all lines since then, none of which was whole.
    pub fn instead(&mut self, Mark { bad, piece, more }: Mark, problem: Problem) {
        self.bad.truncate(bad);
        self.piece.truncate(piece);
        self.report.more = more;
        self.problem(problem);
    }

    pub fn problem(&mut self, problem: Problem) {
        if self.report.problems.len() < MAX_TOLD {
            self.report.problems.push(problem)
        } else {
            self.report.more += 1
        }
    }

    fn remark(&mut self, remark: String) {
        if self.report.remarks.len() < MAX_TOLD {
            self.report.remarks.push(remark);
        }
    }

    /// There are no more lines. `is_unfinished`: the last one has no end.
    pub fn end(mut self, is_unfinished: bool) -> Report {
        let cut_off = match self.bad.last() {
            Some(Bad { why: Wrong::Piece, .. }) if is_unfinished => self.bad.pop(),
            _ => None,
        };
        self.changed(u64::MAX);
        self.clear();
        if let Some(Bad { place, .. }) = cut_off {
            self.problem(Problem::CutOff { place });
        } else if self.head.is_some() && !self.stopped {
            self.remark(
                "the last line is no stop: the gateway runs, or was killed, or lines at the end are gone; only a \
                 hash that was noted elsewhere tells (--contains)"
                    .into(),
            );
        }
        self.report
    }
}
