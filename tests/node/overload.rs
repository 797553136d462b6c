//! Less for whoever asked for less: overload reports (RFC 7683), 3004, and peers that do not answer.

use rxgate::{
    dict::{avp, commands, enums::OcReportType},
    peer::{OutgoingRequest, RequestError, RequestId},
    wire::{CommandFlags, MessageBuf},
};

use crate::world::{SECOND, Spec, World, aar};

/// What an OC-OLR says.
#[derive(Clone, Copy)]
struct Report {
    about: OcReportType,
    sequence: u64,
    reduction: u32,
    validity: u32,
}

const HOST: Report = Report { about: OcReportType::HOST_REPORT, sequence: 1, reduction: 100, validity: 60 };
const REALM: Report = Report { about: OcReportType::REALM_REPORT, ..HOST };

const ONE: &[Spec<'_>] = &[("pcrf1", 1, 1)];
const TWO: &[Spec<'_>] = &[("pcrf1", 1, 1), ("pcrf2", 2, 1)];
const BEHIND_AN_AGENT: &[Spec<'_>] = &[("dra1", 1, 1)];

/// A peer answers a request, and its origin reports.
fn report(world: &mut World, peer: usize, request: &MessageBuf, origin: &str, report: Report) {
    let header = request.header();
    let ids = (header.hop_by_hop, header.end_to_end);
    let answer = MessageBuf::build(header.command, CommandFlags::NONE, header.application, ids, |w| {
        w.put(&avp::SESSION_ID, "af.rx.test;1;1");
        w.put(&avp::RESULT_CODE, 2001);
        w.put(&avp::ORIGIN_HOST, origin);
        w.put(&avp::ORIGIN_REALM, "rx.test");
        w.group(&avp::OC_OLR, |w| {
            w.put(&avp::OC_SEQUENCE_NUMBER, report.sequence);
            w.put(&avp::OC_REPORT_TYPE, report.about);
            w.put(&avp::OC_REDUCTION_PERCENTAGE, report.reduction);
            w.put(&avp::OC_VALIDITY_DURATION, report.validity);
        });
    });
    world.say(peer, answer.unwrap());
}

/// A world whose first peer has reported once, as this host.
fn reported(peers: &[Spec<'_>], origin: &str, what: Report) -> World {
    let mut world = World::up(peers);
    let id = world.request();
    let first = world.asked(0);
    report(&mut world, 0, &first, origin, what);
    assert_eq!(world.outcome(id).0, 2001);
    world
}

#[track_caller]
fn kept_back(world: &World, id: RequestId) -> String {
    match world.error(id) {
        RequestError::Abated { reason, retry_after } => {
            assert!(*retry_after >= SECOND);
            reason.clone()
        }
        other => panic!("{other}"),
    }
}

#[test]
fn what_one_host_does_not_want_goes_to_another() {
    let mut world = reported(TWO, "pcrf1", HOST);
    world.request();
    world.asked(1);
    assert_eq!(world.counts(0).abated, 1);
    world.advance(66 * SECOND);
    world.request();
    world.asked(0);
}

#[test]
fn what_nobody_wants_is_kept_back_and_the_error_says_who_asked_for_what() {
    let mut world = reported(ONE, "pcrf1", HOST);
    world.advance(20 * SECOND);
    let id = world.request();
    world.assert_nobody_asked();
    assert_eq!(kept_back(&world, id), "host pcrf1 asked for 100 % less, for 40 s more");
}

#[test]
fn a_report_of_the_realm_is_about_requests_for_no_host() {
    let mut world = reported(TWO, "pcrf1", REALM);
    let id = world.request();
    assert!(kept_back(&world, id).starts_with("realm rx.test asked for 100 % less"));
    world.request_for(Some("pcrf2"), SECOND);
    world.asked(1);
}

#[test]
fn a_report_of_a_host_behind_an_agent_is_about_requests_for_that_host() {
    let mut world = reported(BEHIND_AN_AGENT, "pcrf7", HOST);
    let id = world.request_for(Some("PCRF7"), SECOND);
    assert!(kept_back(&world, id).starts_with("host pcrf7"));
    for host in [Some("pcrf8"), None] {
        world.request_for(host, SECOND);
        world.asked(0);
    }
}

#[test]
fn what_ends_a_session_is_never_kept_back() {
    let mut world = reported(ONE, "pcrf1", HOST);
    let (message, destination_host) = (aar(Some("pcrf1")), Some("pcrf1".to_owned()));
    let request = OutgoingRequest { message, destination_host, within: SECOND, sheddable: false };
    world.node.request(world.now, request);
    world.settle();
    world.asked(0);
}

#[test]
fn the_loss_algorithm_keeps_back_what_was_asked_for_within_two_points() {
    for (reduction, what) in [(10, HOST), (30, REALM), (50, HOST), (80, HOST)] {
        let mut world = reported(ONE, "pcrf1", Report { reduction, ..what });
        let mut sent = 0;
        for _ in 0..10_000 {
            world.advance(SECOND / 1_000);
            world.request();
            for (_, request) in std::mem::take(&mut world.remote(0).inbox) {
                sent += 1;
                world.answer(0, &request, 2001);
            }
        }
        let achieved = f64::from(10_000 - sent) / 100.0;
        assert!((achieved - f64::from(reduction)).abs() <= 2.0, "{achieved} % instead of {reduction} %");
    }
}

#[test]
fn a_late_answer_reports_too() {
    let mut world = World::up(ONE);
    world.request_for(None, SECOND);
    let first = world.asked(0);
    world.advance(2 * SECOND);
    report(&mut world, 0, &first, "pcrf1", HOST);
    let id = world.request();
    kept_back(&world, id);
}

#[test]
fn the_only_peer_is_sent_less_while_it_answers_3004() {
    let mut world = World::up(ONE);
    let mut kept = 0;
    for _ in 0..1_000 {
        let id = world.request();
        match std::mem::take(&mut world.remote(0).inbox).pop() {
            Some((_, request)) => world.answer(0, &request, 3004),
            None => {
                assert!(kept_back(&world, id).contains("pcrf1 (pcrf1:3868) answers 3004"));
                kept += 1;
            }
        }
    }
    assert!(kept > 700, "{kept} of 1,000 kept back");
    // It is asked now and then, and is used again once it accepts.
    let mut asked = 0;
    for _ in 0..600 {
        world.advance(SECOND / 10);
        world.request();
        for (_, request) in std::mem::take(&mut world.remote(0).inbox) {
            asked += 1;
            assert_eq!(request.header().command, commands::AA);
            world.answer(0, &request, 2001);
        }
    }
    assert!(asked > 400, "{asked} of 600 were sent in a minute");
}

#[test]
fn a_peer_that_does_not_answer_in_time_is_given_less() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 1, 1)]);
    let mut first = [0, 0];
    for round in 0..200 {
        world.request();
        let asked = usize::from(world.remote(0).inbox.is_empty());
        first[asked] += u32::from(round >= 20);
        // The second one answers, the first one hangs.
        world.remote(0).inbox.clear();
        if asked == 0 {
            world.advance(4 * SECOND);
        }
        let request = world.asked(1);
        world.answer(1, &request, 2001);
    }
    assert!(first[0] < 40, "{first:?} of 180 asked first");
}
