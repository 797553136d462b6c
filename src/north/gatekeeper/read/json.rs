//! JSON values by type, each knowing its path, and the view that grows while members are read.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use super::{Context, Invalid};
use crate::{
    rx::List,
    template::value::{self, Decimal, NotANumber, ValueError},
    words::brief,
};

/// Where in the body a value stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path<'p> {
    /// The properties themselves: members are named without what is around them.
    Root,
    Member(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Path::Root, name) => f.write_str(&brief(name)),
            Self::Member(parent, name) => write!(f, "{parent}.{}", brief(name)),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// A JSON value that is known to be well-formed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'j, 'p> {
    raw: &'j str,
    pub path: Path<'p>,
}

/// Checks that the octets are one JSON value; says line and column if not.
pub(super) fn document(body: &[u8]) -> Result<Node<'_, 'static>, Invalid> {
    let value: &RawValue = serde_json::from_slice(body)
        .map_err(|error| Invalid::value("body", format!("it is not JSON: {error}")))?;
    Ok(Node { raw: value.get(), path: Path::Root })
}

impl<'j, 'p> Node<'j, 'p> {
    /// A value that is part of a checked document.
    pub fn new(raw: &'j str, path: Path<'p>) -> Self {
        Self { raw, path }
    }

    /// An item of this array.
    pub fn item<'q>(&'q self, index: usize, raw: &'j str) -> Node<'j, 'q> {
        Node { raw, path: Path::Item(&self.path, index) }
    }

    /// Whether the value is a string.
    pub fn is_string(&self) -> bool {
        self.raw.starts_with('"')
    }

    /// An error about this value.
    pub fn refuse(&self, accepted: impl fmt::Display) -> Invalid {
        Invalid::value(self.part(), format!("found {}, accepted is {accepted}", self.found()))
    }

    /// An error about this value: it is none of those named.
    pub fn refuse_choice(&self, valid: String) -> Invalid {
        Invalid::Choice { part: self.part(), valid, found: self.found() }
    }

    /// An error about this value, as its parser gives it.
    pub fn refuse_for(&self, error: ValueError) -> Invalid {
        match error {
            ValueError::Accepted(accepted) => self.refuse(accepted),
            ValueError::Choice(valid) => self.refuse_choice(valid),
            ValueError::Number { error, max } => {
                let why = format!("{} {error}, accepted is a whole number from 0 to {max}", self.found());
                Invalid::value(self.part(), why)
            }
        }
    }

    fn found(&self) -> String {
        match self.raw.as_bytes().first() {
            Some(b'{') => "an object".into(),
            Some(b'[') => "an array".into(),
            _ => brief(self.raw).into_owned(),
        }
    }

    /// The members, each name once.
    pub fn members<'c>(self, context: &'c Context<'c>) -> Result<Members<'j, 'p, 'c>, Invalid> {
        if !self.raw.starts_with('{') {
            return Err(self.refuse("an object"));
        }
        let Entries(entries) = serde_json::from_str(self.raw).map_err(|error| self.bad(&error))?;
        let mut members = Vec::with_capacity(entries.len());
        for (Name(name), value) in entries {
            if members.iter().any(|(known, _)| *known == name) {
                let part = Path::Member(&self.path, &name).to_string();
                return Err(Invalid::value(part, "it is there twice"));
            }
            members.push((name, Some(value.get())));
        }
        Ok(Members { members, path: self.path, context, view: String::new() })
    }

    /// The items of an array, or the value itself where one is written without the brackets.
    pub fn items(&self) -> Result<Vec<&'j str>, Invalid> {
        if !self.raw.starts_with('[') {
            return Ok(vec![self.raw]);
        }
        let items: Vec<&'j RawValue> = serde_json::from_str(self.raw).map_err(|error| self.bad(&error))?;
        Ok(items.into_iter().map(RawValue::get).collect())
    }

    /// Whether the value is an array or an object.
    pub fn is_structured(&self) -> bool {
        self.raw.starts_with(['[', '{'])
    }

    /// A text; without control characters other than those that end lines, and the tabulator.
    pub fn text(&self) -> Result<String, Invalid> {
        if !self.raw.starts_with('"') {
            return Err(self.refuse("a string"));
        }
        let text: String = serde_json::from_str(self.raw).map_err(|error| self.bad(&error))?;
        match text.chars().any(|one| one.is_control() && !matches!(one, '\t' | '\n' | '\r')) {
            true => Err(self.refuse("a string without control characters")),
            false => Ok(text),
        }
    }

    /// The text that a string, a number or a boolean stands for.
    pub fn scalar(&self) -> Result<Cow<'j, str>, Invalid> {
        match self.raw.as_bytes().first() {
            Some(b'"') => self.text().map(Cow::Owned),
            Some(b'{' | b'[' | b'n') | None => Err(self.refuse("a string, a number or a boolean")),
            // It is shown as it stands: common readers must be able to take it.
            Some(_) if self.raw.parse::<f64>().is_ok_and(f64::is_infinite) => {
                Err(self.refuse("a number of a size that can be read back"))
            }
            Some(_) => Ok(Cow::Borrowed(self.raw)),
        }
    }

    /// A number, written as one or as a string.
    pub fn decimal(&self) -> Result<Decimal, NotANumber> {
        match self.raw.as_bytes().first() {
            Some(b'"') => Decimal::parse(&self.text().map_err(|_| NotANumber::Syntax)?),
            _ => Decimal::parse(self.raw),
        }
    }

    /// A whole number from 0 to `max`.
    pub fn whole(&self, max: u64) -> Result<u64, Invalid> {
        let number = match self.raw.as_bytes().first() {
            Some(b'"') => value::whole(&self.text().unwrap_or_default(), max),
            _ => value::whole(self.raw, max),
        };
        number.map_err(|error| self.refuse_for(error))
    }

    /// A named value of an enumeration.
    pub fn choice<T: Copy>(&self, named: &'static [(T, &'static str)]) -> Result<(T, &'static str), Invalid> {
        // What is no text is none of the names either.
        let text = self.text().unwrap_or_default();
        value::choice(&text, named).map_err(|error| self.refuse_for(error))
    }

    fn bad(&self, error: &serde_json::Error) -> Invalid {
        Invalid::value(self.part(), error.to_string())
    }

    fn part(&self) -> String {
        match self.path {
            Path::Root => "body".into(),
            path => path.to_string(),
        }
    }
}

