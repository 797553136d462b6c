//! How many AARs of one session are in hand at a time. An AF has at most one under way, and ends a session only
//! after it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::exchange;
use crate::{
    dict::commands,
    wire::{CommandFlags, MessageBuf},
};

/// The AARs in hand by Session-Id, and what was too much.
#[derive(Debug, Default)]
pub(super) struct Overlap(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    in_hand: HashMap<String, usize>,
    most: usize,
    crossed: u64,
}

impl Overlap {
    /// Notes that a request came in; what is returned is kept until it is done with. A request that is sent once
    /// more (T bit) is not another one.
    pub fn begin(&self, request: &MessageBuf) -> Option<InHand<'_>> {
        let header = request.header();
        let session = exchange::session_id(request)?;
        let mut table = self.lock();
        let Table { in_hand, most, crossed } = &mut *table;
        match header.command {
            commands::SESSION_TERMINATION => {
                *crossed += u64::from(in_hand.contains_key(session));
                None
            }
            commands::AA if !header.flags.contains(CommandFlags::RETRANSMIT) => {
                let count = in_hand.entry(session.to_owned()).or_default();
                *count += 1;
                *most = (*most).max(*count);
                Some(InHand { overlap: self, session: session.to_owned() })
            }
            _ => None,
        }
    }

    /// Most AARs that were in hand for one Session-Id, and the STRs that came while one was.
    pub fn read(&self) -> (usize, u64) {
        let table = self.lock();
        (table.most, table.crossed)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An AAR that is in hand until this is dropped.
pub(super) struct InHand<'a> {
    overlap: &'a Overlap,
    session: String,
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        let mut table = self.overlap.lock();
        if let Some(count) = table.in_hand.get_mut(&self.session) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                table.in_hand.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dict::{RX_APPLICATION_ID, avp},
        wire::{EndToEndId, HopByHopId},
    };

    fn request(command: u32, flags: CommandFlags, session: &str) -> MessageBuf {
        let ids = (HopByHopId(1), EndToEndId(1));
        let flags = CommandFlags::REQUEST | flags;
        let write = |w: &mut crate::wire::Writer<'_>| w.put(&avp::SESSION_ID, session);
        MessageBuf::build(command, flags, RX_APPLICATION_ID, ids, write).unwrap()
    }

    #[test]
    fn what_is_in_hand_is_counted_for_each_session() {
        let overlap = Overlap::default();
        let none = CommandFlags::NONE;
        let aar = |session| request(commands::AA, none, session);
        let end = |session| request(commands::SESSION_TERMINATION, none, session);
        for session in ["a", "b", "a"] {
            // One after the other.
            let _in_hand = overlap.begin(&aar(session));
        }
        let first = overlap.begin(&aar("a"));
        let _other = overlap.begin(&aar("b"));
        let _again = overlap.begin(&request(commands::AA, CommandFlags::RETRANSMIT, "a"));
        assert!(overlap.begin(&end("c")).is_none());
        assert_eq!(overlap.read(), (1, 0));
        let second = overlap.begin(&aar("a"));
        assert_eq!(overlap.read(), (2, 0));
        drop(first);
        _ = overlap.begin(&end("a"));
        assert_eq!(overlap.read(), (2, 1));
        drop(second);
        _ = overlap.begin(&end("a"));
        assert_eq!(overlap.read(), (2, 1));
    }
}
