//! One row for each transition, in the order of the table in the module's head.

use std::time::Duration;

use super::*;
use crate::{
    dict::enums::AbortCause,
    rx::{
        AaRequest, Flows, List, MediaComponentDescription, MediaSubComponent, SponsoredConnectivityData,
        UsedServiceUnit,
    },
    session::{QosRequest, RxSessionId},
};

pub(super) const NOW: SystemTime = SystemTime::UNIX_EPOCH;

fn request() -> QosRequest {
    let flow = |flow_number| MediaSubComponent { flow_number, ..Default::default() };
    let component =
        |media_component_number, flows: Vec<MediaSubComponent<'static>>| MediaComponentDescription {
            media_component_number,
            media_sub_component: flows.into(),
            ..Default::default()
        };
    QosRequest {
        owner: None,
        end_user: "tel:+1".into(),
        duration: Some(Duration::from_secs(60)),
        service: AaRequest {
            media_component_description: vec![component(1, vec![flow(1), flow(2)]), component(2, vec![])]
                .into(),
            ..AaRequest::default()
        },
        view: "{}".into(),
    }
}

pub(super) fn pending() -> Session {
    Session::pending("q".into(), "af;1;1".into(), NOW, &request())
}

pub(super) fn answer() -> AaAnswer<'static> {
    AaAnswer {
        origin_host: "a.net".into(),
        origin_realm: "net".into(),
        result_code: Some(2001),
        origin_state_id: Some(7),
        class: vec![vec![1u8].into()].into(),
        ..AaAnswer::default()
    }
}

pub(super) fn via(peer: &str, sent_to: &[&str]) -> Via {
    Via { peer: peer.into(), sent_to: names(sent_to), in_doubt: false }
}

pub(super) fn names(names: &[&str]) -> Vec<Arc<str>> {
    names.iter().map(|name| Arc::from(*name)).collect()
}

pub(super) fn open() -> Session {
    let mut session = pending();
    step(&mut session, NOW, Input::Granted(&answer(), &via("a.net", &["a.net"])));
    session
}

/// Open at a.net, while b.net was asked in vain.
fn open_with_leftover() -> Session {
    let mut session = pending();
    step(&mut session, NOW, Input::Granted(&answer(), &via("a.net", &["b.net", "a.net"])));
    session
}

pub(super) fn ending() -> Session {
    let mut session = open();
    step(&mut session, NOW, Input::Remove);
    session
}

fn gone() -> Session {
    let mut session = pending();
    step(&mut session, NOW, Input::Unanswered(&[]));
    session
}

pub(super) fn rar(actions: &[u32]) -> RaRequest<'static> {
    RaRequest {
        session_id: "af;1;1".into(),
        origin_host: "a.net".into(),
        specific_action: actions.iter().copied().map(SpecificAction).collect(),
        ..RaRequest::default()
    }
}

/// A RAR's first sending.
pub(super) const FIRST: Sending = Sending { end_to_end: 1, retransmit: false };

/// The same RAR once more.
const AGAIN: Sending = Sending { end_to_end: 1, retransmit: true };

