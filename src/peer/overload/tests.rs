use super::*;
use crate::peer::{reconnect::Chance, route::part};

const APPLICATION: u32 = 16_777_236;
const SECOND: Duration = Duration::from_secs(1);

struct World {
    overload: Overload,
    chance: Chance,
    now: Instant,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        Self { overload: Overload::new(now), chance: Chance::new(7), now }
    }

    fn note(&mut self, scope: Scope, sequence: u64, reduction: u32, validity: Option<u32>) -> bool {
        let olr = Olr { sequence, reduction: Some(reduction), validity };
        self.overload.note(self.now, APPLICATION, &scope, olr)
    }

    fn is_abated(&mut self, scope: &Scope, drmp: Option<u32>) -> bool {
        let lot = self.overload.draw(self.now, drmp, part(&mut self.chance));
        self.overload.abates(self.now, APPLICATION, scope, lot).is_some()
    }

    /// Percent of 10,000 requests, one each millisecond, that are abated.
    fn percent(&mut self, scope: &Scope, drmp: impl Fn(u32) -> Option<u32>) -> f64 {
        let mut abated = 0;
        for number in 0..10_000 {
            self.now += Duration::from_millis(1);
            abated += u32::from(self.is_abated(scope, drmp(number)));
        }
        f64::from(abated) / 100.0
    }
}

#[track_caller]
fn assert_about(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 2.0, "{found} % is not {expected} % within 2 points");
}

#[test]
fn the_reduction_is_achieved_within_two_points_over_ten_thousand_requests() {
    for reduction in [0, 1, 5, 10, 25, 33, 50, 66, 75, 90, 99, 100] {
        for scope in [Scope::host("PCRF1"), Scope::realm("rx.test")] {
            let mut world = World::new();
            assert!(world.note(scope.clone(), 1, reduction, Some(60)));
            assert_about(world.percent(&scope, |_| None), reduction.into());
        }
    }
    let mut world = World::new();
    world.note(Scope::host("pcrf1"), 1, 0, Some(60));
    assert_eq!(world.percent(&Scope::host("pcrf1"), |_| None), 0.0);
    world.note(Scope::host("pcrf1"), 2, 100, Some(60));
    assert_eq!(world.percent(&Scope::host("pcrf1"), |_| None), 100.0);
}

#[test]
fn the_least_important_go_first_and_the_total_is_kept() {
    // 10 % of DRMP 0, 20 % of 5, 60 % without, 10 % of 15.
    let drmp = |number: u32| match number % 10 {
        0 => Some(0),
        1 | 2 => Some(5),
        3 => Some(15),
        _ => None,
    };
    for (reduction, expected) in [
        (5, [0.0, 0.0, 0.0, 50.0]),
        (10, [0.0, 0.0, 0.0, 100.0]),
        (40, [0.0, 0.0, 50.0, 100.0]),
        (80, [0.0, 50.0, 100.0, 100.0]),
        (95, [50.0, 100.0, 100.0, 100.0]),
        (100, [100.0; 4]),
    ] {
        let mut world = World::new();
        let host = Scope::host("pcrf1");
        // What is sent is known before anybody asks for less.
        world.percent(&host, drmp);
        world.note(host.clone(), 1, reduction, Some(60));
        let mut found = [[0.0f64; 2]; 4];
        for number in 0..10_000 {
            world.now += Duration::from_millis(1);
            let abated = world.is_abated(&host, drmp(number));
            let class = [Some(0), Some(5), None, Some(15)].iter().position(|it| *it == drmp(number)).unwrap();
            found[class][0] += 1.0;
            found[class][1] += f64::from(u8::from(abated));
        }
        let total: f64 = found.iter().map(|[_, abated]| abated / 100.0).sum();
        assert_about(total, reduction.into());
        for ([all, abated], expected) in found.into_iter().zip(expected) {
            let share = 100.0 * abated / all;
            assert!((share - expected).abs() < 6.0, "{reduction}: {share} % of a class, not {expected} %");
        }
    }
}

#[test]
fn a_host_a_realm_and_an_application_are_told_apart() {
    let mut world = World::new();
    world.note(Scope::host("pcrf1"), 1, 100, None);
    assert!(world.is_abated(&Scope::host("PCRF1"), None));
    assert!(!world.is_abated(&Scope::host("pcrf2"), None));
    assert!(!world.is_abated(&Scope::realm("pcrf1"), None));
    let lot = world.overload.draw(world.now, None, 0.0);
    assert!(world.overload.abates(world.now, 4, &Scope::host("pcrf1"), lot).is_none());
}

