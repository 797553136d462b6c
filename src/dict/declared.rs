//! What one file declares, before names are looked up in other files.

use super::{DataFormat, DictError, EnumItem, MandatoryRule, Place, Problem, Shown, xml::Element};

/// Largest AVP length: it has 24 bits.
const MAX_LENGTH: u32 = (1 << 24) - 1;
/// Name of the wild card that files use for `*[ AVP ]`.
const ANY_AVP: &str = "AVP";

/// A file's declarations, in its order.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub vendors: Vec<Vendor>,
    pub applications: Vec<(u32, String)>,
    pub avps: Vec<Avp>,
    pub commands: Vec<Command>,
    pub error_answer: Option<Vec<Member>>,
    types: Vec<(String, DataFormat)>,
}

#[derive(Debug)]
pub(super) struct Vendor {
    pub id: String,
    pub code: u32,
    pub name: String,
    pub place: Place,
}

#[derive(Debug)]
pub(super) struct Avp {
    pub name: String,
    pub code: u32,
    /// Name or number; `None` for the IETF.
    pub vendor: Option<String>,
    pub format: DataFormat,
    pub mandatory: MandatoryRule,
    pub values: Vec<EnumItem>,
    pub members: Vec<Member>,
    /// Whether AVPs that are no members may stand in the group.
    pub others: bool,
    pub quoted: bool,
    pub length: Option<(u32, u32)>,
    pub unit: Option<String>,
    pub shown: Shown,
    pub source: String,
    pub place: Place,
}

#[derive(Debug)]
pub(super) struct Member {
    pub name: String,
    pub min: u32,
    pub max: Option<u32>,
    pub fixed: bool,
    pub place: Place,
}

#[derive(Debug)]
pub(super) struct Command {
    pub name: String,
    pub code: u32,
    pub application: u32,
    pub request: Direction,
    pub answer: Direction,
    pub place: Place,
}

#[derive(Debug, Default)]
pub(super) struct Direction {
    pub abbreviation: String,
    pub proxiable: bool,
    pub members: Vec<Member>,
}

/// What the elements around an AVP or command say about it.
#[derive(Clone, Copy)]
struct Around<'a> {
    application: u32,
    vendor: Option<&'a str>,
    spec: &'a str,
}

impl Declared {
    /// Reads a file's outermost elements: a whole dictionary or parts of one.
    pub fn read(outermost: &[Element]) -> Result<Self, DictError> {
        let mut declared = Self::default();
        for element in outermost {
            match element.name.as_str() {
                "dictionary" => {
                    for part in &element.children {
                        declared.part(part)?;
                    }
                }
                "base" | "application" | "vendor" => declared.part(element)?,
                other => return Err(element.refuse(Problem::NotADictionary(other.to_owned()))),
            }
        }
        Ok(declared)
    }

    fn part(&mut self, part: &Element) -> Result<(), DictError> {
        let spec = part.get("spec").or_else(|| part.get("uri")).unwrap_or_default();
        let mut around = Around { application: 0, vendor: None, spec };
        match part.name.as_str() {
            "base" => {}
            "application" => {
                part.required("application", "id")?;
                around.application = part.number("id", u32::MAX)?.unwrap_or_default();
                let name = part.get("name").unwrap_or_default();
                self.applications.push((around.application, name.to_owned()));
            }
            "vendor" => {
                let vendor = vendor(part)?;
                around.vendor = part.get("vendor-id");
                self.vendors.push(vendor);
            }
            "avp" | "command" => {
                return Err(part.refuse(Problem::Misplaced {
                    element: part.name.clone(),
                    parent: "<dictionary>",
                    right: "<base>, <application> or <vendor>",
                }));
            }
            _ => return Ok(()),
        }
        for element in &part.children {
            match element.name.as_str() {
                "typedefn" => self.type_definition(element)?,
                "vendor" => self.part(element)?,
                "avp" => {
                    let avp = self.avp(element, around)?;
                    self.avps.push(avp);
                }
                "command" => self.commands.extend(command(element, around)?),
                "error-answer" => self.error_answer = Some(members(element, "error-answer")?.0),
                _ => {}
            }
        }
        Ok(())
    }

