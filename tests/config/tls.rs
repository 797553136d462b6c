//! TLS: of Diameter, of the two listeners, of https endpoints.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rxgate::config::{Loaded, Transport};

use crate::support::{LEAST, assert_refused, load, refusal, refusals, with, with_diameter};

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
    let accepted = format!("accepted: {PEM}; there is no {}", directory.join("gone").display());
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
    for section in ["http", "admin"] {
        let of = |lines: &str| refused(&with(&format!("[{section}]\n{lines}")));
        let add = |key: &str| format!("add `{key} = \"...\"`: {PEM}");
        assert_eq!(of("certificate = \"own.pem\"\n"), is("HTTPS lacks `key`", add("key")));
        assert_eq!(of("key = \"own.key\"\n"), is("HTTPS lacks `certificate`", add("certificate")));
        let asks = "a listener that asks clients for certificates lacks";
        assert_eq!(of("client_ca = \"ca.pem\"\n"), is(&format!("{asks} `certificate`"), add("certificate")));
        let https = "certificate = \"own.pem\"\nkey = \"own.key\"\n";
        assert_eq!(
            of(&format!("{https}client_certificate = \"required\"\n")),
            is(&format!("{asks} `client_ca`"), add("client_ca"))
        );
        assert_eq!(
            of(&format!("{https}client_crl = [\"ca.crl\"]\n")),
            is("a list of revoked client certificates lacks `client_ca`", add("client_ca"))
        );
        assert_eq!(
            of(&format!("{https}client_ca = \"ca.pem\"\nclient_crl = [\"ca.crl\", \"gone\"]\n")),
            is("`client_crl` has gone", accepted.clone())
        );
        assert_eq!(
            of(&format!("{https}client_ca = \"gone\"\n")),
            is("`client_ca` is \"gone\"", accepted.clone())
        );
    }
    assert_eq!(refused(&with("[notify]\nca = \"gone\"\n")), is("`ca` is \"gone\"", accepted));
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_listener_speaks_https_with_a_certificate_and_may_ask_for_others() {
    let directory = files("listener");
    let file = directory.join("gate.toml");
    let https = "certificate = \"own.pem\"\nkey = \"own.key\"\n";
    let read = |lines: &str| {
        let text = with(&format!("[http]\n{lines}[admin]\n{lines}"));
        let config = Loaded::from_text(&file, &text).unwrap().config;
        assert_eq!(config.http.tls, config.admin.tls);
        config.http.tls
    };
    assert_eq!(read(""), None);
    let plain = read(https).unwrap();
    assert_eq!((plain.client_ca, plain.required), (None, false));
    let asks = read(&format!("{https}client_ca = \"ca.pem\"\n")).unwrap();
    assert_eq!((asks.client_ca, asks.client_crl), (Some(directory.join("ca.pem")), vec![]));
    assert!(!asks.required);
    let asks = read(&format!("{https}client_ca = \"ca.pem\"\nclient_crl = [\"ca.crl\"]\n")).unwrap();
    assert_eq!(asks.client_crl, [directory.join("ca.crl")]);
    assert!(
        read(&format!("{https}client_ca = \"ca.pem\"\nclient_certificate = \"required\"\n"))
            .unwrap()
            .required
    );
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_section_that_is_something_else_is_refused() {
    assert_refused(
        &LEAST.replacen("\n\n", "\ntls = 1\n\n", 1),
        "5:7: `tls` of [diameter] is not a section",
        "write [diameter.tls] on a line of its own",
    );
    assert_refused(
        &LEAST.replacen("\n\n", "\nsctp = 1\n\n", 1),
        "5:8: `sctp` of [diameter] is not a section",
        "write [diameter.sctp] on a line of its own",
    );
    assert_refused(
        &with("[access]\njwt = 1\n"),
        "10:7: `jwt` of [access] is not a section",
        "write [access.jwt] on a line of its own",
    );
    let (text, _) = refusal(&with("[http]\nclient_certificate = \"always\"\n"));
    assert_eq!(text, "gate.toml:10:22: `client_certificate` is \"always\"");
    assert!(load(&with("[diameter.tls]\n")).unwrap().config.diameter.tls.is_none());
    assert_eq!(load(LEAST).unwrap().config.notify.ca.as_deref(), None::<&Path>);
}
