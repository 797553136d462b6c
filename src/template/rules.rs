//! Which template is whose: match rules on the endUserId, in the order in which they were loaded.
//!
//! The first rule that matches wins. Readers work on a snapshot that never changes, so that choosing a template
//! waits for nobody. A session keeps the rule and the version that it was made with: versions that were
//! replaced or removed stay reachable, [`MAX_SUPERSEDED`] of them, with [`MAX_SUPERSEDED_SOURCE`] octets of XML;
//! the one that was superseded first goes first.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use thiserror::Error;

use super::{Pattern, PatternError, Template};

/// Most match rules.
pub const MAX_RULES: usize = 1000;

/// Superseded versions that stay reachable, at most.
pub const MAX_SUPERSEDED: usize = 1000;

/// XML of superseded versions, at most. Octets.
pub const MAX_SUPERSEDED_SOURCE: usize = 16 << 20;

/// A template and whose it is.
#[derive(Clone, Debug)]
pub struct MatchRule {
    pattern: Pattern,
    template: Arc<Template>,
    version: u64,
    origin: Origin,
}

/// Where a rule came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The directory of templates: the next reload makes it what the files say.
    Directory,
    /// The admin interface: it stays until somebody removes it.
    Admin,
}

impl MatchRule {
    /// A rule as it was.
    pub fn restored(pattern: Pattern, template: Arc<Template>, version: u64, origin: Origin) -> Self {
        Self { pattern, template, version, origin }
    }

    /// The regular expression, as it was written: the rule's name.
    pub fn pattern(&self) -> &str {
        self.pattern.as_str()
    }

    /// The template.
    pub fn template(&self) -> &Arc<Template> {
        &self.template
    }

    /// Counts up with everything that is loaded; no two contents have the same.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Where it came from.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    fn has(&self, template: &Template) -> bool {
        self.template.source() == template.source()
    }
}

/// What loading a template did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// A new rule, behind all others.
    Created {
        /// Its version.
        version: u64,
    },
    /// The rule's template is another one now; the rule's place is the same.
    Replaced {
        /// The new version.
        version: u64,
    },
    /// The rule had this very XML already.
    Same {
        /// The version that it keeps.
        version: u64,
    },
}

impl Loaded {
    /// The version that is in force.
    pub fn version(self) -> u64 {
        match self {
            Self::Created { version } | Self::Replaced { version } | Self::Same { version } => version,
        }
    }
}

/// Why a rule is not loaded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuleError {
    /// Its regular expression is refused.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// There are [`MAX_RULES`] rules.
    #[error("there are {MAX_RULES} match rules already: delete one, or join rules with | in one expression")]
    TooMany,
}

/// What a reload of the directory changed: patterns in evaluation order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Rules that were not there.
    pub added: Vec<String>,
    /// Rules with another template than before.
    pub replaced: Vec<String>,
    /// Rules of the directory that are gone.
    pub removed: Vec<String>,
    /// Rules that are what they were; they may stand at another place.
    pub same: Vec<String>,
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, replaced, removed, same } = self;
        let (added, replaced, removed, same) = (added.len(), replaced.len(), removed.len(), same.len());
        write!(f, "{added} added, {replaced} replaced, {removed} removed, {same} unchanged")
    }
}

type Rules = Arc<Vec<Arc<MatchRule>>>;

/// Match rules with their templates, and what they were: a value that nobody else sees. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// In evaluation order: those of the directory first.
    rules: Rules,
    /// Versions no longer in force, the oldest first.
    superseded: VecDeque<Arc<MatchRule>>,
    /// Octets of XML in `superseded`.
    superseded_source: usize,
    last_version: u64,
}

impl RuleSet {
    /// A set as it was: the rules in evaluation order, those that were superseded, the oldest first, and the
    /// version that was given last.
    pub fn restored(
        rules: Vec<Arc<MatchRule>>,
        superseded: impl IntoIterator<Item = Arc<MatchRule>>,
        last_version: u64,
    ) -> Self {
        let mut set = Self { rules: rules.into(), last_version, ..Self::default() };
        superseded.into_iter().for_each(|rule| set.supersede(rule));
        set
    }

    /// Every rule, in evaluation order.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Versions that are not in force any more, the oldest first.
    pub fn superseded(&self) -> impl Iterator<Item = &Arc<MatchRule>> {
        self.superseded.iter()
    }

    /// The version that was given last; 0 before the first.
    pub fn last_version(&self) -> u64 {
        self.last_version
    }

    /// Loads a template under a rule: behind all others if the rule is new, else in its place.
    ///
    /// The same XML again changes nothing, and keeps its version.
    pub fn load(&mut self, pattern: &str, template: Arc<Template>) -> Result<Loaded, RuleError> {
        let pattern = Pattern::new(pattern)?;
        let known = self.find(pattern.as_str());
        if let Some(known) = known.as_ref().filter(|known| known.has(&template)) {
            return Ok(Loaded::Same { version: known.version });
        }
        if known.is_none() && self.rules.len() >= MAX_RULES {
            return Err(RuleError::TooMany);
        }
        let version = self.next_version();
        let origin = known.as_ref().map_or(Origin::Admin, |known| known.origin);
        let rule = Arc::new(MatchRule { pattern, template, version, origin });
        Ok(match known {
            None => {
                Arc::make_mut(&mut self.rules).push(rule);
                Loaded::Created { version }
            }
            Some(known) => {
                let slots = Arc::make_mut(&mut self.rules).iter_mut();
                slots.filter(|slot| slot.version == known.version).for_each(|slot| *slot = Arc::clone(&rule));
                self.supersede(known);
                Loaded::Replaced { version }
            }
        })
    }

