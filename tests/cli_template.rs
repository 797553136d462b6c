//! `rxgate template`: on files, and against a running gateway.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/template/corpus");
const TEMPLATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");

fn rxgate(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rxgate"));
    command.arg("template").args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap()
}

/// Exit code, standard output and standard error.
#[track_caller]
fn ran(arguments: &[&str]) -> (i32, String, String) {
    let output = rxgate(arguments);
    (output.status.code().unwrap(), text(&output.stdout).into(), text(&output.stderr).into())
}

#[test]
fn every_command_has_help_with_an_example_and_its_exit_codes() {
    for command in ["check", "render", "load", "list", "show", "delete"] {
        let (code, help, _) = ran(&[command, "--help"]);
        assert_eq!(code, 0);
        assert!(help.contains(&format!("\n  rxgate template {command}")), "{help}");
        assert!(help.contains("Exit codes: 0 "), "{help}");
    }
}

#[test]
fn point_48_the_names_of_the_old_operations_are_commands_both_plurals_included() {
    for (old, new) in [
        ("loadQoSRequestTemplate", "load"),
        ("listQoSRequestTemplateMatchRules", "list"),
        ("listQoSRequestTemplateMatchRule", "list"),
        ("retrieveQoSRequestTemplate", "show"),
        ("deleteQoSRequestTemplate", "delete"),
    ] {
        assert_eq!(ran(&[old, "--help"]), ran(&[new, "--help"]), "{old}");
    }
}

#[test]
fn check_shows_every_problem_with_its_place() {
    let good = format!("{TEMPLATES}/video-streaming.xml");
    let (code, out, errors) = ran(&["check", &good]);
    assert_eq!((code, &*out, &*errors), (0, &*format!("OK {good}: video-streaming, 6 parameters\n"), ""));

    let quotes = format!("{CORPUS}/refused/example-16-7-typographic-quotes.xml");
    let (code, out, errors) = ran(&["check", &good, &quotes]);
    assert_eq!(code, 1);
    assert!(out.starts_with(&format!("OK {good}: ")), "{out}");
    assert!(
        out.contains(&format!("\n{quotes}:6:15: error: ")) && out.contains("typographic quotes"),
        "{out}"
    );
    assert!(out.ends_with(&format!("\nREFUSED {quotes}: 5 problems\n")), "{out}");
    assert!(errors.starts_with("error: 1 of 2 templates refused\nhint: "), "{errors}");
}

#[test]
fn check_warns_and_strictly_refuses() {
    let stray = format!("{CORPUS}/accepted/stray-text.xml");
    let (code, out, _) = ran(&["check", &stray]);
    assert_eq!(code, 0);
    assert!(out.starts_with(&format!("{stray}:2:20: warning: ")), "{out}");
    let (code, out, _) = ran(&["check", "--strict", &stray]);
    assert_eq!(code, 1);
    assert!(out.starts_with(&format!("{stray}:2:20: error: ")), "{out}");
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let (code, _, errors) = ran(&["check", "/no/such.xml"]);
    assert_eq!(code, 2);
    assert!(errors.starts_with("error: cannot read /no/such.xml: "), "{errors}");
    assert!(errors.contains("\nhint: give the path of a template"), "{errors}");
}

#[test]
fn render_shows_the_aar_as_a_tree_and_in_hexadecimal() {
    let file = format!("{TEMPLATES}/video-streaming.xml");
    let arguments = [
        "render",
        &file,
        "--ip",
        "10.45.0.17",
        "--end-user",
        "tel:+49-170-1",
        "--param",
        "$DOWNLINK=8000000",
    ];
    let (code, out, errors) = ran(&arguments);
    assert_eq!((code, &*errors), (0, ""));
    for line in [
        "    Max-Requested-Bandwidth-DL [515/3GPP VM]: 8000000 bit/s\n",
        "    Subscription-Id-Data [444 M]: 491701\n",
        "  Framed-IP-Address [8 M]: 10.45.0.17\n",
        "  AF-Application-Identifier [504/3GPP VM]: video.example.com\n",
    ] {
        assert!(out.contains(line), "{line} is not in {out}");
    }
    let (tree, hex) = out.split_once("\n\n").unwrap();
    // The digits alone, read back, are the same tree.
    let (_, only, _) = ran(&[&arguments[..], &["--hex"]].concat());
    assert_eq!(only, hex);
    let path = std::env::temp_dir().join(format!("rxgate-render-{}.hex", std::process::id()));
    fs::write(&path, only).unwrap();
    let decoded = Command::new(env!("CARGO_BIN_EXE_rxgate")).arg("decode").arg(&path).output().unwrap();
    fs::remove_file(path).unwrap();
    let decoded = text(&decoded.stdout);
    assert!(decoded.contains(tree) && !decoded.contains("!!"), "{decoded}");
}

