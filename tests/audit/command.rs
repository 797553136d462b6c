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
