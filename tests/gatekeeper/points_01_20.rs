//! Choices 1 to 20: spellings, forms of values, service units.

use std::time::Duration;

use rxgate::{
    dict::enums::{ReservationPriority, ServiceInfoStatus, SipForkingIndication, SubscriptionIdType},
    north::gatekeeper::ReadSettings,
    rx::CustomAvp,
    wire::TimeValue,
};
use serde_json::json;

use crate::support::*;

#[test]
fn point_01_both_spellings_of_sip_forking_indication() {
    for name in ["sipForkingIndication", "sIPForkingIndication"] {
        let asked = ask(json!({ name: "SEVERAL_DIALOGUES" }));
        assert_eq!(asked.service.sip_forking_indication, Some(SipForkingIndication::SEVERAL_DIALOGUES));
        assert_eq!(view(&asked)["sIPForkingIndication"], "SEVERAL_DIALOGUES");
    }
    let both = |other| json!({ "sIPForkingIndication": "SINGLE_DIALOGUE", "sipForkingIndication": other });
    ask(both("SINGLE_DIALOGUE"));
    let text = refused(both("SEVERAL_DIALOGUES"));
    assert_starts(&text, "SVC0002: Invalid input value for message part sipForkingIndication: ");
}

#[test]
fn point_02_both_spellings_of_rr_bandwidth() {
    for name in ["rBBandwidth", "rRBandwidth"] {
        let asked = ask(component(json!({ name: 77 })));
        assert_eq!(asked.service.media_component_description.first().unwrap().rr_bandwidth, Some(77));
        assert_eq!(view(&asked)["mediaComponentDescription"][0]["rRBandwidth"], 77);
    }
    refused(component(json!({ "rBBandwidth": 1, "rRBandwidth": 2 })));
}

#[test]
fn point_03_both_spellings_of_the_wrapper() {
    for name in ["qoSFeatureProperties", "qosFeatureProperties"] {
        let body = json!({ name: { "framedIPAddress": "10.0.0.1", "duration": 5 } }).to_string();
        assert_eq!(read_as(COMPATIBLE, body.as_bytes()).unwrap().duration, Some(Duration::from_secs(5)));
    }
    let text = read_as(COMPATIBLE, b"{}").unwrap_err().to_string();
    assert_starts(&text, "SVC0002: Invalid input value for message part qoSFeatureProperties: it is missing");
}

#[test]
fn point_04_both_spellings_of_subscription_id() {
    for name in ["subscriptionID", "subscriptionId"] {
        let id = json!({ "subscriptionIdType": "END_USER_IMSI", "subscriptionIdData": "001010123456789" });
        let asked = ask(json!({ name: [id] }));
        let found = asked.service.subscription_id.first().unwrap().into_owned();
        assert_eq!(found.subscription_id_type, SubscriptionIdType::END_USER_IMSI);
        assert_eq!(view(&asked)["subscriptionId"][0]["subscriptionIdData"], "001010123456789");
    }
}

#[test]
fn point_05_reservation_priority_has_sixteen_values() {
    for (given, value) in [
        (json!(0), 0),
        (json!(15), 15),
        (json!("7"), 7),
        (json!("DEFAULT"), 0),
        (json!("PRIORITY-ONE"), 1),
        (json!("priority_fifteen"), 15),
    ] {
        let asked = ask(json!({ "reservationPriority": given }));
        assert_eq!(asked.service.reservation_priority, Some(ReservationPriority(value)));
        assert_eq!(view(&asked)["reservationPriority"], value);
        let asked = ask(component(json!({ "reservationPriority": given })));
        let component = asked.service.media_component_description.first().unwrap().into_owned();
        assert_eq!(component.reservation_priority, Some(ReservationPriority(value)));
    }
    for wrong in [json!(16), json!(-1), json!(1.5), json!("HIGH"), json!(true), json!([1])] {
        assert_starts(
            &refused(json!({ "reservationPriority": wrong })),
            "SVC0003: Invalid input value for message part reservationPriority, valid values are 0 to 15",
        );
    }
}

