//! The watchdog, one row per transition of RFC 3539 §3.4.1, and its timing.

use std::time::Duration;

use rxgate::peer::{PeerConfig, RequestId, State, WatchdogState};

use crate::{
    solo::{I, Solo, base, rx_request},
    world::config,
};

/// State by its constructor, event by its name and what makes it happen, commands, events, next state.
type Row = (
    fn() -> Solo,
    &'static str,
    fn(&mut Solo),
    &'static [&'static str],
    &'static [&'static str],
    WatchdogState,
);

fn expire(solo: &mut Solo) {
    solo.expire();
}

fn dwa(solo: &mut Solo) {
    solo.answer_last(I, 2001);
}

fn other(solo: &mut Solo) {
    solo.receive(I, base(280, |_| {}));
}

fn lose(solo: &mut Solo) {
    solo.peer.handle_disconnected(solo.now, I, "reset".into());
}

/// What Connection up takes, on the initiated connection.
fn up(solo: &mut Solo) {
    solo.connected();
    solo.answer_last(I, 2001);
}

fn after(from: fn() -> Solo, happen: &[fn(&mut Solo)], state: WatchdogState) -> Solo {
    let mut solo = from();
    for happen in happen {
        happen(&mut solo);
        solo.commands();
    }
    assert_eq!(solo.peer.watchdog(), state);
    let peer = solo.peer.state();
    solo.quiet(peer)
}

/// The first dial failed.
fn initial() -> Solo {
    let fail: fn(&mut Solo) = |solo| solo.peer.handle_connect_failed(solo.now, "refused".into());
    after(Solo::wait_conn_ack, &[fail], WatchdogState::Initial)
}

fn okay_pending() -> Solo {
    after(Solo::i_open, &[expire], WatchdogState::Okay)
}

fn suspect() -> Solo {
    after(okay_pending, &[expire], WatchdogState::Suspect)
}

fn down() -> Solo {
    after(Solo::i_open, &[lose], WatchdogState::Down)
}

fn reopen() -> Solo {
    after(down, &[expire, up], WatchdogState::Reopen)
}

fn reopen_two() -> Solo {
    after(reopen, &[dwa, dwa], WatchdogState::Reopen)
}

fn reopen_overdue() -> Solo {
    after(reopen, &[expire], WatchdogState::Reopen)
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (okay_pending, "Receive DWA", dwa, &[], &[], WatchdogState::Okay),
    (Solo::i_open, "Receive non-DWA", other, &["DWA 2001 on I"], &[], WatchdogState::Okay),
    (suspect, "Receive DWA", dwa, &[], &["Okay"], WatchdogState::Okay),
    (suspect, "Receive non-DWA", other, &["DWA 2001 on I"], &["Okay"], WatchdogState::Okay),
    (reopen_two, "Receive DWA & NumDWA == 2", dwa, &[], &["Okay"], WatchdogState::Okay),
    // The next DWR goes out at once and not after Tw; watchdog.rs says why.
    (reopen, "Receive DWA & NumDWA < 2", dwa, &["DWR on I"], &[], WatchdogState::Reopen),
    (reopen, "Receive non-DWA", other, &["DWA 2001 on I"], &[], WatchdogState::Reopen),
    (Solo::wait_i_cea, "INITIAL: Connection up", |s| s.answer_last(I, 2001), &[], &["Up", "Okay"], WatchdogState::Okay),
    (Solo::i_open, "Timer expires & !Pending", expire, &["DWR on I"], &[], WatchdogState::Okay),
    (okay_pending, "Timer expires & Pending", expire, &[], &["Suspect"], WatchdogState::Suspect),
    (suspect, "Timer expires", expire, &["Close I"], &["Down"], WatchdogState::Down),
    (reopen, "Timer expires & Pending & NumDWA >= 0", expire, &[], &[], WatchdogState::Reopen),
    (reopen_overdue, "Timer expires & Pending & NumDWA < 0", expire, &["Close I"], &["Down"], WatchdogState::Down),
    // A DWA that is late brings NumDWA back to 0.
    (reopen_overdue, "Receive DWA & NumDWA == -1", dwa, &["DWR on I"], &[], WatchdogState::Reopen),
    (Solo::i_open, "Connection down", lose, &[], &["Down"], WatchdogState::Down),
    (suspect, "Connection down", lose, &[], &["Down"], WatchdogState::Down),
    (reopen, "Connection down", lose, &[], &["Down"], WatchdogState::Down),
    // REOPEN & !Pending does not last: the next DWR is out before the timer could expire.
    // AttemptOpen() of INITIAL and DOWN follows the back-off.
    (initial, "INITIAL: Timer expires", expire, &["Connect"], &[], WatchdogState::Initial),
    (down, "DOWN: Timer expires", expire, &["Connect"], &[], WatchdogState::Down),
];

