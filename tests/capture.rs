//! Captures: every container, link layer and transport, and streams as networks deliver them.
#![allow(clippy::unwrap_used)]

mod packets;

use std::time::Duration;

use packets::*;
use rxgate::capture::{Capture, CaptureError, Note, read};

const A: &str = "10.0.0.1:40000";
const B: &str = "10.0.0.2:3868";

/// Hop-by-Hop Identifiers and packet numbers of what was found.
fn ids(capture: &Capture) -> Vec<(u32, u64)> {
    capture.messages.iter().map(|found| (found.message.header().hop_by_hop.0, found.packet)).collect()
}

#[track_caller]
fn assert_clean(capture: &Capture, expected: &[(u32, u64)]) {
    assert_eq!(ids(capture), expected);
    assert_eq!(capture.notes, []);
}

#[test]
fn a_message_is_found_behind_every_link_layer() {
    let ipv4 = tcp(A, B, 1, ACK, &message(7));
    let ipv6 = tcp("[2001:db8::1]:40000", "[2001:db8::2]:3868", 1, ACK, &message(7));
    for ip in [ipv4, ipv6] {
        let ether_type = &ethernet(&ip)[12..14];
        let mut tagged = ethernet(&ip);
        tagged.splice(12..12, [0x88, 0xa8, 0, 1, 0x81, 0, 0, 2]);
        let cooked = [&[0; 14], ether_type, &ip].concat();
        let cooked2 = [ether_type, &[0; 18], &ip].concat();
        let loopback = [&[2, 0, 0, 0], ip.as_slice()].concat();
        for (link, packet) in [
            (1, ethernet(&ip)),
            (1, tagged),
            (113, cooked),
            (276, cooked2),
            (0, loopback.clone()),
            (108, loopback),
            (101, ip.clone()),
            (12, ip.clone()),
        ] {
            let capture = read(&pcap(link, &[packet])).unwrap();
            assert_eq!(ids(&capture), [(7, 1)], "link type {link}");
        }
    }
}

#[test]
fn a_message_has_its_ends_its_time_and_its_octets() {
    let capture = read(&one_way(&[(5, &message(1)), (25, &message(2))])).unwrap();
    assert_clean(&capture, &[(1, 1), (2, 2)]);
    assert_eq!(capture.packets, 2);
    let second = &capture.messages[1];
    assert_eq!(second.from, A.parse().unwrap());
    assert_eq!(second.to, B.parse().unwrap());
    assert_eq!(second.at, Duration::from_micros(2_000_002));
    assert_eq!(second.message.as_bytes()[..], message(2));
}

#[test]
fn both_directions_of_every_connection_are_read_in_the_order_of_the_file() {
    let file = pcap(
        RAW_IP,
        &[
            tcp(A, B, 99, SYN, &[]),
            tcp(B, A, 500, SYN | ACK, &[]),
            tcp(A, B, 100, ACK, &message(1)),
            tcp("10.0.0.9:1", B, 100, ACK, &message(2)),
            tcp(B, A, 501, ACK, &message(3)),
        ],
    );
    assert_clean(&read(&file).unwrap(), &[(1, 3), (2, 4), (3, 5)]);
}

#[test]
fn a_message_in_single_octets_and_several_in_one_segment_are_found() {
    let one = message(1);
    let singles: Vec<(u32, &[u8])> = (10..).zip(one.chunks(1)).collect();
    assert_clean(&read(&one_way(&singles)).unwrap(), &[(1, 20)]);

    let three = [message(1), message(2), message(3)].concat();
    assert_clean(&read(&one_way(&[(10, &three)])).unwrap(), &[(1, 1), (2, 1), (3, 1)]);
    assert_clean(
        &read(&one_way(&[(10, &three[..25]), (35, &three[25..])])).unwrap(),
        &[(1, 1), (2, 2), (3, 2)],
    );
}

#[test]
fn segments_out_of_order_and_sent_again_are_put_right() {
    let octets: Vec<u8> = (0..4).flat_map(message).collect();
    let segments: &[(u32, &[u8])] = &[
        (1, &octets[..10]),
        (41, &octets[40..60]),
        (1, &octets[..10]),
        (31, &octets[30..45]),
        (61, &octets[60..]),
        (5, &octets[4..35]),
    ];
    assert_clean(&read(&one_way(segments)).unwrap(), &[(0, 6), (1, 6), (2, 6), (3, 6)]);
}

#[test]
fn sequence_numbers_wrap() {
    let octets = [message(1), message(2), message(3)].concat();
    let start = u32::MAX - 10;
    let segments: &[(u32, &[u8])] = &[
        (start, &octets[..15]),
        (start.wrapping_add(40), &octets[40..]),
        (start.wrapping_add(15), &octets[15..40]),
    ];
    assert_clean(&read(&one_way(segments)).unwrap(), &[(1, 3), (2, 3), (3, 3)]);
}

