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
mod queue;
mod retry;
mod update;
mod verdict;

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc, OnceLock, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use dashmap::DashMap;
use tokio::sync::{Mutex, MutexGuard, watch};
use tracing::{info, trace, warn};

pub use self::update::Update;
use self::{
    admission::Admission,
    again::Again,
    closing::{Answer, Jobs},
    deadlines::Deadlines,
    figures::States,
    queue::Queues,
    retry::RetryMemory,
};
use super::{
    Closing, Counters, EventKind, Ledger, QosEvent, QosSessionId, ReleaseReason, Removed, RxSessionId,
    Session, SessionConfig, SessionError, SessionFilter, SessionRecord, SessionState, SessionStore,
    StoreError,
    machine::{Input, Output, step},
    ports::{Commit, EventSink, Letter, LetterWrite, RecordWrite, Reply, RxGateway},
};
use crate::{
    BoxFuture, Held, clock::Clock, counters::count, ids::Ids, metrics::Histogram, rx::SessionIds,
    task::to_its_end,
};

/// Sessions that share a turn: one of them waits while an event of another is being stored.
const TURNS: usize = 1024;

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
    ledger: OnceLock<Arc<dyn Ledger>>,
    lateness: Histogram,
    deadlines: Arc<Deadlines>,
    /// AARs under way and STRs owed.
    work: watch::Sender<usize>,
    stopping: AtomicBool,
}

