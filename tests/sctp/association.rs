//! One link over one association, on loopback: what every transport owes, and what only this one has.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use rxgate::{
    dict::{RX_APPLICATION_ID, avp},
    transport::{
        Accept, Connect, Link, Listen, ListenOn, PeerAddress, RecvError, Sctp, SctpConfig, Transport,
    },
    wire::{CommandFlags, EndToEndId, HopByHopId, MAX_MESSAGE, MessageBuf},
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::time::timeout;

use crate::peers::{Peer, script};

const PATIENCE: Duration = Duration::from_secs(60);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it should have happened by now")
}

fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn ips(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn sctp(local: &[&str]) -> Sctp {
    Sctp::new(SctpConfig { local: ips(local), streams: 4, ..SctpConfig::default() })
}

async fn listen(at: &[&str]) -> Box<dyn Accept> {
    let on = ListenOn { transport: Transport::Sctp, addresses: addresses(at) };
    sctp(&[]).listen(&on).await.unwrap()
}

async fn dial(local: &[&str], port: u16, at: &str, more: &[&str]) -> io::Result<Link> {
    let to = PeerAddress {
        transport: Transport::Sctp,
        at: SocketAddr::new(at.parse().unwrap(), port).to_string(),
        more: ips(more),
    };
    soon(sctp(local).connect("peer.rx.test", &to)).await
}

/// Both ends of an association with these addresses.
async fn pair(ours: &[&str], theirs: &[&str]) -> (Link, Link, SocketAddr) {
    let at: Vec<String> =
        theirs.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0).to_string()).collect();
    let mut listener = listen(&at.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let port = listener.local_addr().unwrap().port();
    let dialled = dial(ours, port, theirs[0], &theirs[1..]).await.unwrap();
    let (accepted, from) = soon(listener.accept()).await.unwrap();
    let accepted = accepted.link().await.unwrap();
    (dialled, accepted, from)
}

/// A message of this command and at least this length.
fn message(command: u32, application: u32, session: Option<&str>, length: usize) -> MessageBuf {
    let ids = (HopByHopId(1), EndToEndId(2));
    MessageBuf::build(command, CommandFlags::REQUEST, application, ids, |w| {
        if let Some(session) = session {
            w.put(&avp::SESSION_ID, session);
        }
        let mut left = length.saturating_sub(20);
        while left > 8 {
            let data = (left - 8).min(60_000);
            w.put(&avp::PRODUCT_NAME, &"x".repeat(data));
            left = left.saturating_sub(8 + data.next_multiple_of(4));
        }
    })
    .unwrap()
}

async fn recv(link: &mut Link) -> Result<MessageBuf, RecvError> {
    let mut into = Vec::new();
    soon(link.rx.recv(&mut into)).await?;
    assert_eq!(into.len(), 1);
    Ok(into.remove(0))
}

fn sorted(mut ips: Vec<IpAddr>) -> Vec<IpAddr> {
    ips.sort_unstable();
    ips
}

#[tokio::test]
#[ignore = "runs in tests/sctp/guest"]
async fn whole_messages_pass_both_ways_over_an_association_of_two_addresses() {
    for (ours, theirs) in [
        (["127.0.0.1", "127.0.0.2"], ["127.0.1.1", "127.0.1.2"]),
        (["::1", "127.0.0.2"], ["::1", "127.0.1.2"]),
    ] {
        let (mut dialled, mut accepted, from) = pair(&ours, &theirs).await;
        assert_eq!(sorted(dialled.local.clone()), sorted(ips(&ours)));
        assert_eq!(sorted(accepted.local.clone()), sorted(ips(&theirs)));
        let back: Vec<_> = accepted.paths.as_ref().unwrap().paths().iter().map(|path| path.address).collect();
        assert!(back.contains(&from.ip()));
        assert_eq!(sorted(back), sorted(ips(&ours)));

        let paths = dialled.paths.as_ref().unwrap().paths();
        assert_eq!(sorted(paths.iter().map(|path| path.address).collect()), sorted(ips(&theirs)));
        let primary: Vec<_> = paths.iter().filter(|path| path.primary).collect();
        assert!(matches!(primary[..], [path] if path.state == "active"), "{paths:?}");
        assert!(paths.iter().all(|path| !path.timeout.is_zero()), "{paths:?}");

        // One that is longer than a packet, one that is longer than one read, and about the longest.
        for length in [20, 2000, 100_000, MAX_MESSAGE - 1000] {
            let sent = message(265, RX_APPLICATION_ID, None, length);
            for from in [&mut dialled, &mut accepted] {
                soon(from.tx.send(&[sent.as_bytes().clone()])).await.unwrap();
            }
            assert_eq!(recv(&mut accepted).await.unwrap(), sent);
            assert_eq!(recv(&mut dialled).await.unwrap(), sent);
        }
        let paths = dialled.paths.clone().unwrap();
        soon(dialled.tx.finish()).await.unwrap();
        assert!(matches!(recv(&mut accepted).await, Err(RecvError::Ended)));
        assert!(matches!(recv(&mut dialled).await, Err(RecvError::Ended)));
        drop((dialled, accepted));
        assert_eq!(paths.paths(), [], "a link that is gone has no paths");
    }
}

