//! What an AAA grants (TS 29.214 §4.4.1).

use std::{sync::Arc, time::SystemTime};

use super::{
    Output, Via,
    closing::{close, end, leave_behind},
};
use crate::{
    dict::enums::TerminationCause,
    rx::AaAnswer,
    session::{Granted, Pcrf, Session, SessionState},
};

pub(super) fn granted(
    session: &mut Session,
    now: SystemTime,
    answer: &AaAnswer<'static>,
    via: &Via,
    out: &mut Vec<Output>,
) {
    leave_behind(session, now, via, Some(&answer.origin_host));
    session.granted = facts(answer);
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

pub(super) fn is_older(session: &Session, origin_state_id: u32) -> bool {
    let known = session.pcrf.as_ref().and_then(|pcrf| pcrf.origin_state_id);
    known.is_some_and(|known| known < origin_state_id)
}

/// What an AAA says about the access network and the session.
pub(in crate::session) fn facts(answer: &AaAnswer<'static>) -> Granted {
    Granted {
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
    }
}