#[test]
fn every_transition_of_the_rfc_happens_with_its_actions() {
    for (from, event, happen, commands, events, next) in TABLE {
        let mut solo = from();
        let state = solo.peer.watchdog();
        happen(&mut solo);
        assert_eq!(solo.commands(), *commands, "{state}: {event}");
        assert_eq!(solo.events(), *events, "{state}: {event}");
        assert_eq!(solo.peer.watchdog(), *next, "{state}: {event}");
    }
}

#[test]
fn a_connection_that_comes_up_after_down_proves_itself_first() {
    let mut solo = down();
    solo.expire();
    solo.commands();
    solo.connected();
    solo.answer_last(I, 2001);
    assert_eq!(solo.commands(), ["DWR on I"]);
    assert_eq!(solo.events(), ["Up"], "open, but not to be used yet");
    assert!(!solo.peer.is_usable());
    assert!(solo.peer.request(solo.now, RequestId(1), rx_request(0, 1)).is_err());
    dwa(&mut solo);
    dwa(&mut solo);
    assert!(!solo.peer.is_usable());
    dwa(&mut solo);
    assert!(solo.peer.is_usable());
    assert!(solo.peer.request(solo.now, RequestId(1), rx_request(0, 1)).is_ok());
}

#[test]
fn without_probes_a_reopened_connection_is_used_at_once() {
    let mut solo =
        Solo::new(PeerConfig { reopen_probes: 0, ..config("af.rx.test", crate::solo::PEER, true) });
    up(&mut solo);
    lose(&mut solo);
    solo.expire();
    solo.events();
    up(&mut solo);
    assert_eq!(solo.events(), ["Up", "Okay"]);
}

#[test]
fn traffic_postpones_the_dwr_but_only_a_dwa_settles_one_that_is_out() {
    let mut solo = Solo::i_open();
    for _ in 0..20 {
        solo.now += Duration::from_secs(20);
        solo.peer.handle_timeout(solo.now);
        solo.receive(I, rx_request(1, 1));
    }
    assert!(solo.commands().is_empty(), "no DWR while messages come in");
    solo.expire();
    assert_eq!(solo.commands(), ["DWR on I"]);
    solo.events();
    solo.receive(I, rx_request(1, 1));
    solo.expire();
    assert_eq!(solo.events(), ["Request", "Suspect"], "the DWA never came");
}

#[test]
fn the_interval_is_jittered_by_two_seconds_and_less_for_short_ones() {
    for (interval, most) in [(30_000, 2_000), (6_000, 2_000), (300, 100)] {
        let config = PeerConfig {
            watchdog_interval: Duration::from_millis(interval),
            ..config("af.rx.test", crate::solo::PEER, true)
        };
        let mut solo = Solo::new(config);
        up(&mut solo);
        let mut spans = Vec::new();
        for _ in 0..500 {
            solo.now += Duration::from_millis(1);
            solo.receive(I, rx_request(1, 1));
            spans.push(solo.peer.poll_timeout().unwrap() - solo.now);
        }
        let (shortest, longest) = (spans.iter().min().unwrap(), spans.iter().max().unwrap());
        let (least, greatest) =
            (Duration::from_millis(interval - most), Duration::from_millis(interval + most));
        assert!(*shortest >= least && *longest <= greatest, "{shortest:?} {longest:?}");
        let spread = Duration::from_millis(most * 2);
        assert!(*longest - *shortest > spread.mul_f64(0.9), "evenly spread: {shortest:?} {longest:?}");
    }
}

#[test]
fn a_dwa_to_another_dwr_settles_nothing() {
    let mut solo = okay_pending();
    let mut header = solo.last.as_ref().unwrap().header();
    header.hop_by_hop.0 ^= 1;
    solo.receive(I, crate::solo::answer(&header, 2001, |_| {}));
    solo.expire();
    assert_eq!(solo.events(), ["Suspect"]);
}

#[test]
fn early_and_spurious_timeouts_do_nothing() {
    let mut solo = Solo::i_open();
    let deadline = solo.peer.poll_timeout();
    for _ in 0..10 {
        solo.now += Duration::from_secs(2);
        solo.peer.handle_timeout(solo.now);
    }
    assert!(solo.commands().is_empty());
    assert_eq!(solo.peer.poll_timeout(), deadline);
    assert_eq!(solo.peer.state(), State::IOpen);
}