#[tokio::test]
#[ignore = "runs in tests/sctp/guest"]
async fn a_session_stays_on_its_stream_and_the_base_protocol_on_stream_0() {
    let mut witness = Peer::start("witness", &script("../sctp/witness"), &["0"]);
    let port = witness.expect("ready ").rsplit(' ').next().unwrap().parse().unwrap();
    let mut link = dial(&[], port, "127.0.0.1", &[]).await.unwrap();
    let mut stream_of = async |message: MessageBuf| {
        soon(link.tx.send(&[message.as_bytes().clone()])).await.unwrap();
        let seen = witness.expect("message ");
        assert_eq!(recv(&mut link).await.unwrap(), message);
        let seen: Vec<u32> = seen.split(' ').skip(1).map(|number| number.parse().unwrap()).collect();
        let [stream, ppid, length, command] = seen[..] else { panic!("{seen:?}") };
        assert_eq!((ppid, length as usize), (46, message.as_bytes().len()));
        assert_eq!(command, message.header().command);
        stream
    };
    let of_session =
        |number: u32| message(265, RX_APPLICATION_ID, Some(&format!("af.rx.test;1;{number}")), 200);
    assert_eq!(stream_of(of_session(1)).await, 0, "nothing came back yet: it may not be open there");
    let mut used = [false; 4];
    for number in 1..40 {
        let stream = stream_of(of_session(number)).await;
        assert_eq!(stream_of(of_session(number)).await, stream);
        used[stream as usize] = true;
    }
    assert_eq!(used, [false, true, true, true]);
    assert_eq!(stream_of(message(280, 0, None, 100)).await, 0, "DWR");
    assert_eq!(stream_of(message(282, 0, None, 100)).await, 0, "DPR");
    assert_eq!(stream_of(of_session(1)).await, 0, "after a DPR");
    soon(link.tx.finish()).await.unwrap();
    witness.expect("ended");
}

/// A bare socket connected to a listener, and the link at the other end.
async fn bare() -> (Socket, Link) {
    let mut listener = listen(&["127.0.0.1:0"]).await;
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::SCTP)).unwrap();
    socket.set_send_buffer_size(2 * MAX_MESSAGE).unwrap();
    socket.connect(&listener.local_addr().unwrap().into()).unwrap();
    let (link, _) = soon(listener.accept()).await.unwrap();
    let link = link.link().await.unwrap();
    (socket, link)
}

#[tokio::test]
#[ignore = "runs in tests/sctp/guest"]
async fn messages_are_read_under_any_ppid() {
    let (socket, mut link) = bare().await;
    let sent = message(257, 0, None, 100);
    // Without ancillary data the PPID is 0.
    socket.send(sent.as_bytes()).unwrap();
    assert_eq!(recv(&mut link).await.unwrap(), sent);
}

#[tokio::test]
#[ignore = "runs in tests/sctp/guest"]
async fn what_is_no_message_or_too_long_for_one_is_told_once() {
    let two = [message(257, 0, None, 100), message(257, 0, None, 100)];
    let two = [&two[0].as_bytes()[..], &two[1].as_bytes()[..]].concat();
    let too_long = vec![1; MAX_MESSAGE + 4];
    for octets in [&b"GET / HTTP/1.1\r\n\r\n..."[..], &two, &too_long, &[1]] {
        let (socket, mut link) = bare().await;
        socket.send(octets).unwrap();
        let error = recv(&mut link).await.unwrap_err();
        assert!(matches!(error, RecvError::Bad { .. }), "{error}");
        // What follows is not looked at, but its end is.
        socket.send(message(257, 0, None, 100).as_bytes()).unwrap();
        socket.shutdown(std::net::Shutdown::Both).unwrap();
        let error = recv(&mut link).await.unwrap_err();
        assert!(matches!(error, RecvError::Ended | RecvError::Broken(_)), "{error}");
    }
}

#[tokio::test]
#[ignore = "runs in tests/sctp/guest"]
async fn an_association_that_is_aborted_in_the_middle_of_a_message_breaks() {
    let (socket, mut link) = bare().await;
    socket.set_nonblocking(true).unwrap();
    // Far more than may be on its way at once.
    socket.send(message(257, 0, None, 150_000).as_bytes()).unwrap();
    socket.set_linger(Some(Duration::ZERO)).unwrap();
    drop(socket);
    let error = recv(&mut link).await.unwrap_err();
    assert!(matches!(error, RecvError::Broken(_) | RecvError::Ended), "{error}");
}

#[tokio::test]
#[ignore = "runs in tests/sctp/guest"]
async fn nobody_there_is_told_at_once() {
    // A port that was given back.
    let port = listen(&["127.0.0.1:0"]).await.local_addr().unwrap().port();
    let error = dial(&[], port, "127.0.0.1", &[]).await.err().expect("nobody listens");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused, "{error}");
    assert!(error.to_string().starts_with(&format!("127.0.0.1:{port} over SCTP: ")), "{error}");
    let error = dial(&["203.0.113.1"], port, "127.0.0.1", &[]).await.err().expect("that is not ours");
    assert!(error.to_string().contains("203.0.113.1"), "{error}");
}
