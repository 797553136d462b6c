//! What a dump looks like, as text and serialized.

use super::*;
use crate::{
    dict::{RX_APPLICATION_ID, avp, enums},
    wire::{EndToEndId, HopByHopId, Index, MessageBuf, TimeValue},
};

fn message() -> MessageBuf {
    let ids = (HopByHopId(0x1234), EndToEndId(0xabcd_0001));
    MessageBuf::build(265, CommandFlags(0xc0), RX_APPLICATION_ID, ids, |w| {
        w.put(&avp::SESSION_ID, "af.rx.test;1;1");
        w.put(&avp::AUTH_APPLICATION_ID, RX_APPLICATION_ID);
        w.put(&avp::FRAMED_IP_ADDRESS, &[10, 152, 120, 152]);
        w.put(&avp::FRAMED_IPV6_PREFIX, &[0, 64, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1]);
        w.put(&avp::AF_APPLICATION_IDENTIFIER, "vidéo\n\u{1b}".as_bytes());
        w.put(&avp::CLASS, &[0, 255]);
        w.group(&avp::MEDIA_COMPONENT_DESCRIPTION, |w| {
            w.put(&avp::MEDIA_TYPE, enums::MediaType::OTHER);
            w.put(&avp::FLOW_STATUS, enums::FlowStatus(77));
            w.put(&avp::MAX_REQUESTED_BANDWIDTH_DL, 64_000);
            w.put(&avp::DESIRED_MAX_LATENCY, 0.1);
            w.put(&avp::RESERVATION_PRIORITY, enums::ReservationPriority(3));
        });
        w.group(&avp::GRANTED_SERVICE_UNIT, |w| {
            w.put(&avp::TARIFF_TIME_CHANGE, TimeValue::from_unix(1_704_067_199));
            w.put(&avp::CC_TIME, 3_725);
            w.put(&avp::CC_TOTAL_OCTETS, u64::MAX);
            w.put(&avp::VALUE_DIGITS, -628);
        });
        w.group(&avp::EXPERIMENTAL_RESULT, |w| {
            w.put(&avp::VENDOR_ID, 10415);
            w.put(&avp::EXPERIMENTAL_RESULT_CODE, 5065);
        });
        w.put(&avp::RESULT_CODE, 5065);
        w.put(&avp::AN_GW_ADDRESS, "2001:db8::1".parse().unwrap());
        w.put(&avp::PRE_EMPTION_CONTROL_INFO, 5);
        w.put_raw(4711, VendorId(99_999), AvpFlags::MANDATORY, b"opaque");
        w.put_raw(511, VendorId::TGPP, AvpFlags::MANDATORY, &[1, 2]);
        w.group(&avp::FAILED_AVP, |w| {
            w.put(&avp::ORIGIN_STATE_ID, 1);
            w.raw(&[0, 0, 1, 8, 0x40, 0, 0, 3]);
        });
    })
    .unwrap()
}

