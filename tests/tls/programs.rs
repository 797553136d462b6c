//! The program over TLS: the commands for a running gateway, and the simulated PCRF.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
};

use rxgate::{app::App, config::Loaded};

use crate::{
    authority::{Authority, Files},
    killed::Killed,
    support::soon,
};

async fn start(files: &Files, admin: &str, diameter: &str) -> App {
    let text = format!(
        "[http]\nlisten = '127.0.0.1:0'\n[admin]\nlisten = '127.0.0.1:0'\n{admin}[store]\nkind = 'memory'\n\
         [diameter]\norigin_host = 'af.rx.test'\norigin_realm = 'rx.test'\ndestination_realm = 'rx.test'\n\
         reconnect_initial_ms = 20\nreconnect_max_ms = 50\n{diameter}"
    );
    let loaded = Loaded::from_text(&files.0.join("gate.toml"), &text).unwrap();
    App::start(loaded.config).await.unwrap()
}

/// Exit code and everything that was said by `rxgate events list`.
fn events(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rxgate"));
    let output = command.args(["events", "list"]).args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_reaches_the_admin_interface_over_https() {
    let (ca, files) = (Authority::new(), Files::new());
    files.leaf("admin", &ca.leaf(&["127.0.0.1"]));
    let authority = files.write("ca.pem", &ca.pem);
    let other = files.write("other.pem", &Authority::new().pem);
    let (certificate, key) = files.leaf("operator", &ca.leaf(&["operator"]));
    let admin = "certificate = 'admin.pem'\nkey = 'admin.key'\nclient_ca = 'ca.pem'\nclient_certificate = 'required'\n";
    let peer = "[[diameter.peers]]\nhost = 'pcrf.rx.test'\naddress = '127.0.0.1:1'\n";
    let app = start(&files, admin, peer).await;
    let at = app.admin_address();
    let there = tokio::task::spawn_blocking(move || {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let (ca, other) = (text(&authority), text(&other));
        let (certificate, key) = (text(&certificate), text(&key));
        let https = format!("https://{at}");
        let shown = ["--admin", &https, "--certificate", &certificate, "--key", &key];
        let (code, said) = events(&[&shown[..], &["--ca", &ca]].concat());
        assert_eq!((code, &*said), (0, "no events: none waits, and none was given up\n"));
        let (code, said) = events(&[&shown[..], &["--ca", &other]].concat());
        assert!(
            code == 1 && said.contains("its certificate is of no authority that is trusted here"),
            "{said}"
        );
        assert!(said.contains("\nhint: --ca FILE has the authority of its certificate"), "{said}");
        // The certificate is for 127.0.0.1 alone.
        let name = format!("https://localhost:{}", at.port());
        let shown = ["--admin", &name, "--ca", &ca, "--certificate", &certificate, "--key", &key];
        let (code, said) = events(&shown);
        let hint = "the host in --admin URL is a DNS name or an address in that (subjectAltName)";
        assert!(code == 1 && said.contains("is for another name") && said.contains(hint), "{said}");
        let (code, said) = events(&["--admin", &https, "--ca", &ca]);
        assert!(code == 1 && said.contains("it wants a certificate and was shown none"), "{said}");
        let (code, said) = events(&["--admin", &https, "--ca", &key]);
        assert!(code == 2 && said.contains(&format!("{key}: has no CERTIFICATE in PEM form")), "{said}");
        let (code, said) = events(&["--admin", &format!("http://{at}")]);
        let hint = format!("takes HTTPS only\nhint: --admin {https}, and --ca FILE");
        assert!(code == 1 && said.contains(&hint), "{said}");
    });
    there.await.unwrap();
    app.shut_down().await;
}

fn check_config(file: &Path) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rxgate"));
    let output = command.arg("check-config").arg(file).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn an_authority_without_a_crl_beside_one_with_one_is_told() {
    let (listed, other, files) = (Authority::new(), Authority::new(), Files::new());
    files.write("both.pem", &format!("{}{}", listed.pem, other.pem));
    files.write("listed.crl", &listed.crl(&[], 2120));
    files.leaf("http", &listed.leaf(&["gate.rx.test"]));
    let https = "[http]\ncertificate = 'http.pem'\nkey = 'http.key'\nclient_ca = 'both.pem'\n";
    let rest = "[diameter]\norigin_host = 'af.rx.test'\norigin_realm = 'rx.test'\ndestination_realm = 'rx.test'\n\
                [[diameter.peers]]\nhost = 'pcrf.rx.test'\naddress = '127.0.0.1:3868'\n";
    let said_of = |crl: &str| {
        let (code, said) = check_config(&files.write("gate.toml", &format!("{https}{crl}{rest}")));
        assert_eq!(code, 0, "{said}");
        said
    };
    let said = said_of("client_crl = ['listed.crl']\n");
    let both = files.0.join("both.pem");
    let warning =
        format!("gate.toml:4:1: `client_ca`: {}: none of the CRLs is of its authority", both.display());
    assert!(said.contains(&warning) && said.matches("warning: ").count() == 1, "{said}");
    files.write("other.crl", &other.crl(&[], 2120));
    for all in ["client_crl = ['listed.crl', 'other.crl']\n", ""] {
        assert!(!said_of(all).contains("warning: "));
    }
}

#[test]
fn what_is_out_of_date_or_open_to_others_is_told_with_its_file_and_is_no_error() {
    let (ca, files) = (Authority::new(), Files::new());
    files.write("ca.pem", &ca.pem);
    let (good, old) = (ca.leaf(&["af.rx.test"]), ca.sign(&["af.rx.test"], "", (2020, 2021)));
    let (early, list) = (ca.sign(&["af.rx.test"], "", (2120, 2121)), ca.crl(&[], 2022));
    let file = files.write(
        "gate.toml",
        "[http]\ncertificate = 'http.pem'\nkey = 'http.key'\nclient_ca = 'ca.pem'\nclient_crl = ['ca.crl']\n\
         [admin]\ncertificate = 'http.pem'\nkey = 'http.key'\n\
         [diameter]\norigin_host = 'af.rx.test'\norigin_realm = 'rx.test'\ndestination_realm = 'rx.test'\n\
         listen_tls = ['127.0.0.1:5658']\n\
         [diameter.tls]\ncertificate = 'af.pem'\nkey = 'af.key'\nca = 'ca.pem'\ncrl = ['ca.crl']\n\
         [[diameter.peers]]\nhost = 'pcrf.rx.test'\naddress = '127.0.0.1:3868'\n",
    );
    let warnings = || {
        let (code, said) = check_config(&file);
        assert!(code == 0 && said.contains("OK "), "{said}");
        let warnings = said.lines().filter_map(|line| line.strip_prefix("warning: "));
        warnings.map(|line| line.replace(&format!("{}/", files.0.display()), "")).collect::<Vec<_>>()
    };
    files.leaf("af", &good);
    files.leaf("http", &good);
    files.write("ca.crl", &ca.crl(&[], 2120));
    assert_eq!(warnings(), Vec::<String>::new());
    files.leaf("af", &early);
    files.leaf("http", &old);
    files.write("http.pem", &format!("{}{}", old.pem, early.pem));
    files.write("ca.crl", &list);
    files.allow(&files.0.join("http.key"), 0o644);
    // Two listeners show the first, and two sections take the CRL: each is told once.
    assert_eq!(
        warnings(),
        [
            "gate.toml:2:1: `certificate`: http.pem: its first certificate expired on 2021-01-01 00:00 UTC",
            "gate.toml:2:1: `certificate`: http.pem: its certificate 2 is not valid before 2120-01-01 00:00 UTC",
            "gate.toml:3:1: `key`: http.key: has the mode 0644: others than its owner and group may read it",
            "gate.toml:15:1: `certificate`: af.pem: its first certificate is not valid before 2120-01-01 00:00 UTC",
            "gate.toml:18:1: `crl`: ca.crl: has a CRL that is out of date since 2022-01-01 00:00 UTC",
        ]
    );
}

#[test]
fn a_configuration_is_checked_with_its_certificates() {
    let (ca, files) = (Authority::new(), Files::new());
    let (certificate, key) = files.leaf("af", &ca.leaf(&["af.rx.test"]));
    files.write("ca.pem", &ca.pem);
    let file = files.write(
        "gate.toml",
        "[diameter]\norigin_host = 'af.rx.test'\norigin_realm = 'rx.test'\ndestination_realm = 'rx.test'\n\
         listen_tls = ['127.0.0.1:5658']\n\
         [diameter.tls]\ncertificate = 'af.pem'\nkey = 'af.key'\nca = 'ca.pem'\n\
         [[diameter.peers]]\nhost = 'pcrf.rx.test'\naddress = '127.0.0.1:3868'\n",
    );
    let check = || check_config(&file);
    let (code, said) = check();
    assert!(code == 0 && said.contains("\n[diameter.tls]\ncertificate = \"af.pem\"\n"), "{said}");
    files.leaf("af", &ca.leaf(&["other.rx.test"]));
    let (code, said) = check();
    let expected = format!(
        "error: {}:7:1: `certificate`: {}: its first certificate is for other.rx.test, and `origin_host` is af.rx.test\n\
         hint: ",
        file.display(),
        certificate.display()
    );
    assert!(code == 2 && said.contains(&expected), "{said}");
    files.write("af.key", "");
    let (code, said) = check();
    let at = |line: &str| format!("error: {}:{line}", file.display());
    assert!(
        code == 2 && said.contains(&at(&format!("8:1: `key`: {}: has no PRIVATE KEY", key.display()))),
        "{said}"
    );
    // What is wrong with another file is told at once, and the start says the same.
    files.write("ca.pem", "");
    let (code, said) = check();
    assert!(code == 2 && said.contains(&at("8:1: `key`: ")) && said.contains(&at("9:1: `ca`: ")), "{said}");
    let serve = Command::new(env!("CARGO_BIN_EXE_rxgate")).args(["serve", "--config"]).arg(&file).output();
    let serve = serve.unwrap();
    let logged = String::from_utf8(serve.stderr).unwrap();
    assert!(serve.status.code() == Some(2) && logged.ends_with(&said), "{logged}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulated_pcrf_takes_tls() {
    let (ca, files) = (Authority::new(), Files::new());
    let (certificate, key) = files.leaf("pcrf", &ca.leaf(&["pcrf.rx.test"]));
    files.leaf("af", &ca.leaf(&["af.rx.test"]));
    let authority = files.write("ca.pem", &ca.pem);
    let pcrf = Command::new(env!("CARGO_BIN_EXE_rxgate"))
        .args(["pcrf", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0"])
        .arg("--certificate")
        .arg(certificate)
        .arg("--key")
        .arg(key)
        .arg("--ca")
        .arg(authority)
        .stdout(Stdio::piped())
        .spawn();
    let mut pcrf = Killed(pcrf.unwrap());
    let mut lines = BufReader::new(pcrf.0.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    let said = lines.next().unwrap().unwrap();
    let address: SocketAddr = said.strip_prefix("over tls they connect to ").unwrap().parse().unwrap();
    let diameter = format!(
        "[diameter.tls]\ncertificate = 'af.pem'\nkey = 'af.key'\nca = 'ca.pem'\n\
         [[diameter.peers]]\nhost = 'pcrf.rx.test'\naddress = '{address}'\ntransport = 'tls'\n"
    );
    let app = start(&files, "", &diameter).await;
    soon(async {
        while !app.peers()[0].open {
            tokio::task::yield_now().await;
        }
    })
    .await;
    app.shut_down().await;
}
