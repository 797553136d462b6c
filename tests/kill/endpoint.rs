//! An application's endpoint that takes everything and notes what it heard.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;

/// Names of the events by user, and how many deliveries there were.
#[derive(Default)]
struct Heard {
    events: BTreeMap<String, BTreeSet<String>>,
    deliveries: u64,
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

    /// Different events of this user.
    pub fn events_of(&self, user: &str) -> u64 {
        let heard = self.heard.lock().unwrap();
        heard.events.get(user).map_or(0, |events| u64::try_from(events.len()).unwrap())
    }

    /// Requests that were taken.
    pub fn deliveries(&self) -> u64 {
        self.heard.lock().unwrap().deliveries
    }
}

async fn take(State(heard): State<Arc<Mutex<Heard>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let user = body["notifyQoSEvent"]["endUserIdentities"][0].as_str().unwrap().to_owned();
    let event = headers["x-event-id"].to_str().unwrap();
    let mut heard = heard.lock().unwrap();
    heard.events.entry(user).or_default().insert(event.to_owned());
    heard.deliveries += 1;
    StatusCode::NO_CONTENT
}
