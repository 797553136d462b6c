//! CER and CEA: what is sent, what is accepted, what is refused and how (RFC 6733 §5.3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rxgate::{
    peer::{Event, LocalNode, Peer, PeerConfig, State, accept_identity},
    wire::{AvpFlags, CommandFlags, Index, MessageBuf, VendorId, Writer},
};

use crate::{
    solo::{
        ACCT_APPLICATION_ID, AUTH_APPLICATION_ID, ERROR_MESSAGE, FAILED_AVP, HOST_IP_ADDRESS, I,
        INBAND_SECURITY_ID, ORIGIN_HOST, ORIGIN_REALM, ORIGIN_STATE_ID, PEER, PRODUCT_NAME, RESULT_CODE, RX,
        SUPPORTED_VENDOR_ID, Solo, VENDOR_ID, VENDOR_SPECIFIC, answer, base, cer, cer_with, grouped, message,
        rx_request,
    },
    world::{LOCAL, config},
};

const RELAY: u32 = 0xffff_ffff;

/// The CEA to this CER and the data of what its Failed-AVP holds, if anything.
fn exchange(cer: MessageBuf) -> (u32, Option<Vec<u8>>, Solo) {
    let mut solo = Solo::closed();
    solo.accept(cer);
    let commands = solo.commands();
    let cea = solo.last.clone().unwrap();
    let mut index = Index::new();
    let parsed = cea.parse(&mut index, grouped).unwrap();
    let code = parsed.avps().get(&RESULT_CODE).unwrap().unwrap();
    let opened = solo.peer.state() == State::ROpen;
    assert_eq!(opened, code == 2001, "{commands:?}");
    assert_eq!(commands.len(), if opened { 1 } else { 2 }, "a refusal is followed by the end: {commands:?}");
    let failed = parsed.avps().get(&FAILED_AVP).unwrap();
    if !opened {
        assert!(parsed.avps().get(&ERROR_MESSAGE).unwrap().is_some());
        assert_eq!(cea.header().flags.contains(CommandFlags::ERROR), code / 1000 == 3, "{code}");
    }
    let failed = failed.map(|failed| {
        assert_eq!(failed.len(), 1, "one AVP, the first offending one");
        failed.iter().next().unwrap().padded_octets().to_vec()
    });
    (code, failed, solo)
}

#[test]
fn cer_and_cea_offer_rx_in_both_forms_and_all_that_is_required() {
    for (mut solo, label) in [(Solo::wait_i_cea(), "CER on I"), (Solo::closed(), "CEA 2001 on R")] {
        if label.starts_with("CEA") {
            solo.accept(cer());
            assert_eq!(solo.commands(), [label]);
        }
        let sent = solo.last.unwrap();
        assert_eq!(sent.header().application, 0);
        let flags = if label.starts_with("CER") { CommandFlags::REQUEST } else { CommandFlags::NONE };
        assert_eq!(sent.header().flags, flags, "P is clear");
        let mut index = Index::new();
        let avps = sent.parse(&mut index, grouped).unwrap().avps();
        assert_eq!(avps.get(&ORIGIN_HOST).unwrap(), Some("af.rx.test"));
        assert_eq!(avps.get(&ORIGIN_REALM).unwrap(), Some("rx.test"));
        assert_eq!(avps.get(&HOST_IP_ADDRESS).unwrap(), Some(LOCAL[0]));
        assert_eq!(avps.get(&VENDOR_ID).unwrap(), Some(0));
        assert_eq!(avps.get(&PRODUCT_NAME).unwrap(), Some("rxgate"));
        assert!(!avps.find(PRODUCT_NAME.key()).unwrap().flags().contains(AvpFlags::MANDATORY));
        assert_eq!(avps.get(&ORIGIN_STATE_ID).unwrap(), Some(1000));
        assert_eq!(avps.get(&AUTH_APPLICATION_ID).unwrap(), Some(RX));
        let vendors: Vec<u32> = avps.get_all(&SUPPORTED_VENDOR_ID).map(Result::unwrap).collect();
        assert_eq!(vendors, [10415, 13019]);
        let group = avps.get(&VENDOR_SPECIFIC).unwrap().unwrap();
        assert_eq!(group.get(&VENDOR_ID).unwrap(), Some(10415));
        assert_eq!(group.get(&AUTH_APPLICATION_ID).unwrap(), Some(RX));
    }
}

