//! Public keys, and sets of them (RFC 7517).

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;
use serde_json::Value;

use super::{Algorithm, Token, TokenError};

/// Most keys of a set.
const MAX_KEYS: usize = 64;

const KINDS: &str =
    "accepted are RSA, EC with P-256 or P-384, and Ed25519, as far as tokens may be signed with them";

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::access) enum Key {
    /// A point, uncompressed.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

impl Key {
    fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::P256(_) => algorithm == Algorithm::Es256,
            Self::P384(_) => algorithm == Algorithm::Es384,
            Self::Ed25519(_) => algorithm == Algorithm::EdDsa,
            Self::Rsa { .. } => algorithm.rsa().is_some(),
        }
    }

    pub(super) fn check(
        &self,
        algorithm: Algorithm,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenError> {
        let plain = |kind: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(kind, key).verify(signed, signature)
        };
        let checked = match (self, algorithm) {
            (Self::P256(point), Algorithm::Es256) => plain(&signature::ECDSA_P256_SHA256_FIXED, point),
            (Self::P384(point), Algorithm::Es384) => plain(&signature::ECDSA_P384_SHA384_FIXED, point),
            (Self::Ed25519(key), Algorithm::EdDsa) => plain(&signature::ED25519, key),
            (Self::Rsa { n, e }, algorithm) => {
                let parameters = algorithm.rsa().ok_or(TokenError::Algorithm)?;
                RsaPublicKeyComponents { n, e }.verify(parameters, signed, signature)
            }
            _ => return Err(TokenError::Algorithm),
        };
        checked.map_err(|_| TokenError::Signature)
    }
}

/// Keys that tokens may be signed with (RFC 7517 §5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Named>,
    left_out: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    kid: Option<String>,
    algorithm: Option<Algorithm>,
    key: Key,
}

impl Named {
    /// Whether tokens of this algorithm may be signed with it.
    fn fits(&self, algorithm: Algorithm) -> bool {
        self.key.fits(algorithm) && self.algorithm.is_none_or(|its_own| its_own == algorithm)
    }
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl KeySet {
    /// Reads a set in JSON: those of its keys that tokens of these algorithms may be signed with. Others are left out;
    /// a set without any is refused.
    pub fn read(json: &[u8], accepted: &[Algorithm]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set =
            serde_json::from_slice(json).map_err(|error| format!("no JSON Web Key Set: {error}"))?;
        let found = set.keys.len();
        let (mut keys, mut left_out) = (Vec::new(), Vec::new());
        for (key, number) in set.keys.into_iter().take(MAX_KEYS).zip(1..) {
            match named(key, accepted) {
                Ok(key) => keys.extend(key),
                Err(why) => left_out.push(format!("key {number}: {why}")),
            }
        }
        if found > MAX_KEYS {
            left_out.push(format!("those after key {MAX_KEYS}: there are {found}"));
        }
        if keys.is_empty() {
            let first = left_out.first().map_or("", String::as_str);
            return Err(format!("none of its {found} keys can be used: {KINDS}. {first}").trim_end().into());
        }
        Ok(Self { keys, left_out })
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Which keys for signatures were left out, by their place, and why.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key that a token says it is signed with; the only one that could be, if it says nothing.
    pub(super) fn find(&self, token: &Token<'_>, algorithm: Algorithm) -> Result<&Key, TokenError> {
        let is_named = |named: &&Named| token.kid().is_none_or(|kid| named.kid.as_deref() == Some(kid));
        let mut named = self.keys.iter().filter(is_named).peekable();
        // Whether a key is known and not for this counts: it would not help to look for newer ones.
        named.peek().ok_or(TokenError::Key)?;
        let mut found = named.filter(|named| named.fits(algorithm));
        match (found.next(), found.next()) {
            (Some(named), None) => Ok(&named.key),
            (None, _) => Err(TokenError::Algorithm),
            (Some(_), Some(_)) => Err(TokenError::Key),
        }
    }
}

/// The key that a member of a set is; `None`: it is for something else than signatures. Or why it is left out.
fn named(jwk: Value, accepted: &[Algorithm]) -> Result<Option<Named>, &'static str> {
    const DAMAGED: &str = "a part of it is missing or damaged";
    let jwk: Jwk = serde_json::from_value(jwk).map_err(|_| "no JSON Web Key")?;
    if jwk.r#use.is_some_and(|purpose| purpose != "sig") {
        return Ok(None);
    }
    let octets =
        |member: Option<String>| Base64UrlUnpadded::decode_vec(&member.ok_or(DAMAGED)?).map_err(|_| DAMAGED);
    // Each part in full (RFC 7518 §6.2.1.2, RFC 8037 §2).
    let exactly = |length, member| {
        octets(member).and_then(|it| Some(it).filter(|it| it.len() == length).ok_or(DAMAGED))
    };
    let point = |length, x, y| Ok::<_, &str>([&[4][..], &exactly(length, x)?, &exactly(length, y)?].concat());
    let key = match (&*jwk.kty, jwk.crv.as_deref()) {
        ("EC", Some("P-256")) => Key::P256(point(32, jwk.x, jwk.y)?),
        ("EC", Some("P-384")) => Key::P384(point(48, jwk.x, jwk.y)?),
        ("OKP", Some("Ed25519")) => Key::Ed25519(exactly(32, jwk.x)?),
        ("RSA", _) => {
            let n = octets(jwk.n)?;
            let bits = n.iter().skip_while(|octet| **octet == 0).count() * 8;
            if !(2048..=8192).contains(&bits) {
                return Err("its modulus has not 2048 to 8192 bits");
            }
            Key::Rsa { n, e: octets(jwk.e)? }
        }
        ("oct", _) => return Err("a shared secret (oct), which is never taken"),
        _ => return Err("its kind is not used here"),
    };
    let algorithm = match jwk.alg.as_deref().map(Algorithm::from_name) {
        Some(None) => return Err("its algorithm is not used here"),
        Some(known) => known,
        None => None,
    };
    let key = Named { kid: jwk.kid, algorithm, key };
    match accepted.iter().any(|algorithm| key.fits(*algorithm)) {
        true => Ok(Some(key)),
        false => Err("it is for none of the algorithms that are accepted"),
    }
}
