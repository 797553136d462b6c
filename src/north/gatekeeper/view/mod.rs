//! What a session of this interface keeps in its view: the properties as Get QoS Status shows them.

mod merge;

pub(super) use merge::merged;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::session::{Session, SessionError};

/// The view of a session, which the session layer keeps as JSON text.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    /// qosFeatureProperties.
    #[serde(borrow)]
    pub properties: &'a RawValue,
}

impl<'a> Envelope<'a> {
    /// The text to keep for properties that are JSON.
    pub fn text(properties: &str) -> String {
        format!("{{\"properties\":{properties}}}")
    }

    /// What a session keeps. A view of another form is that of another API: to this one there is no such session.
    pub fn read(session: &'a Session) -> Result<Self, SessionError> {
        serde_json::from_str(&session.view).map_err(|_| SessionError::NotFound)
    }
}
