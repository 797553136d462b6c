//! Certificates that are not good enough, on either side, and octets that are not TLS: each is refused with its
//! reason.

use std::net::SocketAddr;

use rxgate::transport::{Accept, Connect, Link, Listen, ListenOn, RecvError, Tcp, Tls, Transport};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    authority::{Authority, Leaf},
    ends::node,
    support::soon,
};

const HOST: &str = "pcrf.rx.test";

async fn listen(tls: &Tls) -> (Box<dyn Accept>, SocketAddr) {
    let on = ListenOn { transport: Transport::Tls, addresses: vec!["127.0.0.1:0".parse().unwrap()] };
    let listener = tls.listen(&on).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn accept(listener: &mut Box<dyn Accept>) -> Result<Link, String> {
    let (arriving, _) = soon(listener.accept()).await.unwrap();
    soon(arriving.link()).await.map_err(|error| error.to_string())
}

/// What the accepting and the dialling side make of a connection.
async fn meet(server: &Tls, client: &Tls) -> (Result<Link, String>, Result<Link, String>) {
    let (mut listener, address) = listen(server).await;
    let address = rxgate::transport::PeerAddress {
        transport: Transport::Tls,
        ..rxgate::transport::PeerAddress::from(address.to_string())
    };
    let dial = async { soon(client.connect(HOST, &address)).await.map_err(|error| error.to_string()) };
    tokio::join!(accept(&mut listener), dial)
}

/// How a connection ends that the other side does not want.
async fn end(link: Result<Link, String>) -> String {
    match link {
        // With TLS 1.3 the dialling side is done before it is judged.
        Ok(mut link) => match soon(link.rx.recv(&mut Vec::new())).await {
            Err(error) => error.to_string(),
            Ok(()) => panic!("there is nothing to receive"),
        },
        Err(error) => error,
    }
}

#[tokio::test]
async fn good_certificates_are_taken_and_their_names_handed_on() {
    let ca = Authority::new();
    let crl = [ca.crl(&[&ca.leaf(&[HOST])], 2120)];
    let server = node(&ca.leaf(&[HOST, "other.rx.test"]), &ca, &crl);
    let client = node(&ca.leaf(&["AF.rx.test", "*.rx.test"]), &ca, &crl);
    let (accepted, dialled) = meet(&server, &client).await;
    assert_eq!(accepted.unwrap().certified.unwrap(), ["AF.rx.test"]);
    assert_eq!(dialled.unwrap().certified.unwrap(), [HOST, "other.rx.test"]);
}

/// The leaf that is not good enough, what the CRLs say, and what is said about it.
fn bad(ca: &Authority) -> Vec<(Leaf, Vec<String>, &'static str)> {
    let revoked = ca.leaf(&[HOST]);
    let crl = vec![ca.crl(&[&revoked], 2120)];
    vec![
        (
            ca.sign(&[HOST], "", (2020, 2021)),
            vec![],
            "its certificate expired on Fri, 01 Jan 2021 00:00:00 GMT",
        ),
        (
            ca.sign(&[HOST], "", (2110, 2120)),
            vec![],
            "its certificate is not valid before Wed, 01 Jan 2110 00:00:00 GMT",
        ),
        (Authority::new().leaf(&[HOST]), vec![], "its certificate is of no authority that is trusted here"),
        (revoked, crl, "its certificate is revoked"),
        (
            ca.leaf(&[HOST]),
            vec![Authority::new().crl(&[], 2120)],
            "no CRL here says whether its certificate is revoked: each authority on the way to it needs one",
        ),
        (
            ca.leaf(&[HOST]),
            vec![ca.crl(&[], 2022)],
            "the CRL of its authority is out of date since Sat, 01 Jan 2022 00:00:00 GMT",
        ),
    ]
}

#[tokio::test]
async fn whoever_connects_with_a_bad_certificate_is_refused_with_the_reason() {
    let ca = Authority::new();
    for (leaf, crls, why) in bad(&ca) {
        let (accepted, dialled) = meet(&node(&ca.leaf(&[HOST]), &ca, &crls), &node(&leaf, &ca, &[])).await;
        let error = accepted.err().unwrap();
        assert!(error.starts_with(&format!("no TLS: {why}")), "{error}");
        let end = end(dialled).await;
        assert!(end.contains("it refuses the certificate it was shown"), "{why}: {end}");
    }
}

#[tokio::test]
async fn whoever_is_dialled_and_shows_a_bad_certificate_is_refused_with_the_reason() {
    let ca = Authority::new();
    for (leaf, crls, why) in bad(&ca) {
        let (accepted, dialled) =
            meet(&node(&leaf, &ca, &[]), &node(&ca.leaf(&["af.rx.test"]), &ca, &crls)).await;
        let error = dialled.err().unwrap();
        assert!(error.starts_with(&format!("no TLS: {why}")), "{error}");
        assert!(accepted.is_err(), "{why}");
    }
}

#[tokio::test]
async fn whoever_is_dialled_must_be_named_as_it_is_configured() {
    let ca = Authority::new();
    for (names, shown) in [
        (&["other.rx.test", "192.0.2.7"][..], "other.rx.test, 192.0.2.7"),
        (&[], "no DNS name without a star"),
        (&["*.rx.test"], "no DNS name without a star"),
    ] {
        let server = node(&ca.sign(names, HOST, (2020, 2120)), &ca, &[]);
        let (_, dialled) = meet(&server, &node(&ca.leaf(&["af.rx.test"]), &ca, &[])).await;
        let error = dialled.err().unwrap();
        let says = format!("no TLS: its certificate is for {shown}, not for pcrf.rx.test: correct `host`");
        assert!(error.starts_with(&says), "{error}");
    }
}

#[tokio::test]
async fn whoever_connects_without_a_certificate_is_refused() {
    let ca = Authority::new();
    let server = node(&ca.leaf(&[HOST]), &ca, &[]);
    let (mut listener, address) = listen(&server).await;
    let files = crate::authority::Files::new();
    let trust = rxgate::tls::Trust::read(&files.write("ca.pem", &ca.pem), &[]).unwrap();
    let nobody = rxgate::tls::client(None, &trust);
    let dial = async {
        let stream = TcpStream::connect(address).await.unwrap();
        let name = HOST.try_into().unwrap();
        // Done, or not, before the other side has judged.
        _ = tokio_rustls::TlsConnector::from(nobody.config).connect(name, stream).await;
    };
    let (accepted, ()) = tokio::join!(accept(&mut listener), dial);
    let why = "no TLS: it shows no certificate, and has to: give it one there";
    assert_eq!(accepted.err().unwrap(), why);
}

#[tokio::test]
async fn what_is_not_tls_is_called_what_it_is() {
    let ca = Authority::new();
    let server = node(&ca.leaf(&[HOST]), &ca, &[]);
    let (mut listener, address) = listen(&server).await;
    for (octets, why) in [
        (&crate::raw::cer("af.rx.test").as_bytes()[..], "plain Diameter (it begins with octet 0x01)"),
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "begins with octet 0x47"),
        (&b"\x16\x03\x01\x00\x05hello"[..], "no TLS: "),
        (&b"\x16\xff\xff\xff\xff\xff\xff\xff\xff"[..], "no TLS: "),
        (&b"\x16\x03"[..], "it closed the connection"),
        (&b""[..], "it closed the connection"),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(octets).await.unwrap();
        stream.shutdown().await.unwrap();
        let error = accept(&mut listener).await.err().unwrap();
        assert!(error.contains(why), "{error}");
    }
}

