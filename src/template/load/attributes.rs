//! The attributes of one tag, each with its place, read on behind a wrong one.

use super::{
    super::problem::{Offset, Report},
    xml::{Attribute, resolve},
};
use crate::words::brief;

/// Quotes that word processors put in the place of `"` and `'`.
const TYPOGRAPHIC: [char; 12] = ['“', '”', '„', '‟', '″', '‘', '’', '‚', '‛', '′', '«', '»'];

/// Reads what stands between a tag's name and its end. `at` is where that begins.
pub(super) fn read(raw: &str, at: Offset, report: &mut Report<'_>) -> Vec<Attribute> {
    let mut tag = Tag { raw, at, passed: 0 };
    let mut attributes = Vec::new();
    loop {
        let blank = tag.take(|one| one.is_ascii_whitespace());
        let start = tag.offset();
        let name = tag.take(|one| !one.is_ascii_whitespace() && one != '=');
        if name.is_empty() && tag.rest().is_empty() {
            return attributes;
        }
        if blank.is_empty() {
            report.error(start, "not XML: white space is missing between two attributes");
        }
        tag.take(|one| one.is_ascii_whitespace());
        if name.is_empty() || !tag.skip('=') {
            let text = format!("not XML: accepted is name=\"value\", found {}", brief(name));
            report.error(start, text);
            tag.skip('=');
            continue;
        }
        tag.take(|one| one.is_ascii_whitespace());
        if let Some(value) = tag.value(report) {
            attributes.push(Attribute { name: name.to_owned(), value, at: start });
        }
    }
}

struct Tag<'x> {
    raw: &'x str,
    at: Offset,
    /// Octets of `raw` that were read.
    passed: usize,
}

impl<'x> Tag<'x> {
    fn rest(&self) -> &'x str {
        self.raw.get(self.passed..).unwrap_or_default()
    }

    fn offset(&self) -> Offset {
        self.at + self.passed
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'x str {
        let rest = self.rest();
        let end = rest.find(|one| !wanted(one)).unwrap_or(rest.len());
        self.passed += end;
        rest.get(..end).unwrap_or_default()
    }

    fn skip(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        self.passed += if found { wanted.len_utf8() } else { 0 };
        found
    }

    /// A value in quotes. One in other quotes, or in none, is complained about and read all the same, so
    /// that the rest of the file is read as it was meant.
    fn value(&mut self, report: &mut Report<'_>) -> Option<String> {
        let start = self.offset();
        let quote = self.rest().chars().next();
        let raw = match quote {
            Some(quote @ ('"' | '\'')) => {
                self.skip(quote);
                let value = self.take(|one| one != quote);
                self.skip(quote);
                value
            }
            Some(quote) if TYPOGRAPHIC.contains(&quote) => {
                self.skip(quote);
                let value = self.take(|one| !TYPOGRAPHIC.contains(&one));
                self.take(|one| TYPOGRAPHIC.contains(&one));
                let text = format!("not XML: an attribute's value stands in {quote}, accepted are \" and '");
                let hint = "these are typographic quotes, which word processors make".to_owned();
                report.error_with(start, text, Some(hint));
                value
            }
            _ => {
                let value = self.take(|one| !one.is_ascii_whitespace());
                report
                    .error(start, "not XML: an attribute's value stands in no quotes, accepted are \" and '");
                value
            }
        };
        self.unescaped(raw, start, report)
    }

    fn unescaped(&self, raw: &str, start: Offset, report: &mut Report<'_>) -> Option<String> {
        if raw.contains('<') {
            report.error(start, "not XML: < stands in an attribute's value; write &lt;");
            return None;
        }
        let mut value = String::with_capacity(raw.len());
        let mut parts = raw.split('&');
        let blank = |one: char| if one.is_ascii_whitespace() { ' ' } else { one };
        value.extend(parts.next().unwrap_or_default().chars().map(blank));
        for part in parts {
            let found = part.split_once(';').and_then(|(name, rest)| Some((resolve(name)?, rest)));
            let Some((text, rest)) = found else {
                let name = brief(part.split(';').next().unwrap_or_default());
                let text = format!(
                    "not XML: &{name} is not defined, accepted are &amp; &lt; &gt; &quot; &apos; and references to \
                     characters"
                );
                report.error(start, text);
                return None;
            };
            value.push_str(&text);
            value.extend(rest.chars().map(blank));
        }
        Some(value)
    }
}
