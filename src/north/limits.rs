//! Bounds of what one client may do: sizes, waiting times, connections.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::body::{Body, Bytes};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use thiserror::Error;

use crate::{
    counters::count,
    metrics::{Collect, Page},
};

/// Bounds of requests and connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest request body. Octets; default 262,144.
    pub max_body: usize,
    /// Longest wait for the header of a request that has begun, and for the first one. Default 5 s.
    pub header_timeout: Duration,
    /// Longest that the whole body of a request may take, however it comes. Default 30 s.
    pub body_timeout: Duration,
    /// Longest that a connection may be idle. Default 60 s.
    pub idle_timeout: Duration,
    /// Longest that a client may read nothing of what it is sent. Default 30 s.
    pub write_timeout: Duration,
    /// Connections at a time, whoever made them. Default 10,000.
    pub max_connections: u32,
    /// Connections from one address at a time; 0 is no limit. Default 2,000.
    pub max_connections_per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body: 262_144,
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(30),
            max_connections: 10_000,
            max_connections_per_address: 2000,
        }
    }
}

/// Why a body was not read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BodyError {
    /// It is larger than allowed.
    #[error("it has more than {max} octets")]
    TooLarge {
        /// The limit.
        max: usize,
    },
    /// It did not come in time.
    #[error("it did not arrive in time")]
    Slow,
    /// The connection broke, or the encoding of the body is wrong.
    #[error("it did not arrive whole")]
    Broken,
}

impl Limits {
    /// Reads a body of bounded size in bounded time.
    pub async fn read(&self, body: Body) -> Result<Bytes, BodyError> {
        let whole = Limited::new(body, self.max_body).collect();
        match tokio::time::timeout(self.body_timeout, whole).await {
            Err(_) => Err(BodyError::Slow),
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                Err(BodyError::TooLarge { max: self.max_body })
            }
            Ok(Err(_)) => Err(BodyError::Broken),
        }
    }
}

/// Connections that one listener refused since the start, by the bound that they met.
#[derive(Debug, Default)]
pub struct Refused {
    in_all: AtomicU64,
    of_address: AtomicU64,
}

/// Those of every listener, each with its section of the configuration.
#[derive(Debug)]
pub struct Refusals<const N: usize>(pub [(&'static str, Arc<Refused>); N]);

impl<const N: usize> Collect for Refusals<N> {
    fn collect(&self, page: &mut Page) {
        let mut total = page.counter(
            "rxgate_http_connections_refused_total",
            "Connections refused, by the setting that says how many there may be.",
        );
        for (listener, refused) in &self.0 {
            for (reason, count) in
                [("max_connections", &refused.in_all), ("max_connections_per_address", &refused.of_address)]
            {
                total.sample(&[("listener", listener), ("reason", reason)], count.load(Ordering::Relaxed));
            }
        }
    }
}

/// Connections, in all and per address.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    counts: Arc<Mutex<Counts>>,
    refused: Arc<Refused>,
}

#[derive(Debug, Default)]
struct Counts {
    all: u32,
    per_address: HashMap<IpAddr, u32>,
}

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    among: Connections,
    address: IpAddr,
}

impl Connections {
    /// None so far; those that are refused are counted there.
    pub fn new(refused: Arc<Refused>) -> Self {
        Self { counts: Arc::default(), refused }
    }

    /// Counts a connection; `None` if there are as many as there may be, in all or of its address.
    pub fn count(&self, address: IpAddr, limits: &Limits) -> Option<Counted> {
        let address = address.to_canonical();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.all >= limits.max_connections {
            count(&self.refused.in_all);
            return None;
        }
        let of_address = counts.per_address.entry(address).or_default();
        let max = limits.max_connections_per_address;
        if max != 0 && *of_address >= max {
            count(&self.refused.of_address);
            return None;
        }
        *of_address += 1;
        counts.all += 1;
        drop(counts);
        Some(Counted { among: self.clone(), address })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.among.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all -= 1;
        if let Some(count) = counts.per_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.per_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_per_address() {
        let limits = |max| Limits { max_connections_per_address: max, ..Limits::default() };
        let connections = Connections::default();
        let (one, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let first = connections.count(one, &limits(2)).unwrap();
        let _second = connections.count("::ffff:127.0.0.1".parse().unwrap(), &limits(2)).unwrap();
        assert!(connections.count(one, &limits(2)).is_none());
        assert!(connections.count(other, &limits(2)).is_some());
        assert!(connections.count(one, &limits(0)).is_some());
        drop(first);
        assert!(connections.count(one, &limits(2)).is_some());
        assert_eq!(connections.counts.lock().unwrap().per_address.len(), 1);
    }

    #[test]
    fn connections_are_counted_in_all() {
        let limits = Limits { max_connections: 2, max_connections_per_address: 0, ..Limits::default() };
        let connections = Connections::default();
        let take = |last| connections.count(IpAddr::from([127, 0, 0, last]), &limits);
        let (first, _second) = (take(1).unwrap(), take(2).unwrap());
        assert!(take(3).is_none());
        drop(first);
        assert!(take(3).is_some());
        // Those that were refused have left nothing behind.
        assert_eq!(connections.counts.lock().unwrap().per_address.len(), 1);
    }

    #[test]
    fn refusals_are_counted_by_their_reason() {
        let refused = Arc::<Refused>::default();
        let connections = Connections::new(refused.clone());
        let limits = Limits { max_connections: 2, max_connections_per_address: 1, ..Limits::default() };
        let take = |last| connections.count(IpAddr::from([127, 0, 0, last]), &limits);
        let _first = take(1).unwrap();
        assert!(take(1).is_none());
        let _second = take(2).unwrap();
        // Both bounds are met: what helps is room for all.
        assert!(take(2).is_none() && take(3).is_none());
        let page = Page::of([&Refusals([("http", refused)]) as &dyn Collect]).into_text();
        let samples: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                "rxgate_http_connections_refused_total{listener=\"http\",reason=\"max_connections\"} 2",
                "rxgate_http_connections_refused_total{listener=\"http\",reason=\"max_connections_per_address\"} 1",
            ]
        );
    }
}
