//! The applications in force, and how one shows that it is the one that it says.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, LazyLock, PoisonError, RwLock},
    time::Duration,
};

use tokio::{sync::watch, task::spawn_blocking, time::Instant};
use tracing::debug;

use super::{
    Caller, Denial, MAX_SECRETS, Secret, SecretHash, Shown, Terms,
    attempts::{Attempts, Place},
    bearers::Bearers,
    figures::Counters,
    pace::{Pace, Rate},
    secret::ChanceError,
    token::Tokens,
    verified::{Known, Outcome, Ticket, Verified},
};
use crate::counters::count;

/// An application in force.
#[derive(Debug)]
pub struct Application {
    pub(super) id: Arc<str>,
    terms: Terms,
    /// Of its requests; goes on when its terms change.
    pace: Arc<Pace>,
}

impl Application {
    /// Its id, as its sessions have it.
    pub fn id(&self) -> Arc<str> {
        Arc::clone(&self.id)
    }

    /// What it may do.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }
}

/// All applications, as they are at one moment.
#[derive(Debug, Default)]
pub(super) struct Table {
    generation: u64,
    by_id: HashMap<Arc<str>, Arc<Application>>,
}

impl Table {
    /// Counts how often they changed.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    pub fn find(&self, id: &str) -> Option<Arc<Application>> {
        self.by_id.get(id).cloned()
    }

    /// The next one, in which applications go on that are in this one.
    fn next(&self, applications: Vec<Terms>) -> Self {
        let by_id = applications.into_iter().map(|terms| {
            let before = self.by_id.get(&*terms.id);
            let pace = before.map_or_else(Arc::default, |before| Arc::clone(&before.pace));
            let id: Arc<str> = terms.id.as_str().into();
            (Arc::clone(&id), Arc::new(Application { id, terms, pace }))
        });
        Self { generation: self.generation + 1, by_id: by_id.collect() }
    }
}

/// Access control: the applications, and what is known of credentials.
pub struct Access {
    table: RwLock<Arc<Table>>,
    beginning: Instant,
    pub(super) verified: Arc<Verified>,
    attempts: Arc<Attempts>,
    pub(super) bearers: Bearers,
    pub(super) tokens: Tokens,
    pub(super) counters: Counters,
}

impl Access {
    /// With these applications, no two of one id, and without tokens.
    pub fn new(applications: Vec<Terms>) -> Result<Arc<Self>, ChanceError> {
        Self::with_tokens(applications, Tokens::default())
    }

    /// With these applications, no two of one id, and these tokens.
    pub fn with_tokens(applications: Vec<Terms>, tokens: Tokens) -> Result<Arc<Self>, ChanceError> {
        let beginning = Instant::now();
        let table = Table::default().next(applications);
        Ok(Arc::new(Self {
            table: RwLock::new(Arc::new(table)),
            beginning,
            verified: Arc::new(Verified::new()?),
            attempts: Attempts::new(),
            bearers: Bearers::new()?,
            tokens,
            counters: Counters::default(),
        }))
    }

