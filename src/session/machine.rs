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
//! | Pending | STA                      | Gone: the outcome could not be stored, and was taken back       |
//! | Open    | RAR                      | answer, update, one event for each Specific-Action              |
//! | Open    | ASR                      | Ending: answer, event, STR with ADMINISTRATIVE                  |
//! | Open    | remove, expiry, operator | Ending: STR; an event unless it was the caller                  |
//! | Open    | the server forgot        | Gone: event, no STR                                             |
//! | Ending  | RAR, ASR                 | answer with success, no second STR                              |
//! | Ending  | STA, or given up         | Gone when no server is left                                     |
//! | any     | a late AAA 2xxx          | STR to that server, unless it is the one whose grant is used    |
//!
//! A modification of an open session is not part of it yet.

use std::{sync::Arc, time::SystemTime};

use super::{
    Closing, EventKind, Granted, Pcrf, QosEvent, ReleaseReason, Report, Session, SessionState,
    ports::{LateGrant, Reply},
};
use crate::{
    dict::enums::{SpecificAction, TerminationCause},
    rx::{AaAnswer, AsRequest, Flows, Outcome, RaRequest, StAnswer},
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
    /// The operator ends it.
    End,
    /// Its duration is over.
    Expire,
    /// A RAR for it.
    ReAuth(&'a RaRequest<'static>),
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
    /// It was found in the store when the process started.
    Found,
}

/// The way of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// The peer that it came from.
    pub peer: Arc<str>,
    /// Every peer that was sent the request and may have acted on it, this one included.
    pub sent_to: Vec<Arc<str>>,
}

/// What is to be done, once the session is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Answer the network.
    Reply(Reply),
    /// Send an STR, until it has an answer.
    Close(Closing),
    /// Tell the application.
    Emit(Box<QosEvent>),
    /// A Specific-Action that means nothing to us: log it.
    Ignored(SpecificAction),
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
        // Who waited a second for the AAA, in vain, gets this answer (TS 29.214 §4.4.6).
        (SessionState::Pending, Input::ReAuth(_)) => out.push(Output::Reply(Reply::UnknownSession)),
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
        (SessionState::Open, Input::End) => {
            release(session, now, ReleaseReason::Ended, &mut out);
            close(session, now, TerminationCause::DIAMETER_ADMINISTRATIVE);
            end(session, now, ReleaseReason::Ended.as_str(), &mut out);
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
        (SessionState::Open, Input::ReAuth(request)) if is_left_behind(session, &request.origin_host) => {
            out.push(Output::Reply(Reply::UnknownSession));
        }
        (SessionState::Open, Input::Abort(request)) if is_left_behind(session, &request.origin_host) => {
            out.push(Output::Reply(Reply::Success));
        }
        (SessionState::Open, Input::ReAuth(request)) => {
            out.push(Output::Reply(Reply::Success));
            report(session, now, request, &mut out);
        }
        (SessionState::Open, Input::Abort(request)) => {
            out.push(Output::Reply(Reply::Success));
            let report = Report { abort_cause: Some(request.abort_cause), ..Report::default() };
            let kind = EventKind::Network(SpecificAction::INDICATION_OF_RELEASE_OF_BEARER);
            emit(session, now, kind, report, true, &mut out);
            close(session, now, TerminationCause::DIAMETER_ADMINISTRATIVE);
            end(session, now, format!("aborted by the PCRF: {}", request.abort_cause), &mut out);
        }
        (SessionState::Ending, Input::ReAuth(_) | Input::Abort(_)) => out.push(Output::Reply(Reply::Success)),
        (SessionState::Gone, Input::ReAuth(_) | Input::Abort(_)) => {
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
        // Its outcome could not be stored, and whoever may have granted it was told.
        (SessionState::Pending, Input::Closed(..) | Input::GivenUp(_)) => {
            end(session, now, "its outcome could not be stored", &mut out);
        }
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
        (SessionState::Pending, Input::Found) => {
            // Nobody knows whether the AAR left, nor where to.
            let cause = TerminationCause::DIAMETER_LINK_BROKEN;
            let class = Vec::new();
            add(
                &mut session.closing,
                Closing { host: None, peer: None, cause, since: now, certain: false, class },
            );
            end(session, now, "the process ended before the answer", &mut out);
        }
        (_, Input::Found) => {
            out.extend(session.closing.iter().cloned().map(Output::Close));
            settle(session, &mut out);
        }
        // What comes too late or twice changes nothing.
        (_, Input::Granted(..) | Input::Refused(..) | Input::Unusable(..) | Input::Unanswered(..))
        | (_, Input::Remove | Input::End | Input::Expire | Input::OriginState(..)) => {}
    }
    out
}

