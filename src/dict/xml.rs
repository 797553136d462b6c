//! A dictionary file's XML as a tree of elements with their lines.
//!
//! Text between elements means nothing in a dictionary and is dropped. A DOCTYPE is refused, and with it
//! every entity that XML itself does not define, so no file can grow by expansion.

use std::sync::Arc;

use quick_xml::{
    XmlVersion, escape,
    events::{BytesStart, Event},
    reader::Reader,
};

use super::{DictError, Place, Problem};

/// Elements nested deeper than this are refused; dictionaries need six.
const MAX_DEPTH: usize = 32;

/// An element with its attributes and the elements in it.
#[derive(Debug)]
pub(super) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub place: Place,
}

impl Element {
    pub fn refuse(&self, problem: Problem) -> DictError {
        DictError::Content { at: self.place.clone(), problem }
    }

    pub fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == attribute).map(|(_, value)| value.trim())
    }

    pub fn required(&self, element: &'static str, attribute: &'static str) -> Result<&str, DictError> {
        let found = self.get(attribute).filter(|value| !value.is_empty());
        found.ok_or_else(|| self.refuse(Problem::MissingAttribute { element, attribute }))
    }

    /// A number in decimal, or in hexadecimal behind `0x`; -1 is the largest, as enumerations print it.
    pub fn number(&self, attribute: &'static str, max: u32) -> Result<Option<u32>, DictError> {
        let Some(found) = self.get(attribute) else { return Ok(None) };
        let number = match found.strip_prefix("0x").or_else(|| found.strip_prefix("0X")) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => found.parse::<u32>().ok(),
        };
        match number.filter(|number| *number <= max) {
            Some(number) => Ok(Some(number)),
            None => Err(self.refuse(Problem::BadNumber { attribute, found: found.to_owned(), max })),
        }
    }

    pub fn bad_word(&self, attribute: &'static str, found: &str, accepted: &'static str) -> DictError {
        self.refuse(Problem::BadWord { attribute, found: found.to_owned(), accepted })
    }
}

/// Reads a file's text; `file` is its name for messages.
///
/// Several elements may stand one after the other: dictionaries are split into files that are parts of a whole.
pub(super) fn parse(file: &Arc<str>, text: &str) -> Result<Vec<Element>, DictError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut lines = Lines { text, counted: 0, line: 1 };
    let refuse = |line, problem| DictError::Content { at: Place { file: Arc::clone(file), line }, problem };
    let not_xml = |line, why: &dyn std::fmt::Display| refuse(line, Problem::NotXml(why.to_string()));
    let mut open: Vec<Element> = Vec::new();
    let mut outermost = Vec::new();
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(not_xml(lines.at(reader.error_position()), &error)),
        };
        let line = lines.at(reader.buffer_position());
        match event {
            Event::Start(_) if open.len() == MAX_DEPTH => {
                return Err(not_xml(line, &"elements nested deeper than any dictionary has them"));
            }
            Event::Start(tag) => {
                // The reader stands behind the tag, which may have lines of its own.
                let line = line - tag.bytes().filter(|octet| *octet == b'\n').count();
                let place = Place { file: Arc::clone(file), line };
                let attributes = attributes(&tag).map_err(|problem| refuse(line, problem))?;
                open.push(Element {
                    name: tag.local_name().as_ref().to_owned(),
                    attributes,
                    children: Vec::new(),
                    place,
                });
            }
            Event::End(_) => {
                // The reader has checked that it ends what was begun.
                let Some(element) = open.pop() else { continue };
                match open.last_mut() {
                    Some(parent) => parent.children.push(element),
                    None => outermost.push(element),
                }
            }
            Event::DocType(_) => return Err(refuse(line, Problem::Doctype)),
            Event::GeneralRef(name)
                if !name.is_char_ref() && escape::resolve_predefined_entity(&name).is_none() =>
            {
                return Err(refuse(line, Problem::Entity(format!("&{}; is not defined", &*name))));
            }
            Event::Text(text) if open.is_empty() && !text.trim().is_empty() => {
                return Err(not_xml(line, &"text outside of every element"));
            }
            Event::Eof => match open.first() {
                Some(_) => return Err(not_xml(line, &"it ends inside an element")),
                None if outermost.is_empty() => return Err(not_xml(line, &"there is no element in it")),
                None => return Ok(outermost),
            },
            _ => {}
        }
    }
}

fn attributes(tag: &BytesStart<'_>) -> Result<Vec<(String, String)>, Problem> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| Problem::NotXml(error.to_string()))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| Problem::Entity(error.to_string()))?;
        attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(attributes)
}

/// Counts lines once, going forward.
struct Lines<'a> {
    text: &'a str,
    counted: usize,
    line: usize,
}

impl Lines<'_> {
    fn at(&mut self, position: u64) -> usize {
        let position = usize::try_from(position).unwrap_or(usize::MAX).min(self.text.len());
        if let Some(passed) = self.text.as_bytes().get(self.counted..position) {
            self.line += passed.iter().filter(|octet| **octet == b'\n').count();
            self.counted = position;
        }
        self.line
    }
}
