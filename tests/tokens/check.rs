//! `rxgate check-config` of what tokens need.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use rxgate::{access::Issuer, config::Applications};

fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("rxgate-tokens-{}-{name}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    Applications::write(&directory.join("applications.toml"), &[]).unwrap();
    directory
}

/// A configuration with these sections of [access].
fn configuration(directory: &Path, more: &str) -> PathBuf {
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
fn the_key_is_read() {
    let directory = directory("check");
    let (key, token) = (directory.join("token.key"), "[access.token]\n");
    assert_eq!(check(&directory, token).status.code(), Some(0));
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
