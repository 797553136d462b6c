//! `rxgate decode`: Diameter messages, however they come, as trees with names and units.

mod hex;

use std::{
    fs,
    io::{self, Read, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Failure, check_config, complain};
use crate::{
    capture::{self, Captured},
    dict::{Dictionary, Strictness, check, dump},
    wire::{Index, WireError, frame_length},
};

/// Shows Diameter messages as trees with names and units.
///
/// Reads hexadecimal text (bare, or as xxd, hexdump -C and packet analysers write it, with comments behind #,
/// // or ;), the octets of one or more messages, or a packet capture (pcap, pcapng) with Diameter over TCP or
/// SCTP on any port. Which of them it is shows at its beginning.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate decode message.hex
  tcpdump -w - 'tcp port 3868' | rxgate decode
  echo 01000014800001180000000000000001 00000002 | rxgate decode
  rxgate decode --format json rx.pcap | jq '.[].message.command'

Exit codes: 0 everything was shown; 1 something could not be read: what could is shown, and the \
error names the octet; 2 wrong arguments or dictionary.")]
pub(super) struct Arguments {
    /// What to read; - or nothing is standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// How to show it.
    #[arg(long, value_enum, default_value = "tree")]
    format: Format,
    /// Further dictionary files (XML), for AVPs that are not built in.
    #[arg(long, value_name = "DIR")]
    dictionary: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line for each AVP, groups indented.
    Tree,
    /// An array with an object for each message.
    Json,
}

/// A message as it is shown.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    found: Found,
    message: dump::Tree,
    /// What the message lacks or has too much by its command's grammar, with the Result-Code for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    violation: Option<String>,
}

/// Where a message stands.
#[derive(Serialize)]
#[serde(untagged)]
enum Found {
    File { octet: usize },
    Capture { packet: u64, at: String, from: SocketAddr, to: SocketAddr },
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = arguments.dictionary.as_deref().map(check_config::dictionary).transpose()?;
    let dictionary = loaded.as_ref().unwrap_or_else(|| Dictionary::builtin());
    let input = read(&arguments.file)?;
    let (messages, problems) = decode(dictionary, &input)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match arguments.format {
        Format::Tree => messages.iter().try_for_each(|shown| tree(&mut out, shown))?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &messages).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Failure { exit: super::Exit::Failed, problems }),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let (name, read) = if file == Path::new("-") {
        let mut octets = Vec::new();
        ("standard input".into(), io::stdin().lock().read_to_end(&mut octets).map(|_| octets))
    } else {
        (file.display().to_string(), fs::read(file))
    };
    read.map_err(|error| {
        Failure::usage(
            format!("cannot read {name}: {error}"),
            "give the path of a file with messages, or - for standard input",
        )
    })
}

fn tree(out: &mut impl Write, shown: &Shown) -> io::Result<()> {
    match &shown.found {
        Found::File { octet } => writeln!(out, "octet {octet}:")?,
        Found::Capture { packet, at, from, to } => writeln!(out, "packet {packet}, {at}, {from} -> {to}:")?,
    }
    write!(out, "{}", shown.message)?;
    if let Some(violation) = &shown.violation {
        writeln!(out, "  !! {violation}")?;
    }
    writeln!(out)
}

/// What could be read, and what could not.
type Decoded = (Vec<Shown>, Vec<(String, String)>);

fn decode(dictionary: &Dictionary, input: &[u8]) -> Result<Decoded, Failure> {
    if capture::is_capture(input) {
        return from_capture(dictionary, input);
    }
    // Version 1 begins every message and is no character of a text.
    match input.first() {
        Some(1) => Ok(from_octets(dictionary, input)),
        Some(_) => match hex::octets(input) {
            Ok(octets) => Ok(from_octets(dictionary, &octets)),
            Err(error) => Err(Failure::failed(error.to_string(), error.hint())),
        },
        None => Err(Failure::failed(
            "the input is empty",
            "give hexadecimal text, the octets of a message, or a packet capture",
        )),
    }
}

fn from_capture(dictionary: &Dictionary, input: &[u8]) -> Result<Decoded, Failure> {
    let capture = capture::read(input)
        .map_err(|error| Failure::failed(error.to_string(), "capture again, or convert the file to pcap"))?;
    if capture.messages.is_empty() {
        let text = format!("no Diameter message in {} packets", capture.packets);
        complain("warning", &text, "capture the traffic of the Diameter port (3868), not encrypted by TLS");
    }
    for note in &capture.notes {
        complain("warning", &note.to_string(), "the messages in that place are not shown");
    }
    let mut problems = Vec::new();
    let mut messages = Vec::new();
    for Captured { packet, at, from, to, message } in capture.messages {
        let seconds = dump::date(i64::try_from(at.as_secs()).unwrap_or(i64::MAX));
        let at = format!("{}.{:06}Z", seconds.trim_end_matches('Z'), at.subsec_micros());
        let found = Found::Capture { packet, at, from, to };
        if let Err(error) = show(dictionary, found, message.as_bytes(), &mut messages) {
            problems.push((format!("packet {packet}: {error}"), UNREADABLE.into()));
        }
    }
    Ok((messages, problems))
}

const UNREADABLE: &str =
    "octets are counted from the message's first; the tree above shows it as far as it goes";

fn from_octets(dictionary: &Dictionary, octets: &[u8]) -> Decoded {
    let mut messages = Vec::new();
    let mut problems = Vec::new();
    let mut octet = 0;
    while let Some(rest) = octets.get(octet..).filter(|rest| !rest.is_empty()) {
        let length = match frame_length(rest, usize::MAX) {
            Ok(Some(length)) => length,
            Ok(None) => {
                problems.push((
                    format!("octet {octet}: {} octets are no Diameter message", rest.len()),
                    "a message has a header of 20 octets: check that nothing is missing at the end".into(),
                ));
                break;
            }
            Err(error) => {
                problems.push((
                    format!("octet {octet}: no Diameter message begins here: {error}"),
                    "give whole messages only, without the headers of TCP, IP or Ethernet".into(),
                ));
                break;
            }
        };
        let message = rest.get(..length).unwrap_or(rest);
        let shown = show(dictionary, Found::File { octet }, message, &mut messages);
        if message.len() < length {
            problems.push((
                format!("octet {octet}: a message of {length} octets, of which {} are there", message.len()),
                "add the octets that are missing at the end".into(),
            ));
        } else if let Err(error) = shown {
            problems.push((format!("message at octet {octet}: {error}"), UNREADABLE.into()));
        }
        octet += length;
    }
    (messages, problems)
}

/// Shows a message as far as it goes; the error is why that is not all of it.
fn show(
    dictionary: &Dictionary,
    found: Found,
    octets: &[u8],
    messages: &mut Vec<Shown>,
) -> Result<(), WireError> {
    let mut index = Index::new();
    let parsed = index.parse(octets, |key| dictionary.is_grouped(key));
    let violation = match &parsed {
        Ok(message) => check::check(dictionary, message, Strictness::Lenient).err(),
        Err(_) => None,
    };
    let message = dump::Tree::from_octets(dictionary, octets)?;
    messages.push(Shown { found, message, violation: violation.map(|violation| violation.to_string()) });
    parsed.map(|_| ())
}
