//! The UE's address in the forms that the interface shows, as Framed-IP-Address and Framed-IPv6-Prefix.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{ValueError, octets_of_hex};

/// An address of a UE, encoded as the data of the AVP that carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UeAddress {
    /// Framed-IP-Address: four octets.
    V4([u8; 4]),
    /// Framed-IPv6-Prefix: a zero octet, the prefix length, the address (RFC 3162 §2.3).
    V6(Vec<u8>),
}

const V4_FORMS: &str =
    "an IPv4 address (10.152.120.152), its 8 hexadecimal digits (0A987898) or an IPv6 address";
const V6_FORMS: &str =
    "an IPv6 address, one with /128, its 32 hexadecimal digits, or 36 with 0080 before them";

/// framedIPAddress: IPv4, or an IPv6 address, which goes into Framed-IPv6-Prefix.
pub fn ue_address(text: &str) -> Result<UeAddress, ValueError> {
    match ipv4(text) {
        Some(found) if is_of_a_ue_v4(found) => Ok(UeAddress::V4(found.octets())),
        Some(_) => Err(ValueError::accepted("the unicast address of a UE, not a reserved one")),
        None => {
            let found: Ipv6Addr = text.parse().map_err(|_| ValueError::accepted(V4_FORMS))?;
            match is_of_a_ue_v6(found) {
                true => Ok(UeAddress::V6(encoded(128, found))),
                false => Err(ValueError::accepted("the unicast address of a UE")),
            }
        }
    }
}

/// framedIPv6Prefix: the full address (TS 29.214 §4.4.1), or with `short` a prefix whose other bits are 0.
pub fn ipv6_prefix(text: &str, short: bool) -> Result<Vec<u8>, ValueError> {
    let (length, address) = parts(text).ok_or_else(|| ValueError::accepted(V6_FORMS))?;
    if !is_of_a_ue_v6(address) {
        return Err(ValueError::accepted("the unicast address of a UE"));
    }
    if length == 128 {
        return Ok(encoded(128, address));
    }
    if !short {
        return Err(ValueError::accepted("the full address of the UE, prefix length 128"));
    }
    let host = u128::MAX.checked_shr(u32::from(length)).unwrap_or(0);
    if length == 0 || u128::from(address) & host != 0 {
        return Err(ValueError::accepted("a prefix whose bits behind its length are 0"));
    }
    Ok(encoded(length, address))
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

fn encoded(length: u8, address: Ipv6Addr) -> Vec<u8> {
    let octets = address.octets();
    let kept = octets.iter().take(usize::from(length.div_ceil(8)));
    [0, length].iter().chain(kept).copied().collect()
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
    octets_of_hex(text)?.try_into().ok()
}
