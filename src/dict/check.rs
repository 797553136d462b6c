//! A message against the grammar of its command (RFC 6733 §3.2, §7.1.3, §7.1.5, §7.5).
//!
//! What is found first in this order is reported: header, command, AVPs that nobody knows (5001), missing
//! ones (5005), too many (5009), not allowed (5008), wrong length (5014), wrong value (5004), flags (3009).
//! Among equals the first in the message counts, as Failed-AVP has room for one.
//!
//! Received messages are checked leniently: known AVPs may come with the M bit or without, and a number that
//! an enumeration has no name for is a value. Route-Record in answers, as relays add it, is one of the AVPs
//! that every grammar leaves room for.

use std::fmt;

use crate::wire::{Avp, AvpFlags, Avps, CommandFlags, Message, VendorId, Writer};

use super::{AvpSpec, DataFormat, Dictionary, Grammar, MandatoryRule, Rule, Shown, result};

/// How closely flags and enumerations are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// For what is received.
    #[default]
    Lenient,
    /// Also the M bit of every known AVP (3009), the P bit (3008) and the values of enumerations (5004): for
    /// our own messages, and for a peer that imitates a strict one.
    Strict,
}

/// Why a message is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Result-Code that tells the sender.
    pub result_code: u32,
    /// The reason in words, for Error-Message and the log.
    pub reason: String,
    /// What Failed-AVP holds: one AVP, encoded and padded, inside the groups it was found in.
    pub failed_avp: Option<Vec<u8>>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.reason, self.result_code)
    }
}

impl std::error::Error for Violation {}

/// Checks a message; it was indexed with this dictionary's [`is_grouped`](Dictionary::is_grouped).
pub fn check(
    dictionary: &Dictionary,
    message: &Message<'_>,
    strictness: Strictness,
) -> Result<(), Violation> {
    let header = message.header();
    let is_error = header.flags.contains(CommandFlags::ERROR);
    if header.is_request() && is_error {
        return Err(without_avp(result::INVALID_HDR_BITS, "the E bit is set in a request".to_owned()));
    }
    let command = dictionary
        .command(header.application, header.command)
        .or_else(|| dictionary.command(super::BASE_APPLICATION_ID, header.command));
    let Some(command) = command else {
        let known = dictionary.commands().any(|known| known.application == header.application);
        return Err(match known {
            true => without_avp(
                result::COMMAND_UNSUPPORTED,
                format!("application {} has no command {} here", header.application, header.command),
            ),
            false => without_avp(
                result::APPLICATION_UNSUPPORTED,
                format!("application {} is not supported", header.application),
            ),
        });
    };
    let strict = strictness == Strictness::Strict;
    let proxiable = header.flags.contains(CommandFlags::PROXIABLE);
    if strict && header.is_request() && proxiable != command.request.proxiable {
        let rule = if proxiable { "must not be" } else { "must be" };
        let reason = format!("the P bit {rule} set in {}", command.request.abbreviation);
        return Err(without_avp(result::INVALID_HDR_BITS, reason));
    }
    let spec = command.message(header.is_request());
    let grammar = if is_error { dictionary.error_answer() } else { &spec.grammar };
    let mut pass = Pass { dictionary, strict, path: Vec::new(), found: None };
    pass.level(message.avps(), grammar, &spec.abbreviation);
    pass.found.map_or(Ok(()), |(_, violation)| Err(violation))
}

fn without_avp(result_code: u32, reason: String) -> Violation {
    Violation { result_code, reason, failed_avp: None }
}

/// What can be wrong with the AVPs, in the order in which it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Unsupported,
    Missing,
    TooMany,
    NotAllowed,
    Length,
    Value,
    Flags,
}

impl Fault {
    const fn result_code(self) -> u32 {
        match self {
            Self::Unsupported => result::AVP_UNSUPPORTED,
            Self::Missing => result::MISSING_AVP,
            Self::TooMany => result::AVP_OCCURS_TOO_MANY_TIMES,
            Self::NotAllowed => result::AVP_NOT_ALLOWED,
            Self::Length => result::INVALID_AVP_LENGTH,
            Self::Value => result::INVALID_AVP_VALUE,
            Self::Flags => result::INVALID_AVP_BITS,
        }
    }
}

