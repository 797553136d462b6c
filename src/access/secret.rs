//! Secrets of applications, and what is kept of them: argon2id (RFC 9106), in the usual text form of password hashes
//! (`$argon2id$v=19$m=...,t=...,p=...$salt$hash`).

use std::{borrow::Cow, fmt};

use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};
use thiserror::Error;

/// Octets of chance in a generated secret.
const CHANCE: usize = 32;

/// Octets of a salt (RFC 9106 §3.1).
const SALT: usize = 16;

/// Octets of a hash.
const TAG: usize = 32;

/// Names of memory, passes and lanes in a hash.
const COSTS: [&str; 3] = ["m", "t", "p"];

/// Memory, passes and lanes of a new hash: OWASP's first choice for argon2id with little memory. KiB.
const COST: [u32; 3] = [19_456, 2, 1];

/// Most that a hash from elsewhere may cost: one verification runs at a time, and the others wait for it. With
/// room for the second choice of RFC 9106 §4: 64 MiB, 3 passes, 4 lanes. KiB, passes, lanes.
const MOST: [u32; 3] = [65_536, 8, 16];

/// Longest hash. Octets.
const MAX_TEXT: usize = 512;

/// Begins every generated secret, so that a leaked one can be found by searching for it.
const MARK: &str = "rxgate_";

/// Characters after that from which on it is taken for a secret, or most of one: all of it has 43.
const TELLING: usize = 32;

/// A text that somebody wrote, to be shown: without the generated secrets in it, which were meant for another place.
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    let is_of_one = |octet: u8| octet.is_ascii_alphanumeric() || b"-_".contains(&octet);
    let mut shown = Cow::Borrowed("");
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        let (before, from) = rest.split_at(at);
        let length = from.bytes().take_while(|octet| is_of_one(*octet)).count();
        let (found, after) = from.split_at(length);
        shown += before;
        shown += if length < MARK.len() + TELLING { found } else { "[a secret]" };
        rest = after;
    }
    shown += rest;
    shown
}

/// A secret in clear. Never shown, except to whoever it is made for.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A new one, of the system's chance.
    pub fn generate() -> Result<Self, ChanceError> {
        let mut chance = [0; CHANCE];
        getrandom::fill(&mut chance).map_err(|_| ChanceError)?;
        Ok(Self(format!("{MARK}{}", Base64UrlUnpadded::encode_string(&chance))))
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// The system gives no chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the system gives no random numbers")]
pub struct ChanceError;

/// Why a text is not taken for the hash of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HashError {
    /// It is none. It is not shown: it may be a secret.
    #[error("what is no hash of a secret")]
    Form,
    /// It is one, and comparing with it costs more than is accepted.
    #[error("a hash with {0}, which is more than one may cost")]
    Cost(String),
}

/// What is kept of a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash {
    text: String,
    params: Params,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl SecretHash {
    /// The form that is accepted.
    pub const FORM: &str = "an argon2id hash as `rxgate app add` writes it, $argon2id$v=19$m=...,t=...,p=...$...$..., \
                            with at most m=65536, t=8 and p=16";

    /// Of a secret, with a new salt. Takes some ten milliseconds of processor time.
    pub fn of(secret: &Secret) -> Result<Self, ChanceError> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt).map_err(|_| ChanceError)?;
        let mut tag = [0; TAG];
        let [memory, passes, lanes] = COST;
        let params = Params::new(memory, passes, lanes, Some(TAG)).expect("the cost is within bounds");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let hashed = argon2.hash_password_into(secret.reveal().as_bytes(), &salt, &mut tag);
        hashed.expect("a salt and a tag of these lengths are within bounds");
        let text = format!(
            "$argon2id$v=19$m={memory},t={passes},p={lanes}${}${}",
            Base64Unpadded::encode_string(&salt),
            Base64Unpadded::encode_string(&tag)
        );
        Ok(Self { text, params, salt: salt.to_vec(), tag: tag.to_vec() })
    }

    /// The hash that a text is.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        let (costs, salt, tag) =
            Some(text).filter(|text| text.len() <= MAX_TEXT).and_then(parts).ok_or(HashError::Form)?;
        for ((name, cost), most) in COSTS.into_iter().zip(costs).zip(MOST) {
            if cost > most {
                return Err(HashError::Cost(format!("{name}={cost}")));
            }
        }
        let [memory, passes, lanes] = costs;
        let params = Params::new(memory, passes, lanes, Some(tag.len())).map_err(|_| HashError::Form)?;
        Ok(Self { text: text.to_owned(), params, salt, tag })
    }

    /// Whether it is that of this secret. Takes some ten milliseconds of processor time, whatever the answer.
    pub fn is_of(&self, secret: &Secret) -> bool {
        let mut tag = vec![0; self.tag.len()];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        let hashed = argon2.hash_password_into(secret.reveal().as_bytes(), &self.salt, &mut tag);
        // Each octet counts, so that the time does not tell where they differ.
        let differs = tag.iter().zip(&self.tag).fold(0, |differs, (one, other)| differs | (one ^ other));
        hashed.is_ok() && differs == 0
    }

    /// As it is written in a file.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The costs, the salt and the tag.
