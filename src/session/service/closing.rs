//! Telling servers that a session is over (TS 29.214 §4.4.4): STRs that are repeated until they have an answer.
//!
//! A server that was sent an AAR and never answered may have the session, may get it later from a queue, or may
//! never have heard of it. It is sent an STR all the same, again when its peer comes back, and once more after
//! "unknown session" when the time is over in which the AAR may still have been on its way. Without an end to
//! that, hosts that crash or hang would keep sessions that nobody owns.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use dashmap::{DashMap, Entry};
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};
use tracing::{Instrument, debug, error, warn};

use super::{Sessions, again::spread, step::Key};
use crate::{
    counters::count,
    dict::{
        enums::{Drmp, TerminationCause},
        result,
    },
    rx::{AvpText, Outcome, StAnswer},
    session::{
        Closing, RxSessionId, Session, SessionConfig, SessionState, Shed,
        machine::Input,
        ports::{Exchange, GatewayError},
    },
};

/// Repeated STRs under way at a time, to one host.
const AT_A_TIME: usize = 32;

/// Hosts with slots; with more, those that nobody uses are forgotten.
const MOST_HOSTS: usize = 10_000;

/// How much later than its time an AAR can end: its outcome has to be stored.
const GRACE: Duration = Duration::from_secs(1);

/// One session at one server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Target {
    rx_session: RxSessionId,
    host: Option<Arc<str>>,
    peer: Option<Arc<str>>,
}

impl Target {
    fn new(rx_session: &RxSessionId, closing: &Closing) -> Self {
        Self { rx_session: rx_session.clone(), host: closing.host.clone(), peer: closing.peer.clone() }
    }

    /// Whether the host, or the agent in front of it, is this peer.
    fn is_at(&self, peer: &str) -> bool {
        let either = [self.host.as_ref(), self.peer.as_ref()];
        either.into_iter().flatten().any(|host| host.eq_ignore_ascii_case(peer))
            || self.host.is_none() && self.peer.is_none()
    }
}

/// The STRs owed.
pub(super) struct Jobs {
    jobs: DashMap<Target, Arc<Job>>,
    slots: DashMap<Option<Arc<str>>, Arc<Semaphore>>,
}

/// Sees the STA by names, once it is there; nothing if there is nobody now who could be told.
pub(super) type Answer = watch::Receiver<Option<Arc<[AvpText]>>>;

/// The telling of one server.
#[derive(Debug, Default)]
struct Job {
    /// Counts the reasons to send it now.
    pokes: watch::Sender<u64>,
    /// How often its peer came up.
    ups: AtomicU64,
    answer: watch::Sender<Option<Arc<[AvpText]>>>,
}

impl Jobs {
    pub fn new() -> Self {
        Self { jobs: DashMap::new(), slots: DashMap::new() }
    }

    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// What this peer, or a host behind it, is owed can be sent now.
    pub fn peer_up(&self, peer: &str) {
        let is_at = self.jobs.iter().filter(|entry| entry.key().is_at(peer));
        let mut found: Vec<_> = is_at.map(|entry| (entry.key().clone(), Arc::clone(entry.value()))).collect();
        // Always in the same order.
        found.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for (_, job) in found {
            job.ups.fetch_add(1, Ordering::Relaxed);
            job.pokes.send_modify(|pokes| *pokes += 1);
        }
    }

    fn slot(&self, target: &Target) -> Arc<Semaphore> {
        let new = || Arc::new(Semaphore::new(AT_A_TIME));
        // Names come from the network: those of hosts that are owed nothing are not kept.
        if self.slots.len() >= MOST_HOSTS {
            self.slots.retain(|_, slots| Arc::strong_count(slots) > 1);
        }
        Arc::clone(&self.slots.entry(target.host.clone()).or_insert_with(new))
    }

    /// Ends a job, unless there is a reason to go on that it has not seen.
    fn end(&self, target: &Target, seen: u64) -> bool {
        self.jobs.remove_if(target, |_, job| *job.pokes.borrow() == seen).is_some()
    }
}

