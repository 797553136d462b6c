//! What is read again while the gateway runs: all of it takes effect, or nothing.
//!
//! First everything is read and checked, which changes nothing; then everything is put into force, which cannot
//! fail. A dictionary that says something new is kept for the life of the process, as is the one before it: what
//! that costs is bounded by how often an operator changes the files.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::Mutex;
use tracing::{error, info, warn};

use super::{
    applications::{self, Change},
    changes::{self, Changed},
    settings,
    templates::{self, TemplateDirectory, of_file},
    tls::{InForce, Material},
    tokens,
};
use crate::{
    BoxFuture,
    access::{Access, KeySet, Terms},
    audit::{AuditLog, Operation},
    config::{Config, Loaded, Places, Position, Problem, Setting, Store},
    dict::{DictError, Dictionary},
    live::Live,
    north::{
        admin::{Changing, KeptTemplates, Reload, ReloadProblem, Reloaded},
        gatekeeper::{NotificationSettings, ReadSettings},
    },
    notify::Notifier,
    session::StoreError,
    store::RecordFile,
    task::to_its_end,
    template::{self, MatchRule, Origin, RuleSet, Template},
    transport::Pool,
};

/// Where a configuration came from, and what it says there.
pub(super) struct Source {
    pub file: PathBuf,
    pub settings: Vec<Setting>,
}

impl Source {
    /// Where it says what.
    pub fn places(&self) -> Places<'_> {
        Places { file: &self.file, settings: &self.settings }
    }
}

/// What a reload puts something else into.
pub(super) struct Parts {
    pub dictionary: Live<&'static Dictionary>,
    pub reading: Live<ReadSettings>,
    pub templates: Live<template::Settings>,
    pub notifications: Live<NotificationSettings>,
    pub rules: Arc<KeptTemplates>,
    pub notifier: Arc<Notifier>,
    pub pool: Pool,
    pub records: Option<Arc<RecordFile>>,
    pub audit: Option<Arc<AuditLog>>,
    pub tls: InForce,
    pub access: Option<Arc<Access>>,
}

/// Reads the configuration, and what it names, again.
pub(super) struct Reloader {
    parts: Parts,
    /// Held during a reload: there is one at a time.
    running: Mutex<Running>,
}

/// The configuration in force.
#[derive(Clone)]
struct Running {
    config: Config,
    /// `None`: it is in no file, and only what it names is read again.
    source: Option<Arc<Source>>,
}

/// Everything that was read, and is right.
struct Read {
    running: Running,
    changed: Vec<String>,
    warnings: Vec<Problem>,
    dictionary: NewDictionary,
    directory: TemplateDirectory,
    /// The templates of the admin interface, read with the new dictionary and settings.
    recompiled: Vec<Arc<Template>>,
    tls: Material,
    applications: Vec<Terms>,
    /// What is different in them.
    of_applications: Vec<Change>,
    /// Of the identity provider, if they are in a file.
    keys: Option<KeySet>,
}

/// The dictionary that is to be in force.
enum NewDictionary {
    /// The one that is: the files say nothing else than it does.
    Same,
    /// There is no directory any more.
    BuiltIn,
    Loaded(Box<Dictionary>),
}

impl NewDictionary {
    /// Itself, or this one, which is in force.
    fn or<'a>(&'a self, in_force: &'a Dictionary) -> &'a Dictionary {
        match self {
            Self::Same => in_force,
            Self::BuiltIn => Dictionary::builtin(),
            Self::Loaded(dictionary) => dictionary,
        }
    }
}

impl Reloader {
    pub fn new(config: Config, source: Option<Source>, parts: Parts) -> Self {
        Self { parts, running: Mutex::new(Running { config, source: source.map(Arc::new) }) }
    }

    /// Puts what the files say now into force, and says what that changed; or everything that is wrong, and
    /// nothing changes. `by`: who asks for it, as the audit log has him.
    ///
    /// Done to its end even if whoever waits for it goes away.
    pub async fn reload(
        self: &Arc<Self>,
        by: Operation,
    ) -> Result<(Vec<String>, Vec<Problem>), Vec<Problem>> {
        let me = Arc::clone(self);
        // Nothing is wrong with the files where the runtime ends.
        to_its_end(async move { me.reload_now(by).await }).await.unwrap_or(Err(Vec::new()))
    }