fn parts(text: &str) -> Option<([u32; 3], Vec<u8>, Vec<u8>)> {
    let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
    let (costs, salt, tag) = (parts.next()?, parts.next()?, parts.next()?);
    let mut costs = costs.split(',');
    let mut cost = |name| costs.next()?.strip_prefix(name)?.strip_prefix('=')?.parse().ok();
    let [memory, passes, lanes] = COSTS.map(&mut cost);
    let found = [memory?, passes?, lanes?];
    let salt = Base64Unpadded::decode_vec(salt).ok().filter(|salt| salt.len() >= argon2::MIN_SALT_LEN)?;
    let tag = Base64Unpadded::decode_vec(tag).ok().filter(|tag| tag.len() >= SALT)?;
    let is_whole = parts.next().is_none() && costs.next().is_none();
    is_whole.then_some((found, salt, tag))
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `password` with `somesalt`, as the reference implementation prints it: -id -t 2 -k 256 -p 1 -l 32.
    const REFERENCE: &str =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    #[test]
    fn a_hash_is_that_of_its_secret_and_survives_being_written() {
        let secret = Secret::generate().unwrap();
        let hash = SecretHash::of(&secret).unwrap();
        let read = SecretHash::parse(hash.as_str()).unwrap();
        assert_eq!(read, hash);
        assert!(read.is_of(&secret) && !read.is_of(&Secret::generate().unwrap()));
        assert_ne!(SecretHash::of(&secret).unwrap(), hash, "the salt is another one");
    }

    #[test]
    fn the_hash_of_another_program_is_understood() {
        let hash = SecretHash::parse(REFERENCE).unwrap();
        assert!(hash.is_of(&"password".into()) && !hash.is_of(&"passwore".into()));
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for (from, to) in [
            ("argon2id", "argon2i"),
            ("v=19", "v=16"),
            ("m=256", "m=0"),
            ("m=256", "m=4294967296"),
            ("p=1", "p=1,x=1"),
            ("c29tZXNhbHQ", "c29t"),
            ("c29tZXNhbHQ", "c29tZXNhbHQ="),
            ("nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "nf65"),
            ("$nf65", "$x$nf65"),
        ] {
            let text = REFERENCE.replace(from, to);
            assert_ne!(text, REFERENCE);
            assert_eq!(SecretHash::parse(&text), Err(HashError::Form), "{text}");
        }
        assert_eq!(SecretHash::parse(""), Err(HashError::Form));
    }

    #[test]
    fn what_costs_too_much_is_refused_with_what_is_accepted() {
        let [memory, passes, lanes] = MOST;
        let most = format!("m={memory},t={passes},p={lanes}");
        assert!(SecretHash::parse(&REFERENCE.replace("m=256,t=2,p=1", &most)).is_ok());
        for (from, cost) in [("m=256", "m=65537"), ("t=2", "t=9"), ("p=1", "p=17")] {
            let text = REFERENCE.replace(from, cost);
            assert_eq!(SecretHash::parse(&text), Err(HashError::Cost(cost.into())), "{text}");
        }
        let accepted = format!("at most m={memory}, t={passes} and p={lanes}");
        assert!(SecretHash::FORM.ends_with(&accepted), "{}", SecretHash::FORM);
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not_shown() {
        let secret = Secret::generate().unwrap();
        let secret = secret.reveal();
        let most = &secret[..MARK.len() + TELLING];
        for (text, shown) in [
            (format!("`id` is \"{secret}\""), "`id` is \"[a secret]\""),
            (format!("ä{secret}/{most}ä"), "ä[a secret]/[a secret]ä"),
            (format!("x{secret}{secret}"), "x[a secret]"),
            ("rxgate_ rxgate_store_group_size".into(), "rxgate_ rxgate_store_group_size"),
            ("/etc/rxgate/rxgate_".into(), "/etc/rxgate/rxgate_"),
            (String::new(), ""),
        ] {
            assert_eq!(without_secrets(&text), shown);
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let secret = Secret::generate().unwrap();
        assert!(secret.reveal().starts_with(MARK) && secret.reveal().len() == MARK.len() + 43);
        assert_eq!(format!("{secret:?}"), "[REDACTED]");
        assert_eq!(format!("{:?}", SecretHash::parse(REFERENCE).unwrap()), "[REDACTED]");
    }
}
