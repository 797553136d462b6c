//! Flow-Description as Rx restricts it (TS 29.214 §5.3.8): one direction, one flow, no options.

use std::net::IpAddr;

use thiserror::Error;

/// What a packet filter says, as far as others have to agree with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Whether it is for packets from the UE (`in`).
    pub uplink: bool,
    /// IP version of its addresses; `None` if both are `any`.
    pub version: Option<u8>,
}

/// Why a packet filter is not one that Rx allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FilterFault {
    /// Another action than `permit`.
    #[error("a filter begins with permit")]
    Action,
    /// Neither `in` nor `out`.
    #[error("after permit comes in (from the UE) or out (to the UE)")]
    Direction,
    /// No protocol number.
    #[error("the protocol is a number from 0 to 255, or ip")]
    Protocol,
    /// `from` or `to` is not where it has to be.
    #[error("a filter has the form: permit in|out PROTOCOL from ADDRESS [PORT] to ADDRESS [PORT]")]
    Form,
    /// An address that is no number, negated, or `assigned`.
    #[error("an address is numeric with or without a prefix length, or any; ! and assigned are not allowed")]
    Address,
    /// A list or range of ports, or no number at all.
    #[error("a port is one number from 0 to 65535, no list and no range")]
    Port,
    /// No destination port where the protocol has ports and is not TCP.
    #[error("the destination port may only be left out for TCP and protocols without ports")]
    NoPort,
    /// Something after the destination.
    #[error("options are not allowed")]
    Options,
    /// An IPv4 address and an IPv6 address.
    #[error("IPv4 and IPv6 addresses are mixed")]
    Mixed,
}

/// UDP, SCTP and UDP-Lite: the protocols beside TCP whose packets have ports.
const WITH_PORTS: [u8; 3] = [17, 132, 136];

/// Checks a packet filter against the restrictions of Rx.
pub fn check_filter(text: &str) -> Result<Filter, FilterFault> {
    let mut words = text.split_ascii_whitespace().peekable();
    if words.next() != Some("permit") {
        return Err(FilterFault::Action);
    }
    let uplink = match words.next() {
        Some("in") => true,
        Some("out") => false,
        _ => return Err(FilterFault::Direction),
    };
    let protocol = match words.next() {
        Some("ip") => None,
        Some(number) => Some(number.parse::<u8>().map_err(|_| FilterFault::Protocol)?),
        None => return Err(FilterFault::Protocol),
    };
    let mut end = |keyword: &str| {
        if words.next() != Some(keyword) {
            return Err(FilterFault::Form);
        }
        let version = version(words.next().ok_or(FilterFault::Form)?)?;
        let port = match words.next_if(|word| word.starts_with(|first: char| first.is_ascii_digit())) {
            Some(port) => Some(port.parse::<u16>().map_err(|_| FilterFault::Port)?),
            None => None,
        };
        Ok((version, port))
    };
    let (source, _) = end("from")?;
    let (destination, port) = end("to")?;
    if words.next().is_some() {
        return Err(FilterFault::Options);
    }
    if port.is_none() && protocol.is_some_and(|protocol| WITH_PORTS.contains(&protocol)) {
        return Err(FilterFault::NoPort);
    }
    match (source, destination) {
        (Some(one), Some(other)) if one != other => Err(FilterFault::Mixed),
        _ => Ok(Filter { uplink, version: source.or(destination) }),
    }
}

/// IP version of an address; `None` for any.
fn version(text: &str) -> Result<Option<u8>, FilterFault> {
    if text == "any" {
        return Ok(None);
    }
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let (version, bits) = match address.parse().map_err(|_| FilterFault::Address)? {
        IpAddr::V4(_) => (4, 32),
        IpAddr::V6(_) => (6, 128),
    };
    match length.map(str::parse::<u8>) {
        Some(Ok(length)) if length > bits => Err(FilterFault::Address),
        Some(Err(_)) => Err(FilterFault::Address),
        _ => Ok(Some(version)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_the_restricted_form_pass() {
        for (text, uplink, version) in [
            ("permit out 17 from 10.4.128.21 30000 to 192.168.101.4 1234", false, Some(4)),
            ("permit in 17 from 192.168.101.4 1234 to 10.4.128.21 30000", true, Some(4)),
            ("permit in 17 from any to 10.4.128.21 30000", true, Some(4)),
            ("permit in 6 from any to 10.4.0.0/16", true, Some(4)),
            ("permit out ip from any to any", false, None),
            ("permit out 6 from 2001:db8::/32 443 to 2001:db8:1::7", false, Some(6)),
            ("permit  out 58 from any to 2001:db8:1::7", false, Some(6)),
        ] {
            assert_eq!(check_filter(text), Ok(Filter { uplink, version }), "{text}");
        }
    }

    #[test]
    fn each_restriction_has_its_own_complaint() {
        use FilterFault::*;
        for (text, fault) in [
            ("", Action),
            ("test_flow", Action),
            ("deny out ip from any to any", Action),
            ("permit", Direction),
            ("permit inout ip from any to any", Direction),
            ("permit out 8001 from assigned 34 to 24.2.1.6/18 8000", Protocol),
            ("permit out tcp from any to any", Protocol),
            ("permit out -1 from any to any", Protocol),
            ("permit out 17 from assigned 34 to 24.2.1.6/18 8000", Address),
            ("permit out 17 from !10.0.0.1 34 to 24.2.1.6/18 8000", Address),
            ("permit out 17 from 10.0.0.1/33 34 to 24.2.1.6/18 8000", Address),
            ("permit out 17 from 10.0.0.1/x to 24.2.1.6/18 8000", Address),
            ("permit out 17 from host.example to any 1", Address),
            ("permit out 17 from 10.0.0.1 1,2 to 24.2.1.6 8000", Port),
            ("permit out 17 from 10.0.0.1 1-2 to 24.2.1.6 8000", Port),
            ("permit out 17 from 10.0.0.1 65536 to 24.2.1.6 8000", Port),
            ("permit out 17 from 10.0.0.1", Form),
            ("permit out 17 to 10.0.0.1 from any", Form),
            ("permit out 17 from 10.0.0.1 to 24.2.1.6", NoPort),
            ("permit out 6 from 10.0.0.1 to 24.2.1.6 80 established", Options),
            ("permit out 6 from 10.0.0.1 to 2001:db8::1 80", Mixed),
        ] {
            assert_eq!(check_filter(text), Err(fault), "{text}");
        }
    }
}
