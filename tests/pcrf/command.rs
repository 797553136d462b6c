//! `rxgate pcrf` as a program.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use rxgate::pcrf::PcrfConfig;
use serde_json::json;

use crate::{
    af::{Af, News, aar},
    http::call,
};

/// The program; killed with its test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

fn rxgate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rxgate"));
    command.arg("pcrf").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn line(out: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    line
}

#[tokio::test]
async fn it_says_where_it_is_shows_exchanges_and_ends_on_a_signal() {
    let free = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--ue", "10.0.0.1", "--class", "c1"];
    let mut program = Program(rxgate(&free).spawn().unwrap());
    let mut out = BufReader::new(program.0.stdout.take().unwrap());
    let address = line(&mut out).trim().rsplit(' ').next().unwrap().parse().unwrap();
    let control = line(&mut out);
    let control = control.split("http://").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();

    let af = Af::at(address, 2001).await;
    let answer = af.aar(&aar("af;1;1", [10, 0, 0, 1])).await;
    assert_eq!((answer.result_code, answer.class.to_vec()), (Some(2001), vec![b"c1"[..].into()]));
    let shown = line(&mut out);
    assert!(shown.contains("<- AAR af;1;1 from af.rx.test: 2001 DIAMETER_SUCCESS"), "{shown}");
    let (status, body) = call(control, "POST", "/sessions/af;1;1/rar", r#"{"specificActions": [2]}"#).await;
    assert_eq!((status, &body["resultCode"]), (200, &json!(2001)));
    let shown = line(&mut out);
    assert!(shown.contains("-> RAR af;1;1 to af.rx.test: 2001"), "{shown}");

    let id = program.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let News::Down { reason } = af.until(|news| matches!(news, News::Down { .. })).await else {
        unreachable!()
    };
    assert!(reason.contains("REBOOTING"), "{reason}");
    assert_eq!(program.0.wait().unwrap().code(), Some(0));
}

#[test]
fn wrong_arguments_are_refused_with_what_is_accepted() {
    let rules = std::env::temp_dir().join(format!("rxgate-rules-{}.json", std::process::id()));
    std::fs::write(&rules, r#"[{"action": "explode"}]"#).unwrap();
    for (arguments, code, said) in [
        (&["--control", "0.0.0.0:8868"][..], 2, "loopback"),
        (&["--ue", "everybody"], 2, "10.0.0.1"),
        (&["--rat-type", "LTE"], 2, "EUTRAN"),
        (&["--rules", rules.to_str().unwrap()], 2, "disconnect-before"),
        (&["--rules", "/nowhere"], 2, "/nowhere"),
        (&["--listen", "192.0.2.1:3868", "--control", "127.0.0.1:0"], 1, "`ip address` shows"),
    ] {
        let output = rxgate(arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
    std::fs::remove_file(rules).unwrap();
}

#[test]
fn the_defaults_are_those_of_the_library() {
    let help = String::from_utf8(rxgate(&["--help"]).output().unwrap().stdout).unwrap();
    let defaults = PcrfConfig::default();
    for default in [
        defaults.listen.to_string(),
        defaults.control.unwrap().to_string(),
        defaults.origin_host,
        defaults.origin_realm,
        defaults.ip_can_type.to_string(),
        defaults.rat_type.to_string(),
    ] {
        assert!(help.contains(&format!("[default: {default}]")), "{default}");
    }
}
