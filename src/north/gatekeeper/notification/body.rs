//! notifyQoSEvent: what an application is told (Example 16-17).

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    north::gatekeeper::{
        describe::names,
        granted::{ChargingIdentifier, FlowList, enumeration},
    },
    rx::{CcMoney, SponsoredConnectivityData, SubscriptionId, UnitValue, UsedServiceUnit},
    session::Report,
};

use super::Event;

/// The body of a notification: what everyone is told, and whatever the network supplied.
pub(super) fn render(
    correlator: &str,
    end_user: &str,
    event: Event,
    report: &Report,
) -> Result<Vec<u8>, serde_json::Error> {
    let identifiers = &report.access_network_charging_identifier;
    let body = Notify {
        event: QosEvent {
            correlator,
            end_user_identities: [end_user],
            event_type: event.number(),
            subscription_id: report.subscription_id.iter().map(Subscription::from).collect(),
            access_network_charging_identifier: identifiers.iter().map(ChargingIdentifier::from).collect(),
            access_network_charging_address: report
                .access_network_charging_address
                .map(|address| address.to_string()),
            ip_can_type: report.ip_can_type.map(enumeration),
            rat_type: report.rat_type.map(enumeration),
            flows: report.flows.iter().map(FlowList::from).collect(),
            abort_cause: report.abort_cause.map(enumeration),
            sponsored_connectivity_data: report.sponsored_connectivity_data.as_ref().map(Sponsored::from),
        },
    };
    serde_json::to_vec(&body)
}

/// The body of a QoS Event Notification.
#[derive(Serialize, ToSchema)]
#[schema(as = NotifyRequest)]
pub(in crate::north::gatekeeper) struct Notify<'a> {
    #[serde(rename = "notifyQoSEvent")]
    event: QosEvent<'a>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QosEvent<'a> {
    correlator: &'a str,
    /// The end user of the session.
    #[schema(value_type = Vec<String>)]
    end_user_identities: [&'a str; 1],
    #[schema(value_type = names::EventType)]
    event_type: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subscription_id: Vec<Subscription<'a>>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<names::AbortCause>)]
    abort_cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sponsored_connectivity_data: Option<Sponsored<'a>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotifiedSubscription)]
struct Subscription<'a> {
    subscription_id_type: String,
    subscription_id_data: &'a str,
}

impl<'a> From<&'a SubscriptionId<'static>> for Subscription<'a> {
    fn from(id: &'a SubscriptionId<'static>) -> Self {
        Self {
            subscription_id_type: enumeration(id.subscription_id_type),
            subscription_id_data: &id.subscription_id_data,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotifiedUsage)]
struct Sponsored<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sponsor_identity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_service_provider_identity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_service_unit: Option<Used>,
}

impl<'a> From<&'a SponsoredConnectivityData<'static>> for Sponsored<'a> {
    fn from(data: &'a SponsoredConnectivityData<'static>) -> Self {
        Self {
            sponsor_identity: data.sponsor_identity.as_deref(),
            application_service_provider_identity: data.application_service_provider_identity.as_deref(),
            used_service_unit: data.used_service_unit.as_ref().map(Used::from),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = UsedUnits)]
struct Used {
    /// Tariff-Change-Usage: the interface calls it by the name of another AVP.
    #[serde(rename = "tariffTimeChange", skip_serializing_if = "Option::is_none")]
    tariff_change_usage: Option<String>,
    #[serde(rename = "cCTime", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<names::Unsigned32>)]
    time: Option<u32>,
    #[serde(rename = "cCMoney", skip_serializing_if = "Option::is_none")]
    money: Option<Money>,
    #[serde(rename = "cCTotalOctets", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<names::Unsigned64>)]
    total_octets: Option<u64>,
    #[serde(rename = "cCInputOctets", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<names::Unsigned64>)]
    input_octets: Option<u64>,
    #[serde(rename = "cCOutputOctets", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<names::Unsigned64>)]
    output_octets: Option<u64>,
    #[serde(rename = "cCServiceSpecificUnits", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<names::Unsigned64>)]
    service_specific_units: Option<u64>,
}

impl From<&UsedServiceUnit<'static>> for Used {
    fn from(unit: &UsedServiceUnit<'static>) -> Self {
        Self {
            tariff_change_usage: unit.tariff_change_usage.map(enumeration),
            time: unit.cc_time,
            money: unit.cc_money.as_ref().map(Money::from),
            total_octets: unit.cc_total_octets,
            input_octets: unit.cc_input_octets,
            output_octets: unit.cc_output_octets,
            service_specific_units: unit.cc_service_specific_units,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UsedMoney)]
struct Money {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    unit_value: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<names::Unsigned32>)]
    currency_code: Option<u32>,
}

impl From<&CcMoney<'static>> for Money {
    fn from(money: &CcMoney<'static>) -> Self {
        let unit_value = decimal(&money.unit_value);
        Self { unit_value: RawValue::from_string(unit_value).ok(), currency_code: money.currency_code }
    }
}

/// Places before or behind the point up to which a number is written without a power of ten.
const PLAIN: u32 = 18;

/// A Unit-Value as a JSON number, exact.
fn decimal(value: &UnitValue<'_>) -> String {
    let exponent = value.exponent.unwrap_or(0);
    let digits = value.value_digits.unsigned_abs();
    let sign = if value.value_digits < 0 { "-" } else { "" };
    let places = usize::try_from(exponent.unsigned_abs()).unwrap_or(usize::MAX);
    match exponent {
        _ if digits == 0 => "0".into(),
        0 => format!("{sign}{digits}"),
        _ if exponent.unsigned_abs() > PLAIN => format!("{sign}{digits}e{exponent}"),
        1.. => format!("{sign}{digits}{}", "0".repeat(places)),
        _ => {
            let padded = format!("{digits:0>width$}", width = places + 1);
            let (whole, fraction) = padded.split_at(padded.len() - places);
            let fraction = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() { "" } else { "." };
            format!("{sign}{whole}{point}{fraction}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_value_is_written_exactly() {
        for (value_digits, exponent, text) in [
            (1, None, "1"),
            (0, Some(5), "0"),
            (-25, Some(0), "-25"),
            (12, Some(2), "1200"),
            (12345, Some(-2), "123.45"),
            (5, Some(-3), "0.005"),
            (-1200, Some(-2), "-12"),
            (i64::MIN, Some(-18), "-9.223372036854775808"),
            (7, Some(19), "7e19"),
            (7, Some(i32::MIN), "7e-2147483648"),
        ] {
            let value = UnitValue { value_digits, exponent, ..UnitValue::default() };
            assert_eq!(decimal(&value), text);
            assert!(RawValue::from_string(text.into()).is_ok());
        }
    }
}
