//! How long is the next message in a byte stream? No I/O here (RFC 6733 §2.1, §3).

use super::{HEADER_LENGTH, WireError, avp::message_length};

/// Longest message taken from a stream unless the caller says otherwise. Octets.
///
/// The 24-bit length allows 16 MiB; Rx messages have a few kilobytes.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// The length of the message that begins at octet 0, or `None` if its first four octets are not there yet.
///
/// An error means that the stream is out of step: nothing after it can be understood.
pub fn frame_length(octets: &[u8], max: usize) -> Result<Option<usize>, WireError> {
    let Some((version, length)) = message_length(octets) else {
        return match octets.first() {
            Some(&version) if version != 1 => Err(WireError::Version { found: version }),
            _ => Ok(None),
        };
    };
    if version != 1 {
        return Err(WireError::Version { found: version });
    }
    let octets = length as usize;
    if octets < HEADER_LENGTH || !octets.is_multiple_of(4) || octets > max {
        return Err(WireError::MessageLength { found: length });
    }
    Ok(Some(octets))
}
