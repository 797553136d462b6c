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

/// Reads both members. Without an address of the UE the PCRF cannot know whom the request concerns: a session
/// has one, and keeps it.
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
        let moves = |new: &Option<Cow<'_, [u8]>>, old: &Option<Cow<'_, [u8]>>| new.is_some() && new != old;
        if moves(&address.v4, &known.v4) || moves(&address.v6, &known.v6) {
            let name = v4.or(v6).map_or("framedIPAddress", |(name, ..)| name);
            let why = "the UE's address of a session cannot change: remove the session and apply another";
            return Err(Invalid::value(members.at(name).to_string(), why));
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
    if address.v4.is_none() && address.v6.is_none() {
        let why = "the UE's address is required: give framedIPAddress or framedIPv6Prefix";
        return Err(Invalid::address("framedIPAddress", why));
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
