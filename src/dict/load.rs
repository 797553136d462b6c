//! Declarations of several files, linked to one dictionary; and where the files come from.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs,
    io::Read as _,
    path::Path,
    sync::Arc,
};

use crate::wire::{VendorId, avp_key};

use super::{
    AvpSpec, CommandSpec, DataFormat, DictError, Dictionary, Grammar, MessageSpec, Problem, Rule, Shown,
    VendorSpec,
    declared::{self, Declared, Member},
    xml,
};

/// Largest dictionary file. Octets.
pub const MAX_FILE: u64 = 4 << 20;

/// The files that come with the program.
const BUILT_IN: [(&str, &str); 12] = [
    ("vendors.xml", include_str!("../../avp-dictionary/vendors.xml")),
    ("rfc6733-base.xml", include_str!("../../avp-dictionary/rfc6733-base.xml")),
    ("rfc7155-nasreq.xml", include_str!("../../avp-dictionary/rfc7155-nasreq.xml")),
    ("rfc8506-credit-control.xml", include_str!("../../avp-dictionary/rfc8506-credit-control.xml")),
    ("rfc7683-overload.xml", include_str!("../../avp-dictionary/rfc7683-overload.xml")),
    ("ts29214-rx.xml", include_str!("../../avp-dictionary/ts29214-rx.xml")),
    ("ts29212-gx.xml", include_str!("../../avp-dictionary/ts29212-gx.xml")),
    ("ts29229-cx.xml", include_str!("../../avp-dictionary/ts29229-cx.xml")),
    ("ts29061-sgi.xml", include_str!("../../avp-dictionary/ts29061-sgi.xml")),
    ("ts29154-nt.xml", include_str!("../../avp-dictionary/ts29154-nt.xml")),
    ("ts32299-charging.xml", include_str!("../../avp-dictionary/ts32299-charging.xml")),
    ("etsi-ts183017-gq.xml", include_str!("../../avp-dictionary/etsi-ts183017-gq.xml")),
];

/// Files in the order in which they are linked; the first meaning of an AVP stays.
#[derive(Debug, Default)]
pub(super) struct Files(Vec<(bool, Declared)>);

impl Files {
    /// The files that come with the program.
    pub fn built_in() -> Result<Self, DictError> {
        let mut files = Self::default();
        for (name, text) in BUILT_IN {
            files.add(name, text, true)?;
        }
        Ok(files)
    }

    /// Adds a file's text under a name for messages.
    pub fn add(&mut self, name: &str, text: &str, built_in: bool) -> Result<(), DictError> {
        let elements = xml::parse(&Arc::from(name), text)?;
        self.0.push((built_in, Declared::read(&elements)?));
        Ok(())
    }

    /// Adds every `.xml` file of a directory, in the order of their names. Directories in it are not entered.
    pub fn add_directory(&mut self, directory: &Path) -> Result<(), DictError> {
        let unreadable = |error| DictError::Unreadable { path: directory.to_owned(), error };
        let mut paths = Vec::new();
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml")) {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            let text = read_file(&path)?;
            self.add(&path.to_string_lossy(), &text, false)?;
        }
        Ok(())
    }

    /// Looks every name up and checks that all files together have one meaning.
    pub fn link(self) -> Result<Dictionary, DictError> {
        let mut linker = Linker::default();
        let mut groups = Vec::new();
        let mut commands = Vec::new();
        let mut error_answer = None;
        let mut files = Vec::new();
        for (built_in, mut file) in self.0 {
            for vendor in std::mem::take(&mut file.vendors) {
                linker.vendor(vendor)?;
            }
            files.push((built_in, file));
        }
        for (built_in, file) in files {
            for (id, name) in file.applications {
                linker.applications.entry(id).or_insert(name.into());
            }
            for avp in file.avps {
                groups.extend(linker.avp(avp, built_in)?);
            }
            commands.extend(file.commands);
            error_answer = error_answer.or(file.error_answer);
        }
        for (key, members, others) in groups {
            let parent = linker.avps.get(&key).map_or_else(String::new, |spec| spec.name.to_string());
            let grammar = linker.grammar(&parent, members, others)?;
            if let Some(spec) = linker.avps.get_mut(&key) {
                spec.members = grammar;
            }
        }
        for command in commands {
            linker.command(command)?;
        }
        let error_answer = linker.grammar("error-answer", error_answer.unwrap_or_default(), true)?;
        Ok(Dictionary::new(
            linker.vendors,
            linker.applications,
            linker.avps,
            linker.names,
            linker.commands.into_values().collect(),
            error_answer,
        ))
    }
}

