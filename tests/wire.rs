//! The wire layer on the golden AAR and on octets that break one rule each.
#![allow(missing_docs, clippy::unwrap_used)]

use std::net::IpAddr;

use rxgate::wire::{
    Address, AnswerTemplate, AvpDef, AvpFlags, CommandFlags, EndToEndId, FormatError, Grouped, HopByHopId,
    Index, MAX_DEPTH, MessageBuf, OctetString, TimeValue, Unsigned32, Utf8String, VendorId, WireError,
    Writer, avp_key, frame_length, walk,
};

const SESSION_ID: AvpDef<Utf8String> = AvpDef::new("Session-Id", 263, VendorId::NONE, true);
const RESULT_CODE: AvpDef<Unsigned32> = AvpDef::new("Result-Code", 268, VendorId::NONE, true);
const PROXY_INFO: AvpDef<Grouped> = AvpDef::new("Proxy-Info", 284, VendorId::NONE, true);
const PROXY_STATE: AvpDef<OctetString> = AvpDef::new("Proxy-State", 33, VendorId::NONE, true);
const FLOWS: AvpDef<Grouped> = AvpDef::new("Flows", 510, VendorId::TGPP, true);
const FLOW_NUMBER: AvpDef<Unsigned32> = AvpDef::new("Flow-Number", 509, VendorId::TGPP, true);
const HOST_IP_ADDRESS: AvpDef<Address> = AvpDef::new("Host-IP-Address", 257, VendorId::NONE, true);
const IDS: (HopByHopId, EndToEndId) = (HopByHopId(0x0102_0304), EndToEndId(0x0506_0708));

fn grouped(key: u64) -> bool {
    const TGPP: u64 = 10415 << 32;
    const GROUPS: [u64; 9] =
        [443, 431, 284, TGPP | 510, TGPP | 517, TGPP | 519, TGPP | 526, TGPP | 530, TGPP | 628];
    GROUPS.contains(&key)
}

