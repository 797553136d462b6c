//! Bounds: of queues, and of attempts at a time.

use std::{future::pending, time::Duration};

use rxgate::notify::{NotifyConfig, QueueFull};
use tokio::time::{Instant, sleep};

use crate::world::{Does, status, world, world_with};

const URL: &str = "http://93.184.216.34/";

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_the_newest_and_no_other_queue() {
    let mut world = world_with(NotifyConfig { max_queue: 3, ..NotifyConfig::default() });
    world.net.server("93.184.216.34:80", vec![status("500 Oops")], status("200 OK"));
    for body in ["1", "2", "3"] {
        world.send("one", URL, body).unwrap();
    }
    let refused = world.send("one", URL, "4").unwrap_err();
    assert_eq!(refused, QueueFull::Queue { most: 3 });
    assert_eq!(refused.to_string(), "3 notifications wait for this receiver already");
    // The one that the task has in hand counts as well.
    world.next().await;
    assert_eq!(world.send("one", URL, "4"), Err(QueueFull::Queue { most: 3 }));
    world.send("other", URL, "5").unwrap();
    let mut got = Vec::new();
    for _ in 0..4 {
        got.push(world.next().await.body);
    }
    assert_eq!(got, ["5", "1", "2", "3"]);
    world.settled().await;
    assert_eq!((world.count("refused"), world.count("queued"), world.count("delivered")), (2, 4, 4));
    world.send("one", URL, "6").unwrap();
    assert_eq!(world.next().await.body, "6");
}

#[tokio::test(start_paused = true)]
async fn all_queues_together_are_bounded() {
    let world = world_with(NotifyConfig { max_total: 5, ..NotifyConfig::default() });
    world.net.server("93.184.216.34:80", vec![], status("200 OK"));
    for queue in 0..5 {
        world.send(&queue.to_string(), URL, "{}").unwrap();
    }
    assert_eq!(world.send("6", URL, "{}"), Err(QueueFull::Total { most: 5 }));
    world.settled().await;
    world.send("6", URL, "{}").unwrap();
    world.settled().await;
    assert_eq!(world.count("delivered"), 6);
}

