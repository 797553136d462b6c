//! The sessions: listed page by page, one with its history, one ended.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    north::{gatekeeper::EndUser, timestamp::rfc3339},
    session::{QosSessionId, Session, SessionError, SessionFilter, SessionState},
};

use super::{
    Admin, Failed, FailedBody, SESSIONS, failed,
    read::{Asked, InPath, bad, page},
};

const STATES: [SessionState; 4] =
    [SessionState::Pending, SessionState::Open, SessionState::Ending, SessionState::Gone];

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only those of this end user, in any form that Apply QoS takes.
    end_user_id: Option<String>,
    /// Only those in this state.
    #[param(pattern = "^(pending|open|ending|gone)$")]
    state: Option<String>,
    /// Only those whose requestId comes after this one: the last of the page before.
    after: Option<String>,
    /// At most so many; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    request_id: &'a str,
    rx_session_id: &'a str,
    end_user_id: &'a str,
    state: &'static str,
    /// The peer that the PCRF is reached through.
    peer: Option<&'a str>,
    expires_at: Option<String>,
}

impl<'a> From<&'a Session> for Listed<'a> {
    fn from(session: &'a Session) -> Self {
        Self {
            request_id: session.id.as_str(),
            rx_session_id: session.rx_session.as_str(),
            end_user_id: &session.end_user,
            state: session.state.as_str(),
            peer: session.pcrf.as_ref().map(|pcrf| &*pcrf.peer),
            expires_at: session.expires.map(rfc3339),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    #[serde(flatten)]
    session: Listed<'a>,
    created_at: String,
    user_is_connected: bool,
    /// Origin-Host of the PCRF that granted it.
    pcrf: Option<&'a str>,
    /// Servers that are still to be told that it is over.
    terminations_owed: usize,
    history: Vec<Happened<'a>>,
}

#[derive(Serialize, ToSchema)]
struct Happened<'a> {
    at: String,
    state: &'static str,
    what: &'a str,
}

/// The sessions
///
/// Those that match, in the order of their names.
#[utoipa::path(
    get, path = "/sessions", tag = SESSIONS, operation_id = "sessions", params(Filter),
    security(("application" = ["admin"])),
    responses(
        (status = 200, description = "A page of sessions.", body = Vec<Listed>),
        (status = 400, description = "The query is wrong.", body = FailedBody),
        (status = 503, description = "The store cannot be read.", body = FailedBody),
    ),
)]
pub(super) async fn list(State(admin): State<Admin>, query: Asked<Filter>) -> Result<Response, Failed> {
    let Query(query) = query?;
    let end_user = match query.end_user_id.as_deref().map(EndUser::parse) {
        Some(Ok(user)) => Some(user.normalised().to_owned()),
        Some(Err(error)) => return Err(bad(error.to_string())),
        None => None,
    };
    let state = match query.state.as_deref() {
        Some(name) => match STATES.iter().find(|state| state.as_str().eq_ignore_ascii_case(name)) {
            Some(state) => Some(*state),
            None => return Err(bad("state is one of pending, open, ending, gone")),
        },
        None => None,
    };
    let filter = SessionFilter {
        end_user,
        state,
        after: query.after.map(QosSessionId::from),
        limit: Some(page(query.limit)?),
        ..SessionFilter::default()
    };
    let sessions = admin.sessions.list(filter).await.map_err(refused)?;
    Ok(Json(sessions.iter().map(Listed::from).collect::<Vec<_>>()).into_response())
}

/// One session with its history
#[utoipa::path(
    get, path = "/sessions/{requestId}", tag = SESSIONS, operation_id = "session",
    params(("requestId" = String, Path, description = "The session.")),
    security(("application" = ["admin"])),
    responses(
        (status = 200, description = "The session.", body = Shown),
        (status = 400, description = "The path gives no UTF-8.", body = FailedBody),
        (status = 404, description = "There is no such session.", body = FailedBody),
        (status = 503, description = "The store cannot be read.", body = FailedBody),
    ),
)]
pub(super) async fn show(State(admin): State<Admin>, id: InPath) -> Result<Response, Failed> {
    let Path(id) = id?;
    let session = admin.sessions.inspect(&QosSessionId::from(id)).await.map_err(refused)?;
    let history = session.history.iter().map(|entry| Happened {
        at: rfc3339(entry.at),
        state: entry.state.as_str(),
        what: &entry.what,
    });
    let shown = Shown {
        session: Listed::from(&session),
        created_at: rfc3339(session.created),
        user_is_connected: session.is_connected(),
        pcrf: session.pcrf.as_ref().map(|pcrf| &*pcrf.host),
        terminations_owed: session.closing.len(),
        history: history.collect(),
    };
    Ok(Json(shown).into_response())
}

/// End a session
///
/// Its application is told.
#[utoipa::path(
    delete, path = "/sessions/{requestId}", tag = SESSIONS, operation_id = "endSession",
    params(("requestId" = String, Path, description = "The session.")),
    security(("application" = ["admin"])),
    responses(
        (status = 204, description = "It is over."),
        (status = 400, description = "The path gives no UTF-8.", body = FailedBody),
        (status = 404, description = "There is no such session.", body = FailedBody),
        (status = 503, description = "The store cannot be read or written.", body = FailedBody),
    ),
)]
pub(super) async fn end(State(admin): State<Admin>, id: InPath) -> Result<StatusCode, Failed> {
    let Path(id) = id?;
    admin.sessions.end(&QosSessionId::from(id)).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

fn refused(error: SessionError) -> Failed {
    let status = match error {
        SessionError::NotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    failed(status, error.to_string())
}
