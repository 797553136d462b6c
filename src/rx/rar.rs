//! Re-Auth-Request and Re-Auth-Answer (TS 29.214 §5.6.3, §5.6.4): the network tells what happened.

use std::{borrow::Cow, net::IpAddr};

use super::{
    AccessNetworkChargingIdentifier, ExperimentalResult, FiveGsRanNasReleaseCause, Flows, MaInformation,
    MediaComponentDescription, OcOlr, OcSupportedFeatures, ProxyInfo, RxError, SponsoredConnectivityData,
    SubscriptionId, WirelineUserLocationInfo, field,
};
use crate::{
    dict::{
        RX_APPLICATION_ID, commands,
        enums::{AbortCause, AnTrusted, Drmp, IpCanType, RatType, RedirectHostUsage, SpecificAction},
    },
    wire::{CommandFlags, EndToEndId, HopByHopId, Message, MessageBuf, TimeValue, Writer},
};

field::avps! {
    /// Re-Auth-Request: one or more Specific-Actions, with what belongs to each.
    RaRequest "Re-Auth-Request" {
        one session_id: Cow<'a, str> = SESSION_ID;
        opt drmp: Drmp = DRMP;
        one origin_host: Cow<'a, str> = ORIGIN_HOST;
        one origin_realm: Cow<'a, str> = ORIGIN_REALM;
        one destination_realm: Cow<'a, str> = DESTINATION_REALM;
        one destination_host: Cow<'a, str> = DESTINATION_HOST;
        one auth_application_id: u32 = AUTH_APPLICATION_ID;
        /// At least one.
        many specific_action: SpecificAction = SPECIFIC_ACTION;
        opt oc_supported_features: OcSupportedFeatures<'a> = OC_SUPPORTED_FEATURES;
        many access_network_charging_identifier: AccessNetworkChargingIdentifier<'a> =
            ACCESS_NETWORK_CHARGING_IDENTIFIER;
        opt access_network_charging_address: IpAddr = ACCESS_NETWORK_CHARGING_ADDRESS;
        many an_gw_address: IpAddr = AN_GW_ADDRESS;
        opt an_trusted: AnTrusted = AN_TRUSTED;
        many flows: Flows<'a> = FLOWS;
        many subscription_id: SubscriptionId<'a> = SUBSCRIPTION_ID;
        opt abort_cause: AbortCause = ABORT_CAUSE;
        opt ip_can_type: IpCanType = IP_CAN_TYPE;
        opt ma_information: MaInformation<'a> = MA_INFORMATION;
        opt netloc_access_support: u32 = NETLOC_ACCESS_SUPPORT;
        opt rat_type: RatType = RAT_TYPE;
        opt sponsored_connectivity_data: SponsoredConnectivityData<'a> = SPONSORED_CONNECTIVITY_DATA;
        opt tgpp_user_location_info: Cow<'a, [u8]> = TGPP_USER_LOCATION_INFO;
        opt user_location_info_time: TimeValue = USER_LOCATION_INFO_TIME;
        opt tgpp_ms_timezone: Cow<'a, [u8]> = TGPP_MS_TIMEZONE;
        many ran_nas_release_cause: Cow<'a, [u8]> = RAN_NAS_RELEASE_CAUSE;
        many fivegs_ran_nas_release_cause: FiveGsRanNasReleaseCause<'a> = FIVEGS_RAN_NAS_RELEASE_CAUSE;
        opt tgpp_sgsn_mcc_mnc: Cow<'a, str> = TGPP_SGSN_MCC_MNC;
        opt nid: Cow<'a, [u8]> = NID;
        opt twan_identifier: Cow<'a, [u8]> = TWAN_IDENTIFIER;
        opt tcp_source_port: u32 = TCP_SOURCE_PORT;
        opt udp_source_port: u32 = UDP_SOURCE_PORT;
        opt ue_local_ip_address: IpAddr = UE_LOCAL_IP_ADDRESS;
        opt wireline_user_location_info: WirelineUserLocationInfo<'a> = WIRELINE_USER_LOCATION_INFO;
        opt origin_state_id: u32 = ORIGIN_STATE_ID;
        many class: Cow<'a, [u8]> = CLASS;
        many proxy_info: ProxyInfo<'a> = PROXY_INFO;
        many route_record: Cow<'a, str> = ROUTE_RECORD;
    }

    /// Re-Auth-Answer.
    RaAnswer "Re-Auth-Answer" {
        opt session_id: Cow<'a, str> = SESSION_ID;
        opt drmp: Drmp = DRMP;
        one origin_host: Cow<'a, str> = ORIGIN_HOST;
        one origin_realm: Cow<'a, str> = ORIGIN_REALM;
        opt result_code: u32 = RESULT_CODE;
        opt experimental_result: ExperimentalResult<'a> = EXPERIMENTAL_RESULT;
        opt oc_supported_features: OcSupportedFeatures<'a> = OC_SUPPORTED_FEATURES;
        opt oc_olr: OcOlr<'a> = OC_OLR;
        many media_component_description: MediaComponentDescription<'a> = MEDIA_COMPONENT_DESCRIPTION;
        opt service_urn: Cow<'a, [u8]> = SERVICE_URN;
        opt origin_state_id: u32 = ORIGIN_STATE_ID;
        many class: Cow<'a, [u8]> = CLASS;
        opt error_message: Cow<'a, str> = ERROR_MESSAGE;
        opt error_reporting_host: Cow<'a, str> = ERROR_REPORTING_HOST;
        many redirect_host: Cow<'a, str> = REDIRECT_HOST;
        opt redirect_host_usage: RedirectHostUsage = REDIRECT_HOST_USAGE;
        opt redirect_max_cache_time: u32 = REDIRECT_MAX_CACHE_TIME;
        many proxy_info: ProxyInfo<'a> = PROXY_INFO;
    }
}

field::message!(RaRequest "Re-Auth-Request" request RE_AUTH);
field::message!(RaAnswer "Re-Auth-Answer" answer RE_AUTH);
