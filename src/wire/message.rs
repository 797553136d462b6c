//! Messages: views that borrow and buffers that own.

use bytes::{Bytes, BytesMut};

use super::{
    Avp, AvpDef, CommandFlags, EndToEndId, Format, HEADER_LENGTH, Header, HopByHopId, Index, WireError,
    Writer, index::Entry,
};

/// A checked view of a message; made by [`Index::parse`].
#[derive(Clone, Copy)]
pub struct Message<'a> {
    header: Header,
    avps: Avps<'a>,
}

impl<'a> Message<'a> {
    #[inline(always)]
    pub(super) fn new(header: Header, avps: Avps<'a>) -> Self {
        Self { header, avps }
    }

    /// The header.
    pub fn header(&self) -> Header {
        self.header
    }

    /// The AVPs of the top level.
    #[inline(always)]
    pub fn avps(&self) -> Avps<'a> {
        self.avps
    }

    /// The whole message.
    pub fn octets(&self) -> &'a [u8] {
        self.avps.message
    }

    /// The AVPs of all levels: those of one level in the order of the wire, each level after the one above.
    #[inline(always)]
    pub fn every_avp(&self) -> impl ExactSizeIterator<Item = Avp<'a>> + Clone + use<'a> {
        Avps { list: self.avps.entries, ..self.avps }.iter()
    }

    /// AVPs on all levels together.
    pub fn total_avps(&self) -> usize {
        self.avps.entries.len()
    }
}

impl std::fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("header", &self.header).field("avps", &self.avps).finish()
    }
}

/// The AVPs of one level: of a message, or of a Grouped AVP. In the order of the wire.
#[derive(Clone, Copy)]
pub struct Avps<'a> {
    pub(super) message: &'a [u8],
    pub(super) entries: &'a [Entry],
    pub(super) list: &'a [Entry],
}

impl<'a> Avps<'a> {
    /// No AVPs at all.
    pub const EMPTY: Avps<'static> = Avps { message: &[], entries: &[], list: &[] };

    /// Every AVP of this level.
    #[inline(always)]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Avp<'a>> + ExactSizeIterator + Clone + use<'a> {
        let (message, entries) = (self.message, self.entries);
        self.list.iter().map(move |entry| Avp { message, entries, entry })
    }

    /// The first AVP, and those after it.
    #[inline(always)]
    pub fn split_first(&self) -> Option<(Avp<'a>, Self)> {
        let (message, entries) = (self.message, self.entries);
        self.list
            .split_first()
            .map(|(entry, list)| (Avp { message, entries, entry }, Self { message, entries, list }))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The first AVP with this key; see [`avp_key`](super::avp_key).
    #[inline(always)]
    pub fn find(&self, key: u64) -> Option<Avp<'a>> {
        let (message, entries) = (self.message, self.entries);
        self.list.iter().find(|entry| entry.key == key).map(|entry| Avp { message, entries, entry })
    }

    /// The value of the first AVP of this definition.
    #[inline(always)]
    pub fn get<F: Format>(&self, def: &AvpDef<F>) -> Result<Option<F::Value<'a>>, WireError> {
        self.find(def.key()).map(|avp| avp.read::<F>()).transpose()
    }

    /// The values of all AVPs of this definition.
    #[inline(always)]
    pub fn get_all<F: Format>(
        &self,
        def: &AvpDef<F>,
    ) -> impl Iterator<Item = Result<F::Value<'a>, WireError>> + use<'a, F> {
        let key = def.key();
        self.iter().filter(move |avp| avp.key() == key).map(|avp| avp.read::<F>())
    }
}

impl std::fmt::Debug for Avps<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Avps<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.list.len() == other.list.len()
            && self.iter().zip(other.iter()).all(|(one, two)| one.octets() == two.octets())
    }
}

/// An owned message: cheap to clone, safe to hand from task to task.
///
/// Header and length were checked when it was made, the AVPs were not: [`parse`](Self::parse) does that.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageBuf(Bytes);

impl MessageBuf {
    /// Builds a message in a buffer of its own.
    ///
    /// `fill` writes the AVPs; it runs again when a larger buffer is needed, so it must write the same again.
    pub fn build(
        command: u32,
        flags: CommandFlags,
        application: u32,
        ids: (HopByHopId, EndToEndId),
        fill: impl Fn(&mut Writer<'_>),
    ) -> Result<Self, WireError> {
        let mut room = 1024;
        loop {
            let mut buffer = BytesMut::zeroed(room);
            let mut writer = Writer::begin(&mut buffer, command, flags, application, ids);
            fill(&mut writer);
            match writer.finish() {
                Ok(length) => {
                    buffer.truncate(length);
                    return Ok(Self(buffer.freeze()));
                }
                // Message Length has 24 bits.
                Err(WireError::NoRoom { needed, .. }) if needed < 1 << 24 => room = needed,
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes over the octets of exactly one message; checks the header and the length.
    pub fn from_bytes(octets: Bytes) -> Result<Self, WireError> {
        let header = Header::parse(&octets)?;
        if header.length as usize != octets.len() {
            return Err(WireError::MessageLength { found: header.length });
        }
        Ok(Self(octets))
    }

    /// The header.
    pub fn header(&self) -> Header {
        Header::parse(&self.0).expect("checked when the buffer was made")
    }

    /// The octets.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The octets, given away.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// A checked view, indexed in `index`.
    pub fn parse<'a>(
        &'a self,
        index: &'a mut Index,
        is_grouped: impl Fn(u64) -> bool,
    ) -> Result<Message<'a>, WireError> {
        index.parse(&self.0, is_grouped)
    }

    /// The same message with another Hop-by-Hop Identifier and with the T bit set or clear: how a request
    /// leaves on a connection (RFC 6733 §5.5.4, §6.1.6).
    ///
    /// In place if nobody else holds the octets, else in a copy.
    pub fn with_hop_by_hop(self, id: HopByHopId, retransmit: bool) -> Self {
        let mut octets = self.0.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        if let Some(flags) = octets.get_mut(4) {
            *flags = match retransmit {
                true => *flags | CommandFlags::RETRANSMIT.0,
                false => *flags & !CommandFlags::RETRANSMIT.0,
            };
        }
        if let Some(field) = octets.get_mut(12..16) {
            field.copy_from_slice(&id.0.to_be_bytes());
        }
        Self(octets.freeze())
    }

    /// The same message with another End-to-End Identifier.
    pub fn with_end_to_end(self, id: EndToEndId) -> Self {
        let mut octets = self.0.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        if let Some(field) = octets.get_mut(16..HEADER_LENGTH) {
            field.copy_from_slice(&id.0.to_be_bytes());
        }
        Self(octets.freeze())
    }
}

impl std::fmt::Debug for MessageBuf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MessageBuf({:?})", self.header())
    }
}
