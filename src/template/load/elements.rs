//! Elements by the schema: what stands where, how often, and with which text. Their order has no meaning.

use super::{
    super::{
        compiled::{Group, Leaf, Node, Place},
        schema::{Field, Holds, Kind, Part, Value},
        value::ValueError,
    },
    Loader,
    xml::{Attribute, Element},
};
use crate::words::{brief, nearest};

impl Loader<'_, '_, '_> {
    /// templateId of the outermost element.
    pub(super) fn template_id(&mut self, element: &Element) -> Option<String> {
        let found = element.attributes.iter().find(|attribute| attribute.name == "templateId");
        let id = found.map(|attribute| collapsed(&attribute.value)).filter(|id| !id.is_empty());
        if id.is_none() {
            let at = found.map_or(element.at, |attribute| attribute.at);
            self.report.error(at, "<QoSTemplate> has no templateId, which names the template");
        }
        id
    }

    /// An element with elements in it. `path` is where it stands, empty for the outermost one.
    pub(super) fn group(
        &mut self,
        element: &Element,
        kind: Kind,
        name: &'static str,
        repeated: bool,
        path: &str,
    ) -> Group {
        let own = if kind == Kind::Template { &["templateId"][..] } else { &[] };
        self.attributes(element, own);
        self.no_text(element);
        let parts = kind.parts();
        let first_slot = self.parameters.len();
        let mut counts = vec![0usize; parts.len()];
        let mut nodes = Vec::new();
        for child in element.children.iter().filter(|child| !child.skipped) {
            let Some(index) = parts.iter().position(|part| part.is(&child.name)) else {
                self.unknown_element(child, element, kind);
                continue;
            };
            let (Some(part), Some(count)) = (parts.get(index), counts.get_mut(index)) else { continue };
            *count += 1;
            let number = *count;
            if part.at_most.is_some_and(|most| number > most) {
                let most = part.at_most.unwrap_or_default();
                let text = format!("<{}> stands here {number} times, accepted {most} at most", child.name);
                self.report.error(child.at, text);
            }
            let path = path_of(path, part, number - 1);
            nodes.push(match part.holds {
                Holds::Value(field) => Node::Leaf(self.leaf(child, part, field, path)),
                Holds::Parts(kind) => {
                    Node::Group(self.group(child, kind, part.name, part.at_most.is_none(), &path))
                }
                Holds::Custom => match self.custom(child, &path, 1) {
                    Some(custom) => Node::Custom(custom),
                    None => continue,
                },
            });
        }
        for (part, count) in parts.iter().zip(counts) {
            if part.required && count == 0 {
                let text = format!("<{}> has no <{}>, which is required", brief(&element.name), part.name);
                self.report.error(element.at, text);
            }
        }
        let slots = first_slot..self.parameters.len();
        Group { kind, name, repeated, nodes, slots, at: element.at }
    }

    fn leaf(&mut self, element: &Element, part: &Part, field: Field, path: String) -> Leaf {
        self.attributes(element, &["parameterName"]);
        if let Some(child) = element.children.first() {
            let text = format!("<{}> stands in <{}>, which holds a text", brief(&child.name), element.name);
            self.report.error(child.at, text);
        }
        let text = element.text();
        let default = match text.is_empty() {
            true => None,
            false => match field.read(&text, self.settings.strict) {
                Ok(value) => Some(Value::into_owned(value)),
                Err(error) => {
                    self.bad_text(element, &text, &error);
                    None
                }
            },
        };
        let slot = self.slot(element, &path, &text, field.accepted());
        if text.is_empty() && part.required && !element.attributes.iter().any(|it| it.name == "parameterName")
        {
            let text = format!(
                "<{}> is empty: accepted is {}, or a parameterName by which requests set it",
                element.name,
                field.accepted()
            );
            self.report.error(element.at, text);
        }
        Leaf {
            field,
            name: part.name,
            path: path.into(),
            required: part.required,
            slot,
            default,
            text: text.into(),
            at: element.at,
        }
    }

    /// The slot of an element's parameterName.
    pub(super) fn slot(
        &mut self,
        element: &Element,
        path: &str,
        default: &str,
        accepted: &str,
    ) -> Option<usize> {
        let attribute = element.attributes.iter().find(|attribute| attribute.name == "parameterName")?;
        let place = Place { element: path.into(), default: default.into(), accepted: accepted.into() };
        self.parameters.add(&collapsed(&attribute.value), attribute.at, place, self.report)
    }

    /// A text that its element cannot hold.
    pub(super) fn bad_text(&mut self, element: &Element, text: &str, error: &ValueError) {
        let hint = match error {
            ValueError::Choice(choices) => {
                nearest(text, choices.split(", ")).map(|near| format!("did you mean {near}?"))
            }
            _ => None,
        };
        let text = format!("<{}> holds {}: {error}", brief(&element.name), brief(text));
        self.report.error_with(element.text_at(), text, hint);
    }

    /// Complains about attributes other than these.
    pub(super) fn attributes(&mut self, element: &Element, known: &[&str]) {
        for Attribute { name, at, .. } in &element.attributes {
            if known.contains(&name.as_str()) {
                continue;
            }
            let accepted = match known {
                [] => "it has none".to_owned(),
                known => format!("accepted: {}", known.join(", ")),
            };
            let text = format!("<{}> has no attribute {}, {accepted}", brief(&element.name), brief(name));
            let hint = nearest(name, known.iter().copied()).map(|near| format!("did you mean {near}?"));
            self.report.error_with(*at, text, hint);
        }
    }

    /// Text between elements: the interface's own example has some (12-25).
    pub(super) fn no_text(&mut self, element: &Element) {
        for (at, piece) in element.pieces() {
            let text = format!("text between the elements of <{}>: {}", brief(&element.name), brief(piece));
            match self.settings.strict {
                true => self.report.error(at, text),
                false => self.report.warn(at, format!("{text}; left aside")),
            }
        }
    }

    fn unknown_element(&mut self, child: &Element, parent: &Element, kind: Kind) {
        let known = || kind.parts().iter().map(|part| part.name);
        let hint = match nearest(&child.name, known()) {
            Some(near) => Some(format!("did you mean <{near}>?")),
            None => Kind::home_of(&child.name).next().map(|home| format!("it belongs into <{home}>")),
        };
        let text = format!(
            "<{}> is not known in <{}>, accepted: {}",
            brief(&child.name),
            parent.name,
            known().collect::<Vec<_>>().join(", ")
        );
        self.report.error_with(child.at, text, hint);
    }
}

fn path_of(parent: &str, part: &Part, index: usize) -> String {
    let dot = if parent.is_empty() { "" } else { "." };
    match part.at_most {
        Some(1) => format!("{parent}{dot}{}", part.name),
        _ => format!("{parent}{dot}{}[{index}]", part.name),
    }
}

/// White space at both ends dropped, and in between made one blank.
pub(super) fn collapsed(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}
