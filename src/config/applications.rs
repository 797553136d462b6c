//! The applications that may call: a file of its own, TOML with a list of `[[application]]`, kept by `rxgate app`.
//!
//! It holds no secret, only what is left of some; whoever may write it may let anybody in. A list of `[[removed]]` has
//! the ids that were given before: what was made under one is still there, and not for whoever gets the same id.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

use ipnet::IpNet;
use toml::{Spanned, de::DeValue, value::Datetime};

use super::{
    ConfigError,
    list_file::{self, Item, Kind},
    problem::Problem,
    section::{Found, Reader, Section, quoted},
};
use crate::{
    access::{HashError, ID, MAX_SECRETS, Scope, SecretHash, Terms, is_id, without_secrets},
    template::Pattern,
    whole_file,
};

const REMOVED: &str = "removed";
const KIND: Kind = Kind {
    keys: &["application", REMOVED],
    names: ("an application", "applications"),
    how: "write [[application]] with two brackets, or use `rxgate app add`",
};
const SCOPE: &str = "apply, modify, read, remove, notify, priority, or admin alone";
const END_USER: &str = "a regular expression of whole endUserIds, such as 'tel:\\+49.*'";
const NETWORK: &str = "a network such as \"10.0.0.0/8\" or \"2001:db8::/32\"";

/// Highest rate and burst. Requests a second, and requests.
const MAX_RATE: u64 = 1_000_000;

/// Highest quota. Sessions.
const MAX_SESSIONS: u64 = 1_000_000_000;

/// Largest file. Octets.
const MAX_FILE: u64 = 16 << 20;

/// The applications of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applications {
    /// In the file's order, no two of one id.
    pub list: Vec<Terms>,
    /// Those that were there before, no two of one id, and none that is in the list.
    pub removed: Vec<Removed>,
    /// What is accepted but unwise.
    pub warnings: Vec<Problem>,
}

/// An application that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Its id.
    pub id: String,
    /// Since when.
    pub since: Datetime,
}

impl Applications {
    /// Reads and checks a file, and who may read and write it.
    pub fn from_file(file: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { file: file.to_owned(), source };
        let opened = File::open(file).map_err(unreadable)?;
        let mode = opened.metadata().map_err(unreadable)?.mode();
        let mut text = String::new();
        // One octet more tells a file that is too large from one that is just not.
        opened.take(MAX_FILE + 1).read_to_string(&mut text).map_err(unreadable)?;
        let about =
            |text: &str, hint: String| Problem { file: file.to_owned(), at: None, text: text.into(), hint };
        if text.len() as u64 > MAX_FILE {
            let why = format!("has more than {MAX_FILE} octets");
            return Err(ConfigError::Refused(vec![about(&why, "is it that of the applications?".into())]));
        }
        let hint = |change: &str| format!("`chmod {change} {}`", file.display());
        if mode & 0o022 != 0 {
            let why = "others than its owner may write it, and so let anybody in";
            return Err(ConfigError::Refused(vec![about(why, hint("go-w"))]));
        }
        let mut read = Self::from_text(file, &text)?;
        if mode & 0o004 != 0 {
            read.warnings.push(about("others than its owner and group may read it", hint("o=")));
        }
        Ok(read)
    }

    /// Checks `text`, the content of `file`.
    pub fn from_text(file: &Path, text: &str) -> Result<Self, ConfigError> {
        list_file::read(file, text, &KIND, add).map(|(read, warnings)| Self { warnings, ..read })
    }

    /// Writes them to a file, all of them or nothing: whoever reads it meanwhile finds what was there, or what is there
    /// now. Only its owner may read it; that stays who it was.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        whole_file::replace(file, to_text(self).as_bytes())
    }

    /// The application of this id that was removed.
    pub fn removed(&self, id: &str) -> Option<&Removed> {
        self.removed.iter().find(|removed| removed.id == id)
    }

    fn has(&self, id: &str) -> bool {
        self.list.iter().any(|terms| terms.id == id)
    }
}

