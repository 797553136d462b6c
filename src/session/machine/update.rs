//! A modification of an open session (TS 29.214 §4.4.2): the network has decided on it, or will be asked until it
//! has.
//!
//! | state  | input                            | next, and what is done                                     |
//! |--------|----------------------------------|------------------------------------------------------------|
//! | Open   | wanted, and none is undecided    | Open: stored beside what holds, AAR                        |
//! | Open   | again                            | Open: AAR                                                  |
//! | Open   | AAA 2xxx                         | Open: it holds                                             |
//! | Open   | AAA 2xxx of a restarted server   | Ending: event, STR                                         |
//! | Open   | AAA 5002                         | Gone: event, no STR                                        |
//! | Open   | AAA with another result          | Open: it is off                                            |
//! | Open   | nobody could be asked, first try | Open: it is off                                            |
//! | Open   | anything else                    | Open: undecided, to be sent again                          |
//! | Open   | given up                         | Ending: event, STR                                         |
//! | Ending | any end of an AAR                | Ending: the STR that waited for it                         |
//!
//! An AAR that was not answered may have been acted on, so that neither the old view nor the new one is known to
//! be what the server has. Sending it again settles that: what it says twice is what it says once, and a server
//! that acted on the first one has no reason to refuse the second for good.

use std::{sync::Arc, time::SystemTime};

use super::{
    Output, Via,
    closing::{add, close, end, is_owner, late},
    grant::{facts, is_older},
    report::release,
};
use crate::{
    dict::{enums::TerminationCause, result},
    rx::{AaAnswer, Outcome},
    session::{
        Modification, Pcrf, QosChange, ReleaseReason, Session, SessionState, flows, ports::LateGrant,
        priority,
    },
};

