//! `POST /oauth2/token`: an application gets a token for its id and secret (RFC 6749 §4.4).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    audit::{Because, Witness},
    auth,
    limits::{BodyError, Limits},
};
use crate::access::{Access, Denial, NotIssued, Secret};

/// Longest body. Octets.
const MAX_BODY: usize = 16 * 1024;

const FORM: &str = "application/x-www-form-urlencoded";

/// What issues them.
#[derive(Clone)]
pub(super) struct Issuing {
    access: Arc<Access>,
    limits: Limits,
}

/// The resource where applications get tokens.
pub(super) fn routes(access: Arc<Access>, limits: Limits) -> OpenApiRouter {
    let limits = Limits { max_body: MAX_BODY, ..limits };
    OpenApiRouter::new().routes(routes!(issue)).with_state(Issuing { access, limits })
}

/// A token that was issued (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
struct IssuedToken {
    access_token: String,
    /// Bearer.
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    /// What it gives, names of scopes with a blank between.
    scope: String,
}

/// Why there is none (RFC 6749 §5.2).
#[derive(Serialize, ToSchema)]
struct NoToken {
    error: &'static str,
    error_description: String,
}

struct Failure {
    status: StatusCode,
    body: NoToken,
    denial: Option<Denial>,
}

fn failure(error: &'static str, why: impl Into<String>) -> Failure {
    let body = NoToken { error, error_description: why.into() };
    Failure { status: StatusCode::BAD_REQUEST, body, denial: None }
}

/// Get a token
///
/// For the id and a secret of an application, in Authorization (Basic) or as `client_id` and `client_secret` in the body.
/// The token stands for the application in `Authorization: Bearer` until its time is over, or the application or the
/// secret is removed.
#[utoipa::path(
    post, path = "/oauth2/token", tag = "Access", operation_id = "issueToken",
    security(()),
    request_body(
        content = String, content_type = "application/x-www-form-urlencoded",
        description = "`grant_type=client_credentials`, and if it is not to have all scopes of the application, `scope`.",
        example = "grant_type=client_credentials&scope=apply%20read",
    ),
    responses(
        (status = 200, description = "The token.", body = IssuedToken),
        (status = 400, description = "The request is refused.", body = NoToken),
        (status = 401, description = "The credentials are missing or wrong.", body = NoToken),
        (status = 429, description = "Wrong credentials, or requests, come too often.", body = NoToken),
        (status = 503, description = "Too many credentials are being looked at.", body = NoToken),
    ),
)]
async fn issue(State(issuing): State<Issuing>, request: Request) -> Response {
    let witness = request.extensions().get::<Witness>().cloned();
    let mut response = match issuing.answer(request).await {
        Ok(token) => Json(token).into_response(),
        Err(failure) => {
            if let Some(witness) = witness {
                witness.turned_away();
            }
            failure.into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

impl Issuing {
    async fn answer(&self, request: Request) -> Result<IssuedToken, Failure> {
        let (head, body) = request.into_parts();
        if head.uri.query().is_some() {
            return Err(failure("invalid_request", "parameters stand in the body, never in the URL"));
        }
        let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
        if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case(FORM)) {
            return Err(failure("invalid_request", format!("accepted is a body of Content-Type {FORM}")));
        }
        let body = self.limits.read(body).await.map_err(|error| unread(&error))?;
        let form = Form::read(&body)?;
        let witness = head.extensions.get::<Witness>();
        if let (Some(witness), Some(id)) = (witness, &form.client_id) {
            witness.claims(id);
        }
        let (id, secret) = credentials(&head.headers, &form)?;
        match form.grant_type.as_deref() {
            Some("client_credentials") => {}
            Some(_) => return Err(failure("unsupported_grant_type", "accepted is client_credentials")),
            None => return Err(failure("invalid_request", "grant_type is missing")),
        }
        if let Some(witness) = witness {
            witness.claims(&id);
        }
        let shown = self.access.basic(&id, secret.clone(), auth::from(&head.extensions)).await;
        let shown = shown.map_err(denied)?;
        if let Some(witness) = witness {
            witness.application(&shown.id());
        }
        let granted = self.access.issue(shown, &secret, form.scope.as_deref()).map_err(refused)?;
        Ok(IssuedToken {
            access_token: granted.token.reveal().to_owned(),
            token_type: "Bearer",
            expires_in: granted.lifetime.as_secs(),
            scope: granted.scopes.to_string(),
        })
    }
}

/// The parameters that count (RFC 6749 §4.4.2, §2.3.1); others are ignored (§3.2).
#[derive(Default)]
struct Form {
    grant_type: Option<String>,
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
}

impl Form {
    fn read(body: &[u8]) -> Result<Self, Failure> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body)
            .map_err(|_| failure("invalid_request", format!("the body is no {FORM} in UTF-8")))?;
        let mut form = Self::default();
        // One without a value is as if it were not there (RFC 6749 §3.2).
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            let twice = match name.as_str() {
                "grant_type" => form.grant_type.replace(value).is_some(),
                "scope" => form.scope.replace(value).is_some(),
                "client_id" => form.client_id.replace(value).is_some(),
                "client_secret" => form.client_secret.replace(value.into()).is_some(),
                _ => false,
            };
            if twice {
                return Err(failure("invalid_request", format!("{name} is there twice")));
            }
        }
        Ok(form)
    }
}

