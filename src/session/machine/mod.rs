//! The rules of an AF session (TS 29.214 §4.4.1, §4.4.4 to §4.4.6), as a step from one state to the next.
//!
//! | state   | input                    | next, and what is done                                          |
//! |---------|--------------------------|-----------------------------------------------------------------|
//! | Pending | AAA 2xxx                 | Open; servers that were asked in vain are closed                |
//! | Pending | AAA 2xxx after an ASR    | Ending: STR                                                     |
//! | Pending | AAA with another result  | Gone, no STR; servers that were asked in vain are closed        |
//! | Pending | AAA that says nothing    | Ending: STR with BAD_ANSWER                                     |
//! | Pending | no answer                | Ending: STR with LINK_BROKEN to everyone asked; Gone if nobody  |
//! | Pending | RAR, ASR                 | the caller of `step` waits a second for the AAA, then refuses   |
//! | Pending | STA                      | nothing: an outcome that is not stored yet is being taken back  |
//! | Open    | RAR                      | answer, update, one event for each Specific-Action              |
//! | Open    | RAR acted on before      | answer with success, nothing else                               |
//! | Open    | ASR                      | Ending: answer, event, STR with ADMINISTRATIVE                  |
//! | Open    | remove, expiry, operator | Ending: STR; an event unless it was the caller                  |
//! | Open    | the server forgot        | Gone: event, no STR                                             |
//! | Ending  | RAR, ASR                 | answer with success, no second STR                              |
//! | Ending  | STA, or given up         | Gone when no server is left                                     |
//! | any     | a late AAA 2xxx          | STR to that server, unless it is the one whose grant is used    |
//!
//! What happens to an open session's modification stands in `update.rs`. While its AAR is under way, an STR to the
//! same server waits (TS 29.214 §4.4.6.1); everything else about the end of a session does not.

mod closing;
mod grant;
mod report;
mod update;

use std::{sync::Arc, time::SystemTime};

pub(in crate::session) use self::grant::facts;
pub use self::update::Progress;
use self::{
    closing::{add, asked, close, end, is_left_behind, is_owner, late, leave_behind, settle},
    grant::{granted, is_older},
    report::{emit, release, report, usage},
};
use super::{
    Closing, EventKind, QosChange, QosEvent, ReleaseReason, Report, Session, SessionState,
    ports::{LateGrant, Reply, Sending},
};
use crate::{
    dict::enums::{SpecificAction, TerminationCause},
    rx::{AaAnswer, AsRequest, Outcome, RaRequest, StAnswer},
};