#[test]
fn after_a_gap_reading_goes_on_with_the_next_message() {
    let octets = [message(1), message(2), message(3), message(4)].concat();
    let segments: &[(u32, &[u8])] = &[(1, &octets[..30]), (41, &octets[40..60]), (61, &octets[60..])];
    let capture = read(&one_way(segments)).unwrap();
    assert_eq!(ids(&capture), [(1, 1), (3, 2), (4, 3)]);
    let (from, to) = (A.parse().unwrap(), B.parse().unwrap());
    assert_eq!(capture.notes, [Note::Gap { packet: 2, from, to, octets: 10 }]);
}

#[test]
fn a_new_connection_between_the_same_ends_begins_again() {
    let file = pcap(
        RAW_IP,
        &[
            tcp(A, B, 100, SYN, &[]),
            tcp(A, B, 101, ACK, &message(1)),
            tcp(A, B, 7, SYN, &[]),
            tcp(A, B, 7, SYN, &[]),
            tcp(A, B, 8, ACK, &message(2)),
        ],
    );
    assert_clean(&read(&file).unwrap(), &[(1, 2), (2, 5)]);
}

#[test]
fn a_capture_that_begins_inside_a_message_finds_the_next_one() {
    let segments: &[(u32, &[u8])] = &[(1, &message(1)[4..]), (17, &message(2))];
    assert_clean(&read(&one_way(segments)).unwrap(), &[(2, 2)]);
}

#[test]
fn other_protocols_are_passed_over() {
    let http = tcp(A, "10.0.0.2:80", 1, ACK, b"GET / HTTP/1.1\r\n\r\n");
    let mut udp = tcp(A, B, 1, ACK, &message(9));
    udp[9] = 17;
    let arp = [vec![0; 12], vec![8, 6], vec![0; 46]].concat();
    assert_clean(&read(&pcap(RAW_IP, &[http, udp])).unwrap(), &[]);
    assert_clean(&read(&pcap(1, &[arp])).unwrap(), &[]);
}

#[test]
fn a_stream_that_stops_being_diameter_is_noted() {
    let mut octets = message(1);
    octets.extend(b"rubbish!");
    let capture = read(&one_way(&[(1, &octets), (29, &message(2))])).unwrap();
    assert_eq!(ids(&capture), [(1, 1), (2, 2)]);
    assert_eq!(
        capture.notes[0].to_string(),
        "packet 1: no Diameter message from 10.0.0.1:40000 to 10.0.0.2:3868: octet 0: version 114, only \
         version 1 is Diameter"
    );
}

#[test]
fn a_message_that_the_capture_cuts_off_is_noted() {
    let capture = read(&one_way(&[(1, &message(1)[..12])])).unwrap();
    assert_eq!(ids(&capture), []);
    assert_eq!(
        capture.notes[0].to_string(),
        "packet 1: the capture ends after 12 octets of a message from 10.0.0.1:40000 to 10.0.0.2:3868"
    );
}

#[test]
fn fragments_and_unknown_link_layers_are_noted_once() {
    let mut fragment = tcp(A, B, 1, ACK, &message(1));
    fragment[6] = 0x20;
    let capture = read(&pcap(RAW_IP, &[fragment.clone(), fragment])).unwrap();
    assert_eq!(capture.notes, [Note::Fragments { packet: 1, count: 2 }]);
    let capture = read(&pcap(105, &[vec![0; 60], vec![0; 60]])).unwrap();
    assert_eq!(capture.notes, [Note::LinkType { packet: 1, link: 105 }]);
}

#[test]
fn sctp_messages_come_whole_in_parts_and_twice() {
    let long = [message(2)[..].to_vec(), vec![]].concat();
    let file = pcap(
        RAW_IP,
        &[
            sctp(A, B, 77, &[data_chunk(3, 10, 46, &message(1)), data_chunk(3, 11, 3, b"other")]),
            sctp("10.0.0.3:40000", B, 77, &[data_chunk(3, 10, 46, &message(1))]),
            sctp(A, B, 77, &[data_chunk(1, 14, 46, &long[15..])]),
            sctp(A, B, 77, &[data_chunk(2, 12, 46, &long[..8]), data_chunk(0, 13, 46, &long[8..15])]),
            sctp(A, B, 78, &[data_chunk(3, 10, 0, &message(3))]),
        ],
    );
    assert_clean(&read(&file).unwrap(), &[(1, 1), (2, 4), (3, 5)]);
}

/// `octets` as a pcapng block.
fn block(kind: u32, body: &[u8], bytes: fn(u32) -> [u8; 4]) -> Vec<u8> {
    let length = bytes(u32::try_from(12 + body.len().next_multiple_of(4)).unwrap());
    let mut octets = [bytes(kind), length].concat();
    octets.extend(body);
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets.extend(length);
    octets
}

