//! A template's request as names and texts, for showing it to people and in the interface's own form.

use std::borrow::Cow;

use super::{
    FillError, Template, Values,
    compiled::{Content, Custom, Group, Node},
    fill::Filler,
    schema::{Field, Kind, Value},
};

/// An element that has a value, by the name that the interface gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown<'f> {
    /// An element with a text.
    Value {
        /// Name of the element.
        name: &'static str,
        /// Its value: names of enumerations as the specification prints them, numbers in decimal.
        text: Cow<'f, str>,
        /// Whether the text is a number.
        number: bool,
        /// Whether it is an item of the array of its name.
        repeated: bool,
    },
    /// An element with others in it.
    Group {
        /// Name of the element.
        name: &'static str,
        /// Whether it is an item of the array of its name.
        repeated: bool,
        /// What is in it.
        members: Vec<Shown<'f>>,
    },
    /// A custom AVP with a value.
    Custom {
        /// Name in the template.
        name: &'f str,
        /// Its text.
        text: &'f str,
    },
    /// A custom AVP with others in it, which are custom ones too.
    CustomGroup {
        /// Name in the template.
        name: &'f str,
        /// What is in it.
        members: Vec<Shown<'f>>,
    },
}

impl Template {
    /// What [`fill`](Self::fill) asks for, or with `changed` what [`change`](Self::change) sends, by name.
    ///
    /// Elements that are read and not sent are shown too: they were asked for.
    pub fn shown<'f>(
        &'f self,
        values: &'f Values<'_>,
        changed: Option<&'f Values<'_>>,
    ) -> Result<Vec<Shown<'f>>, FillError> {
        let filler = Filler::new(self, values)?;
        match changed {
            Some(changed) => filler.changed(changed)?.group(&self.root, false),
            None => filler.group(&self.root, false),
        }
    }
}

impl<'f> Filler<'f> {
    /// What a group has; all of it, or with an update what that sends.
    fn group(&self, group: &'f Group, whole: bool) -> Result<Vec<Shown<'f>>, FillError> {
        let mut shown = Vec::new();
        for node in &group.nodes {
            match node {
                Node::Leaf(leaf) => {
                    let list = matches!(leaf.field, Field::CodecData | Field::FlowDescription);
                    let number = matches!(leaf.field, Field::MediaComponentNumber | Field::FlowNumber);
                    let sent =
                        whole || number || self.sends(leaf) || list && self.touches_list(group, leaf.field);
                    if sent && let Some(value) = self.value(leaf)? {
                        let (text, number) = written(value, self.text_of(leaf));
                        shown.push(Shown::Value { name: leaf.name, text, number, repeated: list });
                    }
                }
                Node::Group(part) => {
                    let replaced = matches!(part.kind, Kind::SubscriptionId | Kind::SupportedFeatures);
                    let sent = match replaced {
                        true => self.touches_any(group, part.kind),
                        false => self.touches(&part.slots),
                    };
                    if (whole || sent) && self.is_there(part) {
                        let whole = whole || replaced || part.kind == Kind::Sponsored;
                        let members = self.group(part, whole)?;
                        shown.push(Shown::Group { name: part.name, repeated: part.repeated, members });
                    }
                }
                Node::Custom(avp) => {
                    if self.custom(avp, whole)?.is_some() {
                        shown.extend(self.custom_shown(avp));
                    }
                }
            }
        }
        Ok(shown)
    }

    fn custom_shown(&self, avp: &'f Custom) -> Option<Shown<'f>> {
        match &avp.content {
            Content::Value { slot, text, .. } => {
                let text = self.text(*slot).unwrap_or(text);
                (!text.is_empty()).then_some(Shown::Custom { name: &avp.name, text })
            }
            Content::Group { members, .. } => {
                let members: Vec<_> = members.iter().filter_map(|member| self.custom_shown(member)).collect();
                (!members.is_empty()).then_some(Shown::CustomGroup { name: &avp.name, members })
            }
        }
    }
}

/// A value as the interface writes it, and whether that is a number.
fn written<'f>(value: Value<'f>, given: &'f str) -> (Cow<'f, str>, bool) {
    match value {
        Value::Number(number) => (number.to_string().into(), true),
        Value::Long(number) => (number.to_string().into(), true),
        Value::Amount(amount) => (amount.to_string().into(), true),
        Value::Choice(_, name) | Value::TariffUsage(_, name) => (name.into(), false),
        Value::Text(text) => (text, false),
        // As they were given: hexadecimal digits, an address in one of its forms.
        Value::Octets(_) | Value::Prefix(_) => (given.into(), false),
    }
}
