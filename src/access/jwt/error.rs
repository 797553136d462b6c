//! What can be wrong with a token.

use thiserror::Error;

/// Why a token is not taken. Tells nothing that who has it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// It is no token.
    #[error("it is no JSON Web Token in compact form")]
    Malformed,
    /// It is too long to be one.
    #[error("it is longer than 8192 octets")]
    Long,
    /// It asks for something that is not understood, and has to be (RFC 7515 §4.1.11).
    #[error("it has the header crit")]
    Critical,
    /// Its algorithm is none of those that are accepted.
    #[error("its algorithm is not accepted")]
    Algorithm,
    /// There is no such key.
    #[error("its key is not known")]
    Key,
    /// Its signature is not that of its key.
    #[error("its signature is wrong")]
    Signature,
    /// A claim is not there, or not of its type.
    #[error("it lacks the claim {0}, or has it in another form")]
    Claim(&'static str),
    /// It is from somebody else.
    #[error("its issuer is another one")]
    Issuer,
    /// It is for somebody else.
    #[error("it is for another audience")]
    Audience,
    /// Its time is over.
    #[error("it is expired")]
    Expired,
    /// Its time has not begun.
    #[error("it is not valid yet")]
    Early,
    /// Nobody issues or accepts such tokens here.
    #[error("tokens are not accepted here")]
    NoTokens,
    /// The application is not there any more, or the secret that it was got with.
    #[error("it was revoked")]
    Revoked,
}
