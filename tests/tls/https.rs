//! The HTTP listener over TLS: who is let in, and under which name.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router, routing};
use bytes::Bytes;
use rustls::ClientConfig;
use rxgate::{
    live::Live,
    north::{
        limits::Limits,
        server::{ClientCertificate, PROTOCOLS, Server},
    },
    tls::{self, Clients, Identity, Settings, Trust},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    authority::{Authority, Files, Leaf},
    support::soon,
};

/// Answers with the name of whoever asks.
async fn who(client: Option<Extension<ClientCertificate>>) -> String {
    client.map_or("nobody".into(), |Extension(ClientCertificate(name))| format!("client {name}"))
}

pub fn identity(leaf: &Leaf) -> Identity {
    let files = Files::new();
    let (certificate, key) = files.leaf("own", leaf);
    Identity::read(&certificate, &key).unwrap()
}

pub fn trust(authority: &Authority) -> Trust {
    Trust::read(&Files::new().write("ca.pem", &authority.pem), &[]).unwrap()
}

/// A listener on 127.0.0.1 that shows a certificate of `ca` and asks its clients like this.
pub async fn start(ca: &Authority, clients: Clients, limits: Limits) -> SocketAddr {
    serve(ca, clients, limits, Router::new().route("/", routing::get(who))).await
}

async fn serve(ca: &Authority, clients: Clients, limits: Limits, router: Router) -> SocketAddr {
    let settings = tls::server(&identity(&ca.leaf(&["127.0.0.1"])), &clients, &PROTOCOLS);
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), limits).await.unwrap();
    let server = server.tls(Some(Live::from(settings)));
    let address = server.address();
    tokio::spawn(server.serve(router, std::future::pending(), Duration::ZERO));
    address
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: gate\r\n\r\n";

/// A connection, or why there is none.
pub async fn open(address: SocketAddr, settings: Settings<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = rustls::pki_types::ServerName::from(address.ip());
    soon(TlsConnector::from(settings.config).connect(name, stream)).await
}

/// What comes back for `GET /` on a connection that stays.
pub async fn read_answer(stream: &mut TlsStream<TcpStream>) -> String {
    soon(exchange(stream, GET)).await.unwrap()
}

/// What comes back for a request.
pub async fn exchange(stream: &mut TlsStream<TcpStream>, request: &[u8]) -> io::Result<String> {
    stream.write_all(request).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head
        .to_lowercase()
        .split_once("content-length: ")
        .map_or(0, |(_, rest)| rest.lines().next().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(head + &String::from_utf8(body).unwrap())
}

/// The body that comes back for `GET /`, or why nothing does.
pub async fn get(address: SocketAddr, settings: Settings<ClientConfig>) -> Result<String, String> {
    let answer = async { exchange(&mut open(address, settings).await?, GET).await };
    let answer = soon(answer).await.map_err(|error| tls::io_reason(&error))?;
    Ok(answer.split("\r\n\r\n").last().unwrap().to_owned())
}

#[tokio::test]
async fn the_name_in_a_verified_certificate_is_handed_to_the_request() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let trust = |authority| Clients::Optional(trust(authority));
    let address = start(&ca, trust(&clients), Limits::default()).await;
    let as_client =
        |leaf: Option<Leaf>| tls::client(leaf.map(|leaf| identity(&leaf)).as_ref(), &self::trust(&ca));
    assert_eq!(get(address, as_client(None)).await.as_deref(), Ok("nobody"));
    for (leaf, name) in [
        (clients.leaf(&["video.example", "other.example"]), "client video.example"),
        (clients.sign(&["video.example"], "other", (2020, 2120)), "client video.example"),
        (clients.sign(&[], "video", (2020, 2120)), "client video"),
        (clients.sign(&[], "", (2020, 2120)), "nobody"),
    ] {
        assert_eq!(get(address, as_client(Some(leaf))).await.as_deref(), Ok(name));
    }
    for leaf in [
        ca.leaf(&["video.example"]),
        clients.sign(&["video.example"], "", (2020, 2021)),
        clients.sign(&["video.example"], "", (2110, 2120)),
    ] {
        let refused = get(address, as_client(Some(leaf))).await.unwrap_err();
        assert!(refused.starts_with("it refuses the certificate it was shown"), "{refused}");
    }
}

