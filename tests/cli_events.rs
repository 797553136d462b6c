//! `rxgate events` against a running gateway.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

use std::{net::SocketAddr, path::Path, process::Command};

use axum::{
    Router,
    http::{Method, StatusCode, Uri},
};
use rxgate::{app::App, config::Loaded};

const UNKNOWN: &str = "01976d3c-8a52-7a3e-b6a8-0f6a7c1d9b44";

/// Exit code, standard output and standard error.
fn ran(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rxgate")).arg("events").args(arguments).output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_command_has_help_with_an_example_and_its_exit_codes() {
    for command in ["list", "show", "replay", "drop"] {
        let (code, help, _) = ran(&[command, "--help"]);
        assert_eq!(code, 0);
        assert!(help.contains(&format!("\n  rxgate events {command}")), "{help}");
        assert!(help.contains("Exit codes: 0 "), "{help}");
    }
    for arguments in [&["list", "--state", "lost"][..], &["list", "--contents"], &["replay"], &["drop"]] {
        assert_eq!(ran(arguments).0, 2, "{arguments:?}");
    }
    for limit in ["0", "1001"] {
        let (code, _, errors) = ran(&["list", "--limit", limit]);
        assert!(code == 2 && errors.contains(&format!("{limit} is not in 1..=1000")), "{errors}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_without_events_says_so() {
    let text = "[http]\nlisten = '127.0.0.1:0'\n[admin]\nlisten = '127.0.0.1:0'\n[store]\nkind = 'memory'\n\
                [diameter]\norigin_host = 'af.rx.test'\norigin_realm = 'rx.test'\n\
                destination_realm = 'rx.test'\n[[diameter.peers]]\nhost = 'pcrf.rx.test'\naddress = '127.0.0.1:1'\n";
    let app = App::start(Loaded::from_text(Path::new("test"), text).unwrap().config).await.unwrap();
    let (admin, http) = (app.admin_address(), app.http_address());
    let there = tokio::task::spawn_blocking(move || {
        let at = |arguments: &[&str], address| {
            ran(&[arguments, &["--admin", &format!("http://{address}")]].concat())
        };
        assert_eq!(
            at(&["list"], admin),
            (0, "no events: none waits, and none was given up\n".into(), String::new())
        );
        assert_eq!(at(&["list", "--json", "--state", "dead"], admin), (0, "[]\n".into(), String::new()));
        assert_eq!(at(&["replay", "--all"], admin), (0, String::new(), "0 events are replayed\n".into()));
        for command in ["show", "replay", "drop"] {
            let (code, out, errors) = at(&[command, UNKNOWN], admin);
            assert_eq!((code, &*out), (1, ""));
            assert!(errors.starts_with("error: there is no such event: "), "{errors}");
            assert!(errors.contains("\nhint: `rxgate events list`"), "{errors}");
            let (code, _, errors) = at(&[command, "1"], admin);
            assert!(code == 1 && errors.starts_with("error: the id of an event is a UUID"), "{errors}");
        }
        // The other listener is none for operators.
        let (code, _, errors) = at(&["list"], http);
        assert!(
            code == 1 && errors.contains("not as an admin interface does\nhint: --admin URL"),
            "{errors}"
        );
    });
    there.await.unwrap();
    app.shut_down().await;
}

/// An admin interface that has these dead events, and answers like this to what is done to one of them.
async fn scripted(ids: &'static [&'static str], answer: fn(&str) -> StatusCode) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(move |method: Method, uri: Uri| async move {
        if method == Method::GET {
            let listed = ids.iter().filter(|_| !uri.query().unwrap().contains("after=")).map(|id| {
                format!(
                    r#"{{"id":"{id}","state":"dead","at":"2026-01-01T00:00:00Z","eventType":2,"rxSessionId":"s"}}"#
                )
            });
            return (StatusCode::OK, format!("[{}]", listed.collect::<Vec<_>>().join(",")));
        }
        let id = uri.path().split('/').nth(2).unwrap().to_owned();
        (answer(&id), format!(r#"{{"error":{{"message":"about {id}"}}}}"#))
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_of_all_goes_on_after_those_that_are_refused() {
    let replay = async |answer: fn(&str) -> StatusCode| {
        let address = scripted(&["full", "gone", "good"], answer).await;
        let admin = format!("http://{address}");
        tokio::task::spawn_blocking(move || ran(&["replay", "--all", "--admin", &admin])).await.unwrap()
    };
    let (code, out, errors) = replay(|id| match id {
        "full" => StatusCode::CONFLICT,
        "gone" => StatusCode::NOT_FOUND,
        _ => StatusCode::NO_CONTENT,
    })
    .await;
    assert_eq!((code, &*out), (1, "replayed: good\n"));
    let refused = "not replayed: full: about full\nnot replayed: gone: about gone\n\
                   error: 1 events are replayed, 2 are not\n";
    assert!(errors.starts_with(refused), "{errors}");
    // A gateway that can do none of them is not asked on and on.
    let (code, out, errors) = replay(|id| match id {
        "full" => StatusCode::NO_CONTENT,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    })
    .await;
    assert_eq!((code, &*out), (1, "replayed: full\n"));
    let stopped = "1 events are replayed, 0 are not, the rest is not tried\nerror: about gone\n";
    assert!(errors.starts_with(stopped), "{errors}");
    assert_eq!(replay(|_| StatusCode::NO_CONTENT).await.2, "3 events are replayed\n");
}
