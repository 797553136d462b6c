//! Bodies of Modify QoS: what is sent, and what is shown afterwards.

use rxgate::{
    dict::enums::{AfSignallingProtocol, FlowStatus, FlowUsage},
    north::gatekeeper::{Asked, EndUser, Invalid, ReadSettings, read_modify},
    rx::AaRequest,
};
use serde_json::{Value, json};

use crate::support::*;

/// The example of a session that most tests change.
fn before() -> Value {
    json!({
        "duration": 3600,
        "mediaComponentDescription": [{
            "mediaComponentNumber": 1,
            "mediaSubComponent": [
                { "flowNumber": 1, "flowDescription": ["a", "b"], "flowUsage": "RTCP", "signallingProtocol": "SIP" },
                { "flowNumber": 2 },
            ],
            "maxRequestedBandwidthUL": 1000,
            "minRequestedBandwidthDL": 10,
        }],
        "sponsoredConnectivityData": { "sponsorIdentity": "s", "applicationServiceProviderIdentity": "a" },
        "framedIPAddress": "10.0.0.1",
    })
}

fn change_as(settings: ReadSettings, before: &Value, change: Value) -> Result<Asked, Invalid> {
    let user = EndUser::parse(USER).unwrap();
    let current = ask(before.clone()).view;
    let body = json!({ "qoSFeatureProperties": change }).to_string();
    let asked = read_modify(body.as_bytes(), &user, &current, settings, &DICTIONARY)?;
    // What is shown afterwards can be asked for, and is shown the same then.
    let again = ask_as(settings, view(&asked)).unwrap();
    assert_eq!(again.view, asked.view);
    Ok(asked)
}

fn change(change: Value) -> Asked {
    change_as(COMPATIBLE, &before(), change).unwrap()
}

#[track_caller]
fn refused_change(change: Value, start: &str) {
    let error = change_as(COMPATIBLE, &before(), change).unwrap_err().to_string();
    assert_starts(&error, start);
}

const ADDRESS: &[u8] = &[10, 0, 0, 1];

#[test]
fn only_what_changes_is_sent_and_the_address_with_it() {
    let asked = change(json!({ "applicationIdentifier": "654321" }));
    let expected = AaRequest {
        af_application_identifier: Some(b"654321".into()),
        framed_ip_address: Some(ADDRESS.into()),
        ..AaRequest::default()
    };
    assert_eq!((asked.service, asked.duration), (expected, None));
    let asked = change(json!({ "duration": 60 }));
    let nothing = AaRequest { framed_ip_address: Some(ADDRESS.into()), ..AaRequest::default() };
    assert_eq!((asked.service, asked.duration.unwrap().as_secs()), (nothing, 60));
}

#[test]
fn components_and_flows_are_sent_with_their_numbers_and_what_is_new() {
    let asked = change(flow(json!({ "flowDescription": "c" })));
    let components = asked.service.media_component_description.to_vec();
    assert_eq!(components.len(), 1);
    let flows = components[0].media_sub_component.to_vec();
    assert_eq!((components[0].media_component_number, components[0].max_requested_bandwidth_ul), (1, None));
    assert_eq!((flows.len(), flows[0].flow_number, flows[0].flow_usage), (1, 1, None));
    assert_eq!(flows[0].flow_description.to_vec(), ["c"]);
    let shown = &view(&asked)["mediaComponentDescription"][0];
    assert_eq!(shown["mediaSubComponent"][0]["flowDescription"], json!(["c"]));
    assert_eq!(shown["mediaSubComponent"][0]["flowUsage"], "RTCP");
    assert_eq!(
        (&shown["mediaSubComponent"][1]["flowNumber"], &shown["maxRequestedBandwidthUL"]),
        (&json!(2), &json!(1000))
    );
}

