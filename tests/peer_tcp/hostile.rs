//! Peers that do not behave.

use std::time::Duration;

use rxgate::{
    dict::{avp, commands},
    transport::{NodePeer, RequestError},
    wire::{CommandFlags, HopByHopId, MessageBuf},
};
use tokio::net::TcpListener;

use crate::{
    raw::{Raw, cer, dwr, narrow_listener},
    support::{End, answer, client, request, result_code, server, soon},
};

async fn pcrf() -> End {
    End::start(server("pcrf.rx.test", None), |r| Some(answer(r, "pcrf.rx.test", 2001))).await
}

#[tokio::test]
async fn messages_arrive_octet_by_octet() {
    let pcrf = pcrf().await;
    let mut raw = Raw::connect(pcrf.address()).await;
    for message in [cer("raw.rx.test"), dwr(5), request(commands::AA).message] {
        for octet in message.as_bytes().chunks(1) {
            raw.send(octet).await;
        }
        let answer = raw.recv().await.unwrap();
        assert_eq!((answer.header().command, result_code(&answer)), (message.header().command, 2001));
    }
}

#[tokio::test]
async fn several_messages_arrive_in_one_write() {
    let pcrf = pcrf().await;
    let mut raw = Raw::connect(pcrf.address()).await;
    let with_id = |id| request(commands::AA).message.with_hop_by_hop(HopByHopId(id), false);
    let messages =
        [cer("raw.rx.test"), dwr(2), with_id(3), with_id(4), dwr(5), with_id(6)].map(MessageBuf::into_bytes);
    raw.send(&messages.concat()).await;
    let mut ids = Vec::new();
    for _ in 0..messages.len() {
        let answer = raw.recv().await.unwrap();
        assert_eq!(result_code(&answer), 2001);
        ids.push(answer.header().hop_by_hop.0);
    }
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn what_is_not_diameter_ends_the_connection() {
    let mut pcrf = pcrf().await;
    let mut raw = Raw::open(pcrf.address(), "raw.rx.test").await;
    raw.send(b"GET / HTTP/1.1\r\nHost: pcrf\r\n\r\n").await;
    assert!(raw.recv().await.is_none());
    let reason = pcrf.down("raw.rx.test").await;
    assert!(reason.contains("no Diameter message"), "{reason}");
    // A good message before it is still answered.
    let mut raw = Raw::open(pcrf.address(), "raw2.rx.test").await;
    let mut bad = dwr(9).into_bytes().to_vec();
    bad[1..4].copy_from_slice(&[0, 0x10, 0x02]);
    raw.send(&[dwr(8).as_bytes(), bad.as_slice()].concat()).await;
    assert_eq!(result_code(&raw.recv().await.unwrap()), 2001);
    assert!(raw.recv().await.is_none());
}

#[tokio::test]
async fn a_message_above_the_limit_is_answered_and_ends_the_connection() {
    let pcrf = pcrf().await;
    let mut raw = Raw::open(pcrf.address(), "raw.rx.test").await;
    let mut large = dwr(9).into_bytes().to_vec();
    large[1] = 0xff;
    raw.send(&large).await;
    let refusal = raw.recv().await.unwrap();
    assert_eq!((refusal.header().hop_by_hop.0, result_code(&refusal)), (9, 5015));
    assert!(raw.recv().await.is_none());
}

#[tokio::test]
async fn the_first_message_must_be_a_cer() {
    let pcrf = pcrf().await;
    for first in [dwr(1), request(commands::AA).message] {
        let mut raw = Raw::connect(pcrf.address()).await;
        raw.send(first.as_bytes()).await;
        assert!(raw.recv().await.is_none());
    }
    let mut raw = Raw::connect(pcrf.address()).await;
    raw.send(b"SSH-2.0-nonsense\r\n").await;
    assert!(raw.recv().await.is_none());
}

#[tokio::test]
async fn an_unknown_host_is_told_so() {
    let mut config = server("pcrf.rx.test", None);
    config.node.accept_any_peer = false;
    let pcrf = End::start(config, |_| None).await;
    let mut raw = Raw::connect(pcrf.address()).await;
    raw.send(cer("raw.rx.test").as_bytes()).await;
    let cea = raw.recv().await.unwrap();
    assert_eq!(result_code(&cea), 3010);
    assert!(cea.header().flags.contains(CommandFlags::ERROR));
    assert!(raw.recv().await.is_none());
}

#[tokio::test]
async fn whoever_connects_and_says_nothing_is_not_kept() {
    let mut config = server("pcrf.rx.test", None);
    config.first_message_timeout = Duration::from_millis(50);
    let pcrf = End::start(config, |_| None).await;
    assert!(Raw::connect(pcrf.address()).await.recv().await.is_none());
}

#[tokio::test]
async fn there_are_only_so_many_connections_without_a_name() {
    let mut config = server("pcrf.rx.test", None);
    config.max_unidentified = 1;
    let pcrf = End::start(config, |_| None).await;
    let mut first = Raw::connect(pcrf.address()).await;
    let mut second = Raw::connect(pcrf.address()).await;
    assert!(first.recv().await.is_none());
    // Whoever says who it is needs no such place any more.
    second.send(cer("raw.rx.test").as_bytes()).await;
    assert_eq!(result_code(&second.recv().await.unwrap()), 2001);
    Raw::open(pcrf.address(), "raw2.rx.test").await;
    second.send(dwr(9).as_bytes()).await;
    assert_eq!(second.recv().await.unwrap().header().command, commands::DEVICE_WATCHDOG);
}

#[tokio::test]
async fn a_flood_of_strangers_does_not_keep_a_peer_out() {
    let mut config = server("pcrf.rx.test", None);
    config.node.accept_any_peer = false;
    config.node.peers = vec![NodePeer { connect: false, ..NodePeer::new("raw.rx.test", "") }];
    let pcrf = End::start(config, |_| None).await;
    let mut strangers = Vec::new();
    // Half of them say nothing, the others stay although they are refused.
    for number in 0..1000 {
        let mut stranger = Raw::connect(pcrf.address()).await;
        if number % 2 == 0 {
            stranger.send(cer("stranger.rx.test").as_bytes()).await;
        }
        strangers.push(stranger);
    }
    Raw::open(pcrf.address(), "raw.rx.test").await;
}

/// A request that fills socket buffers.
fn large() -> rxgate::transport::OutgoingRequest {
    let mut outgoing = request(commands::AA);
    let header = outgoing.message.header();
    outgoing.message =
        MessageBuf::build(header.command, header.flags, header.application, Default::default(), |w| {
            w.put(&avp::SESSION_ID, "af.rx.test;2;1");
            w.put(&avp::DESTINATION_REALM, "rx.test");
            w.put(&avp::CLASS, &[0; 200 * 1024]);
        })
        .unwrap();
    outgoing
}

#[tokio::test]
async fn a_peer_that_never_reads_is_given_up() {
    let listener = narrow_listener();
    let mut config = client(&[("pcrf.rx.test", listener.local_addr().unwrap())]);
    config.write_timeout = Duration::from_millis(200);
    let mut af = End::start(config, |_| None).await;
    let raw = Raw::open_accepted(&listener, "pcrf.rx.test").await;
    af.up("pcrf.rx.test").await;
    let requests: Vec<_> = (0..30)
        .map(|_| {
            let (pool, request) = (af.pool.clone(), large());
            tokio::spawn(async move {
                pool.request(rxgate::transport::OutgoingRequest { within: Duration::from_secs(3), ..request })
                    .await
            })
        })
        .collect();
    let reason = af.down("pcrf.rx.test").await;
    assert!(reason.contains("does not read"), "{reason}");
    for request in requests {
        let error = soon(request).await.unwrap().unwrap_err();
        assert!(matches!(error, RequestError::NoAnswer { .. } | RequestError::NoPeer { .. }), "{error}");
    }
    drop(raw);
}

#[tokio::test]
async fn what_waits_for_a_peer_that_never_reads_is_bounded() {
    let listener = narrow_listener();
    // Patience with it is endless; memory is not.
    let mut config = client(&[("pcrf.rx.test", listener.local_addr().unwrap())]);
    config.write_timeout = crate::support::PATIENCE * 10;
    let mut af = End::start(config, |_| None).await;
    let raw = Raw::open_accepted(&listener, "pcrf.rx.test").await;
    af.up("pcrf.rx.test").await;
    let requests: Vec<_> = (0..100)
        .map(|_| {
            let (pool, request) = (af.pool.clone(), large());
            tokio::spawn(async move { pool.request(request).await })
        })
        .collect();
    let reason = af.down("pcrf.rx.test").await;
    assert!(reason.contains("octets wait"), "{reason}");
    requests.iter().for_each(|request| request.abort());
    drop(raw);
}

#[tokio::test]
async fn a_peer_under_another_name_is_not_the_peer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let af = End::start(client(&[("pcrf.rx.test", listener.local_addr().unwrap())]), |_| None).await;
    let mut raw = Raw::open_accepted(&listener, "somebody.else").await;
    assert!(raw.recv().await.is_none());
    let error = af.pool.request(request(commands::AA)).await.unwrap_err().to_string();
    assert!(error.contains("calls itself somebody.else"), "{error}");
}
