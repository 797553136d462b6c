//! From a compiled template and values to a request: everything, or what an update changes.
//!
//! The request borrows from the template and from the values. Nothing is parsed but the texts that are set.

mod build;
mod checks;
mod custom;

use std::ops::Range;

use super::{
    FillError, Template, Values,
    compiled::{Group, Leaf, Node},
    schema::{Field, Kind, Value},
    value::ValueError,
};
use crate::{
    rx::AaRequest,
    words::{brief, nearest},
};

pub(super) use checks::{Conflict, filters_clash};

/// A request made of a template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filled<'f> {
    /// The AVPs. Identities, Specific-Actions and own features are not in it.
    pub service: AaRequest<'f>,
    /// How long the QoS is to last. Seconds.
    pub duration: Option<u32>,
    /// Whether a parameter of the request set something of subscriptionId; else it is the template's default.
    pub subscription_set: bool,
}

impl Filled<'_> {
    /// The same, independent of template and values.
    pub fn into_owned(self) -> Filled<'static> {
        let Self { service, duration, subscription_set } = self;
        Filled { service: service.into_owned(), duration, subscription_set }
    }
}

impl Template {
    /// The whole request: the template's defaults with the values over them.
    pub fn fill<'f>(&'f self, values: &'f Values<'_>) -> Result<Filled<'f>, FillError> {
        Filler::new(self, values)?.whole()
    }

    /// What an update sends: the elements that `changed` sets, over `values` that are in force so far.
    ///
    /// Rx keeps what is not sent (TS 29.214 §4.4.2). The numbers of the components and flows around a change
    /// go with it; filters and codec data, and the groups that Rx replaces whole, go whole. The result is
    /// checked as a whole request is.
    pub fn change<'f>(
        &'f self,
        values: &'f Values<'_>,
        changed: &'f Values<'_>,
    ) -> Result<Filled<'f>, FillError> {
        let before = Filler::new(self, values)?;
        let after = before.changed(changed)?;
        Filler { texts: after.texts.clone(), changed: None, ..after }.whole()?;
        before.keeps(&after, &self.root)?;
        after.build()
    }
}

/// A template with the texts that are set.
pub(super) struct Filler<'f> {
    pub template: &'f Template,
    /// By slot.
    texts: Vec<Option<&'f str>>,
    /// The slots that an update sets; `None` if everything is sent.
    changed: Option<Vec<bool>>,
    /// Whether what a request still has to set is left out: the template is being loaded.
    loading: bool,
}

impl<'f> Filler<'f> {
    pub fn new(template: &'f Template, values: &'f Values<'_>) -> Result<Self, FillError> {
        let mut filler =
            Self { template, texts: vec![None; template.parameters.len()], changed: None, loading: false };
        for (name, text) in values.iter() {
            let slot = filler.slot(name)?;
            if let Some(set) = filler.texts.get_mut(slot) {
                *set = Some(text);
            }
        }
        Ok(filler)
    }

    /// The same with further texts over those of now: an update.
    pub fn changed(&self, values: &'f Values<'_>) -> Result<Self, FillError> {
        let mut texts = self.texts.clone();
        let mut changed = vec![false; texts.len()];
        for (name, text) in values.iter() {
            let slot = self.slot(name)?;
            if let (Some(set), Some(changed)) = (texts.get_mut(slot), changed.get_mut(slot)) {
                (*set, *changed) = (Some(text), true);
            }
        }
        Ok(Self { template: self.template, texts, changed: Some(changed), loading: false })
    }

    /// The template's defaults alone, as far as there are any.
    pub fn of_defaults(template: &'f Template) -> Self {
        let texts = vec![None; template.parameters.len()];
        Self { template, texts, changed: None, loading: true }
    }

    fn slot(&self, name: &str) -> Result<usize, FillError> {
        let Some(slot) = self.template.slot(name) else { return Err(self.unknown(name)) };
        match self.template.parameters.get(slot) {
            Some(parameter) if parameter.is_ambiguous() => Err(FillError::Ambiguous {
                name: name.to_owned(),
                elements: parameter.places.iter().map(|place| place.element.to_string()).collect(),
            }),
            _ => Ok(slot),
        }
    }

    #[cold]
    fn unknown(&self, name: &str) -> FillError {
        let near = nearest(name, self.template.parameters.iter().map(|parameter| &*parameter.name));
        FillError::UnknownParameter { name: brief(name).into_owned(), near: near.map(str::to_owned) }
    }

