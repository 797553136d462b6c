//! One attempt: resolve, check, connect, POST or GET, read the answer. Nothing of it outlives the attempt.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    client::conn::http1,
    header::{self, HeaderMap, HeaderValue},
};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    task::spawn_blocking,
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsConnector;
use uuid::Uuid;

use super::{
    AddressGuard, AttemptError, Connect, Document, Endpoint, FetchError, NotifyConfig, Resolve, Stream,
    endpoint::Host, fetch::max_age,
};
use crate::{
    live::Live,
    tls::{self, Settings},
};

/// The header that tells a repetition from something new.
const EVENT_ID: &str = "x-event-id";
const USER_AGENT: &str = concat!("rxgate/", env!("CARGO_PKG_VERSION"));
/// Status line and headers of an answer. Octets; hyper takes at most 100 headers.
const MAX_HEAD: usize = 16 * 1024;
/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 4;

/// Makes attempts.
pub(super) struct Client {
    guard: Live<Arc<AddressGuard>>,
    own_listeners: Vec<SocketAddr>,
    resolver: Arc<dyn Resolve>,
    connector: Arc<dyn Connect>,
    tls: Live<Option<Settings<ClientConfig>>>,
    timeout: Duration,
    max_response: usize,
}

/// Why an attempt failed, and when the application wants the next one.
#[derive(Debug)]
pub(super) struct Failed {
    pub error: AttemptError,
    /// Retry-After of a 429 or 503.
    pub retry_after: Option<Duration>,
}

impl From<AttemptError> for Failed {
    fn from(error: AttemptError) -> Self {
        Self { error, retry_after: None }
    }
}

impl Client {
    pub fn new(config: &NotifyConfig, resolver: Arc<dyn Resolve>, connector: Arc<dyn Connect>) -> Self {
        let own_listeners = config.own_listeners.clone();
        let guard = guard(config.allow_networks.clone(), &own_listeners).into();
        let (timeout, max_response) = (config.attempt_timeout, config.max_response);
        Self { guard, own_listeners, resolver, connector, tls: config.tls.clone(), timeout, max_response }
    }

    pub fn guard(&self) -> Arc<AddressGuard> {
        self.guard.get()
    }

    /// Opens these networks and no others, from the next attempt on.
    pub fn allow(&self, networks: Vec<IpNet>) {
        self.guard.set(guard(networks, &self.own_listeners));
    }

    /// Done when a status line with 2xx came in time.
    pub async fn post(&self, endpoint: &Endpoint, event: Uuid, body: Bytes) -> Result<(), Failed> {
        let deadline = Instant::now() + self.timeout;
        let attempt = async {
            let stream = self.open(endpoint, deadline).await?;
            exchange(stream, notification(endpoint, event, body), |response| async move {
                let verdict = verdict(&response);
                // However the rest goes, the application has answered.
                let _ = timeout_at(deadline, drain(response.into_body(), self.max_response)).await;
                verdict
            })
            .await
        };
        timeout_at(deadline, attempt).await.unwrap_or(Err(AttemptError::Timeout.into()))
    }

    /// What an answer 200 has, that came in time, all of it.
    pub async fn get(&self, url: &Endpoint) -> Result<Document, FetchError> {
        let deadline = Instant::now() + self.timeout;
        let attempt = async {
            let stream = self.open(url, deadline).await?;
            let request = request(Method::GET, url, Bytes::new());
            exchange(stream, request, |response| document(response, self.max_response)).await
        };
        timeout_at(deadline, attempt).await.unwrap_or(Err(AttemptError::Timeout.into()))
    }

    /// A connection that HTTP goes over.
    async fn open(&self, endpoint: &Endpoint, deadline: Instant) -> Result<Box<dyn Stream>, AttemptError> {
        let stream = self.connect(endpoint, deadline).await?;
        if endpoint.is_tls() { self.shake(endpoint, stream).await } else { Ok(stream) }
    }

