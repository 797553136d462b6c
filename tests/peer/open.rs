//! Messages on an open connection: requests, answers, and what is refused (RFC 6733 §6, §7).

use rxgate::{
    peer::{ConnectionId, DisconnectCause, Event, LocalNode, PeerError, RequestId, State, refuse},
    wire::{AvpFlags, CommandFlags, Header, Index, MessageBuf, VendorId, WireError},
};

use crate::solo::{
    DISCONNECT_CAUSE, FAILED_AVP, I, ORIGIN_HOST, ORIGIN_STATE_ID, PROXY_INFO, R, RESULT_CODE, RX,
    SESSION_ID, Solo, answer, base, cer, grouped, label, message, rx_request,
};

fn request(end_to_end: u32, flags: CommandFlags) -> MessageBuf {
    let flags = CommandFlags::REQUEST | CommandFlags::PROXIABLE | flags;
    message(265, flags, RX, (0, end_to_end), |w| w.put(&SESSION_ID, "af;1;1"))
}

/// Sends a request and returns it as it left.
fn send(solo: &mut Solo, id: u64, flags: CommandFlags) -> Header {
    solo.peer.request(solo.now, RequestId(id), request(id as u32, flags)).unwrap();
    solo.commands();
    solo.last.as_ref().unwrap().header()
}

#[test]
fn an_answer_finds_its_request_by_hop_by_hop_identifier() {
    let mut solo = Solo::i_open();
    let sent: Vec<Header> = (1..=3).map(|id| send(&mut solo, id, CommandFlags::NONE)).collect();
    assert!(sent[0].hop_by_hop != sent[1].hop_by_hop && sent[1].hop_by_hop != sent[2].hop_by_hop);
    assert_eq!(sent[1].end_to_end.0, 2, "the End-to-End Identifier is the caller's");
    assert_eq!(solo.peer.outstanding(), [RequestId(1), RequestId(2), RequestId(3)]);
    let second = answer(&sent[1], 2001, |_| {});
    solo.receive(I, second.clone());
    assert_eq!(solo.peer.poll_event(), Some(Event::Answer { id: RequestId(2), message: second.clone() }));
    assert_eq!(solo.peer.outstanding(), [RequestId(1), RequestId(3)]);
    solo.receive(I, second.clone());
    assert_eq!(solo.peer.poll_event(), Some(Event::LateAnswer { message: second }), "the second copy");
}

#[test]
fn the_answer_to_a_request_that_was_forgotten_is_late() {
    let mut solo = Solo::i_open();
    let sent = send(&mut solo, 1, CommandFlags::NONE);
    solo.peer.forget(RequestId(1));
    solo.peer.forget(RequestId(1));
    assert!(solo.peer.outstanding().is_empty());
    solo.receive(I, answer(&sent, 2001, |_| {}));
    assert_eq!(solo.events(), ["LateAnswer"]);
}

#[test]
fn an_answer_that_fits_only_by_hop_by_hop_identifier_is_not_the_answer() {
    let mut solo = Solo::i_open();
    let sent = send(&mut solo, 1, CommandFlags::NONE);
    let mut other = sent;
    other.end_to_end.0 ^= 1;
    solo.receive(I, answer(&other, 2001, |_| {}));
    solo.receive(I, answer(&Header { command: 275, ..sent }, 2001, |_| {}));
    assert_eq!(solo.events(), ["LateAnswer", "LateAnswer"]);
    assert_eq!(solo.peer.outstanding(), [RequestId(1)]);
}

#[test]
fn the_t_bit_of_a_repetition_goes_through_and_a_first_sending_has_none() {
    let mut solo = Solo::i_open();
    assert!(!send(&mut solo, 1, CommandFlags::NONE).flags.contains(CommandFlags::RETRANSMIT));
    assert!(send(&mut solo, 2, CommandFlags::RETRANSMIT).flags.contains(CommandFlags::RETRANSMIT));
}