#[tokio::test(start_paused = true)]
async fn the_bodies_of_all_queues_together_are_bounded() {
    let mut world = world_with(NotifyConfig { max_octets: 10, ..NotifyConfig::default() });
    world.net.server("93.184.216.34:80", vec![Does::StopsAfter(vec![])], status("200 OK"));
    let refused = QueueFull::Octets { most: 10 };
    assert!(refused.to_string().contains("at most 10 octets"));
    let full = Err(refused);
    world.send("one", URL, "1234").unwrap();
    world.send("two", "http://93.184.216.35/", "123456").unwrap();
    assert_eq!(world.send("three", URL, "1"), full);
    // What the task has in hand counts as well, until it is forgotten.
    assert_eq!(world.next().await.body, "1234");
    assert_eq!(world.send("three", URL, "1"), full);
    world.notifier.forget("one");
    world.send("three", URL, "1234").unwrap();
    assert_eq!(world.next().await.body, "1234");
    world.notifier.forget("two");
    world.settled().await;
    // What was delivered leaves room, and what was forgotten while it waited.
    world.send("one", URL, "1234567890").unwrap();
    assert_eq!(world.send("one", URL, "1"), full);
    world.notifier.forget("one");
    world.send("one", URL, "1234567890").unwrap();
    world.settled().await;
    assert_eq!((world.count("refused"), world.count("delivered")), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn forgetting_drops_what_waits_and_cuts_off_the_attempt() {
    let mut world = world();
    world.net.server("93.184.216.34:80", vec![Does::StopsAfter(vec![])], status("200 OK"));
    for body in ["1", "2", "3"] {
        world.send("one", URL, body).unwrap();
    }
    assert_eq!(world.next().await.body, "1");
    world.notifier.forget("one");
    assert_eq!((world.notifier.waiting(), world.count("forgotten")), (0, 3));
    // The same name again is another queue, which nothing of the old one gets into or ends.
    world.send("one", URL, "4").unwrap();
    assert_eq!(world.next().await.body, "4");
    sleep(Duration::from_secs(3600)).await;
    assert!(world.seen.try_recv().is_err());
    assert_eq!((world.count("delivered"), world.count("attempts"), world.count("left")), (1, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn forgetting_reaches_every_stage() {
    // Before the task began, before its release, between attempts, while it waits for its turn.
    let config = NotifyConfig { max_attempts_per_host: 1, ..NotifyConfig::default() };
    let world = world_with(config);
    world.net.server("93.184.216.34:80", vec![Does::Refuses], Does::Hangs);
    let mut held = world.notification(URL, "{}");
    held.release = Box::pin(pending());
    world.notifier.send("held", held).unwrap();
    world.send("between", URL, "{}").unwrap();
    sleep(Duration::from_millis(1)).await;
    world.send("attempt", URL, "{}").unwrap();
    world.send("turn", URL, "{}").unwrap();
    sleep(Duration::from_millis(1)).await;
    world.send("new", URL, "{}").unwrap();
    for queue in ["held", "between", "attempt", "turn", "new", "unknown"] {
        world.notifier.forget(queue);
    }
    assert_eq!((world.notifier.waiting(), world.count("forgotten")), (0, 5));
    // The slots are free again.
    world.net.server("93.184.216.34:80", vec![], status("200 OK"));
    let start = Instant::now();
    world.send("one", URL, "{}").unwrap();
    world.settled().await;
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!((world.count("delivered"), world.count("attempts")), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn one_host_gets_so_many_attempts_at_a_time() {
    let world = world_with(NotifyConfig { max_attempts_per_host: 4, ..NotifyConfig::default() });
    world.net.server("93.184.216.34:80", vec![], Does::Hangs);
    world.net.server("93.184.216.34:81", vec![], Does::Hangs);
    for queue in 0..20 {
        world.send(&queue.to_string(), URL, "{}").unwrap();
    }
    world.send("port", "http://93.184.216.34:81/", "{}").unwrap();
    sleep(Duration::from_secs(4)).await;
    assert_eq!(world.count("attempts"), 5);
    // The deadline is at 5 seconds, the first repetition half a second later.
    sleep(Duration::from_millis(1300)).await;
    assert_eq!(world.count("attempts"), 9);
}

#[tokio::test(start_paused = true)]
async fn endpoints_that_are_down_leave_half_of_the_attempts_to_others() {
    let world = world_with(NotifyConfig { max_attempts: 8, ..NotifyConfig::default() });
    // Every one at a host of its own, all hanging.
    for host in 0..200 {
        let address = format!("93.184.217.{host}:80");
        world.net.server(&address, vec![], Does::Hangs);
        world.send(&format!("dead {host}"), &format!("http://{address}/"), "{}").unwrap();
    }
    // Until each had its first attempt.
    sleep(Duration::from_secs(200)).await;
    assert!(world.count("attempts") >= 200);
    world.net.server("93.184.216.34:80", vec![], status("200 OK"));
    for _ in 0..50 {
        let start = Instant::now();
        world.send("alive", URL, "{}").unwrap();
        while world.count("delivered") == 0 || world.count("queued") != 200 + world.count("delivered") {
            sleep(Duration::from_millis(1)).await;
        }
        assert!(start.elapsed() < Duration::from_millis(10), "{:?}", start.elapsed());
        sleep(Duration::from_millis(700)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_that_panics_ends_its_queue_and_leaves_room_for_a_new_one() {
    let world = world();
    world.net.server("93.184.216.34:80", vec![], status("200 OK"));
    let mut notification = world.notification(URL, "1");
    notification.release = Box::pin(async { panic!("of the test") });
    world.notifier.send("one", notification).unwrap();
    world.send("one", URL, "2").unwrap();
    world.settled().await;
    assert_eq!(world.count("left"), 2);
    world.send("one", URL, "3").unwrap();
    world.settled().await;
    assert_eq!(world.count("delivered"), 1);
}
