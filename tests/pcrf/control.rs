//! The control API over HTTP.

use std::net::SocketAddr;

use rxgate::{
    dict::enums::{AbortCause, IpCanType, SpecificAction},
    pcrf::{Pcrf, PcrfConfig},
};
use serde_json::json;

use crate::{
    af::{Af, News, aar, outcome_of},
    http::call,
};

const UE: [u8; 4] = [10, 0, 0, 1];

async fn start() -> (Pcrf, Af, SocketAddr) {
    let pcrf =
        Pcrf::start(PcrfConfig { origin_state_id: Some(7), ..PcrfConfig::on_free_ports() }).await.unwrap();
    let af = Af::connect(&pcrf).await;
    let control = pcrf.control_address().unwrap();
    (pcrf, af, control)
}

#[tokio::test]
async fn sessions_are_listed_in_pages() {
    let (_pcrf, af, control) = start().await;
    for id in ["af;1;3", "af;1;1", "af;1;2"] {
        af.aar(&aar(id, UE)).await;
    }
    let (status, body) = call(control, "GET", "/sessions", "").await;
    let ids: Vec<_> = body.as_array().unwrap().iter().map(|one| one["sessionId"].clone()).collect();
    assert_eq!((status, ids), (200, vec![json!("af;1;1"), json!("af;1;2"), json!("af;1;3")]));
    let (_, body) = call(control, "GET", "/sessions?limit=1&after=af%3B1%3B1", "").await;
    assert_eq!(body.as_array().unwrap().len(), 1);
    assert_eq!(body[0]["sessionId"], "af;1;2");
    let (status, body) = call(control, "GET", "/sessions/af;1;2", "").await;
    assert_eq!((status, &body["ues"], &body["state"]), (200, &json!(["10.0.0.1"]), &json!("open")));
    assert_eq!(body["mediaComponents"][0]["number"], 1);
    assert_eq!(call(control, "GET", "/sessions/af;1;9", "").await.0, 404);
    let (status, body) = call(control, "GET", "/sessions?limit=many", "").await;
    assert_eq!(status, 400, "{body}");
}

#[tokio::test]
async fn a_rar_reaches_the_af_and_its_result_comes_back() {
    let (_pcrf, af, control) = start().await;
    af.aar(&aar("af;1;1", UE)).await;
    let order = json!({
        "specificActions": ["INDICATION_OF_LOSS_OF_BEARER", 6], "ipCanType": "3GPP-EPS",
        "flows": [{"mediaComponentNumber": 1, "flowNumbers": [2]}],
    });
    let (status, body) = call(control, "POST", "/sessions/af;1;1/rar", &order.to_string()).await;
    assert_eq!((status, &body["resultCode"], &body["name"]), (200, &json!(2001), &json!("DIAMETER_SUCCESS")));
    assert_eq!(body["peer"], "af.rx.test");
    let News::Rar(request) = af.until(|news| matches!(news, News::Rar(_))).await else { unreachable!() };
    assert_eq!((&*request.session_id, &*request.destination_host), ("af;1;1", "af.rx.test"));
    let actions = request.specific_action.to_vec();
    assert_eq!(actions, [SpecificAction::INDICATION_OF_LOSS_OF_BEARER, SpecificAction::IP_CAN_CHANGE]);
    assert_eq!(request.ip_can_type, Some(IpCanType::TGPP_EPS));
    assert_eq!(request.flows.to_vec()[0].flow_number.to_vec(), [2]);
    assert_eq!(request.origin_state_id, Some(7));
}

#[tokio::test]
async fn an_asr_makes_the_session_wait_for_its_str() {
    let (pcrf, af, control) = start().await;
    af.aar(&aar("af;1;1", UE)).await;
    let order = json!({"abortCause": "PS_TO_CS_HANDOVER"}).to_string();
    let (status, body) = call(control, "POST", "/sessions/af;1;1/asr", &order).await;
    assert_eq!((status, &body["resultCode"]), (200, &json!(2001)));
    let News::Asr(request) = af.until(|news| matches!(news, News::Asr(_))).await else { unreachable!() };
    assert_eq!(request.abort_cause, AbortCause::PS_TO_CS_HANDOVER);
    assert_eq!(pcrf.sessions()[0].state, "aborting");
    assert_eq!(af.str("af;1;1").await.result_code, Some(2001));
    assert_eq!(pcrf.sessions(), []);
}

