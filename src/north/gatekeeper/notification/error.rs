//! Why a registration is not made, or not found.

use axum::http::StatusCode;
use thiserror::Error;

/// A registration that cannot be, in the words of the Parlay X faults (3GPP TS 29.199-1).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegistrationError {
    /// SVC0005: the correlator is in use.
    #[error(
        "SVC0005: Correlator {correlator} specified in message part reference.correlator is a duplicate: \
         unregister it first, or take another"
    )]
    Duplicate {
        /// The correlator.
        correlator: String,
    },
    /// SVC0002: there is no registration of this correlator.
    #[error("SVC0002: Invalid input value for message part correlator: there is no such registration")]
    Unknown,
    /// POL0003: more end users than one registration may have.
    #[error(
        "POL0003: Too many addresses specified in message part endUserIdentities: found {found}, accepted are \
         at most {max}"
    )]
    TooManyUsers {
        /// End users of the request.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// POL0005: more registrations, or more end users over all of them, than there may be.
    #[error(
        "POL0005: Too many notifications requested: at most {max} {of} are kept; unregister others first"
    )]
    TooMany {
        /// The limit.
        max: usize,
        /// What is counted.
        of: &'static str,
    },
}

impl RegistrationError {
    pub(in crate::north::gatekeeper) fn status(&self) -> StatusCode {
        match self {
            Self::Duplicate { .. } => StatusCode::CONFLICT,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::TooManyUsers { .. } | Self::TooMany { .. } => StatusCode::FORBIDDEN,
        }
    }

    pub(in crate::north::gatekeeper) fn is_policy(&self) -> bool {
        matches!(self, Self::TooManyUsers { .. } | Self::TooMany { .. })
    }
}
