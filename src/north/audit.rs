//! What the audit log is told of requests: all that change something or are refused, and others if that is asked for.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::{ConnectInfo, FromRequestParts, MatchedPath, Query, RawPathParams, Request, State},
    http::{HeaderMap, Method, Uri, request::Parts},
    middleware::{self, Next},
    response::Response,
};

use super::{gatekeeper::EndUser, observe, percent::decoded};
use crate::{
    access::{is_id, without_secrets},
    audit::{AuditLog, Operation, Outcome, clipped},
};

/// Reads of these tell nothing about anybody, and come every few seconds.
const PROBES: [&str; 3] = ["/live", "/ready", "/metrics"];

/// The last of these headers is the proxy that speaks to us.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Where and how requests are written down.
#[derive(Clone, Debug)]
pub struct Audit {
    /// The log.
    pub log: Arc<AuditLog>,
    /// Whose sessions they are about is written, too.
    pub end_user: bool,
    /// Requests that only read are written, too.
    pub reads: bool,
}

/// Writes down what is asked of this router, which `listener` serves: a section of the configuration. To be the
/// outermost layer: it sees what the others refuse.
pub fn audited(router: Router, listener: &'static str, audit: Audit) -> Router {
    router.layer(middleware::from_fn_with_state((listener, audit), write_down))
}

async fn write_down(
    State((listener, audit)): State<(&'static str, Audit)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut head, body) = request.into_parts();
    let operation = operation(listener, &mut head, audit.end_user).await;
    let witness = Witness::of(&operation);
    head.extensions.insert(witness.clone());
    let is_change = ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&head.method);
    let is_probe = head.extensions.get::<MatchedPath>().is_some_and(|it| PROBES.contains(&it.as_str()));
    let asked_for = is_change || audit.reads && !is_probe;
    let open = Open { audit, operation: Some(operation), witness, asked_for };
    let response = next.run(Request::from_parts(head, body)).await;
    open.answered(&response);
    response
}

/// What a request says of itself.
async fn operation(listener: &'static str, head: &mut Parts, end_user: bool) -> Operation {
    let route = head.extensions.get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let mut operation = Operation {
        operation: format!("{} {route}", observe::named(&head.method)).into(),
        listener,
        ..Operation::default()
    };
    let client = head.extensions.get::<ConnectInfo<SocketAddr>>();
    operation.client = client.map(|ConnectInfo(client)| client.ip().to_canonical());
    operation.forwarded_for = text(&head.headers, FORWARDED_FOR);
    operation.x_correlator = observe::correlator(&head.headers).and_then(|it| it.to_str().ok()).map(clipped);
    operation.target = match_rule(&head.uri);
    if let Ok(names) = RawPathParams::from_request_parts(head, &()).await {
        for (name, value) in &names {
            match name {
                "requestId" => operation.request_id = Some(clipped(value)),
                "endUserId" => operation.end_user = end_user.then(|| normalised(value)),
                _ => operation.target = Some(clipped(value)),
            }
        }
    }
    operation
}

/// The form in which sessions have it, if it has one.
fn normalised(end_user: &str) -> String {
    EndUser::parse(end_user).map_or_else(|_| clipped(end_user), |user| clipped(user.normalised()))
}

/// What a template is for. Nothing else of a query is written: a client may put a secret there.
fn match_rule(uri: &Uri) -> Option<String> {
    let Query(members) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    members.iter().find(|(name, _)| name == "matchRule").map(|(_, rule)| clipped(rule))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(clipped)
}

/// Why a request is denied: goes with the answer to it, and is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Because {
    /// The policy code, if it has one.
    pub code: Option<u32>,
    /// In words, in which nobody is named.
    pub reason: String,
}

/// What only those further in know of a request; in its extensions while there is an audit log.
#[derive(Clone, Debug)]
pub struct Witness(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    /// What is known of whoever sent it, and nothing else.
    who: Operation,
    claimed: Option<String>,
    admitted: bool,
    turned_away: bool,
}

impl Witness {
    fn of(operation: &Operation) -> Self {
        let who = Operation {
            listener: operation.listener,
            client: operation.client,
            forwarded_for: operation.forwarded_for.clone(),
            x_correlator: operation.x_correlator.clone(),
            ..Operation::default()
        };
        Self(Arc::new(Mutex::new(Told { who, ..Told::default() })))
    }

    /// Who sent it: for another line about what he did.
    pub fn who(&self) -> Operation {
        self.lock().who.clone()
    }

    /// It is this application that asks.
    pub fn application(&self, id: &str) {
        self.lock().who.application = Some(clipped(id));
    }

    /// It says that it is this application. What may be a secret in the wrong place is not written.
    pub fn claims(&self, id: &str) {
        self.lock().claimed = (is_id(id) && without_secrets(id) == id).then(|| id.to_owned());
    }

    /// That application may ask something now.
    pub fn admitted(&self) {
        self.lock().admitted = true;
    }

    /// It is refused for who sent it, or before that is known.
    pub fn turned_away(&self) {
        self.lock().turned_away = true;
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is worked on. Dropped without an answer: its client went away, and what it asked for may be done.
struct Open {
    audit: Audit,
    operation: Option<Operation>,
    witness: Witness,
    /// It is written whatever becomes of it.
    asked_for: bool,
}

impl Open {
    fn answered(mut self, response: &Response) {
        let Some(operation) = &mut self.operation else { return };
        let status = response.status().as_u16();
        (operation.status, operation.outcome) = (Some(status), Outcome::of(status));
        self.asked_for |=
            matches!(operation.outcome, Outcome::Unauthenticated | Outcome::Forbidden | Outcome::Limited);
        if let Some(Because { code, reason }) = response.extensions().get() {
            (operation.code, operation.reason) = (*code, Some(reason.clone().into()));
            // The client asked for what is not his, and is not told so.
            self.asked_for |= operation.outcome == Outcome::Refused;
        }
        made(operation, response.headers());
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(mut operation) = self.operation.take().filter(|_| self.asked_for) else { return };
        let told = std::mem::take(&mut *self.witness.lock());
        operation.at_the_door = told.turned_away && !told.admitted;
        operation.application = told.who.application;
        operation.claimed = told.claimed.filter(|_| operation.application.is_none());
        self.audit.log.note(operation);
    }
}

/// What the answer names: the session in Diameter, and what is there now. So an answer that is given again says it, too.
fn made(operation: &mut Operation, answer: &HeaderMap) {
    let after = |name: &str, separator| answer.get(name)?.to_str().ok()?.rsplit_once(separator);
    operation.rx_session = after("x-plugin-param-values", ',').map(|(_, id)| clipped(id));
    if let Some((path, last)) = after("location", '/') {
        let name = Some(clipped(&decoded(last)));
        if path.ends_with("/qos") { operation.request_id = name } else { operation.target = name }
    }
}
