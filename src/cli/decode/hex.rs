//! Octets out of hexadecimal text, as people and programs write it.

use std::fmt;

/// Why a text is not hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HexError {
    /// From 1.
    line: usize,
    /// In characters, from 1; `None` if it is about the whole line.
    column: Option<usize>,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Text,
    Digit(char),
    Half,
    Offset { found: usize, expected: usize },
    Repeated,
    Nothing,
}

impl HexError {
    pub fn hint(&self) -> &'static str {
        match self.what {
            What::Text => "give hexadecimal text, the octets of a Diameter message, or a packet capture",
            What::Digit(_) => {
                "put # before comments; accepted are hexadecimal digits, 0x, spaces, commas and colons"
            }
            What::Half => "every octet has two digits: check that none is missing",
            What::Offset { .. } => "check that no line is missing and that the offsets are hexadecimal",
            What::Repeated => "dump it again with `hexdump -v -C`, which leaves out nothing",
            What::Nothing => "give the octets of a message as hexadecimal digits",
        }
    }
}

impl fmt::Display for HexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        match &self.what {
            What::Text => write!(f, ": neither text nor a Diameter message nor a capture"),
            What::Digit(found) => write!(f, ": {found:?} is no hexadecimal digit"),
            What::Half => write!(f, ": an octet with one digit"),
            What::Offset { found, expected } => {
                write!(f, ": offset {found:#x} behind {expected:#x} octets")
            }
            What::Repeated => write!(f, ": repeated lines were left out (*)"),
            What::Nothing => write!(f, ": there is no octet in this text"),
        }
    }
}

/// Every octet that the text gives, in order.
pub(super) fn octets(text: &[u8]) -> Result<Vec<u8>, HexError> {
    let text = str::from_utf8(text).map_err(|error| {
        let good = text.get(..error.valid_up_to()).unwrap_or_default();
        let line = good.iter().filter(|octet| **octet == b'\n').count() + 1;
        HexError { line, column: None, what: What::Text }
    })?;
    let mut octets = Vec::new();
    // A dump begins with offset 0, and no message with an octet 0.
    let is_dump =
        text.lines().map(str::trim).find(|line| !uncommented(line).trim().is_empty()).is_some_and(|first| {
            offset(first).is_some_and(|(digits, _)| digits.bytes().all(|digit| digit == b'0'))
        });
    // Where the present dump begins: several may follow each other.
    let mut start = 0;
    for (number, line) in (1..).zip(text.lines()) {
        let at = |column, what| HexError { line: number, column, what };
        let content = match offset(line.trim()).filter(|_| is_dump) {
            Some((digits, rest)) => {
                let found = usize::from_str_radix(digits, 16).unwrap_or(usize::MAX);
                if found == 0 {
                    start = octets.len();
                }
                let expected = octets.len() - start;
                if found != expected {
                    return Err(at(None, What::Offset { found, expected }));
                }
                rest
            }
            None if is_dump && line.trim() == "*" => return Err(at(None, What::Repeated)),
            None => uncommented(line),
        };
        // Both are parts of `line`, the second one at its end but for what was cut off.
        let skipped = content.as_ptr().addr().saturating_sub(line.as_ptr().addr());
        let before = line.get(..skipped).unwrap_or_default().chars().count();
        digits(content, &mut octets).map_err(|(column, what)| at(Some(before + column + 1), what))?;
    }
    if octets.is_empty() {
        return Err(HexError { line: 1, column: None, what: What::Nothing });
    }
    Ok(octets)
}

/// A line without its comment.
fn uncommented(line: &str) -> &str {
    let end = ["#", "//", ";"].iter().filter_map(|sign| line.find(sign)).min();
    end.and_then(|end| line.get(..end)).unwrap_or(line)
}

/// The offset's digits and the octets behind it, without the column of characters.
fn offset(line: &str) -> Option<(&str, &str)> {
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let first = first.strip_prefix("0x").unwrap_or(first);
    let (digits, colon) = match first.strip_suffix(':') {
        Some(digits) => (digits, true),
        None => (first, false),
    };
    if !(4..=16).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let rest = rest.trim_start();
    // xxd and tcpdump write two spaces before the characters, hexdump "  |", od "  >", analysers three spaces.
    let ends: &[&str] = if colon { &["  "] } else { &["  |", "  >", "   "] };
    let end = ends.iter().find_map(|end| rest.find(end)).unwrap_or(rest.len());
    Some((digits, rest.get(..end).unwrap_or(rest)))
}

/// Octets of pairs of digits, run together or apart; the error has the characters before it.
fn digits(content: &str, octets: &mut Vec<u8>) -> Result<(), (usize, What)> {
    let mut at = 0;
    for token in content.split_inclusive(|c: char| c.is_whitespace() || matches!(c, ',' | ':')) {
        let next = at + token.chars().count();
        let word = token.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ':'));
        let (prefixed, word) = match word.strip_prefix("0x").or_else(|| word.strip_prefix("\\x")) {
            Some(rest) => (2, rest),
            None => (0, word),
        };
        let mut values = Vec::with_capacity(word.len());
        for (index, digit) in word.chars().enumerate() {
            let value = digit.to_digit(16).and_then(|value| u8::try_from(value).ok());
            values.push(value.ok_or((at + prefixed + index, What::Digit(digit)))?);
        }
        match values[..] {
            // 0x1 is an octet.
            [one] if prefixed > 0 => octets.push(one),
            _ if values.len() % 2 == 1 => return Err((at + prefixed, What::Half)),
            _ => octets.extend(
                values.chunks_exact(2).map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit)),
            ),
        }
        at = next;
    }
    Ok(())
}
