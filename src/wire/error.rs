//! What can be wrong with octets: where, and which Result-Code it means (RFC 6733 §7.1).

use thiserror::Error;

use super::{
    AvpFlags, VendorId,
    avp::{avp_header, padded},
};

/// Why a value does not have its AVP's format (RFC 6733 §4.2-4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FormatError {
    /// The format has one size, the data another.
    #[error("{format} has {expected} octets, found {found}")]
    Length {
        /// Name of the format.
        format: &'static str,
        /// Octets that the format has.
        expected: usize,
        /// Octets found.
        found: usize,
    },
    /// Text that is not UTF-8.
    #[error("{format} is not valid UTF-8 from octet {at} on")]
    Text {
        /// Name of the format.
        format: &'static str,
        /// Offset into the data of the first octet that does not fit.
        at: usize,
    },
    /// An Address without its family, or with data of another size than its family has.
    #[error("Address of family {family} has {found} octets of address")]
    Address {
        /// Address family number; 0 if it is missing.
        family: u16,
        /// Octets after the family.
        found: usize,
    },
}

/// Why octets are not a Diameter message, or do not hold what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// Fewer octets than a header has.
    #[error("{found} octets are no Diameter message: the header alone has 20")]
    NoHeader {
        /// Octets found.
        found: usize,
    },
    /// Not Diameter version 1.
    #[error("octet 0: version {found}, only version 1 is Diameter")]
    Version {
        /// Version found.
        found: u8,
    },
    /// A length that is below 20, not a multiple of 4, above the limit, or not that of the octets.
    #[error(
        "octets 1-3: message length {found}, accepted are multiples of 4 from 20 up to what was received"
    )]
    MessageLength {
        /// Length found.
        found: u32,
    },
    /// An AVP whose length is below that of its header, or that does not fit into what encloses it.
    #[error("octet {offset}: AVP {} of vendor {} has length {found}, {room} octets are there", *.key as u32, .key >> 32)]
    AvpLength {
        /// Where the AVP begins.
        offset: u32,
        /// Vendor and code; 0 if not even the header fits.
        key: u64,
        /// AVP Length found.
        found: u32,
        /// Octets between the start of the AVP and the end of its group or message.
        room: u32,
    },
    /// Grouped AVPs nested deeper than the bound.
    #[error("octet {offset}: AVPs nested deeper than {} levels", super::MAX_DEPTH)]
    TooDeep {
        /// Where the first AVP below the bound begins.
        offset: u32,
    },
    /// More AVPs than the index has room for.
    #[error("more than {limit} AVPs in one message")]
    TooManyAvps {
        /// AVPs that the index can hold.
        limit: usize,
    },
    /// A value that does not have its AVP's format.
    #[error("octet {offset}: AVP {} of vendor {}: {error}", *.key as u32, .key >> 32)]
    Value {
        /// Where the AVP begins.
        offset: u32,
        /// Vendor and code.
        key: u64,
        /// What is wrong with the value.
        error: FormatError,
    },
    /// The buffer given to an encoder is too small.
    #[error("the message needs {needed} octets, the buffer has {room}")]
    NoRoom {
        /// Octets that the message needs.
        needed: usize,
        /// Octets that the buffer has.
        room: usize,
    },
}

impl WireError {
    /// The Result-Code that tells the sender (RFC 6733 §7.1.5).
    pub const fn result_code(&self) -> u32 {
        match self {
            Self::Version { .. } => 5011,
            Self::NoHeader { .. } | Self::MessageLength { .. } => 5015,
            Self::AvpLength { .. } | Self::Value { error: FormatError::Length { .. }, .. } => 5014,
            Self::Value { error: FormatError::Address { .. }, .. } => 5014,
            Self::Value { .. } => 5004,
            Self::TooDeep { .. } | Self::TooManyAvps { .. } | Self::NoRoom { .. } => 5012,
        }
    }

    /// What a Failed-AVP quotes for this error: the offending AVP, padded (RFC 6733 §7.5).
    ///
    /// An AVP whose length is wrong is quoted by its header with the least data, which is none.
    pub fn failed_avp(&self, message: &[u8]) -> Option<Vec<u8>> {
        let (offset, quote_data) = match self {
            Self::AvpLength { offset, .. } => (*offset, false),
            Self::Value { offset, .. } => (*offset, true),
            _ => return None,
        };
        let rest = message.get(offset as usize..)?;
        let (_, header) = avp_header(rest).ok()?;
        if quote_data {
            return rest.get(..padded(header.length() as usize)).map(<[u8]>::to_vec);
        }
        let mut quoted = rest.get(..header.header as usize)?.to_vec();
        quoted.splice(5..8, header.header.to_be_bytes().into_iter().skip(1));
        Some(quoted)
    }

    /// Vendor, code and flags of the AVP that the error is about.
    pub fn avp(&self) -> Option<(VendorId, u32, AvpFlags)> {
        match self {
            Self::AvpLength { key, .. } | Self::Value { key, .. } => {
                Some((VendorId((key >> 32) as u32), *key as u32, AvpFlags::NONE))
            }
            _ => None,
        }
    }
}
