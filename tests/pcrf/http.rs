//! Just enough of an HTTP client for the control API.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, body::Bytes};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// One request on a connection of its own; returns status and body.
pub async fn call(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, Value) {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path)
        .header("host", address.to_string())
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let status = answer.status().as_u16();
    let octets = answer.into_body().collect().await.unwrap().to_bytes();
    connection.abort();
    let body = if octets.is_empty() { Value::Null } else { serde_json::from_slice(&octets).unwrap() };
    (status, body)
}
