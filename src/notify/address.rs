//! Which addresses may be connected to: the guard against requests into networks that only the gateway sees.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(a: u16, b: u16, c: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

/// IPv4 networks in which no application of somebody else is (IANA's special-purpose registry, RFC 6890).
const REFUSED_V4: [(Ipv4Net, &str); 17] = [
    (v4(0, 0, 0, 0, 32), "unspecified (RFC 1122 §3.2.1.3)"),
    (v4(0, 0, 0, 0, 8), "this network (RFC 1122 §3.2.1.3)"),
    (v4(10, 0, 0, 0, 8), "private (RFC 1918)"),
    (v4(100, 64, 0, 0, 10), "shared address space of carriers (RFC 6598)"),
    (v4(127, 0, 0, 0, 8), "loopback (RFC 1122 §3.2.1.3)"),
    (v4(169, 254, 0, 0, 16), "link-local (RFC 3927), with the metadata services of clouds"),
    (v4(172, 16, 0, 0, 12), "private (RFC 1918)"),
    (v4(192, 0, 0, 0, 24), "protocol assignments (RFC 6890)"),
    (v4(192, 0, 2, 0, 24), "documentation (RFC 5737)"),
    (v4(192, 88, 99, 0, 24), "6to4 relays (RFC 7526)"),
    (v4(192, 168, 0, 0, 16), "private (RFC 1918)"),
    (v4(198, 18, 0, 0, 15), "benchmarks (RFC 2544)"),
    (v4(198, 51, 100, 0, 24), "documentation (RFC 5737)"),
    (v4(203, 0, 113, 0, 24), "documentation (RFC 5737)"),
    (v4(224, 0, 0, 0, 4), "multicast (RFC 5771)"),
    (v4(255, 255, 255, 255, 32), "broadcast (RFC 919)"),
    (v4(240, 0, 0, 0, 4), "reserved (RFC 1112)"),
];

/// IPv6 networks of the same kind. Those that carry an IPv4 address come before, in [`embedded`].
const REFUSED_V6: [(Ipv6Net, &str); 8] = [
    (v6(0xfc00, 0, 0, 7), "unique local (RFC 4193)"),
    (v6(0xfe80, 0, 0, 10), "link-local (RFC 4291 §2.5.6)"),
    (v6(0xfec0, 0, 0, 10), "site-local (RFC 3879)"),
    (v6(0xff00, 0, 0, 8), "multicast (RFC 4291 §2.7)"),
    (v6(0x2001, 0xdb8, 0, 32), "documentation (RFC 3849)"),
    (v6(0x3fff, 0, 0, 20), "documentation (RFC 9637)"),
    (v6(0x64, 0xff9b, 1, 48), "NAT64 of a local network (RFC 8215)"),
    (v6(0x2001, 0, 0, 23), "protocol assignments (RFC 2928)"),
];

/// The part of IPv6 that is in use for addresses that anybody may have (RFC 4291 §2.4, RFC 3587).
const GLOBAL_UNICAST: Ipv6Net = v6(0x2000, 0, 0, 3);
/// Addresses made of an IPv4 address and nothing else (RFC 4291 §2.5.5.1).
const COMPATIBLE: Ipv6Net = v6(0, 0, 0, 96);
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 0, 16);
const TEREDO: Ipv6Net = v6(0x2001, 0, 0, 32);

/// Decides which addresses endpoints may have.
///
/// Refused is what no other party's application can have as its address, or what is likely to be the operator's
/// own network: loopback, link-local, private, unique local, shared (carriers' NAT), unspecified, multicast,
/// broadcast, documentation, benchmark and reserved ranges, and every IPv6 address that carries such an IPv4
/// address in it (mapped, compatible, NAT64, 6to4, Teredo). Networks that are allowed expressly are exempt.
#[derive(Clone, Debug, Default)]
pub struct AddressGuard {
    allowed: Vec<IpNet>,
    own: Vec<SocketAddr>,
}

