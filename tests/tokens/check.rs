//! `rxgate check-config` of what tokens need.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use rxgate::{access::Issuer, config::Applications};

use crate::idp::{Key, section};

pub fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("rxgate-tokens-{}-{name}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    Applications::default().write(&directory.join("applications.toml")).unwrap();
    directory
}

/// A configuration with these sections of [access].
pub fn configuration(directory: &Path, more: &str) -> PathBuf {
    let file = directory.join("gate.toml");
    let text = format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n\
         [diameter]\norigin_host = \"af.rx.test\"\norigin_realm = \"rx.test\"\ndestination_realm = \"rx.test\"\n\
         [[diameter.peers]]\nhost = \"pcrf.rx.test\"\naddress = \"127.0.0.1:1\"\n[store]\nkind = \"memory\"\n\
         [access]\napplications = \"applications.toml\"\n{more}"
    );
    fs::write(&file, text).unwrap();
    file
}

/// What it says of one.
fn check(directory: &Path, more: &str) -> Output {
    let file = configuration(directory, more);
    Command::new(env!("CARGO_BIN_EXE_rxgate")).arg("check-config").arg(file).output().unwrap()
}

#[track_caller]
fn refused(directory: &Path, more: &str, says: &str) {
    let output = check(directory, more);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains(says), "{text}");
}

#[test]
fn the_files_of_keys_are_read() {
    let directory = directory("check");
    let (jwks, key) = (directory.join("keys.json"), directory.join("token.key"));
    let (of_file, token) = (section("\"keys.json\""), "[access.token]\n");
    fs::write(&jwks, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}").unwrap();
    let why = format!("{}: none of its 1 keys can be used: ", jwks.display());
    refused(&directory, &of_file, &why);
    let with_another = serde_json::json!({ "keys": [Key::new("k").jwk(), { "kty": "oct", "k": "AA" }] });
    fs::write(&jwks, with_another.to_string()).unwrap();
    let warned = String::from_utf8(check(&directory, &of_file).stderr).unwrap();
    let why = "key 2: a shared secret (oct), which is never taken";
    assert!(warned.contains(&format!("warning: {}: {why}\n", jwks.display())), "{warned}");
    fs::write(&jwks, Key::new("k").set()).unwrap();
    assert_eq!(check(&directory, &format!("{of_file}{token}")).status.code(), Some(0));
    assert!(!key.exists(), "nothing is made");
    fs::write(&key, Issuer::generate().unwrap()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    refused(&directory, token, &format!("{}: it can be read by others than its owner", key.display()));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(check(&directory, token).status.code(), Some(0));
    fs::write(&key, "garbage").unwrap();
    refused(&directory, token, &format!("{}: it is no private key for ES256", key.display()));
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_url_is_looked_at_and_not_fetched() {
    let directory = directory("check-url");
    for url in ["https://idp.test/keys", "http://127.0.0.1:1/keys", "http://[::1]/keys"] {
        let output = check(&directory, &section(&format!("\"{url}\"")));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(&format!("Nothing is fetched here: whether the keys are at {url} ")), "{text}");
        assert_eq!(output.status.code(), Some(0), "{text}");
    }
    for (url, why) in [
        ("http://idp.test/keys", "over http anybody on the way could put keys of his own there"),
        ("http://localhost/keys", "http is for a loopback address such as 127.0.0.1 alone"),
        ("http://10.0.0.1/keys", "http is for a loopback address such as 127.0.0.1 alone"),
        ("http://127.0.0.1@idp.test/keys", "http is for a loopback address such as 127.0.0.1 alone"),
        ("ftp://idp.test/keys", "its scheme is another one"),
        ("https://", "that is no URL"),
        ("https://user:word@idp.test/keys", "an endpoint has no user name or password in it"),
        ("https://idp.test:0/keys", "an endpoint's port is a number from 1 to 65535"),
        ("no-such-file.json", "there is no such file"),
    ] {
        refused(&directory, &section(&format!("\"{url}\"")), why);
    }
    let ca = directory.join("ca.pem");
    fs::write(&ca, "garbage").unwrap();
    let with_ca = |jwks: &str| section(&format!("{jwks}\njwks_ca = \"ca.pem\""));
    refused(&directory, &with_ca("\"https://idp.test/keys\""), &ca.display().to_string());
    refused(&directory, &with_ca("\"http://127.0.0.1/keys\""), "and `jwks` is no https URL");
    fs::remove_dir_all(directory).unwrap();
}
