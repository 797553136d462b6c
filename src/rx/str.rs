//! Session-Termination-Request and -Answer (TS 29.214 §5.6.5, §5.6.6): the AF ends a session.

use std::{borrow::Cow, net::IpAddr};

use super::{
    ExperimentalResult, FiveGsRanNasReleaseCause, Load, OcOlr, OcSupportedFeatures, ProxyInfo, RxError,
    SponsoredConnectivityData, WirelineUserLocationInfo, field,
};
use crate::{
    dict::{
        RX_APPLICATION_ID, commands,
        enums::{Drmp, RedirectHostUsage, RequiredAccessInfo, TerminationCause},
    },
    wire::{CommandFlags, EndToEndId, HopByHopId, Message, MessageBuf, TimeValue, Writer},
};

field::avps! {
    /// Session-Termination-Request.
    StRequest "Session-Termination-Request" {
        one session_id: Cow<'a, str> = SESSION_ID;
        opt drmp: Drmp = DRMP;
        one origin_host: Cow<'a, str> = ORIGIN_HOST;
        one origin_realm: Cow<'a, str> = ORIGIN_REALM;
        one destination_realm: Cow<'a, str> = DESTINATION_REALM;
        one auth_application_id: u32 = AUTH_APPLICATION_ID;
        one termination_cause: TerminationCause = TERMINATION_CAUSE;
        opt destination_host: Cow<'a, str> = DESTINATION_HOST;
        many required_access_info: RequiredAccessInfo = REQUIRED_ACCESS_INFO;
        opt oc_supported_features: OcSupportedFeatures<'a> = OC_SUPPORTED_FEATURES;
        /// Echoed as the PCRF sent them (RFC 6733 §8.20).
        many class: Cow<'a, [u8]> = CLASS;
        opt origin_state_id: u32 = ORIGIN_STATE_ID;
        many proxy_info: ProxyInfo<'a> = PROXY_INFO;
        many route_record: Cow<'a, str> = ROUTE_RECORD;
    }

    /// Session-Termination-Answer; may bring the last usage of sponsored data.
    StAnswer "Session-Termination-Answer" {
        opt session_id: Cow<'a, str> = SESSION_ID;
        opt drmp: Drmp = DRMP;
        one origin_host: Cow<'a, str> = ORIGIN_HOST;
        one origin_realm: Cow<'a, str> = ORIGIN_REALM;
        opt result_code: u32 = RESULT_CODE;
        /// Not in the grammar; some servers send it.
        opt experimental_result: ExperimentalResult<'a> = EXPERIMENTAL_RESULT;
        opt error_message: Cow<'a, str> = ERROR_MESSAGE;
        opt error_reporting_host: Cow<'a, str> = ERROR_REPORTING_HOST;
        opt oc_supported_features: OcSupportedFeatures<'a> = OC_SUPPORTED_FEATURES;
        opt oc_olr: OcOlr<'a> = OC_OLR;
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
        opt netloc_access_support: u32 = NETLOC_ACCESS_SUPPORT;
        many class: Cow<'a, [u8]> = CLASS;
        opt origin_state_id: u32 = ORIGIN_STATE_ID;
        many redirect_host: Cow<'a, str> = REDIRECT_HOST;
        opt redirect_host_usage: RedirectHostUsage = REDIRECT_HOST_USAGE;
        opt redirect_max_cache_time: u32 = REDIRECT_MAX_CACHE_TIME;
        many load: Load<'a> = LOAD;
        many proxy_info: ProxyInfo<'a> = PROXY_INFO;
    }
}

field::message!(StRequest "Session-Termination-Request" request SESSION_TERMINATION);
field::message!(StAnswer "Session-Termination-Answer" answer SESSION_TERMINATION);
