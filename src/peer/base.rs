//! Building the base protocol's messages: CER, CEA, DWR, DWA, DPR, DPA and answers that report an error
//! (RFC 6733 §5.3-5.5, §7.2).

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;

use super::{DisconnectCause, LocalNode};
use crate::{
    dict::{
        BASE_APPLICATION_ID, avp,
        commands::{CAPABILITIES_EXCHANGE, DEVICE_WATCHDOG, DISCONNECT_PEER},
        is_grouped, result,
    },
    wire::{
        AnswerTemplate, CommandFlags, EndToEndId, Header, HopByHopId, Index, Message, MessageBuf, WireError,
        Writer,
    },
};

/// Longest AVP that is quoted in a Failed-AVP, and longest Error-Message. Octets.
const MAX_QUOTE: usize = 4096;

/// Why a request is refused: what its answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Result-Code.
    pub code: u32,
    /// Error-Message.
    pub text: String,
    /// What Failed-AVP holds: one AVP, padded.
    pub failed: Option<Vec<u8>>,
}

impl Fault {
    pub fn new(code: u32, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), failed: None }
    }

    pub fn quoting(code: u32, text: impl Into<String>, failed: impl Into<Vec<u8>>) -> Self {
        Self { failed: Some(failed.into()), ..Self::new(code, text) }
    }

    /// What `error`, found in `octets`, means for their sender.
    pub fn wire(error: &WireError, octets: &[u8]) -> Self {
        Self { failed: error.failed_avp(octets), ..Self::new(error.result_code(), error.to_string()) }
    }

    fn write(&self, w: &mut Writer<'_>) {
        let cut = self.text.floor_char_boundary(MAX_QUOTE);
        w.put(&avp::ERROR_MESSAGE, self.text.get(..cut).unwrap_or_default());
        if let Some(failed) = self.failed.as_ref().filter(|failed| failed.len() <= MAX_QUOTE) {
            w.group(&avp::FAILED_AVP, |w| w.raw(failed));
        }
    }
}