fn granted(
    session: &mut Session,
    now: SystemTime,
    answer: &AaAnswer<'static>,
    via: &Via,
    out: &mut Vec<Output>,
) {
    leave_behind(session, now, via, Some(&answer.origin_host));
    session.granted = Granted {
        ip_can_type: answer.ip_can_type,
        rat_type: answer.rat_type,
        an_trusted: answer.an_trusted,
        an_gw_address: answer.an_gw_address.to_vec(),
        access_network_charging_identifier: answer.access_network_charging_identifier.to_vec(),
        access_network_charging_address: answer.access_network_charging_address,
        flows: answer.flows.to_vec(),
        subscription_id: answer.subscription_id.to_vec(),
        supported_features: answer.supported_features.to_vec(),
        class: answer.class.iter().map(|class| class.to_vec()).collect(),
    };
    session.pcrf = Some(Pcrf {
        host: Arc::from(&*answer.origin_host),
        realm: Arc::from(&*answer.origin_realm),
        peer: Arc::clone(&via.peer),
        origin_state_id: answer.origin_state_id,
    });
    if session.aborted {
        close(session, now, TerminationCause::DIAMETER_ADMINISTRATIVE);
        return end(session, now, "granted after it was aborted", out);
    }
    session.state = SessionState::Open;
    session.expires = session.duration.and_then(|duration| now.checked_add(duration));
    session.record(now, "granted");
    out.extend(session.closing.iter().cloned().map(Output::Close));
}

/// A RAR: what is known about the access network, the flows, and the events (TS 29.214 §4.4.6).
fn report(session: &mut Session, now: SystemTime, request: &RaRequest<'static>, out: &mut Vec<Output>) {
    let granted = &mut session.granted;
    granted.ip_can_type = request.ip_can_type.or(granted.ip_can_type);
    granted.rat_type = request.rat_type.or(granted.rat_type);
    granted.an_trusted = request.an_trusted.or(granted.an_trusted);
    granted.access_network_charging_address =
        request.access_network_charging_address.or(granted.access_network_charging_address);
    if !request.an_gw_address.is_empty() {
        granted.an_gw_address = request.an_gw_address.to_vec();
    }
    if !request.access_network_charging_identifier.is_empty() {
        granted.access_network_charging_identifier = request.access_network_charging_identifier.to_vec();
    }
    if !request.class.is_empty() {
        granted.class = request.class.iter().map(|class| class.to_vec()).collect();
    }
    let report = Report {
        flows: request.flows.to_vec(),
        subscription_id: request.subscription_id.to_vec(),
        abort_cause: request.abort_cause,
        ip_can_type: request.ip_can_type,
        rat_type: request.rat_type,
        an_trusted: request.an_trusted,
        an_gw_address: request.an_gw_address.to_vec(),
        access_network_charging_identifier: request.access_network_charging_identifier.to_vec(),
        access_network_charging_address: request.access_network_charging_address,
        sponsored_connectivity_data: request.sponsored_connectivity_data.clone(),
    };
    for action in request.specific_action.iter().map(|action| *action) {
        // Void, or of a later release than we know.
        if action.name().is_none() {
            out.push(Output::Ignored(action));
            continue;
        }
        match action {
            SpecificAction::INDICATION_OF_LOSS_OF_BEARER
            | SpecificAction::INDICATION_OF_RELEASE_OF_BEARER => {
                mark(session, &report.flows, true);
            }
            SpecificAction::INDICATION_OF_RECOVERY_OF_BEARER => mark(session, &report.flows, false),
            _ => {}
        }
        session.record(now, format!("reported: {action}"));
        emit(session, now, EventKind::Network(action), report.clone(), false, out);
    }
}

