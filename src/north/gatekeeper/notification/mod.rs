//! QoS notifications: Register, Unregister and List, and the events that go to the applications.
//!
//! A registration names end users and events; whatever happens to any session of these users is told to its
//! endpoint, in order, until the application takes it ([`Outbox`]). Sessions of other owners than its own are none of
//! its business. It is independent of sessions: those that
//! are there already report what they subscribed to when they were asked for, later ones what is registered
//! then, too. Registrations outlive the process if the store does: see `kept`.

mod body;
mod error;
mod event;
mod kept;
mod registration;
mod routes;
mod sink;

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::{access::Caller, live::Live, north::outbox::Outbox, rx::AaRequest, session::ports::Letter};

use super::EndUser;

pub(super) use body::Notify;
pub use error::RegistrationError;
pub use event::Event;
pub use registration::{Registration, Registrations};
pub(super) use routes::routes;

/// Bounds and choices of the notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotificationSettings {
    /// Whether an ASR is QOS_FEATURE_RELEASED (12) after INDICATION_OF_RELEASE_OF_BEARER (4). Default no.
    pub abort_also_released: bool,
    /// Most registrations at a time, a quarter of them of one application. Default 10,000.
    pub max_registrations: usize,
    /// Most endUserIdentities of a registration. Default 1,000.
    pub max_end_users: usize,
    /// Most endUserIdentities over all registrations, for the sake of memory, a quarter of them of one application.
    /// Default 1,000,000.
    pub max_end_users_in_all: usize,
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            abort_also_released: false,
            max_registrations: 10_000,
            max_end_users: 1000,
            max_end_users_in_all: 1_000_000,
        }
    }
}

/// The part of what all may have that one application may have: so one alone cannot use it up, and neither can two or
/// three, while few of an operator's applications need more than a quarter.
const SHARE: usize = 4;

impl NotificationSettings {
    /// Most registrations of an owner.
    fn registrations_of(&self, owner: Option<&str>) -> usize {
        share(self.max_registrations, owner)
    }

    /// Most endUserIdentities over all registrations of an owner.
    fn end_users_of(&self, owner: Option<&str>) -> usize {
        share(self.max_end_users_in_all, owner)
    }
}

/// Nobody in particular has no share of his own: without access control all of it is his.
fn share(all: usize, owner: Option<&str>) -> usize {
    if owner.is_some() { all.div_ceil(SHARE) } else { all }
}

/// The registrations, and the way to the applications. Takes the events of the sessions.
pub struct Notifications {
    settings: Live<NotificationSettings>,
    registrations: Registrations,
    outbox: Arc<Outbox>,
    /// Held while a registration is made or taken away: the store and the memory change in the same order.
    changing: Mutex<()>,
}

impl Notifications {
    /// Without registrations; [`restore`](Self::restore) reads those of the outbox's store.
    pub fn new(outbox: Arc<Outbox>, settings: impl Into<Live<NotificationSettings>>) -> Arc<Self> {
        let (settings, registrations, changing) =
            (settings.into(), Registrations::default(), Mutex::default());
        Arc::new(Self { settings, registrations, outbox, changing })
    }

    /// What is told to applications, and kept until they have it.
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// Whether the registration that a letter was written for is still there.
    pub fn wants(&self, letter: &Letter) -> bool {
        self.of_letter(letter, |registration| registration.is_some())
    }

    /// Tells whether the registration that a letter was written for is still there. None is taken away before
    /// `then` has returned.
    pub fn while_wanted(&self, letter: &Letter, then: &mut dyn FnMut(bool)) {
        self.of_letter(letter, |registration| then(registration.is_some()));
    }

    /// The service of a new session, which subscribes to what is registered for its end user, beside the
    /// baseline. Only the request that opens a session can (TS 29.214 §5.3.13).
    pub(super) fn subscribe(
        &self,
        caller: &Caller,
        user: &EndUser,
        service: AaRequest<'static>,
    ) -> AaRequest<'static> {
        let owner = caller.owner();
        let specific_action = self.registrations.events_of(owner.as_deref(), user.normalised()).into();
        AaRequest { specific_action, ..service }
    }
}

impl std::fmt::Debug for Notifications {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notifications").field("settings", &self.settings.get()).finish_non_exhaustive()
    }
}
