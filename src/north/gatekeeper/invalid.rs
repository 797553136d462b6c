//! Why a value of the client is refused, in the words of the Parlay X faults (3GPP TS 29.199-1).

use thiserror::Error;

/// A value that is refused: where it stands, what was found, what is accepted.
///
/// The fault's identifier comes first, so that clients can read it off the text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Invalid {
    /// SVC0002: the value is wrong.
    #[error("SVC0002: Invalid input value for message part {part}: {why}")]
    Value {
        /// JSON path of the value, or the part of the request.
        part: String,
        /// What was found and what is accepted.
        why: String,
    },
    /// SVC0003: the value is none of those that are possible.
    #[error("SVC0003: Invalid input value for message part {part}, valid values are {valid}: found {found}")]
    Choice {
        /// JSON path of the value.
        part: String,
        /// The values that are possible.
        valid: String,
        /// What was found.
        found: String,
    },
    /// SVC0004: nobody is addressed.
    #[error("SVC0004: No valid addresses provided in message part {part}: {why}")]
    Address {
        /// JSON path of the value, or the part of the request.
        part: String,
        /// What was found and what is accepted.
        why: String,
    },
}

impl Invalid {
    /// SVC0002 for a part of the request.
    pub fn value(part: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Value { part: part.into(), why: why.into() }
    }

    /// SVC0004 for a part of the request.
    pub fn address(part: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Address { part: part.into(), why: why.into() }
    }

    /// The part of the request that is wrong.
    pub fn part(&self) -> &str {
        match self {
            Self::Value { part, .. } | Self::Choice { part, .. } | Self::Address { part, .. } => part,
        }
    }
}
