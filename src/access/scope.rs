//! What an application may do, in classes of operations.

use std::fmt;

/// A class of operations that an application may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// To ask for sessions.
    Apply,
    /// To change them.
    Modify,
    /// To look at sessions and registrations.
    Read,
    /// To end sessions.
    Remove,
    /// To register for events, and to unregister.
    Notify,
    /// To do the operator's work; goes with no other.
    Admin,
    /// To ask for what comes before others: emergency services, Reservation-Priority, multimedia priority service.
    Priority,
}

impl Scope {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] =
        [Self::Apply, Self::Modify, Self::Read, Self::Remove, Self::Notify, Self::Admin, Self::Priority];

    /// Its name in files, tokens and descriptions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Modify => "modify",
            Self::Read => "read",
            Self::Remove => "remove",
            Self::Notify => "notify",
            Self::Admin => "admin",
            Self::Priority => "priority",
        }
    }

    /// The one of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Several scopes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Whether this one is among them.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & Self::bit(scope) != 0
    }

    /// Those that are in both.
    pub const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One after the other, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }

    const fn bit(scope: Scope) -> u8 {
        1 << scope as u8
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | Self::bit(scope)))
    }
}

/// Their names, separated by blanks: as the `scope` of a token is written (RFC 6749 §3.3).
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Scope::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_a_set_with_an_order() {
        let some: Scopes = [Scope::Remove, Scope::Apply, Scope::Remove].into_iter().collect();
        assert_eq!(some.to_string(), "apply remove");
        assert_eq!(some.both([Scope::Remove, Scope::Read].into_iter().collect()).to_string(), "remove");
        assert!(Scopes::default().is_empty() && !some.is_empty());
        for scope in Scope::ALL {
            assert_eq!(Scope::from_name(scope.as_str()), Some(scope));
            assert_eq!(Scopes::from_iter([scope]).iter().collect::<Vec<_>>(), [scope]);
        }
        assert_eq!(Scope::from_name("Apply"), None);
    }
}
