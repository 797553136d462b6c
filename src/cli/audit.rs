//! `rxgate audit`: whether an audit log is as the gateway wrote it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use super::Failure;
use crate::audit::{Hash, Problem, Report, Source, verify};

/// Checks audit logs.
///
/// Every line of an audit log has the hash of the line before, and its own as its last member: SHA-256 of the octets
/// that stand before `,"hash":`.
#[derive(Args)]
#[command(after_help = "\
Example:
  rxgate audit verify audit.jsonl

Exit codes: 0 the log is whole; 1 it is not, or cannot be read; 2 wrong arguments.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Verify(VerifyArguments),
}

/// Checks that no line is changed, missing, inserted or moved.
///
/// Files that belong together, such as those of a rotated log, are given together, in any order; nothing may be missing
/// between them. A log may be in use meanwhile.
///
/// What the files alone cannot tell: that whole lines at the end are gone, or whole files at the beginning, and that
/// somebody wrote every line from one on anew. Against that, note the last hash from time to time where nobody can
/// change it, and ask for it later with --contains; the gateway's own log has the hash of each start, end and new file.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate audit verify audit.jsonl
  rxgate audit verify audit.jsonl audit.jsonl.1
  zcat $(ls -rv audit.jsonl.*.gz) | cat - audit.jsonl | rxgate audit verify -     oldest first
  rxgate audit verify audit.jsonl --contains ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
  sed -n '7s/,\"hash\":.*//p' audit.jsonl | tr -d '\\n' | sha256sum      the hash of line 7 by other means

Exit codes: 0 the chain is whole; 1 it is not, or a file cannot be read; 2 wrong arguments.")]
struct VerifyArguments {
    /// The files; - is standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// A line with this hash has to be there. May be given several times.
    #[arg(long, value_name = "HASH", value_parser = |text: &str| text.parse::<Hash>())]
    contains: Vec<Hash>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Command::Verify(VerifyArguments { files, contains }) = &arguments.command;
    let sources = files.iter().map(|file| open(file)).collect::<Result<Vec<_>, _>>()?;
    let report = verify(sources, contains);
    show(&report, files.len())?;
    match report.is_whole() {
        // A gateway writes a line when it starts.
        true if report.lines == 0 => Err(Failure::failed(
            "there is no line to check",
            "a log has a line since the gateway's first start: compare it with a copy",
        )),
        true => Ok(()),
        false => Err(failure(&report)),
    }
}

fn failure(report: &Report) -> Failure {
    let (text, hint) = match &report.problems[..] {
        [] => (
            "the audit log has not every hash that --contains asks for",
            "give all files of the log, and the hash of this one; otherwise lines are gone or written anew: compare it \
             with a copy",
        ),
        [Problem::CutOff { .. }] => (
            "the last line of the audit log is not whole",
            "it is right if a gateway was killed, and it says so when it starts again, or if one writes now; otherwise \
             compare the log with a copy",
        ),
        [Problem::NoLog { .. }] => ("there is no audit log in a file", "give `file` of [audit]"),
        [Problem::LineEnds { .. }] => (
            "the audit log has other line ends than it was written with",
            "`tr -d '\\r' <FILE | rxgate audit verify -` checks it without them",
        ),
        _ => (
            "the audit log is not whole",
            "give all files of the log; what is wrong then is no work of a gateway: compare it with a copy",
        ),
    };
    Failure::failed(text, hint)
}

fn open(file: &Path) -> Result<Source, Failure> {
    let name = file.display().to_string();
    let content: Box<dyn BufRead> = match file == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => match File::open(file) {
            Ok(opened) => Box::new(BufReader::with_capacity(1 << 16, opened)),
            Err(error) => {
                let hint = "give the path of a file that this user may read";
                return Err(Failure::failed(format!("{name}: cannot be read: {error}"), hint));
            }
        },
    };
    Ok(Source { name, content })
}

fn show(report: &Report, files: usize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    report.problems.iter().try_for_each(|problem| writeln!(out, "{problem}"))?;
    if report.more > 0 {
        writeln!(out, "and {} more problems", report.more)?;
    }
    report.absent.iter().try_for_each(|hash| writeln!(out, "no line has the hash {hash}"))?;
    report.remarks.iter().try_for_each(|remark| writeln!(out, "note: {remark}"))?;
    let of = if files == 1 { String::new() } else { format!(" in {files} files") };
    write!(out, "{} lines{of}", report.lines)?;
    if let (Some(first), Some(last)) = (&report.first, &report.last) {
        write!(out, ", from {} (seq {}) to {} (seq {})", first.time, first.seq, last.time, last.seq)?;
    }
    let chain = match report.problems.is_empty() {
        _ if report.first.is_none() => "no chain",
        true => "chain whole",
        false => "chain broken",
    };
    writeln!(out, ": {chain}")?;
    if let Some(last) = &report.last {
        writeln!(out, "last hash {}", last.hash)?;
    }
    out.flush()
}
