//! Tokens: those that applications get here for their secret (RFC 6749 §4.4), and those of the operator's identity
//! provider. A token is of one application, and gives no more than that may at the moment.
//!
//! Ours are signed with ES256 and say everything themselves: whoever has the key takes them, after a restart and on
//! other nodes, and nothing is stored. They end with their time, with the application, and with the secret that they
//! were got with.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{
    Access, Algorithm, Application, Denial, Keyring, Provider, Scope, Scopes, Secret, Shown, TokenError,
    jwt::{Claims, Key, Token},
    secret::ChanceError,
};
use crate::counters::count;

/// Who issues our tokens, and who takes them.
const US: &str = "rxgate";

/// The claim that says for which secret one was issued.
const SECRET: &str = "secret";

const PEM: [&str; 2] = ["-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"];

/// Why a key cannot sign tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is no private key for ES256: accepted is PKCS #8 in PEM with a key of P-256")]
pub struct KeyError;

/// What issues tokens, and knows them again.
pub struct Issuer {
    pair: EcdsaKeyPair,
    key: Key,
    kid: String,
    lifetime: Duration,
    chance: SystemRandom,
}

impl Issuer {
    /// A new key, as a file has it.
    pub fn generate() -> Result<String, ChanceError> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let made = made.map_err(|_| ChanceError)?;
        let text = Base64::encode_string(made.as_ref());
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        Ok(format!("{}\n{}\n{}\n", PEM[0], lines.join("\n"), PEM[1]))
    }

    /// With the key of a file. `lifetime`: of a token.
    pub fn new(pem: &str, lifetime: Duration) -> Result<Self, KeyError> {
        let inside = pem.split_once(PEM[0]).and_then(|(_, rest)| rest.split_once(PEM[1])).ok_or(KeyError)?.0;
        let text: String = inside.split_ascii_whitespace().collect();
        let octets = Base64::decode_vec(&text).map_err(|_| KeyError)?;
        let chance = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &octets, &chance);
        let pair = pair.map_err(|_| KeyError)?;
        let point = pair.public_key().as_ref().to_vec();
        let kid = short(&point);
        Ok(Self { pair, key: Key::P256(point), kid, lifetime, chance })
    }

    /// A token for an application that has shown a secret with this hash.
    fn issue(
        &self,
        application: &str,
        scopes: Scopes,
        hash: &str,
        now: SystemTime,
    ) -> Result<Secret, ChanceError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": self.kid });
        let claims = json!({
            "iss": US, "aud": US, "sub": application, "client_id": application, "scope": scopes.to_string(),
            "iat": now, "exp": now.saturating_add(self.lifetime.as_secs()), SECRET: short(hash.as_bytes()),
        });
        let part = |json: serde_json::Value| Base64UrlUnpadded::encode_string(json.to_string().as_bytes());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&self.chance, signed.as_bytes()).map_err(|_| ChanceError)?;
        Ok(format!("{signed}.{}", Base64UrlUnpadded::encode_string(signature.as_ref())).into())
    }

    fn check(&self, token: &Token<'_>, now: SystemTime) -> Result<Claims, TokenError> {
        let claims = token.signed_by(&self.key, &[Algorithm::Es256])?;
        claims.check(US, US, now)?;
        Ok(claims)
    }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Stands for a key or a hash of a secret.
fn short(octets: &[u8]) -> String {
    let hash: [u8; 32] = Sha256::digest(octets).into();
    let (beginning, _) = hash.split_at(16);
    Base64UrlUnpadded::encode_string(beginning)
}

/// Which tokens are taken.
#[derive(Debug, Default)]
pub struct Tokens {
    /// Issues ours.
    pub issuer: Option<Issuer>,
    /// Issues others.
    pub provider: Option<(Provider, Arc<Keyring>)>,
}

impl Tokens {
    /// The application that a token shows, and the scopes that it gives.
    fn check(
        &self,
        find: impl Fn(&str) -> Option<Arc<Application>>,
        text: &str,
        now: SystemTime,
    ) -> Result<Shown, Denial> {
        let shown = |application, scopes| Shown { application, scopes, by_token: true };
        let token = Token::parse(text)?;
        if let Some(issuer) = &self.issuer
            && token.kid() == Some(&issuer.kid)
        {
            let claims = issuer.check(&token, now)?;
            let application = find(claims.text("sub")?).ok_or(TokenError::Revoked)?;
            let secret = claims.text(SECRET)?;
            let mut secrets = application.terms().secrets.iter();
            if !secrets.any(|hash| short(hash.as_str().as_bytes()) == secret) {
                return Err(TokenError::Revoked.into());
            }
            return Ok(shown(application, named(claims.text("scope")?)));
        }
        let Some((provider, keyring)) = &self.provider else {
            return Err(if self.issuer.is_some() { TokenError::Key } else { TokenError::NoTokens }.into());
        };
        provider.takes(&token)?;
        let keys = keyring.keys().ok_or(Denial::NoKeys)?;
        let said = provider.check(&token, &keys, now)?;
        let application = find(&said.application).ok_or(TokenError::Revoked)?;
        let scopes = said.scope.map_or_else(|| Scope::ALL.into_iter().collect(), |scope| named(&scope));
        Ok(shown(application, scopes))
    }
}