impl From<Vec<Terms>> for Applications {
    fn from(list: Vec<Terms>) -> Self {
        Self { list, ..Self::default() }
    }
}

fn add<'d>(reader: &mut Reader<'d>, item: &Item<'d>, read: &mut Applications) {
    match item.key {
        REMOVED => add_removed(reader, item, read),
        _ => add_application(reader, item, read),
    }
}

fn add_application<'d>(reader: &mut Reader<'d>, item: &Item<'d>, read: &mut Applications) {
    let section = Section::new(reader, "[[application]]", Some(item.table), item.offset);
    let Some((terms, id_at)) = application(section) else { return };
    if read.has(&terms.id) {
        let text = format!("`id` is \"{}\", as of an application before", terms.id);
        return reader.refuse(id_at, text, "give each application an id of its own");
    }
    read.list.push(terms);
}

fn add_removed<'d>(reader: &mut Reader<'d>, item: &Item<'d>, read: &mut Applications) {
    let mut section = Section::new(reader, "[[removed]]", Some(item.table), item.offset);
    let id = section.text("id", ID, |text| is_id(text).then(|| text.to_owned()));
    let since = section.date("since");
    section.finish(&[]);
    let (Some(Found { value: id, offset }), Some(since)) = (id, since) else { return };
    if read.removed(&id).is_some() {
        let text = format!("`id` is \"{id}\", as of a [[removed]] before");
        return reader.refuse(offset, text, "leave one of them out");
    }
    // The sections come by their names: all applications are there.
    if read.has(&id) {
        let text = format!("\"{id}\" is the id of an [[application]] and of a [[removed]]");
        let hint = "the application would have the sessions, registrations and events of the one before: give it \
                    another id, or leave the [[removed]] out if it is the same";
        return reader.refuse(offset, text, hint);
    }
    read.removed.push(Removed { id, since });
}

/// `None` after a problem was noted, but not after every one.
fn application(mut section: Section<'_, '_>) -> Option<(Terms, Option<usize>)> {
    let id = section.text("id", ID, |text| is_id(text).then(|| text.to_owned()));
    if let Some(id) = id.as_ref().filter(|id| without_secrets(&id.value) != id.value) {
        let hint = "ids stand in logs: give it another one, and if that was a secret, another secret";
        section.reader.warn(id.offset, "`id` has the form of a secret", hint);
    }
    let secrets = secrets(&mut section);
    let before = section.reader.problems.len();
    let scopes = section.list("scopes", SCOPE, Scope::from_name);
    let has = |scope: Scope| scopes.iter().find(|found| found.value == scope);
    // One that is no scope is told of already.
    if scopes.is_empty() && section.reader.problems.len() == before {
        let offset = section.offset();
        section.reader.refuse(offset, "an application without `scopes`", format!("accepted: {SCOPE}"));
    }
    if let Some(admin) = has(Scope::Admin).filter(|_| scopes.iter().any(|found| found.value != Scope::Admin))
    {
        let hint =
            "the operator's work and that of applications have credentials of their own: make two of it";
        section.reader.refuse(admin.offset, "`scopes` has \"admin\" beside others", hint);
    }
    if let Some(priority) =
        has(Scope::Priority).filter(|_| has(Scope::Apply).or(has(Scope::Modify)).is_none())
    {
        let hint = "it allows more in what is applied or modified, and nothing by itself: add one of these, or leave it out";
        section.reader.warn(
            priority.offset,
            "`scopes` has \"priority\" without \"apply\" and \"modify\"",
            hint,
        );
    }
    let end_users = section
        .checked_list("end_users", END_USER, |text| Pattern::new(text).map_err(|error| error.to_string()));
    let ue = section
        .list("ue", NETWORK, |text| text.parse().ok().filter(|network: &IpNet| *network == network.trunc()));
    let rate = section.optional_number::<u32>("rate", "requests a second", 1..=MAX_RATE, "no limit");
    let burst =
        section.optional_number::<u32>("burst", "requests", 1..=MAX_RATE, "as many as in a second of `rate`");
    if let (None, Some(burst)) = (&rate, &burst) {
        let hint = "it says how many requests may come at once within `rate`: add that, or leave this out";
        section.reader.warn(burst.offset, "`burst` without `rate`", hint);
    }
    let sessions = section.optional_number::<u64>("sessions", "sessions", 0..=MAX_SESSIONS, "no limit");
    let active = section.flag("active", true);
    section.finish(&[]);
    let value = |found: Option<Found<u32>>| found.map(|found| found.value);
    let (id, rate) = (id?, value(rate));
    let terms = Terms {
        id: id.value,
        secrets,
        scopes: scopes.into_iter().map(|found| found.value).collect(),
        end_users: end_users.into_iter().map(|found| found.value).collect(),
        ue: ue.into_iter().map(|found| found.value).collect(),
        rate,
        burst: value(burst).or(rate).unwrap_or(1),
        sessions: sessions.map(|found| found.value),
        active: active.value,
    };
    Some((terms, id.offset))
}