#[test]
fn what_cannot_be_sent_says_why() {
    let mut solo = Solo::closed();
    let now = solo.now;
    let refused = solo.peer.request(now, RequestId(1), request(1, CommandFlags::NONE)).unwrap_err();
    assert!(matches!(refused, PeerError::NotUsable { state: State::Closed, .. }));
    assert_eq!(
        refused.to_string(),
        "peer pcrf.rx.test cannot be used: Closed, watchdog INITIAL: waiting for pcrf.rx.test to connect"
    );
    let mut solo = Solo::i_open();
    let no_request = answer(&cer().header(), 2001, |_| {});
    assert_eq!(solo.peer.request(now, RequestId(1), no_request), Err(PeerError::NotARequest));
    send(&mut solo, 1, CommandFlags::NONE);
    let again = solo.peer.request(now, RequestId(1), request(1, CommandFlags::NONE));
    assert_eq!(again, Err(PeerError::Duplicate));
    assert!(solo.commands().is_empty());
}

#[test]
fn nothing_is_sent_on_a_connection_whose_watchdog_is_overdue() {
    let mut solo = Solo::i_open();
    solo.expire();
    solo.now = solo.peer.poll_timeout().unwrap();
    // The driver has not come round to the timer yet.
    assert!(solo.peer.request(solo.now, RequestId(1), request(1, CommandFlags::NONE)).is_err());
    assert_eq!(solo.events(), ["Suspect"]);
}

#[test]
fn requests_are_handed_over_and_answered_on_their_own_connection_only() {
    let mut solo = Solo::i_open();
    let request = rx_request(77, 88);
    solo.receive(I, request.clone());
    assert_eq!(solo.peer.poll_event(), Some(Event::Request { connection: I, message: request.clone() }));
    let header = request.header();
    solo.peer.answer(solo.now, R, answer(&header, 2001, |_| {}));
    assert!(solo.commands().is_empty(), "another connection");
    solo.peer.answer(solo.now, I, request.clone());
    assert!(solo.commands().is_empty(), "a request is no answer");
    solo.peer.answer(solo.now, I, answer(&header, 2001, |_| {}));
    assert_eq!(solo.commands(), ["258 A 2001 on I"]);
    solo.peer.handle_disconnected(solo.now, I, "reset".into());
    solo.peer.answer(solo.now, I, answer(&header, 2001, |_| {}));
    assert!(solo.commands().is_empty(), "gone");
}

#[test]
fn a_repeated_request_is_a_request() {
    let mut solo = Solo::i_open();
    let flags = CommandFlags::REQUEST | CommandFlags::RETRANSMIT;
    solo.receive(I, message(258, flags, RX, (1, 1), |_| {}));
    assert_eq!(solo.events(), ["Request"]);
}

/// The answer that this message gets, and its Result-Code; the connection stays.
fn refused(request: MessageBuf) -> (u32, MessageBuf) {
    let mut solo = Solo::i_open();
    solo.receive(I, request.clone());
    assert_eq!(solo.commands().len(), 1);
    assert!(solo.events().is_empty());
    assert_eq!(solo.peer.state(), State::IOpen);
    let answer = solo.last.unwrap();
    let (asked, answered) = (request.header(), answer.header());
    assert!(!answered.is_request());
    assert_eq!(
        (asked.command, asked.application, asked.hop_by_hop, asked.end_to_end),
        (answered.command, answered.application, answered.hop_by_hop, answered.end_to_end)
    );
    let proxiable = CommandFlags::PROXIABLE;
    assert_eq!(asked.flags.contains(proxiable), answered.flags.contains(proxiable));
    let mut index = Index::new();
    let avps = answer.parse(&mut index, grouped).unwrap().avps();
    assert_eq!(avps.get(&ORIGIN_HOST).unwrap(), Some("af.rx.test"));
    let code = avps.get(&RESULT_CODE).unwrap().unwrap();
    (code, answer.clone())
}

#[test]
fn commands_applications_and_bits_that_make_no_sense_are_refused_by_their_code() {
    let request = |command, flags, application| {
        message(command, CommandFlags::REQUEST | flags, application, (3, 4), |w| {
            w.put(&SESSION_ID, "af;1;1");
            w.group(&PROXY_INFO, |w| w.put(&ORIGIN_HOST, "proxy.test"));
        })
    };
    let (none, error) = (CommandFlags::NONE, CommandFlags::ERROR);
    for (command, flags, application, expected) in [
        (999, none, 0, 3001),
        (258, none, 0, 3001),
        (265, none, 4, 3007),
        (265, CommandFlags::PROXIABLE, 0xffff_ffff, 3007),
        (265, error, RX, 3008),
        (280, error, 0, 3008),
        (257, error, 0, 3008),
    ] {
        let (code, answer) = refused(request(command, flags, application));
        assert_eq!(code, expected, "{command} {application}");
        assert!(answer.header().flags.contains(CommandFlags::ERROR));
        let mut index = Index::new();
        let avps = answer.parse(&mut index, grouped).unwrap().avps();
        assert_eq!(avps.get(&SESSION_ID).unwrap(), Some("af;1;1"));
        assert_eq!(avps.iter().next().unwrap().code(), 263, "Session-Id comes first");
        assert!(avps.get(&PROXY_INFO).unwrap().is_some());
    }
}

