//! Which messages of a connection have to stay in order, for a transport with several streams (RFC 6733 §2.1.1).
//!
//! What belongs to a session stays in order, and a lost packet holds up only sessions that share its stream. Messages
//! of the base protocol stay in order with each other, and so does everything before the other side must know that the
//! connection is open, and everything from a DPR or DPA on.

use crate::{
    dict::{avp, commands},
    wire::{HEADER_LENGTH, Header, walk},
};

/// Application-Id of the base protocol (RFC 6733 §2.4).
const BASE: u32 = 0;

/// What goes out on one connection.
#[derive(Clone, Copy, Debug)]
pub struct Lane {
    /// Messages that must have come in before the other side knows that it is open.
    needed: u32,
    /// Whether a DPR or DPA went out.
    goodbye: bool,
}

impl Lane {
    /// Messages whose coming in makes a difference to any connection: no more need to be counted.
    pub const COUNTED: u32 = 2;

    /// Of a connection that we made: the other side's CEA says that it is open.
    pub fn dialled() -> Self {
        Self { needed: 1, goodbye: false }
    }

    /// Of one that the other side made: after its CER it sends something only when it has our CEA.
    pub fn accepted() -> Self {
        Self { needed: Self::COUNTED, goodbye: false }
    }

    /// With which session a message stays in order; `None`: with everything of that kind. `received`: how many
    /// messages came in so far, or [`COUNTED`](Self::COUNTED) if that is less.
    pub fn of<'m>(&mut self, message: &'m [u8], received: u32) -> Option<&'m [u8]> {
        let header = Header::parse(message).ok()?;
        self.goodbye |= header.command == commands::DISCONNECT_PEER;
        if self.goodbye || header.application == BASE || received < self.needed {
            return None;
        }
        // It is the first AVP of whatever belongs to a session (RFC 6733 §8.8).
        let first = walk(message.get(HEADER_LENGTH..)?).next()?;
        (first.key == avp::SESSION_ID.key()).then_some(first.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(command: u32, application: u32, code: u32, length: u32, data: &[u8]) -> Vec<u8> {
        let total = u32::try_from(HEADER_LENGTH + 8 + data.len()).unwrap();
        let words = [0x0100_0000 | total, 0xc000_0000 | command, application, 1, 1, code, length];
        [words.map(u32::to_be_bytes).concat(), data.to_vec()].concat()
    }

    #[test]
    fn a_session_is_its_first_avp_or_none() {
        let of = |code, length, data: &[u8]| {
            let message = message(265, 16_777_236, code, length, data);
            Lane::dialled().of(&message, 1).map(<[u8]>::to_vec)
        };
        assert_eq!(of(263, 0x4000_000c, b"a;1;"), Some(b"a;1;".to_vec()));
        assert_eq!(of(264, 0x4000_000c, b"a;1;"), None);
        assert_eq!(of(263, 0x4000_00ff, b"a;1;"), None, "cut short");
        assert_eq!(of(263, 0x4000_0007, b"a;1;"), None, "no room for itself");
        assert_eq!(Lane::dialled().of(&[0; HEADER_LENGTH + 3], 1), None);
    }

    #[test]
    fn everything_is_in_order_before_open_and_from_goodbye_on() {
        let aar = message(265, 16_777_236, 263, 0x4000_000c, b"a;1;");
        let dpr = message(282, 0, 264, 0x4000_000c, b"host");
        let dwr = message(280, 0, 263, 0x4000_000c, b"a;1;");
        for (mut lane, needed) in [(Lane::dialled(), 1), (Lane::accepted(), 2)] {
            for received in 0..needed {
                assert_eq!(lane.of(&aar, received), None);
            }
            assert_eq!(lane.of(&aar, needed), Some(&b"a;1;"[..]));
            assert_eq!(lane.of(&dwr, needed), None);
            assert_eq!(lane.of(&dpr, needed), None);
            assert_eq!(lane.of(&aar, needed), None);
        }
    }
}
