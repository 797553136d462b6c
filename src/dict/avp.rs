//! Every AVP of the built-in dictionary as a typed constant.

// Generated from avp-dictionary/ by `cargo run --example gen_avp`; change the files there.

use crate::wire::{
    Address, AvpDef, DiameterIdentity, DiameterUri, Enumerated, Float32, Grouped, Integer32, Integer64,
    IpFilterRule, OctetString, QosFilterRule, Time, Unsigned32, Unsigned64, Utf8String, VendorId,
};

use super::enums;

/// `User-Name` (RFC 6733 §8.14).
pub const USER_NAME: AvpDef<Utf8String> = AvpDef::new("User-Name", 1, VendorId::NONE, true);

/// `NAS-IP-Address` (RFC 7155).
pub const NAS_IP_ADDRESS: AvpDef<OctetString> = AvpDef::new("NAS-IP-Address", 4, VendorId::NONE, true);

/// `NAS-Port` (RFC 7155).
pub const NAS_PORT: AvpDef<Unsigned32> = AvpDef::new("NAS-Port", 5, VendorId::NONE, true);

/// `Service-Type` (RFC 7155).
pub const SERVICE_TYPE: AvpDef<Enumerated<enums::ServiceType>> =
    AvpDef::new("Service-Type", 6, VendorId::NONE, true);

/// `Framed-IP-Address` (RFC 7155).
pub const FRAMED_IP_ADDRESS: AvpDef<OctetString> = AvpDef::new("Framed-IP-Address", 8, VendorId::NONE, true);

/// `Framed-IP-Netmask` (RFC 7155).
pub const FRAMED_IP_NETMASK: AvpDef<OctetString> = AvpDef::new("Framed-IP-Netmask", 9, VendorId::NONE, true);

/// `Filter-Id` (RFC 7155).
pub const FILTER_ID: AvpDef<Utf8String> = AvpDef::new("Filter-Id", 11, VendorId::NONE, true);

/// `Framed-MTU` (RFC 7155). Unit: octets.
pub const FRAMED_MTU: AvpDef<Unsigned32> = AvpDef::new("Framed-MTU", 12, VendorId::NONE, true);

/// `Reply-Message` (RFC 7155).
pub const REPLY_MESSAGE: AvpDef<Utf8String> = AvpDef::new("Reply-Message", 18, VendorId::NONE, true);

/// `State` (RFC 7155).
pub const STATE: AvpDef<OctetString> = AvpDef::new("State", 24, VendorId::NONE, true);

/// `Class` (RFC 6733 §8.20).
pub const CLASS: AvpDef<OctetString> = AvpDef::new("Class", 25, VendorId::NONE, true);

/// `Session-Timeout` (RFC 6733 §8.13). Unit: s.
pub const SESSION_TIMEOUT: AvpDef<Unsigned32> = AvpDef::new("Session-Timeout", 27, VendorId::NONE, true);

/// `Idle-Timeout` (RFC 7155). Unit: s.
pub const IDLE_TIMEOUT: AvpDef<Unsigned32> = AvpDef::new("Idle-Timeout", 28, VendorId::NONE, true);

/// `Called-Station-Id` (RFC 7155).
pub const CALLED_STATION_ID: AvpDef<Utf8String> = AvpDef::new("Called-Station-Id", 30, VendorId::NONE, true);

/// `Calling-Station-Id` (RFC 7155).
pub const CALLING_STATION_ID: AvpDef<Utf8String> =
    AvpDef::new("Calling-Station-Id", 31, VendorId::NONE, true);

/// `NAS-Identifier` (RFC 7155).
pub const NAS_IDENTIFIER: AvpDef<Utf8String> = AvpDef::new("NAS-Identifier", 32, VendorId::NONE, true);

/// `Proxy-State` (RFC 6733 §6.7.4).
pub const PROXY_STATE: AvpDef<OctetString> = AvpDef::new("Proxy-State", 33, VendorId::NONE, true);

/// `Acct-Session-Id` (RFC 6733 §9.8.4).
pub const ACCT_SESSION_ID: AvpDef<OctetString> = AvpDef::new("Acct-Session-Id", 44, VendorId::NONE, true);

/// `Acct-Session-Time` (RFC 7155). Unit: s.
pub const ACCT_SESSION_TIME: AvpDef<Unsigned32> = AvpDef::new("Acct-Session-Time", 46, VendorId::NONE, true);

/// `Acct-Multi-Session-Id` (RFC 6733 §9.8.5).
pub const ACCT_MULTI_SESSION_ID: AvpDef<Utf8String> =
    AvpDef::new("Acct-Multi-Session-Id", 50, VendorId::NONE, true);

/// `Event-Timestamp` (RFC 6733 §8.21).
pub const EVENT_TIMESTAMP: AvpDef<Time> = AvpDef::new("Event-Timestamp", 55, VendorId::NONE, true);

/// `NAS-Port-Type` (RFC 7155).
pub const NAS_PORT_TYPE: AvpDef<Enumerated<enums::NasPortType>> =
    AvpDef::new("NAS-Port-Type", 61, VendorId::NONE, true);

/// `Connect-Info` (RFC 7155).
pub const CONNECT_INFO: AvpDef<Utf8String> = AvpDef::new("Connect-Info", 77, VendorId::NONE, true);

/// `Acct-Interim-Interval` (RFC 6733 §9.8.2). Unit: s.
pub const ACCT_INTERIM_INTERVAL: AvpDef<Unsigned32> =
    AvpDef::new("Acct-Interim-Interval", 85, VendorId::NONE, true);

/// `NAS-Port-Id` (RFC 7155).
pub const NAS_PORT_ID: AvpDef<Utf8String> = AvpDef::new("NAS-Port-Id", 87, VendorId::NONE, true);

/// `Framed-Pool` (RFC 7155).
pub const FRAMED_POOL: AvpDef<OctetString> = AvpDef::new("Framed-Pool", 88, VendorId::NONE, true);

/// `NAS-IPv6-Address` (RFC 7155).
pub const NAS_IPV6_ADDRESS: AvpDef<OctetString> = AvpDef::new("NAS-IPv6-Address", 95, VendorId::NONE, true);

/// `Framed-Interface-Id` (RFC 7155).
pub const FRAMED_INTERFACE_ID: AvpDef<Unsigned64> =
    AvpDef::new("Framed-Interface-Id", 96, VendorId::NONE, true);

/// `Framed-IPv6-Prefix` (RFC 7155).
pub const FRAMED_IPV6_PREFIX: AvpDef<OctetString> =
    AvpDef::new("Framed-IPv6-Prefix", 97, VendorId::NONE, true);

/// `Framed-IPv6-Pool` (RFC 7155).
pub const FRAMED_IPV6_POOL: AvpDef<OctetString> = AvpDef::new("Framed-IPv6-Pool", 100, VendorId::NONE, true);

/// `Delegated-IPv6-Prefix` (RFC 4818).
pub const DELEGATED_IPV6_PREFIX: AvpDef<OctetString> =
    AvpDef::new("Delegated-IPv6-Prefix", 123, VendorId::NONE, true);

/// `Host-IP-Address` (RFC 6733 §5.3.5).
pub const HOST_IP_ADDRESS: AvpDef<Address> = AvpDef::new("Host-IP-Address", 257, VendorId::NONE, true);

/// `Auth-Application-Id` (RFC 6733 §6.8).
pub const AUTH_APPLICATION_ID: AvpDef<Unsigned32> =
    AvpDef::new("Auth-Application-Id", 258, VendorId::NONE, true);

/// `Acct-Application-Id` (RFC 6733 §6.9).
pub const ACCT_APPLICATION_ID: AvpDef<Unsigned32> =
    AvpDef::new("Acct-Application-Id", 259, VendorId::NONE, true);

/// `Vendor-Specific-Application-Id` (RFC 6733 §6.11).
pub const VENDOR_SPECIFIC_APPLICATION_ID: AvpDef<Grouped> =
    AvpDef::new("Vendor-Specific-Application-Id", 260, VendorId::NONE, true);