/// The scopes of these names; others mean nothing here.
fn named(scope: &str) -> Scopes {
    scope.split(' ').filter_map(Scope::from_name).collect()
}

/// What an application got.
#[derive(Debug)]
pub struct Granted {
    /// The token.
    pub token: Secret,
    /// How long it is taken.
    pub lifetime: Duration,
    /// What it gives.
    pub scopes: Scopes,
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotIssued {
    /// The application may not have one.
    Denied(Denial),
    /// It asked for a scope that there is not, or that it lacks.
    Scope,
    /// No tokens are issued here, or the system gives no chance for one.
    Unavailable,
}

impl From<Denial> for NotIssued {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl Access {
    /// Whether it issues tokens itself.
    pub fn issues_tokens(&self) -> bool {
        self.tokens.issuer.is_some()
    }

    /// The keys of the identity provider, if its tokens are taken.
    pub fn keyring(&self) -> Option<Arc<Keyring>> {
        self.tokens.provider.as_ref().map(|(_, keyring)| Arc::clone(keyring))
    }

    /// The application that a token says it is of, without a look at who signed it. `None`: it says that it is of an
    /// issuer that nobody here knows, and may name anybody.
    pub fn claimed(&self, token: &Secret) -> Option<String> {
        let claims = Token::parse(token.reveal()).ok()?.unchecked()?;
        let issuer = claims.text("iss").ok()?;
        let provider = self.tokens.provider.as_ref().map(|(provider, _)| provider);
        let claim = match provider.filter(|provider| provider.issuer == issuer) {
            Some(provider) => provider.claim.as_str(),
            None if issuer == US => "sub",
            None => return None,
        };
        claims.named(claim).map(str::to_owned)
    }

    /// The application that this token shows; `from`: where from. One of the identity provider that is signed with a key that
    /// is not known may have to wait a moment: there may be newer ones.
    pub async fn bearer(&self, token: &Secret, from: IpAddr) -> Result<Shown, Denial> {
        let tokens = &self.tokens;
        let admitted = self.bearers.admit(token, from).map_err(|wait| {
            count(&self.counters.tokens_limited);
            Denial::Attempts { wait }
        })?;
        let check = || tokens.check(|id| self.find(id), token.reveal(), SystemTime::now());
        let mut checked = check();
        if let (Err(Denial::Token(TokenError::Key) | Denial::NoKeys), Some((_, keyring))) =
            (&checked, &tokens.provider)
            && keyring.renewed().await
        {
            checked = check();
        }
        match &checked {
            Ok(_) => {
                admitted.right();
                count(&self.counters.tokens_right);
            }
            Err(Denial::Token(_)) => {
                admitted.wrong();
                count(&self.counters.tokens_wrong);
            }
            // It could not be looked at.
            Err(_) => admitted.give_back(),
        }
        checked
    }

    /// A token for the application that showed this secret; `scope`: what it is to give, or all that the application
    /// may.
    pub fn issue(&self, shown: Shown, secret: &Secret, scope: Option<&str>) -> Result<Granted, NotIssued> {
        let issuer = self.tokens.issuer.as_ref().ok_or(NotIssued::Unavailable)?;
        let id = shown.id();
        let tag = self.verified.tag(&id, secret);
        let caller = self.admit(shown)?;
        let scopes = match scope {
            Some(scope) => {
                let known = scope
                    .split(' ')
                    .all(|name| Scope::from_name(name).is_some_and(|it| caller.scopes.has(it)));
                if !known {
                    return Err(NotIssued::Scope);
                }
                named(scope)
            }
            None => caller.scopes,
        };
        let hash = self.verified.hash(&tag).ok_or(Denial::Unknown)?;
        let token =
            issuer.issue(&id, scopes, &hash, SystemTime::now()).map_err(|_| NotIssued::Unavailable)?;
        Ok(Granted { token, lifetime: issuer.lifetime, scopes })
    }
}