#[test]
fn a_relay_takes_requests_of_every_application() {
    let mut config = crate::world::config("af.rx.test", crate::solo::PEER, false);
    config.local.applications = vec![rxgate::peer::Application { vendor: None, id: 0xffff_ffff }];
    let mut solo = Solo::new(config);
    solo.accept(cer());
    solo.events();
    solo.receive(R, message(272, CommandFlags::REQUEST, 4, (1, 1), |_| {}));
    assert_eq!(solo.events(), ["Request"]);
}

#[test]
fn avps_that_do_not_fit_are_refused_and_the_connection_stays() {
    // Result-Code, whose length is set to what does not fit.
    for (length, expected) in [(0u8, 5014), (7, 5014), (13, 5014), (255, 5014)] {
        let whole = message(258, CommandFlags::REQUEST, RX, (1, 1), |w| w.put(&RESULT_CODE, 1));
        let mut octets = whole.as_bytes().to_vec();
        octets[27] = length;
        let (code, answer) = refused(MessageBuf::from_bytes(octets.into()).unwrap());
        assert_eq!(code, expected, "{length}");
        let mut index = Index::new();
        let avps = answer.parse(&mut index, grouped).unwrap().avps();
        let failed = avps.get(&FAILED_AVP).unwrap().unwrap();
        assert_eq!(failed.iter().next().unwrap().code(), 268);
    }
    // A V bit without room for the vendor.
    let mut octets =
        message(258, CommandFlags::REQUEST, RX, (1, 1), |w| w.put_raw(268, VendorId(0), AvpFlags::NONE, &[]))
            .as_bytes()
            .to_vec();
    octets[24] = 0x80;
    assert_eq!(refused(MessageBuf::from_bytes(octets.into()).unwrap()).0, 5014);
    // Thousands of AVPs.
    let many =
        message(258, CommandFlags::REQUEST, RX, (1, 1), |w| (0..3000).for_each(|n| w.put(&RESULT_CODE, n)));
    assert_eq!(refused(many).0, 5012);
    // DWR and DPR are held to the same.
    for command in [280, 282] {
        let mut octets = base(command, |_| {}).as_bytes().to_vec();
        octets[27] = 200;
        assert_eq!(refused(MessageBuf::from_bytes(octets.into()).unwrap()).0, 5014);
    }
}

#[test]
fn a_cer_on_an_open_connection_is_refused_and_the_connection_stays() {
    let (code, cea) = refused(cer());
    assert_eq!((code, cea.header().command), (5012, 257));
    assert!(!cea.header().flags.contains(CommandFlags::ERROR));
}

#[test]
fn answers_of_the_base_protocol_that_nobody_asked_for_are_ignored() {
    for command in [257, 280] {
        let mut solo = Solo::i_open();
        let asked = Header { command, ..cer().header() };
        solo.receive(I, answer(&asked, 2001, |_| {}));
        assert!(solo.commands().is_empty() && solo.events().is_empty());
        assert_eq!(solo.peer.state(), State::IOpen);
    }
}

#[test]
fn a_dwr_right_behind_the_cea_is_answered_first() {
    let mut solo = Solo::wait_i_cea();
    let header = solo.last.as_ref().unwrap().header();
    solo.receive(I, answer(&header, 2001, |w| w.put(&crate::solo::AUTH_APPLICATION_ID, RX)));
    for n in 0..3 {
        solo.receive(I, message(280, CommandFlags::REQUEST, 0, (n, n), |_| {}));
    }
    assert_eq!(solo.commands(), ["DWA 2001 on I"; 3], "also without Origin-Host");
}