/// `Redirect-Host-Usage` (RFC 6733 §6.13).
pub const REDIRECT_HOST_USAGE: AvpDef<Enumerated<enums::RedirectHostUsage>> =
    AvpDef::new("Redirect-Host-Usage", 261, VendorId::NONE, true);

/// `Redirect-Max-Cache-Time` (RFC 6733 §6.14). Unit: s.
pub const REDIRECT_MAX_CACHE_TIME: AvpDef<Unsigned32> =
    AvpDef::new("Redirect-Max-Cache-Time", 262, VendorId::NONE, true);

/// `Session-Id` (RFC 6733 §8.8).
pub const SESSION_ID: AvpDef<Utf8String> = AvpDef::new("Session-Id", 263, VendorId::NONE, true);

/// `Origin-Host` (RFC 6733 §6.3).
pub const ORIGIN_HOST: AvpDef<DiameterIdentity> = AvpDef::new("Origin-Host", 264, VendorId::NONE, true);

/// `Supported-Vendor-Id` (RFC 6733 §5.3.6).
pub const SUPPORTED_VENDOR_ID: AvpDef<Unsigned32> =
    AvpDef::new("Supported-Vendor-Id", 265, VendorId::NONE, true);

/// `Vendor-Id` (RFC 6733 §5.3.3).
pub const VENDOR_ID: AvpDef<Unsigned32> = AvpDef::new("Vendor-Id", 266, VendorId::NONE, true);

/// `Firmware-Revision` (RFC 6733 §5.3.4).
pub const FIRMWARE_REVISION: AvpDef<Unsigned32> =
    AvpDef::new("Firmware-Revision", 267, VendorId::NONE, false);

/// `Result-Code` (RFC 6733 §7.1).
pub const RESULT_CODE: AvpDef<Unsigned32> = AvpDef::new("Result-Code", 268, VendorId::NONE, true);

/// `Product-Name` (RFC 6733 §5.3.7).
pub const PRODUCT_NAME: AvpDef<Utf8String> = AvpDef::new("Product-Name", 269, VendorId::NONE, false);

/// `Session-Binding` (RFC 6733 §8.17).
pub const SESSION_BINDING: AvpDef<Unsigned32> = AvpDef::new("Session-Binding", 270, VendorId::NONE, true);

/// `Session-Server-Failover` (RFC 6733 §8.18).
pub const SESSION_SERVER_FAILOVER: AvpDef<Enumerated<enums::SessionServerFailover>> =
    AvpDef::new("Session-Server-Failover", 271, VendorId::NONE, true);

/// `Multi-Round-Time-Out` (RFC 6733 §8.19). Unit: s.
pub const MULTI_ROUND_TIME_OUT: AvpDef<Unsigned32> =
    AvpDef::new("Multi-Round-Time-Out", 272, VendorId::NONE, true);

/// `Disconnect-Cause` (RFC 6733 §5.4.3).
pub const DISCONNECT_CAUSE: AvpDef<Enumerated<enums::DisconnectCause>> =
    AvpDef::new("Disconnect-Cause", 273, VendorId::NONE, true);

/// `Auth-Request-Type` (RFC 6733 §8.7).
pub const AUTH_REQUEST_TYPE: AvpDef<Enumerated<enums::AuthRequestType>> =
    AvpDef::new("Auth-Request-Type", 274, VendorId::NONE, true);

/// `Auth-Grace-Period` (RFC 6733 §8.10). Unit: s.
pub const AUTH_GRACE_PERIOD: AvpDef<Unsigned32> = AvpDef::new("Auth-Grace-Period", 276, VendorId::NONE, true);

/// `Auth-Session-State` (RFC 6733 §8.11).
pub const AUTH_SESSION_STATE: AvpDef<Enumerated<enums::AuthSessionState>> =
    AvpDef::new("Auth-Session-State", 277, VendorId::NONE, true);

/// `Origin-State-Id` (RFC 6733 §8.16).
pub const ORIGIN_STATE_ID: AvpDef<Unsigned32> = AvpDef::new("Origin-State-Id", 278, VendorId::NONE, true);

/// `Failed-AVP` (RFC 6733 §7.5).
pub const FAILED_AVP: AvpDef<Grouped> = AvpDef::new("Failed-AVP", 279, VendorId::NONE, true);

/// `Proxy-Host` (RFC 6733 §6.7.3).
pub const PROXY_HOST: AvpDef<DiameterIdentity> = AvpDef::new("Proxy-Host", 280, VendorId::NONE, true);

/// `Error-Message` (RFC 6733 §7.3).
pub const ERROR_MESSAGE: AvpDef<Utf8String> = AvpDef::new("Error-Message", 281, VendorId::NONE, false);

/// `Route-Record` (RFC 6733 §6.7.1).
pub const ROUTE_RECORD: AvpDef<DiameterIdentity> = AvpDef::new("Route-Record", 282, VendorId::NONE, true);

/// `Destination-Realm` (RFC 6733 §6.6).
pub const DESTINATION_REALM: AvpDef<DiameterIdentity> =
    AvpDef::new("Destination-Realm", 283, VendorId::NONE, true);

/// `Proxy-Info` (RFC 6733 §6.7.2).
pub const PROXY_INFO: AvpDef<Grouped> = AvpDef::new("Proxy-Info", 284, VendorId::NONE, true);

/// `Re-Auth-Request-Type` (RFC 6733 §8.12).
pub const RE_AUTH_REQUEST_TYPE: AvpDef<Enumerated<enums::ReAuthRequestType>> =
    AvpDef::new("Re-Auth-Request-Type", 285, VendorId::NONE, true);

/// `Accounting-Sub-Session-Id` (RFC 6733 §9.8.6).
pub const ACCOUNTING_SUB_SESSION_ID: AvpDef<Unsigned64> =
    AvpDef::new("Accounting-Sub-Session-Id", 287, VendorId::NONE, true);

/// `Authorization-Lifetime` (RFC 6733 §8.9). Unit: s.
pub const AUTHORIZATION_LIFETIME: AvpDef<Unsigned32> =
    AvpDef::new("Authorization-Lifetime", 291, VendorId::NONE, true);

/// `Redirect-Host` (RFC 6733 §6.12).
pub const REDIRECT_HOST: AvpDef<DiameterUri> = AvpDef::new("Redirect-Host", 292, VendorId::NONE, true);

/// `Destination-Host` (RFC 6733 §6.5).
pub const DESTINATION_HOST: AvpDef<DiameterIdentity> =
    AvpDef::new("Destination-Host", 293, VendorId::NONE, true);

/// `Error-Reporting-Host` (RFC 6733 §7.4).
pub const ERROR_REPORTING_HOST: AvpDef<DiameterIdentity> =
    AvpDef::new("Error-Reporting-Host", 294, VendorId::NONE, false);

/// `Termination-Cause` (RFC 6733 §8.15).
pub const TERMINATION_CAUSE: AvpDef<Enumerated<enums::TerminationCause>> =
    AvpDef::new("Termination-Cause", 295, VendorId::NONE, true);

/// `Origin-Realm` (RFC 6733 §6.4).
pub const ORIGIN_REALM: AvpDef<DiameterIdentity> = AvpDef::new("Origin-Realm", 296, VendorId::NONE, true);

/// `Experimental-Result` (RFC 6733 §7.6).
pub const EXPERIMENTAL_RESULT: AvpDef<Grouped> =
    AvpDef::new("Experimental-Result", 297, VendorId::NONE, true);

/// `Experimental-Result-Code` (RFC 6733 §7.7).
pub const EXPERIMENTAL_RESULT_CODE: AvpDef<Unsigned32> =
    AvpDef::new("Experimental-Result-Code", 298, VendorId::NONE, true);

/// `Inband-Security-Id` (RFC 6733 §6.10).
pub const INBAND_SECURITY_ID: AvpDef<Unsigned32> =
    AvpDef::new("Inband-Security-Id", 299, VendorId::NONE, true);

/// `E2E-Sequence` (RFC 3588).
pub const E2E_SEQUENCE: AvpDef<Grouped> = AvpDef::new("E2E-Sequence", 300, VendorId::NONE, true);

