//! Whatever is done to a log is found, and where.

use rxgate::audit::{AuditLog, Hash, Head, Mark, Report, Source, verify};

use crate::support::{Directory, check, done, lines, told, write};

/// A log of nine lines: start, 1 to 7, stop.
fn log() -> Vec<Vec<u8>> {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    write(&file, &["1", "2", "3", "4", "5", "6", "7"]);
    lines(&file)
}

#[track_caller]
fn assert_found(lines: &[Vec<u8>], problems: &[&str]) -> Report {
    let report = check(&[lines.concat()]);
    let told = told(&report);
    assert_eq!(told.len(), problems.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(problems) {
        assert!(told.starts_with(expected), "{told}\nis not\n{expected}");
    }
    assert_eq!(report.is_whole(), problems.is_empty());
    report
}

#[test]
fn a_log_as_it_was_written_is_whole() {
    let report = assert_found(&log(), &[]);
    assert_eq!((report.lines, report.first.unwrap().seq, report.last.unwrap().seq), (9, 1, 9));
    assert_eq!(report.remarks, Vec::<String>::new());
}

#[test]
fn each_flipped_bit_is_found_in_its_line() {
    let log = log();
    for number in 0..log.len() {
        for at in 0..log[number].len() - 1 {
            let mut changed = log.clone();
            changed[number][at] ^= 1 << (at % 7);
            let is_end = changed[number][at] == b'\n';
            let report = check(&[changed.concat()]);
            let told = told(&report);
            let expected = format!("file0:{}: changed: this line ", number + 1);
            assert!(told[0].starts_with(&expected), "{number}:{at}: {told:#?}");
            assert!(told.len() == 1 || is_end, "{number}:{at}: {told:#?}");
        }
    }
}

#[test]
fn a_changed_word_with_a_hash_that_fits_does_not_fit_the_next_line() {
    let mut log = log();
    let text = String::from_utf8(log[3].clone()).unwrap();
    let (body, _) = text.split_once(",\"hash\"").unwrap();
    let body = body.replace("\"status\":204", "\"status\":403");
    log[3] = format!("{body},\"hash\":\"{}\"}}\n", Hash::of(body.as_bytes())).into_bytes();
    assert_found(&log, &["file0:5: replaced: this line (seq 5) and the one before it are whole"]);
}

#[test]
fn deleted_lines_are_missing() {
    let mut one = log();
    one.remove(4);
    assert_found(&one, &["file0:5: missing before this line: seq 5"]);
    let mut some = log();
    some.drain(2..6);
    assert_found(&some, &["file0:3: missing before this line: seq 3 to 6"]);
    let mut twice = log();
    twice.remove(6);
    twice.remove(2);
    let expected = ["file0:3: missing before this line: seq 3", "file0:6: missing before this line: seq 7"];
    assert_found(&twice, &expected);
}

#[test]
fn what_is_gone_at_the_beginning_is_remarked() {
    let report = assert_found(&log()[3..], &[]);
    assert!(report.remarks[0].starts_with("file0:1: begins with seq 4: "), "{:?}", report.remarks);
}

/// The files alone cannot tell; a hash that was noted can.
#[test]
fn what_is_gone_at_the_end_is_found_by_its_hash() {
    let log = log();
    let noted = check(&[log.concat()]).last.unwrap().hash;
    let cut = log[..6].concat();
    let report = check(std::slice::from_ref(&cut));
    assert!(report.is_whole());
    assert!(report.remarks[0].starts_with("the last line is no stop: "), "{:?}", report.remarks);
    let look = |octets: &[u8]| {
        let content = Box::new(std::io::Cursor::new(octets.to_vec()));
        verify([Source { name: "log".into(), content }], &[noted])
    };
    assert_eq!(look(&cut).absent, [noted]);
    assert!(!look(&cut).is_whole());
    assert!(look(&log.concat()).is_whole());
}

#[test]
fn an_end_within_a_line_is_cut_off() {
    let log = log();
    let last = log.len() - 1;
    for kept in 1..log[last].len() - 1 {
        let mut cut = log.clone();
        cut[last].truncate(kept);
        assert_found(&cut, &["file0:9: cut off: "]);
    }
    let mut without_end = log;
    without_end[last].pop();
    assert_found(&without_end, &[]);
}

#[test]
fn octets_that_are_gone_in_the_middle_take_their_lines_with_them() {
    let log = log().concat();
    let ends: Vec<usize> = log.iter().enumerate().filter(|(_, it)| **it == b'\n').map(|(at, _)| at).collect();
    // From within line 3 to within line 6.
    let cut = [&log[..ends[1] + 30], &log[ends[4] + 50..]].concat();
    let told = told(&check(&[cut]));
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].starts_with("file0:3: changed: this line "), "{told:#?}");
    assert_eq!(told[1], "file0:4: missing before this line: seq 4 to 6");
}