    /// The text that a request set, of the element that this slot sets.
    pub fn text(&self, slot: Option<usize>) -> Option<&'f str> {
        self.texts.get(slot?).copied().flatten()
    }

    /// The value of an element; an empty text is no value.
    pub fn value(&self, leaf: &'f Leaf) -> Result<Option<Value<'f>>, FillError> {
        let value = match self.text(leaf.slot) {
            None => leaf.default.as_ref().map(Value::borrowed),
            Some("") => None,
            Some(text) => {
                let value = leaf.field.read(text, self.template.strict);
                Some(value.map_err(|error| self.bad(leaf.slot, &leaf.path, text, error))?)
            }
        };
        match value {
            None if leaf.required && !self.loading => Err(self.missing(leaf)),
            value => Ok(value),
        }
    }

    /// The text of an element that has a value: as it was given.
    pub fn text_of(&self, leaf: &'f Leaf) -> &'f str {
        self.text(leaf.slot).unwrap_or(&leaf.text)
    }

    /// Whether any element of a group has a value: a group that has none is as good as absent.
    pub fn is_there(&self, group: &Group) -> bool {
        group.nodes.iter().any(|node| match node {
            Node::Leaf(leaf) => match self.text(leaf.slot) {
                Some(text) => !text.is_empty(),
                None => leaf.default.is_some(),
            },
            Node::Group(group) => self.is_there(group),
            Node::Custom(_) => true,
        })
    }

    /// Whether an element is sent.
    pub fn sends(&self, leaf: &Leaf) -> bool {
        match &self.changed {
            None => true,
            Some(changed) => leaf.slot.is_some_and(|slot| changed.get(slot) == Some(&true)),
        }
    }

    /// Whether something in these slots is sent.
    pub fn touches(&self, slots: &Range<usize>) -> bool {
        match &self.changed {
            None => true,
            Some(changed) => changed.get(slots.clone()).is_some_and(|changed| changed.contains(&true)),
        }
    }

    /// Whether a request sets something in these slots.
    fn sets(&self, slots: &Range<usize>) -> bool {
        self.texts.get(slots.clone()).is_some_and(|texts| texts.iter().any(Option::is_some))
    }

    /// Whether something in any of the groups of a kind is sent: Rx replaces them together.
    pub fn touches_any(&self, group: &Group, kind: Kind) -> bool {
        self.changed.is_none() || group.groups(kind).any(|group| self.touches(&group.slots))
    }

    /// Whether one of the elements that stand for one list is sent: Rx replaces the list.
    pub fn touches_list(&self, group: &Group, field: Field) -> bool {
        self.changed.is_none() || group.leaves().any(|leaf| leaf.field == field && self.sends(leaf))
    }

    /// Everything, checked.
    fn whole(&self) -> Result<Filled<'f>, FillError> {
        let filled = self.build()?;
        match self.conflicts(&filled.service).into_iter().next() {
            None => Ok(filled),
            Some(conflict) => Err(self.conflict(conflict)),
        }
    }

    pub fn build(&self) -> Result<Filled<'f>, FillError> {
        let root = &self.template.root;
        let duration = match root.leaf(Field::Duration) {
            Some(leaf) if self.sends(leaf) => match self.value(leaf)? {
                Some(Value::Number(seconds)) => Some(seconds),
                _ => None,
            },
            _ => None,
        };
        let subscription_set = root.groups(Kind::SubscriptionId).any(|group| self.sets(&group.slots));
        let base = self.base();
        let service = match base {
            Some(base) => base.borrowed(),
            None => AaRequest::default(),
        };
        let mut filled = Filled { service, duration, subscription_set };
        self.request(root, &mut filled.service, base.is_some())?;
        Ok(filled)
    }

    /// The request of the defaults, where a whole request is that with some values put over it. A value that
    /// is taken away is not put over.
    fn base(&self) -> Option<&'f AaRequest<'static>> {
        let usable = self.changed.is_none() && !self.loading && !self.texts.contains(&Some(""));
        self.template.base.as_deref().filter(|_| usable)
    }

    /// Whether an element is written: all that is sent, or what is put over the base.
    fn writes(&self, leaf: &Leaf, based: bool) -> bool {
        if based { self.text(leaf.slot).is_some() } else { self.sends(leaf) }
    }

    /// Whether what has these slots is written.
    fn opens(&self, slots: &Range<usize>, based: bool) -> bool {
        if based { self.sets(slots) } else { self.touches(slots) }
    }

    /// Whether the groups of a kind are written, which go together.
    fn opens_any(&self, group: &Group, kind: Kind, based: bool) -> bool {
        group.groups(kind).any(|group| self.opens(&group.slots, based))
    }

    /// Whether the elements of one list are written, which go together.
    fn opens_list(&self, group: &Group, field: Field, based: bool) -> bool {
        group.leaves().any(|leaf| leaf.field == field && self.writes(leaf, based))
    }

    /// Whether the custom AVPs of a group are written.
    fn opens_custom(&self, group: &Group, based: bool) -> bool {
        let custom = group.nodes.iter().filter_map(|node| match node {
            Node::Custom(avp) => Some(avp),
            _ => None,
        });
        !based || custom.into_iter().any(|avp| self.sets(&avp.slots))
    }

    /// Whether an update leaves the numbers alone, and takes no value back where that cannot be said: what is
    /// replaced as a whole may lose a part, and not everything.
    fn keeps(&self, after: &Self, group: &'f Group) -> Result<(), FillError> {
        for leaf in group.leaves().filter(|leaf| after.sends(leaf)) {
            let (was, is) = (self.value(leaf)?, after.value(leaf)?);
            match (was, is) {
                (Some(Value::Number(was)), Some(Value::Number(is)))
                    if was != is && matches!(leaf.field, Field::MediaComponentNumber | Field::FlowNumber) =>
                {
                    let (name, element) = (after.name_of(leaf.slot), leaf.path.to_string());
                    return Err(FillError::Fixed { name, element, is: was });
                }
                (Some(_), None) if !after.has_another(group, leaf) => return Err(after.unset(leaf)),
                _ => {}
            }
        }
        let parts = group.nodes.iter().filter_map(|node| match node {
            Node::Group(part) => Some(part),
            Node::Leaf(_) | Node::Custom(_) => None,
        });
        for part in parts {
            if !matches!(part.kind, Kind::SubscriptionId | Kind::SupportedFeatures | Kind::Sponsored) {
                self.keeps(after, part)?;
            } else if self.is_there(part) && !group.groups(part.kind).any(|part| after.is_there(part)) {
                let name = part.slots.clone().find(|slot| after.touches(&(*slot..slot + 1)));
                return Err(FillError::Unset { name: after.name_of(name), element: part.name.to_owned() });
            }
        }
        Ok(())
    }

    /// Whether another element of the same list has a value.
    fn has_another(&self, group: &'f Group, leaf: &Leaf) -> bool {
        matches!(leaf.field, Field::FlowDescription | Field::CodecData)
            && group.leaves().any(|other| other.field == leaf.field && !matches!(self.value(other), Ok(None)))
    }

    #[cold]
    fn unset(&self, leaf: &Leaf) -> FillError {
        FillError::Unset { name: self.name_of(leaf.slot), element: leaf.path.to_string() }
    }

    #[cold]
    fn bad(&self, slot: Option<usize>, element: &str, text: &str, error: ValueError) -> FillError {
        let parameter = slot.map(|_| self.name_of(slot));
        let (element, found, why) = (element.to_owned(), brief(text).into_owned(), error.to_string());
        let choices = match error {
            ValueError::Choice(choices) => Some(choices),
            _ => None,
        };
        FillError::BadValue { parameter, element, found, why, choices }
    }

    #[cold]
    fn missing(&self, leaf: &Leaf) -> FillError {
        FillError::Missing {
            parameter: leaf.slot.map(|_| self.name_of(leaf.slot)),
            element: leaf.path.to_string(),
        }
    }

    #[cold]
    fn conflict(&self, conflict: Conflict<'_>) -> FillError {
        FillError::Conflict {
            parameter: conflict.leaf.slot.map(|_| self.name_of(conflict.leaf.slot)),
            element: conflict.leaf.path.to_string(),
            why: conflict.why,
        }
    }

    /// Name of a slot's parameter.
    fn name_of(&self, slot: Option<usize>) -> String {
        let parameter = slot.and_then(|slot| self.template.parameters.get(slot));
        parameter.map_or_else(String::new, |parameter| parameter.name.to_string())
    }
}
