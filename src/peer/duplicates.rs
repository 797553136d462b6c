//! Requests that come in more than once: handed up once, answered every time (RFC 6733 §5.5.4, §6.2).
//!
//! A failover on the way to us repeats a request with its End-to-End Identifier. Answers are kept for that,
//! for [`KEEP`] unless the bounds on memory are reached first.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    time::{Duration, Instant},
};

use super::{ConnectionId, PeerIndex, Ticket};
use crate::{
    dict::avp,
    wire::{CommandFlags, HEADER_LENGTH, MessageBuf, VendorId, walk},
};

/// How long an answer is kept; identifiers are unique for four minutes (RFC 6733 §3).
const KEEP: Duration = Duration::from_secs(300);

/// Most answers kept; beyond that the oldest go early.
const MAX_ANSWERS: usize = 50_000;

/// Most octets of answers kept; beyond that the oldest go early.
const MAX_OCTETS: usize = 32 << 20;

/// Most requests being handled at a time; beyond that they are refused as DIAMETER_TOO_BUSY.
const MAX_IN_PROGRESS: usize = 10_000;

/// Most copies of one request that wait for the answer to its first.
const MAX_COPIES: usize = 8;

/// What makes two requests the same one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// In lower case.
    origin_host: String,
    end_to_end: u32,
    command: u32,
}

#[derive(Debug)]
enum Stage {
    InProgress,
    Answered(MessageBuf),
}

#[derive(Debug)]
struct Known {
    ticket: Ticket,
    /// Hash of the AVPs.
    content: u64,
    stage: Stage,
}

/// A request, and where its answer goes.
#[derive(Debug)]
struct Asked {
    peer: PeerIndex,
    connection: ConnectionId,
    request: MessageBuf,
}

#[derive(Debug)]
struct InProgress {
    key: Key,
    /// The first one and its copies.
    asked: Vec<Asked>,
}

/// An answer on its way.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub peer: PeerIndex,
    pub connection: ConnectionId,
    pub answer: MessageBuf,
}

/// What to do with a request that came in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Hand it up.
    New(Ticket),
    /// It was answered before: say the same again.
    Repeat(Reply),
    /// Its first is still being handled: the answer to that one goes here too.
    Wait,
    /// More requests are being handled than can be.
    TooMany,
}

/// The requests of the last minutes.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    known: HashMap<Key, Known>,
    in_progress: HashMap<Ticket, InProgress>,
    /// Answered requests, oldest first.
    order: VecDeque<(Instant, Key, Ticket)>,
    octets: usize,
    next: u64,
}

impl Duplicates {
    /// A request of `origin_host` came in.
    ///
    /// One with a known identifier is the same request if its T bit says so or if it has the same AVPs.
    /// Otherwise its sender lost count, by a restart perhaps, and an old answer would be the wrong one.
    pub fn check(
        &mut self,
        now: Instant,
        origin_host: &str,
        (peer, connection): (PeerIndex, ConnectionId),
        request: &MessageBuf,
    ) -> Verdict {
        self.forget_old(now);
        let header = request.header();
        let key = Key {
            origin_host: origin_host.to_ascii_lowercase(),
            end_to_end: header.end_to_end.0,
            command: header.command,
        };
        let content = hash(request);
        let asked = Asked { peer, connection, request: request.clone() };
        if let Some(known) = self.known.get(&key)
            && (header.flags.contains(CommandFlags::RETRANSMIT) || known.content == content)
        {
            if let Stage::Answered(answer) = &known.stage {
                let answer = fit_copy(answer, request);
                return answer
                    .map_or(Verdict::Wait, |answer| Verdict::Repeat(Reply { peer, connection, answer }));
            }
            if let Some(first) = self.in_progress.get_mut(&known.ticket)
                && first.asked.len() <= MAX_COPIES
            {
                first.asked.push(asked);
            }
            return Verdict::Wait;
        }
        if self.in_progress.len() >= MAX_IN_PROGRESS {
            return Verdict::TooMany;
        }
        self.next += 1;
        let ticket = Ticket(self.next);
        self.in_progress.insert(ticket, InProgress { key: key.clone(), asked: vec![asked] });
        let known = Known { ticket, content, stage: Stage::InProgress };
        if let Some(Known { stage: Stage::Answered(answer), .. }) = self.known.insert(key, known) {
            self.octets -= answer.as_bytes().len();
        }
        Verdict::New(ticket)
    }

