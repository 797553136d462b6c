//! What a session of this interface keeps in its view: the properties as Get QoS Status shows them, and the
//! template that it was made of.

mod merge;
mod shown;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Invalid, read::Parameters};
use crate::session::{Session, SessionError};

pub(super) use merge::{PROPERTIES, merged, without};
pub(super) use shown::{shown, subscriber};

/// The view of a session, which the session layer keeps as JSON text.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    /// qosFeatureProperties.
    #[serde(borrow)]
    pub properties: &'a RawValue,
    /// What it was made of, unless everything was in the request.
    pub template: Option<Made>,
}

/// The template of a session, and what was set in it. The same is used when the session is modified, whatever
/// was loaded since.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Made {
    /// The match rule.
    pub rule: String,
    /// Version of its template.
    pub version: u64,
    /// Parameters that requests set.
    pub parameters: Parameters,
}

impl<'a> Envelope<'a> {
    /// The text to keep for properties that are JSON.
    pub fn text(properties: &str, template: Option<&Made>) -> String {
        match template.and_then(|made| serde_json::to_string(made).ok()) {
            Some(made) => format!("{{\"properties\":{properties},\"template\":{made}}}"),
            None => format!("{{\"properties\":{properties}}}"),
        }
    }

    /// What a session keeps. A view of another form is that of another API: to this one there is no such session.
    pub fn read(session: &'a Session) -> Result<Self, SessionError> {
        serde_json::from_str(&session.view).map_err(|_| SessionError::NotFound)
    }
}

/// No client can do anything about properties that are not those of this interface.
fn unusable(error: &serde_json::Error) -> Invalid {
    Invalid::value("requestId", format!("the properties of the session cannot be changed: {error}"))
}
