//! The few AVPs of an answer or a request that decide where it goes, read without an index.

use super::overload::{Olr, Scope};
use crate::{
    dict::{avp, enums::OcReportType},
    wire::{AvpDef, DiameterIdentity, HEADER_LENGTH, MessageBuf, RawAvp, walk},
};

/// What an answer says about routing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts<'a> {
    /// The first Result-Code; `None` with Experimental-Result only, or if it cannot be read.
    pub result_code: Option<u32>,
    /// The code of whichever result it has.
    pub code: Option<u32>,
    /// Who wrote it; with an agent in between not the peer.
    pub origin_host: Option<&'a str>,
}

impl<'a> Facts<'a> {
    pub fn of(answer: &'a MessageBuf) -> Self {
        let result_code = find(answer, avp::RESULT_CODE.key()).and_then(number);
        let experimental = || {
            let mut inside = walk(find(answer, avp::EXPERIMENTAL_RESULT.key())?.data);
            inside.find(|avp| avp.key == avp::EXPERIMENTAL_RESULT_CODE.key()).and_then(number)
        };
        Self {
            result_code,
            code: result_code.or_else(experimental),
            origin_host: text(answer, &avp::ORIGIN_HOST),
        }
    }

    /// Whether whoever wrote it did not act on the request (RFC 6733 §7.1.3).
    pub fn is_protocol_error(&self) -> bool {
        self.result_code.is_some_and(|code| code / 1000 == 3)
    }
}

/// The first AVP of this definition, if it is text.
pub(super) fn text<'a>(message: &'a MessageBuf, def: &AvpDef<DiameterIdentity>) -> Option<&'a str> {
    find(message, def.key()).and_then(|avp| std::str::from_utf8(avp.data).ok())
}

/// The Redirect-Hosts of an answer.
pub(super) fn redirect_hosts(answer: &MessageBuf) -> impl Iterator<Item = &str> {
    let hosts = avps(answer).filter(|avp| avp.key == avp::REDIRECT_HOST.key());
    hosts.filter_map(|avp| std::str::from_utf8(avp.data).ok())
}

/// DRMP of a request (RFC 7944 §8).
pub(super) fn drmp(request: &MessageBuf) -> Option<u32> {
    find(request, avp::DRMP.key()).and_then(number)
}

/// The overload reports of an answer (RFC 7683 §7.3), and whom they are about.
pub(super) fn reports(answer: &MessageBuf) -> impl Iterator<Item = (Scope, Olr)> {
    let reports = avps(answer).filter(|avp| avp.key == avp::OC_OLR.key());
    reports.filter_map(|report| {
        let find = |key: u64| walk(report.data).find(|avp| avp.key == key);
        let scope = match OcReportType(find(avp::OC_REPORT_TYPE.key()).and_then(number)?) {
            OcReportType::HOST_REPORT => Scope::host(text(answer, &avp::ORIGIN_HOST)?),
            OcReportType::REALM_REPORT => Scope::realm(text(answer, &avp::ORIGIN_REALM)?),
            _ => return None,
        };
        let sequence = find(avp::OC_SEQUENCE_NUMBER.key())?.data.try_into().ok()?;
        let olr = Olr {
            sequence: u64::from_be_bytes(sequence),
            reduction: find(avp::OC_REDUCTION_PERCENTAGE.key()).and_then(number),
            validity: find(avp::OC_VALIDITY_DURATION.key()).and_then(number),
        };
        Some((scope, olr))
    })
}

fn number(avp: RawAvp<'_>) -> Option<u32> {
    avp.data.try_into().ok().map(u32::from_be_bytes)
}

fn find(message: &MessageBuf, key: u64) -> Option<RawAvp<'_>> {
    avps(message).find(|avp| avp.key == key)
}

fn avps(message: &MessageBuf) -> impl Iterator<Item = RawAvp<'_>> {
    walk(message.as_bytes().get(HEADER_LENGTH..).unwrap_or_default())
}
