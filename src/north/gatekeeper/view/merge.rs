//! Merging as Rx does it (TS 29.214 §4.4.2): what a change does not name stays as it was.
//!
//! Components are found by their numbers and flows by theirs; the custom AVPs of one name replace those of that
//! name. Every other member is replaced as a whole. What a change sets to REMOVED is not shown any more.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt::Write,
};

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use super::unusable;
use crate::north::gatekeeper::Invalid;

/// Members in the order in which readers of whole requests show them.
pub(in crate::north::gatekeeper) const PROPERTIES: &[&str] = &[
    "duration",
    "applicationIdentifier",
    COMPONENTS,
    "serviceInfoStatus",
    "chargingIdentifier",
    "sIPForkingIndication",
    "subscriptionId",
    "supportedFeatures",
    "reservationPriority",
    "framedIPAddress",
    "framedIPv6Prefix",
    "calledStationId",
    "serviceURN",
    "sponsoredConnectivityData",
    "mPSIdentifier",
    PARAMETER,
];
const COMPONENT: &[&str] = &[
    "mediaComponentNumber",
    FLOWS,
    "applicationIdentifier",
    "mediaType",
    "maxRequestedBandwidthUL",
    "maxRequestedBandwidthDL",
    "minRequestedBandwidthUL",
    "minRequestedBandwidthDL",
    STATUS,
    "reservationPriority",
    "rSBandwidth",
    "rRBandwidth",
    "codecData",
    PARAMETER,
];
const FLOW: &[&str] = &[
    "flowNumber",
    "flowDescription",
    STATUS,
    "flowUsage",
    "maxRequestedBandwidthUL",
    "maxRequestedBandwidthDL",
    "signallingProtocol",
    PARAMETER,
];
const COMPONENTS: &str = "mediaComponentDescription";
const FLOWS: &str = "mediaSubComponent";
const PARAMETER: &str = "parameter";
const STATUS: &str = "flowStatus";

/// Largest properties of a session. Octets of JSON; one request has no more, many changes together could.
const MAX_PROPERTIES: usize = 256 * 1024;

/// The properties after a change; both are properties as readers show them.
pub(in crate::north::gatekeeper) fn merged(current: &str, change: &str) -> Result<String, Invalid> {
    let merged = merged_object(current, change, PROPERTIES).map_err(|error| unusable(&error))?;
    if merged.len() > MAX_PROPERTIES.max(current.len()) {
        let why = format!("with it the session had more than {MAX_PROPERTIES} octets of properties");
        return Err(Invalid::value("body", why));
    }
    Ok(merged)
}

/// The properties without some members.
pub(in crate::north::gatekeeper) fn without(properties: &str, names: &[&str]) -> Result<String, Invalid> {
    let mut object: Object<'_> = serde_json::from_str(properties).map_err(|error| unusable(&error))?;
    names.iter().for_each(|name| object.remove(name));
    Ok(object.into_text())
}

/// An object's members, in order, as JSON text.
struct Object<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Object<'a> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// Sets a member; a new one takes its place in the order of `names`.
    fn set(&mut self, name: Cow<'a, str>, value: Cow<'a, str>, names: &[&str]) {
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| *known == name) {
            *known = value;
            return;
        }
        let rank = |name: &str| names.iter().position(|known| *known == name);
        let after = rank(&name).unwrap_or(names.len());
        let place = self.0.iter().position(|(known, _)| rank(known).is_some_and(|rank| rank > after));
        self.0.insert(place.unwrap_or(self.0.len()), (name, value));
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    fn into_text(self) -> String {
        let mut text = String::from("{");
        for (index, (name, value)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            // Writing into a string never fails.
            let _ = write!(text, "{comma}{}:{value}", serde_json::Value::from(&**name));
        }
        text.push('}');
        text
    }
}

fn merged_object(current: &str, change: &str, names: &[&str]) -> serde_json::Result<String> {
    let mut object: Object<'_> = serde_json::from_str(current)?;
    let Object(changes) = serde_json::from_str(change)?;
    for (name, value) in changes {
        let known = object.get(&name).unwrap_or("[]");
        let items = match &*name {
            COMPONENTS => merged_items(known, &value, "mediaComponentNumber", Some(COMPONENT))?,
            FLOWS => merged_items(known, &value, "flowNumber", Some(FLOW))?,
            PARAMETER => merged_items(known, &value, "name", None)?,
            _ => {
                object.set(name, value, names);
                continue;
            }
        };
        match items {
            Some(items) => object.set(name, items.into(), names),
            None => object.remove(&name),
        }
    }
    Ok(object.into_text())
}