/// `DRMP` (RFC 7944).
pub const DRMP: AvpDef<Enumerated<enums::Drmp>> = AvpDef::new("DRMP", 301, VendorId::NONE, false);

/// `Accounting-Input-Octets` (RFC 7155). Unit: octets.
pub const ACCOUNTING_INPUT_OCTETS: AvpDef<Unsigned64> =
    AvpDef::new("Accounting-Input-Octets", 363, VendorId::NONE, true);

/// `Accounting-Output-Octets` (RFC 7155). Unit: octets.
pub const ACCOUNTING_OUTPUT_OCTETS: AvpDef<Unsigned64> =
    AvpDef::new("Accounting-Output-Octets", 364, VendorId::NONE, true);

/// `Accounting-Input-Packets` (RFC 7155).
pub const ACCOUNTING_INPUT_PACKETS: AvpDef<Unsigned64> =
    AvpDef::new("Accounting-Input-Packets", 365, VendorId::NONE, true);

/// `Accounting-Output-Packets` (RFC 7155).
pub const ACCOUNTING_OUTPUT_PACKETS: AvpDef<Unsigned64> =
    AvpDef::new("Accounting-Output-Packets", 366, VendorId::NONE, true);

/// `NAS-Filter-Rule` (RFC 7155).
pub const NAS_FILTER_RULE: AvpDef<IpFilterRule> = AvpDef::new("NAS-Filter-Rule", 400, VendorId::NONE, true);

/// `QoS-Filter-Rule` (RFC 7155).
pub const QOS_FILTER_RULE: AvpDef<QosFilterRule> = AvpDef::new("QoS-Filter-Rule", 407, VendorId::NONE, true);

/// `Origin-AAA-Protocol` (RFC 7155).
pub const ORIGIN_AAA_PROTOCOL: AvpDef<Enumerated<enums::OriginAaaProtocol>> =
    AvpDef::new("Origin-AAA-Protocol", 408, VendorId::NONE, true);

/// `CC-Correlation-Id` (RFC 8506).
pub const CC_CORRELATION_ID: AvpDef<OctetString> =
    AvpDef::new("CC-Correlation-Id", 411, VendorId::NONE, false);

/// `CC-Input-Octets` (RFC 8506). Unit: octets.
pub const CC_INPUT_OCTETS: AvpDef<Unsigned64> = AvpDef::new("CC-Input-Octets", 412, VendorId::NONE, true);

/// `CC-Money` (RFC 8506).
pub const CC_MONEY: AvpDef<Grouped> = AvpDef::new("CC-Money", 413, VendorId::NONE, true);

/// `CC-Output-Octets` (RFC 8506). Unit: octets.
pub const CC_OUTPUT_OCTETS: AvpDef<Unsigned64> = AvpDef::new("CC-Output-Octets", 414, VendorId::NONE, true);

/// `CC-Request-Number` (RFC 8506).
pub const CC_REQUEST_NUMBER: AvpDef<Unsigned32> = AvpDef::new("CC-Request-Number", 415, VendorId::NONE, true);

/// `CC-Request-Type` (RFC 8506).
pub const CC_REQUEST_TYPE: AvpDef<Enumerated<enums::CcRequestType>> =
    AvpDef::new("CC-Request-Type", 416, VendorId::NONE, true);

/// `CC-Service-Specific-Units` (RFC 8506).
pub const CC_SERVICE_SPECIFIC_UNITS: AvpDef<Unsigned64> =
    AvpDef::new("CC-Service-Specific-Units", 417, VendorId::NONE, true);

/// `CC-Session-Failover` (RFC 8506).
pub const CC_SESSION_FAILOVER: AvpDef<Enumerated<enums::CcSessionFailover>> =
    AvpDef::new("CC-Session-Failover", 418, VendorId::NONE, true);

/// `CC-Sub-Session-Id` (RFC 8506).
pub const CC_SUB_SESSION_ID: AvpDef<Unsigned64> = AvpDef::new("CC-Sub-Session-Id", 419, VendorId::NONE, true);

/// `CC-Time` (RFC 8506). Unit: s.
pub const CC_TIME: AvpDef<Unsigned32> = AvpDef::new("CC-Time", 420, VendorId::NONE, true);

/// `CC-Total-Octets` (RFC 8506). Unit: octets.
pub const CC_TOTAL_OCTETS: AvpDef<Unsigned64> = AvpDef::new("CC-Total-Octets", 421, VendorId::NONE, true);

/// `Check-Balance-Result` (RFC 8506).
pub const CHECK_BALANCE_RESULT: AvpDef<Enumerated<enums::CheckBalanceResult>> =
    AvpDef::new("Check-Balance-Result", 422, VendorId::NONE, true);

/// `Cost-Information` (RFC 8506).
pub const COST_INFORMATION: AvpDef<Grouped> = AvpDef::new("Cost-Information", 423, VendorId::NONE, true);

/// `Cost-Unit` (RFC 8506).
pub const COST_UNIT: AvpDef<Utf8String> = AvpDef::new("Cost-Unit", 424, VendorId::NONE, true);

/// `Currency-Code` (RFC 8506).
pub const CURRENCY_CODE: AvpDef<Unsigned32> = AvpDef::new("Currency-Code", 425, VendorId::NONE, true);

/// `Credit-Control` (RFC 8506).
pub const CREDIT_CONTROL: AvpDef<Enumerated<enums::CreditControl>> =
    AvpDef::new("Credit-Control", 426, VendorId::NONE, true);

/// `Credit-Control-Failure-Handling` (RFC 8506).
pub const CREDIT_CONTROL_FAILURE_HANDLING: AvpDef<Enumerated<enums::CreditControlFailureHandling>> =
    AvpDef::new("Credit-Control-Failure-Handling", 427, VendorId::NONE, true);

/// `Direct-Debiting-Failure-Handling` (RFC 8506).
pub const DIRECT_DEBITING_FAILURE_HANDLING: AvpDef<Enumerated<enums::DirectDebitingFailureHandling>> =
    AvpDef::new("Direct-Debiting-Failure-Handling", 428, VendorId::NONE, true);

/// `Exponent` (RFC 8506).
pub const EXPONENT: AvpDef<Integer32> = AvpDef::new("Exponent", 429, VendorId::NONE, true);

/// `Final-Unit-Indication` (RFC 8506).
pub const FINAL_UNIT_INDICATION: AvpDef<Grouped> =
    AvpDef::new("Final-Unit-Indication", 430, VendorId::NONE, true);

/// `Granted-Service-Unit` (RFC 8506).
pub const GRANTED_SERVICE_UNIT: AvpDef<Grouped> =
    AvpDef::new("Granted-Service-Unit", 431, VendorId::NONE, true);

/// `Rating-Group` (RFC 8506).
pub const RATING_GROUP: AvpDef<Unsigned32> = AvpDef::new("Rating-Group", 432, VendorId::NONE, true);

/// `Redirect-Address-Type` (RFC 8506).
pub const REDIRECT_ADDRESS_TYPE: AvpDef<Enumerated<enums::RedirectAddressType>> =
    AvpDef::new("Redirect-Address-Type", 433, VendorId::NONE, true);

/// `Redirect-Server` (RFC 8506).
pub const REDIRECT_SERVER: AvpDef<Grouped> = AvpDef::new("Redirect-Server", 434, VendorId::NONE, true);

/// `Redirect-Server-Address` (RFC 8506).
pub const REDIRECT_SERVER_ADDRESS: AvpDef<Utf8String> =
    AvpDef::new("Redirect-Server-Address", 435, VendorId::NONE, true);

/// `Requested-Action` (RFC 8506).
pub const REQUESTED_ACTION: AvpDef<Enumerated<enums::RequestedAction>> =
    AvpDef::new("Requested-Action", 436, VendorId::NONE, true);

/// `Requested-Service-Unit` (RFC 8506).
pub const REQUESTED_SERVICE_UNIT: AvpDef<Grouped> =
    AvpDef::new("Requested-Service-Unit", 437, VendorId::NONE, true);

