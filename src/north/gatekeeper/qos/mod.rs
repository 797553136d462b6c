//! The operations on QoS sessions: headers and bodies in, calls of the session layer out.

pub(super) mod apply;
mod call;
pub(super) mod modify;
pub(super) mod remove;
pub(super) mod status;
pub(super) mod template;

use crate::{
    north::gatekeeper::{ApiError, EndUser, Gatekeeper},
    session::{QosSessionId, Session, SessionError},
};

impl Gatekeeper {
    /// The session of this name if it is that of the end user.
    async fn session_of(&self, end_user: &str, id: &QosSessionId) -> Result<Session, ApiError> {
        let user = EndUser::parse(end_user)?;
        let session = self.sessions.status(id).await?;
        if session.end_user == user.normalised() { Ok(session) } else { Err(SessionError::NotFound.into()) }
    }
}
