//! Two peers joined by a virtual link: minutes in milliseconds.

use std::time::Duration;

use rxgate::{
    peer::{DisconnectCause, Event, RequestId, State, WatchdogState},
    wire::{CommandFlags, MessageBuf},
};

use crate::{
    solo::{RX, SESSION_ID, answer, message},
    world::{Who, World, config, one_way},
};

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
fn only_whoever_dials_says_when_it_dials_again() {
    for (who, again) in [(Who::A, false), (Who::B, true)] {
        let mut world = one_way();
        world.run_until(SECOND, World::usable);
        world.with(who, |peer, now| peer.shut_down(now, DisconnectCause::DoNotWantToTalkToYou));
        world.run_until(SECOND, |world| {
            world
                .sides
                .values()
                .all(|side| side.events.iter().any(|(_, event)| matches!(event, Event::Down { .. })))
        });
        let told = world.side(who.other()).events.iter().find_map(|(_, event)| match event {
            Event::Down { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        assert_eq!(told.unwrap().contains("it is dialled again after 60s"), again);
    }
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

fn request(end_to_end: u32, length: usize) -> MessageBuf {
    let text = "x".repeat(length);
    message(265, CommandFlags::REQUEST, RX, (0, end_to_end), |w| w.put(&SESSION_ID, &text))
}

fn down_reasons(world: &mut World, who: Who) -> Vec<String> {
    let events = world.side(who).events.iter();
    events
        .filter_map(|(_, event)| match event {
            Event::Down { reason, .. } => Some(reason.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn requests_and_answers_cross_in_both_directions() {
    let mut world = one_way();
    world.run_until(SECOND, World::usable);
    for n in 0..100 {
        for who in [Who::A, Who::B] {
            world.with(who, |peer, now| peer.request(now, RequestId(n), request(n as u32, 8)).unwrap());
        }
    }
    world.run(SECOND / 10);
    for who in [Who::A, Who::B] {
        let taken = world.side(who).events.split_off(2);
        let requests: Vec<_> = taken
            .into_iter()
            .map(|(_, event)| match event {
                Event::Request { connection, message } => (connection, message),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(requests.len(), 100);
        // Answered in another order than they came in.
        for (connection, request) in requests.into_iter().rev() {
            let answer = answer(&request.header(), 2001, |_| {});
            world.with(who, |peer, now| peer.answer(now, connection, answer));
        }
    }
    world.run(SECOND / 10);
    for who in [Who::A, Who::B] {
        assert!(world.peer(who).outstanding().is_empty());
        let answers: Vec<u64> = world.side(who).events[2..]
            .iter()
            .map(|(_, event)| match event {
                Event::Answer { id, message } if message.header().end_to_end.0 as u64 == id.0 => id.0,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(answers, (0..100).rev().collect::<Vec<_>>());
    }
}

#[test]
fn a_cut_is_mended_by_the_dialler_and_the_connection_proves_itself() {
    let mut world = one_way();
    world.run_until(SECOND, World::usable);
    for _ in 0..20 {
        world.cut();
        assert!(!world.usable());
        world.run_until(40 * SECOND, World::usable);
        world.run(60 * SECOND);
    }
    assert!(world.usable());
    assert_eq!(down_reasons(&mut world, Who::A).len(), 20);
    let reason = &down_reasons(&mut world, Who::B)[0];
    assert_eq!(reason, "connection to af.rx.test lost: reset");
}

#[test]
fn a_hung_peer_is_suspect_after_two_intervals_and_cut_after_three() {
    let mut world = one_way();
    world.run_until(SECOND, World::usable);
    let begin = world.now;
    world.swallow.insert(Who::B);
    world.run_until(100 * SECOND, |world| world.sides[&Who::A].peer.watchdog() == WatchdogState::Suspect);
    let suspect = world.now - begin;
    assert!((56 * SECOND..=65 * SECOND).contains(&suspect), "{suspect:?}");
    world.run_until(100 * SECOND, |world| world.sides[&Who::A].peer.state() == State::Closed);
    let cut = world.now - begin;
    assert!((84 * SECOND..=97 * SECOND).contains(&cut), "{cut:?}");
    assert!(down_reasons(&mut world, Who::A)[0].contains("stopped answering DWRs"));
    // It wakes up: dialled again, proven, used.
    world.swallow.clear();
    world.run_until(60 * SECOND, World::usable);
}

#[test]
fn a_late_dwa_in_suspect_restores_the_peer() {
    let mut world = one_way();
    world.run_until(SECOND, World::usable);
    // Every answer takes longer than two intervals, but not three.
    world.delay = Duration::from_millis(35_000);
    world.run_until(100 * SECOND, |world| world.sides[&Who::A].peer.watchdog() == WatchdogState::Suspect);
    world.delay = Duration::from_millis(20);
    world.run_until(40 * SECOND, |world| world.sides[&Who::A].peer.is_usable());
    assert!(down_reasons(&mut world, Who::A).is_empty(), "no connection was lost");
    let last = world.side(Who::A).events.last().unwrap().1.clone();
    assert_eq!(last, Event::Okay);
}

#[test]
fn requests_in_flight_are_known_when_a_peer_dies_and_none_is_lost_or_doubled() {
    let mut world = one_way();
    world.run_until(SECOND, World::usable);
    for n in 0..50 {
        world.with(Who::A, |peer, now| peer.request(now, RequestId(n), request(n as u32, 8)).unwrap());
    }
    world.restart(Who::B, |_| {});
    assert_eq!(world.peer(Who::A).outstanding(), (0..50).map(RequestId).collect::<Vec<_>>());
    world.run_until(30 * SECOND, World::usable);
    assert!(world.peer(Who::A).outstanding().is_empty());
    let answers = world.side(Who::A).events.iter().filter(|(_, event)| matches!(event, Event::Answer { .. }));
    assert_eq!(answers.count(), 0);
}

#[test]
fn a_restarted_peer_shows_its_raised_origin_state_id() {
    let mut world = one_way();
    world.run_until(SECOND, World::usable);
    world.restart(Who::B, |config| config.local.origin_state_id = Some(1001));
    world.run_until(30 * SECOND, World::usable);
    let shown: Vec<_> = world
        .side(Who::A)
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Up { origin_state_id, .. } => *origin_state_id,
            _ => None,
        })
        .collect();
    assert_eq!(shown, [1000, 1001]);
}

#[test]
fn a_peer_whose_dials_are_swallowed_is_reached_by_the_one_that_it_receives() {
    // A's dials go nowhere; B dials A. The RFC would have A drop B's connection with its own dial.
    let (mut a, b) = (config("af.rx.test", "pcrf.rx.test", true), config("pcrf.rx.test", "af.rx.test", true));
    a.capabilities_timeout = 2 * SECOND;
    let mut world = World::new(a, b);
    world.lost_dials.insert(Who::A);
    world.run_until(15 * SECOND, World::usable);
    world.run(120 * SECOND);
    assert!(world.usable());
    assert_eq!(world.peer(Who::A).state(), State::ROpen);
    assert!(down_reasons(&mut world, Who::A).is_empty());
}

#[test]
fn shut_down_is_seen_on_both_sides_and_the_dialler_comes_back_by_the_cause() {
    for (cause, least) in [(DisconnectCause::Rebooting, 0), (DisconnectCause::Busy, 60)] {
        let mut world = one_way();
        world.run_until(SECOND, World::usable);
        world.with(Who::B, |peer, now| peer.shut_down(now, cause));
        world.run_until(SECOND, |world| world.sides.values().all(|side| side.peer.state() == State::Closed));
        let closed = world.now;
        assert!(down_reasons(&mut world, Who::A)[0].contains(&cause.to_string()));
        world.with(Who::B, |peer, now| peer.connect(now));
        world.run_until(70 * SECOND, World::usable);
        assert!(world.now - closed >= least * SECOND, "{cause}: {:?}", world.now - closed);
        assert!(world.now - closed <= (least + 10) * SECOND, "{cause}: {:?}", world.now - closed);
    }
}

#[test]
fn both_sides_may_say_goodbye_at_once() {
    let mut world = one_way();
    world.run_until(SECOND, World::usable);
    for who in [Who::A, Who::B] {
        world.with(who, |peer, now| peer.shut_down(now, DisconnectCause::Rebooting));
    }
    world.run(SECOND);
    for who in [Who::A, Who::B] {
        assert_eq!(world.peer(who).state(), State::Closed);
        let sent: Vec<u32> =
            world.side(who).sent.iter().rev().take(2).map(|(_, message)| message.header().command).collect();
        assert_eq!(sent, [282, 282], "DPR and DPA");
        assert_eq!(world.peer(who).poll_timeout(), None);
    }
}

#[test]
fn a_refused_dialler_leaves_the_listener_alone_for_a_minute() {
    let mut world = World::new(
        config("af.rx.test", "pcrf.rx.test", true),
        config("pcrf.rx.test", "other.rx.test", false),
    );
    world.run(300 * SECOND);
    let dials = world.side(Who::A).dials.len();
    assert!((4..=5).contains(&dials), "{dials} dials in five minutes");
    assert!(world.peer(Who::A).status().reason.contains("does not know af.rx.test"));
}

#[test]
fn two_diallers_through_cuts_delays_and_silence_always_find_each_other_again() {
    for seed in 0..60u64 {
        let mut chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut roll = |sides: u64| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance % sides
        };
        let mut world = World::new(
            config("af.rx.test", "pcrf.rx.test", true),
            config("pcrf.rx.test", "af.rx.test", true),
        );
        for _ in 0..40 {
            world.delay = Duration::from_millis(1 + roll(3000));
            world.run(Duration::from_millis(roll(20_000)));
            match roll(5) {
                0 => world.cut(),
                1 => drop(world.swallow.insert(if roll(2) == 0 { Who::A } else { Who::B })),
                2 => world.swallow.clear(),
                3 => world.restart(if roll(2) == 0 { Who::A } else { Who::B }, |_| {}),
                _ => {}
            }
        }
        world.swallow.clear();
        world.delay = Duration::from_millis(20);
        world.run_until(300 * SECOND, World::usable);
        world.run(100 * SECOND);
        assert!(world.usable(), "seed {seed}: {}", world.describe());
        for who in [Who::A, Who::B] {
            // Down follows Up and Up follows Down; Okay and Suspect only while Up.
            let mut up = false;
            for (_, event) in &world.side(who).events {
                match event {
                    Event::Up { .. } => assert!(!std::mem::replace(&mut up, true), "seed {seed}"),
                    Event::Down { .. } => assert!(std::mem::replace(&mut up, false), "seed {seed}"),
                    Event::Okay | Event::Suspect => assert!(up, "seed {seed}"),
                    other => panic!("seed {seed}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn a_peer_that_starts_later_is_found_soon_and_trusted_at_once() {
    let mut world = one_way();
    world.refuse.insert(Who::B);
    world.run(100 * SECOND);
    assert!(!world.usable());
    world.refuse.clear();
    world.run_until(31 * SECOND, World::usable);
    let dwr = world.side(Who::A).sent.iter().filter(|(_, message)| message.header().command == 280).count();
    assert_eq!(dwr, 0, "REOPEN is for connections that were lost");
}
