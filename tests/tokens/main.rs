//! Tokens: how an application gets one, what it opens, and when it ends.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

mod check;
#[path = "../pcrf/http.rs"]
mod http;
mod idp;
#[path = "../tls/killed.rs"]
mod killed;
mod log;
mod provider;

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use base64ct::{Base64, Encoding};
use hyper::Response;
use hyper::body::Bytes;
use rxgate::{
    access::{Scope, Secret, SecretHash, Terms},
    app::App,
    config::{Applications, Loaded},
};
use serde_json::{Value, json};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const SESSION: &str = "/ApplicationQoSService/qos/x";
const REGISTRATIONS: &str = "/ApplicationQoSNotification/registration";

struct World {
    app: Option<App>,
    directory: PathBuf,
    secrets: Vec<Secret>,
}

fn terms(secrets: &[Secret]) -> Terms {
    let secrets = secrets.iter().map(|secret| SecretHash::of(secret).unwrap()).collect();
    Terms { secrets, ..Terms::new("video", [Scope::Apply, Scope::Read, Scope::Notify]) }
}

impl World {
    /// A gateway with these sections of [access], and with more.
    async fn new(more: &str) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("rxgate-tokens-{}-{number}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let text = format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[diameter]\n\
             origin_host = \"af.rx.test\"\norigin_realm = \"rx.test\"\ndestination_realm = \"rx.test\"\n\
             [[diameter.peers]]\nhost = \"pcrf.rx.test\"\naddress = \"127.0.0.1:1\"\n[store]\nkind = \"memory\"\n\
             [audit]\nfile = \"audit.jsonl\"\nreads = true\n\
             [access]\napplications = \"applications.toml\"\n{more}"
        );
        fs::write(directory.join("gate.toml"), text).unwrap();
        let secrets = vec![Secret::generate().unwrap(), Secret::generate().unwrap()];
        let mut world = Self { app: None, directory, secrets };
        world.put(&[terms(&world.secrets)]);
        world.start().await;
        world
    }

    fn put(&self, applications: &[Terms]) {
        Applications::from(applications.to_vec()).write(&self.directory.join("applications.toml")).unwrap();
    }

    async fn change(&self, applications: &[Terms]) {
        self.put(applications);
        self.app().reload().await.unwrap();
    }

    async fn start(&mut self) {
        if let Some(app) = self.app.take() {
            app.shut_down().await;
        }
        let file = self.directory.join("gate.toml");
        self.app = Some(App::start_file(&file, Loaded::from_file(&file).unwrap(), false).await.unwrap());
    }

    fn app(&self) -> &App {
        self.app.as_ref().unwrap()
    }

    async fn ask(&self, method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
        http::attempt(self.app().http_address(), method, path, body, headers).await.unwrap()
    }

    fn basic(&self) -> String {
        format!("Basic {}", Base64::encode_string(format!("video:{}", self.secrets[0].reveal()).as_bytes()))
    }

    async fn token_for(&self, scope: &str) -> String {
        let body = format!("grant_type=client_credentials{scope}");
        let answer =
            self.ask("POST", "/oauth2/token", &body, &[FORM, ("authorization", &self.basic())]).await;
        assert_eq!(answer.status(), 200, "{:?}", answer.body());
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let answer = http::read(&answer).1;
        assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(3600)));
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// The status of a look at a session, which needs `read`, with this token.
    async fn shows(&self, token: &str) -> u16 {
        let bearer = format!("Bearer {token}");
        self.ask("GET", SESSION, "", &[("authorization", &bearer)]).await.status().as_u16()
    }

    async fn end(mut self) -> String {
        self.app.take().unwrap().shut_down().await;
        let log = fs::read_to_string(self.directory.join("audit.jsonl")).unwrap();
        fs::remove_dir_all(self.directory).unwrap();
        log
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_what_it_was_got_for() {
    let world = World::new("[access.token]\n").await;
    let all = world.token_for("").await;
    assert_eq!(world.shows(&all).await, 404, "it may look, and there is nothing");
    let one = world.token_for("&scope=notify").await;
    let bearer = format!("Bearer {one}");
    let refused = world.ask("GET", SESSION, "", &[("authorization", &bearer)]).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(
        refused.headers()["www-authenticate"],
        r#"Bearer realm="rxgate", error="insufficient_scope", scope="read""#
    );
    assert!(
        http::read(&refused).1.to_string().contains("the application lacks the scope read"),
        "{refused:?}"
    );
    let posted = world
        .ask("POST", REGISTRATIONS, "{}", &[("authorization", &bearer), ("content-type", "application/json")])
        .await;
    assert_eq!(posted.status(), 400, "it may register, and this is no registration");
    // The contract's own carrier, alone, beside the same, and beside another.
    let both = format!("Bearer {all}");
    let not = format!("{all}x");
    for (headers, status) in [
        (vec![("access_token", all.as_str())], 404),
        (vec![("access_token", &all), ("authorization", &both)], 404),
        (vec![("access_token", &not), ("authorization", &both)], 401),
        (vec![("access_token", &all), ("authorization", "Basic dmlkZW86eA==")], 401),
    ] {
        assert_eq!(world.ask("GET", SESSION, "", &headers).await.status(), status, "{headers:?}");
    }
    let in_query = world.ask("GET", &format!("{SESSION}?access_token={all}"), "", &[]).await;
    assert_eq!(in_query.status(), 401);
    // What comes before others takes a scope of its own. Nothing but a token can lack one.
    let emergency = r#"{"qoSFeatureProperties": {"framedIPAddress": "10.0.0.1", "duration": 60,
        "serviceURN": "urn:service:sos", "mediaComponentDescription": [{"mediaComponentNumber": 1}]}}"#;
    let (path, json) = ("/ApplicationQoSService/tel:491/qos", ("content-type", "application/json"));
    let refused = world.ask("POST", path, emergency, &[("authorization", &both), json]).await;
    assert_eq!(refused.status(), 403, "{refused:?}");
    let challenge = &refused.headers()["www-authenticate"];
    assert_eq!(challenge, r#"Bearer realm="rxgate", error="insufficient_scope", scope="priority""#);
    let refused = world.ask("POST", path, emergency, &[("authorization", &world.basic()), json]).await;
    assert_eq!(refused.status(), 403, "{refused:?}");
    assert!(!refused.headers().contains_key("www-authenticate"), "{refused:?}");
    let log = world.end().await;
    assert!(
        log.contains(r#""operation":"POST /oauth2/token","listener":"http","application":"video""#),
        "{log}"
    );
    assert!(
        log.contains(r#""application":"video","client":"127.0.0.1","request_id":"x","status":403"#),
        "{log}"
    );
    for denial in [
        r#""status":403,"outcome":"forbidden","code":0,"reason":"the application lacks the scope read""#,
        r#""status":403,"outcome":"forbidden","code":0,"reason":"Service-URN needs the scope priority, "#,
        r#""status":401,"outcome":"unauthenticated","code":1,"reason":"#,
    ] {
        assert!(log.contains(denial), "{denial}\n{log}");
    }
    assert!(!log.contains(&all) && !log.contains("rxgate_"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_strict_profile_the_second_carrier_is_not_alone() {
    let world = World::new("[access.token]\n[gatekeeper]\nprofile = \"strict\"\n").await;
    let token = world.token_for("").await;
    assert_eq!(world.shows(&token).await, 404);
    assert_eq!(world.ask("GET", SESSION, "", &[("access_token", &token)]).await.status(), 401);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_taken_after_a_restart_and_ends_with_its_application_and_its_secret() {
    let mut world = World::new("[access.token]\n").await;
    let token = world.token_for("").await;
    world.start().await;
    assert_eq!(world.shows(&token).await, 404);
    let (old, new) = (world.secrets[..1].to_vec(), world.secrets[1..].to_vec());
    for (applications, status) in
        [(vec![terms(&old)], 401), (vec![Terms { active: false, ..terms(&world.secrets) }], 401)]
    {
        // Hashed anew: the secret of the token is gone.
        world.change(&applications).await;
        assert_eq!(world.shows(&token).await, status);
    }
    let kept = terms(&world.secrets);
    world.change(std::slice::from_ref(&kept)).await;
    let token = world.token_for("").await;
    world.change(&[Terms { active: false, ..kept.clone() }]).await;
    assert_eq!(world.shows(&token).await, 403, "deactivated");
    world.change(&[Terms { scopes: [Scope::Apply].into_iter().collect(), ..kept.clone() }]).await;
    assert_eq!(world.shows(&token).await, 403, "it gives no more than the application may");
    world.change(&[Terms { secrets: kept.secrets[..1].to_vec(), ..kept.clone() }]).await;
    assert_eq!(world.shows(&token).await, 404, "another secret was removed");
    world.change(&[Terms { secrets: kept.secrets[1..].to_vec(), ..kept.clone() }]).await;
    assert_eq!(world.shows(&token).await, 401, "its own was");
    world.change(std::slice::from_ref(&kept)).await;
    assert_eq!(world.shows(&token).await, 404);
    world.change(&[Terms { id: "voice".into(), ..terms(&new) }]).await;
    let bearer = format!("Bearer {token}");
    let refused = world.ask("GET", SESSION, "", &[("authorization", &bearer)]).await;
    assert_eq!(refused.status(), 401);
    assert_eq!(
        refused.headers()["www-authenticate"],
        r#"Bearer realm="rxgate", error="invalid_token", error_description="it was revoked""#
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_for_a_token_are_refused_as_the_specification_says() {
    let world = World::new("[access.token]\n").await;
    let (basic, secret) = (world.basic(), world.secrets[0].reveal());
    let in_body = format!("grant_type=client_credentials&client_id=video&client_secret={secret}");
    let authorized = [FORM, ("authorization", basic.as_str())];
    let ok = world.ask("POST", "/oauth2/token", &in_body, &[FORM]).await;
    assert_eq!(ok.status(), 200);
    let wrong = format!("Basic {}", Base64::encode_string(b"video:wrong"));
    let nobody = format!("Basic {}", Base64::encode_string(b"nobody:wrong"));
    for (body, headers, status, error) in [
        ("grant_type=password", &authorized[..], 400, "unsupported_grant_type"),
        ("grant_type=", &authorized, 400, "invalid_request"),
        ("", &authorized, 400, "invalid_request"),
        ("grant_type=client_credentials&grant_type=client_credentials", &authorized, 400, "invalid_request"),
        ("grant_type=client_credentials&scope=admin", &authorized, 400, "invalid_scope"),
        ("grant_type=client_credentials&scope=read%20nonsense", &authorized, 400, "invalid_scope"),
        ("grant_type=client_credentials&client_secret=x", &authorized, 400, "invalid_request"),
        ("grant_type=client_credentials&client_id=voice", &authorized, 400, "invalid_request"),
        ("grant_type=client_credentials&scope=%ff", &authorized, 400, "invalid_scope"),
        ("grant_type=client_credentials", &[("authorization", &basic)], 400, "invalid_request"),
        ("grant_type=client_credentials", &[FORM], 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=video", &[FORM], 401, "invalid_client"),
        ("grant_type=client_credentials", &[FORM, ("authorization", &wrong)], 401, "invalid_client"),
        ("grant_type=client_credentials", &[FORM, ("authorization", &nobody)], 401, "invalid_client"),
        ("grant_type=client_credentials", &[FORM, ("authorization", "Bearer x")], 401, "invalid_client"),
    ] {
        let answer = world.ask("POST", "/oauth2/token", body, headers).await;
        assert_eq!(answer.status(), status, "{body} {headers:?}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.headers().contains_key("www-authenticate"), status == 401);
        assert_eq!(http::read(&answer).1["error"], error, "{body} {headers:?}");
    }
    let in_url = format!("/oauth2/token?{in_body}");
    assert_eq!(world.ask("POST", &in_url, "grant_type=client_credentials", &authorized).await.status(), 400);
    let long = format!("{in_body}&x={}", "x".repeat(20_000));
    assert_eq!(world.ask("POST", "/oauth2/token", &long, &[FORM]).await.status(), 413);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_section_no_tokens_are_issued_or_taken() {
    let world = World::new("").await;
    let basic = world.basic();
    let asked = world
        .ask("POST", "/oauth2/token", "grant_type=client_credentials", &[FORM, ("authorization", &basic)])
        .await;
    assert_eq!(asked.status(), 404);
    assert_eq!(world.shows("a.b.c").await, 401);
    assert_eq!(http::call(world.app().http_address(), "GET", SESSION, "").await.0, 401);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_the_identity_provider_are_taken() {
    let key = idp::Key::new("k");
    let file = std::env::temp_dir().join(format!("rxgate-tokens-{}.jwks", std::process::id()));
    fs::write(&file, key.set()).unwrap();
    let sections = format!("[access.token]\n{}", idp::section(&format!("'{}'", file.display())));
    let world = World::new(&sections).await;
    let sign = |application: &str, more: Value| key.sign(&idp::claims(application, more));
    for (token, status) in [
        (key.token(), 404),
        (sign("video", json!({ "scope": "read" })), 404),
        (sign("video", json!({ "scope": "apply openid" })), 403),
        (sign("nobody", json!({})), 401),
        (sign("video", json!({ "exp": 1 })), 401),
        (sign("video", json!({ "aud": "rxgate", "iss": "rxgate" })), 401),
        (world.token_for("").await, 404),
    ] {
        assert_eq!(world.shows(&token).await, status);
    }
    world.end().await;
    fs::remove_file(file).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_token_that_is_not_taken_names_is_written_as_a_claim() {
    let (key, other) = (idp::Key::new("k"), idp::Key::new("k"));
    let file = std::env::temp_dir().join(format!("rxgate-claims-{}.jwks", std::process::id()));
    fs::write(&file, key.set()).unwrap();
    let sections = format!("[access.token]\n{}", idp::section(&format!("'{}'", file.display())));
    let world = World::new(&sections).await;
    let ours = world.token_for("").await;
    let secret = world.secrets[0].clone();
    let one = format!("{REGISTRATIONS}/one");
    // Each at another operation: refusals of the same one are counted together.
    for (token, method, path) in [
        (key.sign(&idp::claims("nobody", json!({}))), "GET", SESSION),
        (other.sign(&idp::claims("forged", json!({}))), "DELETE", SESSION),
        (key.sign(&idp::claims("late", json!({ "exp": 1 }))), "GET", REGISTRATIONS),
        (key.sign(&idp::claims("foreign", json!({ "iss": "https://other.test" }))), "GET", &one),
        (key.sign(&idp::claims(secret.reveal(), json!({}))), "DELETE", &one),
        (ours.replace(&ours[ours.len() - 40..], &"A".repeat(40)), "POST", REGISTRATIONS),
        ("no.token.this".into(), "PUT", SESSION),
    ] {
        let bearer = format!("Bearer {token}");
        let answer = world.ask(method, path, "", &[("authorization", &bearer)]).await;
        assert_eq!(answer.status(), 401, "{method} {path}");
    }
    for body in ["client_id=half", "client_id=guess&client_secret=wrong"] {
        let body = format!("grant_type=client_credentials&{body}");
        assert_eq!(world.ask("POST", "/oauth2/token", &body, &[FORM]).await.status(), 401);
    }
    let log = world.end().await;
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let claimed: Vec<_> = lines
        .filter(|line| line["status"] == 401)
        .map(|line| line["claimed"].as_str().unwrap_or("-").to_owned())
        .collect();
    assert_eq!(claimed, ["nobody", "forged", "late", "-", "-", "video", "-", "half", "guess"]);
    assert!(!log.contains(secret.reveal()));
    fs::remove_file(file).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_tokens_and_guesses_at_the_token_resource_have_a_brake() {
    let world = World::new("[access.token]\n").await;
    let admin =
        Terms { scopes: [Scope::Admin].into_iter().collect(), id: "admin".into(), ..terms(&world.secrets) };
    world.change(&[terms(&world.secrets), admin]).await;
    let token = world.token_for("").await;
    assert_eq!(world.shows(&token).await, 404);
    let (signed, _) = token.rsplit_once('.').unwrap();
    let gateway = world.app().http_address();
    let mut forged = tokio::task::JoinSet::new();
    for number in 0..500 {
        let bearer = format!("Bearer {signed}.{number:0>85}A");
        forged.spawn(async move {
            http::attempt(gateway, "GET", SESSION, "", &[("authorization", &bearer)]).await.unwrap()
        });
    }
    let (mut wrong, mut limited) = (0, 0);
    while let Some(answer) = forged.join_next().await {
        let answer = answer.unwrap();
        let asked_to_wait = answer.headers().contains_key("retry-after");
        match answer.status().as_u16() {
            401 => wrong += 1,
            429 => limited += u32::from(asked_to_wait),
            other => panic!("{other}"),
        }
    }
    assert!(wrong >= 200 && limited > 0 && wrong + limited == 500, "{wrong} {limited}");
    // Who is known goes on, at the same address.
    for _ in 0..10 {
        assert_eq!(world.shows(&token).await, 404);
    }
    let who =
        format!("Basic {}", Base64::encode_string(format!("admin:{}", world.secrets[0].reveal()).as_bytes()));
    let (admin, headers) = (world.app().admin_address(), [("authorization", who.as_str())]);
    let metrics = http::attempt(admin, "GET", "/metrics", "", &headers).await.unwrap();
    let metrics = String::from_utf8(metrics.body().to_vec()).unwrap();
    for (outcome, count) in [("right", 11), ("wrong", wrong), ("limited", limited)] {
        let line = format!("rxgate_tokens_total{{outcome=\"{outcome}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    let guess = async |guess: u32| {
        let who = format!("Basic {}", Base64::encode_string(format!("video:guess {guess}").as_bytes()));
        let headers = [FORM, ("authorization", &who)];
        world.ask("POST", "/oauth2/token", "grant_type=client_credentials", &headers).await
    };
    let mut guesses = 0;
    let denied = loop {
        let answer = guess(guesses).await;
        guesses += 1;
        if answer.status() != 401 {
            break answer;
        }
    };
    assert_eq!(denied.status(), 429);
    assert!(denied.headers().contains_key("retry-after"));
    assert_eq!(http::read(&denied).1["error"], "temporarily_unavailable");
    world.token_for("").await;
    world.end().await;
}