/// The members of an object, taken one by one; what was taken is written into the view.
pub(super) struct Members<'j, 'p, 'c> {
    /// What was taken has no value any more.
    members: Vec<(Cow<'j, str>, Option<&'j str>)>,
    pub path: Path<'p>,
    pub context: &'c Context<'c>,
    view: String,
}

impl<'j, 'p> Members<'j, 'p, '_> {
    /// Takes a member by its name or another that is accepted for it; `null` is as good as nothing.
    ///
    /// Two names for one thing with two values are refused.
    pub fn take(&mut self, names: &[&'static str]) -> Result<Option<(&'static str, &'j str)>, Invalid> {
        let mut taken = None::<(&'static str, &'j str)>;
        for name in names.iter().copied() {
            let slot = self.members.iter_mut().find(|(known, _)| *known == name);
            let Some(raw) = slot.and_then(|(_, value)| value.take()).filter(|raw| *raw != "null") else {
                continue;
            };
            match taken {
                Some((first, other)) if !same_value(other, raw) => {
                    let part = Path::Member(&self.path, name).to_string();
                    let why = format!("it says something else than {first}, which means the same");
                    return Err(Invalid::value(part, why));
                }
                Some(_) => {}
                None => taken = Some((name, raw)),
            }
        }
        Ok(taken)
    }

    /// Takes a member and reads it; `read` returns the value and its form in the view.
    pub fn read<T>(
        &mut self,
        names: &[&'static str],
        read: impl FnOnce(Node<'j, '_>) -> Result<(T, String), Invalid>,
    ) -> Result<Option<T>, Invalid> {
        let Some((name, raw)) = self.take(names)? else { return Ok(None) };
        let (value, view) = read(self.node(name, raw))?;
        self.show(names.first().unwrap_or(&name), &view);
        Ok(Some(value))
    }

    /// Writes a member into the view.
    pub fn show(&mut self, name: &str, view: &str) {
        self.view.push(if self.view.is_empty() { '{' } else { ',' });
        self.view.push('"');
        self.view.push_str(name);
        self.view.push_str("\":");
        self.view.push_str(view);
    }

    /// A member that was taken.
    pub fn node<'q>(&'q self, name: &'q str, raw: &'j str) -> Node<'j, 'q> {
        Node { raw, path: self.at(name) }
    }

    /// A member's path.
    pub fn at<'q>(&'q self, name: &'q str) -> Path<'q> {
        Path::Member(&self.path, name)
    }

    /// An error about a member that is missing.
    pub fn missing(&self, name: &str, what: &str) -> Invalid {
        Invalid::value(self.at(name).to_string(), format!("it is missing, {what} is required"))
    }

    /// A whole number of 32 bits.
    pub fn u32(&mut self, name: &'static str) -> Result<Option<u32>, Invalid> {
        self.u32_as(&[name])
    }

    /// A whole number of 32 bits under one of several names.
    pub fn u32_as(&mut self, names: &[&'static str]) -> Result<Option<u32>, Invalid> {
        self.read(names, |node| {
            let number = node.whole(u64::from(u32::MAX))?;
            let number = u32::try_from(number).map_err(|_| node.refuse("a whole number of 32 bits"))?;
            Ok((number, number.to_string()))
        })
    }

    /// A whole number of 32 bits that must be there.
    pub fn required_u32(&mut self, name: &'static str) -> Result<u32, Invalid> {
        self.u32(name)?.ok_or_else(|| self.missing(name, "a whole number"))
    }

    /// A whole number of 64 bits.
    pub fn u64(&mut self, name: &'static str) -> Result<Option<u64>, Invalid> {
        self.read(&[name], |node| {
            let number = node.whole(u64::MAX)?;
            Ok((number, number.to_string()))
        })
    }

    /// A text; an empty one is as good as none.
    pub fn text(&mut self, name: &'static str) -> Result<Option<Cow<'static, str>>, Invalid> {
        let Some((name, raw)) = self.take(&[name])? else { return Ok(None) };
        let text = self.node(name, raw).text()?;
        if text.is_empty() {
            return Ok(None);
        }
        self.show(name, &quoted(&text));
        Ok(Some(Cow::Owned(text)))
    }

    /// A text as the octets of its UTF-8.
    pub fn octets(&mut self, name: &'static str) -> Result<Option<Cow<'static, [u8]>>, Invalid> {
        Ok(self.text(name)?.map(|text| Cow::Owned(text.into_owned().into_bytes())))
    }

    /// A named value of an enumeration; the view has the name as the specification prints it.
    pub fn choice<T: Copy>(
        &mut self,
        names: &[&'static str],
        named: &'static [(T, &'static str)],
    ) -> Result<Option<T>, Invalid> {
        self.read(names, |node| node.choice(named).map(|(value, name)| (value, quoted(name))))
    }

    /// Any number of items up to `max`; one may stand without brackets. The view has an array.
    pub fn many<T: Clone + 'static>(
        &mut self,
        names: &[&'static str],
        max: usize,
        mut read: impl FnMut(Node<'j, '_>) -> Result<(T, String), Invalid>,
    ) -> Result<List<'static, T>, Invalid> {
        let Some((name, raw)) = self.take(names)? else { return Ok(List::default()) };
        let path = Path::Member(&self.path, name);
        let node = Node { raw, path };
        let items = node.items()?;
        if items.len() > max {
            let why = format!("it has {} items, accepted are at most {max}", items.len());
            return Err(Invalid::value(path.to_string(), why));
        }
        let mut values = Vec::with_capacity(items.len());
        let mut view = String::from("[");
        for (index, raw) in items.into_iter().enumerate() {
            let (value, shown) = read(Node { raw, path: Path::Item(&path, index) })?;
            values.push(value);
            if index > 0 {
                view.push(',');
            }
            view.push_str(&shown);
        }
        view.push(']');
        if !values.is_empty() {
            self.show(names.first().unwrap_or(&name), &view);
        }
        Ok(values.into())
    }

    /// Names of members that nobody took.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.members.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| &**name)
    }

    /// Ends reading: a member that nobody took is refused. Returns the view.
    pub fn finish(self) -> Result<String, Invalid> {
        if let Some(name) = self.unknown().next() {
            let why = "no such member is known here; AVPs of your own go into parameter";
            return Err(Invalid::value(self.at(name).to_string(), why));
        }
        Ok(self.into_view())
    }

    /// Ends reading whatever was left. Returns the view.
    pub fn into_view(mut self) -> String {
        self.view.push_str(if self.view.is_empty() { "{}" } else { "}" });
        self.view
    }
}

/// A text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn same_value(one: &str, other: &str) -> bool {
    let parse = |raw| serde_json::from_str::<serde_json::Value>(raw).ok();
    one == other || parse(one).is_some_and(|value| Some(value) == parse(other))
}

/// Most members that an object may have; twice what the largest known one has.
const MAX_MEMBERS: usize = 64;

#[derive(Deserialize)]
struct Name<'j>(#[serde(borrow)] Cow<'j, str>);

struct Entries<'j>(Vec<(Name<'j>, &'j RawValue)>);

impl<'j> Deserialize<'j> for Entries<'j> {
    fn deserialize<D: Deserializer<'j>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'j> de::Visitor<'j> for Visitor {
            type Value = Entries<'j>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'j>>(self, mut map: A) -> Result<Entries<'j>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    if entries.len() == MAX_MEMBERS {
                        return Err(de::Error::custom("the object has more than 64 members"));
                    }
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}
