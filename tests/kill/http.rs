//! Requests, each on a connection of its own.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// Why there is no answer.
pub type CallError = Box<dyn std::error::Error + Send + Sync>;

/// Status and body of the answer; a body that is not there is null.
pub async fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
    key: Option<&str>,
) -> Result<(u16, Value), CallError> {
    let stream = TokioIo::new(TcpStream::connect(address).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    let connection = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", address.to_string());
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let answer = sender.send_request(request.body(Full::new(Bytes::from(body.to_owned())))?).await?;
    let status = answer.status().as_u16();
    let octets = answer.into_body().collect().await?.to_bytes();
    connection.abort();
    Ok((status, if octets.is_empty() { Value::Null } else { serde_json::from_slice(&octets)? }))
}
