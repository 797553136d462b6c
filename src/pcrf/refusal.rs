//! Why a request is not granted, and the AVPs that tell the AF (RFC 6733 §7.5, TS 29.214 §5.5).

use crate::{
    dict::avp,
    rx::{AcceptableServiceInfo, CustomAvp, ExperimentalResult, Outcome},
    wire::{AvpDef, Format, VendorId, Writer},
};

/// A refusal: what goes into an answer in place of what was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    /// Result-Code or Experimental-Result.
    pub outcome: Outcome,
    /// Error-Message.
    pub text: String,
    /// What Failed-AVP holds, encoded; empty for none.
    pub failed_avp: Vec<u8>,
    /// Acceptable-Service-Info.
    pub acceptable: Option<Box<AcceptableServiceInfo<'static>>>,
    /// Retry-Interval. Seconds.
    pub retry_interval: Option<u32>,
}

impl Refusal {
    /// With a result and nothing to quote.
    pub fn new(outcome: Outcome, text: impl Into<String>) -> Self {
        Self { outcome, text: text.into(), failed_avp: Vec::new(), acceptable: None, retry_interval: None }
    }

    /// With a Result-Code.
    pub fn base(code: u32, text: impl Into<String>) -> Self {
        Self::new(Outcome::base(code), text)
    }

    /// With an Experimental-Result-Code of 3GPP.
    pub fn tgpp(code: u32, text: impl Into<String>) -> Self {
        Self::new(Outcome::tgpp(code), text)
    }

    /// Quotes the AVP that is to blame.
    pub fn quoting<F: Format>(mut self, def: &AvpDef<F>, value: F::Value<'_>) -> Self {
        // A header of 12 octets and three of padding at most.
        let mut octets = vec![0; F::length(&value) + 16];
        let mut writer = Writer::avps_only(&mut octets);
        writer.put(def, value);
        let length = writer.position();
        octets.truncate(length);
        self.failed_avp = octets;
        self
    }

    /// Result-Code or Experimental-Result: one of both.
    pub fn result(&self) -> (Option<u32>, Option<ExperimentalResult<'static>>) {
        let Outcome { vendor, code } = self.outcome;
        match vendor {
            VendorId::NONE => (Some(code), None),
            vendor => {
                let result = ExperimentalResult {
                    vendor_id: vendor.0,
                    experimental_result_code: code,
                    ..Default::default()
                };
                (None, Some(result))
            }
        }
    }

    /// Failed-AVP, if something is to be quoted; the structs of answers have no field for it.
    pub fn failed(&self) -> Option<CustomAvp<'static>> {
        let failed = avp::FAILED_AVP;
        (!self.failed_avp.is_empty()).then(|| CustomAvp {
            code: failed.code,
            vendor: failed.vendor,
            flags: failed.flags,
            data: self.failed_avp.clone().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_quotes_the_avp_with_its_padding() {
        let refusal = Refusal::base(5004, "").quoting(&avp::FRAMED_IP_ADDRESS, &[1, 2, 3]);
        let failed = refusal.failed().unwrap();
        assert_eq!((failed.code, failed.flags.0), (279, 0x40));
        assert_eq!(&failed.data[..], [0, 0, 0, 8, 0x40, 0, 0, 11, 1, 2, 3, 0]);
        assert_eq!(Refusal::base(5012, "").failed(), None);
    }
}
