//! From a captured packet to what a transport protocol carries: link layer, IP, TCP or SCTP headers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A TCP segment or an SCTP packet, and between whom it went.
pub(super) struct Segment<'a> {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub payload: Payload<'a>,
}

pub(super) enum Payload<'a> {
    /// Sequence number, whether it opens the connection, and the data.
    Tcp { sequence: u32, syn: bool, data: &'a [u8] },
    /// Verification tag and the chunks that follow the common header (RFC 9260 §3).
    Sctp { tag: u32, chunks: &'a [u8] },
}

/// Why a packet was not looked into although it may carry Diameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// A link-layer header that is not understood.
    Link,
    /// A fragment of an IP packet.
    Fragment,
}

/// `None` for packets that are neither TCP nor SCTP, or are cut off before their data.
pub(super) fn segment(link: u32, packet: &[u8]) -> Result<Option<Segment<'_>>, Unread> {
    match network(link, packet)? {
        Some(octets) => match octets.first().map(|first| first >> 4) {
            Some(4) => ipv4(octets),
            Some(6) => ipv6(octets),
            _ => Ok(None),
        },
        None => Ok(None),
    }
}

/// The IP packet behind the link-layer header.
fn network(link: u32, packet: &[u8]) -> Result<Option<&[u8]>, Unread> {
    let skip = match link {
        // BSD loopback: the address family.
        0 | 108 => 4,
        // Raw IP.
        12 | 14 | 101 | 228 | 229 => 0,
        // Ethernet, Linux cooked v1 and v2: an EtherType, perhaps after VLAN tags.
        1 => return Ok(behind_ether_type(packet, 12)),
        113 => return Ok(behind_ether_type(packet, 14)),
        276 => {
            let ether_type = u16_at(packet, 0);
            return Ok(ether_type.filter(|is| is_ip(*is)).and_then(|_| packet.get(20..)));
        }
        _ => return Err(Unread::Link),
    };
    Ok(packet.get(skip..))
}

fn is_ip(ether_type: u16) -> bool {
    matches!(ether_type, 0x0800 | 0x86dd)
}

fn behind_ether_type(packet: &[u8], mut at: usize) -> Option<&[u8]> {
    // IEEE 802.1Q and 802.1ad tags: four octets each.
    while matches!(u16_at(packet, at)?, 0x8100 | 0x88a8 | 0x9100) {
        at += 4;
    }
    is_ip(u16_at(packet, at)?).then(|| packet.get(at + 2..))?
}

fn ipv4(octets: &[u8]) -> Result<Option<Segment<'_>>, Unread> {
    let read = || {
        let header = usize::from(octets.first()? & 0x0f) * 4;
        let total = usize::from(u16_at(octets, 2)?);
        let fragment = u16_at(octets, 6)? & 0x3fff != 0;
        let protocol = *octets.get(9)?;
        let from = Ipv4Addr::from(*octets.get(12..)?.first_chunk::<4>()?);
        let to = Ipv4Addr::from(*octets.get(16..)?.first_chunk::<4>()?);
        // Segmentation offload leaves the total length 0; a snapshot length may cut the packet short.
        let end = if total == 0 { octets.len() } else { total.min(octets.len()) };
        Some((fragment, protocol, from, to, octets.get(header..end)?))
    };
    match read() {
        Some((true, 6 | 132, ..)) => Err(Unread::Fragment),
        Some((_, protocol, from, to, payload)) => Ok(transport(protocol, from.into(), to.into(), payload)),
        None => Ok(None),
    }
}

fn ipv6(octets: &[u8]) -> Result<Option<Segment<'_>>, Unread> {
    let read = || {
        let length = usize::from(u16_at(octets, 4)?);
        let from = Ipv6Addr::from(*octets.get(8..)?.first_chunk::<16>()?);
        let to = Ipv6Addr::from(*octets.get(24..)?.first_chunk::<16>()?);
        let end = if length == 0 { octets.len() } else { (40 + length).min(octets.len()) };
        let mut protocol = *octets.get(6)?;
        let mut payload = octets.get(40..end)?;
        // Hop-by-hop options, routing, destination options (RFC 8200 §4).
        while matches!(protocol, 0 | 43 | 60) {
            let header = (usize::from(*payload.get(1)?) + 1) * 8;
            protocol = *payload.first()?;
            payload = payload.get(header..)?;
        }
        Some((protocol, from, to, payload))
    };
    match read() {
        Some((44, ..)) => Err(Unread::Fragment),
        Some((protocol, from, to, payload)) => Ok(transport(protocol, from.into(), to.into(), payload)),
        None => Ok(None),
    }
}

fn transport(protocol: u8, from: IpAddr, to: IpAddr, octets: &[u8]) -> Option<Segment<'_>> {
    let payload = match protocol {
        6 => {
            let header = usize::from(octets.get(12)? >> 4) * 4;
            let syn = octets.get(13)? & 0x02 != 0;
            Payload::Tcp { sequence: u32_at(octets, 4)?, syn, data: octets.get(header.max(20)..)? }
        }
        132 => Payload::Sctp { tag: u32_at(octets, 4)?, chunks: octets.get(12..)? },
        _ => return None,
    };
    let from = SocketAddr::new(from, u16_at(octets, 0)?);
    let to = SocketAddr::new(to, u16_at(octets, 2)?);
    Some(Segment { from, to, payload })
}

pub(super) fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..)?.first_chunk().map(|field| u16::from_be_bytes(*field))
}

pub(super) fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    octets.get(at..)?.first_chunk().map(|field| u32::from_be_bytes(*field))
}
