//! Which peer gets a request.

use rxgate::peer::RequestError;

use crate::world::{SECOND, Spec, World, aar, config};

/// Who got one request for `host`.
fn goes_to(world: &mut World, host: Option<&str>) -> Option<String> {
    world.request_for(host, SECOND);
    let peers: Vec<_> = world.remotes.values_mut().filter(|remote| !remote.inbox.is_empty()).collect();
    let host = peers.first().map(|remote| remote.host.clone());
    peers.into_iter().for_each(|remote| remote.inbox.clear());
    host
}

/// Peers, those of them that are down, Destination-Host, who gets it.
type Row<'a> = (&'a [Spec<'a>], &'a [&'a str], Option<&'a str>, Option<&'a str>);

#[test]
fn destinations() {
    let both: &[Spec<'_>] = &[("pcrf1", 1, 1), ("pcrf2", 2, 1)];
    let agents: &[Spec<'_>] = &[("pcrf1", 1, 1), ("dra1", 3, 1), ("dra2", 2, 1)];
    let table: &[Row<'_>] = &[
        (both, &[], None, Some("pcrf1")),
        (both, &["pcrf1"], None, Some("pcrf2")),
        (both, &["pcrf1", "pcrf2"], None, None),
        (both, &[], Some("pcrf2"), Some("pcrf2")),
        (both, &[], Some("PCRF2"), Some("pcrf2")),
        // Only the host itself, or an agent that may know it.
        (both, &["pcrf2"], Some("pcrf2"), None),
        (both, &[], Some("pcrf9"), None),
        (agents, &[], Some("pcrf1"), Some("pcrf1")),
        (agents, &["pcrf1"], Some("pcrf1"), Some("dra2")),
        (agents, &[], Some("pcrf9"), Some("dra2")),
        (agents, &["dra2"], Some("pcrf9"), Some("dra1")),
        (agents, &["pcrf1"], None, Some("dra2")),
        (agents, &[], Some("dra1"), Some("dra1")),
        (&[], &[], None, None),
    ];
    for (peers, down, host, expected) in table {
        let mut world = World::with(config(peers), 3, |remote| {
            remote.reachable = !down.contains(&remote.host.as_str());
        });
        assert_eq!(goes_to(&mut world, *host).as_deref(), *expected, "{peers:?} {down:?} {host:?}");
    }
}

#[test]
fn peers_of_the_realm_come_before_others() {
    let mut world = World::with(config(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]), 1, |remote| {
        remote.realm = if remote.host == "pcrf1" { "other.test" } else { "RX.test" };
    });
    assert_eq!(goes_to(&mut world, None).as_deref(), Some("pcrf2"));
    world.kill(1);
    // Better than nobody: a server whose realm is not what the configuration thinks.
    assert_eq!(goes_to(&mut world, None).as_deref(), Some("pcrf1"));
}

#[test]
fn weights_share_the_requests() {
    let mut world = World::up(&[("pcrf1", 1, 1), ("pcrf2", 1, 3), ("pcrf3", 2, 9)]);
    (0..4000).for_each(|_| _ = world.request());
    let counts: Vec<_> = (0..3).map(|peer| world.remote(peer).inbox.len()).collect();
    assert!((850..1150).contains(&counts[0]), "{counts:?}");
    assert_eq!(counts[0] + counts[1], 4000);
}

#[test]
fn a_peer_without_the_application_gets_nothing() {
    // Its CEA offers another application beside a common one: NASREQ has no requests for it here.
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    let mut outgoing = rxgate::peer::OutgoingRequest {
        message: aar(None),
        destination_host: None,
        within: SECOND,
        sheddable: false,
    };
    let mut octets = outgoing.message.as_bytes().to_vec();
    octets[8..12].copy_from_slice(&1u32.to_be_bytes());
    outgoing.message = rxgate::wire::MessageBuf::from_bytes(octets.into()).unwrap();
    let id = world.node.request(world.now, outgoing);
    world.settle();
    let text = world.error(id).to_string();
    assert_eq!(text, "no peer is open: pcrf1 (pcrf1:3868) is open, but does not offer the application");
}

#[test]
fn the_error_names_each_peer_its_state_and_why() {
    let mut world = World::with(config(&[("pcrf1", 1, 1), ("pcrf2", 2, 1)]), 1, |remote| {
        remote.reachable = remote.host == "pcrf2";
    });
    world.advance(3 * SECOND);
    let id = world.request_for(Some("pcrf1"), SECOND);
    let RequestError::NoPeer { reason } = world.error(id) else { panic!() };
    assert!(reason.starts_with("pcrf1 (pcrf1:3868) is Closed for "), "{reason}");
    assert!(reason.contains("connection refused"), "{reason}");
    assert!(reason.contains("; pcrf2 (pcrf2:3868) is open, but neither pcrf1 nor an agent"), "{reason}");
    assert!(world.error(id).sent_to().is_empty());
}

#[test]
fn end_to_end_identifiers_begin_with_the_start_time_and_do_not_repeat() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    (0..2000).for_each(|_| _ = world.request());
    let mut ids: Vec<_> =
        world.remote(0).inbox.iter().map(|(_, message)| message.header().end_to_end.0).collect();
    // The low 12 bits of 0x12345678.
    assert!(ids.iter().all(|id| matches!(id >> 20, 0x678 | 0x679)), "{:x}", ids[0]);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2000);
}

#[test]
fn answers_are_not_requests() {
    let mut world = World::up(&[("pcrf1", 1, 1)]);
    let message = rxgate::wire::MessageBuf::build(
        265,
        rxgate::wire::CommandFlags::NONE,
        rxgate::dict::RX_APPLICATION_ID,
        Default::default(),
        |_| {},
    );
    let outgoing = rxgate::peer::OutgoingRequest {
        message: message.unwrap(),
        destination_host: None,
        within: SECOND,
        sheddable: false,
    };
    let id = world.node.request(world.now, outgoing);
    world.settle();
    assert_eq!(*world.error(id), RequestError::NotARequest);
}
