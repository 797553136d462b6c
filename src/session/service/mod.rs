//! The AF's operations on sessions: stores what [`step`](super::machine::step) decides, then does it.
//!
//! Every operation runs in a task of its own: a caller that goes away changes nothing about what it started.

mod admission;
mod again;
mod apply;
mod claims;
mod closing;
mod deadlines;
mod figures;
mod inbound;
mod owners;
mod queue;
mod retry;
mod step;
mod update;
mod verdict;

use std::{
    sync::{
        Arc, OnceLock, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use dashmap::DashMap;
use tokio::sync::{Mutex, watch};
use tracing::{info, warn};

pub use self::update::Update;
use self::{
    admission::Admission,
    again::Again,
    closing::Jobs,
    deadlines::Deadlines,
    figures::States,
    owners::Owners,
    queue::Queues,
    retry::RetryMemory,
    step::{Key, Stepped, TURNS},
};
use super::{
    Counters, Ledger, QosSessionId, ReleaseReason, Removed, RxSessionId, Session, SessionConfig,
    SessionError, SessionFilter, SessionState, SessionStore,
    machine::Input,
    ports::{EventSink, RxGateway},
};
use crate::{clock::Clock, counters::count, ids::Ids, metrics::Histogram, rx::SessionIds, task::to_its_end};

/// Sessions read from the store at a time.
const PAGE: usize = 256;

/// The AF sessions of this process.
pub struct Sessions {
    me: Weak<Self>,
    config: SessionConfig,
    gateway: Arc<dyn RxGateway>,
    store: Arc<dyn SessionStore>,
    clock: Clock,
    ids: SessionIds,
    names: Ids,
    /// Sessions whose AAR is under way; the receiver sees its sender go when the outcome is stored.
    pending: DashMap<RxSessionId, watch::Receiver<()>>,
    /// Origin-State-Id by host, in lower case.
    origin_states: DashMap<String, u32>,
    jobs: Jobs,
    queues: Queues,
    admission: Admission,
    again: Again,
    retry: RetryMemory,
    sinks: RwLock<Vec<Arc<dyn EventSink>>>,
    /// Kept from before a step with an event is stored until the event is out: the events of a session come
    /// out in the order in which they were stored.
    turns: Vec<Mutex<()>>,
    counters: Counters,
    states: States,
    owners: Owners,
    ledger: OnceLock<Arc<dyn Ledger>>,
    lateness: Histogram,
    deadlines: Arc<Deadlines>,
    /// AARs under way and STRs owed.
    work: watch::Sender<usize>,
    stopping: AtomicBool,
}

impl Sessions {
    /// The core over a way to the network and a store; [`start`](Self::start) sets it going.
    pub fn new(
        config: SessionConfig,
        gateway: Arc<dyn RxGateway>,
        store: Arc<dyn SessionStore>,
    ) -> Arc<Self> {
        let seconds = config.started.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
        let names = Ids::new(config.seed);
        let ids = SessionIds::new(&config.origin_host, seconds & 0xffff_ffff, &instance(&names));
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            ids,
            names,
            jobs: Jobs::new(),
            queues: Queues::default(),
            admission: Admission::new(config.admit_within),
            again: Again::new(),
            clock: Clock::new(config.started),
            config,
            gateway,
            store,
            pending: DashMap::new(),
            origin_states: DashMap::new(),
            retry: RetryMemory::default(),
            sinks: RwLock::default(),
            turns: (0..TURNS).map(|_| Mutex::new(())).collect(),
            counters: Counters::default(),
            states: States::default(),
            owners: Owners::default(),
            ledger: OnceLock::new(),
            lateness: figures::lateness(),
            deadlines: Arc::new(Deadlines::new()),
            work: watch::Sender::new(0),
            stopping: AtomicBool::new(false),
        })
    }

    /// Starts the timers, and goes on with what processes left in the store that are gone.
    pub async fn start(&self) -> Result<(), SessionError> {
        self.states.found(self.store.count().await?);
        if self.config.count_owners {
            self.count_owners().await?;
        }
        // All of them are counted as open by now.
        self.take_over(&mut Vec::new(), Some(SessionState::Open)).await?;
        if let Some(lease) = self.store.lease() {
            tokio::spawn(claims::run(Weak::clone(&self.me), lease));
        }
        tokio::spawn(deadlines::run(Weak::clone(&self.me), Arc::clone(&self.deadlines)));
        Ok(())
    }

    /// Counts what earlier processes left, by owner; before anything becomes of it.
    async fn count_owners(&self) -> Result<(), SessionError> {
        let mut filter = SessionFilter { limit: Some(PAGE), ..SessionFilter::default() };
        loop {
            let page = self.store.list(filter.clone()).await?;
            let Some(last) = page.last() else { return Ok(()) };
            filter.after = Some(last.id.clone());
            page.iter().for_each(|session| self.owners.found(session));
        }
    }

    /// A session that is open.
    pub async fn status(&self, id: &QosSessionId) -> Result<Session, SessionError> {
        let session = self.store.get(id).await?.filter(|session| session.state == SessionState::Open);
        session.ok_or(SessionError::NotFound)
    }

    /// A session in whatever state, for the operator.
    pub async fn inspect(&self, id: &QosSessionId) -> Result<Session, SessionError> {
        self.store.get(id).await?.ok_or(SessionError::NotFound)
    }

    /// Sessions in the order of their names.
    pub async fn list(&self, filter: SessionFilter) -> Result<Vec<Session>, SessionError> {
        Ok(self.store.list(filter).await?)
    }

    /// Ends a session for its caller. From the moment that this is stored the session is not found any more.
    ///
    /// Returns when the STA is there, or without it after the request timeout, or at once if no peer can be told
    /// now: then the STR is repeated until the server has been told.
    pub async fn remove(&self, id: &QosSessionId) -> Result<Removed, SessionError> {
        self.finish(id, Input::Remove).await
    }

    /// Ends a session for the operator; its application is told.
    pub async fn end(&self, id: &QosSessionId) -> Result<Removed, SessionError> {
        self.end_because(id, ReleaseReason::Ended).await
    }

    /// Ends a session for this reason; its application is told.
    pub async fn end_because(&self, id: &QosSessionId, why: ReleaseReason) -> Result<Removed, SessionError> {
        self.finish(id, Input::End(why)).await
    }

    /// Everything that happens to sessions from now on goes there too, and nothing of it is left out.
    pub fn deliver_to(&self, sink: Arc<dyn EventSink>) {
        self.sinks.write().unwrap_or_else(PoisonError::into_inner).push(sink);
    }

    /// Every session that is over leaves a record there. To be called once.
    pub fn record_to(&self, ledger: Arc<dyn Ledger>) {
        if self.ledger.set(ledger).is_err() {
            warn!("records of sessions go to somebody else already");
        }
    }

    /// The time of day that sessions live by.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// What was counted.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// STRs that have no answer yet.
    pub fn closings(&self) -> usize {
        self.jobs.len()
    }

    /// Returns when no AAR is under way or to be sent again, and no STR is owed.
    pub async fn settled(&self) {
        // The sender is ours: waiting cannot fail.
        let _ = self.work.subscribe().wait_for(|work| *work == 0).await;
    }

    /// Refuses new requests, and waits for those under way and for STRs, but not longer than this.
    ///
    /// Sessions stay open: shutting down ends none.
    pub async fn shut_down(&self, within: Duration) {
        if !self.stopping.swap(true, Ordering::AcqRel) {
            info!("shutting down: new requests are refused");
        }
        if tokio::time::timeout(within, self.settled()).await.is_err() {
            warn!(left = *self.work.borrow(), "shutting down with requests and terminations under way");
        }
    }

    async fn finish(&self, id: &QosSessionId, input: Input<'static>) -> Result<Removed, SessionError> {
        let (me, id) = (self.arc()?, id.clone());
        let finished = to_its_end(async move { me.finish_now(&id, input).await });
        finished.await.unwrap_or(Err(SessionError::ShuttingDown))
    }

    async fn finish_now(&self, id: &QosSessionId, input: Input<'static>) -> Result<Removed, SessionError> {
        let stepped = self.step(Key::Qos(id), input).await?;
        // Whoever takes it out of the open state ends it; to all others it is gone.
        let Stepped { session, mut closings, .. } =
            stepped.filter(Stepped::ended).ok_or(SessionError::NotFound)?;
        // Nobody is told of it; anything else is counted where it is told.
        if matches!(input, Input::Remove) {
            count(&self.counters.removed);
        }
        let pcrf = session.pcrf.as_ref().map(|pcrf| &pcrf.host);
        let mut answers = Vec::new();
        if let Some((_, answer)) = closings.iter_mut().find(|(closing, _)| closing.host.as_ref() == pcrf) {
            let came = answer.wait_for(Option::is_some);
            // Neither a timeout nor a termination that is given up is the caller's concern.
            if let Ok(Ok(answer)) = tokio::time::timeout(self.config.request_timeout, came).await {
                answers = answer.iter().flat_map(|answer| answer.iter().cloned()).collect();
            }
        }
        Ok(Removed { rx_session: session.rx_session, answer: answers })
    }

    /// This, for a task that outlives the caller.
    fn arc(&self) -> Result<Arc<Self>, SessionError> {
        self.me.upgrade().ok_or(SessionError::ShuttingDown)
    }

    /// Counts something under way, until it is dropped.
    fn begin_work(&self) -> Work {
        self.work.send_modify(|work| *work += 1);
        Work(self.work.clone())
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        // The timer looks up, and finds nobody.
        self.deadlines.wake();
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("config", &self.config).finish_non_exhaustive()
    }
}

/// One thing under way; see [`Sessions::settled`].
struct Work(watch::Sender<usize>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.send_modify(|work| *work = work.saturating_sub(1));
    }
}

/// Keeps two processes apart that share an Origin-Host and a start second.
fn instance(names: &Ids) -> String {
    let (_, low) = names.next().as_u64_pair();
    format!("{:08x}", low & 0xffff_ffff)
}
