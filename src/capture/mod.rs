//! Diameter messages out of a packet capture: pcap and pcapng; TCP streams put in order; SCTP DATA chunks.
//!
//! [`read`] follows each direction of each connection by itself: segments that came twice or out of order
//! are put right, several messages in one segment and one message in several are both found, and after a
//! gap it goes on with the next segment that begins with a message. Ports do not matter: a stream is Diameter
//! if it looks like it. Not done: decryption, and IP fragments, which are noted and passed over.

mod file;
mod packet;
mod stream;

use std::{collections::HashMap, fmt, net::SocketAddr, time::Duration};

use bytes::Bytes;

use crate::wire::{MessageBuf, WireError};

use packet::{Payload, Unread};
use stream::{SctpFlow, TcpFlow};

/// Well-known port of Diameter (RFC 6733 §11.4).
pub const DIAMETER_PORT: u16 = 3868;

/// What was found in a capture file.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// The messages, in the order in which their last octet was captured.
    pub messages: Vec<Captured>,
    /// What could not be read, in the order of the file.
    pub notes: Vec<Note>,
    /// Packets in the file.
    pub packets: u64,
}

/// A message and where it was found.
#[derive(Clone, Debug)]
pub struct Captured {
    /// Number of the packet that completed it; the first packet of the file is 1.
    pub packet: u64,
    /// When that packet was captured, since 1970-01-01 UTC.
    pub at: Duration,
    /// Who sent it.
    pub from: SocketAddr,
    /// Who was to get it.
    pub to: SocketAddr,
    /// The message; its AVPs are not checked yet.
    pub message: MessageBuf,
}

/// Why octets are not read as a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaptureError {
    /// Neither pcap nor pcapng.
    #[error("octet 0: neither a pcap nor a pcapng file")]
    NotACapture,
    /// A pcapng file whose structure is lost.
    #[error("octet {octet}: damaged capture file: impossible {what}")]
    Damaged {
        /// Offset into the file.
        octet: usize,
        /// What cannot be.
        what: &'static str,
    },
}

/// Part of a capture that was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The file ends inside a packet.
    CutShort {
        /// Where that packet begins.
        octet: usize,
    },
    /// Octets of a stream are missing in the capture.
    Gap {
        /// The packet after the gap.
        packet: u64,
        /// Sender of the stream.
        from: SocketAddr,
        /// Receiver of the stream.
        to: SocketAddr,
        /// How many octets are missing.
        octets: u64,
    },
    /// A Diameter stream goes on with something that is no message.
    OutOfStep {
        /// The packet.
        packet: u64,
        /// Sender of the stream.
        from: SocketAddr,
        /// Receiver of the stream.
        to: SocketAddr,
        /// What was found instead.
        error: WireError,
    },
    /// The capture ends in the middle of a message.
    Unfinished {
        /// The last packet of the stream.
        packet: u64,
        /// Sender of the stream.
        from: SocketAddr,
        /// Receiver of the stream.
        to: SocketAddr,
        /// Octets of the message that are there.
        octets: usize,
    },
    /// Packets whose link-layer header is not understood.
    LinkType {
        /// The first such packet.
        packet: u64,
        /// The link type's number.
        link: u32,
    },
    /// Fragments of IP packets.
    Fragments {
        /// The first such packet.
        packet: u64,
        /// How many there are.
        count: u64,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutShort { octet } => write!(f, "octet {octet}: the file ends inside a packet"),
            Self::Gap { packet, from, to, octets } => {
                write!(f, "packet {packet}: {octets} octets from {from} to {to} are missing before it")
            }
            Self::OutOfStep { packet, from, to, error } => {
                write!(f, "packet {packet}: no Diameter message from {from} to {to}: {error}")
            }
            Self::Unfinished { packet, from, to, octets } => {
                write!(
                    f,
                    "packet {packet}: the capture ends after {octets} octets of a message from {from} to {to}"
                )
            }
            Self::LinkType { packet, link } if *link == u32::MAX => {
                write!(f, "packet {packet}: the file does not describe its interface")
            }
            Self::LinkType { packet, link } => write!(
                f,
                "packet {packet}: link type {link} is not understood; accepted are Ethernet, Linux cooked, \
                 loopback and raw IP"
            ),
            Self::Fragments { packet, count } => {
                write!(f, "packet {packet}: {count} IP fragments are not put together")
            }
        }
    }
}

/// Whether the octets begin as a capture file does.
pub fn is_capture(octets: &[u8]) -> bool {
    file::is_capture(octets)
}

/// Reads every Diameter message of a capture file that is in memory.
pub fn read(octets: &[u8]) -> Result<Capture, CaptureError> {
    let (packets, cut) = file::packets(octets)?;
    let mut found = Found::default();
    let mut tcp: HashMap<(SocketAddr, SocketAddr), TcpFlow<'_>> = HashMap::new();
    // The verification tag is one direction of one association, whichever of its addresses is used.
    let mut sctp: HashMap<(u16, u16, u32), SctpFlow<'_>> = HashMap::new();
    let mut unknown_link = None;
    let mut fragments: Option<(u64, u64)> = None;
    for packet in &packets {
        let at = Place { packet: packet.number, at: packet.at };
        let segment = match packet::segment(packet.link, packet.data) {
            Ok(Some(segment)) => segment,
            Ok(None) => continue,
            Err(Unread::Link) => {
                unknown_link.get_or_insert(Note::LinkType { packet: packet.number, link: packet.link });
                continue;
            }
            Err(Unread::Fragment) => {
                fragments.get_or_insert((packet.number, 0)).1 += 1;
                continue;
            }
        };
        let ends = (segment.from, segment.to);
        match segment.payload {
            Payload::Tcp { sequence, syn, data } => {
                let flow = tcp.entry(ends).or_insert_with(|| TcpFlow::new(ends));
                flow.segment(at, sequence, syn, data, &mut found);
            }
            Payload::Sctp { tag, chunks } => {
                let flow = sctp.entry((ends.0.port(), ends.1.port(), tag)).or_default();
                flow.chunks(at, ends, chunks, &mut found);
            }
        }
    }
    for flow in tcp.values_mut() {
        flow.finish(&mut found);
    }
    let Found { mut messages, mut notes } = found;
    messages.sort_by_key(|message| message.packet);
    notes.sort_by_key(|(packet, _)| *packet);
    let fragments = fragments.map(|(packet, count)| Note::Fragments { packet, count });
    let notes =
        notes.into_iter().map(|(_, note)| note).chain(unknown_link).chain(fragments).chain(cut).collect();
    Ok(Capture { messages, notes, packets: packets.len() as u64 })
}

/// The packet that is being read.
#[derive(Clone, Copy)]
struct Place {
    packet: u64,
    at: Duration,
}

/// What the flows have found so far.
#[derive(Default)]
struct Found {
    messages: Vec<Captured>,
    /// Notes with the packet to sort them by.
    notes: Vec<(u64, Note)>,
}

impl Found {
    fn message(&mut self, place: Place, (from, to): (SocketAddr, SocketAddr), octets: &[u8]) {
        match MessageBuf::from_bytes(Bytes::copy_from_slice(octets)) {
            Ok(message) => {
                self.messages.push(Captured { packet: place.packet, at: place.at, from, to, message });
            }
            Err(error) => self.out_of_step(place, (from, to), error),
        }
    }

    fn out_of_step(&mut self, place: Place, (from, to): (SocketAddr, SocketAddr), error: WireError) {
        self.note(place, Note::OutOfStep { packet: place.packet, from, to, error });
    }

    fn note(&mut self, place: Place, note: Note) {
        self.notes.push((place.packet, note));
    }
}
