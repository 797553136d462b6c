//! Every kind of answer: what counts as delivered, and what is repeated. Nothing panics.

use std::time::Duration;

use rxgate::notify::NotifyConfig;
use tokio::time::Instant;

use crate::world::{Does, World, status, world, world_with};

const URL: &str = "http://93.184.216.34/app";

/// One notification; the server does this with the first attempt and answers 200 to the second.
async fn attempts_with(does: Does) -> (World, u64) {
    let world = world();
    world.net.server("93.184.216.34:80", vec![does], status("200 OK"));
    world.send("one", URL, "{}").unwrap();
    world.settled().await;
    assert_eq!(world.count("delivered"), 1);
    let attempts = world.count("attempts");
    (world, attempts)
}

fn octets(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

#[tokio::test(start_paused = true)]
async fn every_2xx_ends_it() {
    for code in [200, 201, 202, 204, 206, 299] {
        assert_eq!(attempts_with(status(&format!("{code} Fine"))).await.1, 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn everything_else_is_repeated() {
    for code in [101, 300, 301, 302, 307, 308, 400, 401, 403, 404, 409, 410, 413, 429, 500, 502, 503, 599] {
        assert_eq!(attempts_with(status(&format!("{code} No"))).await.1, 2, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_a_failure_and_its_location_sees_nothing() {
    let answer = "HTTP/1.1 302 Found\r\nLocation: http://93.184.216.35/\r\nContent-Length: 0\r\n\r\n";
    let world = world();
    world.net.server("93.184.216.34:80", vec![Does::Answers(octets(answer))], status("200 OK"));
    world.net.server("93.184.216.35:80", vec![], status("200 OK"));
    world.send("one", URL, "{}").unwrap();
    world.settled().await;
    assert_eq!(world.net.connected(), ["93.184.216.34:80", "93.184.216.34:80"]);
}

#[tokio::test(start_paused = true)]
async fn an_interim_answer_is_waited_through() {
    let answer = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(attempts_with(Does::Answers(octets(answer))).await.1, 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_http_is_repeated() {
    let head = |header: String| format!("HTTP/1.1 200 OK\r\n{header}\r\n").into_bytes();
    let cases = [
        octets(""),
        octets("HTTP/1.1 200"),
        octets("HTTP/1.1 200 OK\r\nContent-Len"),
        octets("SSH-2.0-OpenSSH_9.2\r\n"),
        octets("\0\0\0\0\u{7f}\r\n\r\n"),
        octets("HTTP/0.9 200 OK\r\n\r\n"),
        octets("HTTP/2.0 200 OK\r\n\r\n"),
        octets("HTTP/1.1 99999 OK\r\n\r\n"),
        octets("HTTP/1.1 200 OK\nno colon\n\n"),
        head("Content-Length: 1\r\nContent-Length: 2\r\n".into()),
        head("Content-Length: -1\r\n".into()),
        head("Content-Length: 99999999999999999999999\r\n".into()),
        head(format!("X: {}\r\n", "a".repeat(17 * 1024))),
        head("X: 1\r\n".repeat(101)),
        b"\xff\xfe\xfd\r\n\r\n".to_vec(),
    ];
    for case in cases {
        let shown = String::from_utf8_lossy(&case).chars().take(60).collect::<String>();
        assert_eq!(attempts_with(Does::Answers(case)).await.1, 2, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_follows_a_2xx_changes_nothing() {
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 20480\r\n\r\n{}", "a".repeat(20_480));
    let chunks = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", "400\r\nbad".repeat(99));
    let cases = [
        octets(&long),
        octets(&chunks),
        octets("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
        octets("HTTP/1.0 200 OK\r\n\r\nuntil the end"),
    ];
    for case in cases {
        assert_eq!(attempts_with(Does::Answers(case)).await.1, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_body_is_cut_off_at_its_limit() {
    let body = "a".repeat(30 * 1024);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{body}");
    let start = Instant::now();
    let (_, attempts) = attempts_with(Does::StopsAfter(octets(&answer))).await;
    assert_eq!(attempts, 1);
    assert!(start.elapsed() < Duration::from_secs(1), "it waited for the rest");
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_is_waited_for_until_the_deadline() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    let start = Instant::now();
    let (_, attempts) = attempts_with(Does::StopsAfter(octets(answer))).await;
    assert_eq!((attempts, start.elapsed().as_secs()), (1, 5));
}

#[tokio::test(start_paused = true)]
async fn a_hanging_application_is_left_at_the_deadline() {
    let (head, second) =
        (octets("HTTP/1.1 200 OK\r\nX-Slow: 1\r\nX-Slower: 1\r\n\r\n"), Duration::from_secs(1));
    for does in [Does::Hangs, Does::StopsAfter(vec![]), Does::Trickles(head, second)] {
        let mut world = world();
        world.net.server("93.184.216.34:80", vec![does], status("200 OK"));
        let start = Instant::now();
        world.send("one", URL, "{}").unwrap();
        let mut last = world.next().await;
        while world.count("attempts") < 2 {
            last = world.next().await;
        }
        world.settled().await;
        // The deadline, and half a second to a second before the repetition.
        let waited = (last.at - start).as_millis();
        assert!((5500..=6010).contains(&waited), "{waited} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn changed_answers_never_panic_and_never_block_the_queue() {
    let original = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\
        Retry-After: 3\r\n\r\n5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n";
    let mut seed = 1_u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let answers = (0..3000).map(|_| {
        let mut octets = original.to_vec();
        for _ in 0..=random(4) {
            let at = random(octets.len());
            match random(4) {
                0 => octets[at] ^= 1 << random(8),
                1 => octets[at] = random(256) as u8,
                2 => octets.truncate(at + 1),
                _ => octets.insert(at, b"\r\n :0;"[random(6)]),
            }
        }
        Does::Answers(octets)
    });
    let (retry_initial, retry_max) = (Duration::from_secs(1), Duration::from_secs(1));
    let world = world_with(NotifyConfig { retry_initial, retry_max, ..NotifyConfig::default() });
    world.net.server("93.184.216.34:80", answers.collect(), status("200 OK"));
    for round in 0..1000 {
        world.send("one", URL, &round.to_string()).unwrap();
    }
    world.settled().await;
    // A task that panicked would have left its queue.
    assert_eq!((world.count("delivered") + world.count("given_up"), world.count("left")), (1000, 0));
    assert!(world.count("failed") > 100 && world.count("delivered") > 500);
}
