//! Words in messages to people: shortened, and the known word that a wrong one was meant to be.
//!
//! The words come from requests and files, so what they cost is bounded whatever they are.

use std::borrow::Cow;

/// Longest text that is shown whole. Characters.
const SHOWN: usize = 64;

/// Longest word that is compared with known ones. Characters.
const COMPARED: usize = 200;

/// Most letters in which a word may differ from the one that it was meant to be.
const DIFFERENT: usize = 4;

/// A text for a message, not longer than a line.
pub(crate) fn brief(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// The known word that a wrong one was perhaps meant to be, whatever the case of their letters.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.chars().nth(COMPARED).is_some() {
        return None;
    }
    let word = letters(word);
    let most = (word.len() / 3).clamp(1, DIFFERENT);
    let distances = known.into_iter().map(|candidate| (distance(&word, candidate), candidate));
    distances.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|it| it.1)
}

fn letters(word: &str) -> Vec<char> {
    word.chars().map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Letters to add, drop or change (Levenshtein); words of very different length are far.
fn distance(one: &[char], other: &str) -> usize {
    let other = letters(other);
    if one.len().abs_diff(other.len()) > DIFFERENT {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.iter().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, candidate) in row.iter_mut().skip(1).zip(&other) {
            let changed = diagonal + usize::from(letter != candidate);
            diagonal = *cell;
            *cell = changed.min(diagonal + 1).min(left + 1);
            left = *cell;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_not_longer_than_a_line() {
        assert_eq!(brief("ß"), "ß");
        assert_eq!(brief(&"ß".repeat(64)), "ß".repeat(64));
        assert_eq!(brief(&"ß".repeat(65)), format!("{}…", "ß".repeat(64)));
    }

    #[test]
    fn the_nearest_word_is_near() {
        let known = ["flowStatus", "flowUsage", "mediaType"];
        assert_eq!(nearest("flowstatus", known), Some("flowStatus"));
        assert_eq!(nearest("mediatyp", known), Some("mediaType"));
        assert_eq!(nearest("flowUse", known), Some("flowUsage"));
        assert_eq!(nearest("codecData", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn the_nearest_word_is_close_or_none() {
        let keys = ["listen", "max_body_bytes", "idle_timeout_ms"];
        assert_eq!(nearest("listne", keys), Some("listen"));
        assert_eq!(nearest("max_body_size", keys), Some("max_body_bytes"));
        assert_eq!(nearest("Listen", keys), Some("listen"));
        assert_eq!(nearest("colour", keys), None);
    }

    #[test]
    fn a_word_of_any_length_is_compared_up_to_a_bound() {
        let known = ["x".repeat(COMPARED), "x".repeat(COMPARED + 1)];
        let nearest = |length: usize| nearest(&"x".repeat(length), known.iter().map(String::as_str));
        assert_eq!(nearest(COMPARED), Some(&*known[0]));
        assert_eq!(nearest(COMPARED + 1), None);
    }
}
