//! How much an application may do, and for whom.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
};

use rxgate::{
    access::{Scope, Terms},
    template::Pattern,
};
use socket2::{Domain, Socket, Type};

use crate::{
    exchange,
    world::{ALL, World, application, asked, by, shown},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_of_sessions_is_exact_and_survives_a_restart() {
    let unlimited = application("video", &ALL);
    let limited = |sessions| Terms { sessions: Some(sessions), ..unlimited.clone() };
    let world = World::new("quota", &[limited(5), application("voice", &ALL)]).await;
    let video = by("video");
    let body = asked("");
    let all = futures(20, || world.apply(&video, &body)).await;
    let made: Vec<_> = all.iter().filter(|reply| reply.status == 201).collect();
    let denied = all.iter().find(|reply| reply.status == 403).unwrap();
    assert_eq!((made.len(), all.len()), (5, 20));
    assert!(
        denied.message().starts_with("POL0001: ") && denied.message().contains("Error code is 7: "),
        "{denied:?}"
    );
    assert_eq!(denied.json()["error"]["type"], "PolicyException");
    assert_eq!(world.apply(&by("voice"), &asked("")).await.status, 201);
    let id = made[0].request_id();
    let world = world.restart().await;
    let keyed = format!("{video}Idempotency-Key: again\r\n");
    assert_eq!(world.apply(&keyed, &body).await.status, 403);
    let removed = world.http(&video, "DELETE", &format!("/ApplicationQoSService/qos/{id}"), "").await;
    assert_eq!(removed.status, 204);
    // A refusal for the moment is not kept under its key.
    assert_eq!(world.apply(&keyed, &body).await.status, 201);
    assert_eq!(world.apply(&video, &body).await.status, 403);
    assert_eq!(
        world.put(&[limited(6)]).await,
        ["application video: sessions 5 -> 6", "application voice removed"]
    );
    assert_eq!(world.apply(&video, &body).await.status, 201);
    assert_eq!(world.apply(&by("voice"), &body).await.status, 401);
    let log = world.end().await;
    let denied = r#""status":403,"outcome":"forbidden","code":7,"reason":"the application has 5 sessions, "#;
    // With an Idempotency-Key, too.
    assert_eq!(log.matches(denied).count(), 15 + 2, "{log}");
}

/// So many at the same time.
async fn futures<F: Future>(number: usize, of: impl Fn() -> F) -> Vec<F::Output> {
    let mut all: Vec<_> = (0..number).map(|_| Box::pin(of())).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        all.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(output) => {
                done.push(output);
                false
            }
            std::task::Poll::Pending => true,
        });
        if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_whom_and_what_it_may_ask_for() {
    let terms = Terms {
        end_users: vec![Pattern::new(r"tel:\+4917.*").unwrap()],
        ue: vec!["10.0.0.0/24".parse().unwrap(), "2001:db8::/48".parse().unwrap()],
        ..application("video", &[Scope::Apply, Scope::Modify, Scope::Notify])
    };
    let world = World::new("whom", &[terms, application("urgent", &ALL)]).await;
    let video = by("video");
    let apply = async |user: &str, body: &str| {
        world.http(&video, "POST", &format!("/ApplicationQoSService/{user}/qos"), body).await
    };
    let at = |member: &str| asked("").replace(r#""framedIPAddress": "10.0.0.1""#, member);
    for (user, body, status) in [
        ("tel:4917655501", asked(""), 201),
        ("tel:+49-17(65)5501", asked(""), 201),
        ("4917655501", asked(""), 201),
        ("tel:+4930655501", asked(""), 403),
        ("sip:tel:+4917@b", asked(""), 403),
        ("tel:4917655501", at(r#""framedIPAddress": "10.0.1.1""#), 403),
        ("tel:4917655501", at(r#""framedIPAddress": "0A000001""#), 201),
        ("tel:4917655501", at(r#""framedIPv6Prefix": "2001:db8::1""#), 201),
        ("tel:4917655501", at(r#""framedIPv6Prefix": "2001:db8:1::1""#), 403),
        (
            "tel:4917655501",
            asked(
                r#""subscriptionId": {"subscriptionIdType": "END_USER_IMSI", "subscriptionIdData": "001010123456789"},"#,
            ),
            403,
        ),
        ("tel:4917655501", asked(r#""reservationPriority": 1,"#), 403),
        ("tel:4917655501", asked(r#""reservationPriority": 0,"#), 201),
        ("tel:4917655501", asked(r#""mPSIdentifier": "wps","#), 403),
        ("tel:4917655501", asked(r#""serviceURN": "sos.fire","#), 403),
        (
            "tel:4917655501",
            asked("").replace(r#""mediaType""#, r#""reservationPriority": 3, "mediaType""#),
            403,
        ),
    ] {
        let reply = apply(user, &body).await;
        assert_eq!(reply.status, status, "{user} {body}: {reply:?}");
        if status == 403 {
            assert!(
                reply.message().starts_with("POL0001: A policy error occurred. Error code is 0: "),
                "{reply:?}"
            );
            assert!(!reply.body.contains("49") && !reply.body.contains("10.0."), "{reply:?}");
        }
    }
    let id = apply("tel:4917655501", &asked("")).await.request_id();
    let path = format!("/ApplicationQoSService/qos/{id}");
    for (change, status) in [(r#""duration": 60"#, 200), (r#""reservationPriority": 5"#, 403)] {
        let body = format!(r#"{{"qoSFeatureProperties": {{{change}}}}}"#);
        assert_eq!(world.http(&video, "PUT", &path, &body).await.status, status, "{change}");
    }
    let body = crate::world::registration("one", "http://127.0.0.1:9/x").replace("tel:4917", "tel:4930");
    let registered = world.http(&video, "POST", "/ApplicationQoSNotification/registration", &body).await;
    assert_eq!(registered.status, 403, "{registered:?}");
    assert_eq!(world.apply(&by("urgent"), &asked(r#""reservationPriority": 1,"#)).await.status, 201);
    let log = world.end().await;
    for why in ["for this end user (", "for this address (", "scope priority"] {
        let has = |line: &str| line.contains(r#""code":0,"reason":""#) && line.contains(why);
        assert!(log.lines().any(has), "{why} {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_and_too_many_guesses_are_429_with_a_time() {
    let slow = Terms { rate: Some(1), burst: 1, ..application("slow", &ALL) };
    let off = Terms { active: false, ..application("off", &ALL) };
    let world = World::new("rate", &[slow, off, application("video", &ALL)]).await;
    let path = "/ApplicationQoSNotification/registration";
    let mut denied = world.http(&by("slow"), "GET", path, "").await;
    while denied.status == 200 {
        denied = world.http(&by("slow"), "GET", path, "").await;
    }
    assert_eq!(denied.status, 429);
    assert!(denied.has("retry-after") && denied.message().contains("Error code is 7: "), "{denied:?}");
    let off = world.http(&by("off"), "GET", path, "").await;
    assert_eq!(off.status, 403);
    assert!(off.message().contains("Error code is 2: "), "{off:?}");
    assert_eq!(world.http(&by("video"), "GET", path, "").await.status, 200);
    let mut guesses = (0..).map(|guess| shown("video", &format!("guess {guess}")));
    let denied = loop {
        let reply = world.http(&guesses.next().unwrap(), "GET", path, "").await;
        assert!([401, 429, 503].contains(&reply.status), "{reply:?}");
        assert_eq!(reply.has("www-authenticate"), reply.status == 401);
        if reply.status == 429 {
            break reply;
        }
    };
    assert!(denied.has("retry-after"), "{denied:?}");
    assert_eq!(world.http(&by("video"), "GET", path, "").await.status, 200);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_keeps_nobody_from_elsewhere_out() {
    let admin = application("admin", &[Scope::Admin]);
    let world = World::new("guessing", &[application("video", &ALL), admin]).await;
    let (http, admin) = (world.app.http_address(), world.app.admin_address());
    let is_over = Arc::new(AtomicBool::new(false));
    let (turned_away, is_guessing) = mpsc::channel();
    let guessers: Vec<_> = [(http, "video"), (admin, "admin")]
        .into_iter()
        .flat_map(|(address, id)| (0..4).map(move |number| (address, id, number)))
        .map(|(address, id, number)| {
            let (is_over, turned_away) = (is_over.clone(), turned_away.clone());
            std::thread::spawn(move || {
                let (mut guess, mut seen) = (0, [0; 3]);
                while !is_over.load(Ordering::Relaxed) {
                    guess += 1;
                    let who = shown(id, &format!("guess {number} {guess}"));
                    match guess_at(address, &who) {
                        401 => seen[0] += 1,
                        // 503: on a slow machine its turn does not come in time.
                        429 | 503 => {
                            seen[1] += 1;
                            _ = turned_away.send(());
                        }
                        _ => seen[2] += 1,
                    }
                }
                seen
            })
        })
        .collect();
    // All that he may has been taken.
    let is_guessing = tokio::task::spawn_blocking(move || is_guessing.iter().take(1000).count());
    assert_eq!(is_guessing.await.unwrap(), 1000);
    for tries_left in (0..10).rev() {
        let applied = world.apply(&by("video"), &asked("")).await.status;
        let listed = world.admin(&by("admin"), "GET", "/sessions", "").await.status;
        if tries_left > 0 && [applied, listed].contains(&503) {
            // There, too, they are told to come again.
            continue;
        }
        assert_eq!((applied, listed), (201, 200));
        break;
    }
    is_over.store(true, Ordering::Relaxed);
    let seen = guessers.into_iter().map(|guesser| guesser.join().unwrap());
    let [wrong, _, other] = seen.fold([0; 3], |[a, b, c], [d, e, f]| [a + d, b + e, c + f]);
    assert_eq!((other, wrong > 0), (0, true));
    world.end().await;
}

/// What credentials from 127.0.0.2 are answered.
fn guess_at(address: SocketAddr, who: &str) -> u16 {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), 0)).into()).unwrap();
    socket.connect(&address.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    let request = format!("GET /openapi.json HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n{who}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    exchange::read(&answer).0
}
