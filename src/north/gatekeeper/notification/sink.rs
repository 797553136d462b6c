//! From what happens to sessions to what applications are told.

use std::sync::Arc;

use tokio::sync::watch;
use tracing::{debug, error, warn};

use crate::{
    BoxFuture,
    notify::Notification,
    session::{
        QosEvent, Report,
        ports::{EventSink, Letter},
    },
};

use super::{Event, Notifications, Registration, body};

impl EventSink for Notifications {
    fn emit(&self, event: Arc<QosEvent>, _: Vec<Letter>, release: BoxFuture<'static, ()>) {
        let Some(what) = Event::of(event.kind) else {
            debug!(rx_session = %event.rx_session, number = event.kind.number(), "an event of no application");
            return;
        };
        let aborted = event.ended && what == Event::RELEASE_OF_BEARER;
        let also_released = aborted && self.settings.get().abort_also_released;
        let mut release = Release::New(release);
        self.registrations.each_of(&event.end_user, |registration| {
            if registration.criteria.contains(&what) {
                self.send(registration, &event, what, &event.report, release.share());
            }
            if also_released && registration.criteria.contains(&Event::RELEASED) {
                let nothing = Report::default();
                self.send(registration, &event, Event::RELEASED, &nothing, release.share());
            }
        });
    }
}

impl Notifications {
    fn send(
        &self,
        registration: &Registration,
        event: &QosEvent,
        what: Event,
        report: &Report,
        release: BoxFuture<'static, ()>,
    ) {
        let (rx_session, number) = (&event.rx_session, what.number());
        let mut users = registration.end_users.iter();
        let user = users.find(|user| user.normalised() == event.end_user);
        let given = user.map_or(&*event.end_user, |user| user.given());
        let body = match body::render(&registration.correlator, given, what, report) {
            Ok(body) => body,
            Err(error) => return error!(%rx_session, number, %error, "an event cannot be written as JSON"),
        };
        let notification = Notification { endpoint: registration.endpoint.clone(), body, release };
        if let Err(error) = self.notifier.send(&registration.correlator, notification) {
            warn!(%rx_session, number, %error, "an application is not told of an event");
        }
    }
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
