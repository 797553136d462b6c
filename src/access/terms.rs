//! What was agreed with an application: its id and secrets, its rights, and how much it may do.

use ipnet::IpNet;

use super::{Scope, Scopes, SecretHash};
use crate::template::Pattern;

/// Most secrets of an application: the one in use, and the one that follows it.
pub const MAX_SECRETS: usize = 2;

/// The form of an id.
pub const ID: &str = "1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit";

/// Whether a text can be the id of an application.
pub fn is_id(text: &str) -> bool {
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"._-".contains(&octet);
    text.len() <= 64
        && text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
        && text.bytes().all(legal)
}

/// What an application is, and what it may do.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Its name in Basic, tokens, logs and stored sessions.
    pub id: String,
    /// Of its secrets, the newest last; at most [`MAX_SECRETS`]. With none it cannot show who it is by one.
    pub secrets: Vec<SecretHash>,
    /// Classes of operations that it may use.
    pub scopes: Scopes,
    /// endUserIds that it may ask for; empty: every one.
    pub end_users: Vec<Pattern>,
    /// Networks that UE addresses must be in; empty: any.
    pub ue: Vec<IpNet>,
    /// Requests a second, in the long run; `None`: no limit.
    pub rate: Option<u32>,
    /// Requests at once, if there were none for a while.
    pub burst: u32,
    /// Most live sessions; `None`: no limit.
    pub sessions: Option<u64>,
    /// Whether it may do anything at all.
    pub active: bool,
}

impl Terms {
    /// An active one without secrets and without limits.
    pub fn new(id: impl Into<String>, scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self {
            id: id.into(),
            secrets: Vec::new(),
            scopes: scopes.into_iter().collect(),
            end_users: Vec::new(),
            ue: Vec::new(),
            rate: None,
            burst: 1,
            sessions: None,
            active: true,
        }
    }
}

impl PartialEq for Terms {
    fn eq(&self, other: &Self) -> bool {
        let Self { id, secrets, scopes, end_users, ue, rate, burst, sessions, active } = other;
        self.id == *id
            && self.secrets == *secrets
            && self.scopes == *scopes
            && self.end_users.iter().map(Pattern::as_str).eq(end_users.iter().map(Pattern::as_str))
            && self.ue == *ue
            && (self.rate, self.burst, self.sessions, self.active) == (*rate, *burst, *sessions, *active)
    }
}

impl Eq for Terms {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_no_character_that_means_anything_elsewhere() {
        for id in ["video", "v", "0", "Video-2.eu_west"] {
            assert!(is_id(id), "{id}");
        }
        for id in ["", ".", "-a", "a b", "a:b", "a/b", "ä", "a\u{1}", &"a".repeat(65)] {
            assert!(!is_id(id), "{id}");
        }
    }
}
