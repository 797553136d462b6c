//! Custom AVPs: `<avp>`, and `<avps>` in grouped ones (Examples 16-6, 16-7 and 16-10 of the interface).

use super::{
    super::{
        compiled::{Content, Custom},
        problem::Offset,
        value::{AvpType, MAX_CUSTOM_DEPTH, custom_data},
    },
    Loader,
    elements::collapsed,
    xml::{Attribute, Element},
};
use crate::{
    dict::{DataFormat, EnumItem, same_name},
    wire::{AvpFlags, VendorId},
    words::{brief, nearest},
};

/// Attributes of an AVP. The last three say nothing that is sent.
const ATTRIBUTES: [&str; 7] =
    ["name", "code", "vendor-id", "mandatory-flag", "may-encrypt", "constrained", "description"];

/// What may stand in an AVP with a value, and in a Grouped one, in this order.
const OF_VALUE: [&str; 3] = ["type", "enum", "value"];
const OF_GROUP: [&str; 3] = ["type", "grouped", "avps"];

impl Loader<'_, '_, '_> {
    /// An AVP; `None` if it cannot be understood at all.
    pub(super) fn custom(&mut self, element: &Element, path: &str, depth: usize) -> Option<Custom> {
        self.attributes(element, &ATTRIBUTES);
        self.no_text(element);
        let first_slot = self.parameters.len();
        let name = self.required(element, "name").map(|attribute| collapsed(&attribute.value));
        let code = self.required(element, "code").and_then(|attribute| self.code(attribute, 1));
        let vendor = match attribute(element, "vendor-id") {
            Some(attribute) => self.vendor(attribute),
            None => Some(VendorId::NONE),
        };
        let flags = self.flags(element);
        for flag in ["may-encrypt", "constrained"] {
            if let Some(attribute) = attribute(element, flag)
                && !matches!(attribute.value.trim_ascii(), "true" | "false" | "1" | "0")
            {
                let text = format!("{flag}=\"{}\", accepted is true or false", brief(&attribute.value));
                self.report.error(attribute.at, text);
            }
        }
        if let (Some(code), Some(vendor)) = (code, vendor) {
            self.not_built_in(element, vendor, code);
        }
        let is_group = element.children.iter().any(|child| matches!(child.name.as_str(), "grouped" | "avps"));
        let known = if is_group { OF_GROUP } else { OF_VALUE };
        self.children(element, known);
        let name = name.unwrap_or_default();
        let content = match is_group {
            true if depth == MAX_CUSTOM_DEPTH => {
                let text = format!("Grouped AVPs are nested {MAX_CUSTOM_DEPTH} deep at most");
                self.report.error(element.at, text);
                return None;
            }
            true => self.members(element, path, depth),
            false => self.value(element, &name, path)?,
        };
        let (code, vendor) = (code?, vendor?);
        let slots = first_slot..self.parameters.len();
        Some(Custom { name: name.into(), path: path.into(), code, vendor, flags, slots, content })
    }

    /// The elements of an AVP: known ones only, in their order.
    fn children(&mut self, element: &Element, known: [&str; 3]) {
        let mut reached = 0;
        for child in element.children.iter().filter(|child| !child.skipped) {
            let Some(index) = known.iter().position(|name| *name == child.name) else {
                let text = format!(
                    "<{}> is not known in this <{}>, accepted: {}",
                    brief(&child.name),
                    element.name,
                    known.join(", ")
                );
                let hint = nearest(&child.name, known).map(|near| format!("did you mean <{near}>?"));
                self.report.error_with(child.at, text, hint);
                continue;
            };
            if index < reached {
                let text = format!("<{}> stands too late, the order is: {}", child.name, known.join(", "));
                self.report.error(child.at, text);
            }
            reached = reached.max(index);
            if !matches!(child.name.as_str(), "enum" | "avps")
                && element
                    .children
                    .iter()
                    .filter(|other| other.name == child.name)
                    .nth(1)
                    .is_some_and(|it| it.at == child.at)
            {
                self.report.error(child.at, format!("a second <{}>, accepted is one", child.name));
            }
        }
    }

    fn members(&mut self, element: &Element, path: &str, depth: usize) -> Content {
        if let Some(found) = child(element, "type") {
            self.attributes(found, &["type-name"]);
            self.empty(found);
            if let Some(attribute) = self.required(found, "type-name")
                && attribute.value.trim_ascii() != "Grouped"
            {
                let text =
                    format!("type {}, and there are AVPs in it: it is Grouped", brief(&attribute.value));
                self.report.error(attribute.at, text);
            }
        }
        let mut members = Vec::new();
        let given = element.children.iter().filter(|child| child.name == "avps" && !child.skipped);
        for (index, member) in given.enumerate() {
            members.extend(self.custom(member, &format!("{path}.avps[{index}]"), depth + 1));
        }
        if !element.children.iter().any(|child| child.name == "avps") {
            self.report.error(element.at, "a Grouped AVP without <avps>: accepted are one or more");
        }
        if let Some(grouped) = child(element, "grouped") {
            self.declared(grouped, &members);
        }
        let encoded = Custom::encode(&members, |member| member.default_data()).ok().flatten();
        Content::Group { members, encoded: encoded.map(Vec::into_boxed_slice) }
    }

    /// What `<grouped>` declares and what stands there: the AVPs themselves count (12-33).
    fn declared(&mut self, grouped: &Element, members: &[Custom]) {
        self.attributes(grouped, &[]);
        self.no_text(grouped);
        let mut count = 0;
        for declared in grouped.children.iter().filter(|child| !child.skipped) {
            if declared.name != "gavp" {
                let text = format!("<{}> is not known in <grouped>, accepted: gavp", brief(&declared.name));
                self.report.error(declared.at, text);
                continue;
            }
            count += 1;
            self.attributes(declared, &["name"]);
            self.empty(declared);
            if let Some(attribute) = self.required(declared, "name")
                && !members.iter().any(|member| *member.name == *collapsed(&attribute.value))
            {
                let names: Vec<&str> = members.iter().map(|member| &*member.name).collect();
                let text = format!(
                    "<gavp> names {}, and no <avps> is called so ({}); what stands in <avps> is sent",
                    brief(&attribute.value),
                    names.join(", ")
                );
                self.report.warn(attribute.at, text);
            }
        }
        if count == 0 {
            self.report.error(grouped.at, "<grouped> without <gavp>: accepted are one or more");
        }
    }

    fn value(&mut self, element: &Element, name: &str, path: &str) -> Option<Content> {
        let format = match child(element, "type") {
            Some(found) => self.format(found),
            None => {
                let text = format!("<{}> has no <type>, which says what its value is", element.name);
                self.report.error(element.at, text);
                None
            }
        };
        let values = self.values(element, format);
        let Some(value) = child(element, "value") else {
            let text = format!("<{}> has neither <value> nor <avps>", element.name);
            self.report.error(element.at, text);
            return None;
        };
        self.attributes(value, &["parameterName"]);
        if let Some(inner) = value.children.first() {
            self.report.error(inner.at, "<value> holds a text");
        }
        let text = value.text();
        let of = AvpType {
            name,
            format: format.unwrap_or(DataFormat::OctetString),
            values: &values,
            length: None,
        };
        let default = match text.is_empty() || format.is_none() {
            true => Ok(None),
            false => custom_data(&text, of).map(|data| Some(data.into_boxed_slice())),
        };
        if let Err(error) = &default {
            match values.is_empty() {
                // The type decides, and a request may still give a value that is right (12-30).
                true => {
                    let text = format!(
                        "{} cannot be sent, {error}; until a request sets a value that can, no request is made",
                        brief(&text)
                    );
                    self.report.warn(value.text_at(), text);
                }
                false => self.bad_text(value, &text, error),
            }
        }
        let accepted = match values.is_empty() {
            true => of.format.name().to_owned(),
            false => values.iter().map(|item| &*item.name).collect::<Vec<_>>().join(", "),
        };
        let slot = self.slot(value, path, &text, &accepted);
        if text.is_empty() && slot.is_none() {
            self.report.error(value.at, "<value> is empty and has no parameterName: it would never be sent");
        }
        Some(Content::Value { format: of.format, values, slot, text: text.into(), default })
    }

    fn format(&mut self, element: &Element) -> Option<DataFormat> {
        self.attributes(element, &["type-name"]);
        self.empty(element);
        let attribute = self.required(element, "type-name")?;
        let found = attribute.value.trim_ascii();
        // The interface calls a text so.
        let format =
            if found == "String" { Some(DataFormat::Utf8String) } else { DataFormat::from_name(found) };
        let text = match format {
            Some(DataFormat::Grouped) => {
                "type Grouped, and no <avps> in it: accepted are one or more".to_owned()
            }
            Some(format) => return Some(format),
            None => format!("type {} is not known, accepted: String, {}", brief(found), TYPES.join(", ")),
        };
        let hint =
            nearest(found, TYPES).filter(|_| format.is_none()).map(|near| format!("did you mean {near}?"));
        self.report.error_with(attribute.at, text, hint);
        None
    }

    /// The names of an enumeration.
    fn values(&mut self, element: &Element, format: Option<DataFormat>) -> Vec<EnumItem> {
        let mut values: Vec<EnumItem> = Vec::new();
        for item in element.children.iter().filter(|child| child.name == "enum" && !child.skipped) {
            self.attributes(item, &["name", "code"]);
            self.empty(item);
            let name = self.required(item, "name").map(|attribute| collapsed(&attribute.value));
            let value = self.required(item, "code").and_then(|attribute| self.enum_code(attribute));
            let (Some(name), Some(value)) = (name, value) else { continue };
            if values.iter().any(|known| same_name(&known.name, &name) || known.value == value) {
                self.report.error(item.at, format!("{} or its code is there already", brief(&name)));
                continue;
            }
            values.push(EnumItem { name: name.into(), value });
        }
        if !values.is_empty() && format.is_some_and(|format| format.size() != Some(4)) {
            let text = "an enumeration has the type Integer32, Unsigned32 or Enumerated";
            self.report.error(element.at, text);
        }
        values
    }

    fn enum_code(&mut self, attribute: &Attribute) -> Option<u32> {
        let found = attribute.value.trim_ascii();
        let code = found.parse().ok().or_else(|| found.parse::<i32>().ok().map(i32::cast_unsigned));
        if code.is_none() {
            let text = format!("code=\"{}\", accepted is a whole number of 32 bits", brief(found));
            self.report.error(attribute.at, text);
        }
        code
    }

    /// AVP Code.
    fn code(&mut self, attribute: &Attribute, least: u32) -> Option<u32> {
        let found = attribute.value.trim_ascii();
        let digits = !found.is_empty() && found.bytes().all(|octet| octet.is_ascii_digit());
        let code = found.parse().ok().filter(|code| digits && *code >= least);
        if code.is_none() {
            let text =
                format!("code=\"{}\", accepted is a whole number from {least} to {}", brief(found), u32::MAX);
            self.report.error(attribute.at, text);
        }
        code
    }

    /// A number, or a name of the dictionary's table.
    fn vendor(&mut self, attribute: &Attribute) -> Option<VendorId> {
        let found = collapsed(&attribute.value);
        if found.is_empty() {
            return Some(VendorId::NONE);
        }
        if found.bytes().all(|octet| octet.is_ascii_digit()) {
            return match found.parse() {
                Ok(number) => Some(VendorId(number)),
                Err(_) => {
                    let text = format!("vendor-id=\"{}\" is larger than {}", brief(&found), u32::MAX);
                    self.report.error(attribute.at, text);
                    None
                }
            };
        }
        let vendor = self.dictionary.vendor(&found);
        if vendor.is_none() {
            let mut names: Vec<&str> =
                self.dictionary.vendors().flat_map(|vendor| [&*vendor.id, &*vendor.name]).collect();
            names.sort_unstable();
            names.dedup();
            let hint = nearest(&found, names.iter().copied()).map(|near| format!("did you mean {near}?"));
            let text = format!(
                "vendor-id=\"{}\" is not known, accepted: a number, {}",
                brief(&found),
                names.join(", ")
            );
            self.report.error_with(attribute.at, text, hint);
        }
        vendor
    }

    fn flags(&mut self, element: &Element) -> AvpFlags {
        let Some(attribute) = attribute(element, "mandatory-flag") else { return AvpFlags::NONE };
        match attribute.value.trim_ascii() {
            "required" | "must" => AvpFlags::MANDATORY,
            "optional" | "may" | "mustnot" => AvpFlags::NONE,
            found => {
                let text = format!(
                    "mandatory-flag=\"{}\", accepted: required, optional, must, may, mustnot",
                    brief(found)
                );
                self.report.error(attribute.at, text);
                AvpFlags::NONE
            }
        }
    }

    /// A built-in AVP could bring in priority or an identity under another name (12-36).
    fn not_built_in(&mut self, element: &Element, vendor: VendorId, code: u32) {
        let Some(spec) = self.dictionary.avp(vendor, code).filter(|spec| spec.built_in) else { return };
        let at = attribute(element, "code").map_or(element.at, |attribute| attribute.at);
        let text = format!(
            "AVP {code} of vendor {} is {} ({}): a custom AVP has a code of its own",
            vendor.0, spec.name, spec.source
        );
        self.report.error(at, text);
    }

    fn required<'e>(&mut self, element: &'e Element, name: &str) -> Option<&'e Attribute> {
        let found = attribute(element, name).filter(|attribute| !attribute.value.trim_ascii().is_empty());
        if found.is_none() {
            let text = format!("<{}> has no attribute {name}, which is required", brief(&element.name));
            self.report.error(element.at, text);
        }
        found
    }

    /// An element that has attributes only.
    fn empty(&mut self, element: &Element) {
        let inside = element.children.first().map(|child| child.at);
        let at: Option<Offset> = inside.or_else(|| element.pieces().next().map(|(at, _)| at));
        if let Some(at) = at {
            self.report.error(at, format!("<{}> has attributes only", brief(&element.name)));
        }
    }
}

/// Types of a value, for messages.
const TYPES: [&str; 15] = [
    "OctetString",
    "Integer32",
    "Integer64",
    "Unsigned32",
    "Unsigned64",
    "Float32",
    "Float64",
    "Address",
    "Time",
    "UTF8String",
    "DiameterIdentity",
    "DiameterURI",
    "Enumerated",
    "IPFilterRule",
    "QoSFilterRule",
];

fn attribute<'e>(element: &'e Element, name: &str) -> Option<&'e Attribute> {
    element.attributes.iter().find(|attribute| attribute.name == name)
}

fn child<'e>(element: &'e Element, name: &str) -> Option<&'e Element> {
    element.children.iter().find(|child| child.name == name && !child.skipped)
}
