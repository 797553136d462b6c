//! What a signed token says (RFC 7519 §4).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use super::TokenError;

/// How far clocks may be apart.
const LEEWAY: Duration = Duration::from_secs(30);

/// What a signed token says.
pub(in crate::access) struct Claims(Map<String, Value>);

impl Claims {
    pub(super) fn read(json: &[u8]) -> Result<Self, TokenError> {
        serde_json::from_slice(json).map(Self).map_err(|_| TokenError::Malformed)
    }

    /// A claim that is a text.
    pub fn text(&self, name: &'static str) -> Result<&str, TokenError> {
        self.named(name).ok_or(TokenError::Claim(name))
    }

    /// A claim of whatever name that is a text.
    pub fn named(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Whether there is such a claim.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Checks whom it is from, whom it is for, and when (RFC 7519 §4.1). It has to have an end.
    pub fn check(&self, issuer: &str, audience: &str, now: SystemTime) -> Result<(), TokenError> {
        if self.text("iss")? != issuer {
            return Err(TokenError::Issuer);
        }
        let for_us = match self.0.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(some)) => some.iter().any(|one| one.as_str() == Some(audience)),
            _ => return Err(TokenError::Claim("aud")),
        };
        if !for_us {
            return Err(TokenError::Audience);
        }
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let leeway = LEEWAY.as_secs_f64();
        let expires = self.time("exp")?.ok_or(TokenError::Claim("exp"))?;
        if now >= expires + leeway {
            return Err(TokenError::Expired);
        }
        for begins in ["nbf", "iat"] {
            if self.time(begins)?.is_some_and(|begins| now + leeway < begins) {
                return Err(TokenError::Early);
            }
        }
        Ok(())
    }

    /// A point in time. Seconds since 1970.
    fn time(&self, name: &'static str) -> Result<Option<f64>, TokenError> {
        let read = |value: &Value| value.as_f64().ok_or(TokenError::Claim(name));
        self.0.get(name).map(read).transpose()
    }
}
