//! The regular expression of a match rule: bounded, linear in time, and always about the whole endUserId.

use std::fmt;

use regex::{Regex, RegexBuilder};
use thiserror::Error;

/// Longest match rule. Octets.
pub const MAX_PATTERN: usize = 1024;

/// Largest compiled match rule. Octets; `\pL{1000}` and the like need more.
const MAX_COMPILED: usize = 1 << 20;

/// Deepest nesting in a match rule.
const MAX_NESTING: u32 = 32;

/// A match rule's regular expression.
///
/// It matches an endUserId or it does not: what it says of a part of one does not count. Its own alternatives,
/// flags and comments end where it ends.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    whole: Regex,
}

/// Why a text is no match rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PatternError {
    /// It would match no endUserId.
    #[error(
        "a match rule is empty: give a regular expression of endUserIds, such as tel:\\+?4917.* or .* for all"
    )]
    Empty,
    /// It is longer than [`MAX_PATTERN`].
    #[error("a match rule has {found} octets: at most {MAX_PATTERN} are accepted")]
    TooLong {
        /// Its length. Octets.
        found: usize,
    },
    /// It is not a regular expression.
    #[error(
        "a match rule is no regular expression: {why} at character {column}; groups, classes, repetitions and \
         alternatives are accepted, look-around and back-references are not"
    )]
    Syntax {
        /// What is wrong.
        why: String,
        /// Where, in characters from 1.
        column: usize,
    },
    /// Compiled, it is larger than a rule may be.
    #[error(
        "a match rule needs more than {MAX_COMPILED} octets when compiled: repeat less, or use .* or [0-9]* \
         instead of counted repetitions"
    )]
    TooLarge,
}

impl Pattern {
    /// Compiles a regular expression.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.len() > MAX_PATTERN {
            return Err(PatternError::TooLong { found: text.len() });
        }
        // Alone first: what is only complete with the brackets around it must not get them.
        compile(text)?;
        // A comment of the x flag at its end would hide the closing bracket; there, and only there, a line's
        // end means nothing but the comment's end.
        let whole =
            compile(&format!(r"\A(?:{text})\z")).or_else(|_| compile(&format!("\\A(?:{text}\n)\\z")))?;
        Ok(Self { text: text.to_owned(), whole })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches the whole of `end_user`. Time grows with the length, and with nothing else.
    pub fn matches(&self, end_user: &str) -> bool {
        self.whole.is_match(end_user)
    }

    /// Whether it is plain to see that it matches every endUserId: `.*`, in groups or as one of several
    /// alternatives. What says the same in a more roundabout way is not found.
    pub fn is_for_all(&self) -> bool {
        is_for_all(&self.text)
    }
}

fn is_for_all(text: &str) -> bool {
    const ALL: [&str; 4] = [".*", ".+", ".*?", ".+?"];
    let bare = text.strip_prefix('^').unwrap_or(text);
    let bare = bare.strip_suffix('$').unwrap_or(bare);
    if ALL.contains(&bare) {
        return true;
    }
    // Without these the brackets and bars of the text are its own, outside of every class and quotation.
    if bare.contains(['\\', '[', '#']) {
        return false;
    }
    let alternatives = || bare.split('|');
    match bare.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')) {
        Some(inside) if !inside.contains(['(', ')']) => {
            is_for_all(inside.strip_prefix("?:").unwrap_or(inside))
        }
        Some(_) => false,
        None => !bare.contains(['(', ')']) && alternatives().count() > 1 && alternatives().any(is_for_all),
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

fn compile(text: &str) -> Result<Regex, PatternError> {
    let mut builder = RegexBuilder::new(text);
    builder.size_limit(MAX_COMPILED).dfa_size_limit(MAX_COMPILED).nest_limit(MAX_NESTING);
    builder.build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => PatternError::TooLarge,
        error => syntax(&error.to_string()),
    })
}