#[test]
fn render_says_what_is_wrong_with_a_value() {
    let file = format!("{TEMPLATES}/video-streaming.xml");
    let (code, out, errors) = ran(&["render", &file, "--param", "$DOWNLINC=1"]);
    assert_eq!((code, &*out), (1, ""));
    assert!(errors.starts_with("error: $DOWNLINC: the template has no parameter $DOWNLINC"), "{errors}");
    assert!(errors.contains("did you mean $DOWNLINK?"), "{errors}");
    assert!(
        errors.contains(
            "\n  $DOWNLINK     mediaComponentDescription[0].maxRequestedBandwidthDL (default 5000000)\n"
        ),
        "{errors}"
    );
    let (code, _, errors) = ran(&["render", &file, "--param", "$DOWNLINK=much"]);
    assert_eq!(code, 1);
    assert!(errors.contains("much"), "{errors}");
    for (arguments, what) in [
        (&["--param", "$DOWNLINK"][..], "$NAME=VALUE"),
        (&["--ip", "phone"], "--ip phone: "),
        (&["--end-user", "phone"], "endUserId"),
    ] {
        let (code, _, errors) = ran(&[&["render", &file], arguments].concat());
        assert_eq!(code, 2, "{errors}");
        assert!(errors.contains(what), "{errors}");
    }
    let (code, _, errors) = ran(&["render", &file]);
    assert_eq!(code, 0);
    assert!(errors.starts_with("warning: the AAR has no address of the UE"), "{errors}");
    let (code, _, errors) = ran(&["render", &format!("{CORPUS}/refused/duration-zero.xml")]);
    assert_eq!(code, 1);
    assert!(
        errors.contains("duration-zero.xml:2:13: error: ") && errors.contains(" is refused\nhint: "),
        "{errors}"
    );
}

#[test]
fn without_a_gateway_the_next_step_is_told() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let admin = format!("http://{nobody}");
    let (code, out, errors) = ran(&["list", "--admin", &admin]);
    assert_eq!((code, &*out), (1, ""));
    assert!(errors.starts_with(&format!("error: {admin} does not answer: ")), "{errors}");
    assert!(errors.contains("\nhint: is the gateway running (`rxgate serve`)? --admin URL "), "{errors}");
    let (code, _, errors) = ran(&["list", "--admin", "127.0.0.1:8002"]);
    assert_eq!(code, 2);
    assert!(errors.contains("accepted is http://HOST:PORT"), "{errors}");
    for arguments in [&["show"][..], &["show", "x", "--end-user", "tel:1"], &["delete"], &["load", "x.xml"]] {
        assert_eq!(ran(arguments).0, 2, "{arguments:?}");
    }
}

/// A gateway without a PCRF, with a directory of templates; both go with the test.
struct Gateway {
    child: Child,
    directory: PathBuf,
    admin: String,
    http: String,
}