/// Items that have a member `key` to know them by; with `inside` one that is there already is merged with its
/// change, else replaced. `None` if no item is left.
fn merged_items(
    current: &str,
    change: &str,
    key: &str,
    inside: Option<&[&str]>,
) -> serde_json::Result<Option<String>> {
    let key_of = |item: &RawValue| -> serde_json::Result<Option<String>> {
        let object: Object<'_> = serde_json::from_str(item.get())?;
        Ok(object.get(key).map(str::to_owned))
    };
    let keyed = |text| -> serde_json::Result<Vec<(Option<String>, &RawValue)>> {
        let items: Vec<&RawValue> = serde_json::from_str(text)?;
        items.into_iter().map(|item| Ok((key_of(item)?, item))).collect()
    };
    let current = keyed(current)?;
    let changes = keyed(change)?;
    let mut changed: HashMap<&Option<String>, Vec<&RawValue>> = HashMap::new();
    for (key, item) in &changes {
        changed.entry(key).or_default().push(item);
    }
    let before: HashMap<_, _> = current.iter().map(|(key, item)| (key, *item)).collect();
    let mut items: Vec<Cow<'_, str>> = Vec::with_capacity(current.len() + changes.len());
    let mut done = HashSet::new();
    for (key, item) in current.iter().chain(&changes) {
        let Some(found) = changed.get(key) else {
            items.push(item.get().into());
            continue;
        };
        if !done.insert(key) {
            continue;
        }
        for change in found {
            let Some(names) = inside else {
                items.push(change.get().into());
                continue;
            };
            let Object(members) = serde_json::from_str(change.get())?;
            if members.iter().any(|(name, value)| name == STATUS && value == "\"REMOVED\"") {
                continue;
            }
            let before = before.get(key).map_or("{}", |item| item.get());
            items.push(merged_object(before, change.get(), names)?.into());
        }
    }
    Ok((!items.is_empty()).then(|| format!("[{}]", items.join(","))))
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    members.push((name, value.get().into()));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::merged;

    #[track_caller]
    fn check(current: &str, change: &str, expected: &str) {
        assert_eq!(merged(current, change).unwrap(), expected);
        serde_json::from_str::<serde_json::Value>(expected).unwrap();
    }

    #[test]
    fn members_are_replaced_and_new_ones_take_their_place() {
        check(
            r#"{"duration":60,"framedIPAddress":"10.0.0.1"}"#,
            r#"{"duration":30,"applicationIdentifier":"a","mPSIdentifier":"m"}"#,
            r#"{"duration":30,"applicationIdentifier":"a","framedIPAddress":"10.0.0.1","mPSIdentifier":"m"}"#,
        );
        check(
            r#"{"sponsoredConnectivityData":{"sponsorIdentity":"a","applicationServiceProviderIdentity":"b"}}"#,
            r#"{"sponsoredConnectivityData":{"sponsorIdentity":"c"}}"#,
            r#"{"sponsoredConnectivityData":{"sponsorIdentity":"c"}}"#,
        );
    }

    #[test]
    fn components_and_flows_go_by_their_numbers() {
        check(
            r#"{"mediaComponentDescription":[{"mediaComponentNumber":1,"mediaSubComponent":[{"flowNumber":1,"flowDescription":["a","b"],"maxRequestedBandwidthUL":1},{"flowNumber":2}],"mediaType":"AUDIO"},{"mediaComponentNumber":2}]}"#,
            r#"{"mediaComponentDescription":[{"mediaComponentNumber":3,"mediaType":"TEXT"},{"mediaComponentNumber":1,"mediaSubComponent":[{"flowNumber":3},{"flowNumber":1,"flowDescription":["c"],"flowStatus":"DISABLED"}],"applicationIdentifier":"x"}]}"#,
            r#"{"mediaComponentDescription":[{"mediaComponentNumber":1,"mediaSubComponent":[{"flowNumber":1,"flowDescription":["c"],"flowStatus":"DISABLED","maxRequestedBandwidthUL":1},{"flowNumber":2},{"flowNumber":3}],"applicationIdentifier":"x","mediaType":"AUDIO"},{"mediaComponentNumber":2},{"mediaComponentNumber":3,"mediaType":"TEXT"}]}"#,
        );
    }

    #[test]
    fn what_is_removed_is_not_shown() {
        let current = r#"{"mediaComponentDescription":[{"mediaComponentNumber":1,"mediaSubComponent":[{"flowNumber":1},{"flowNumber":2}]},{"mediaComponentNumber":2}]}"#;
        check(
            current,
            r#"{"mediaComponentDescription":[{"mediaComponentNumber":1,"mediaSubComponent":[{"flowNumber":1,"flowStatus":"REMOVED"}]}]}"#,
            r#"{"mediaComponentDescription":[{"mediaComponentNumber":1,"mediaSubComponent":[{"flowNumber":2}]},{"mediaComponentNumber":2}]}"#,
        );
        check(
            current,
            r#"{"mediaComponentDescription":[{"mediaComponentNumber":1,"mediaSubComponent":[{"flowNumber":1,"flowStatus":"REMOVED"},{"flowNumber":2,"flowStatus":"REMOVED"},{"flowNumber":3,"flowStatus":"REMOVED"}]},{"mediaComponentNumber":2,"flowStatus":"REMOVED"}]}"#,
            r#"{"mediaComponentDescription":[{"mediaComponentNumber":1}]}"#,
        );
        check(
            r#"{"duration":1,"mediaComponentDescription":[{"mediaComponentNumber":2}]}"#,
            r#"{"mediaComponentDescription":[{"mediaComponentNumber":2,"flowStatus":"REMOVED"}]}"#,
            r#"{"duration":1}"#,
        );
        // A component that is new, with a flow that was never there.
        check(
            r#"{"duration":1}"#,
            r#"{"mediaComponentDescription":[{"mediaComponentNumber":2,"mediaSubComponent":[{"flowNumber":1,"flowStatus":"REMOVED"}]}]}"#,
            r#"{"duration":1,"mediaComponentDescription":[{"mediaComponentNumber":2}]}"#,
        );
    }

    #[test]
    fn custom_avps_go_by_their_names() {
        check(
            r#"{"parameter":[{"name":"A","value":1},{"name":"B","value":2},{"name":"A","value":3}]}"#,
            r#"{"parameter":[{"name":"C","value":7},{"name":"A","value":[{"name":"B","value":4}]}]}"#,
            r#"{"parameter":[{"name":"A","value":[{"name":"B","value":4}]},{"name":"B","value":2},{"name":"C","value":7}]}"#,
        );
    }
}
