//! What `/metrics` shows of a running gateway, and that the README says the same.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

#[path = "serve/exchange.rs"]
mod exchange;

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use base64ct::{Base64, Encoding};
use rxgate::{
    app::App,
    config::Loaded,
    dict::enums::SpecificAction,
    pcrf::{Pcrf, PcrfConfig, RarOrder},
};

/// Far above what any wait takes.
const PATIENCE: Duration = Duration::from_secs(60);

const BODY: &str = r#"{"qoSFeatureProperties": {"framedIPAddress": "10.0.0.1", "duration": 3600,
    "mediaComponentDescription": [{"mediaComponentNumber": 1, "mediaType": "VIDEO"}]}}"#;

struct World {
    app: App,
    pcrf: Pcrf,
    directory: PathBuf,
    /// Lines of the header of each request to the admin listener.
    credentials: String,
}

impl World {
    async fn new(name: &str) -> Self {
        Self::with(directory(name), "", String::new()).await
    }

    /// With everything that has figures of its own.
    async fn with_access(name: &str) -> Self {
        let directory = directory(name);
        let applications = directory.join("applications.toml");
        let mut add = Command::new(env!("CARGO_BIN_EXE_rxgate"));
        add.args(["app", "add", "operator", "--scope", "admin", "--file"]).arg(&applications);
        let added = add.output().unwrap();
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        let secret = String::from_utf8(added.stdout).unwrap();
        let credentials = Base64::encode_string(format!("operator:{}", secret.trim()).as_bytes());
        let audit = directory.join("audit.jsonl");
        let keys = directory.join("keys.json");
        let key = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, "A".repeat(43));
        std::fs::write(&keys, format!(r#"{{"keys":[{key}]}}"#)).unwrap();
        let more = format!(
            "[access]\napplications = '{}'\n[access.jwt]\nissuer = \"i\"\naudience = \"a\"\n\
             algorithms = [\"EdDSA\"]\njwks = '{}'\n[audit]\nfile = '{}'\n",
            applications.display(),
            keys.display(),
            audit.display()
        );
        Self::with(directory, &more, format!("Authorization: Basic {credentials}\r\n")).await
    }

    async fn with(directory: PathBuf, more: &str, credentials: String) -> Self {
        let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
        let text = format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[diameter]\n\
             origin_host = \"af.rx.test\"\norigin_realm = \"rx.test\"\ndestination_realm = \"rx.test\"\n\
             [[diameter.peers]]\nhost = \"pcrf.rx.test\"\naddress = \"{}\"\n\
             [store]\nkind = \"embedded\"\npath = '{}'\n[records]\nfile = '{}'\n{more}",
            pcrf.address(),
            directory.join("store").display(),
            directory.join("records.jsonl").display(),
        );
        let app = App::start(Loaded::from_text(Path::new("test"), &text).unwrap().config).await.unwrap();
        let world = Self { app, pcrf, directory, credentials };
        let open = async {
            while !world.app.peers().iter().any(|peer| peer.open) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, open).await.unwrap();
        world
    }

    async fn apply(&self, user: &str) -> String {
        self.apply_for(user, 3600).await
    }

    async fn apply_for(&self, user: &str, seconds: u32) -> String {
        let path = format!("/ApplicationQoSService/tel:{user}/qos");
        let body = BODY.replace("3600", &seconds.to_string());
        let (head, body) = call(self.app.http_address(), "POST", &path, "", &body).await;
        assert!(head.starts_with("HTTP/1.1 201 "), "{head}{body}");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        body["applyQoSFeatureResponse"]["requestId"].as_str().unwrap().to_owned()
    }

    async fn remove(&self, id: &str) {
        let path = format!("/ApplicationQoSService/qos/{id}");
        let (head, _) = call(self.app.http_address(), "DELETE", &path, "", "").await;
        assert!(head.starts_with("HTTP/1.1 204 "), "{head}");
    }

    async fn scrape(&self) -> Scrape {
        let (head, body) = call(self.app.admin_address(), "GET", "/metrics", &self.credentials, "").await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
        Scrape(body)
    }

    async fn end(self) {
        self.app.shut_down().await;
        self.pcrf.stop().await;
        std::fs::remove_dir_all(self.directory).unwrap();
    }
}

fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("rxgate-metrics-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// Head and body of the answer. `more`: lines of the header of the request.
async fn call(
    address: SocketAddr,
    method: &'static str,
    path: &str,
    more: &str,
    body: &str,
) -> (String, String) {
    let (path, more, body) = (path.to_owned(), more.to_owned(), body.to_owned());
    let exchange = move || {
        let answer = exchange::answer(address, method, &path, &more, &body);
        let (_, head, body) = exchange::read(&answer);
        (head.to_owned(), body.to_owned())
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

struct Scrape(String);

impl Scrape {
    /// The value of a sample, labels included.
    #[track_caller]
    fn value(&self, sample: &str) -> f64 {
        let line = self.0.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {sample}: {}", self.0)).parse().unwrap()
    }

    /// Every name with its type.
    fn names(&self) -> Vec<(&str, &str)> {
        self.0.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect()
    }
}

/// The names in the first column of the README's table.
fn documented() -> BTreeSet<String> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let section = readme.split("\n## Metrics\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    let names = cells.flat_map(|cell| cell.split(", ").map(|name| name.replace('`', "")));
    names.collect()
}

#[tokio::test]
async fn the_readme_names_what_is_shown() {
    let world = World::with_access("names").await;
    let scrape = world.scrape().await;
    let shown: BTreeSet<String> = scrape.names().iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(shown.len(), scrape.names().len(), "a name stands once");
    let documented = documented();
    let undocumented: Vec<_> = shown.difference(&documented).collect();
    let missing: Vec<_> = documented.difference(&shown).collect();
    assert!(undocumented.is_empty(), "not in the table of README.md: {undocumented:?}");
    assert!(missing.is_empty(), "in the table of README.md and not shown: {missing:?}");
    world.end().await;
}

#[tokio::test]
async fn every_line_is_one_that_prometheus_reads() {
    let world = World::new("lines").await;
    world.apply("491").await;
    let scrape = world.scrape().await;
    let mut family = ("", "");
    for line in scrape.0.lines() {
        if let Some(typed) = line.strip_prefix("# TYPE ") {
            family = typed.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&family.1), "{line}");
        } else if let Some(help) = line.strip_prefix("# HELP ") {
            assert!(help.split_once(' ').is_some_and(|(_, help)| help.len() > 2), "{line}");
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            let name = sample.split('{').next().unwrap();
            let suffixes: &[&str] = match family.1 {
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            let suffix = name.strip_prefix(family.0).unwrap_or_else(|| panic!("{line} below {}", family.0));
            assert!(suffixes.contains(&suffix), "{line}");
            assert_eq!(sample.contains('{'), sample.ends_with('}'), "{line}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn what_happens_is_counted() {
    let world = World::new("counts").await;
    let before = world.scrape().await;
    for state in ["pending", "open", "ending"] {
        assert_eq!(before.value(&format!("rxgate_sessions{{state=\"{state}\"}}")), 0.0);
    }
    let id = world.apply("4917655501").await;
    world.apply("4917655502").await;
    let path = "/ApplicationQoSService/tel:4917655501/qos";
    let (head, _) = call(world.app.http_address(), "POST", path, "", "{").await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    world.remove(&id).await;
    let refuse =
        r#"{"command": "AAR", "times": 1, "action": "experimental-result", "experimentalResultCode": 5065}"#;
    world.pcrf.add_rule(serde_json::from_str(refuse).unwrap());
    let (head, _) = call(world.app.http_address(), "POST", path, "", BODY).await;
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    let open = world.pcrf.sessions().pop().unwrap();
    let report = RarOrder::new([SpecificAction::INDICATION_OF_LOSS_OF_BEARER]);
    assert!(world.pcrf.rar(&open.session_id, &report).await.is_ok());
    let scrape = world.scrape().await;
    let answers = |command, code| {
        let labels = format!(r#"peer="pcrf.rx.test",command="{command}",result_code="{code}""#);
        format!("rxgate_diameter_answers_total{{{labels}}}")
    };
    let apply = r#"rxgate_http_requests_total{listener="http",method="POST",route="/ApplicationQoSService/{endUserId}/qos""#;
    for (sample, value) in [
        (format!("{apply},status=\"201\"}}"), 2.0),
        (format!("{apply},status=\"400\"}}"), 1.0),
        (r#"rxgate_sessions{state="open"}"#.into(), 1.0),
        (r#"rxgate_session_requests_total{outcome="granted"}"#.into(), 2.0),
        (r#"rxgate_sessions_ended_total{by="application"}"#.into(), 1.0),
        ("rxgate_terminations_sent_total".into(), 1.0),
        (r#"rxgate_session_requests_total{outcome="refused"}"#.into(), 1.0),
        (r#"rxgate_peer_open{peer="pcrf.rx.test"}"#.into(), 1.0),
        (r#"rxgate_peer_state{peer="pcrf.rx.test",state="I-Open (OKAY)"}"#.into(), 1.0),
        (answers("AAR", "2001"), 2.0),
        (answers("AAR", "5065"), 1.0),
        (answers("STR", "2001"), 1.0),
        (answers("RAR", "2001"), 1.0),
        (r#"rxgate_diameter_round_trip_seconds_count{peer="pcrf.rx.test",command="AAR"}"#.into(), 3.0),
        (r#"rxgate_diameter_round_trip_seconds_count{peer="pcrf.rx.test",command="STR"}"#.into(), 1.0),
        ("rxgate_diameter_requests_pending".into(), 0.0),
    ] {
        assert_eq!(scrape.value(&sample), value, "{sample}");
    }
    assert!(!scrape.0.contains("49176555") && !scrape.0.contains(&id), "{}", scrape.0);
    world.end().await;
}

#[tokio::test]
async fn a_correlator_comes_back_if_it_is_one() {
    let world = World::new("correlators").await;
    let longest = "a".repeat(256);
    for (sent, echoed) in [
        ("b4333c46-49c0-4f62:80d7;f0.ef/<1>{}_", true),
        (longest.as_str(), true),
        (&format!("{longest}a"), false),
        ("two words", false),
        ("\"quoted\"", false),
        ("", false),
    ] {
        let path = format!("/live HTTP/1.1\r\nx-correlator: {sent}\r\nx-rest:");
        let (head, _) = call(world.app.admin_address(), "GET", &path, "", "").await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let expected = echoed.then(|| format!("x-correlator: {sent}"));
        let found = head.lines().find(|line| line.starts_with("x-correlator")).map(str::to_owned);
        assert_eq!(found, expected);
    }
    world.end().await;
}

#[tokio::test]
async fn a_timer_is_late_by_what_has_passed_since_the_end_of_the_session() {
    let world = World::new("timer").await;
    world.apply_for("491", 1).await;
    let ended = async {
        let expired = r#"rxgate_sessions_ended_total{by="expiry"}"#;
        while world.scrape().await.value(expired) == 0.0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
    let scrape = world.scrape().await;
    assert_eq!(scrape.value("rxgate_timer_lateness_seconds_count"), 1.0);
    assert!(scrape.value("rxgate_timer_lateness_seconds_sum") > 0.0);
    world.end().await;
}
