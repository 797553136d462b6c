//! Which requests are taken on: those that can be done in the time they have, with all that is under way before them.
//!
//! What is under way, divided by the rate at which such things get done, is how long the last of them takes (Little's
//! law). The rate is that of whoever is slowest, be it a PCRF, the store or this machine: nobody needs to know which.
//! A request that would take too long is refused at once, before anything is stored or sent for it, so that those
//! that were taken on are done in time and are not sent twice. Only what asks for something comes here: neither what
//! ends sessions nor what a PCRF asks for is ever refused.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::Sessions;
use crate::{
    counters::count,
    dict::{enums::Drmp, result},
    rx::Outcome,
    session::{SessionError, Shed, ShedCause},
};

/// Taken on however slow everything is: it takes some to see that it is fast again.
const ALWAYS: usize = 16;

/// In this much time, as far as something was under way, what was measured loses 63 % of its weight. Seconds.
const MEMORY: f64 = 1.0;

/// What is known before anything was measured: so much was done, ...
const AT_FIRST_DONE: f64 = 25.0;

/// ... in so much time. Seconds.
const AT_FIRST_TIME: f64 = 0.25;

/// When to come back at the latest: nobody can see further.
const FURTHEST: Duration = Duration::from_secs(30);

/// When to come back at the earliest.
const SOONEST: Duration = Duration::from_secs(1);

/// What is under way, and how fast such things get done.
#[derive(Debug)]
struct Line {
    /// Longest time in which an ordinary request is to be done.
    within: Duration,
    under_way: usize,
    /// Of late, the latest with the most weight.
    done: f64,
    /// The time that it took, leaving out when there was nothing to do. Seconds.
    busy: f64,
    /// When the above were right.
    at: Instant,
    /// Those that were refused were told to come one after the other, until then.
    promised: Instant,
}

impl Line {
    fn new(within: Duration, now: Instant) -> Self {
        Self { within, under_way: 0, done: AT_FIRST_DONE, busy: AT_FIRST_TIME, at: now, promised: now }
    }

    /// Takes on a request of this importance, or says when to come back.
    fn admit(&mut self, now: Instant, drmp: Option<Drmp>) -> Result<(), Shed> {
        self.advance(now);
        let rate = self.rate();
        let within = self.within.mul_f64(patience(drmp));
        let wait = (self.under_way + 1) as f64 / rate;
        if self.under_way < ALWAYS || wait <= within.as_secs_f64() {
            self.under_way += 1;
            return Ok(());
        }
        let reason = format!(
            "{} requests are under way and {rate:.1} a second get done: another one would not be done in {within:?}",
            self.under_way
        );
        Err(Shed { cause: ShedCause::Deadline, reason, retry_after: self.come_back(now, wait, rate) })
    }

    /// When there is room for one that is refused now, after all that were refused before it.
    fn come_back(&mut self, now: Instant, wait: f64, rate: f64) -> Duration {
        let room = wait - self.within.as_secs_f64();
        let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or(FURTHEST).min(FURTHEST);
        let turn = self.promised.max(now + seconds(room.max(0.0))) + seconds(1.0 / rate);
        self.promised = turn.min(now + FURTHEST);
        self.promised.saturating_duration_since(now).max(SOONEST)
    }

    /// One is not under way any more. `done`: the network decided on it.
    fn leave(&mut self, now: Instant, done: bool) {
        self.advance(now);
        self.under_way = self.under_way.saturating_sub(1);
        self.done += f64::from(u8::from(done));
    }

    fn advance(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = self.at.max(now);
        if self.under_way > 0 {
            let kept = (-elapsed / MEMORY).exp();
            self.done *= kept;
            self.busy = self.busy * kept + MEMORY * (1.0 - kept);
        }
    }

    /// How many get done in a second in which there is something to do.
    fn rate(&self) -> f64 {
        self.done.max(f64::MIN_POSITIVE) / self.busy
    }
}

/// How much longer than an ordinary request one of this importance may wait: twice as long with DRMP 0, half as long
/// with 15. So the least important are refused first (RFC 7944 §9).
fn patience(drmp: Option<Drmp>) -> f64 {
    let drmp = drmp.unwrap_or(Drmp::PRIORITY_10).0.min(15);
    2.0 - f64::from(drmp) / 10.0
}

/// The way in, for everybody.
#[derive(Debug)]
pub(super) struct Admission(Mutex<Line>);

impl Admission {
    /// `within`: longest time in which an ordinary request is to be done.
    pub fn new(within: Duration) -> Self {
        Self(Mutex::new(Line::new(within, now())))
    }

    fn with<T>(&self, call: impl FnOnce(&mut Line) -> T) -> T {
        call(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many are under way.
    pub fn under_way(&self) -> usize {
        self.with(|line| line.under_way)
    }
}

/// A request that was taken on, until it is dropped.
struct Admitted<'a> {
    admission: &'a Admission,
    done: bool,
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.admission.with(|line| line.leave(now(), self.done));
    }
}

impl Sessions {
    /// Does it if it can be done in time, and counts what is shed, here or further on.
    pub(super) async fn admitted<T>(
        &self,
        drmp: Option<Drmp>,
        doing: impl Future<Output = Result<T, SessionError>>,
    ) -> Result<T, SessionError> {
        let admission = &self.admission;
        let result = match admission.with(|line| line.admit(now(), drmp)) {
            Ok(()) => {
                let mut admitted = Admitted { admission, done: false };
                let result = doing.await;
                admitted.done = is_done(&result);
                result
            }
            Err(shed) => Err(shed.into()),
        };
        if let Err(SessionError::Shed(shed)) = &result {
            count(match shed.cause {
                ShedCause::Deadline => &self.counters.shed_by_deadline,
                ShedCause::Full => &self.counters.shed_by_full_queue,
                ShedCause::Network => &self.counters.shed_by_network,
            });
        }
        result
    }
}

/// Whether the network decided on it: that is what there is only so much of.
fn is_done<T>(result: &Result<T, SessionError>) -> bool {
    match result {
        Ok(_) | Err(SessionError::Lost(_) | SessionError::Aborted { .. } | SessionError::NotFound) => true,
        Err(SessionError::Refused(refusal)) => refusal.outcome != Outcome::base(result::TOO_BUSY),
        Err(_) => false,
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests;