#[test]
fn point_06_framed_ip_address_forms() {
    for given in ["10.152.120.152", "0A987898", "0a987898"] {
        let asked = ask(json!({ "framedIPAddress": given }));
        assert_eq!(asked.service.framed_ip_address.as_deref(), Some(&[10, 152, 120, 152][..]));
        assert_eq!(view(&asked)["framedIPAddress"], given);
    }
    let asked = ask(json!({ "framedIPAddress": "2001:db8::7" }));
    assert_eq!(asked.service.framed_ip_address, None);
    let mut prefix = vec![0, 128, 0x20, 0x01, 0x0d, 0xb8];
    prefix.resize(17, 0);
    prefix.push(7);
    assert_eq!(asked.service.framed_ipv6_prefix.as_deref(), Some(&prefix[..]));
    assert_eq!(view(&asked), json!({ "framedIPAddress": "2001:db8::7" }));
    refused(json!({ "framedIPAddress": "2001:db8::7", "framedIPv6Prefix": "2001:db8::8" }));
    for wrong in [
        "0.0.0.0",
        "00000000",
        "FFFFFFFF",
        "FFFFFFFE",
        "255.255.255.255",
        "224.0.0.1",
        "::",
        "ff02::1",
        "::ffff:10.0.0.1",
        "0A98789",
        "0A9878980",
        "10.1",
        "010.0.0.1",
        "10.0.0.1/32",
        "ue",
        " 10.0.0.1",
    ] {
        assert_starts(
            &refused(json!({ "framedIPAddress": wrong })),
            "SVC0002: Invalid input value for message part framedIPAddress: found ",
        );
    }
}

#[test]
fn point_07_framed_ipv6_prefix_forms() {
    let mut expected = vec![0, 128, 0x20, 0x01, 0x0d, 0xb8];
    expected.resize(17, 0);
    expected.push(7);
    for given in [
        "2001:db8::7",
        "2001:db8:0:0:0:0:0:7",
        "2001:db8::7/128",
        "20010DB8000000000000000000000007",
        "008020010DB8000000000000000000000007",
    ] {
        let asked = ask(json!({ "framedIPv6Prefix": given }));
        assert_eq!(asked.service.framed_ipv6_prefix.as_deref(), Some(&expected[..]), "{given}");
        assert_eq!(view(&asked)["framedIPv6Prefix"], given);
    }
    for short in ["2001:db8::/64", "004020010DB8000000000000000000000000"] {
        refused(json!({ "framedIPv6Prefix": short }));
        let allowed = ReadSettings { short_ipv6_prefix: true, ..COMPATIBLE };
        let asked = ask_as(allowed, json!({ "framedIPv6Prefix": short })).unwrap();
        let octets = [0, 64, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0];
        assert_eq!(asked.service.framed_ipv6_prefix.as_deref(), Some(&octets[..]));
        for wrong in ["2001:db8::7/64", "2001:db8::/0"] {
            refused_as(allowed, json!({ "framedIPv6Prefix": wrong }));
        }
    }
    for wrong in [
        "10.0.0.1",
        "2001:db8::7/129",
        "2001:db8::7/",
        "2001:db8::7/+1",
        "ff02::1",
        "::1",
        "::",
        "018020010DB8000000000000000000000007",
        "008120010DB8000000000000000000000007",
        "20010DB8",
    ] {
        assert_starts(
            &refused(json!({ "framedIPv6Prefix": wrong })),
            "SVC0002: Invalid input value for message part framedIPv6Prefix: found ",
        );
    }
}

#[test]
fn point_08_one_item_or_an_array() {
    let one = json!({
        "mediaComponentDescription": {
            "mediaComponentNumber": 1,
            "mediaSubComponent": { "flowNumber": 2, "flowDescription": "permit in ip from any to any" },
            "codecData": "codec",
        },
        "subscriptionId": { "subscriptionIdType": "END_USER_PRIVATE", "subscriptionIdData": "x" },
        "supportedFeatures": { "vendorId": 1, "featureListID": 2, "featureList": 3 },
    });
    let shown = view(&ask(one));
    let first = &shown["mediaComponentDescription"][0];
    assert_eq!(first["mediaSubComponent"][0]["flowDescription"], json!(["permit in ip from any to any"]));
    assert_eq!(first["codecData"], json!(["codec"]));
    assert_eq!(shown["subscriptionId"][0]["subscriptionIdData"], "x");
    assert_eq!(shown["supportedFeatures"][0]["featureList"], 3);
    let text = refused(flow(json!({ "flowDescription": ["a", "b", "c"] })));
    assert_starts(
        &text,
        "SVC0002: Invalid input value for message part \
         mediaComponentDescription[0].mediaSubComponent[0].flowDescription: it has 3 items",
    );
    refused(component(json!({ "codecData": ["a", "b", "c"] })));
}