#[test]
fn inserted_lines_are_found() {
    let log = log();
    let put = |at: usize, line: &[u8]| {
        let mut more = log.clone();
        more.insert(at, line.to_vec());
        more
    };
    for (line, why) in [
        (&log[2][..], "is seq 3, which was there before"),
        (&log[4], "is seq 5, which was there before"),
        (b"hello\n", "does not end as a line of an audit log does"),
        (b"\n", "does not end as a line of an audit log does"),
        (b"\xff\xfe\0\n", "does not end as a line of an audit log does"),
    ] {
        assert_found(&put(5, line), &[&format!("file0:6: inserted: this line {why}")]);
    }
    // One that was made for this place.
    let mut text = String::new();
    let fourth: serde_json::Value = serde_json::from_slice(&log[3]).unwrap();
    let mut head = Head { seq: 4, hash: fourth["hash"].as_str().unwrap().parse().unwrap() };
    head.append(&rxgate::audit::Entry::now(Mark::Stop), &mut text);
    let report =
        assert_found(&put(4, text.as_bytes()), &["file0:6: replaced: this line (seq 5) and the one "]);
    assert_eq!(report.last.unwrap().seq, 9);
}

#[test]
fn swapped_lines_are_found() {
    for first in 1..7 {
        let mut swapped = log();
        swapped.swap(first, first + 1);
        let (line, seq) = (first + 2, first + 1);
        assert_found(&swapped, &[&format!("file0:{line}: reordered: this line is seq {seq} and stands ")]);
    }
    let mut far = log();
    let moved = far.remove(2);
    far.insert(6, moved);
    assert_found(&far, &["file0:7: reordered: this line is seq 3 and stands after a later one"]);
}

#[test]
fn a_chain_of_somebody_else_does_not_go_on_from_this_one() {
    let report = check(&[log().concat(), log().concat()]);
    assert_eq!(
        told(&report),
        ["file1:1: missing before this line: a new chain begins, which does not go on from seq 9"]
    );
}

#[test]
fn files_are_put_in_order_and_one_that_is_not_given_is_missing() {
    let log = log();
    let (first, second, third) = (log[..3].concat(), log[3..5].concat(), log[5..].concat());
    assert_eq!(told(&check(&[third.clone(), first.clone(), second.clone()])), Vec::<String>::new());
    let missing = check(&[first.clone(), third.clone()]);
    assert_eq!(told(&missing), ["file1:1: missing before this line: seq 4 to 5"]);
    assert_eq!(told(&check(&[second])), Vec::<String>::new());
    let twice = told(&check(&[first.clone(), first, third]));
    assert!(twice[0].starts_with("file1:1: missing before this line: a new chain begins"), "{twice:#?}");
}

#[test]
fn what_is_no_log_is_said_and_does_not_fill_the_memory() {
    let long = [b"{\"seq\":1,".to_vec(), vec![b'x'; 10 << 20]].concat();
    let report = check(&[long]);
    assert_eq!(told(&report), ["file0:1: changed: this line is longer than any line of an audit log"]);
    let report = check(&[b"hello\n".repeat(100_000)]);
    let no_log = |lines| format!("file0: no audit log: none of its lines ({lines}) is like one of a log");
    assert_eq!((told(&report), report.lines, report.more), (vec![no_log(100_000)], 100_000, 0));
    let report = check(&[b"{\"seq\":\n".repeat(100_000)]);
    assert_eq!((report.lines, report.problems.len(), report.more), (100_000, 100, 99_900));
    let report = check(&[vec![0xff; 1000]]);
    assert_eq!(told(&report), [no_log(1)]);
    for nothing in [&[][..], &[Vec::new()]] {
        let report = check(nothing);
        assert!(report.is_whole() && report.lines == 0 && report.last.is_none());
    }
    let deep = ["[".repeat(60_000), "]".repeat(5)].concat().into_bytes();
    assert_eq!(check(&[[log().concat(), deep].concat()]).problems.len(), 1);
}

#[test]
fn a_file_that_breaks_off_is_not_whole() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no disk"))
        }
    }
    let content = Box::new(std::io::BufReader::new(Broken));
    let report = verify([Source { name: "log".into(), content }], &[]);
    assert_eq!(told(&report), ["log: cannot be read: no disk"]);
}

#[test]
fn what_clients_say_cannot_break_a_line() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    let log = AuditLog::open(file.clone()).unwrap();
    let nasty = ["\n", "\",\"hash\":\"", "\u{2028}\0\u{7f}", "ä\\", &"\u{1}".repeat(512)];
    for text in nasty {
        log.note(done(text));
    }
    log.close();
    let read = crate::support::read(&file);
    let targets: Vec<_> = read.iter().filter_map(|line| line["target"].as_str()).collect();
    assert_eq!(targets, nasty);
    assert_found(&lines(&file), &[]);
}
