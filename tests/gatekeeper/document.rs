//! An OpenAPI document as a judge: is this answer one that it announces, is this value one that it describes?

use std::net::{Ipv4Addr, Ipv6Addr};

use regex::Regex;
use serde_json::{Map, Value};

use crate::world::Reply;

/// A document, as far as the interfaces use the language (OpenAPI 3.1, JSON Schema 2020-12).
pub struct Document(pub Value);

impl Document {
    /// Panics if an answer is none that the operation announces. What no operation is asked for is left alone.
    #[track_caller]
    pub fn judge(&self, method: &str, path: &str, reply: &Reply) {
        let Some((template, item)) = self.item(path) else { return };
        let Some(operation) = item.get(method.to_ascii_lowercase()) else { return };
        let place = format!("{method} {template}: {}", reply.status);
        let announced = &operation["responses"][reply.status.to_string()];
        assert!(announced.is_object(), "{place} is not announced: {reply:?}");
        let announced = self.resolve(announced);
        for name in ["location", "retry-after", "x-plugin-param-keys", "x-plugin-param-values"] {
            let headers = announced["headers"].as_object().into_iter().flatten();
            let known = headers.map(|(name, _)| name.to_ascii_lowercase()).any(|known| known == name);
            assert!(known || !reply.headers.contains_key(name), "{place} has no header {name}");
        }
        let Some(content) = announced["content"].as_object() else {
            return assert!(reply.body.is_empty(), "{place} has no body: {reply:?}");
        };
        let kind = reply.header("content-type").split(';').next().unwrap();
        let content = content.get(kind).unwrap_or_else(|| panic!("{place} is no {kind}"));
        if kind == "application/json" {
            let faults = self.faults(&content["schema"], &reply.json());
            assert_eq!(faults, Vec::<String>::new(), "{place}: {}", reply.json());
        }
    }

    /// The path that is this one, with its first parameter as late as possible.
    fn item(&self, path: &str) -> Option<(&String, &Value)> {
        let path = path.split('?').next().unwrap();
        let matches = |template: &str| {
            let (mut parts, mut given) = (template.split('/'), path.split('/'));
            let same = parts
                .by_ref()
                .zip(given.by_ref())
                .all(|(part, given)| part == given || part.starts_with('{') && !given.is_empty());
            same && template.split('/').count() == path.split('/').count()
        };
        let fitting = self.0["paths"].as_object()?.iter().filter(|(template, _)| matches(template));
        fitting.min_by_key(|(template, _)| {
            template.split('/').map(|part| part.starts_with('{')).collect::<Vec<_>>()
        })
    }

    /// What a reference refers to.
    pub fn resolve<'d>(&'d self, value: &'d Value) -> &'d Value {
        match value["$ref"].as_str() {
            Some(reference) => self.0.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
            None => value,
        }
    }

    /// What is wrong with a value. Members that are not described are wrong.
    pub fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(schema, value, true, "", &mut faults);
        faults
    }

    fn check(&self, schema: &Value, value: &Value, closed: bool, at: &str, faults: &mut Vec<String>) {
        let schema = self.resolve(schema).as_object().unwrap();
        let mut fault = |what: &str| faults.push(format!("{at}: {what}: {value}"));
        let is_type = |name: &Value| match name.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("type {other}"),
        };
        match schema.get("type") {
            Some(Value::Array(types)) if !types.iter().any(is_type) => fault("of another type"),
            Some(name @ Value::String(_)) if !is_type(name) => fault("of another type"),
            _ => {}
        }
        if schema.get("enum").is_some_and(|values| !values.as_array().unwrap().contains(value)) {
            fault("none of those possible");
        }
        let number = |name: &str| schema.get(name).and_then(Value::as_f64).zip(value.as_f64());
        if number("minimum").is_some_and(|(least, value)| value < least)
            || number("maximum").is_some_and(|(most, value)| value > most)
        {
            fault("out of range");
        }
        if let Some(text) = value.as_str() {
            let pattern = schema.get("pattern").map(|pattern| Regex::new(pattern.as_str().unwrap()).unwrap());
            if pattern.is_some_and(|pattern| !pattern.is_match(text)) {
                fault("of another form");
            }
            match schema.get("format").and_then(Value::as_str) {
                Some("ipv4") if text.parse::<Ipv4Addr>().is_err() => fault("no IPv4 address"),
                Some("ipv6") if text.parse::<Ipv6Addr>().is_err() => fault("no IPv6 address"),
                _ => {}
            }
        }
        let members = value.as_object();
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.map(|name| name.as_str().unwrap()) {
            if members.is_some_and(|members| !members.contains_key(name)) {
                fault(&format!("{name} is missing"));
            }
        }
        let known = self.members(schema);
        for name in members.into_iter().flat_map(Map::keys).filter(|_| closed && !known.is_empty()) {
            if !known.contains(&name) {
                fault(&format!("{name} is not known"));
            }
        }
        for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if let Some(value) = value.get(name) {
                self.check(schema, value, closed, &format!("{at}/{name}"), faults);
            }
        }
        if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
            if schema.get("maxItems").and_then(Value::as_u64).is_some_and(|max| values.len() as u64 > max) {
                faults.push(format!("{at}: too many items"));
            }
            for (index, value) in values.iter().enumerate() {
                self.check(items, value, closed, &format!("{at}/{index}"), faults);
            }
        }
        for (kind, parts) in schema.iter().filter(|(kind, _)| kind.ends_with("Of")) {
            let parts = parts.as_array().unwrap().iter();
            let all: Vec<Vec<String>> = parts
                .map(|part| {
                    let mut faults = Vec::new();
                    self.check(part, value, closed && kind != "allOf", at, &mut faults);
                    faults
                })
                .collect();
            let fitting = all.iter().filter(|faults| faults.is_empty()).count();
            match kind.as_str() {
                "allOf" => faults.extend(all.into_iter().flatten()),
                "oneOf" if fitting == 1 => {}
                "anyOf" if fitting >= 1 => {}
                _ => faults.push(format!("{at}: fits {fitting} of {kind}: {all:?}: {value}")),
            }
        }
    }

    /// The names of the members that a schema describes, with those of its parts.
    fn members<'d>(&'d self, schema: &'d Map<String, Value>) -> Vec<&'d String> {
        let own = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        let parts = ["allOf", "anyOf"].into_iter().filter_map(|kind| schema.get(kind)?.as_array()).flatten();
        own.chain(parts.flat_map(|part| self.members(self.resolve(part).as_object().unwrap()))).collect()
    }
}
