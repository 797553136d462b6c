//! What the PCRF is told to send: a RAR with its Specific-Actions, an ASR with its cause.

use std::{borrow::Cow, net::IpAddr};

use serde::Deserialize;

use super::json;
use crate::{
    dict::enums::{AbortCause, AnTrusted, FinalUnitAction, IpCanType, RatType, SpecificAction},
    rx::{
        AccessNetworkChargingIdentifier, CustomAvp, Flows, List, RaRequest, SponsoredConnectivityData,
        UsedServiceUnit,
    },
    wire::{AvpFlags, TimeValue, VendorId},
};

/// A Re-Auth-Request to be sent (TS 29.214 §4.4.6). A field is called as its AVP.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RarOrder {
    /// What happened; one or more, by name or number.
    #[serde(deserialize_with = "json::all_named")]
    pub specific_actions: Vec<SpecificAction>,
    /// The flows that it happened to.
    pub flows: Vec<FlowsOrder>,
    /// Why, where something was released.
    #[serde(deserialize_with = "json::some_named")]
    pub abort_cause: Option<AbortCause>,
    /// The kind of access network.
    #[serde(deserialize_with = "json::some_named")]
    pub ip_can_type: Option<IpCanType>,
    /// The radio access.
    #[serde(deserialize_with = "json::some_named")]
    pub rat_type: Option<RatType>,
    /// Whether the access network is trusted.
    #[serde(deserialize_with = "json::some_named")]
    pub an_trusted: Option<AnTrusted>,
    /// Addresses of the access gateway, at most two.
    pub an_gw_addresses: Vec<IpAddr>,
    /// Charging identifiers of the access network.
    pub access_network_charging_identifiers: Vec<ChargingOrder>,
    /// Address of the access network's charging entity.
    pub access_network_charging_address: Option<IpAddr>,
    /// What a sponsor's data used: Used-Service-Unit in Sponsored-Connectivity-Data.
    pub used_service_unit: Option<UsageOrder>,
    /// 3GPP-SGSN-MCC-MNC: five or six digits.
    pub sgsn_mcc_mnc: Option<String>,
    /// 3GPP-User-Location-Info, in hexadecimal.
    #[serde(deserialize_with = "json::some_hex")]
    pub user_location_info: Option<Vec<u8>>,
    /// User-Location-Info-Time. Seconds since 1970.
    pub user_location_info_time: Option<u64>,
    /// 3GPP-MS-TimeZone, in hexadecimal.
    #[serde(deserialize_with = "json::some_hex")]
    pub ms_time_zone: Option<Vec<u8>>,
    /// NetLoc-Access-Support.
    pub netloc_access_support: Option<u32>,
    /// Further AVPs, known to nobody or wrong on purpose.
    pub custom: Vec<CustomOrder>,
    /// Where to send it, instead of to the AF that opened the session.
    pub to: Destination,
}

/// An Abort-Session-Request to be sent (TS 29.214 §4.4.6.1).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AsrOrder {
    /// Why; BEARER_RELEASED unless given.
    #[serde(deserialize_with = "json::named")]
    pub abort_cause: AbortCause,
    /// Further AVPs, known to nobody or wrong on purpose.
    pub custom: Vec<CustomOrder>,
    /// Where to send it, instead of to the AF that opened the session.
    pub to: Destination,
}

impl Default for AsrOrder {
    fn default() -> Self {
        Self { abort_cause: AbortCause::BEARER_RELEASED, custom: Vec::new(), to: Destination::default() }
    }
}

/// An AF. With a host, the session need not be one that the PCRF holds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Destination {
    /// Destination-Host.
    pub host: Option<String>,
    /// Destination-Realm; that of the session's AF, or else the PCRF's own.
    pub realm: Option<String>,
}

/// Flows of one media component.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FlowsOrder {
    /// Media-Component-Number.
    pub media_component_number: u32,
    /// Flow-Numbers; none: all flows of the component.
    pub flow_numbers: Vec<u32>,
    /// Content-Versions.
    pub content_versions: Vec<u64>,
    /// What happens to them when the credit is used up.
    #[serde(deserialize_with = "json::some_named")]
    pub final_unit_action: Option<FinalUnitAction>,
    /// Media-Component-Status: 0 active, 1 inactive.
    pub media_component_status: Option<u32>,
}

