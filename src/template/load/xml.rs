//! A template's file as a tree of elements that know their places (XML 1.0, Namespaces in XML 1.0).
//!
//! UTF-8 only. No DOCTYPE, and with it no entities but the five of XML itself and character references:
//! no file grows when it is read. Size, depth and the number of attributes are limited.

use quick_xml::{
    escape,
    events::{BytesStart, Event},
    name::{QName, ResolveResult},
    reader::NsReader,
};

use super::{
    super::problem::{Offset, Report},
    attributes,
};
use crate::words::brief;

/// Largest file. Octets.
pub const MAX_OCTETS: usize = 1 << 20;
/// Deepest nesting of elements.
const MAX_DEPTH: usize = 32;
/// Most attributes in one file, namespace declarations included.
const MAX_ATTRIBUTES: usize = 4096;
/// The namespace of templates.
const NAMESPACE: &str = "http://oracle/ocsg/rest/qos/template";
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// An element of the namespace of templates.
#[derive(Debug)]
pub(super) struct Element {
    pub name: String,
    pub at: Offset,
    /// Those without a namespace.
    pub attributes: Vec<Attribute>,
    pub children: Vec<Element>,
    pub texts: Vec<Text>,
    /// Of another namespace, or in such an element: it was complained about, and nothing in it is read.
    pub skipped: bool,
}

#[derive(Debug)]
pub(super) struct Attribute {
    pub name: String,
    pub value: String,
    pub at: Offset,
}

/// A piece of an element's text.
#[derive(Debug)]
pub(super) struct Text {
    pub text: String,
    pub at: Offset,
    /// Written as CDATA or as a reference: white space in it was meant.
    literal: bool,
}

impl Element {
    /// The whole text without the white space around it; what stands in CDATA or as a reference is kept.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // End of what has to stay, in octets.
        let mut kept = 0;
        for piece in &self.texts {
            match text.is_empty() && !piece.literal {
                true => text.push_str(piece.text.trim_ascii_start()),
                false => text.push_str(&piece.text),
            }
            if piece.literal {
                kept = text.len();
            }
        }
        let end = text.trim_ascii_end().len().max(kept);
        text.truncate(end);
        text
    }

    /// Where the text begins, or the element if it has none.
    pub fn text_at(&self) -> Offset {
        self.pieces().next().map_or(self.at, |(at, _)| at)
    }

    /// What is not white space between elements.
    pub fn pieces(&self) -> impl Iterator<Item = (Offset, &str)> {
        self.texts.iter().filter(|piece| !piece.text.trim_ascii().is_empty()).map(|piece| {
            let blank = piece.text.len() - piece.text.trim_ascii_start().len();
            (piece.at + if piece.literal { 0 } else { blank }, piece.text.trim_ascii())
        })
    }
}

/// Reads the file; `None` if it is not XML, or has no element that could be read on.
pub(super) fn parse(source: &str, report: &mut Report<'_>) -> Option<Element> {
    characters(source, report);
    Parser { source, report, open: Vec::new(), outermost: None, attributes: 0 }.run()
}

/// Characters that XML does not allow (XML 1.0 §2.2).
fn characters(source: &str, report: &mut Report<'_>) {
    let legal = |one: char| !matches!(one, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    for (at, one) in source.char_indices().filter(|(_, one)| !legal(*one)) {
        report.error(at, format!("not XML: the character U+{:04X} is not allowed", u32::from(one)));
    }
}

struct Parser<'x, 'r, 's> {
    source: &'x str,
    report: &'r mut Report<'s>,
    open: Vec<Element>,
    outermost: Option<Element>,
    /// How many there were so far.
    attributes: usize,
}

