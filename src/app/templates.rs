//! A directory of templates, read as a whole: its rules (`config`) and what they name (`template`).
//!
//! Here, because it is the one place that may know both. Nothing is put into force: who calls decides that, and
//! does so only if everything is right.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use tracing::{trace, warn};

use crate::{
    config::{self, Config, Position, Problem, RuleEntry},
    dict::Dictionary,
    template::{MAX_OCTETS, MAX_RULES, MatchRule, Pattern, RuleSet, Settings, Template},
};

/// What the directory of a configuration has; warns of what is doubtful.
pub(super) async fn read_at_start(
    config: &Config,
    dictionary: &'static Dictionary,
    settings: Settings,
) -> Result<TemplateDirectory, Vec<Problem>> {
    let Some(at) = config.templates.clone() else { return Ok(TemplateDirectory::default()) };
    let read = move || TemplateDirectory::read(&at, dictionary, settings);
    let read = tokio::task::spawn_blocking(read).await.expect("reading a directory does not panic")?;
    read.warnings.iter().for_each(|warning| warn!(hint = warning.hint, "{warning}"));
    Ok(read)
}

/// Makes these the rules of the directory; says what that changed, one line each.
///
/// The lines name templates and no match rules: those may name a subscriber.
pub(super) fn put(templates: &mut RuleSet, directory: Vec<(Pattern, Arc<Template>)>) -> Vec<String> {
    let before = Arc::clone(templates.rules());
    let changes = templates.replace_directory(directory);
    let after = Arc::clone(templates.rules());
    trace!(?changes, "match rules");
    let named = |rules: &[Arc<MatchRule>], patterns: &[String], what: &str| -> Vec<String> {
        let changed = rules.iter().filter(|rule| patterns.iter().any(|pattern| pattern == rule.pattern()));
        let line = |rule: &Arc<MatchRule>| {
            format!("template \"{}\" {what} (version {})", rule.template().id(), rule.version())
        };
        changed.map(line).collect()
    };
    let mut lines = named(&after, &changes.added, "added");
    lines.extend(named(&after, &changes.replaced, "replaced"));
    lines.extend(named(&before, &changes.removed, "removed"));
    lines
}

/// Everything in a directory of templates.
#[derive(Debug, Default)]
pub struct TemplateDirectory {
    /// The rules in evaluation order; what [`RuleSet::replace_directory`] takes.
    pub rules: Vec<(Pattern, Arc<Template>)>,
    /// What is accepted but unwise, in the order of the rules.
    pub warnings: Vec<Problem>,
}

impl TemplateDirectory {
    /// Reads the rules and every template that they name; with anything wrong all of it is refused, with
    /// every reason. Blocks on the disk.
    pub fn read(
        at: &config::Templates,
        dictionary: &Dictionary,
        settings: Settings,
    ) -> Result<Self, Vec<Problem>> {
        let entries = RuleEntry::from_file(&at.rules).map_err(|error| error.problems())?;
        let mut reading = Reading {
            at,
            dictionary,
            settings,
            files: Vec::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
        };
        if let Some(entry) = entries.get(MAX_RULES) {
            let text = format!("there are {} rules, at most {MAX_RULES} are accepted", entries.len());
            reading.refuse(entry.pattern_at, text, "join rules of one template with | in one expression");
        }
        let mut rules = Vec::with_capacity(entries.len());
        for entry in &entries {
            let pattern = reading.pattern(entry);
            let template = reading.template(entry);
            rules.extend(pattern.zip(template));
        }
        reading.hidden(&entries, &rules);
        reading.unnamed();
        match reading.problems.is_empty() {
            true => Ok(Self { rules, warnings: reading.warnings }),
            false => Err(reading.problems),
        }
    }
}

