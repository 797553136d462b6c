//! This same program, started once more where there is SCTP.

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use rxgate::transport::Sctp;

use crate::peers::{ROOT, installed, say, scratch_file};

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
    if Sctp::is_here().is_ok() {
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

#[test]
fn a_configuration_with_sctp_is_good_on_a_kernel_without_it_and_every_place_is_named() {
    if Sctp::is_here().is_ok() {
        return;
    }
    let file = scratch_file("sctp-checked.toml");
    let text = "[diameter]\norigin_host = 'af.rx.test'\norigin_realm = 'rx.test'\ndestination_realm = 'rx.test'\n\
                listen_sctp = ['127.0.0.1:3869']\n\
                [[diameter.peers]]\nhost = 'a.rx.test'\naddress = '127.0.0.1:3868'\n\
                [[diameter.peers]]\nhost = 'b.rx.test'\naddress = '127.0.0.2:3868'\ntransport = 'sctp'\n";
    std::fs::write(&file, text).unwrap();
    let checked = rxgate(&["check-config", file.to_str().unwrap()]);
    assert_eq!(checked.0, Some(0), "{}", checked.1);
    let warnings: Vec<&str> = checked.1.lines().filter_map(|line| line.strip_prefix("warning: ")).collect();
    let at = |place: &str| format!("{}:{place}: this system's kernel has no SCTP: ", file.display());
    let [listening, dialling] = warnings[..] else { panic!("{}", checked.1) };
    assert!(listening.starts_with(&at("5:1: `listen_sctp`")), "{listening}");
    assert!(dialling.starts_with(&at("12:1: `transport`")), "{dialling}");
    assert!(checked.1.contains("\nhint: do that if the gateway is to run on this machine"), "{}", checked.1);
    std::fs::remove_file(file).unwrap();
}

#[test]
fn the_simulated_pcrf_names_a_kernel_without_sctp_and_no_other_reason() {
    if Sctp::is_here().is_ok() {
        return;
    }
    let free = ["pcrf", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    let (code, said) = rxgate(&[&free[..], &["--listen-sctp", "127.0.0.1:3868"]].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("modprobe sctp"), "{said}");
    assert!(said.ends_with("hint: do that on this machine, or leave out what listens over SCTP\n"), "{said}");
}

/// Exit code and everything that it said.
fn rxgate(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rxgate")).args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}
