//! One direction of a connection: segments into order, octets into messages.

use std::{
    collections::{BTreeMap, HashSet},
    net::SocketAddr,
};

use crate::wire::{HEADER_LENGTH, frame_length};

use super::{
    DIAMETER_PORT, Found, Note, Place,
    packet::{u16_at, u32_at},
};

type Ends = (SocketAddr, SocketAddr);

/// Longest message of the 24-bit length field. Octets.
const LONGEST: usize = 0xff_fffc;

/// One direction of a TCP connection.
pub(super) struct TcpFlow<'a> {
    ends: Ends,
    /// The sequence number of `offset`; unknown until the first segment.
    sequence: Option<u32>,
    /// Octets taken so far, counted from the first one seen.
    offset: u64,
    /// Segments that came before an earlier one, by their offset.
    early: BTreeMap<u64, (Place, &'a [u8])>,
    /// The message that is being put together.
    message: Vec<u8>,
    /// Whether the next octet belongs to a message, as far as can be told.
    in_step: bool,
    last: Option<Place>,
}

impl<'a> TcpFlow<'a> {
    pub fn new(ends: Ends) -> Self {
        Self {
            ends,
            sequence: None,
            offset: 0,
            early: BTreeMap::new(),
            message: Vec::new(),
            in_step: false,
            last: None,
        }
    }

    pub fn segment(&mut self, place: Place, sequence: u32, syn: bool, data: &'a [u8], found: &mut Found) {
        let mut sequence = sequence;
        if syn {
            // SYN takes one sequence number; another one than expected is a new connection.
            sequence = sequence.wrapping_add(1);
            if self.offset > 0 || self.sequence.is_some_and(|expected| expected != sequence) {
                self.finish(found);
                *self = Self::new(self.ends);
            }
            self.sequence = Some(sequence);
        }
        if data.is_empty() {
            return;
        }
        let expected = *self.sequence.get_or_insert(sequence);
        let ahead = sequence.wrapping_sub(expected).cast_signed();
        if ahead > 0 {
            let early = self.early.entry(self.offset + u64::from(ahead.unsigned_abs()));
            let kept = early.or_insert((place, data));
            if kept.1.len() < data.len() {
                *kept = (place, data);
            }
            return;
        }
        self.take(place, ahead.unsigned_abs().into(), data, found);
        self.take_early(place, found);
    }

    /// The connection or the capture ends: what was waiting for missing octets is read without them.
    pub fn finish(&mut self, found: &mut Found) {
        while let Some((offset, (place, data))) = self.early.pop_first() {
            let missing = offset.saturating_sub(self.offset);
            if missing > 0 && (self.in_step || self.is_well_known()) {
                let (from, to) = self.ends;
                found.note(place, Note::Gap { packet: place.packet, from, to, octets: missing });
            }
            if missing > 0 {
                self.lose_step();
                self.advance(missing);
            }
            self.take(place, self.offset.saturating_sub(offset), data, found);
        }
        if let (Some(place), false) = (self.last, self.message.is_empty()) {
            let (from, to) = self.ends;
            let octets = self.message.len();
            found.note(place, Note::Unfinished { packet: place.packet, from, to, octets });
        }
        self.lose_step();
    }

    fn take_early(&mut self, place: Place, found: &mut Found) {
        while let Some(first) = self.early.first_entry().filter(|first| *first.key() <= self.offset) {
            let (offset, (_, data)) = first.remove_entry();
            self.take(place, self.offset - offset, data, found);
        }
    }

    /// `data` begins `known` octets before the next one that is wanted.
    fn take(&mut self, place: Place, known: u64, data: &[u8], found: &mut Found) {
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        let Some(new) = data.get(known..).filter(|new| !new.is_empty()) else { return };
        self.advance(new.len() as u64);
        self.last = Some(place);
        if !self.in_step {
            if !looks_like_a_message(new) {
                return;
            }
            self.in_step = true;
        }
        self.message.extend_from_slice(new);
        let mut rest = self.message.as_slice();
        loop {
            match frame_length(rest, LONGEST) {
                Ok(Some(length)) => {
                    let Some((message, after)) = rest.split_at_checked(length) else { break };
                    found.message(place, self.ends, message);
                    rest = after;
                }
                Ok(None) => break,
                Err(error) => {
                    found.out_of_step(place, self.ends, error);
                    return self.lose_step();
                }
            }
        }
        let done = self.message.len() - rest.len();
        self.message.drain(..done);
    }

