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
    /// The application's name for it; no two have the same.
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
    by_correlator: HashMap<Arc<str>, u64>,
    /// By the normalised end user.
    by_user: HashMap<String, BTreeSet<u64>>,
    /// End users of all registrations, counted once for each.
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
        if inner.by_correlator.contains_key(&registration.correlator) {
            let correlator = registration.correlator.to_string();
            return Err(RegistrationError::Duplicate { correlator });
        }
        let max = settings.max_registrations;
        if inner.in_order.len() >= max {
            return Err(RegistrationError::TooMany { max, of: "registrations" });
        }
        let (max, users) = (settings.max_end_users_in_all, registration.end_users.len());
        if users > max.saturating_sub(inner.users) {
            return Err(RegistrationError::TooMany { max, of: "endUserIdentities of all registrations" });
        }
        Ok(())
    }

    /// The place of the next one: behind all others.
    pub fn next(&self) -> u64 {
        self.read().next
    }

    /// Adds one whose correlator is free, at a place that is free.
    pub fn insert(&self, place: u64, registration: Registration) {
        let mut inner = self.write();
        inner.users += registration.end_users.len();
        inner.next = inner.next.max(place.saturating_add(1));
        inner.by_correlator.insert(Arc::clone(&registration.correlator), place);
        for user in &registration.end_users {
            inner.by_user.entry(user.normalised().to_owned()).or_default().insert(place);
        }
        inner.in_order.insert(place, Arc::new(registration));
    }

    /// Takes one out, and does `then` before anybody can look again; `false` if there is none.
    pub fn remove(&self, correlator: &str, then: impl FnOnce()) -> bool {
        let mut inner = self.write();
        let Some(number) = inner.by_correlator.remove(correlator) else { return false };
        let users = inner.in_order.remove(&number).map(|registration| registration.end_users.clone());
        let users = users.unwrap_or_default();
        inner.users = inner.users.saturating_sub(users.len());
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

    /// The one of this correlator.
    pub fn get(&self, correlator: &str) -> Option<Arc<Registration>> {
        let inner = self.read();
        let number = inner.by_correlator.get(correlator)?;
        inner.in_order.get(number).cloned()
    }

    /// Shows the one of this correlator, which is not removed before `show` has returned.
    pub fn with<T>(&self, correlator: &str, show: impl FnOnce(Option<&Registration>) -> T) -> T {
        let inner = self.read();
        let found = inner.by_correlator.get(correlator).and_then(|number| inner.in_order.get(number));
        show(found.map(Arc::as_ref))
    }

    /// All correlators, in the order in which they were registered.
    pub fn correlators(&self) -> Vec<Arc<str>> {
        self.read().in_order.values().map(|registration| Arc::clone(&registration.correlator)).collect()
    }

    /// Shows every registration for a normalised end user, in the order in which they came. None of them is
    /// removed before `show` has returned.
    pub fn each_of(&self, end_user: &str, mut show: impl FnMut(&Registration)) {
        let inner = self.read();
        let numbers = inner.by_user.get(end_user).into_iter().flatten();
        numbers.filter_map(|number| inner.in_order.get(number)).for_each(|registration| show(registration));
    }

    /// What a new session of this normalised end user subscribes to for its registrations.
    pub fn events_of(&self, end_user: &str) -> Vec<SpecificAction> {
        let mut actions = Vec::new();
        self.each_of(end_user, |registration| {
            actions.extend(registration.criteria.iter().filter_map(|event| event.subscription()));
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
