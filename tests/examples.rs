//! The programs of `examples/` do what they say. `cargo test` builds them; with `--test examples` alone, build
//! them first: `cargo build --examples`.
#![allow(clippy::unwrap_used)]

#[path = "golden/files.rs"]
mod files;
#[cfg(feature = "net")]
mod packets;

use std::{
    env,
    ffi::OsStr,
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use rxgate::{
    dict::{Dictionary, Strictness, check, dump::Tree, is_grouped},
    wire::Index,
};

/// Every program ends by itself; this only keeps a broken one from hanging.
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs an example that lies beside this test: `target/<profile>/examples`.
fn run(name: &str, argument: Option<&OsStr>) -> Output {
    let test = env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples").join(name);
    let child = Command::new(&program)
        .args(argument)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; run cargo build --examples", program.display()));
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(child.wait_with_output()));
    end.recv_timeout(DEADLINE).expect("the example ends in time").unwrap()
}

/// What an example prints that succeeds.
#[track_caller]
fn printed(name: &str, argument: Option<&OsStr>) -> String {
    let output = run(name, argument);
    assert!(output.status.success(), "{name}: {output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

/// A file for a test to hand over, gone after it.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: &[u8]) -> Self {
        let path = env::temp_dir().join(format!("rxgate-examples-{}-{name}", std::process::id()));
        fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

#[test]
fn encode_aar_prints_a_request_that_a_strict_server_takes() {
    let output = printed("encode_aar", None);
    let (hexadecimal, tree) = output.split_once("\n\n").unwrap();
    let octets = files::octets(hexadecimal);
    let mut index = Index::new();
    let message = index.parse(&octets, is_grouped).unwrap();
    assert_eq!(Tree::of(Dictionary::builtin(), &message).to_string(), tree);
    check(Dictionary::builtin(), &message, Strictness::Strict).unwrap();
    assert!(tree.contains("\n    Max-Requested-Bandwidth-UL [516/3GPP VM]: 41000 bit/s\n"), "{tree}");
}

#[test]
fn decode_aar_reads_the_golden_request() {
    let output = printed("decode_aar", None);
    let expected = "\
51 AVPs
Origin-Host: pcscf01.ims.mnc001.mcc001.3gppnetwork.org
Flow-Description: permit out 17 from 10.20.30.40 49170 to 10.45.0.17 50010
Flow-Description: permit in 17 from 10.45.0.17 50010 to 10.20.30.40 49170
session pcscf01.ims.mnc001.mcc001.3gppnetwork.org;1763764000;481234;rx-7f31a
user at [10, 45, 0, 17]
component 1: 41000 bit/s up, 41000 bit/s down
wants to hear of CHARGING_CORRELATION_EXCHANGE
wants to hear of INDICATION_OF_LOSS_OF_BEARER
wants to hear of IP-CAN_CHANGE
wants to hear of INDICATION_OF_SUCCESSFUL_RESOURCES_ALLOCATION
wants to hear of ACCESS_NETWORK_INFO_REPORT
";
    assert_eq!(output, expected);
}

#[test]
fn decode_aar_reads_what_encode_aar_prints() {
    let output = printed("encode_aar", None);
    let file = File::new("aar.hex", output.split_once("\n\n").unwrap().0.as_bytes());
    let output = printed("decode_aar", Some(file.0.as_os_str()));
    assert!(output.contains("\nsession af.example.org;1763764000;1\nuser at [10, 45, 0, 17]\n"), "{output}");

    let file = File::new("no-aar.hex", b"0100001480000118 # a header alone, and not all of it");
    assert!(!run("decode_aar", Some(file.0.as_os_str())).status.success());
}

#[test]
fn custom_avp_shows_an_operators_avps_without_and_with_their_names() {
    let output = printed("custom_avp", None);
    let (without, with) = output.split_once("\n\n").unwrap();
    assert!(without.contains("\n  AVP-1 [1/32473 V]: 0x00000002"), "{output}");
    let plan = "\n  Acme-Plan [1/32473 V]:\n    Acme-Plan-Name [2/32473 V]: Summer 26\n    \
                Acme-Tier [3/32473 V]: 1 (GOLD)\n\nthe plan is \"Summer 26\"\n";
    assert!(with.ends_with(plan), "{output}");
}

#[cfg(feature = "net")]
#[test]
fn decode_capture_shows_its_own_capture() {
    let output = printed("decode_capture", None);
    assert!(
        output.starts_with(
            "3 packets, 2 messages\n\npacket 1 at 0.000 s, 10.0.0.1:40000 to 10.0.0.2:3868\nDWR "
        )
    );
    let answer = "\npacket 3 at 1.000 s, 10.0.0.2:3868 to 10.0.0.1:40000\nDWA ";
    assert!(output.contains(answer) && output.contains("\n  Result-Code [268 M]: 2001 (DIAMETER_SUCCESS)\n"));
}

#[cfg(feature = "net")]
#[test]
fn decode_capture_shows_the_messages_of_a_file() {
    let golden = files::good().into_iter().find(|golden| golden.name == "aar").unwrap();
    let (head, tail) = golden.octets.split_at(700);
    let file = File::new("aar.pcap", &packets::one_way(&[(1, head), (701, tail)]));
    let output = printed("decode_capture", Some(file.0.as_os_str()));
    let tree = fs::read_to_string(golden.path.with_extension("txt")).unwrap();
    let expected = format!("\npacket 2 at 2.000 s, 10.0.0.1:40000 to 10.0.0.2:3868\n{tree}");
    assert_eq!(output.strip_prefix("2 packets, 1 messages\n"), Some(&*expected));

    let file = File::new("no.pcap", b"no capture");
    assert!(!run("decode_capture", Some(file.0.as_os_str())).status.success());
}

#[test]
fn two_peers_in_memory_meet_watch_and_part() {
    let output = printed("two_peers_in_memory", None);
    let messages: Vec<&str> = output.lines().filter_map(|line| Some(line.split_once(" gets ")?.1)).collect();
    let (first, rest) = messages.split_at(2);
    let (watchdogs, last) = rest.split_at(rest.len() - 2);
    assert_eq!((first, last), (&["CER", "CEA"][..], &["DPR", "DPA"][..]), "{output}");
    assert!(watchdogs.len() >= 2 && watchdogs.chunks(2).all(|pair| pair == ["DWR", "DWA"]), "{output}");
    assert_eq!(output.matches(" says Okay\n").count(), 2, "{output}");
    assert_eq!(output.matches(" says Down ").count(), 2, "{output}");
}

#[cfg(feature = "net")]
#[test]
fn diameter_server_answers_its_own_request() {
    let output = printed("diameter_server", None);
    let (asked, answered) = output.split_once('\n').unwrap();
    assert_eq!(asked, "client.example.org asks for session client.example.org;1763764000;1");
    assert!(answered.starts_with("server.example.org answers AAA AA-Answer "), "{output}");
    assert!(answered.ends_with("\n  Result-Code [268 M]: 2001 (DIAMETER_SUCCESS)\n"), "{output}");
}

#[cfg(feature = "net")]
#[test]
fn apply_qos_sets_shows_and_removes() {
    let output = printed("apply_qos", None);
    let [applied, shown, removed] = output.lines().collect::<Vec<_>>()[..] else { panic!("{output}") };
    assert!(applied.starts_with("POST /ApplicationQoSService/sip:anna@example.org/qos: 201 Created {"));
    assert!(shown.contains(": 200 OK {") && shown.contains("\"userIsConnected\":true"), "{output}");
    assert!(shown.contains("permit out 6 from 192.0.2.10 443 to 10.45.0.17"), "{output}");
    assert!(removed.starts_with("DELETE ") && removed.ends_with(": 204 No Content "), "{output}");
}
