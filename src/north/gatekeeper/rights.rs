//! Whether a caller may ask for this: for this end user, at this address, before others.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::EndUser;
use crate::{
    access::{Caller, Denial},
    rx::AaRequest,
    session::{Owner, comes_first},
};

/// Checks a request of a caller, as it would go to the network: what a template adds counts, too.
pub(super) fn check(caller: &Caller, user: &EndUser, service: &AaRequest<'_>) -> Result<(), Denial> {
    if caller.application.is_none() {
        return Ok(());
    }
    caller.may_ask_for(&user.forms(), "endUserId")?;
    for id in service.subscription_id.iter() {
        // The network may go by it, and not by the one in the path.
        let forms = EndUser::of(&id).map(|user| user.forms()).unwrap_or_default();
        caller.may_ask_for(&forms, "subscriptionId")?;
    }
    for (address, network, part) in [
        (&service.framed_ip_address, v4 as fn(&[u8]) -> Option<IpNet>, "framedIPAddress"),
        (&service.framed_ipv6_prefix, v6, "framedIPv6Prefix"),
    ] {
        if let Some(octets) = address {
            caller.may_reach(network(octets).unwrap_or_default(), part)?;
        }
    }
    caller.may_come_first(comes_first(service))
}

/// Whose a session of this caller is.
pub(super) fn owner(caller: &Caller) -> Option<Owner> {
    Some(Owner { id: caller.owner()?, quota: caller.quota() })
}

fn v4(octets: &[u8]) -> Option<IpNet> {
    Some(Ipv4Net::from(Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?)).into())
}

/// A zero octet, the length of the prefix, and as much of the address as there is (RFC 3162 §2.3).
fn v6(octets: &[u8]) -> Option<IpNet> {
    let [_, length, given @ ..] = octets else { return None };
    let mut address = [0; 16];
    address.get_mut(..given.len())?.copy_from_slice(given);
    Some(Ipv6Net::new(Ipv6Addr::from(address), *length).ok()?.into())
}
