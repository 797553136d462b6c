//! Why a request is not served to whoever sent it.

use std::time::Duration;

use thiserror::Error;

use super::{Scope, TokenError};

/// A request is denied. What is said does not tell whether an id, or anything of another application, exists.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Denial {
    /// It does not show who sent it: nothing that could, or nothing that is right.
    #[error("the credentials are missing or wrong")]
    Unknown,
    /// It shows a token that is not taken.
    #[error("the token is not taken: {0}")]
    Token(TokenError),
    /// It shows a token of an identity provider whose keys are not known at the moment.
    #[error("the keys of the identity provider are not known at the moment")]
    NoKeys,
    /// What it shows was not looked at: too many wrong ones came from there, or others from there are looked at.
    #[error("too many credentials come from this address, or were wrong: these were not looked at")]
    Attempts {
        /// When they may be.
        wait: Duration,
    },
    /// What it shows was not looked at: others are, and it would take too long.
    #[error("too many credentials are being looked at")]
    Busy,
    /// The application is not active.
    #[error("the application is not active")]
    Inactive,
    /// The application sends requests too fast.
    #[error("the application sends more than {rate} requests a second")]
    Rate {
        /// What it may send. Requests a second.
        rate: u32,
        /// When there may be another one.
        wait: Duration,
    },
    /// The application may not use operations of this class.
    #[error("the application lacks the scope {scope}")]
    Scope {
        /// Of which class.
        scope: Scope,
        /// It showed a token.
        by_token: bool,
    },
    /// The end user is none of those that the application may ask for.
    #[error("the application may not ask for this end user (message part {part})")]
    EndUser {
        /// Where he is named.
        part: &'static str,
    },
    /// The address of the UE is in none of the networks that the application may ask for.
    #[error("the application may not ask for this address (message part {part})")]
    Address {
        /// Where it stands.
        part: &'static str,
    },
    /// What is asked for comes before others, which the application may not ask for.
    #[error("{part} needs the scope priority, which the application lacks")]
    Priority {
        /// Which part of the request says so.
        part: &'static str,
        /// It showed a token.
        by_token: bool,
    },
    /// The application has as many live sessions as it may have.
    #[error("the application has {max} sessions, which is as many as it may have: remove one first")]
    Sessions {
        /// The quota.
        max: u64,
    },
}

impl From<TokenError> for Denial {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl Denial {
    /// The deny code of Services Gatekeeper: 1 unknown, 2 inactive, 7 beyond a limit of the application, 0 without a
    /// code of its own.
    pub fn code(&self) -> u32 {
        match self {
            Self::Unknown | Self::Token(_) | Self::NoKeys | Self::Attempts { .. } | Self::Busy => 1,
            Self::Inactive => 2,
            Self::Rate { .. } | Self::Sessions { .. } => 7,
            Self::Scope { .. } | Self::EndUser { .. } | Self::Address { .. } | Self::Priority { .. } => 0,
        }
    }

    /// The scope that a token would have to give, if it is that which lacks one.
    pub fn lacking(&self) -> Option<Scope> {
        match self {
            Self::Scope { scope, by_token: true } => Some(*scope),
            Self::Priority { by_token: true, .. } => Some(Scope::Priority),
            _ => None,
        }
    }

    /// Whether it is nothing about the application: it could not be looked at, this time.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Busy | Self::NoKeys)
    }

    /// When to come back, if that could help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Attempts { wait } | Self::Rate { wait, .. } => Some(*wait),
            Self::Busy => Some(Duration::from_secs(1)),
            Self::NoKeys => Some(Duration::from_secs(5)),
            _ => None,
        }
    }
}