    /// Removes a rule; `None` if there is none of this name.
    pub fn remove(&mut self, pattern: &str) -> Option<Arc<MatchRule>> {
        let known = self.find(pattern)?;
        Arc::make_mut(&mut self.rules).retain(|rule| rule.version != known.version);
        self.supersede(Arc::clone(&known));
        Some(known)
    }

    /// Makes these the rules of the directory, all at once.
    ///
    /// They stand before those of the admin interface, which stay in their order; where both have a rule, that
    /// of the directory counts. Of two with the same pattern the first one counts.
    pub fn replace_directory(&mut self, wanted: Vec<(Pattern, Arc<Template>)>) -> Changes {
        let mut changes = Changes::default();
        let mut rules: Vec<Arc<MatchRule>> = Vec::with_capacity(wanted.len() + self.rules.len());
        for (pattern, template) in wanted {
            let name = pattern.as_str().to_owned();
            if rules.iter().any(|rule| rule.pattern() == name) {
                continue;
            }
            let known = self.find(&name);
            let (list, version) = match &known {
                Some(known) if known.has(&template) => (&mut changes.same, known.version),
                Some(_) => (&mut changes.replaced, self.next_version()),
                None => (&mut changes.added, self.next_version()),
            };
            list.push(name);
            rules.push(Arc::new(MatchRule { pattern, template, version, origin: Origin::Directory }));
        }
        let before = Arc::clone(&self.rules);
        for rule in before.iter() {
            match rules.iter().find(|new| new.pattern() == rule.pattern()) {
                Some(new) if new.version == rule.version => {}
                Some(_) => self.supersede(Arc::clone(rule)),
                None if rule.origin == Origin::Admin => rules.push(Arc::clone(rule)),
                None => {
                    changes.removed.push(rule.pattern().to_owned());
                    self.supersede(Arc::clone(rule));
                }
            }
        }
        self.rules = Arc::new(rules);
        changes
    }

    /// Puts these into the place of what was compiled of the same XML, wherever that is in force: what the
    /// dictionary says has changed, or how closely templates are read. Versions stay.
    pub fn recompile(&mut self, compiled: &[Arc<Template>]) {
        for slot in Arc::make_mut(&mut self.rules) {
            if let Some(template) = compiled.iter().find(|template| slot.has(template)) {
                *slot = Arc::new(MatchRule { template: Arc::clone(template), ..MatchRule::clone(slot) });
            }
        }
    }

    fn find(&self, pattern: &str) -> Option<Arc<MatchRule>> {
        self.rules.iter().find(|rule| rule.pattern() == pattern).cloned()
    }

    fn next_version(&mut self) -> u64 {
        self.last_version += 1;
        self.last_version
    }

    fn supersede(&mut self, rule: Arc<MatchRule>) {
        self.superseded_source += rule.template.source().len();
        self.superseded.push_back(rule);
        while self.superseded.len() > MAX_SUPERSEDED || self.superseded_source > MAX_SUPERSEDED_SOURCE {
            let Some(oldest) = self.superseded.pop_front() else { return };
            self.superseded_source -= oldest.template.source().len();
        }
    }
}

/// The rules in force. Readers never wait for whoever changes them.
#[derive(Debug, Default)]
pub struct Templates(RwLock<RuleSet>);

impl Templates {
    /// No rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is in force, and was.
    pub fn snapshot(&self) -> RuleSet {
        self.read().clone()
    }

    /// Puts another set into force, all at once.
    pub fn put(&self, set: RuleSet) {
        *self.write() = set;
    }

    /// Every rule, in evaluation order.
    pub fn list(&self) -> Arc<Vec<Arc<MatchRule>>> {
        Arc::clone(&self.read().rules)
    }

    /// The rule with exactly this regular expression.
    pub fn get(&self, pattern: &str) -> Option<Arc<MatchRule>> {
        self.list().iter().find(|rule| rule.pattern() == pattern).cloned()
    }

    /// The rule before the one of this name that is for everybody, if there is one: then that always wins.
    pub fn hidden_by(&self, pattern: &str) -> Option<Arc<MatchRule>> {
        let rules = self.list();
        let at = rules.iter().position(|rule| rule.pattern() == pattern)?;
        rules.iter().take(at).find(|rule| rule.pattern.is_for_all()).cloned()
    }

    /// The first rule that matches the normalised endUserId; if none does, the first that matches it as it came.
    pub fn select(&self, normalised: &str, given: &str) -> Option<Arc<MatchRule>> {
        let rules = self.list();
        let first = |end_user: &str| rules.iter().find(|rule| rule.pattern.matches(end_user)).cloned();
        first(normalised).or_else(|| if given == normalised { None } else { first(given) })
    }

    /// A version of a rule, in force or superseded; `None` if it never was, or was superseded long ago.
    pub fn version_of(&self, pattern: &str, version: u64) -> Option<Arc<MatchRule>> {
        let state = self.read();
        let mut all = state.rules.iter().chain(&state.superseded);
        all.find(|rule| rule.version == version && rule.pattern() == pattern).cloned()
    }

    fn read(&self) -> RwLockReadGuard<'_, RuleSet> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, RuleSet> {
        // The rules are changed in one step: what a panic left behind is whole.
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
