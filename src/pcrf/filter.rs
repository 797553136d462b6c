//! Flow-Description as Rx restricts it (TS 29.214 §5.3.8): what a strict PCRF answers 5062 to.

use std::net::IpAddr;

/// Which way the packets of a filter go, seen from the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// `in`: from the user.
    Uplink,
    /// `out`: to the user.
    Downlink,
}

/// Checks one filter; the error says what is wrong with it.
///
/// Accepted: `permit in|out <protocol> from <address> [port] to <address> [port]`. Not accepted, though the base
/// protocol has it (RFC 6733 §4.3.1): `deny`, `!`, `assigned`, lists and ranges of ports, options.
pub(super) fn check(text: &str) -> Result<Direction, String> {
    let mut words = text.split_ascii_whitespace().peekable();
    match words.next() {
        Some("permit") => {}
        other => return Err(format!("begins with `{}`, only `permit` is accepted", other.unwrap_or(""))),
    }
    let direction = match words.next() {
        Some("in") => Direction::Uplink,
        Some("out") => Direction::Downlink,
        other => {
            return Err(format!("has the direction `{}`, accepted are `in` and `out`", other.unwrap_or("")));
        }
    };
    match words.next() {
        Some("ip") => {}
        Some(number) if number.parse::<u8>().is_ok() => {}
        other => {
            return Err(format!(
                "has the protocol `{}`, accepted are `ip` and 0 to 255",
                other.unwrap_or("")
            ));
        }
    }
    let mut ends = [None; 2];
    for (end, name) in ends.iter_mut().zip(["from", "to"]) {
        if words.next() != Some(name) {
            return Err(format!("has no `{name}` in its place"));
        }
        *end = address(words.next().unwrap_or(""))?;
        if let Some(port) = words.next_if(|word| *word != "to") {
            port.parse::<u16>().map_err(|_| format!("has the port `{port}`, a single number is accepted"))?;
        }
    }
    if let Some(word) = words.next() {
        return Err(format!("goes on with `{word}`, no options are accepted"));
    }
    match ends {
        [Some(from), Some(to)] if from.is_ipv4() != to.is_ipv4() => Err("mixes IPv4 and IPv6".into()),
        _ => Ok(direction),
    }
}

/// `any` is `None`.
fn address(word: &str) -> Result<Option<IpAddr>, String> {
    if word == "any" {
        return Ok(None);
    }
    let wrong = || format!("has the address `{word}`, accepted are `any` and ADDRESS[/LENGTH]");
    let (text, length) = word.split_once('/').unwrap_or((word, "0"));
    let found: IpAddr = text.parse().map_err(|_| wrong())?;
    let bits = if found.is_ipv4() { 32 } else { 128 };
    let length: u8 = length.parse().map_err(|_| wrong())?;
    if length <= bits { Ok(Some(found)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_within_the_restrictions_are_accepted() {
        for (text, direction) in [
            ("permit out 17 from 10.4.128.21 30000 to 192.168.101.4 1234", Direction::Downlink),
            ("permit in 17 from 192.168.101.4 1234 to 10.4.128.21 30000", Direction::Uplink),
            ("permit in 6 from 10.0.0.1 to 10.0.0.2", Direction::Uplink),
            ("permit out ip from any to 2001:db8::/64", Direction::Downlink),
            ("permit  out  0 from 10.0.0.0/8 to any 53", Direction::Downlink),
        ] {
            assert_eq!(check(text), Ok(direction), "{text}");
        }
    }

    #[test]
    fn filters_outside_the_restrictions_are_refused_with_the_word() {
        for (text, word) in [
            ("", "`permit`"),
            ("deny in ip from any to any", "`deny`"),
            ("permit both ip from any to any", "`both`"),
            ("permit in icmp from any to any", "`icmp`"),
            ("permit in 256 from any to any", "`256`"),
            ("permit out ip from any to assigned", "`assigned`"),
            ("permit in ip from !10.0.0.1 to any", "`!10.0.0.1`"),
            ("permit in ip from 10.0.0.1/33 to any", "`10.0.0.1/33`"),
            ("permit in 17 from 10.0.0.1 1000-2000 to any", "`1000-2000`"),
            ("permit in 17 from 10.0.0.1 1,2 to any", "`1,2`"),
            ("permit in 17 from 10.0.0.1 65536 to any", "`65536`"),
            ("permit in 6 from any to any established", "`established`"),
            ("permit in 6 from any to any 80 frag", "`frag`"),
            ("permit in 6 from any", "`to`"),
            ("permit in 6 to any from any", "`from`"),
            ("permit in ip from 10.0.0.1 to 2001:db8::1", "mixes"),
            ("flow description", "`flow`"),
        ] {
            let error = check(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