    /// `<typedefn type-name="X" type-parent="Unsigned32"/>`: a further name for a format.
    fn type_definition(&mut self, element: &Element) -> Result<(), DictError> {
        let name = element.required("typedefn", "type-name")?;
        let parent = element.get("type-parent").filter(|parent| !parent.is_empty());
        if let Some(format) = parent.and_then(|parent| self.format(parent)) {
            self.types.push((name.to_owned(), format));
        }
        Ok(())
    }

    fn format(&self, name: &str) -> Option<DataFormat> {
        let defined = || self.types.iter().find(|(known, _)| known == name).map(|(_, format)| *format);
        DataFormat::from_name(name).or_else(defined)
    }

    fn avp(&self, element: &Element, around: Around<'_>) -> Result<Avp, DictError> {
        let name = element.required("avp", "name")?.to_owned();
        element.required("avp", "code")?;
        let code = element.number("code", u32::MAX)?.unwrap_or_default();
        let mut format = None;
        let mut values = Vec::new();
        let mut group = None;
        for child in &element.children {
            match child.name.as_str() {
                "type" => {
                    let found = child.required("type", "type-name")?;
                    let unknown = || Problem::UnknownType { avp: name.clone(), found: found.to_owned() };
                    format = Some(self.format(found).ok_or_else(|| child.refuse(unknown()))?);
                }
                "enum" => {
                    child.required("enum", "code")?;
                    let value_name = child.required("enum", "name")?.into();
                    values.push(EnumItem { name: value_name, value: enum_value(child)? });
                }
                "grouped" => group = Some(child),
                _ => {}
            }
        }
        let format = match (format, group) {
            (Some(DataFormat::Grouped) | None, Some(_)) => DataFormat::Grouped,
            (Some(format), None) => format,
            (Some(format), Some(group)) => {
                return Err(group.refuse(Problem::NotGrouped { avp: name, format }));
            }
            (None, None) => return Err(element.refuse(Problem::NoType(name))),
        };
        let (members, others) = match group {
            Some(group) => members(group, "gavp")?,
            None => (Vec::new(), true),
        };
        let spec = element.get("spec").unwrap_or(around.spec);
        let source = match element.get("section") {
            Some(section) => format!("{spec} §{section}"),
            None => spec.to_owned(),
        };
        Ok(Avp {
            vendor: element.get("vendor-id").or(around.vendor).map(str::to_owned),
            mandatory: mandatory(element)?,
            quoted: yes_no(element, "quoted", false)?,
            length: length(element)?,
            unit: element.get("unit").map(str::to_owned),
            shown: shown(element)?,
            place: element.place.clone(),
            name,
            code,
            format,
            values,
            members,
            others,
            source,
        })
    }
}

/// An enumeration's value: 32 bits, written signed or unsigned.
fn enum_value(element: &Element) -> Result<u32, DictError> {
    match element.get("code").and_then(|code| code.parse::<i32>().ok()) {
        Some(signed) => Ok(signed.cast_unsigned()),
        None => Ok(element.number("code", u32::MAX)?.unwrap_or_default()),
    }
}

fn vendor(element: &Element) -> Result<Vendor, DictError> {
    let id = element.required("vendor", "vendor-id")?;
    element.required("vendor", "code")?;
    Ok(Vendor {
        id: id.to_owned(),
        code: element.number("code", u32::MAX)?.unwrap_or_default(),
        name: element.get("name").unwrap_or(id).to_owned(),
        place: element.place.clone(),
    })
}

/// A command; `None` if it has a name only, as in files without grammars.
fn command(element: &Element, around: Around<'_>) -> Result<Option<Command>, DictError> {
    let name = element.required("command", "name")?.to_owned();
    element.required("command", "code")?;
    let code = element.number("code", MAX_LENGTH)?.unwrap_or_default();
    let (mut request, mut answer) = (None, None);
    for child in &element.children {
        match child.name.as_str() {
            "request" => request = Some(direction(child)?),
            "answer" => answer = Some(direction(child)?),
            _ => {}
        }
    }
    let (Some(request), Some(answer)) = (request, answer) else { return Ok(None) };
    let (application, place) = (around.application, element.place.clone());
    Ok(Some(Command { name, code, application, request, answer, place }))
}

