//! What each operation needs, as its description says.

use std::collections::HashMap;

use axum::{
    extract::MatchedPath,
    http::{Method, request::Parts},
};
use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::announce::SCHEME;
use crate::access::Scope;

/// What an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::north) enum Need {
    /// Nothing: it is served to everybody.
    Nothing,
    /// That an application shows who it is; what it may do does not matter.
    Credentials,
    /// The same, with this scope.
    Scope(Scope),
}

/// Methods of operations.
const METHODS: [Method; 5] = [Method::GET, Method::PUT, Method::POST, Method::DELETE, Method::PATCH];

/// What every operation of an interface needs.
#[derive(Debug)]
pub(in crate::north) struct Needs(HashMap<String, Vec<(Method, Need)>>);

impl Needs {
    /// Reads a description. Panics if an operation does not say what it needs: nobody can forget to.
    pub fn of(api: &OpenApi) -> Self {
        let paths = serde_json::to_value(&api.paths.paths).expect("its maps have strings for keys");
        let operations = |(path, item): (&String, &Value)| {
            let operations = METHODS.iter().filter_map(|method| {
                let name = method.as_str().to_ascii_lowercase();
                let operation = item.get(&name)?;
                let need = need(&operation["security"]);
                Some((
                    method.clone(),
                    need.unwrap_or_else(|| panic!("{name} {path} does not say what it needs")),
                ))
            });
            (path.clone(), operations.collect())
        };
        Self(paths.as_object().into_iter().flatten().map(operations).collect())
    }

    /// What a request needs. What there is not is told only to those who are known here.
    pub fn of_request(&self, request: &Parts) -> Need {
        let path = request.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
        self.find(&request.method, path.unwrap_or_default())
    }

    fn find(&self, method: &Method, path: &str) -> Need {
        // A HEAD is answered as a GET is (RFC 9110 §9.3.2).
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let known =
            self.0.get(path).and_then(|operations| operations.iter().find(|(name, _)| name == method));
        known.map_or(Need::Credentials, |(_, need)| *need)
    }
}

/// One requirement with one scope, or with none; or one that nothing meets.
fn need(security: &Value) -> Option<Need> {
    let [requirement] = security.as_array()?.as_slice() else { return None };
    let requirement = requirement.as_object()?;
    if requirement.is_empty() {
        return Some(Need::Nothing);
    }
    match requirement.get(SCHEME)?.as_array()?.as_slice() {
        [] => Some(Need::Credentials),
        [scope] => Scope::from_name(scope.as_str()?).map(Need::Scope),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn needs(security: Value) -> Needs {
        let api = json!({
            "openapi": "3.1.0", "info": { "title": "", "version": "" },
            "paths": { "/a/{b}": { "get": { "responses": {}, "security": security } } },
        });
        Needs::of(&serde_json::from_value(api).unwrap())
    }

    #[test]
    fn an_operation_needs_what_its_description_says() {
        for (security, need) in [
            (json!([{}]), Need::Nothing),
            (json!([{ SCHEME: [] }]), Need::Credentials),
            (json!([{ SCHEME: ["read"] }]), Need::Scope(Scope::Read)),
        ] {
            let needs = needs(security);
            assert_eq!(needs.find(&Method::GET, "/a/{b}"), need);
            assert_eq!(needs.find(&Method::HEAD, "/a/{b}"), need);
            assert_eq!(needs.find(&Method::POST, "/a/{b}"), Need::Credentials);
            assert_eq!(needs.find(&Method::GET, ""), Need::Credentials);
        }
    }

    #[test]
    #[should_panic(expected = "get /a/{b} does not say what it needs")]
    fn an_operation_that_does_not_say_what_it_needs_is_not_served() {
        needs(json!([{ SCHEME: ["everything"] }]));
    }
}
