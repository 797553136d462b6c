//! Makes capture files and packets for the tests, octet by octet.
#![allow(dead_code)]

use std::net::{IpAddr, SocketAddr};

/// A DWR of 20 octets whose Hop-by-Hop Identifier is `id`.
pub fn message(id: u32) -> Vec<u8> {
    let mut octets = vec![1, 0, 0, 20, 0x80, 0, 1, 24, 0, 0, 0, 0];
    octets.extend(id.to_be_bytes());
    octets.extend([0, 0, 0, 9]);
    octets
}

pub const SYN: u8 = 0x02;
pub const ACK: u8 = 0x10;

pub fn tcp(from: &str, to: &str, sequence: u32, flags: u8, data: &[u8]) -> Vec<u8> {
    let (from, to): (SocketAddr, SocketAddr) = (from.parse().unwrap(), to.parse().unwrap());
    let mut octets = Vec::new();
    octets.extend(from.port().to_be_bytes());
    octets.extend(to.port().to_be_bytes());
    octets.extend(sequence.to_be_bytes());
    octets.extend([0, 0, 0, 0, 5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    octets.extend(data);
    ip(from.ip(), to.ip(), 6, &octets)
}

/// A DATA chunk; `flags`: 2 begins a message, 1 ends it.
pub fn data_chunk(flags: u8, number: u32, protocol: u32, data: &[u8]) -> Vec<u8> {
    let mut octets = vec![0, flags];
    octets.extend(u16::try_from(16 + data.len()).unwrap().to_be_bytes());
    octets.extend(number.to_be_bytes());
    octets.extend([0, 0, 0, 0]);
    octets.extend(protocol.to_be_bytes());
    octets.extend(data);
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets
}

pub fn sctp(from: &str, to: &str, tag: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    let (from, to): (SocketAddr, SocketAddr) = (from.parse().unwrap(), to.parse().unwrap());
    let mut octets = Vec::new();
    octets.extend(from.port().to_be_bytes());
    octets.extend(to.port().to_be_bytes());
    octets.extend(tag.to_be_bytes());
    octets.extend([0; 4]);
    chunks.iter().for_each(|chunk| octets.extend(chunk));
    ip(from.ip(), to.ip(), 132, &octets)
}

fn ip(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            octets.extend([0x45, 0]);
            octets.extend(u16::try_from(20 + payload.len()).unwrap().to_be_bytes());
            octets.extend([0, 1, 0x40, 0, 64, protocol, 0, 0]);
            octets.extend(from.octets());
            octets.extend(to.octets());
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            octets.extend([0x60, 0, 0, 0]);
            octets.extend(u16::try_from(8 + payload.len()).unwrap().to_be_bytes());
            octets.extend([0, 64]);
            octets.extend(from.octets());
            octets.extend(to.octets());
            // A hop-by-hop header with padding, so that extension headers are met.
            octets.extend([protocol, 0, 1, 4, 0, 0, 0, 0]);
        }
        _ => panic!("both ends have the same family"),
    }
    octets.extend(payload);
    octets
}

pub fn ethernet(ip: &[u8]) -> Vec<u8> {
    let ether_type: [u8; 2] = if ip[0] >> 4 == 4 { [8, 0] } else { [0x86, 0xdd] };
    let mut octets = vec![0; 12];
    octets.extend(ether_type);
    octets.extend(ip);
    octets.resize(octets.len().max(60), 0);
    octets
}

/// A little-endian pcap file with microseconds; packet n is captured at n seconds and n microseconds.
pub fn pcap(link: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut octets = Vec::new();
    octets.extend(0xa1b2_c3d4_u32.to_le_bytes());
    octets.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    octets.extend(65_535_u32.to_le_bytes());
    octets.extend(link.to_le_bytes());
    for (number, packet) in (1_u32..).zip(packets) {
        let length = u32::try_from(packet.len()).unwrap();
        for field in [number, number, length, length] {
            octets.extend(field.to_le_bytes());
        }
        octets.extend(packet);
    }
    octets
}

pub const RAW_IP: u32 = 101;

/// Packets from `10.0.0.1:40000` to `10.0.0.2:3868`, each with its sequence number and data, in raw IP.
pub fn one_way(segments: &[(u32, &[u8])]) -> Vec<u8> {
    let packets: Vec<Vec<u8>> = segments
        .iter()
        .map(|(sequence, data)| tcp("10.0.0.1:40000", "10.0.0.2:3868", *sequence, ACK, data))
        .collect();
    pcap(RAW_IP, &packets)
}