impl AddressGuard {
    /// Refuses everything special that is not in `allowed`.
    ///
    /// An IPv4 network opens the IPv4-mapped form of its addresses too, as the connection is an IPv4 one; not
    /// NAT64 and the like, where the connection goes to somebody else first.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed, own: Vec::new() }
    }

    /// Refuses these listeners of this process as well, whatever is allowed.
    pub fn with_own(self, own: Vec<SocketAddr>) -> Self {
        Self { own, ..self }
    }

    /// Refuses what [`check`](Self::check) does, and a listener of this process.
    pub fn check_port(&self, to: SocketAddr) -> Result<(), &'static str> {
        self.check(to.ip())?;
        match self.own.iter().any(|own| reaches(to, *own)) {
            true => Err("one of this gateway's own HTTP listeners is there; accepted: another port"),
            false => Ok(()),
        }
    }

    /// Refuses an address with the kind of address it is.
    pub fn check(&self, address: IpAddr) -> Result<(), &'static str> {
        let canonical = address.to_canonical();
        if self.allowed.iter().any(|network| network.contains(&address) || network.contains(&canonical)) {
            return Ok(());
        }
        let refused = match canonical {
            IpAddr::V4(address) => refused_v4(address),
            IpAddr::V6(address) => refused_v6(address),
        };
        refused.map_or(Ok(()), Err)
    }
}

/// Whether a connection to `to` may end at `listener`. Loopback is one host; so is the unspecified address, which
/// leads there. A listener without an address takes its port at all that this machine has, whichever these are.
fn reaches(to: SocketAddr, listener: SocketAddr) -> bool {
    let (ip, own) = (to.ip().to_canonical(), listener.ip().to_canonical());
    let here = ip.is_loopback() || ip.is_unspecified();
    to.port() == listener.port() && (own.is_unspecified() || ip == own || own.is_loopback() && here)
}

fn refused_v4(address: Ipv4Addr) -> Option<&'static str> {
    REFUSED_V4.iter().find(|(network, _)| network.contains(&address)).map(|(_, range)| *range)
}

fn refused_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_unspecified() {
        return Some("unspecified (RFC 4291 §2.5.2)");
    }
    if address.is_loopback() {
        return Some("loopback (RFC 4291 §2.5.3)");
    }
    if COMPATIBLE.contains(&address) {
        return Some("IPv4-compatible (RFC 4291 §2.5.5.1)");
    }
    if let Some((carried, range)) = embedded(address) {
        return carried.into_iter().any(|address| refused_v4(address).is_some()).then_some(range);
    }
    let listed = REFUSED_V6.iter().find(|(network, _)| network.contains(&address));
    match listed {
        Some((_, range)) => Some(range),
        None if GLOBAL_UNICAST.contains(&address) => None,
        None => Some("not in use for global unicast (RFC 4291 §2.4)"),
    }
}

/// The IPv4 addresses to which something on the way would send what is sent to this address.
fn embedded(address: Ipv6Addr) -> Option<(Vec<Ipv4Addr>, &'static str)> {
    let [_, _, a, b, c, d, e, f, .., w, x, y, z] = address.octets();
    let last = Ipv4Addr::new(w, x, y, z);
    if NAT64.contains(&address) {
        Some((vec![last], "NAT64 (RFC 6052) of an IPv4 address that is refused"))
    } else if SIX_TO_FOUR.contains(&address) {
        Some((vec![Ipv4Addr::new(a, b, c, d)], "6to4 (RFC 3056) of an IPv4 address that is refused"))
    } else if TEREDO.contains(&address) {
        let (server, client) = (Ipv4Addr::new(c, d, e, f), Ipv4Addr::from_bits(!last.to_bits()));
        Some((vec![server, client], "Teredo (RFC 4380) of an IPv4 address that is refused"))
    } else {
        None
    }
}
