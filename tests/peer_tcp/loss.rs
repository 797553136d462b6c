//! Connections that are lost, refused and said goodbye to; and what becomes of requests meanwhile.

use std::{collections::HashMap, sync::Arc, time::Duration};

use rxgate::{
    BoxFuture,
    dict::commands,
    transport::{DisconnectCause, Handled, OutgoingRequest, PeerEvent, Pool, RequestError, RequestHandler},
    wire::{CommandFlags, MessageBuf},
};
use tokio::{net::TcpListener, sync::Notify};

use crate::{
    raw::Raw,
    support::{End, answer, client, request, result_code, server, session_id, soon},
};

#[tokio::test]
async fn fifty_requests_in_flight_have_one_outcome_each_when_their_peer_is_killed() {
    let mut first = End::start(server("pcrf1.rx.test", None), |_| None).await;
    let mut second =
        End::start(server("pcrf2.rx.test", None), |r| Some(answer(r, "pcrf2.rx.test", 2001))).await;
    let mut config = client(&[("pcrf1.rx.test", first.address()), ("pcrf2.rx.test", second.address())]);
    config.node.peers[1].priority = 2;
    let mut af = End::start(config, |_| None).await;
    af.up("pcrf1.rx.test").await;
    if !af.pool.peers().iter().all(|peer| peer.open) {
        af.up("pcrf2.rx.test").await;
    }
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let (pool, request) = (af.pool.clone(), request(commands::AA));
            tokio::spawn(async move { (session_id(&request.message), pool.request(request).await) })
        })
        .collect();
    let mut sent = HashMap::new();
    for _ in 0..50 {
        let (_, request) = soon(first.requests.recv()).await.unwrap();
        assert!(!request.header().flags.contains(CommandFlags::RETRANSMIT));
        sent.insert(session_id(&request), request.header().end_to_end);
    }
    assert_eq!(sent.len(), 50);
    first.kill().await;
    for request in requests {
        let (session, outcome) = soon(request).await.unwrap();
        let answered = outcome.unwrap();
        assert_eq!(session_id(&answered.message), session);
        assert_eq!(answered.peer, "pcrf2.rx.test");
        assert_eq!(answered.sent_to, ["pcrf1.rx.test", "pcrf2.rx.test"]);
    }
    for _ in 0..50 {
        let (_, request) = soon(second.requests.recv()).await.unwrap();
        assert!(request.header().flags.contains(CommandFlags::RETRANSMIT));
        assert_eq!(sent.remove(&session_id(&request)), Some(request.header().end_to_end));
    }
    assert!(second.requests.try_recv().is_err());
}

#[tokio::test]
async fn a_killed_peer_is_dialled_until_it_is_back() {
    let pcrf = End::start(server("pcrf.rx.test", None), |_| None).await;
    let mut af = End::start(client(&[("pcrf.rx.test", pcrf.address())]), |_| None).await;
    af.up("pcrf.rx.test").await;
    assert!(af.pool.peers()[0].open);
    let address = pcrf.kill().await;
    let reason = af.down("pcrf.rx.test").await;
    assert!(reason.contains("connection to pcrf.rx.test lost"), "{reason}");
    let status = af.pool.peers().remove(0);
    assert!(!status.open && status.reason.is_some());
    assert_eq!((status.host.as_str(), status.transport), ("pcrf.rx.test", "tcp"));
    assert_eq!(status.address, address.to_string());
    let error = af.pool.request(request(commands::AA)).await.unwrap_err();
    assert!(matches!(error, RequestError::NoPeer { .. }), "{error}");
    let config = server("pcrf.rx.test", Some(address));
    let _pcrf = End::start(config, |r| Some(answer(r, "pcrf.rx.test", 2001))).await;
    af.up("pcrf.rx.test").await;
    assert_eq!(af.pool.peers()[0].state, "I-Open (OKAY)");
    let answered = soon(af.pool.request(request(commands::AA))).await.unwrap();
    assert_eq!(result_code(&answered.message), 2001);
}

