//! Two Diameter peers in one process: no socket, no task, and a clock that only the program moves.
//!
//! ```text
//! cargo run --example two_peers_in_memory
//! ```
//!
//! Prints every message with its virtual time: CER and CEA, a minute of watchdogs, DPR and DPA.

use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use rxgate::{
    dict::commands::abbreviation,
    peer::{Command, ConnectionId, DisconnectCause, LocalNode, Peer, PeerConfig, State, accept_identity},
    wire::{MessageBuf, WireError},
};

const NAMES: [&str; 2] = ["af.example.org", "pcrf.example.org"];
const ADDRESS: [IpAddr; 1] = [IpAddr::V4(Ipv4Addr::LOCALHOST)];
const LINK: ConnectionId = ConnectionId(1);
const DELAY: Duration = Duration::from_millis(20);

fn main() -> Result<(), WireError> {
    let start = Instant::now();
    let config = |own: usize| PeerConfig {
        connect: own == 0,
        ..PeerConfig::new(LocalNode::rx(NAMES[own], "example.org"), NAMES[1 - own])
    };
    let mut peers = [Peer::new(config(0), 1, start), Peer::new(config(1), 2, start)];
    // What is under way on the link: when it arrives, at whom, and the message or the end of the connection.
    let mut link = VecDeque::new();
    let mut goodbye = Some(start + Duration::from_secs(60));
    let mut now = start;

    while goodbye.is_some() || peers.iter().any(|peer| peer.state() != State::Closed) {
        for (own, peer) in peers.iter_mut().enumerate() {
            while let Some(command) = peer.poll_command() {
                match command {
                    Command::Connect => peer.handle_connected(now, LINK, &ADDRESS),
                    Command::Send { octets, .. } => link.push_back((now + DELAY, 1 - own, Some(octets))),
                    Command::Close { .. } => link.push_back((now + DELAY, 1 - own, None)),
                }
            }
            while let Some(event) = peer.poll_event() {
                println!("{:7.3} s  {} says {event:?}", (now - start).as_secs_f64(), NAMES[own]);
            }
        }
        // The next thing to happen: an arrival, a timer of one of the two, or the goodbye.
        let arrival = link.front().map(|(at, ..)| *at);
        now = peers.iter().filter_map(Peer::poll_timeout).chain(arrival).chain(goodbye).min().unwrap_or(now);
        peers.iter_mut().for_each(|peer| peer.handle_timeout(now));
        if goodbye.take_if(|at| *at <= now).is_some() {
            peers[0].shut_down(now, DisconnectCause::DoNotWantToTalkToYou);
        }
        let Some((_, to, octets)) = link.pop_front_if(|(at, ..)| *at <= now) else { continue };
        let peer = &mut peers[to];
        let Some(octets) = octets else {
            peer.handle_disconnected(now, LINK, "closed by the other side".into());
            continue;
        };
        let message = MessageBuf::from_bytes(octets)?;
        let header = message.header();
        let name = abbreviation(header.command, header.is_request()).unwrap_or("?");
        println!("{:7.3} s  {} gets {name}", (now - start).as_secs_f64(), NAMES[to]);
        // Whoever is dialled learns from the first message who it is: a listener's job.
        match accept_identity(&config(to).local, &ADDRESS, &message, |host| host == NAMES[1 - to]) {
            Ok(_) => peer.handle_accepted(now, LINK, &ADDRESS, message),
            Err(_) => peer.handle_message(now, LINK, message),
        }
    }
    Ok(())
}
