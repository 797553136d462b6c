//! framedIPAddress and framedIPv6Prefix: the UE's address, which the PCRF binds the session by.

use std::borrow::Cow;

use super::{
    Invalid,
    json::{Members, quoted},
};
use crate::template::value;

/// Values of Framed-IP-Address and Framed-IPv6-Prefix.
#[derive(Debug, Default)]
pub(super) struct UeAddress {
    /// Four octets.
    pub v4: Option<Cow<'static, [u8]>>,
    /// A zero octet, the prefix length, the address (RFC 3162 §2.3).
    pub v6: Option<Cow<'static, [u8]>>,
}

impl UeAddress {
    /// Whether there is none. Without one the PCRF cannot know whom a request concerns.
    pub fn is_missing(&self) -> bool {
        self.v4.is_none() && self.v6.is_none()
    }

    /// Whether this one, as far as it is given, is not that one.
    pub fn moves(&self, known: &Self) -> bool {
        let moves = |new: &Option<Cow<'_, [u8]>>, old: &Option<Cow<'_, [u8]>>| new.is_some() && new != old;
        moves(&self.v4, &known.v4) || moves(&self.v6, &known.v6)
    }
}

/// What is wrong with another address for a session.
pub(super) const MOVED: &str =
    "the UE's address of a session cannot change: remove the session and apply another";

/// What is wrong with no address at all.
pub(super) fn missing() -> Invalid {
    let why = "the UE's address is required: give framedIPAddress or framedIPv6Prefix";
    Invalid::address("framedIPAddress", why)
}

/// Reads both members. A session keeps the address that it has.
pub(super) fn ue_address(members: &mut Members<'_, '_, '_>) -> Result<UeAddress, Invalid> {
    let context = members.context;
    let v4 = given(members, "framedIPAddress")?;
    let v6 = given(members, "framedIPv6Prefix")?;
    let mut address = UeAddress::default();
    let mut moved = None;
    if let Some((name, raw, text)) = &v4 {
        let node = members.node(name, raw);
        match value::ue_address(text).map_err(|error| node.refuse_for(error))? {
            value::UeAddress::V4(octets) => address.v4 = Some(octets.to_vec().into()),
            value::UeAddress::V6(octets) => moved = Some(octets.into()),
        }
    }
    if let Some((name, raw, text)) = &v6 {
        let node = members.node(name, raw);
        if moved.is_some() {
            return Err(
                node.refuse("nothing beside an IPv6 address in framedIPAddress: which of both is it?")
            );
        }
        let prefix = value::ipv6_prefix(text, context.settings.short_ipv6_prefix);
        address.v6 = Some(prefix.map_err(|error| node.refuse_for(error))?.into());
    }
    address.v6 = address.v6.or(moved);
    if let Some(before) = &context.before {
        let known = before.address()?;
        if address.moves(&known) {
            let name = v4.or(v6).map_or("framedIPAddress", |(name, ..)| name);
            return Err(Invalid::value(members.at(name).to_string(), MOVED));
        }
        return Ok(known);
    }
    for (name, _, text) in v4.iter().chain(&v6) {
        members.show(name, &quoted(text));
    }
    if address.v4.is_some() && address.v6.is_some() {
        let path = members.at("framedIPv6Prefix");
        if context.is_strict() {
            let why = "a session has one address, IPv4 or IPv6 (TS 29.214 §4.4.1)";
            return Err(Invalid::value(path.to_string(), why));
        }
        context.warn(&path, "both addresses are sent; TS 29.214 §4.4.1 has one");
    }
    Ok(address)
}

/// A member's text, empty counting as none, with its name and value to complain about.
fn given<'j>(
    members: &mut Members<'j, '_, '_>,
    name: &'static str,
) -> Result<Option<(&'static str, &'j str, String)>, Invalid> {
    let Some((name, raw)) = members.take(&[name])? else { return Ok(None) };
    let text = members.node(name, raw).text()?;
    Ok((!text.is_empty()).then_some((name, raw, text)))
}