/// Notes which flows are lost, or are not any more. No Flows means all, and so does one without numbers for
/// those of its component (TS 29.214 §5.3.10).
fn mark(session: &mut Session, flows: &[Flows<'static>], lost: bool) {
    let concerned = |component: u32, flow: u32| {
        flows.is_empty()
            || flows.iter().any(|one| {
                one.media_component_number == component
                    && (one.flow_number.is_empty() || one.flow_number.iter().any(|number| *number == flow))
            })
    };
    session.lost.retain(|flow| !concerned(flow.component, flow.flow));
    if lost {
        session.lost.extend(session.flows.iter().filter(|flow| concerned(flow.component, flow.flow)));
    }
}

/// The last usage of sponsored data comes with the STA (TS 29.214 §4.4.9).
fn usage(session: &Session, now: SystemTime, answer: &StAnswer<'static>, out: &mut Vec<Output>) {
    let data = answer.sponsored_connectivity_data.as_ref().filter(|data| data.used_service_unit.is_some());
    if let Some(data) = data {
        let report = Report { sponsored_connectivity_data: Some(data.clone()), ..Report::default() };
        emit(session, now, EventKind::Network(SpecificAction::USAGE_REPORT), report, true, out);
    }
}

/// Adds those that were sent the AAR and whose answer, if any, is not the one that counts.
fn leave_behind(session: &mut Session, now: SystemTime, via: &Via, owner: Option<&str>) {
    let is_owner = |host: &str| owner.is_some_and(|owner| owner.eq_ignore_ascii_case(host));
    // It granted twice: once too early for us to see, and now.
    session.closing.retain(|closing| closing.host.as_deref().is_none_or(|host| !is_owner(host)));
    let others = via.sent_to.iter().filter(|peer| !peer.eq_ignore_ascii_case(&via.peer) && !is_owner(peer));
    for peer in others {
        add(&mut session.closing, asked(peer, now, TerminationCause::DIAMETER_LINK_BROKEN));
    }
}

/// The server that granted it is to be told that it is over.
fn close(session: &mut Session, now: SystemTime, cause: TerminationCause) {
    if let Some(pcrf) = &session.pcrf {
        let (host, peer) = (Some(Arc::clone(&pcrf.host)), Some(Arc::clone(&pcrf.peer)));
        let class = session.granted.class.clone();
        add(&mut session.closing, Closing { host, peer, cause, since: now, certain: true, class });
    }
}

/// Over for the caller; over at all if no server is to be told.
fn end(session: &mut Session, now: SystemTime, why: impl Into<String>, out: &mut Vec<Output>) {
    session.state = if session.closing.is_empty() { SessionState::Gone } else { SessionState::Ending };
    session.expires = None;
    session.record(now, why);
    out.extend(session.closing.iter().cloned().map(Output::Close));
    settle(session, out);
}

fn settle(session: &mut Session, out: &mut Vec<Output>) {
    let over = matches!(session.state, SessionState::Ending | SessionState::Gone);
    if over && session.closing.is_empty() {
        session.state = SessionState::Gone;
        out.push(Output::Forget);
    }
}

/// The peer was sent an AAR; nobody knows whether it acted on it.
fn asked(peer: &Arc<str>, since: SystemTime, cause: TerminationCause) -> Closing {
    let host = Some(Arc::clone(peer));
    Closing { host: host.clone(), peer: host, cause, since, certain: false, class: Vec::new() }
}

fn late(grant: &LateGrant, since: SystemTime) -> Closing {
    Closing {
        host: Some(Arc::clone(&grant.host)),
        peer: Some(Arc::clone(&grant.peer)),
        cause: TerminationCause::DIAMETER_LINK_BROKEN,
        since,
        certain: true,
        class: grant.class.clone(),
    }
}

/// Adds a server unless it is there already; what is known for certain replaces what was supposed.
fn add(list: &mut Vec<Closing>, closing: Closing) {
    match list.iter_mut().find(|known| known.is_same(&closing)) {
        Some(known) if closing.certain => *known = closing,
        Some(_) => {}
        None => list.push(closing),
    }
}

fn is_owner(session: &Session, host: &str) -> bool {
    session.pcrf.as_ref().is_some_and(|pcrf| pcrf.host.eq_ignore_ascii_case(host))
}

/// Whether the host was sent the AAR too, and another one's grant is used.
fn is_left_behind(session: &Session, host: &str) -> bool {
    let is_host = |closing: &Closing| closing.host.as_ref().is_some_and(|one| one.eq_ignore_ascii_case(host));
    !is_owner(session, host) && session.closing.iter().any(is_host)
}

fn is_older(session: &Session, origin_state_id: u32) -> bool {
    let known = session.pcrf.as_ref().and_then(|pcrf| pcrf.origin_state_id);
    known.is_some_and(|known| known < origin_state_id)
}

fn release(session: &Session, now: SystemTime, reason: ReleaseReason, out: &mut Vec<Output>) {
    emit(session, now, EventKind::Released(reason), Report::default(), true, out);
}

fn emit(
    session: &Session,
    now: SystemTime,
    kind: EventKind,
    report: Report,
    ended: bool,
    out: &mut Vec<Output>,
) {
    out.push(Output::Emit(Box::new(QosEvent {
        kind,
        at: now,
        id: session.id.clone(),
        rx_session: session.rx_session.clone(),
        end_user: session.end_user.clone(),
        view: Arc::clone(&session.view),
        ended,
        report,
    })));
}

#[cfg(test)]
mod tests;
