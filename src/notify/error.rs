//! Why an endpoint is refused, why a notification is not queued, why an attempt failed.

use std::{io, net::IpAddr};

use thiserror::Error;

/// What is wrong with the URL of an endpoint. The caller's fault; the text may be shown to it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// Not an absolute URL with a host.
    #[error("an endpoint is an absolute URL such as http://host:8080/path: {0}")]
    Malformed(&'static str),
    /// It is longer than is accepted.
    #[error("an endpoint has at most {most} characters; this one has {length}")]
    TooLong {
        /// Octets of the URL.
        length: usize,
        /// Octets accepted.
        most: usize,
    },
    /// Another scheme.
    #[error("an endpoint's scheme is http or https; this one is another")]
    Scheme,
    /// User name or password.
    #[error("an endpoint has no user name or password in it")]
    UserInfo,
    /// `#` and what follows.
    #[error("an endpoint has no fragment (#...): it would never reach the application")]
    Fragment,
    /// Nothing that could be a port.
    #[error("an endpoint's port is a number from 1 to 65535")]
    Port,
    /// Neither a name nor an address.
    #[error("the host of an endpoint is a DNS name, an IPv4 address or an IPv6 address in brackets: {0}")]
    Host(&'static str),
    /// An address, or one with its port, at which there is no application.
    #[error("no endpoint may be at {address}: {range}")]
    Forbidden {
        /// The address in the URL.
        address: IpAddr,
        /// What kind of address that is, and where that is written; or what of this process listens there.
        range: &'static str,
    },
}

/// Why a notification was not put into its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum QueueFull {
    /// The application does not take them as fast as they come, or not at all.
    #[error("{most} notifications wait for this receiver already")]
    Queue {
        /// Notifications in one queue.
        most: usize,
    },
    /// There are too many of them.
    #[error("{most} notifications wait already")]
    Total {
        /// Notifications in all queues.
        most: usize,
    },
    /// They are too large.
    #[error("what waits already leaves no room for it: the bodies have at most {most} octets together")]
    Octets {
        /// Octets of the bodies in all queues.
        most: usize,
    },
    /// This process is shutting down.
    #[error("shutting down")]
    ShuttingDown,
}

/// Why an attempt failed. Names neither the endpoint nor its addresses: it is logged.
#[derive(Debug, Error)]
pub enum AttemptError {
    /// The name has no addresses, or nobody said which.
    #[error("the host's name cannot be resolved: {0}")]
    Resolve(#[source] io::Error),
    /// It has addresses, and none may be connected to.
    #[error("every address of the host is refused, `[notify] allow_networks` allows more; the first: {0}")]
    Forbidden(&'static str),
    /// Nobody there.
    #[error("no connection: {0}")]
    Connect(#[source] io::Error),
    /// The other side is not who it should be, or no TLS came about.
    #[error("no TLS: {0}")]
    Tls(String),
    /// Nothing that is HTTP, or the end of the connection.
    #[error("no answer: {0}")]
    Http(#[source] hyper::Error),
    /// No answer, or not in time.
    #[error("no answer in time")]
    Timeout,
    /// An answer, but not 2xx.
    #[error("the application answered {0}")]
    Status(u16),
}
