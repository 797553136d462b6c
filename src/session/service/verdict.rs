//! What an AAA means for whoever asked (TS 29.214 §4.4.1, §5.6.2).

use std::time::Duration;

use crate::{
    rx::{AaAnswer, AvpText, Outcome},
    session::{
        Refusal, RxSessionId, SessionError,
        machine::Via,
        ports::{Exchange, GatewayError},
    },
};

/// REQUESTED_SERVICE_TEMPORARILY_NOT_AUTHORIZED (TS 29.214 §5.5).
pub(super) const TEMPORARILY: Outcome = Outcome::tgpp(4261);

/// What an AAA says.
pub(super) enum Verdict {
    /// 2xxx.
    Granted(Box<AaAnswer<'static>>, Vec<AvpText>),
    /// Another result, and Origin-Host if it can be read.
    Refused(Box<Refusal>, String),
    /// Nothing that can be used.
    Unusable(String),
}

impl Verdict {
    /// Reads the answer to an AAR of this session.
    pub fn of(exchange: Exchange<AaAnswer<'static>>, rx_session: &RxSessionId) -> (Self, Via) {
        let Exchange { outcome, answer, failed_avp, text, peer, sent_to, in_doubt } = exchange;
        let verdict = match (outcome, answer) {
            (None, _) => Self::Unusable("it has no result that can be read".into()),
            (Some(outcome), Err(error)) if outcome.is_success() => Self::Unusable(error.to_string()),
            (Some(outcome), Ok(answer)) if outcome.is_success() => match answer.session_id.as_deref() {
                Some(found) if found != rx_session.as_str() => {
                    Self::Unusable("it is of another session".into())
                }
                _ => Self::Granted(Box::new(answer), text),
            },
            (Some(outcome), answer) => {
                let answer = answer.unwrap_or_default();
                let refusal = Refusal {
                    outcome,
                    failed_avp,
                    acceptable_service_info: answer.acceptable_service_info,
                    retry_after: answer.retry_interval.map(|seconds| Duration::from_secs(seconds.into())),
                    error_message: answer.error_message.map(Into::into),
                    answer: text,
                    rx_session: Some(rx_session.clone()),
                };
                Self::Refused(Box::new(refusal), answer.origin_host.into_owned())
            }
        };
        (verdict, Via { peer, sent_to, in_doubt })
    }
}

/// The refusal of what may not be asked again yet (TS 29.214 §5.3.42).
pub(super) fn not_yet(left: Duration) -> Box<Refusal> {
    Box::new(Refusal {
        outcome: TEMPORARILY,
        failed_avp: None,
        acceptable_service_info: None,
        retry_after: Some(left),
        error_message: Some("the PCRF asked not to be asked the same again yet".into()),
        answer: Vec::new(),
        rx_session: None,
    })
}

/// Why there is no AAA.
pub(super) fn unanswered(error: GatewayError, rx_session: RxSessionId) -> SessionError {
    match error {
        GatewayError::NotSent { reason } => SessionError::Unavailable { reason },
        GatewayError::Shed(shed) => SessionError::Shed(shed),
        GatewayError::NoAnswer { reason, .. } => SessionError::NoAnswer { reason, rx_session },
        GatewayError::Unsendable(error) => SessionError::Unsendable { reason: error.to_string() },
        GatewayError::ShuttingDown => SessionError::ShuttingDown,
    }
}
