//! The events that applications are told: those that wait, those that were given up, delivered after all or dropped.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    north::{
        outbox::{self, Kept, OutboxError},
        timestamp::rfc3339,
    },
    notify::QueueFull,
    session::{
        StoreError,
        ports::{Letter, LetterId},
    },
};

use super::{
    Admin, EVENTS, Failed, FailedBody, failed,
    read::{Asked, InPath, bad, page},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only those that wait for their application, or only those that were given up.
    #[param(pattern = "^(waiting|dead)$")]
    state: Option<String>,
    /// Only those whose id comes after this one: the last of the page before.
    after: Option<String>,
    /// At most so many; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Whether endpoint and body are shown, in which subscribers are named. Default no.
    #[serde(default)]
    contents: bool,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Whether endpoint and body are shown, in which subscribers are named. Default no.
    #[serde(default)]
    contents: bool,
}

/// An event for one application.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Event)]
pub(crate) struct ListedEvent {
    /// What the application sees as X-Event-Id.
    pub id: String,
    #[schema(pattern = "^(waiting|dead)$")]
    pub state: String,
    /// When it happened: the time in its id, which is never before that of an earlier id, whatever the clock does.
    pub at: String,
    /// Since when it waits: since it happened or was replayed. Its age counts from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<String>,
    /// The eventType of its notification.
    pub event_type: u32,
    pub rx_session_id: String,
    /// How often this process tried to deliver it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_up_at: Option<String>,
    /// Why it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Only if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Only if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl ListedEvent {
    fn new(Kept { letter, state }: Kept, contents: bool) -> Self {
        let Letter { id, queue: _, endpoint, body, at, rx_session, number } = letter;
        let happened = rfc3339(id.made());
        let (name, attempts, waiting_since, given_up_at, reason) = match state {
            outbox::State::Waiting { attempts } => ("waiting", attempts, Some(rfc3339(at)), None, None),
            outbox::State::Dead { at, reason } => {
                ("dead", None, None, Some(rfc3339(at)), Some(reason.to_string()))
            }
        };
        Self {
            id: id.to_string(),
            state: name.into(),
            at: happened,
            waiting_since,
            event_type: number,
            rx_session_id: rx_session.as_str().into(),
            attempts,
            given_up_at,
            reason,
            endpoint: contents.then(|| endpoint.to_string()),
            body: contents.then(|| String::from_utf8_lossy(&body).into_owned()),
        }
    }
}

fn read_id(text: &str) -> Result<LetterId, Failed> {
    let uuid = Uuid::parse_str(text);
    uuid.map(|uuid| LetterId(uuid.as_u128())).map_err(|_| bad("the id of an event is a UUID"))
}

fn named(id: InPath) -> Result<LetterId, Failed> {
    let Path(id) = id?;
    read_id(&id)
}

/// The events
///
/// What applications have not been told: events that wait for them, and events that were given up. In the order of
/// their ids, which is the order in which they happened.
#[utoipa::path(
    get, path = "/events", tag = EVENTS, operation_id = "events", params(Filter),
    security(("application" = ["admin"])),
    responses(
        (status = 200, description = "A page of events.", body = Vec<ListedEvent>),
        (status = 400, description = "The query is wrong.", body = FailedBody),
        (status = 503, description = "The store cannot be read.", body = FailedBody),
    ),
)]
pub(super) async fn list(
    State(Admin { notifications, .. }): State<Admin>,
    query: Asked<Filter>,
) -> Result<Response, Failed> {
    let Query(Filter { state, after, limit, contents }) = query?;
    let after = after.as_deref().map(read_id).transpose()?;
    let limit = page(limit)?;
    let (waiting, dead) = match state.as_deref() {
        None => (true, true),
        Some("waiting") => (true, false),
        Some("dead") => (false, true),
        Some(_) => return Err(bad("state is one of waiting, dead")),
    };
    let (outbox, mut found) = (notifications.outbox(), Vec::new());
    if waiting {
        found.extend(outbox.waiting(after, limit).await.map_err(unread)?);
    }
    if dead {
        found.extend(outbox.dead(after, limit).await.map_err(unread)?);
    }
    found.sort_by_key(|kept| kept.letter.id);
    found.truncate(limit);
    let listed: Vec<_> = found.into_iter().map(|kept| ListedEvent::new(kept, contents)).collect();
    Ok(Json(listed).into_response())
}