#[tokio::test]
async fn every_goodbye_is_followed_by_a_new_connection() {
    for (cause, name) in [
        (DisconnectCause::Rebooting, "REBOOTING"),
        (DisconnectCause::Busy, "BUSY"),
        (DisconnectCause::DoNotWantToTalkToYou, "DO_NOT_WANT_TO_TALK_TO_YOU"),
    ] {
        let pcrf = End::start(server("pcrf.rx.test", None), |_| None).await;
        let mut config = client(&[("pcrf.rx.test", pcrf.address())]);
        config.node.each_peer.reconnect_after_refusal = Duration::from_millis(50);
        let mut af = End::start(config, |_| None).await;
        af.up("pcrf.rx.test").await;
        soon(pcrf.pool.shut_down(cause)).await;
        let reason = af.down("pcrf.rx.test").await;
        assert!(reason.contains(name), "{reason}");
        let late = pcrf.pool.request(request(commands::RE_AUTH)).await;
        assert_eq!(late.unwrap_err(), RequestError::ShuttingDown);
        let address = pcrf.kill().await;
        let _pcrf = End::start(server("pcrf.rx.test", Some(address)), |_| None).await;
        af.up("pcrf.rx.test").await;
    }
}

#[tokio::test]
async fn an_operator_disconnects_and_connects() {
    let mut pcrf = End::start(server("pcrf.rx.test", None), |_| None).await;
    let mut af = End::start(client(&[("pcrf.rx.test", pcrf.address())]), |_| None).await;
    af.up("pcrf.rx.test").await;
    let shown = |af: &End| af.pool.peers().remove(0);
    assert!(!shown(&af).held && shown(&af).connected);
    assert!(af.pool.disconnect("PCRF.rx.test", DisconnectCause::Rebooting, "switched off").await);
    // Whoever hears that it is done sees it.
    let peer = shown(&af);
    assert!(peer.held && !peer.connected && !peer.open, "{peer:?}");
    assert_eq!(peer.reason.as_deref(), Some("switched off"));
    let reason = pcrf.down("af.rx.test").await;
    assert!(reason.contains("REBOOTING"), "{reason}");
    assert_eq!(af.down("pcrf.rx.test").await, "switched off");
    let error = af.pool.request(request(commands::AA)).await.unwrap_err();
    assert!(error.to_string().contains("switched off"), "{error}");
    assert!(af.pool.connect("pcrf.rx.test").await);
    af.up("pcrf.rx.test").await;
    assert!(!shown(&af).held);
    assert!(!af.pool.disconnect("other.rx.test", DisconnectCause::Rebooting, "switched off").await);
    assert!(!af.pool.connect("other.rx.test").await);
    af.pool.shut_down(DisconnectCause::Rebooting).await;
    assert!(!af.pool.connect("pcrf.rx.test").await, "everything is over");
}

#[tokio::test]
async fn both_dial_and_one_connection_is_left() {
    // Each needs the other's address before it starts: they are reserved by binding and letting go, on an
    // address that no outgoing connection takes a port of meanwhile.
    let reserved = TcpListener::bind("127.0.65.1:0").await.unwrap().local_addr().unwrap();
    let mut config = server("pcrf.rx.test", Some(reserved));
    config.node.accept_any_peer = false;
    let waiting = TcpListener::bind("127.0.65.2:0").await.unwrap();
    let af_address = waiting.local_addr().unwrap();
    drop(waiting);
    config.node.peers = client(&[("af.rx.test", af_address)]).node.peers;
    let mut af = client(&[("pcrf.rx.test", reserved)]);
    af.listen = vec![af_address.into()];
    let mut pcrf = End::start(config, |r| Some(answer(r, "pcrf.rx.test", 2001))).await;
    let mut af = End::start(af, |r| Some(answer(r, "af.rx.test", 2001))).await;
    pcrf.up("af.rx.test").await;
    af.up("pcrf.rx.test").await;
    // An election may still be going on over a second connection: whatever it does, requests get through.
    for _ in 0..20 {
        let there = soon(af.pool.request(request(commands::AA))).await.unwrap();
        let back = soon(pcrf.pool.request(request(commands::RE_AUTH))).await.unwrap();
        assert_eq!((result_code(&there.message), result_code(&back.message)), (2001, 2001));
    }
}

