//! What rules do to the AF, one test for each action.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use rxgate::{
    pcrf::{AcceptableComponent, AcceptableService, Action, Command, Exchange, Pcrf, PcrfConfig, Rule},
    rx::Outcome,
};

use crate::{
    af::{Af, News, aaa, aar, outcome_of},
    patience::until,
};

const UE: [u8; 4] = [10, 0, 0, 1];

type Log = Arc<Mutex<Vec<Exchange>>>;

/// A PCRF with a rule for the first AAR, and an AF that is connected to it.
async fn start(action: Action) -> (Pcrf, Af, Log) {
    let log = Log::default();
    let writer = log.clone();
    let rule = Rule { command: Some(Command::Aar), times: Some(1), action, ..Rule::default() };
    let config = PcrfConfig {
        control: None,
        rules: vec![rule],
        observer: Some(Arc::new(move |exchange| writer.lock().unwrap().push(exchange.clone()))),
        ..PcrfConfig::on_free_ports()
    };
    let pcrf = Pcrf::start(config).await.unwrap();
    let af = Af::connect(&pcrf).await;
    (pcrf, af, log)
}

#[tokio::test]
async fn a_result_is_answered_and_nothing_changes() {
    let (pcrf, af, log) = start(Action::answer(Outcome::base(5012))).await;
    assert_eq!(outcome_of(&af.aar(&aar("a", UE)).await), Outcome::base(5012));
    assert_eq!(pcrf.sessions(), []);
    assert_eq!(outcome_of(&af.aar(&aar("a", UE)).await), Outcome::SUCCESS);
    assert_eq!(pcrf.rules()[0].applied, 1);
    let lines: Vec<String> = log.lock().unwrap().iter().map(Exchange::to_string).collect();
    assert!(
        lines[0].contains("AAR a from af.rx.test: 5012 DIAMETER_UNABLE_TO_COMPLY, by rule: answer"),
        "{lines:?}"
    );
    assert!(lines[1].contains(": 2001 DIAMETER_SUCCESS ("), "{lines:?}");
}

#[tokio::test]
async fn an_experimental_result_brings_what_would_be_acceptable() {
    let (_pcrf, af, _) = start(Action::Answer {
        outcome: Outcome::tgpp(4261),
        acceptable: Some(AcceptableService {
            media_components: vec![AcceptableComponent {
                number: 1,
                max_requested_bandwidth_ul: Some(64_000),
                ..AcceptableComponent::default()
            }],
            ..AcceptableService::default()
        }),
        retry_interval: Some(30),
    })
    .await;
    let answer = af.aar(&aar("a", UE)).await;
    assert_eq!(outcome_of(&answer), Outcome::tgpp(4261));
    assert_eq!(answer.retry_interval, Some(30));
    let acceptable = answer.acceptable_service_info.unwrap().media_component_description.to_vec();
    assert_eq!(acceptable[0].max_requested_bandwidth_ul, Some(64_000));
}

#[tokio::test]
async fn busy_is_a_protocol_error() {
    let (_pcrf, af, log) = start(Action::BUSY).await;
    let answer = af.aar(&aar("a", UE)).await;
    assert_eq!(outcome_of(&answer), Outcome::base(3004));
    let log = log.lock().unwrap();
    assert_eq!(log[0].answer.as_ref().unwrap().header().flags.0 & 0x20, 0x20, "the E bit");
}

#[tokio::test]
async fn silence_keeps_the_session_unless_told_otherwise() {
    for handled in [true, false] {
        let (pcrf, af, log) = start(Action::Silence { handled }).await;
        af.aar_without_answer(&aar("a", UE)).await;
        until("the PCRF has done with it", async || log.lock().unwrap().len() == 1).await;
        assert_eq!(pcrf.sessions().len(), usize::from(handled));
        assert_eq!(log.lock().unwrap()[0].outcome(), None);
    }
}