fn read_file(path: &Path) -> Result<String, DictError> {
    let unreadable = |error| DictError::Unreadable { path: path.to_owned(), error };
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut octets = Vec::new();
    // One octet more than allowed is enough to know, whatever the file system says about the size.
    file.take(MAX_FILE + 1).read_to_end(&mut octets).map_err(unreadable)?;
    let found = octets.len() as u64;
    if found > MAX_FILE {
        let found = fs::metadata(path).map_or(found, |metadata| metadata.len());
        return Err(DictError::TooLarge { path: path.to_owned(), found });
    }
    String::from_utf8(octets).map_err(|error| {
        let line = error.as_bytes().iter().take(error.utf8_error().valid_up_to()).filter(|o| **o == b'\n');
        let at = super::Place { file: path.to_string_lossy().into(), line: line.count() + 1 };
        let problem = Problem::NotXml(error.utf8_error().to_string());
        DictError::Content { at, problem }
    })
}

/// Whether a second declaration calls the octets of an address without a family an address: dictionary files
/// have one word, IPAddress, for both.
fn bare_address(first: &AvpSpec, again: &declared::Avp) -> bool {
    let address = matches!(first.shown, Shown::Ipv4 | Shown::Ipv6 | Shown::Ipv6Prefix);
    address && again.format == DataFormat::Address
}

/// Members of a group that is declared, to be looked up when every AVP is known.
type OpenGroup = (u64, Vec<Member>, bool);

#[derive(Debug, Default)]
struct Linker {
    vendors: Vec<VendorSpec>,
    applications: BTreeMap<u32, Box<str>>,
    avps: BTreeMap<u64, AvpSpec>,
    names: BTreeMap<Box<str>, u64>,
    commands: BTreeMap<(u32, u32), CommandSpec>,
}

impl Linker {
    fn vendor(&mut self, vendor: declared::Vendor) -> Result<(), DictError> {
        match self.vendors.iter().find(|known| *known.id == *vendor.id) {
            None => {
                let (id, name) = (vendor.id.into(), vendor.name.into());
                let code = VendorId(vendor.code);
                self.vendors.push(VendorSpec { id, code, name, place: vendor.place });
                Ok(())
            }
            Some(known) if known.code.0 == vendor.code => Ok(()),
            Some(known) => {
                let first_at = known.place.clone();
                let problem = Problem::VendorTwice { name: vendor.id, first: known.code.0, first_at };
                Err(DictError::Content { at: vendor.place, problem })
            }
        }
    }

    fn vendor_number(&self, avp: &declared::Avp) -> Result<VendorId, DictError> {
        let Some(vendor) = &avp.vendor else { return Ok(VendorId::NONE) };
        if let Ok(number) = vendor.parse() {
            return Ok(VendorId(number));
        }
        let known = self.vendors.iter().find(|known| *known.id == **vendor).map(|known| known.code);
        known.ok_or_else(|| DictError::Content {
            at: avp.place.clone(),
            problem: Problem::UnknownVendor(vendor.clone()),
        })
    }