/// `Restriction-Filter-Rule` (RFC 8506).
pub const RESTRICTION_FILTER_RULE: AvpDef<IpFilterRule> =
    AvpDef::new("Restriction-Filter-Rule", 438, VendorId::NONE, true);

/// `Service-Identifier` (RFC 8506).
pub const SERVICE_IDENTIFIER: AvpDef<Unsigned32> =
    AvpDef::new("Service-Identifier", 439, VendorId::NONE, true);

/// `Service-Parameter-Info` (RFC 8506).
pub const SERVICE_PARAMETER_INFO: AvpDef<Grouped> =
    AvpDef::new("Service-Parameter-Info", 440, VendorId::NONE, false);

/// `Service-Parameter-Type` (RFC 8506).
pub const SERVICE_PARAMETER_TYPE: AvpDef<Unsigned32> =
    AvpDef::new("Service-Parameter-Type", 441, VendorId::NONE, false);

/// `Service-Parameter-Value` (RFC 8506).
pub const SERVICE_PARAMETER_VALUE: AvpDef<OctetString> =
    AvpDef::new("Service-Parameter-Value", 442, VendorId::NONE, false);

/// `Subscription-Id` (RFC 8506).
pub const SUBSCRIPTION_ID: AvpDef<Grouped> = AvpDef::new("Subscription-Id", 443, VendorId::NONE, true);

/// `Subscription-Id-Data` (RFC 8506).
pub const SUBSCRIPTION_ID_DATA: AvpDef<Utf8String> =
    AvpDef::new("Subscription-Id-Data", 444, VendorId::NONE, true);

/// `Unit-Value` (RFC 8506).
pub const UNIT_VALUE: AvpDef<Grouped> = AvpDef::new("Unit-Value", 445, VendorId::NONE, true);

/// `Used-Service-Unit` (RFC 8506).
pub const USED_SERVICE_UNIT: AvpDef<Grouped> = AvpDef::new("Used-Service-Unit", 446, VendorId::NONE, true);

/// `Value-Digits` (RFC 8506).
pub const VALUE_DIGITS: AvpDef<Integer64> = AvpDef::new("Value-Digits", 447, VendorId::NONE, true);

/// `Validity-Time` (RFC 8506). Unit: s.
pub const VALIDITY_TIME: AvpDef<Unsigned32> = AvpDef::new("Validity-Time", 448, VendorId::NONE, true);

/// `Final-Unit-Action` (RFC 8506).
pub const FINAL_UNIT_ACTION: AvpDef<Enumerated<enums::FinalUnitAction>> =
    AvpDef::new("Final-Unit-Action", 449, VendorId::NONE, true);

/// `Subscription-Id-Type` (RFC 8506).
pub const SUBSCRIPTION_ID_TYPE: AvpDef<Enumerated<enums::SubscriptionIdType>> =
    AvpDef::new("Subscription-Id-Type", 450, VendorId::NONE, true);

/// `Tariff-Time-Change` (RFC 8506).
pub const TARIFF_TIME_CHANGE: AvpDef<Time> = AvpDef::new("Tariff-Time-Change", 451, VendorId::NONE, true);

/// `Tariff-Change-Usage` (RFC 8506).
pub const TARIFF_CHANGE_USAGE: AvpDef<Enumerated<enums::TariffChangeUsage>> =
    AvpDef::new("Tariff-Change-Usage", 452, VendorId::NONE, true);

/// `G-S-U-Pool-Identifier` (RFC 8506).
pub const G_S_U_POOL_IDENTIFIER: AvpDef<Unsigned32> =
    AvpDef::new("G-S-U-Pool-Identifier", 453, VendorId::NONE, true);

/// `CC-Unit-Type` (RFC 8506).
pub const CC_UNIT_TYPE: AvpDef<Enumerated<enums::CcUnitType>> =
    AvpDef::new("CC-Unit-Type", 454, VendorId::NONE, true);

/// `Multiple-Services-Indicator` (RFC 8506).
pub const MULTIPLE_SERVICES_INDICATOR: AvpDef<Enumerated<enums::MultipleServicesIndicator>> =
    AvpDef::new("Multiple-Services-Indicator", 455, VendorId::NONE, true);

/// `Multiple-Services-Credit-Control` (RFC 8506).
pub const MULTIPLE_SERVICES_CREDIT_CONTROL: AvpDef<Grouped> =
    AvpDef::new("Multiple-Services-Credit-Control", 456, VendorId::NONE, true);

/// `G-S-U-Pool-Reference` (RFC 8506).
pub const G_S_U_POOL_REFERENCE: AvpDef<Grouped> =
    AvpDef::new("G-S-U-Pool-Reference", 457, VendorId::NONE, true);

/// `User-Equipment-Info` (RFC 8506).
pub const USER_EQUIPMENT_INFO: AvpDef<Grouped> =
    AvpDef::new("User-Equipment-Info", 458, VendorId::NONE, false);

/// `User-Equipment-Info-Type` (RFC 8506).
pub const USER_EQUIPMENT_INFO_TYPE: AvpDef<Enumerated<enums::UserEquipmentInfoType>> =
    AvpDef::new("User-Equipment-Info-Type", 459, VendorId::NONE, false);

/// `User-Equipment-Info-Value` (RFC 8506).
pub const USER_EQUIPMENT_INFO_VALUE: AvpDef<OctetString> =
    AvpDef::new("User-Equipment-Info-Value", 460, VendorId::NONE, false);

/// `Service-Context-Id` (RFC 8506).
pub const SERVICE_CONTEXT_ID: AvpDef<Utf8String> =
    AvpDef::new("Service-Context-Id", 461, VendorId::NONE, true);

/// `Accounting-Record-Type` (RFC 6733 §9.8.1).
pub const ACCOUNTING_RECORD_TYPE: AvpDef<Enumerated<enums::AccountingRecordType>> =
    AvpDef::new("Accounting-Record-Type", 480, VendorId::NONE, true);

/// `Accounting-Realtime-Required` (RFC 6733 §9.8.7).
pub const ACCOUNTING_REALTIME_REQUIRED: AvpDef<Enumerated<enums::AccountingRealtimeRequired>> =
    AvpDef::new("Accounting-Realtime-Required", 483, VendorId::NONE, true);

/// `Accounting-Record-Number` (RFC 6733 §9.8.3).
pub const ACCOUNTING_RECORD_NUMBER: AvpDef<Unsigned32> =
    AvpDef::new("Accounting-Record-Number", 485, VendorId::NONE, true);

/// `OC-Supported-Features` (RFC 7683).
pub const OC_SUPPORTED_FEATURES: AvpDef<Grouped> =
    AvpDef::new("OC-Supported-Features", 621, VendorId::NONE, false);

/// `OC-Feature-Vector` (RFC 7683). Unit: bits.
pub const OC_FEATURE_VECTOR: AvpDef<Unsigned64> =
    AvpDef::new("OC-Feature-Vector", 622, VendorId::NONE, false);

/// `OC-OLR` (RFC 7683).
pub const OC_OLR: AvpDef<Grouped> = AvpDef::new("OC-OLR", 623, VendorId::NONE, false);

/// `OC-Sequence-Number` (RFC 7683).
pub const OC_SEQUENCE_NUMBER: AvpDef<Unsigned64> =
    AvpDef::new("OC-Sequence-Number", 624, VendorId::NONE, false);

/// `OC-Validity-Duration` (RFC 7683). Unit: s.
pub const OC_VALIDITY_DURATION: AvpDef<Unsigned32> =
    AvpDef::new("OC-Validity-Duration", 625, VendorId::NONE, false);

/// `OC-Report-Type` (RFC 7683).
pub const OC_REPORT_TYPE: AvpDef<Enumerated<enums::OcReportType>> =
    AvpDef::new("OC-Report-Type", 626, VendorId::NONE, false);

/// `OC-Reduction-Percentage` (RFC 7683). Unit: percent.
pub const OC_REDUCTION_PERCENTAGE: AvpDef<Unsigned32> =
    AvpDef::new("OC-Reduction-Percentage", 627, VendorId::NONE, false);