#[test]
fn removed_is_sent_and_not_shown() {
    let asked = change(flow(json!({ "flowStatus": "REMOVED" })));
    let components = asked.service.media_component_description.to_vec();
    let status = components[0].media_sub_component.first().unwrap().flow_status;
    assert_eq!(status, Some(FlowStatus::REMOVED));
    let shown = view(&asked);
    assert_eq!(shown["mediaComponentDescription"][0]["mediaSubComponent"], json!([{ "flowNumber": 2 }]));
    let asked = change(component(json!({ "flowStatus": "REMOVED" })));
    assert_eq!(view(&asked).get("mediaComponentDescription"), None);
}

#[test]
fn a_group_is_replaced_as_a_whole() {
    let asked = change(json!({ "sponsoredConnectivityData": { "sponsorIdentity": "t" } }));
    let data = asked.service.sponsored_connectivity_data.as_ref().unwrap();
    assert_eq!(data.application_service_provider_identity, None);
    assert_eq!(view(&asked)["sponsoredConnectivityData"], json!({ "sponsorIdentity": "t" }));
}

#[test]
fn the_address_of_a_session_stays() {
    for same in ["10.0.0.1", "0A000001"] {
        let asked = change(json!({ "framedIPAddress": same, "duration": 1 }));
        assert_eq!(asked.service.framed_ip_address.as_deref(), Some(ADDRESS));
        assert_eq!(view(&asked)["framedIPAddress"], "10.0.0.1");
    }
    let start =
        "SVC0002: Invalid input value for message part framedIPAddress: the UE's address of a session";
    refused_change(json!({ "framedIPAddress": "10.0.0.2" }), start);
    refused_change(json!({ "framedIPAddress": "2001:db8::7" }), start);
    refused_change(json!({ "framedIPv6Prefix": "2001:db8::7" }), &start.replace("IPAddress", "IPv6Prefix"));
    let v6 = json!({ "framedIPAddress": "2001:db8::7" });
    let asked =
        change_as(COMPATIBLE, &v6, json!({ "framedIPv6Prefix": "2001:DB8::7/128", "duration": 1 })).unwrap();
    assert_eq!(asked.service.framed_ip_address, None);
    assert_eq!(asked.service.framed_ipv6_prefix.as_deref().map(<[u8]>::len), Some(18));
    assert_eq!(view(&asked), json!({ "duration": 1, "framedIPAddress": "2001:db8::7" }));
}

#[test]
fn nothing_is_no_change() {
    for nothing in [
        json!({}),
        json!({ "duration": null }),
        json!({ "mediaComponentDescription": [] }),
        json!({ "framedIPAddress": "10.0.0.1" }),
        json!({ "unknown": 1 }),
    ] {
        let start =
            "SVC0002: Invalid input value for message part qoSFeatureProperties: there is nothing to change";
        refused_change(nothing, start);
    }
    refused_change(json!([]), "SVC0002: Invalid input value for message part body: found an array");
}

#[test]
fn limits_hold_between_old_and_new() {
    let part = "SVC0002: Invalid input value for message part mediaComponentDescription[0]";
    refused_change(
        component(json!({ "minRequestedBandwidthUL": 1001 })),
        &format!("{part}.minRequestedBandwidthUL: found 1001, accepted is at most the 1000 bit/s"),
    );
    refused_change(
        component(json!({ "maxRequestedBandwidthDL": 9 })),
        &format!("{part}.maxRequestedBandwidthDL: found 9, accepted is at least the 10 bit/s"),
    );
    refused_change(
        component(json!({ "maxRequestedBandwidthUL": 5, "minRequestedBandwidthUL": 6 })),
        &format!("{part}.minRequestedBandwidthUL: found 6, accepted is at most the 5 bit/s"),
    );
    change(component(json!({ "maxRequestedBandwidthUL": 2000, "minRequestedBandwidthUL": 1001 })));
    change(component(json!({ "maxRequestedBandwidthDL": 10 })));
    // Another component has limits of its own.
    change(
        json!({ "mediaComponentDescription": { "mediaComponentNumber": 2, "maxRequestedBandwidthDL": 9 } }),
    );
}

