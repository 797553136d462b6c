//! The QoS templates: loaded, listed, shown and removed while the gateway runs.

use std::{borrow::Cow, sync::Arc};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tracing::{info, trace};
use utoipa::{IntoParams, ToSchema};

use crate::{
    dict::Dictionary,
    live::Live,
    north::{
        gatekeeper::EndUser,
        limits::{BodyError, Limits},
    },
    session::StoreError,
    task::to_its_end,
    template::{Loaded, MAX_OCTETS, MatchRule, Problem, RuleError, Settings, Template, Templates},
};

use super::{
    Admin, Failed, FailedBody, KeptTemplates, TEMPLATES, failed,
    read::{Asked, bad},
};

/// Where the operator's interface keeps templates, and how it reads them.
#[derive(Clone, Debug)]
pub struct TemplateAdmin {
    /// The rules in force, and the store behind them.
    pub kept: Arc<KeptTemplates>,
    /// What custom AVPs and vendors are called.
    pub dictionary: Live<&'static Dictionary>,
    /// How templates are read.
    pub settings: Live<Settings>,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Named {
    /// The rule: a regular expression that matches whole endUserIds. In the URL a + of it is written %2B, as
    /// a bare one is a blank there.
    #[param(min_length = 1, max_length = 1024)]
    match_rule: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The rule as it was loaded; in the URL a + of it is written %2B.
    #[param(min_length = 1)]
    match_rule: Option<String>,
    /// An end user, in any form that Apply QoS takes: the template of the rule that matches first.
    #[param(min_length = 1)]
    end_user_id: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListedRule<'a> {
    pub match_rule: Cow<'a, str>,
    pub template_id: Cow<'a, str>,
    pub version: u64,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoadedTemplate {
    pub template_id: String,
    /// Counts up with every change of any rule; the same for the same XML.
    pub version: u64,
    /// What is accepted, but doubtful, in the XML or in the order of the rules; the latter is shown at line 1.
    pub warnings: Vec<TemplateProblem>,
}

/// Something wrong or doubtful in the XML, and where.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct TemplateProblem {
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl From<Problem> for TemplateProblem {
    fn from(problem: Problem) -> Self {
        let Problem { line, column, text, hint } = problem;
        Self { line, column, text, hint }
    }
}

impl From<TemplateProblem> for Problem {
    fn from(problem: TemplateProblem) -> Self {
        let TemplateProblem { line, column, text, hint } = problem;
        Self { line, column, text, hint }
    }
}

/// Load a template
///
/// A new rule is tried after all others; one that is there keeps its place and gets the new template, which
/// sessions made from now on use. Sessions that were made with the old one keep it.
#[utoipa::path(
    put, path = "/qos-templates", tag = TEMPLATES, operation_id = "loadTemplate",
    params(Named),
    request_body(content = String, description = "The template, XML in UTF-8; at most 1 MiB.", content_type = "application/xml"),
    security(("application" = ["admin"])),
    responses(
        (status = 200, description = "The rule has this template now.", body = LoadedTemplate),
        (status = 201, description = "The rule is there now.", body = LoadedTemplate),
        (status = 400, description = "The rule or the template is refused.", body = FailedBody),
        (status = 408, description = "The template did not arrive in time.", body = FailedBody),
        (status = 409, description = "There are as many rules as there may be.", body = FailedBody),
        (status = 413, description = "The template is too large.", body = FailedBody),
        (status = 503, description = "The store failed; nothing has changed.", body = FailedBody),
    ),
)]
pub(super) async fn load(
    State(Admin { templates, .. }): State<Admin>,
    query: Asked<Named>,
    body: Body,
) -> Result<Response, Failed> {
    let Named { match_rule } = named(query, "/qos-templates?matchRule=REGEX")?;
    let limits = Limits { max_body: MAX_OCTETS, ..Limits::default() };
    let xml = limits.read(body).await.map_err(|error| unread(&error))?;
    in_a_task(load_now(templates, match_rule, xml)).await
}

/// A change is done to its end even if the client goes away.
async fn in_a_task<T: Send + 'static>(
    change: impl Future<Output = Result<T, Failed>> + Send + 'static,
) -> Result<T, Failed> {
    let ends = || Err(failed(StatusCode::SERVICE_UNAVAILABLE, "the process ends"));
    to_its_end(change).await.unwrap_or_else(ends)
}

async fn load_now(templates: TemplateAdmin, match_rule: String, xml: Bytes) -> Result<Response, Failed> {
    let mut changing = templates.kept.changing().await;
    let (dictionary, settings) = (templates.dictionary.get(), templates.settings.get());
    let compiled = Template::read(&xml, dictionary, settings).map_err(|problems| {
        let places: Vec<TemplateProblem> = problems.0.into_iter().map(TemplateProblem::from).collect();
        let message = match places.as_slice() {
            [TemplateProblem { line, column, text, .. }] => {
                format!("the template is refused: line {line}, column {column}: {text}")
            }
            more => format!("the template is refused: {} problems", more.len()),
        };
        Failed { problems: places, ..failed(StatusCode::BAD_REQUEST, message) }
    })?;
    let template = Arc::new(compiled.template);
    let template_id = template.id().to_owned();
    let loaded = changing.apply(|rules| rules.load(&match_rule, template)).await;
    let loaded = loaded.map_err(|error| unstored(&error))?.map_err(|error| {
        let status = match error {
            RuleError::Pattern(_) => StatusCode::BAD_REQUEST,
            RuleError::TooMany => StatusCode::CONFLICT,
        };
        failed(status, error.to_string())
    })?;
    let version = loaded.version();
    info!(template_id, version, "template loaded");
    trace!(match_rule, version, "template loaded");
    let status = match loaded {
        Loaded::Created { .. } => StatusCode::CREATED,
        Loaded::Replaced { .. } | Loaded::Same { .. } => StatusCode::OK,
    };
    let hidden = templates.kept.in_force().hidden_by(&match_rule).map(|first| never_tried(&first));
    let warnings = hidden.into_iter().chain(compiled.warnings.into_iter().map(TemplateProblem::from));
    let warnings = warnings.collect();
    Ok((status, Json(LoadedTemplate { template_id, version, warnings })).into_response())
}

