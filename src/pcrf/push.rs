//! RAR and ASR: what the PCRF sends to an AF, and what becomes of the session then.

use std::time::{Duration, Instant};

use thiserror::Error;

use super::{
    exchange::{self, Exchange},
    order::{self, AsrOrder, Destination, Envelope, RarOrder},
    server::Server,
};
use crate::{
    dict::{RX_APPLICATION_ID, result},
    rx::{AsRequest, Outcome, RxError},
    transport::{OutgoingRequest, RequestError},
    wire::{EndToEndId, HopByHopId, MessageBuf},
};

/// What an AF answered.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// The result; `None` if the answer has none.
    pub outcome: Option<Outcome>,
    /// The answer.
    pub answer: MessageBuf,
    /// The peer that it came from.
    pub peer: String,
    /// How long it took.
    pub took: Duration,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum PushError {
    /// Not a session that is held.
    #[error("no session {0} is held here: GET /sessions lists them; give `to.host` to send it all the same")]
    UnknownSession(String),
    /// The PCRF was told to hang, or is being restarted.
    #[error("the PCRF hangs or is being restarted: wake it first")]
    Away,
    /// It cannot be written as a message.
    #[error(transparent)]
    Unwritable(#[from] RxError),
    /// It was not sent, or not answered.
    #[error(transparent)]
    Unanswered(#[from] RequestError),
}

impl Server {
    /// Sends a RAR. A session that the AF does not know is given up.
    pub async fn rar(&self, session_id: &str, order: &RarOrder) -> Result<Pushed, PushError> {
        let envelope = self.envelope(session_id, &order.to)?;
        let host = envelope.destination_host.clone();
        let pushed = self.push(host, order.request(envelope).encode(NO_IDS)?).await?;
        if pushed.outcome == Some(Outcome::base(result::UNKNOWN_SESSION_ID)) {
            self.sessions.lock().remove(session_id);
        }
        Ok(pushed)
    }

    /// Sends an ASR. A session that the AF does not know is given up; any other waits for the STR.
    pub async fn asr(&self, session_id: &str, order: &AsrOrder) -> Result<Pushed, PushError> {
        let envelope = self.envelope(session_id, &order.to)?;
        let host = envelope.destination_host.clone();
        let request = AsRequest {
            session_id: envelope.session_id.into(),
            origin_host: envelope.origin_host.into(),
            origin_realm: envelope.origin_realm.into(),
            destination_realm: envelope.destination_realm.into(),
            destination_host: envelope.destination_host.into(),
            auth_application_id: envelope.application,
            origin_state_id: envelope.origin_state_id,
            abort_cause: order.abort_cause,
            custom: order::custom(&order.custom),
            ..AsRequest::default()
        };
        let pushed = self.push(host, request.encode(NO_IDS)?).await?;
        let mut sessions = self.sessions.lock();
        match pushed.outcome {
            Some(Outcome { code: result::UNKNOWN_SESSION_ID, .. }) => _ = sessions.remove(session_id),
            Some(outcome) if outcome.is_success() => {
                if let Some(session) = sessions.get_mut(session_id) {
                    session.aborting = true;
                }
            }
            _ => {}
        }
        drop(sessions);
        Ok(pushed)
    }

    fn envelope(&self, session_id: &str, to: &Destination) -> Result<Envelope, PushError> {
        let af =
            self.sessions.lock().get(session_id).map(|held| (held.af_host.clone(), held.af_realm.clone()));
        let local = self.local();
        let (af_host, af_realm) = af.unzip();
        let destination_host = to.host.clone().or(af_host);
        Ok(Envelope {
            session_id: session_id.to_owned(),
            destination_host: destination_host
                .ok_or_else(|| PushError::UnknownSession(session_id.to_owned()))?,
            destination_realm: to.realm.clone().or(af_realm).unwrap_or_else(|| local.origin_realm.clone()),
            origin_host: local.origin_host.clone(),
            origin_realm: local.origin_realm.clone(),
            origin_state_id: local.origin_state_id,
            application: RX_APPLICATION_ID,
        })
    }

    async fn push(&self, host: String, message: MessageBuf) -> Result<Pushed, PushError> {
        let pool = self.pool().filter(|_| !self.is_hung()).ok_or(PushError::Away)?;
        let started = Instant::now();
        let request = OutgoingRequest {
            message: message.clone(),
            destination_host: Some(host),
            within: self.config.request_timeout,
            sheddable: false,
        };
        let result = pool.request(request).await;
        // The observer would keep the connections open that a restart has to close.
        drop(pool);
        let took = started.elapsed();
        let (peer, answer, note) = match &result {
            Ok(answered) => (answered.peer.as_str(), Some(answered.message.clone()), None),
            Err(error) => ("", None, Some(error.to_string())),
        };
        let ids = answer.as_ref().map(|answer| answer.header());
        let request = match ids {
            Some(ids) => message.with_hop_by_hop(ids.hop_by_hop, false).with_end_to_end(ids.end_to_end),
            None => message,
        };
        self.observe(&Exchange { incoming: false, peer: peer.into(), request, answer, took, note });
        let answered = result?;
        Ok(Pushed {
            outcome: exchange::outcome(&answered.message),
            answer: answered.message,
            peer: answered.peer,
            took,
        })
    }
}

/// The pool fills in both identifiers.
const NO_IDS: (HopByHopId, EndToEndId) = (HopByHopId(0), EndToEndId(0));