fn direction(element: &Element) -> Result<Direction, DictError> {
    Ok(Direction {
        abbreviation: element.get("abbreviation").unwrap_or_default().to_owned(),
        proxiable: match element.get("proxiable") {
            None | Some("no") => false,
            Some("must") => true,
            Some(other) => return Err(element.bad_word("proxiable", other, "must, no")),
        },
        members: members(element, "request")?.0,
    })
}

/// The AVPs named in a group or grammar, and whether others may stand beside them.
fn members(parent: &Element, kind: &'static str) -> Result<(Vec<Member>, bool), DictError> {
    let mut members = Vec::new();
    for child in &parent.children {
        let (element, min, max, fixed) = match child.name.as_str() {
            // A group in a file without cardinalities says only what may stand there.
            "gavp" => ("gavp", 0, None, false),
            "fixed" => ("fixed", 1, Some(1), true),
            "required" => ("required", 1, Some(1), false),
            "optional" => ("optional", 0, Some(1), false),
            _ => continue,
        };
        if (element == "gavp") != (kind == "gavp") {
            return Err(child.refuse(Problem::Misplaced {
                element: element.to_owned(),
                parent: if kind == "gavp" { "<grouped>" } else { "a command" },
                right: if element == "gavp" { "<grouped>" } else { "<request> or <answer>" },
            }));
        }
        let name = child.required(element, "name")?;
        if name == ANY_AVP {
            continue;
        }
        let min = child.number("min", u32::MAX)?.unwrap_or(min);
        let max = match child.get("max") {
            Some("*") => None,
            _ => child.number("max", u32::MAX)?.or(max),
        };
        if let Some(max) = max.filter(|max| *max < min) {
            return Err(child.refuse(Problem::Cardinality { min, max }));
        }
        members.push(Member { name: name.to_owned(), min, max, fixed, place: child.place.clone() });
    }
    Ok((members, yes_no(parent, "others", true)?))
}

fn mandatory(element: &Element) -> Result<MandatoryRule, DictError> {
    match element.get("mandatory") {
        Some("must") => Ok(MandatoryRule::Must),
        None | Some("may" | "shouldnot" | "should") => Ok(MandatoryRule::May),
        Some("mustnot") => Ok(MandatoryRule::MustNot),
        Some(other) => Err(element.bad_word("mandatory", other, "must, may, shouldnot, mustnot")),
    }
}

fn shown(element: &Element) -> Result<Shown, DictError> {
    match element.get("show") {
        None | Some("hex") => Ok(Shown::Hex),
        Some("text") => Ok(Shown::Text),
        Some("ipv4") => Ok(Shown::Ipv4),
        Some("ipv6") => Ok(Shown::Ipv6),
        Some("ipv6-prefix") => Ok(Shown::Ipv6Prefix),
        Some(other) => Err(element.bad_word("show", other, "hex, text, ipv4, ipv6, ipv6-prefix")),
    }
}

fn length(element: &Element) -> Result<Option<(u32, u32)>, DictError> {
    let min = element.number("min-length", MAX_LENGTH)?;
    let max = element.number("max-length", MAX_LENGTH)?;
    if min.is_none() && max.is_none() {
        return Ok(None);
    }
    let (min, max) = (min.unwrap_or(0), max.unwrap_or(MAX_LENGTH));
    if min > max {
        return Err(element.refuse(Problem::Cardinality { min, max }));
    }
    Ok(Some((min, max)))
}

fn yes_no(element: &Element, attribute: &'static str, default: bool) -> Result<bool, DictError> {
    match element.get(attribute) {
        None => Ok(default),
        Some("yes" | "true") => Ok(true),
        Some("no" | "false") => Ok(false),
        Some(other) => Err(element.bad_word(attribute, other, "yes, no")),
    }
}