/// What an attempt means.
enum Attempt {
    /// The server ended the session.
    Over(Exchange<StAnswer<'static>>),
    /// The server does not have the session.
    Unknown(Exchange<StAnswer<'static>>),
    /// It could not be delivered to the host: send it without Destination-Host.
    Undeliverable,
    /// Try again later.
    Again,
    /// Try again later: nothing was sent, because nobody is there who could be told.
    Nobody,
    /// It can never be sent.
    Never,
    /// This process ends; the store remembers.
    Stop,
}

/// How far the telling of one server has come.
struct Progress {
    /// Before the next repetition.
    wait: Duration,
    /// "Unknown session" is final from then on.
    final_from: Instant,
    ups: u64,
    with_host: bool,
    first: bool,
    /// It did not answer of late: what it was sent before may wait there still.
    silent: bool,
    /// The STA that ended the session, if there was a reason to ask again.
    ended: Option<Exchange<StAnswer<'static>>>,
}

impl Progress {
    /// The peer came back: what it was sent before may still reach it, and it is worth trying at once.
    fn see(&mut self, ups: u64, config: &SessionConfig) {
        if self.ups != ups {
            self.ups = ups;
            self.wait = config.retry_initial;
            self.final_from = Instant::now() + config.settle;
        }
    }

    /// It answers again after a silence: what it was sent before that may come to its turn only now.
    fn answered(&mut self, config: &SessionConfig) {
        if mem::take(&mut self.silent) {
            self.final_from = Instant::now() + config.settle;
        }
    }

    /// There is a reason to ask again: what ended the session is told then.
    fn keep(&mut self, told: Exchange<StAnswer<'static>>) {
        self.ended = Some(told).filter(|told| told.outcome.is_some_and(Outcome::is_success));
    }

    /// When to repeat it: each time later, and not everything in the same moment.
    fn next_wait(&mut self, target: &Target, config: &SessionConfig) -> Instant {
        let wait = spread(&target.rx_session, self.wait);
        self.wait = (self.wait * 2).min(config.retry_max);
        Instant::now() + wait
    }
}

impl Sessions {
    /// Begins to send an STR; if that is under way, there is a reason to send it again. What is returned sees
    /// the STA.
    pub(super) fn close(
        &self,
        rx_session: &RxSessionId,
        closing: Closing,
        mut after: watch::Receiver<()>,
    ) -> Option<Answer> {
        let me = self.me.upgrade()?;
        let target = Target::new(rx_session, &closing);
        let full = self.jobs.len() >= self.config.max_closing;
        let job = match self.jobs.jobs.entry(target.clone()) {
            Entry::Occupied(entry) => {
                entry.get().pokes.send_modify(|pokes| *pokes += 1);
                return Some(entry.get().answer.subscribe());
            }
            Entry::Vacant(entry) => Arc::clone(&entry.insert(Arc::new(Job::default()))),
        };
        let (work, answer) = (self.begin_work(), job.answer.subscribe());
        let close = async move {
            // Nothing is ever sent: what is waited for is that the sender goes.
            let _ = after.changed().await;
            match full {
                true => me.give_up(&target, &closing, "too many are owed").await,
                false => me.run(&target, closing, &job).await,
            }
            drop(work);
        };
        tokio::spawn(close.in_current_span());
        Some(answer)
    }

    /// The outcome of a session cannot be stored: whoever was asked is told at once that it is over, and again once
    /// that is stored. Until then nobody else can know it, so that is tried for as long as it takes.
    pub(super) fn close_unstored(&self, rx_session: &RxSessionId, asked: &[Arc<str>]) {
        asked.iter().for_each(|peer| self.tell_unstored(rx_session, peer));
        let Some(me) = self.me.upgrade() else { return };
        let (work, rx_session, asked) = (self.begin_work(), rx_session.clone(), asked.to_vec());
        tokio::spawn(async move {
            let mut wait = me.config.retry_initial;
            loop {
                tokio::time::sleep(wait).await;
                match me.step(Key::Rx(&rx_session), Input::Unanswered(&asked)).await {
                    Ok(_) => break,
                    Err(error) => error!(%rx_session, %error, "the end of a session cannot be stored"),
                }
                wait = (wait * 2).min(me.config.retry_max);
            }
            drop(work);
        });
    }

    /// Tells a peer that a session is over which is not stored as such.
    pub(super) fn tell_unstored(&self, rx_session: &RxSessionId, peer: &Arc<str>) {
        let host = Some(Arc::clone(peer));
        let (cause, since) = (TerminationCause::DIAMETER_SERVICE_NOT_PROVIDED, self.clock.now());
        let (peer, class) = (host.clone(), Vec::new());
        let closing = Closing { host, peer, cause, since, certain: false, class };
        self.close(rx_session, closing, watch::channel(()).1);
    }

    async fn run(&self, target: &Target, mut closing: Closing, job: &Job) {
        let mut pokes = job.pokes.subscribe();
        let mut progress = Progress {
            wait: self.config.retry_initial,
            final_from: Instant::now() + self.config.settle,
            ups: 0,
            with_host: true,
            first: true,
            silent: false,
            ended: None,
        };
        let age = self.clock.now().duration_since(closing.since).unwrap_or_default();
        let give_up_at = Instant::now() + self.config.give_up_str_after.saturating_sub(age);
        loop {
            let seen = *pokes.borrow_and_update();
            progress.see(job.ups.load(Ordering::Relaxed), &self.config);
            let mut session = self.store.find(&target.rx_session).await.ok().flatten();
            if let Some(until) = session.as_ref().and_then(|session| self.answer_expected(session, &closing))
                && Instant::now() < until
            {
                tokio::select! {
                    biased;
                    () = tokio::time::sleep_until(until) => {}
                    // The sender is the job: waiting cannot fail.
                    _ = pokes.changed() => {}
                }
                continue;
            }
            // A first attempt may have a caller who waits; repetitions must not flood a host that is back.
            let slot = self.jobs.slot(target);
            let permit = if progress.first { None } else { slot.acquire().await.ok() };
            if permit.is_some() {
                session = self.store.find(&target.rx_session).await.ok().flatten();
            }
            // A session that still waits is one whose outcome could not be stored: nothing is known there.
            if let Some(session) = session.as_ref().filter(|session| session.state != SessionState::Pending) {
                match session.closing.iter().find(|owed| owed.is_same(&closing)) {
                    Some(owed) => closing = owed.clone(),
                    // It turned out to be the server whose grant is used, or was given up.
                    None if self.jobs.end(target, seen) => return,
                    None => continue,
                }
            }
            // Without Destination-Host it could reach the server whose grant is used.
            let in_use = session.as_ref().is_some_and(|session| session.state == SessionState::Open);
            let drmp = session.and_then(|session| session.drmp).map(Drmp);
            let with_host = progress.with_host || in_use;
            let attempt = self.attempt(target, &closing, drmp, with_host).await;
            drop(permit);
            progress.first = false;
            progress.with_host = true;
            if matches!(attempt, Attempt::Over(_) | Attempt::Unknown(_)) {
                progress.answered(&self.config);
            }
            let wake = match attempt {
                // The AAR, or another copy of it, may still be on its way to it.
                Attempt::Over(exchange) if !closing.certain && Instant::now() < progress.final_from => {
                    progress.ended.get_or_insert(exchange);
                    progress.final_from
                }
                Attempt::Unknown(_) if !closing.certain && Instant::now() < progress.final_from => {
                    progress.final_from
                }
                Attempt::Over(exchange) | Attempt::Unknown(exchange) => {
                    let mut told = progress.ended.take().unwrap_or(exchange);
                    if *job.pokes.borrow() != seen {
                        // There was a reason meanwhile to tell it again.
                        progress.keep(told);
                        continue;
                    }
                    // That it is to be told is stored: nobody has to wait until it is stored that it was.
                    let text: Arc<[AvpText]> = mem::take(&mut told.text).into();
                    job.answer.send_replace(Some(Arc::clone(&text)));
                    let nothing = StAnswer::default();
                    let answer = told.answer.as_ref().unwrap_or(&nothing);
                    match self.step(Key::Rx(&target.rx_session), Input::Closed(&closing, answer)).await {
                        Ok(_) => {
                            if self.jobs.end(target, seen) {
                                return;
                            }
                            continue;
                        }
                        Err(error) => {
                            error!(rx_session = %target.rx_session, %error, "a termination cannot be stored");
                            // The next one only says that there is no such session: what was used is in this one.
                            told.text = text.to_vec();
                            progress.keep(told);
                            progress.next_wait(target, &self.config)
                        }
                    }
                }
                Attempt::Undeliverable if !in_use => {
                    progress.with_host = false;
                    continue;
                }
                Attempt::Undeliverable | Attempt::Again => {
                    progress.silent = true;
                    progress.next_wait(target, &self.config)
                }
                Attempt::Nobody => {
                    // A caller has nothing to wait for.
                    job.answer.send_if_modified(|answer| match answer {
                        Some(_) => false,
                        None => answer.replace([].into()).is_none(),
                    });
                    progress.next_wait(target, &self.config)
                }
                Attempt::Never => return self.give_up(target, &closing, "it cannot be written").await,
                Attempt::Stop => {
                    let host = target.host.as_deref().unwrap_or("any");
                    warn!(rx_session = %target.rx_session, host, "shutting down: a termination is not sent");
                    self.jobs.jobs.remove(target);
                    return;
                }
            };
            if Instant::now() >= give_up_at {
                return self.give_up(target, &closing, "it is too old").await;
            }
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(wake.min(give_up_at)) => {}
                // The sender is the job: waiting cannot fail.
                _ = pokes.changed() => {}
            }
        }
    }

    /// Until when an AAR may be under way to the server that is to be told: the STR does not cross it.
    fn answer_expected(&self, session: &Session, closing: &Closing) -> Option<Instant> {
        let left = session.update.as_ref()?.outstanding?;
        let is_there = session.pcrf.as_ref().is_some_and(|pcrf| closing.host.as_ref() == Some(&pcrf.host));
        is_there.then(|| self.clock.instant(left + self.config.request_timeout + GRACE))
    }

    async fn attempt(
        &self,
        target: &Target,
        closing: &Closing,
        drmp: Option<Drmp>,
        with_host: bool,
    ) -> Attempt {
        let mut request = self.config.termination(&target.rx_session, closing, drmp);
        let mut to = closing.host.clone();
        if !with_host {
            request.destination_host = None;
            to = closing.peer.clone();
        }
        let sent = self.gateway.terminate(request, to, self.config.request_timeout).await;
        if !matches!(
            sent,
            Err(GatewayError::NotSent { .. } | GatewayError::Shed(_) | GatewayError::ShuttingDown)
        ) {
            count(&self.counters.terminations_sent);
        }
        let exchange = match sent {
            Ok(exchange) => exchange,
            Err(GatewayError::Unsendable(_)) => return Attempt::Never,
            Err(GatewayError::ShuttingDown) => return Attempt::Stop,
            Err(GatewayError::NotSent { reason } | GatewayError::Shed(Shed { reason, .. })) => {
                debug!(rx_session = %target.rx_session, %reason, "a termination cannot be sent now");
                return Attempt::Nobody;
            }
            Err(error) => {
                debug!(rx_session = %target.rx_session, %error, "no answer to a termination");
                return Attempt::Again;
            }
        };
        let origin = exchange.answer.as_ref().ok();
        if let Some((host, found)) = origin.and_then(|sta| Some((&sta.origin_host, sta.origin_state_id?))) {
            self.note_origin_state(host, found);
        }
        match exchange.outcome {
            Some(outcome) if outcome.is_success() => Attempt::Over(exchange),
            Some(outcome) if outcome.class() == 5 => Attempt::Unknown(exchange),
            // The last two: an agent that was taken for the server.
            Some(Outcome {
                code:
                    result::UNABLE_TO_DELIVER | result::COMMAND_UNSUPPORTED | result::APPLICATION_UNSUPPORTED,
                ..
            }) if with_host && closing.host.is_some() => Attempt::Undeliverable,
            _ => Attempt::Again,
        }
    }

    /// Nobody will tell the server any more: a person has to.
    async fn give_up(&self, target: &Target, closing: &Closing, why: &str) {
        count(&self.counters.terminations_given_up);
        error!(
            rx_session = %target.rx_session,
            host = target.host.as_deref().unwrap_or("any"),
            why,
            "a termination is given up: the server may still have the session"
        );
        if let Err(error) = self.step(Key::Rx(&target.rx_session), Input::GivenUp(closing)).await {
            error!(rx_session = %target.rx_session, %error, "that cannot be stored");
        }
        self.jobs.jobs.remove(target);
    }
}
