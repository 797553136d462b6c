//! Dialling again, saying goodbye, operators (RFC 6733 §5.4, §5.6).

use std::time::Duration;

use rxgate::peer::{DisconnectCause, Event, PeerConfig, State, WatchdogState};

use crate::{
    solo::{DISCONNECT_CAUSE, I, PEER, R, Solo, base, cer},
    world::config,
};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Not more than the wait, and at most a quarter less.
fn about(wait: Duration, expected: Duration) -> bool {
    wait <= expected && wait >= expected * 3 / 4
}

#[test]
fn failed_dials_are_repeated_with_doubled_waits_for_ever() {
    let mut solo = Solo::wait_conn_ack();
    for expected in [1, 2, 4, 8, 16, 30, 30, 30, 30] {
        solo.peer.handle_connect_failed(solo.now, "connection refused".into());
        let reason = solo.peer.status().reason;
        assert!(
            reason.starts_with("cannot connect to ") && reason.ends_with(": connection refused"),
            "{reason}"
        );
        let wait = solo.expire();
        assert!(about(wait, seconds(expected)), "{expected}: {wait:?}");
        assert_eq!(solo.commands(), ["Connect"]);
    }
}

#[test]
fn a_dial_that_hangs_and_a_peer_that_says_nothing_are_given_up_after_ten_seconds() {
    let mut solo = Solo::wait_conn_ack();
    assert_eq!(solo.expire(), seconds(10));
    assert!(solo.peer.status().reason.contains("nothing came back in 10s"));
    let mut solo = Solo::wait_i_cea();
    assert_eq!(solo.expire(), seconds(10));
    assert_eq!(solo.commands(), ["Close I"]);
    assert!(solo.peer.status().reason.contains("did not answer the CER"));
    assert!(about(solo.expire(), seconds(1)));
}

