//! The example of the interface, and what holds for every body.

use std::time::Duration;

use rxgate::{
    dict::enums::{
        FlowStatus, FlowUsage, MediaType, ReservationPriority, ServiceInfoStatus, SipForkingIndication,
        SubscriptionIdType,
    },
    rx::AaRequest,
    wire::TimeValue,
};
use serde_json::{Value, json};

use crate::support::*;

#[test]
fn the_example_of_apply_qos_is_read_byte_for_byte() {
    let asked = read_as(COMPATIBLE, EXAMPLE).unwrap();
    assert_eq!(asked.duration, Some(Duration::from_secs(3600)));
    let service: &AaRequest<'_> = &asked.service;
    assert_eq!(service.af_application_identifier.as_deref(), Some(&b"test_app_id"[..]));
    assert_eq!(service.service_info_status, Some(ServiceInfoStatus::FINAL_SERVICE_INFORMATION));
    assert_eq!(service.af_charging_identifier.as_deref(), Some(&b"charging_id"[..]));
    assert_eq!(service.sip_forking_indication, Some(SipForkingIndication::SINGLE_DIALOGUE));
    assert_eq!(service.reservation_priority, Some(ReservationPriority(1)));
    assert_eq!(service.framed_ip_address.as_deref(), Some(&[10, 152, 120, 152][..]));
    assert_eq!(service.framed_ipv6_prefix, None);
    assert_eq!(service.called_station_id.as_deref(), Some("adsf"));
    assert_eq!(service.service_urn.as_deref(), Some(&b"counseling"[..]));
    assert_eq!(service.mps_identifier.as_deref(), Some(&b"mps_id"[..]));

    let [id] = &service.subscription_id.to_vec()[..] else { panic!("one Subscription-Id") };
    assert_eq!(id.subscription_id_type, SubscriptionIdType::END_USER_E164);
    assert_eq!(id.subscription_id_data, "861013388991111");
    let [feature] = &service.supported_features.to_vec()[..] else { panic!("one feature list") };
    assert_eq!((feature.vendor_id, feature.feature_list_id, feature.feature_list), (1, 1, 333));

    let [component] = &service.media_component_description.to_vec()[..] else { panic!("one component") };
    assert_eq!(component.media_component_number, 1);
    assert_eq!(component.af_application_identifier.as_deref(), Some(&b"test"[..]));
    assert_eq!(component.media_type, Some(MediaType(0)));
    assert_eq!(component.max_requested_bandwidth_ul, Some(1000));
    assert_eq!(component.max_requested_bandwidth_dl, Some(1000));
    assert_eq!(component.min_requested_bandwidth_ul, Some(10));
    assert_eq!(component.min_requested_bandwidth_dl, Some(10));
    assert_eq!(component.flow_status, Some(FlowStatus(0)));
    assert_eq!(component.reservation_priority, Some(ReservationPriority(1)));
    assert_eq!((component.rs_bandwidth, component.rr_bandwidth), (Some(10), Some(10)));
    assert_eq!(component.codec_data.to_vec(), [&b"codec"[..]]);

    let [flow] = &component.media_sub_component.to_vec()[..] else { panic!("one flow") };
    assert_eq!(flow.flow_number, 1);
    assert_eq!(flow.flow_description.to_vec(), ["test_flow"]);
    assert_eq!(flow.flow_status, Some(FlowStatus(0)));
    assert_eq!(flow.flow_usage, Some(FlowUsage::NO_INFORMATION));
    assert_eq!((flow.max_requested_bandwidth_ul, flow.max_requested_bandwidth_dl), (Some(3300), Some(2200)));
    assert_eq!(flow.af_signalling_protocol, None);

    let data = service.sponsored_connectivity_data.as_ref().unwrap();
    assert_eq!(data.sponsor_identity.as_deref(), Some("1adsf"));
    assert_eq!(data.application_service_provider_identity.as_deref(), Some("1ss"));
    assert_eq!(data.used_service_unit, None);
    let unit = data.granted_service_unit.as_ref().unwrap();
    assert_eq!((unit.tariff_time_change, unit.cc_time), (Some(TimeValue(122)), Some(444)));
    let money = unit.cc_money.as_ref().unwrap();
    assert_eq!((money.unit_value.value_digits, money.unit_value.exponent), (1, None));
    assert_eq!(money.currency_code, Some(11));
    let octets = (unit.cc_total_octets, unit.cc_input_octets, unit.cc_output_octets);
    assert_eq!((octets, unit.cc_service_specific_units), ((Some(1), Some(1), Some(1)), Some(1)));
}