/// One walk over all levels; what comes first in the order of [`Fault`] is kept.
struct Pass<'d, 'm> {
    dictionary: &'d Dictionary,
    strict: bool,
    /// The groups around the AVPs at hand, from the outside in.
    path: Vec<Avp<'m>>,
    found: Option<(Fault, Violation)>,
}

impl<'m> Pass<'_, 'm> {
    /// Checks the AVPs of one level. The parser has bounded the depth.
    fn level(&mut self, avps: Avps<'m>, grammar: &Grammar, parent: &str) {
        let mut counts = vec![0u32; grammar.rules.len()];
        for avp in avps.iter() {
            let spec = self.dictionary.avp_by_key(avp.key());
            let rules = grammar.rules.iter().zip(&mut counts);
            match rules.into_iter().find(|(rule, _)| rule.key == avp.key()) {
                Some((rule, count)) => {
                    *count += 1;
                    if rule.max == Some(0) {
                        self.not_allowed(avp, parent);
                    } else if let Some(max) = rule.max.filter(|max| *count > *max) {
                        let name = name(self.dictionary, avp);
                        self.quote(Fault::TooMany, avp, || format!("more than {max} {name} in {parent}"));
                    }
                }
                None if !grammar.others && spec.is_some() => self.not_allowed(avp, parent),
                None => {}
            }
            match spec {
                Some(spec) => self.known(avp, spec),
                None if avp.flags().contains(AvpFlags::MANDATORY) => {
                    let (code, vendor) = (avp.code(), avp.vendor().0);
                    self.quote(Fault::Unsupported, avp, || {
                        format!("AVP {code} of vendor {vendor} is not known and has the M bit")
                    });
                }
                None => {}
            }
        }
        for (position, (rule, count)) in grammar.rules.iter().zip(counts).enumerate() {
            let misplaced =
                || rule.fixed && avps.iter().nth(position).is_none_or(|avp| avp.key() != rule.key);
            if count < rule.min || rule.min > 0 && misplaced() {
                self.missing(*rule, count, position, parent);
            }
        }
    }

    fn known(&mut self, avp: Avp<'m>, spec: &AvpSpec) {
        let name = &spec.name;
        if let Err((fault, reason)) = value(avp.data(), spec, self.strict) {
            self.quote(fault, avp, || format!("{name} {reason}"));
        }
        let wrong_bit = match (spec.mandatory, avp.flags().contains(AvpFlags::MANDATORY)) {
            (MandatoryRule::Must, false) => Some("must be"),
            (MandatoryRule::MustNot, true) => Some("must not be"),
            _ => None,
        };
        if let Some(rule) = wrong_bit.filter(|_| self.strict) {
            self.quote(Fault::Flags, avp, || format!("the M bit {rule} set in {name}"));
        }
        if spec.is_opened() {
            self.path.push(avp);
            self.level(avp.children(), &spec.members, name);
            self.path.pop();
        }
    }

    fn not_allowed(&mut self, avp: Avp<'m>, parent: &str) {
        let name = name(self.dictionary, avp);
        self.quote(Fault::NotAllowed, avp, || format!("{name} must not be in {parent}"));
    }

    fn missing(&mut self, rule: Rule, count: u32, position: usize, parent: &str) {
        let Some(spec) = self.dictionary.avp_by_key(rule.key) else { return };
        let reason = || match count < rule.min {
            true => format!("{} is missing in {parent}", spec.name),
            false => format!("{} must be AVP number {} of {parent}", spec.name, position + 1),
        };
        self.keep(Fault::Missing, reason, || example(spec));
    }

    /// Keeps a fault whose Failed-AVP quotes the AVP.
    fn quote(&mut self, fault: Fault, avp: Avp<'m>, reason: impl FnOnce() -> String) {
        self.keep(fault, reason, || avp.padded_octets().to_vec());
    }

    fn keep(&mut self, fault: Fault, reason: impl FnOnce() -> String, inner: impl FnOnce() -> Vec<u8>) {
        if self.found.as_ref().is_some_and(|(first, _)| *first <= fault) {
            return;
        }
        let wrap =
            |inner: Vec<u8>, group: &Avp<'_>| encode(group.code(), group.vendor(), group.flags(), &inner);
        let failed_avp = Some(self.path.iter().rev().fold(inner(), wrap));
        self.found =
            Some((fault, Violation { result_code: fault.result_code(), reason: reason(), failed_avp }));
    }
}

