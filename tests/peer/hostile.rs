//! Seeded nonsense into every state: whatever comes, the machine neither panics nor spins nor piles up.

use std::{collections::HashSet, time::Duration};

use rxgate::{
    peer::{Command, ConnectionId, DisconnectCause, Event, Peer, RequestId, State, accept_identity},
    wire::{AvpFlags, CommandFlags, Header, MessageBuf, VendorId, WireError, Writer},
};

use crate::{
    solo::{
        ACCT_APPLICATION_ID, AUTH_APPLICATION_ID, DISCONNECT_CAUSE, FAILED_AVP, HOST_IP_ADDRESS, ORIGIN_HOST,
        ORIGIN_REALM, ORIGIN_STATE_ID, PEER, PRODUCT_NAME, PROXY_INFO, RESULT_CODE, RX, SESSION_ID, Solo,
        VENDOR_ID, VENDOR_SPECIFIC, message,
    },
    world::LOCAL,
};

struct Chance(u64);

impl Chance {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

fn write_avp(w: &mut Writer<'_>, which: u64, value: u32) {
    match which {
        0 => w.put(&ORIGIN_HOST, if value.is_multiple_of(4) { "x.test" } else { PEER }),
        1 => w.put(&ORIGIN_REALM, "rx.test"),
        2 => w.put(&HOST_IP_ADDRESS, LOCAL[0]),
        3 => w.put(&VENDOR_ID, value),
        4 => w.put(&PRODUCT_NAME, "test"),
        5 => w.put(&AUTH_APPLICATION_ID, RX),
        6 => w.put(&ACCT_APPLICATION_ID, value),
        7 => w.group(&VENDOR_SPECIFIC, |w| write_avp(w, u64::from(value % 17), value / 17)),
        8 => w.put(&ORIGIN_STATE_ID, value),
        9 => w.put(&RESULT_CODE, [2001, 2001, 3010, 4003, 5010, value][value as usize % 6]),
        10 => w.put(&DISCONNECT_CAUSE, value % 5),
        11 => w.put(&SESSION_ID, "af;1;1"),
        12 => w.group(&PROXY_INFO, |w| w.put(&ORIGIN_HOST, "proxy.test")),
        13 => w.group(&FAILED_AVP, |w| w.put(&RESULT_CODE, value)),
        14 => w.put_raw(value, VendorId(value), AvpFlags::MANDATORY, &[0; 5]),
        _ => {
            w.put_raw(value % 300, VendorId::NONE, AvpFlags::NONE, &value.to_be_bytes()[..value as usize % 5])
        }
    }
}

/// A message that has something of a real one; `asked` are headers that an answer may fit.
fn nonsense(chance: &mut Chance, asked: &[Header]) -> Vec<u8> {
    let command = chance.one(&[257, 257, 280, 282, 258, 265, 274, 0, 0xff_ffff]);
    let flags = CommandFlags(chance.one(&[0x80, 0x80, 0xc0, 0, 0, 0x40, 0x20, 0xa0, 0x90, 0xff]));
    let application = chance.one(&[0, 0, RX, RX, 4, 0xffff_ffff]);
    let (mut command, mut ids) = (command, (chance.below(20) as u32, chance.below(20) as u32));
    if !flags.contains(CommandFlags::REQUEST) && !asked.is_empty() && chance.below(4) > 0 {
        let header = asked[chance.below(asked.len() as u64) as usize];
        (command, ids) = (header.command, (header.hop_by_hop.0, header.end_to_end.0));
    }
    let mut avps: Vec<(u64, u32)> = Vec::new();
    if chance.below(2) == 0 {
        avps.extend([(9, 0), (0, 1), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0)]);
        if flags.contains(CommandFlags::REQUEST) {
            avps.remove(0);
        }
    }
    for _ in 0..chance.below(5) {
        avps.push((chance.below(17), chance.below(1 << 32) as u32));
    }
    let whole = message(command, flags, application, ids, |w| {
        avps.iter().for_each(|(which, value)| write_avp(w, *which, *value));
    });
    let mut octets = whole.as_bytes().to_vec();
    if chance.below(3) == 0 {
        for _ in 0..=chance.below(4) {
            let at = chance.below(octets.len() as u64) as usize;
            octets[at] ^= 1 << chance.below(8);
        }
    }
    octets
}

struct Watch {
    /// Our end of these is open.
    open: HashSet<ConnectionId>,
    dialling: bool,
    up: bool,
    asked: Vec<Header>,
    next: u64,
    seen: HashSet<State>,
    answered: usize,
}

impl Watch {
    /// Takes what comes out and checks that it makes sense.
    fn drain(&mut self, peer: &mut Peer) -> usize {
        let mut count = 0;
        while let Some(command) = peer.poll_command() {
            count += 1;
            match command {
                Command::Connect => self.dialling = true,
                Command::Close { connection } => {
                    self.open.remove(&connection);
                }
                Command::Send { connection, octets } => {
                    assert!(self.open.contains(&connection), "sends on {connection:?}, which is closed");
                    let sent = MessageBuf::from_bytes(octets).unwrap();
                    if sent.header().is_request() {
                        self.asked.push(sent.header());
                        self.asked.drain(..self.asked.len().saturating_sub(8));
                    }
                }
            }
        }
        while let Some(event) = peer.poll_event() {
            count += 1;
            match event {
                Event::Up { .. } => assert!(!std::mem::replace(&mut self.up, true)),
                Event::Down { reason, .. } => {
                    assert!(!reason.is_empty());
                    assert!(std::mem::replace(&mut self.up, false));
                }
                Event::Okay | Event::Suspect | Event::StateLost { .. } => assert!(self.up),
                Event::Answer { .. } => self.answered += 1,
                Event::LateAnswer { .. } | Event::Request { .. } => {}
            }
        }
        assert_eq!(self.up, peer.state().is_open());
        self.seen.insert(peer.state());
        count
    }
}

