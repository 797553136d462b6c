//! Thousands of requests while peers break, hang, refuse and come back: one outcome each, and the rules about
//! what is sent again hold for every single message.

use std::collections::{BTreeMap, HashMap, HashSet};

use rxgate::{
    peer::{ConnectionId, LateKind, PeerIndex, RequestError},
    wire::{EndToEndId, HopByHopId, MessageBuf},
};

use crate::world::{SECOND, World, config, is_retransmission};

/// A reproducible source of chance.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Everything that was sent, checked as it is sent.
#[derive(Default)]
struct Ledger {
    /// By End-to-End Identifier: where it was sent, and what answered there.
    sent: HashMap<EndToEndId, Vec<(PeerIndex, ConnectionId, Option<u32>)>>,
    content: HashMap<EndToEndId, Vec<u8>>,
    hop_by_hop: HashSet<(ConnectionId, HopByHopId)>,
}

impl Ledger {
    fn sent(&mut self, peer: PeerIndex, connection: ConnectionId, message: &MessageBuf) {
        let header = message.header();
        assert!(self.hop_by_hop.insert((connection, header.hop_by_hop)), "a Hop-by-Hop Identifier twice");
        let content =
            self.content.entry(header.end_to_end).or_insert_with(|| message.as_bytes()[20..].to_vec());
        assert_eq!(*content, message.as_bytes()[20..], "another content");
        let earlier = self.sent.entry(header.end_to_end).or_default();
        let uncertain = earlier.iter().any(|(_, _, answer)| answer.is_none());
        assert_eq!(is_retransmission(message), uncertain, "T of {header:?} after {earlier:?}");
        assert!(earlier.iter().all(|(_, at, _)| *at != connection), "twice on one connection");
        earlier.push((peer, connection, None));
        assert!(earlier.len() <= 3, "sent {} times", earlier.len());
    }

    fn answered(&mut self, connection: ConnectionId, message: &MessageBuf, code: u32) {
        let sent = self.sent.get_mut(&message.header().end_to_end).unwrap();
        sent.iter_mut().find(|(_, at, _)| *at == connection).unwrap().2 = Some(code);
    }
}

fn run(seed: u64) -> (usize, usize) {
    let mut config = config(&[("pcrf1", 1, 2), ("pcrf2", 1, 1), ("pcrf3", 2, 1)]);
    config.each_peer.watchdog_interval = 3 * SECOND;
    let mut world = World::with(config, seed, |_| {});
    let mut dice = Dice(seed);
    let mut ledger = Ledger::default();
    let mut unanswered: Vec<(usize, ConnectionId, MessageBuf)> = Vec::new();
    let mut begun = BTreeMap::new();
    for _ in 0..4_000 {
        match dice.roll(40) {
            0..15 => {
                let id = world.request();
                begun.insert(id, world.now);
            }
            15..33 if !unanswered.is_empty() => {
                let chosen = dice.roll(unanswered.len() as u64) as usize;
                let (peer, connection, message) = unanswered.swap_remove(chosen);
                let remote = world.remote(peer);
                if remote.connection == Some(connection) && !remote.mute {
                    let code = [2001, 2001, 2001, 2001, 5063, 3002, 3004, 3003][dice.roll(8) as usize];
                    // Only the last word on a connection is known to the node in time.
                    ledger.answered(connection, &message, code);
                    world.answer(peer, &message, code);
                    if dice.roll(10) == 0 {
                        world.answer(peer, &message, code);
                    }
                }
            }
            33 => world.cut(dice.roll(3) as usize),
            34 => world.kill(dice.roll(3) as usize),
            35 => {
                let peer = dice.roll(3) as usize;
                world.remote(peer).mute = true;
            }
            36 | 37 => world.remotes.values_mut().for_each(|remote| {
                remote.reachable = true;
                remote.mute = false;
            }),
            _ => world.advance(SECOND * dice.roll(3_000) as u32 / 1_000),
        }
        for (peer, connection, message) in world.sent.drain(..) {
            ledger.sent(peer, connection, &message);
        }
        for (PeerIndex(peer), remote) in &mut world.remotes {
            let asked = remote.inbox.drain(..);
            unanswered.extend(asked.map(|(connection, message)| (*peer, connection, message)));
        }
    }
    world.advance(11 * SECOND);
    assert_eq!(world.outcomes.len(), begun.len(), "one outcome each");
    let answered = world.outcomes.values().filter(|outcome| outcome.is_ok()).count();
    for outcome in world.outcomes.values() {
        match outcome {
            Ok(answered) => assert!(answered.sent_to.contains(&answered.peer)),
            Err(RequestError::NoAnswer { sent_to, .. }) => assert!(!sent_to.is_empty()),
            Err(RequestError::NoPeer { .. } | RequestError::Abated { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    // What came late had been sent where it came from.
    for (peer, message, kind) in &world.late {
        let sent = &ledger.sent[&message.header().end_to_end];
        let was_sent = sent.iter().any(|(at, ..)| world.node.host(*at).unwrap().as_ref() == peer);
        assert!(was_sent || *kind == LateKind::Unasked);
    }
    (begun.len(), answered)
}

#[test]
fn every_request_has_one_outcome_whatever_happens() {
    let (mut begun, mut answered) = (0, 0);
    for seed in 0..10 {
        let (more_begun, more_answered) = run(seed);
        begun += more_begun;
        answered += more_answered;
    }
    // The dice are fixed: most of these thousands found a peer that answered.
    assert!(begun > 10_000, "{begun}");
    assert!(answered > begun / 4, "{answered} of {begun}");
}

#[test]
fn no_outcome_comes_after_its_time() {
    let mut world = World::with(config(&[("pcrf1", 1, 1), ("pcrf2", 1, 1)]), 5, |_| {});
    let mut dice = Dice(9);
    let mut deadlines = BTreeMap::new();
    for _ in 0..2_000 {
        let within = SECOND * (1 + dice.roll(12)) as u32;
        deadlines.insert(world.request_for(None, within), world.now + within);
        world.remotes.values_mut().for_each(|remote| remote.inbox.clear());
        match dice.roll(30) {
            0 => world.cut(dice.roll(2) as usize),
            _ => world.advance(SECOND / 10),
        }
        for (id, deadline) in &deadlines {
            assert!(world.outcomes.contains_key(id) || world.now < *deadline, "{id:?}");
        }
    }
}
