//! Rust source from the dictionary: the constants of `avp.rs`, the enumerations of `enums.rs` and the
//! predicate of `grouped.rs`, laid out as rustfmt does it.
//!
//! `cargo run --example gen_avp` writes them; `tests/dictionary.rs` compares them with what is committed.

use std::fmt::Write as _;

use super::{AvpSpec, DataFormat, Dictionary, MandatoryRule};

/// rustfmt.toml: max_width.
const WIDTH: usize = 110;

/// A generated file: its path in the package and its text.
#[derive(Debug)]
pub struct Source {
    /// Path from the root of the package.
    pub path: &'static str,
    /// The text.
    pub text: String,
}

/// Everything that is generated.
pub fn sources(dictionary: &Dictionary) -> Vec<Source> {
    vec![
        Source { path: "src/dict/avp.rs", text: constants(dictionary) },
        Source { path: "src/dict/enums.rs", text: enumerations(dictionary) },
        Source { path: "src/dict/grouped.rs", text: predicate(dictionary) },
        Source { path: "src/dict/formats.rs", text: formats(dictionary) },
    ]
}

const HEADER: &str = "\
// Generated from avp-dictionary/ by `cargo run --example gen_avp`; change the files there.\n\n";

fn constants(dictionary: &Dictionary) -> String {
    let mut out = String::from(HEADER);
    out.insert_str(0, "//! Every AVP of the built-in dictionary as a typed constant.\n\n");
    let mut formats: Vec<&str> = dictionary
        .avps()
        .filter(|spec| spec.format != DataFormat::Enumerated)
        .map(|spec| marker(spec.format))
        .collect();
    formats.extend(["AvpDef", "Enumerated", "VendorId"]);
    formats.sort_unstable();
    formats.dedup();
    let mut names = String::new();
    let mut line = String::new();
    for name in formats {
        if line.len() + name.len() + 6 > WIDTH {
            let _ = writeln!(names, "    {}", line.trim_end());
            line.clear();
        }
        let _ = write!(line, "{name}, ");
    }
    let _ = writeln!(names, "    {}", line.trim_end());
    let _ = write!(out, "use crate::wire::{{\n{names}}};\n\nuse super::enums;\n");
    for spec in dictionary.avps() {
        let (constant, format) = (constant_name(&spec.name), type_name(spec));
        let unit = spec.unit.as_deref().map_or_else(String::new, |unit| format!(" Unit: {unit}."));
        let _ = write!(out, "\n/// `{}` ({}).{unit}\n", spec.name, spec.source);
        let vendor = match spec.vendor.0 {
            0 => "VendorId::NONE".to_owned(),
            10415 => "VendorId::TGPP".to_owned(),
            13019 => "VendorId::ETSI".to_owned(),
            other => format!("VendorId({other})"),
        };
        let mandatory = spec.mandatory == MandatoryRule::Must;
        let value = format!("AvpDef::new(\"{}\", {}, {vendor}, {mandatory});", spec.name, spec.code);
        let left = format!("pub const {constant}: AvpDef<{format}> =");
        let separator = if left.len() + 1 + value.len() > WIDTH { "\n    " } else { " " };
        let _ = writeln!(out, "{left}{separator}{value}");
    }
    out
}

fn enumerations(dictionary: &Dictionary) -> String {
    let mut out = String::from(
        "//! The enumerations of the built-in dictionary, open: a number without a name is a value too.\n\n",
    );
    out.push_str(HEADER);
    out.push_str("use super::enumeration::enumeration;\n");
    for spec in dictionary.avps().filter(|spec| has_type(spec)) {
        let _ = write!(
            out,
            "\nenumeration! {{\n    /// Values of `{}` ({}).\n    {} {{\n",
            spec.name,
            spec.source,
            camel_case(&spec.name)
        );
        for item in &spec.values {
            let _ =
                writeln!(out, "        {} = {}, \"{}\";", constant_name(&item.name), item.value, item.name);
        }
        out.push_str("    }\n}\n");
    }
    out
}

fn predicate(dictionary: &Dictionary) -> String {
    let keys: Vec<u64> = dictionary.avps().filter(|spec| spec.is_opened()).map(AvpSpec::key).collect();
    let (multiplier, bits) = perfect_hash(&keys);
    let slot = |key: u64| ((key as u32).wrapping_mul(multiplier) >> (32 - bits)) as usize;
    // An empty slot holds a key that belongs into another one: 0 is at home in slot 0.
    let mut table = vec![0u64; 1 << bits];
    if let Some(home) = table.first_mut() {
        *home = u64::MAX;
    }
    for key in &keys {
        if let Some(place) = table.get_mut(slot(*key)) {
            *place = *key;
        }
    }
    let mut out =
        String::from("//! Which AVPs of the built-in dictionary are groups, in five instructions.\n\n");
    out.push_str(HEADER);
    let _ = write!(
        out,
        "/// Spreads the codes of all {} groups over slots of their own.\nconst MULTIPLIER: u32 = {multiplier:#x};\n\n\
         /// The key at home in each slot; an empty slot holds one that is not.\n#[rustfmt::skip]\nstatic GROUPS: [u64; {}] = [\n",
        keys.len(),
        table.len()
    );
    let mut line = String::from("   ");
    for key in &table {
        let text = format!(" {key:#x},");
        if line.len() + text.len() > WIDTH {
            let _ = writeln!(out, "{line}");
            line.truncate(3);
        }
        line.push_str(&text);
    }
    let _ = write!(
        out,
        "{line}\n];\n\n\
         /// Whether a parser opens the AVP of this key (vendor in the upper 32 bits, code in the lower).\n\
         ///\n\
         /// Asked once per AVP of every message: one multiplication, one load, no branch. False for Failed-AVP,\n\
         /// whose content is quoted from a message that was wrong: [`walk`](crate::wire::walk) reads it.\n\
         #[inline(always)]\n\
         pub fn is_grouped(key: u64) -> bool {{\n    \
             // {} bits of the product are left, which is the number of slots: no slot is out of bounds.\n    \
             GROUPS[((key as u32).wrapping_mul(MULTIPLIER) >> {}) as usize] == key\n}}\n",
        bits,
        32 - bits,
    );
    out
}