/// Name of an AVP, or its numbers.
fn name(dictionary: &Dictionary, avp: Avp<'_>) -> String {
    match dictionary.avp_by_key(avp.key()) {
        Some(spec) => spec.name.to_string(),
        None => format!("AVP {} of vendor {}", avp.code(), avp.vendor().0),
    }
}

/// Checks the data of an AVP against its format and its specification's bounds.
fn value(data: &[u8], spec: &AvpSpec, strict: bool) -> Result<(), (Fault, String)> {
    let length = |expected: String| {
        Err((Fault::Length, format!("has {} octets of data, {expected} are right", data.len())))
    };
    if let Some(size) = spec.format.size().filter(|size| *size != data.len()) {
        return length(size.to_string());
    }
    if let Some((min, max)) = spec.length
        && !(min as usize..=max as usize).contains(&data.len())
    {
        return length(if min == max { min.to_string() } else { format!("{min} to {max}") });
    }
    let wrong = |why: &str| Err((Fault::Value, why.to_owned()));
    match spec.format {
        DataFormat::Address => match data {
            [0, 1, address @ ..] if address.len() != 4 => length("6 for IPv4".to_owned()),
            [0, 2, address @ ..] if address.len() != 16 => length("18 for IPv6".to_owned()),
            // 8: E.164, text of any length.
            [0, 1 | 2 | 8, ..] => Ok(()),
            [_, _, ..] => wrong("is of an address family that is not IPv4, IPv6 or E.164"),
            _ => length("6 for IPv4 and 18 for IPv6".to_owned()),
        },
        DataFormat::Utf8String | DataFormat::IpFilterRule | DataFormat::QosFilterRule => {
            if std::str::from_utf8(data).is_ok() {
                Ok(())
            } else {
                wrong("is not UTF-8")
            }
        }
        DataFormat::DiameterIdentity => {
            let name = !data.is_empty() && data.iter().all(u8::is_ascii_graphic);
            if name { Ok(()) } else { wrong("is not a host or realm name") }
        }
        DataFormat::DiameterUri => {
            let uri = data.starts_with(b"aaa://") || data.starts_with(b"aaas://");
            if uri && data.is_ascii() { Ok(()) } else { wrong("is not an aaa:// or aaas:// URI") }
        }
        DataFormat::Enumerated if strict && !spec.values.is_empty() => {
            let number = <[u8; 4]>::try_from(data).map(u32::from_be_bytes).unwrap_or_default();
            if spec.value_name(number).is_some() { Ok(()) } else { wrong("has a value without a name") }
        }
        DataFormat::OctetString if spec.shown == Shown::Ipv6Prefix => match data {
            [_, bits, prefix @ ..] if *bits <= 128 && prefix.len() >= usize::from(bits.div_ceil(8)) => Ok(()),
            _ => wrong("has a prefix length that its octets do not have"),
        },
        _ => Ok(()),
    }
}

/// A missing AVP as Failed-AVP quotes it: the least data, zeroed (RFC 6733 §7.5).
fn example(spec: &AvpSpec) -> Vec<u8> {
    let least = match spec.format {
        DataFormat::Address => 6,
        format => format.size().unwrap_or(spec.length.map_or(0, |(min, _)| min as usize)),
    };
    let flags = match spec.mandatory {
        MandatoryRule::Must => AvpFlags::MANDATORY,
        MandatoryRule::May | MandatoryRule::MustNot => AvpFlags::NONE,
    };
    // A specification's least length is a few octets; a loaded file could ask for megabytes.
    encode(spec.code, spec.vendor, flags, &vec![0; least.min(64)])
}

fn encode(code: u32, vendor: VendorId, flags: AvpFlags, data: &[u8]) -> Vec<u8> {
    // Header with Vendor-ID, data, padding.
    let mut octets = vec![0; 12 + data.len() + 3];
    let mut writer = Writer::avps_only(&mut octets);
    writer.put_raw(code, vendor, flags, data);
    let length = writer.position();
    octets.truncate(length);
    octets
}

#[cfg(test)]
mod tests;
