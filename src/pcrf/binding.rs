//! Session binding: which user an AAR is about (TS 29.214 §4.4.1, TS 29.213 §5).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use super::refusal::Refusal;
use crate::{
    dict::{avp, result},
    rx::AaRequest,
};

/// An attached user: one address, or all addresses of a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ue {
    address: IpAddr,
    /// Leading bits that must be the same.
    prefix: u8,
}

impl Ue {
    /// Whether both can be the same user: the bits that both give are the same.
    pub(super) fn covers(&self, asked: &Self) -> bool {
        let bits = u32::from(self.prefix.min(asked.prefix));
        match (self.address, asked.address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (u32::from(own) ^ u32::from(other)).leading_zeros() >= bits
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (u128::from(own) ^ u128::from(other)).leading_zeros() >= bits
            }
            _ => false,
        }
    }

    /// Whether this is the user of `address`.
    pub fn has(&self, address: IpAddr) -> bool {
        self.covers(&Self::from(address))
    }
}

impl From<IpAddr> for Ue {
    fn from(address: IpAddr) -> Self {
        Self { address, prefix: if address.is_ipv4() { 32 } else { 128 } }
    }
}

impl fmt::Display for Ue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self == Self::from(self.address) {
            true => write!(f, "{}", self.address),
            false => write!(f, "{}/{}", self.address, self.prefix),
        }
    }
}

/// `10.0.0.1`, `2001:db8::1` or, with a prefix length, `2001:db8::/64`.
impl FromStr for Ue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("`{text}` is no address of a user: give one as 10.0.0.1, 2001:db8::1 or 2001:db8::/64")
        };
        let (address, length) =
            text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let all = Self::from(address.parse::<IpAddr>().map_err(|_| wrong())?);
        match length {
            None => Ok(all),
            Some(length) => {
                let prefix = length.parse().ok().filter(|length| *length <= all.prefix).ok_or_else(wrong)?;
                Ok(Self { prefix, ..all })
            }
        }
    }
}

/// The user addresses that an AAR gives: none, one, or one of each family.
pub(super) fn addresses(request: &AaRequest<'_>) -> Result<Vec<Ue>, Refusal> {
    let mut found = Vec::new();
    if let Some(octets) = &request.framed_ip_address {
        let invalid = || {
            let text = "Framed-IP-Address is not the address of a user";
            Refusal::base(result::INVALID_AVP_VALUE, text).quoting(&avp::FRAMED_IP_ADDRESS, octets)
        };
        found.push(ipv4(octets).ok_or_else(invalid)?);
    }
    if let Some(octets) = &request.framed_ipv6_prefix {
        let invalid = || {
            let text = "Framed-IPv6-Prefix is not a zero octet, a prefix length and a prefix (RFC 3162 §2.3)";
            Refusal::base(result::INVALID_AVP_VALUE, text).quoting(&avp::FRAMED_IPV6_PREFIX, octets)
        };
        found.push(ipv6(octets).ok_or_else(invalid)?);
    }
    Ok(found)
}

/// The two highest addresses stand for "choose one" (RFC 7155 §4.4.10.5.1): no user has them.
fn ipv4(octets: &[u8]) -> Option<Ue> {
    let address = u32::from_be_bytes(octets.try_into().ok()?);
    (address < 0xffff_fffe).then(|| IpAddr::V4(Ipv4Addr::from(address)).into())
}

fn ipv6(octets: &[u8]) -> Option<Ue> {
    let ([_, length], prefix) = octets.split_first_chunk::<2>()?;
    let mut address = [0; 16];
    address.get_mut(..prefix.len())?.copy_from_slice(prefix);
    let complete = *length <= 128 && prefix.len() * 8 >= usize::from(*length);
    complete.then(|| Ue { address: Ipv6Addr::from(address).into(), prefix: *length })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ue(text: &str) -> Ue {
        text.parse().unwrap()
    }

    #[test]
    fn a_user_is_known_by_an_address_or_by_a_prefix_around_it() {
        for (attached, asked, same) in [
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("10.0.0.0/24", "10.0.0.200", true),
            ("10.0.0.0/24", "10.0.1.0", false),
            ("0.0.0.0/0", "198.51.100.7", true),
            ("2001:db8:1::/64", "2001:db8:1::42", true),
            ("2001:db8:1::42", "2001:db8:1::/64", true),
            ("2001:db8:1::/64", "2001:db8:2::42", false),
            ("::/0", "2001:db8:2::42", true),
            ("::/0", "10.0.0.1", false),
        ] {
            assert_eq!(ue(attached).covers(&ue(asked)), same, "{attached} {asked}");
        }
    }

    #[test]
    fn an_address_is_read_as_it_is_shown() {
        for text in ["10.0.0.1", "10.0.0.0/8", "2001:db8::1", "2001:db8::/64"] {
            assert_eq!(ue(text).to_string(), text);
        }
        for text in ["", "10.0.0", "10.0.0.1/33", "2001:db8::/129", "2001:db8::/-1", "ue1"] {
            assert!(text.parse::<Ue>().unwrap_err().contains(&format!("`{text}`")));
        }
    }

    #[test]
    fn the_addresses_of_an_aar_are_four_octets_and_a_prefix() {
        let request = |v4: Option<Vec<u8>>, v6: Option<Vec<u8>>| AaRequest {
            framed_ip_address: v4.map(Into::into),
            framed_ipv6_prefix: v6.map(Into::into),
            ..AaRequest::default()
        };
        let full = [&[0, 128, 0x20, 1, 0xd, 0xb8][..], &[0; 11], &[7]].concat();
        let both = addresses(&request(Some(vec![10, 0, 0, 1]), Some(full))).unwrap();
        assert_eq!(both, [ue("10.0.0.1"), ue("2001:db8::7")]);
        assert_eq!(
            addresses(&request(None, Some(vec![0, 64, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0]))).unwrap(),
            [ue("2001:db8::/64")]
        );
        assert_eq!(addresses(&request(None, None)).unwrap(), []);
        for v4 in [vec![10, 0, 0], vec![255; 4], vec![255, 255, 255, 254], vec![0; 5]] {
            assert_eq!(addresses(&request(Some(v4), None)).unwrap_err().outcome.code, 5004);
        }
        for v6 in [vec![], vec![0], vec![0, 64, 1], vec![0, 129], vec![0; 19], vec![0, 128, 0x20, 1]] {
            let refusal = addresses(&request(None, Some(v6))).unwrap_err();
            assert_eq!(refusal.outcome.code, 5004);
            assert!(!refusal.failed_avp.is_empty());
        }
    }
}
