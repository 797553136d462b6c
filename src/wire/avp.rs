//! One AVP: header, data, padding (RFC 6733 §4.1), and the parsers for it.
//!
//! ```text
//! |                           AVP Code                            |
//! |V M P r r r r r|                  AVP Length                   |
//! |                     Vendor-ID (if V is set)                   |
//! |    Data ...                                    | 0-3 padding  |
//! ```

use nom::{IResult, Parser, bytes::complete::take, combinator::verify};

use super::{
    Avps, Format, WireError,
    header::{be_u24, be_u32, be_u64},
};

/// IANA enterprise number that an AVP code belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VendorId(pub u32);

impl VendorId {
    /// AVPs of the IETF: the V bit is clear and no Vendor-ID is sent.
    pub const NONE: Self = Self(0);
    /// 3GPP.
    pub const TGPP: Self = Self(10415);
    /// ETSI.
    pub const ETSI: Self = Self(13019);
}

/// AVP flags: V 0x80, M 0x40, P 0x20 (RFC 6733 §4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AvpFlags(pub u8);

impl AvpFlags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// V: a Vendor-ID follows.
    pub const VENDOR: Self = Self(0x80);
    /// M: a receiver that does not know the AVP must refuse the message.
    pub const MANDATORY: Self = Self(0x40);

    /// Whether every flag of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These flags and those of `other`.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What an AVP is known by: the vendor in the upper 32 bits, the code in the lower.
pub const fn avp_key(vendor: VendorId, code: u32) -> u64 {
    (vendor.0 as u64) << 32 | code as u64
}

/// Length of an AVP with its padding. Octets.
#[inline(always)]
pub(super) const fn padded(length: usize) -> usize {
    (length + 3) & !3
}

/// An AVP header as it stands in the octets, with nothing known about what follows.
#[derive(Clone, Copy)]
pub(super) struct AvpHeader {
    pub key: u64,
    /// Flags in the upper 8 bits, AVP Length (header and data without padding) in the lower 24.
    pub flags_and_length: u32,
    /// 8, or 12 with the V bit.
    pub header: u32,
}

impl AvpHeader {
    #[inline(always)]
    pub const fn length(&self) -> u32 {
        self.flags_and_length & 0x00ff_ffff
    }
}

/// Reads an AVP header. The Vendor-ID is masked in and not branched on: whether it is there changes from
/// one AVP to the next, and a wrong guess costs more than the whole header.
#[inline(always)]
pub(super) fn avp_header(input: &[u8]) -> IResult<&[u8], AvpHeader, ()> {
    let Ok((rest, (fixed, vendor))) = (be_u64, be_u32).parse(input) else {
        return last_header(input);
    };
    let flags_and_length = fixed as u32;
    let vendor_bit = flags_and_length >> 31;
    let key = avp_key(VendorId(vendor & 0u32.wrapping_sub(vendor_bit)), (fixed >> 32) as u32);
    Ok((rest, AvpHeader { key, flags_and_length, header: 8 + 4 * vendor_bit }))
}

/// The header of an AVP without data at the end of a message: there is nothing behind it to mask.
#[cold]
fn last_header(input: &[u8]) -> IResult<&[u8], AvpHeader, ()> {
    let without_vendor = |fixed: &u64| fixed & 0x8000_0000 == 0;
    let (rest, fixed) = verify(be_u64, without_vendor).parse(input)?;
    Ok((rest, AvpHeader { key: fixed >> 32, flags_and_length: fixed as u32, header: 8 }))
}

/// An AVP of a parsed message: a view that borrows the message and its index.
#[derive(Clone, Copy)]
pub struct Avp<'a> {
    pub(super) message: &'a [u8],
    pub(super) entries: &'a [super::index::Entry],
    pub(super) entry: &'a super::index::Entry,
}

impl<'a> Avp<'a> {
    /// Vendor and code in one number; see [`avp_key`].
    #[inline(always)]
    pub fn key(&self) -> u64 {
        self.entry.key
    }

    /// AVP Code.
    pub fn code(&self) -> u32 {
        self.entry.key as u32
    }

    /// Vendor-ID; [`VendorId::NONE`] without the V bit.
    pub fn vendor(&self) -> VendorId {
        VendorId((self.entry.key >> 32) as u32)
    }

    /// Flags as received.
    pub fn flags(&self) -> AvpFlags {
        AvpFlags(self.entry.flags())
    }

    /// Where the AVP begins. Octets from the start of the message.
    pub fn offset(&self) -> usize {
        self.entry.start as usize
    }

    /// The data, without header and padding.
    #[inline(always)]
    pub fn data(&self) -> &'a [u8] {
        let start = self.entry.start as usize;
        self.message.get(start + self.entry.header_length()..start + self.entry.length()).unwrap_or_default()
    }

    /// Header and data, without padding.
    pub fn octets(&self) -> &'a [u8] {
        let start = self.entry.start as usize;
        self.message.get(start..start + self.entry.length()).unwrap_or_default()
    }

    /// Header, data and padding: what another message can take over as it is.
    #[inline(always)]
    pub fn padded_octets(&self) -> &'a [u8] {
        let start = self.entry.start as usize;
        self.message.get(start..start + padded(self.entry.length())).unwrap_or_default()
    }

    /// The AVPs inside; none unless the predicate given to the parser said that this one is Grouped.
    #[inline(always)]
    pub fn children(&self) -> Avps<'a> {
        let first = self.entry.first as usize;
        let list = self.entries.get(first..first + self.entry.count as usize).unwrap_or_default();
        Avps { message: self.message, entries: self.entries, list }
    }

    /// The value, read as format `F`.
    #[inline(always)]
    pub fn read<F: Format>(&self) -> Result<F::Value<'a>, WireError> {
        F::read(*self).map_err(|error| WireError::Value {
            offset: self.entry.start,
            key: self.entry.key,
            error,
        })
    }
}

impl std::fmt::Debug for Avp<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Avp({}:{} @{} {:02x?})", self.vendor().0, self.code(), self.offset(), self.data())
    }
}

/// An AVP met by [`walk`]: no index, no nesting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawAvp<'a> {
    /// Vendor and code; see [`avp_key`].
    pub key: u64,
    /// Flags as they stand there.
    pub flags: AvpFlags,
    /// The data, without header and padding.
    pub data: &'a [u8],
}

/// Walks over AVPs of one level that are not trusted, for instance the content of a Failed-AVP.
pub fn walk(octets: &[u8]) -> Walk<'_> {
    Walk { rest: octets }
}

/// Iterator of [`walk`]; ends after the first AVP that does not fit.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Walk<'a> {
    type Item = RawAvp<'a>;

    fn next(&mut self) -> Option<RawAvp<'a>> {
        let (_, header) = avp_header(self.rest).ok()?;
        let data = self.rest.get(header.header as usize..header.length() as usize)?;
        // The last AVP's padding may be missing here: an offending AVP is quoted as it came.
        self.rest = self.rest.get(padded(header.length() as usize)..).unwrap_or_default();
        Some(RawAvp { key: header.key, flags: AvpFlags((header.flags_and_length >> 24) as u8), data })
    }
}

/// Splits `length` octets off the input.
#[inline(always)]
pub(super) fn split(input: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let taken: IResult<&[u8], &[u8], ()> = take(length)(input);
    taken.ok().map(|(rest, head)| (head, rest))
}

/// The length field of a message on a stream.
#[inline(always)]
pub(super) fn message_length(input: &[u8]) -> Option<(u8, u32)> {
    let (version, rest) = input.split_first()?;
    be_u24(rest).ok().map(|(_, length)| (*version, length))
}
