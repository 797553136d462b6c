//! The typed Rx messages on the golden AAR, on answers of odd servers, and on messages that lack something.
#![allow(missing_docs, clippy::unwrap_used)]

use std::borrow::Cow;

use rxgate::{
    dict::{self, avp, enums::*},
    rx::{
        AaAnswer, AaRequest, AsAnswer, AsRequest, CustomAvp, ExperimentalResult, Flows, List,
        MediaComponentDescription, MediaSubComponent, Outcome, RaAnswer, RaRequest, RxError, StAnswer,
        StRequest, UnitValue,
    },
    wire::{AvpFlags, CommandFlags, EndToEndId, HopByHopId, Index, MessageBuf, VendorId},
};

const IDS: (HopByHopId, EndToEndId) = (HopByHopId(1), EndToEndId(2));

fn golden() -> Vec<u8> {
    let digits: Vec<u8> = include_str!("golden/aar.hex").bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn the_golden_aar_is_read_in_full() {
    let octets = golden();
    let mut index = Index::new();
    let aar = AaRequest::read(&index.parse(&octets, dict::is_grouped).unwrap()).unwrap();
    assert_eq!(aar.session_id, "pcscf01.ims.mnc001.mcc001.3gppnetwork.org;1763764000;481234;rx-7f31a");
    assert_eq!(aar.framed_ip_address.as_deref(), Some(&[10, 45, 0, 17][..]));
    assert_eq!(
        aar.specific_action.to_vec().iter().map(|action| action.0).collect::<Vec<_>>(),
        [1, 2, 6, 8, 12]
    );
    assert_eq!(aar.reservation_priority, None);
    let media = aar.media_component_description.first().unwrap();
    assert_eq!(
        (media.media_type, media.reservation_priority),
        (Some(MediaType::AUDIO), Some(ReservationPriority(5)))
    );
    let flow = media.media_sub_component.first().unwrap();
    let filters = flow.flow_description.to_vec();
    assert_eq!(filters[1], "permit in 17 from 10.45.0.17 50010 to 10.20.30.40 49170");
    let sponsored = aar.sponsored_connectivity_data.as_ref().unwrap();
    assert_eq!(sponsored.granted_service_unit.as_ref().unwrap().cc_total_octets, Some(10_485_760));
    assert_eq!(aar.supported_features.first().unwrap().feature_list, 43);
    assert!(aar.custom.is_empty() && media.custom.is_empty());
}

#[test]
fn encoding_what_was_read_gives_the_golden_octets_back() {
    let octets = golden();
    let mut index = Index::new();
    let view = index.parse(&octets, dict::is_grouped).unwrap();
    let ids = (view.header().hop_by_hop, view.header().end_to_end);
    let aar = AaRequest::read(&view).unwrap();
    assert_eq!(aar.encode(ids).unwrap().as_bytes()[..], octets[..]);
    let owned = aar.clone().into_owned();
    assert_eq!(owned, aar);
    assert_eq!(owned.encode(ids).unwrap().as_bytes()[..], octets[..]);
    let mut out = [0; 1440];
    assert_eq!(owned.encode_into(&mut out, ids), Ok(1440));
    assert!(owned.encode_into(&mut out[..1439], ids).is_err());
}

fn reread(message: &MessageBuf, check: impl FnOnce(&rxgate::wire::Message<'_>)) {
    check(&message.parse(&mut Index::new(), dict::is_grouped).unwrap());
}

#[test]
fn every_message_survives_encoding_and_reading() {
    let media = MediaComponentDescription {
        media_component_number: 1,
        media_sub_component: vec![MediaSubComponent { flow_number: 2, ..Default::default() }].into(),
        ..Default::default()
    };
    let flows = Flows { media_component_number: 1, flow_number: vec![1, 2].into(), ..Default::default() };
    let aaa = AaAnswer {
        session_id: Some("a;1;2".into()),
        origin_host: "pcrf".into(),
        result_code: Some(2001),
        ip_can_type: Some(IpCanType(5)),
        class: vec![Cow::Borrowed(&b"one"[..]), Cow::Borrowed(b"two")].into(),
        flows: vec![flows.clone()].into(),
        ..Default::default()
    };
    reread(&aaa.encode(IDS).unwrap(), |m| assert_eq!(AaAnswer::read(m).unwrap(), aaa));
    let rar = RaRequest {
        session_id: "a;1;2".into(),
        specific_action: vec![SpecificAction(8), SpecificAction(77)].into(),
        flows: vec![flows].into(),
        ..Default::default()
    };
    reread(&rar.encode(IDS).unwrap(), |m| assert_eq!(RaRequest::read(m).unwrap(), rar));
    let raa = RaAnswer { media_component_description: vec![media].into(), ..Default::default() };
    reread(&raa.encode(IDS).unwrap(), |m| assert_eq!(RaAnswer::read(m).unwrap(), raa));
    let str = StRequest { termination_cause: TerminationCause(8), ..Default::default() };
    reread(&str.encode(IDS).unwrap(), |m| assert_eq!(StRequest::read(m).unwrap(), str));
    let sta = StAnswer { result_code: Some(5002), ..Default::default() };
    reread(&sta.encode(IDS).unwrap(), |m| assert_eq!(StAnswer::read(m).unwrap(), sta));
    let asr = AsRequest { abort_cause: AbortCause(1), ..Default::default() };
    reread(&asr.encode(IDS).unwrap(), |m| assert_eq!(AsRequest::read(m).unwrap(), asr));
    let asa = AsAnswer { result_code: Some(2001), ..Default::default() };
    reread(&asa.encode(IDS).unwrap(), |m| assert_eq!(AsAnswer::read(m).unwrap(), asa));
}

#[test]
fn flags_are_those_of_the_command_and_e_of_protocol_errors() {
    let flags = |result_code| {
        let answer = AaAnswer { result_code, ..Default::default() };
        answer.encode(IDS).unwrap().header().flags
    };
    assert_eq!(flags(Some(2001)), CommandFlags::PROXIABLE);
    assert_eq!(flags(Some(3004)), CommandFlags::PROXIABLE | CommandFlags::ERROR);
    assert_eq!(flags(Some(5012)), CommandFlags::PROXIABLE);
    assert_eq!(AaRequest::default().encode(IDS).unwrap().header().flags.0, 0xc0);
}

#[test]
fn custom_avps_are_written_and_kept_when_read() {
    let custom = CustomAvp {
        code: 50_001,
        vendor: VendorId(87_349),
        flags: AvpFlags::VENDOR.with(AvpFlags::MANDATORY),
        data: Cow::Borrowed(b"value"),
    };
    let flow =
        MediaSubComponent { flow_number: 1, custom: vec![custom.clone()].into(), ..Default::default() };
    let media = MediaComponentDescription { media_sub_component: vec![flow].into(), ..Default::default() };
    let aar = AaRequest { media_component_description: vec![media].into(), ..Default::default() };
    reread(&aar.encode(IDS).unwrap(), |m| {
        let read = AaRequest::read(m).unwrap();
        let media = read.media_component_description.first().unwrap();
        assert_eq!(media.media_sub_component.first().unwrap().custom.to_vec(), [custom]);
    });
}

#[test]
fn the_same_code_of_two_vendors_is_two_avps() {
    let answer = MessageBuf::build(265, CommandFlags::PROXIABLE, 16_777_236, IDS, |w| {
        w.put(&avp::ORIGIN_HOST, "h");
        w.put(&avp::ORIGIN_REALM, "r");
        w.group(&avp::USER_EQUIPMENT_INFO, |w| {
            w.put(&avp::USER_EQUIPMENT_INFO_TYPE, 0.into());
            w.put(&avp::USER_EQUIPMENT_INFO_VALUE, b"imei");
        });
        w.put(&avp::RESERVATION_PRIORITY, 3.into());
    });
    reread(&answer.unwrap(), |m| {
        let read = AaAnswer::read(m).unwrap();
        assert_eq!(read.user_equipment_info.unwrap().user_equipment_info_value, &b"imei"[..]);
        assert_eq!(read.custom.first().unwrap().key(), avp::RESERVATION_PRIORITY.key());
    });
}

#[test]
fn a_missing_avp_is_named_with_the_group_that_lacks_it() {
    let rar = MessageBuf::build(258, CommandFlags(0xc0), 16_777_236, IDS, |w| {
        w.put(&avp::SESSION_ID, "a");
        w.group(&avp::FLOWS, |w| w.put(&avp::FLOW_NUMBER, 1));
    });
    reread(&rar.unwrap(), |m| {
        let error = RaRequest::read(m).unwrap_err();
        assert_eq!(error.to_string(), "Flows has no Media-Component-Number, which is required");
        assert_eq!(error.result_code(), 5005);
    });
    reread(&AsRequest::default().encode(IDS).unwrap(), |m| {
        assert!(matches!(RaRequest::read(m), Err(RxError::Command { found: 274, .. })));
    });
}

#[test]
fn a_wrong_value_in_a_repeated_group_is_refused_at_once() {
    let rar = MessageBuf::build(258, CommandFlags(0xc0), 16_777_236, IDS, |w| {
        w.group(&avp::FLOWS, |w| w.put_raw(518, VendorId::TGPP, AvpFlags::MANDATORY, &[1, 2, 3]));
    });
    reread(&rar.unwrap(), |m| assert_eq!(RaRequest::read(m).unwrap_err().result_code(), 5014));
}

#[test]
fn of_two_results_the_first_counts() {
    let answer = |first: u32, second: Option<(u32, u32)>| {
        MessageBuf::build(275, CommandFlags::NONE, 16_777_236, IDS, |w| {
            if let Some((vendor, code)) = second {
                w.group(&avp::EXPERIMENTAL_RESULT, |w| {
                    w.put(&avp::VENDOR_ID, vendor);
                    w.put(&avp::EXPERIMENTAL_RESULT_CODE, code);
                });
            }
            w.put(&avp::RESULT_CODE, first);
            w.put(&avp::RESULT_CODE, 2001);
        })
        .unwrap()
    };
    reread(&answer(5001, None), |m| assert_eq!(Outcome::read(m.avps()), (Some(Outcome::base(5001)), 2)));
    reread(&answer(2001, Some((10415, 5065))), |m| {
        let (outcome, results) = Outcome::read(m.avps());
        assert_eq!((outcome, results), (Some(Outcome::tgpp(5065)), 3));
        assert_eq!(outcome.unwrap().to_string(), "5065 IP-CAN_SESSION_NOT_AVAILABLE");
    });
    reread(&AaAnswer::default().encode(IDS).unwrap(), |m| assert_eq!(Outcome::read(m.avps()), (None, 0)));
    assert_eq!(Outcome { vendor: VendorId(9), code: 5011 }.to_string(), "5011 of vendor 9");
    assert!(Outcome::base(2999).is_success() && !Outcome::base(5011).is_success());
}

#[test]
fn groups_of_groups_keep_their_values() {
    let group =
        ExperimentalResult { vendor_id: 10415, experimental_result_code: 4261, custom: List::default() };
    let unit = UnitValue { value_digits: 628, exponent: Some(-2), ..Default::default() };
    let answer = AaAnswer { experimental_result: Some(group.clone()), ..Default::default() };
    reread(&answer.encode(IDS).unwrap(), |m| {
        assert_eq!(AaAnswer::read(m).unwrap().experimental_result, Some(group))
    });
    assert_eq!(unit.clone().into_owned(), unit);
}
