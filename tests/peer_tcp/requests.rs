//! Requests between two pools.

use rxgate::{dict::commands, transport::RequestError};

use crate::support::{End, answer, client, request, result_code, server, session_id, soon};

#[tokio::test]
async fn a_request_is_answered() {
    let pcrf = End::start(server("pcrf.rx.test", None), |r| Some(answer(r, "pcrf.rx.test", 2001))).await;
    let mut af = End::start(client(&[("pcrf.rx.test", pcrf.address())]), |_| None).await;
    af.up("pcrf.rx.test").await;
    let asked = request(commands::AA);
    let session = session_id(&asked.message);
    let answered = soon(af.pool.request(asked)).await.unwrap();
    assert_eq!(result_code(&answered.message), 2001);
    assert_eq!(session_id(&answered.message), session);
    assert_eq!(answered.peer, "pcrf.rx.test");
    assert_eq!(answered.sent_to, ["pcrf.rx.test"]);
}

#[tokio::test]
async fn the_accepting_side_sends_requests_too() {
    let mut pcrf = End::start(server("pcrf.rx.test", None), |_| None).await;
    let config = client(&[("pcrf.rx.test", pcrf.address())]);
    let _af = End::start(config, |r| Some(answer(r, "af.rx.test", 5002))).await;
    pcrf.up("af.rx.test").await;
    let mut asked = request(commands::RE_AUTH);
    asked.destination_host = Some("AF.rx.test".into());
    let answered = soon(pcrf.pool.request(asked)).await.unwrap();
    assert_eq!(result_code(&answered.message), 5002);
}

#[tokio::test]
async fn without_an_open_peer_the_error_names_it_and_why() {
    let nobody = End::start(server("x", None), |_| None).await.address();
    let mut af = client(&[("pcrf.rx.test", nobody)]);
    af.node.each_peer.connect = true;
    let af = End::start(af, |_| None).await;
    let error = soon(async {
        loop {
            let error = af.pool.request(request(commands::AA)).await.unwrap_err();
            if error.to_string().contains("refused") {
                return error;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(matches!(error, RequestError::NoPeer { .. }));
    let text = error.to_string();
    assert!(text.contains(&format!("pcrf.rx.test ({nobody})")), "{text}");
}

#[tokio::test]
async fn a_handler_that_panics_is_answered_for() {
    let pcrf = End::start(server("pcrf.rx.test", None), |_| panic!("on purpose")).await;
    let mut af = End::start(client(&[("pcrf.rx.test", pcrf.address())]), |_| None).await;
    af.up("pcrf.rx.test").await;
    for _ in 0..2 {
        let answered = soon(af.pool.request(request(commands::AA))).await.unwrap();
        assert_eq!(result_code(&answered.message), 5012);
    }
}

#[tokio::test]
async fn many_requests_at_once_are_matched_to_their_answers() {
    let pcrf = End::start(server("pcrf.rx.test", None), |r| Some(answer(r, "pcrf.rx.test", 2001))).await;
    let mut af = End::start(client(&[("pcrf.rx.test", pcrf.address())]), |_| None).await;
    af.up("pcrf.rx.test").await;
    let requests: Vec<_> = (0..2_000)
        .map(|_| {
            let (pool, request) = (af.pool.clone(), request(commands::AA));
            tokio::spawn(async move { (session_id(&request.message), pool.request(request).await) })
        })
        .collect();
    for request in requests {
        let (session, answered) = soon(request).await.unwrap();
        assert_eq!(session_id(&answered.unwrap().message), session);
    }
    let counts = af.pool.peers()[0].counts;
    assert_eq!((counts.requests_sent, counts.answers_received, counts.retransmissions), (2_000, 2_000, 0));
}
