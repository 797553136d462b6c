//! An application's client, which notes what it got.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use hyper::{
    Response,
    body::Bytes,
    header::{HeaderValue, RETRY_AFTER},
};
use serde_json::{Value, json};

use crate::{http::exchange, row::tally};

/// The client; each of its users has one session at most.
#[derive(Clone)]
pub struct Client {
    gateway: SocketAddr,
    got: Arc<Mutex<Vec<String>>>,
}

/// What it got.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// Seconds.
    pub retry_after: Option<u64>,
    pub body: Value,
}

impl Reply {
    fn new(answer: &Response<Bytes>) -> Self {
        let seconds = |value: &HeaderValue| value.to_str().unwrap().parse().unwrap();
        let body = if answer.body().is_empty() { b"null" } else { &answer.body()[..] };
        Self {
            status: answer.status().as_u16(),
            retry_after: answer.headers().get(RETRY_AFTER).map(seconds),
            body: serde_json::from_slice(body).unwrap(),
        }
    }

    /// The text of a failure.
    #[track_caller]
    pub fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap()
    }

    /// The name of the session that was made.
    #[track_caller]
    pub fn created(&self) -> String {
        assert_eq!(self.status, 201, "{self:?}");
        self.body["applyQoSFeatureResponse"]["requestId"].as_str().unwrap().to_owned()
    }
}

/// Whose session it is.
pub fn user(number: u8) -> String {
    format!("tel:4930{number:03}")
}

/// Its address, which the PCRF knows it by.
pub fn ue(number: u8) -> String {
    format!("10.1.0.{number}")
}

/// What is asked for. Bits per second.
fn properties(number: u8, bandwidth: u32) -> String {
    json!({ "qoSFeatureProperties": {
        "framedIPAddress": ue(number),
        "mediaComponentDescription": [{ "mediaComponentNumber": 1, "maxRequestedBandwidthDL": bandwidth }],
    }})
    .to_string()
}

/// What a session asks for first. Bits per second.
pub const BANDWIDTH: u32 = 1_000_000;

impl Client {
    pub fn new(gateway: SocketAddr) -> Self {
        Self { gateway, got: Arc::default() }
    }

    /// Applies for a user.
    pub fn create(&self, number: u8) -> impl Future<Output = Reply> + use<> {
        let path = format!("/ApplicationQoSService/{}/qos", user(number));
        self.call("create", "POST", path, properties(number, BANDWIDTH))
    }

    /// Modifies the session of a user.
    pub fn modify(&self, id: &str, number: u8, bandwidth: u32) -> impl Future<Output = Reply> + use<> {
        self.call("modify", "PUT", path(id), properties(number, bandwidth))
    }

    /// Removes a session.
    pub fn remove(&self, id: &str) -> impl Future<Output = Reply> + use<> {
        self.call("remove", "DELETE", path(id), String::new())
    }

    /// Looks at a session; the bandwidth that it shows if it is there. Bits per second.
    pub async fn look(&self, id: &str) -> Option<u64> {
        let shown = Reply::new(&exchange(self.gateway, "GET", &path(id), "").await);
        if shown.status == 404 {
            return None;
        }
        assert_eq!(shown.status, 200, "{shown:?}");
        let component = &shown.body["qoSStatus"]["qosFeatureProperties"]["mediaComponentDescription"][0];
        Some(component["maxRequestedBandwidthDL"].as_u64().unwrap())
    }

    /// What it got, and how often.
    pub fn got(&self) -> String {
        tally(self.got.lock().unwrap().clone())
    }

    fn call(
        &self,
        what: &'static str,
        method: &'static str,
        path: String,
        body: String,
    ) -> impl Future<Output = Reply> + use<> {
        let Self { gateway, got } = self.clone();
        async move {
            let reply = Reply::new(&exchange(gateway, method, &path, &body).await);
            let later =
                reply.retry_after.map_or(String::new(), |seconds| format!(" with Retry-After {seconds}"));
            got.lock().unwrap().push(format!("{what} {}{later}", reply.status));
            reply
        }
    }
}

fn path(id: &str) -> String {
    format!("/ApplicationQoSService/qos/{id}")
}
