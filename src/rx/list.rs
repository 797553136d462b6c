//! AVPs that may come any number of times: still in the octets, borrowed from the caller, or owned.

use std::borrow::Cow;

use super::RxError;
use crate::wire::{Avp, Avps};

/// The values of an AVP that may be repeated, in the order of the wire.
///
/// A list that was read stays in the message's octets: its values were checked then and are read again when
/// asked for, without allocation.
#[derive(Clone)]
pub struct List<'a, T>(Repr<'a, T>);

#[derive(Clone)]
enum Repr<'a, T> {
    Owned(Vec<T>),
    Borrowed(&'a [T]),
    Wire { avps: Avps<'a>, keep: fn(u64) -> bool },
}

/// What can stand in a [`List`]: a value that one AVP holds.
pub trait Element<'a>: Clone {
    /// Reads the value of an AVP.
    fn read(avp: Avp<'a>) -> Result<Self, RxError>;

    /// Reads a value that was read before without an error.
    #[inline(always)]
    fn read_again(avp: Avp<'a>) -> Result<Self, RxError> {
        Self::read(avp)
    }
}

impl<'a, T> List<'a, T> {
    /// A list that stays in the octets. Every AVP of `avps` that `keep` accepts has been read once already.
    #[inline(always)]
    pub(super) fn wire(avps: Avps<'a>, keep: fn(u64) -> bool) -> Self {
        Self(Repr::Wire { avps, keep })
    }

    /// A list that borrows its values from the caller.
    pub const fn borrowed(values: &'a [T]) -> Self {
        Self(Repr::Borrowed(values))
    }

    /// The values, if the list borrows them from the caller.
    pub fn borrowed_slice(&self) -> Option<&'a [T]> {
        match &self.0 {
            Repr::Borrowed(values) => Some(values),
            Repr::Owned(_) | Repr::Wire { .. } => None,
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Owned(values) => values.len(),
            Repr::Borrowed(values) => values.len(),
            Repr::Wire { avps, keep } => avps.iter().filter(|avp| keep(avp.key())).count(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Repr::Owned(values) => values.is_empty(),
            Repr::Borrowed(values) => values.is_empty(),
            Repr::Wire { avps, keep } => !avps.iter().any(|avp| keep(avp.key())),
        }
    }
}

impl<T> List<'_, T> {
    /// The same values, borrowed from this list.
    #[inline(always)]
    pub fn as_borrowed(&self) -> List<'_, T> {
        List(match &self.0 {
            Repr::Owned(values) => Repr::Borrowed(values),
            Repr::Borrowed(values) => Repr::Borrowed(values),
            Repr::Wire { avps, keep } => Repr::Wire { avps: *avps, keep: *keep },
        })
    }
}

impl<'a, T: Element<'a>> List<'a, T> {
    /// Calls `each` with every value: what [`iter`](Self::iter) gives, without an iterator in between.
    #[inline(always)]
    pub(super) fn for_each(&self, mut each: impl FnMut(&T)) {
        match &self.0 {
            Repr::Owned(values) => values.iter().for_each(each),
            Repr::Borrowed(values) => values.iter().for_each(each),
            Repr::Wire { .. } => self.iter().for_each(|value| each(&value)),
        }
    }

    /// The values.
    #[inline(always)]
    pub fn iter(&self) -> Values<'_, 'a, T> {
        const NONE: fn(u64) -> bool = |_| false;
        match &self.0 {
            Repr::Owned(values) => Values { given: values.iter(), avps: Avps::EMPTY, keep: NONE },
            Repr::Borrowed(values) => Values { given: values.iter(), avps: Avps::EMPTY, keep: NONE },
            Repr::Wire { avps, keep } => Values { given: [].iter(), avps: *avps, keep: *keep },
        }
    }

    /// The first value.
    pub fn first(&self) -> Option<Cow<'_, T>> {
        self.iter().next()
    }

    /// The values in a vector of their own.
    pub fn to_vec(&self) -> Vec<T> {
        self.iter().map(Cow::into_owned).collect()
    }

    /// Adds a value at the end; the list becomes an owned one.
    pub fn push(&mut self, value: T) {
        let mut values = self.to_vec();
        values.push(value);
        *self = values.into();
    }
}

/// Iterator over the values of a [`List`].
#[derive(Clone, Debug)]
pub struct Values<'s, 'a, T> {
    given: std::slice::Iter<'s, T>,
    avps: Avps<'a>,
    keep: fn(u64) -> bool,
}

impl<'s, 'a, T: Element<'a>> Iterator for Values<'s, 'a, T> {
    type Item = Cow<'s, T>;

    #[inline(always)]
    fn next(&mut self) -> Option<Cow<'s, T>> {
        if let Some(value) = self.given.next() {
            return Some(Cow::Borrowed(value));
        }
        while let Some((avp, rest)) = self.avps.split_first() {
            self.avps = rest;
            if (self.keep)(avp.key())
                && let Ok(value) = T::read_again(avp)
            {
                return Some(Cow::Owned(value));
            }
        }
        None
    }
}

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        Self(Repr::Borrowed(&[]))
    }
}

impl<T> From<Vec<T>> for List<'_, T> {
    fn from(values: Vec<T>) -> Self {
        Self(Repr::Owned(values))
    }
}

impl<T> FromIterator<T> for List<'_, T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        values.into_iter().collect::<Vec<T>>().into()
    }
}

impl<'a, T: Element<'a> + PartialEq> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Element<'a> + std::fmt::Debug> std::fmt::Debug for List<'a, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
