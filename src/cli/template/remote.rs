//! `rxgate template load`, `list`, `show` and `delete`: the templates of a running gateway, over its admin
//! interface.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;
use hyper::{Method, StatusCode};

use super::check::{open, said};
use crate::{
    cli::{
        Failure,
        gateway::{Gateway, NOT_THAT_ONE},
        http::Reply,
        process,
    },
    north::{
        admin::{FailedBody, FailedInside, ListedRule, LoadedTemplate, TemplateProblem},
        percent::encoded,
    },
    template::Problem,
};

/// Loads a template into a running gateway.
///
/// The match rule is a regular expression of whole endUserIds. A new rule is tried after all others; one that
/// is there keeps its place and gets this template.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate template load --match-rule 'tel:\\+?4917.*' video.xml
  rxgate template load --match-rule '.*' --admin http://127.0.0.1:9002 default.xml

Exit codes: 0 loaded; 1 refused, or no gateway there; 2 wrong arguments.")]
pub(super) struct LoadArguments {
    /// Whose template it is: a regular expression of endUserIds, in single quotes.
    #[arg(long, value_name = "REGEX")]
    match_rule: String,
    /// The template (XML).
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    gateway: Gateway,
}

/// Lists the match rules of a running gateway, in the order in which they are tried.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate template list
  rxgate template list --json | jq -r '.[].matchRule'

Exit codes: 0 listed; 1 no gateway there; 2 wrong arguments.")]
pub(super) struct ListArguments {
    /// As JSON, as the admin interface gives it.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    gateway: Gateway,
}

/// Shows a template of a running gateway: the XML as it was loaded.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate template show --match-rule 'tel:\\+?4917.*'
  rxgate template show --end-user tel:+491701234567
  rxgate template show 'tel:\\+?4917.*' > video.xml

Exit codes: 0 shown; 1 there is none, or no gateway there; 2 wrong arguments.")]
pub(super) struct ShowArguments {
    /// A match rule; if there is no such rule, an end user.
    #[arg(value_name = "REGEX|ID", required_unless_present_any = ["match_rule", "end_user"])]
    either: Option<String>,
    /// The template of this rule, written as it was when it was loaded.
    #[arg(long, value_name = "REGEX", conflicts_with_all = ["either", "end_user"])]
    match_rule: Option<String>,
    /// The template of the first rule that matches this end user.
    #[arg(long, value_name = "ID", conflicts_with = "either")]
    end_user: Option<String>,
    #[command(flatten)]
    gateway: Gateway,
}

/// Removes a match rule and its template from a running gateway.
///
/// Sessions that were made with it keep it. What the gateway loads from its directory of templates is there
/// again after a reload: take it out of the directory's rules.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate template delete --match-rule 'tel:\\+?4917.*'

Exit codes: 0 removed; 1 there is no such rule, or no gateway there; 2 wrong arguments.")]
pub(super) struct DeleteArguments {
    /// The rule, written as it was when it was loaded.
    #[arg(long, value_name = "REGEX")]
    match_rule: String,
    #[command(flatten)]
    gateway: Gateway,
}

fn problems(places: Vec<TemplateProblem>) -> Vec<Problem> {
    places.into_iter().map(Problem::from).collect()
}

pub(super) fn load(arguments: &LoadArguments) -> Result<(), Failure> {
    let xml = open(&arguments.file)?;
    let LoadArguments { match_rule, file, gateway } = arguments;
    process::run(async move {
        let reply = gateway.ask(Method::PUT, &rule_path(match_rule), xml).await?;
        let status = reply.status;
        if status != StatusCode::OK && status != StatusCode::CREATED {
            let (failure, places) = refused(&reply);
            write!(io::stderr(), "{}", said(file, "error", &problems(places)))?;
            return Err(failure);
        }
        let body: LoadedTemplate = gateway.read(&reply)?;
        write!(io::stderr(), "{}", said(file, "warning", &problems(body.warnings)))?;
        let what = if status == StatusCode::CREATED { "created" } else { "in force" };
        let LoadedTemplate { template_id, version, .. } = body;
        Ok(writeln!(io::stdout(), "{what}: {match_rule} -> {template_id}, version {version}")?)
    })
}

