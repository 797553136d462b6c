//! Failures as the interface shows them: status line, body and headers.

use std::time::Duration;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

use crate::{
    access::Denial,
    north::{audit::Because, auth, limits::BodyError},
    rx::{AvpText, AvpTextValue, Outcome},
    session::{Refusal, SessionError},
    wire::VendorId,
};

use super::{Invalid, RegistrationError, granted::Acceptable, headers};

/// When to come back where the network did not say.
const COME_BACK: Duration = Duration::from_secs(10);

/// Longest text of the PCRF that is passed on. Characters.
const MAX_FOREIGN: usize = 200;

/// Why a request is not answered with success.
#[derive(Debug, Error)]
pub enum ApiError {
    /// A value of the client is refused.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is nothing under this path.
    #[error(
        "SVC0002: Invalid input value for message part path: there is nothing here, GET /docs shows every path"
    )]
    NoSuchPath,
    /// The path has other methods; the router says which.
    #[error(
        "SVC0002: Invalid input value for message part method: the header Allow names those accepted, GET /docs \
         says what each does"
    )]
    NoSuchMethod,
    /// The client takes no JSON.
    #[error("SVC0002: Invalid input value for message part Accept: the answer is application/json")]
    NotAcceptable,
    /// The client sends something else than JSON.
    #[error(
        "SVC0002: Invalid input value for message part Content-Type: accepted is application/json in UTF-8"
    )]
    NotJson,
    /// The key of a request came with another one.
    #[error(
        "SVC0002: Invalid input value for message part Idempotency-Key: \
         another request came with it; accepted is a key that is new, or the same request again"
    )]
    KeyReused,
    /// No match rule is for the end user.
    #[error(
        "SVC0002: Invalid input value for message part endUserId: there is no template for it; \
         apply QoS without a template, or have one loaded whose match rule is for this end user"
    )]
    NoTemplate,
    /// The session is older than what is kept of its template.
    #[error(
        "SVC0002: Invalid input value for message part templateQoSFeatureProperties: the version of the template \
         that the session was made of is not kept any more; change it by PUT of qoSFeatureProperties, or apply \
         QoS again"
    )]
    TemplateGone,
    /// The session is another application's: the client is told what it is told of one that is not there.
    #[error("{}", text(&SessionError::NotFound))]
    NotTheirs,
    /// Whoever sent the request may not.
    #[error("{}", denied(.0))]
    Denied(#[from] Denial),
    /// The gateway lost the request half-way.
    #[error("SVC0001: A service error occurred. Error code is 500: the request was not finished")]
    Broken,
    /// The body did not come as it should.
    #[error("SVC0002: Invalid input value for message part body: {0}")]
    Body(#[from] BodyError),
    /// A registration cannot be made, or is not there.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// The core or the network did not do it.
    #[error("{}", text(.0))]
    Session(SessionError),
}

/// The part of the Parlay X faults that a failure falls under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// SVC0001: the service could not.
    Service,
    /// SVC0002: the input was wrong.
    Input,
    /// SVC0004: nobody is addressed.
    Address,
    /// POL0001: it is not allowed.
    Policy,
}

/// Status and fault of a refusal by its result.
///
/// Codes of the base protocol and of 3GPP overlap; some servers send those of TS 29.214 §5.5 as Result-Code.
fn refusal(outcome: Outcome) -> (StatusCode, Fault) {
    let base = outcome.vendor == VendorId::NONE;
    match outcome.code {
        _ if !base && outcome.vendor != VendorId::TGPP => (StatusCode::BAD_GATEWAY, Fault::Service),
        5061 | 5062 => (StatusCode::BAD_REQUEST, Fault::Input),
        5063 | 5066 | 5067 => (StatusCode::FORBIDDEN, Fault::Policy),
        5003 if base => (StatusCode::FORBIDDEN, Fault::Policy),
        5064 => (StatusCode::CONFLICT, Fault::Input),
        5065 => (StatusCode::NOT_FOUND, Fault::Address),
        5030 if base => (StatusCode::NOT_FOUND, Fault::Address),
        4261 | 5068 => (StatusCode::SERVICE_UNAVAILABLE, Fault::Service),
        3002 | 3003 | 3004 | 3007 if base => (StatusCode::SERVICE_UNAVAILABLE, Fault::Service),
        _ => (StatusCode::BAD_GATEWAY, Fault::Service),
    }
}