#[tokio::test]
async fn a_delay_makes_the_answer_late() {
    let (pcrf, af, _) = start(Action::Accept).await;
    let delay = Duration::from_millis(600);
    pcrf.set_rules(vec![Rule { delay, ..Rule::default() }]);
    af.aar_without_answer(&aar("a", UE)).await;
    let News::Late(answer) = af.until(|news| matches!(news, News::Late(_))).await else { unreachable!() };
    assert_eq!(aaa(&answer).result_code, Some(2001));
    assert_eq!(pcrf.sessions().len(), 1);
}

#[tokio::test]
async fn a_duplicate_answer_comes_twice() {
    let (_pcrf, af, _) = start(Action::Duplicate).await;
    assert_eq!(outcome_of(&af.aar(&aar("a", UE)).await), Outcome::SUCCESS);
    // What comes behind it is answered later than the copy.
    af.aar(&aar("b", UE)).await;
    let counts = af.pool.peers()[0].counts;
    assert_eq!((counts.answers_received, counts.stray_answers), (2, 1));
}

#[tokio::test]
async fn a_connection_lost_before_the_answer_brings_the_request_again() {
    for handled in [true, false] {
        let (pcrf, af, log) = start(Action::DisconnectBefore { handled }).await;
        assert_eq!(outcome_of(&af.aar(&aar("a", UE)).await), Outcome::SUCCESS);
        let sessions = pcrf.sessions();
        // The copy of a request that took effect gets the answer that was kept, and changes nothing.
        assert_eq!((sessions.len(), sessions[0].updates), (1, 0));
        af.until(|news| matches!(news, News::Down { .. })).await;
        let log = log.lock().unwrap();
        let seen: Vec<_> = log.iter().map(|one| (one.is_retransmission(), one.outcome())).collect();
        match handled {
            true => assert_eq!(seen, [(false, None)]),
            false => assert_eq!(seen, [(false, None), (true, Some(Outcome::SUCCESS))]),
        }
        let ids = log.iter().map(|one| one.request.header().end_to_end);
        assert!(ids.clone().all(|id| Some(id) == ids.clone().next()));
    }
}

#[tokio::test]
async fn a_connection_lost_after_the_answer_loses_nothing() {
    let (pcrf, af, log) = start(Action::DisconnectAfter).await;
    assert_eq!(outcome_of(&af.aar(&aar("a", UE)).await), Outcome::SUCCESS);
    let News::Down { reason } = af.until(|news| matches!(news, News::Down { .. })).await else {
        unreachable!()
    };
    assert!(!reason.contains("DPR"), "{reason}");
    af.until(|news| matches!(news, News::Up { .. })).await;
    assert_eq!(af.str("a").await.result_code, Some(2001));
    assert_eq!(pcrf.sessions(), []);
    assert_eq!(log.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_refused_str_ends_the_session_only_if_the_af_takes_it_so() {
    let (pcrf, af, _) = start(Action::Accept).await;
    for (code, left) in [(3004, 1), (4002, 1), (5012, 0), (2002, 0)] {
        af.aar(&aar("a", UE)).await;
        let action = Action::answer(Outcome::base(code));
        pcrf.set_rules(vec![Rule { command: Some(Command::Str), action, ..Rule::default() }]);
        assert_eq!(af.str("a").await.result_code, Some(code));
        assert_eq!(pcrf.sessions().len(), left, "{code}");
    }
}

#[tokio::test]
async fn rules_are_chosen_by_user_and_by_session() {
    let (pcrf, af, _) = start(Action::Accept).await;
    let busy = Rule { action: Action::BUSY, ..Rule::default() };
    pcrf.set_rules(vec![Rule { ue: Some("10.0.0.9".parse().unwrap()), ..busy.clone() }]);
    pcrf.add_rule(Rule { session: Some("b".into()), ..busy });
    let outcome = async |id, ue| outcome_of(&af.aar(&aar(id, ue)).await).code;
    assert_eq!(outcome("a", [10, 0, 0, 9]).await, 3004);
    assert_eq!(outcome("a", UE).await, 2001);
    assert_eq!(outcome("b", UE).await, 3004);
    assert_eq!(af.str("a").await.result_code, Some(2001));
}