#[test]
fn only_a_higher_sequence_number_is_news() {
    let mut world = World::new();
    let host = Scope::host("pcrf1");
    assert!(world.note(host.clone(), 5, 100, Some(60)));
    assert!(!world.note(host.clone(), 5, 0, Some(60)));
    assert!(!world.note(host.clone(), 4, 0, Some(60)));
    assert!(world.is_abated(&host, None));
    assert!(world.note(host.clone(), 6, 0, Some(60)));
    assert!(!world.is_abated(&host, None));
    assert!(!world.note(host.clone(), 5, 100, Some(60)), "a late copy begins nothing again");
}

#[test]
fn what_says_no_reduction_is_no_report() {
    let mut world = World::new();
    let host = Scope::host("pcrf1");
    assert!(!world.note(host.clone(), 1, 101, Some(60)));
    let olr = Olr { sequence: 1, ..Olr::default() };
    assert!(!world.overload.note(world.now, APPLICATION, &host, olr));
    assert!(!world.is_abated(&host, None));
}

#[test]
fn a_report_ends_with_its_validity_and_what_it_held_back_returns_gradually() {
    for (validity, seconds) in [(Some(60), 60), (None, 30), (Some(86_401), 30), (Some(86_400), 86_400)] {
        let mut world = World::new();
        let host = Scope::host("pcrf1");
        world.note(host.clone(), 1, 100, validity);
        world.now += seconds * SECOND - Duration::from_millis(1);
        assert!(world.is_abated(&host, None), "{validity:?}");
        world.now += RETURN / 2;
        let abated = (0..10_000).filter(|_| world.is_abated(&host, None)).count();
        assert_about(abated as f64 / 100.0, 50.0);
        world.now += RETURN;
        assert_eq!(world.percent(&host, |_| None), 0.0);
    }
}

#[test]
fn a_validity_of_nothing_is_the_end() {
    let mut world = World::new();
    let host = Scope::host("pcrf1");
    assert!(world.note(host.clone(), 1, 50, Some(0)));
    assert!(!world.is_abated(&host, None));
    world.note(host.clone(), 2, 100, Some(600));
    world.note(host.clone(), 3, 100, Some(0));
    world.now += RETURN;
    assert!(!world.is_abated(&host, None));
}

#[test]
fn reports_are_bounded_and_the_first_to_end_makes_room() {
    let mut world = World::new();
    for number in 0..=MAX_REPORTS {
        let validity = u32::try_from(100 + number).unwrap();
        world.note(Scope::Host(format!("pcrf{number}")), 1, 100, Some(validity));
    }
    assert_eq!(world.overload.reports.len(), MAX_REPORTS);
    assert!(!world.is_abated(&Scope::host("pcrf0"), None));
    assert!(world.is_abated(&Scope::host("pcrf1"), None));
    world.now += 10_000 * SECOND;
    world.note(Scope::host("another"), 1, 100, Some(60));
    assert_eq!(world.overload.reports.len(), 1, "what is over goes first");
}

#[test]
fn a_server_that_answers_3004_gets_twice_what_it_accepts() {
    let mut now = Instant::now();
    let (mut busy, mut chance) = (Busy::not(now), Chance::new(3));
    busy.answered(now, false);
    assert_eq!(busy.share(now), 0.0);
    // 1,000 requests a second; it has room for 100, ten of them at once.
    let (mut sent, mut accepted, mut room) = (0, 0, 0.0f64);
    for number in 0..100_000u32 {
        now += Duration::from_millis(1);
        room = (room + 0.1).min(10.0);
        if part(&mut chance) < busy.share(now) {
            continue;
        }
        let takes = room >= 1.0;
        room -= f64::from(u8::from(takes));
        busy.answered(now, !takes);
        let measured = number >= 50_000;
        sent += u32::from(measured);
        accepted += u32::from(measured && takes);
    }
    assert!((9_000..11_000).contains(&sent), "{sent} sent in 50 s");
    assert!(accepted > 4_900, "{accepted} of 5,000 accepted");
    for _ in 0..100 {
        busy.answered(now, false);
    }
    assert_eq!(busy.share(now), 0.0, "it accepts everything now");
    (0..1_000).for_each(|_| busy.answered(now, true));
    assert_eq!(busy.share(now), MOST);
    assert!(busy.share(now + 10 * HALF_LIFE) < 0.001, "that is long ago");
}
