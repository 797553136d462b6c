//! A template as it is kept: everything that a request does not change is read, looked up and encoded.

use std::{borrow::Cow, ops::Range, sync::Arc};

use super::{
    names::Names,
    problem::Offset,
    schema::{Field, Kind, Value},
    value::ValueError,
};
use crate::{
    dict::{DataFormat, EnumItem},
    rx::AaRequest,
    wire::{AvpFlags, VendorId, Writer},
};

/// A QoS template: a request with defaults, and names for what a request may set.
#[derive(Debug)]
pub struct Template {
    pub(super) id: Box<str>,
    pub(super) source: Arc<str>,
    pub(super) strict: bool,
    pub(super) root: Group,
    pub(super) parameters: Vec<Parameter>,
    pub(super) names: Names,
    /// The request of the defaults; `None` if a request has to set something for it to be one.
    pub(super) base: Option<Box<AaRequest<'static>>>,
}

/// A name that requests set values by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub(super) name: Box<str>,
    pub(super) places: Vec<Place>,
}

/// An element that a parameter sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Path from the outermost element: `mediaComponentDescription[0].flowStatus`.
    pub element: Box<str>,
    /// The text that stands in the template; empty for no default.
    pub default: Box<str>,
    /// What is accepted.
    pub accepted: Box<str>,
}

impl Parameter {
    /// The name, with its `$`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The elements that it sets: one, or several if the template gives the name more than once.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Whether a request cannot set it, as it would be open what was meant.
    pub fn is_ambiguous(&self) -> bool {
        self.places.len() > 1
    }
}

/// An element that holds a text.
#[derive(Debug)]
pub(super) struct Leaf {
    pub field: Field,
    pub name: &'static str,
    /// `mediaComponentDescription[0].flowStatus`.
    pub path: Box<str>,
    pub required: bool,
    /// The parameter that sets it.
    pub slot: Option<usize>,
    /// The value of `text`; `None` if the element is empty.
    pub default: Option<Value<'static>>,
    pub text: Box<str>,
    pub at: Offset,
}

/// An element that holds elements.
#[derive(Debug)]
pub(super) struct Group {
    pub kind: Kind,
    pub name: &'static str,
    pub repeated: bool,
    pub nodes: Vec<Node>,
    /// Parameters that occur in it first, which those are that can be set.
    pub slots: Range<usize>,
    pub at: Offset,
}

#[derive(Debug)]
pub(super) enum Node {
    Leaf(Leaf),
    Group(Group),
    Custom(Custom),
}

/// A custom AVP.
#[derive(Debug)]
pub(super) struct Custom {
    pub name: Box<str>,
    /// `mediaComponentDescription[0].avp[0]`.
    pub path: Box<str>,
    pub code: u32,
    pub vendor: VendorId,
    pub flags: AvpFlags,
    /// Parameters that occur in it first, which those are that can be set.
    pub slots: Range<usize>,
    pub content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Value {
        format: DataFormat,
        values: Vec<EnumItem>,
        slot: Option<usize>,
        text: Box<str>,
        /// The data of `text`; `None` if it is empty.
        default: Result<Option<Box<[u8]>>, ValueError>,
    },
    Group {
        members: Vec<Custom>,
        /// The members' octets with their defaults; `None` without any, or if one of them is wrong.
        encoded: Option<Box<[u8]>>,
    },
}

impl Group {
    pub fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Leaf(leaf) => Some(leaf),
            _ => None,
        })
    }

    pub fn leaf(&self, field: Field) -> Option<&Leaf> {
        self.leaves().find(|leaf| leaf.field == field)
    }

    pub fn groups(&self, kind: Kind) -> impl Iterator<Item = &Group> {
        self.nodes.iter().filter_map(move |node| match node {
            Node::Group(group) if group.kind == kind => Some(group),
            _ => None,
        })
    }
}

impl Custom {
    /// The data of the default; `Ok(None)` if there is none.
    pub fn default_data(&self) -> Result<Option<Cow<'_, [u8]>>, ValueError> {
        match &self.content {
            Content::Value { default: Ok(data), .. } => Ok(data.as_deref().map(Cow::Borrowed)),
            Content::Value { default: Err(error), .. } => Err(error.clone()),
            Content::Group { encoded: Some(encoded), .. } => Ok(Some(Cow::Borrowed(encoded))),
            Content::Group { members, encoded: None } => {
                let encoded = Self::encode(members, Self::default_data)?;
                Ok(encoded.map(Cow::Owned))
            }
        }
    }

    /// AVPs one after the other, each with what `data` says; `None` if none of them has any.
    pub fn encode<'c, E>(
        avps: &'c [Self],
        data: impl Fn(&'c Self) -> Result<Option<Cow<'c, [u8]>>, E>,
    ) -> Result<Option<Vec<u8>>, E> {
        let mut octets = Vec::new();
        for avp in avps {
            let Some(data) = data(avp)? else { continue };
            let start = octets.len();
            octets.resize(start + 12 + data.len().next_multiple_of(4), 0);
            let mut writer = Writer::avps_only(octets.get_mut(start..).unwrap_or_default());
            writer.put_raw(avp.code, avp.vendor, avp.flags, &data);
            let end = start + writer.position();
            octets.truncate(end);
        }
        Ok((!octets.is_empty()).then_some(octets))
    }
}

impl Template {
    /// templateId of the file.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The file, as it was read.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names that requests may set, in the order of the file.
    pub fn parameters(&self) -> impl ExactSizeIterator<Item = &Parameter> {
        self.parameters.iter()
    }

    /// The position of a parameter.
    pub(super) fn slot(&self, name: &str) -> Option<usize> {
        self.names.find(name, &self.parameters)
    }
}