/// The format of every AVP, in the order of the keys.
fn formats(dictionary: &Dictionary) -> String {
    let mut out = String::from("//! The format of every AVP of the built-in dictionary.\n\n");
    out.push_str(HEADER);
    let _ = write!(
        out,
        "use super::DataFormat;\n\n\
         /// Vendor in the upper 32 bits, code in the lower; in order.\n\
         #[rustfmt::skip]\npub(super) const FORMATS: [(u64, DataFormat); {}] = [\n",
        dictionary.avps().len()
    );
    for spec in dictionary.avps() {
        let _ = writeln!(out, "    ({:#x}, DataFormat::{:?}), // {}", spec.key(), spec.format, spec.name);
    }
    out.push_str("];\n");
    out
}

/// A multiplier and a number of bits such that the code of every key has a slot of its own.
///
/// Of the code alone, as that is multiplied in one instruction: no two vendors have a group of one code.
fn perfect_hash(keys: &[u64]) -> (u32, u32) {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for bits in 7..16u32 {
        for _ in 0..200_000 {
            // Xorshift: the same numbers in every run.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let multiplier = state as u32 | 1;
            let mut used = vec![false; 1 << bits];
            let fits = keys.iter().chain(&[u64::MAX]).all(|key| {
                let slot = ((*key as u32).wrapping_mul(multiplier) >> (32 - bits)) as usize;
                used.get_mut(slot).is_some_and(|used| slot != 0 && !std::mem::replace(used, true))
            });
            if fits {
                return (multiplier, bits);
            }
        }
    }
    unreachable!("65,536 slots hold a few dozen codes apart, unless two groups have one code")
}

/// Whether the AVP's values get a type: enumerations, and numbers that have named values.
fn has_type(spec: &AvpSpec) -> bool {
    spec.format == DataFormat::Enumerated || !spec.values.is_empty()
}

/// The format parameter of the AVP's constant.
fn type_name(spec: &AvpSpec) -> String {
    match spec.format {
        DataFormat::Enumerated => format!("Enumerated<enums::{}>", camel_case(&spec.name)),
        format => marker(format).to_owned(),
    }
}

const fn marker(format: DataFormat) -> &'static str {
    match format {
        DataFormat::OctetString => "OctetString",
        DataFormat::Integer32 => "Integer32",
        DataFormat::Integer64 => "Integer64",
        DataFormat::Unsigned32 => "Unsigned32",
        DataFormat::Unsigned64 => "Unsigned64",
        DataFormat::Float32 => "Float32",
        DataFormat::Float64 => "Float64",
        DataFormat::Grouped => "Grouped",
        DataFormat::Address => "Address",
        DataFormat::Time => "Time",
        DataFormat::Utf8String => "Utf8String",
        DataFormat::DiameterIdentity => "DiameterIdentity",
        DataFormat::DiameterUri => "DiameterUri",
        DataFormat::Enumerated => "Enumerated",
        DataFormat::IpFilterRule => "IpFilterRule",
        DataFormat::QosFilterRule => "QosFilterRule",
    }
}

/// `3GPP-SGSN-MCC-MNC` -> `TGPP_SGSN_MCC_MNC`.
fn constant_name(name: &str) -> String {
    let name = match (name.strip_prefix("3GPP"), name.strip_prefix("5G")) {
        (Some(rest), _) => format!("TGPP{rest}"),
        (_, Some(rest)) => format!("FIVEG{rest}"),
        _ => name.to_owned(),
    };
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_uppercase).collect::<Vec<_>>().join("_")
}

/// `IP-CAN-Type` -> `IpCanType`.
fn camel_case(name: &str) -> String {
    let mut out = String::new();
    for word in name.split('-') {
        let (first, rest) = word.split_at(word.len().min(1));
        out.push_str(&first.to_ascii_uppercase());
        let shouted = !word.contains(|c: char| c.is_ascii_lowercase());
        out.push_str(&if shouted { rest.to_ascii_lowercase() } else { rest.to_owned() });
    }
    out
}
