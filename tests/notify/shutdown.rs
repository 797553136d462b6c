//! The end of the process: what can be delivered is, what is left is counted.

use std::{future::pending, time::Duration};

use rxgate::notify::QueueFull;
use tokio::time::{Instant, sleep};

use crate::world::{Does, status, world};

const URL: &str = "http://93.184.216.34/";
const WITHIN: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn what_waits_is_delivered_and_nothing_more_is_taken() {
    let world = world();
    let slow = Does::Trickles(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), Duration::from_millis(50));
    world.net.server("93.184.216.34:80", vec![slow], status("200 OK"));
    for body in ["1", "2", "3"] {
        world.send("one", URL, body).unwrap();
    }
    world.notifier.shut_down(WITHIN).await;
    assert_eq!((world.count("delivered"), world.count("left"), world.notifier.waiting()), (3, 0, 0));
    assert_eq!(world.send("one", URL, "4"), Err(QueueFull::ShuttingDown));
}

#[tokio::test(start_paused = true)]
async fn who_waits_to_repeat_does_so_once_at_once() {
    let world = world();
    world.net.server("93.184.216.34:80", vec![status("500 Oops"); 8], status("200 OK"));
    world.net.server("93.184.216.35:80", vec![], status("500 Oops"));
    for body in ["1", "2"] {
        world.send("back", URL, body).unwrap();
        world.send("down", "http://93.184.216.35/", body).unwrap();
    }
    // The eighth failure was after 63 to 127 seconds, and the wait then is 64 at least.
    sleep(Duration::from_secs(128)).await;
    assert_eq!(world.count("attempts"), 16);
    let start = Instant::now();
    world.notifier.shut_down(WITHIN).await;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!((world.count("delivered"), world.count("left"), world.count("attempts")), (2, 2, 19));
}

#[tokio::test(start_paused = true)]
async fn what_hangs_is_cut_off_in_time() {
    let world = world();
    world.net.server("93.184.216.34:80", vec![], Does::Hangs);
    let mut held = world.notification(URL, "{}");
    held.release = Box::pin(pending());
    world.notifier.send("held", held).unwrap();
    for body in ["1", "2"] {
        world.send("one", URL, body).unwrap();
    }
    let start = Instant::now();
    world.notifier.shut_down(Duration::from_secs(3)).await;
    assert_eq!(start.elapsed().as_secs(), 3);
    assert_eq!((world.count("left"), world.count("queued"), world.notifier.waiting()), (3, 3, 0));
    // Its tasks are gone: nobody goes on.
    sleep(Duration::from_secs(1000)).await;
    assert_eq!(world.count("attempts"), 1);
}

#[tokio::test(start_paused = true)]
async fn with_nothing_to_do_it_is_immediate() {
    let world = world();
    let start = Instant::now();
    world.notifier.shut_down(WITHIN).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}
