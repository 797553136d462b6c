//! This same program, started once more where there is SCTP.

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use crate::peers::{ROOT, installed, say};

/// Every other test here.
#[test]
fn everything_passes_on_a_kernel_with_sctp() {
    let native = Path::new("/proc/net/sctp").exists();
    let needed: &[&str] =
        if native { &["ip", "python3", ROOT] } else { &["linux.uml", "depmod", "ip", "python3", ROOT] };
    if !installed("SCTP", needed) {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sctp/guest");
    let filter = env::var("RXGATE_SCTP_ONLY").unwrap_or_default();
    let mut guest = Command::new(script)
        .arg(env::current_exe().unwrap())
        .args(["--ignored", "--test-threads=1", "--nocapture", &filter])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = Vec::new();
    for line in BufReader::new(guest.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let line = line.trim_end();
        // It may stand behind the name of its test.
        for told in ["sctp: ", "SKIPPED: "].iter().filter_map(|mark| line.find(mark)) {
            say(&line[told..]);
        }
        seen.push(line.to_owned());
    }
    let ended = guest.wait().unwrap();
    let passed = seen.iter().any(|line| line.starts_with("test result: ok. ") && !line.contains(" 0 passed"));
    assert!(ended.success() && passed, "{ended}; it said\n{}", seen.join("\n"));
}

/// What an operator is told whose kernel has no SCTP. Where it has, there is nothing to tell.
#[test]
fn a_kernel_without_sctp_is_named_when_dialling_and_when_listening() {
    if Path::new("/proc/net/sctp").exists() {
        return;
    }
    let said = crate::programs::without_sctp();
    for place in ["cannot listen", "reason"] {
        assert!(
            said.iter().any(|line| line.contains(place) && line.contains("modprobe sctp")),
            "{place}: {said:?}"
        );
    }
}