#[test]
fn every_address_of_the_connection_is_told() {
    let mut solo = Solo::wait_conn_ack();
    let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    solo.peer.handle_connected(solo.now, I, &addresses);
    solo.commands();
    let sent = solo.last.unwrap();
    let mut index = Index::new();
    let avps = sent.parse(&mut index, grouped).unwrap().avps();
    let told: Vec<IpAddr> = avps.get_all(&HOST_IP_ADDRESS).map(Result::unwrap).collect();
    assert_eq!(told, addresses);
}

fn vendor_specific(w: &mut Writer<'_>, id: u32) {
    w.group(&VENDOR_SPECIFIC, |w| {
        w.put(&VENDOR_ID, 10415);
        w.put(&AUTH_APPLICATION_ID, id);
    });
}

#[test]
fn any_common_application_in_either_form_is_enough() {
    type Fill = fn(&mut Writer<'_>);
    let offers: [(Fill, u32); 9] = [
        (|w| w.put(&AUTH_APPLICATION_ID, RX), 2001),
        (|w| vendor_specific(w, RX), 2001),
        (|w| w.put(&AUTH_APPLICATION_ID, RELAY), 2001),
        (|w| w.put(&ACCT_APPLICATION_ID, RELAY), 5010),
        (
            |w| {
                w.put(&AUTH_APPLICATION_ID, 4);
                w.put(&ACCT_APPLICATION_ID, 3);
                vendor_specific(w, 16_777_238);
                vendor_specific(w, RX);
            },
            2001,
        ),
        (|_| {}, 5010),
        (|w| w.put(&AUTH_APPLICATION_ID, 4), 5010),
        (|w| vendor_specific(w, 16_777_238), 5010),
        (|w| w.put(&ACCT_APPLICATION_ID, RX), 5010),
    ];
    for (n, (fill, expected)) in offers.into_iter().enumerate() {
        assert_eq!(exchange(cer_with(fill)).0, expected, "CER {n}");
        let mut solo = Solo::wait_i_cea();
        let cea = answer(&solo.last.as_ref().unwrap().header(), 2001, fill);
        solo.receive(I, cea);
        assert_eq!(solo.peer.state() == State::IOpen, expected == 2001, "CEA {n}");
    }
}

#[test]
fn what_the_peer_offers_is_reported_and_asked_for() {
    let cer = cer_with(|w| {
        w.put(&AUTH_APPLICATION_ID, RX);
        w.put(&AUTH_APPLICATION_ID, 4);
        vendor_specific(w, RX);
        w.put(&ORIGIN_STATE_ID, 0);
    });
    let mut solo = exchange(cer).2;
    let Some(Event::Up { origin_state_id, applications, .. }) = solo.peer.poll_event() else { panic!() };
    assert_eq!(origin_state_id, None, "0 says nothing");
    assert_eq!(applications, [4, RX]);
    assert!(solo.peer.serves(4) && solo.peer.serves(RX) && !solo.peer.serves(3));
    let relay = exchange(cer_with(|w| w.put(&AUTH_APPLICATION_ID, RELAY))).2;
    assert!(relay.peer.serves(RX) && relay.peer.serves(3));
}

/// A CER without one of its AVPs; the code of it is 0 for none.
fn cer_without(code: u32) -> MessageBuf {
    message(257, CommandFlags::REQUEST, 0, (1, 2), |w| {
        if code != 264 {
            w.put(&ORIGIN_HOST, PEER);
        }
        if code != 296 {
            w.put(&ORIGIN_REALM, "rx.test");
        }
        if code != 257 {
            w.put(&HOST_IP_ADDRESS, LOCAL[0]);
        }
        if code != 266 {
            w.put(&VENDOR_ID, 0);
        }
        if code != 269 {
            w.put(&PRODUCT_NAME, "test");
        }
        w.put(&AUTH_APPLICATION_ID, RX);
    })
}

#[test]
fn a_cer_without_a_required_avp_is_told_which_one() {
    assert_eq!(exchange(cer_without(0)).0, 2001);
    for (code, octets) in [(264u32, 8), (296, 8), (257, 16), (266, 12), (269, 8)] {
        let (result, failed, _) = exchange(cer_without(code));
        assert_eq!(result, 5005, "{code}");
        let failed = failed.unwrap();
        assert_eq!(failed[..4], code.to_be_bytes());
        assert_eq!(failed.len(), octets, "least data, zeros, padded: {failed:?}");
        assert!(failed[8..].iter().all(|octet| *octet == 0));
    }
}

#[test]
fn a_cer_with_an_avp_too_often_gets_the_first_surplus_one_back() {
    let many = cer_with(|w| {
        w.put(&AUTH_APPLICATION_ID, RX);
        for n in 1..64 {
            w.put(&ORIGIN_HOST, &format!("number{n:02}.rx.test"));
        }
    });
    let (result, failed, _) = exchange(many);
    assert_eq!(result, 5009);
    assert_eq!(&failed.unwrap()[8..], b"number01.rx.test");
    type Twice = fn(&mut Writer<'_>);
    let twice: [Twice; 4] = [
        |w| w.put(&ORIGIN_REALM, "other.test"),
        |w| w.put(&VENDOR_ID, 7),
        |w| w.put(&PRODUCT_NAME, "other"),
        |w| [1, 2].into_iter().for_each(|id| w.put(&ORIGIN_STATE_ID, id)),
    ];
    for (n, fill) in twice.into_iter().enumerate() {
        assert_eq!(exchange(cer_with(fill)).0, 5009, "{n}");
    }
}

/// An AVP of the IETF with any octets for data.
fn raw(code: u32, data: &'static [u8]) -> impl Fn(&mut Writer<'_>) {
    move |w| w.put_raw(code, VendorId::NONE, AvpFlags::MANDATORY, data)
}

#[test]
fn malformed_values_in_a_cer_are_quoted_back() {
    let cases: [(u32, &[u8], u32); 12] = [
        // Host-IP-Address: nothing, half a family, IPv4 cut and long, IPv6 of 4 octets, E.164.
        (257, &[], 5014),
        (257, &[0], 5014),
        (257, &[0, 1, 127, 0, 0], 5014),
        (257, &[0, 1, 127, 0, 0, 1, 0], 5014),
        (257, &[0, 2, 127, 0, 0, 1], 5014),
        (257, &[0, 8, b'4', b'9', b'1', b'7'], 5004),
        // Unsigned32 of other sizes.
        (258, &[1, 0, 0, 22, 0], 5014),
        (265, &[1], 5014),
        (259, &[], 5014),
        (267, &[0, 1], 5014),
        (278, &[0; 8], 5014),
        (299, &[0; 3], 5014),
    ];
    for (code, data, expected) in cases {
        let (result, failed, _) = exchange(cer_with(|w| raw(code, data)(w)));
        assert_eq!(result, expected, "{code} {data:?}");
        let failed = failed.unwrap();
        assert_eq!(failed[..4], code.to_be_bytes());
        assert_eq!(failed[8..8 + data.len()], *data);
    }
}

#[test]
fn origin_host_and_realm_must_be_names() {
    for bad in ["", "ümlaut.test", &"x".repeat(256)] {
        let host = message(257, CommandFlags::REQUEST, 0, (1, 2), |w| {
            w.put(&ORIGIN_HOST, bad);
            w.put(&ORIGIN_REALM, "rx.test");
        });
        assert_eq!(exchange(host).0, 5004, "{bad}");
    }
    let text = message(257, CommandFlags::REQUEST, 0, (1, 2), |w| raw(264, &[0xff, 0xfe, 0xfd, 0xfc])(w));
    assert_eq!(exchange(text).0, 5004);
}

#[test]
fn a_malformed_vendor_specific_application_id_is_quoted_inside_its_group() {
    type Fill = fn(&mut Writer<'_>);
    let cases: [(Fill, u32, &[u32]); 7] = [
        (|_| {}, 5005, &[266]),
        (|w| w.put(&AUTH_APPLICATION_ID, RX), 5005, &[266]),
        (|w| w.put(&VENDOR_ID, 10415), 5005, &[258, 259]),
        (
            |w| {
                w.put(&VENDOR_ID, 10415);
                w.put(&AUTH_APPLICATION_ID, RX);
                w.put(&ACCT_APPLICATION_ID, RX);
            },
            5009,
            &[258, 259],
        ),
        (
            |w| {
                w.put(&VENDOR_ID, 10415);
                w.put(&AUTH_APPLICATION_ID, RX);
                w.put(&AUTH_APPLICATION_ID, 4);
            },
            5009,
            &[258],
        ),
        (
            |w| {
                w.put(&VENDOR_ID, 10415);
                raw(258, &[1, 2])(w);
            },
            5014,
            &[258],
        ),
        (
            |w| {
                raw(266, &[1, 2])(w);
                w.put(&AUTH_APPLICATION_ID, RX);
            },
            5014,
            &[266],
        ),
    ];
    for (n, (fill, expected, inside)) in cases.into_iter().enumerate() {
        let (result, failed, solo) = exchange(cer_with(|w| w.group(&VENDOR_SPECIFIC, fill)));
        assert_eq!(result, expected, "case {n}");
        assert_eq!(failed.unwrap()[..4], 260u32.to_be_bytes(), "case {n}");
        let cea = solo.last.unwrap();
        let mut index = Index::new();
        let avps = cea.parse(&mut index, grouped).unwrap().avps();
        let group = avps.get(&FAILED_AVP).unwrap().unwrap().get(&VENDOR_SPECIFIC).unwrap().unwrap();
        assert_eq!(group.iter().map(|avp| avp.code()).collect::<Vec<_>>(), inside, "case {n}");
    }
    // A group that holds no AVPs at all.
    assert_eq!(exchange(cer_with(|w| raw(260, &[1, 2, 3])(w))).0, 5014);
}

#[test]
fn strangers_broken_requests_and_other_security_are_refused_by_their_code() {
    let mut stranger = Solo::new(config("af.rx.test", "other.rx.test", false));
    stranger.accept(cer());
    assert_eq!(stranger.commands(), ["CEA 3010 on R", "Close R"]);
    let mut shouting = Solo::new(config("af.rx.test", "PCRF.RX.TEST", false));
    shouting.accept(cer());
    assert_eq!(shouting.commands(), ["CEA 2001 on R"], "names are compared without case");

    let error = message(257, CommandFlags::REQUEST | CommandFlags::ERROR, 0, (1, 2), |_| {});
    assert_eq!(exchange(error).0, 3008);
    let tls_only = |w: &mut Writer<'_>| {
        w.put(&AUTH_APPLICATION_ID, RX);
        w.put(&INBAND_SECURITY_ID, 1);
    };
    assert_eq!(exchange(cer_with(tls_only)).0, 5017);
    let either = |w: &mut Writer<'_>| {
        tls_only(w);
        w.put(&INBAND_SECURITY_ID, 0);
    };
    assert_eq!(exchange(cer_with(either)).0, 2001);
}

#[test]
fn a_cea_that_refuses_ends_the_attempt_and_says_what_to_do() {
    for (code, advice, long) in [
        (3010, "does not know af.rx.test: add it", true),
        (5010, "offers none of our applications", true),
        (5017, "transport = \"tls\"", false),
        (5012, "see its log", false),
        (4003, "keeps that connection", false),
    ] {
        let mut solo = Solo::wait_i_cea();
        let header = solo.last.as_ref().unwrap().header();
        solo.receive(I, answer(&header, code, |w| w.put(&ERROR_MESSAGE, "go\u{1b}away")));
        assert_eq!(solo.commands(), ["Close I"]);
        assert_eq!(solo.peer.state(), State::Closed);
        let reason = solo.peer.status().reason;
        assert!(reason.contains(advice), "{code}: {reason}");
        assert!(reason.contains(&code.to_string()) && reason.contains("go\\u{1b}away"), "{reason}");
        let wait = solo.expire();
        assert_eq!(wait.as_secs() >= 60, long, "{code}: dialled again after {wait:?}");
        assert_eq!(solo.commands(), ["Connect"]);
    }
}

#[test]
fn a_cea_from_another_host_is_not_believed() {
    let mut solo = Solo::new(config("af.rx.test", "pcrf7.rx.test", true));
    solo.connected();
    solo.answer_last(I, 2001);
    assert_eq!(solo.commands(), ["Close I"]);
    let reason = solo.peer.status().reason;
    assert!(reason.contains("expected pcrf7.rx.test") && reason.contains("itself pcrf.rx.test"), "{reason}");
}

#[test]
fn a_cea_that_cannot_be_used_ends_the_attempt() {
    type Fill = fn(&mut Writer<'_>);
    let ceas: [Fill; 4] = [
        |_| {},
        |w| w.put(&RESULT_CODE, 2001),
        |w| {
            w.put(&RESULT_CODE, 2001);
            w.put(&ORIGIN_HOST, PEER);
        },
        |w| raw(268, &[7])(w),
    ];
    for fill in ceas {
        let mut solo = Solo::wait_i_cea();
        let header = solo.last.as_ref().unwrap().header();
        let ids = (header.hop_by_hop.0, header.end_to_end.0);
        solo.receive(I, message(257, CommandFlags::NONE, 0, ids, fill));
        assert_eq!(solo.commands(), ["Close I"]);
        assert!(solo.peer.status().reason.contains("CEA"), "{}", solo.peer.status().reason);
    }
}

#[test]
fn a_listener_learns_which_peer_a_connection_belongs_to() {
    let local = LocalNode::rx("af.rx.test", "rx.test");
    let known = |name: &str| name.eq_ignore_ascii_case(PEER);
    assert_eq!(accept_identity(&local, &LOCAL, &cer(), known).unwrap(), PEER);

    let code = |first: &MessageBuf| {
        let refusal = accept_identity(&local, &LOCAL, first, known).unwrap_err();
        assert!(!refusal.reason.is_empty());
        refusal.answer.map(|answer| crate::solo::label(&answer))
    };
    assert_eq!(code(&rx_request(1, 1)), None, "a request that is no CER");
    assert_eq!(code(&base(280, |_| {})), None, "a DWR");
    assert_eq!(code(&answer(&cer().header(), 2001, |_| {})), None, "a CEA");
    assert_eq!(code(&cer_without(264)).unwrap(), "CEA 5005");
    assert_eq!(code(&cer_with(|_| {})).unwrap(), "CEA 5010");
    let stranger = accept_identity(&local, &LOCAL, &cer(), |_| false).unwrap_err();
    assert_eq!(crate::solo::label(&stranger.answer.unwrap()), "CEA 3010");
    assert!(stranger.reason.contains(PEER));
}

#[test]
fn the_origin_state_id_is_the_same_in_every_message() {
    let mut solo = Solo::i_open();
    let mut seen = Vec::new();
    solo.receive(I, base(280, |_| {}));
    solo.commands();
    seen.push(solo.last.clone().unwrap());
    solo.expire();
    solo.commands();
    seen.push(solo.last.clone().unwrap());
    for sent in seen {
        let mut index = Index::new();
        let avps = sent.parse(&mut index, grouped).unwrap().avps();
        assert_eq!(avps.get(&ORIGIN_STATE_ID).unwrap(), Some(1000));
    }
    // And none is sent by a node that has none.
    let mut config: PeerConfig = config("af.rx.test", PEER, true);
    config.local.origin_state_id = None;
    let mut solo = Solo { peer: Peer::new(config, 5, solo.now), ..solo };
    solo.connected();
    solo.commands();
    let sent = solo.last.clone().unwrap();
    let mut index = Index::new();
    assert_eq!(sent.parse(&mut index, grouped).unwrap().avps().get(&ORIGIN_STATE_ID).unwrap(), None);
}

#[test]
fn an_unknown_avp_in_a_cer_is_refused_only_if_the_peer_insists_on_it() {
    let with = |flags| {
        cer_with(move |w| {
            w.put(&AUTH_APPLICATION_ID, RX);
            w.put_raw(77_777, VendorId(4242), flags, b"what?");
        })
    };
    assert_eq!(exchange(with(AvpFlags::NONE)).0, 2001);
    let (code, failed, _) = exchange(with(AvpFlags::MANDATORY));
    assert_eq!(code, 5001);
    assert_eq!(failed.unwrap()[..4], 77_777u32.to_be_bytes());
    // Known, but not one that the grammar of a CER names.
    let session = cer_with(|w| {
        w.put(&AUTH_APPLICATION_ID, RX);
        w.put(&crate::solo::SESSION_ID, "af;1;1");
    });
    assert_eq!(exchange(session).0, 2001);
}
