//! One HTTP request over a connection of its own.

use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    client::conn::http1,
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;

/// Why there is no answer.
#[derive(Debug, Error)]
pub(super) enum HttpError {
    #[error("no connection: {0}")]
    Connect(#[from] io::Error),
    #[error("{0}")]
    Exchange(#[from] hyper::Error),
    #[error("{0}")]
    Request(#[from] hyper::http::Error),
}

/// What came back.
pub(super) struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// `address` is a host or IP address with a port, `content_type` that of the body.
pub(super) async fn exchange(
    address: &str,
    method: Method,
    path: &str,
    content_type: &str,
    body: impl Into<Bytes>,
) -> Result<Reply, HttpError> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, address)
        .header(CONTENT_TYPE, content_type)
        .body(Full::new(body.into()))?;
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Its end is the end of the exchange, which is told below.
    tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    let (head, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Reply {
        status: head.status,
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