#[test]
fn point_09_filters_are_never_rewritten() {
    for filter in ["test_flow", "flow_1", "permit out 8001 from assigned 34 to 24.2.1.6/18 8000"] {
        let asked = ask(flow(json!({ "flowDescription": [filter] })));
        let component = asked.service.media_component_description.first().unwrap().into_owned();
        let flow_found = component.media_sub_component.first().unwrap().into_owned();
        assert_eq!(flow_found.flow_description.to_vec(), [filter]);
        assert_eq!(warned(&asked), ["mediaComponentDescription[0].mediaSubComponent[0].flowDescription[0]"]);
        refused_as(STRICT, flow(json!({ "flowDescription": [filter] })));
    }
    let (out, into) =
        ("permit out 17 from 10.0.0.2 1 to 10.0.0.1 2", "permit in 17 from 10.0.0.1 2 to 10.0.0.2 1");
    assert!(warned(&ask_as(STRICT, flow(json!({ "flowDescription": [out, into] }))).unwrap()).is_empty());
    refused_as(STRICT, flow(json!({ "flowDescription": [out, out] })));
    refused_as(STRICT, flow(json!({ "flowDescription": [out, "permit in 17 from 2001:db8::1 2 to any 1"] })));
    assert_eq!(warned(&ask(flow(json!({ "flowDescription": [out, out] })))).len(), 1);
}

#[test]
fn point_10_tariff_time_change_is_a_time_or_a_usage() {
    for given in [json!(122), json!("122")] {
        let asked = ask(granted(json!({ "tariffTimeChange": given })));
        assert_eq!(unit(&asked).tariff_time_change, Some(TimeValue(122)));
        assert_eq!(warned(&asked), ["sponsoredConnectivityData.grantedServiceUnit.tariffTimeChange"]);
    }
    let asked = ask(granted(json!({ "tariffTimeChange": 3_900_000_000u32 })));
    assert_eq!(unit(&asked).tariff_time_change, Some(TimeValue(3_900_000_000)));
    assert!(asked.warnings.is_empty());

    let name = granted(json!({ "tariffTimeChange": "UNIT_AFTER_TARIFF_CHANGE" }));
    let asked = ask(name.clone());
    let usage = CustomAvp { code: 452, data: vec![0, 0, 0, 1].into(), ..CustomAvp::default() };
    assert_eq!((unit(&asked).tariff_time_change, unit(&asked).custom.to_vec()), (None, vec![usage]));
    assert_eq!(asked.warnings.len(), 1);
    assert_starts(
        &refused_as(STRICT, name),
        "SVC0003: Invalid input value for message part sponsoredConnectivityData.grantedServiceUnit.tariffTimeChange",
    );
    refused(granted(json!({ "tariffTimeChange": "UNIT_SOMEWHEN" })));
    refused(granted(json!({ "tariffTimeChange": 4_294_967_296u64 })));
}

#[test]
fn point_11_used_service_unit_is_read_but_not_sent() {
    let used = |members| json!({ "sponsoredConnectivityData": { "usedServiceUnit": members } });
    for change in [json!("UNIT_INDETERMINATE"), json!(2)] {
        let asked = ask(used(json!({ "tariffTimeChange": change, "cCTotalOctets": 9 })));
        assert_eq!(asked.service.sponsored_connectivity_data.as_ref().unwrap().used_service_unit, None);
        let shown = view(&asked)["sponsoredConnectivityData"]["usedServiceUnit"].clone();
        assert_eq!(shown, json!({ "tariffTimeChange": "UNIT_INDETERMINATE", "cCTotalOctets": 9 }));
        assert_eq!(warned(&asked), ["sponsoredConnectivityData.usedServiceUnit"]);
    }
    refused(used(json!({ "tariffTimeChange": 122 })));
    refused(used(json!({ "cCTotalOctets": -1 })));
}

#[test]
fn point_12_unit_value_is_an_exact_decimal() {
    for (given, digits, exponent, shown) in [
        ("6.28", 628, Some(-2), "6.28"),
        ("\"6.28\"", 628, Some(-2), "6.28"),
        ("1", 1, None, "1"),
        ("0.1", 1, Some(-1), "0.1"),
        ("100.00", 100, None, "100"),
    ] {
        for name in ["cCMoney", "ccMoney"] {
            let body = format!(
                r#"{{"qoSFeatureProperties":{{"framedIPAddress":"10.0.0.1","sponsoredConnectivityData":
                {{"grantedServiceUnit":{{"{name}":{{"unitValue":{given}}}}}}}}}}}"#
            );
            let asked = read_as(COMPATIBLE, body.as_bytes()).unwrap();
            let money = unit(&asked).cc_money.unwrap();
            assert_eq!((money.unit_value.value_digits, money.unit_value.exponent), (digits, exponent));
            assert!(asked.view.contains(&format!(r#""cCMoney":{{"unitValue":{shown}}}"#)), "{}", asked.view);
        }
    }
    for wrong in [json!(-1), json!("1,5"), json!("x"), json!(true), json!("99999999999999999999")] {
        assert_starts(
            &refused(granted(json!({ "cCMoney": { "unitValue": wrong } }))),
            "SVC0002: Invalid input value for message part \
             sponsoredConnectivityData.grantedServiceUnit.cCMoney.unitValue: ",
        );
    }
    refused(granted(json!({ "cCMoney": {} })));
}