#[test]
fn seeded_nonsense_in_every_state_does_no_harm() {
    let mut seen = HashSet::new();
    let mut answered = 0;
    for seed in 0..400u64 {
        let chance = &mut Chance(seed * 0x9e37_79b9 + 1);
        let mut solo = Solo::named(chance.one(&["af.rx.test", "zz.rx.test"]), chance.below(4) > 0);
        let mut watch = Watch {
            open: HashSet::new(),
            dialling: false,
            up: false,
            asked: Vec::new(),
            next: 10,
            seen: HashSet::new(),
            answered: 0,
        };
        for _ in 0..500 {
            watch.drain(&mut solo.peer);
            disturb(chance, &mut solo, &mut watch);
            let output = watch.drain(&mut solo.peer);
            assert!(output <= 8, "seed {seed}: {output} outputs for one input");
            assert!(solo.peer.outstanding().len() <= 64);
            // A timer that is due has done its work: the driver would spin otherwise.
            solo.peer.handle_timeout(solo.now);
            watch.drain(&mut solo.peer);
            assert!(solo.peer.poll_timeout().is_none_or(|next| next > solo.now), "seed {seed}");
            let idle = solo.peer.state() == State::Closed && solo.peer.poll_timeout().is_none();
            assert!(!idle || !solo.peer.status().reason.is_empty());
        }
        seen.extend(watch.seen);
        answered += watch.answered;
    }
    assert_eq!(seen.len(), 8, "every state was visited: {seen:?}");
    assert!(answered > 100, "and requests found their answers: {answered}");
}

/// One thing happens.
fn disturb(chance: &mut Chance, solo: &mut Solo, watch: &mut Watch) {
    let now = solo.now;
    let mut open: Vec<ConnectionId> = watch.open.iter().copied().collect();
    open.sort_unstable();
    let some = if open.is_empty() { ConnectionId(1) } else { open[chance.below(open.len() as u64) as usize] };
    watch.next += 1;
    let fresh = ConnectionId(watch.next);
    match chance.below(23) {
        0..=7 => match MessageBuf::from_bytes(nonsense(chance, &watch.asked).into()) {
            Ok(message) => solo.peer.handle_message(now, some, message),
            Err(error) => {
                let header = (chance.below(2) == 0).then(|| crate::solo::rx_request(1, 1).header());
                solo.peer.handle_bad_octets(now, some, &error, header);
            }
        },
        8..=10 => {
            let first = if chance.below(2) == 0 {
                crate::solo::cer()
            } else {
                match MessageBuf::from_bytes(nonsense(chance, &watch.asked).into()) {
                    Ok(first) => first,
                    Err(_) => return,
                }
            };
            let known = |name: &str| name.eq_ignore_ascii_case(PEER);
            let local = crate::world::config("af.rx.test", PEER, true).local;
            if accept_identity(&local, &LOCAL, &first, known).is_ok() || chance.below(8) == 0 {
                watch.open.insert(fresh);
                solo.peer.handle_accepted(now, fresh, &LOCAL, first);
            }
        }
        11 | 12 if watch.dialling => {
            watch.dialling = false;
            if chance.below(4) == 0 {
                solo.peer.handle_connect_failed(now, "refused".into());
            } else {
                watch.open.insert(fresh);
                solo.peer.handle_connected(now, fresh, &LOCAL);
            }
        }
        13 => {
            watch.open.remove(&some);
            solo.peer.handle_disconnected(now, some, "reset".into());
        }
        14 | 20..=22 => {
            let id = RequestId(chance.below(64));
            let request = message(265, CommandFlags::REQUEST, RX, (0, id.0 as u32), |_| {});
            let possible = solo.peer.is_usable() && !solo.peer.outstanding().contains(&id);
            assert_eq!(solo.peer.request(now, id, request).is_ok(), possible);
        }
        15 => solo.peer.forget(RequestId(chance.below(64))),
        16 => match chance.below(8) {
            0 => solo.peer.shut_down(now, DisconnectCause::DoNotWantToTalkToYou),
            1 => solo.peer.shut_down(now, chance.one(&[DisconnectCause::Busy, DisconnectCause::Rebooting])),
            _ => solo.peer.connect(now),
        },
        17 => {
            let answer = crate::solo::answer(&crate::solo::rx_request(1, 1).header(), 2001, |_| {});
            solo.peer.answer(now, some, answer);
        }
        18 => solo.peer.handle_bad_octets(now, fresh, &WireError::Version { found: 2 }, None),
        _ => {
            solo.now += Duration::from_millis(chance.below(40_000));
            solo.peer.handle_timeout(solo.now);
        }
    }
}
