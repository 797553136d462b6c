//! Result-Code values (RFC 6733 §7.1, RFC 8506 §9) and Experimental-Result-Code values of 3GPP
//! (TS 29.214 §5.5, TS 29.229 §6.2).
//!
//! The numbers of both overlap: 5011 is one thing as a Result-Code and another as an Experimental-Result-Code
//! of vendor 10415. What is kept is always the pair of vendor and code.

use crate::wire::VendorId;

macro_rules! codes {
    ($(#[$doc:meta])* $table:ident: $($(#[$source:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        $(
            #[doc = concat!("`", $text, "`.")]
            $(#[$source])*
            pub const $name: u32 = $code;
        )*

        $(#[$doc])*
        pub const $table: &[(u32, &str)] = &[$(($name, $text)),*];
    };
}

codes! {
    /// Every Result-Code that has a name.
    RESULT_CODES:
    MULTI_ROUND_AUTH = 1001, "DIAMETER_MULTI_ROUND_AUTH";
    SUCCESS = 2001, "DIAMETER_SUCCESS";
    LIMITED_SUCCESS = 2002, "DIAMETER_LIMITED_SUCCESS";
    COMMAND_UNSUPPORTED = 3001, "DIAMETER_COMMAND_UNSUPPORTED";
    UNABLE_TO_DELIVER = 3002, "DIAMETER_UNABLE_TO_DELIVER";
    REALM_NOT_SERVED = 3003, "DIAMETER_REALM_NOT_SERVED";
    TOO_BUSY = 3004, "DIAMETER_TOO_BUSY";
    LOOP_DETECTED = 3005, "DIAMETER_LOOP_DETECTED";
    REDIRECT_INDICATION = 3006, "DIAMETER_REDIRECT_INDICATION";
    APPLICATION_UNSUPPORTED = 3007, "DIAMETER_APPLICATION_UNSUPPORTED";
    INVALID_HDR_BITS = 3008, "DIAMETER_INVALID_HDR_BITS";
    INVALID_AVP_BITS = 3009, "DIAMETER_INVALID_AVP_BITS";
    UNKNOWN_PEER = 3010, "DIAMETER_UNKNOWN_PEER";
    AUTHENTICATION_REJECTED = 4001, "DIAMETER_AUTHENTICATION_REJECTED";
    OUT_OF_SPACE = 4002, "DIAMETER_OUT_OF_SPACE";
    ELECTION_LOST = 4003, "ELECTION_LOST";
    END_USER_SERVICE_DENIED = 4010, "DIAMETER_END_USER_SERVICE_DENIED";
    CREDIT_CONTROL_NOT_APPLICABLE = 4011, "DIAMETER_CREDIT_CONTROL_NOT_APPLICABLE";
    CREDIT_LIMIT_REACHED = 4012, "DIAMETER_CREDIT_LIMIT_REACHED";
    AVP_UNSUPPORTED = 5001, "DIAMETER_AVP_UNSUPPORTED";
    UNKNOWN_SESSION_ID = 5002, "DIAMETER_UNKNOWN_SESSION_ID";
    AUTHORIZATION_REJECTED = 5003, "DIAMETER_AUTHORIZATION_REJECTED";
    INVALID_AVP_VALUE = 5004, "DIAMETER_INVALID_AVP_VALUE";
    MISSING_AVP = 5005, "DIAMETER_MISSING_AVP";
    RESOURCES_EXCEEDED = 5006, "DIAMETER_RESOURCES_EXCEEDED";
    CONTRADICTING_AVPS = 5007, "DIAMETER_CONTRADICTING_AVPS";
    AVP_NOT_ALLOWED = 5008, "DIAMETER_AVP_NOT_ALLOWED";
    AVP_OCCURS_TOO_MANY_TIMES = 5009, "DIAMETER_AVP_OCCURS_TOO_MANY_TIMES";
    NO_COMMON_APPLICATION = 5010, "DIAMETER_NO_COMMON_APPLICATION";
    UNSUPPORTED_VERSION = 5011, "DIAMETER_UNSUPPORTED_VERSION";
    UNABLE_TO_COMPLY = 5012, "DIAMETER_UNABLE_TO_COMPLY";
    INVALID_BIT_IN_HEADER = 5013, "DIAMETER_INVALID_BIT_IN_HEADER";
    INVALID_AVP_LENGTH = 5014, "DIAMETER_INVALID_AVP_LENGTH";
    INVALID_MESSAGE_LENGTH = 5015, "DIAMETER_INVALID_MESSAGE_LENGTH";
    INVALID_AVP_BIT_COMBO = 5016, "DIAMETER_INVALID_AVP_BIT_COMBO";
    NO_COMMON_SECURITY = 5017, "DIAMETER_NO_COMMON_SECURITY";
    USER_UNKNOWN = 5030, "DIAMETER_USER_UNKNOWN";
    RATING_FAILED = 5031, "DIAMETER_RATING_FAILED";
}

/// Experimental-Result-Code values of vendor 10415 (TS 29.214 §5.5).
pub mod tgpp {
    codes! {
        /// Every Experimental-Result-Code of 3GPP that Rx knows.
        RESULT_CODES:
        REQUESTED_SERVICE_TEMPORARILY_NOT_AUTHORIZED = 4261, "REQUESTED_SERVICE_TEMPORARILY_NOT_AUTHORIZED";
        /// TS 29.229 §6.2.2.12: the peer lacks a feature that was required.
        FEATURE_UNSUPPORTED = 5011, "DIAMETER_ERROR_FEATURE_UNSUPPORTED";
        INVALID_SERVICE_INFORMATION = 5061, "INVALID_SERVICE_INFORMATION";
        FILTER_RESTRICTIONS = 5062, "FILTER_RESTRICTIONS";
        REQUESTED_SERVICE_NOT_AUTHORIZED = 5063, "REQUESTED_SERVICE_NOT_AUTHORIZED";
        DUPLICATED_AF_SESSION = 5064, "DUPLICATED_AF_SESSION";
        IP_CAN_SESSION_NOT_AVAILABLE = 5065, "IP-CAN_SESSION_NOT_AVAILABLE";
        UNAUTHORIZED_NON_EMERGENCY_SESSION = 5066, "UNAUTHORIZED_NON_EMERGENCY_SESSION";
        UNAUTHORIZED_SPONSORED_DATA_CONNECTIVITY = 5067, "UNAUTHORIZED_SPONSORED_DATA_CONNECTIVITY";
        TEMPORARY_NETWORK_FAILURE = 5068, "TEMPORARY_NETWORK_FAILURE";
    }
}

/// Name of a Result-Code.
pub fn name(code: u32) -> Option<&'static str> {
    find(RESULT_CODES, code)
}

/// Name of an Experimental-Result-Code of a vendor.
pub fn experimental_name(vendor: VendorId, code: u32) -> Option<&'static str> {
    if vendor == VendorId::TGPP { find(tgpp::RESULT_CODES, code) } else { None }
}

/// Whether a Result-Code or Experimental-Result-Code means success: 2xxx (RFC 6733 §7.1.2).
pub const fn is_success(code: u32) -> bool {
    code / 1000 == 2
}

/// Whether a Result-Code is a protocol error: 3xxx, sent with the E bit (RFC 6733 §7.1.3).
pub const fn is_protocol_error(code: u32) -> bool {
    code / 1000 == 3
}

fn find(table: &[(u32, &'static str)], code: u32) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}
