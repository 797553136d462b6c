//! Reading CER and CEA (RFC 6733 §5.3): is this the peer we expect, and is there a common application?
//!
//! A CER is held to its grammar and told what is wrong with it. A CEA is read with patience: only what the
//! connection depends on is asked for.

use std::net::IpAddr;

use super::{
    LocalNode, PeerConfig,
    base::{self, Fault},
    grammar::{at_most_one, identity, missing, number, value, vendor_specific},
};
use crate::{
    dict::{Dictionary, RELAY_APPLICATION_ID, avp, commands, is_grouped, result},
    wire::{Address, AvpFlags, CommandFlags, Index, Message, MessageBuf},
};

/// What a peer said about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Capabilities {
    pub origin_host: String,
    pub origin_realm: String,
    /// `None` if absent or 0, which says nothing (RFC 6733 §8.16).
    pub origin_state_id: Option<u32>,
    /// Auth-Application-Ids in either form, sorted.
    pub applications: Vec<u32>,
}

/// Why a connection that somebody made is not handed to any peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The CEA to send before closing; `None`: close at once.
    pub answer: Option<MessageBuf>,
    /// Why, and what to do about it.
    pub reason: String,
}

/// For a listener: which peer a connection belongs to, from the first message on it (RFC 6733 §5.6.3).
///
/// `known` tells whether an Origin-Host is configured; it is compared without case. Whatever comes back as
/// `Err` ends the connection: anything but a CER without an answer, a CER from a stranger with a CEA 3010, a
/// broken one with a CEA that says what is wrong. An `Ok` goes to that peer's
/// [`handle_accepted`](super::Peer::handle_accepted).
pub fn accept_identity(
    local: &LocalNode,
    addresses: &[IpAddr],
    first: &MessageBuf,
    known: impl Fn(&str) -> bool,
) -> Result<String, Refusal> {
    let header = first.header();
    if !header.is_request() || header.command != commands::CAPABILITIES_EXCHANGE {
        let kind = if header.is_request() { "request" } else { "answer" };
        let reason = format!(
            "the first message of a connection must be a CER, this is a {kind} with command {}: whoever \
             connects here does not speak the Diameter base protocol",
            header.command
        );
        return Err(Refusal { answer: None, reason });
    }
    let refuse = |fault: Fault| {
        let reason = format!("CER refused with {}: {}", fault.code, fault.text);
        Refusal { answer: Some(base::cea(local, addresses, &header, Some(&fault))), reason }
    };
    let mut index = Index::with_limit(MAX_CER_AVPS);
    let capabilities = read_cer(first, &mut index, local).map_err(refuse)?;
    match known(&capabilities.origin_host) {
        true => Ok(capabilities.origin_host),
        false => Err(refuse(unknown_peer(&capabilities.origin_host))),
    }
}

/// Most AVPs that a base message may have.
pub(super) const MAX_CER_AVPS: usize = 512;

fn unknown_peer(host: &str) -> Fault {
    Fault::new(result::UNKNOWN_PEER, format!("{} is not among the configured peers", host.escape_debug()))
}

/// Process-CER.
pub(super) fn process_cer(
    cer: &MessageBuf,
    index: &mut Index,
    config: &PeerConfig,
) -> Result<Capabilities, Fault> {
    let capabilities = read_cer(cer, index, &config.local)?;
    match same_identity(&capabilities.origin_host, &config.host) {
        true => Ok(capabilities),
        false => Err(unknown_peer(&capabilities.origin_host)),
    }
}

/// DiameterIdentities are compared without case (RFC 6733 §4.3.1).
pub(super) fn same_identity(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn read_cer(cer: &MessageBuf, index: &mut Index, local: &LocalNode) -> Result<Capabilities, Fault> {
    if cer.header().flags.contains(CommandFlags::ERROR) {
        return Err(Fault::new(result::INVALID_HDR_BITS, "the E bit is set in a request"));
    }
    let message = cer.parse(index, is_grouped).map_err(|error| Fault::wire(&error, cer.as_bytes()))?;
    let avps = message.avps();
    let origin_host = identity(avps, &avp::ORIGIN_HOST)?;
    let origin_realm = identity(avps, &avp::ORIGIN_REALM)?;
    if avps.find(avp::HOST_IP_ADDRESS.key()).is_none() {
        return Err(missing(&avp::HOST_IP_ADDRESS, 6));
    }
    for address in avps.iter().filter(|avp| avp.key() == avp::HOST_IP_ADDRESS.key()) {
        value::<Address>(address)?;
    }
    at_most_one(avps, &avp::VENDOR_ID)?.ok_or_else(|| missing(&avp::VENDOR_ID, 4)).and_then(number)?;
    at_most_one(avps, &avp::PRODUCT_NAME)?.ok_or_else(|| missing(&avp::PRODUCT_NAME, 0))?;
    at_most_one(avps, &avp::FIRMWARE_REVISION)?.map(number).transpose()?;
    let origin_state_id = at_most_one(avps, &avp::ORIGIN_STATE_ID)?.map(number).transpose()?;
    let mut applications = Vec::new();
    for avp in avps.iter() {
        match avp.key() {
            key if key == avp::AUTH_APPLICATION_ID.key() => applications.push(number(avp)?),
            key if key == avp::ACCT_APPLICATION_ID.key() || key == avp::SUPPORTED_VENDOR_ID.key() => {
                number(avp)?;
            }
            key if key == avp::VENDOR_SPECIFIC_APPLICATION_ID.key() => {
                applications.extend(vendor_specific(avp)?);
            }
            // Anything else may be there if we know it, or if nobody insists on it (RFC 6733 §4.1).
            key if avp.flags().contains(AvpFlags::MANDATORY)
                && Dictionary::builtin().avp_by_key(key).is_none() =>
            {
                let text = format!("AVP {} of vendor {} is not known here", avp.code(), avp.vendor().0);
                return Err(Fault::quoting(result::AVP_UNSUPPORTED, text, avp.padded_octets()));
            }
            _ => {}
        }
    }
    applications.sort_unstable();
    applications.dedup();
    let security: Vec<u32> = avps
        .iter()
        .filter(|avp| avp.key() == avp::INBAND_SECURITY_ID.key())
        .map(number)
        .collect::<Result<_, _>>()?;
    if !security.is_empty() && !security.contains(&NO_INBAND_SECURITY) {
        return Err(Fault::new(
            result::NO_COMMON_SECURITY,
            "TLS after the capabilities exchange is not supported: offer NO_INBAND_SECURITY, or use TLS from \
             the start",
        ));
    }
    if !has_common_application(local, &applications) {
        return Err(Fault::new(result::NO_COMMON_APPLICATION, no_common(local, &applications)));
    }
    Ok(Capabilities {
        origin_host,
        origin_realm,
        origin_state_id: origin_state_id.filter(|id| *id != 0),
        applications,
    })
}

/// Inband-Security-Id: nothing, or TLS from the start (RFC 6733 §6.10).
const NO_INBAND_SECURITY: u32 = 0;

fn has_common_application(local: &LocalNode, offered: &[u32]) -> bool {
    offered.iter().any(|id| *id == RELAY_APPLICATION_ID || local.serves(*id))
}

fn no_common(local: &LocalNode, offered: &[u32]) -> String {
    let own: Vec<u32> = local.applications.iter().map(|own| own.id).collect();
    format!("no common application: {} offers {own:?}, the peer {offered:?}", local.origin_host)
}

/// A CEA that does not open the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CeaFault {
    /// Why, and what to do about it.
    pub reason: String,
    /// Whether the peer does not want us: no point in dialling soon.
    pub refused: bool,
}

