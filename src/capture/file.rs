//! Packets out of a capture file: pcap, in both byte orders and both resolutions, and pcapng.

use std::time::Duration;

use super::{CaptureError, Note};

/// One captured packet.
#[derive(Clone, Copy)]
pub(super) struct Packet<'a> {
    /// Its number in the file, from 1, as other tools count.
    pub number: u64,
    /// Link-layer header type.
    pub link: u32,
    /// When it was captured, since 1970-01-01 UTC.
    pub at: Duration,
    pub data: &'a [u8],
}

/// Fields in the byte order of the file.
#[derive(Clone, Copy)]
struct Order {
    little: bool,
}

impl Order {
    fn u16(self, octets: &[u8], at: usize) -> Option<u16> {
        let field = octets.get(at..)?.first_chunk()?;
        Some(if self.little { u16::from_le_bytes(*field) } else { u16::from_be_bytes(*field) })
    }

    fn u32(self, octets: &[u8], at: usize) -> Option<u32> {
        let field = octets.get(at..)?.first_chunk()?;
        Some(if self.little { u32::from_le_bytes(*field) } else { u32::from_be_bytes(*field) })
    }

    fn length(self, octets: &[u8], at: usize) -> Option<usize> {
        self.u32(octets, at)?.try_into().ok()
    }
}

const SECTION_HEADER: u32 = 0x0a0d_0d0a;

/// Whether the octets begin as a capture file does.
pub(super) fn is_capture(octets: &[u8]) -> bool {
    kind(octets).is_some()
}

enum Kind {
    Pcap { order: Order, fractions: u32 },
    PcapNg,
}

fn kind(octets: &[u8]) -> Option<Kind> {
    const MICROSECONDS: u32 = 1_000_000;
    const NANOSECONDS: u32 = 1_000_000_000;
    let pcap = |little, fractions| Some(Kind::Pcap { order: Order { little }, fractions });
    match u32::from_be_bytes(*octets.first_chunk()?) {
        0xa1b2_c3d4 => pcap(false, MICROSECONDS),
        0xd4c3_b2a1 => pcap(true, MICROSECONDS),
        0xa1b2_3c4d => pcap(false, NANOSECONDS),
        0x4d3c_b2a1 => pcap(true, NANOSECONDS),
        SECTION_HEADER => Some(Kind::PcapNg),
        _ => None,
    }
}

/// Every packet of the file, and a note if the file ends in the middle of one.
pub(super) fn packets(octets: &[u8]) -> Result<(Vec<Packet<'_>>, Option<Note>), CaptureError> {
    match kind(octets).ok_or(CaptureError::NotACapture)? {
        Kind::Pcap { order, fractions } => Ok(pcap(octets, order, fractions)),
        Kind::PcapNg => pcapng(octets),
    }
}

fn pcap(octets: &[u8], order: Order, fractions: u32) -> (Vec<Packet<'_>>, Option<Note>) {
    const HEADER: usize = 24;
    const RECORD_HEADER: usize = 16;
    let mut packets = Vec::new();
    let mut offset = HEADER;
    // The upper four bits tell of a frame check sequence, which follows the packet and does no harm.
    let link = order.u32(octets, 20).map(|link| link & 0x0fff_ffff);
    while let Some(record) = octets.get(offset..).filter(|rest| !rest.is_empty()) {
        let packet = (|| {
            let length = order.length(record, 8)?;
            let data = record.get(RECORD_HEADER..)?.get(..length)?;
            let seconds = order.u32(record, 0)?.into();
            let nanoseconds = order.u32(record, 4)?.checked_mul(1_000_000_000 / fractions).unwrap_or(0);
            let at = Duration::from_secs(seconds) + Duration::from_nanos(nanoseconds.into());
            Some(Packet { number: packets.len() as u64 + 1, link: link?, at, data })
        })();
        let Some(packet) = packet else { break };
        offset += RECORD_HEADER + packet.data.len();
        packets.push(packet);
    }
    let cut = (offset != octets.len()).then(|| Note::CutShort { octet: offset.min(octets.len()) });
    (packets, cut)
}

