//! From what happens to sessions to what applications are told.

use std::sync::Arc;

use tokio::sync::watch;
use tracing::{debug, error, warn};

use crate::{
    BoxFuture,
    session::{
        QosEvent, Report,
        ports::{EventSink, Letter},
    },
};

use super::{Event, Notifications, Registration, body};

/// What the queues of this interface begin with; the key of the registration follows.
const QUEUE: &str = "gatekeeper:";

impl EventSink for Notifications {
    fn letters(&self, event: &QosEvent) -> Vec<Letter> {
        let Some(what) = Event::of(event.kind) else {
            debug!(rx_session = %event.rx_session, number = event.kind.number(), "an event of no application");
            return Vec::new();
        };
        let aborted = event.ended && what == Event::RELEASE_OF_BEARER;
        let also_released = aborted && self.settings.get().abort_also_released;
        let mut letters = Vec::new();
        self.registrations.each_of(&event.end_user, |registration| {
            if registration.owner != event.owner {
                return;
            }
            if registration.criteria.contains(&what) {
                letters.extend(self.letter(registration, event, what, &event.report));
            }
            if also_released && registration.criteria.contains(&Event::RELEASED) {
                letters.extend(self.letter(registration, event, Event::RELEASED, &Report::default()));
            }
        });
        letters
    }

    fn emit(&self, _: Arc<QosEvent>, letters: Vec<Letter>, release: BoxFuture<'static, ()>) {
        let mut release = Release::New(release);
        for letter in letters {
            let release = release.share();
            self.of_letter(&letter, |registration| match registration {
                Some(registration) => self.outbox.post(&letter, registration.endpoint.clone(), release),
                // It was removed while the letter was being stored.
                None => self.outbox.drop_letter(letter.id),
            });
        }
    }
}

impl Notifications {
    fn letter(
        &self,
        registration: &Registration,
        event: &QosEvent,
        what: Event,
        report: &Report,
    ) -> Option<Letter> {
        let (rx_session, number) = (event.rx_session.clone(), what.number());
        let mut users = registration.end_users.iter();
        let user = users.find(|user| user.normalised() == event.end_user);
        let given = user.map_or(&*event.end_user, |user| user.given());
        let body = match body::render(&registration.correlator, given, what, report) {
            Ok(body) => body,
            Err(error) => {
                error!(%rx_session, number, %error, "an event cannot be written as JSON");
                return None;
            }
        };
        Some(Letter {
            id: self.outbox.next_id(),
            queue: queue(&registration.key()).into(),
            endpoint: registration.endpoint.as_str().into(),
            body: body.into(),
            at: event.at,
            rx_session,
            number,
        })
    }

    /// Shows the registration that a letter was written for: one that was made since then is another one, unless
    /// everything goes where it went.
    pub(super) fn of_letter<T>(&self, letter: &Letter, show: impl FnOnce(Option<&Registration>) -> T) -> T {
        let key = letter.queue.strip_prefix(QUEUE).unwrap_or_default();
        self.registrations.with(key, |registration| {
            show(registration.filter(|registration| registration.endpoint.as_str() == &*letter.endpoint))
        })
    }

    /// Drops what waits for a registration.
    pub(super) fn forget(&self, key: &str) {
        self.outbox.forget(&queue(key));
    }

    /// Drops what was given up of a registration that is gone: it names end users. What the store does not let go now,
    /// the next start drops.
    pub(super) async fn forget_dead(&self, key: &str) {
        if let Err(error) = self.outbox.forget_dead(&queue(key)).await {
            warn!(%error, "notifications of a registration that is gone stay until the next start");
        }
    }
}

fn queue(key: &str) -> String {
    format!("{QUEUE}{key}")
}

/// The moment from which anybody may be told, for as many as there are.
enum Release {
    New(BoxFuture<'static, ()>),
    Shared(watch::Receiver<()>),
}

impl Release {
    fn share(&mut self) -> BoxFuture<'static, ()> {
        let mut released = match self {
            Self::Shared(released) => released.clone(),
            Self::New(release) => {
                let (hold, released) = watch::channel(());
                let release = std::mem::replace(release, Box::pin(async {}));
                tokio::spawn(async move {
                    release.await;
                    drop(hold);
                });
                *self = Self::Shared(released.clone());
                released
            }
        };
        Box::pin(async move {
            // Nothing is ever sent: what is waited for is that the sender goes.
            _ = released.changed().await;
        })
    }
}