#[tokio::test]
async fn without_a_certificate_that_is_required_nobody_is_let_in() {
    let ca = Authority::new();
    let address = start(&ca, Clients::Required(trust(&ca)), Limits::default()).await;
    let refused = get(address, tls::client(None, &trust(&ca))).await.unwrap_err();
    assert!(refused.starts_with("it wants a certificate and was shown none: "), "{refused}");
    let leaf = identity(&ca.leaf(&["video.example"]));
    assert_eq!(
        get(address, tls::client(Some(&leaf), &trust(&ca))).await.as_deref(),
        Ok("client video.example")
    );
}

#[tokio::test]
async fn a_client_that_does_not_ask_for_a_name_that_is_trusted_goes_away() {
    let ca = Authority::new();
    let address = start(&ca, Clients::Unasked, Limits::default()).await;
    let refused = get(address, tls::client(None, &trust(&Authority::new()))).await.unwrap_err();
    assert!(refused.starts_with("its certificate is of no authority that is trusted here: "), "{refused}");
    assert_eq!(get(address, tls::client(None, &trust(&ca))).await.as_deref(), Ok("nobody"));
}

#[tokio::test]
async fn clients_that_ask_for_http_2_get_it() {
    let ca = Authority::new();
    let address = start(&ca, Clients::Required(trust(&ca)), Limits::default()).await;
    let mut settings = tls::client(Some(&identity(&ca.leaf(&["video.example"]))), &trust(&ca));
    Arc::make_mut(&mut settings.config).alpn_protocols = vec![b"h2".to_vec()];
    let stream = open(address, settings).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let request = axum::http::Request::get("https://gate/").body(()).unwrap();
    let (response, _) = client.send_request(request, true).unwrap();
    let mut body = soon(response).await.unwrap().into_body();
    assert_eq!(soon(body.data()).await.unwrap().unwrap(), "client video.example");
}

/// Everything until the other side closes.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut octets = Vec::new();
    // A server that closes with octets unread resets the connection: that is an end as well.
    drop(soon(stream.read_to_end(&mut octets)).await);
    octets
}

#[tokio::test]
async fn plain_http_is_told_that_this_is_https() {
    let ca = Authority::new();
    let address = start(&ca, Clients::Unasked, Limits::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"G").await.unwrap();
    let answer = String::from_utf8(rest(&mut stream).await).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("this port takes HTTPS only.\n"),
        "{answer}"
    );
    let length = answer.split("\r\n\r\n").last().unwrap().len();
    assert!(answer.contains(&format!("Content-Length: {length}\r\n")), "{answer}");
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_cut_off_and_keeps_nobody_out() {
    let ca = Authority::new();
    let limits = Limits { header_timeout: Duration::from_millis(300), ..Limits::default() };
    let address = start(&ca, Clients::Unasked, limits).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut half = TcpStream::connect(address).await.unwrap();
    half.write_all(b"\x16\x03\x01\x02\x00").await.unwrap();
    assert_eq!(get(address, tls::client(None, &trust(&ca))).await.as_deref(), Ok("nobody"));
    assert!(rest(&mut silent).await.is_empty());
    assert!(rest(&mut half).await.is_empty());
}

/// Says that it is gone.
struct Large(Vec<u8>, mpsc::UnboundedSender<()>);

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        // The test may be over.
        _ = self.1.send(());
    }
}

#[tokio::test]
async fn who_does_not_read_an_answer_is_cut_off() {
    let ca = Authority::new();
    // Nothing else ends the connection.
    let limits = Limits {
        write_timeout: Duration::from_millis(50),
        idle_timeout: Duration::from_secs(3600),
        ..Limits::default()
    };
    let (gone, mut is_gone) = mpsc::unbounded_channel();
    // No buffer on the way holds it.
    let answer = move || std::future::ready(Bytes::from_owner(Large(vec![b'x'; 64 << 20], gone.clone())));
    let router = Router::new().route("/", routing::get(answer));
    let address = serve(&ca, Clients::Unasked, limits, router).await;
    let mut stream = open(address, tls::client(None, &trust(&ca))).await.unwrap();
    stream.write_all(GET).await.unwrap();
    stream.flush().await.unwrap();
    soon(is_gone.recv()).await.unwrap();
}
