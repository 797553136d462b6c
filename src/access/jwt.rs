//! JSON Web Tokens (RFC 7519) in compact form (RFC 7515 §7.1): what one says, and whether who says so may.
//!
//! Signatures of the algorithms in [`Algorithm`] only (RFC 7518 §3.1): all asymmetric, so that who can check a token
//! cannot make one, and a public key is never taken for a shared secret.

mod algorithm;
mod claims;
mod error;
mod keys;

use std::time::SystemTime;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use serde_json::Value;

pub use algorithm::Algorithm;
pub(super) use claims::Claims;
pub use error::TokenError;
pub(super) use keys::Key;
pub use keys::KeySet;

/// Longest token. Octets.
const MAX_TOKEN: usize = 8192;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// A token whose signature has not been looked at.
pub(super) struct Token<'a> {
    header: Header,
    signed: &'a [u8],
    signature: Vec<u8>,
    claims: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Takes the text apart.
    pub fn parse(text: &'a str) -> Result<Self, TokenError> {
        if text.len() > MAX_TOKEN {
            return Err(TokenError::Long);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let decoded = |part| Base64UrlUnpadded::decode_vec(part).map_err(|_| TokenError::Malformed);
        let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| TokenError::Malformed)?;
        if header.crit.is_some() {
            return Err(TokenError::Critical);
        }
        let (signature, claims) = (decoded(signature)?, decoded(claims)?);
        Ok(Self { header, signed: signed.as_bytes(), signature, claims })
    }

    /// Which key it says that it is signed with.
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// What it says, if it is signed with that key by one of these algorithms.
    pub fn signed_by(&self, key: &Key, accepted: &[Algorithm]) -> Result<Claims, TokenError> {
        key.check(self.algorithm(accepted)?, self.signed, &self.signature)?;
        Claims::read(&self.claims)
    }

    /// What it says, whoever signed it: nothing to go by.
    pub fn unchecked(&self) -> Option<Claims> {
        Claims::read(&self.claims).ok()
    }

    fn algorithm(&self, accepted: &[Algorithm]) -> Result<Algorithm, TokenError> {
        let known = Algorithm::from_name(&self.header.alg).filter(|algorithm| accepted.contains(algorithm));
        known.ok_or(TokenError::Algorithm)
    }
}

/// Tokens of an identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// `iss` of its tokens.
    pub issuer: String,
    /// What `aud` of those for this gateway has.
    pub audience: String,
    /// How they may be signed.
    pub algorithms: Vec<Algorithm>,
    /// The claim that is the id of the application.
    pub claim: String,
}

/// What a token of the provider says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub application: String,
    /// Its scopes, if it has some.
    pub scope: Option<String>,
}

impl Provider {
    /// Checks what can be checked without a key.
    pub(super) fn takes(&self, token: &Token<'_>) -> Result<(), TokenError> {
        token.algorithm(&self.algorithms).map(drop)
    }

    /// Checks a token with these keys.
    pub(super) fn check(
        &self,
        token: &Token<'_>,
        keys: &KeySet,
        now: SystemTime,
    ) -> Result<Said, TokenError> {
        let algorithm = token.algorithm(&self.algorithms)?;
        let claims = token.signed_by(keys.find(token, algorithm)?, &self.algorithms)?;
        claims.check(&self.issuer, &self.audience, now)?;
        let application = claims.named(&self.claim).ok_or(TokenError::Claim("that names the application"))?;
        let scope = match claims.has("scope") {
            true => Some(claims.text("scope")?.to_owned()),
            false => None,
        };
        Ok(Said { application: application.to_owned(), scope })
    }
}

#[cfg(test)]
mod tests;