/// Builds a message whose size our own configuration bounds.
fn build(
    command: u32,
    flags: CommandFlags,
    ids: (HopByHopId, EndToEndId),
    fill: impl Fn(&mut Writer<'_>),
) -> MessageBuf {
    MessageBuf::build(command, flags, BASE_APPLICATION_ID, ids, fill)
        .expect("names, addresses and a bounded quote are far below 16 MiB")
}

fn write_identity(w: &mut Writer<'_>, local: &LocalNode) {
    w.put(&avp::ORIGIN_HOST, &local.origin_host);
    w.put(&avp::ORIGIN_REALM, &local.origin_realm);
}

/// What CER and CEA have in common, from Origin-Host on.
fn write_capabilities(w: &mut Writer<'_>, local: &LocalNode, addresses: &[IpAddr]) {
    write_identity(w, local);
    for address in addresses {
        w.put(&avp::HOST_IP_ADDRESS, *address);
    }
    if addresses.is_empty() {
        // At least one is required; a transport without addresses (in memory) has none to tell.
        w.put(&avp::HOST_IP_ADDRESS, IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    }
    w.put(&avp::VENDOR_ID, local.vendor_id.0);
    w.put(&avp::PRODUCT_NAME, &local.product_name);
    w.put_some(&avp::ORIGIN_STATE_ID, local.origin_state_id);
    for vendor in &local.supported_vendors {
        w.put(&avp::SUPPORTED_VENDOR_ID, vendor.0);
    }
    for application in &local.applications {
        w.put(&avp::AUTH_APPLICATION_ID, application.id);
    }
    for application in &local.applications {
        if let Some(vendor) = application.vendor {
            w.group(&avp::VENDOR_SPECIFIC_APPLICATION_ID, |w| {
                w.put(&avp::VENDOR_ID, vendor.0);
                w.put(&avp::AUTH_APPLICATION_ID, application.id);
            });
        }
    }
}

pub(super) fn cer(local: &LocalNode, addresses: &[IpAddr], ids: (HopByHopId, EndToEndId)) -> MessageBuf {
    build(CAPABILITIES_EXCHANGE, CommandFlags::REQUEST, ids, |w| write_capabilities(w, local, addresses))
}

/// The CEA to a CER with this header: success, or what `fault` says.
pub(super) fn cea(
    local: &LocalNode,
    addresses: &[IpAddr],
    cer: &Header,
    fault: Option<&Fault>,
) -> MessageBuf {
    let code = fault.map_or(result::SUCCESS, |fault| fault.code);
    let flags = error_flag(code);
    build(CAPABILITIES_EXCHANGE, flags, (cer.hop_by_hop, cer.end_to_end), |w| {
        w.put(&avp::RESULT_CODE, code);
        match fault {
            // With the E bit the grammar is that of RFC 6733 §7.2.
            Some(_) if flags != CommandFlags::NONE => write_identity(w, local),
            _ => write_capabilities(w, local, addresses),
        }
        if let Some(fault) = fault {
            fault.write(w);
        }
    })
}

pub(super) fn dpr(local: &LocalNode, cause: DisconnectCause, ids: (HopByHopId, EndToEndId)) -> MessageBuf {
    build(DISCONNECT_PEER, CommandFlags::REQUEST, ids, |w| {
        write_identity(w, local);
        w.put(&avp::DISCONNECT_CAUSE, cause.code().into());
    })
}

/// E for protocol errors, which are those of class 3 (RFC 6733 §7.1.3).
fn error_flag(code: u32) -> CommandFlags {
    if result::is_protocol_error(code) { CommandFlags::ERROR } else { CommandFlags::NONE }
}

/// The answer that refuses a request, with the E bit set (RFC 6733 §7.2).
///
/// Session-Id and every Proxy-Info are copied if the request's AVPs can be read at all.
pub(super) fn refusal(
    local: &LocalNode,
    request: &MessageBuf,
    index: &mut Index,
    fault: &Fault,
) -> MessageBuf {
    let header = request.header();
    let parsed = request.parse(index, is_grouped).ok();
    build_refusal(local, &header, parsed.as_ref(), fault)
}

/// The answer to a request of which only the header can be trusted.
pub(super) fn refusal_of_header(local: &LocalNode, header: &Header, fault: &Fault) -> MessageBuf {
    build_refusal(local, header, None, fault)
}

fn build_refusal(
    local: &LocalNode,
    header: &Header,
    request: Option<&Message<'_>>,
    fault: &Fault,
) -> MessageBuf {
    let fill = |w: &mut Writer<'_>, request: Option<&Message<'_>>| {
        let session = request.and_then(|request| request.avps().iter().next());
        if let Some(session) = session.filter(|first| first.key() == avp::SESSION_ID.key()) {
            w.raw(session.padded_octets());
        }
        write_identity(w, local);
        w.put(&avp::RESULT_CODE, fault.code);
        w.put_some(&avp::ORIGIN_STATE_ID, local.origin_state_id);
        fault.write(w);
        let avps = request.map(Message::avps);
        for avp in avps.iter().flat_map(|avps| avps.iter()).filter(|avp| avp.key() == avp::PROXY_INFO.key()) {
            w.raw(avp.padded_octets());
        }
    };
    let proxiable = header.flags.0 & CommandFlags::PROXIABLE.0;
    let flags = CommandFlags(proxiable) | CommandFlags::ERROR;
    let ids = (header.hop_by_hop, header.end_to_end);
    // A request of nearly 16 MiB leaves no room for our own AVPs: then nothing of it is copied.
    MessageBuf::build(header.command, flags, header.application, ids, |w| fill(w, request))
        .or_else(|_| MessageBuf::build(header.command, flags, header.application, ids, |w| fill(w, None)))
        .expect("names and a bounded quote are far below 16 MiB")
}

/// Messages that are the same every time, encoded once.
#[derive(Debug)]
pub(super) struct Prepared {
    dwr: MessageBuf,
    success: AnswerTemplate<1>,
}

impl Prepared {
    pub fn new(local: &LocalNode) -> Self {
        let ids = (HopByHopId(0), EndToEndId(0));
        let dwr = build(DEVICE_WATCHDOG, CommandFlags::REQUEST, ids, |w| {
            write_identity(w, local);
            w.put_some(&avp::ORIGIN_STATE_ID, local.origin_state_id);
        });
        let success =
            AnswerTemplate::new(&avp::SESSION_ID, [avp::PROXY_INFO.key()], CommandFlags::NONE, |w| {
                w.put(&avp::RESULT_CODE, result::SUCCESS);
                write_identity(w, local);
                w.put_some(&avp::ORIGIN_STATE_ID, local.origin_state_id);
            })
            .expect("the buffer of a template grows as needed");
        Self { dwr, success }
    }

    pub fn dwr(&self, (hop_by_hop, end_to_end): (HopByHopId, EndToEndId)) -> MessageBuf {
        self.dwr.clone().with_hop_by_hop(hop_by_hop, false).with_end_to_end(end_to_end)
    }

    /// The DWA or DPA that says 2001; `None` if what has to be copied from the request does not fit.
    pub fn success(&self, request: &Message<'_>) -> Option<Bytes> {
        self.success.message(request).ok().map(MessageBuf::into_bytes)
    }
}