/// What happens to a session.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The AAA says 2xxx.
    Granted(&'a AaAnswer<'static>, &'a Via),
    /// The AAA says something else.
    Refused(Outcome, &'a Via),
    /// The AAA cannot be used, and does not say that nothing was granted.
    Unusable(&'a Via),
    /// There was no AAA. The peers were sent the AAR and may have acted on it.
    Unanswered(&'a [Arc<str>]),
    /// The caller does not want it any more.
    Remove,
    /// The operator ends it, or the gateway does, for this reason.
    End(ReleaseReason),
    /// Its duration is over.
    Expire,
    /// A RAR for it.
    ReAuth(&'a RaRequest<'static>, Sending),
    /// An ASR for it.
    Abort(&'a AsRequest<'static>),
    /// A server granted it when nobody waited for that any more.
    LateGrant(&'a LateGrant),
    /// The server that granted it has this Origin-State-Id now.
    OriginState(u32),
    /// A server said that it does not have it any more.
    Closed(&'a Closing, &'a StAnswer<'static>),
    /// A server could not be told for too long.
    GivenUp(&'a Closing),
    /// The caller wants it to be different, and knows it as of this [`revision`](Session::revision).
    Modify(&'a Arc<QosChange>, u64),
    /// Something happened to its modification of this number.
    Update(u64, Progress<'a>),
    /// It was found in the store when the process started; an earlier one may have sent requests to these peers.
    Found(&'a [Arc<str>]),
}

/// The way of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// The peer that it came from.
    pub peer: Arc<str>,
    /// Every peer that was sent the request and may have acted on it, this one included.
    pub sent_to: Vec<Arc<str>>,
    /// This one was sent it before, too, and has not answered that.
    pub in_doubt: bool,
}

/// What is to be done, once the session is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Answer the network.
    Reply(Reply),
    /// Send an STR, until it has an answer; to the server that granted the session not before the AAR under way
    /// has ended.
    Close(Closing),
    /// Send the AAR of the session's modification.
    Ask,
    /// Send the AAR of this modification again, until its outcome is known.
    SendAgain(u64),
    /// Tell the application.
    Emit(Arc<QosEvent>),
    /// A Specific-Action that means nothing to us: log it.
    Ignored(SpecificAction),
    /// A RAR that was acted on before: log it.
    Repeated,
    /// Remove the session from the store.
    Forget,
}

/// Takes one step. Nothing is done here: neither is anything sent nor any clock read.
pub fn step(session: &mut Session, now: SystemTime, input: Input<'_>) -> Vec<Output> {
    let mut out = Vec::new();
    match (session.state, input) {
        (SessionState::Pending, Input::Granted(answer, via)) => granted(session, now, answer, via, &mut out),
        (SessionState::Pending, Input::Refused(outcome, via)) => {
            leave_behind(session, now, via, None);
            end(session, now, format!("refused: {outcome}"), &mut out);
        }
        (SessionState::Pending, Input::Unusable(via)) => {
            leave_behind(session, now, via, None);
            let closing = asked(&via.peer, now, TerminationCause::DIAMETER_BAD_ANSWER);
            add(&mut session.closing, closing);
            end(session, now, "the answer cannot be used", &mut out);
        }
        (SessionState::Pending, Input::Unanswered(sent_to)) => {
            for peer in sent_to {
                add(&mut session.closing, asked(peer, now, TerminationCause::DIAMETER_LINK_BROKEN));
            }
            let why = if sent_to.is_empty() { "nobody could be asked" } else { "no answer" };
            end(session, now, why, &mut out);
        }
        // Who waited a second for the AAA, in vain. It may be granted still: a server that heard of an unknown session
        // would have forgotten it by then.
        (SessionState::Pending, Input::ReAuth(..)) => out.push(Output::Reply(Reply::UnableToComply)),
        (SessionState::Pending, Input::Abort(_)) => {
            session.aborted = true;
            session.record(now, "aborted before it was granted");
            out.push(Output::Reply(Reply::UnknownSession));
        }
        // The STR waits for the AAA: should that come from the same server, the grant is wanted after all.
        (SessionState::Pending, Input::LateGrant(grant)) => add(&mut session.closing, late(grant, now)),
        (SessionState::Open, Input::Remove) => {
            close(session, now, TerminationCause::DIAMETER_LOGOUT);
            end(session, now, "removed", &mut out);
        }
        (SessionState::Open, Input::End(reason)) => {
            release(session, now, reason, &mut out);
            close(session, now, TerminationCause::DIAMETER_ADMINISTRATIVE);
            end(session, now, reason.as_str(), &mut out);
        }
        (SessionState::Open, Input::Expire) if session.expires.is_some_and(|expires| expires <= now) => {
            release(session, now, ReleaseReason::Expired, &mut out);
            close(session, now, TerminationCause::DIAMETER_SESSION_TIMEOUT);
            end(session, now, ReleaseReason::Expired.as_str(), &mut out);
        }
        (SessionState::Open, Input::OriginState(new)) if is_older(session, new) => {
            release(session, now, ReleaseReason::PcrfRestarted, &mut out);
            end(session, now, ReleaseReason::PcrfRestarted.as_str(), &mut out);
        }
        // Only the server that granted it speaks for it.
        (SessionState::Open, Input::ReAuth(request, _)) if is_left_behind(session, &request.origin_host) => {
            out.push(Output::Reply(Reply::UnknownSession));
        }
        (SessionState::Open, Input::Abort(request)) if is_left_behind(session, &request.origin_host) => {
            out.push(Output::Reply(Reply::Success));
        }
        (SessionState::Open, Input::ReAuth(request, sending))
            if session.rars.is_repeated(now, &request.origin_host, sending) =>
        {
            out.push(Output::Reply(Reply::Success));
            out.push(Output::Repeated);
        }
        (SessionState::Open, Input::ReAuth(request, sending)) => {
            out.push(Output::Reply(Reply::Success));
            // One that says nothing may come again: it needs no room, and no write.
            if report(session, now, request, &mut out) {
                session.rars.add(now, &request.origin_host, sending);
            }
        }
        (SessionState::Open, Input::Abort(request)) => {
            out.push(Output::Reply(Reply::Success));
            let report = Report { abort_cause: Some(request.abort_cause), ..Report::default() };
            let kind = EventKind::Network(SpecificAction::INDICATION_OF_RELEASE_OF_BEARER);
            emit(session, now, kind, report, true, &mut out);
            close(session, now, TerminationCause::DIAMETER_ADMINISTRATIVE);
            end(session, now, format!("aborted by the PCRF: {}", request.abort_cause), &mut out);
        }
        (SessionState::Ending, Input::ReAuth(..) | Input::Abort(_)) => {
            out.push(Output::Reply(Reply::Success))
        }
        (SessionState::Gone, Input::ReAuth(..) | Input::Abort(_)) => {
            out.push(Output::Reply(Reply::UnknownSession));
        }
        (SessionState::Open, Input::LateGrant(grant)) if is_owner(session, &grant.host) => {}
        (_, Input::LateGrant(grant)) => {
            let closing = late(grant, now);
            add(&mut session.closing, closing.clone());
            session.record(now, "granted late, by a server that is not used");
            if session.state == SessionState::Gone {
                session.state = SessionState::Ending;
            }
            out.push(Output::Close(closing));
        }
        // Its outcome could not be stored yet, and whoever was asked is told already: all of them count once it is.
        (SessionState::Pending, Input::Closed(..) | Input::GivenUp(_)) => {}
        (_, Input::Closed(closing, answer)) => {
            let found = session.closing.iter().position(|known| known.is_same(closing));
            if let Some(closed) = found.map(|found| session.closing.remove(found)) {
                if closed.certain && session.state == SessionState::Ending {
                    usage(session, now, answer, &mut out);
                }
                session.record(now, "closed at a server");
            }
            settle(session, &mut out);
        }
        (_, Input::GivenUp(closing)) => {
            session.closing.retain(|known| !known.is_same(closing));
            session.record(now, "given up: a server may still have it");
            settle(session, &mut out);
        }
        (SessionState::Pending, Input::Found(peers)) => {
            // Nobody knows whether the AAR left, nor where to: to every one of them, perhaps.
            let cause = TerminationCause::DIAMETER_LINK_BROKEN;
            for peer in peers {
                add(&mut session.closing, asked(peer, now, cause));
            }
            if peers.is_empty() {
                let (since, class) = (now, Vec::new());
                let anybody = Closing { host: None, peer: None, cause, since, certain: false, class };
                add(&mut session.closing, anybody);
            }
            end(session, now, "the process ended before the answer", &mut out);
        }
        (state, Input::Found(_)) => {
            out.extend(session.closing.iter().cloned().map(Output::Close));
            match &mut session.update {
                // It may or may not have left.
                Some(update) if state == SessionState::Open => {
                    update.outstanding = None;
                    out.push(Output::SendAgain(update.number));
                }
                update => *update = None,
            }
            settle(session, &mut out);
        }
        (SessionState::Open, Input::Modify(change, revision)) => {
            update::wanted(session, now, change, revision, &mut out);
        }
        (_, Input::Update(number, progress)) => {
            update::progress(session, now, number, progress, &mut out);
        }
        // What comes too late or twice changes nothing.
        (_, Input::Granted(..) | Input::Refused(..) | Input::Unusable(..) | Input::Unanswered(..))
        | (_, Input::Remove | Input::End(_) | Input::Expire | Input::OriginState(..) | Input::Modify(..)) => {
        }
    }
    out
}

#[cfg(test)]
mod tests;
