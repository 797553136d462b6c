//! A message as a tree of names and values: as text for people, or serialized.
//!
//! Nothing is hidden: AVPs without a name are shown by their numbers and octets, and so is data that does
//! not have its AVP's format. The tree is made from the octets alone, so a message that no parser accepts is
//! shown as far as it goes.

use std::{borrow::Cow, fmt};

use serde::{Serialize, Serializer};

use crate::wire::{
    AvpFlags, CommandFlags, HEADER_LENGTH, Header, Message, RawAvp, VendorId, WireError, walk,
};

use super::{AvpSpec, Dictionary, commands};

#[cfg(test)]
mod tests;
mod value;

pub use value::date;

/// AVPs nested deeper than this are shown as octets.
const MAX_DEPTH: usize = 16;

/// A message with names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tree {
    /// `AA-Request`, or the command code as text.
    pub command: String,
    /// `AAR`, or empty.
    pub abbreviation: String,
    /// Command Code.
    pub code: u32,
    /// Application-ID.
    pub application: u32,
    /// Name of the application, or empty.
    pub application_name: String,
    /// Command flags: letters of `RPET`.
    #[serde(serialize_with = "command_flags")]
    pub flags: CommandFlags,
    /// Hop-by-Hop Identifier.
    pub hop_by_hop: u32,
    /// End-to-End Identifier.
    pub end_to_end: u32,
    /// Message Length. Octets.
    pub length: u32,
    /// The AVPs, in the order of the message.
    pub avps: Vec<Node>,
}

/// An AVP with its name and value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// Name as its specification prints it; `AVP-<code>` if no dictionary file has it.
    pub name: String,
    /// AVP Code.
    pub code: u32,
    /// Vendor; 0 for the IETF.
    #[serde(serialize_with = "vendor")]
    pub vendor: VendorId,
    /// AVP flags: letters of `VMP`.
    #[serde(serialize_with = "avp_flags")]
    pub flags: AvpFlags,
    /// The value.
    pub value: Value,
    /// Unit of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What a number or octets mean: a name, a date, a duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// Why the data does not have the AVP's format, if it does not; the value is its octets then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A value as it can be shown and serialized.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A number without sign.
    Unsigned(u64),
    /// A number with sign.
    Signed(i64),
    /// A floating-point number, in the shortest form that reads back the same.
    Float(f64),
    /// Text, an address, a prefix.
    Text(String),
    /// Octets; serialized in hexadecimal behind `0x`.
    #[serde(serialize_with = "hex")]
    Octets(Vec<u8>),
    /// The AVPs of a group.
    Group(Vec<Node>),
}

impl Tree {
    /// The tree of a message.
    pub fn of(dictionary: &Dictionary, message: &Message<'_>) -> Self {
        Self::build(dictionary, message.header(), message.octets())
    }

    /// The tree of octets that begin with a Diameter header, whatever follows it.
    pub fn from_octets(dictionary: &Dictionary, octets: &[u8]) -> Result<Self, WireError> {
        Ok(Self::build(dictionary, Header::parse(octets)?, octets))
    }

    fn build(dictionary: &Dictionary, header: Header, octets: &[u8]) -> Self {
        let is_request = header.is_request();
        let spec = dictionary
            .command(header.application, header.command)
            .or_else(|| dictionary.command(super::BASE_APPLICATION_ID, header.command));
        let suffix = if is_request { "Request" } else { "Answer" };
        let (command, abbreviation) = match spec {
            Some(spec) => {
                (format!("{}-{suffix}", spec.name), spec.message(is_request).abbreviation.to_string())
            }
            None => (
                commands::command_name(header.command, is_request)
                    .map_or_else(|| format!("{}-{suffix}", header.command), str::to_owned),
                commands::abbreviation(header.command, is_request).unwrap_or_default().to_owned(),
            ),
        };
        let end = octets.len().min(header.length as usize);
        let avps = octets.get(HEADER_LENGTH..end).unwrap_or_default();
        Self {
            command,
            abbreviation,
            code: header.command,
            application: header.application,
            application_name: dictionary.application_name(header.application).unwrap_or_default().to_owned(),
            flags: header.flags,
            hop_by_hop: header.hop_by_hop.0,
            end_to_end: header.end_to_end.0,
            length: header.length,
            avps: nodes(dictionary, avps, 0),
        }
    }
}

