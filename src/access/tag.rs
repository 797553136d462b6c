//! What stands for credentials that were seen: a keyed hash of them, so that they themselves are nowhere to be read.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Secret, secret::ChanceError};

/// Stands for credentials. Whoever has it cannot find them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tag([u8; 32]);

/// Makes tags, by a key of its own.
pub(super) struct Tagger(Hmac<Sha256>);

impl Tagger {
    pub fn new() -> Result<Self, ChanceError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|_| ChanceError)?;
        Ok(Self(Hmac::new_from_slice(&key).expect("a key may have any length")))
    }

    /// Of an id, which may be empty, and a secret.
    pub fn tag(&self, id: &str, secret: &Secret) -> Tag {
        let mut keyed = self.0.clone();
        // Where one ends and the other begins counts, too.
        keyed.update(&u64::try_from(id.len()).unwrap_or(u64::MAX).to_be_bytes());
        keyed.update(id.as_bytes());
        keyed.update(secret.reveal().as_bytes());
        Tag(keyed.finalize().into_bytes().into())
    }
}

impl Tag {
    /// Its place among so many, of which there is one at least and 65,536 at most; nobody can choose it.
    pub fn slot(&self, slots: usize) -> usize {
        let [first, second, ..] = self.0;
        usize::from(u16::from_be_bytes([first, second])) % slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_credentials_and_other_keys_have_other_tags() {
        let (tagger, another) = (Tagger::new().unwrap(), Tagger::new().unwrap());
        let tag = |id: &str, secret: &str| tagger.tag(id, &Secret::from(secret));
        assert_eq!(tag("a", "bc"), tag("a", "bc"));
        for (id, secret) in [("ab", "c"), ("", "abc"), ("a", "bd"), ("A", "bc")] {
            assert_ne!(tag("a", "bc"), tag(id, secret));
        }
        assert_ne!(tag("a", "bc"), another.tag("a", &Secret::from("bc")));
        assert!(tag("a", "bc").slot(7) < 7);
    }
}