struct Reading<'a> {
    at: &'a config::Templates,
    dictionary: &'a Dictionary,
    settings: Settings,
    /// Files that were read, with what came of them.
    files: Vec<(&'a str, Option<Arc<Template>>)>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl<'a> Reading<'a> {
    /// A problem of the file of rules.
    fn refuse(&mut self, at: Position, text: String, hint: impl Into<String>) {
        self.problems.push(Problem { file: self.at.rules.clone(), at: Some(at), text, hint: hint.into() });
    }

    fn pattern(&mut self, entry: &RuleEntry) -> Option<Pattern> {
        match Pattern::new(&entry.pattern) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let hint = "correct the regular expression; in single quotes TOML leaves backslashes alone";
                self.refuse(entry.pattern_at, error.to_string(), hint);
                None
            }
        }
    }

    /// A file's template, read once however many rules name it.
    fn template(&mut self, entry: &'a RuleEntry) -> Option<Arc<Template>> {
        if let Some((_, known)) = self.files.iter().find(|(name, _)| *name == entry.template) {
            return known.clone();
        }
        let path = self.at.directory.join(&entry.template);
        let template = match ordinary(&path).and_then(|()| read_file(&path)) {
            Ok(xml) => self.compile(&path, &xml),
            Err(error) => {
                let text = format!("`template` is \"{}\", which cannot be read: {error}", entry.template);
                let hint = format!("put the file into {}", self.at.directory.display());
                self.refuse(entry.template_at, text, hint);
                None
            }
        };
        self.files.push((&entry.template, template.clone()));
        template
    }

    fn compile(&mut self, path: &Path, xml: &[u8]) -> Option<Arc<Template>> {
        match Template::read(xml, self.dictionary, self.settings) {
            Ok(compiled) => {
                self.warnings.extend(compiled.warnings.into_iter().map(|warning| of_file(path, warning)));
                Some(Arc::new(compiled.template))
            }
            Err(problems) => {
                self.problems.extend(problems.0.into_iter().map(|problem| of_file(path, problem)));
                None
            }
        }
    }

    /// Warns of a rule for everybody that is not the last one.
    fn hidden(&mut self, entries: &[RuleEntry], rules: &[(Pattern, Arc<Template>)]) {
        let first = rules.iter().find(|(pattern, _)| pattern.is_for_all());
        let Some((pattern, _)) = first else { return };
        let mut from = entries.iter().skip_while(|entry| entry.pattern != pattern.as_str());
        let (Some(first), Some(next)) = (from.next(), from.next()) else { return };
        let more = match from.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        self.warnings.push(Problem {
            file: self.at.rules.clone(),
            at: Some(first.pattern_at),
            text: format!(
                "`match` is for every endUserId: the rule on line {}{more} behind it is never tried",
                next.pattern_at.line
            ),
            hint: "rules are tried in order: move this one to the end, or make it match less".into(),
        });
    }

    /// Warns of files that look like templates and are in no rule.
    fn unnamed(&mut self) {
        // What cannot be listed was complained about with the first file of it.
        let Ok(entries) = fs::read_dir(&self.at.directory) else { return };
        let mut unnamed: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
            .filter(|path| {
                path.file_name().is_some_and(|name| self.files.iter().all(|(known, _)| **known != *name))
            })
            .collect();
        unnamed.sort();
        self.warnings.extend(unnamed.into_iter().map(|file| Problem {
            file,
            at: None,
            text: "no rule names this file".into(),
            hint: format!("add a [[rule]] to {}, or move the file away", self.at.rules.display()),
        }));
    }
}

/// A problem of a template as one of its file.
pub(crate) fn of_file(file: &Path, problem: crate::template::Problem) -> Problem {
    Problem {
        file: file.to_owned(),
        at: Some(Position { line: problem.line, column: problem.column }),
        text: problem.text,
        hint: problem.hint.unwrap_or_else(|| HINT.into()),
    }
}

/// What to do about a problem that says no more.
const HINT: &str =
    "`rxgate template check FILE` shows all of them; templates/qos-template.xsd says what is accepted";

/// A pipe would be waited for as long as nobody writes into it.
fn ordinary(path: &Path) -> io::Result<()> {
    match path.metadata()?.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not an ordinary file")),
    }
}

/// A file that may be a template: no more of it than a template has, and one octet.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut xml = Vec::new();
    File::open(path)?.take(MAX_OCTETS as u64 + 1).read_to_end(&mut xml)?;
    Ok(xml)
}
