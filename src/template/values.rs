//! What a request sets: parameter names with texts.

use std::{borrow::Cow, collections::HashSet};

use super::FillError;

/// Up to this many names are compared with each other; with more, a set is made of them.
const FEW: usize = 16;

/// Parameter names with texts, each name once. An empty text stands for no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values<'v>(Vec<(Cow<'v, str>, Cow<'v, str>)>);

impl<'v> Values<'v> {
    /// Takes pairs of name and text; a name that comes twice is refused, as it would be open which one counts.
    pub fn new<N, T>(pairs: impl IntoIterator<Item = (N, T)>) -> Result<Self, FillError>
    where
        N: Into<Cow<'v, str>>,
        T: Into<Cow<'v, str>>,
    {
        let pairs: Vec<_> = pairs.into_iter().map(|(name, text)| (name.into(), text.into())).collect();
        match twice(&pairs) {
            Some(name) => Err(FillError::Twice { name: name.to_owned() }),
            None => Ok(Self(pairs)),
        }
    }

    /// Names and texts, in the order in which they came.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (&**name, &**text))
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn twice<'p>(pairs: &'p [(Cow<'_, str>, Cow<'_, str>)]) -> Option<&'p str> {
    if pairs.len() > FEW {
        let mut seen = HashSet::with_capacity(pairs.len());
        return pairs.iter().map(|(name, _)| &**name).find(|name| !seen.insert(*name));
    }
    let known = |at: usize, name: &str| pairs.iter().take(at).any(|(known, _)| known == name);
    pairs
        .iter()
        .enumerate()
        .map(|(at, (name, _))| (at, &**name))
        .find(|(at, name)| known(*at, name))
        .map(|it| it.1)
}