#[tokio::test]
async fn an_answer_for_a_caller_that_went_away_is_reported_as_late() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = client(&[("pcrf.rx.test", listener.local_addr().unwrap())]);
    let mut af = End::start(config, |_| None).await;
    let mut raw = Raw::open_accepted(&listener, "pcrf.rx.test").await;
    af.up("pcrf.rx.test").await;
    let pool = af.pool.clone();
    let caller = tokio::spawn(async move { pool.request(request(commands::AA)).await });
    let asked: MessageBuf = raw.recv().await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    raw.send(answer(&asked, "pcrf.rx.test", 2001).as_bytes()).await;
    let (peer, late) = soon(af.late.recv()).await.unwrap();
    assert_eq!((&*peer, session_id(&late)), ("pcrf.rx.test", session_id(&asked)));
}

#[tokio::test]
async fn a_raised_origin_state_id_is_told() {
    let pcrf = End::start(server("pcrf.rx.test", None), |_| None).await;
    let mut af = End::start(client(&[("pcrf.rx.test", pcrf.address())]), |_| None).await;
    let state = |event: &PeerEvent| match event {
        PeerEvent::Up { origin_state_id, .. } => *origin_state_id,
        other => panic!("{other:?}"),
    };
    let up = |event: &PeerEvent| matches!(event, PeerEvent::Up { .. });
    assert_eq!(state(&af.event(up).await), Some(7));
    let address = pcrf.kill().await;
    let mut config = server("pcrf.rx.test", Some(address));
    config.node.each_peer.local.origin_state_id = Some(8);
    let _pcrf = End::start(config, |_| None).await;
    assert_eq!(state(&af.event(up).await), Some(8));
}

/// Answers when it is told to.
struct Slow {
    begun: Notify,
    go_on: Notify,
}

impl RequestHandler for Slow {
    fn handle(&self, _: Arc<str>, request: MessageBuf) -> BoxFuture<'_, Handled> {
        Box::pin(async move {
            self.begun.notify_one();
            self.go_on.notified().await;
            Some(answer(&request, "af.rx.test", 2001)).into()
        })
    }

    fn late_answer(&self, _: Arc<str>, _: MessageBuf) {}
    fn peer_event(&self, _: PeerEvent) {}
}

#[tokio::test]
async fn what_is_being_handled_is_answered_before_the_goodbye() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = client(&[("pcrf.rx.test", listener.local_addr().unwrap())]);
    let handler = Arc::new(Slow { begun: Notify::new(), go_on: Notify::new() });
    let pool = Pool::start(config, handler.clone()).await.unwrap();
    let mut raw = Raw::open_accepted(&listener, "pcrf.rx.test").await;
    raw.send(request(commands::RE_AUTH).message.as_bytes()).await;
    soon(handler.begun.notified()).await;
    let leaving = tokio::spawn({
        let pool = pool.clone();
        async move { pool.shut_down(DisconnectCause::Rebooting).await }
    });
    let outgoing = || OutgoingRequest { destination_host: Some("nobody".into()), ..request(commands::AA) };
    soon(async { while pool.request(outgoing()).await != Err(RequestError::ShuttingDown) {} }).await;
    // What comes from now on is refused.
    raw.send(request(commands::RE_AUTH).message.as_bytes()).await;
    let refusal = raw.recv().await.unwrap();
    assert_eq!((refusal.header().command, result_code(&refusal)), (commands::RE_AUTH, 3002));
    handler.go_on.notify_one();
    let raa = raw.recv().await.unwrap();
    assert_eq!((raa.header().command, result_code(&raa)), (commands::RE_AUTH, 2001));
    assert_eq!(raw.recv().await.unwrap().header().command, commands::DISCONNECT_PEER);
    drop(raw);
    soon(leaving).await.unwrap();
}
