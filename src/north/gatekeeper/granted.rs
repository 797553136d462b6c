//! actualProperties and acceptableServiceInfo: what the network granted, or would grant.

use std::fmt::Display;

use serde::Serialize;
use utoipa::ToSchema;

use super::describe::names;
use crate::{
    rx::{
        AcceptableServiceInfo, AccessNetworkChargingIdentifier, Flows, MediaComponentDescription,
        SupportedFeatures,
    },
    session::Granted,
};

/// actualProperties, with the members that the network said something about.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActualProperties {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    access_network_charging_identifier: Vec<ChargingIdentifier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_network_charging_address: Option<String>,
    #[serde(rename = "iPCANType", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<names::IpCanType>)]
    ip_can_type: Option<String>,
    #[serde(rename = "rATType", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<names::RatType>)]
    rat_type: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flows: Vec<FlowList>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    supported_features: Vec<FeatureList>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChargingIdentifier {
    access_network_charging_identifier_value: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flows: Vec<FlowList>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FlowList {
    #[schema(value_type = names::Unsigned32)]
    media_component_number: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<names::Unsigned32>)]
    flow_number: Vec<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<names::FinalUnitAction>)]
    final_unit_action: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct FeatureList {
    #[serde(rename = "vendorId")]
    #[schema(value_type = names::Unsigned32)]
    vendor_id: u32,
    #[serde(rename = "featureListID")]
    #[schema(value_type = names::Unsigned32)]
    id: u32,
    #[serde(rename = "featureList")]
    #[schema(value_type = names::Unsigned32)]
    bits: u32,
}

impl From<&Granted> for ActualProperties {
    fn from(granted: &Granted) -> Self {
        let identifiers = granted.access_network_charging_identifier.iter();
        Self {
            access_network_charging_identifier: identifiers.map(ChargingIdentifier::from).collect(),
            access_network_charging_address: granted.access_network_charging_address.map(|it| it.to_string()),
            ip_can_type: granted.ip_can_type.map(enumeration),
            rat_type: granted.rat_type.map(enumeration),
            flows: granted.flows.iter().map(FlowList::from).collect(),
            supported_features: granted.supported_features.iter().map(FeatureList::from).collect(),
        }
    }
}

impl From<&AccessNetworkChargingIdentifier<'_>> for ChargingIdentifier {
    fn from(identifier: &AccessNetworkChargingIdentifier<'_>) -> Self {
        // Binary: a GCID or a charging id of the access network.
        let octets = identifier.access_network_charging_identifier_value.iter();
        Self {
            access_network_charging_identifier_value: octets.map(|octet| format!("{octet:02X}")).collect(),
            flows: identifier.flows.iter().map(|flows| FlowList::from(&*flows)).collect(),
        }
    }
}

impl From<&Flows<'_>> for FlowList {
    fn from(flows: &Flows<'_>) -> Self {
        Self {
            media_component_number: flows.media_component_number,
            flow_number: flows.flow_number.to_vec(),
            final_unit_action: flows.final_unit_action.map(enumeration),
        }
    }
}

impl From<&SupportedFeatures<'_>> for FeatureList {
    fn from(list: &SupportedFeatures<'_>) -> Self {
        Self { vendor_id: list.vendor_id, id: list.feature_list_id, bits: list.feature_list }
    }
}

/// A value's name, and the number in decimal of one without a name.
///
/// A name that begins with a digit has an underscore before it, as XML wants it: `_3GPP-GPRS`.
pub(super) fn enumeration(value: impl Display) -> String {
    let text = value.to_string();
    let is_number = text.bytes().all(|octet| octet.is_ascii_digit());
    if text.starts_with(|first: char| first.is_ascii_digit()) && !is_number {
        format!("_{text}")
    } else {
        text
    }
}

/// acceptableServiceInfo: the bandwidth that would be authorised.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Acceptable {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media_component_description: Vec<AcceptableComponent>,
    #[serde(flatten)]
    session: Bandwidth,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AcceptableComponent {
    #[schema(value_type = names::Unsigned32)]
    media_component_number: u32,
    #[serde(flatten)]
    bandwidth: Bandwidth,
}

/// Bits per second.
#[derive(Debug, Serialize, ToSchema)]
struct Bandwidth {
    #[serde(rename = "maxRequestedBandwidthUL", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<names::Unsigned64>)]
    uplink: Option<u64>,
    #[serde(rename = "maxRequestedBandwidthDL", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<names::Unsigned64>)]
    downlink: Option<u64>,
}

/// The plain AVP is in bit/s; its extended twin, which stands in for it where it is too small, in kbit/s.
fn bits(plain: Option<u32>, extended: Option<u32>) -> Option<u64> {
    plain.map(u64::from).or(extended.map(|kilobits| u64::from(kilobits) * 1000))
}

impl From<&AcceptableServiceInfo<'_>> for Acceptable {
    fn from(info: &AcceptableServiceInfo<'_>) -> Self {
        let components = info.media_component_description.iter();
        Self {
            media_component_description: components
                .map(|component| AcceptableComponent::from(&*component))
                .collect(),
            session: Bandwidth {
                uplink: bits(info.max_requested_bandwidth_ul, info.extended_max_requested_bw_ul),
                downlink: bits(info.max_requested_bandwidth_dl, info.extended_max_requested_bw_dl),
            },
        }
    }
}

impl From<&MediaComponentDescription<'_>> for AcceptableComponent {
    fn from(component: &MediaComponentDescription<'_>) -> Self {
        Self {
            media_component_number: component.media_component_number,
            bandwidth: Bandwidth {
                uplink: bits(component.max_requested_bandwidth_ul, component.extended_max_requested_bw_ul),
                downlink: bits(component.max_requested_bandwidth_dl, component.extended_max_requested_bw_dl),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dict::enums::{IpCanType, RatType};

    #[test]
    fn names_of_access_networks_are_those_of_the_interface() {
        for (value, text) in [
            (IpCanType::TGPP_GPRS, "_3GPP-GPRS"),
            (IpCanType::XDSL, "xDSL"),
            (IpCanType::TGPP2, "_3GPP2"),
            (IpCanType::NON_3GPP_EPS, "Non-3GPP-EPS"),
            (IpCanType(4711), "4711"),
        ] {
            assert_eq!(enumeration(value), text);
        }
        assert_eq!(enumeration(RatType::EUTRAN), "EUTRAN");
    }
}
