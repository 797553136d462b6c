//! The lines that strace writes, read.

use std::{collections::HashMap, str};

/// A system call.
pub struct Call<'a> {
    pub name: &'a str,
    arguments: Vec<&'a [u8]>,
    /// What it returned; negative: it failed.
    pub result: i64,
    /// Lines of the trace.
    pub begin: usize,
    pub end: usize,
}

impl<'a> Call<'a> {
    pub fn word(&self, at: usize) -> &'a str {
        str::from_utf8(self.arguments.get(at).copied().unwrap_or_default()).unwrap()
    }

    pub fn number(&self, at: usize) -> i64 {
        self.word(at).parse().unwrap_or(-1)
    }

    pub fn text(&self, at: usize) -> String {
        String::from_utf8(self.octets(at)).unwrap()
    }

    /// A string as C has it, in quotes.
    pub fn octets(&self, at: usize) -> Vec<u8> {
        let quoted = self.arguments[at];
        let mut rest = quoted.strip_prefix(b"\"").and_then(|it| it.strip_suffix(b"\"")).unwrap();
        let mut octets = Vec::with_capacity(rest.len());
        while let Some(at) = rest.iter().position(|octet| *octet == b'\\') {
            octets.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            let digits = rest.iter().take(3).take_while(|octet| (b'0'..=b'7').contains(octet)).count();
            let (octet, used) = match rest[0] {
                _ if digits > 0 => {
                    let value =
                        rest[..digits].iter().fold(0, |value, digit| value * 8 + u32::from(digit - b'0'));
                    (u8::try_from(value).unwrap(), digits)
                }
                b'n' => (b'\n', 1),
                b't' => (b'\t', 1),
                b'r' => (b'\r', 1),
                b'v' => (11, 1),
                b'f' => (12, 1),
                other => (other, 1),
            };
            octets.push(octet);
            rest = &rest[used..];
        }
        octets.extend_from_slice(rest);
        octets
    }
}

/// The calls of a trace that ended, in the order in which they did.
pub fn calls(trace: &[u8]) -> Vec<Call<'_>> {
    const UNFINISHED: &[u8] = b" <unfinished ...>";
    let (mut found, mut open) = (Vec::new(), HashMap::new());
    for (line_number, line) in trace.split(|octet| *octet == b'\n').enumerate() {
        let Some(space) = line.iter().position(|octet| *octet == b' ') else { continue };
        let (thread, rest) = (&line[..space], line[space..].trim_ascii_start());
        if let Some(begun) = rest.strip_suffix(UNFINISHED) {
            open.insert(thread, (line_number, begun));
        } else if rest.starts_with(b"<... ") {
            let Some((begin, begun)) = open.remove(thread) else { continue };
            let resumed = find(rest, b" resumed>").unwrap() + b" resumed>".len();
            let mut parts = arguments(begun);
            let (more, result) = result(&rest[resumed..]);
            // What strace prints at the end only, such as how a call that was refused ended, has no data.
            if let Some(parts) = &mut parts
                && more.len() > 1
            {
                parts.1.extend(arguments_of(&more[..more.len() - 1]));
            }
            found.extend(parts.map(|(name, arguments)| Call {
                name,
                arguments,
                result,
                begin,
                end: line_number,
            }));
        } else if let Some((name, _)) = arguments(rest) {
            let (call, result) = result(rest);
            let arguments = arguments_of(&call[name.len() + 1..call.len() - 1]);
            found.push(Call { name, arguments, result, begin: line_number, end: line_number });
        }
    }
    found
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|it| it == what)
}

/// The name and arguments of a call whose end is missing.
fn arguments(text: &[u8]) -> Option<(&str, Vec<&[u8]>)> {
    let open = text.iter().position(|octet| *octet == b'(')?;
    let name = str::from_utf8(&text[..open]).ok()?;
    name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_').then_some(())?;
    Some((name, arguments_of(&text[open + 1..])))
}

/// Splits at the commas that are in no quotes.
fn arguments_of(text: &[u8]) -> Vec<&[u8]> {
    let (mut found, mut from, mut at, mut quoted) = (Vec::new(), 0, 0, false);
    while at < text.len() {
        match text[at] {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                found.push(text[from..at].trim_ascii());
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    found.push(text[from..].trim_ascii());
    found.retain(|argument| !argument.is_empty());
    found
}

/// What stands before ` = `, and the number after it.
fn result(text: &[u8]) -> (&[u8], i64) {
    let at = (0..text.len().saturating_sub(2)).rev().find(|at| &text[*at..at + 3] == b" = ");
    let Some(at) = at else { return (text, -1) };
    let number = str::from_utf8(&text[at + 3..]).unwrap_or_default();
    let number = number.split([' ', '(']).next().unwrap_or_default();
    (text[..at].trim_ascii_end(), number.parse().unwrap_or(0))
}
