//! Who is calling: the credentials of a request become a [`Caller`], before anything else of it is looked at.
//!
//! Each operation says in the interface's own description which scope it needs; that is what is asked for here, so
//! that neither can be without the other. An operation that says nothing is served to nobody.

mod announce;
mod credentials;
mod needs;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{Extensions, HeaderValue, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::Response,
};

use crate::access::{Access, Caller, Denial, Shown};

pub(super) use self::{
    announce::{announce, conceal, require},
    credentials::basic,
    needs::Needs,
};
use super::{
    audit::{Because, Witness},
    server::ClientCertificate,
};

use self::{credentials::Credentials, needs::Need};

/// How a client is asked to show who it is (RFC 7617 §2).
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Basic realm="rxgate", charset="UTF-8""#);

/// Asks every request to this router who sent it, if there is access control. `deny`: how its interface says no;
/// `lone_token`: whether a token may stand in the header access_token alone.
pub(super) fn guarded(
    router: Router,
    access: Option<Arc<Access>>,
    needs: Needs,
    deny: fn(Denial) -> Response,
    lone_token: impl Fn() -> bool + Send + Sync + 'static,
) -> Router {
    let guard = Arc::new(Guard { access, needs, deny, lone_token: Box::new(lone_token) });
    router.layer(middleware::from_fn_with_state(guard, guard_by))
}

struct Guard {
    access: Option<Arc<Access>>,
    needs: Needs,
    deny: fn(Denial) -> Response,
    lone_token: Box<dyn Fn() -> bool + Send + Sync>,
}

async fn guard_by(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    match guard.caller(&head).await {
        Ok(caller) => {
            head.extensions.insert(caller);
            next.run(Request::from_parts(head, body)).await
        }
        Err(denial) => {
            if let Some(witness) = head.extensions.get::<Witness>() {
                witness.turned_away();
            }
            (guard.deny)(denial)
        }
    }
}

impl Guard {
    /// Who sent a request, if he may send it.
    async fn caller(&self, request: &Parts) -> Result<Caller, Denial> {
        let Some(access) = &self.access else { return Ok(Caller::anybody()) };
        let need = self.needs.of_request(request);
        if need == Need::Nothing {
            return Ok(Caller::anybody());
        }
        let shown = self.shown(access, request).await?;
        let witness = request.extensions.get::<Witness>();
        if let Some(witness) = witness {
            witness.application(&shown.id());
        }
        let caller = access.admit(shown)?;
        if let Some(witness) = witness {
            witness.admitted();
        }
        match need {
            Need::Scope(scope) => caller.may(scope)?,
            Need::Credentials | Need::Nothing => {}
        }
        Ok(caller)
    }

    /// Whom the credentials of a request show: every kind of them is told apart here. Without any it is the
    /// certificate that counts, if the name in it is the id of an application.
    async fn shown(&self, access: &Arc<Access>, request: &Parts) -> Result<Shown, Denial> {
        let witness = request.extensions.get::<Witness>();
        let claims = |id: &str| {
            if let Some(witness) = witness {
                witness.claims(id);
            }
        };
        if let Some(ClientCertificate(name)) = request.extensions.get()
            && !Credentials::are_in(&request.headers)
        {
            claims(name);
            return access.certified(name);
        }
        match Credentials::read(&request.headers, (self.lone_token)())? {
            Credentials::Basic { id, secret } => {
                claims(&id);
                access.basic(&id, secret, from(&request.extensions)).await
            }
            Credentials::Bearer(token) => {
                let shown = access.bearer(&token, from(&request.extensions)).await;
                // What was turned away before it was looked at is not looked at for this.
                if matches!(shown, Err(Denial::Token(_) | Denial::NoKeys))
                    && let Some(id) = access.claimed(&token)
                {
                    claims(&id);
                }
                shown
            }
        }
    }
}

/// The address that a request comes from.
pub(super) fn from(extensions: &Extensions) -> IpAddr {
    let client = extensions.get::<ConnectInfo<SocketAddr>>();
    client.map_or(Ipv4Addr::UNSPECIFIED.into(), |ConnectInfo(client)| client.ip())
}

/// Status of a denial.
pub(super) fn status(denial: &Denial) -> StatusCode {
    match denial {
        Denial::Unknown | Denial::Token(_) => StatusCode::UNAUTHORIZED,
        Denial::Attempts { .. } | Denial::Rate { .. } => StatusCode::TOO_MANY_REQUESTS,
        Denial::Busy | Denial::NoKeys => StatusCode::SERVICE_UNAVAILABLE,
        Denial::Inactive
        | Denial::Scope { .. }
        | Denial::EndUser { .. }
        | Denial::Address { .. }
        | Denial::Priority { .. }
        | Denial::Sessions { .. } => StatusCode::FORBIDDEN,
    }
}

/// Adds what goes with a denial, whatever its body is: headers, and for the audit log why it is denied.
pub(super) fn add_denial(denial: &Denial, response: &mut Response) {
    let challenge = match denial {
        Denial::Unknown => Some(CHALLENGE),
        // RFC 6750 §3.1. What is said has no quotes.
        Denial::Token(error) => HeaderValue::try_from(format!(
            r#"Bearer realm="rxgate", error="invalid_token", error_description="{error}""#
        ))
        .ok(),
        other => other.lacking().and_then(|scope| {
            let lacks = format!(r#"Bearer realm="rxgate", error="insufficient_scope", scope="{scope}""#);
            HeaderValue::try_from(lacks).ok()
        }),
    };
    if let Some(challenge) = challenge {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    add_retry_after(denial.retry_after(), response);
    let because = Because { code: Some(denial.code()), reason: denial.to_string() };
    response.extensions_mut().insert(because);
}

/// Says when to come back, if that could help: in whole seconds, one at least (RFC 9110 §10.2.3).
pub(super) fn add_retry_after(wait: Option<Duration>, response: &mut Response) {
    if let Some(wait) = wait {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
}

/// Who sent a request that has come through the guard.
pub(super) fn caller(extensions: &Extensions) -> Option<Caller> {
    extensions.get::<Caller>().cloned()
}

/// The same, for a handler that takes it as an argument.
pub(super) struct Calling(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Calling {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        caller(&parts.extensions).map(Self).ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