/// Process-CEA.
pub(super) fn process_cea(
    cea: &MessageBuf,
    index: &mut Index,
    config: &PeerConfig,
) -> Result<Capabilities, CeaFault> {
    let host = &config.host;
    let fault = |reason: String| CeaFault { reason, refused: false };
    let message = cea
        .parse(index, is_grouped)
        .map_err(|error| fault(format!("the CEA of {host} is broken ({error}): report it to its maker")))?;
    let avps = message.avps();
    let result = avps.get(&avp::RESULT_CODE).ok().flatten();
    match result {
        Some(code) if result::is_success(code) => {}
        Some(code) => return Err(refused(code, &message, config)),
        None => {
            return Err(fault(format!("the CEA of {host} has no Result-Code: report it to its maker")));
        }
    }
    let name = |def| avps.get(def).ok().flatten().map(str::to_owned);
    let (Some(origin_host), Some(origin_realm)) = (name(&avp::ORIGIN_HOST), name(&avp::ORIGIN_REALM)) else {
        return Err(fault(format!(
            "the CEA of {host} lacks Origin-Host or Origin-Realm: report it to its maker"
        )));
    };
    if !same_identity(&origin_host, host) {
        return Err(fault(format!(
            "expected {host}, but the node at this address calls itself {}: correct `host` or `address` of \
             the peer",
            origin_host.escape_debug()
        )));
    }
    let mut applications: Vec<u32> = avps.get_all(&avp::AUTH_APPLICATION_ID).flatten().collect();
    let groups = avps.get_all(&avp::VENDOR_SPECIFIC_APPLICATION_ID).flatten();
    applications.extend(groups.filter_map(|group| group.get(&avp::AUTH_APPLICATION_ID).ok().flatten()));
    applications.sort_unstable();
    applications.dedup();
    if !has_common_application(&config.local, &applications) {
        let reason = format!("{}: enable one of ours there", no_common(&config.local, &applications));
        return Err(CeaFault { reason, refused: true });
    }
    let origin_state_id = avps.get(&avp::ORIGIN_STATE_ID).ok().flatten().filter(|id| *id != 0);
    Ok(Capabilities { origin_host, origin_realm, origin_state_id, applications })
}

/// A CEA with another Result-Code than success, in words that lead to the setting to change.
fn refused(code: u32, cea: &Message<'_>, config: &PeerConfig) -> CeaFault {
    let (host, ours) = (&config.host, &config.local.origin_host);
    let advice = match code {
        result::UNKNOWN_PEER => format!("{host} does not know {ours}: add it to the peers of {host}"),
        result::NO_COMMON_APPLICATION => {
            let own: Vec<u32> = config.local.applications.iter().map(|own| own.id).collect();
            format!("{host} offers none of our applications {own:?}: enable one of them there for {ours}")
        }
        result::NO_COMMON_SECURITY => {
            format!("{host} wants TLS: set `transport = \"tls\"` for this peer, or allow plain TCP there")
        }
        result::ELECTION_LOST => {
            format!("{host} connected to us at the same time and keeps that connection: nothing to do")
        }
        _ => format!("{host} refused the capabilities exchange: see its log"),
    };
    let said = cea.avps().get(&avp::ERROR_MESSAGE).ok().flatten().unwrap_or_default();
    let said: String = said.chars().take(200).collect();
    let said = if said.is_empty() { said } else { format!("; it says \"{}\"", said.escape_debug()) };
    CeaFault {
        reason: format!("{advice} (CEA with Result-Code {code}{said})"),
        refused: matches!(code, result::UNKNOWN_PEER | result::NO_COMMON_APPLICATION),
    }
}