/// What the library shows as a drawing of several lines: the pattern, carets below it, the reason.
fn syntax(drawing: &str) -> PatternError {
    let caret = drawing.lines().find_map(|line| line.find('^').filter(|_| line.trim().starts_with('^')));
    let why = drawing.lines().rev().find_map(|line| line.strip_prefix("error: "));
    PatternError::Syntax {
        why: why.unwrap_or("it cannot be read").to_owned(),
        // The drawing is indented by four.
        column: caret.map_or(1, |at| at.saturating_sub(3)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, end_user: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(end_user)
    }

    #[test]
    fn a_pattern_is_about_the_whole_end_user() {
        for (pattern, end_user, expected) in [
            ("tel:.*", "tel:88888888", true),
            ("tel:8", "tel:88888888", false),
            ("el:8.*", "tel:88888888", false),
            ("", "tel:1", false),
            ("tel:1|tel:12", "tel:12", true),
            ("tel:1|tel:12", "tel:123", false),
            ("tel:1|", "", true),
            ("^tel:1$", "tel:1", true),
            (".*", "sip:a@b", true),
            ("(?i)TEL:1", "tel:1", true),
            ("tel:[0-9]{8}", "tel:88888888", true),
            ("tel:\\d+|sip:.*@example\\.com", "sip:anybody@example.com", true),
        ] {
            let found = Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(end_user));
            assert_eq!(found, expected, "{pattern} on {end_user}");
        }
    }

    #[test]
    fn no_alternative_flag_or_comment_escapes_from_the_whole() {
        assert!(!matches("a|b", "xb") && !matches("a|b", "ax"));
        assert!(!matches("(?m)^tel:1$", "tel:2\ntel:1") && !matches("(?m)a$|b", "a\nx"));
        assert!(!matches("(?s).", "ab"));
        assert!(!matches("(?U)a+", "aab"));
        assert!(!matches("(?R)tel:1$", "tel:1\r\n"));
        assert!(matches("(?x) tel:1 # one subscriber", "tel:1"));
        assert!(!matches("(?x) tel:1 # one subscriber", "tel:12"));
        assert!(matches("(?x) tel:1 # )|(?:.*", "tel:1") && !matches("(?x) tel:1 # )|(?:.*", "tel:2"));
        assert!(matches("tel:# 1", "tel:# 1"));
        for pattern in ["a)|(b", "a)|(?:b", "a)", "(a", "a\\", "[a", "(?x)(a # )"] {
            assert!(matches!(Pattern::new(pattern), Err(PatternError::Syntax { .. })), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_for_all_is_told_from_others() {
        for pattern in [".*", "^.*$", ".+", ".*?", "(.*)", "(?:^.+$)", "tel:1|.*", "^(.*|tel:1)$"] {
            let compiled = Pattern::new(pattern).unwrap();
            assert!(compiled.is_for_all(), "{pattern}");
            assert!(["a", "tel:88888888", "sip:ü@b"].iter().all(|user| compiled.matches(user)), "{pattern}");
        }
        for pattern in [
            "tel:.*",
            ".",
            "..*",
            "[.*]",
            "[|.*]",
            "\\.*",
            "tel:(1|.*)",
            "(tel:1|.*)2",
            "(?x)a#|.*",
            "(?!.*)",
            "$.*",
            "(a)|(b)",
        ] {
            assert!(!is_for_all(pattern), "{pattern}");
        }
    }

    #[test]
    fn what_is_refused_says_where_and_why() {
        let refused = |pattern: &str| Pattern::new(pattern).unwrap_err().to_string();
        assert!(refused("tel:(1").contains("unclosed group at character 5"), "{}", refused("tel:(1"));
        assert!(refused("tel:(?=1)").contains("look-around"), "{}", refused("tel:(?=1)"));
        assert!(refused("(a)\\1").contains("backreferences are not supported at character 4"));
        assert!(refused("tel:\\").contains("at character 5"));
        assert!(refused("ü[").contains("at character 2"), "{}", refused("ü["));
        assert!(refused("").starts_with("a match rule is empty"));
        assert!(refused(&"a".repeat(1025)).starts_with("a match rule has 1025 octets"));
        assert!(Pattern::new(&"a".repeat(1024)).is_ok());
        assert_eq!(Pattern::new("(?:\\pL{500}){500}").unwrap_err(), PatternError::TooLarge);
        assert!(matches!(Pattern::new(&"(".repeat(500)), Err(PatternError::Syntax { .. })));
        assert!(refused(&format!("{}a{}", "(".repeat(40), ")".repeat(40))).contains("nest"));
    }

    #[test]
    fn what_makes_others_backtrack_takes_no_time() {
        let end_user = format!("tel:{}", "1".repeat(252));
        assert!(!matches("tel:(1+)+x", &end_user));
        assert!(!matches("tel:(1|1)*(1|1)*(1|1)*x", &end_user));
    }
}
