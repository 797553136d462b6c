//! Tokens of an identity provider whose keys are fetched.

use std::{fs, time::Duration};

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    SESSION, World,
    idp::{Does, Key, Server, certificate, claims, part, section, shows},
};

/// Far above what any wait takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Shows the token until it is answered with this.
async fn until(world: &World, token: &str, status: u16) {
    let there = async {
        while world.shows(token).await != status {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, there).await.unwrap_or_else(|_| panic!("never {status}"));
}

async fn world(server: &Server) -> World {
    World::new(&section(&format!("'{}'", server.url("http")))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_taken_at_once_and_made_up_ones_are_not_asked_for() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let server = Server::new(shows(old.set())).await;
    let world = world(&server).await;
    until(&world, &old.token(), 404).await;
    server.does(shows(new.set()));
    let begin = Instant::now();
    let rotated = world.shows(&new.token()).await;
    // Whoever waited too long for it on a busy machine comes again.
    if rotated != 404 {
        until(&world, &new.token(), 404).await;
    }
    assert_eq!(world.shows(&old.token()).await, 401, "it was taken back");
    // Fewer than would be turned away for their number.
    for number in 0..150 {
        let made_up = new.sign_as(&format!("made up {number}"), &claims("video", json!({})));
        assert_eq!(world.shows(&made_up).await, 401);
    }
    assert_eq!(world.shows(&new.token()).await, 404);
    let most = 2 + usize::try_from(begin.elapsed().as_secs() / 10).unwrap();
    assert!((2..=most).contains(&server.requests()), "{} fetches, at most {most}", server.requests());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn until_there_are_keys_nobody_is_told_that_his_token_is_wrong() {
    let key = Key::new("k");
    let server = Server::new(Does::Closes).await;
    let world = world(&server).await;
    let bearer = format!("Bearer {}", key.token());
    let answer = world.ask("GET", SESSION, "", &[("authorization", &bearer)]).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "5");
    assert!(!answer.headers().contains_key("www-authenticate"));
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    assert!(text.contains("SVC0001") && text.contains("the keys of the identity provider"), "{text}");
    // What is wrong in any case is told without keys.
    assert_eq!(world.shows("a.b.c").await, 401);
    server.does(shows(key.set()));
    until(&world, &key.token(), 404).await;
    let log = world.end().await;
    assert!(!log.contains(&key.token()), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_set_of_keys_is_not_taken_for_one() {
    let key = Key::new("k");
    let secret = Base64UrlUnpadded::encode_string(b"secret");
    let rsa = json!({ "kty": "RSA", "kid": "k", "n": part(&[255; 256]), "e": "AQAB" });
    let oct = json!({ "kty": "oct", "kid": "k", "alg": "HS256", "k": secret });
    let large = json!({ "keys": [key.jwk()], "more": " ".repeat(256 * 1024) }).to_string();
    let bad = [
        shows("garbage".into()),
        shows(json!({ "keys": [] }).to_string()),
        shows(json!({ "keys": [rsa, oct] }).to_string()),
        shows(large),
        Does::Answers("302 Found", key.set()),
        Does::Answers("500 Internal Server Error", key.set()),
        Does::Closes,
        Does::Hangs,
    ];
    let server = Server::new(Does::Closes).await;
    let world = world(&server).await;
    let all = async |status| {
        for does in &bad {
            server.does(does.clone());
            let before = server.requests();
            world.app().reload().await.unwrap();
            timeout(PATIENCE, server.asked_after(before)).await.unwrap();
            assert_eq!(world.shows(&key.token()).await, status, "{does:?}");
        }
    };
    all(503).await;
    // Those that cannot be used are left out of a set with others.
    server.does(shows(json!({ "keys": [oct, rsa, key.jwk()] }).to_string()));
    until(&world, &key.token(), 404).await;
    all(404).await;
    let signed = format!(
        "{}.{}",
        part(br#"{"alg":"HS256","kid":"k"}"#),
        part(claims("video", json!({})).to_string().as_bytes())
    );
    let mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap().chain_update(&signed).finalize();
    assert_eq!(world.shows(&format!("{signed}.{}", part(&mac.into_bytes()))).await, 401);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_from_whom_the_authority_names() {
    let directory = std::env::temp_dir().join(format!("rxgate-tokens-{}-tls", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let (right, key_file) = certificate(&directory, "right");
    let (wrong, _) = certificate(&directory, "wrong");
    let ca = directory.join("ca.pem");
    fs::copy(&wrong, &ca).unwrap();
    let key = Key::new("k");
    let server = Server::tls(shows(key.set()), &right, &key_file).await;
    let jwks = format!("'{}'\njwks_ca = '{}'", server.url("https"), ca.display());
    let world = World::new(&section(&jwks)).await;
    timeout(PATIENCE, server.asked_after(0)).await.unwrap();
    assert_eq!(world.shows(&key.token()).await, 503);
    fs::copy(&right, &ca).unwrap();
    let changes = world.app().reload().await.unwrap();
    assert_eq!(changes, ["[access.jwt] jwks_ca: the certificates changed; new connections take them"]);
    until(&world, &key.token(), 404).await;
    world.end().await;
    fs::remove_dir_all(directory).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_keys_is_read_on_a_reload() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let file = std::env::temp_dir().join(format!("rxgate-tokens-{}-reload.jwks", std::process::id()));
    fs::write(&file, old.set()).unwrap();
    let world = World::new(&section(&format!("'{}'", file.display()))).await;
    assert_eq!(world.shows(&old.token()).await, 404);
    fs::write(&file, "garbage").unwrap();
    let problems = world.app().reload().await.unwrap_err();
    assert!(problems[0].to_string().starts_with(&format!("{}: no JSON Web Key Set", file.display())));
    assert_eq!(world.shows(&old.token()).await, 404, "nothing is reloaded");
    fs::write(&file, new.set()).unwrap();
    let changes = world.app().reload().await.unwrap();
    assert_eq!(changes, ["[access.jwt] the identity provider has other keys"]);
    assert_eq!((world.shows(&new.token()).await, world.shows(&old.token()).await), (404, 401));
    world.end().await;
    fs::remove_file(file).unwrap();
}
