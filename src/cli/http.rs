//! One HTTP request over a connection of its own.

use std::{error::Error, io};

use base64ct::{Base64, Encoding};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    client::conn::http1,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use thiserror::Error as ThisError;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::tls::{self, Settings};

use crate::access::Secret;

/// Why there is no answer.
#[derive(Debug, ThisError)]
pub(super) enum HttpError {
    #[error("no connection: {0}")]
    Connect(#[from] io::Error),
    #[error("no TLS: {0}")]
    Tls(String),
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

/// `address` is a host or IP address with a port, `content_type` that of the body, `credentials` an id and a secret with
/// a colon between them; with `tls` over HTTPS.
pub(super) async fn exchange(
    address: &str,
    tls: Option<Settings<ClientConfig>>,
    method: Method,
    path: &str,
    content_type: &str,
    credentials: Option<&Secret>,
    body: impl Into<Bytes>,
) -> Result<Reply, HttpError> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, address)
        .header(CONTENT_TYPE, content_type)
        .body(Full::new(body.into()))?;
    if let Some(pair) = credentials {
        let value = format!("Basic {}", Base64::encode_string(pair.reveal().as_bytes()));
        let mut value = HeaderValue::try_from(value).map_err(hyper::http::Error::from)?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    let stream = TcpStream::connect(address).await?;
    let Some(tls) = tls else { return over(stream, request).await };
    let name = address.rsplit_once(':').map_or(address, |(name, _)| name);
    let name = name.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name)
        .map_err(|_| HttpError::Tls("no certificate can be for a name like this".into()))?;
    let stream = TlsConnector::from(tls.config).connect(name, stream).await;
    over(stream.map_err(|error| HttpError::Tls(tls::io_reason(&error)))?, request).await
}

async fn over(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Reply, HttpError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let response = match sender.send_request(request).await {
        Ok(response) => response,
        Err(error) => {
            drop(sender);
            // With TLS 1.3 a server may refuse a client's certificate after the handshake: hyper tells that to the
            // request or to the connection, whichever it came across first.
            let ended = connection.await.ok().and_then(Result::err);
            let reason = of_tls(&error).or_else(|| ended.as_ref().and_then(of_tls));
            return Err(reason.map_or(HttpError::Exchange(error), HttpError::Tls));
        }
    };
    let (head, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Reply {
        status: head.status,
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// What TLS has against it, if that is at the bottom of this error.
fn of_tls(error: &hyper::Error) -> Option<String> {
    let mut cause = error.source();
    while let Some(this) = cause {
        if let Some(error) = this.downcast_ref().and_then(tls::of_tls) {
            return Some(tls::reason(error));
        }
        cause = this.source();
    }
    None
}