/// An interface of a pcapng section.
struct Interface {
    link: u32,
    /// Time units in a second.
    units: u64,
}

fn pcapng(octets: &[u8]) -> Result<(Vec<Packet<'_>>, Option<Note>), CaptureError> {
    let mut packets = Vec::new();
    let mut interfaces: Vec<Interface> = Vec::new();
    let mut order = Order { little: false };
    let mut offset = 0;
    while let Some(block) = octets.get(offset..).filter(|rest| !rest.is_empty()) {
        if block.first_chunk() == Some(&SECTION_HEADER.to_be_bytes()) {
            order = match block.get(8..12) {
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => Order { little: false },
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => Order { little: true },
                Some(_) => return Err(CaptureError::Damaged { octet: offset + 8, what: "byte-order magic" }),
                None => return Ok((packets, Some(Note::CutShort { octet: offset }))),
            };
            interfaces.clear();
        }
        let (Some(kind), Some(length)) = (order.u32(block, 0), order.length(block, 4)) else {
            return Ok((packets, Some(Note::CutShort { octet: offset })));
        };
        if length < 12 || length % 4 != 0 {
            return Err(CaptureError::Damaged { octet: offset + 4, what: "block length" });
        }
        let Some(body) = block.get(8..length - 4) else {
            return Ok((packets, Some(Note::CutShort { octet: offset })));
        };
        if kind == 1 {
            interfaces.extend(interface(order, body));
        } else if let Some((interface, time, data)) = packet(order, kind, body) {
            // Every packet counts, also one of an interface that was never described.
            let known = interfaces.get(interface);
            let units = known.map_or(1_000_000, |interface| interface.units);
            let at = Duration::from_secs(time / units)
                + Duration::from_nanos(
                    u64::try_from(u128::from(time % units) * 1_000_000_000 / u128::from(units)).unwrap_or(0),
                );
            let link = known.map_or(u32::MAX, |interface| interface.link);
            packets.push(Packet { number: packets.len() as u64 + 1, link, at, data });
        } else if matches!(kind, 2 | 3 | 6) {
            return Err(CaptureError::Damaged { octet: offset, what: "packet block" });
        }
        offset += length;
    }
    Ok((packets, None))
}

fn interface(order: Order, body: &[u8]) -> Option<Interface> {
    const END: u16 = 0;
    const TIME_RESOLUTION: u16 = 9;
    let mut interface = Interface { link: order.u16(body, 0)?.into(), units: 1_000_000 };
    let mut options = body.get(8..)?;
    while let (Some(code), Some(length)) = (order.u16(options, 0), order.u16(options, 2)) {
        let value = options.get(4..).and_then(|rest| rest.get(..length.into()));
        match (code, value) {
            (END, _) | (_, None) => break,
            // The first bit chooses between powers of 2 and of 10.
            (TIME_RESOLUTION, Some([power])) => {
                let base: u64 = if power & 0x80 == 0 { 10 } else { 2 };
                interface.units = base.checked_pow((power & 0x7f).into()).unwrap_or(u64::MAX);
            }
            _ => {}
        }
        let next = 4 + usize::from(length).next_multiple_of(4);
        options = options.get(next..).unwrap_or_default();
    }
    Some(interface)
}

/// Interface, time in the interface's units, and data of a packet block; `None` for other blocks.
fn packet(order: Order, kind: u32, body: &[u8]) -> Option<(usize, u64, &[u8])> {
    let time = || Some(u64::from(order.u32(body, 4)?) << 32 | u64::from(order.u32(body, 8)?));
    match kind {
        // Enhanced Packet Block, and the Packet Block before it.
        6 => Some((order.length(body, 0)?, time()?, body.get(20..)?.get(..order.length(body, 12)?)?)),
        2 => Some((order.u16(body, 0)?.into(), time()?, body.get(20..)?.get(..order.length(body, 12)?)?)),
        // Simple Packet Block: no time; padding is left to the length in the IP header.
        3 => {
            let data = body.get(4..)?;
            Some((0, 0, data.get(..order.length(body, 0)?).unwrap_or(data)))
        }
        _ => None,
    }
}
