//! Goodbyes, restarts, hanging, and the end.

use std::time::Duration;

use rxgate::{
    pcrf::{Action, Pcrf, PcrfConfig, PushError, RarOrder, Rule},
    transport::DisconnectCause,
};

use crate::{
    af::{Af, News, aaa, aar, outcome_of},
    patience::until,
};

const UE: [u8; 4] = [10, 0, 0, 1];

async fn start() -> (Pcrf, Af) {
    let config = PcrfConfig { control: None, origin_state_id: Some(7), ..PcrfConfig::on_free_ports() };
    let pcrf = Pcrf::start(config).await.unwrap();
    let af = Af::connect(&pcrf).await;
    (pcrf, af)
}

async fn down(af: &Af) -> String {
    let News::Down { reason } = af.until(|news| matches!(news, News::Down { .. })).await else {
        unreachable!()
    };
    reason
}

async fn up(af: &Af) -> Option<u32> {
    let News::Up { origin_state_id } = af.until(|news| matches!(news, News::Up { .. })).await else {
        unreachable!()
    };
    origin_state_id
}

#[tokio::test]
async fn a_goodbye_has_its_cause_and_is_not_for_ever() {
    let (pcrf, af) = start().await;
    for cause in [DisconnectCause::Busy, DisconnectCause::Rebooting, DisconnectCause::DoNotWantToTalkToYou] {
        pcrf.disconnect(cause);
        let reason = down(&af).await;
        assert!(reason.contains(&cause.to_string()), "{reason}");
        assert_eq!(up(&af).await, Some(7));
    }
    assert_eq!(af.aar(&aar("a", UE)).await.result_code, Some(2001));
}

#[tokio::test]
async fn a_restart_forgets_the_sessions_and_raises_the_state_id() {
    let (pcrf, af) = start().await;
    af.aar(&aar("a", UE)).await;
    let address = pcrf.address();
    pcrf.restart().await.unwrap();
    assert!(!down(&af).await.contains("DPR"));
    assert_eq!(up(&af).await, Some(8));
    assert_eq!(pcrf.address(), address);
    assert_eq!(pcrf.sessions(), []);
    assert_eq!(af.str("a").await.result_code, Some(5002));
    let answer = af.aar(&aar("b", UE)).await;
    assert_eq!((answer.result_code, answer.origin_state_id), (Some(2001), Some(8)));
    assert_eq!(pcrf.stats().origin_state_id, Some(8));
}

#[tokio::test]
async fn what_lay_around_before_a_restart_has_no_effect_after_it() {
    let (pcrf, af) = start().await;
    pcrf.set_rules(vec![Rule { times: Some(1), delay: Duration::from_secs(3600), ..Rule::default() }]);
    af.aar_without_answer(&aar("a", UE)).await;
    until("the PCRF has begun with it", async || pcrf.rules()[0].applied == 1).await;
    pcrf.restart().await.unwrap();
    up(&af).await;
    // What is handled now comes after whatever could have been left over.
    assert_eq!(af.aar(&aar("b", UE)).await.result_code, Some(2001));
    let held: Vec<_> = pcrf.sessions().into_iter().map(|held| held.session_id).collect();
    assert_eq!(held, ["b"]);
}

#[tokio::test]
async fn who_hangs_reads_nothing_until_woken() {
    let (pcrf, af) = start().await;
    af.aar(&aar("a", UE)).await;
    pcrf.hang();
    af.aar_without_answer(&aar("b", UE)).await;
    assert_eq!(pcrf.sessions().len(), 1);
    let error = pcrf.rar("a", &RarOrder::default()).await.unwrap_err();
    assert!(matches!(error, PushError::Away), "{error}");
    pcrf.wake();
    let News::Late(answer) = af.until(|news| matches!(news, News::Late(_))).await else { unreachable!() };
    assert_eq!(outcome_of(&aaa(&answer)).code, 2001);
    assert_eq!(pcrf.sessions().len(), 2);
    assert_eq!(af.str("b").await.result_code, Some(2001));
}

#[tokio::test]
async fn who_hangs_can_be_restarted() {
    let (pcrf, af) = start().await;
    pcrf.hang();
    pcrf.restart().await.unwrap();
    assert_eq!(up(&af).await, Some(8));
    assert!(!pcrf.stats().hung);
    assert_eq!(af.aar(&aar("a", UE)).await.result_code, Some(2001));
}

#[tokio::test]
async fn the_end_is_with_or_without_a_goodbye() {
    let (pcrf, af) = start().await;
    pcrf.stop().await;
    let reason = down(&af).await;
    assert!(reason.contains("REBOOTING"), "{reason}");

    let (pcrf, af) = start().await;
    let config = PcrfConfig { listen: pcrf.address(), control: None, ..PcrfConfig::default() };
    pcrf.kill().await;
    let reason = down(&af).await;
    assert!(!reason.contains("REBOOTING"), "{reason}");
    // The address is free again at once.
    let _pcrf = Pcrf::start(PcrfConfig { origin_state_id: Some(9), ..config }).await.unwrap();
    assert_eq!(up(&af).await, Some(9));
}

#[tokio::test]
async fn a_pcrf_that_is_dropped_is_gone() {
    let (pcrf, af) = start().await;
    pcrf.add_rule(Rule { action: Action::BUSY, ..Rule::default() });
    drop(pcrf);
    let reason = down(&af).await;
    assert!(!reason.contains("REBOOTING"), "{reason}");
}
