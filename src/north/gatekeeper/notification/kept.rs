//! The registrations in the store: written before the application is told that they are there, or gone, and read
//! back when the process starts.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use crate::{
    north::{
        gatekeeper::{ApiError, EndUser},
        records::{self, RestoreError},
    },
    notify::EndpointError,
    session::{
        SessionError,
        ports::{Commit, RecordKind, RecordWrite},
    },
    task::to_its_end,
};

use super::{Event, Notifications, Registration, RegistrationError};

/// A registration as the store has it, under its key.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    /// Whose it is, and its name there. Nobody's is named by its key.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    owned: Option<Owned<'a>>,
    /// Its place among the others.
    place: u64,
    endpoint: &'a str,
    #[serde(default)]
    interface_name: Option<&'a str>,
    /// As they were given.
    end_users: Vec<&'a str>,
    /// By their numbers.
    criteria: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct Owned<'a> {
    owner: &'a str,
    correlator: &'a str,
}

impl Notifications {
    /// Reads the registrations of the store, and goes on to deliver what waits for them; before anything happens to
    /// sessions.
    pub async fn restore(&self) -> Result<(), RestoreError> {
        let (mut forbidden, mut count) = (0_usize, 0_usize);
        records::each(&**self.outbox.store(), RecordKind::Registration, |key, value| {
            let (place, registration) = self.read(key, value, &mut forbidden)?;
            self.registrations.insert(place, registration);
            count += 1;
            Ok(())
        })
        .await?;
        if count > 0 {
            info!(count, "registrations are there again");
        }
        if forbidden > 0 {
            warn!(
                count = forbidden,
                "registrations have an endpoint at an address that is not allowed any more: nothing is delivered \
                 there; [notify] allow_networks can allow it"
            );
        }
        Ok(self.outbox.resume(|letter| self.wants(letter)).await?)
    }

    /// Adds a registration. If the client goes away, it is added all the same.
    pub(super) async fn register(self: &Arc<Self>, registration: Registration) -> Result<(), ApiError> {
        let me = Arc::clone(self);
        let done = to_its_end(async move {
            let _changing = me.changing.lock().await;
            me.registrations.admit(&registration, &me.settings.get())?;
            let place = me.registrations.next();
            let owner = registration.owner.as_deref();
            let kept = Kept {
                owned: owner.map(|owner| Owned { owner, correlator: &registration.correlator }),
                place,
                endpoint: registration.endpoint.as_str(),
                interface_name: registration.interface_name.as_deref(),
                end_users: registration.end_users.iter().map(EndUser::given).collect(),
                criteria: registration.criteria.iter().map(|event| event.number()).collect(),
            };
            me.write(records::put(RecordKind::Registration, registration.key(), &kept)).await?;
            me.registrations.insert(place, registration);
            Ok(())
        });
        done.await.unwrap_or(Err(ApiError::Broken))
    }

    /// Takes a registration away, and drops what waits for it. If the client goes away, that is done all the same.
    pub(super) async fn unregister(self: &Arc<Self>, key: Arc<str>) -> Result<(), ApiError> {
        let me = Arc::clone(self);
        let done = to_its_end(async move {
            let _changing = me.changing.lock().await;
            me.registrations.get(&key).ok_or(RegistrationError::Unknown)?;
            me.write(records::remove(RecordKind::Registration, Arc::clone(&key))).await?;
            me.registrations.remove(&key, || me.forget(&key));
            me.forget_dead(&key).await;
            Ok(())
        });
        done.await.unwrap_or(Err(ApiError::Broken))
    }

    async fn write(&self, record: RecordWrite) -> Result<(), SessionError> {
        let commit = Commit { records: vec![record], ..Commit::default() };
        Ok(self.outbox.store().commit(commit).await?)
    }

    /// A registration of the store, and its place.
    fn read(
        &self,
        key: &Arc<str>,
        value: &[u8],
        forbidden: &mut usize,
    ) -> Result<(u64, Registration), RestoreError> {
        let kind = RecordKind::Registration;
        let Kept { owned, place, endpoint, interface_name, end_users, criteria } =
            records::read(kind, key, value)?;
        let endpoint = match self.outbox.notifier().endpoint(endpoint) {
            Err(EndpointError::Forbidden { .. }) => {
                *forbidden += 1;
                self.outbox.notifier().known_endpoint(endpoint)
            }
            read => read,
        };
        let unreadable = |reason: String| RestoreError::unreadable(kind, key, reason);
        let event = |number: u32| {
            let event = Event::from_number(number.into());
            event.ok_or_else(|| unreadable(format!("there is no event {number}")))
        };
        let user = |given: &str| {
            EndUser::parse(given).map_err(|_| unreadable("one of its end users is none".into()))
        };
        let registration = Registration {
            owner: owned.as_ref().map(|owned| owned.owner.into()),
            correlator: owned.map_or_else(|| Arc::clone(key), |owned| owned.correlator.into()),
            endpoint: endpoint.map_err(|_| unreadable("its endpoint is no URL that is taken".into()))?,
            interface_name: interface_name.map(str::to_owned),
            end_users: end_users.into_iter().map(user).collect::<Result<_, _>>()?,
            criteria: criteria.into_iter().map(event).collect::<Result<_, _>>()?,
        };
        Ok((place, registration))
    }
}
