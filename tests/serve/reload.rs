//! What is read again while the gateway runs: all of it takes effect, or nothing.

use std::{
    net::SocketAddr,
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use rxgate::{
    app::App,
    config::Loaded,
    pcrf::{Pcrf, PcrfConfig},
};
use serde_json::{Value, json};

use crate::process::{BODY, Directory, Gateway, call, config, ready, template, until};

/// The changes that the log tells, in order.
fn changes(log: &str) -> Vec<&str> {
    log.lines().filter_map(|line| line.split_once(" reload change=")).map(|(_, change)| change).collect()
}

/// POST /reload: status and body.
fn reload(admin: SocketAddr) -> (u16, Value) {
    let (status, body) = call(admin, "POST", "/reload", "");
    (status, serde_json::from_str(&body).unwrap())
}

/// The peers as the operator sees them: host and address.
fn peers(admin: SocketAddr) -> Vec<(String, String)> {
    let peers: Value = serde_json::from_str(&call(admin, "GET", "/peers", "").1).unwrap();
    let text = |peer: &Value, name: &str| peer[name].as_str().unwrap().to_owned();
    peers.as_array().unwrap().iter().map(|peer| (text(peer, "host"), text(peer, "address"))).collect()
}

fn apply(http: SocketAddr, user: u32) -> (u16, String) {
    call(http, "POST", &format!("/ApplicationQoSService/tel:+4917{user}/qos"), BODY)
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_come_and_go_without_a_restart() {
    let start = async |host: &str| {
        let config = PcrfConfig { origin_host: host.into(), ..PcrfConfig::on_free_ports() };
        Pcrf::start(config).await.unwrap()
    };
    let (one, two) = (start("pcrf.rx.test").await, start("other.rx.test").await);
    let before = config(one.address());
    let mut gateway = Gateway::spawn("peers", &before);
    let (http, admin) = (gateway.listening("http"), gateway.listening("admin"));
    ready(admin);
    assert_eq!(apply(http, 1).0, 201);

    let second = format!("[[diameter.peers]]\nhost = \"other.rx.test\"\naddress = \"{}\"\n", two.address());
    gateway.rewrite(
        &format!("{before}{second}")
            .replace("host = \"pcrf.rx.test\"", "host = \"pcrf.rx.test\"\npriority = 2"),
    );
    let (status, body) = reload(admin);
    let added = format!("peer other.rx.test added: {}, priority 1, weight 1", two.address());
    let expected = json!(["peer pcrf.rx.test: priority 1 -> 2", added]);
    assert_eq!((status, body), (200, json!({ "changes": expected, "warnings": [] })));
    let both = [("pcrf.rx.test", one.address()), ("other.rx.test", two.address())];
    assert_eq!(peers(admin), both.map(|(host, address)| (host.to_owned(), address.to_string())));
    // It is tried first, once it is open.
    let applied = || {
        assert_eq!(apply(http, 2).0, 201);
        !two.sessions().is_empty()
    };
    until(applied, || "it is never tried first".into());

    gateway.rewrite(
        &before
            .replace("pcrf.rx.test", "other.rx.test")
            .replace(&one.address().to_string(), &two.address().to_string()),
    );
    gateway.log_until(" reloaded ");
    gateway.signal("-HUP");
    let log = gateway.log_until(" reloaded ");
    assert_eq!(changes(&log), ["peer pcrf.rx.test removed"]);
    assert!(log.contains("removed from the configuration"), "{log}");
    assert_eq!(peers(admin), [("other.rx.test".to_owned(), two.address().to_string())]);
    assert_eq!(apply(http, 3).0, 201);
    gateway.signal("-KILL");
    one.stop().await;
    two.stop().await;
}

// On one thread nothing of it is done before the test waits.
#[tokio::test]
async fn a_reload_that_nobody_waits_for_is_done_to_its_end() {
    let directory = Directory::new("unwaited");
    let file = directory.0.join("gate.toml");
    let before = config("127.0.0.1:1".parse().unwrap());
    std::fs::write(&file, &before).unwrap();
    let app = App::start_file(&file, Loaded::from_file(&file).unwrap(), false).await.unwrap();
    let second = "[[diameter.peers]]\nhost = \"other.rx.test\"\naddress = \"127.0.0.1:1\"\n";
    std::fs::write(&file, format!("{before}{second}")).unwrap();
    {
        let reload = pin!(app.reload());
        assert!(reload.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    let there = async {
        while app.peers().len() < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), there).await.expect("the second peer is never there");
    app.shut_down().await;
}

#[test]
fn what_takes_a_restart_is_refused_and_nothing_changes() {
    let directory = Directory::new("restart");
    directory.write("all.xml", &template("all", "1000"));
    let before = config("127.0.0.1:3868".parse().unwrap());
    let mut gateway = Gateway::spawn("restart", &before);
    gateway.listening("http");
    let admin = gateway.listening("admin");
    // Three that cannot change, beside a peer and templates that could.
    directory.write("rules.toml", "[[rule]]\nmatch = '.*'\ntemplate = \"all.xml\"\n");
    let after = before
        .replace("origin_host = \"af.rx.test\"", "origin_host = \"gate.rx.test\"\nrequest_timeout_ms = 9000")
        .replacen("listen = \"127.0.0.1:0\"", "listen = \"127.0.0.2:0\"", 1)
        .replace("127.0.0.1:3868", "127.0.0.1:3869");
    let templates = format!("[templates]\ndirectory = '{}'\n", directory.0.display());
    gateway.rewrite(&format!("{after}{templates}"));
    let (status, body) = reload(admin);
    assert_eq!(
        (status, &body["error"]["message"]),
        (422, &json!("nothing is reloaded: 3 problems")),
        "{body}"
    );
    let problems = body["error"]["problems"].as_array().unwrap();
    let file = gateway.file.display();
    for (problem, text) in problems.iter().zip([
        format!("{file}:2:1: [http] `listen` is \"127.0.0.2:0\", and in force is \"127.0.0.1:0\""),
        format!("{file}:6:1: [diameter] `origin_host` is \"gate.rx.test\", and in force is \"af.rx.test\""),
        format!("{file}:7:1: [diameter] `request_timeout_ms` is 9000, and in force is 10000"),
    ]) {
        assert_eq!(problem["text"], text);
        assert!(problem["hint"].as_str().unwrap().contains("restart"), "{problem}");
    }
    assert!(rules(admin).is_empty());
    assert_eq!(peers(admin)[0].1, "127.0.0.1:3868");
    // The file that cannot be read, too.
    gateway.rewrite("[diameter");
    assert_eq!(reload(admin).0, 422);
    gateway.rewrite(&format!("{before}{templates}"));
    let expected = [format!("[templates] directory: not set -> \"{}\"", directory.0.display())];
    let (status, body) = reload(admin);
    assert_eq!((status, &body["changes"][0]), (200, &json!(expected[0])), "{body}");
    assert_eq!(rules(admin).len(), 1);
    gateway.signal("-TERM");
    assert_eq!(gateway.end().0, Some(0));
}

#[test]
fn a_dictionary_is_read_again_with_the_templates_that_need_it() {
    let directory = Directory::new("dictionary");
    let vendor =
        |id: &str| format!("<dictionary>\n<vendor vendor-id=\"{id}\" code=\"87349\"/>\n</dictionary>\n");
    directory.write("own.xml", &vendor("Own"));
    let of_vendor = |id: &str| {
        let avp = format!(
            "  <avp name=\"Level\" code=\"1\" vendor-id=\"{id}\"><type type-name=\"Unsigned32\"/><value>7</value></avp>"
        );
        template("own", "1000")
            .replace("  <mediaComponentDescription>", &format!("{avp}\n  <mediaComponentDescription>"))
    };
    let text = format!(
        "{}[dictionary]\ndirectory = '{}'\n",
        config("127.0.0.1:3868".parse().unwrap()),
        directory.0.display()
    );
    let mut gateway = Gateway::spawn("dictionary", &text);
    gateway.listening("http");
    let admin = gateway.listening("admin");
    let load = |id: &str| call(admin, "PUT", "/qos-templates?matchRule=.*", &of_vendor(id));
    let (status, body) = load("Own");
    assert_eq!(status, 201, "{body}");
    assert_eq!(load("Other").0, 400);

    // The template in force does not fit what the file says now: nothing changes.
    directory.write("own.xml", &vendor("Other"));
    let (status, body) = reload(admin);
    assert_eq!(status, 422, "{body}");
    let problem = body["error"]["problems"][0]["text"].as_str().unwrap();
    assert!(problem.starts_with("template \"own\" of the admin interface:2:"), "{problem}");
    assert_eq!(load("Other").0, 400);
    directory.write("own.xml", "<dictionary>");
    let (status, body) = reload(admin);
    assert_eq!(status, 422, "{body}");
    let problem = body["error"]["problems"][0]["text"].as_str().unwrap();
    assert!(problem.starts_with(&format!("{}/own.xml:1:", directory.0.display())), "{problem}");

    directory.write("own.xml", &vendor("Other"));
    assert_eq!(call(admin, "DELETE", "/qos-templates?matchRule=.*", "").0, 204);
    let (status, body) = reload(admin);
    let changes = json!(["vendor Other added", "vendor Own removed"]);
    assert_eq!((status, &body["changes"]), (200, &changes), "{body}");
    assert_eq!(load("Own").0, 400);
    assert_eq!(load("Other").0, 201);
    // Nothing is different but where it stands: nothing is said.
    directory.write("own.xml", &format!("<!-- ours -->\n{}", vendor("Other")));
    let (status, body) = reload(admin);
    assert_eq!((status, &body["changes"]), (200, &json!([])), "{body}");
    gateway.signal("-TERM");
    assert_eq!(gateway.end().0, Some(0));
}

#[test]
fn networks_of_endpoints_and_how_requests_are_read_change() {
    let before = config("127.0.0.1:3868".parse().unwrap());
    let mut gateway = Gateway::spawn("networks", &before);
    let (http, admin) = (gateway.listening("http"), gateway.listening("admin"));
    let register = |correlator: u32| {
        let body = json!({ "startQoSNotification": {
            "reference": {
                "endpoint": "http://127.0.0.1:9/",
                "interfaceName": "x",
                "correlator": correlator.to_string(),
            },
            "endUserIdentities": ["tel:+49171"],
            "eventCriteria": ["INDICATION_OF_LOSS_OF_BEARER"],
        } });
        call(http, "POST", "/ApplicationQoSNotification/registration", &body.to_string())
    };
    assert_eq!(register(1).0, 400);
    gateway.rewrite(&format!(
        "{before}[notify]\nallow_networks = [\"127.0.0.0/8\"]\n[gatekeeper]\nmax_duration_s = 60\n"
    ));
    let (status, body) = reload(admin);
    let changes = json!([
        "[gatekeeper] max_duration_s: not set -> 60",
        "[notify] allow_networks: [] -> [\"127.0.0.0/8\"]",
    ]);
    assert_eq!((status, &body["changes"]), (200, &changes), "{body}");
    let (status, body) = register(1);
    assert_eq!(status, 201, "{body}");
    let longer = BODY.replacen("{\"framed", "{\"duration\": 61, \"framed", 1);
    let (status, body) = call(http, "POST", "/ApplicationQoSService/tel:+49171/qos", &longer);
    assert!(status == 400 && body.contains("duration"), "{status} {body}");
    gateway.rewrite(&before);
    assert_eq!(reload(admin).0, 200);
    assert_eq!(register(2).0, 400);
    gateway.signal("-TERM");
    assert_eq!(gateway.end().0, Some(0));
}

/// The rules in force: match rule, template, version.
fn rules(admin: SocketAddr) -> Vec<(String, String, u64)> {
    let (status, body) = call(admin, "GET", "/qos-templates", "");
    assert_eq!(status, 200, "{body}");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let text = |rule: &serde_json::Value, name: &str| rule[name].as_str().unwrap().to_owned();
    let rules = body.as_array().unwrap().iter();
    rules
        .map(|rule| (text(rule, "matchRule"), text(rule, "templateId"), rule["version"].as_u64().unwrap()))
        .collect()
}

#[test]
fn on_sighup_templates_are_read_again_all_or_nothing() {
    let directory = std::env::temp_dir().join(format!("rxgate-serve-{}-templates", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.join(name), text).unwrap();
    let both = "[[rule]]\nmatch = 'tel:1.*'\ntemplate = \"one.xml\"\n\
                [[rule]]\nmatch = '.*'\ntemplate = \"all.xml\"\n";
    write("rules.toml", both);
    write("one.xml", &template("one", "1000"));
    write("all.xml", &template("all", "2000"));
    let config = config("127.0.0.1:3868".parse().unwrap());
    let config = format!("{config}[templates]\ndirectory = '{}'\n", directory.display());
    let mut gateway = Gateway::spawn("templates", &config);
    gateway.listening("http");
    let admin = gateway.listening("admin");
    let loaded = rules(admin);
    let names: Vec<_> = loaded.iter().map(|(rule, id, _)| (rule.as_str(), id.as_str())).collect();
    assert_eq!(names, [("tel:1.*", "one"), (".*", "all")]);

    write("all.xml", &template("all", "3000"));
    gateway.signal("-HUP");
    let log = gateway.log_until(" reloaded ");
    assert_eq!(changes(&log), ["template \"all\" replaced (version 3)"]);
    let replaced = rules(admin);
    assert_eq!(replaced[0], loaded[0]);
    assert!(replaced[1].2 > loaded[1].2, "{replaced:?}");

    // One good change and two bad ones: nothing changes, and both are told.
    write("one.xml", &template("one", "4000"));
    write("all.xml", &template("all", "much"));
    write("rules.toml", &format!("{both}[[rule]]\nmatch = 'tel:('\ntemplate = \"one.xml\"\n"));
    gateway.signal("-HUP");
    let log = gateway.log_until("nothing is reloaded: what is in force stays");
    for place in ["all.xml:4:", "rules.toml:8:9:"] {
        let line = log.lines().find(|line| line.contains(place)).unwrap_or_else(|| panic!("{place}: {log}"));
        assert!(line.contains("ERROR") && line.contains("hint="), "{line}");
    }
    assert_eq!(rules(admin), replaced);

    write("rules.toml", "[[rule]]\nmatch = '.*'\ntemplate = \"one.xml\"\n");
    gateway.signal("-HUP");
    let log = gateway.log_until(" reloaded ");
    assert_eq!(
        changes(&log),
        ["template \"one\" replaced (version 4)", "template \"one\" removed (version 1)"]
    );
    let last = rules(admin);
    assert_eq!(last.len(), 1);
    assert_eq!((last[0].0.as_str(), last[0].1.as_str()), (".*", "one"));
    gateway.signal("-TERM");
    assert_eq!(gateway.end().0, Some(0));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn on_sighup_without_a_change_it_goes_on() {
    let mut gateway = Gateway::spawn("hangup", &config("127.0.0.1:3868".parse().unwrap()));
    gateway.listening("http");
    let admin = gateway.listening("admin");
    gateway.signal("-HUP");
    gateway.log_until("reloaded changes=0");
    assert_eq!(call(admin, "GET", "/live", "").0, 200);
    gateway.signal("-TERM");
    assert_eq!(gateway.end().0, Some(0));
}
