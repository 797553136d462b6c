use std::collections::VecDeque;

use super::*;

const WITHIN: Duration = Duration::from_secs(2);

/// A server that takes one request after the other, with a queue without end, and callers at a steady rate.
struct World {
    line: Line,
    now: Instant,
    /// When those under way came.
    queue: VecDeque<Instant>,
    /// When the server has done the first of them.
    next_done: Instant,
    /// Requests that it can do in a second; none: it hangs.
    capacity: u32,
    refused: Vec<Duration>,
    /// How long those took that were done.
    took: Vec<Duration>,
}

impl World {
    fn new(capacity: u32) -> Self {
        let now = Instant::now();
        let (queue, refused, took) = (VecDeque::new(), Vec::new(), Vec::new());
        Self { line: Line::new(WITHIN, now), now, queue, next_done: now, capacity, refused, took }
    }

    /// The server works until then.
    fn work(&mut self, until: Instant) {
        while self.capacity > 0 && !self.queue.is_empty() && self.next_done <= until {
            let came = self.queue.pop_front().unwrap();
            self.line.leave(self.next_done, true);
            self.took.push(self.next_done - came);
            self.next_done += Duration::from_secs(1) / self.capacity;
        }
    }

    /// So many callers a second, for so long.
    fn load(&mut self, rate: u32, seconds: u64, drmp: Option<Drmp>) {
        (self.refused, self.took) = (Vec::new(), Vec::new());
        let end = self.now + Duration::from_secs(seconds);
        while self.now < end {
            let now = self.now;
            self.work(now);
            match self.line.admit(now, drmp) {
                Ok(()) => {
                    if self.queue.is_empty() && self.capacity > 0 {
                        self.next_done = now + Duration::from_secs(1) / self.capacity;
                    }
                    self.queue.push_back(now);
                }
                Err(shed) => self.refused.push(shed.retry_after),
            }
            self.now += Duration::from_secs(1) / rate;
        }
    }

    fn done_a_second(&self, seconds: u64) -> f64 {
        self.took.len() as f64 / seconds as f64
    }

    fn slowest(&self) -> Duration {
        self.took.iter().max().copied().unwrap_or_default()
    }
}

#[test]
fn nothing_is_refused_below_the_capacity() {
    for capacity in [20, 100, 1_000, 10_000] {
        let mut world = World::new(capacity);
        world.load(capacity * 9 / 10, 20, None);
        assert_eq!(world.refused.len(), 0, "{capacity}");
    }
}

#[test]
fn above_the_capacity_it_is_used_in_full_and_what_is_taken_on_is_done_in_time() {
    for (capacity, times) in [(20, 2), (20, 10), (100, 2), (1_000, 2), (1_000, 10), (1_000, 100)] {
        let mut world = World::new(capacity);
        world.load(capacity * times, 10, None);
        // The first seconds, when nothing is known, count too.
        assert!(world.done_a_second(10) > 0.95 * f64::from(capacity), "{capacity} x {times}");
        assert!(world.slowest() < Duration::from_secs(6), "{capacity} x {times}: {:?}", world.slowest());
        world.load(capacity * times, 20, None);
        assert!(world.done_a_second(20) > 0.98 * f64::from(capacity), "{capacity} x {times}");
        assert!(world.slowest() < WITHIN * 5 / 4, "{capacity} x {times}: {:?}", world.slowest());
    }
}

#[test]
fn a_load_that_drops_is_served_at_once_again() {
    let mut world = World::new(100);
    world.load(1_000, 10, None);
    // The line of 2 s shrinks by half a second in each.
    world.load(50, 5, None);
    world.load(50, 10, None);
    assert_eq!(world.refused.len(), 0);
    assert!(world.slowest() < Duration::from_millis(50), "{:?}", world.slowest());
}

#[test]
fn a_server_that_becomes_slow_is_given_less_and_one_that_recovers_more() {
    let mut world = World::new(1_000);
    world.load(500, 10, None);
    world.capacity = 100;
    world.load(500, 20, None);
    world.load(500, 10, None);
    assert!(world.done_a_second(10) > 95.0 && world.slowest() < WITHIN * 5 / 4, "{:?}", world.slowest());
    world.capacity = 1_000;
    world.load(500, 5, None);
    world.load(500, 10, None);
    assert_eq!(world.refused.len(), 0);
}

#[test]
fn a_server_that_hangs_is_given_a_few_until_it_is_back() {
    let mut world = World::new(1_000);
    world.load(100, 5, None);
    world.capacity = 0;
    world.load(100, 30, None);
    let before = world.queue.len();
    assert!(before < 400, "{before} wait");
    // Nobody answers in time.
    while world.queue.pop_front().is_some() {
        world.line.leave(world.now, false);
    }
    world.load(100, 10, None);
    assert_eq!(world.queue.len(), ALWAYS);
    world.capacity = 1_000;
    world.next_done = world.now;
    world.load(100, 5, None);
    world.load(100, 5, None);
    assert_eq!(world.refused.len(), 0);
}

#[test]
fn the_least_important_are_refused_first() {
    let mut line = Line::new(WITHIN, Instant::now());
    let now = line.at;
    let mut admitted = |drmp: u32| {
        let before = line.under_way;
        while line.admit(now, Some(Drmp(drmp))).is_ok() {}
        line.under_way - before
    };
    // 100 a second: 1 s with 15, 2 s with 10, 3.4 s with 3, 4 s with 0.
    assert_eq!([15, 10, 3, 0, 10].map(&mut admitted), [100, 100, 140, 60, 0]);
    assert_eq!(patience(None), patience(Some(Drmp(10))));
}

#[test]
fn who_is_refused_is_told_when_there_is_room_for_him() {
    let mut world = World::new(100);
    world.load(100, 5, None);
    world.load(300, 5, None);
    // Two of three are refused: the queue of those told to come again grows by 2 s in each second.
    assert!(world.refused.iter().all(|after| (SOONEST..=FURTHEST).contains(after)));
    let last = world.refused.last().unwrap();
    assert!(*last > Duration::from_secs(4) && *last < Duration::from_secs(10), "{last:?}");
    world.load(300, 60, None);
    assert_eq!(*world.refused.last().unwrap(), FURTHEST);
}

#[test]
fn what_takes_long_but_is_done_side_by_side_is_no_queue() {
    // Everything takes 800 ms, however much there is of it.
    let mut line = Line::new(WITHIN, Instant::now());
    let (mut now, mut under_way) = (line.at, VecDeque::new());
    let mut refused = 0;
    for number in 0..20_000 {
        now += Duration::from_millis(1);
        while under_way.front().is_some_and(|end| *end <= now) {
            under_way.pop_front();
            line.leave(now, true);
        }
        match line.admit(now, None) {
            Ok(()) => under_way.push_back(now + Duration::from_millis(800)),
            // Until it is known how much is done side by side.
            Err(_) => refused += u32::from(number > 5_000),
        }
    }
    assert_eq!(refused, 0);
}
