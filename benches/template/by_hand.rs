//! The request of Example 16-10 with ten values of its caller, built field by field.

use std::{borrow::Cow, hint::black_box};

use rxgate::{
    dict::{RX_APPLICATION_ID, enums::*},
    rx::{
        AaRequest, CcMoney, CustomAvp, GrantedServiceUnit, List, MediaComponentDescription,
        MediaSubComponent, SponsoredConnectivityData, SubscriptionId, SupportedFeatures, UnitValue,
    },
    wire::{AvpFlags, EndToEndId, HopByHopId, TimeValue, VendorId},
};

/// What the caller sets, as names and texts.
pub const PAIRS: [(&str, &str); 10] = [
    ("$CHG_ID", "charging_id_test"),
    ("$MAX_REQ_BAND_DL", "2048000"),
    ("$MAX_REQ_BAND_UL", "512000"),
    ("$FLOW_DESCRIPTION_0", "permit out 17 from 10.20.30.40 49170 to 10.45.0.17 50010"),
    ("$FLOW_STATUS", "ENABLED-DOWNLINK"),
    ("$MED_TYPE", "VIDEO"),
    ("$SUB_ID_DATA", "491701234567"),
    ("$CC_TOTAL_OCTS", "10485760"),
    ("$UNIT_VAL", "4.99"),
    ("$ENUM_VAL", "ENUM_2"),
];

/// Identities, as the session layer puts them into every request.
pub fn identify<'a>(request: AaRequest<'a>) -> AaRequest<'a> {
    AaRequest {
        session_id: Cow::Borrowed(black_box(
            "pcscf01.ims.mnc001.mcc001.3gppnetwork.org;1763764000;481234;rx",
        )),
        auth_application_id: RX_APPLICATION_ID,
        origin_host: Cow::Borrowed(black_box("pcscf01.ims.mnc001.mcc001.3gppnetwork.org")),
        origin_realm: Cow::Borrowed(black_box("ims.mnc001.mcc001.3gppnetwork.org")),
        destination_realm: Cow::Borrowed(black_box("epc.mnc001.mcc001.3gppnetwork.org")),
        framed_ip_address: Some(Cow::Borrowed(black_box(&[10, 45, 0, 17]))),
        ..request
    }
}

/// Identifiers of the header.
pub const IDS: (HopByHopId, EndToEndId) = (HopByHopId(7), EndToEndId(9));

/// Builds the request out of borrowed values and encodes it; its length.
pub fn encode(out: &mut [u8]) -> usize {
    with_request(|request| request.encode_into(out, IDS).expect("room enough"))
}

/// Builds the request.
pub fn with_request<T>(then: impl FnOnce(&AaRequest<'_>) -> T) -> T {
    let filters = [Cow::Borrowed(black_box("permit out 17 from 10.20.30.40 49170 to 10.45.0.17 50010"))];
    let flows = [MediaSubComponent {
        flow_number: black_box(0),
        flow_description: List::borrowed(&filters),
        flow_status: Some(FlowStatus::ENABLED),
        flow_usage: Some(FlowUsage::NO_INFORMATION),
        max_requested_bandwidth_ul: Some(black_box(1000)),
        max_requested_bandwidth_dl: Some(black_box(1000)),
        ..Default::default()
    }];
    let codec = [Cow::Borrowed(black_box(&b"CODEC"[..]))];
    let components = [MediaComponentDescription {
        media_component_number: black_box(0),
        media_sub_component: List::borrowed(&flows),
        af_application_identifier: Some(Cow::Borrowed(black_box(b"test_appId"))),
        media_type: Some(MediaType(black_box(1))),
        max_requested_bandwidth_ul: Some(black_box(512_000)),
        max_requested_bandwidth_dl: Some(black_box(2_048_000)),
        min_requested_bandwidth_ul: Some(black_box(10)),
        min_requested_bandwidth_dl: Some(black_box(10)),
        flow_status: Some(FlowStatus(black_box(1))),
        reservation_priority: Some(ReservationPriority(black_box(0))),
        rs_bandwidth: Some(black_box(1000)),
        rr_bandwidth: Some(black_box(1000)),
        codec_data: List::borrowed(&codec),
        ..Default::default()
    }];
    let subscription = [SubscriptionId {
        subscription_id_type: SubscriptionIdType::END_USER_E164,
        subscription_id_data: Cow::Borrowed(black_box("491701234567")),
        ..Default::default()
    }];
    let grouped = [CustomAvp {
        code: 688_788,
        vendor: VendorId(87349),
        flags: AvpFlags::MANDATORY,
        data: Cow::Borrowed(black_box(b"\0\x01\x7a\x11\0\0\0\x0bxmf\0")),
    }];
    let features = [SupportedFeatures {
        vendor_id: black_box(654_321),
        feature_list_id: black_box(654_320),
        feature_list: black_box(654_322),
        custom: List::borrowed(&grouped),
    }];
    let money = CcMoney {
        unit_value: UnitValue { value_digits: black_box(499), exponent: Some(-2), ..Default::default() },
        currency_code: Some(black_box(80)),
        ..Default::default()
    };
    let granted = GrantedServiceUnit {
        tariff_time_change: Some(TimeValue(black_box(1))),
        cc_time: Some(black_box(60)),
        cc_money: Some(money),
        cc_total_octets: Some(black_box(10_485_760)),
        cc_input_octets: Some(black_box(500_000)),
        cc_output_octets: Some(black_box(500_000)),
        cc_service_specific_units: Some(black_box(1)),
        ..Default::default()
    };
    let custom = [CustomAvp {
        code: 93222,
        vendor: VendorId(111),
        flags: AvpFlags::MANDATORY,
        data: Cow::Borrowed(black_box(&[0, 0, 0, 1])),
    }];
    let request = AaRequest {
        af_application_identifier: Some(Cow::Borrowed(black_box(b"test_appId"))),
        media_component_description: List::borrowed(&components),
        service_info_status: Some(ServiceInfoStatus(black_box(0))),
        af_charging_identifier: Some(Cow::Borrowed(black_box(b"charging_id_test"))),
        sip_forking_indication: Some(SipForkingIndication(black_box(0))),
        subscription_id: List::borrowed(&subscription),
        supported_features: List::borrowed(&features),
        reservation_priority: Some(ReservationPriority(black_box(0))),
        service_urn: Some(Cow::Borrowed(black_box(b"sos.fire"))),
        sponsored_connectivity_data: Some(SponsoredConnectivityData {
            sponsor_identity: Some(Cow::Borrowed(black_box("spon_id"))),
            application_service_provider_identity: Some(Cow::Borrowed(black_box("spon_serv_prov_id"))),
            granted_service_unit: Some(granted),
            ..Default::default()
        }),
        mps_identifier: Some(Cow::Borrowed(black_box(b"mps_id"))),
        custom: List::borrowed(&custom),
        ..Default::default()
    };
    then(&identify(request))
}
