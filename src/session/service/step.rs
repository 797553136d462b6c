//! One step of a session: reads it, decides, stores what was decided, and does it.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, PoisonError},
    time::SystemTime,
};

use tokio::sync::{MutexGuard, watch};
use tracing::{info, trace, warn};

use super::{PAGE, Sessions, closing::Answer};
use crate::{
    BoxFuture, Held,
    counters::count,
    session::{
        Closing, EventKind, QosEvent, QosSessionId, ReleaseReason, RxSessionId, Session, SessionFilter,
        SessionRecord, SessionState, StoreError,
        machine::{Input, Output, step},
        ports::{Commit, EventSink, Letter, LetterWrite, RecordWrite, Reply},
    },
};

/// Sessions that share a turn: one of them waits while an event of another is being stored.
pub(super) const TURNS: usize = 1024;

/// How a session is looked for.
#[derive(Clone, Copy)]
pub(super) enum Key<'a> {
    Qos(&'a QosSessionId),
    Rx(&'a RxSessionId),
}

/// What is to be stored of a session beside itself.
pub(super) type Keep<'a> = &'a (dyn Fn(&Session) -> Option<RecordWrite> + Sync);

/// What there was before a step.
#[derive(Clone, Copy)]
pub(super) struct Before {
    pub state: SessionState,
    /// When it was to end by itself.
    pub expiry: Option<SystemTime>,
}

/// What a step did.
pub(super) struct Stepped {
    pub before: Before,
    pub session: Session,
    pub reply: Option<Reply>,
    /// The STRs of a step with a reply go out when this is dropped.
    pub held: Option<Held>,
    /// See the STAs of the STRs that began.
    pub closings: Vec<(Closing, Answer)>,
    /// The AAR of its modification is to be sent.
    pub ask: bool,
}

/// An event that is not told yet, and what each sink will make of it.
pub(super) struct News {
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
    /// Takes one step: reads, decides, stores, and does what is to be done. `None` if there is no session.
    pub(super) async fn step(&self, key: Key<'_>, input: Input<'_>) -> Result<Option<Stepped>, StoreError> {
        self.step_with(key, input, &|_| None).await
    }

    /// The same; what `keep` makes of the session after the step is stored with it.
    pub(super) async fn step_with(
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
    pub(super) fn perform(
        &self,
        before: Before,
        session: Session,
        outputs: Vec<Output>,
        news: Vec<News>,
    ) -> Stepped {
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
        let after = stays.then_some(session.state);
        self.states.change(Some(before.state), after);
        self.owners.change(session.owner.as_ref(), before.state, after);
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
            EventKind::Released(ReleaseReason::Ended) => count(&self.counters.ended),
            // Counted with how late it is; and an ASR with its answer.
            EventKind::Released(ReleaseReason::Expired) | EventKind::Network(_) => {}
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
    pub(super) async fn each(&self, mut filter: SessionFilter, input: Input<'_>) -> Result<(), StoreError> {
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
}

impl Stepped {
    pub fn changed(&self) -> bool {
        self.before.state != self.session.state
    }

    /// Whether this step ended an open session.
    pub fn ended(&self) -> bool {
        self.before.state == SessionState::Open && self.changed()
    }
}
