//! Who wants to be told of what: the registrations, as they are looked up.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::{dict::enums::SpecificAction, north::gatekeeper::EndUser, notify::Endpoint};

use super::{Event, NotificationSettings, RegistrationError};

/// A registration for events.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Who made it; `None`: nobody in particular.
    pub owner: Option<Arc<str>>,
    /// The application's name for it; no two of one owner have the same.
    pub correlator: Arc<str>,
    /// Where the events go.
    pub endpoint: Endpoint,
    /// As it was given; means nothing here.
    pub interface_name: Option<String>,
    /// Whose events; each once.
    pub end_users: Vec<EndUser>,
    /// Which events; each once.
    pub criteria: Vec<Event>,
}

impl Registration {
    /// Its name among those of all owners.
    pub fn key(&self) -> Arc<str> {
        key(self.owner.as_deref(), &self.correlator)
    }
}

/// The name of a registration among those of all owners. No correlator has a control character, and no owner's name.
pub fn key(owner: Option<&str>, correlator: &str) -> Arc<str> {
    match owner {
        Some(owner) => format!("\n{owner}\n{correlator}").into(),
        None => correlator.into(),
    }
}

/// All registrations.
///
/// Nothing waits while it holds the lock: readers only copy or queue, writers only insert or take out.
#[derive(Debug, Default)]
pub struct Registrations(RwLock<Inner>);

/// Registrations by the order in which they came.
#[derive(Debug, Default)]
struct Inner {
    next: u64,
    in_order: BTreeMap<u64, Arc<Registration>>,
    /// By [`Registration::key`].
    by_key: HashMap<Arc<str>, u64>,
    /// By the normalised end user.
    by_user: HashMap<String, BTreeSet<u64>>,
    /// End users of all registrations, counted once for each.
    users: usize,
    /// What each owner has of them.
    of: HashMap<Option<Arc<str>>, Count>,
}

/// What an owner has.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    registrations: usize,
    /// End users of all of them.
    users: usize,
}

impl Registrations {
    /// Whether there may be this one beside those that there are.
    pub fn admit(
        &self,
        registration: &Registration,
        settings: &NotificationSettings,
    ) -> Result<(), RegistrationError> {
        let inner = self.read();
        if inner.by_key.contains_key(&registration.key()) {
            let correlator = registration.correlator.to_string();
            return Err(RegistrationError::Duplicate { correlator });
        }
        let owner = registration.owner.as_deref();
        let its_own = inner.of.get(&registration.owner).copied().unwrap_or_default();
        for (max, found, of) in [
            (settings.max_registrations, inner.in_order.len(), "registrations"),
            (settings.registrations_of(owner), its_own.registrations, "registrations of one application"),
        ] {
            if found >= max {
                return Err(RegistrationError::TooMany { max, of });
            }
        }
        let users = registration.end_users.len();
        for (max, found, of) in [
            (settings.max_end_users_in_all, inner.users, "endUserIdentities of all registrations"),
            (settings.end_users_of(owner), its_own.users, "endUserIdentities of one application"),
        ] {
            if users > max.saturating_sub(found) {
                return Err(RegistrationError::TooMany { max, of });
            }
        }
        Ok(())
    }

    /// The place of the next one: behind all others.
    pub fn next(&self) -> u64 {
        self.read().next
    }

    /// Adds one whose key is free, at a place that is free.
    pub fn insert(&self, place: u64, registration: Registration) {
        let mut inner = self.write();
        inner.users += registration.end_users.len();
        let its_own = inner.of.entry(registration.owner.clone()).or_default();
        its_own.registrations += 1;
        its_own.users += registration.end_users.len();
        inner.next = inner.next.max(place.saturating_add(1));
        inner.by_key.insert(registration.key(), place);
        for user in &registration.end_users {
            inner.by_user.entry(user.normalised().to_owned()).or_default().insert(place);
        }
        inner.in_order.insert(place, Arc::new(registration));
    }

    /// Takes one out, and does `then` before anybody can look again; `false` if there is none.
    pub fn remove(&self, key: &str, then: impl FnOnce()) -> bool {
        let mut inner = self.write();
        let Some(number) = inner.by_key.remove(key) else { return false };
        let Some(removed) = inner.in_order.remove(&number) else { return false };
        let users = &removed.end_users;
        inner.users = inner.users.saturating_sub(users.len());
        if let Some(its_own) = inner.of.get_mut(&removed.owner) {
            its_own.registrations = its_own.registrations.saturating_sub(1);
            its_own.users = its_own.users.saturating_sub(users.len());
            if its_own.registrations == 0 {
                inner.of.remove(&removed.owner);
            }
        }
        for user in users {
            if let Some(numbers) = inner.by_user.get_mut(user.normalised()) {
                numbers.remove(&number);
                if numbers.is_empty() {
                    inner.by_user.remove(user.normalised());
                }
            }
        }
        then();
        true
    }

    /// The one of this key.
    pub fn get(&self, key: &str) -> Option<Arc<Registration>> {
        let inner = self.read();
        let number = inner.by_key.get(key)?;
        inner.in_order.get(number).cloned()
    }

    /// Shows the one of this key, which is not removed before `show` has returned.
    pub fn with<T>(&self, key: &str, show: impl FnOnce(Option<&Registration>) -> T) -> T {
        let inner = self.read();
        let found = inner.by_key.get(key).and_then(|number| inner.in_order.get(number));
        show(found.map(Arc::as_ref))
    }

    /// The correlators of those that are `wanted`, in the order in which they were registered.
    pub fn correlators(&self, wanted: impl Fn(&Registration) -> bool) -> Vec<Arc<str>> {
        let inner = self.read();
        let all = inner.in_order.values().filter(|registration| wanted(registration));
        all.map(|registration| Arc::clone(&registration.correlator)).collect()
    }

    /// Shows every registration for a normalised end user, in the order in which they came. None of them is
    /// removed before `show` has returned.
    pub fn each_of(&self, end_user: &str, mut show: impl FnMut(&Registration)) {
        let inner = self.read();
        let numbers = inner.by_user.get(end_user).into_iter().flatten();
        numbers.filter_map(|number| inner.in_order.get(number)).for_each(|registration| show(registration));
    }

    /// What a new session of this owner and normalised end user subscribes to for the registrations of both.
    pub fn events_of(&self, owner: Option<&str>, end_user: &str) -> Vec<SpecificAction> {
        let mut actions = Vec::new();
        self.each_of(end_user, |registration| {
            if registration.owner.as_deref() == owner {
                actions.extend(registration.criteria.iter().filter_map(|event| event.subscription()));
            }
        });
        actions.sort_unstable();
        actions.dedup();
        actions
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
