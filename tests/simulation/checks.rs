//! What must be so when everything has settled.

use std::collections::{BTreeMap, BTreeSet};

use rxgate::{
    dict::commands,
    session::{Session, SessionState},
};
use serde_json::Value;

use crate::{client::found, endpoints::Told, ledger::Entry, pcrf::bandwidth, world::World};

/// Most requests of one kind about one session in one life of the gateway, and once: the troubles of a world last
/// for a few minutes, and every connection that comes back is a reason to repeat an STR.
const MOST_REQUESTS: u64 = 8;
const MOST_AT_ALL: u64 = 40;

/// QOS_FEATURE_RELEASED and INDICATION_OF_RELEASE_OF_BEARER.
const ENDS: [u64; 2] = [12, 4];

/// Compares what everybody says.
pub async fn check(world: &World) {
    let stored = world.disk.sessions().await;
    let mut wrong = Vec::new();
    sides(world, &stored, &mut wrong);
    wishes(world, &stored, &mut wrong);
    events(world, &mut wrong);
    repetitions(world, &mut wrong);
    if let Some(gateway) = world.gateway() {
        let (owed, waiting) = (gateway.sessions.closings(), gateway.notifier.waiting());
        if (owed, waiting) != (0, 0) {
            wrong.push(format!("{owed} STRs are owed and {waiting} letters wait"));
        }
    } else {
        wrong.push("the gateway does not run".into());
    }
    let most = MOST_AT_ALL + MOST_REQUESTS * world.lives();
    for ((command, session), count) in &world.facts.lock().unwrap().received {
        if u64::from(*count) > most {
            let name = commands::abbreviation(*command, true).unwrap_or("?");
            wrong.push(format!("{count} {name} about {session}"));
        }
    }
    wrong.into_iter().for_each(|wrong| world.trace.violation(wrong));
}

/// The PCRFs and the gateway have the same sessions.
fn sides(world: &World, stored: &[Session], wrong: &mut Vec<String>) {
    let mut shown = BTreeMap::new();
    for session in stored {
        let rx_session = session.rx_session.to_string();
        if session.state != SessionState::Open || session.update.is_some() || !session.closing.is_empty() {
            let history: Vec<_> = session.history.iter().map(|entry| entry.what.as_str()).collect();
            wrong.push(format!("{rx_session} is still {}: {history:?}", session.state));
        }
        let host = session.pcrf.as_ref().map_or(String::new(), |pcrf| pcrf.host.to_string());
        if session.state == SessionState::Open {
            shown.insert((host, rx_session), worth(session));
        }
    }
    let mut held = BTreeMap::new();
    for host in &world.hosts {
        for session in host.pcrf.sessions() {
            held.insert((host.name.to_owned(), session.session_id.clone()), bandwidth(&session));
        }
    }
    for (session, worth) in &held {
        match shown.get(session) {
            None => wrong.push(format!("{session:?} is held there, and not by the gateway")),
            Some(shown) if shown != worth => {
                wrong.push(format!("{session:?} is {worth:?} there, and {shown:?} at the gateway"));
            }
            Some(_) => {}
        }
    }
    for session in shown.keys().filter(|session| !held.contains_key(*session)) {
        wrong.push(format!("{session:?} is open at the gateway, and not held there"));
    }
}

fn worth(session: &Session) -> Option<u32> {
    let view: Value = serde_json::from_str(&session.view).ok()?;
    found(&view).or_else(|| view.as_object()?.values().find_map(found))
}

/// What the clients were told is so.
fn wishes(world: &World, stored: &[Session], wrong: &mut Vec<String>) {
    let told = world.endpoints.told();
    let entries = world.ledger.entries();
    let open: BTreeMap<&str, &Session> = stored
        .iter()
        .filter(|session| session.state == SessionState::Open)
        .map(|session| (session.id.as_str(), session))
        .collect();
    let mut known = BTreeSet::new();
    for (number, entry) in entries.iter().enumerate() {
        let Some(id) = &entry.id else { continue };
        known.insert(id.as_str());
        match open.get(id.as_str()) {
            Some(_) if entry.removed => wrong.push(format!("wish {number} was removed, and is open")),
            Some(session) if !worth(session).is_some_and(|worth| entry.worth.contains(&worth)) => {
                let worth = worth(session);
                wrong.push(format!("wish {number} is worth {worth:?}, and may be {:?}", entry.worth));
            }
            Some(session) if session.expires.is_some_and(|expires| expires < world.trace.wall()) => {
                wrong.push(format!("wish {number} has expired, and is open"));
            }
            Some(_) if entry.missed.is_some() => {
                wrong.push(format!("wish {number} is open, and was not found"))
            }
            Some(_) => {}
            None => ended(world, number, entry, &told, wrong),
        }
    }
    for session in open.values().filter(|session| !known.contains(session.id.as_str())) {
        let whose = entries.iter().find(|entry| worth(session).is_some_and(|worth| entry.asked_for == worth));
        // Its client has never heard of it: that can only be if an answer got lost.
        if !whose.is_some_and(|entry| entry.uncertain) {
            wrong.push(format!("{} is open, and nobody knows it", session.rx_session));
        }
    }
}

/// A session that its client was promised is over: there is a reason, and its application knows.
fn ended(world: &World, number: usize, entry: &Entry, told: &[Told], wrong: &mut Vec<String>) {
    if entry.removing.is_some() && entry.missed.is_none() {
        return;
    }
    let aborted =
        entry.rx_session.as_ref().is_some_and(|rx| world.facts.lock().unwrap().ended.contains_key(rx));
    if !aborted && entry.duration.is_none() {
        wrong.push(format!("wish {number} is over without a reason: {entry:?}"));
    }
    if !told.iter().any(|told| told.end_user == entry.end_user && ENDS.contains(&told.number)) {
        wrong.push(format!("wish {number} is over, and its application was not told"));
    }
}

/// What PCRFs were told is known to the applications is, in order.
fn events(world: &World, wrong: &mut Vec<String>) {
    let told = world.endpoints.told();
    let mut latest: BTreeMap<&str, usize> = BTreeMap::new();
    let expected = world.expected.lock().unwrap();
    for event in expected.iter() {
        let is_it = |told: &&Told| match &event.marker {
            Some(_) => told.marker == event.marker && told.end_user == event.end_user,
            None => told.end_user == event.end_user && told.number == 4,
        };
        let before = latest.get(&*event.rx_session).copied();
        let mut found = told.iter().enumerate().filter(|(_, told)| is_it(told)).map(|(at, _)| at).peekable();
        let Some(first) = found.peek().copied() else {
            wrong.push(format!("{event:?} was acknowledged, and no application knows"));
            continue;
        };
        // An end user may have had a session before this one, which ended, too.
        let first = if event.marker.is_some() { Some(first) } else { found.find(|at| Some(*at) > before) };
        match first.filter(|first| Some(*first) > before) {
            Some(first) => _ = latest.insert(&event.rx_session, first),
            None => wrong.push(format!("{event:?} was told before what happened before it")),
        }
    }
}

/// A RAR is one event, however often it was sent and to however many lives of the gateway.
fn repetitions(world: &World, wrong: &mut Vec<String>) {
    let told = world.endpoints.told();
    let mut ids: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for told in &told {
        if let Some(marker) = &told.marker {
            ids.entry(marker).or_default().insert(&told.id);
        }
    }
    for (marker, ids) in ids.iter().filter(|(_, ids)| ids.len() > 1) {
        wrong.push(format!("the RAR {marker} became {} events: {ids:?}", ids.len()));
    }
}
