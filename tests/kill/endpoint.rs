//! An application's endpoint that notes what it heard, and sometimes does not take it.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;

/// One request of so many is refused as if the application were busy, and forgotten.
const BUSY: u64 = 16;

/// One of so many is noted, but the application says that it failed.
const FAILED: u64 = 20;

/// An event, in the words of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub user: String,
    pub number: u64,
}

/// What the application heard.
#[derive(Default)]
pub struct Heard {
    /// By the number of the report and by X-Event-Id.
    pub events: BTreeMap<u32, BTreeMap<String, Event>>,
    /// Numbers of the reports, in the order in which each of them was first heard of.
    pub order: Vec<u32>,
    /// Requests that were not forgotten.
    pub deliveries: u64,
    /// What no application should have to hear.
    pub wrong: Vec<String>,
    requests: u64,
}

/// The endpoint.
pub struct Endpoint {
    address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

impl Endpoint {
    /// Listens until the test is over.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Heard>>::default();
        let router = Router::new().fallback(take).with_state(heard.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, heard }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    /// Everything so far.
    pub fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap()
    }
}

async fn take(State(heard): State<Arc<Mutex<Heard>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut heard = heard.lock().unwrap();
    heard.requests += 1;
    if heard.requests.is_multiple_of(BUSY) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    heard.deliveries += 1;
    if let Err(why) = heard.note(&headers, &body) {
        let text = format!("{why}: {headers:?} {}", String::from_utf8_lossy(&body));
        heard.wrong.push(text);
    }
    if heard.requests.is_multiple_of(FAILED) {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    StatusCode::NO_CONTENT
}

impl Heard {
    fn note(&mut self, headers: &HeaderMap, body: &[u8]) -> Result<(), &'static str> {
        let body: Value = serde_json::from_slice(body).map_err(|_| "it is no JSON")?;
        let id = headers.get("x-event-id").and_then(|id| id.to_str().ok()).ok_or("it has no X-Event-Id")?;
        let body = &body["notifyQoSEvent"];
        let report = body["accessNetworkChargingAddress"].as_str().and_then(|text| text.parse().ok());
        let report = u32::from(report.unwrap_or(Ipv4Addr::UNSPECIFIED));
        let user = body["endUserIdentities"][0].as_str().ok_or("it has no user")?.to_owned();
        let number = body["eventType"].as_u64().ok_or("it has no event")?;
        let event = Event { user, number };
        let events = self.events.entry(report).or_default();
        if events.is_empty() {
            self.order.push(report);
        }
        match events.insert(id.to_owned(), event.clone()) {
            Some(before) if before != event => Err("it was something else before"),
            _ => Ok(()),
        }
    }
}
