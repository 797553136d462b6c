//! One row for each transition, in the order of the table in the module's head.

use std::time::Duration;

use super::{
    super::tests::{FIRST, NOW, answer, asr, ending, grant, open, rar, short, via},
    *,
};
use crate::{
    dict::enums::FlowStatus,
    rx::{AaRequest, Flows, MediaComponentDescription, MediaSubComponent, RaRequest, StAnswer},
    session::{
        Granted,
        machine::{Input, step},
    },
};

fn change() -> Arc<QosChange> {
    // Component 1 loses its flow 2, component 2 goes, component 3 comes.
    let removed = Some(FlowStatus::REMOVED);
    let component =
        |media_component_number| MediaComponentDescription { media_component_number, ..Default::default() };
    let flow = MediaSubComponent { flow_number: 2, flow_status: removed, ..Default::default() };
    let components = vec![
        MediaComponentDescription { media_sub_component: vec![flow].into(), ..component(1) },
        MediaComponentDescription { flow_status: removed, ..component(2) },
        component(3),
    ];
    let service = AaRequest { media_component_description: components.into(), ..AaRequest::default() };
    Arc::new(QosChange { duration: Some(Duration::from_secs(600)), service, view: "new".into() })
}

/// Its AAR is under way.
fn updating() -> Session {
    let mut session = open();
    step(&mut session, NOW, Input::Modify(&change(), 0));
    session
}

/// The first AAR had no answer.
fn undecided() -> Session {
    let mut session = updating();
    step(&mut session, NOW, Input::Update(1, Progress::Unanswered(&["a.net".into()])));
    session
}

/// It was sent again.
fn repeated() -> Session {
    let mut session = undecided();
    step(&mut session, NOW, Input::Update(1, Progress::Again));
    session
}

/// Its caller removed it while its AAR was under way.
fn removed() -> Session {
    let mut session = updating();
    step(&mut session, NOW, Input::Remove);
    session
}

/// What holds, and where the modification stands.
fn view(session: &Session) -> String {
    let update = session.update.as_ref().map(|update| match update.outstanding {
        Some(_) => format!(" {} under way", update.number),
        None => format!(" {} undecided", update.number),
    });
    format!("{}{}", session.view, update.unwrap_or_default())
}

