//! Small groups that several messages share (TS 29.214 §5.3, RFC 6733, RFC 8506, RFC 7683, RFC 8583).

use std::borrow::Cow;

use super::{Element, Flows, RxError, field};
use crate::{
    dict::enums::{IpCanType, LoadType, OcReportType, RatType, SubscriptionIdType, UserEquipmentInfoType},
    wire::{Avp, AvpFlags, VendorId, avp_key},
};

/// An AVP that the structs have no field for, as it stands on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomAvp<'a> {
    /// AVP Code.
    pub code: u32,
    /// Vendor; [`VendorId::NONE`] sends no Vendor-ID.
    pub vendor: VendorId,
    /// Flags; V follows from the vendor when sent.
    pub flags: AvpFlags,
    /// The data without padding; of a Grouped AVP the encoded AVPs inside.
    pub data: Cow<'a, [u8]>,
}

impl CustomAvp<'_> {
    /// Vendor and code in one number.
    pub fn key(&self) -> u64 {
        avp_key(self.vendor, self.code)
    }
}

impl<'a> Element<'a> for CustomAvp<'a> {
    #[inline]
    fn read(avp: Avp<'a>) -> Result<Self, RxError> {
        Ok(Self { code: avp.code(), vendor: avp.vendor(), flags: avp.flags(), data: avp.data().into() })
    }
}

impl field::IntoOwned for CustomAvp<'_> {
    type Owned = CustomAvp<'static>;
    fn into_owned(self) -> CustomAvp<'static> {
        CustomAvp { data: Cow::Owned(self.data.into_owned()), ..self }
    }
}

field::avps! {
    /// Subscription-Id (RFC 8506 §8.46): who the subscriber is.
    SubscriptionId "Subscription-Id" {
        one subscription_id_type: SubscriptionIdType = SUBSCRIPTION_ID_TYPE;
        one subscription_id_data: Cow<'a, str> = SUBSCRIPTION_ID_DATA;
    }

    /// Supported-Features (TS 29.229 §6.3.29): one list of feature bits.
    SupportedFeatures "Supported-Features" {
        one vendor_id: u32 = VENDOR_ID;
        one feature_list_id: u32 = FEATURE_LIST_ID;
        one feature_list: u32 = FEATURE_LIST;
    }

    /// Experimental-Result (RFC 6733 §7.6): a result code of a vendor.
    ExperimentalResult "Experimental-Result" {
        one vendor_id: u32 = VENDOR_ID;
        one experimental_result_code: u32 = EXPERIMENTAL_RESULT_CODE;
    }

    /// Proxy-Info (RFC 6733 §6.7.2): what a stateless agent wants back in the answer.
    ProxyInfo "Proxy-Info" {
        one proxy_host: Cow<'a, str> = PROXY_HOST;
        one proxy_state: Cow<'a, [u8]> = PROXY_STATE;
    }

    /// Access-Network-Charging-Identifier (TS 29.214 §5.3.3); without flows it is that of the whole session.
    AccessNetworkChargingIdentifier "Access-Network-Charging-Identifier" {
        one access_network_charging_identifier_value: Cow<'a, [u8]> = ACCESS_NETWORK_CHARGING_IDENTIFIER_VALUE;
        many flows: Flows<'a> = FLOWS;
    }

    /// Callee-Information (TS 29.214 §5.3.60).
    CalleeInformation "Callee-Information" {
        opt called_party_address: Cow<'a, str> = CALLED_PARTY_ADDRESS;
        many requested_party_address: Cow<'a, str> = REQUESTED_PARTY_ADDRESS;
        many called_asserted_identity: Cow<'a, str> = CALLED_ASSERTED_IDENTITY;
    }

    /// MA-Information (TS 29.214 §5.3.66): the accesses of a multi-access session.
    MaInformation "MA-Information" {
        opt ip_can_type: IpCanType = IP_CAN_TYPE;
        opt rat_type: RatType = RAT_TYPE;
        opt ma_information_action: u32 = MA_INFORMATION_ACTION;
    }

    /// NGAP-Cause (TS 29.214 §5.3.71).
    NgapCause "NGAP-Cause" {
        one ngap_group: u32 = NGAP_GROUP;
        one ngap_value: u32 = NGAP_VALUE;
    }

    /// 5GS-RAN-NAS-Release-Cause (TS 29.214 §5.3.68).
    FiveGsRanNasReleaseCause "5GS-RAN-NAS-Release-Cause" {
        opt fivegmm_cause: u32 = FIVEGMM_CAUSE;
        opt fivegsm_cause: u32 = FIVEGSM_CAUSE;
        opt ngap_cause: NgapCause<'a> = NGAP_CAUSE;
    }

    /// Wireline-User-Location-Info (TS 29.214 §5.3.74).
    WirelineUserLocationInfo "Wireline-User-Location-Info" {
        opt hfc_node_identifier: Cow<'a, [u8]> = HFC_NODE_IDENTIFIER;
        opt gli_identifier: Cow<'a, [u8]> = GLI_IDENTIFIER;
        opt line_type: u32 = LINE_TYPE;
    }

    /// User-Equipment-Info (RFC 8506 §8.49).
    UserEquipmentInfo "User-Equipment-Info" {
        one user_equipment_info_type: UserEquipmentInfoType = USER_EQUIPMENT_INFO_TYPE;
        one user_equipment_info_value: Cow<'a, [u8]> = USER_EQUIPMENT_INFO_VALUE;
    }

    /// OC-Supported-Features (RFC 7683 §7.1).
    OcSupportedFeatures "OC-Supported-Features" {
        opt oc_feature_vector: u64 = OC_FEATURE_VECTOR;
    }

    /// OC-OLR (RFC 7683 §7.3): an overload report.
    OcOlr "OC-OLR" {
        one oc_sequence_number: u64 = OC_SEQUENCE_NUMBER;
        one oc_report_type: OcReportType = OC_REPORT_TYPE;
        opt oc_reduction_percentage: u32 = OC_REDUCTION_PERCENTAGE;
        opt oc_validity_duration: u32 = OC_VALIDITY_DURATION;
    }

    /// Load (RFC 8583 §7.1): 65535 is idle, 0 is fully loaded.
    Load "Load" {
        opt load_type: LoadType = LOAD_TYPE;
        opt load_value: u64 = LOAD_VALUE;
        opt sourceid: Cow<'a, str> = SOURCEID;
    }
}
