//! `rxgate audit verify`.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::support::{Directory, lines, read, write};

fn verify(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rxgate"))
        .args(["audit", "verify"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end before it has read anything.
    _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn what_has_no_line_is_no_whole_log() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    fs::write(&file, "").unwrap();
    let output = verify(&[path(&file)], b"");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), "0 lines: no chain\n".into()));
    assert!(text(&output.stderr).contains("there is no line to check"), "{output:?}");
}

#[test]
fn a_whole_log_ends_with_0_and_says_what_it_is() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    write(&file, &["1", "2"]);
    let content = read(&file);
    let (first, last) = (&content[0], &content[3]);
    let expected = format!(
        "4 lines, from {} (seq 1) to {} (seq 4): chain whole\nlast hash {}\n",
        first["time"].as_str().unwrap(),
        last["time"].as_str().unwrap(),
        last["hash"].as_str().unwrap()
    );
    let noted = first["hash"].as_str().unwrap();
    for output in [
        verify(&[path(&file)], b""),
        verify(&["-"], &fs::read(&file).unwrap()),
        verify(&[path(&file), "--contains", noted], b""),
    ] {
        assert_eq!(
            (output.status.code(), text(&output.stdout), text(&output.stderr)),
            (Some(0), expected.clone(), String::new())
        );
    }
}

#[test]
fn a_broken_log_ends_with_1_and_says_where() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    write(&file, &["1", "2"]);
    let mut changed = lines(&file);
    changed.remove(1);
    fs::write(&file, changed.concat()).unwrap();
    let output = verify(&[path(&file)], b"");
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    assert!(shown.starts_with(&format!("{}:2: missing before this line: seq 2\n", path(&file))), "{shown}");
    assert!(shown.contains(": chain broken\n"), "{shown}");
    assert!(text(&output.stderr).starts_with("error: the audit log is not whole\nhint: "));
    let noted = "0".repeat(64);
    let output = verify(&[path(&file), "--contains", &noted], b"");
    assert!(text(&output.stdout).contains(&format!("no line has the hash {noted}\n")));
}

#[test]
fn a_hash_that_is_not_there_does_not_break_the_chain() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    write(&file, &["1"]);
    let noted = "0".repeat(64);
    let output = verify(&[path(&file), "--contains", &noted], b"");
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    assert!(shown.starts_with(&format!("no line has the hash {noted}\n")), "{shown}");
    assert!(shown.contains(": chain whole\n"), "{shown}");
    let errors = text(&output.stderr);
    assert!(
        errors.starts_with("error: the audit log has not every hash that --contains asks for\n"),
        "{errors}"
    );
}

#[test]
fn a_cut_off_last_line_may_be_the_work_of_a_gateway() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    write(&file, &["1"]);
    let content = fs::read(&file).unwrap();
    let output = verify(&["-"], &content[..content.len() - 20]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).starts_with("-:3: cut off: "), "{output:?}");
    let errors = text(&output.stderr);
    assert!(errors.starts_with("error: the last line of the audit log is not whole\nhint: "), "{errors}");
    assert!(!errors.contains("no work of a gateway"), "{errors}");
}

#[test]
fn what_is_no_audit_log_is_one_problem() {
    for (content, count) in [("{\n  \"a\": 1\n}\n".to_owned(), 3), ("x".into(), 1), ("a\n".repeat(500), 500)]
    {
        let output = verify(&["-"], content.as_bytes());
        assert_eq!(output.status.code(), Some(1));
        let expected = format!(
            "-: no audit log: none of its lines ({count}) is like one of a log\n{count} lines: no chain\n"
        );
        assert_eq!(text(&output.stdout), expected);
        assert!(text(&output.stderr).starts_with("error: there is no audit log in a file\n"), "{output:?}");
    }
}

#[test]
fn other_line_ends_are_one_problem() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    write(&file, &["1", "2"]);
    let content = fs::read_to_string(&file).unwrap().replace('\n', "\r\n");
    let output = verify(&["-"], content.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stdout),
        "-: changed: its lines (4) end with CR LF; a gateway ends them with LF alone\n4 lines: no chain\n"
    );
    assert!(text(&output.stderr).contains("`tr -d '\\r' <FILE | rxgate audit verify -`"), "{output:?}");
    // One of them is a line that was changed.
    let output = verify(&["-"], content.replacen("\r\n", "\n", 3).as_bytes());
    assert!(text(&output.stdout).starts_with("-:4: changed: "), "{output:?}");
}

#[test]
fn wrong_arguments_and_files_that_are_not_there_are_refused() {
    for arguments in [&[][..], &["-", "--contains", "12"], &["-", "--no-such-option"]] {
        assert_eq!(verify(arguments, b"").status.code(), Some(2), "{arguments:?}");
    }
    let output = verify(&["/no/such/file"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("error: /no/such/file: cannot be read: "));
    let output = verify(&["/"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).starts_with("/: cannot be read: "), "{}", text(&output.stdout));
}
