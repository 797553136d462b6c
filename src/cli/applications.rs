//! `rxgate app`: the applications that may call, in the file that `[access]` names.

use std::{
    fs::File,
    io::{self, Write},
    path::{self, Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{Args, Subcommand, value_parser};
use ipnet::IpNet;
use serde_json::json;
use toml::value::Datetime;

use super::{Failure, warn};
use crate::{
    access::{ID, MAX_SECRETS, Scope, Secret, SecretHash, Terms, is_id, without_secrets},
    config::{Applications, ConfigError, Removed},
    dict::dump::date,
    template::Pattern,
};

/// Adds, lists and removes the applications that may call, and changes their secrets.
///
/// They are kept in the file that `applications` of [access] names in the gateway's configuration. A running gateway
/// reads it again on SIGHUP or POST /reload. It holds no secret: those are shown once, when they are made.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate app add video --scope apply,read,remove --end-user 'tel:\\+49.*' --ue 10.0.0.0/8 --rate 50 --sessions 1000
  rxgate app add operator --scope admin
  rxgate app list
  rxgate app rotate video
  rxgate app rotate video --drop-old
  rxgate app remove video

Exit codes: 0 done; 1 the file cannot be written, or there is no such application; 2 wrong arguments or file.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Add(AddArguments),
    List(ListArguments),
    Rotate(RotateArguments),
    Remove(RemoveArguments),
}

#[derive(Args)]
struct InFile {
    /// The file of the applications: `applications` of [access] in the gateway's configuration.
    #[arg(long, value_name = "FILE", default_value = "applications.toml")]
    file: PathBuf,
}

/// Adds an application, and prints its secret on standard output: it is not shown again.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate app add video --scope apply,read,remove --end-user 'tel:\\+49.*' --ue 10.0.0.0/8 --rate 50 --sessions 1000
  rxgate app add operator --scope admin --file /etc/rxgate/applications.toml
  rxgate app add video --scope read --take-over      the same application again, after `remove`

Exit codes: 0 added; 1 the file cannot be written; 2 there is or was one of that id, or wrong arguments or file.")]
struct AddArguments {
    /// Its id: letters, digits, dots, hyphens and underscores.
    #[arg(value_name = "ID", value_parser = id)]
    id: String,
    /// What it may do: apply, modify, read, remove, notify, priority; or admin alone.
    #[arg(long, value_name = "SCOPE,...", required = true, value_delimiter = ',', value_parser = scope)]
    scope: Vec<Scope>,
    /// End users that it may ask for: a regular expression of whole endUserIds; may be repeated. Default: every one.
    #[arg(long, value_name = "REGEX", value_parser = pattern)]
    end_user: Vec<Pattern>,
    /// Network that UE addresses must be in; may be repeated. Default: any.
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    ue: Vec<IpNet>,
    /// Requests a second. Default: no limit.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true,
        value_parser = value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// Requests at once after a rest. Default: as many as in a second.
    #[arg(long, value_name = "NUMBER", requires = "rate", allow_negative_numbers = true,
        value_parser = value_parser!(u32).range(1..=1_000_000))]
    burst: Option<u32>,
    /// Most live sessions. Default: no limit.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true,
        value_parser = value_parser!(u64).range(..=1_000_000_000))]
    sessions: Option<u64>,
    /// It may have the id of an application that was removed, and has the sessions, registrations, waiting events and
    /// answers to idempotency keys that are left of that one.
    #[arg(long)]
    take_over: bool,
    #[command(flatten)]
    at: InFile,
}

/// Lists the applications, and the ids of those that were removed.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate app list
  rxgate app list --json | jq -r '.[] | select(.active) | .id'

Exit codes: 0 listed; 2 wrong arguments or file.")]
struct ListArguments {
    /// As JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: InFile,
}

/// Gives an application a second secret beside the one that it has, and prints it; of two the older one goes.
///
/// Both are right until --drop-old: first the gateway learns the new one, then the application, then the old one goes.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate app rotate video
  rxgate app rotate video --drop-old

Exit codes: 0 done; 1 there is no such application, or the file cannot be written; 2 wrong arguments or file.")]
struct RotateArguments {
    /// The application.
    id: String,
    /// Make none: drop all but the newest.
    #[arg(long)]
    drop_old: bool,
    #[command(flatten)]
    at: InFile,
}

/// Removes an application. Its sessions stay until they end, and its registrations stay; nobody but the operator finds
/// them.
///
/// The file keeps the id, so that it is not given to another application by accident: `add` wants --take-over for it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate app remove video

Exit codes: 0 removed; 1 there is no such application, or the file cannot be written; 2 wrong arguments or file.")]
struct RemoveArguments {
    /// The application.
    id: String,
    #[command(flatten)]
    at: InFile,
}

