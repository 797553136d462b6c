//! Reading the configuration again while the gateway runs.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Admin, CONFIGURATION};
use crate::{
    BoxFuture,
    audit::Operation,
    north::audit::{Because, Witness},
};

/// Where the operator's interface has the configuration read again.
pub trait Reload: Send + Sync {
    /// Puts what the files say now into force, all of it; or nothing, with everything that is wrong. Done to its
    /// end even if this future is dropped. `by`: who asks for it, as the audit log has him.
    fn reload(self: Arc<Self>, by: Operation) -> BoxFuture<'static, Result<Reloaded, Vec<ReloadProblem>>>;
}

/// What a reload did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reloaded {
    /// What is different now, one line each; empty: nothing is.
    pub changes: Vec<String>,
    /// What is accepted, but doubtful.
    pub warnings: Vec<ReloadProblem>,
}

/// Something wrong or doubtful in the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReloadProblem {
    /// File, line and column, and what was found there.
    pub text: String,
    /// What is accepted, or what to do.
    pub hint: String,
}

/// Why nothing was reloaded.
#[derive(Serialize, ToSchema)]
pub(super) struct NotReloaded {
    error: NotReloadedInside,
}

#[derive(Serialize, ToSchema)]
struct NotReloadedInside {
    message: String,
    /// Everything that is wrong.
    problems: Vec<ReloadProblem>,
}

/// Reload the configuration
///
/// Reads the configuration file, the dictionary and the templates again, as SIGHUP does. All of it takes effect,
/// or, with anything wrong, nothing. What cannot change in a running gateway, such as an address that it listens
/// on, is refused when it is different in the file. Open sessions stay.
#[utoipa::path(
    post, path = "/reload", tag = CONFIGURATION, operation_id = "reload",
    security(("application" = ["admin"])),
    responses(
        (status = 200, description = "What the files say is in force.", body = Reloaded),
        (status = 422, description = "The files are refused; what was in force is.", body = NotReloaded),
    ),
)]
pub(super) async fn reload(State(admin): State<Admin>, request: Request) -> Response {
    let by = request.extensions().get().map(Witness::who).unwrap_or_default();
    match Arc::clone(&admin.reload).reload(by).await {
        Ok(reloaded) => Json(reloaded).into_response(),
        Err(problems) => {
            let message = not_reloaded(problems.len());
            let reason = message.clone();
            let body = NotReloaded { error: NotReloadedInside { message, problems } };
            let mut response = (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response();
            response.extensions_mut().insert(Because { code: None, reason });
            response
        }
    }
}

/// Why nothing was reloaded, in short: the problems show what the files say, and that is not for every log.
pub fn not_reloaded(problems: usize) -> String {
    match problems {
        1 => "nothing is reloaded: 1 problem".into(),
        many => format!("nothing is reloaded: {many} problems"),
    }
}
