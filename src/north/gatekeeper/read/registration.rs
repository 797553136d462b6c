//! startQoSNotification: whom an application wants to be told of, and of what (Example 16-16).

use std::collections::HashSet;

use super::{
    Context, Invalid, ReadSettings, Warning,
    json::{self, Members, Node},
    properties::{inside, unknown},
};
use crate::{
    dict::Dictionary,
    north::gatekeeper::{EndUser, Event},
};

/// Longest correlator, and longest interfaceName. Octets.
const MAX_OCTETS: usize = 256;

const WRAPPER: &str = "startQoSNotification";

/// A registration that is asked for, understood; the endpoint is not looked at yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedRegistration {
    /// reference.endpoint.
    pub endpoint: String,
    /// reference.interfaceName.
    pub interface_name: Option<String>,
    /// reference.correlator.
    pub correlator: String,
    /// endUserIdentities, each once.
    pub end_users: Vec<EndUser>,
    /// eventCriteria, each once.
    pub criteria: Vec<Event>,
    /// What was accepted though it is doubtful.
    pub warnings: Vec<Warning>,
}

/// Reads the body of Register for QoS Notifications.
pub fn read_registration(
    body: &[u8],
    settings: ReadSettings,
    dictionary: &Dictionary,
) -> Result<AskedRegistration, Invalid> {
    let context = Context::new(settings, dictionary, None);
    let what = "an object with reference, endUserIdentities and eventCriteria";
    let mut members = inside(json::document(body)?, &[WRAPPER], what, &context)?;
    let Some((name, raw)) = members.take(&["reference"])? else {
        return Err(members.missing("reference", "an object with endpoint and correlator"));
    };
    let mut reference = members.node(name, raw).members(&context)?;
    let endpoint = required(&mut reference, "endpoint", "an absolute URL")?;
    let correlator = required(&mut reference, "correlator", "a text that no other registration has")?;
    check_correlator(&correlator, &reference)?;
    let interface_name = reference.text("interfaceName")?.map(String::from);
    if interface_name.as_ref().is_some_and(|name| name.len() > MAX_OCTETS) {
        return Err(too_long(&reference, "interfaceName"));
    }
    unknown(&reference)?;
    let end_users = end_users(&mut members)?;
    let criteria = criteria(&mut members)?;
    unknown(&members)?;
    let warnings = context.warnings.take();
    Ok(AskedRegistration { endpoint, interface_name, correlator, end_users, criteria, warnings })
}

fn required(members: &mut Members<'_, '_, '_>, name: &'static str, what: &str) -> Result<String, Invalid> {
    let text = members.text(name)?;
    text.map(String::from).ok_or_else(|| members.missing(name, what))
}

/// It becomes a segment of a path: what clients would change in one is refused.
fn check_correlator(correlator: &str, reference: &Members<'_, '_, '_>) -> Result<(), Invalid> {
    let refuse = |why: &str| Err(Invalid::value(reference.at("correlator").to_string(), why));
    if correlator.len() > MAX_OCTETS {
        return Err(too_long(reference, "correlator"));
    }
    if correlator.chars().any(char::is_control) {
        return refuse("it has control characters, accepted is visible text");
    }
    match correlator {
        _ if correlator.trim() != correlator => {
            refuse("it begins or ends with a blank, accepted is visible text")
        }
        "." | ".." => refuse("clients take it for a part of a path, accepted is any other visible text"),
        _ => Ok(()),
    }
}

fn too_long(members: &Members<'_, '_, '_>, name: &str) -> Invalid {
    let why = format!("it is too long, accepted are at most {MAX_OCTETS} octets");
    Invalid::value(members.at(name).to_string(), why)
}

fn end_users(members: &mut Members<'_, '_, '_>) -> Result<Vec<EndUser>, Invalid> {
    const NAME: &str = "endUserIdentities";
    let Some((name, raw)) = members.take(&[NAME])? else {
        return Err(Invalid::address(
            members.at(NAME).to_string(),
            "it is missing, one end user or more is required",
        ));
    };
    let list = members.node(name, raw);
    let (mut users, mut known) = (Vec::new(), HashSet::new());
    for (index, raw) in list.items()?.into_iter().enumerate() {
        let node = list.item(index, raw);
        let user = EndUser::parse(&node.text()?).map_err(|error| match error {
            Invalid::Address { why, .. } => Invalid::address(node.path.to_string(), why),
            other => other,
        })?;
        if known.insert(user.normalised().to_owned()) {
            users.push(user);
        }
    }
    match users.is_empty() {
        true => Err(Invalid::address(list.path.to_string(), "it is empty, one end user or more is required")),
        false => Ok(users),
    }
}

fn criteria(members: &mut Members<'_, '_, '_>) -> Result<Vec<Event>, Invalid> {
    let Some((name, raw)) = members.take(&["eventCriteria"])? else {
        return Err(members.missing("eventCriteria", "one event or more"));
    };
    let list = members.node(name, raw);
    let mut events = Vec::new();
    for (index, raw) in list.items()?.into_iter().enumerate() {
        let event = event(list.item(index, raw))?;
        if !events.contains(&event) {
            events.push(event);
        }
    }
    match events.is_empty() {
        true => Err(Invalid::value(list.path.to_string(), "it is empty, one event or more is required")),
        false => Ok(events),
    }
}

/// An event by its number, written as one or as a string, or by its name.
fn event(node: Node<'_, '_>) -> Result<Event, Invalid> {
    let number = node.decimal().and_then(|number| number.whole()).ok();
    let by_name = || node.choice(Event::NAMED).ok().map(|(event, _)| event);
    number.and_then(Event::from_number).or_else(by_name).ok_or_else(|| {
        let valid = Event::NAMED.iter().map(|(event, name)| format!("{} {name}", event.number()));
        node.refuse_choice(valid.collect::<Vec<_>>().join(", "))
    })
}
