//! The 20-octet Diameter header (RFC 6733 §3).
//!
//! ```text
//!  0                   1                   2                   3
//! |    Version    |                 Message Length                |
//! | command flags |                  Command Code                 |
//! |                         Application-ID                        |
//! |                      Hop-by-Hop Identifier                    |
//! |                      End-to-End Identifier                    |
//! ```

use std::ops::BitOr;

use nom::{
    IResult, Parser,
    bytes::complete::take,
    combinator::{map, map_opt},
};

use super::WireError;

/// Length of the header. Octets (RFC 6733 §3).
pub const HEADER_LENGTH: usize = 20;

/// Command flags: R 0x80, P 0x40, E 0x20, T 0x10 (RFC 6733 §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CommandFlags(pub u8);

impl CommandFlags {
    /// No flag: an answer that must not be relayed.
    pub const NONE: Self = Self(0);
    /// R: the message is a request.
    pub const REQUEST: Self = Self(0x80);
    /// P: the message may be proxied, relayed or redirected.
    pub const PROXIABLE: Self = Self(0x40);
    /// E: the answer reports a protocol error and follows the grammar of RFC 6733 §7.2.
    pub const ERROR: Self = Self(0x20);
    /// T: the request may have been sent before, after a failover.
    pub const RETRANSMIT: Self = Self(0x10);

    /// Whether every flag of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These flags without those of `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for CommandFlags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Hop-by-Hop Identifier: matches an answer to a request on one connection (RFC 6733 §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HopByHopId(pub u32);

/// End-to-End Identifier: finds duplicates, unique per Origin-Host for four minutes (RFC 6733 §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndToEndId(pub u32);

/// The header of a message, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Message Length. Octets, header and padding included.
    pub length: u32,
    /// Command flags.
    pub flags: CommandFlags,
    /// Command Code, 24 bits.
    pub command: u32,
    /// Application-ID; 0 for the base protocol.
    pub application: u32,
    /// Hop-by-Hop Identifier.
    pub hop_by_hop: HopByHopId,
    /// End-to-End Identifier.
    pub end_to_end: EndToEndId,
}

impl Header {
    /// Reads the first 20 octets; checks the version and that the length is possible.
    ///
    /// Whether `octets` holds the whole message is not checked: a stream may not have it all yet.
    pub fn parse(octets: &[u8]) -> Result<Self, WireError> {
        let (_, (version, header)) =
            fields(octets).map_err(|_| WireError::NoHeader { found: octets.len() })?;
        if version != 1 {
            return Err(WireError::Version { found: version });
        }
        if (header.length as usize) < HEADER_LENGTH || !header.length.is_multiple_of(4) {
            return Err(WireError::MessageLength { found: header.length });
        }
        Ok(header)
    }

    /// Whether the R bit is set.
    pub const fn is_request(&self) -> bool {
        self.flags.contains(CommandFlags::REQUEST)
    }
}

fn fields(input: &[u8]) -> IResult<&[u8], (u8, Header), ()> {
    (be_u8, be_u24, be_u8, be_u24, be_u32, be_u32, be_u32)
        .map(|(version, length, flags, command, application, hop_by_hop, end_to_end)| {
            let header = Header {
                length,
                flags: CommandFlags(flags),
                command,
                application,
                hop_by_hop: HopByHopId(hop_by_hop),
                end_to_end: EndToEndId(end_to_end),
            };
            (version, header)
        })
        .parse(input)
}

/// The next `N` octets.
#[inline(always)]
pub(super) fn chunk<const N: usize>(input: &[u8]) -> IResult<&[u8], [u8; N], ()> {
    map_opt(take(N), |octets: &[u8]| octets.try_into().ok()).parse(input)
}

#[inline(always)]
pub(super) fn be_u8(input: &[u8]) -> IResult<&[u8], u8, ()> {
    map(chunk::<1>, |[octet]| octet).parse(input)
}

#[inline(always)]
pub(super) fn be_u24(input: &[u8]) -> IResult<&[u8], u32, ()> {
    map(chunk::<3>, |[a, b, c]| u32::from_be_bytes([0, a, b, c])).parse(input)
}

#[inline(always)]
pub(super) fn be_u32(input: &[u8]) -> IResult<&[u8], u32, ()> {
    map(chunk::<4>, u32::from_be_bytes).parse(input)
}

#[inline(always)]
pub(super) fn be_u64(input: &[u8]) -> IResult<&[u8], u64, ()> {
    map(chunk::<8>, u64::from_be_bytes).parse(input)
}