    /// Puts these applications into force instead.
    pub fn put(&self, applications: Vec<Terms>) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        *table = Arc::new(table.next(applications));
    }

    /// The terms in force, in no order.
    pub fn terms(&self) -> Vec<Terms> {
        self.table().by_id.values().map(|application| application.terms.clone()).collect()
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Application>> {
        self.table().find(id)
    }

    /// The application that a certificate shows, which names it by its id.
    pub fn certified(&self, name: &str) -> Result<Shown, Denial> {
        self.find(name).map(Shown::all).ok_or(Denial::Unknown)
    }

    /// The application that this id and secret show; `from`: where from.
    ///
    /// Costs processor time only for what was not looked at before, and of that not much altogether.
    pub async fn basic(self: &Arc<Self>, id: &str, secret: Secret, from: IpAddr) -> Result<Shown, Denial> {
        let application = self.verify(id, secret, from).await.inspect_err(|denial| {
            count(match denial {
                Denial::Attempts { .. } => &self.counters.limited,
                Denial::Busy => &self.counters.busy,
                _ => &self.counters.wrong,
            });
        })?;
        count(&self.counters.right);
        Ok(Shown::all(application))
    }

    /// Lets an application in that has shown who it is, with those of its scopes that it showed; counts a request of
    /// it. Every way in leads through here.
    pub fn admit(&self, shown: Shown) -> Result<Caller, Denial> {
        let application = &shown.application;
        let Terms { active, rate, burst, .. } = application.terms;
        if !active {
            return Err(Denial::Inactive);
        }
        if let Some(per_second) = rate {
            let rate =
                Rate { every: Duration::from_secs(1) / per_second.max(1), burst, beginning: self.beginning };
            let taken = application.pace.take(rate, Instant::now());
            taken.map_err(|wait| Denial::Rate { rate: per_second, wait })?;
        }
        Ok(Caller::new(shown))
    }

    async fn verify(self: &Arc<Self>, id: &str, secret: Secret, from: IpAddr) -> Outcome {
        let (table, tag) = (self.table(), self.verified.tag(id, &secret));
        let running = match self.verified.look(&tag, &table) {
            Known::Right(application) => return Ok(application),
            Known::Wrong => return Err(Denial::Unknown),
            Known::Running(running) => running,
            Known::Nothing(ticket) => {
                let outcome = ticket.outcome();
                match self.attempts.enter(from) {
                    Ok(place) => {
                        let (me, id) = (Arc::clone(self), id.to_owned());
                        // Others may wait for it when this client has gone.
                        tokio::spawn(async move { me.look_at(ticket, place, &table, &id, secret).await });
                    }
                    Err(denial) => ticket.unseen(denial),
                }
                outcome
            }
        };
        answer(running).await
    }

    /// Looks at credentials in their turn. As long as it takes does not tell whether there is such an application.
    async fn look_at(&self, ticket: Ticket, place: Place, table: &Table, id: &str, secret: Secret) {
        let turn = match place.turn().await {
            Ok(turn) => turn,
            Err(busy) => return ticket.unseen(busy),
        };
        let application = table.find(id);
        let hashes = application.iter().flat_map(|application| application.terms.secrets.iter());
        let mut hashes: Vec<Option<SecretHash>> = hashes.cloned().map(Some).collect();
        hashes.resize(MAX_SECRETS, None);
        let began = Instant::now();
        count(&self.counters.hashed);
        let found = spawn_blocking(move || found(&secret, hashes)).await;
        let found = found.expect("hashing does not panic");
        match application.zip(found) {
            Some((application, hash)) => {
                place.give_back();
                ticket.right(application, hash.as_str().to_owned(), table);
            }
            None => {
                debug!("credentials are wrong");
                ticket.wrong(table.generation);
                turn.rest(began.elapsed());
            }
        }
    }

    fn table(&self) -> Arc<Table> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

/// Looks at all of them, one after the other: where there is none at a hash that nothing is right for.
fn found(secret: &Secret, hashes: Vec<Option<SecretHash>>) -> Option<SecretHash> {
    static NOBODY: LazyLock<Option<SecretHash>> =
        LazyLock::new(|| SecretHash::of(&Secret::generate().ok()?).ok());
    let mut right = None;
    for hash in hashes {
        match hash {
            Some(hash) if hash.is_of(secret) => right = Some(hash),
            Some(_) => {}
            None => {
                // What comes of it does not count, only how long it takes.
                _ = std::hint::black_box(NOBODY.as_ref().map(|nobody| nobody.is_of(secret)));
            }
        }
    }
    right
}

async fn answer(mut running: watch::Receiver<Option<Outcome>>) -> Outcome {
    let outcome = running.wait_for(Option::is_some).await;
    // Without an answer whoever looked at them broke.
    outcome.ok().and_then(|outcome| outcome.clone()).unwrap_or(Err(Denial::Busy))
}

#[cfg(test)]
mod tests;
