//! What a session has already, as far as the reading of a change depends on it.

use serde::Deserialize;

use super::{Invalid, address::UeAddress};
use crate::{
    dict::enums::{AfSignallingProtocol, FlowUsage},
    rx::AaRequest,
    template::value,
};

/// Properties as Get QoS Status shows them; what is not named here stands by itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Before {
    #[serde(rename = "framedIPAddress")]
    framed_ip_address: Option<String>,
    #[serde(rename = "framedIPv6Prefix")]
    framed_ipv6_prefix: Option<String>,
    #[serde(rename = "mediaComponentDescription")]
    components: Vec<ComponentBefore>,
}

/// A media component. Bandwidths in bits per second.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ComponentBefore {
    #[serde(rename = "mediaComponentNumber")]
    number: u32,
    #[serde(rename = "maxRequestedBandwidthUL")]
    pub max_requested_bandwidth_ul: Option<u32>,
    #[serde(rename = "maxRequestedBandwidthDL")]
    pub max_requested_bandwidth_dl: Option<u32>,
    #[serde(rename = "minRequestedBandwidthUL")]
    pub min_requested_bandwidth_ul: Option<u32>,
    #[serde(rename = "minRequestedBandwidthDL")]
    pub min_requested_bandwidth_dl: Option<u32>,
    #[serde(rename = "mediaSubComponent")]
    flows: Vec<FlowBefore>,
}

/// A flow.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct FlowBefore {
    #[serde(rename = "flowNumber")]
    number: u32,
    flow_usage: Option<String>,
    signalling_protocol: Option<String>,
}

impl Before {
    /// Reads the properties of a session.
    pub fn read(current: &str) -> Result<Self, Invalid> {
        serde_json::from_str(current).map_err(|_| unusable())
    }

    /// The UE's address.
    pub fn address(&self) -> Result<UeAddress, Invalid> {
        let mut address = UeAddress::default();
        if let Some(text) = &self.framed_ip_address {
            match value::ue_address(text).map_err(|_| unusable())? {
                value::UeAddress::V4(octets) => address.v4 = Some(octets.to_vec().into()),
                value::UeAddress::V6(octets) => address.v6 = Some(octets.into()),
            }
        }
        if let Some(text) = &self.framed_ipv6_prefix {
            // What was accepted once is kept, whatever the settings are now.
            address.v6 = Some(value::ipv6_prefix(text, true).map_err(|_| unusable())?.into());
        }
        if address.is_missing() { Err(unusable()) } else { Ok(address) }
    }

    /// A bandwidth that is below its own minimum, by its name.
    pub fn contradiction(&self) -> Option<(u32, &'static str)> {
        self.components.iter().find_map(|component| {
            let above = |min: Option<u32>, max: Option<u32>| min.zip(max).is_some_and(|(min, max)| min > max);
            if above(component.min_requested_bandwidth_ul, component.max_requested_bandwidth_ul) {
                Some((component.number, "minRequestedBandwidthUL"))
            } else if above(component.min_requested_bandwidth_dl, component.max_requested_bandwidth_dl) {
                Some((component.number, "minRequestedBandwidthDL"))
            } else {
                None
            }
        })
    }

    /// A component or flow that a change is about and the session does not have, if there is one. What a template
    /// sends of it is only what changes: too little to add it.
    pub fn lacks(&self, change: &AaRequest<'_>) -> Option<String> {
        change.media_component_description.iter().find_map(|component| {
            let number = component.media_component_number;
            let Some(known) = self.component(number) else { return Some(format!("component {number}")) };
            let mut flows = component.media_sub_component.iter().map(|flow| flow.flow_number);
            let flow = flows.find(|flow| known.flow(*flow).is_none())?;
            Some(format!("flow {flow} of component {number}"))
        })
    }

    /// The component of this number.
    pub fn component(&self, number: u32) -> Option<&ComponentBefore> {
        self.components.iter().find(|component| component.number == number)
    }
}

impl ComponentBefore {
    /// The flow of this number.
    pub fn flow(&self, number: u32) -> Option<&FlowBefore> {
        self.flows.iter().find(|flow| flow.number == number)
    }
}

impl FlowBefore {
    /// Flow-Usage.
    pub fn usage(&self) -> Option<FlowUsage> {
        FlowUsage::from_name(self.flow_usage.as_deref()?)
    }

    /// AF-Signalling-Protocol, whether it was sent or not.
    pub fn signalling_protocol(&self) -> Option<AfSignallingProtocol> {
        AfSignallingProtocol::from_name(self.signalling_protocol.as_deref()?)
    }
}

/// No client can do anything about it.
fn unusable() -> Invalid {
    Invalid::value("requestId", "the session's properties are not those of a session that can be modified")
}