/// `OC-Peer-Algo` (RFC 8581).
pub const OC_PEER_ALGO: AvpDef<Unsigned64> = AvpDef::new("OC-Peer-Algo", 648, VendorId::NONE, false);

/// `SourceID` (RFC 8581).
pub const SOURCEID: AvpDef<DiameterIdentity> = AvpDef::new("SourceID", 649, VendorId::NONE, false);

/// `Load` (RFC 8583).
pub const LOAD: AvpDef<Grouped> = AvpDef::new("Load", 650, VendorId::NONE, false);

/// `Load-Type` (RFC 8583).
pub const LOAD_TYPE: AvpDef<Enumerated<enums::LoadType>> =
    AvpDef::new("Load-Type", 651, VendorId::NONE, false);

/// `Load-Value` (RFC 8583).
pub const LOAD_VALUE: AvpDef<Unsigned64> = AvpDef::new("Load-Value", 652, VendorId::NONE, false);

/// `User-Equipment-Info-Extension` (RFC 8506).
pub const USER_EQUIPMENT_INFO_EXTENSION: AvpDef<Grouped> =
    AvpDef::new("User-Equipment-Info-Extension", 653, VendorId::NONE, false);

/// `User-Equipment-Info-IMEISV` (RFC 8506).
pub const USER_EQUIPMENT_INFO_IMEISV: AvpDef<OctetString> =
    AvpDef::new("User-Equipment-Info-IMEISV", 654, VendorId::NONE, false);

/// `User-Equipment-Info-MAC` (RFC 8506).
pub const USER_EQUIPMENT_INFO_MAC: AvpDef<OctetString> =
    AvpDef::new("User-Equipment-Info-MAC", 655, VendorId::NONE, false);

/// `User-Equipment-Info-EUI64` (RFC 8506).
pub const USER_EQUIPMENT_INFO_EUI64: AvpDef<OctetString> =
    AvpDef::new("User-Equipment-Info-EUI64", 656, VendorId::NONE, false);

/// `User-Equipment-Info-ModifiedEUI64` (RFC 8506).
pub const USER_EQUIPMENT_INFO_MODIFIEDEUI64: AvpDef<OctetString> =
    AvpDef::new("User-Equipment-Info-ModifiedEUI64", 657, VendorId::NONE, false);

/// `User-Equipment-Info-IMEI` (RFC 8506).
pub const USER_EQUIPMENT_INFO_IMEI: AvpDef<OctetString> =
    AvpDef::new("User-Equipment-Info-IMEI", 658, VendorId::NONE, false);

/// `Subscription-Id-Extension` (RFC 8506).
pub const SUBSCRIPTION_ID_EXTENSION: AvpDef<Grouped> =
    AvpDef::new("Subscription-Id-Extension", 659, VendorId::NONE, false);

/// `Subscription-Id-E164` (RFC 8506).
pub const SUBSCRIPTION_ID_E164: AvpDef<Utf8String> =
    AvpDef::new("Subscription-Id-E164", 660, VendorId::NONE, false);

/// `Subscription-Id-IMSI` (RFC 8506).
pub const SUBSCRIPTION_ID_IMSI: AvpDef<Utf8String> =
    AvpDef::new("Subscription-Id-IMSI", 661, VendorId::NONE, false);

/// `Subscription-Id-SIP-URI` (RFC 8506).
pub const SUBSCRIPTION_ID_SIP_URI: AvpDef<Utf8String> =
    AvpDef::new("Subscription-Id-SIP-URI", 662, VendorId::NONE, false);

/// `Subscription-Id-NAI` (RFC 8506).
pub const SUBSCRIPTION_ID_NAI: AvpDef<Utf8String> =
    AvpDef::new("Subscription-Id-NAI", 663, VendorId::NONE, false);

/// `Subscription-Id-Private` (RFC 8506).
pub const SUBSCRIPTION_ID_PRIVATE: AvpDef<Utf8String> =
    AvpDef::new("Subscription-Id-Private", 664, VendorId::NONE, false);

/// `Redirect-Server-Extension` (RFC 8506).
pub const REDIRECT_SERVER_EXTENSION: AvpDef<Grouped> =
    AvpDef::new("Redirect-Server-Extension", 665, VendorId::NONE, false);

/// `Redirect-Address-IPAddress` (RFC 8506).
pub const REDIRECT_ADDRESS_IPADDRESS: AvpDef<Address> =
    AvpDef::new("Redirect-Address-IPAddress", 666, VendorId::NONE, false);

/// `Redirect-Address-URL` (RFC 8506).
pub const REDIRECT_ADDRESS_URL: AvpDef<Utf8String> =
    AvpDef::new("Redirect-Address-URL", 667, VendorId::NONE, false);

/// `Redirect-Address-SIP-URI` (RFC 8506).
pub const REDIRECT_ADDRESS_SIP_URI: AvpDef<Utf8String> =
    AvpDef::new("Redirect-Address-SIP-URI", 668, VendorId::NONE, false);

/// `QoS-Final-Unit-Indication` (RFC 8506).
pub const QOS_FINAL_UNIT_INDICATION: AvpDef<Grouped> =
    AvpDef::new("QoS-Final-Unit-Indication", 669, VendorId::NONE, false);

/// `3GPP-SGSN-MCC-MNC` (TS 29.061).
pub const TGPP_SGSN_MCC_MNC: AvpDef<Utf8String> = AvpDef::new("3GPP-SGSN-MCC-MNC", 18, VendorId::TGPP, false);

/// `3GPP-User-Location-Info` (TS 29.061).
pub const TGPP_USER_LOCATION_INFO: AvpDef<OctetString> =
    AvpDef::new("3GPP-User-Location-Info", 22, VendorId::TGPP, false);

/// `3GPP-MS-TimeZone` (TS 29.061).
pub const TGPP_MS_TIMEZONE: AvpDef<OctetString> = AvpDef::new("3GPP-MS-TimeZone", 23, VendorId::TGPP, false);

/// `TWAN-Identifier` (TS 29.061).
pub const TWAN_IDENTIFIER: AvpDef<OctetString> = AvpDef::new("TWAN-Identifier", 29, VendorId::TGPP, false);

/// `Abort-Cause` (TS 29.214 §5.3.1).
pub const ABORT_CAUSE: AvpDef<Enumerated<enums::AbortCause>> =
    AvpDef::new("Abort-Cause", 500, VendorId::TGPP, true);

/// `Access-Network-Charging-Address` (TS 29.214 §5.3.2).
pub const ACCESS_NETWORK_CHARGING_ADDRESS: AvpDef<Address> =
    AvpDef::new("Access-Network-Charging-Address", 501, VendorId::TGPP, true);

/// `Access-Network-Charging-Identifier` (TS 29.214 §5.3.3).
pub const ACCESS_NETWORK_CHARGING_IDENTIFIER: AvpDef<Grouped> =
    AvpDef::new("Access-Network-Charging-Identifier", 502, VendorId::TGPP, true);

/// `Access-Network-Charging-Identifier-Value` (TS 29.214 §5.3.4).
pub const ACCESS_NETWORK_CHARGING_IDENTIFIER_VALUE: AvpDef<OctetString> =
    AvpDef::new("Access-Network-Charging-Identifier-Value", 503, VendorId::TGPP, true);

/// `AF-Application-Identifier` (TS 29.214 §5.3.5).
pub const AF_APPLICATION_IDENTIFIER: AvpDef<OctetString> =
    AvpDef::new("AF-Application-Identifier", 504, VendorId::TGPP, true);

/// `AF-Charging-Identifier` (TS 29.214 §5.3.6).
pub const AF_CHARGING_IDENTIFIER: AvpDef<OctetString> =
    AvpDef::new("AF-Charging-Identifier", 505, VendorId::TGPP, true);

/// `Flow-Description` (TS 29.214 §5.3.8).
pub const FLOW_DESCRIPTION: AvpDef<IpFilterRule> = AvpDef::new("Flow-Description", 507, VendorId::TGPP, true);

