//! When a notification is sent again, and when no more.

use std::time::Duration;

use rxgate::notify::NotifyConfig;
use tokio::time::Instant;

use crate::world::{Does, World, status, world, world_with};

const URL: &str = "http://93.184.216.34/";

/// The times between that many attempts, in seconds.
async fn waits(world: &mut World, attempts: usize) -> Vec<f64> {
    let mut last = world.next().await.at;
    let mut waits = Vec::new();
    for _ in 1..attempts {
        let at = world.next().await.at;
        waits.push((at - last).as_secs_f64());
        last = at;
    }
    waits
}

#[tokio::test(start_paused = true)]
async fn waits_double_up_to_the_longest_and_vary_below_that() {
    let mut world = world();
    world.net.server("93.184.216.34:80", vec![], status("500 Oops"));
    world.send("one", URL, "{}").unwrap();
    let waits = waits(&mut world, 14).await;
    for (at, wait) in waits.iter().enumerate() {
        let most = 2_f64.powi(at.try_into().unwrap()).min(300.0);
        // The timer's step is a millisecond.
        assert!((most / 2.0 - 0.01..=most + 0.01).contains(wait), "{at}: {wait} of {most}");
    }
}

#[tokio::test(start_paused = true)]
async fn not_everybody_comes_back_in_the_same_moment() {
    let mut world = world();
    world.net.server("93.184.216.34:80", vec![], status("500 Oops"));
    let start = Instant::now();
    for queue in 0..16 {
        world.send(&queue.to_string(), URL, "{}").unwrap();
    }
    let mut repetitions = std::collections::BTreeSet::new();
    for _ in 0..32 {
        repetitions.insert((world.next().await.at - start).as_millis());
    }
    assert!(repetitions.len() > 8, "{repetitions:?}");
}

#[tokio::test(start_paused = true)]
async fn success_makes_the_next_wait_short_again() {
    let mut world = world();
    let fails = || vec![status("500 Oops"); 8];
    let script = [fails(), vec![status("200 OK")], fails()].concat();
    world.net.server("93.184.216.34:80", script, status("200 OK"));
    for body in ["1", "2"] {
        world.send("one", URL, body).unwrap();
    }
    let waits = waits(&mut world, 18).await;
    assert!(waits[7] >= 64.0 && waits[8] < 0.01 && waits[9] <= 1.01, "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_obeyed_within_the_bounds() {
    let answer = |code: &str, value: &str| {
        Does::Answers(
            format!("HTTP/1.1 {code}\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n").into_bytes(),
        )
    };
    let date = "Date: Fri, 31 Dec 1999 23:58:00 GMT\r\nRetry-After: Fri, 31 Dec 1999 23:59:30 GMT\r\n";
    let dated = format!("HTTP/1.1 503 Busy\r\n{date}Content-Length: 0\r\n\r\n");
    let cases = [
        (answer("503 Busy", "120"), 120.0, 132.1),
        (answer("429 Slow Down", "20"), 20.0, 22.1),
        (answer("503 Busy", "0"), 1.0, 1.2),
        (answer("503 Busy", "86400"), 300.0, 300.1),
        (answer("503 Busy", "99999999999999999999"), 0.5, 1.1),
        (answer("503 Busy", "soon"), 0.5, 1.1),
        (answer("503 Busy", "-5"), 0.5, 1.1),
        (answer("500 Oops", "120"), 0.5, 1.1),
        (answer("302 Found", "120"), 0.5, 1.1),
        (Does::Answers(dated.into_bytes()), 90.0, 99.1),
        (answer("503 Busy", "Fri, 31 Dec 1999 23:59:59 GMT"), 1.0, 1.2),
        (answer("503 Busy", "Fri, 31 Dec 9999 23:59:59 GMT"), 300.0, 300.1),
    ];
    for (does, least, most) in cases {
        let mut world = world();
        world.net.server("93.184.216.34:80", vec![does.clone()], status("200 OK"));
        world.send("one", URL, "{}").unwrap();
        let wait = waits(&mut world, 2).await[0];
        assert!((least..=most).contains(&wait), "{wait}: {does:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_is_given_up_and_what_is_younger_is_not() {
    let give_up_after = Duration::from_secs(1000);
    let mut world = world_with(NotifyConfig { give_up_after, ..NotifyConfig::default() });
    let start = Instant::now();
    world.net.server("93.184.216.34:80", vec![], Does::Refuses);
    for body in ["1", "2"] {
        world.send("one", URL, body).unwrap();
    }
    tokio::time::sleep(Duration::from_secs(900)).await;
    world.send("one", URL, "3").unwrap();
    tokio::time::sleep_until(start + Duration::from_secs(999)).await;
    assert_eq!((world.count("given_up"), world.notifier.waiting()), (0, 3));
    tokio::time::sleep_until(start + Duration::from_secs(1001)).await;
    assert_eq!((world.count("given_up"), world.notifier.waiting()), (2, 1));
    world.net.server("93.184.216.34:80", vec![], status("200 OK"));
    let seen = world.next().await;
    assert_eq!(seen.body, "3");
    world.settled().await;
    assert_eq!((world.count("delivered"), world.count("queued")), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn many_that_become_too_old_do_not_hurry_the_attempts() {
    let give_up_after = Duration::from_secs(3000);
    let world = world_with(NotifyConfig { give_up_after, ..NotifyConfig::default() });
    world.net.server("93.184.216.34:80", vec![], Does::Refuses);
    for body in 0..500 {
        world.send("one", URL, &body.to_string()).unwrap();
    }
    world.settled().await;
    assert_eq!(world.count("given_up"), 500);
    // 10 until the wait is 300 s, then one in 150 to 300 s.
    assert!(world.count("attempts") < 40, "{}", world.count("attempts"));
}

#[tokio::test(start_paused = true)]
async fn a_release_that_never_comes_ends_with_the_age() {
    let world = world();
    world.net.server("93.184.216.34:80", vec![], status("200 OK"));
    let mut notification = world.notification(URL, "1");
    notification.release = Box::pin(std::future::pending());
    world.notifier.send("one", notification).unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    world.send("one", URL, "2").unwrap();
    world.settled().await;
    assert_eq!((world.count("given_up"), world.count("delivered"), world.count("attempts")), (1, 1, 1));
}