    async fn reload_now(&self, by: Operation) -> Result<(Vec<String>, Vec<Problem>), Vec<Problem>> {
        let mut running = self.running.lock().await;
        // Whoever moved the files away wants that, whatever else is wrong.
        if let Some(records) = &self.parts.records {
            records.reopen();
        }
        if let Some(audit) = &self.parts.audit {
            audit.reopen();
        }
        // A template that is loaded meanwhile waits, and is read with what is in force then.
        let mut changing = self.parts.rules.changing().await;
        let (before, dictionary) = (running.clone(), self.parts.dictionary.get());
        let rules = self.parts.rules.in_force().list();
        let tls = self.parts.tls.clone();
        let access = self.parts.access.clone();
        let read = move || read(before, dictionary, &rules, &tls, access.as_deref());
        let read = tokio::task::spawn_blocking(read).await.expect("reading files does not panic");
        let read = read.inspect_err(|problems| {
            for problem in problems {
                error!(hint = %problem.hint, "{problem}");
            }
            error!(problems = problems.len(), "nothing is reloaded: what is in force stays");
        })?;
        for warning in &read.warnings {
            warn!(hint = %warning.hint, "{warning}");
        }
        let (now, warnings) = (read.running.clone(), read.warnings.clone());
        let changed = self.put(read, &mut changing, by).await?;
        *running = now;
        changed.iter().for_each(|change| info!(%change, "reload"));
        info!(changes = changed.len(), "reloaded");
        Ok((changed, warnings))
    }

    /// Puts it into force; if the templates cannot be stored, nothing of it.
    async fn put(
        &self,
        read: Read,
        changing: &mut Changing<'_>,
        by: Operation,
    ) -> Result<Vec<String>, Vec<Problem>> {
        let Read { running, mut changed, dictionary, directory, recompiled, tls, .. } = read;
        let Read { applications, of_applications, keys, .. } = read;
        let config = running.config;
        let parts = &self.parts;
        let put = |rules: &mut RuleSet| {
            rules.recompile(&recompiled);
            templates::put(rules, directory.rules)
        };
        let lines = changing.apply(put).await.map_err(|error| vec![unstored(&config, &error)])?;
        changed.extend(lines);
        match dictionary {
            NewDictionary::Same => {}
            NewDictionary::BuiltIn => parts.dictionary.set(Dictionary::builtin()),
            NewDictionary::Loaded(dictionary) => parts.dictionary.set(Box::leak(dictionary)),
        }
        parts.templates.set(settings::template_settings(&config.gatekeeper));
        parts.reading.set(settings::read_settings(&config.gatekeeper));
        parts.notifications.set(settings::notification_settings(&config.gatekeeper));
        if let Some(access) = &parts.access {
            access.put(applications);
        }
        if let Some(audit) = &parts.audit {
            of_applications.into_iter().for_each(|change| audit.note(change.operation(by.clone())));
        }
        parts.notifier.allow(config.notify.allow_networks.clone());
        parts.tls.put(tls);
        match (parts.access.as_ref().and_then(|access| access.keyring()), keys) {
            (Some(keyring), Some(keys)) => _ = keyring.found(keys),
            // They are fetched by whoever does so, with what is in force then.
            (Some(keyring), None) => keyring.ask(),
            (None, _) => {}
        }
        // Refused only after the end.
        _ = parts.pool.reconfigure(settings::peers(&config.diameter)).await;
        Ok(changed)
    }
}

impl std::fmt::Debug for Reloader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reloader").finish_non_exhaustive()
    }
}

impl Reload for Reloader {
    fn reload(self: Arc<Self>, by: Operation) -> BoxFuture<'static, Result<Reloaded, Vec<ReloadProblem>>> {
        let shown = |problems: Vec<Problem>| problems.into_iter().map(shown).collect();
        Box::pin(async move {
            let (changes, warnings) = Self::reload(&self, by).await.map_err(shown)?;
            Ok(Reloaded { changes, warnings: shown(warnings) })
        })
    }
}

fn shown(problem: Problem) -> ReloadProblem {
    ReloadProblem { text: problem.to_string(), hint: problem.hint }
}