/// `Flow-Number` (TS 29.214 §5.3.9).
pub const FLOW_NUMBER: AvpDef<Unsigned32> = AvpDef::new("Flow-Number", 509, VendorId::TGPP, true);

/// `Flows` (TS 29.214 §5.3.10).
pub const FLOWS: AvpDef<Grouped> = AvpDef::new("Flows", 510, VendorId::TGPP, true);

/// `Flow-Status` (TS 29.214 §5.3.11).
pub const FLOW_STATUS: AvpDef<Enumerated<enums::FlowStatus>> =
    AvpDef::new("Flow-Status", 511, VendorId::TGPP, true);

/// `Flow-Usage` (TS 29.214 §5.3.12).
pub const FLOW_USAGE: AvpDef<Enumerated<enums::FlowUsage>> =
    AvpDef::new("Flow-Usage", 512, VendorId::TGPP, true);

/// `Specific-Action` (TS 29.214 §5.3.13).
pub const SPECIFIC_ACTION: AvpDef<Enumerated<enums::SpecificAction>> =
    AvpDef::new("Specific-Action", 513, VendorId::TGPP, true);

/// `Max-Requested-Bandwidth-DL` (TS 29.214 §5.3.14). Unit: bit/s.
pub const MAX_REQUESTED_BANDWIDTH_DL: AvpDef<Unsigned32> =
    AvpDef::new("Max-Requested-Bandwidth-DL", 515, VendorId::TGPP, true);

/// `Max-Requested-Bandwidth-UL` (TS 29.214 §5.3.15). Unit: bit/s.
pub const MAX_REQUESTED_BANDWIDTH_UL: AvpDef<Unsigned32> =
    AvpDef::new("Max-Requested-Bandwidth-UL", 516, VendorId::TGPP, true);

/// `Media-Component-Description` (TS 29.214 §5.3.16).
pub const MEDIA_COMPONENT_DESCRIPTION: AvpDef<Grouped> =
    AvpDef::new("Media-Component-Description", 517, VendorId::TGPP, true);

/// `Media-Component-Number` (TS 29.214 §5.3.17).
pub const MEDIA_COMPONENT_NUMBER: AvpDef<Unsigned32> =
    AvpDef::new("Media-Component-Number", 518, VendorId::TGPP, true);

/// `Media-Sub-Component` (TS 29.214 §5.3.18).
pub const MEDIA_SUB_COMPONENT: AvpDef<Grouped> =
    AvpDef::new("Media-Sub-Component", 519, VendorId::TGPP, true);

/// `Media-Type` (TS 29.214 §5.3.19).
pub const MEDIA_TYPE: AvpDef<Enumerated<enums::MediaType>> =
    AvpDef::new("Media-Type", 520, VendorId::TGPP, true);

/// `RR-Bandwidth` (TS 29.214 §5.3.20). Unit: bit/s.
pub const RR_BANDWIDTH: AvpDef<Unsigned32> = AvpDef::new("RR-Bandwidth", 521, VendorId::TGPP, true);

/// `RS-Bandwidth` (TS 29.214 §5.3.21). Unit: bit/s.
pub const RS_BANDWIDTH: AvpDef<Unsigned32> = AvpDef::new("RS-Bandwidth", 522, VendorId::TGPP, true);

/// `SIP-Forking-Indication` (TS 29.214 §5.3.22).
pub const SIP_FORKING_INDICATION: AvpDef<Enumerated<enums::SipForkingIndication>> =
    AvpDef::new("SIP-Forking-Indication", 523, VendorId::TGPP, true);

/// `Codec-Data` (TS 29.214 §5.3.7).
pub const CODEC_DATA: AvpDef<OctetString> = AvpDef::new("Codec-Data", 524, VendorId::TGPP, true);

/// `Service-URN` (TS 29.214 §5.3.23).
pub const SERVICE_URN: AvpDef<OctetString> = AvpDef::new("Service-URN", 525, VendorId::TGPP, true);

/// `Acceptable-Service-Info` (TS 29.214 §5.3.24).
pub const ACCEPTABLE_SERVICE_INFO: AvpDef<Grouped> =
    AvpDef::new("Acceptable-Service-Info", 526, VendorId::TGPP, true);

/// `Service-Info-Status` (TS 29.214 §5.3.25).
pub const SERVICE_INFO_STATUS: AvpDef<Enumerated<enums::ServiceInfoStatus>> =
    AvpDef::new("Service-Info-Status", 527, VendorId::TGPP, true);

/// `MPS-Identifier` (TS 29.214 §5.3.30).
pub const MPS_IDENTIFIER: AvpDef<OctetString> = AvpDef::new("MPS-Identifier", 528, VendorId::TGPP, false);

/// `AF-Signalling-Protocol` (TS 29.214 §5.3.26).
pub const AF_SIGNALLING_PROTOCOL: AvpDef<Enumerated<enums::AfSignallingProtocol>> =
    AvpDef::new("AF-Signalling-Protocol", 529, VendorId::TGPP, false);

/// `Sponsored-Connectivity-Data` (TS 29.214 §5.3.27).
pub const SPONSORED_CONNECTIVITY_DATA: AvpDef<Grouped> =
    AvpDef::new("Sponsored-Connectivity-Data", 530, VendorId::TGPP, false);

/// `Sponsor-Identity` (TS 29.214 §5.3.28).
pub const SPONSOR_IDENTITY: AvpDef<Utf8String> = AvpDef::new("Sponsor-Identity", 531, VendorId::TGPP, false);

/// `Application-Service-Provider-Identity` (TS 29.214 §5.3.29).
pub const APPLICATION_SERVICE_PROVIDER_IDENTITY: AvpDef<Utf8String> =
    AvpDef::new("Application-Service-Provider-Identity", 532, VendorId::TGPP, false);

/// `Rx-Request-Type` (TS 29.214 §5.3.31).
pub const RX_REQUEST_TYPE: AvpDef<Enumerated<enums::RxRequestType>> =
    AvpDef::new("Rx-Request-Type", 533, VendorId::TGPP, false);

/// `Min-Requested-Bandwidth-DL` (TS 29.214 §5.3.32). Unit: bit/s.
pub const MIN_REQUESTED_BANDWIDTH_DL: AvpDef<Unsigned32> =
    AvpDef::new("Min-Requested-Bandwidth-DL", 534, VendorId::TGPP, false);

/// `Min-Requested-Bandwidth-UL` (TS 29.214 §5.3.33). Unit: bit/s.
pub const MIN_REQUESTED_BANDWIDTH_UL: AvpDef<Unsigned32> =
    AvpDef::new("Min-Requested-Bandwidth-UL", 535, VendorId::TGPP, false);

/// `Required-Access-Info` (TS 29.214 §5.3.34).
pub const REQUIRED_ACCESS_INFO: AvpDef<Enumerated<enums::RequiredAccessInfo>> =
    AvpDef::new("Required-Access-Info", 536, VendorId::TGPP, false);

/// `IP-Domain-Id` (TS 29.214 §5.3.35).
pub const IP_DOMAIN_ID: AvpDef<OctetString> = AvpDef::new("IP-Domain-Id", 537, VendorId::TGPP, false);

/// `GCS-Identifier` (TS 29.214 §5.3.36).
pub const GCS_IDENTIFIER: AvpDef<OctetString> = AvpDef::new("GCS-Identifier", 538, VendorId::TGPP, false);

/// `Sharing-Key-DL` (TS 29.214 §5.3.37).
pub const SHARING_KEY_DL: AvpDef<Unsigned32> = AvpDef::new("Sharing-Key-DL", 539, VendorId::TGPP, false);

/// `Sharing-Key-UL` (TS 29.214 §5.3.38).
pub const SHARING_KEY_UL: AvpDef<Unsigned32> = AvpDef::new("Sharing-Key-UL", 540, VendorId::TGPP, false);

/// `Retry-Interval` (TS 29.214 §5.3.39). Unit: s.
pub const RETRY_INTERVAL: AvpDef<Unsigned32> = AvpDef::new("Retry-Interval", 541, VendorId::TGPP, false);

