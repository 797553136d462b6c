//! The templates in the store: written before they are in force, and read back when the process starts.
//!
//! Every version has a record of its own, which never changes: its match rule and its XML. One more record says
//! which of them are in force, in their order, which were, and which version was given last. Sessions name versions,
//! so that these must mean the same in every process.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard};
use tracing::{info, warn};

use crate::{
    dict::Dictionary,
    north::records::{self, RestoreError},
    session::{
        SessionStore, StoreError,
        ports::{Commit, RecordKind, RecordWrite},
    },
    template::{MatchRule, Origin, Pattern, Problem, RuleSet, Settings, Template, Templates},
};

const KIND: RecordKind = RecordKind::Template;

/// Where the order of the versions stands; theirs are numbers.
const ORDER: &str = "order";

/// A version as the store has it, under its number.
#[derive(Serialize, Deserialize)]
struct Version<'a> {
    pattern: &'a str,
    xml: &'a str,
}

/// What the versions are.
#[derive(Serialize, Deserialize)]
struct Order {
    last_version: u64,
    /// In evaluation order.
    rules: Vec<InForce>,
    /// The oldest first.
    superseded: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
struct InForce {
    version: u64,
    /// Whether it is one of the directory, or of the admin interface.
    directory: bool,
}

/// Templates that outlive the process.
pub struct KeptTemplates {
    templates: Arc<Templates>,
    store: Arc<dyn SessionStore>,
    /// Held while templates change, and what they are read with: the store and the memory change in the same order,
    /// and no template comes into force that was read with what is out of force by then.
    written: Mutex<Written>,
}

/// The right to change templates, and what they are read with: nobody else has it at the same time.
pub struct Changing<'a> {
    kept: &'a KeptTemplates,
    written: MutexGuard<'a, Written>,
}

/// What is in the store.
#[derive(Clone, Default)]
struct Written {
    versions: BTreeSet<u64>,
    order: Option<Arc<[u8]>>,
}

impl KeptTemplates {
    /// No templates; [`restore`](Self::restore) reads those of the store.
    pub fn new(templates: Arc<Templates>, store: Arc<dyn SessionStore>) -> Arc<Self> {
        Arc::new(Self { templates, store, written: Mutex::default() })
    }

    /// Those in force.
    pub fn in_force(&self) -> &Arc<Templates> {
        &self.templates
    }

    /// Reads the templates of the store with this dictionary and these settings.
    ///
    /// One of the admin interface that is in force and refused now stops the start. One of the directory is what the
    /// directory says anyway, and one that is not in force any more is given up: sessions that were made of it are
    /// told so when they are to be modified by it.
    pub async fn restore(&self, dictionary: &Dictionary, settings: Settings) -> Result<(), RestoreError> {
        let mut written = self.written.lock().await;
        let (mut found, mut order) = (BTreeMap::new(), None);
        records::each(&*self.store, KIND, |key, value| {
            if **key == *ORDER {
                order = Some(records::read::<Order>(KIND, key, value)?);
                written.order = Some(value.into());
                return Ok(());
            }
            let version: u64 = key.parse().map_err(|error| RestoreError::unreadable(KIND, key, error))?;
            let Version { pattern, xml } = records::read(KIND, key, value)?;
            let pattern = Pattern::new(pattern)
                .map_err(|_| RestoreError::unreadable(KIND, key, "its match rule is none"))?;
            written.versions.insert(version);
            found.insert(version, (pattern, Arc::<str>::from(xml)));
            Ok(())
        })
        .await?;
        let Some(Order { last_version, rules, superseded }) = order else { return Ok(()) };
        // One XML may be that of many rules.
        let mut compiled: BTreeMap<Arc<str>, Result<Arc<Template>, Problem>> = BTreeMap::new();
        let mut rule = |version: u64, origin: Origin| {
            let missing = || RestoreError::unreadable(KIND, &key(version), "it is missing");
            let (pattern, xml) = found.get(&version).ok_or_else(missing)?;
            let read = || {
                let read = Template::read(xml.as_bytes(), dictionary, settings);
                read.map(|compiled| Arc::new(compiled.template)).map_err(|problems| first(problems.0))
            };
            let template = compiled.entry(Arc::clone(xml)).or_insert_with(read).clone();
            let rule = |template| Arc::new(MatchRule::restored(pattern.clone(), template, version, origin));
            Ok::<_, RestoreError>(template.map(rule))
        };
        let mut in_force = Vec::with_capacity(rules.len());
        for InForce { version, directory } in rules {
            let origin = if directory { Origin::Directory } else { Origin::Admin };
            match rule(version, origin)? {
                Ok(rule) => in_force.push(rule),
                Err(problem) if directory => given_up(version, &problem),
                Err(problem) => return Err(RestoreError::Template { version, problem }),
            }
        }
        let mut before = Vec::with_capacity(superseded.len());
        for version in superseded {
            match rule(version, Origin::Admin)? {
                Ok(rule) => before.push(rule),
                Err(problem) => given_up(version, &problem),
            }
        }
        info!(rules = in_force.len(), superseded = before.len(), "templates are there again");
        self.templates.put(RuleSet::restored(in_force, before, last_version));
        Ok(())
    }

