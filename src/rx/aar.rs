//! AA-Request and AA-Answer (TS 29.214 §5.6.1, §5.6.2).

use std::{borrow::Cow, net::IpAddr};

use super::{
    AcceptableServiceInfo, AccessNetworkChargingIdentifier, CalleeInformation, ExperimentalResult, Flows,
    Load, MaInformation, MediaComponentDescription, OcOlr, OcSupportedFeatures, ProxyInfo, RxError,
    SponsoredConnectivityData, SubscriptionId, SupportedFeatures, UserEquipmentInfo, field,
};
use crate::{
    dict::{
        RX_APPLICATION_ID, commands,
        enums::{
            AnTrusted, AuthSessionState, Drmp, ImsContentType, IpCanType, MpsAction, RatType,
            RedirectHostUsage, RequiredAccessInfo, ReservationPriority, RxRequestType, ServiceInfoStatus,
            SipForkingIndication, SpecificAction,
        },
    },
    wire::{CommandFlags, EndToEndId, HopByHopId, Message, MessageBuf, Writer},
};

field::avps! {
    /// AA-Request: the AF asks for, or changes, an authorisation. Only the initial one of a session may
    /// subscribe to Specific-Actions.
    AaRequest "AA-Request" {
        one session_id: Cow<'a, str> = SESSION_ID;
        one auth_application_id: u32 = AUTH_APPLICATION_ID;
        one origin_host: Cow<'a, str> = ORIGIN_HOST;
        one origin_realm: Cow<'a, str> = ORIGIN_REALM;
        one destination_realm: Cow<'a, str> = DESTINATION_REALM;
        opt destination_host: Cow<'a, str> = DESTINATION_HOST;
        opt drmp: Drmp = DRMP;
        opt auth_session_state: AuthSessionState = AUTH_SESSION_STATE;
        opt ip_domain_id: Cow<'a, [u8]> = IP_DOMAIN_ID;
        opt af_application_identifier: Cow<'a, [u8]> = AF_APPLICATION_IDENTIFIER;
        many media_component_description: MediaComponentDescription<'a> = MEDIA_COMPONENT_DESCRIPTION;
        opt service_info_status: ServiceInfoStatus = SERVICE_INFO_STATUS;
        opt af_charging_identifier: Cow<'a, [u8]> = AF_CHARGING_IDENTIFIER;
        opt sip_forking_indication: SipForkingIndication = SIP_FORKING_INDICATION;
        many specific_action: SpecificAction = SPECIFIC_ACTION;
        many subscription_id: SubscriptionId<'a> = SUBSCRIPTION_ID;
        opt oc_supported_features: OcSupportedFeatures<'a> = OC_SUPPORTED_FEATURES;
        many supported_features: SupportedFeatures<'a> = SUPPORTED_FEATURES;
        opt reservation_priority: ReservationPriority = RESERVATION_PRIORITY;
        /// Four octets.
        opt framed_ip_address: Cow<'a, [u8]> = FRAMED_IP_ADDRESS;
        /// A zero octet, the prefix length, the address: 18 octets with length 128 (TS 29.214 §5.3, RFC 3162).
        opt framed_ipv6_prefix: Cow<'a, [u8]> = FRAMED_IPV6_PREFIX;
        opt called_station_id: Cow<'a, str> = CALLED_STATION_ID;
        opt service_urn: Cow<'a, [u8]> = SERVICE_URN;
        opt sponsored_connectivity_data: SponsoredConnectivityData<'a> = SPONSORED_CONNECTIVITY_DATA;
        opt mps_identifier: Cow<'a, [u8]> = MPS_IDENTIFIER;
        opt gcs_identifier: Cow<'a, [u8]> = GCS_IDENTIFIER;
        opt mcptt_identifier: Cow<'a, [u8]> = MCPTT_IDENTIFIER;
        opt mcvideo_identifier: Cow<'a, [u8]> = MCVIDEO_IDENTIFIER;
        opt ims_content_identifier: Cow<'a, [u8]> = IMS_CONTENT_IDENTIFIER;
        opt ims_content_type: ImsContentType = IMS_CONTENT_TYPE;
        many calling_party_address: Cow<'a, str> = CALLING_PARTY_ADDRESS;
        opt callee_information: CalleeInformation<'a> = CALLEE_INFORMATION;
        opt rx_request_type: RxRequestType = RX_REQUEST_TYPE;
        many required_access_info: RequiredAccessInfo = REQUIRED_ACCESS_INFO;
        opt af_requested_data: u32 = AF_REQUESTED_DATA;
        opt reference_id: Cow<'a, [u8]> = REFERENCE_ID;
        opt pre_emption_control_info: u32 = PRE_EMPTION_CONTROL_INFO;
        opt mps_action: MpsAction = MPS_ACTION;
        opt origin_state_id: u32 = ORIGIN_STATE_ID;
        many proxy_info: ProxyInfo<'a> = PROXY_INFO;
        many route_record: Cow<'a, str> = ROUTE_RECORD;
    }

    /// AA-Answer: what the PCRF authorised, or why not.
    ///
    /// Everything but the origin is optional here: an answer with the E bit has little more (RFC 6733 §7.2).
    AaAnswer "AA-Answer" {
        opt session_id: Cow<'a, str> = SESSION_ID;
        opt drmp: Drmp = DRMP;
        opt auth_application_id: u32 = AUTH_APPLICATION_ID;
        one origin_host: Cow<'a, str> = ORIGIN_HOST;
        one origin_realm: Cow<'a, str> = ORIGIN_REALM;
        opt result_code: u32 = RESULT_CODE;
        opt experimental_result: ExperimentalResult<'a> = EXPERIMENTAL_RESULT;
        opt auth_session_state: AuthSessionState = AUTH_SESSION_STATE;
        many access_network_charging_identifier: AccessNetworkChargingIdentifier<'a> =
            ACCESS_NETWORK_CHARGING_IDENTIFIER;
        opt access_network_charging_address: IpAddr = ACCESS_NETWORK_CHARGING_ADDRESS;
        opt acceptable_service_info: AcceptableServiceInfo<'a> = ACCEPTABLE_SERVICE_INFO;
        many an_gw_address: IpAddr = AN_GW_ADDRESS;
        opt an_trusted: AnTrusted = AN_TRUSTED;
        opt service_authorization_info: u32 = SERVICE_AUTHORIZATION_INFO;
        opt ip_can_type: IpCanType = IP_CAN_TYPE;
        opt ma_information: MaInformation<'a> = MA_INFORMATION;
        opt netloc_access_support: u32 = NETLOC_ACCESS_SUPPORT;
        opt rat_type: RatType = RAT_TYPE;
        many flows: Flows<'a> = FLOWS;
        opt oc_supported_features: OcSupportedFeatures<'a> = OC_SUPPORTED_FEATURES;
        opt oc_olr: OcOlr<'a> = OC_OLR;
        many supported_features: SupportedFeatures<'a> = SUPPORTED_FEATURES;
        many subscription_id: SubscriptionId<'a> = SUBSCRIPTION_ID;
        opt user_equipment_info: UserEquipmentInfo<'a> = USER_EQUIPMENT_INFO;
        opt tgpp_sgsn_mcc_mnc: Cow<'a, str> = TGPP_SGSN_MCC_MNC;
        opt nid: Cow<'a, [u8]> = NID;
        many class: Cow<'a, [u8]> = CLASS;
        opt error_message: Cow<'a, str> = ERROR_MESSAGE;
        opt error_reporting_host: Cow<'a, str> = ERROR_REPORTING_HOST;
        /// Seconds: the same request will not be authorised before (TS 29.214 §5.3.42).
        opt retry_interval: u32 = RETRY_INTERVAL;
        many redirect_host: Cow<'a, str> = REDIRECT_HOST;
        opt redirect_host_usage: RedirectHostUsage = REDIRECT_HOST_USAGE;
        opt redirect_max_cache_time: u32 = REDIRECT_MAX_CACHE_TIME;
        many load: Load<'a> = LOAD;
        opt origin_state_id: u32 = ORIGIN_STATE_ID;
        many proxy_info: ProxyInfo<'a> = PROXY_INFO;
    }
}

field::message!(AaRequest "AA-Request" request AA);
field::message!(AaAnswer "AA-Answer" answer AA);