/// How a session is looked for.
#[derive(Clone, Copy)]
enum Key<'a> {
    Qos(&'a QosSessionId),
    Rx(&'a RxSessionId),
}

/// What is to be stored of a session beside itself.
type Keep<'a> = &'a (dyn Fn(&Session) -> Option<RecordWrite> + Sync);

/// What there was before a step.
#[derive(Clone, Copy)]
struct Before {
    state: SessionState,
    /// When it was to end by itself.
    expiry: Option<SystemTime>,
}

/// What a step did.
struct Stepped {
    before: Before,
    session: Session,
    reply: Option<Reply>,
    /// The STRs of a step with a reply go out when this is dropped.
    held: Option<Held>,
    /// See the STAs of the STRs that began.
    closings: Vec<(Closing, Answer)>,
    /// The AAR of its modification is to be sent.
    ask: bool,
}

/// An event that is not told yet, and what each sink will make of it.
struct News {
    event: Arc<QosEvent>,
    letters: Vec<(Arc<dyn EventSink>, Vec<Letter>)>,
}

/// Takes the events out of what is to be done.
fn take_events(outputs: &mut Vec<Output>) -> Vec<Arc<QosEvent>> {
    let mut events = Vec::new();
    outputs.retain_mut(|output| match output {
        Output::Emit(event) => {
            events.push(Arc::clone(event));
            false
        }
        _ => true,
    });
    events
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
        self.take_over(&mut VecDeque::new()).await?;
        if let Some(lease) = self.store.lease() {
            tokio::spawn(claims::run(Weak::clone(&self.me), lease));
        }
        tokio::spawn(deadlines::run(Weak::clone(&self.me), Arc::clone(&self.deadlines)));
        Ok(())
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
        match input {
            // Counted where it is told.
            Input::End(ReleaseReason::StoreLoss) => {}
            Input::End(_) => count(&self.counters.ended),
            _ => count(&self.counters.removed),
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

    /// Takes one step: reads, decides, stores, and does what is to be done. `None` if there is no session.
    async fn step(&self, key: Key<'_>, input: Input<'_>) -> Result<Option<Stepped>, StoreError> {
        self.step_with(key, input, &|_| None).await
    }

    /// The same; what `keep` makes of the session after the step is stored with it.
    async fn step_with(
        &self,
        key: Key<'_>,
        input: Input<'_>,
        keep: Keep<'_>,
    ) -> Result<Option<Stepped>, StoreError> {
        loop {
            let found = match key {
                Key::Qos(id) => self.store.get(id).await?,
                Key::Rx(id) => self.store.find(id).await?,
            };
            let Some(found) = found else { return Ok(None) };
            let mut session = found.clone();
            let mut outputs = step(&mut session, self.clock.now(), input);
            let events = take_events(&mut outputs);
            // Before the letters are written: they are in order, too.
            let _turn = if events.is_empty() { None } else { self.turn(&session.rx_session).await };
            let news: Vec<News> = events.into_iter().map(|event| self.news(event)).collect();
            let before = Before { state: found.state, expiry: found.expiry() };
            let stored = if outputs.contains(&Output::Forget) {
                Some(Commit::remove(found))
            } else if session != found {
                Some(Commit::replace(found, session.clone()))
            } else {
                None
            };
            let records: Vec<RecordWrite> = keep(&session).into_iter().collect();
            if stored.is_some() || !news.is_empty() || !records.is_empty() {
                let letters = news.iter().flat_map(|news| &news.letters).flat_map(|(_, letters)| letters);
                let letters = letters.cloned().map(LetterWrite::Post).collect();
                let commit = Commit { letters, records, ..stored.unwrap_or_default() };
                match self.store.commit(commit).await {
                    Ok(()) => {}
                    // Somebody else was faster: decide again.
                    Err(StoreError::Conflict) => continue,
                    // Somebody else removed it.
                    Err(StoreError::Missing) => return Ok(None),
                    Err(error) => return Err(error),
                }
            }
            return Ok(Some(self.perform(before, session, outputs, news)));
        }
    }

    /// Who is to be told of an event, and what.
    fn news(&self, event: Arc<QosEvent>) -> News {
        let sinks = self.sinks.read().unwrap_or_else(PoisonError::into_inner);
        let letters = sinks.iter().map(|sink| (Arc::clone(sink), sink.letters(&event))).collect();
        News { event, letters }
    }

    /// Does what a step decided, after it was stored.
    fn perform(&self, before: Before, session: Session, outputs: Vec<Output>, news: Vec<News>) -> Stepped {
        if before.state != session.state {
            let why = session.history.last().map_or("", |entry| entry.what.as_str());
            let (request_id, rx_session) = (&session.id, &session.rx_session);
            info!(%request_id, %rx_session, from = %before.state, to = %session.state, why, "session");
        }
        if let Some(expiry) = session.expiry().filter(|expiry| before.expiry != Some(*expiry)) {
            self.deadlines.arm(expiry, &session.id);
        }
        let stays = !outputs.contains(&Output::Forget);
        if !stays
            && let Some(ledger) = self.ledger.get()
            && let Some(record) = SessionRecord::of(&session)
        {
            ledger.completed(record);
        }
        self.states.change(Some(before.state), stays.then_some(session.state));
        let (mut reply, mut closings, mut ask) = (None, Vec::new(), false);
        // An ASA goes out before the STR that follows it.
        let (hold, after) = watch::channel(());
        let held = outputs.iter().any(|output| matches!(output, Output::Reply(_))).then_some(hold);
        for output in outputs {
            match output {
                Output::Reply(this) => reply = Some(this),
                Output::Close(closing) => {
                    let answer = self.close(&session.rx_session, closing.clone(), after.clone());
                    closings.extend(answer.map(|answer| (closing, answer)));
                }
                Output::Ask => ask = true,
                Output::SendAgain(number) => self.send_again(&session, number),
                Output::Ignored(action) => {
                    warn!(rx_session = %session.rx_session, action = action.0, "unknown Specific-Action");
                }
                Output::Repeated => {
                    info!(rx_session = %session.rx_session, "a RAR that was acted on before: only answered");
                }
                // They were taken out.
                Output::Emit(_) | Output::Forget => {}
            }
        }
        for news in news {
            self.emit(news, &after);
        }
        let held = held.map(|held| Box::new(held) as Held);
        Stepped { before, session, reply, held, closings, ask }
    }

    /// Waits for the turn of a session's events.
    async fn turn(&self, rx_session: &RxSessionId) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        rx_session.hash(&mut hasher);
        let turns = u64::try_from(self.turns.len()).unwrap_or(1).max(1);
        let turn = self.turns.get(usize::try_from(hasher.finish() % turns).unwrap_or(0))?;
        Some(turn.lock().await)
    }

    /// `after`: its sender goes when the answer to the network is on its way, or when there is none.
    fn emit(&self, News { event, letters }: News, after: &watch::Receiver<()>) {
        info!(
            request_id = %event.id,
            rx_session = %event.rx_session,
            number = event.kind.number(),
            name = event.kind.name().unwrap_or(""),
            flows = event.report.flows.len(),
            abort_cause = event.report.abort_cause.map(tracing::field::display),
            "event"
        );
        trace!(rx_session = %event.rx_session, end_user = event.end_user, report = ?event.report, "event");
        match event.kind {
            EventKind::Released(
                ReleaseReason::PcrfRestarted | ReleaseReason::Forgotten | ReleaseReason::StoreLoss,
            ) => count(&self.counters.lost),
            EventKind::Released(ReleaseReason::Undecided) => count(&self.counters.undecided),
            // Counted by whoever ended it.
            EventKind::Released(ReleaseReason::Expired | ReleaseReason::Ended) | EventKind::Network(_) => {}
        }
        for (sink, letters) in letters {
            let mut after = after.clone();
            let release: BoxFuture<'static, ()> = Box::pin(async move {
                // Nothing is ever sent: what is waited for is that the sender goes.
                _ = after.changed().await;
            });
            sink.emit(Arc::clone(&event), letters, release);
        }
    }

    /// Takes the same step with every session of a kind.
    async fn each(&self, mut filter: SessionFilter, input: Input<'_>) -> Result<(), StoreError> {
        filter.limit = Some(PAGE);
        loop {
            let page = self.store.list(filter.clone()).await?;
            let Some(last) = page.last() else { return Ok(()) };
            filter.after = Some(last.id.clone());
            for session in &page {
                self.step(Key::Qos(&session.id), input).await?;
            }
        }
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

impl Stepped {
    fn changed(&self) -> bool {
        self.before.state != self.session.state
    }

    /// Whether this step ended an open session.
    fn ended(&self) -> bool {
        self.before.state == SessionState::Open && self.changed()
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