/// What is wrong with one is told without showing it: it may be a secret.
fn secrets(section: &mut Section<'_, '_>) -> Vec<SecretHash> {
    const KEY: &str = "secrets";
    let Some(value) = section.take(KEY) else { return Vec::new() };
    let at = |value: &Spanned<DeValue<'_>>| Some(value.span().start);
    let accepted = format!("accepted is a list of at most {MAX_SECRETS}, each {}", SecretHash::FORM);
    let Some(items) = value.get_ref().as_array() else {
        section.reader.refuse(at(value), "`secrets` is not a list", accepted);
        return Vec::new();
    };
    if items.len() > MAX_SECRETS {
        let text = format!("`secrets` has {}", items.len());
        section.reader.refuse(at(value), text, accepted.as_str());
    }
    let mut good = Vec::new();
    for item in items {
        match item.get_ref().as_str().ok_or(HashError::Form).and_then(SecretHash::parse) {
            Ok(hash) => good.push(hash),
            Err(error) => {
                section.reader.refuse(at(item), format!("`secrets` has {error}"), accepted.as_str())
            }
        }
    }
    good
}

/// The file, as it is read again.
fn to_text(all: &Applications) -> String {
    let mut text =
        "# The applications that may call. Kept by `rxgate app`; a running gateway reads it on SIGHUP.\n"
            .to_owned();
    for terms in &all.list {
        let Terms { id, secrets, scopes, end_users, ue, rate, burst, sessions, active } = terms;
        let mut line = |key: &str, value: String| text.push_str(&format!("{key} = {value}\n"));
        line("\n[[application]]\nid", quoted(id));
        line("secrets", listed(secrets.iter().map(SecretHash::as_str)));
        line("scopes", listed(scopes.iter().map(Scope::as_str)));
        if !end_users.is_empty() {
            line("end_users", listed(end_users.iter().map(Pattern::as_str)));
        }
        if !ue.is_empty() {
            line("ue", listed(ue.iter().map(IpNet::to_string)));
        }
        if let Some(rate) = rate {
            line("rate", rate.to_string());
            line("burst", burst.to_string());
        }
        if let Some(sessions) = sessions {
            line("sessions", sessions.to_string());
        }
        if !active {
            line("active", active.to_string());
        }
    }
    if !all.removed.is_empty() {
        text.push_str("\n# Ids that were given before: what was made under one is still there.\n");
    }
    for Removed { id, since } in &all.removed {
        text.push_str(&format!("\n[[removed]]\nid = {}\nsince = {since}\n", quoted(id)));
    }
    text
}

fn listed(texts: impl Iterator<Item = impl AsRef<str>>) -> String {
    let texts: Vec<String> = texts.map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}