    /// Takes an AVP in; returns its members if it is a group that was not known before.
    fn avp(&mut self, avp: declared::Avp, built_in: bool) -> Result<Option<OpenGroup>, DictError> {
        let vendor = self.vendor_number(&avp)?;
        let key = avp_key(vendor, avp.code);
        match self.avps.entry(key) {
            Entry::Occupied(entry) => {
                let first = entry.get();
                if *first.name == *avp.name
                    && (first.format.same_octets(avp.format) || bare_address(first, &avp))
                {
                    return Ok(None);
                }
                let problem = Problem::KeyTwice {
                    code: avp.code,
                    vendor: vendor.0,
                    first: first.name.to_string(),
                    format: first.format,
                    first_at: first.place.clone(),
                    found: avp.name,
                    found_format: avp.format,
                };
                Err(DictError::Content { at: avp.place, problem })
            }
            Entry::Vacant(slot) => {
                if let Some(first) = self.names.get(&*avp.name).copied() {
                    let first_at = self.avps.get(&first).map_or(avp.place.clone(), |spec| spec.place.clone());
                    let problem = Problem::NameTwice {
                        name: avp.name,
                        code: (first & 0xffff_ffff) as u32,
                        vendor: (first >> 32) as u32,
                        first_at,
                        found_code: avp.code,
                        found_vendor: vendor.0,
                    };
                    return Err(DictError::Content { at: avp.place, problem });
                }
                self.names.insert(avp.name.as_str().into(), key);
                slot.insert(AvpSpec {
                    name: avp.name.into(),
                    code: avp.code,
                    vendor,
                    format: avp.format,
                    mandatory: avp.mandatory,
                    values: avp.values,
                    members: Grammar { rules: Vec::new(), others: true },
                    quoted: avp.quoted,
                    length: avp.length,
                    unit: avp.unit.map(Into::into),
                    shown: avp.shown,
                    source: avp.source.into(),
                    place: avp.place,
                    built_in,
                });
                Ok(Some((key, avp.members, avp.others)))
            }
        }
    }

    fn command(&mut self, command: declared::Command) -> Result<(), DictError> {
        let key = (command.application, command.code);
        if let Some(first) = self.commands.get(&key) {
            let (code, application, first_at) = (command.code, command.application, first.place.clone());
            let problem = Problem::CommandTwice { code, application, first_at };
            return Err(DictError::Content { at: command.place, problem });
        }
        let name = command.name;
        let request = self.message(&format!("{name}-Request"), command.request)?;
        let answer = self.message(&format!("{name}-Answer"), command.answer)?;
        let (code, application, place) = (command.code, command.application, command.place);
        let spec = CommandSpec { name: name.into(), code, application, request, answer, place };
        self.commands.insert(key, spec);
        Ok(())
    }

    fn message(&self, name: &str, direction: declared::Direction) -> Result<MessageSpec, DictError> {
        Ok(MessageSpec {
            abbreviation: direction.abbreviation.into(),
            // Every command of the base protocol and of Rx ends in *[ AVP ].
            grammar: self.grammar(name, direction.members, true)?,
            proxiable: direction.proxiable,
        })
    }

    fn grammar(&self, parent: &str, members: Vec<Member>, others: bool) -> Result<Grammar, DictError> {
        let rules = members.into_iter().map(|member| match self.names.get(&*member.name) {
            Some(&key) => Ok(Rule { key, min: member.min, max: member.max, fixed: member.fixed }),
            None => Err(DictError::Content {
                at: member.place,
                problem: Problem::UnknownMember { parent: parent.to_owned(), member: member.name },
            }),
        });
        Ok(Grammar { rules: rules.collect::<Result<_, _>>()?, others })
    }
}

impl Dictionary {
    /// The built-in files and every `.xml` file of a directory.
    ///
    /// An AVP that the built-in files have may be declared again with the same name and type: the built-in
    /// declaration stays. Any other second meaning is refused.
    pub fn with_directory(directory: impl AsRef<Path>) -> Result<Self, DictError> {
        let mut files = Files::built_in()?;
        files.add_directory(directory.as_ref())?;
        files.link()
    }

    /// The built-in files and further ones given as (name for messages, text).
    pub fn with_files<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, DictError> {
        let mut files = Files::built_in()?;
        for (name, text) in texts {
            if text.len() as u64 > MAX_FILE {
                return Err(DictError::TooLarge { path: name.into(), found: text.len() as u64 });
            }
            files.add(name, text, false)?;
        }
        files.link()
    }
}
