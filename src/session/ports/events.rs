//! The way of events to the applications.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::super::{QosEvent, RxSessionId};
use crate::BoxFuture;

/// Names a letter, and with it the event for its receiver: the same however often it is sent. Grows with time, so
/// that letters in the order of their names are in the order in which they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LetterId(pub u128);

impl LetterId {
    /// The time in it, in milliseconds (RFC 9562 §5.7): when it was written, or later if the clock went back.
    pub fn made(self) -> SystemTime {
        let millis = u64::try_from(self.0 >> 80).unwrap_or_default();
        SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        // The usual form of a UUID (RFC 9562 §4).
        let parts = [hex.get(..8), hex.get(8..12), hex.get(12..16), hex.get(16..20), hex.get(20..)];
        f.write_str(&parts.map(Option::unwrap_or_default).join("-"))
    }
}

/// One event for one application: stored with what caused it, and kept until it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its name.
    pub id: LetterId,
    /// Letters of a queue are delivered in the order of their names, one after the other.
    pub queue: Arc<str>,
    /// Where it goes, as its receiver gave it.
    pub endpoint: Arc<str>,
    /// What is sent.
    pub body: Arc<[u8]>,
    /// When the event happened, or the operator had it sent again: its age counts from there.
    pub at: SystemTime,
    /// To which session.
    pub rx_session: RxSessionId,
    /// Which event ([`EventKind::number`](crate::session::EventKind::number), or what a front made of it).
    pub number: u32,
}

/// A letter that could not be delivered, for a person to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The letter.
    pub letter: Letter,
    /// When it was given up.
    pub at: SystemTime,
    /// Why; names no subscriber and no address.
    pub reason: Arc<str>,
}

/// Takes events to the applications.
pub trait EventSink: Send + Sync {
    /// Who is to be told of it, and what. They are stored together with the change that the event belongs to; if
    /// that is not stored after all, nothing more is heard of them.
    fn letters(&self, event: &QosEvent) -> Vec<Letter> {
        let _ = event;
        Vec::new()
    }

    /// It happened, and is stored with these letters. `release` is done once the answer to the network is on its
    /// way, or cannot be: nobody is told before. For what happened here it is done at once.
    ///
    /// Called in the order in which the events of a session happened, and never waits for anybody.
    fn emit(&self, event: Arc<QosEvent>, letters: Vec<Letter>, release: BoxFuture<'static, ()>);
}
