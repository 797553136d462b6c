//! What `rxgate serve` logs of an identity provider.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use serde_json::json;
use tokio::{task::spawn_blocking, time::timeout};

use crate::{
    check::{configuration, directory},
    idp::{Does, Key, Server, section, shows},
    killed::Killed,
    provider::PATIENCE,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_once_with_what_to_do() {
    let directory = directory("log");
    let server = Server::new(Does::Closes).await;
    let file = configuration(&directory, &section(&format!("'{}'", server.url("http"))));
    let mut serve = Command::new(env!("CARGO_BIN_EXE_rxgate"));
    serve.args(["serve", "--config"]).arg(file).env("RXGATE_LOG", "info").stdin(Stdio::null());
    let mut running = Killed(serve.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    timeout(PATIENCE, server.asked_after(2)).await.expect("it starts, and tries again");
    let oct = json!({ "kty": "oct", "kid": "secret kid", "k": "c2VjcmV0" });
    server.does(shows(json!({ "keys": [oct, Key::new("k").jwk()] }).to_string()));
    let log = BufReader::new(running.0.stderr.take().unwrap());
    let until_left_out = spawn_blocking(move || {
        let mut text = String::new();
        for line in log.lines() {
            text.push_str(&line.unwrap());
            text.push('\n');
            if text.contains("are left out") {
                break;
            }
        }
        text
    });
    let text = timeout(PATIENCE, until_left_out).await.expect("it finds them").unwrap();
    assert_eq!(text.matches("no keys of the identity provider yet").count(), 1, "{text}");
    for said in [
        server.url("http").as_str(),
        "its tokens are answered 503",
        "look at `jwks` and `jwks_ca` of [access.jwt]",
        "the identity provider has other keys now",
        "keys=1",
        "keys of the identity provider are left out: key 1: a shared secret (oct), which is never taken",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("secret kid") && !text.contains("c2VjcmV0"), "{text}");
    drop(running);
    fs::remove_dir_all(directory).unwrap();
}