    /// The answer to a request that was handed up; `None`: there will be none, and a copy of the request
    /// that comes later is handed up like a new one.
    pub fn answer(&mut self, now: Instant, ticket: Ticket, answer: Option<MessageBuf>) -> Vec<Reply> {
        let Some(InProgress { key, asked }) = self.in_progress.remove(&ticket) else { return Vec::new() };
        let mut asked = asked.into_iter();
        let known = self.known.get_mut(&key).filter(|known| known.ticket == ticket);
        let (Some(answer), Some(first)) = (answer, asked.next()) else {
            if known.is_some() {
                self.known.remove(&key);
            }
            return Vec::new();
        };
        let header = first.request.header();
        let answer = answer.with_hop_by_hop(header.hop_by_hop, false).with_end_to_end(header.end_to_end);
        let mut replies =
            vec![Reply { peer: first.peer, connection: first.connection, answer: answer.clone() }];
        replies.extend(asked.filter_map(|Asked { peer, connection, request }| {
            Some(Reply { peer, connection, answer: fit_copy(&answer, &request)? })
        }));
        if let Some(known) = known {
            self.octets += answer.as_bytes().len();
            known.stage = Stage::Answered(answer);
            self.order.push_back((now, key, ticket));
        }
        replies
    }

    /// Whether no request waits for its answer.
    pub fn is_idle(&self) -> bool {
        self.in_progress.is_empty()
    }

    /// The request that a ticket stands for.
    pub fn request(&self, ticket: Ticket) -> Option<&MessageBuf> {
        self.in_progress.get(&ticket)?.asked.first().map(|asked| &asked.request)
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some((since, ..)) = self.order.front()
            && (*since + KEEP <= now || self.order.len() > MAX_ANSWERS || self.octets > MAX_OCTETS)
            && let Some((_, key, ticket)) = self.order.pop_front()
        {
            // Under this key there may be a later request by now.
            if let Some(Known { stage: Stage::Answered(answer), .. }) =
                self.known.get(&key).filter(|known| known.ticket == ticket)
            {
                self.octets -= answer.as_bytes().len();
                self.known.remove(&key);
            }
        }
    }
}

fn hash(request: &MessageBuf) -> u64 {
    let mut hasher = DefaultHasher::new();
    request.as_bytes().get(HEADER_LENGTH..).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

/// The answer to a copy of the request: Hop-by-Hop Identifier and Proxy-Info are those of the copy, which may
/// have come another way (RFC 6733 §6.2).
fn fit_copy(answer: &MessageBuf, request: &MessageBuf) -> Option<MessageBuf> {
    let (header, ids) = (answer.header(), request.header());
    let avps = |message: &'_ MessageBuf| message.as_bytes().slice(HEADER_LENGTH..);
    let (own, theirs) = (avps(answer), avps(request));
    MessageBuf::build(
        header.command,
        header.flags,
        header.application,
        (ids.hop_by_hop, ids.end_to_end),
        |w| {
            let own = walk(&own).filter(|avp| avp.key != avp::PROXY_INFO.key());
            let theirs = walk(&theirs).filter(|avp| avp.key == avp::PROXY_INFO.key());
            for avp in own.chain(theirs) {
                w.put_raw(avp.key as u32, VendorId((avp.key >> 32) as u32), avp.flags, avp.data);
            }
        },
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{EndToEndId, HopByHopId, OctetString};

    fn message(flags: CommandFlags, number: u32, octets: usize) -> MessageBuf {
        const FILLING: crate::wire::AvpDef<OctetString> =
            crate::wire::AvpDef::new("Filling", 25, VendorId::NONE, true);
        let ids = (HopByHopId(number), EndToEndId(number));
        MessageBuf::build(258, flags, 1, ids, |w| w.put(&FILLING, &vec![0; octets]))
            .expect("the message fits")
    }

    /// Requests that were answered with so many octets each; how many of them are still known.
    fn known_after(requests: u32, octets: usize) -> (usize, Duplicates) {
        let mut duplicates = Duplicates::default();
        let now = Instant::now();
        for number in 0..requests {
            let request = message(CommandFlags::REQUEST, number, 0);
            let from = (PeerIndex(0), ConnectionId(1));
            let Verdict::New(ticket) = duplicates.check(now, "pcrf", from, &request) else {
                panic!("{number} is new")
            };
            duplicates.answer(now, ticket, Some(message(CommandFlags::NONE, number, octets)));
        }
        duplicates.forget_old(now);
        (duplicates.known.len(), duplicates)
    }

    #[test]
    fn answers_are_bounded_in_number() {
        let (known, duplicates) = known_after(MAX_ANSWERS as u32 + 10, 0);
        assert_eq!((known, duplicates.order.len()), (MAX_ANSWERS, MAX_ANSWERS));
        assert!(duplicates.in_progress.is_empty());
    }

    #[test]
    fn answers_are_bounded_in_octets() {
        let (known, mut duplicates) = known_after(100, 1 << 20);
        assert_eq!(known, 31);
        assert!(duplicates.octets <= MAX_OCTETS);
        let later = Instant::now() + KEEP;
        duplicates.forget_old(later);
        assert_eq!((duplicates.octets, duplicates.known.len()), (0, 0));
    }
}