/// Whether the network can be asked again after a while.
fn is_temporary(outcome: Outcome) -> bool {
    match outcome.code {
        4261 | 5068 => matches!(outcome.vendor, VendorId::NONE | VendorId::TGPP),
        3004 => outcome.vendor == VendorId::NONE,
        _ => false,
    }
}

/// What the client is told of a failure of the core.
fn text(error: &SessionError) -> String {
    let service =
        |what: &dyn std::fmt::Display| format!("SVC0001: A service error occurred. Error code is {what}");
    match error {
        SessionError::Refused(refused) => refused_text(refused),
        SessionError::BadAnswer { reason, .. } => {
            service(&format_args!("502: the PCRF's answer cannot be used: {reason}"))
        }
        SessionError::Aborted { .. } => service(&"502: the PCRF granted the request and aborted it at once"),
        SessionError::Unavailable { reason } => service(&format_args!("503: no PCRF can be asked: {reason}")),
        SessionError::Shed(shed) => service(&format_args!("503: {}", shed.reason)),
        SessionError::NoAnswer { reason, .. } => {
            service(&format_args!("504: no answer from the PCRF: {reason}"))
        }
        SessionError::Unsendable { .. } => {
            "SVC0002: Invalid input value for message part body: it does not fit into a Diameter message"
                .into()
        }
        SessionError::Lost(refused) => format!(
            "SVC0002: Invalid input value for message part requestId: the PCRF does not know the session any \
             more, it answered {}",
            refused.outcome
        ),
        SessionError::Busy => service(&"503: another modification of the session is under way"),
        SessionError::Quota { max } => denied(&Denial::Sessions { max: *max }),
        SessionError::NotFound => {
            "SVC0002: Invalid input value for message part requestId: there is no such session".into()
        }
        SessionError::Store(_) => service(&"503: the session store failed"),
        SessionError::ShuttingDown => service(&"503: the gateway is shutting down"),
    }
}

/// What a client is told that is denied something, with the deny code.
fn denied(denial: &Denial) -> String {
    match denial {
        ours if ours.is_ours() => format!("SVC0001: A service error occurred. Error code is 503: {ours}"),
        _ => format!("POL0001: A policy error occurred. Error code is {}: {denial}", denial.code()),
    }
}

fn refused_text(refused: &Refusal) -> String {
    let outcome = refused.outcome;
    let mut text = match refusal(outcome).1 {
        Fault::Service => format!("SVC0001: A service error occurred. Error code is {outcome}"),
        Fault::Policy => format!("POL0001: A policy error occurred. Error code is {outcome}"),
        Fault::Address => format!(
            "SVC0004: No valid addresses provided in message part framedIPAddress: the PCRF answered {outcome}"
        ),
        Fault::Input => {
            let part = refused.failed_avp.as_deref().unwrap_or("body");
            format!("SVC0002: Invalid input value for message part {part}: the PCRF answered {outcome}")
        }
    };
    if let Some(host) = first(&refused.answer, "Origin-Host") {
        text.push_str(" from ");
        text.extend(host.chars().take(MAX_FOREIGN));
    }
    if let Some(message) = &refused.error_message {
        text.push_str(": ");
        text.extend(message.chars().filter(|one| !one.is_control()).take(MAX_FOREIGN));
    }
    text
}

fn first<'a>(answer: &'a [AvpText], name: &str) -> Option<&'a str> {
    answer.iter().find(|avp| avp.name == name).and_then(|avp| match &avp.value {
        AvpTextValue::Text(text) => Some(&**text),
        AvpTextValue::Group(_) => None,
    })
}

