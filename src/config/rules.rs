//! The rules of a directory of templates: TOML with an ordered list of `[[rule]]`, each with `match`, a regular
//! expression of endUserIds, and `template`, a file of the directory.
//!
//! What the expressions and the templates say is not looked at here: their places are kept, for who does.

use std::path::{Component, Path};

use super::{
    ConfigError,
    list_file::{self, Item, Kind},
    problem::Position,
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
const KIND: Kind = Kind {
    keys: &["rule"],
    names: ("a rule", "rules"),
    how: "write [[rule]] with two brackets, and below it `match` and `template`",
};

impl RuleEntry {
    /// Reads a file of rules; they come in its order, no two with the same `match`.
    pub fn from_file(file: &Path) -> Result<Vec<Self>, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| ConfigError::Unreadable { file: file.to_owned(), source })?;
        Self::from_text(file, &text)
    }

    /// Reads `text`, the content of `file`.
    pub fn from_text(file: &Path, text: &str) -> Result<Vec<Self>, ConfigError> {
        list_file::read(file, text, &KIND, rule).map(|(rules, _)| rules)
    }
}

fn rule<'d>(reader: &mut Reader<'d>, item: &Item<'d>, rules: &mut Vec<RuleEntry>) {
    let mut section = Section::new(reader, "[[rule]]", Some(item.table), item.offset);
    let pattern = section.text("match", MATCH, |text| (!text.is_empty()).then(|| text.to_owned()));
    let template = section.text("template", TEMPLATE, |text| is_below(text).then(|| text.to_owned()));
    section.finish(&[]);
    let at = |offset: Option<usize>| Position::of(reader.text, offset.unwrap_or_default());
    let (Some(pattern), Some(template)) = (pattern, template) else { return };
    if let Some(first) = rules.iter().find(|rule| rule.pattern == pattern.value) {
        let text = format!("`match` is '{}', as on line {}", pattern.value, first.pattern_at.line);
        reader.refuse(pattern.offset, text, "the first of them would always win: leave one of them out");
        return;
    }
    rules.push(RuleEntry {
        pattern_at: at(pattern.offset),
        pattern: pattern.value,
        template_at: at(template.offset),
        template: template.value,
    });
}

/// Whether a path leads to a file below where it starts.
fn is_below(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}