/// What happens to a modification.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// Its AAR is to leave once more.
    Again,
    /// The AAA says 2xxx.
    Granted(&'a AaAnswer<'static>, &'a Via),
    /// The AAA says something else; the host is the one that said it, as far as that can be read.
    Refused(Outcome, &'a str, &'a Via),
    /// The AAA does not say what became of it.
    Unusable,
    /// There was no AAA. The peers were sent the AAR and may have passed it on.
    Unanswered(&'a [Arc<str>]),
    /// Nobody has said for too long what became of it.
    GivenUp,
}

/// The caller, who knows the session as of `revision`, wants it to change.
pub(super) fn wanted(
    session: &mut Session,
    now: SystemTime,
    change: &Arc<QosChange>,
    revision: u64,
    out: &mut Vec<Output>,
) {
    // Somebody was faster: what the caller wants rests on a view that is not the latest.
    if session.update.is_some() || session.revision != revision {
        return;
    }
    session.revision += 1;
    session.update = Some(Modification {
        number: session.revision,
        change: Arc::clone(change),
        since: now,
        tries: 1,
        outstanding: Some(now),
        reported: Default::default(),
    });
    session.record(now, "modification asked for");
    out.push(Output::Ask);
}

/// Goes on with modification `number`; what concerns another one changes nothing.
pub(super) fn progress(
    session: &mut Session,
    now: SystemTime,
    number: u64,
    progress: Progress<'_>,
    out: &mut Vec<Output>,
) {
    let is_this = session.update.as_ref().is_some_and(|update| update.number == number);
    match (session.state, progress) {
        (SessionState::Open, _) if !is_this => {}
        (SessionState::Open, Progress::Again) => {
            if let Some(update) = &mut session.update {
                update.tries = update.tries.saturating_add(1);
                update.outstanding = Some(now);
            }
            out.push(Output::Ask);
        }
        // What it granted it granted to a session that it had never heard of.
        (SessionState::Open, Progress::Granted(answer, _))
            if answer.origin_state_id.is_some_and(|found| is_older(session, found)) =>
        {
            release(session, now, ReleaseReason::PcrfRestarted, out);
            session.update = None;
            close(session, now, TerminationCause::DIAMETER_LINK_BROKEN);
            end(session, now, ReleaseReason::PcrfRestarted.as_str(), out);
        }
        (SessionState::Open, Progress::Granted(answer, via)) => commit(session, now, answer, via),
        (SessionState::Open, Progress::Refused(outcome, host, _)) if is_unknown_session(outcome) => {
            release(session, now, ReleaseReason::Forgotten, out);
            session.update = None;
            // Somebody else who does not know it says nothing about the server that granted it.
            if !is_owner(session, host) {
                close(session, now, TerminationCause::DIAMETER_LINK_BROKEN);
            }
            end(session, now, ReleaseReason::Forgotten.as_str(), out);
        }
        (SessionState::Open, Progress::Refused(outcome, _, via)) if decides(session, outcome, via) => {
            roll_back(session, now, format!("modification refused: {outcome}"));
        }
        (SessionState::Open, Progress::Unanswered([])) if is_first(session) => {
            roll_back(session, now, "modification: nobody could be asked");
        }
        (SessionState::Open, Progress::Refused(..) | Progress::Unusable | Progress::Unanswered(_)) => {
            if is_first(session) {
                session.record(now, "modification without an outcome: it is sent again");
            }
            if let Some(update) = &mut session.update {
                update.outstanding = None;
            }
            out.push(Output::SendAgain(number));
        }
        (SessionState::Open, Progress::GivenUp) => {
            release(session, now, ReleaseReason::Undecided, out);
            session.update = None;
            close(session, now, TerminationCause::DIAMETER_LINK_BROKEN);
            end(session, now, ReleaseReason::Undecided.as_str(), out);
        }
        (_, Progress::Again | Progress::GivenUp) => {}
        (_, Progress::Granted(answer, via)) => {
            let grant = LateGrant {
                rx_session: session.rx_session.clone(),
                host: Arc::from(&*answer.origin_host),
                peer: Arc::clone(&via.peer),
                class: facts(answer).class,
            };
            session.update.take_if(|update| update.number == number);
            // Unless an STR is owed to it anyway.
            let owed = |host: &Arc<str>| host.eq_ignore_ascii_case(&grant.host);
            if !session.closing.iter().any(|closing| closing.host.as_ref().is_some_and(owed)) {
                add(&mut session.closing, late(&grant, now));
                session.state = SessionState::Ending;
            }
            out.extend(session.closing.iter().cloned().map(Output::Close));
        }
        (_, Progress::Refused(..) | Progress::Unusable | Progress::Unanswered(_)) => {
            session.update.take_if(|update| update.number == number);
            out.extend(session.closing.iter().cloned().map(Output::Close));
        }
    }
}

/// What was wanted holds.
fn commit(session: &mut Session, now: SystemTime, answer: &AaAnswer<'static>, via: &Via) {
    let Some(Modification { change, reported, .. }) = session.update.take() else { return };
    session.view = Arc::clone(&change.view);
    session.granted.take_over(facts(answer));
    session.granted.take_over(reported);
    session.flows = flows::merge(&session.flows, &change.service);
    session.drmp = priority::drmp(&change.service).map(u32::from).or(session.drmp);
    keep_lost(session);
    if let Some(duration) = change.duration {
        session.duration = Some(duration);
        session.expires = now.checked_add(duration);
    }
    let known = session.pcrf.as_ref().and_then(|pcrf| pcrf.origin_state_id);
    // Servers that share their sessions may take turns; the one that answered last is the one to talk to.
    let is_it = |host: &Arc<str>| host.eq_ignore_ascii_case(&answer.origin_host);
    session.closing.retain(|closing| !closing.host.as_ref().is_some_and(is_it));
    session.pcrf = Some(Pcrf {
        host: Arc::from(&*answer.origin_host),
        realm: Arc::from(&*answer.origin_realm),
        peer: Arc::clone(&via.peer),
        origin_state_id: answer.origin_state_id.or(known),
    });
    session.record(now, "modified");
}

/// What was before still holds.
fn roll_back(session: &mut Session, now: SystemTime, why: impl Into<String>) {
    session.update = None;
    keep_lost(session);
    session.record(now, why);
}

/// Reports may have spoken of flows that are not there any more, or never came.
fn keep_lost(session: &mut Session) {
    let Session { flows, lost, .. } = session;
    lost.retain(|flow| flows.contains(flow));
}

fn is_unknown_session(outcome: Outcome) -> bool {
    outcome == Outcome::base(result::UNKNOWN_SESSION_ID)
}

/// Whether this is about the first AAR of a modification.
fn is_first(session: &Session) -> bool {
    session.update.as_ref().is_some_and(|update| update.tries <= 1)
}

/// Whether a refusal says that the modification is off.
///
/// "Not now" and "not here" (4xxx, 3xxx) are about the AAR that they answer. One that was sent before them and
/// has no answer may have been granted.
fn decides(session: &Session, outcome: Outcome, via: &Via) -> bool {
    !matches!(outcome.class(), 3 | 4) || is_first(session) && via.sent_to.len() <= 1 && !via.in_doubt
}

#[cfg(test)]
mod tests;
