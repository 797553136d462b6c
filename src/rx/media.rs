//! Service information: media components, their flows, and what the network would accept.

use std::borrow::Cow;

use super::field;
use crate::dict::enums::{
    AfSignallingProtocol, FinalUnitAction, FlowStatus, FlowUsage, MediaType, PreEmptionCapability,
    PreEmptionVulnerability, PrioritySharingIndicator, ReservationPriority,
};

field::avps! {
    /// Media-Component-Description (TS 29.214 §5.3.16).
    ///
    /// In an update a component, sub-component or AVP that is not sent keeps its earlier value.
    MediaComponentDescription "Media-Component-Description" {
        /// Ordinal number, from 1; 0 is AF signalling.
        one media_component_number: u32 = MEDIA_COMPONENT_NUMBER;
        many media_sub_component: MediaSubComponent<'a> = MEDIA_SUB_COMPONENT;
        opt af_application_identifier: Cow<'a, [u8]> = AF_APPLICATION_IDENTIFIER;
        opt flus_identifier: Cow<'a, [u8]> = FLUS_IDENTIFIER;
        opt media_type: MediaType = MEDIA_TYPE;
        opt max_requested_bandwidth_ul: u32 = MAX_REQUESTED_BANDWIDTH_UL;
        opt max_requested_bandwidth_dl: u32 = MAX_REQUESTED_BANDWIDTH_DL;
        opt max_supported_bandwidth_ul: u32 = MAX_SUPPORTED_BANDWIDTH_UL;
        opt max_supported_bandwidth_dl: u32 = MAX_SUPPORTED_BANDWIDTH_DL;
        opt min_desired_bandwidth_ul: u32 = MIN_DESIRED_BANDWIDTH_UL;
        opt min_desired_bandwidth_dl: u32 = MIN_DESIRED_BANDWIDTH_DL;
        opt min_requested_bandwidth_ul: u32 = MIN_REQUESTED_BANDWIDTH_UL;
        opt min_requested_bandwidth_dl: u32 = MIN_REQUESTED_BANDWIDTH_DL;
        opt extended_max_requested_bw_ul: u32 = EXTENDED_MAX_REQUESTED_BW_UL;
        opt extended_max_requested_bw_dl: u32 = EXTENDED_MAX_REQUESTED_BW_DL;
        opt extended_max_supported_bw_ul: u32 = EXTENDED_MAX_SUPPORTED_BW_UL;
        opt extended_max_supported_bw_dl: u32 = EXTENDED_MAX_SUPPORTED_BW_DL;
        opt extended_min_desired_bw_ul: u32 = EXTENDED_MIN_DESIRED_BW_UL;
        opt extended_min_desired_bw_dl: u32 = EXTENDED_MIN_DESIRED_BW_DL;
        opt extended_min_requested_bw_ul: u32 = EXTENDED_MIN_REQUESTED_BW_UL;
        opt extended_min_requested_bw_dl: u32 = EXTENDED_MIN_REQUESTED_BW_DL;
        opt flow_status: FlowStatus = FLOW_STATUS;
        opt priority_sharing_indicator: PrioritySharingIndicator = PRIORITY_SHARING_INDICATOR;
        opt pre_emption_capability: PreEmptionCapability = PRE_EMPTION_CAPABILITY;
        opt pre_emption_vulnerability: PreEmptionVulnerability = PRE_EMPTION_VULNERABILITY;
        opt reservation_priority: ReservationPriority = RESERVATION_PRIORITY;
        opt rs_bandwidth: u32 = RS_BANDWIDTH;
        opt rr_bandwidth: u32 = RR_BANDWIDTH;
        /// At most two: offer and answer.
        many codec_data: Cow<'a, [u8]> = CODEC_DATA;
        opt sharing_key_dl: u32 = SHARING_KEY_DL;
        opt sharing_key_ul: u32 = SHARING_KEY_UL;
        opt content_version: u64 = CONTENT_VERSION;
        /// Tenths of a percent (TS 29.212 §5.3.144).
        opt max_plr_dl: u32 = MAX_PLR_DL;
        /// Tenths of a percent (TS 29.212 §5.3.145).
        opt max_plr_ul: u32 = MAX_PLR_UL;
        /// Milliseconds.
        opt desired_max_latency: f32 = DESIRED_MAX_LATENCY;
        /// Percent.
        opt desired_max_loss: f32 = DESIRED_MAX_LOSS;
    }

    /// Media-Sub-Component (TS 29.214 §5.3.19): one flow, with at most one filter per direction.
    MediaSubComponent "Media-Sub-Component" {
        one flow_number: u32 = FLOW_NUMBER;
        many flow_description: Cow<'a, str> = FLOW_DESCRIPTION;
        opt flow_status: FlowStatus = FLOW_STATUS;
        opt flow_usage: FlowUsage = FLOW_USAGE;
        opt max_requested_bandwidth_ul: u32 = MAX_REQUESTED_BANDWIDTH_UL;
        opt max_requested_bandwidth_dl: u32 = MAX_REQUESTED_BANDWIDTH_DL;
        opt extended_max_requested_bw_ul: u32 = EXTENDED_MAX_REQUESTED_BW_UL;
        opt extended_max_requested_bw_dl: u32 = EXTENDED_MAX_REQUESTED_BW_DL;
        opt af_signalling_protocol: AfSignallingProtocol = AF_SIGNALLING_PROTOCOL;
        opt tos_traffic_class: Cow<'a, [u8]> = TOS_TRAFFIC_CLASS;
    }

    /// Flows (TS 29.214 §5.3.10); without a flow number it means all flows of the component.
    Flows "Flows" {
        one media_component_number: u32 = MEDIA_COMPONENT_NUMBER;
        many flow_number: u32 = FLOW_NUMBER;
        many content_version: u64 = CONTENT_VERSION;
        opt final_unit_action: FinalUnitAction = FINAL_UNIT_ACTION;
        opt media_component_status: u32 = MEDIA_COMPONENT_STATUS;
    }

    /// Acceptable-Service-Info (TS 29.214 §5.3.24): what the network would authorise.
    AcceptableServiceInfo "Acceptable-Service-Info" {
        many media_component_description: MediaComponentDescription<'a> = MEDIA_COMPONENT_DESCRIPTION;
        opt max_requested_bandwidth_dl: u32 = MAX_REQUESTED_BANDWIDTH_DL;
        opt max_requested_bandwidth_ul: u32 = MAX_REQUESTED_BANDWIDTH_UL;
        opt extended_max_requested_bw_dl: u32 = EXTENDED_MAX_REQUESTED_BW_DL;
        opt extended_max_requested_bw_ul: u32 = EXTENDED_MAX_REQUESTED_BW_UL;
    }
}