    /// Resolves once, and connects to an address of that answer that was checked.
    ///
    /// Addresses that are refused are passed over; the others are tried in their order, each with its part of
    /// the time that is left.
    async fn connect(&self, endpoint: &Endpoint, deadline: Instant) -> Result<Box<dyn Stream>, AttemptError> {
        let addresses = match endpoint.host() {
            Host::Address(address) => vec![*address],
            Host::Name(name) => self.resolver.resolve(name).await.map_err(AttemptError::Resolve)?,
        };
        let (guard, mut refused) = (self.guard(), None);
        let mut checked: Vec<IpAddr> = Vec::new();
        for address in addresses {
            match guard.check_port(SocketAddr::new(address, endpoint.port())) {
                // The mapped form of an IPv4 address is that address.
                Ok(()) => checked.push(address.to_canonical()),
                Err(range) => refused = refused.or(Some(range)),
            }
        }
        checked.truncate(MAX_ADDRESSES);
        let mut failed = match refused {
            Some(range) => AttemptError::Forbidden(range),
            None => AttemptError::Resolve(io::ErrorKind::NotFound.into()),
        };
        for (at, address) in checked.iter().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            let part = left / u32::try_from(checked.len() - at).unwrap_or(1);
            let to = SocketAddr::new(*address, endpoint.port());
            failed = match timeout(part, self.connector.connect(to)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => AttemptError::Connect(error),
                Err(_) => AttemptError::Timeout,
            };
        }
        Err(failed)
    }

    /// TLS with whom the URL names.
    async fn shake(
        &self,
        endpoint: &Endpoint,
        stream: Box<dyn Stream>,
    ) -> Result<Box<dyn Stream>, AttemptError> {
        let nobody = || {
            AttemptError::Tls(
                "no authority is trusted: set `[notify] ca`, for keys of tokens `[access.jwt] jwks_ca`"
                    .into(),
            )
        };
        let settings = match self.tls.get() {
            Some(settings) => settings,
            None => spawn_blocking(tls::system_client).await.ok().flatten().ok_or_else(nobody)?,
        };
        let name = match endpoint.host() {
            Host::Address(address) => ServerName::from(*address),
            Host::Name(name) => {
                let name = name.strip_suffix('.').unwrap_or(name).to_owned();
                ServerName::try_from(name)
                    .map_err(|_| AttemptError::Tls("no certificate can be for a name like this".into()))?
            }
        };
        let connector = TlsConnector::from(settings.config);
        let stream = connector.connect(name, stream).await;
        stream
            .map(|stream| Box::new(stream) as Box<dyn Stream>)
            .map_err(|error| AttemptError::Tls(tls::io_reason(&error)))
    }
}

fn guard(allow_networks: Vec<IpNet>, own_listeners: &[SocketAddr]) -> Arc<AddressGuard> {
    Arc::new(AddressGuard::new(allow_networks).with_own(own_listeners.to_owned()))
}

fn notification(endpoint: &Endpoint, event: Uuid, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = request(Method::POST, endpoint, body);
    let id = HeaderValue::from_str(&event.to_string()).expect("a UUID has visible characters only");
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(EVENT_ID, id);
    request
}

fn request(method: Method, endpoint: &Endpoint, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = endpoint.target().clone();
    let headers = request.headers_mut();
    headers.insert(header::HOST, endpoint.authority().clone());
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    request
}

/// Sends the request and reads the answer with `read`. The connection is driven in here: it ends with the attempt.
async fn exchange<T, E: From<AttemptError>, R: Future<Output = Result<T, E>>>(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    read: impl FnOnce(Response<Incoming>) -> R,
) -> Result<T, E> {
    let mut settings = http1::Builder::new();
    settings.max_header_size(MAX_HEAD).max_buf_size(MAX_HEAD);
    let (mut sender, connection) =
        settings.handshake(TokioIo::new(stream)).await.map_err(AttemptError::Http)?;
    let answered = async {
        let response = sender.send_request(request).await.map_err(AttemptError::Http)?;
        read(response).await
    };
    tokio::pin!(connection, answered);
    tokio::select! {
        biased;
        verdict = &mut answered => verdict,
        // Its end comes to whoever waits for the answer.
        _ = &mut connection => answered.await,
    }
}

fn verdict(response: &Response<Incoming>) -> Result<(), Failed> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let asks = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let retry_after = if asks { retry_after(response.headers()) } else { None };
    Err(Failed { error: AttemptError::Status(status.as_u16()), retry_after })
}

/// Seconds, or a date (RFC 9110 §10.2.3): from the answer's own date, for its clock may not be ours.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let value = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let from = text(header::DATE).and_then(|date| httpdate::parse_http_date(date).ok());
    Some(date.duration_since(from.unwrap_or_else(SystemTime::now)).unwrap_or_default())
}

/// What a 200 has, if it is not too long.
async fn document(response: Response<Incoming>, most: usize) -> Result<Document, FetchError> {
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    let max_age = max_age(response.headers());
    let (mut body, mut octets) = (response.into_body(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(AttemptError::Http)?;
        let data = frame.data_ref().map_or(&[][..], |data| data);
        if data.len() > most.saturating_sub(octets.len()) {
            return Err(FetchError::TooLarge { most });
        }
        octets.extend_from_slice(data);
    }
    Ok(Document { octets: octets.freeze(), max_age })
}

/// Reads a body to its end, or until it is too long.
async fn drain(mut body: Incoming, most: usize) {
    let mut length = 0_usize;
    while let Some(Ok(frame)) = body.frame().await {
        length = length.saturating_add(frame.data_ref().map_or(0, Bytes::len));
        if length > most {
            return;
        }
    }
}
