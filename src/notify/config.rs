//! The settings of the delivery, and what they are by default.

use std::{net::SocketAddr, time::Duration};

use ipnet::IpNet;
use rustls::ClientConfig;

use crate::{live::Live, tls::Settings};

/// How notifications are delivered.
#[derive(Clone, Debug)]
pub struct NotifyConfig {
    /// Networks that endpoints may be in although [`AddressGuard`](super::AddressGuard) refuses them; default
    /// none.
    pub allow_networks: Vec<IpNet>,
    /// Where this process itself listens for HTTP: no endpoint may be there, in `allow_networks` or not; default
    /// none.
    pub own_listeners: Vec<SocketAddr>,
    /// How https endpoints are connected to, from the next attempt on; `None`, the default: whom the system trusts
    /// may be one.
    pub tls: Live<Option<Settings<ClientConfig>>>,
    /// Before the first repetition; default 1 s.
    pub retry_initial: Duration,
    /// Longest time between repetitions; default 300 s.
    pub retry_max: Duration,
    /// Age at which a notification is given up; default 86,400 s.
    pub give_up_after: Duration,
    /// One attempt: resolving, connecting and the whole answer; default 5 s.
    pub attempt_timeout: Duration,
    /// What is read of the body of an answer before the connection is cut. Octets; default 16 KiB.
    pub max_response: usize,
    /// Notifications in one queue; default 1,000.
    pub max_queue: usize,
    /// Notifications in all queues; default 100,000.
    pub max_total: usize,
    /// Bodies in all queues together; one that more than one notification shares counts for each. Octets; default
    /// 64 MiB.
    pub max_octets: usize,
    /// Attempts at a time; default 256. Repetitions use at most half of them, so that endpoints that are down
    /// leave room for those that are not.
    pub max_attempts: usize,
    /// Attempts at a time to one host and port; default 16.
    pub max_attempts_per_host: usize,
}

impl Default for NotifyConfig {
    fn default() -> Self {
        Self {
            allow_networks: Vec::new(),
            own_listeners: Vec::new(),
            tls: None.into(),
            retry_initial: Duration::from_secs(1),
            retry_max: Duration::from_secs(300),
            give_up_after: Duration::from_secs(86_400),
            attempt_timeout: Duration::from_secs(5),
            max_response: 16 * 1024,
            max_queue: 1000,
            max_total: 100_000,
            max_octets: 64 * 1024 * 1024,
            max_attempts: 256,
            max_attempts_per_host: 16,
        }
    }
}
