//! The result of a request: a Result-Code, or a code of a vendor (RFC 6733 §7, TS 29.214 §5.5).

use crate::{
    dict::{avp, result},
    wire::{Avps, VendorId},
};

/// What an answer says happened. Codes of different vendors overlap, so both always go together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// [`VendorId::NONE`] for a Result-Code, else the vendor of an Experimental-Result-Code.
    pub vendor: VendorId,
    /// The code.
    pub code: u32,
}

impl Outcome {
    /// DIAMETER_SUCCESS (RFC 6733 §7.1.2).
    pub const SUCCESS: Self = Self::base(2001);

    /// A Result-Code.
    pub const fn base(code: u32) -> Self {
        Self { vendor: VendorId::NONE, code }
    }

    /// An Experimental-Result-Code of 3GPP.
    pub const fn tgpp(code: u32) -> Self {
        Self { vendor: VendorId::TGPP, code }
    }

    /// Reads the result of an answer, and how many AVPs claim to be it.
    ///
    /// The first counts; some servers send two. `None` if there is none that can be read.
    pub fn read(avps: Avps<'_>) -> (Option<Self>, usize) {
        let results = avps.iter().filter_map(|one| {
            if one.key() == const { avp::RESULT_CODE.key() } {
                return one.read::<crate::wire::Unsigned32>().ok().map(Self::base);
            }
            if one.key() != const { avp::EXPERIMENTAL_RESULT.key() } {
                return None;
            }
            let vendor = one.children().get(&avp::VENDOR_ID).ok().flatten()?;
            let code = one.children().get(&avp::EXPERIMENTAL_RESULT_CODE).ok().flatten()?;
            Some(Self { vendor: VendorId(vendor), code })
        });
        (results.clone().next(), results.count())
    }

    /// Whether the request was granted: any 2xxx, known or not.
    pub const fn is_success(self) -> bool {
        self.class() == 2
    }

    /// The thousands digit: 1 informational, 2 success, 3 protocol error, 4 transient, 5 permanent.
    pub const fn class(self) -> u32 {
        self.code / 1000
    }

    /// The name that its specification prints.
    pub fn name(self) -> Option<&'static str> {
        match self.vendor {
            VendorId::NONE => result::name(self.code),
            vendor => result::experimental_name(vendor, self.code),
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.name(), self.vendor) {
            (Some(name), _) => write!(f, "{} {name}", self.code),
            (None, VendorId::NONE) => write!(f, "{}", self.code),
            (None, vendor) => write!(f, "{} of vendor {}", self.code, vendor.0),
        }
    }
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