    fn advance(&mut self, octets: u64) {
        self.offset += octets;
        // Sequence numbers wrap, so that the remainder is what is meant.
        let step = u32::try_from(octets & u64::from(u32::MAX)).unwrap_or_default();
        self.sequence = self.sequence.map(|sequence| sequence.wrapping_add(step));
    }

    fn lose_step(&mut self) {
        self.in_step = false;
        self.message.clear();
    }

    fn is_well_known(&self) -> bool {
        self.ends.0.port() == DIAMETER_PORT || self.ends.1.port() == DIAMETER_PORT
    }
}

/// Version 1, a possible length, and no reserved flag, as far as the octets go.
fn looks_like_a_message(octets: &[u8]) -> bool {
    const RESERVED_FLAGS: u8 = 0x0f;
    frame_length(octets, LONGEST).is_ok() && octets.get(4).is_none_or(|flags| flags & RESERVED_FLAGS == 0)
}

/// One direction of an SCTP association.
#[derive(Default)]
pub(super) struct SctpFlow<'a> {
    /// Transmission sequence numbers that came already: a chunk may come twice.
    seen: HashSet<u32>,
    /// Parts of messages that are not complete yet.
    parts: BTreeMap<u32, Part<'a>>,
}

#[derive(Clone, Copy)]
struct Part<'a> {
    begins: bool,
    ends: bool,
    data: &'a [u8],
}

impl<'a> SctpFlow<'a> {
    /// Walks the chunks of one packet (RFC 9260 §3.2, §3.3.1).
    pub fn chunks(&mut self, place: Place, ends: Ends, mut chunks: &'a [u8], found: &mut Found) {
        const DATA: u8 = 0;
        const INIT: u8 = 1;
        while let (Some(&[kind, flags]), Some(length)) = (chunks.first_chunk(), u16_at(chunks, 2)) {
            let length = usize::from(length);
            let Some(chunk) = chunks.get(..length).filter(|_| length >= 4) else { return };
            match kind {
                DATA => self.data(place, ends, flags, chunk, found),
                INIT => *self = Self::default(),
                _ => {}
            }
            chunks = chunks.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
    }

    fn data(&mut self, place: Place, ends: Ends, flags: u8, chunk: &'a [u8], found: &mut Found) {
        /// Payload protocol of Diameter in the clear (RFC 6733 §11.5); some stacks leave it 0.
        const DIAMETER: u32 = 46;
        let (Some(number), Some(protocol), Some(data)) =
            (u32_at(chunk, 4), u32_at(chunk, 12), chunk.get(16..))
        else {
            return;
        };
        let part = Part { begins: flags & 0x02 != 0, ends: flags & 0x01 != 0, data };
        let diameter = match protocol {
            DIAMETER => true,
            0 => !part.begins || (data.len() >= HEADER_LENGTH && looks_like_a_message(data)),
            _ => false,
        };
        if !diameter || !self.seen.insert(number) {
            return;
        }
        self.parts.insert(number, part);
        if let Some(message) = self.complete(number) {
            found.message(place, ends, &message);
        }
    }

    /// The message that the part `number` belongs to, if all its parts are there.
    fn complete(&mut self, number: u32) -> Option<Vec<u8>> {
        /// More than the longest message has in the smallest packets.
        const PARTS: u32 = 1 << 16;
        let first = (0..PARTS).map(|back| number.wrapping_sub(back)).find_map(|candidate| {
            match self.parts.get(&candidate) {
                Some(part) if part.begins => Some(Some(candidate)),
                Some(_) => None,
                None => Some(None),
            }
        })??;
        let mut message = Vec::new();
        let mut last = first;
        loop {
            let part = self.parts.get(&last)?;
            message.extend_from_slice(part.data);
            if part.ends {
                break;
            }
            last = last.wrapping_add(1);
        }
        let mut done = first;
        while self.parts.remove(&done).is_some() && done != last {
            done = done.wrapping_add(1);
        }
        Some(message)
    }
}
