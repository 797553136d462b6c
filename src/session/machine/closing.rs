//! Which servers are to be told that a session is over, and when it is over at all (TS 29.214 §4.4.4).

use std::{sync::Arc, time::SystemTime};

use super::{Output, Via};
use crate::{
    dict::enums::TerminationCause,
    session::{Closing, Session, SessionState, ports::LateGrant},
};

/// Adds those that were sent the AAR and whose answer, if any, is not the one that counts.
pub(super) fn leave_behind(session: &mut Session, now: SystemTime, via: &Via, owner: Option<&str>) {
    let is_owner = |host: &str| owner.is_some_and(|owner| owner.eq_ignore_ascii_case(host));
    // It granted twice: once too early for us to see, and now.
    session.closing.retain(|closing| closing.host.as_deref().is_none_or(|host| !is_owner(host)));
    let others = via.sent_to.iter().filter(|peer| !peer.eq_ignore_ascii_case(&via.peer) && !is_owner(peer));
    let again = (via.in_doubt && owner.is_none()).then_some(&via.peer);
    for peer in others.chain(again) {
        add(&mut session.closing, asked(peer, now, TerminationCause::DIAMETER_LINK_BROKEN));
    }
}

/// The server that granted it is to be told that it is over.
pub(super) fn close(session: &mut Session, now: SystemTime, cause: TerminationCause) {
    if let Some(pcrf) = &session.pcrf {
        let (host, peer) = (Some(Arc::clone(&pcrf.host)), Some(Arc::clone(&pcrf.peer)));
        let class = session.granted.class.clone();
        add(&mut session.closing, Closing { host, peer, cause, since: now, certain: true, class });
    }
}

/// Over for the caller; over at all if no server is to be told.
pub(super) fn end(session: &mut Session, now: SystemTime, why: impl Into<String>, out: &mut Vec<Output>) {
    session.state = if session.closing.is_empty() { SessionState::Gone } else { SessionState::Ending };
    session.expires = None;
    // Nobody has to decide on it any more; but an answer that is on its way is waited for.
    session.update.take_if(|update| update.outstanding.is_none());
    session.record(now, why);
    out.extend(session.closing.iter().cloned().map(Output::Close));
    settle(session, out);
}

pub(super) fn settle(session: &mut Session, out: &mut Vec<Output>) {
    let over = matches!(session.state, SessionState::Ending | SessionState::Gone);
    if over && session.closing.is_empty() {
        session.state = SessionState::Gone;
        out.push(Output::Forget);
    }
}

/// The peer was sent an AAR; nobody knows whether it acted on it.
pub(super) fn asked(peer: &Arc<str>, since: SystemTime, cause: TerminationCause) -> Closing {
    let host = Some(Arc::clone(peer));
    Closing { host: host.clone(), peer: host, cause, since, certain: false, class: Vec::new() }
}

pub(super) fn late(grant: &LateGrant, since: SystemTime) -> Closing {
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
pub(super) fn add(list: &mut Vec<Closing>, closing: Closing) {
    match list.iter_mut().find(|known| known.is_same(&closing)) {
        Some(known) if closing.certain => *known = closing,
        Some(_) => {}
        None => list.push(closing),
    }
}

pub(super) fn is_owner(session: &Session, host: &str) -> bool {
    session.pcrf.as_ref().is_some_and(|pcrf| pcrf.host.eq_ignore_ascii_case(host))
}

/// Whether the host was sent the AAR too, and another one's grant is used.
pub(super) fn is_left_behind(session: &Session, host: &str) -> bool {
    let is_host = |closing: &Closing| closing.host.as_ref().is_some_and(|one| one.eq_ignore_ascii_case(host));
    !is_owner(session, host) && session.closing.iter().any(is_host)
}