#[test]
fn point_13_currency_code_is_any_number_of_three_digits() {
    for (given, code) in [(json!(0), 0), (json!(80), 80), (json!("080"), 80), (json!(999), 999)] {
        let asked = ask(granted(json!({ "cCMoney": { "unitValue": 1, "currencyCode": given } })));
        assert_eq!(unit(&asked).cc_money.unwrap().currency_code, Some(code));
    }
    refused(granted(json!({ "cCMoney": { "unitValue": 1, "currencyCode": 1000 } })));
}

#[test]
fn point_14_mps_identifier_is_opaque_text() {
    let asked = ask(json!({ "mPSIdentifier": "NGN GETS" }));
    assert_eq!(asked.service.mps_identifier.as_deref(), Some(&b"NGN GETS"[..]));
}

#[test]
fn point_15_duration_may_be_missing() {
    assert_eq!(ask(json!({})).duration, None);
    assert_starts(
        &refused(json!({ "duration": 0 })),
        "SVC0002: Invalid input value for message part duration: ",
    );
}

#[test]
fn point_16_duration_is_seconds_in_32_bits() {
    assert_eq!(ask(json!({ "duration": u32::MAX })).duration, Some(Duration::from_secs(u32::MAX.into())));
    let asked = ask(json!({ "duration": "3600" }));
    assert_eq!((asked.duration, &view(&asked)["duration"]), (Some(Duration::from_secs(3600)), &json!(3600)));
    refused(json!({ "duration": 4_294_967_296u64 }));
}

#[test]
fn point_17_service_info_status_is_a_string() {
    let asked = ask(json!({ "serviceInfoStatus": "preliminary-service-information" }));
    assert_eq!(asked.service.service_info_status, Some(ServiceInfoStatus(1)));
    assert_eq!(view(&asked)["serviceInfoStatus"], "PRELIMINARY_SERVICE_INFORMATION");
    assert_starts(
        &refused(json!({ "serviceInfoStatus": {} })),
        "SVC0003: Invalid input value for message part serviceInfoStatus, valid values are \
         FINAL_SERVICE_INFORMATION, PRELIMINARY_SERVICE_INFORMATION: found an object",
    );
}

#[test]
fn point_18_application_identifier_has_one_place_per_level() {
    let mut properties = component(json!({ "applicationIdentifier": "inner" }));
    properties["applicationIdentifier"] = "outer".into();
    let asked = ask(properties);
    assert_eq!(asked.service.af_application_identifier.as_deref(), Some(&b"outer"[..]));
    let component = asked.service.media_component_description.first().unwrap().into_owned();
    assert_eq!(component.af_application_identifier.as_deref(), Some(&b"inner"[..]));
}

#[test]
fn point_19_application_identifier_is_text_unless_marked() {
    for (given, octets) in [
        ("654321", &b"654321"[..]),
        ("4d6f62696c655456", b"4d6f62696c655456"),
        ("hex:4d6F62696c655456", b"MobileTV"),
        ("Zürich", "Zürich".as_bytes()),
    ] {
        let asked = ask(json!({ "applicationIdentifier": given }));
        assert_eq!(asked.service.af_application_identifier.as_deref(), Some(octets));
        assert_eq!(view(&asked)["applicationIdentifier"], given);
    }
    for wrong in ["hex:", "hex:4", "hex:4x", "hex:+4"] {
        refused(json!({ "applicationIdentifier": wrong }));
    }
}

#[test]
fn point_20_signalling_protocol_goes_with_signalling_flows_only() {
    for (usage, sent, warnings) in
        [(json!("AF_SIGNALLING"), true, 0), (json!("NO_INFORMATION"), false, 1), (json!(null), false, 1)]
    {
        let asked = ask(flow(json!({ "signallingProtocol": "SIP", "flowUsage": usage })));
        let component = asked.service.media_component_description.first().unwrap().into_owned();
        let flow_found = component.media_sub_component.first().unwrap().into_owned();
        assert_eq!(flow_found.af_signalling_protocol.is_some(), sent);
        assert_eq!(asked.warnings.len(), warnings);
        let shown = &view(&asked)["mediaComponentDescription"][0]["mediaSubComponent"][0];
        assert_eq!(shown["signallingProtocol"], "SIP");
    }
    assert!(ask(flow(json!({ "signallingProtocol": "NO_INFORMATION" }))).warnings.is_empty());
}