impl From<SessionError> for ApiError {
    /// A quota is the application's, and so a right that it has not.
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Quota { max } => Self::Denied(Denial::Sessions { max }),
            error => Self::Session(error),
        }
    }
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::NoSuchPath | Self::NoTemplate | Self::TemplateGone | Self::NotTheirs => {
                StatusCode::NOT_FOUND
            }
            Self::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Denied(denial) => auth::status(denial),
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body(BodyError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::Slow) => StatusCode::REQUEST_TIMEOUT,
            Self::Body(BodyError::Broken) => StatusCode::BAD_REQUEST,
            Self::Registration(error) => error.status(),
            Self::Session(error) => match error {
                SessionError::Refused(refused) => refusal(refused.outcome).0,
                SessionError::BadAnswer { .. } | SessionError::Aborted { .. } => StatusCode::BAD_GATEWAY,
                SessionError::NoAnswer { .. } => StatusCode::GATEWAY_TIMEOUT,
                SessionError::Unsendable { .. } => StatusCode::BAD_REQUEST,
                SessionError::Quota { .. } => StatusCode::FORBIDDEN,
                SessionError::NotFound | SessionError::Lost(_) => StatusCode::NOT_FOUND,
                SessionError::Unavailable { .. }
                | SessionError::Shed(_)
                | SessionError::Busy
                | SessionError::Store(_)
                | SessionError::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
            },
        }
    }

    /// Whether the same request may be answered with something else a moment later: also once the operator has given
    /// a right.
    pub(super) fn is_of_the_moment(&self) -> bool {
        self.status().is_server_error() || matches!(self, Self::Denied(_))
    }

    fn is_policy(&self) -> bool {
        match self {
            Self::Session(SessionError::Refused(refused)) => refusal(refused.outcome).1 == Fault::Policy,
            Self::Registration(error) => error.is_policy(),
            Self::Denied(denial) => !denial.is_ours(),
            _ => false,
        }
    }

    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Session(SessionError::Refused(refused) | SessionError::Lost(refused)) => Some(refused),
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Session(SessionError::Refused(refused)) if is_temporary(refused.outcome) => {
                Some(refused.retry_after.unwrap_or(COME_BACK))
            }
            Self::Session(SessionError::Shed(shed)) => Some(shed.retry_after),
            Self::Session(SessionError::Busy | SessionError::Store(_) | SessionError::ShuttingDown) => {
                Some(COME_BACK)
            }
            _ => None,
        }
    }
}

/// The body of every failure.
#[derive(Serialize, ToSchema)]
#[schema(as = Failure)]
pub(super) struct Body {
    error: BodyInside,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FailureInside)]
struct BodyInside {
    /// PolicyException with a POL identifier in the message, else ServiceException.
    r#type: &'static str,
    /// The identifier of the fault, a colon, and what is wrong with which part of the request.
    message: String,
    /// What the PCRF would have granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    acceptable_service_info: Option<Acceptable>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let refusal = self.refusal();
        let body = Body {
            error: BodyInside {
                r#type: if self.is_policy() { "PolicyException" } else { "ServiceException" },
                message: self.to_string(),
                acceptable_service_info: refusal
                    .and_then(|refused| refused.acceptable_service_info.as_ref())
                    .map(Acceptable::from),
            },
        };
        let mut response = (self.status(), axum::Json(body)).into_response();
        if let Some(refused) = refusal {
            let rx_session = refused.rx_session.as_ref().map_or("", |id| id.as_str());
            headers::add_answer(response.headers_mut(), &refused.answer, rx_session);
        }
        match &self {
            Self::Denied(denial) => auth::add_denial(denial, &mut response),
            Self::NotTheirs => {
                let reason = "the session is another application's".into();
                response.extensions_mut().insert(Because { code: None, reason });
            }
            Self::Registration(error) if error.is_policy() => {
                response.extensions_mut().insert(Because { code: None, reason: error.to_string() });
            }
            _ => {}
        }
        auth::add_retry_after(self.retry_after(), &mut response);
        response
    }
}