/// About the rule, which has no place in the XML.
fn never_tried(first: &MatchRule) -> TemplateProblem {
    let text = format!(
        "not about the XML but about its match rule: it is never tried, because rules are tried in order and {} \
         before it matches every endUserId",
        first.pattern()
    );
    let hint = "delete that rule and load it again, behind this one";
    TemplateProblem { line: 1, column: 1, text, hint: Some(hint.into()) }
}

/// The match rules
///
/// In the order in which they are tried.
#[utoipa::path(
    get, path = "/qos-templates", tag = TEMPLATES, operation_id = "listMatchRules",
    security(("application" = ["admin"])),
    responses((status = 200, description = "Every rule.", body = Vec<ListedRule<'_>>)),
)]
pub(super) async fn list(State(Admin { templates, .. }): State<Admin>) -> Response {
    let rules = templates.kept.in_force().list();
    let listed = rules.iter().map(|rule| ListedRule {
        match_rule: rule.pattern().into(),
        template_id: rule.template().id().into(),
        version: rule.version(),
    });
    Json(listed.collect::<Vec<_>>()).into_response()
}

/// A template
///
/// That of a rule, or that of an end user: exactly one of both is given.
#[utoipa::path(
    get, path = "/qos-templates/template", tag = TEMPLATES, operation_id = "showTemplate",
    params(Wanted),
    security(("application" = ["admin"])),
    responses(
        (status = 200, description = "The XML, as it was loaded.", body = String, content_type = "application/xml"),
        (status = 400, description = "Not exactly one of both, or no endUserId.", body = FailedBody),
        (status = 404, description = "There is no such rule, or none that matches.", body = FailedBody),
    ),
)]
pub(super) async fn show(
    State(Admin { templates, .. }): State<Admin>,
    query: Asked<Wanted>,
) -> Result<Response, Failed> {
    const ONE: &str = "give matchRule or endUserId, one of them: /qos-templates/template?matchRule=REGEX";
    let Query(wanted) = query.map_err(|error| bad(format!("{}; {ONE}", error.body_text())))?;
    let rule = match (wanted.match_rule, wanted.end_user_id) {
        (Some(pattern), None) => {
            templates.kept.in_force().get(&pattern).ok_or_else(|| no_rule(templates.kept.in_force()))
        }
        (None, Some(user)) => {
            let user = EndUser::parse(&user).map_err(|error| bad(error.to_string()))?;
            let rule = templates.kept.in_force().select(user.normalised(), user.given());
            rule.ok_or_else(|| failed(StatusCode::NOT_FOUND, "no match rule matches this endUserId"))
        }
        _ => Err(bad(ONE)),
    };
    Ok(xml(&*rule?))
}

fn xml(rule: &MatchRule) -> Response {
    ([(header::CONTENT_TYPE, "application/xml")], rule.template().source().to_owned()).into_response()
}

/// Remove a template
///
/// Its rule is not tried any more. Sessions that were made with it keep it. A rule of the directory of
/// templates is there again after the next reload.
#[utoipa::path(
    delete, path = "/qos-templates", tag = TEMPLATES, operation_id = "deleteTemplate",
    params(Named),
    security(("application" = ["admin"])),
    responses(
        (status = 204, description = "The rule is gone."),
        (status = 400, description = "No rule is named.", body = FailedBody),
        (status = 404, description = "There is no such rule.", body = FailedBody),
        (status = 503, description = "The store failed; nothing has changed.", body = FailedBody),
    ),
)]
pub(super) async fn remove(
    State(Admin { templates, .. }): State<Admin>,
    query: Asked<Named>,
) -> Result<StatusCode, Failed> {
    let Named { match_rule } = named(query, "/qos-templates?matchRule=REGEX")?;
    in_a_task(remove_now(templates, match_rule)).await
}

async fn remove_now(templates: TemplateAdmin, match_rule: String) -> Result<StatusCode, Failed> {
    let removed = templates.kept.changing().await.apply(|rules| rules.remove(&match_rule)).await;
    let removed = removed.map_err(|error| unstored(&error))?;
    let Some(rule) = removed else { return Err(no_rule(templates.kept.in_force())) };
    info!(template_id = rule.template().id(), version = rule.version(), "template removed");
    trace!(match_rule, "template removed");
    Ok(StatusCode::NO_CONTENT)
}

fn named(query: Asked<Named>, how: &str) -> Result<Named, Failed> {
    match query {
        Ok(Query(named)) => Ok(named),
        Err(error) => Err(bad(format!("{}; {how}", error.body_text()))),
    }
}

fn no_rule(rules: &Templates) -> Failed {
    let count = rules.list().len();
    let message = format!("there is no such match rule among the {count}: GET /qos-templates lists them");
    failed(StatusCode::NOT_FOUND, message)
}

fn unstored(error: &StoreError) -> Failed {
    failed(StatusCode::SERVICE_UNAVAILABLE, format!("nothing has changed: {error}"))
}

fn unread(error: &BodyError) -> Failed {
    let status = match error {
        BodyError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::Slow => StatusCode::REQUEST_TIMEOUT,
        BodyError::Broken => StatusCode::BAD_REQUEST,
    };
    failed(status, format!("the template was not read: {error}"))
}
