//! A walk over an OpenAPI document, for what is made of it.

use serde_json::Value;

/// The document as JSON.
#[derive(Clone, Copy)]
pub(super) struct Document<'d>(pub &'d Value);

/// An operation, with its place.
#[derive(Clone, Copy)]
pub(super) struct Operation<'d> {
    /// In capital letters.
    pub method: &'static str,
    /// The operation itself.
    pub value: &'d Value,
}

const METHODS: [(&str, &str); 5] =
    [("get", "GET"), ("put", "PUT"), ("post", "POST"), ("patch", "PATCH"), ("delete", "DELETE")];

impl<'d> Document<'d> {
    /// Every path with its operations.
    pub fn paths(self) -> impl Iterator<Item = (&'d str, Vec<Operation<'d>>)> {
        entries(&self.0["paths"]).map(|(path, item)| (path, operations(item)))
    }

    /// Every message that is sent by the server, with its name.
    pub fn webhooks(self) -> impl Iterator<Item = (&'d str, Vec<Operation<'d>>)> {
        entries(&self.0["webhooks"]).map(|(name, item)| (name, operations(item)))
    }

    /// What a value refers to, or the value itself.
    pub fn resolve(self, value: &'d Value) -> &'d Value {
        let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        pointer.and_then(|pointer| self.0.pointer(pointer)).unwrap_or(value)
    }
}

fn operations(item: &Value) -> Vec<Operation<'_>> {
    let named = METHODS.iter().filter_map(|(name, method)| Some((*method, item.get(*name)?)));
    named.map(|(method, value)| Operation { method, value }).collect()
}

impl<'d> Operation<'d> {
    /// A text of the operation; empty if it has none.
    pub fn text(self, name: &str) -> &'d str {
        text(self.value, name)
    }

    /// The parameters that stand in one place: `path`, `query` or `header`.
    pub fn parameters(self, place: &str) -> impl Iterator<Item = &'d Value> {
        let all = self.value["parameters"].as_array().into_iter().flatten();
        all.filter(move |parameter| parameter["in"] == place)
    }

    /// The answers by status.
    pub fn responses(self) -> impl Iterator<Item = (&'d str, &'d Value)> {
        entries(&self.value["responses"])
    }
}

/// A member that is a text; empty if there is none.
pub(super) fn text<'d>(value: &'d Value, name: &str) -> &'d str {
    value[name].as_str().unwrap_or_default()
}

/// The members of an object; none of what is no object.
pub(super) fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

/// The name of the schema that a value refers to.
pub(super) fn referred(value: &Value) -> Option<&str> {
    value["$ref"].as_str()?.rsplit('/').next()
}
