//! What is logged: enough to see what is wrong, and nothing about who is concerned.

use std::time::Duration;

use rxgate::notify::NotifyConfig;
use tracing::Level;

use crate::{
    log,
    world::{Does, status, world_with},
};

#[tokio::test(start_paused = true)]
async fn endpoints_bodies_and_keys_are_logged_at_trace_only() {
    log::begin(Level::TRACE);
    let give_up_after = Duration::from_secs(60);
    let world = world_with(NotifyConfig { give_up_after, ..NotifyConfig::default() });
    world.net.name("secret.example", &[&["93.184.216.34"]]);
    world.net.name("refused.secret.example", &[&["10.11.12.13"]]);
    let script = vec![Does::Hangs, Does::Refuses, Does::Answers(b"secret".to_vec()), status("500 secret")];
    world.net.server("93.184.216.34:80", script, status("200 OK"));
    let hosts = ["secret.example", "refused.secret.example", "unknown.secret.example", "93.184.216.35"];
    for host in hosts {
        world.send(&format!("secret {host}"), &format!("http://{host}/secret"), "secret").unwrap();
    }
    world.settled().await;
    world.send("secret", "http://unknown.secret.example/secret", "secret").unwrap();
    world.notifier.shut_down(Duration::from_secs(10)).await;
    assert_eq!((world.count("delivered"), world.count("given_up"), world.count("left")), (1, 3, 1));
    let text = log::logged();
    let (trace, text): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.contains(" TRACE "));
    let (trace, text) = (trace.join("\n"), text.join("\n"));
    assert!(trace.contains("http://secret.example/secret"), "{trace}");
    for hidden in ["secret", "93.184.216", "10.11.12.13"] {
        assert!(!text.contains(hidden), "{text}");
    }
    for shown in [
        "private (RFC 1918)",
        "cannot be resolved",
        "no answer in time",
        "no connection",
        "the application answered 500",
        "takes its notifications again",
        "is given up",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
}