/// Reads and checks everything. Blocks on the disk.
fn read(
    before: Running,
    dictionary: &'static Dictionary,
    rules: &[Arc<MatchRule>],
    tls: &InForce,
    access_in_force: Option<&Access>,
) -> Result<Read, Vec<Problem>> {
    let Running { config: old, source } = &before;
    let mut problems = Vec::new();
    let (running, mut changed, mut warnings) = match source {
        None => (before.clone(), Vec::new(), Vec::new()),
        Some(source) => {
            let Loaded { config, warnings, settings } =
                Loaded::from_file(&source.file).map_err(|error| error.problems())?;
            let Changed { lines, refused } = changes::of_settings(&source.file, &source.settings, &settings);
            problems.extend(refused);
            let mut changed = lines;
            changed.extend(changes::of_peers(&old.diameter.peers, &config.diameter.peers));
            let source = Source { file: source.file.clone(), settings };
            (Running { config, source: Some(Arc::new(source)) }, changed, warnings)
        }
    };
    let config = &running.config;
    let new = match config.dictionary.as_deref().map(Dictionary::with_directory) {
        None => NewDictionary::BuiltIn,
        Some(Ok(new)) => NewDictionary::Loaded(Box::new(new)),
        // What the templates mean is open without it.
        Some(Err(error)) => return Err(problems.into_iter().chain([of_dictionary(config, error)]).collect()),
    };
    let says = dictionary.changes(new.or(dictionary));
    let new = if says.is_empty() { NewDictionary::Same } else { new };
    let in_force = new.or(dictionary);
    changed.extend(changes::shortened(says));
    let settings = settings::template_settings(&config.gatekeeper);
    let directory = match &config.templates {
        None => TemplateDirectory::default(),
        Some(at) => TemplateDirectory::read(at, in_force, settings).unwrap_or_else(|found| {
            problems.extend(found);
            TemplateDirectory::default()
        }),
    };
    warnings.extend(directory.warnings.iter().cloned());
    let mut recompiled = Vec::new();
    for rule in rules.iter().filter(|rule| rule.origin() == Origin::Admin) {
        match Template::read(rule.template().source().as_bytes(), in_force, settings) {
            Ok(compiled) => recompiled.push(Arc::new(compiled.template)),
            Err(found) => {
                let name = format!("template \"{}\" of the admin interface", rule.template().id());
                problems.extend(found.0.into_iter().map(|problem| of_file(Path::new(&name), problem)));
            }
        }
    }
    let (mut applications, mut of_applications) = (Vec::new(), Vec::new());
    if let Some(access) = &config.access {
        match applications::read(access) {
            Ok(read) => {
                let in_force = access_in_force.map(Access::terms).unwrap_or_default();
                of_applications = applications::changes(&in_force, &read.list);
                changed.extend(of_applications.iter().map(Change::to_string));
                warnings.extend(read.warnings);
                applications = read.list;
            }
            Err(found) => problems.extend(found),
        }
    }
    let jwt = config.access.as_ref().and_then(|access| access.jwt.as_ref());
    let mut keys = None;
    match jwt.map_or(Ok(None), tokens::read) {
        Ok(Some((found, doubts))) => {
            warnings.extend(doubts);
            keys = Some(found);
        }
        Ok(None) => {}
        Err(problem) => problems.push(problem),
    }
    let keys_in_force = access_in_force.and_then(Access::keyring).and_then(|keyring| keyring.keys());
    if keys.is_some() && keys.as_ref() != keys_in_force.as_deref() {
        changed.push("[access.jwt] the identity provider has other keys".into());
    }
    let places = running.source.as_deref().map(Source::places);
    let material = Material::read(config, places).map_err(|found| problems.extend(found));
    match material {
        Ok(material) if problems.is_empty() => {
            changed.extend(tls.changes(&material));
            warnings.extend(material.warnings.iter().cloned());
            let (dictionary, tls) = (new, material);
            Ok(Read {
                running,
                changed,
                warnings,
                dictionary,
                directory,
                recompiled,
                tls,
                applications,
                of_applications,
                keys,
            })
        }
        _ => Err(problems),
    }
}

fn unstored(config: &Config, error: &StoreError) -> Problem {
    let file = match &config.store {
        Store::Embedded { directory, .. } => directory.clone(),
        Store::Memory => PathBuf::from("[store]"),
    };
    let problem = Problem {
        file,
        at: None,
        text: format!("the templates cannot be stored: {error}"),
        hint: "look at the store's directory and its disk; nothing is reloaded".into(),
    };
    error!(hint = %problem.hint, "{problem}");
    problem
}

/// The error names its file by itself.
fn of_dictionary(config: &Config, error: DictError) -> Problem {
    let directory = config.dictionary.clone().unwrap_or_default();
    let (file, at, text) = match error {
        DictError::Content { at, problem } => {
            let at_line = Position { line: at.line, column: 1 };
            (PathBuf::from(&*at.file), Some(at_line), problem.to_string())
        }
        DictError::Unreadable { path, error } => (path, None, format!("cannot be read: {error}")),
        error @ DictError::TooLarge { .. } => (directory, None, error.to_string()),
    };
    Problem { file, at, text, hint: "correct that file, or take it out of the directory".into() }
}