/// The AVPs in a sequence of octets; what does not fit at its end is the last node.
fn nodes(dictionary: &Dictionary, octets: &[u8], depth: usize) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut used = 0usize;
    // Experimental-Result-Code belongs to the vendor that stands beside it.
    let mut beside = VendorId::NONE;
    for avp in walk(octets) {
        let header = if avp.flags.contains(AvpFlags::VENDOR) { 12 } else { 8 };
        used += (header + avp.data.len()).next_multiple_of(4);
        if avp.key == super::avp::VENDOR_ID.key()
            && let Ok(number) = <[u8; 4]>::try_from(avp.data)
        {
            beside = VendorId(u32::from_be_bytes(number));
        }
        nodes.push(node(dictionary, avp, beside, depth));
    }
    if let Some(rest) = octets.get(used..).filter(|rest| !rest.is_empty()) {
        nodes.push(Node {
            name: "(octets that are no AVP)".to_owned(),
            code: 0,
            vendor: VendorId::NONE,
            flags: AvpFlags::NONE,
            value: Value::Octets(rest.to_vec()),
            unit: None,
            meaning: None,
            error: Some("an AVP whose length does not fit".to_owned()),
        });
    }
    nodes
}

fn node(dictionary: &Dictionary, avp: RawAvp<'_>, beside: VendorId, depth: usize) -> Node {
    let spec = dictionary.avp_by_key(avp.key);
    let code = (avp.key & 0xffff_ffff) as u32;
    let group = spec.is_some_and(|spec| spec.format == super::DataFormat::Grouped) && depth < MAX_DEPTH;
    let shown = if group {
        value::Shown::plain(Value::Group(nodes(dictionary, avp.data, depth + 1)))
    } else {
        value::show(dictionary, spec, avp.data, beside)
    };
    Node {
        name: spec.map_or_else(|| format!("AVP-{code}"), |spec| spec.name.to_string()),
        code,
        vendor: VendorId((avp.key >> 32) as u32),
        flags: avp.flags,
        value: shown.value,
        unit: spec.and_then(unit),
        meaning: shown.meaning,
        error: shown.error,
    }
}

/// The unit of a number; a set of bits has none.
fn unit(spec: &AvpSpec) -> Option<String> {
    spec.unit.as_deref().filter(|unit| *unit != "bits").map(str::to_owned)
}

impl fmt::Display for Tree {
    /// One line for the header, one for each AVP, groups indented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.abbreviation.is_empty() {
            write!(f, "{} ", self.abbreviation)?;
        }
        write!(f, "{} [{} {}]", self.command, self.code, command_letters(self.flags))?;
        match self.application_name.as_str() {
            "" => write!(f, " application {}", self.application)?,
            name => write!(f, " application {} ({name})", self.application)?,
        }
        write!(f, " hop-by-hop {:#010x}", self.hop_by_hop)?;
        writeln!(f, " end-to-end {:#010x} {} octets", self.end_to_end, self.length)?;
        self.avps.iter().try_for_each(|node| node.line(f, 1))
    }
}

impl Node {
    fn line(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        write!(f, "{:indent$}{} [{}", "", self.name, self.code, indent = depth * 2)?;
        match self.vendor {
            VendorId::NONE => {}
            VendorId::TGPP => write!(f, "/3GPP")?,
            VendorId::ETSI => write!(f, "/ETSI")?,
            VendorId(other) => write!(f, "/{other}")?,
        }
        let letters = avp_letters(self.flags);
        write!(f, "{}{letters}]:", if letters.is_empty() { "" } else { " " })?;
        match &self.value {
            Value::Group(_) => {}
            Value::Unsigned(number) => write!(f, " {number}")?,
            Value::Signed(number) => write!(f, " {number}")?,
            Value::Float(number) => write!(f, " {number}")?,
            Value::Text(text) => write!(f, " {}", visible(text))?,
            Value::Octets(octets) => write!(f, " {}", value::Hex(octets))?,
        }
        if let Some(unit) = &self.unit {
            write!(f, " {unit}")?;
        }
        if let Some(meaning) = &self.meaning {
            write!(f, " ({})", visible(meaning))?;
        }
        if let Some(error) = &self.error {
            write!(f, " !! {error}")?;
        }
        writeln!(f)?;
        match &self.value {
            Value::Group(nodes) => nodes.iter().try_for_each(|node| node.line(f, depth + 1)),
            _ => Ok(()),
        }
    }
}

/// Text on one line: control characters and backslashes escaped, so that no peer writes to a terminal.
fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_control() || c == '\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for c in text.chars() {
        match c.is_control() || c == '\\' {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

fn letters(flags: u8, names: &[(u8, char)]) -> String {
    names.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, letter)| letter).collect()
}

fn command_letters(flags: CommandFlags) -> String {
    let letters = letters(flags.0, &[(0x80, 'R'), (0x40, 'P'), (0x20, 'E'), (0x10, 'T')]);
    if letters.is_empty() { "-".to_owned() } else { letters }
}

fn avp_letters(flags: AvpFlags) -> String {
    letters(flags.0, &[(0x80, 'V'), (0x40, 'M'), (0x20, 'P')])
}

fn command_flags<S: Serializer>(flags: &CommandFlags, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(command_letters(*flags).trim_matches('-'))
}

fn avp_flags<S: Serializer>(flags: &AvpFlags, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&avp_letters(*flags))
}

fn vendor<S: Serializer>(vendor: &VendorId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u32(vendor.0)
}

fn hex<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&value::Hex(octets))
}