#[tokio::test]
async fn a_handshake_that_never_ends_keeps_nobody_out() {
    let ca = Authority::new();
    let server = node(&ca.leaf(&[HOST]), &ca, &[]);
    let (mut listener, address) = listen(&server).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    silent.write_all(b"\x16\x03\x01").await.unwrap();
    let (_never, _) = soon(listener.accept()).await.unwrap();
    let client = node(&ca.leaf(&["af.rx.test"]), &ca, &[]);
    let to = address.to_string().into();
    let (accepted, dialled) = tokio::join!(accept(&mut listener), client.connect(HOST, &to));
    assert!(accepted.is_ok() && dialled.is_ok());
}

#[tokio::test]
async fn tls_on_a_port_of_plain_diameter_is_called_what_it_is() {
    let ca = Authority::new();
    let on = "127.0.0.1:0".parse::<SocketAddr>().unwrap().into();
    let mut listener = Tcp::default().listen(&on).await.unwrap();
    let to = listener.local_addr().unwrap().to_string().into();
    let client = node(&ca.leaf(&["af.rx.test"]), &ca, &[]);
    let plain = async {
        let mut link = accept(&mut listener).await.unwrap();
        let error = soon(link.rx.recv(&mut Vec::new())).await.unwrap_err();
        assert!(matches!(error, RecvError::Tls), "{error}");
        assert!(error.to_string().contains("0x16 0x03"), "{error}");
    };
    let ((), dialled) = tokio::join!(plain, client.connect(HOST, &to));
    assert!(dialled.is_err());
}

#[tokio::test]
async fn a_peer_that_answers_without_tls_is_told_from_others() {
    let ca = Authority::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = listener.local_addr().unwrap().to_string().into();
    let client = node(&ca.leaf(&["af.rx.test"]), &ca, &[]);
    let plain = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(crate::raw::cer(HOST).as_bytes()).await.unwrap();
        stream
    };
    let (_stream, dialled) = tokio::join!(plain, client.connect(HOST, &to));
    let error = dialled.err().unwrap().to_string();
    assert!(error.contains("does not answer with TLS"), "{error}");
}

/// Time passes only while nothing else happens.
#[tokio::test(start_paused = true)]
async fn a_peer_that_never_ends_the_handshake_is_told_from_one_that_is_not_there() {
    let ca = Authority::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = listener.local_addr().unwrap().to_string().into();
    let client = node(&ca.leaf(&["af.rx.test"]), &ca, &[]);
    let (_silent, dialled) = tokio::join!(listener.accept(), client.connect(HOST, &to));
    let error = dialled.err().unwrap().to_string();
    assert!(error.starts_with("no TLS: pcrf.rx.test did not end the handshake in 8s: "), "{error}");
}

#[tokio::test]
async fn a_peer_that_closes_in_the_handshake_may_not_speak_tls() {
    let ca = Authority::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = listener.local_addr().unwrap().to_string().into();
    let client = node(&ca.leaf(&["af.rx.test"]), &ca, &[]);
    let close = async { drop(listener.accept().await.unwrap()) };
    let ((), dialled) = tokio::join!(close, client.connect(HOST, &to));
    let error = dialled.err().unwrap().to_string();
    assert!(
        error.contains("closed the connection in the handshake") && error.contains("transport"),
        "{error}"
    );
}
