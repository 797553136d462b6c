//! `rxgate events`: what applications have not been told, in a running gateway, over its admin interface.

use std::io::{self, Write};

use clap::{Args, Subcommand, ValueEnum, value_parser};
use hyper::{Method, StatusCode};

use super::{
    Failure,
    gateway::{Gateway, NOT_THAT_ONE},
    http::Reply,
    process,
};
use crate::north::{
    admin::{FailedBody, ListedEvent},
    percent::encoded,
};

/// Shows events that applications have not been told, and delivers or drops them.
///
/// An event waits until its application has taken it. One that became too old, or for which there was no room, is
/// dead: it stays where it is until it is replayed or dropped.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate events list --state dead
  rxgate events show 01976d3c-8a52-7a3e-b6a8-0f6a7c1d9b44 --contents
  rxgate events replay 01976d3c-8a52-7a3e-b6a8-0f6a7c1d9b44
  rxgate events replay --all
  rxgate events drop 01976d3c-8a52-7a3e-b6a8-0f6a7c1d9b44

Exit codes: 0 done; 1 the gateway does not do it, or is not there; 2 wrong arguments.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(ListArguments),
    Show(ShowArguments),
    Replay(ReplayArguments),
    Drop(DropArguments),
}

/// Lists events in the order in which they happened.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate events list
  rxgate events list --state dead --limit 1000
  rxgate events list --state dead --json | jq -r '.[].id'

Exit codes: 0 listed; 1 no gateway there; 2 wrong arguments.")]
struct ListArguments {
    /// Only those that wait, or only those that were given up.
    #[arg(long)]
    state: Option<State>,
    /// Only those that come after this one: the last of the list before.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// At most so many, up to 1000.
    #[arg(long, value_name = "NUMBER", default_value = "100", allow_negative_numbers = true,
        value_parser = value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// Endpoint and body too, in which subscribers are named; with --json.
    #[arg(long, requires = "json")]
    contents: bool,
    /// As JSON, as the admin interface gives it.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    gateway: Gateway,
}

#[derive(Clone, Copy, ValueEnum)]
enum State {
    Waiting,
    Dead,
}

/// Shows one event.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate events show 01976d3c-8a52-7a3e-b6a8-0f6a7c1d9b44
  rxgate events show 01976d3c-8a52-7a3e-b6a8-0f6a7c1d9b44 --contents

Exit codes: 0 shown; 1 there is none, or no gateway there; 2 wrong arguments.")]
struct ShowArguments {
    /// The event.
    id: String,
    /// Endpoint and body too, in which subscribers are named.
    #[arg(long)]
    contents: bool,
    #[command(flatten)]
    gateway: Gateway,
}

/// Delivers dead events after all, with the ids that they had.
///
/// They come after what waits for the same application already.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate events replay 01976d3c-8a52-7a3e-b6a8-0f6a7c1d9b44
  rxgate events replay --all

Exit codes: 0 all of them are being delivered; 1 one of them is not, or no gateway there; 2 wrong arguments.")]
struct ReplayArguments {
    /// The events.
    #[arg(value_name = "ID", required_unless_present = "all")]
    ids: Vec<String>,
    /// Every dead event, the oldest first.
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    #[command(flatten)]
    gateway: Gateway,
}

/// Drops events: their applications are not told.
///
/// What waits behind one that is dropped has its turn at once.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate events drop 01976d3c-8a52-7a3e-b6a8-0f6a7c1d9b44

Exit codes: 0 dropped; 1 there is none, or no gateway there; 2 wrong arguments.")]
struct DropArguments {
    /// The events.
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    #[command(flatten)]
    gateway: Gateway,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    process::run(async {
        match &arguments.command {
            Command::List(arguments) => list(arguments).await,
            Command::Show(arguments) => show(arguments).await,
            Command::Replay(arguments) => replay(arguments).await,
            Command::Drop(DropArguments { ids, gateway }) => {
                for id in ids {
                    act(gateway, Method::DELETE, &format!("/events/{}", encoded(id))).await?;
                    writeln!(io::stdout(), "dropped: {id}")?;
                }
                Ok(())
            }
        }
    })
}

async fn list(arguments: &ListArguments) -> Result<(), Failure> {
    let ListArguments { state, after, limit, contents, json, gateway } = arguments;
    let mut path = format!("/events?limit={limit}&contents={contents}");
    match state {
        Some(State::Waiting) => path.push_str("&state=waiting"),
        Some(State::Dead) => path.push_str("&state=dead"),
        None => {}
    }
    if let Some(after) = after {
        path.push_str(&format!("&after={}", encoded(after)));
    }
    let reply = gateway.ask(Method::GET, &path, Vec::new()).await?;
    if reply.status == StatusCode::NOT_FOUND {
        return Err(gateway.not_a_gateway(&reply));
    }
    let reply = expected(reply, StatusCode::OK)?;
    let listed: Vec<ListedEvent> = gateway.read(&reply)?;
    let mut out = io::stdout().lock();
    match json {
        true => writeln!(out, "{}", reply.body)?,
        false => table(&mut out, &listed)?,
    }
    out.flush()?;
    match listed.last() {
        Some(last) if listed.len() >= usize::from(*limit) => {
            Ok(writeln!(io::stderr(), "there may be more: --after {}", last.id)?)
        }
        _ => Ok(()),
    }
}