/// A charging identifier of the access network.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChargingOrder {
    /// Access-Network-Charging-Identifier-Value, in hexadecimal.
    #[serde(deserialize_with = "json::hex")]
    pub value: Vec<u8>,
    /// The flows it is for; none: the whole session.
    #[serde(default)]
    pub flows: Vec<FlowsOrder>,
}

/// What was used of sponsored data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UsageOrder {
    /// CC-Time. Seconds.
    pub time: Option<u32>,
    /// CC-Total-Octets.
    pub total_octets: Option<u64>,
    /// CC-Input-Octets.
    pub input_octets: Option<u64>,
    /// CC-Output-Octets.
    pub output_octets: Option<u64>,
}

/// An AVP as it goes on the wire.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomOrder {
    /// AVP Code.
    pub code: u32,
    /// Vendor-ID; 0 sends none.
    #[serde(default)]
    pub vendor_id: u32,
    /// The M bit.
    #[serde(default)]
    pub mandatory: bool,
    /// The data, in hexadecimal.
    #[serde(deserialize_with = "json::hex", default)]
    pub data: Vec<u8>,
}

/// Who sends a request about which session to whom.
pub(super) struct Envelope {
    pub session_id: String,
    pub origin_host: String,
    pub origin_realm: String,
    pub destination_host: String,
    pub destination_realm: String,
    pub application: u32,
    pub origin_state_id: Option<u32>,
}

impl RarOrder {
    /// A RAR with these Specific-Actions and nothing else.
    pub fn new(specific_actions: impl Into<Vec<SpecificAction>>) -> Self {
        Self { specific_actions: specific_actions.into(), ..Self::default() }
    }

    pub(super) fn request(&self, envelope: Envelope) -> RaRequest<'static> {
        RaRequest {
            session_id: envelope.session_id.into(),
            origin_host: envelope.origin_host.into(),
            origin_realm: envelope.origin_realm.into(),
            destination_realm: envelope.destination_realm.into(),
            destination_host: envelope.destination_host.into(),
            auth_application_id: envelope.application,
            origin_state_id: envelope.origin_state_id,
            specific_action: self.specific_actions.clone().into(),
            flows: flows(&self.flows),
            abort_cause: self.abort_cause,
            ip_can_type: self.ip_can_type,
            rat_type: self.rat_type,
            an_trusted: self.an_trusted,
            an_gw_address: self.an_gw_addresses.clone().into(),
            access_network_charging_identifier: self
                .access_network_charging_identifiers
                .iter()
                .map(ChargingOrder::to_avp)
                .collect(),
            access_network_charging_address: self.access_network_charging_address,
            sponsored_connectivity_data: self.used_service_unit.map(|usage| sponsored(usage.to_avp())),
            tgpp_sgsn_mcc_mnc: self.sgsn_mcc_mnc.clone().map(Cow::Owned),
            tgpp_user_location_info: self.user_location_info.clone().map(Cow::Owned),
            user_location_info_time: self.user_location_info_time.map(TimeValue::from_unix),
            tgpp_ms_timezone: self.ms_time_zone.clone().map(Cow::Owned),
            netloc_access_support: self.netloc_access_support,
            custom: custom(&self.custom),
            ..RaRequest::default()
        }
    }
}

impl ChargingOrder {
    fn to_avp(&self) -> AccessNetworkChargingIdentifier<'static> {
        AccessNetworkChargingIdentifier {
            access_network_charging_identifier_value: Cow::Owned(self.value.clone()),
            flows: flows(&self.flows),
            ..AccessNetworkChargingIdentifier::default()
        }
    }
}

impl UsageOrder {
    fn to_avp(self) -> UsedServiceUnit<'static> {
        UsedServiceUnit {
            cc_time: self.time,
            cc_total_octets: self.total_octets,
            cc_input_octets: self.input_octets,
            cc_output_octets: self.output_octets,
            ..UsedServiceUnit::default()
        }
    }
}

