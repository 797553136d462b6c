//! The rules of a directory of templates: TOML with an ordered list of `[[rule]]`, each with `match`, a regular
//! expression of endUserIds, and `template`, a file of the directory.
//!
//! What the expressions and the templates say is not looked at here: their places are kept, for who does.

use std::path::{Component, Path};

use toml::de::DeTable;

use super::{
    ConfigError,
    problem::{Position, Problem},
    section::{Reader, Section},
};

/// One `[[rule]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleEntry {
    /// `match`: a regular expression of endUserIds.
    pub pattern: String,
    /// Where it stands.
    pub pattern_at: Position,
    /// `template`: a file below the directory of templates.
    pub template: String,
    /// Where it stands.
    pub template_at: Position,
}

const MATCH: &str = "a regular expression of endUserIds in quotes, such as 'tel:\\+?4917.*', or '.*' for all";
const TEMPLATE: &str = "the name of an XML file in the directory of templates, such as \"video.xml\"";
const HOW: &str = "write [[rule]] with two brackets, and below it `match` and `template`";

impl RuleEntry {
    /// Reads a file of rules; they come in its order, no two with the same `match`.
    pub fn from_file(file: &Path) -> Result<Vec<Self>, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| ConfigError::Unreadable { file: file.to_owned(), source })?;
        Self::from_text(file, &text)
    }

    /// Reads `text`, the content of `file`.
    pub fn from_text(file: &Path, text: &str) -> Result<Vec<Self>, ConfigError> {
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let problems = errors.iter().map(|error| Problem {
                file: file.to_owned(),
                at: error.span().map(|span| Position::of(text, span.start)),
                text: format!("not TOML: {}", error.message()),
                hint: format!("{HOW}; a text with a backslash stands in single quotes"),
            });
            return Err(ConfigError::Refused(problems.collect()));
        }
        let mut reader =
            Reader { file, text, problems: Vec::new(), warnings: Vec::new(), settings: Vec::new() };
        let rules = rules(&mut reader, document.get_ref());
        match reader.problems.is_empty() {
            true => Ok(rules),
            false => {
                reader.problems.sort_by_key(|problem| problem.at);
                Err(ConfigError::Refused(reader.problems))
            }
        }
    }
}

fn rules<'d>(reader: &mut Reader<'d>, document: &'d DeTable<'d>) -> Vec<RuleEntry> {
    for (key, _) in document {
        if key.get_ref() != "rule" {
            let text = format!("there is no section [{}] in a file of rules", key.get_ref());
            reader.refuse(Some(key.span().start), text, HOW);
        }
    }
    let Some((key, value)) = document.get_key_value("rule") else { return Vec::new() };
    let Some(items) = value.get_ref().as_array() else {
        reader.refuse(Some(key.span().start), "`rule` is not a list of rules", HOW);
        return Vec::new();
    };
    let mut rules: Vec<RuleEntry> = Vec::with_capacity(items.len());
    for item in items {
        let offset = Some(item.span().start);
        let Some(table) = item.get_ref().as_table() else {
            reader.refuse(offset, "a rule is not a section", HOW);
            continue;
        };
        let mut section = Section::new(reader, "[[rule]]", Some(table), offset);
        let pattern = section.text("match", MATCH, |text| (!text.is_empty()).then(|| text.to_owned()));
        let template = section.text("template", TEMPLATE, |text| is_below(text).then(|| text.to_owned()));
        section.finish(&[]);
        let at = |offset: Option<usize>| Position::of(reader.text, offset.unwrap_or_default());
        let (Some(pattern), Some(template)) = (pattern, template) else { continue };
        if let Some(first) = rules.iter().find(|rule| rule.pattern == pattern.value) {
            let text = format!("`match` is '{}', as on line {}", pattern.value, first.pattern_at.line);
            reader.refuse(pattern.offset, text, "the first of them would always win: leave one of them out");
            continue;
        }
        rules.push(RuleEntry {
            pattern_at: at(pattern.offset),
            pattern: pattern.value,
            template_at: at(template.offset),
            template: template.value,
        });
    }
    rules
}

/// Whether a path leads to a file below where it starts.
fn is_below(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}