fn table(out: &mut impl Write, listed: &[ListedEvent]) -> io::Result<()> {
    if listed.is_empty() {
        return writeln!(out, "no events: none waits, and none was given up");
    }
    let session = listed.iter().map(|event| event.rx_session_id.len()).fold("RX SESSION".len(), usize::max);
    writeln!(
        out,
        "{:36}  {:20}  {:7}  {:20}  {:5}  {:session$}  {:8}  REASON",
        "ID", "HAPPENED", "STATE", "SINCE", "EVENT", "RX SESSION", "ATTEMPTS"
    )?;
    for event in listed {
        let ListedEvent { id, state, at, event_type, rx_session_id, attempts, reason, .. } = event;
        let since = event.waiting_since.as_ref().or(event.given_up_at.as_ref()).map_or("-", String::as_str);
        let attempts = attempts.map_or_else(|| "-".into(), |attempts| attempts.to_string());
        let reason = reason.as_deref().unwrap_or("-");
        writeln!(
            out,
            "{id:36}  {at:20}  {state:7}  {since:20}  {event_type:<5}  {rx_session_id:session$}  {attempts:8}  {reason}"
        )?;
    }
    Ok(())
}

async fn show(ShowArguments { id, contents, gateway }: &ShowArguments) -> Result<(), Failure> {
    let path = format!("/events/{}?contents={contents}", encoded(id));
    let reply = expected(gateway.ask(Method::GET, &path, Vec::new()).await?, StatusCode::OK)?;
    let event: ListedEvent = gateway.read(&reply)?;
    let mut out = io::stdout().lock();
    let attempts = event.attempts.map(|attempts| attempts.to_string());
    for (name, value) in [
        ("id", Some(event.id)),
        ("state", Some(event.state)),
        ("happened", Some(event.at)),
        ("event", Some(event.event_type.to_string())),
        ("rx session", Some(event.rx_session_id)),
        ("attempts", attempts),
        ("waits since", event.waiting_since),
        ("dead since", event.given_up_at),
        ("reason", event.reason),
        ("endpoint", event.endpoint),
        ("body", event.body),
    ] {
        if let Some(value) = value {
            writeln!(out, "{name:11}  {value}")?;
        }
    }
    Ok(out.flush()?)
}

async fn replay(ReplayArguments { ids, all, gateway }: &ReplayArguments) -> Result<(), Failure> {
    if *all {
        return replay_all(gateway).await;
    }
    for id in ids {
        act(gateway, Method::POST, &replaying(id)).await?;
        writeln!(io::stdout(), "replayed: {id}")?;
    }
    Ok(())
}

async fn replay_all(gateway: &Gateway) -> Result<(), Failure> {
    let (mut after, mut replayed, mut refused) = (String::new(), 0_u64, 0_u64);
    loop {
        let path = format!("/events?state=dead&limit=1000{after}");
        let reply = expected(gateway.ask(Method::GET, &path, Vec::new()).await?, StatusCode::OK)?;
        let page: Vec<ListedEvent> = gateway.read(&reply)?;
        let Some(last) = page.last() else { break };
        after = format!("&after={}", encoded(&last.id));
        for ListedEvent { id, .. } in &page {
            let reply = gateway.ask(Method::POST, &replaying(id), Vec::new()).await?;
            match reply.status {
                StatusCode::NO_CONTENT => {
                    replayed += 1;
                    writeln!(io::stdout(), "replayed: {id}")?;
                }
                // Nobody wants it any more, or may have it, or has room for it; or somebody else was faster. The
                // others are not concerned.
                StatusCode::CONFLICT | StatusCode::NOT_FOUND => {
                    refused += 1;
                    writeln!(io::stderr(), "not replayed: {id}: {}", message(&reply).unwrap_or_default())?;
                }
                _ => {
                    writeln!(
                        io::stderr(),
                        "{replayed} events are replayed, {refused} are not, the rest is not tried"
                    )?;
                    expected(reply, StatusCode::NO_CONTENT)?;
                }
            }
        }
    }
    match refused {
        0 => Ok(writeln!(io::stderr(), "{replayed} events are replayed")?),
        refused => Err(Failure::failed(
            format!("{replayed} events are replayed, {refused} are not"),
            "`rxgate events show ID` says more of one, `rxgate events drop ID` takes it away",
        )),
    }
}

fn replaying(id: &str) -> String {
    format!("/events/{}/replay", encoded(id))
}

async fn act(gateway: &Gateway, method: Method, path: &str) -> Result<(), Failure> {
    expected(gateway.ask(method, path, Vec::new()).await?, StatusCode::NO_CONTENT)?;
    Ok(())
}

fn message(reply: &Reply) -> Option<String> {
    serde_json::from_str::<FailedBody>(&reply.body).ok().map(|body| body.error.message)
}

fn expected(reply: Reply, status: StatusCode) -> Result<Reply, Failure> {
    if reply.status == status {
        return Ok(reply);
    }
    let hint = match reply.status {
        StatusCode::NOT_FOUND => "`rxgate events list` shows the events",
        StatusCode::CONFLICT => "`rxgate events show ID` shows it, `rxgate events drop ID` takes it away",
        StatusCode::BAD_REQUEST => "an id is written as `rxgate events list` shows it",
        StatusCode::SERVICE_UNAVAILABLE => "try again later; the gateway's log says more",
        _ => NOT_THAT_ONE,
    };
    let message = message(&reply).unwrap_or_else(|| format!("the gateway answers {}", reply.status));
    Err(Failure::failed(message, hint))
}
