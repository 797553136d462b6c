//! Who calls, and what he may.

use std::sync::Arc;

use ipnet::IpNet;

use super::{Application, Denial, Scope, Scopes};
use crate::template::Pattern;

/// Which application a request shows that it is from, and of which scopes. What it may now, [`Access::admit`] says.
///
/// [`Access::admit`]: super::Access::admit
#[derive(Clone, Debug)]
pub struct Shown {
    pub(super) application: Arc<Application>,
    pub(super) scopes: Scopes,
    pub(super) by_token: bool,
}

impl Shown {
    /// With all scopes that it has.
    pub(super) fn all(application: Arc<Application>) -> Self {
        let scopes = application.terms().scopes;
        Self { application, scopes, by_token: false }
    }

    /// The id of the application.
    pub fn id(&self) -> Arc<str> {
        self.application.id()
    }
}

/// Who sent a request. Every operation is done on behalf of one.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The application; `None` without access control, where whoever reaches the listener has every right.
    pub application: Option<Arc<Application>>,
    /// What it may do with what it showed: not more than the application may.
    pub scopes: Scopes,
    /// It showed a token: who asks for more is told what one for that would have to give.
    by_token: bool,
}

impl Caller {
    /// Whoever reaches the listener, where there is no access control.
    pub fn anybody() -> Self {
        Self { application: None, scopes: Scope::ALL.into_iter().collect(), by_token: false }
    }

    /// An application, by [`Access::admit`](super::Access::admit) alone.
    pub(super) fn new(Shown { application, scopes, by_token }: Shown) -> Self {
        let scopes = application.terms().scopes.both(scopes);
        Self { application: Some(application), scopes, by_token }
    }

    /// Whose its sessions and registrations are; `None`: whose nobody's are.
    pub fn owner(&self) -> Option<Arc<str>> {
        self.application.as_ref().map(|application| application.id())
    }

    /// Whether what this owner made is there for it. To anybody all is; to an application what it made itself.
    pub fn owns(&self, owner: Option<&str>) -> bool {
        self.application.as_ref().is_none_or(|application| owner == Some(&*application.id))
    }

    /// Most live sessions.
    pub fn quota(&self) -> Option<u64> {
        self.application.as_ref()?.terms().sessions
    }

    /// Checks that it may use operations of a class.
    pub fn may(&self, scope: Scope) -> Result<(), Denial> {
        match self.scopes.has(scope) {
            true => Ok(()),
            false => Err(Denial::Scope { scope, by_token: self.by_token }),
        }
    }

    /// Checks that it may ask for an end user, in any of the forms that mean the same.
    pub fn may_ask_for(&self, forms: &[String], part: &'static str) -> Result<(), Denial> {
        let allowed = |patterns: &[Pattern]| {
            patterns.is_empty() || patterns.iter().any(|one| forms.iter().any(|form| one.matches(form)))
        };
        match &self.application {
            Some(application) if !allowed(&application.terms().end_users) => Err(Denial::EndUser { part }),
            _ => Ok(()),
        }
    }

    /// Checks that it may ask for the UE of an address, or for all of a network.
    pub fn may_reach(&self, ue: IpNet, part: &'static str) -> Result<(), Denial> {
        let allowed =
            |networks: &[IpNet]| networks.is_empty() || networks.iter().any(|network| network.contains(&ue));
        match &self.application {
            Some(application) if !allowed(&application.terms().ue) => Err(Denial::Address { part }),
            _ => Ok(()),
        }
    }

    /// Checks that it may ask for what comes before others: what `part` of a request says, if it says so.
    pub fn may_come_first(&self, part: Option<&'static str>) -> Result<(), Denial> {
        match part {
            Some(part) if !self.scopes.has(Scope::Priority) => {
                Err(Denial::Priority { part, by_token: self.by_token })
            }
            _ => Ok(()),
        }
    }
}
