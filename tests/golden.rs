//! The golden messages: read as their dumps say, written again octet for octet, and the wrong ones refused.
//!
//! A new message is a file `tests/golden/NAME.hex` with its octets in hexadecimal. `RENEW_GOLDEN=1 cargo test
//! --test golden` lays it out one AVP a line, writes `NAME.txt` beside it, and fails: look at both and commit
//! them. Wrong messages are laid out by hand; their names end in the error and the Result-Code it means.
#![allow(clippy::unwrap_used)]

#[path = "golden/files.rs"]
mod files;
#[path = "packets/mod.rs"]
mod packets;

use std::{fmt::Write as _, fs, io::Write as _, process::Command};

use files::Golden;
use rxgate::{
    dict::{self, Dictionary, Strictness, Value, dump::Tree},
    rx::*,
    wire::{
        AvpDef, AvpFlags, Avps, CommandFlags, FormatError, Grouped, Index, Message, WireError, Writer, walk,
    },
};

/// The right messages that a strict receiver refuses all the same, and how.
const REFUSED: [(&str, u32); 1] = [("rar-unknown-m-avp-in-flows", 5001)];

#[test]
fn every_golden_reads_as_its_dump() {
    let renew = std::env::var_os("RENEW_GOLDEN").is_some();
    let mut renewed = Vec::new();
    for golden in files::good() {
        let dump = golden.path.with_extension("txt");
        let text = parsed(&golden, |message| Tree::of(Dictionary::builtin(), message).to_string());
        if renew {
            // The first one has been given as it came, and other programs read it as that.
            if golden.name != "aar" {
                fs::write(&golden.path, laid_out(&golden, &text)).unwrap();
            }
            fs::write(&dump, &text).unwrap();
            renewed.push(golden.name);
        } else {
            let expected = fs::read_to_string(&dump).unwrap_or_default();
            assert_eq!(text, expected, "{}: RENEW_GOLDEN=1 renews the dumps", golden.name);
        }
    }
    assert_eq!(renewed, Vec::<String>::new(), "renewed, look at the difference");
}

