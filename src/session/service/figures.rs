//! What this layer shows of itself: sessions by state, what came of requests, terminations, timers.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Sessions;
use crate::{
    metrics::{Collect, Gauge, Histogram, Page},
    session::SessionState,
};

/// Sessions by state, kept along: no scrape looks into the store.
#[derive(Debug, Default)]
pub(super) struct States {
    pending: Gauge,
    open: Gauge,
    ending: Gauge,
}

impl States {
    /// So many were in the store when the process started: open, unless [`change`](Self::change) is told otherwise.
    pub fn found(&self, sessions: u64) {
        self.open.set(sessions);
    }

    /// A session goes from one state to another. `None`: it is not in the store.
    pub fn change(&self, from: Option<SessionState>, to: Option<SessionState>) {
        if from == to {
            return;
        }
        if let Some(gauge) = to.and_then(|to| self.of(to)) {
            gauge.up();
        }
        if let Some(gauge) = from.and_then(|from| self.of(from)) {
            gauge.down();
        }
    }

    fn of(&self, state: SessionState) -> Option<&Gauge> {
        match state {
            SessionState::Pending => Some(&self.pending),
            SessionState::Open => Some(&self.open),
            SessionState::Ending => Some(&self.ending),
            SessionState::Gone => None,
        }
    }
}

/// How late timers may be without anybody minding, and beyond: 1 ms to 10 minutes (after a start).
pub(super) fn lateness() -> Histogram {
    let millis = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 60_000, 600_000];
    Histogram::of_times(millis.map(std::time::Duration::from_millis))
}

impl Collect for Sessions {
    fn collect(&self, page: &mut Page) {
        let counted = &self.counters;
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut sessions = page.gauge("rxgate_sessions", "AF sessions by state.");
        for state in [SessionState::Pending, SessionState::Open, SessionState::Ending] {
            sessions.sample(&[("state", state.as_str())], self.states.of(state).map_or(0, Gauge::get));
        }
        page.counter("rxgate_session_requests_total", "Requests for a session, by what came of them.")
            .sample(&[("outcome", "granted")], now(&counted.granted))
            .sample(&[("outcome", "refused")], now(&counted.refused))
            .sample(&[("outcome", "unanswered")], now(&counted.unanswered));
        page.counter(
            "rxgate_requests_shed_total",
            "Requests and modifications not taken on, by who has too much to do.",
        )
        .sample(&[("by", "deadline")], now(&counted.shed_by_deadline))
        .sample(&[("by", "full_queue")], now(&counted.shed_by_full_queue))
        .sample(&[("by", "network")], now(&counted.shed_by_network));
        page.gauge(
            "rxgate_requests_under_way",
            "Requests and modifications that are taken on and have no outcome yet.",
        )
        .sample(&[], self.admission.under_way());
        page.counter("rxgate_session_updates_total", "Modifications, by what came of them.")
            .sample(&[("outcome", "granted")], now(&counted.updates_granted))
            .sample(&[("outcome", "refused")], now(&counted.updates_refused))
            .sample(&[("outcome", "unanswered")], now(&counted.updates_unanswered));
        page.counter("rxgate_session_updates_repeated_total", "AARs of modifications that were sent again.")
            .sample(&[], now(&counted.updates_repeated));
        page.counter("rxgate_sessions_ended_total", "Granted sessions that are over, by who ended them.")
            .sample(&[("by", "application")], now(&counted.removed))
            .sample(&[("by", "operator")], now(&counted.ended))
            .sample(&[("by", "expiry")], now(&counted.expired))
            .sample(&[("by", "abort")], now(&counted.aborted))
            .sample(&[("by", "loss")], now(&counted.lost))
            .sample(&[("by", "doubt")], now(&counted.undecided));
        page.counter("rxgate_reports_total", "RARs accepted.").sample(&[], now(&counted.reports));
        page.counter("rxgate_late_grants_total", "Grants that came when nobody waited for them any more.")
            .sample(&[], now(&counted.late_grants));
        page.counter("rxgate_terminations_sent_total", "STRs sent, repetitions included.")
            .sample(&[], now(&counted.terminations_sent));
        page.counter(
            "rxgate_terminations_given_up_total",
            "STRs given up: the PCRF may still have the session.",
        )
        .sample(&[], now(&counted.terminations_given_up));
        page.gauge("rxgate_terminations_pending", "STRs that have no answer yet.")
            .sample(&[], self.closings());
        page.histogram("rxgate_timer_lateness_seconds", "How long after its end a session was ended.")
            .sample(&[], &self.lateness);
    }
}
