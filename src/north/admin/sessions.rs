//! The sessions: listed page by page, one with its history, one ended.

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::{
    north::{gatekeeper::EndUser, timestamp::rfc3339},
    session::{QosSessionId, Session, SessionError, SessionFilter, SessionState},
};

use super::{Admin, Failed, failed};

/// Sessions of a page, unless the operator says how many.
const PAGE: usize = 100;

/// Most sessions of a page.
const MAX_PAGE: usize = 1000;

const STATES: [SessionState; 4] =
    [SessionState::Pending, SessionState::Open, SessionState::Ending, SessionState::Gone];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Filter {
    end_user_id: Option<String>,
    state: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Serialize)]
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

#[derive(Serialize)]
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

#[derive(Serialize)]
struct Happened<'a> {
    at: String,
    state: &'static str,
    what: &'a str,
}

type Id = Result<Path<String>, PathRejection>;

fn named(id: Id) -> Result<QosSessionId, Failed> {
    let Path(id) = id.map_err(|error| failed(error.status(), error.body_text()))?;
    Ok(QosSessionId::from(id))
}

/// The sessions that match, in the order of their names.
pub(super) async fn list(
    State(admin): State<Admin>,
    query: Result<Query<Filter>, QueryRejection>,
) -> Result<Response, Failed> {
    let bad = |why: String| failed(StatusCode::BAD_REQUEST, why);
    let Query(query) = query.map_err(|error| bad(error.body_text()))?;
    let end_user = match query.end_user_id.as_deref().map(EndUser::parse) {
        Some(Ok(user)) => Some(user.normalised().to_owned()),
        Some(Err(error)) => return Err(bad(error.to_string())),
        None => None,
    };
    let state = match query.state.as_deref() {
        Some(name) => match STATES.iter().find(|state| state.as_str().eq_ignore_ascii_case(name)) {
            Some(state) => Some(*state),
            None => return Err(bad("state is one of pending, open, ending, gone".into())),
        },
        None => None,
    };
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(bad(format!("limit is a number from 1 to {MAX_PAGE}")));
    }
    let filter = SessionFilter {
        end_user,
        state,
        after: query.after.map(QosSessionId::from),
        limit: Some(limit),
        ..SessionFilter::default()
    };
    let sessions = admin.sessions.list(filter).await.map_err(refused)?;
    Ok(Json(sessions.iter().map(Listed::from).collect::<Vec<_>>()).into_response())
}

/// One session with its history.
pub(super) async fn show(State(admin): State<Admin>, id: Id) -> Result<Response, Failed> {
    let session = admin.sessions.inspect(&named(id)?).await.map_err(refused)?;
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

/// Ends a session; its application is told.
pub(super) async fn end(State(admin): State<Admin>, id: Id) -> Result<StatusCode, Failed> {
    admin.sessions.end(&named(id)?).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

fn refused(error: SessionError) -> Failed {
    let status = match error {
        SessionError::NotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    failed(status, error.to_string())
}