fn id(text: &str) -> Result<String, String> {
    match is_id(text) {
        true if without_secrets(text) != text => Err(format!("an id stands in logs; accepted: {ID}")),
        true => Ok(text.to_owned()),
        false => Err(format!("accepted: {ID}")),
    }
}

fn scope(text: &str) -> Result<Scope, String> {
    let names = || Scope::ALL.map(Scope::as_str).join(", ");
    Scope::from_name(text.trim()).ok_or_else(|| format!("accepted: {}", names()))
}

fn pattern(text: &str) -> Result<Pattern, String> {
    Pattern::new(text).map_err(|error| error.to_string())
}

fn network(text: &str) -> Result<IpNet, String> {
    let network: IpNet =
        text.parse().map_err(|_| "accepted is a network such as 10.0.0.0/8 or 2001:db8::/32".to_owned())?;
    match network.trunc() {
        whole if whole == network => Ok(network),
        whole => Err(format!("it has bits beyond its prefix: the network is {whole}")),
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Add(arguments) => add(arguments),
        Command::List(arguments) => list(arguments),
        Command::Rotate(arguments) => rotate(arguments),
        Command::Remove(arguments) => remove(arguments),
    }
}

fn add(arguments: &AddArguments) -> Result<(), Failure> {
    let AddArguments { id, scope, end_user, ue, rate, burst, sessions, take_over, at } = arguments;
    if scope.contains(&Scope::Admin) && scope.iter().any(|scope| *scope != Scope::Admin) {
        let hint = "the operator's work has credentials of its own: make two applications of it";
        return Err(Failure::usage("the scope admin goes with no other", hint));
    }
    let (secret, hash) = new_secret()?;
    change(&at.file, Absent::IsMade, |all| {
        if all.list.iter().any(|terms| terms.id == *id) {
            let hint = "`rxgate app rotate` gives it another secret; `rxgate app remove` takes it out";
            return Err(Failure::usage(format!("there is an application {id}"), hint));
        }
        if let Some(Removed { since, .. }) = all.removed(id).filter(|_| !take_over) {
            let text = format!(
                "there was an application {id} until {since}: this one would have the sessions, registrations, \
                 waiting events and answers to idempotency keys that are left of it"
            );
            return Err(Failure::usage(
                text,
                "take another id; if it is the same application, add --take-over",
            ));
        }
        if *take_over && all.removed(id).is_none() {
            note(&format!("there was no application {id} before: it takes nothing over"));
        }
        all.removed.retain(|removed| removed.id != *id);
        all.list.push(Terms {
            secrets: vec![hash],
            end_users: end_user.clone(),
            ue: ue.clone(),
            rate: *rate,
            burst: burst.or(*rate).unwrap_or(1),
            sessions: *sessions,
            ..Terms::new(id, scope.iter().copied())
        });
        Ok(true)
    })?;
    told(&secret)
}

fn rotate(arguments: &RotateArguments) -> Result<(), Failure> {
    let RotateArguments { id, drop_old, at } = arguments;
    let new = if *drop_old { None } else { Some(new_secret()?) };
    let (secret, hash) = new.unzip();
    change(&at.file, Absent::IsRefused, |all| {
        let secrets = &mut find(all, id)?.secrets;
        if *drop_old && secrets.len() < MAX_SECRETS {
            note(&format!("{id} has no older secret: nothing is changed"));
            return Ok(false);
        }
        let kept = if hash.is_some() { MAX_SECRETS - 1 } else { 1 };
        secrets.drain(..secrets.len().saturating_sub(kept));
        secrets.extend(hash);
        Ok(true)
    })?;
    secret.as_ref().map_or(Ok(()), told)
}

fn remove(arguments: &RemoveArguments) -> Result<(), Failure> {
    let RemoveArguments { id, at } = arguments;
    change(&at.file, Absent::IsRefused, |all| {
        find(all, id)?;
        all.list.retain(|terms| terms.id != *id);
        all.removed.push(Removed { id: id.clone(), since: now() });
        Ok(true)
    })
}

