//! One bounds-checked pass over a message: a dense index of every AVP in storage that the caller reuses.
//!
//! The AVPs of one level stand side by side and those of a group follow later, so that reading siblings is
//! walking over a slice. The inner loop has no branch that depends on which AVP it meets: an order that
//! changes from message to message costs nothing.

use super::{
    Avps, Header, Message, WireError,
    avp::{avp_header, padded, split},
    header::HEADER_LENGTH,
};

/// Levels of nesting that are opened; deeper messages are refused. Rx needs four.
pub const MAX_DEPTH: usize = 16;

/// Most AVPs in one message, unless [`Index::with_capacity`] says otherwise.
const DEFAULT_CAPACITY: usize = 2048;

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
    /// The n-th entry holds the position of the n-th group: the queue of groups to open.
    pub group: u16,
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
    entries: Box<[Entry]>,
}

impl Default for Index {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Index({} AVPs)", self.entries.len())
    }
}

impl Index {
    /// Room for 2,048 AVPs: the only allocation, 48 KiB.
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    /// Room for `avps` AVPs, at most 65,535; messages with more are refused.
    pub fn with_capacity(avps: usize) -> Self {
        Self { entries: vec![Entry::default(); avps.min(usize::from(u16::MAX))].into_boxed_slice() }
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
        let mut pass = Pass { octets, entries: &mut self.entries, count: 0, groups: 0, is_grouped };
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
    entries: &'p mut [Entry],
    /// Entries filled.
    count: usize,
    /// Entries among them that are groups; their positions stand in `Entry::group`.
    groups: usize,
    is_grouped: G,
}

impl<G: Fn(u64) -> bool> Pass<'_, '_, G> {
    /// Indexes the AVPs between two offsets, which the caller knows to lie inside the message.
    #[inline(always)]
    fn siblings(&mut self, start: usize, end: usize) -> Result<(), WireError> {
        let mut rest = self.octets.get(start..end).unwrap_or_default();
        let mut offset = start;
        let (mut count, mut groups) = (self.count, self.groups);
        while !rest.is_empty() {
            let Ok((_, avp)) = avp_header(rest) else {
                return Err(too_short(offset, rest.len()));
            };
            let taken = padded(avp.length as usize);
            if avp.length < avp.header {
                return Err(bad_length(offset, avp.key, avp.length, rest.len()));
            }
            let Some((_, after)) = split(rest, taken) else {
                return Err(bad_length(offset, avp.key, avp.length, rest.len()));
            };
            let limit = self.entries.len();
            let Some(entry) = self.entries.get_mut(count) else {
                return Err(WireError::TooManyAvps { limit });
            };
            entry.key = avp.key;
            entry.start = offset as u32;
            entry.flags_and_length = u32::from(avp.flags) << 24 | avp.length;
            entry.first = 0;
            entry.count = 0;
            // Written for every AVP, kept only for groups: `groups` never passes `count`.
            if let Some(queue) = self.entries.get_mut(groups) {
                queue.group = count as u16;
            }
            groups += usize::from((self.is_grouped)(avp.key));
            count += 1;
            offset += taken;
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
                let position = self.entries.get(opened).map_or(0, |queue| usize::from(queue.group));
                let Some(&group) = self.entries.get(position) else { return Ok(()) };
                let start = group.start as usize;
                let first = self.count;
                self.siblings(start + group.header_length(), start + group.length())?;
                let count = self.count - first;
                if let Some(entry) = self.entries.get_mut(position) {
                    entry.first = first as u16;
                    entry.count = count as u16;
                }
                opened += 1;
            }
        }
        match self.entries.get(opened) {
            Some(queue) if opened < self.groups => {
                let position = usize::from(queue.group);
                let offset = self.entries.get(position).map_or(0, |entry| entry.start);
                Err(WireError::TooDeep { offset })
            }
            _ => Ok(()),
        }
    }
}

#[cold]
fn too_short(offset: usize, room: usize) -> WireError {
    WireError::AvpLength { offset: offset as u32, key: 0, found: room as u32, room: room as u32 }
}

#[cold]
fn bad_length(offset: usize, key: u64, found: u32, room: usize) -> WireError {
    WireError::AvpLength { offset: offset as u32, key, found, room: room as u32 }
}
