//! TLS: of Diameter, of https endpoints.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rxgate::config::{Loaded, Transport};

use crate::support::{LEAST, assert_refused, load, refusals, with, with_diameter};

const PEM: &str = "the path of an existing PEM file";

/// A directory with files of these names; they are looked for, not looked into.
fn files(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("rxgate-config-tls-{}-{name}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    for name in ["own.pem", "own.key", "ca.pem", "ca.crl"] {
        fs::write(directory.join(name), "").unwrap();
    }
    directory
}

const TLS: &str =
    "[diameter.tls]\ncertificate = \"own.pem\"\nkey = \"own.key\"\nca = \"ca.pem\"\ncrl = [\"ca.crl\"]\n";

#[test]
fn what_goes_over_tls_takes_its_files() {
    let directory = files("diameter");
    let file = directory.join("gate.toml");
    let text = format!("{}transport = \"tls\"\n{TLS}", with_diameter("listen_tls = [\"127.0.0.1:5658\"]"));
    let loaded = Loaded::from_text(&file, &text).unwrap();
    assert!(loaded.warnings.is_empty());
    let diameter = &loaded.config.diameter;
    let tls = diameter.tls.as_ref().unwrap();
    assert_eq!((&tls.certificate, &tls.key), (&directory.join("own.pem"), &directory.join("own.key")));
    assert_eq!((&tls.ca, &tls.crl), (&directory.join("ca.pem"), &vec![directory.join("ca.crl")]));
    assert_eq!(diameter.listen_tls, ["127.0.0.1:5658".parse().unwrap()]);
    assert_eq!(diameter.peers[0].transport, Transport::Tls);
    // What is shown means the same.
    let shown = Loaded::from_text(&file, &loaded.to_string()).unwrap();
    assert_eq!(shown.config, loaded.config);
    let unused = Loaded::from_text(&file, &with(TLS)).unwrap();
    assert_eq!(unused.warnings[0].text, "[diameter.tls] is not used");
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn tls_without_files_is_refused() {
    const HINT: &str =
        "TLS on Diameter takes certificates of both sides: give `certificate`, `key` and `ca` there";
    assert_refused(
        &with("transport = \"tls\"\n"),
        "7:8: the peer pcrf.rx.test needs a [diameter.tls] section",
        HINT,
    );
    assert_refused(
        &with_diameter("listen_tls = [\"127.0.0.1:5658\"]"),
        "5:15: `listen_tls` needs a [diameter.tls] section",
        HINT,
    );
    let both = refusals(&with_diameter("listen = [\"127.0.0.1:1\"]\nlisten_tls = [\"127.0.0.1:1\"]"));
    assert_eq!(both[0].0, "gate.toml:6:15: `listen` and `listen_tls` both have 127.0.0.1:1");
    assert!(both[0].1.ends_with("give each its own"), "{both:?}");
}

#[test]
fn files_that_are_not_there_or_not_named_are_refused() {
    let directory = files("missing");
    let refused = |text: &str| {
        let error = Loaded::from_text(&directory.join("gate.toml"), text).unwrap_err();
        error.problems().into_iter().map(|problem| (problem.text, problem.hint)).collect::<Vec<_>>()
    };
    let is = |text: &str, hint: String| vec![(text.to_owned(), hint)];
    let accepted = format!("accepted: {PEM}");
    for (key, file) in [("certificate", "own.pem"), ("key", "own.key"), ("ca", "ca.pem")] {
        let line = format!("{key} = \"{file}\"\n");
        let add = format!("add `{key} = \"...\"`: {PEM}");
        assert_eq!(
            refused(&with(&TLS.replace(&line, ""))),
            is(&format!("[diameter.tls] lacks `{key}`"), add)
        );
        let gone = TLS.replace(file, "gone");
        assert_eq!(refused(&with(&gone)), is(&format!("`{key}` is \"gone\""), accepted.clone()));
    }
    assert_eq!(refused(&with(&TLS.replace("ca.crl", "gone"))), is("`crl` has gone", accepted.clone()));
    assert_eq!(refused(&with("[notify]\nca = \"gone\"\n")), is("`ca` is \"gone\"", accepted));
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_section_that_is_something_else_is_refused() {
    assert_refused(
        &LEAST.replacen("\n\n", "\ntls = 1\n\n", 1),
        "5:7: `tls` of [diameter] is not a section",
        "write [diameter.tls] on a line of its own",
    );
    assert!(load(&with("[diameter.tls]\n")).unwrap().config.diameter.tls.is_none());
    assert_eq!(load(LEAST).unwrap().config.notify.ca.as_deref(), None::<&Path>);
}