/// Usage goes from the PCRF to the AF in Sponsored-Connectivity-Data.
pub(super) fn sponsored(used: UsedServiceUnit<'static>) -> SponsoredConnectivityData<'static> {
    SponsoredConnectivityData { used_service_unit: Some(used), ..SponsoredConnectivityData::default() }
}

pub(super) fn custom(orders: &[CustomOrder]) -> List<'static, CustomAvp<'static>> {
    let one = |order: &CustomOrder| CustomAvp {
        code: order.code,
        vendor: VendorId(order.vendor_id),
        flags: if order.mandatory { AvpFlags::MANDATORY } else { AvpFlags::NONE },
        data: Cow::Owned(order.data.clone()),
    };
    orders.iter().map(one).collect()
}

fn flows(orders: &[FlowsOrder]) -> List<'static, Flows<'static>> {
    let one = |order: &FlowsOrder| Flows {
        media_component_number: order.media_component_number,
        flow_number: order.flow_numbers.clone().into(),
        content_version: order.content_versions.clone().into(),
        final_unit_action: order.final_unit_action,
        media_component_status: order.media_component_status,
        ..Flows::default()
    };
    orders.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope {
            session_id: "af;1;2".into(),
            origin_host: "pcrf".into(),
            origin_realm: "r".into(),
            destination_host: "af".into(),
            destination_realm: "r".into(),
            application: 7,
            origin_state_id: Some(1),
        }
    }

    #[test]
    fn a_rar_is_written_with_names_or_numbers() {
        let order: RarOrder = json::read(
            br#"{"specificActions": ["INDICATION_OF_OUT_OF_CREDIT", "ip-can change", 99],
                "flows": [{"mediaComponentNumber": 1, "flowNumbers": [1, 2], "finalUnitAction": "TERMINATE"}],
                "abortCause": 1, "ipCanType": "3GPP-EPS", "ratType": "EUTRAN", "anTrusted": "UNTRUSTED",
                "anGwAddresses": ["192.0.2.1"], "usedServiceUnit": {"totalOctets": 5, "time": 6},
                "accessNetworkChargingIdentifiers": [{"value": "0aff"}], "userLocationInfo": "8201",
                "custom": [{"code": 9999, "vendorId": 10415, "mandatory": true, "data": "01"}]}"#,
        )
        .unwrap();
        let request = order.request(envelope());
        let actions: Vec<u32> = request.specific_action.iter().map(|action| action.0).collect();
        assert_eq!(actions, [7, 6, 99]);
        let flows = request.flows.to_vec();
        assert_eq!(
            (flows[0].flow_number.to_vec(), flows[0].final_unit_action),
            (vec![1, 2], Some(FinalUnitAction(0)))
        );
        assert_eq!(request.abort_cause, Some(AbortCause(1)));
        assert_eq!((request.ip_can_type, request.rat_type), (Some(IpCanType(5)), Some(RatType(1004))));
        assert_eq!(request.an_trusted, Some(AnTrusted(1)));
        let used = request.sponsored_connectivity_data.unwrap().used_service_unit.unwrap();
        assert_eq!((used.cc_total_octets, used.cc_time), (Some(5), Some(6)));
        let charging = request.access_network_charging_identifier.to_vec();
        assert_eq!(&charging[0].access_network_charging_identifier_value[..], [0x0a, 0xff]);
        assert_eq!(request.tgpp_user_location_info.as_deref(), Some(&[0x82, 0x01][..]));
        assert_eq!(request.custom.to_vec()[0].key(), 10415 << 32 | 9999);
    }

    #[test]
    fn what_is_wrong_in_an_order_is_said_with_what_is_accepted() {
        for (body, said) in [
            (r#"{"specificActions": ["LOSS"]}"#, "INDICATION_OF_LOSS_OF_BEARER"),
            (r#"{"specificActions": [true]}"#, "true is not accepted"),
            (r#"{"specificActions": [4294967296]}"#, "0 to 4294967295"),
            (r#"{"specificAction": [1]}"#, "`specificActions`"),
            (r#"{"abortCause": "BORED"}"#, "PS_TO_CS_HANDOVER"),
            (r#"{"userLocationInfo": "8"}"#, "two hexadecimal digits"),
            (r#"{"flows": [{"number": 1}]}"#, "`mediaComponentNumber`"),
        ] {
            let error = json::read::<RarOrder>(body.as_bytes()).unwrap_err();
            assert!(error.contains(said), "{body}: {error}");
        }
        assert_eq!(json::read::<AsrOrder>(b" ").unwrap(), AsrOrder::default());
        assert!(json::read::<AsrOrder>(br#"{"cause": 1}"#).unwrap_err().contains("`abortCause`"));
    }
}
