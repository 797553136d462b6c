//! An answer that can be given again, and how the store has it.

use std::{
    mem,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize, Serializer};

use super::Keyed;
use crate::north::audit::Because;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::north::gatekeeper) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// JSON.
    pub body: Bytes,
    /// Why it is no, for the audit log; the store has no need of it.
    because: Option<Because>,
}

impl Answer {
    /// An answer with a body.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("the bodies of answers have a form in JSON");
        let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { status, headers: HeaderMap::from_iter([json]), body: body.into(), because: None }
    }

    /// The answer that a response is.
    pub async fn of(response: Response) -> Self {
        let (mut head, body) = response.into_parts();
        // Answers are made in memory: there is nothing that could break.
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        Self {
            status: head.status,
            headers: mem::take(&mut head.headers),
            body,
            because: head.extensions.remove(),
        }
    }

    /// What it takes. Octets, about.
    pub fn octets(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        headers.sum::<usize>() + self.body.len()
    }
}

impl IntoResponse for &Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        if let Some(because) = &self.because {
            response.extensions_mut().insert(because.clone());
        }
        response
    }
}

/// An answer as the store has it, under the key of its request.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept<'a> {
    /// What makes requests the same.
    #[serde(serialize_with = "octets")]
    pub request: &'a [u8],
    /// When the request came. Milliseconds since 1970.
    at: u64,
    status: u16,
    #[serde(borrow)]
    headers: Vec<Header<'a>>,
    #[serde(serialize_with = "octets")]
    body: &'a [u8],
}

#[derive(Serialize, Deserialize)]
struct Header<'a> {
    name: &'a str,
    #[serde(serialize_with = "octets")]
    value: &'a [u8],
}

impl<'a> Kept<'a> {
    pub fn of(keyed: &'a Keyed, answer: &'a Answer) -> Self {
        let since = keyed.at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let headers = answer.headers.iter();
        Self {
            request: &keyed.request,
            at: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            status: answer.status.as_u16(),
            headers: headers
                .map(|(name, value)| Header { name: name.as_str(), value: value.as_bytes() })
                .collect(),
            body: &answer.body,
        }
    }

    /// When the request came.
    pub fn at(&self) -> SystemTime {
        UNIX_EPOCH.checked_add(Duration::from_millis(self.at)).unwrap_or(UNIX_EPOCH)
    }

    /// The answer again; `None` if it never was one.
    pub fn answer(&self) -> Option<Answer> {
        let header = |Header { name, value }: &Header<'_>| {
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?))
        };
        Some(Answer {
            status: StatusCode::from_u16(self.status).ok()?,
            headers: self.headers.iter().map(header).collect::<Option<_>>()?,
            body: Bytes::copy_from_slice(self.body),
            because: None,
        })
    }
}

fn octets<S: Serializer>(octets: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_bytes(octets)
}