/// `Sponsoring-Action` (TS 29.214 §5.3.40).
pub const SPONSORING_ACTION: AvpDef<Enumerated<enums::SponsoringAction>> =
    AvpDef::new("Sponsoring-Action", 542, VendorId::TGPP, false);

/// `Max-Supported-Bandwidth-DL` (TS 29.214). Unit: bit/s.
pub const MAX_SUPPORTED_BANDWIDTH_DL: AvpDef<Unsigned32> =
    AvpDef::new("Max-Supported-Bandwidth-DL", 543, VendorId::TGPP, false);

/// `Max-Supported-Bandwidth-UL` (TS 29.214). Unit: bit/s.
pub const MAX_SUPPORTED_BANDWIDTH_UL: AvpDef<Unsigned32> =
    AvpDef::new("Max-Supported-Bandwidth-UL", 544, VendorId::TGPP, false);

/// `Min-Desired-Bandwidth-DL` (TS 29.214). Unit: bit/s.
pub const MIN_DESIRED_BANDWIDTH_DL: AvpDef<Unsigned32> =
    AvpDef::new("Min-Desired-Bandwidth-DL", 545, VendorId::TGPP, false);

/// `Min-Desired-Bandwidth-UL` (TS 29.214). Unit: bit/s.
pub const MIN_DESIRED_BANDWIDTH_UL: AvpDef<Unsigned32> =
    AvpDef::new("Min-Desired-Bandwidth-UL", 546, VendorId::TGPP, false);

/// `MCPTT-Identifier` (TS 29.214).
pub const MCPTT_IDENTIFIER: AvpDef<OctetString> = AvpDef::new("MCPTT-Identifier", 547, VendorId::TGPP, false);

/// `Service-Authorization-Info` (TS 29.214). Unit: bits.
pub const SERVICE_AUTHORIZATION_INFO: AvpDef<Unsigned32> =
    AvpDef::new("Service-Authorization-Info", 548, VendorId::TGPP, false);

/// `Media-Component-Status` (TS 29.214).
pub const MEDIA_COMPONENT_STATUS: AvpDef<Unsigned32> =
    AvpDef::new("Media-Component-Status", 549, VendorId::TGPP, false);

/// `Priority-Sharing-Indicator` (TS 29.214).
pub const PRIORITY_SHARING_INDICATOR: AvpDef<Enumerated<enums::PrioritySharingIndicator>> =
    AvpDef::new("Priority-Sharing-Indicator", 550, VendorId::TGPP, false);

/// `AF-Requested-Data` (TS 29.214). Unit: bits.
pub const AF_REQUESTED_DATA: AvpDef<Unsigned32> =
    AvpDef::new("AF-Requested-Data", 551, VendorId::TGPP, false);

/// `Content-Version` (TS 29.214).
pub const CONTENT_VERSION: AvpDef<Unsigned64> = AvpDef::new("Content-Version", 552, VendorId::TGPP, false);

/// `Pre-emption-Control-Info` (TS 29.214). Unit: bits.
pub const PRE_EMPTION_CONTROL_INFO: AvpDef<Unsigned32> =
    AvpDef::new("Pre-emption-Control-Info", 553, VendorId::TGPP, false);

/// `Extended-Max-Requested-BW-DL` (TS 29.214). Unit: kbit/s.
pub const EXTENDED_MAX_REQUESTED_BW_DL: AvpDef<Unsigned32> =
    AvpDef::new("Extended-Max-Requested-BW-DL", 554, VendorId::TGPP, false);

/// `Extended-Max-Requested-BW-UL` (TS 29.214). Unit: kbit/s.
pub const EXTENDED_MAX_REQUESTED_BW_UL: AvpDef<Unsigned32> =
    AvpDef::new("Extended-Max-Requested-BW-UL", 555, VendorId::TGPP, false);

/// `Extended-Max-Supported-BW-DL` (TS 29.214). Unit: kbit/s.
pub const EXTENDED_MAX_SUPPORTED_BW_DL: AvpDef<Unsigned32> =
    AvpDef::new("Extended-Max-Supported-BW-DL", 556, VendorId::TGPP, false);

/// `Extended-Max-Supported-BW-UL` (TS 29.214). Unit: kbit/s.
pub const EXTENDED_MAX_SUPPORTED_BW_UL: AvpDef<Unsigned32> =
    AvpDef::new("Extended-Max-Supported-BW-UL", 557, VendorId::TGPP, false);

/// `Extended-Min-Desired-BW-DL` (TS 29.214). Unit: kbit/s.
pub const EXTENDED_MIN_DESIRED_BW_DL: AvpDef<Unsigned32> =
    AvpDef::new("Extended-Min-Desired-BW-DL", 558, VendorId::TGPP, false);

/// `Extended-Min-Desired-BW-UL` (TS 29.214). Unit: kbit/s.
pub const EXTENDED_MIN_DESIRED_BW_UL: AvpDef<Unsigned32> =
    AvpDef::new("Extended-Min-Desired-BW-UL", 559, VendorId::TGPP, false);

/// `Extended-Min-Requested-BW-DL` (TS 29.214). Unit: kbit/s.
pub const EXTENDED_MIN_REQUESTED_BW_DL: AvpDef<Unsigned32> =
    AvpDef::new("Extended-Min-Requested-BW-DL", 560, VendorId::TGPP, false);

/// `Extended-Min-Requested-BW-UL` (TS 29.214). Unit: kbit/s.
pub const EXTENDED_MIN_REQUESTED_BW_UL: AvpDef<Unsigned32> =
    AvpDef::new("Extended-Min-Requested-BW-UL", 561, VendorId::TGPP, false);

/// `MCVideo-Identifier` (TS 29.214).
pub const MCVIDEO_IDENTIFIER: AvpDef<OctetString> =
    AvpDef::new("MCVideo-Identifier", 562, VendorId::TGPP, false);

/// `IMS-Content-Identifier` (TS 29.214).
pub const IMS_CONTENT_IDENTIFIER: AvpDef<OctetString> =
    AvpDef::new("IMS-Content-Identifier", 563, VendorId::TGPP, false);

/// `IMS-Content-Type` (TS 29.214).
pub const IMS_CONTENT_TYPE: AvpDef<Enumerated<enums::ImsContentType>> =
    AvpDef::new("IMS-Content-Type", 564, VendorId::TGPP, false);

/// `Callee-Information` (TS 29.214).
pub const CALLEE_INFORMATION: AvpDef<Grouped> = AvpDef::new("Callee-Information", 565, VendorId::TGPP, false);

/// `FLUS-Identifier` (TS 29.214).
pub const FLUS_IDENTIFIER: AvpDef<OctetString> = AvpDef::new("FLUS-Identifier", 566, VendorId::TGPP, false);

/// `Desired-Max-Latency` (TS 29.214). Unit: ms.
pub const DESIRED_MAX_LATENCY: AvpDef<Float32> =
    AvpDef::new("Desired-Max-Latency", 567, VendorId::TGPP, false);

/// `Desired-Max-Loss` (TS 29.214). Unit: percent.
pub const DESIRED_MAX_LOSS: AvpDef<Float32> = AvpDef::new("Desired-Max-Loss", 568, VendorId::TGPP, false);

/// `NID` (TS 29.214).
pub const NID: AvpDef<OctetString> = AvpDef::new("NID", 569, VendorId::TGPP, false);

/// `MA-Information` (TS 29.214).
pub const MA_INFORMATION: AvpDef<Grouped> = AvpDef::new("MA-Information", 570, VendorId::TGPP, false);

/// `MA-Information-Action` (TS 29.214).
pub const MA_INFORMATION_ACTION: AvpDef<Unsigned32> =
    AvpDef::new("MA-Information-Action", 571, VendorId::TGPP, false);

/// `5GS-RAN-NAS-Release-Cause` (TS 29.214).
pub const FIVEGS_RAN_NAS_RELEASE_CAUSE: AvpDef<Grouped> =
    AvpDef::new("5GS-RAN-NAS-Release-Cause", 572, VendorId::TGPP, false);

/// `5GMM-Cause` (TS 29.214).
pub const FIVEGMM_CAUSE: AvpDef<Unsigned32> = AvpDef::new("5GMM-Cause", 573, VendorId::TGPP, false);

