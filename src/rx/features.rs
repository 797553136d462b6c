//! Supported-Features negotiation (TS 29.214 §5.4.1): what the AF offers, what the PCRF has in common with it.

use super::{List, SupportedFeatures};
use crate::wire::VendorId;

/// The bits of one feature list of 3GPP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeatureList {
    /// Feature-List-ID: 1 or 2.
    pub id: u32,
    /// Feature-List: one bit per feature.
    pub bits: u32,
}

impl FeatureList {
    /// Bit of list 1: basic functionality of Release 8. (TS 29.214 table 5.4.1.1).
    pub const REL8: u32 = 1 << 0;
    /// Bit of list 1: basic functionality of Release 9. (TS 29.214 table 5.4.1.1).
    pub const REL9: u32 = 1 << 1;
    /// Bit of list 1: provisioning of AF signalling flow information. (TS 29.214 table 5.4.1.1).
    pub const PROV_AF_SIGNAL_FLOW: u32 = 1 << 2;
    /// Bit of list 1: sponsored data connectivity, volume threshold. (TS 29.214 table 5.4.1.1).
    pub const SPONSORED_CONNECTIVITY: u32 = 1 << 3;
    /// Bit of list 1: basic functionality of Release 10. (TS 29.214 table 5.4.1.1).
    pub const REL10: u32 = 1 << 4;
    /// Bit of list 1: access network information reporting. (TS 29.214 table 5.4.1.1).
    pub const NETLOC: u32 = 1 << 5;
    /// Bit of list 1: filters without the restrictions of the base feature set. (TS 29.214 table 5.4.1.1).
    pub const EXTENDED_FILTER: u32 = 1 << 6;
    /// Bit of list 1: sponsored data connectivity, time threshold. (TS 29.214 table 5.4.1.1).
    pub const SC_TIME_BASED_UM: u32 = 1 << 7;

    /// What an AF of Release 10 offers; with sponsored data, its feature too.
    pub const fn release_10(sponsored: bool) -> Self {
        let base = Self::REL8 | Self::REL9 | Self::REL10;
        Self { id: 1, bits: if sponsored { base | Self::SPONSORED_CONNECTIVITY } else { base } }
    }

    /// As an AVP of 3GPP.
    pub const fn to_avp(self) -> SupportedFeatures<'static> {
        SupportedFeatures {
            vendor_id: VendorId::TGPP.0,
            feature_list_id: self.id,
            feature_list: self.bits,
            custom: List::borrowed(&[]),
        }
    }

    /// The common subset of what was offered and what the other side says it has.
    ///
    /// A list that the answer does not name has nothing in common.
    pub fn common(self, answered: &List<'_, SupportedFeatures<'_>>) -> Self {
        let bits = answered
            .iter()
            .filter(|list| list.vendor_id == VendorId::TGPP.0 && list.feature_list_id == self.id)
            .fold(0, |bits, list| bits | list.feature_list);
        Self { id: self.id, bits: self.bits & bits }
    }

    /// Whether every one of `bits` is there.
    pub const fn has(self, bits: u32) -> bool {
        self.bits & bits == bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_subset_is_per_vendor_and_list() {
        let offered = FeatureList::release_10(true);
        assert_eq!(offered.bits, 0x1b);
        let mut other_vendor = FeatureList { id: 1, bits: 0x10 }.to_avp();
        other_vendor.vendor_id = 1;
        let answered = List::from(vec![
            FeatureList { id: 1, bits: 0x43 }.to_avp(),
            FeatureList { id: 2, bits: 8 }.to_avp(),
            other_vendor,
        ]);
        let common = offered.common(&answered);
        assert_eq!(common, FeatureList { id: 1, bits: 3 });
        assert!(common.has(FeatureList::REL9) && !common.has(FeatureList::REL9 | FeatureList::REL10));
        assert_eq!(offered.common(&List::default()).bits, 0);
    }
}