/// The id and secret of the request, which stand in one place only.
fn credentials(headers: &HeaderMap, form: &Form) -> Result<(String, Secret), Failure> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let shown = match (values.next(), values.next()) {
        (None, _) => None,
        (Some(value), None) => {
            let shown = value.to_str().ok().and_then(auth::basic);
            Some(shown.ok_or_else(|| denied(Denial::Unknown))?)
        }
        (Some(_), Some(_)) => return Err(failure("invalid_request", "Authorization is there twice")),
    };
    match (shown, &form.client_id, &form.client_secret) {
        (Some((id, secret)), named, None) if named.as_ref().is_none_or(|named| *named == id) => {
            Ok((id, secret))
        }
        (Some(_), _, _) => Err(failure(
            "invalid_request",
            "the application shows who it is in Authorization and in the body",
        )),
        (None, Some(id), Some(secret)) => Ok((id.clone(), secret.clone())),
        (None, _, _) => Err(denied(Denial::Unknown)),
    }
}

fn unread(error: &BodyError) -> Failure {
    let mut failure = failure("invalid_request", format!("the body was not read: {error}"));
    failure.status = match error {
        BodyError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::Slow => StatusCode::REQUEST_TIMEOUT,
        BodyError::Broken => StatusCode::BAD_REQUEST,
    };
    failure
}

fn refused(why: NotIssued) -> Failure {
    match why {
        NotIssued::Denied(denial) => denied(denial),
        NotIssued::Scope => failure(
            "invalid_scope",
            "the application lacks one of these scopes, or there is none of the name",
        ),
        NotIssued::Unavailable => {
            let mut failure = failure("temporarily_unavailable", "no token can be made");
            failure.status = StatusCode::SERVICE_UNAVAILABLE;
            failure
        }
    }
}

fn denied(denial: Denial) -> Failure {
    let (error, status) = match &denial {
        Denial::Unknown => ("invalid_client", StatusCode::UNAUTHORIZED),
        Denial::Inactive => ("unauthorized_client", StatusCode::BAD_REQUEST),
        other => ("temporarily_unavailable", auth::status(other)),
    };
    let body = NoToken { error, error_description: denial.to_string() };
    Failure { status, body, denial: Some(denial) }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let reason = self.body.error_description.clone();
        let mut response = (self.status, Json(self.body)).into_response();
        match self.denial {
            Some(denial) => auth::add_denial(&denial, &mut response),
            None => _ = response.extensions_mut().insert(Because { code: None, reason }),
        }
        response
    }
}
