//! What can be wrong with a dictionary: which file, which line, and what would be right.

use std::{fmt, io, path::PathBuf, sync::Arc};

use thiserror::Error;

/// A place in a dictionary file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named when it was opened.
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Why a dictionary is refused.
#[derive(Debug, Error)]
pub enum DictError {
    /// A file or directory that cannot be read.
    #[error("{}: cannot be read: {error}; [dictionary] directory names a directory of .xml files", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file larger than [`MAX_FILE`](super::MAX_FILE).
    #[error("{}: the file has {found} octets, a dictionary file has at most {}", path.display(), super::MAX_FILE)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size. Octets.
        found: u64,
    },
    /// A file whose content is wrong.
    #[error("{at}: {problem}")]
    Content {
        /// Where.
        at: Place,
        /// What.
        problem: Problem,
    },
}

/// What is wrong in the content of a file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// Not well-formed XML, or not UTF-8.
    #[error("not XML: {0}")]
    NotXml(String),
    /// A document type definition: it could define entities.
    #[error("a DOCTYPE is not accepted; remove it and put what its entities include into files of their own")]
    Doctype,
    /// An entity that XML itself does not define.
    #[error("{0}; only &amp; &lt; &gt; &quot; &apos; and character references are accepted")]
    Entity(String),
    /// The outermost element is none that a dictionary file has.
    #[error("<{0}> is no dictionary: accepted are <dictionary>, <base>, <application> and <vendor>")]
    NotADictionary(String),
    /// An attribute that the element must have.
    #[error("<{element}> has no {attribute} attribute")]
    MissingAttribute {
        /// Name of the element.
        element: &'static str,
        /// Name of the attribute.
        attribute: &'static str,
    },
    /// A number that is none, or too large.
    #[error("{attribute}=\"{found}\" is not a number from 0 to {max}")]
    BadNumber {
        /// Name of the attribute.
        attribute: &'static str,
        /// What stands there.
        found: String,
        /// The largest number accepted.
        max: u32,
    },
    /// A word that is none of those accepted.
    #[error("{attribute}=\"{found}\" is not known: accepted are {accepted}")]
    BadWord {
        /// Name of the attribute.
        attribute: &'static str,
        /// What stands there.
        found: String,
        /// Words accepted.
        accepted: &'static str,
    },
    /// A least number above the most.
    #[error("min=\"{min}\" is more than max=\"{max}\"")]
    Cardinality {
        /// Least occurrences.
        min: u32,
        /// Most occurrences.
        max: u32,
    },
    /// A data format that does not exist.
    #[error(
        "AVP {avp} has the unknown type {found}: accepted are {}, or a <typedefn> above it",
        super::DataFormat::NAMES
    )]
    UnknownType {
        /// Name of the AVP.
        avp: String,
        /// Name of the type.
        found: String,
    },
    /// An AVP without `<type>` and without `<grouped>`.
    #[error("AVP {0} has no <type> and no <grouped>: one of them says what its data is")]
    NoType(String),
    /// Members in an AVP that is not Grouped.
    #[error("AVP {avp} has <grouped> members and the type {format}: make it Grouped or remove the members")]
    NotGrouped {
        /// Name of the AVP.
        avp: String,
        /// Its type.
        format: super::DataFormat,
    },
    /// A vendor that no file declares.
    #[error("vendor {0} is not declared: add <vendor vendor-id=\"{0}\" code=\"...\"/> or give its number")]
    UnknownVendor(String),
    /// One vendor name with two numbers.
    #[error("vendor {name} is {first} already ({first_at}): give this one another vendor-id than {name}")]
    VendorTwice {
        /// Symbolic name.
        name: String,
        /// The number that it has.
        first: u32,
        /// Where it got it.
        first_at: Place,
    },
    /// Two AVPs with the same vendor and code, and different meanings.
    #[error(
        "AVP {code} of vendor {vendor} is {first} of type {format} already ({first_at}), not {found} of type \
         {found_format}: give this AVP a code of its own, or repeat that name and type"
    )]
    KeyTwice {
        /// AVP Code.
        code: u32,
        /// Vendor number.
        vendor: u32,
        /// Name that the key has.
        first: String,
        /// Type that the key has.
        format: super::DataFormat,
        /// Where that was said.
        first_at: Place,
        /// Name found now.
        found: String,
        /// Type found now.
        found_format: super::DataFormat,
    },
    /// Two AVPs of one name.
    #[error(
        "{name} is AVP {code} of vendor {vendor} already ({first_at}): give AVP {found_code} of vendor \
         {found_vendor} a name of its own"
    )]
    NameTwice {
        /// The name.
        name: String,
        /// Code that it has.
        code: u32,
        /// Vendor that it has.
        vendor: u32,
        /// Where that was said.
        first_at: Place,
        /// Code found now.
        found_code: u32,
        /// Vendor found now.
        found_vendor: u32,
    },
    /// A member of a group, or an AVP of a command, that no file declares.
    #[error("{parent} names {member}, which no AVP is called: declare it or correct the name")]
    UnknownMember {
        /// Name of the group or message.
        parent: String,
        /// Name of the member.
        member: String,
    },
    /// Two grammars for one command.
    #[error("command {code} of application {application} has a grammar already ({first_at}): remove one")]
    CommandTwice {
        /// Command Code.
        code: u32,
        /// Application.
        application: u32,
        /// Where the first one is.
        first_at: Place,
    },
    /// An element where it has no meaning.
    #[error("<{element}> stands inside {parent}: it belongs into {right}")]
    Misplaced {
        /// The element.
        element: String,
        /// Where it was found.
        parent: &'static str,
        /// Where it would be right.
        right: &'static str,
    },
}