#[test]
fn a_raised_origin_state_id_is_reported_and_a_lower_one_is_not() {
    let mut solo = Solo::i_open();
    let mut told = |id: u32| {
        solo.receive(I, base(280, |w| w.put(&ORIGIN_STATE_ID, id)));
        solo.commands();
        solo.peer.poll_event()
    };
    assert_eq!(told(5), None, "the first one says nothing new");
    assert_eq!(told(5), None);
    assert_eq!(told(9), Some(Event::StateLost { origin_state_id: 9 }));
    assert_eq!(told(8), None);
    assert_eq!(told(0), None);
}

#[test]
fn a_dpr_ends_service_at_once_and_the_answers_that_still_come_are_taken() {
    let mut solo = Solo::i_open();
    let sent = send(&mut solo, 1, CommandFlags::NONE);
    solo.receive(I, base(282, |w| w.put(&DISCONNECT_CAUSE, 1)));
    assert_eq!(solo.commands(), ["DPA 2001 on I"]);
    let Some(Event::Down { reason, cause }) = solo.peer.poll_event() else { panic!() };
    assert_eq!(cause, Some(DisconnectCause::Busy));
    assert!(reason.contains("BUSY"), "{reason}");
    assert_eq!(solo.peer.outstanding(), [RequestId(1)], "to fail over");
    assert!(solo.peer.request(solo.now, RequestId(2), request(2, CommandFlags::NONE)).is_err());
    solo.receive(I, answer(&sent, 2001, |_| {}));
    assert_eq!(solo.events(), ["Answer"]);
    solo.receive(I, base(280, |_| {}));
    solo.receive(I, rx_request(5, 5));
    assert_eq!(solo.commands(), ["DWA 2001 on I", "258 A 3002 on I"]);
    solo.peer.handle_disconnected(solo.now, I, "closed".into());
    assert!(solo.events().is_empty(), "Down was told before");
    assert!(solo.peer.status().reason.contains("BUSY"), "and the reason stays");
}

#[test]
fn what_waits_on_a_lost_connection_is_known_until_the_next_one_opens() {
    let mut solo = Solo::i_open();
    send(&mut solo, 1, CommandFlags::NONE);
    send(&mut solo, 2, CommandFlags::NONE);
    solo.peer.handle_disconnected(solo.now, I, "reset".into());
    assert_eq!(solo.events(), ["Down"]);
    assert_eq!(solo.peer.outstanding(), [RequestId(1), RequestId(2)]);
    solo.expire();
    solo.connected();
    solo.answer_last(I, 2001);
    assert!(solo.peer.outstanding().is_empty());
}

#[test]
fn octets_that_are_no_diameter_end_the_connection() {
    let error = WireError::MessageLength { found: 7 };
    let request = rx_request(9, 9).header();
    let mut solo = Solo::i_open();
    solo.peer.handle_bad_octets(solo.now, I, &error, Some(request));
    assert_eq!(solo.commands(), ["258 A 5015 on I", "Close I"]);
    assert_eq!(solo.events(), ["Down"]);
    assert!(solo.peer.status().reason.contains("message length 7"));

    let mut solo = Solo::i_open();
    solo.peer.handle_bad_octets(solo.now, I, &WireError::Version { found: 71 }, None);
    assert_eq!(solo.commands(), ["Close I"]);

    // Before the exchange there is nobody to answer, and on an unknown connection nothing to close.
    let mut solo = Solo::wait_i_cea();
    solo.peer.handle_bad_octets(solo.now, I, &error, Some(request));
    assert_eq!(solo.commands(), ["Close I"]);
    let mut solo = Solo::i_open();
    solo.peer.handle_bad_octets(solo.now, ConnectionId(99), &error, Some(request));
    assert!(solo.commands().is_empty());
}

#[test]
fn refusals_from_above_look_like_those_from_here() {
    let local = LocalNode::rx("af.rx.test", "rx.test");
    let request = rx_request(9, 8);
    let answer = refuse(&local, &request, 3002, "no route");
    assert_eq!(label(&answer), "258 A 3002");
    let flags = CommandFlags::ERROR | CommandFlags::PROXIABLE;
    assert_eq!(answer.header().flags, flags);
    assert_eq!(answer.header().end_to_end.0, 8);
}
