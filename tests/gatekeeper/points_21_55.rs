//! Choices 21 to 55: numbers, ranges and unknown members.

use rxgate::{
    dict::{avp, enums::FlowStatus},
    wire::AvpFlags,
};
use serde_json::json;

use crate::support::*;

#[test]
fn point_21_component_number_0_with_media_is_sent_with_a_warning() {
    let properties =
        json!({ "mediaComponentDescription": { "mediaComponentNumber": 0, "mediaType": "VIDEO" } });
    let asked = ask(properties);
    assert_eq!(asked.service.media_component_description.first().unwrap().media_component_number, 0);
    assert_eq!(warned(&asked), ["mediaComponentDescription[0].mediaComponentNumber"]);
}

#[test]
fn point_22_supported_features_are_passed_on() {
    let list = |vendor, id, bits| json!({ "vendorId": vendor, "featureListID": id, "featureList": bits });
    let asked = ask(json!({ "supportedFeatures": [list(1, 1, 333), list(654_321, 654_320, 654_322)] }));
    let found = asked.service.supported_features.to_vec();
    let found: Vec<_> = found.iter().map(|it| (it.vendor_id, it.feature_list_id, it.feature_list)).collect();
    assert_eq!(found, [(1, 1, 333), (654_321, 654_320, 654_322)]);
    assert!(ask(json!({})).service.supported_features.is_empty());
    assert_eq!(avp::SUPPORTED_FEATURES.flags, AvpFlags::VENDOR);
}

#[test]
fn point_23_enumerations_take_hyphen_and_underscore_in_any_case() {
    for given in ["ENABLED-UPLINK", "ENABLED_UPLINK", "enabled-uplink", "Enabled_Uplink"] {
        let asked = ask(component(json!({ "flowStatus": given })));
        let component = asked.service.media_component_description.first().unwrap().into_owned();
        assert_eq!(component.flow_status, Some(FlowStatus::ENABLED_UPLINK));
        assert_eq!(view(&asked)["mediaComponentDescription"][0]["flowStatus"], "ENABLED-UPLINK");
    }
}

#[test]
fn point_28_empty_is_absent() {
    let asked = ask(json!({
        "framedIPAddress": "", "framedIPv6Prefix": "2001:db8::7", "calledStationId": "", "serviceURN": "",
        "applicationIdentifier": "", "duration": null, "mediaComponentDescription": [],
    }));
    let service = &asked.service;
    assert_eq!(
        (&service.framed_ip_address, &service.called_station_id, &service.service_urn),
        (&None, &None, &None)
    );
    assert_eq!(view(&asked), json!({ "framedIPv6Prefix": "2001:db8::7" }));
    let text = refused(json!({ "framedIPAddress": "", "framedIPv6Prefix": "" }));
    assert_starts(&text, "SVC0004: No valid addresses provided in message part framedIPAddress: ");
}

#[test]
fn point_51_service_urn_is_a_token_without_its_prefix() {
    for (given, sent) in [
        ("sos", "sos"),
        ("urn:service:sos.fire", "sos.fire"),
        ("URN:Service:counseling", "counseling"),
        ("counseling.mental-health", "counseling.mental-health"),
        ("other.service", "other.service"),
    ] {
        let asked = ask(json!({ "serviceURN": given }));
        assert_eq!(asked.service.service_urn.as_deref(), Some(sent.as_bytes()));
        assert_eq!(view(&asked)["serviceURN"], sent);
    }
    for wrong in ["urn:service:", "a b", ".sos", "sos.", "sos..fire", "-sos", "urn:other:sos", "sös"] {
        refused(json!({ "serviceURN": wrong }));
    }
}

#[test]
fn point_52_integers_are_numbers_or_strings() {
    for given in [json!(1000), json!("1000")] {
        let asked = ask(component(json!({ "maxRequestedBandwidthUL": given })));
        let component = asked.service.media_component_description.first().unwrap().into_owned();
        assert_eq!(component.max_requested_bandwidth_ul, Some(1000));
        assert_eq!(view(&asked)["mediaComponentDescription"][0]["maxRequestedBandwidthUL"], 1000);
    }
    let asked = ask(granted(json!({ "cCTotalOctets": u64::MAX, "cCInputOctets": "18446744073709551615" })));
    assert_eq!(
        (unit(&asked).cc_total_octets, unit(&asked).cc_input_octets),
        (Some(u64::MAX), Some(u64::MAX))
    );
    for wrong in
        [json!(1.5), json!(-1), json!("1.5"), json!("-1"), json!(" 1"), json!(""), json!(true), json!({})]
    {
        assert_starts(
            &refused(component(json!({ "maxRequestedBandwidthUL": wrong }))),
            "SVC0002: Invalid input value for message part mediaComponentDescription[0].maxRequestedBandwidthUL: ",
        );
    }
    let too_large = r#"{"qoSFeatureProperties":{"framedIPAddress":"10.0.0.1","sponsoredConnectivityData":
        {"grantedServiceUnit":{"cCTotalOctets":18446744073709551616}}}}"#;
    read_as(COMPATIBLE, too_large.as_bytes()).unwrap_err();
}

#[test]
fn point_53_unknown_members() {
    let asked = ask(json!({ "colour": "red" }));
    assert_eq!(warned(&asked), ["colour"]);
    assert!(!asked.view.contains("colour"));
    assert_starts(
        &refused_as(STRICT, json!({ "colour": "red" })),
        "SVC0002: Invalid input value for message part colour: ",
    );
    for settings in [COMPATIBLE, STRICT] {
        assert_starts(
            &refused_as(settings, flow(json!({ "colour": "red" }))),
            "SVC0002: Invalid input value for message part \
             mediaComponentDescription[0].mediaSubComponent[0].colour: ",
        );
    }
}

#[test]
fn point_54_bandwidth_beyond_32_bits_is_refused() {
    ask(component(json!({ "maxRequestedBandwidthDL": u32::MAX })));
    for name in ["maxRequestedBandwidthDL", "maxRequestedBandwidthUL", "minRequestedBandwidthDL"] {
        refused(component(json!({ name: 4_294_967_296u64 })));
        refused(flow(json!({ name: 4_294_967_296u64 })));
    }
}

#[test]
fn point_55_the_least_bandwidth_is_not_above_the_most() {
    for direction in ["UL", "DL"] {
        let (min, max) =
            (format!("minRequestedBandwidth{direction}"), format!("maxRequestedBandwidth{direction}"));
        ask(component(json!({ min.clone(): 7, max.clone(): 7 })));
        assert_starts(
            &refused(component(json!({ min.clone(): 8, max: 7 }))),
            &format!("SVC0002: Invalid input value for message part mediaComponentDescription[0].{min}: "),
        );
    }
}