const TEXT: &str = "\
AAR AA-Request [265 RP] application 16777236 (3GPP Rx) hop-by-hop 0x00001234 end-to-end 0xabcd0001 432 octets
  Session-Id [263 M]: af.rx.test;1;1
  Auth-Application-Id [258 M]: 16777236 (3GPP Rx)
  Framed-IP-Address [8 M]: 10.152.120.152
  Framed-IPv6-Prefix [97 M]: 2001:db8:0:1::/64
  AF-Application-Identifier [504/3GPP VM]: vidéo\\n\\u{1b}
  Class [25 M]: 0x00ff
  Media-Component-Description [517/3GPP VM]:
    Media-Type [520/3GPP VM]: 4294967295 (OTHER)
    Flow-Status [511/3GPP VM]: 77
    Max-Requested-Bandwidth-DL [515/3GPP VM]: 64000 bit/s
    Desired-Max-Latency [567/3GPP V]: 0.1 ms
    Reservation-Priority [458/ETSI V]: 3 (PRIORITY-THREE)
  Granted-Service-Unit [431 M]:
    Tariff-Time-Change [451 M]: 3913055999 (2023-12-31T23:59:59Z)
    CC-Time [420 M]: 3725 s (1 h 2 min 5 s)
    CC-Total-Octets [421 M]: 18446744073709551615 octets
    Value-Digits [447 M]: -628
  Experimental-Result [297 M]:
    Vendor-Id [266 M]: 10415 (3GPP)
    Experimental-Result-Code [298 M]: 5065 (IP-CAN_SESSION_NOT_AVAILABLE)
  Result-Code [268 M]: 5065
  AN-GW-Address [1050/3GPP V]: 2001:db8::1
  Pre-emption-Control-Info [553/3GPP V]: 5 (0x5 MOST_RECENT_ADDED_FLOW HIGHEST_REQUESTED_BANDWIDTH_FLOW)
  AVP-4711 [4711/99999 VM]: 0x6f7061717565 (\"opaque\")
  Flow-Status [511/3GPP VM]: 0x0102 !! not the format Enumerated
  Failed-AVP [279 M]:
    Origin-State-Id [278 M]: 1
    (octets that are no AVP) [0]: 0x0000010840000003 !! an AVP whose length does not fit
";

#[test]
fn every_kind_of_value_is_shown_with_its_meaning() {
    let message = message();
    let mut index = Index::new();
    let parsed = message.parse(&mut index, super::super::is_grouped).unwrap();
    let tree = Tree::of(Dictionary::builtin(), &parsed);
    assert_eq!(tree.to_string(), TEXT);
    assert_eq!(Tree::from_octets(Dictionary::builtin(), message.as_bytes()).unwrap(), tree);
}

#[test]
fn octets_that_no_parser_accepts_are_shown_as_far_as_they_go() {
    let message = message();
    let cut = &message.as_bytes()[..50];
    let text = Tree::from_octets(Dictionary::builtin(), cut).unwrap().to_string();
    assert!(text.contains("Session-Id [263 M]: af.rx.test;1;1\n"), "{text}");
    let rest = "(octets that are no AVP) [0]: 0x000001024000 !! an AVP whose length does not fit\n";
    assert!(text.ends_with(rest), "{text}");
    assert!(Tree::from_octets(Dictionary::builtin(), &cut[..19]).is_err());
}

#[test]
fn groups_without_end_are_cut_at_a_depth() {
    let mut octets = Vec::new();
    for _ in 0..200 {
        let length = octets.len() + 12;
        let mut outer = vec![0, 0, 2, 5, 0xc0, 0, (length >> 8) as u8, length as u8, 0, 0, 0x28, 0xaf];
        outer.extend(octets);
        octets = outer;
    }
    let mut message = vec![1, 0, 0, 0, 0x80, 0, 1, 9, 1, 0, 0, 0x14, 0, 0, 0, 0, 0, 0, 0, 0];
    message.extend(octets);
    let length = message.len() as u16;
    message[2..4].copy_from_slice(&length.to_be_bytes());
    let text = Tree::from_octets(Dictionary::builtin(), &message).unwrap().to_string();
    assert_eq!(text.lines().count(), 1 + MAX_DEPTH + 1);
}

#[cfg(feature = "net")]
#[test]
fn a_tree_is_serialized_with_names_and_values() {
    let tree = Tree::from_octets(Dictionary::builtin(), message().as_bytes()).unwrap();
    let json = serde_json::to_value(&tree).unwrap();
    assert_eq!(json["command"], "AA-Request");
    assert_eq!(json["flags"], "RP");
    let avp = |name: &str| {
        let avps = json["avps"].as_array().unwrap();
        avps.iter().find(|avp| avp["name"] == name).unwrap().clone()
    };
    let media = avp("Media-Component-Description");
    let expected = serde_json::json!({
        "name": "Media-Type", "code": 520, "vendor": 10415, "flags": "VM", "value": 4_294_967_295_u32,
        "meaning": "OTHER",
    });
    assert_eq!(media["value"][0], expected);
    assert_eq!(avp("Class")["value"], "0x00ff");
    assert_eq!(avp("Framed-IP-Address")["value"], "10.152.120.152");
    assert_eq!(media["value"][3]["value"], 0.1);
}
