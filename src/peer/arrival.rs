//! Whether whoever connected may be the peer that its CER names, as far as its transport knows (RFC 6733 §13.1).

use std::net::{IpAddr, SocketAddr};

use super::{
    Arrival, Node, PeerAddress, Refusal, Transport,
    base::{self, Fault},
    capabilities::same_identity,
    facts::text,
    slot::Origin,
};
use crate::{
    dict::{avp, commands, result},
    wire::MessageBuf,
};

/// Why it is another one: what it is answered, if anything, and what people are told.
struct Impostor {
    answer: Option<(u32, &'static str)>,
    reason: String,
}

impl Node {
    /// Why a connection cannot be that of the peer that the CER on it names; the peer's reason says so too, if it is
    /// missed. Whatever else is wrong with the CER is found later.
    pub(super) fn impostor(
        &mut self,
        local: &[IpAddr],
        arrival: &Arrival,
        first: &MessageBuf,
    ) -> Option<Refusal> {
        let header = first.header();
        if !header.is_request() || header.command != commands::CAPABILITIES_EXCHANGE {
            return None;
        }
        let host = text(first, &avp::ORIGIN_HOST)?;
        let slot = self.peer_named(host).and_then(|peer| self.slots.get_mut(peer.0));
        let configured = slot.as_ref().filter(|slot| slot.origin == Origin::Configured);
        let configured = configured.map(|slot| (&*slot.host, &slot.address));
        let Impostor { answer, reason } = match &arrival.certified {
            Some(names) => of_another_name(host, names)?,
            None => configured.and_then(|(host, address)| {
                without_tls(host, address).or_else(|| from_elsewhere(host, address, &arrival.from))
            })?,
        };
        if let Some(slot) = slot {
            slot.peer.note(&reason);
            self.changed = true;
        }
        let answer = answer.map(|(code, text)| {
            base::cea(self.config.local(), local, &header, Some(&Fault::new(code, text)))
        });
        Some(Refusal { answer, reason })
    }
}

/// A certificate must name whom the CER names: without that nothing is answered.
fn of_another_name(host: &str, names: &[String]) -> Option<Impostor> {
    if names.iter().any(|name| same_identity(name, host)) {
        return None;
    }
    let names = if names.is_empty() { "no DNS name".into() } else { names.join(", ") };
    let host = host.escape_debug();
    let reason = format!(
        "somebody connected as {host}, but its certificate is for {names}, not for {host}: have one made for that \
         name, or correct the Origin-Host there"
    );
    Some(Impostor { answer: None, reason })
}

/// A peer that is configured with TLS may not come without, for then anybody may be it.
fn without_tls(host: &str, configured: &PeerAddress) -> Option<Impostor> {
    if configured.transport != Transport::Tls {
        return None;
    }
    let text = "this peer is configured with `transport = \"tls\"` and came without TLS";
    let reason = format!(
        "{host} connected without TLS: have it use a port of `listen_tls`, or set another `transport` than \
         `transport = \"tls\"` for it"
    );
    Some(Impostor { answer: Some((result::NO_COMMON_SECURITY, text)), reason })
}

/// Every address of an SCTP association counts, for messages would go to any of them: one that is not configured could
/// be anybody's. Where we dial it is otherwise: the peer was found at an address that is configured, and what else it
/// says to have is its own word.
fn from_elsewhere(host: &str, configured: &PeerAddress, from: &PeerAddress) -> Option<Impostor> {
    if from.transport != Transport::Sctp {
        return None;
    }
    // A name stands for any address.
    let configured = addresses(configured)?;
    let unknown = addresses(from)?.into_iter().find(|ip| !configured.contains(ip))?;
    let text = "the association has an address that is not configured for this peer";
    let reason = format!(
        "somebody connected as {host} over SCTP with the address {unknown}, which is not among those of that peer \
         ({}): if it is the peer's, add it to its `more_addresses`, or have the peer not use it",
        configured.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    );
    Some(Impostor { answer: Some((result::UNKNOWN_PEER, text)), reason })
}

/// All addresses, in the form that compares; `None` for a name.
fn addresses(of: &PeerAddress) -> Option<Vec<IpAddr>> {
    let first = of.at.parse::<SocketAddr>().ok()?.ip();
    Some([first].iter().chain(&of.more).map(IpAddr::to_canonical).collect())
}