/// The octets with one AVP a line, what is inside a group behind it and indented, dump lines as comments.
fn laid_out(golden: &Golden, dump: &str) -> String {
    let old = fs::read_to_string(&golden.path).unwrap();
    let mut text: String =
        old.lines().take_while(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    let mut comments = dump.lines().map(str::trim);
    let mut line = |octets: &[u8], starts: &[usize], depth: usize| {
        let indent = "  ".repeat(depth);
        let mut hex = indent.clone();
        for (at, octet) in octets.iter().enumerate() {
            if starts.contains(&at) && at > 0 {
                hex.push(' ');
            }
            write!(hex, "{octet:02x}").unwrap();
        }
        let comment: String = comments.next().unwrap().chars().take(90).collect();
        writeln!(text, "{hex:<60}  # {indent}{comment}").unwrap();
    };
    fn level(avps: Avps<'_>, depth: usize, line: &mut impl FnMut(&[u8], &[usize], usize)) {
        for avp in avps.iter() {
            let header = avp.octets().len() - avp.data().len();
            let grouped = dict::is_grouped(avp.key());
            let octets = if grouped { &avp.octets()[..header] } else { avp.padded_octets() };
            line(octets, if header == 12 { &[4, 8, 12] } else { &[4, 8] }, depth);
            level(avp.children(), depth + 1, line);
        }
    }
    parsed(golden, |message| {
        line(&message.octets()[..20], &[4, 8, 12, 16], 0);
        level(message.avps(), 0, &mut line);
    });
    text
}

#[test]
fn every_golden_is_rebuilt_octet_for_octet() {
    for golden in files::good() {
        parsed(&golden, |message| {
            let header = message.header();
            let mut out = vec![0; golden.octets.len()];
            let ids = (header.hop_by_hop, header.end_to_end);
            let mut writer = Writer::begin(&mut out, header.command, header.flags, header.application, ids);
            write(&mut writer, message.avps());
            assert_eq!(writer.finish(), Ok(golden.octets.len()), "{}", golden.name);
            assert_eq!(out, golden.octets, "{}", golden.name);
        });
    }
}

fn write(writer: &mut Writer<'_>, avps: Avps<'_>) {
    for avp in avps.iter() {
        if dict::is_grouped(avp.key()) {
            let mandatory = avp.flags().contains(AvpFlags::MANDATORY);
            let def = AvpDef::<Grouped>::new("", avp.code(), avp.vendor(), mandatory);
            writer.group(&def, |writer| write(writer, avp.children()));
        } else {
            writer.put_raw(avp.code(), avp.vendor(), avp.flags(), avp.data());
        }
    }
}

#[test]
fn every_rx_golden_is_rebuilt_from_its_struct() {
    let mut seen = 0;
    for golden in files::good() {
        parsed(&golden, |message| {
            let header = message.header();
            let ids = (header.hop_by_hop, header.end_to_end);
            let retransmit = header.flags.contains(CommandFlags::RETRANSMIT);
            macro_rules! rebuild {
                ($type:ident) => {{
                    let read = $type::read(message).unwrap();
                    let encoded = read.encode(ids).unwrap().with_hop_by_hop(header.hop_by_hop, retransmit);
                    assert_eq!(encoded.as_bytes()[..], golden.octets, "{}", golden.name);
                    let mut out = vec![0; golden.octets.len()];
                    assert_eq!(read.encode_into(&mut out, ids), Ok(out.len()), "{}", golden.name);
                    let owned = read.clone().into_owned();
                    assert_eq!(owned, read, "{}", golden.name);
                    assert_eq!(owned.encode_into(&mut out, ids), Ok(out.len()), "{}", golden.name);
                }};
            }
            match &golden.name[..3] {
                "aar" => rebuild!(AaRequest),
                "aaa" => rebuild!(AaAnswer),
                "rar" => rebuild!(RaRequest),
                "raa" => rebuild!(RaAnswer),
                "str" => rebuild!(StRequest),
                "sta" => rebuild!(StAnswer),
                "asr" => rebuild!(AsRequest),
                "asa" => rebuild!(AsAnswer),
                _ => return assert_eq!(header.application, 0, "{}", golden.name),
            }
            seen += 1;
        });
    }
    assert!(seen >= 25, "{seen} Rx messages");
}

#[test]
fn goldens_keep_the_grammar_of_their_commands() {
    for golden in files::good() {
        parsed(&golden, |message| {
            let refused = REFUSED.iter().find(|(name, _)| *name == golden.name);
            for strictness in [Strictness::Lenient, Strictness::Strict] {
                let violation = dict::check(Dictionary::builtin(), message, strictness).err();
                let code = violation.as_ref().map(|violation| violation.result_code);
                assert_eq!(code, refused.map(|(_, code)| *code), "{}: {violation:?}", golden.name);
            }
        });
    }
}

#[test]
fn an_unknown_avp_in_a_group_is_quoted_with_the_groups_around_it() {
    let goldens = files::good();
    let golden = goldens.iter().find(|golden| golden.name == REFUSED[0].0).unwrap();
    parsed(golden, |message| {
        let violation = dict::check(Dictionary::builtin(), message, Strictness::Lenient).unwrap_err();
        // Flows, and in it the AVP as it came.
        let unknown: Vec<u8> = [9001, 0xc000_0011, 99_999].map(u32::to_be_bytes).concat();
        let quoted =
            [&[510, 0xc000_0020, 10_415].map(u32::to_be_bytes).concat()[..], &unknown, b"what?\0\0\0"];
        assert_eq!(violation.failed_avp, Some(quoted.concat()));
    });
}

#[test]
fn wrong_messages_are_refused_as_their_names_say() {
    let goldens = files::bad();
    assert!(goldens.len() >= 30, "{} wrong messages", goldens.len());
    for golden in goldens {
        let (error, code) = refusal(&golden.octets);
        let expected = golden.name.rsplit_once('.').expect("WHAT.ERROR-CODE").1;
        assert_eq!(format!("{error}-{code}"), expected, "{}", golden.name);
    }
}

/// Who refuses the message first, and the Result-Code: parsing, then reading values, then the grammar.
fn refusal(octets: &[u8]) -> (&'static str, u32) {
    let mut index = Index::new();
    let message = match index.parse(octets, dict::is_grouped) {
        Ok(message) => message,
        Err(error) => return (wire_name(&error), error.result_code()),
    };
    if let Some(error) = message.every_avp().find_map(|avp| Value::read(avp).err()) {
        return (wire_name(&error), error.result_code());
    }
    match dict::check(Dictionary::builtin(), &message, Strictness::Lenient) {
        Err(violation) => ("Grammar", violation.result_code),
        Ok(()) => ("None", 0),
    }
}

fn wire_name(error: &WireError) -> &'static str {
    match error {
        WireError::NoHeader { .. } => "NoHeader",
        WireError::Version { .. } => "Version",
        WireError::MessageLength { .. } => "MessageLength",
        WireError::AvpLength { .. } => "AvpLength",
        WireError::TooDeep { .. } => "TooDeep",
        WireError::TooManyAvps { .. } => "TooManyAvps",
        WireError::Value { error: FormatError::Length { .. }, .. } => "ValueLength",
        WireError::Value { error: FormatError::Text { .. }, .. } => "ValueText",
        WireError::Value { error: FormatError::Address { .. }, .. } => "ValueAddress",
        WireError::NoRoom { .. } => "NoRoom",
    }
}