pub(super) fn list(arguments: &ListArguments) -> Result<(), Failure> {
    let ListArguments { json, gateway } = arguments;
    process::run(async move {
        let reply = gateway.ask(Method::GET, RULES, Vec::new()).await?;
        if reply.status == StatusCode::NOT_FOUND {
            return Err(gateway.not_a_gateway(&reply));
        }
        let reply = expected(reply, StatusCode::OK)?;
        let listed: Vec<ListedRule<'_>> = gateway.read(&reply)?;
        let mut out = io::stdout().lock();
        match json {
            true => writeln!(out, "{}", reply.body)?,
            false => table(&mut out, &listed)?,
        }
        Ok(out.flush()?)
    })
}

fn table(out: &mut impl Write, listed: &[ListedRule<'_>]) -> io::Result<()> {
    if listed.is_empty() {
        return writeln!(out, "no match rules; `rxgate template load --match-rule REGEX FILE` makes one");
    }
    let heads = ["MATCH RULE", "TEMPLATE", "VERSION"];
    let length = |text: &str| text.chars().count();
    let rule = listed.iter().map(|rule| length(&rule.match_rule)).fold(length(heads[0]), usize::max);
    let id = listed.iter().map(|rule| length(&rule.template_id)).fold(length(heads[1]), usize::max);
    writeln!(out, "{:rule$}  {:id$}  {}", heads[0], heads[1], heads[2])?;
    for ListedRule { match_rule, template_id, version } in listed {
        writeln!(out, "{match_rule:rule$}  {template_id:id$}  {version}")?;
    }
    Ok(())
}

pub(super) fn show(arguments: &ShowArguments) -> Result<(), Failure> {
    let ShowArguments { either, match_rule, end_user, gateway } = arguments;
    process::run(async move {
        let ask = |name: &str, value: &str| {
            let path = format!("{RULES}/template?{name}={}", encoded(value));
            async move { gateway.ask(Method::GET, &path, Vec::new()).await }
        };
        let reply = match (either, match_rule, end_user) {
            (Some(either), ..) => match ask("matchRule", either).await? {
                reply if reply.status == StatusCode::NOT_FOUND => ask("endUserId", either).await?,
                reply => reply,
            },
            (_, Some(rule), _) => ask("matchRule", rule).await?,
            (.., user) => ask("endUserId", user.as_deref().unwrap_or_default()).await?,
        };
        let reply = expected(reply, StatusCode::OK)?;
        let end = if reply.body.ends_with('\n') { "" } else { "\n" };
        Ok(write!(io::stdout(), "{}{end}", reply.body)?)
    })
}

pub(super) fn delete(arguments: &DeleteArguments) -> Result<(), Failure> {
    let DeleteArguments { match_rule, gateway } = arguments;
    process::run(async move {
        let reply = gateway.ask(Method::DELETE, &rule_path(match_rule), Vec::new()).await?;
        expected(reply, StatusCode::NO_CONTENT)?;
        Ok(writeln!(io::stdout(), "removed: {match_rule}")?)
    })
}

const RULES: &str = "/qos-templates";

fn rule_path(match_rule: &str) -> String {
    format!("{RULES}?matchRule={}", encoded(match_rule))
}

fn expected(reply: Reply, status: StatusCode) -> Result<Reply, Failure> {
    if reply.status == status { Ok(reply) } else { Err(refused(&reply).0) }
}

/// What the gateway says, and what is wrong with the template.
fn refused(reply: &Reply) -> (Failure, Vec<TemplateProblem>) {
    let hint = match reply.status {
        StatusCode::NOT_FOUND => "`rxgate template list` shows the rules; a rule is written as it was loaded",
        StatusCode::BAD_REQUEST => {
            "correct the rule or the template; `rxgate template check FILE` checks it here"
        }
        _ => NOT_THAT_ONE,
    };
    match serde_json::from_str(&reply.body) {
        Ok(FailedBody { error: FailedInside { message, problems } }) => {
            (Failure::failed(message, hint), problems)
        }
        Err(_) => (Failure::failed(format!("the gateway answers {}", reply.status), hint), Vec::new()),
    }
}
