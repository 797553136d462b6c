//! framedIPAddress and framedIPv6Prefix: the UE's address, which the PCRF binds the session by.

use std::{
    borrow::Cow,
    net::{Ipv4Addr, Ipv6Addr},
};

use super::{
    Context, Invalid,
    json::{Members, Node, quoted},
};

/// Values of Framed-IP-Address and Framed-IPv6-Prefix.
#[derive(Debug, Default)]
pub(super) struct UeAddress {
    /// Four octets.
    pub v4: Option<Cow<'static, [u8]>>,
    /// A zero octet, the prefix length, the address (RFC 3162 §2.3).
    pub v6: Option<Cow<'static, [u8]>>,
}

const V4_FORMS: &str =
    "an IPv4 address (10.152.120.152), its 8 hexadecimal digits (0A987898) or an IPv6 address";
const V6_FORMS: &str =
    "an IPv6 address, one with /128, its 32 hexadecimal digits, or 36 with 0080 before them";

/// Reads both members. Without an address of the UE the PCRF cannot know whom the request concerns.
pub(super) fn ue_address(members: &mut Members<'_, '_, '_>) -> Result<UeAddress, Invalid> {
    let context = members.context;
    let mut address = UeAddress::default();
    let mut moved = None;
    if let Some((name, raw, text)) = given(members, "framedIPAddress")? {
        let node = members.node(name, raw);
        match ipv4(&text) {
            Some(found) if is_of_a_ue_v4(found) => address.v4 = Some(found.octets().to_vec().into()),
            Some(_) => return Err(node.refuse("the unicast address of a UE, not a reserved one")),
            None => {
                let found = text.parse().map_err(|_| node.refuse(V4_FORMS))?;
                moved = Some(full(found).ok_or_else(|| node.refuse("the unicast address of a UE"))?);
            }
        }
        members.show(name, &quoted(&text));
    }
    if let Some((name, raw, text)) = given(members, "framedIPv6Prefix")? {
        let node = members.node(name, raw);
        if moved.is_some() {
            return Err(
                node.refuse("nothing beside an IPv6 address in framedIPAddress: which of both is it?")
            );
        }
        address.v6 = Some(prefix(&text, &node, context)?);
        members.show(name, &quoted(&text));
    }
    address.v6 = address.v6.or(moved);
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

fn ipv4(text: &str) -> Option<Ipv4Addr> {
    match hex::<4>(text) {
        Some(octets) => Some(octets.into()),
        None => text.parse().ok(),
    }
}

/// Not 0.0.0.0, not multicast, not the values that mean a choice of the network (RFC 2865 §5.8).
fn is_of_a_ue_v4(address: Ipv4Addr) -> bool {
    let negotiated = [Ipv4Addr::BROADCAST, Ipv4Addr::new(255, 255, 255, 254)];
    !(address.is_unspecified() || address.is_multicast() || negotiated.contains(&address))
}

fn is_of_a_ue_v6(address: Ipv6Addr) -> bool {
    let mapped = address.to_ipv4_mapped().is_some();
    !(address.is_unspecified() || address.is_loopback() || address.is_multicast() || mapped)
}

fn full(address: Ipv6Addr) -> Option<Cow<'static, [u8]>> {
    is_of_a_ue_v6(address).then(|| encoded(128, address))
}

fn encoded(length: u8, address: Ipv6Addr) -> Cow<'static, [u8]> {
    let octets = address.octets();
    let kept = octets.iter().take(usize::from(length.div_ceil(8)));
    [0, length].iter().chain(kept).copied().collect::<Vec<u8>>().into()
}

fn prefix(text: &str, node: &Node<'_, '_>, context: &Context<'_>) -> Result<Cow<'static, [u8]>, Invalid> {
    let (length, address) = parts(text).ok_or_else(|| node.refuse(V6_FORMS))?;
    if !is_of_a_ue_v6(address) {
        return Err(node.refuse("the unicast address of a UE"));
    }
    if length == 128 {
        return Ok(encoded(128, address));
    }
    if !context.settings.short_ipv6_prefix {
        return Err(node.refuse("the full address of the UE, prefix length 128"));
    }
    let host = u128::MAX.checked_shr(u32::from(length)).unwrap_or(0);
    if length == 0 || u128::from(address) & host != 0 {
        return Err(node.refuse("a prefix whose bits behind its length are 0"));
    }
    Ok(encoded(length, address))
}

/// Prefix length and address of one of the accepted forms.
fn parts(text: &str) -> Option<(u8, Ipv6Addr)> {
    if let Some(octets) = hex::<16>(text) {
        return Some((128, octets.into()));
    }
    if let Some([0, length, octets @ ..]) = hex::<18>(text) {
        return (length <= 128).then(|| (length, octets.into()));
    }
    let (address, length) = match text.split_once('/') {
        Some((address, length)) if length.bytes().all(|digit| digit.is_ascii_digit()) => (address, length),
        Some(_) => return None,
        None => (text, "128"),
    };
    let length = length.parse().ok().filter(|length| *length <= 128)?;
    Some((length, address.parse().ok()?))
}

/// Exactly `N` octets in hexadecimal digits.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    super::octets_of_hex(text)?.try_into().ok()
}
