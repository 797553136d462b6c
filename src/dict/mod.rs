//! What the numbers mean: AVPs, commands, enumerations and result codes by code and by name.
//!
//! The XML files of `avp-dictionary/` are the only place where AVP codes are written by hand. They are
//! embedded in the program ([`Dictionary::builtin`]) and generate the constants of [`avp`] and the
//! enumerations of [`enums`] (`cargo run --example gen_avp`); an operator's own files are loaded beside them
//! ([`Dictionary::with_directory`]).

use std::{collections::BTreeMap, sync::OnceLock};

use crate::wire::{VendorId, avp_key};

pub mod avp;
mod changes;
pub mod check;
pub mod commands;
mod declared;
pub mod dump;
mod enumeration;
pub mod enums;
mod error;
mod formats;
pub mod generate;
mod grouped;
mod load;
mod model;
pub mod result;
mod value;
mod xml;

pub use check::{Strictness, Violation, check};
pub use commands::command_name;
pub use enumeration::same_name;
pub use error::{DictError, Place, Problem};
pub use grouped::is_grouped;
pub use load::MAX_FILE;
pub use model::{
    AvpSpec, CommandSpec, DataFormat, EnumItem, Grammar, MandatoryRule, MessageSpec, Rule, Shown, VendorSpec,
};
pub use value::{Value, format_of};

/// Application-Id of Rx (TS 29.214 §5.1).
pub const RX_APPLICATION_ID: u32 = 16_777_236;
/// Application-Id of the base protocol: CER, DWR and DPR (RFC 6733 §2.4).
pub const BASE_APPLICATION_ID: u32 = 0;
/// Application-Id that a relay advertises: common with every application (RFC 6733 §2.4).
pub const RELAY_APPLICATION_ID: u32 = 0xffff_ffff;

/// AVPs, commands, vendors and applications; immutable once made.
#[derive(Debug)]
pub struct Dictionary {
    vendors: Vec<VendorSpec>,
    applications: BTreeMap<u32, Box<str>>,
    /// In the order of their keys.
    avps: Vec<AvpSpec>,
    names: BTreeMap<Box<str>, u64>,
    commands: Vec<CommandSpec>,
    error_answer: Grammar,
    /// Keys of the loaded groups, which the generated predicate does not have. In order.
    loaded_groups: Vec<u64>,
}

impl Dictionary {
    /// The dictionary that comes with the program.
    pub fn builtin() -> &'static Self {
        static BUILT_IN: OnceLock<Dictionary> = OnceLock::new();
        BUILT_IN.get_or_init(|| {
            let linked = load::Files::built_in().and_then(load::Files::link);
            linked.expect("tests/dictionary.rs loads the embedded files")
        })
    }

    fn new(
        vendors: Vec<VendorSpec>,
        applications: BTreeMap<u32, Box<str>>,
        avps: BTreeMap<u64, AvpSpec>,
        names: BTreeMap<Box<str>, u64>,
        commands: Vec<CommandSpec>,
        error_answer: Grammar,
    ) -> Self {
        let loaded = avps.iter().filter(|(_, spec)| !spec.built_in && spec.is_opened());
        let loaded_groups = loaded.map(|(key, _)| *key).collect();
        let avps = avps.into_values().collect();
        Self { vendors, applications, avps, names, commands, error_answer, loaded_groups }
    }

    /// The AVP of a vendor and code.
    pub fn avp(&self, vendor: VendorId, code: u32) -> Option<&AvpSpec> {
        self.avp_by_key(avp_key(vendor, code))
    }

    /// The AVP of a key; see [`avp_key`].
    pub fn avp_by_key(&self, key: u64) -> Option<&AvpSpec> {
        let position = self.avps.binary_search_by_key(&key, AvpSpec::key).ok()?;
        self.avps.get(position)
    }

    /// The AVP of a name, spelled as its specification prints it.
    pub fn avp_by_name(&self, name: &str) -> Option<&AvpSpec> {
        self.avp_by_key(*self.names.get(name)?)
    }

    /// Every AVP, in the order of vendor and code.
    pub fn avps(&self) -> impl ExactSizeIterator<Item = &AvpSpec> {
        self.avps.iter()
    }

    /// Whether a parser opens the AVP of this key: [`is_grouped`] with the loaded AVPs.
    #[inline]
    pub fn is_grouped(&self, key: u64) -> bool {
        is_grouped(key) || !self.loaded_groups.is_empty() && self.loaded_groups.binary_search(&key).is_ok()
    }

    /// The command of an application; `None` also for those that only have a name.
    pub fn command(&self, application: u32, code: u32) -> Option<&CommandSpec> {
        self.commands.iter().find(|spec| spec.application == application && spec.code == code)
    }

    /// Every command with a grammar.
    pub fn commands(&self) -> impl ExactSizeIterator<Item = &CommandSpec> {
        self.commands.iter()
    }

    /// What an answer with the E bit holds, whatever its command (RFC 6733 §7.2).
    pub fn error_answer(&self) -> &Grammar {
        &self.error_answer
    }

    /// Name of an application.
    pub fn application_name(&self, id: u32) -> Option<&str> {
        match id {
            BASE_APPLICATION_ID => Some("Diameter base"),
            RELAY_APPLICATION_ID => Some("Relay"),
            _ => self.applications.get(&id).map(|name| &**name),
        }
    }

    /// The vendor of a symbolic name, or of a name for people; the case of letters does not matter.
    pub fn vendor(&self, name: &str) -> Option<VendorId> {
        let is =
            |known: &VendorSpec| known.id.eq_ignore_ascii_case(name) || known.name.eq_ignore_ascii_case(name);
        self.vendors.iter().find(|known| is(known)).map(|known| known.code)
    }

    /// Every vendor, by its symbolic names: one may have several.
    pub fn vendors(&self) -> impl ExactSizeIterator<Item = &VendorSpec> {
        self.vendors.iter()
    }

    /// Name of a vendor, for people.
    pub fn vendor_name(&self, vendor: VendorId) -> Option<&str> {
        self.vendors.iter().find(|known| known.code == vendor).map(|known| &*known.name)
    }
}