fn golden() -> Vec<u8> {
    let digits: Vec<u8> = include_str!("golden/aar.hex").bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn message(avps: &[u8]) -> Vec<u8> {
    let mut octets = vec![1, 0, 0, 0, 0xc0, 0, 1, 9, 1, 0, 0, 0x14, 0, 0, 0, 1, 0, 0, 0, 2];
    octets.extend_from_slice(avps);
    let length = (octets.len() as u32).to_be_bytes();
    octets[1..4].copy_from_slice(&length[1..]);
    octets
}

#[test]
fn golden_aar_has_its_51_avps_in_their_places() {
    let octets = golden();
    let mut index = Index::new();
    let aar = index.parse(&octets, grouped).unwrap();
    assert_eq!(octets.len(), 1440);
    assert_eq!(aar.total_avps(), 51);
    assert_eq!(aar.avps().len(), 24);
    assert_eq!(aar.header().command, 265);
    assert_eq!(aar.header().application, 16_777_236);
    assert!(aar.header().is_request() && aar.header().flags.contains(CommandFlags::PROXIABLE));
    let session = aar.avps().get(&SESSION_ID).unwrap();
    assert_eq!(session, Some("pcscf01.ims.mnc001.mcc001.3gppnetwork.org;1763764000;481234;rx-7f31a"));
    let media = aar.avps().find(avp_key(VendorId::TGPP, 517)).unwrap();
    let flow = media.children().find(avp_key(VendorId::TGPP, 519)).unwrap();
    assert_eq!(flow.children().len(), 7);
    assert_eq!(flow.children().get(&FLOW_NUMBER).unwrap(), Some(1));
    assert_eq!(flow.children().iter().map(|avp| avp.code()).next_back(), Some(515));
}

#[test]
fn rewriting_every_avp_gives_the_same_octets() {
    let octets = golden();
    let mut index = Index::new();
    let aar = index.parse(&octets, grouped).unwrap();
    let header = aar.header();
    let ids = (header.hop_by_hop, header.end_to_end);
    let copy = MessageBuf::build(header.command, header.flags, header.application, ids, |w| {
        for avp in aar.avps().iter() {
            w.put_raw(avp.code(), avp.vendor(), avp.flags(), avp.data());
        }
    });
    assert_eq!(copy.unwrap().as_bytes()[..], octets[..]);
}

#[test]
fn groups_are_written_with_their_length_and_padding() {
    let built = MessageBuf::build(258, CommandFlags::NONE, 1, IDS, |w| {
        w.put(&SESSION_ID, "a;1;2");
        w.group(&FLOWS, |w| {
            w.put(&FLOW_NUMBER, 7);
            w.group(&FLOWS, |_| {});
        });
        w.put(&HOST_IP_ADDRESS, IpAddr::from([10, 0, 0, 1]));
    })
    .unwrap();
    assert_eq!(built.as_bytes().len(), 20 + 16 + 12 + 16 + 12 + 16);
    let mut index = Index::new();
    let view = built.parse(&mut index, grouped).unwrap();
    let flows = view.avps().get(&FLOWS).unwrap().unwrap();
    assert_eq!(flows.get(&FLOW_NUMBER).unwrap(), Some(7));
    assert_eq!(flows.get(&FLOWS).unwrap().map(|inner| inner.len()), Some(0));
    assert_eq!(view.avps().get(&HOST_IP_ADDRESS).unwrap(), Some(IpAddr::from([10, 0, 0, 1])));
    assert_eq!(view.header().hop_by_hop, IDS.0);
}

#[test]
fn a_large_message_grows_its_buffer() {
    let value = "x".repeat(5000);
    let built =
        MessageBuf::build(265, CommandFlags::REQUEST, 1, IDS, |w| w.put(&SESSION_ID, &value)).unwrap();
    assert_eq!(built.as_bytes().len(), 20 + 8 + 5000);
}

#[test]
fn a_buffer_that_is_too_small_says_how_much_is_needed() {
    let mut out = [0; 30];
    let mut writer = Writer::begin(&mut out, 265, CommandFlags::REQUEST, 1, IDS);
    writer.put(&SESSION_ID, "0123456789");
    writer.put(&RESULT_CODE, 2001);
    assert_eq!(writer.finish(), Err(WireError::NoRoom { needed: 20 + 20 + 12, room: 30 }));
}

#[test]
fn avp_lengths_that_do_not_fit_are_refused_where_they_stand() {
    let mut index = Index::new();
    // AVP Length 0, 7 and (with the V bit) 11, past the end, 24-bit edge.
    for (flags, length) in [(0x40, 0u32), (0x40, 7), (0xc0, 11), (0x40, 13), (0x40, 0x00ff_ffff)] {
        let mut octets = message(&[0, 0, 1, 0xd0, flags, 0, 0, 0, 0, 0, 0x28, 0xaf]);
        octets[25..28].copy_from_slice(&length.to_be_bytes()[1..]);
        let error = index.parse(&octets, grouped).unwrap_err();
        let vendor = if flags & 0x80 != 0 { 10415u64 << 32 } else { 0 };
        assert_eq!(error, WireError::AvpLength { offset: 20, key: vendor | 464, found: length, room: 12 });
        assert_eq!(error.result_code(), 5014);
        let quoted = error.failed_avp(&octets).unwrap();
        let quoted = walk(&quoted).next().unwrap();
        assert_eq!((quoted.key, quoted.data), (vendor | 464, &[][..]));
    }
    // Four stray octets, and a vendor AVP that ends before its Vendor-ID.
    let error = index.parse(&message(&[0, 0, 0, 1]), grouped).unwrap_err();
    assert_eq!(error, WireError::AvpLength { offset: 20, key: 0, found: 4, room: 4 });
    assert!(index.parse(&message(&[0, 0, 0, 1, 0xc0, 0, 0, 8]), grouped).is_err());
}

#[test]
fn lengths_inside_groups_are_checked_against_the_group() {
    let mut octets = message(&[
        0, 0, 1, 0xbb, 0x40, 0, 0, 16, // Subscription-Id, 16 octets
        0, 0, 1, 0xbc, 0x40, 0, 0, 9, // Subscription-Id-Data, 9 octets: one past the group
        0, 0, 1, 0, 0x40, 0, 0, 8,
    ]);
    let mut index = Index::new();
    let error = index.parse(&octets, grouped).unwrap_err();
    assert_eq!(error, WireError::AvpLength { offset: 28, key: 444, found: 9, room: 8 });
    octets[35] = 8;
    assert_eq!(index.parse(&octets, grouped).unwrap().total_avps(), 3);
}

#[test]
fn nesting_beyond_the_bound_is_refused_and_up_to_it_accepted() {
    for (levels, accepted) in [(MAX_DEPTH, true), (MAX_DEPTH + 1, false), (500, false)] {
        let mut avps = Vec::new();
        for _ in 0..levels {
            let mut outer = vec![0, 0, 1, 0xbb, 0x40];
            outer.extend_from_slice(&(avps.len() as u32 + 8).to_be_bytes()[1..]);
            outer.extend_from_slice(&avps);
            avps = outer;
        }
        let octets = message(&avps);
        let mut index = Index::new();
        let result = index.parse(&octets, grouped).map(|view| view.total_avps());
        match accepted {
            true => assert_eq!(result, Ok(levels)),
            false => assert_eq!(result, Err(WireError::TooDeep { offset: 20 + 8 * MAX_DEPTH as u32 })),
        }
    }
}

#[test]
fn more_avps_than_the_index_holds_are_refused() {
    let octets = message(&[0, 0, 0, 1, 0x40, 0, 0, 8].repeat(5));
    assert_eq!(Index::with_limit(5).parse(&octets, grouped).unwrap().total_avps(), 5);
    let refused = Index::with_limit(4).parse(&octets, grouped).unwrap_err();
    assert_eq!(refused, WireError::TooManyAvps { limit: 4 });
}

#[test]
fn headers_that_are_wrong_are_refused() {
    let mut index = Index::new();
    assert_eq!(index.parse(&[1, 0, 0], grouped).unwrap_err(), WireError::NoHeader { found: 3 });
    let mut octets = message(&[]);
    octets[0] = 2;
    assert_eq!(index.parse(&octets, grouped).unwrap_err().result_code(), 5011);
    for length in [0u8, 16, 19, 21, 24] {
        let mut octets = message(&[]);
        octets[3] = length;
        let error = index.parse(&octets, grouped).unwrap_err();
        assert_eq!((error, error.result_code()), (WireError::MessageLength { found: length.into() }, 5015));
    }
}

#[test]
fn values_are_checked_when_read() {
    let octets =
        message(&[0, 0, 1, 12, 0x40, 0, 0, 11, 1, 2, 3, 0, 0, 0, 1, 7, 0x40, 0, 0, 10, b'a', 0xff, 0, 0]);
    let mut index = Index::new();
    let view = index.parse(&octets, grouped).unwrap();
    let error = view.avps().get(&RESULT_CODE).unwrap_err();
    let expected = FormatError::Length { format: "Unsigned32", expected: 4, found: 3 };
    assert_eq!(error, WireError::Value { offset: 20, key: 268, error: expected });
    assert_eq!(error.failed_avp(&octets).unwrap(), octets[20..32]);
    let error = view.avps().get(&SESSION_ID).unwrap_err();
    assert_eq!((error.result_code(), error.to_string().contains("octet 32")), (5004, true));
}

#[test]
fn a_template_answers_with_what_belongs_to_the_request() {
    let request =
        MessageBuf::build(258, CommandFlags::REQUEST | CommandFlags::PROXIABLE, 16_777_236, IDS, |w| {
            w.put(&SESSION_ID, "host;1;2");
            w.group(&PROXY_INFO, |w| w.put(&PROXY_STATE, b"one"));
            w.put(&FLOW_NUMBER, 1);
            w.group(&PROXY_INFO, |w| w.put(&PROXY_STATE, b"two"));
        })
        .unwrap();
    let template = AnswerTemplate::new(&SESSION_ID, [PROXY_INFO.key()], CommandFlags::NONE, |w| {
        w.put(&RESULT_CODE, 2001)
    })
    .unwrap();
    let (mut index, mut out) = (Index::new(), [0; 256]);
    let view = request.parse(&mut index, grouped).unwrap();
    let length = template.answer(&view, &mut out).unwrap();
    let mut index = Index::new();
    let answer = index.parse(&out[..length], grouped).unwrap();
    assert_eq!(answer.header().flags, CommandFlags::PROXIABLE);
    assert_eq!((answer.header().command, answer.header().end_to_end), (258, IDS.1));
    let codes: Vec<u32> = answer.avps().iter().map(|avp| avp.code()).collect();
    assert_eq!(codes, [263, 268, 284, 284]);
    let states =
        answer.avps().get_all(&PROXY_INFO).map(|info| info.unwrap().get(&PROXY_STATE).unwrap().unwrap());
    assert_eq!(states.collect::<Vec<_>>(), [b"one", b"two"]);
    assert_eq!(template.message(&view).unwrap().as_bytes()[..], out[..length]);
    assert!(matches!(template.answer(&view, &mut [0; 30]), Err(WireError::NoRoom { .. })));
}

#[test]
fn a_resent_request_differs_in_hop_by_hop_and_t_only() {
    let first = MessageBuf::from_bytes(golden().into()).unwrap();
    let again = first.clone().with_hop_by_hop(HopByHopId(9), true);
    let differing = first.as_bytes().iter().zip(again.as_bytes()).enumerate().filter(|(_, (a, b))| a != b);
    assert!(differing.map(|(at, _)| at).all(|at| at == 4 || (12..16).contains(&at)));
    assert!(again.header().flags.contains(CommandFlags::RETRANSMIT));
    assert_eq!(again.header().end_to_end, first.header().end_to_end);
    assert_eq!(again.with_hop_by_hop(first.header().hop_by_hop, false), first);
}

#[test]
fn frames_are_found_one_octet_at_a_time() {
    let octets = golden();
    for known in 0..4 {
        assert_eq!(frame_length(&octets[..known], 4096), Ok(None));
    }
    assert_eq!(frame_length(&octets[..4], 4096), Ok(Some(1440)));
    assert_eq!(frame_length(&octets, 1000), Err(WireError::MessageLength { found: 1440 }));
    assert_eq!(frame_length(b"GET / HTTP/1.1", 4096), Err(WireError::Version { found: b'G' }));
    assert_eq!(frame_length(b"G", 4096), Err(WireError::Version { found: b'G' }));
    assert_eq!(frame_length(&[1, 0, 0, 19], 4096), Err(WireError::MessageLength { found: 19 }));
}

#[test]
fn time_keeps_its_era_across_2036() {
    for unix in [0u64, 1_763_764_000, 2_085_978_495, 2_085_978_496, 2_500_000_000] {
        assert_eq!(TimeValue::from_unix(unix).to_unix(), unix.cast_signed());
    }
    // The first second that the top bit stands for, which is before 1970.
    assert_eq!(TimeValue(0x8000_0000).to_unix(), -61_505_152);
}

#[test]
fn flags_follow_the_vendor() {
    assert_eq!(FLOWS.flags, AvpFlags::VENDOR.with(AvpFlags::MANDATORY));
    assert_eq!(SESSION_ID.flags, AvpFlags::MANDATORY);
}