/// One event
#[utoipa::path(
    get, path = "/events/{id}", tag = EVENTS, operation_id = "event",
    params(("id" = String, Path, description = "The event."), Wanted),
    security(("application" = ["admin"])),
    responses(
        (status = 200, description = "The event.", body = ListedEvent),
        (status = 400, description = "The path gives no id, or the query is wrong.", body = FailedBody),
        (status = 404, description = "There is no such event: it was delivered, or never was.", body = FailedBody),
        (status = 503, description = "The store cannot be read.", body = FailedBody),
    ),
)]
pub(super) async fn show(
    State(Admin { notifications, .. }): State<Admin>,
    id: InPath,
    query: Asked<Wanted>,
) -> Result<Response, Failed> {
    let Query(Wanted { contents }) = query?;
    let found = notifications.outbox().find(named(id)?).await.map_err(refused)?;
    Ok(Json(ListedEvent::new(found, contents)).into_response())
}

/// Deliver an event after all
///
/// One that was given up waits for its application again, at the end, with the same id. Its age begins anew.
#[utoipa::path(
    post, path = "/events/{id}/replay", tag = EVENTS, operation_id = "replayEvent",
    params(("id" = String, Path, description = "The event.")),
    security(("application" = ["admin"])),
    responses(
        (status = 204, description = "It is being delivered."),
        (status = 400, description = "The path gives no id.", body = FailedBody),
        (status = 404, description = "There is no such event.", body = FailedBody),
        (status = 409, description = "It waits, its registration is gone, its endpoint is refused, or as many events as may wait for its application.", body = FailedBody),
        (status = 503, description = "There is no room for any event, or the store cannot be read or written.", body = FailedBody),
    ),
)]
pub(super) async fn replay(
    State(Admin { notifications, .. }): State<Admin>,
    id: InPath,
) -> Result<StatusCode, Failed> {
    let receivers = Arc::clone(&notifications);
    let wanted = move |letter: &Letter, then: &mut dyn FnMut(bool)| receivers.while_wanted(letter, then);
    let replayed = notifications.outbox().replay(named(id)?, wanted).await;
    replayed.map(|()| StatusCode::NO_CONTENT).map_err(refused)
}

/// Drop an event
///
/// Its application is not told, and what waits behind it has its turn.
#[utoipa::path(
    delete, path = "/events/{id}", tag = EVENTS, operation_id = "dropEvent",
    params(("id" = String, Path, description = "The event.")),
    security(("application" = ["admin"])),
    responses(
        (status = 204, description = "It is gone."),
        (status = 400, description = "The path gives no id.", body = FailedBody),
        (status = 404, description = "There is no such event.", body = FailedBody),
        (status = 503, description = "The store cannot be read or written.", body = FailedBody),
    ),
)]
pub(super) async fn discard(
    State(Admin { notifications, .. }): State<Admin>,
    id: InPath,
) -> Result<StatusCode, Failed> {
    let dropped = notifications.outbox().discard(named(id)?).await;
    dropped.map(|()| StatusCode::NO_CONTENT).map_err(refused)
}

fn unread(error: StoreError) -> Failed {
    refused(error.into())
}

fn refused(error: OutboxError) -> Failed {
    let status = match error {
        OutboxError::Missing => StatusCode::NOT_FOUND,
        OutboxError::Waiting
        | OutboxError::Unwanted
        | OutboxError::Endpoint(_)
        | OutboxError::Full(QueueFull::Queue { .. }) => StatusCode::CONFLICT,
        OutboxError::Full(_) | OutboxError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    failed(status, error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_replay_does_not_change_when_an_event_happened() {
        let seconds = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let letter = Letter {
            id: LetterId(1_000_999_u128 << 80 | 7),
            queue: "q".into(),
            endpoint: "http://a".into(),
            body: (*b"{}").into(),
            at: seconds(5_000),
            rx_session: "rx;1".into(),
            number: 2,
        };
        let shown = |state| {
            let shown = ListedEvent::new(Kept { letter: letter.clone(), state }, false);
            [Some(shown.at), shown.waiting_since, shown.given_up_at].map(Option::unwrap_or_default)
        };
        let (happened, replayed) = ("1970-01-01T00:16:40Z", "1970-01-01T01:23:20Z");
        assert_eq!(shown(outbox::State::Waiting { attempts: Some(3) }), [happened, replayed, ""]);
        let dead = outbox::State::Dead { at: seconds(6_000), reason: "too old".into() };
        assert_eq!(shown(dead), [happened, "", "1970-01-01T01:40:00Z"]);
    }

    #[test]
    fn a_full_queue_is_the_matter_of_its_event_and_a_full_gateway_of_all() {
        for (full, status) in [
            (QueueFull::Queue { most: 1 }, StatusCode::CONFLICT),
            (QueueFull::Total { most: 1 }, StatusCode::SERVICE_UNAVAILABLE),
            (QueueFull::Octets { most: 1 }, StatusCode::SERVICE_UNAVAILABLE),
            (QueueFull::ShuttingDown, StatusCode::SERVICE_UNAVAILABLE),
        ] {
            assert_eq!(refused(full.into()).status, status, "{full}");
        }
    }
}