pub(super) fn asr(from: &'static str) -> AsRequest<'static> {
    AsRequest { origin_host: from.into(), abort_cause: AbortCause(2), ..AsRequest::default() }
}

pub(super) fn grant(host: &str) -> LateGrant {
    LateGrant {
        rx_session: RxSessionId::from("af;1;1"),
        host: host.into(),
        peer: host.into(),
        class: vec![vec![9]],
    }
}

/// What is done, in short.
pub(super) fn short(outputs: &[Output]) -> Vec<String> {
    let one = |output: &Output| match output {
        Output::Reply(reply) => format!("{reply:?}"),
        Output::Close(closing) => {
            let (host, certain) =
                (closing.host.as_deref().unwrap_or("*"), if closing.certain { "" } else { "?" });
            format!("STR {host}{certain} {}", closing.cause.0)
        }
        Output::Emit(event) => format!("event {}", event.kind.number()),
        Output::Ignored(action) => format!("ignored {}", action.0),
        Output::Ask => "AAR".into(),
        Output::SendAgain(number) => format!("again {number}"),
        Output::Repeated => "repeated".into(),
        Output::Forget => "forget".into(),
    };
    outputs.iter().map(one).collect()
}

#[test]
fn every_transition() {
    use SessionState::{Ending, Gone, Open, Pending};
    let (answer, late) = (answer(), NOW + Duration::from_secs(60));
    let refused = Outcome::tgpp(5063);
    let (a, ba) = (via("a.net", &["a.net"]), via("a.net", &["b.net", "a.net"]));
    let doubt = Via { in_doubt: true, ..a.clone() };
    let busy = Outcome::base(crate::dict::result::TOO_BUSY);
    let (both, rar1, rar_b) = (names(&["a.net", "b.net"]), rar(&[2]), {
        let mut rar = rar(&[2]);
        rar.origin_host = "b.net".into();
        rar
    });
    let (asr_a, asr_b) = (asr("a.net"), asr("B.NET"));
    let (grant_a, grant_b) = (grant("a.net"), grant("b.net"));
    let sta = StAnswer::default();
    let owed_a = ending().closing[0].clone();
    let left_b = open_with_leftover().closing[0].clone();
    let aborted = || Session { aborted: true, ..pending() };
    let overtaken = |host| {
        let mut session = pending();
        step(&mut session, NOW, Input::LateGrant(&grant(host)));
        session
    };
    let reported = || {
        let mut session = open();
        step(&mut session, NOW, Input::ReAuth(&rar1, FIRST));
        session
    };
    let no = &[][..];
    type Row<'a> = (&'a str, Session, SystemTime, Input<'a>, SessionState, &'a [&'a str]);
    #[rustfmt::skip]
    let rows: Vec<Row<'_>> = vec![
        ("granted", pending(), NOW, Input::Granted(&answer, &a), Open, no),
        ("granted after failover", pending(), NOW, Input::Granted(&answer, &ba), Open, &["STR b.net? 5"]),
        ("granted after an ASR", aborted(), NOW, Input::Granted(&answer, &a), Ending, &["STR a.net 4"]),
        ("granted twice by one server", overtaken("a.net"), NOW, Input::Granted(&answer, &a), Open, no),
        ("granted by two servers", overtaken("b.net"), NOW, Input::Granted(&answer, &a), Open, &["STR b.net 5"]),
        ("refused", pending(), NOW, Input::Refused(refused, &a), Gone, &["forget"]),
        ("refused after failover", pending(), NOW, Input::Refused(refused, &ba), Ending, &["STR b.net? 5"]),
        ("refused, granted late before", overtaken("b.net"), NOW, Input::Refused(refused, &a), Ending, &["STR b.net 5"]),
        ("unusable", pending(), NOW, Input::Unusable(&a), Ending, &["STR a.net? 3"]),
        ("unusable after failover", pending(), NOW, Input::Unusable(&ba), Ending, &["STR b.net? 5", "STR a.net? 3"]),
        ("unanswered", pending(), NOW, Input::Unanswered(&both), Ending, &["STR a.net? 5", "STR b.net? 5"]),
        ("not sent", pending(), NOW, Input::Unanswered(&[]), Gone, &["forget"]),
        ("RAR before the AAA", pending(), NOW, Input::ReAuth(&rar1, FIRST), Pending, &["UnableToComply"]),
        ("ASR before the AAA", pending(), NOW, Input::Abort(&asr_a), Pending, &["UnknownSession"]),
        ("late grant before the AAA", pending(), NOW, Input::LateGrant(&grant_b), Pending, no),
        ("found after a crash", pending(), NOW, Input::Found(&both), Ending, &["STR a.net? 5", "STR b.net? 5"]),
        ("found, by whoever is there", pending(), NOW, Input::Found(&[]), Ending, &["STR *? 5"]),
        ("taken back, not stored", pending(), NOW, Input::Closed(&owed_a, &sta), Pending, no),
        ("refused the copy only", pending(), NOW, Input::Refused(busy, &doubt), Ending, &["STR a.net? 5"]),
        ("remove before the AAA", pending(), NOW, Input::Remove, Pending, no),
        ("RAR", open(), NOW, Input::ReAuth(&rar1, FIRST), Open, &["Success", "event 2"]),
        ("RAR acted on before", reported(), NOW, Input::ReAuth(&rar1, AGAIN), Open, &["Success", "repeated"]),
        ("RAR of a server left behind", open_with_leftover(), NOW, Input::ReAuth(&rar_b, FIRST), Open, &["UnknownSession"]),
        ("ASR", open(), NOW, Input::Abort(&asr_a), Ending, &["Success", "event 4", "STR a.net 4"]),
        ("ASR of a server left behind", open_with_leftover(), NOW, Input::Abort(&asr_b), Open, &["Success"]),
        ("remove", open(), NOW, Input::Remove, Ending, &["STR a.net 1"]),
        ("remove with a leftover", open_with_leftover(), NOW, Input::Remove, Ending, &["STR b.net? 5", "STR a.net 1"]),
        ("ended by the operator", open(), NOW, Input::End(ReleaseReason::Ended), Ending, &["event 12", "STR a.net 4"]),
        ("expired", open(), late, Input::Expire, Ending, &["event 12", "STR a.net 8"]),
        ("not expired yet", open(), NOW, Input::Expire, Open, no),
        ("the server restarted", open(), NOW, Input::OriginState(8), Gone, &["event 12", "forget"]),
        ("the server did not restart", open(), NOW, Input::OriginState(7), Open, no),
        ("the answer again", open(), NOW, Input::LateGrant(&grant_a), Open, no),
        ("another server's late grant", open(), NOW, Input::LateGrant(&grant_b), Open, &["STR b.net 5"]),
        ("a leftover is closed", open_with_leftover(), NOW, Input::Closed(&left_b, &sta), Open, no),
        ("a leftover is given up", open_with_leftover(), NOW, Input::GivenUp(&left_b), Open, no),
        ("a leftover found in the store", open_with_leftover(), NOW, Input::Found(&both), Open, &["STR b.net? 5"]),
        ("a second AAA", open(), NOW, Input::Refused(refused, &a), Open, no),
        ("RAR crosses STR", ending(), NOW, Input::ReAuth(&rar1, FIRST), Ending, &["Success"]),
        ("ASR crosses STR", ending(), NOW, Input::Abort(&asr_a), Ending, &["Success"]),
        ("removed twice", ending(), NOW, Input::Remove, Ending, no),
        ("restart crosses STR", ending(), NOW, Input::OriginState(8), Ending, no),
        ("late grant while ending", ending(), NOW, Input::LateGrant(&grant_b), Ending, &["STR b.net 5"]),
        ("found while ending", ending(), NOW, Input::Found(&both), Ending, &["STR a.net 1"]),
        ("STA", ending(), NOW, Input::Closed(&owed_a, &sta), Gone, &["forget"]),
        ("STA of another server", ending(), NOW, Input::Closed(&left_b, &sta), Ending, no),
        ("STR given up", ending(), NOW, Input::GivenUp(&owed_a), Gone, &["forget"]),
        ("ASR when it is over", gone(), NOW, Input::Abort(&asr_a), Gone, &["UnknownSession"]),
        ("RAR when it is over", gone(), NOW, Input::ReAuth(&rar1, FIRST), Gone, &["UnknownSession"]),
        ("late grant when it is over", gone(), NOW, Input::LateGrant(&grant_b), Ending, &["STR b.net 5"]),
    ];
    for (row, mut session, now, input, state, expected) in rows {
        let outputs = step(&mut session, now, input);
        assert_eq!(
            (session.state, &short(&outputs)[..]),
            (state, &expected.iter().map(|it| it.to_string()).collect::<Vec<_>>()[..]),
            "{row}"
        );
        let has_end = session.state != Open || session.expires.is_some();
        assert!(has_end, "{row}: an open session keeps its end");
    }
}

#[test]
fn what_was_granted_is_kept_and_the_class_is_echoed() {
    let session = open();
    assert_eq!(session.expires, Some(NOW + Duration::from_secs(60)));
    let pcrf = session.pcrf.clone().unwrap();
    assert_eq!((&*pcrf.host, &*pcrf.realm, &*pcrf.peer), ("a.net", "net", "a.net"));
    assert_eq!(ending().closing[0].class, [[1]]);
}

#[test]
fn behind_an_agent_the_server_is_the_one_that_answered() {
    let mut session = pending();
    let outputs =
        step(&mut session, NOW, Input::Granted(&answer(), &via("relay.net", &["A.net", "relay.net"])));
    // The first attempt went straight to the same server.
    assert_eq!(short(&outputs), [""; 0]);
    assert_eq!(short(&step(&mut session, NOW, Input::Remove)), ["STR a.net 1"]);
    assert_eq!(session.closing[0].peer.as_deref(), Some("relay.net"));
}

#[test]
fn a_report_updates_what_is_known_and_gives_one_event_for_each_action() {
    let mut session = open();
    let mut report = rar(&[6, 8, 5, 99]);
    report.ip_can_type = Some(5.into());
    report.class = vec![vec![2u8].into()].into();
    let outputs = step(&mut session, NOW, Input::ReAuth(&report, FIRST));
    assert_eq!(short(&outputs), ["Success", "event 6", "event 8", "ignored 5", "ignored 99"]);
    assert_eq!(session.granted.ip_can_type, Some(5.into()));
    assert_eq!(session.granted.class, [[2]]);
    // What a report does not mention stays.
    step(&mut session, NOW, Input::ReAuth(&rar(&[1]), FIRST));
    assert_eq!(session.granted.ip_can_type, Some(5.into()));
}

#[test]
fn an_action_that_is_reported_twice_is_one_event() {
    let mut session = open();
    let outputs = step(&mut session, NOW, Input::ReAuth(&rar(&[2, 3, 2, 2, 99, 99]), FIRST));
    assert_eq!(short(&outputs), ["Success", "event 2", "event 3", "ignored 99"]);
}

#[test]
fn a_report_that_is_repeated_is_answered_and_does_nothing() {
    let mut session = open();
    let loss = rar(&[2]);
    let report = RaRequest { ip_can_type: Some(5.into()), ..rar(&[8]) };
    step(&mut session, NOW, Input::ReAuth(&report, FIRST));
    // What it would undo is reported meanwhile.
    let later = RaRequest { ip_can_type: Some(6.into()), ..rar(&[8]) };
    step(&mut session, NOW, Input::ReAuth(&later, Sending { end_to_end: 2, ..FIRST }));
    let before = session.clone();
    let outputs = step(&mut session, NOW, Input::ReAuth(&report, AGAIN));
    assert_eq!(short(&outputs), ["Success", "repeated"]);
    assert_eq!(session, before);
    // Whoever counts anew and repeats nothing has something new to say.
    assert_eq!(short(&step(&mut session, NOW, Input::ReAuth(&loss, FIRST))), ["Success", "event 2"]);
    assert_ne!(session, before);
}

#[test]
fn a_report_that_was_not_acted_on_may_come_once_more() {
    let mut session = pending();
    let loss = rar(&[2]);
    assert_eq!(short(&step(&mut session, NOW, Input::ReAuth(&loss, FIRST))), ["UnableToComply"]);
    step(&mut session, NOW, Input::Granted(&answer(), &via("a.net", &["a.net"])));
    assert_eq!(short(&step(&mut session, NOW, Input::ReAuth(&loss, AGAIN))), ["Success", "event 2"]);
}

#[test]
fn a_report_with_nothing_to_report_changes_nothing() {
    let mut session = open();
    let before = session.clone();
    assert_eq!(short(&step(&mut session, NOW, Input::ReAuth(&rar(&[]), FIRST))), ["Success"]);
    assert_eq!(short(&step(&mut session, NOW, Input::ReAuth(&rar(&[5]), FIRST))), ["Success", "ignored 5"]);
    assert_eq!(session, before);
}

#[test]
fn actions_of_later_releases_do_not_take_the_number_of_local_events() {
    let mut session = open();
    assert_eq!(short(&step(&mut session, NOW, Input::ReAuth(&rar(&[12]), FIRST))), ["Success", "event 112"]);
}

#[test]
fn connected_until_every_flow_is_lost() {
    let flows = |component, numbers: &[u32]| Flows {
        media_component_number: component,
        flow_number: List::from(numbers.to_vec()),
        ..Default::default()
    };
    let mut session = open();
    let mut report = |action: u32, flows: Vec<Flows<'static>>| {
        let request = RaRequest { flows: flows.into(), ..rar(&[action]) };
        step(&mut session, NOW, Input::ReAuth(&request, FIRST));
        session.is_connected()
    };
    assert!(report(2, vec![flows(1, &[1])]));
    assert!(report(4, vec![flows(2, &[])]));
    assert!(!report(2, vec![flows(1, &[])]));
    assert!(report(3, vec![flows(1, &[2])]));
    assert!(!report(2, vec![]));
    assert!(report(3, vec![]));
    assert!(!pending().is_connected() && !ending().is_connected());
}

#[test]
fn the_last_usage_comes_with_the_answer_to_the_termination() {
    let mut session = ending();
    let closing = session.closing[0].clone();
    let data = SponsoredConnectivityData {
        used_service_unit: Some(UsedServiceUnit::default()),
        ..SponsoredConnectivityData::default()
    };
    let answer = StAnswer { sponsored_connectivity_data: Some(data), ..StAnswer::default() };
    let outputs = step(&mut session, NOW, Input::Closed(&closing, &answer));
    assert_eq!(short(&outputs), ["event 11", "forget"]);
}

#[test]
fn the_history_is_bounded() {
    let mut session = open();
    for _ in 0..100 {
        step(&mut session, NOW, Input::ReAuth(&rar(&[1]), FIRST));
    }
    assert_eq!(session.history.len(), crate::session::MAX_HISTORY);
}
