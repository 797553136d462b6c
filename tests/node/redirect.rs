//! DIAMETER_REDIRECT_INDICATION (RFC 6733 §6.12).

use rxgate::peer::{RequestError, Transport};

use crate::world::{SECOND, World, config, is_retransmission};

/// pcrf1 is configured; pcrf8 and pcrf9 may be redirected to.
fn world() -> World {
    let mut config = config(&[("pcrf1", 1, 1)]);
    config.redirect_hosts = vec!["pcrf8".into(), "pcrf9".into()];
    World::with(config, 1, |_| {})
}

#[test]
fn a_redirect_to_a_listed_host_is_followed_over_a_new_connection() {
    let mut world = world();
    let id = world.request();
    let first = world.asked(0);
    world.answer_as(0, &first, 3006, "pcrf1", &["aaa://evil:1", "aaa://pcrf9:3999;transport=tcp"]);
    let second = world.asked(1);
    assert_eq!(world.node.address(rxgate::peer::PeerIndex(1)), Some(&"pcrf9:3999".into()));
    assert_eq!(second.header().end_to_end, first.header().end_to_end);
    assert!(!is_retransmission(&second));
    world.answer(1, &second, 2001);
    assert_eq!(world.outcome(id), (2001, "pcrf9", vec!["pcrf9"]));
    // What is not redirected goes where it went before, but the session's next request finds its host.
    world.request();
    world.asked(0);
    world.request_for(Some("pcrf9"), SECOND);
    world.asked(1);
}

#[test]
fn a_redirect_names_the_transport() {
    for (uri, transport, at) in [
        ("aaas://pcrf9", Transport::Tls, "pcrf9:5658"),
        ("aaa://pcrf9;transport=sctp", Transport::Sctp, "pcrf9:3868"),
    ] {
        let mut world = world();
        let id = world.request();
        let first = world.asked(0);
        world.answer_as(0, &first, 3006, "pcrf1", &[uri]);
        let second = world.asked(1);
        let address = world.node.address(rxgate::peer::PeerIndex(1)).unwrap();
        assert_eq!((address.transport, &*address.at), (transport, at));
        world.answer(1, &second, 2001);
        assert_eq!(world.outcome(id), (2001, "pcrf9", vec!["pcrf9"]));
    }
}

#[test]
fn a_redirect_does_not_lead_out_of_tls_but_to_a_peer_that_is_configured_so() {
    for (uri, is_followed) in [
        ("aaa://pcrf9", false),
        ("aaa://pcrf9;transport=sctp", false),
        ("aaas://pcrf9", true),
        ("aaa://pcrf2", true),
    ] {
        let mut config = config(&[("pcrf1", 1, 1), ("pcrf2", 1, 2)]);
        config.peers[0].address.transport = Transport::Tls;
        config.redirect_hosts = vec!["pcrf2".into(), "pcrf9".into()];
        let mut world = World::with(config, 2, |_| {});
        let id = world.request();
        let first = world.asked(0);
        world.answer_as(0, &first, 3006, "pcrf1", &[uri]);
        if is_followed {
            let at = if uri.ends_with('2') { 1 } else { 2 };
            let second = world.asked(at);
            world.answer(at, &second, 2001);
        }
        assert_eq!(world.outcome(id).0, if is_followed { 2001 } else { 3006 }, "{uri}");
    }
}

#[test]
fn a_redirect_to_another_host_is_the_outcome() {
    let mut world = world();
    let id = world.request();
    let first = world.asked(0);
    world.answer_as(0, &first, 3006, "pcrf1", &["aaa://evil", "aaas://pcrf9;transport=sctp", "nonsense"]);
    assert_eq!(world.outcome(id), (3006, "pcrf1", vec!["pcrf1"]));
    assert_eq!(world.remotes.len(), 1);
}

#[test]
fn one_redirect_is_enough() {
    let mut world = world();
    let id = world.request();
    let first = world.asked(0);
    world.answer_as(0, &first, 3006, "pcrf1", &["aaa://pcrf8"]);
    let second = world.asked(1);
    world.answer_as(1, &second, 3006, "pcrf8", &["aaa://pcrf9"]);
    assert_eq!(world.outcome(id), (3006, "pcrf8", vec!["pcrf8"]));
}

#[test]
fn a_redirect_to_a_host_that_does_not_come_up_is_told() {
    let mut world = world();
    let id = world.request();
    let first = world.asked(0);
    world.node.shut_down(world.now, rxgate::peer::DisconnectCause::Rebooting);
    world.settle();
    assert!(matches!(world.error(id), RequestError::NoAnswer { sent_to, .. } if sent_to == &["pcrf1"]));
    drop(first);

    let mut world = self::world();
    let id = world.request();
    let first = world.asked(0);
    // The name is known from an earlier redirect and cannot be reached any more.
    world.answer_as(0, &first, 3006, "pcrf1", &["aaa://pcrf8"]);
    let second = world.asked(1);
    world.answer(1, &second, 2001);
    world.outcome(id);
    world.kill(1);
    let id = world.request();
    let first = world.asked(0);
    world.answer_as(0, &first, 3006, "pcrf1", &["aaa://pcrf8"]);
    world.advance(10 * SECOND);
    let RequestError::NoPeer { reason } = world.error(id) else { panic!() };
    assert!(reason.starts_with("pcrf8 (pcrf8:3868) is "), "{reason}");
}

#[test]
fn a_redirected_request_waits_for_its_host_and_is_no_retransmission() {
    let mut world = world();
    world.request();
    let first = world.asked(0);
    world.answer_as(0, &first, 3006, "pcrf1", &["aaa://pcrf8"]);
    world.asked(1);
    world.kill(1);
    let id = world.request();
    let first = world.asked(0);
    world.answer_as(0, &first, 3006, "pcrf1", &["aaa://pcrf8"]);
    world.remote(1).reachable = true;
    world.advance(5 * SECOND);
    let sent: Vec<_> = world.remote(1).inbox.iter().map(|(_, message)| message.clone()).collect();
    let second = sent.iter().find(|it| it.header().end_to_end == first.header().end_to_end).unwrap();
    assert!(!is_retransmission(second));
    world.answer(1, second, 2001);
    assert_eq!(world.outcome(id), (2001, "pcrf8", vec!["pcrf8"]));
}
