//! Sponsored connectivity and the credit-control units in it (TS 29.214 §5.3.27, RFC 8506 §8).

use std::borrow::Cow;

use super::field;
use crate::{
    dict::enums::{SponsoringAction, TariffChangeUsage},
    wire::TimeValue,
};

field::avps! {
    /// Sponsored-Connectivity-Data (TS 29.214 §5.3.27).
    SponsoredConnectivityData "Sponsored-Connectivity-Data" {
        opt sponsor_identity: Cow<'a, str> = SPONSOR_IDENTITY;
        opt application_service_provider_identity: Cow<'a, str> = APPLICATION_SERVICE_PROVIDER_IDENTITY;
        /// The threshold: only from AF to PCRF.
        opt granted_service_unit: GrantedServiceUnit<'a> = GRANTED_SERVICE_UNIT;
        /// What was used: only from PCRF to AF.
        opt used_service_unit: UsedServiceUnit<'a> = USED_SERVICE_UNIT;
        opt sponsoring_action: SponsoringAction = SPONSORING_ACTION;
    }

    /// Granted-Service-Unit (RFC 8506 §8.17).
    GrantedServiceUnit "Granted-Service-Unit" {
        opt tariff_time_change: TimeValue = TARIFF_TIME_CHANGE;
        /// Seconds.
        opt cc_time: u32 = CC_TIME;
        opt cc_money: CcMoney<'a> = CC_MONEY;
        opt cc_total_octets: u64 = CC_TOTAL_OCTETS;
        opt cc_input_octets: u64 = CC_INPUT_OCTETS;
        opt cc_output_octets: u64 = CC_OUTPUT_OCTETS;
        opt cc_service_specific_units: u64 = CC_SERVICE_SPECIFIC_UNITS;
    }

    /// Used-Service-Unit (RFC 8506 §8.19).
    UsedServiceUnit "Used-Service-Unit" {
        opt tariff_change_usage: TariffChangeUsage = TARIFF_CHANGE_USAGE;
        /// Seconds.
        opt cc_time: u32 = CC_TIME;
        opt cc_money: CcMoney<'a> = CC_MONEY;
        opt cc_total_octets: u64 = CC_TOTAL_OCTETS;
        opt cc_input_octets: u64 = CC_INPUT_OCTETS;
        opt cc_output_octets: u64 = CC_OUTPUT_OCTETS;
        opt cc_service_specific_units: u64 = CC_SERVICE_SPECIFIC_UNITS;
    }

    /// CC-Money (RFC 8506 §8.22).
    CcMoney "CC-Money" {
        one unit_value: UnitValue<'a> = UNIT_VALUE;
        /// ISO 4217 numeric.
        opt currency_code: u32 = CURRENCY_CODE;
    }

    /// Unit-Value (RFC 8506 §8.8): digits × 10^exponent.
    UnitValue "Unit-Value" {
        one value_digits: i64 = VALUE_DIGITS;
        opt exponent: i32 = EXPONENT;
    }
}