#[test]
fn every_transition() {
    use SessionState::{Ending, Gone, Open};
    let (answer, change, late) = (answer(), change(), NOW + Duration::from_secs(60));
    let newer = AaAnswer { origin_state_id: Some(8), ..answer.clone() };
    let elsewhere = AaAnswer { origin_host: "b.net".into(), ..answer.clone() };
    let (a, ra) = (via("a.net", &["a.net"]), via("a.net", &["relay.net", "a.net"]));
    let (refused, unknown) = (Outcome::tgpp(5063), Outcome::base(5002));
    let (busy, not_now) = (Outcome::base(3004), Outcome::tgpp(4261));
    let sent = [Arc::from("a.net")];
    let (rar_a, asr_a, grant_a, grant_b) = (rar(&[2]), asr("a.net"), grant("a.net"), grant("b.net"));
    let owed = removed().closing[0].clone();
    let sta = StAnswer::default();
    let refuse = |outcome, via| Input::Update(1, Progress::Refused(outcome, "a.net", via));
    let news = |progress| Input::Update(1, progress);
    let no = &[][..];
    type Row<'a> = (&'a str, Session, SystemTime, Input<'a>, SessionState, &'a str, &'a [&'a str]);
    #[rustfmt::skip]
    let rows: Vec<Row<'_>> = vec![
        ("wanted", open(), NOW, Input::Modify(&change, 0), Open, "{} 1 under way", &["AAR"]),
        ("wanted on an old view", open(), NOW, Input::Modify(&change, 1), Open, "{}", no),
        ("wanted while one is under way", updating(), NOW, Input::Modify(&change, 1), Open, "{} 1 under way", no),
        ("wanted while one is undecided", undecided(), NOW, Input::Modify(&change, 1), Open, "{} 1 undecided", no),
        ("wanted when it is over", ending(), NOW, Input::Modify(&change, 0), Ending, "{}", no),
        ("again", undecided(), NOW, news(Progress::Again), Open, "{} 1 under way", &["AAR"]),
        ("another one again", undecided(), NOW, Input::Update(2, Progress::Again), Open, "{} 1 undecided", no),
        ("granted", updating(), NOW, news(Progress::Granted(&answer, &a)), Open, "new", no),
        ("granted at last", repeated(), NOW, news(Progress::Granted(&answer, &a)), Open, "new", no),
        ("granted by its twin", updating(), NOW, news(Progress::Granted(&elsewhere, &a)), Open, "new", no),
        ("another one granted", updating(), NOW, Input::Update(2, Progress::Granted(&answer, &a)), Open, "{} 1 under way", no),
        ("granted by a server that restarted", updating(), NOW, news(Progress::Granted(&newer, &a)), Ending, "{}", &["event 12", "STR a.net 5"]),
        ("unknown session", updating(), NOW, refuse(unknown, &a), Gone, "{}", &["event 12", "forget"]),
        ("unknown session at last", repeated(), NOW, refuse(unknown, &a), Gone, "{}", &["event 12", "forget"]),
        ("unknown to somebody else", updating(), NOW, Input::Update(1, Progress::Refused(unknown, "b.net", &a)), Ending, "{}", &["event 12", "STR a.net 5"]),
        ("refused", updating(), NOW, refuse(refused, &a), Open, "{}", no),
        ("refused for now", updating(), NOW, refuse(not_now, &a), Open, "{}", no),
        ("refused at last", repeated(), NOW, refuse(refused, &a), Open, "{}", no),
        ("not to be asked", updating(), NOW, news(Progress::Unanswered(&[])), Open, "{}", no),
        ("refused for now after an attempt", updating(), NOW, refuse(not_now, &ra), Open, "{} 1 undecided", &["again 1"]),
        ("busy when it is sent again", repeated(), NOW, refuse(busy, &a), Open, "{} 1 undecided", &["again 1"]),
        ("unusable", updating(), NOW, news(Progress::Unusable), Open, "{} 1 undecided", &["again 1"]),
        ("unanswered", updating(), NOW, news(Progress::Unanswered(&sent)), Open, "{} 1 undecided", &["again 1"]),
        ("not to be asked again", repeated(), NOW, news(Progress::Unanswered(&[])), Open, "{} 1 undecided", &["again 1"]),
        ("found under way", updating(), NOW, Input::Found(&[]), Open, "{} 1 undecided", &["again 1"]),
        ("found undecided", undecided(), NOW, Input::Found(&[]), Open, "{} 1 undecided", &["again 1"]),
        ("given up", undecided(), NOW, news(Progress::GivenUp), Ending, "{}", &["event 12", "STR a.net 5"]),
        ("RAR", updating(), NOW, Input::ReAuth(&rar_a, FIRST), Open, "{} 1 under way", &["Success", "event 2"]),
        ("the answer before", undecided(), NOW, Input::LateGrant(&grant_a), Open, "{} 1 undecided", no),
        ("another server's late grant", updating(), NOW, Input::LateGrant(&grant_b), Open, "{} 1 under way", &["STR b.net 5"]),
        // What ends the session is stored at once; the STR to a.net waits for the AAR while it is under way.
        ("ASR", updating(), NOW, Input::Abort(&asr_a), Ending, "{} 1 under way", &["Success", "event 4", "STR a.net 4"]),
        ("removed", updating(), NOW, Input::Remove, Ending, "{} 1 under way", &["STR a.net 1"]),
        ("removed while undecided", undecided(), NOW, Input::Remove, Ending, "{}", &["STR a.net 1"]),
        ("ended by the operator", updating(), NOW, Input::End(ReleaseReason::Ended), Ending, "{} 1 under way", &["event 12", "STR a.net 4"]),
        ("expired", updating(), late, Input::Expire, Ending, "{} 1 under way", &["event 12", "STR a.net 8"]),
        ("the server restarted", updating(), NOW, Input::OriginState(8), Gone, "{} 1 under way", &["event 12", "forget"]),
        ("granted when it is over", removed(), NOW, news(Progress::Granted(&answer, &a)), Ending, "{}", &["STR a.net 1"]),
        ("granted elsewhere when it is over", removed(), NOW, news(Progress::Granted(&elsewhere, &a)), Ending, "{}", &["STR a.net 1", "STR b.net 5"]),
        ("refused when it is over", removed(), NOW, refuse(refused, &a), Ending, "{}", &["STR a.net 1"]),
        ("unusable when it is over", removed(), NOW, news(Progress::Unusable), Ending, "{}", &["STR a.net 1"]),
        ("unanswered when it is over", removed(), NOW, news(Progress::Unanswered(&sent)), Ending, "{}", &["STR a.net 1"]),
        ("again when it is over", removed(), NOW, news(Progress::Again), Ending, "{} 1 under way", no),
        ("given up when it is over", removed(), NOW, news(Progress::GivenUp), Ending, "{} 1 under way", no),
        ("found when it is over", removed(), NOW, Input::Found(&[]), Ending, "{}", &["STR a.net 1"]),
        ("STA", removed(), NOW, Input::Closed(&owed, &sta), Gone, "{} 1 under way", &["forget"]),
        ("late grant when it is over", ending(), NOW, Input::LateGrant(&grant_a), Ending, "{}", &["STR a.net 5"]),
    ];
    for (row, mut session, now, input, state, shown, expected) in rows {
        let outputs = step(&mut session, now, input);
        assert_eq!(
            (session.state, &*view(&session), &short(&outputs)[..]),
            (state, shown, &expected.iter().map(|it| it.to_string()).collect::<Vec<_>>()[..]),
            "{row}"
        );
    }
}