/// `5GSM-Cause` (TS 29.214).
pub const FIVEGSM_CAUSE: AvpDef<Unsigned32> = AvpDef::new("5GSM-Cause", 574, VendorId::TGPP, false);

/// `NGAP-Cause` (TS 29.214).
pub const NGAP_CAUSE: AvpDef<Grouped> = AvpDef::new("NGAP-Cause", 575, VendorId::TGPP, false);

/// `NGAP-Group` (TS 29.214).
pub const NGAP_GROUP: AvpDef<Unsigned32> = AvpDef::new("NGAP-Group", 576, VendorId::TGPP, false);

/// `NGAP-Value` (TS 29.214).
pub const NGAP_VALUE: AvpDef<Unsigned32> = AvpDef::new("NGAP-Value", 577, VendorId::TGPP, false);

/// `Wireline-User-Location-Info` (TS 29.214).
pub const WIRELINE_USER_LOCATION_INFO: AvpDef<Grouped> =
    AvpDef::new("Wireline-User-Location-Info", 578, VendorId::TGPP, false);

/// `HFC-Node-Identifier` (TS 29.214).
pub const HFC_NODE_IDENTIFIER: AvpDef<OctetString> =
    AvpDef::new("HFC-Node-Identifier", 579, VendorId::TGPP, false);

/// `GLI-Identifier` (TS 29.214).
pub const GLI_IDENTIFIER: AvpDef<OctetString> = AvpDef::new("GLI-Identifier", 580, VendorId::TGPP, false);

/// `Line-Type` (TS 29.214).
pub const LINE_TYPE: AvpDef<Unsigned32> = AvpDef::new("Line-Type", 581, VendorId::TGPP, false);

/// `MPS-Action` (TS 29.214).
pub const MPS_ACTION: AvpDef<Enumerated<enums::MpsAction>> =
    AvpDef::new("MPS-Action", 582, VendorId::TGPP, false);

/// `Serving-Satellite-Identity` (TS 29.214).
pub const SERVING_SATELLITE_IDENTITY: AvpDef<OctetString> =
    AvpDef::new("Serving-Satellite-Identity", 583, VendorId::TGPP, false);

/// `PC-Session-Recovery-Status` (TS 29.214).
pub const PC_SESSION_RECOVERY_STATUS: AvpDef<Enumerated<enums::PcSessionRecoveryStatus>> =
    AvpDef::new("PC-Session-Recovery-Status", 584, VendorId::TGPP, false);

/// `Supported-Features` (TS 29.229).
pub const SUPPORTED_FEATURES: AvpDef<Grouped> = AvpDef::new("Supported-Features", 628, VendorId::TGPP, false);

/// `Feature-List-ID` (TS 29.229).
pub const FEATURE_LIST_ID: AvpDef<Unsigned32> = AvpDef::new("Feature-List-ID", 629, VendorId::TGPP, false);

/// `Feature-List` (TS 29.229). Unit: bits.
pub const FEATURE_LIST: AvpDef<Unsigned32> = AvpDef::new("Feature-List", 630, VendorId::TGPP, false);

/// `Calling-Party-Address` (TS 32.299).
pub const CALLING_PARTY_ADDRESS: AvpDef<Utf8String> =
    AvpDef::new("Calling-Party-Address", 831, VendorId::TGPP, true);

/// `Called-Party-Address` (TS 32.299).
pub const CALLED_PARTY_ADDRESS: AvpDef<Utf8String> =
    AvpDef::new("Called-Party-Address", 832, VendorId::TGPP, true);

/// `ToS-Traffic-Class` (TS 29.212).
pub const TOS_TRAFFIC_CLASS: AvpDef<OctetString> =
    AvpDef::new("ToS-Traffic-Class", 1014, VendorId::TGPP, true);

/// `IP-CAN-Type` (TS 29.212).
pub const IP_CAN_TYPE: AvpDef<Enumerated<enums::IpCanType>> =
    AvpDef::new("IP-CAN-Type", 1027, VendorId::TGPP, true);

/// `RAT-Type` (TS 29.212).
pub const RAT_TYPE: AvpDef<Enumerated<enums::RatType>> = AvpDef::new("RAT-Type", 1032, VendorId::TGPP, false);

/// `Pre-emption-Capability` (TS 29.212).
pub const PRE_EMPTION_CAPABILITY: AvpDef<Enumerated<enums::PreEmptionCapability>> =
    AvpDef::new("Pre-emption-Capability", 1047, VendorId::TGPP, false);

/// `Pre-emption-Vulnerability` (TS 29.212).
pub const PRE_EMPTION_VULNERABILITY: AvpDef<Enumerated<enums::PreEmptionVulnerability>> =
    AvpDef::new("Pre-emption-Vulnerability", 1048, VendorId::TGPP, false);

/// `AN-GW-Address` (TS 29.212).
pub const AN_GW_ADDRESS: AvpDef<Address> = AvpDef::new("AN-GW-Address", 1050, VendorId::TGPP, false);

/// `Called-Asserted-Identity` (TS 32.299).
pub const CALLED_ASSERTED_IDENTITY: AvpDef<Utf8String> =
    AvpDef::new("Called-Asserted-Identity", 1250, VendorId::TGPP, true);

/// `Requested-Party-Address` (TS 32.299).
pub const REQUESTED_PARTY_ADDRESS: AvpDef<Utf8String> =
    AvpDef::new("Requested-Party-Address", 1251, VendorId::TGPP, true);

/// `AN-Trusted` (TS 29.273).
pub const AN_TRUSTED: AvpDef<Enumerated<enums::AnTrusted>> =
    AvpDef::new("AN-Trusted", 1503, VendorId::TGPP, false);

/// `UE-Local-IP-Address` (TS 29.212).
pub const UE_LOCAL_IP_ADDRESS: AvpDef<Address> =
    AvpDef::new("UE-Local-IP-Address", 2805, VendorId::TGPP, false);

/// `UDP-Source-Port` (TS 29.212).
pub const UDP_SOURCE_PORT: AvpDef<Unsigned32> = AvpDef::new("UDP-Source-Port", 2806, VendorId::TGPP, false);

/// `User-Location-Info-Time` (TS 29.212).
pub const USER_LOCATION_INFO_TIME: AvpDef<Time> =
    AvpDef::new("User-Location-Info-Time", 2812, VendorId::TGPP, false);

/// `RAN-NAS-Release-Cause` (TS 29.212).
pub const RAN_NAS_RELEASE_CAUSE: AvpDef<OctetString> =
    AvpDef::new("RAN-NAS-Release-Cause", 2819, VendorId::TGPP, false);

/// `NetLoc-Access-Support` (TS 29.212).
pub const NETLOC_ACCESS_SUPPORT: AvpDef<Unsigned32> =
    AvpDef::new("NetLoc-Access-Support", 2824, VendorId::TGPP, false);

/// `TCP-Source-Port` (TS 29.212).
pub const TCP_SOURCE_PORT: AvpDef<Unsigned32> = AvpDef::new("TCP-Source-Port", 2843, VendorId::TGPP, false);

/// `Max-PLR-DL` (TS 29.212). Unit: tenths of percent.
pub const MAX_PLR_DL: AvpDef<Unsigned32> = AvpDef::new("Max-PLR-DL", 2852, VendorId::TGPP, false);

/// `Max-PLR-UL` (TS 29.212). Unit: tenths of percent.
pub const MAX_PLR_UL: AvpDef<Unsigned32> = AvpDef::new("Max-PLR-UL", 2853, VendorId::TGPP, false);

/// `Reference-Id` (TS 29.154).
pub const REFERENCE_ID: AvpDef<OctetString> = AvpDef::new("Reference-Id", 4202, VendorId::TGPP, true);

/// `Reservation-Priority` (ETSI TS 183 017).
pub const RESERVATION_PRIORITY: AvpDef<Enumerated<enums::ReservationPriority>> =
    AvpDef::new("Reservation-Priority", 458, VendorId::ETSI, false);
