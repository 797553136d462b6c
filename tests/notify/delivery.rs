//! What goes out, and in which order.

use std::time::Duration;

use tokio::{sync::oneshot, time::Instant};

use crate::world::{APP, Does, status, world};

const URL: &str = "http://app.example:8080/a%2Fb/QoSNotification?x=%20y&z";

#[tokio::test(start_paused = true)]
async fn a_post_goes_exactly_to_the_endpoint() {
    let mut world = world();
    world.net.name("app.example", &[&[APP]]);
    world.net.server("93.184.216.34:8080", vec![], status("204 No Content"));
    world.send("one", URL, r#"{"eventType":4}"#).unwrap();
    let seen = world.next().await;
    assert!(seen.head.starts_with("POST /a%2Fb/QoSNotification?x=%20y&z HTTP/1.1\r\n"), "{}", seen.head);
    assert_eq!(seen.header("host"), Some("app.example:8080"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("user-agent"), Some(concat!("rxgate/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(seen.header("content-length"), Some("15"));
    assert_eq!(seen.header("connection"), Some("close"));
    assert_eq!(seen.header("x-event-id").unwrap().len(), 36);
    assert_eq!((seen.body.as_str(), seen.to.port()), (r#"{"eventType":4}"#, 8080));
    world.settled().await;
    assert_eq!((world.count("queued"), world.count("delivered"), world.count("attempts")), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_queue_keeps_its_order_over_failures() {
    let mut world = world();
    world.net.name("app.example", &[&[APP]]);
    let fails = vec![status("500 Oops"), Does::Refuses, status("200 OK"), status("404 Not Found")];
    world.net.server("93.184.216.34:80", fails, status("200 OK"));
    for body in ["1", "2", "3", "4"] {
        world.send("one", "http://app.example/", body).unwrap();
    }
    let mut got = Vec::new();
    for _ in 0..6 {
        got.push(world.next().await.body);
    }
    assert_eq!(got, ["1", "1", "2", "2", "3", "4"]);
    world.settled().await;
    assert_eq!((world.count("delivered"), world.count("failed")), (4, 3));
}

#[tokio::test(start_paused = true)]
async fn the_event_id_is_the_same_in_a_repetition_and_new_otherwise() {
    let mut world = world();
    world.net.server("93.184.216.34:80", vec![status("503 Busy")], status("200 OK"));
    for body in ["1", "2"] {
        world.send("one", "http://93.184.216.34/", body).unwrap();
    }
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(world.next().await.header("x-event-id").unwrap().to_owned());
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_endpoint_delays_no_other_queue() {
    let mut world = world();
    world.net.name("dead.example", &[&["93.184.216.35"]]);
    world.net.name("app.example", &[&[APP]]);
    world.net.server("93.184.216.35:80", vec![], Does::Hangs);
    world.net.server("93.184.216.34:80", vec![], status("200 OK"));
    let start = Instant::now();
    // More queues than there may be attempts at a time to one host.
    for queue in 0..100 {
        world.send(&format!("dead {queue}"), "http://dead.example/", "x").unwrap();
    }
    for body in ["1", "2"] {
        world.send("alive", "http://app.example/", body).unwrap();
        let seen = world.next().await;
        assert_eq!((seen.body.as_str(), seen.at), (body, start));
    }
}

#[tokio::test(start_paused = true)]
async fn release_comes_before_the_first_attempt_and_keeps_the_order() {
    let mut world = world();
    world.net.server("93.184.216.34:80", vec![], status("200 OK"));
    let (release, released) = oneshot::channel();
    let mut first = world.notification("http://93.184.216.34/", "1");
    first.release = Box::pin(async { drop(released.await) });
    world.notifier.send("one", first).unwrap();
    world.send("one", "http://93.184.216.34/", "2").unwrap();
    world.send("other", "http://93.184.216.34/", "3").unwrap();
    assert_eq!(world.next().await.body, "3");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(world.seen.try_recv().is_err());
    release.send(()).unwrap();
    assert_eq!(world.next().await.body, "1");
    assert_eq!(world.next().await.body, "2");
}