    /// Waits for the turn to change templates.
    pub async fn changing(&self) -> Changing<'_> {
        Changing { kept: self, written: self.written.lock().await }
    }
}

impl Changing<'_> {
    /// Changes the templates: what comes of it is stored, and then in force. If it cannot be stored, nothing changes.
    ///
    /// Broken off in its midst it may be stored and not in force: to be done to its end.
    pub async fn apply<T>(&mut self, change: impl FnOnce(&mut RuleSet) -> T) -> Result<T, StoreError> {
        let mut set = self.kept.templates.snapshot();
        let done = change(&mut set);
        let (now, records) = self.written.difference(&set);
        if !records.is_empty() {
            self.kept.store.commit(Commit { records, ..Commit::default() }).await?;
        }
        self.kept.templates.put(set);
        *self.written = now;
        Ok(done)
    }
}

impl Written {
    /// What is to be written so that the store has this, and what it has then.
    fn difference(&self, set: &RuleSet) -> (Self, Vec<RecordWrite>) {
        let order = Order {
            last_version: set.last_version(),
            rules: set.rules().iter().map(|rule| in_force(rule)).collect(),
            superseded: set.superseded().map(|rule| rule.version()).collect(),
        };
        let order = records::put(KIND, ORDER.into(), &order);
        let all: BTreeMap<u64, &Arc<MatchRule>> =
            set.rules().iter().chain(set.superseded()).map(|rule| (rule.version(), rule)).collect();
        let new = all.iter().filter(|(version, _)| !self.versions.contains(version));
        let mut records: Vec<RecordWrite> = new
            .map(|(version, rule)| {
                let value = Version { pattern: rule.pattern(), xml: rule.template().source() };
                records::put(KIND, key(*version), &value)
            })
            .collect();
        let gone = self.versions.iter().filter(|version| !all.contains_key(version));
        records.extend(gone.map(|version| records::remove(KIND, key(*version))));
        let now = Self { versions: all.keys().copied().collect(), order: order.value.clone() };
        if now.order != self.order {
            records.push(order);
        }
        (now, records)
    }
}

fn in_force(rule: &MatchRule) -> InForce {
    InForce { version: rule.version(), directory: rule.origin() == Origin::Directory }
}

/// The name of a version's record.
fn key(version: u64) -> Arc<str> {
    format!("{version:020}").into()
}

/// What is refused has a reason at least.
fn first(problems: Vec<Problem>) -> Problem {
    let none = || Problem { line: 1, column: 1, text: "it is refused".into(), hint: None };
    problems.into_iter().next().unwrap_or_else(none)
}

fn given_up(version: u64, problem: &Problem) {
    warn!(
        version,
        line = problem.line,
        column = problem.column,
        text = problem.text,
        "a version of a template is refused with the dictionary and settings of now: sessions that were made of it \
         cannot be modified by it any more"
    );
}

impl std::fmt::Debug for KeptTemplates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptTemplates").finish_non_exhaustive()
    }
}