#[test]
fn what_is_granted_holds_and_what_the_answer_does_not_say_stays() {
    let mut session = open();
    session.granted.rat_type = Some(1004.into());
    session.granted.ip_can_type = Some(0.into());
    step(&mut session, NOW, Input::Modify(&change(), 0));
    let answer = AaAnswer { ip_can_type: Some(5.into()), origin_state_id: None, ..answer() };
    let later = NOW + Duration::from_secs(7);
    step(
        &mut session,
        later,
        Input::Update(1, Progress::Granted(&answer, &via("relay.net", &["relay.net"]))),
    );
    let Granted { ip_can_type, rat_type, class, .. } = &session.granted;
    assert_eq!((*ip_can_type, *rat_type), (Some(5.into()), Some(1004.into())));
    assert_eq!(*class, [[1]]);
    assert_eq!(session.expires, Some(later + Duration::from_secs(600)));
    assert_eq!(session.duration, Some(Duration::from_secs(600)));
    let pcrf = session.pcrf.clone().unwrap();
    assert_eq!((&*pcrf.host, &*pcrf.peer, pcrf.origin_state_id), ("a.net", "relay.net", Some(7)));
    let flows: Vec<_> = session.flows.iter().map(|flow| (flow.component, flow.flow)).collect();
    assert_eq!(flows, [(Some(1), Some(1)), (Some(3), None)]);
    let told: Vec<_> = session.history.iter().map(|entry| &*entry.what).collect();
    assert_eq!(told, ["asked for", "granted", "modification asked for", "modified"]);
}

#[test]
fn a_change_without_a_duration_leaves_the_deadline() {
    let mut session = open();
    let (deadline, without) = (session.expires, QosChange { duration: None, ..(*change()).clone() });
    step(&mut session, NOW, Input::Modify(&Arc::new(without), 0));
    let later = NOW + Duration::from_secs(7);
    step(&mut session, later, Input::Update(1, Progress::Granted(&answer(), &via("a.net", &["a.net"]))));
    assert_eq!(session.expires, deadline);
}

#[test]
fn what_a_report_says_meanwhile_is_not_undone_by_the_answer() {
    let mut session = updating();
    let report = RaRequest { rat_type: Some(1000.into()), class: vec![vec![2u8].into()].into(), ..rar(&[6]) };
    step(&mut session, NOW, Input::ReAuth(&report, FIRST));
    let answer = AaAnswer { rat_type: Some(1004.into()), ip_can_type: Some(5.into()), ..answer() };
    step(&mut session, NOW, Input::Update(1, Progress::Granted(&answer, &via("a.net", &["a.net"]))));
    let Granted { ip_can_type, rat_type, class, .. } = &session.granted;
    assert_eq!((*ip_can_type, *rat_type), (Some(5.into()), Some(1000.into())));
    assert_eq!(*class, [[2]]);
}

#[test]
fn flows_that_are_lost_while_they_come_are_lost_when_they_are_there() {
    let lost = |component| RaRequest {
        flows: vec![Flows { media_component_number: component, ..Default::default() }].into(),
        ..rar(&[2])
    };
    for (outcome, connected) in [(None, false), (Some(Outcome::tgpp(5063)), true)] {
        let mut session = updating();
        for component in [1, 3] {
            step(&mut session, NOW, Input::ReAuth(&lost(component), FIRST));
        }
        // Component 2 is there still, and goes with the change.
        assert!(session.is_connected());
        let (answer, via) = (answer(), via("a.net", &["a.net"]));
        let progress = match outcome {
            None => Progress::Granted(&answer, &via),
            Some(outcome) => Progress::Refused(outcome, "a.net", &via),
        };
        step(&mut session, NOW, Input::Update(1, progress));
        assert_eq!(session.is_connected(), connected);
        assert_eq!(session.lost.len(), 2);
    }
}

#[test]
fn repetitions_do_not_fill_the_history() {
    let mut session = undecided();
    for _ in 0..100 {
        step(&mut session, NOW, Input::Update(1, Progress::Again));
        step(&mut session, NOW, Input::Update(1, Progress::Unanswered(&["a.net".into()])));
    }
    let told: Vec<_> = session.history.iter().map(|entry| &*entry.what).collect();
    assert_eq!(
        told[1..],
        ["granted", "modification asked for", "modification without an outcome: it is sent again"]
    );
    assert_eq!(session.update.as_ref().map(|update| update.tries), Some(101));
}