#[test]
fn every_kind_of_loss_of_an_open_connection_is_followed_by_a_dial() {
    type Loss = (&'static str, fn(&mut Solo), u64);
    let losses: [Loss; 6] = [
        ("reset", |s| s.peer.handle_disconnected(s.now, I, "reset".into()), 1),
        ("watchdog", hang, 1),
        (
            "bad octets",
            |s| s.peer.handle_bad_octets(s.now, I, &rxgate::wire::WireError::NoHeader { found: 1 }, None),
            1,
        ),
        ("REBOOTING", |s| goodbye(s, 0), 1),
        ("BUSY", |s| goodbye(s, 1), 60),
        ("DO_NOT_WANT_TO_TALK_TO_YOU", |s| goodbye(s, 2), 60),
    ];
    for (name, lose, expected) in losses {
        let mut solo = Solo::i_open();
        lose(&mut solo);
        assert_eq!(solo.peer.state(), State::Closed, "{name}");
        solo.commands();
        let wait = solo.expire();
        let fits =
            if expected == 60 { wait >= seconds(60) && wait <= seconds(66) } else { about(wait, seconds(1)) };
        assert!(fits, "{name}: {wait:?}");
        assert_eq!(solo.commands(), ["Connect"], "{name}");
        assert_eq!(solo.peer.watchdog(), WatchdogState::Down, "{name}");
    }
}

/// OKAY, DWR out, SUSPECT, DOWN.
fn hang(solo: &mut Solo) {
    for _ in 0..3 {
        solo.expire();
    }
}

fn goodbye(solo: &mut Solo, cause: u32) {
    solo.receive(I, base(282, |w| w.put(&DISCONNECT_CAUSE, cause)));
    assert_eq!(solo.peer.state(), State::Closing);
    solo.peer.handle_disconnected(solo.now, I, "closed by the peer".into());
}

#[test]
fn a_goodbye_is_the_cause_of_the_loss_that_it_announces_and_of_no_other() {
    let causes = |solo: &mut Solo| {
        let events = std::iter::from_fn(|| solo.peer.poll_event());
        let causes = events.filter_map(|event| match event {
            Event::Down { cause, .. } => Some(cause),
            _ => None,
        });
        causes.collect::<Vec<_>>()
    };
    let mut solo = Solo::i_open();
    goodbye(&mut solo, 2);
    assert_eq!(causes(&mut solo), [Some(DisconnectCause::DoNotWantToTalkToYou)]);
    solo.expire();
    solo.commands();
    solo.connected();
    solo.answer_last(I, 2001);
    solo.peer.handle_disconnected(solo.now, I, "reset".into());
    assert_eq!(causes(&mut solo), [None]);
    assert!(about(solo.expire(), seconds(1)), "nor is the long wait");
}

#[test]
fn an_operator_who_connects_begins_the_waits_anew() {
    let mut solo = Solo::wait_conn_ack();
    for _ in 0..6 {
        solo.peer.handle_connect_failed(solo.now, "refused".into());
        solo.expire();
    }
    solo.peer.handle_connect_failed(solo.now, "refused".into());
    solo.peer.connect(solo.now);
    solo.peer.handle_connect_failed(solo.now, "refused".into());
    assert!(about(solo.expire(), seconds(1)));
}

#[test]
fn a_dpr_without_a_cause_that_can_be_read_counts_as_rebooting() {
    let mut solo = Solo::i_open();
    solo.receive(I, base(282, |_| {}));
    assert_eq!(solo.commands(), ["DPA 2001 on I"]);
    assert_eq!(solo.expire(), seconds(5), "the peer should have closed");
    assert_eq!(solo.commands(), ["Close I"]);
    assert!(about(solo.expire(), seconds(1)));
}

#[test]
fn a_peer_that_opens_and_falls_at_once_is_dialled_less_and_less() {
    let mut solo = Solo::wait_conn_ack();
    for expected in [1, 2, 4, 8] {
        solo.connected();
        solo.answer_last(I, 2001);
        solo.peer.handle_disconnected(solo.now, I, "reset".into());
        let wait = solo.expire();
        assert!(about(wait, seconds(expected)), "{expected}: {wait:?}");
        solo.commands();
    }
    solo.connected();
    solo.answer_last(I, 2001);
    solo.now += seconds(60);
    solo.peer.handle_disconnected(solo.now, I, "reset".into());
    assert!(about(solo.expire(), seconds(1)), "this one held");
}

#[test]
fn a_peer_that_is_not_dialled_is_waited_for() {
    let mut solo = Solo::r_open();
    solo.peer.handle_disconnected(solo.now, R, "reset".into());
    assert_eq!(solo.peer.poll_timeout(), None);
    solo.accept(cer());
    assert_eq!(solo.peer.state(), State::ROpen);
    assert_eq!(solo.peer.watchdog(), WatchdogState::Reopen);
}

#[test]
fn a_connection_that_the_peer_makes_ends_the_wait_for_our_next_dial() {
    let mut solo = Solo::wait_conn_ack();
    solo.peer.handle_connect_failed(solo.now, "refused".into());
    solo.accept(cer());
    assert_eq!(solo.peer.state(), State::ROpen);
    for _ in 0..5 {
        solo.now += seconds(1);
        solo.peer.handle_timeout(solo.now);
    }
    assert_eq!(solo.commands(), ["CEA 2001 on R"]);
}

#[test]
fn shut_down_says_goodbye_with_its_cause_and_stays_down() {
    let mut solo = Solo::i_open();
    solo.peer.shut_down(solo.now, DisconnectCause::Rebooting);
    assert_eq!(solo.commands(), ["DPR on I"]);
    assert_eq!(solo.events(), ["Down"]);
    let dpr = solo.last.clone().unwrap();
    let mut index = rxgate::wire::Index::new();
    let parsed = dpr.parse(&mut index, crate::solo::grouped).unwrap();
    assert_eq!(parsed.avps().get(&DISCONNECT_CAUSE).unwrap(), Some(0));
    assert_eq!(parsed.header().flags.0, 0x80);
    solo.answer_last(I, 2001);
    assert_eq!(solo.commands(), ["Close I"]);
    assert_eq!(solo.peer.state(), State::Closed);
    assert_eq!(solo.peer.poll_timeout(), None, "no dial is planned");
}

#[test]
fn a_peer_that_does_not_answer_our_dpr_is_left_after_the_timeout() {
    let mut solo = Solo::i_open();
    solo.peer.shut_down(solo.now, DisconnectCause::Rebooting);
    solo.commands();
    assert_eq!(solo.expire(), seconds(5));
    assert_eq!(solo.commands(), ["Close I"]);
    assert_eq!(solo.peer.poll_timeout(), None);
}

#[test]
fn a_peer_switched_off_stays_off_until_it_is_switched_on() {
    let mut solo = Solo::wait_conn_ack();
    solo.peer.handle_connect_failed(solo.now, "refused".into());
    solo.peer.shut_down(solo.now, DisconnectCause::DoNotWantToTalkToYou);
    assert_eq!(solo.peer.poll_timeout(), None);
    solo.accept(cer());
    assert_eq!(solo.commands(), ["CEA 5012 on R", "Close R"]);
    assert!(solo.peer.status().reason.contains("told to stay down"));
    solo.peer.connect(solo.now);
    assert_eq!(solo.commands(), ["Connect"]);
    solo.peer.connect(solo.now);
    assert!(solo.commands().is_empty(), "one dial is enough");

    let mut solo = Solo::closed();
    solo.peer.shut_down(solo.now, DisconnectCause::DoNotWantToTalkToYou);
    solo.peer.connect(solo.now);
    assert!(solo.commands().is_empty(), "not one that we dial");
    solo.accept(cer());
    assert_eq!(solo.peer.state(), State::ROpen);
}

#[test]
fn switching_on_while_the_goodbye_is_under_way_dials_after_it() {
    let mut solo = Solo::i_open();
    solo.peer.shut_down(solo.now, DisconnectCause::DoNotWantToTalkToYou);
    solo.commands();
    solo.peer.connect(solo.now);
    solo.answer_last(I, 2001);
    assert_eq!(solo.peer.state(), State::Closed);
    solo.commands();
    assert_eq!(solo.expire(), Duration::ZERO);
    assert_eq!(solo.commands(), ["Connect"]);
}

#[test]
fn the_same_seed_gives_the_same_life() {
    let life = |seed| {
        let now = std::time::Instant::now();
        let mut solo = Solo {
            peer: rxgate::peer::Peer::new(config("af.rx.test", PEER, true), seed, now),
            now,
            last: None,
        };
        let mut log = solo.commands();
        for _ in 0..20 {
            solo.peer.handle_connect_failed(solo.now, "refused".into());
            log.push(format!("{:?}", solo.expire()));
            log.extend(solo.commands());
        }
        solo.connected();
        solo.commands();
        (log, solo.last.unwrap().header())
    };
    assert_eq!(life(1), life(1));
    assert_ne!(life(1).0, life(2).0);
    assert_ne!(life(1).1, life(2).1, "identifiers begin elsewhere");
}

#[test]
fn waits_follow_the_configuration() {
    let config = PeerConfig {
        reconnect_initial: Duration::from_millis(100),
        reconnect_max: Duration::from_millis(150),
        reconnect_after_refusal: Duration::from_millis(300),
        capabilities_timeout: Duration::from_millis(50),
        closing_timeout: Duration::from_millis(20),
        ..config("af.rx.test", PEER, true)
    };
    let mut solo = Solo::new(config);
    assert_eq!(solo.expire(), Duration::from_millis(50));
    assert!(about(solo.expire(), Duration::from_millis(100)));
    solo.expire();
    assert!(about(solo.expire(), Duration::from_millis(150)));
    solo.connected();
    solo.answer_last(I, 3010);
    assert!(solo.expire() >= Duration::from_millis(300));
    solo.commands();
    solo.connected();
    solo.answer_last(I, 2001);
    solo.peer.shut_down(solo.now, DisconnectCause::DoNotWantToTalkToYou);
    assert_eq!(solo.expire(), Duration::from_millis(20));
}
