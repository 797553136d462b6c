//! Just enough of an HTTP client for the control API.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, body::Bytes};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// One request on a connection of its own; returns status and body.
pub async fn call(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, Value) {
    let answer = exchange(address, method, path, body).await;
    let octets = answer.body();
    let body = if octets.is_empty() { Value::Null } else { serde_json::from_slice(octets).unwrap() };
    (answer.status().as_u16(), body)
}

/// The same; returns all of the answer.
pub async fn exchange(address: SocketAddr, method: &str, path: &str, body: &str) -> Response<Bytes> {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path)
        .header("host", address.to_string())
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let octets = body.collect().await.unwrap().to_bytes();
    connection.abort();
    Response::from_parts(head, octets)
}