/// AVPs of 3GPP that came after the dictionary of tshark 4.0.
const NEWER: [u32; 12] = [549, 565, 566, 567, 568, 569, 570, 572, 578, 582, 2843, 4202];

/// Another decoder reads every golden with all its names, and finds nothing malformed or unknown.
#[test]
fn tshark_decodes_every_golden() {
    if Command::new("tshark").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "tshark is missing, which CI forbids");
        let line = "SKIPPED: goldens decoded by tshark: tshark is missing (Debian package tshark)";
        writeln!(std::io::stderr(), "{line}").unwrap();
        return;
    }
    let goldens: Vec<_> = files::good().into_iter().filter(|golden| golden.name != REFUSED[0].0).collect();
    let mut sequence = 1;
    let segments: Vec<(u32, &[u8])> = goldens
        .iter()
        .map(|golden| {
            sequence += golden.octets.len() as u32;
            (sequence - golden.octets.len() as u32, &golden.octets[..])
        })
        .collect();
    let capture = std::env::temp_dir().join(format!("rxgate-goldens-{}.pcap", std::process::id()));
    fs::write(&capture, packets::one_way(&segments)).unwrap();
    let shark = |arguments: &[&str]| {
        let output = Command::new("tshark").arg("-r").arg(&capture).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let codes = shark(&["-Y", "diameter", "-T", "fields", "-e", "diameter.avp.code"]);
    let faults = shark(&["-q", "-z", "expert,diameter"]);
    fs::remove_file(&capture).unwrap();
    let newer =
        |line: &&str| NEWER.iter().any(|code| line.contains(&format!("Unknown AVP {code} (vendor=3GPP)")));
    let faults = faults.lines().filter(|line| line.contains("Diameter") && !newer(line));
    let faults: Vec<&str> = faults.collect();
    assert_eq!(faults, Vec::<&str>::new());
    assert_eq!(codes.lines().count(), goldens.len());
    for (golden, found) in goldens.iter().zip(codes.lines()) {
        let mut expected = Vec::new();
        parsed(golden, |message| codes_in(message.avps(), &mut expected));
        let mut rest = found.split(',');
        let all = expected.iter().all(|code| rest.any(|found| found == code));
        assert!(all, "{}: found {found}, expected {expected:?}", golden.name);
    }
}

/// The codes in the order of the octets, without what is in groups that the other decoder may not open.
fn codes_in(avps: Avps<'_>, codes: &mut Vec<String>) {
    for avp in avps.iter() {
        codes.push(avp.code().to_string());
        if avp.key() == dict::avp::FAILED_AVP.key() {
            codes.extend(walk(avp.data()).map(|quoted| (quoted.key as u32).to_string()));
        } else if !NEWER.contains(&avp.code()) {
            codes_in(avp.children(), codes);
        }
    }
}

fn parsed<R>(golden: &Golden, then: impl FnOnce(&Message<'_>) -> R) -> R {
    let mut index = Index::new();
    match index.parse(&golden.octets, dict::is_grouped) {
        Ok(message) => then(&message),
        Err(error) => panic!("{}: {error}", golden.name),
    }
}