fn pcapng(bytes: fn(u32) -> [u8; 4], short: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let packet = |id| tcp(A, B, 1 + id * 20, ACK, &message(id));
    let mut section = bytes(0x1a2b_3c4d).to_vec();
    section.extend(short(1));
    section.extend([0; 10]);
    // Raw IP, options: a name, nanoseconds, end.
    let mut interface = [short(101), short(0)].concat();
    interface.extend(bytes(65_535));
    interface.extend([short(2), short(3)].concat());
    interface.extend(b"lo0\0");
    interface.extend([short(9), short(1)].concat());
    interface.extend([9, 0, 0, 0, 0, 0, 0, 0]);
    let time = 5_000_000_007_u64;
    let sized = |packet: &[u8]| bytes(u32::try_from(packet.len()).unwrap());
    let mut enhanced = bytes(0).to_vec();
    enhanced.extend(bytes(u32::try_from(time >> 32).unwrap()));
    enhanced.extend(bytes(u32::try_from(time & 0xffff_ffff).unwrap()));
    enhanced.extend([sized(&packet(0)), sized(&packet(0))].concat());
    enhanced.extend(packet(0));
    let simple = [sized(&packet(1)).to_vec(), packet(1)].concat();
    [
        block(0x0a0d_0d0a, &section, bytes),
        block(1, &interface, bytes),
        block(6, &enhanced, bytes),
        block(0x7fff, &[1, 2, 3], bytes),
        block(3, &simple, bytes),
    ]
    .concat()
}

#[test]
fn pcapng_is_read_in_both_byte_orders_and_with_several_sections() {
    let little = pcapng(u32::to_le_bytes, u16::to_le_bytes);
    let big = pcapng(u32::to_be_bytes, u16::to_be_bytes);
    for file in [&little, &big] {
        let capture = read(file).unwrap();
        assert_clean(&capture, &[(0, 1), (1, 2)]);
        assert_eq!(capture.messages[0].at, Duration::from_nanos(5_000_000_007));
    }
    assert_eq!(read(&[little, big].concat()).unwrap().packets, 4);
}

#[test]
fn pcap_is_read_in_both_byte_orders_and_resolutions() {
    let little = one_way(&[(1, &message(1))]);
    let mut big = little.clone();
    for field in [0, 8, 12, 16, 20, 24, 28, 32, 36] {
        big[field..field + 4].reverse();
    }
    assert_clean(&read(&big).unwrap(), &[(1, 1)]);
    let mut nanoseconds = little;
    nanoseconds[..4].copy_from_slice(&0xa1b2_3c4d_u32.to_le_bytes());
    assert_eq!(read(&nanoseconds).unwrap().messages[0].at, Duration::new(1, 1));
}

#[test]
fn what_is_no_capture_or_is_damaged_is_refused_with_its_place() {
    assert_eq!(read(b"").unwrap_err(), CaptureError::NotACapture);
    assert_eq!(read(&message(1)).unwrap_err().to_string(), "octet 0: neither a pcap nor a pcapng file");
    let mut file = pcapng(u32::to_le_bytes, u16::to_le_bytes);
    file[8] = 0;
    assert_eq!(read(&file).unwrap_err(), CaptureError::Damaged { octet: 8, what: "byte-order magic" });
    let mut file = pcapng(u32::to_le_bytes, u16::to_le_bytes);
    file[32] = 1;
    assert_eq!(
        read(&file).unwrap_err().to_string(),
        "octet 32: damaged capture file: impossible block length"
    );
}

#[test]
fn a_file_that_ends_inside_a_packet_gives_what_is_there() {
    let whole = one_way(&[(1, &message(1)), (21, &message(2))]);
    let capture = read(&whole[..whole.len() - 1]).unwrap();
    assert_eq!(ids(&capture), [(1, 1)]);
    assert_eq!(capture.notes, [Note::CutShort { octet: 24 + 16 + 60 }]);
    let whole = pcapng(u32::to_le_bytes, u16::to_le_bytes);
    let capture = read(&whole[..whole.len() - 9]).unwrap();
    assert_eq!(ids(&capture), [(0, 1)]);
    assert!(matches!(capture.notes[..], [Note::CutShort { .. }]));
}

#[test]
fn mutated_captures_never_panic() {
    let sctp_file = pcap(
        1,
        &[
            ethernet(&sctp(A, B, 77, &[data_chunk(2, 12, 46, &message(1)[..8])])),
            ethernet(&sctp(A, B, 77, &[data_chunk(1, 13, 46, &message(1)[8..])])),
            ethernet(&tcp("[::1]:1", "[::1]:2", 1, SYN, &[])),
            ethernet(&tcp("[::1]:1", "[::1]:2", 2, ACK, &message(1))),
        ],
    );
    let files = [
        sctp_file,
        one_way(&[(1, &message(1)), (31, &message(3)), (21, &message(2)), (60, &message(4))]),
        pcapng(u32::to_le_bytes, u16::to_le_bytes),
    ];
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap()
    };
    let mut read_anyway = 0;
    for round in 0..60_000 {
        let mut file = files[round % files.len()].clone();
        for _ in 0..=next(3) {
            let at = next(file.len());
            file[at] = [0, 1, 0x7f, 0xff, u8::try_from(next(256)).unwrap()][next(5)];
        }
        file.truncate(file.len() - if next(4) == 0 { next(file.len()) } else { 0 });
        read_anyway += usize::from(read(&file).is_ok_and(|capture| !capture.messages.is_empty()));
    }
    assert!(read_anyway > 10_000, "{read_anyway}");
}
