//! What a template asks for, as the JSON that a request for the same without a template would have.

use serde_json::{Map, Value};

use crate::{rx::SubscriptionId, template::Shown};

/// The properties that a template shows.
pub(in crate::north::gatekeeper) fn shown(elements: &[Shown<'_>]) -> String {
    Value::from(object(elements)).to_string()
}

/// The properties that a subscriber is.
pub(in crate::north::gatekeeper) fn subscriber(id: &SubscriptionId<'_>) -> String {
    let (kind, data) = (id.subscription_id_type.to_string(), &*id.subscription_id_data);
    serde_json::json!({ "subscriptionId": [{ "subscriptionIdType": kind, "subscriptionIdData": data }] })
        .to_string()
}

fn object(elements: &[Shown<'_>]) -> Map<String, Value> {
    let mut members = Map::new();
    let mut parameters = Vec::new();
    let mut add = |name: &str, repeated: bool, value: Value| {
        if !repeated {
            members.insert(name.to_owned(), value);
        } else if let Some(Value::Array(items)) = members.get_mut(name) {
            items.push(value);
        } else {
            members.insert(name.to_owned(), vec![value].into());
        }
    };
    for element in elements {
        match element {
            Shown::Value { name, text, number, repeated } => {
                // Numbers are written as JSON writes them; what is none after all is shown as the text that it is.
                let as_number = if *number { serde_json::from_str(text).ok() } else { None };
                add(name, *repeated, as_number.unwrap_or_else(|| Value::from(&**text)));
            }
            Shown::Group { name, repeated, members } => add(name, *repeated, object(members).into()),
            Shown::Custom { .. } | Shown::CustomGroup { .. } => parameters.extend(parameter(element)),
        }
    }
    if !parameters.is_empty() {
        members.insert("parameter".into(), parameters.into());
    }
    members
}

/// A custom AVP; members of a group are custom ones too.
fn parameter(element: &Shown<'_>) -> Option<Value> {
    let (name, value) = match element {
        Shown::Custom { name, text } => (name, Value::from(*text)),
        Shown::CustomGroup { name, members } => {
            (name, members.iter().filter_map(parameter).collect::<Vec<_>>().into())
        }
        Shown::Value { .. } | Shown::Group { .. } => return None,
    };
    Some(serde_json::json!({ "name": name, "value": value }))
}
