//! What the network reports, and what the application is told (TS 29.214 §4.4.6, §4.4.9).

use std::{collections::BTreeSet, sync::Arc, time::SystemTime};

use super::Output;
use crate::{
    dict::enums::SpecificAction,
    rx::{Flows, RaRequest, StAnswer},
    session::{EventKind, FlowId, Granted, QosEvent, ReleaseReason, Report, Session, flows::merge},
};

/// A RAR: what is known about the access network, the flows, and the events (TS 29.214 §4.4.6). Whether it says any of
/// that.
pub(super) fn report(
    session: &mut Session,
    now: SystemTime,
    request: &RaRequest<'static>,
    out: &mut Vec<Output>,
) -> bool {
    let facts = Granted {
        ip_can_type: request.ip_can_type,
        rat_type: request.rat_type,
        an_trusted: request.an_trusted,
        an_gw_address: request.an_gw_address.to_vec(),
        access_network_charging_identifier: request.access_network_charging_identifier.to_vec(),
        access_network_charging_address: request.access_network_charging_address,
        class: request.class.iter().map(|class| class.to_vec()).collect(),
        ..Granted::default()
    };
    let mut says_something = facts != Granted::default();
    if let Some(update) = &mut session.update {
        update.reported.take_over(facts.clone());
    }
    session.granted.take_over(facts);
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
    // One that is there twice is no second event: a message has room for ten thousand, each with all of the report.
    let mut told = BTreeSet::new();
    for action in request.specific_action.iter().map(|action| *action) {
        if !told.insert(action) {
            continue;
        }
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
        says_something = true;
    }
    says_something
}

/// Notes which flows are lost, or are not any more. No Flows means all, and so does one without numbers for
/// those of its component (TS 29.214 §5.3.10).
fn mark(session: &mut Session, flows: &[Flows<'static>], lost: bool) {
    let concerned = |flow: &FlowId| {
        flows.is_empty()
            || flows.iter().any(|one| {
                flow.component == Some(one.media_component_number)
                    && (one.flow_number.is_empty()
                        || one.flow_number.iter().any(|number| flow.flow == Some(*number)))
            })
    };
    session.lost.retain(|flow| !concerned(flow));
    if lost {
        // A report may overtake the AAA that adds its flows.
        let wanted = session.update.as_ref().map(|update| merge(&session.flows, &update.change.service));
        let all: BTreeSet<_> = session.flows.iter().chain(wanted.iter().flatten()).copied().collect();
        session.lost.extend(all.iter().filter(|flow| concerned(flow)));
    }
}

/// The last usage of sponsored data comes with the STA (TS 29.214 §4.4.9).
pub(super) fn usage(session: &Session, now: SystemTime, answer: &StAnswer<'static>, out: &mut Vec<Output>) {
    let data = answer.sponsored_connectivity_data.as_ref().filter(|data| data.used_service_unit.is_some());
    if let Some(data) = data {
        let report = Report { sponsored_connectivity_data: Some(data.clone()), ..Report::default() };
        emit(session, now, EventKind::Network(SpecificAction::USAGE_REPORT), report, true, out);
    }
}

pub(super) fn release(session: &Session, now: SystemTime, reason: ReleaseReason, out: &mut Vec<Output>) {
    emit(session, now, EventKind::Released(reason), Report::default(), true, out);
}

pub(super) fn emit(
    session: &Session,
    now: SystemTime,
    kind: EventKind,
    report: Report,
    ended: bool,
    out: &mut Vec<Output>,
) {
    out.push(Output::Emit(Arc::new(QosEvent {
        kind,
        at: now,
        id: session.id.clone(),
        rx_session: session.rx_session.clone(),
        owner: session.owner.clone(),
        end_user: session.end_user.clone(),
        view: Arc::clone(&session.view),
        ended,
        report,
    })));
}