impl Gateway {
    fn spawn(name: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("rxgate-cli-template-{}-{name}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("rules.toml"), "[[rule]]\nmatch = 'imsi:.*'\ntemplate = 'imsi.xml'\n")
            .unwrap();
        fs::write(directory.join("imsi.xml"), template("from-the-directory")).unwrap();
        let config = format!(
            "[http]\nlisten = '127.0.0.1:0'\n[admin]\nlisten = '127.0.0.1:0'\n[diameter]\norigin_host = 'af.rx.test'\n\
             origin_realm = 'rx.test'\ndestination_realm = 'rx.test'\n[[diameter.peers]]\nhost = 'pcrf.rx.test'\n\
             address = '127.0.0.1:1'\n[store]\nkind = 'memory'\n[templates]\ndirectory = '{}'\n",
            directory.display()
        );
        let file = directory.join("gate.toml");
        fs::write(&file, config).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_rxgate"))
            .args(["serve", "--config"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut listening = |what: &str| {
            let line = lines.next().unwrap().unwrap();
            let address: SocketAddr = line
                .strip_prefix(&format!("listening {what} "))
                .unwrap_or_else(|| panic!("{line}"))
                .parse()
                .unwrap();
            format!("http://{address}")
        };
        let (http, admin) = (listening("http"), listening("admin"));
        Self { child, directory, admin, http }
    }

    #[track_caller]
    fn ran(&self, arguments: &[&str]) -> (i32, String, String) {
        ran(&[arguments, &["--admin", &self.admin]].concat())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.child.kill();
        _ = self.child.wait();
        _ = fs::remove_dir_all(&self.directory);
    }
}

fn template(id: &str) -> String {
    format!("<QoSTemplate xmlns=\"http://oracle/ocsg/rest/qos/template\" templateId=\"{id}\"/>")
}

#[test]
fn templates_of_a_running_gateway_are_managed() {
    let gateway = Gateway::spawn("managed");
    let (code, out, errors) = gateway.ran(&["list"]);
    assert_eq!((code, &*errors), (0, ""));
    assert_eq!(out, "MATCH RULE  TEMPLATE            VERSION\nimsi:.*     from-the-directory  1\n");

    let video = format!("{TEMPLATES}/video-streaming.xml");
    let rule = r"tel:\+?49(170|171).*";
    let (code, out, errors) = gateway.ran(&["load", "--match-rule", rule, &video]);
    assert_eq!((code, &*errors), (0, ""));
    assert_eq!(out, format!("created: {rule} -> video-streaming, version 2\n"));
    let (code, out, _) = gateway.ran(&["load", "--match-rule", rule, &video]);
    assert_eq!((code, out), (0, format!("in force: {rule} -> video-streaming, version 2\n")));

    let complete = format!("{CORPUS}/accepted/example-16-10.xml");
    let (code, out, errors) = gateway.ran(&["loadQoSRequestTemplate", "--match-rule", ".*", &complete]);
    assert_eq!((code, &*out), (0, "created: .* -> default_template, version 3\n"));
    assert!(
        errors.contains(&format!("{complete}:36:30: warning: $MIN_REQ_BAND_UL names 2 elements")),
        "{errors}"
    );

    let behind = ["load", "--match-rule", "tel:1", &video];
    let (code, _, errors) = gateway.ran(&behind);
    let warning =
        format!("{video}:1:1: warning: not about the XML but about its match rule: it is never tried");
    assert!(code == 0 && errors.starts_with(&warning), "{errors}");
    assert_eq!(gateway.ran(&["delete", "--match-rule", "tel:1"]).0, 0);

    let (_, out, _) = gateway.ran(&["list"]);
    let rules: Vec<&str> = out.lines().skip(1).map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(rules, ["imsi:.*", rule, ".*"]);
    let (_, out, _) = gateway.ran(&["list", "--json"]);
    assert!(
        out.starts_with("[{\"matchRule\":\"imsi:.*\",\"templateId\":\"from-the-directory\",\"version\":1}"),
        "{out}"
    );

    let xml = fs::read_to_string(&video).unwrap();
    for arguments in [
        &["show", "--match-rule", rule][..],
        &["show", rule],
        &["show", "--end-user", "tel:+49-170-1234567"],
        &["show", "tel:+491711"],
        &["retrieveQoSRequestTemplate", "491701"],
    ] {
        let (code, out, errors) = gateway.ran(arguments);
        assert_eq!((code, &*out, &*errors), (0, &*xml, ""), "{arguments:?}");
    }
    assert_eq!(
        gateway.ran(&["show", "imsi:001010123456789"]).1,
        format!("{}\n", template("from-the-directory"))
    );

    assert_eq!(
        gateway.ran(&["delete", "--match-rule", rule]),
        (0, format!("removed: {rule}\n"), String::new())
    );
    assert_eq!(gateway.ran(&["show", "tel:+491711"]).1, fs::read_to_string(&complete).unwrap());
    let (code, _, errors) = gateway.ran(&["delete", "--match-rule", rule]);
    assert_eq!(code, 1);
    assert!(errors.starts_with("error: there is no such match rule among the 2"), "{errors}");
    assert!(errors.contains("\nhint: `rxgate template list` shows the rules"), "{errors}");
}

#[test]
fn what_a_gateway_refuses_is_told_with_its_place_in_the_file() {
    let gateway = Gateway::spawn("refused");
    let file = format!("{CORPUS}/refused/media-type-unknown.xml");
    let (code, out, errors) = gateway.ran(&["load", "--match-rule", ".*", &file]);
    assert_eq!((code, &*out), (1, ""));
    assert!(errors.starts_with(&format!("{file}:4:16: error: <mediaType> holds MOVIE")), "{errors}");
    assert!(errors.contains("\nerror: the template is refused: line 4, column 16: "), "{errors}");
    let video = format!("{TEMPLATES}/video-streaming.xml");
    let (code, _, errors) = gateway.ran(&["load", "--match-rule", "tel:(1", &video]);
    assert_eq!(code, 1);
    assert!(
        errors.starts_with("error: a match rule is no regular expression: unclosed group at character 5"),
        "{errors}"
    );
    assert_eq!(gateway.ran(&["list"]).1.lines().count(), 2);
    // The other listener is none for operators.
    let (code, _, errors) = ran(&["list", "--admin", &gateway.http]);
    assert_eq!(code, 1);
    assert!(
        errors.contains("answers 404 Not Found, not as an admin interface does\nhint: --admin URL"),
        "{errors}"
    );
}
