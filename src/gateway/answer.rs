//! The answers to RAR and ASR (TS 29.214 §5.6.4, §5.6.8), and what answers of others complain about.

use super::GatewayConfig;
use crate::{
    dict::{Dictionary, Violation, avp, result},
    rx::RxError,
    session::ports::Reply,
    wire::{AnswerTemplate, Avps, CommandFlags, Header, Message, MessageBuf, VendorId, WireError, walk},
};

/// Deepest nesting of a Failed-AVP that is looked into.
const MAX_DEPTH: usize = 8;

/// What answers take over from their requests: Proxy-Info (RFC 6733 §6.2), and DRMP, as no answer is more or less
/// important than what it answers (RFC 7944 §8).
const ECHOED: [u64; 2] = [avp::PROXY_INFO.key(), avp::DRMP.key()];

/// Answers that are the same every time, encoded once.
#[derive(Debug)]
pub(super) struct Replies {
    success: AnswerTemplate<2>,
    unknown_session: AnswerTemplate<2>,
    unable_to_comply: AnswerTemplate<2>,
}

impl Replies {
    pub fn new(config: &GatewayConfig) -> Result<Self, RxError> {
        let template = |code: u32| {
            AnswerTemplate::new(&avp::SESSION_ID, ECHOED, CommandFlags::NONE, |w| {
                w.put(&avp::RESULT_CODE, code);
                w.put(&avp::ORIGIN_HOST, &config.origin_host);
                w.put(&avp::ORIGIN_REALM, &config.origin_realm);
                w.put(&avp::ORIGIN_STATE_ID, config.origin_state_id);
            })
        };
        Ok(Self {
            success: template(result::SUCCESS)?,
            unknown_session: template(result::UNKNOWN_SESSION_ID)?,
            unable_to_comply: template(result::UNABLE_TO_COMPLY)?,
        })
    }

    /// The answer to a request, in a buffer of its own.
    pub fn answer(&self, reply: Reply, request: &Message<'_>) -> Result<MessageBuf, WireError> {
        let template = match reply {
            Reply::Success => &self.success,
            Reply::UnknownSession => &self.unknown_session,
            Reply::UnableToComply => &self.unable_to_comply,
        };
        template.message(request)
    }
}

/// The answer to a request that is refused because of what is in it. `avps` are those of the request, as far as
/// they can be read.
pub(super) fn refusal(
    config: &GatewayConfig,
    header: Header,
    avps: Avps<'_>,
    violation: &Violation,
) -> Result<MessageBuf, WireError> {
    let code = violation.result_code;
    let error = if code / 1000 == 3 { CommandFlags::ERROR } else { CommandFlags::NONE };
    let flags = CommandFlags(header.flags.0 & CommandFlags::PROXIABLE.0 | error.0);
    let ids = (header.hop_by_hop, header.end_to_end);
    MessageBuf::build(header.command, flags, header.application, ids, |w| {
        if let Some(session_id) = avps.find(avp::SESSION_ID.key()) {
            w.raw(session_id.padded_octets());
        }
        w.put(&avp::RESULT_CODE, code);
        w.put(&avp::ORIGIN_HOST, &config.origin_host);
        w.put(&avp::ORIGIN_REALM, &config.origin_realm);
        w.put(&avp::ORIGIN_STATE_ID, config.origin_state_id);
        w.put(&avp::ERROR_MESSAGE, &violation.reason);
        if let Some(failed) = &violation.failed_avp {
            w.group(&avp::FAILED_AVP, |w| w.raw(failed));
        }
        for echoed in avps.iter().filter(|avp| ECHOED.contains(&avp.key())) {
            w.raw(echoed.padded_octets());
        }
    })
}

/// Name of the AVP that an answer complains about, the innermost one (RFC 6733 §7.5); its number if it has no
/// name.
pub(super) fn failed_avp(avps: Avps<'_>, dictionary: &Dictionary) -> Option<String> {
    let mut inside = avps.find(avp::FAILED_AVP.key())?.data();
    let mut name = None;
    for _ in 0..MAX_DEPTH {
        let Some(first) = walk(inside).next() else { break };
        let (vendor, code) = (VendorId((first.key >> 32) as u32), first.key & 0xffff_ffff);
        let known = dictionary.avp_by_key(first.key).map(|spec| spec.name.to_string());
        name = Some(known.unwrap_or_else(|| format!("AVP-{}-{code}", vendor.0)));
        if !dictionary.is_grouped(first.key) {
            break;
        }
        inside = first.data;
    }
    name
}
