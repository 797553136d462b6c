//! One bounds-checked pass over a message: a dense index of every AVP in storage that the caller reuses.
//!
//! The AVPs of one level stand side by side and those of a group follow later, so that reading siblings is
//! walking over a slice. The inner loop has no branch that depends on which AVP it meets: an order that
//! changes from message to message costs nothing.

use super::{
    Avps, Header, Message, WireError,
    avp::{AvpHeader, avp_header, padded, split},
    header::HEADER_LENGTH,
};

/// Levels of nesting that are opened; deeper messages are refused. Rx needs four.
pub const MAX_DEPTH: usize = 16;

/// Most AVPs in one message. A power of two: positions are masked with it instead of being checked again.
const CAPACITY: usize = 2048;

/// What the index knows about an AVP.
#[derive(Clone, Copy, Default)]
pub(super) struct Entry {
    pub key: u64,
    /// Where the AVP begins. Octets from the start of the message.
    pub start: u32,
    /// Flags in the upper 8 bits, AVP Length in the lower 24, as on the wire.
    pub flags_and_length: u32,
    /// Where the children begin in the index, and how many there are.
    pub first: u16,
    pub count: u16,
}

impl Entry {
    #[inline(always)]
    pub fn flags(&self) -> u8 {
        (self.flags_and_length >> 24) as u8
    }

    #[inline(always)]
    pub fn length(&self) -> usize {
        (self.flags_and_length & 0x00ff_ffff) as usize
    }

    #[inline(always)]
    pub fn header_length(&self) -> usize {
        8 + 4 * (self.flags_and_length >> 31) as usize
    }
}

/// Storage for the index of one message at a time; make one per connection or task and reuse it.
pub struct Index {
    entries: Box<[Entry; CAPACITY]>,
    /// Positions of the groups, in the order in which they are opened.
    queue: Box<[u16; CAPACITY]>,
    limit: usize,
}

impl Default for Index {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Index({} AVPs)", self.limit)
    }
}

impl Index {
    /// Room for 2,048 AVPs: the only allocation, 52 KiB.
    pub fn new() -> Self {
        Self::with_limit(CAPACITY)
    }

    /// Refuses messages with more than `avps` AVPs; at most 2,048 are possible.
    pub fn with_limit(avps: usize) -> Self {
        Self {
            entries: Box::new([Entry::default(); CAPACITY]),
            queue: Box::new([0; CAPACITY]),
            limit: avps.min(CAPACITY),
        }
    }

    /// Checks the whole message and indexes it; see the [contract](super#the-parsing-contract).
    ///
    /// `octets` is exactly one message. `is_grouped` is asked once per AVP, by [`avp_key`](super::avp_key).
    #[inline]
    pub fn parse<'a>(
        &'a mut self,
        octets: &'a [u8],
        is_grouped: impl Fn(u64) -> bool,
    ) -> Result<Message<'a>, WireError> {
        let header = Header::parse(octets)?;
        if header.length as usize != octets.len() {
            return Err(WireError::MessageLength { found: header.length });
        }
        let Self { entries, queue, limit } = self;
        let mut pass = Pass { octets, entries, queue, limit: *limit, count: 0, groups: 0, is_grouped };
        pass.siblings(HEADER_LENGTH, octets.len())?;
        let top = pass.count;
        pass.open_groups()?;
        let count = pass.count;
        let entries = self.entries.get(..count).unwrap_or_default();
        let list = entries.get(..top).unwrap_or_default();
        Ok(Message::new(header, Avps { message: octets, entries, list }))
    }
}

struct Pass<'p, 'a, G> {
    octets: &'a [u8],
    entries: &'p mut [Entry; CAPACITY],
    queue: &'p mut [u16; CAPACITY],
    limit: usize,
    /// Entries filled.
    count: usize,
    /// Groups found.
    groups: usize,
    is_grouped: G,
}

impl<G: Fn(u64) -> bool> Pass<'_, '_, G> {
    /// Indexes the AVPs between two offsets, which the caller knows to lie inside the message.
    #[inline(always)]
    fn siblings(&mut self, start: usize, end: usize) -> Result<(), WireError> {
        let mut rest = self.octets.get(start..end).unwrap_or_default();
        let (mut count, mut groups) = (self.count, self.groups);
        let mut free = self.entries.get_mut(count..self.limit).unwrap_or_default().iter_mut();
        while !rest.is_empty() {
            let Ok((_, avp)) = avp_header(rest) else {
                return Err(too_short(end - rest.len(), rest.len()));
            };
            let Some((_, after)) = split(rest, padded(avp.length() as usize)) else {
                return Err(bad_length(end - rest.len(), avp, rest.len()));
            };
            if avp.length() < avp.header {
                return Err(bad_length(end - rest.len(), avp, rest.len()));
            }
            let Some(entry) = free.next() else {
                return Err(WireError::TooManyAvps { limit: self.limit });
            };
            *entry = Entry {
                key: avp.key,
                start: (end - rest.len()) as u32,
                flags_and_length: avp.flags_and_length,
                first: 0,
                count: 0,
            };
            // Written for every AVP and kept only for groups, which is cheaper than to ask first.
            self.queue[groups % CAPACITY] = count as u16;
            groups += usize::from((self.is_grouped)(avp.key));
            count += 1;
            rest = after;
        }
        (self.count, self.groups) = (count, groups);
        Ok(())
    }

    /// Opens the groups found so far, then those found in them, level by level.
    #[inline(always)]
    fn open_groups(&mut self) -> Result<(), WireError> {
        let mut opened = 0;
        for _ in 0..MAX_DEPTH {
            let level_end = self.groups;
            if opened == level_end {
                return Ok(());
            }
            while opened < level_end {
                let position = usize::from(self.queue[opened % CAPACITY]) % CAPACITY;
                let group = self.entries[position];
                let (start, first) = (group.start as usize, self.count);
                self.siblings(start + group.header_length(), start + group.length())?;
                let entry = &mut self.entries[position];
                (entry.first, entry.count) = (first as u16, (self.count - first) as u16);
                opened += 1;
            }
        }
        if opened == self.groups {
            return Ok(());
        }
        let position = usize::from(self.queue[opened % CAPACITY]) % CAPACITY;
        Err(WireError::TooDeep { offset: self.entries[position].start })
    }
}

#[cold]
fn too_short(offset: usize, room: usize) -> WireError {
    WireError::AvpLength { offset: offset as u32, key: 0, found: room as u32, room: room as u32 }
}

#[cold]
fn bad_length(offset: usize, avp: AvpHeader, room: usize) -> WireError {
    WireError::AvpLength { offset: offset as u32, key: avp.key, found: avp.length(), room: room as u32 }
}