#[test]
fn a_duration_is_bounded_in_a_change_too() {
    refused_change(
        json!({ "duration": 0 }),
        "SVC0002: Invalid input value for message part duration: found 0",
    );
    let limited = ReadSettings { max_duration: Some(std::time::Duration::from_secs(4000)), ..COMPATIBLE };
    change_as(limited, &before(), json!({ "duration": 4000 })).unwrap();
    change_as(limited, &before(), json!({ "applicationIdentifier": "x" })).unwrap();
    let error = change_as(limited, &before(), json!({ "duration": 4001 })).unwrap_err().to_string();
    let part = "SVC0002: Invalid input value for message part duration: ";
    assert_eq!(error, format!("{part}found 4001, accepted are 1 to 4000 seconds"));
    assert_starts(&refused_as(limited, json!({ "duration": 4001 })), &format!("{part}found 4001, "));
    // QoS without an end is longer than any limit.
    assert_starts(&refused_as(limited, json!({})), &format!("{part}it is missing, "));
}

#[test]
fn a_subscriber_is_only_sent_if_given_and_never_another() {
    assert!(change(json!({ "duration": 1 })).service.subscription_id.is_empty());
    let id = |data: &str| json!({ "subscriptionId": { "subscriptionIdType": "END_USER_E164", "subscriptionIdData": data } });
    assert_eq!(change(id("861013388991111")).service.subscription_id.len(), 1);
    let part = "SVC0002: Invalid input value for message part subscriptionId[0].subscriptionIdData: ";
    refused_change(id("861013388991112"), part);
}

#[test]
fn a_signalling_protocol_waits_for_its_usage() {
    let sent = |asked: &Asked| {
        let component = asked.service.media_component_description.first().unwrap().into_owned();
        component.media_sub_component.first().unwrap().af_signalling_protocol
    };
    let asked = change(flow(json!({ "flowUsage": "AF_SIGNALLING" })));
    assert_eq!(sent(&asked), Some(AfSignallingProtocol::SIP));
    let signalling = view(&asked);
    let again = |members| change_as(COMPATIBLE, &signalling, flow(members)).unwrap();
    assert_eq!(sent(&again(json!({ "flowStatus": "ENABLED" }))), None);
    assert_eq!(sent(&again(json!({ "signallingProtocol": "SIP" }))), Some(AfSignallingProtocol::SIP));
    let other = again(json!({ "signallingProtocol": "SIP", "flowUsage": "RTCP" }));
    assert_eq!(sent(&other), None);
    let usage = other.service.media_component_description.first().unwrap().into_owned();
    assert_eq!(usage.media_sub_component.first().unwrap().flow_usage, Some(FlowUsage::RTCP));
}

#[test]
fn bad_values_are_refused_as_they_are_in_an_apply() {
    for bad in [
        json!({ "applicationIdentifier": 7 }),
        json!({ "chargingIdentifier": "\u{0}" }),
        component(json!({ "mediaType": "SMELL" })),
        component(json!({ "more": 1 })),
        json!({ "mediaComponentDescription": [{}] }),
        json!({ "mediaComponentDescription": [{ "mediaComponentNumber": 1 }, { "mediaComponentNumber": 1 }] }),
        json!({ "parameter": { "name": "Session-Id", "value": "x" } }),
        json!({ "framedIPAddress": "somewhere" }),
    ] {
        let change = change_as(COMPATIBLE, &before(), bad.clone()).unwrap_err();
        let apply = ask_as(COMPATIBLE, bad.clone()).unwrap_err();
        assert_eq!(change, apply, "{bad}");
    }
    let strict = change_as(STRICT, &json!({}), flow(json!({ "flowDescription": "permit all" })));
    assert_starts(&strict.unwrap_err().to_string(), "SVC0002: ");
}