#[test]
fn the_view_of_the_example_is_the_example() {
    let asked = read_as(COMPATIBLE, EXAMPLE).unwrap();
    let given: Value = serde_json::from_slice(EXAMPLE).unwrap();
    assert_eq!(view(&asked), given["qoSFeatureProperties"]);
    let doubtful = [
        "mediaComponentDescription[0].mediaSubComponent[0].flowDescription[0]",
        "mediaComponentDescription[0].mediaSubComponent[0].signallingProtocol",
        "sponsoredConnectivityData.grantedServiceUnit.tariffTimeChange",
    ];
    assert_eq!(warned(&asked), doubtful);
}

#[test]
fn the_subscriber_is_derived_from_the_end_user() {
    let asked = ask(json!({}));
    let id = asked.service.subscription_id.first().unwrap().into_owned();
    assert_eq!(id.subscription_id_type, SubscriptionIdType::END_USER_E164);
    assert_eq!(id.subscription_id_data, "861013388991111");
    assert_eq!(view(&asked).get("subscriptionId"), None);
    let other = json!({ "subscriptionIdType": "END_USER_E164", "subscriptionIdData": "8612345" });
    assert_starts(
        &refused(json!({ "subscriptionId": [other] })),
        "SVC0002: Invalid input value for message part subscriptionId[0].subscriptionIdData: ",
    );
}

#[test]
fn two_values_for_one_thing_are_refused() {
    for body in [
        r#"{"qoSFeatureProperties":{"framedIPAddress":"10.0.0.1","framedIPAddress":"10.0.0.2"}}"#,
        r#"{"qoSFeatureProperties":{"framedIPAddress":"10.0.0.1"},"qosFeatureProperties":{}}"#,
        r#"{"qoSFeatureProperties":{"framedIPAddress":"10.0.0.1"},"qoSFeatureProperties":{}}"#,
        r#"{"qoSFeatureProperties":{"framedIPAddress":"10.0.0.1","\u0066ramedIPAddress":"10.0.0.2"}}"#,
    ] {
        read_as(COMPATIBLE, body.as_bytes()).unwrap_err();
    }
    let number = json!({ "mediaComponentNumber": 1 });
    assert_starts(
        &refused(json!({ "mediaComponentDescription": [number, number] })),
        "SVC0002: Invalid input value for message part mediaComponentDescription[1].mediaComponentNumber: ",
    );
    let number = json!({ "flowNumber": 1 });
    refused(component(json!({ "mediaSubComponent": [number, number] })));
    let both = json!({ "framedIPAddress": "10.0.0.1", "framedIPv6Prefix": "2001:db8::7" });
    assert_eq!(warned(&ask(both.clone())), ["framedIPv6Prefix"]);
    refused_as(STRICT, both);
}

#[test]
fn errors_say_where_what_and_what_else() {
    let second = |members: Value| {
        let mut flow = json!({ "flowNumber": 2 });
        flow.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        component(json!({ "mediaSubComponent": [{ "flowNumber": 1 }, flow] }))
    };
    assert_eq!(
        refused(second(json!({ "flowStatus": "OPEN" }))),
        "SVC0003: Invalid input value for message part mediaComponentDescription[0].mediaSubComponent[1].flowStatus, \
         valid values are ENABLED-UPLINK, ENABLED-DOWNLINK, ENABLED, DISABLED, REMOVED: found \"OPEN\""
    );
    assert_eq!(
        refused(second(json!({ "maxRequestedBandwidthUL": "many" }))),
        "SVC0002: Invalid input value for message part \
         mediaComponentDescription[0].mediaSubComponent[1].maxRequestedBandwidthUL: \
         \"many\" is not a number, accepted is a whole number from 0 to 4294967295"
    );
    assert_starts(
        &refused(json!({ "mediaComponentDescription": [{}] })),
        "SVC0002: Invalid input value for message part mediaComponentDescription[0].mediaComponentNumber: \
         it is missing",
    );
    assert!(refused(json!({ "framedIPAddress": "x".repeat(1000) })).len() < 300);
}

#[test]
fn texts_have_no_control_characters() {
    for wrong in ["a\u{0}b", "\u{1b}[31m", "\u{85}"] {
        refused(json!({ "calledStationId": wrong }));
    }
    let asked = ask(component(json!({ "codecData": "uplink\noffer\r\nm=audio 1 RTP/AVP 0\n" })));
    let component = asked.service.media_component_description.first().unwrap().into_owned();
    assert_eq!(component.codec_data.to_vec(), [&b"uplink\noffer\r\nm=audio 1 RTP/AVP 0\n"[..]]);
}
