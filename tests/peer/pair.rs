//! Two peers joined by a virtual link: minutes in milliseconds.

use std::time::Duration;

use rxgate::peer::{Event, State, WatchdogState};

use crate::world::{Who, World, config, one_way};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn dialler_and_listener_exchange_capabilities_and_trust_each_other_at_once() {
    let mut world = one_way();
    world.run_until(SECOND, World::usable);
    assert_eq!(world.peer(Who::A).state(), State::IOpen);
    assert_eq!(world.peer(Who::B).state(), State::ROpen);
    assert!(world.peer(Who::A).serves(16_777_236) && !world.peer(Who::A).serves(4));
    let events: Vec<_> = world.side(Who::A).events.iter().map(|(_, event)| event.clone()).collect();
    let up = Event::Up {
        origin_host: "pcrf.rx.test".into(),
        origin_realm: "rx.test".into(),
        origin_state_id: Some(1000),
        applications: vec![16_777_236],
    };
    assert_eq!(events, [up, Event::Okay]);
}

#[test]
fn the_higher_origin_host_wins_the_election_and_keeps_what_it_accepted() {
    for (a, b, winner) in [
        ("af.rx.test", "pcrf.rx.test", Who::B),
        ("zz.rx.test", "pcrf.rx.test", Who::A),
        ("A.rx.test", "b.rx.test", Who::B),
        ("a.rx.test", "B.rx.test", Who::B),
        ("pcrf.rx.test", "pcrf.rx.test.example", Who::B),
    ] {
        let mut world = World::new(config(a, b, true), config(b, a, true));
        world.run_until(SECOND, World::usable);
        world.run(SECOND);
        assert_eq!(world.peer(winner).state(), State::ROpen, "{a} {b}");
        assert_eq!(world.peer(winner.other()).state(), State::IOpen, "{a} {b}");
        for who in [Who::A, Who::B] {
            let ups = world.side(who).events.iter().filter(|(_, event)| matches!(event, Event::Up { .. }));
            assert_eq!(ups.count(), 1, "one connection is left, and it opened once");
        }
    }
}

#[test]
fn an_idle_connection_is_kept_by_the_watchdog_for_an_hour() {
    let mut world = one_way();
    world.run(3600 * SECOND);
    assert!(world.usable());
    let dwr = world.side(Who::A).sent.iter().filter(|(_, message)| message.header().command == 280).count();
    assert!((100..=260).contains(&dwr), "{dwr} DWRs and DWAs in an hour at Tw 30 s");
    assert_eq!(world.side(Who::A).dials.len(), 1);
    assert_eq!(world.peer(Who::A).watchdog(), WatchdogState::Okay);
}
