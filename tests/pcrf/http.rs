//! Just enough of an HTTP client for the control API.

use std::{error::Error, net::SocketAddr};

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// One request on a connection of its own; returns status and body.
pub async fn call(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, Value) {
    read(&exchange(address, method, path, body).await)
}

/// The same; returns all of the answer.
pub async fn exchange(address: SocketAddr, method: &str, path: &str, body: &str) -> Response<Bytes> {
    attempt(address, method, path, body, &[]).await.unwrap()
}

/// The same with further headers, where there may be no answer.
pub async fn attempt(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
    more: &[(&str, &str)],
) -> Result<Response<Bytes>, Box<dyn Error + Send + Sync>> {
    let stream = TokioIo::new(TcpStream::connect(address).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    let connection = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", address.to_string());
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    let answer = sender.send_request(request.body(Full::new(Bytes::from(body.to_owned())))?).await?;
    let (head, body) = answer.into_parts();
    let octets = body.collect().await?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(head, octets))
}

/// Status and body of an answer; a body that is not there is null.
pub fn read(answer: &Response<Bytes>) -> (u16, Value) {
    let octets = answer.body();
    let body = if octets.is_empty() { Value::Null } else { serde_json::from_slice(octets).unwrap() };
    (answer.status().as_u16(), body)
}
