//! Why the PCRF cannot run.

use std::{io, net::SocketAddr};

use thiserror::Error;

/// Why the PCRF cannot start or restart.
#[derive(Debug, Error)]
pub enum PcrfError {
    /// The address for AFs cannot be listened on.
    #[error(transparent)]
    Listen(io::Error),
    /// The address of the control API cannot be listened on.
    #[error("cannot listen on {address} for the control API: {error}")]
    Control {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The control API has no access control.
    #[error(
        "the control API would listen on {0}, where others reach it: it has no access control, so only loopback \
         addresses such as 127.0.0.1:8868 are accepted"
    )]
    NotLoopback(SocketAddr),
}
