//! Why octets are not the Rx message that they should be.

use thiserror::Error;

use crate::wire::WireError;

/// An Rx message that cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RxError {
    /// The octets, or a value in them, are wrong.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// Another command than the one to be read.
    #[error("expected {expected}, found command {found} with flags 0x{flags:02x}")]
    Command {
        /// The command that was to be read.
        expected: &'static str,
        /// Command Code found.
        found: u32,
        /// Command flags found.
        flags: u8,
    },
    /// An AVP that the grammar requires is not there.
    #[error("{inside} has no {avp}, which is required")]
    Missing {
        /// Message or group.
        inside: &'static str,
        /// Name of the AVP.
        avp: &'static str,
        /// Its vendor and code; see [`avp_key`](crate::wire::avp_key).
        key: u64,
    },
}

impl RxError {
    /// The Result-Code that tells the sender (RFC 6733 §7.1).
    pub const fn result_code(&self) -> u32 {
        match self {
            Self::Wire(error) => error.result_code(),
            Self::Command { .. } => 3001,
            Self::Missing { .. } => 5005,
        }
    }
}
