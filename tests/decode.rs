//! `rxgate decode`: every form of input, both forms of output, and what is said about bad input.
#![allow(clippy::unwrap_used)]

mod packets;

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use packets::*;

const GOLDEN_HEX: &str = include_str!("golden/aar.hex");
const GOLDEN_TREE: &str = include_str!("golden/aar.txt");

fn decode(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rxgate"))
        .arg("decode")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // It may have ended without reading everything.
    _ = writer.join().unwrap();
    output
}

/// Standard output, after checking that nothing went wrong.
#[track_caller]
fn shown(arguments: &[&str], input: &[u8]) -> String {
    let output = decode(arguments, input);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn assert_fails(input: &[u8], code: i32, errors: &str) {
    let output = decode(&[], input);
    assert_eq!(String::from_utf8_lossy(&output.stderr), errors);
    assert_eq!(output.status.code(), Some(code));
}

fn golden() -> Vec<u8> {
    let digits: String = GOLDEN_HEX.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// A line for each 16 octets: offset, octets, characters.
fn dump(octets: &[u8], line: impl Fn(usize, &[String], &str) -> String) -> String {
    let lines = octets.chunks(16).enumerate().map(|(number, row)| {
        let hex: Vec<String> = row.iter().map(|octet| format!("{octet:02x}")).collect();
        let text: String =
            row.iter().map(|octet| if octet.is_ascii_graphic() { char::from(*octet) } else { '.' }).collect();
        line(number * 16, &hex, &text)
    });
    lines.collect()
}

#[test]
fn every_way_to_write_a_message_gives_the_same_tree() {
    let octets = golden();
    let expected = format!("octet 0:\n{GOLDEN_TREE}\n");
    let xxd = dump(&octets, |offset, hex, text| {
        let pairs: Vec<String> = hex.chunks(2).map(|pair| pair.concat()).collect();
        format!("{offset:08x}: {}  {text}\n", pairs.join(" "))
    });
    let hexdump = dump(&octets, |offset, hex, text| {
        let halves: Vec<String> = hex.chunks(8).map(|half| half.join(" ")).collect();
        format!("{offset:08x}  {:<48}  |{text}|\n", halves.join("  "))
    }) + "000005a0\n";
    let od = dump(&octets, |offset, hex, text| format!("{offset:06x} {:<48} >{text}<\n", hex.join(" ")));
    let analyser = dump(&octets, |offset, hex, text| format!("{offset:04x}   {}   {text}\n", hex.join(" ")));
    let commented = dump(&octets, |offset, hex, _| format!("{} # from {offset}; // on\n", hex.join(":")));
    let program = dump(&octets, |_, hex, _| {
        hex.iter().map(|octet| format!("0x{}, ", octet.to_uppercase())).collect::<String>() + "\n"
    });
    for text in [GOLDEN_HEX, &xxd, &hexdump, &od, &analyser, &commented, &program] {
        assert_eq!(shown(&[], text.as_bytes()), expected, "{}", text.lines().next().unwrap());
    }
    assert_eq!(shown(&["-"], &octets), expected);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/aar.hex");
    assert_eq!(shown(&[file], b""), expected);
}

#[test]
fn several_messages_are_shown_one_after_the_other() {
    let output = shown(&[], &[golden(), message(7)].concat());
    let (first, second) = output.split_once("\n\n").unwrap();
    assert_eq!(format!("{first}\n"), format!("octet 0:\n{GOLDEN_TREE}"));
    let mut lines = second.lines();
    assert_eq!(lines.next(), Some("octet 1440:"));
    assert!(
        lines.next().unwrap().starts_with("DWR Device-Watchdog-Request [280 R] application 0"),
        "{second}"
    );
}

#[test]
fn two_dumps_in_one_text_are_two_messages() {
    let one = dump(&message(1), |offset, hex, _| format!("{offset:04x}  {}\n", hex.join(" ")));
    let output = shown(&[], format!("{one}\n{one}").as_bytes());
    assert_eq!(output.matches("Device-Watchdog-Request").count(), 2);
    assert!(output.contains("octet 20:\n"), "{output}");
}

#[test]
fn what_breaks_the_grammar_is_marked() {
    let output = shown(&[], &message(7));
    assert!(output.ends_with("(5005)\n\n"), "{output}");
    assert!(output.contains("  !! "), "{output}");
}

#[test]
fn captures_are_shown_with_their_packets() {
    let octets = golden();
    let file = one_way(&[(1, &octets[..700]), (701, &octets[700..])]);
    let expected =
        format!("packet 2, 1970-01-01T00:00:02.000002Z, 10.0.0.1:40000 -> 10.0.0.2:3868:\n{GOLDEN_TREE}\n");
    assert_eq!(shown(&[], &file), expected);
}

#[test]
fn json_holds_the_same() {
    let octets = golden();
    let json: serde_json::Value =
        serde_json::from_str(&shown(&["--format", "json"], &[octets.clone(), message(7)].concat())).unwrap();
    assert_eq!(json[0]["octet"], 0);
    let message = &json[0]["message"];
    assert_eq!(message["command"], "AA-Request");
    assert_eq!(message["code"], 265);
    assert_eq!(message["avps"][7]["name"], "Media-Component-Description");
    assert_eq!(
        message["avps"][7]["value"][1]["value"][1]["value"],
        "permit out 17 from 10.20.30.40 49170 to 10.45.0.17 50010"
    );
    assert_eq!(message["avps"][7]["value"][1]["value"][5]["unit"], "bit/s");
    assert_eq!(json[0].get("violation"), None);
    assert_eq!(json[1]["octet"], 1440);
    assert!(json[1]["violation"].as_str().unwrap().contains("5005"));

    let json: serde_json::Value =
        serde_json::from_str(&shown(&["--format", "json"], &one_way(&[(1, &octets)]))).unwrap();
    assert_eq!(json[0]["packet"], 1);
    assert_eq!(json[0]["from"], "10.0.0.1:40000");
    assert_eq!(json[0]["at"], "1970-01-01T00:00:01.000001Z");
}

#[test]
fn a_dictionary_directory_adds_names() {
    let directory = std::env::temp_dir().join(format!("rxgate-decode-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(
        directory.join("own.xml"),
        r#"<dictionary><vendor vendor-id="OWN" code="99999" name="Own"/><base>
           <avp name="Own-Text" code="1" mandatory="may" vendor-id="OWN"><type type-name="UTF8String"/></avp>
           </base></dictionary>"#,
    )
    .unwrap();
    let mut octets = vec![1, 0, 0, 36, 0x80, 0, 1, 24, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
    octets.extend([0, 0, 0, 1, 0x80, 0, 0, 14, 0, 1, 0x86, 0x9f, b'h', b'i', 0, 0]);
    assert!(shown(&[], &octets).contains("  AVP-1 [1/99999 V]: 0x6869 ("));
    let output = shown(&["--dictionary", directory.to_str().unwrap()], &octets);
    assert!(output.contains("  Own-Text [1/99999 V]: hi\n"), "{output}");

    std::fs::write(
        directory.join("own.xml"),
        "<dictionary>\n<base><avp name=\"X\" code=\"many\"/></base></dictionary>",
    )
    .unwrap();
    let output = decode(&["--dictionary", directory.to_str().unwrap()], &octets);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.starts_with("error: ") && errors.contains("own.xml:2: "), "{errors}");
    assert!(errors.ends_with("hint: correct that file, or take it out of the directory\n"), "{errors}");
    assert_eq!(output.status.code(), Some(2));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn text_that_is_not_hexadecimal_is_refused_with_its_place() {
    const DIGITS: &str =
        "put # before comments; accepted are hexadecimal digits, 0x, spaces, commas and colons";
    assert_fails(
        b"01 00\n  00 1g",
        1,
        &format!("error: line 2, column 7: 'g' is no hexadecimal digit\nhint: {DIGITS}\n"),
    );
    assert_fails(
        b"0000: 01 00\n0002: 00 xx",
        1,
        &format!("error: line 2, column 10: 'x' is no hexadecimal digit\nhint: {DIGITS}\n"),
    );
    assert_fails(
        b"01 00 0",
        1,
        "error: line 1, column 7: an octet with one digit\nhint: every octet has two digits: check that none \
         is missing\n",
    );
    assert_fails(
        b"00000000: 0100 0014\n00000010: 8000\n",
        1,
        "error: line 2: offset 0x10 behind 0x4 octets\nhint: check that no line is missing and that the \
         offsets are hexadecimal\n",
    );
    assert_fails(
        b"00000000  01 00 00 14\n*\n",
        1,
        "error: line 2: repeated lines were left out (*)\nhint: dump it again with `hexdump -v -C`, which \
         leaves out nothing\n",
    );
    assert_fails(
        b"# nothing\n",
        1,
        "error: line 1: there is no octet in this text\nhint: give the octets of a message as hexadecimal \
         digits\n",
    );
    assert_fails(
        b"01\n\xff\xfe",
        1,
        "error: line 2: neither text nor a Diameter message nor a capture\nhint: give hexadecimal text, the \
         octets of a Diameter message, or a packet capture\n",
    );
    assert_fails(
        b"",
        1,
        "error: the input is empty\nhint: give hexadecimal text, the octets of a message, or a packet \
         capture\n",
    );
}

#[test]
fn octets_that_are_no_message_are_refused_with_their_place() {
    assert_fails(
        b"45 00 00 3c",
        1,
        "error: octet 0: no Diameter message begins here: octet 0: version 69, only version 1 is Diameter\n\
         hint: give whole messages only, without the headers of TCP, IP or Ethernet\n",
    );
    assert_fails(
        &[message(1), vec![1, 0]].concat(),
        1,
        "error: octet 20: 2 octets are no Diameter message\nhint: a message has a header of 20 octets: check \
         that nothing is missing at the end\n",
    );
    let output = decode(&[], &golden()[..700]);
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: octet 0: a message of 1440 octets, of which 700 are there\nhint: add the octets that are \
         missing at the end\n"
    );
    assert!(String::from_utf8(output.stdout).unwrap().contains("  Origin-Host [264 M]: pcscf01"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_bad_avp_is_named_with_its_octet_and_the_rest_is_shown() {
    let mut octets = golden();
    // The length of Session-Id, the AVP at octet 20.
    octets[27] = 4;
    let output = decode(&[], &[octets, message(7)].concat());
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: message at octet 0: octet 20: AVP 263 of vendor 0 has length 4, 1420 octets are there\n\
         hint: octets are counted from the message's first; the tree above shows it as far as it goes\n"
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("Device-Watchdog-Request"));
}

#[test]
fn a_capture_without_diameter_says_so() {
    let file = pcap(RAW_IP, &[tcp("10.0.0.1:1", "10.0.0.2:80", 1, ACK, b"GET / HTTP/1.1\r\n\r\n")]);
    let output = decode(&[], &file);
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "warning: no Diameter message in 1 packets\nhint: capture the traffic of the Diameter port (3868), \
         not encrypted by TLS\n"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_file_that_is_not_there_is_a_wrong_argument() {
    let output = decode(&["/no/such/file"], b"");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.starts_with("error: cannot read /no/such/file: "), "{errors}");
    assert!(errors.ends_with("hint: give the path of a file with messages, or - for standard input\n"));
    assert_eq!(output.status.code(), Some(2));
}