#[tokio::test]
async fn a_session_that_the_af_does_not_know_is_given_up() {
    for path in ["rar", "asr"] {
        let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
        let af = Af::answering(&pcrf, 5002).await;
        af.aar(&aar("a", UE)).await;
        let path = format!("/sessions/a/{path}");
        let body = if path.ends_with("rar") { r#"{"specificActions": [2]}"# } else { "" };
        let (status, body) = call(pcrf.control_address().unwrap(), "POST", &path, body).await;
        assert_eq!((status, &body["resultCode"]), (200, &json!(5002)));
        assert_eq!(pcrf.sessions(), []);
    }
}

#[tokio::test]
async fn a_session_that_is_not_held_needs_a_destination() {
    let (_pcrf, af, control) = start().await;
    let (status, body) = call(control, "POST", "/sessions/none/asr", "").await;
    assert_eq!(status, 404);
    assert!(body["error"].as_str().unwrap().contains("`to.host`"), "{body}");
    let (status, _) = call(control, "POST", "/sessions/none/asr", r#"{"to": {"host": "af.rx.test"}}"#).await;
    assert_eq!(status, 200);
    let News::Asr(request) = af.until(|news| matches!(news, News::Asr(_))).await else { unreachable!() };
    assert_eq!((&*request.session_id, &*request.destination_realm), ("none", "rx.test"));
    let (status, body) = call(control, "POST", "/sessions/none/asr", r#"{"to": {"host": "nobody"}}"#).await;
    assert_eq!(status, 503, "{body}");
}

#[tokio::test]
async fn rules_are_set_added_listed_and_removed() {
    let (_pcrf, af, control) = start().await;
    let (status, body) = call(control, "PUT", "/rules", r#"[{"command": "STR", "action": "busy"}]"#).await;
    assert_eq!((status, body), (200, json!([{"command": "STR", "action": "busy", "applied": 0}])));
    let (status, body) =
        call(control, "POST", "/rules", r#"{"times": 1, "action": "result", "resultCode": 5012}"#).await;
    assert_eq!((status, body.as_array().unwrap().len()), (201, 2));
    assert_eq!(outcome_of(&af.aar(&aar("a", UE)).await).code, 5012);
    let (_, body) = call(control, "GET", "/rules", "").await;
    assert_eq!((&body[0]["applied"], &body[1]["applied"]), (&json!(0), &json!(1)));
    assert_eq!(call(control, "DELETE", "/rules", "").await.0, 204);
    assert_eq!(call(control, "GET", "/rules", "").await.1, json!([]));
}

#[tokio::test]
async fn errors_say_what_is_accepted() {
    let (_pcrf, af, control) = start().await;
    af.aar(&aar("a", UE)).await;
    for (method, path, body, status, said) in [
        ("POST", "/sessions/a/rar", "", 400, "INDICATION_OF_LOSS_OF_BEARER"),
        ("POST", "/sessions/a/rar", r#"{"specificActions": ["LOST"]}"#, 400, "INDICATION_OF_LOSS_OF_BEARER"),
        ("POST", "/sessions/a/rar", r#"{"specificActions": [2], "flow": 1}"#, 400, "`flows`"),
        ("POST", "/sessions/a/rar", "nonsense", 400, "line 1"),
        ("POST", "/sessions/a/asr", r#"{"abortCause": "BORED"}"#, 400, "BEARER_RELEASED"),
        ("PUT", "/rules", r#"[{"action": "explode"}]"#, 400, "`disconnect-before`"),
        ("POST", "/rules", r#"{"action": "result"}"#, 400, "`resultCode`"),
        ("POST", "/dpr", r#"{"cause": "BORED"}"#, 400, "DO_NOT_WANT_TO_TALK_TO_YOU"),
        ("POST", "/dpr", r#"{"cause": 3}"#, 400, "0, 1 or 2"),
        ("GET", "/session", "", 404, "no such path"),
        ("DELETE", "/stats", "", 405, "other methods"),
    ] {
        let (found, answer) = call(control, method, path, body).await;
        assert_eq!(found, status, "{method} {path} {body}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains(said), "{method} {path} {body}: {answer}");
        assert!(answer["paths"].as_array().unwrap().len() > 5);
    }
}

#[tokio::test]
async fn one_shot_actions_are_done_and_counted() {
    let (_pcrf, af, control) = start().await;
    let up = async || af.until(|news| matches!(news, News::Up { .. })).await;
    let (status, body) = call(control, "POST", "/dpr", r#"{"cause": "BUSY"}"#).await;
    assert_eq!((status, body), (200, json!({"cause": "BUSY", "peers": ["af.rx.test"]})));
    up().await;
    assert_eq!(call(control, "POST", "/hang", "").await.1, json!({"hung": true}));
    assert_eq!(call(control, "GET", "/stats", "").await.1["hung"], true);
    af.aar_without_answer(&aar("a", UE)).await;
    let (status, body) = call(control, "POST", "/sessions/a/asr", r#"{"to": {"host": "af.rx.test"}}"#).await;
    assert_eq!(status, 409, "{body}");
    assert_eq!(call(control, "POST", "/wake", "").await.1, json!({"hung": false}));
    af.until(|news| matches!(news, News::Late(_))).await;
    assert_eq!(outcome_of(&af.aar(&aar("b", [255; 4])).await).code, 5004);

    let (_, body) = call(control, "GET", "/stats", "").await;
    assert_eq!((&body["received"]["AAR"], &body["sessions"]), (&json!(2), &json!(1)));
    assert_eq!(body["answered"], json!({"2001": 1, "5004": 1}));
    assert_eq!(body["peers"][0]["host"], "af.rx.test");
    let (status, body) = call(control, "POST", "/restart", "").await;
    assert_eq!((status, &body["originStateId"], &body["sessions"]), (200, &json!(8), &json!(0)));
    up().await;
}