fn list(arguments: &ListArguments) -> Result<(), Failure> {
    let file = &arguments.at.file;
    let read = read(file)?;
    if read.list.is_empty() && read.removed.is_empty() {
        note(&format!("{} has no application", file.display()));
    }
    let mut out = io::stdout().lock();
    if arguments.json {
        let shown: Vec<_> =
            read.list.iter().map(shown).chain(read.removed.iter().map(shown_removed)).collect();
        writeln!(out, "{}", serde_json::Value::from(shown))?;
    } else {
        for terms in &read.list {
            let or = |text: Option<String>, none: &str| text.unwrap_or_else(|| none.to_owned());
            let several = |texts: Vec<String>| (!texts.is_empty()).then(|| texts.join(" "));
            writeln!(
                out,
                "{}{}: {}\n  end users: {}\n  UE networks: {}\n  requests: {}; sessions: {}; secrets: {}",
                terms.id,
                if terms.active { "" } else { " (inactive)" },
                terms.scopes,
                or(several(terms.end_users.iter().map(|one| one.as_str().to_owned()).collect()), "every one"),
                or(several(terms.ue.iter().map(IpNet::to_string).collect()), "any"),
                or(terms.rate.map(|rate| format!("{rate} a second, {} at once", terms.burst)), "no limit"),
                or(terms.sessions.map(|sessions| sessions.to_string()), "no limit"),
                terms.secrets.len(),
            )?;
        }
        read.removed.iter().try_for_each(|Removed { id, since }| writeln!(out, "{id}: removed {since}"))?;
    }
    Ok(out.flush()?)
}

fn shown(terms: &Terms) -> serde_json::Value {
    json!({
        "id": terms.id,
        "active": terms.active,
        "scopes": terms.scopes.iter().map(Scope::as_str).collect::<Vec<_>>(),
        "endUsers": terms.end_users.iter().map(Pattern::as_str).collect::<Vec<_>>(),
        "ue": terms.ue.iter().map(IpNet::to_string).collect::<Vec<_>>(),
        "rate": terms.rate,
        "burst": terms.rate.map(|_| terms.burst),
        "sessions": terms.sessions,
        "secrets": terms.secrets.len(),
        "removed": null,
    })
}

fn shown_removed(Removed { id, since }: &Removed) -> serde_json::Value {
    json!({ "id": id, "active": false, "removed": since.to_string() })
}

fn find<'a>(all: &'a mut Applications, id: &str) -> Result<&'a mut Terms, Failure> {
    let text = match all.removed(id) {
        Some(Removed { since, .. }) => format!("the application {id} was removed {since}"),
        None => format!("there is no application {id}"),
    };
    let found = all.list.iter_mut().find(|terms| terms.id == id);
    found.ok_or_else(|| Failure::failed(text, "`rxgate app list` shows those that there are"))
}

fn now() -> Datetime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    date(i64::try_from(since).unwrap_or(i64::MAX)).parse().expect("it is a date and time of RFC 3339")
}

fn new_secret() -> Result<(Secret, SecretHash), Failure> {
    let made = Secret::generate().and_then(|secret| Ok((SecretHash::of(&secret)?, secret)));
    let (hash, secret) = made.map_err(|error| Failure::failed(error.to_string(), "look at /dev/urandom"))?;
    Ok((secret, hash))
}

fn told(secret: &Secret) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{}", secret.reveal())?;
    writeln!(io::stderr().lock(), "this secret is not shown again")?;
    Ok(())
}

/// What becomes of a change if there is no file.
#[derive(PartialEq, Eq)]
enum Absent {
    IsMade,
    IsRefused,
}

/// Changes the file while nobody else does. `change` says whether there is anything to write.
fn change(
    file: &Path,
    absent: Absent,
    change: impl FnOnce(&mut Applications) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let unwritten = |error: io::Error| {
        Failure::failed(
            format!("cannot write {}: {error}", file.display()),
            "look at the directory and its owner, or give another file by --file",
        )
    };
    if absent == Absent::IsRefused && !file.exists() {
        return Err(no_file(file));
    }
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = File::open(directory).map_err(unwritten)?;
    // Until it is closed; two at a time would lose what one of them did.
    directory.lock().map_err(unwritten)?;
    let is_new = absent == Absent::IsMade && !file.exists();
    let mut all = if is_new { Applications::default() } else { read(file)? };
    if !change(&mut all)? {
        return Ok(());
    }
    all.write(file).map_err(unwritten)?;
    let path = path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let what = if is_new { "new file" } else { "changed" };
    let text = format!(
        "{what} {}: a running gateway whose [access] names it learns of it by SIGHUP or POST /reload; until then all \
         is as before",
        path.display()
    );
    Ok(writeln!(io::stderr().lock(), "{}", without_secrets(&text))?)
}

fn read(file: &Path) -> Result<Applications, Failure> {
    let read = Applications::from_file(file).map_err(|error| match error {
        ConfigError::Unreadable { ref source, .. } if source.kind() == io::ErrorKind::NotFound => {
            no_file(file)
        }
        error => error.into(),
    })?;
    warn(&read.warnings);
    Ok(read)
}

fn no_file(file: &Path) -> Failure {
    Failure::usage(
        format!("there is no file {}", file.display()),
        "give that of the applications by --file: `applications` of [access]; `rxgate app add` makes it if there is none",
    )
}

fn note(text: &str) {
    // With standard error gone there is nobody left to tell.
    _ = writeln!(io::stderr().lock(), "note: {}", without_secrets(text));
}