impl<'x> Parser<'x, '_, '_> {
    fn run(mut self) -> Option<Element> {
        let mut reader = NsReader::from_str(self.source);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        let mut begun = false;
        loop {
            let at = offset(reader.buffer_position());
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    self.report.error(offset(reader.error_position()), format!("not XML: {error}"));
                    return None;
                }
            };
            match event {
                Event::Start(tag) => {
                    let element = self.element(&tag, at, &reader)?;
                    if self.open.is_empty() && self.outermost.is_some() {
                        self.report.error(at, "not XML: a second outermost element; a file has one");
                        return None;
                    }
                    self.open.push(element);
                }
                Event::End(_) => {
                    // The reader has checked that it ends what was begun.
                    let Some(element) = self.open.pop() else { continue };
                    match self.open.last_mut() {
                        Some(parent) => parent.children.push(element),
                        None => self.outermost = Some(element),
                    }
                }
                Event::Text(text) => {
                    if let Some(found) = text.find("]]>") {
                        self.report.error(at + found, "not XML: ]]> stands in a text; write ]]&gt;");
                    }
                    self.text(text.xml10_content().into_owned(), at, false);
                }
                Event::CData(text) => self.text(text.xml10_content().into_owned(), at, true),
                Event::GeneralRef(name) => match resolve(&name) {
                    Some(text) => self.text(text, at, true),
                    None => self.undefined(at, &name),
                },
                Event::DocType(_) => {
                    let text = "a DOCTYPE is not accepted: a template has no entities and no document type of its own";
                    self.report.error(at, text);
                }
                Event::Decl(declaration) => {
                    if begun {
                        self.report
                            .error(at, "not XML: the XML declaration stands at the very start of a file");
                    }
                    self.declaration(&declaration, at);
                }
                Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
                Event::Eof => break,
            }
            begun = true;
        }
        match (self.open.last(), &self.outermost) {
            (Some(open), _) => {
                let text = format!("not XML: the file ends inside <{}>", brief(&open.name));
                self.report.error(self.source.len(), text);
                None
            }
            (None, None) => {
                self.report.error(self.source.len(), "not XML: there is no element in the file");
                None
            }
            _ => self.outermost,
        }
    }

    /// An element with its attributes; `None` if a limit is passed.
    fn element(&mut self, tag: &BytesStart<'x>, at: Offset, reader: &NsReader<&[u8]>) -> Option<Element> {
        let name = tag.local_name().as_ref().to_owned();
        if self.open.len() == MAX_DEPTH {
            let text =
                format!("elements are nested more than {MAX_DEPTH} deep; the file is not read any further");
            self.report.error(at, text);
            return None;
        }
        let skipped = self.open.last().is_some_and(|parent| parent.skipped)
            || !self.is_ours(reader.resolver().resolve_element(tag.name()).0, &name, at);
        let raw_at = at + 1 + tag.name().as_ref().len();
        let mut attributes = Vec::new();
        for attribute in attributes::read(tag.attributes_raw(), raw_at, self.report) {
            self.attributes += 1;
            if self.attributes > MAX_ATTRIBUTES {
                let text = format!("the file has more than {MAX_ATTRIBUTES} attributes");
                self.report.error(attribute.at, text);
                return None;
            }
            if attributes.iter().any(|known: &Attribute| known.name == attribute.name) {
                let text = format!("not XML: a second attribute {}", brief(&attribute.name));
                self.report.error(attribute.at, text);
                continue;
            }
            attributes.push(attribute);
        }
        attributes.retain(|attribute| !skipped && self.is_plain(attribute, reader));
        Some(Element { name, at, attributes, children: Vec::new(), texts: Vec::new(), skipped })
    }

    fn is_ours(&mut self, namespace: ResolveResult<'_>, name: &str, at: Offset) -> bool {
        let name = brief(name);
        let text = match namespace {
            ResolveResult::Bound(found) if found.as_ref() == NAMESPACE => return true,
            ResolveResult::Bound(found) => {
                format!("<{name}> is of the namespace {}, accepted is {NAMESPACE}", brief(found.as_ref()))
            }
            ResolveResult::Unbound => {
                format!(
                    "<{name}> has no namespace, accepted is xmlns=\"{NAMESPACE}\" on the outermost element"
                )
            }
            ResolveResult::Unknown(prefix) => {
                format!("not XML: the prefix {} of <{name}> is not declared", brief(&prefix))
            }
        };
        self.report.error(at, text);
        false
    }

    /// Whether an attribute has no namespace. Declarations and what points to a schema are left aside.
    fn is_plain(&mut self, attribute: &Attribute, reader: &NsReader<&[u8]>) -> bool {
        let name = QName(&attribute.name);
        if name.as_namespace_binding().is_some() {
            return false;
        }
        let (namespace, local) = reader.resolver().resolve_attribute(name);
        let text = match namespace {
            ResolveResult::Unbound => return true,
            ResolveResult::Bound(found)
                if found.as_ref() == SCHEMA_INSTANCE
                    && matches!(local.as_ref(), "schemaLocation" | "noNamespaceSchemaLocation") =>
            {
                return false;
            }
            ResolveResult::Unknown(prefix) => {
                format!("not XML: the prefix {} is not declared", brief(&prefix))
            }
            ResolveResult::Bound(_) => format!(
                "the attribute {} is not known: of other namespaces only xsi:schemaLocation is accepted",
                brief(&attribute.name)
            ),
        };
        self.report.error(attribute.at, text);
        false
    }

    fn text(&mut self, text: String, at: Offset, literal: bool) {
        match self.open.last_mut() {
            Some(element) => element.texts.push(Text { text, at, literal }),
            None if text.trim_ascii().is_empty() && !literal => {}
            None => {
                let at = at + (text.len() - text.trim_ascii_start().len());
                let text = format!("not XML: text outside of every element: {}", brief(text.trim_ascii()));
                self.report.error(at, text);
            }
        }
    }

    fn undefined(&mut self, at: Offset, name: &str) {
        let text = format!(
            "not XML: &{}; is not defined, accepted are &amp; &lt; &gt; &quot; &apos; and references to characters",
            brief(name)
        );
        self.report.error(at, text);
    }

    fn declaration(&mut self, declaration: &quick_xml::events::BytesDecl<'_>, at: Offset) {
        match declaration.version() {
            Ok(version) if *version == *"1.0" => {}
            Ok(version) => {
                self.report.error(at, format!("XML {} is not accepted, only 1.0", brief(&version)));
            }
            Err(error) => self.report.error(at, format!("not XML: {error}")),
        }
        match declaration.encoding() {
            None => {}
            Some(Ok(encoding)) if encoding.eq_ignore_ascii_case("UTF-8") => {}
            Some(Ok(encoding)) => {
                self.report.error(at, format!("encoding {} is not accepted, only UTF-8", brief(&encoding)));
            }
            Some(Err(error)) => self.report.error(at, format!("not XML: {error}")),
        }
    }
}

/// What `&name;` stands for.
pub(super) fn resolve(name: &str) -> Option<String> {
    if let Some(text) = escape::resolve_xml_entity(name) {
        return Some(text.to_owned());
    }
    let digits = name.strip_prefix('#')?;
    let code = match digits.strip_prefix('x') {
        Some(digits) if digits.bytes().all(|octet| octet.is_ascii_hexdigit()) => {
            u32::from_str_radix(digits, 16).ok()?
        }
        None if digits.bytes().all(|octet| octet.is_ascii_digit()) => digits.parse().ok()?,
        _ => return None,
    };
    let one =
        char::from_u32(code).filter(|one| matches!(one, '\t' | '\n' | '\r') || !one.is_ascii_control())?;
    (!matches!(one, '\u{fffe}' | '\u{ffff}')).then(|| one.to_string())
}

fn offset(position: u64) -> Offset {
    usize::try_from(position).unwrap_or(usize::MAX)
}
