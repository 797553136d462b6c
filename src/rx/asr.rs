//! Abort-Session-Request and -Answer (TS 29.214 §5.6.7, §5.6.8): the network ends a session.

use std::borrow::Cow;

use super::{OcOlr, OcSupportedFeatures, ProxyInfo, RxError, field};
use crate::{
    dict::{
        RX_APPLICATION_ID, commands,
        enums::{AbortCause, Drmp, RedirectHostUsage},
    },
    wire::{CommandFlags, EndToEndId, HopByHopId, Message, MessageBuf, Writer},
};

field::avps! {
    /// Abort-Session-Request; the AF answers and then sends an STR.
    AsRequest "Abort-Session-Request" {
        one session_id: Cow<'a, str> = SESSION_ID;
        opt drmp: Drmp = DRMP;
        one origin_host: Cow<'a, str> = ORIGIN_HOST;
        one origin_realm: Cow<'a, str> = ORIGIN_REALM;
        one destination_realm: Cow<'a, str> = DESTINATION_REALM;
        one destination_host: Cow<'a, str> = DESTINATION_HOST;
        one auth_application_id: u32 = AUTH_APPLICATION_ID;
        one abort_cause: AbortCause = ABORT_CAUSE;
        opt oc_supported_features: OcSupportedFeatures<'a> = OC_SUPPORTED_FEATURES;
        opt origin_state_id: u32 = ORIGIN_STATE_ID;
        many proxy_info: ProxyInfo<'a> = PROXY_INFO;
        many route_record: Cow<'a, str> = ROUTE_RECORD;
    }

    /// Abort-Session-Answer; has no Experimental-Result.
    AsAnswer "Abort-Session-Answer" {
        opt session_id: Cow<'a, str> = SESSION_ID;
        opt drmp: Drmp = DRMP;
        one origin_host: Cow<'a, str> = ORIGIN_HOST;
        one origin_realm: Cow<'a, str> = ORIGIN_REALM;
        opt result_code: u32 = RESULT_CODE;
        opt origin_state_id: u32 = ORIGIN_STATE_ID;
        opt oc_supported_features: OcSupportedFeatures<'a> = OC_SUPPORTED_FEATURES;
        opt oc_olr: OcOlr<'a> = OC_OLR;
        opt error_message: Cow<'a, str> = ERROR_MESSAGE;
        opt error_reporting_host: Cow<'a, str> = ERROR_REPORTING_HOST;
        many redirect_host: Cow<'a, str> = REDIRECT_HOST;
        opt redirect_host_usage: RedirectHostUsage = REDIRECT_HOST_USAGE;
        opt redirect_max_cache_time: u32 = REDIRECT_MAX_CACHE_TIME;
        many proxy_info: ProxyInfo<'a> = PROXY_INFO;
    }
}

field::message!(AsRequest "Abort-Session-Request" request ABORT_SESSION);
field::message!(AsAnswer "Abort-Session-Answer" answer ABORT_SESSION);
