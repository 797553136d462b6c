//! The operations on QoS sessions: headers and bodies in, calls of the session layer out.

pub(super) mod apply;
mod call;
pub(super) mod modify;
pub(super) mod remove;
pub(super) mod status;
pub(super) mod template;

use crate::{
    access::Caller,
    north::gatekeeper::{ApiError, EndUser, Gatekeeper},
    session::{QosSessionId, Session, SessionError},
};

impl Gatekeeper {
    /// Checks that there is such a session for the caller, before anything is done with it: see [`found`](Self::found).
    async fn is_there(
        &self,
        caller: &Caller,
        end_user: Option<&str>,
        id: &QosSessionId,
    ) -> Result<(), ApiError> {
        // Without either every session is; whether there is one is seen later.
        if caller.application.is_some() || end_user.is_some() {
            self.found(caller, end_user, id).await?;
        }
        Ok(())
    }

    /// The session of this name if it is the caller's, and that of the end user if the path names one. Whatever is
    /// wrong with it, it is not found.
    async fn found(
        &self,
        caller: &Caller,
        end_user: Option<&str>,
        id: &QosSessionId,
    ) -> Result<Session, ApiError> {
        let user = end_user.map(EndUser::parse).transpose()?;
        let session = self.sessions.status(id).await?;
        if !caller.owns(session.owner.as_deref()) {
            return Err(ApiError::NotTheirs);
        }
        let is_it = user.is_none_or(|user| session.end_user == user.normalised());
        if is_it { Ok(session) } else { Err(SessionError::NotFound.into()) }
    }
}
