//! The peer state machine, one row per transition of RFC 6733 §5.6, in the RFC's order.

use rxgate::{
    peer::{DisconnectCause, RequestId, State},
    wire::CommandFlags,
};

use crate::solo::{DISCONNECT_CAUSE, I, R, Solo, answer, base, cer, cer_with, message, rx_request};

/// State by its constructor, event by its name and what makes it happen, commands, next state.
type Row = (fn() -> Solo, &'static str, fn(&mut Solo), &'static [&'static str], State);

fn disconnect_i(solo: &mut Solo) {
    solo.peer.handle_disconnected(solo.now, I, "reset".into());
}

fn disconnect_r(solo: &mut Solo) {
    solo.peer.handle_disconnected(solo.now, R, "reset".into());
}

fn nack(solo: &mut Solo) {
    solo.peer.handle_connect_failed(solo.now, "refused".into());
}

fn accept(solo: &mut Solo) {
    solo.accept(cer());
}

fn stop(solo: &mut Solo) {
    solo.peer.shut_down(solo.now, DisconnectCause::DoNotWantToTalkToYou);
}

fn expire(solo: &mut Solo) {
    solo.expire();
}

/// Another connection than R comes in while there is one already.
fn accept_another(solo: &mut Solo) {
    let id = rxgate::peer::ConnectionId(9);
    solo.peer.handle_accepted(solo.now, id, &crate::world::LOCAL, cer());
}

fn dpr() -> rxgate::wire::MessageBuf {
    base(282, |w| w.put(&DISCONNECT_CAUSE, 0))
}

fn dwr() -> rxgate::wire::MessageBuf {
    base(280, |_| {})
}

fn send(solo: &mut Solo) {
    let request = message(265, CommandFlags::REQUEST, crate::solo::RX, (0, 7), |_| {});
    solo.peer.request(solo.now, RequestId(1), request).unwrap();
}

/// Closed with a peer that is dialled: the first dial failed.
fn closed_dialling() -> Solo {
    let mut solo = Solo::wait_conn_ack();
    nack(&mut solo);
    solo.quiet(State::Closed)
}

/// The election would be won: zz is higher than pcrf.
fn wait_i_cea_winning() -> Solo {
    let mut solo = Solo::named("zz.rx.test", true);
    solo.connected();
    solo.quiet(State::WaitICea)
}

fn wait_conn_ack_elect_winning() -> Solo {
    let mut solo = Solo::named("zz.rx.test", true);
    solo.accept(cer());
    solo.quiet(State::WaitConnAckElect)
}

/// A DWR is out and its DWA is awaited.
fn r_open_dwr() -> Solo {
    let mut solo = Solo::r_open();
    solo.expire();
    solo.quiet(State::ROpen)
}

fn i_open_dwr() -> Solo {
    let mut solo = Solo::i_open();
    solo.expire();
    solo.quiet(State::IOpen)
}

const REJECTED: &str = "CEA 5012 on R";

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (closed_dialling, "Start", expire, &["Connect"], State::WaitConnAck),
    (Solo::closed, "R-Conn-CER", accept, &["CEA 2001 on R"], State::ROpen),

    (Solo::wait_conn_ack, "I-Rcv-Conn-Ack", |s| s.connected(), &["CER on I"], State::WaitICea),
    (Solo::wait_conn_ack, "I-Rcv-Conn-Nack", nack, &[], State::Closed),
    (Solo::wait_conn_ack, "R-Conn-CER", accept, &[], State::WaitConnAckElect),
    (Solo::wait_conn_ack, "Timeout", expire, &[], State::Closed),

    (Solo::wait_i_cea, "I-Rcv-CEA", |s| s.answer_last(I, 2001), &[], State::IOpen),
    (Solo::wait_i_cea, "R-Conn-CER", accept, &[], State::WaitReturns),
    (Solo::wait_i_cea, "I-Peer-Disc", disconnect_i, &[], State::Closed),
    (Solo::wait_i_cea, "I-Rcv-Non-CEA", |s| s.receive(I, dwr()), &["Close I"], State::Closed),
    (Solo::wait_i_cea, "Timeout", expire, &["Close I"], State::Closed),

    (Solo::wait_conn_ack_elect, "I-Rcv-Conn-Ack", |s| s.connected(), &["CER on I"], State::WaitReturns),
    (Solo::wait_conn_ack_elect, "I-Rcv-Conn-Nack", nack, &["CEA 2001 on R"], State::ROpen),
    (Solo::wait_conn_ack_elect, "R-Peer-Disc", disconnect_r, &[], State::WaitConnAck),
    (Solo::wait_conn_ack_elect, "R-Conn-CER", accept_another, &[REJECTED, "Close R"], State::WaitConnAckElect),
    // The RFC says Error, Closed; fsm.rs says why not.
    (Solo::wait_conn_ack_elect, "Timeout", expire, &["CEA 2001 on R"], State::ROpen),

    (wait_i_cea_winning, "R-Conn-CER, Win-Election", accept, &["Close I", "CEA 2001 on R"], State::ROpen),
    (wait_conn_ack_elect_winning, "I-Rcv-Conn-Ack, Win-Election", |s| s.connected(),
        &["CER on I", "Close I", "CEA 2001 on R"], State::ROpen),
    (Solo::wait_returns, "I-Peer-Disc", disconnect_i, &["CEA 2001 on R"], State::ROpen),
    (Solo::wait_returns, "I-Rcv-CEA", |s| s.answer_last(I, 2001), &["Close R"], State::IOpen),
    (Solo::wait_returns, "R-Peer-Disc", disconnect_r, &[], State::WaitICea),
    (Solo::wait_returns, "R-Conn-CER", accept_another, &[REJECTED, "Close R"], State::WaitReturns),
    (Solo::wait_returns, "Timeout", expire, &["Close I", "Close R"], State::Closed),
    (Solo::wait_returns, "I-Rcv-CEA 4003", |s| s.answer_last(I, 4003), &["Close I", "CEA 2001 on R"], State::ROpen),

    (Solo::r_open, "Send-Message", send, &["265 R on R"], State::ROpen),
    (Solo::r_open, "R-Rcv-Message", |s| s.receive(R, rx_request(1, 1)), &[], State::ROpen),
    (Solo::r_open, "R-Rcv-DWR", |s| s.receive(R, dwr()), &["DWA 2001 on R"], State::ROpen),
    (r_open_dwr, "R-Rcv-DWA", |s| s.answer_last(R, 2001), &[], State::ROpen),
    (Solo::r_open, "R-Conn-CER", accept_another, &[REJECTED, "Close R", "DWR on R"], State::ROpen),
    (Solo::r_open, "Stop", stop, &["DPR on R"], State::Closing),
    (Solo::r_open, "R-Rcv-DPR", |s| s.receive(R, dpr()), &["DPA 2001 on R"], State::Closing),
    (Solo::r_open, "R-Peer-Disc", disconnect_r, &[], State::Closed),

    (Solo::i_open, "Send-Message", send, &["265 R on I"], State::IOpen),
    (Solo::i_open, "I-Rcv-Message", |s| s.receive(I, rx_request(1, 1)), &[], State::IOpen),
    (Solo::i_open, "I-Rcv-DWR", |s| s.receive(I, dwr()), &["DWA 2001 on I"], State::IOpen),
    (i_open_dwr, "I-Rcv-DWA", |s| s.answer_last(I, 2001), &[], State::IOpen),
    (Solo::i_open, "R-Conn-CER", accept, &[REJECTED, "Close R", "DWR on I"], State::IOpen),
    (Solo::i_open, "Stop", stop, &["DPR on I"], State::Closing),
    (Solo::i_open, "I-Rcv-DPR", |s| s.receive(I, dpr()), &["DPA 2001 on I"], State::Closing),
    (Solo::i_open, "I-Peer-Disc", disconnect_i, &[], State::Closed),

    (Solo::i_closing, "I-Rcv-DPA", |s| s.answer_last(I, 2001), &["Close I"], State::Closed),
    (Solo::r_closing, "R-Rcv-DPA", |s| s.answer_last(R, 2001), &["Close R"], State::Closed),
    (Solo::i_closing, "Timeout", expire, &["Close I"], State::Closed),
    (Solo::r_closing, "Timeout", expire, &["Close R"], State::Closed),
    (Solo::i_closing, "I-Peer-Disc", disconnect_i, &[], State::Closed),
    (Solo::r_closing, "R-Peer-Disc", disconnect_r, &[], State::Closed),

    // Rows that the RFC does not have.
    (Solo::i_closing, "I-Rcv-DPR", |s| s.receive(I, dpr()), &["DPA 2001 on I"], State::Closing),
    (Solo::i_closing, "R-Conn-CER", accept, &["CEA 5012 on R", "Close R"], State::Closing),
    (Solo::wait_conn_ack, "Stop", stop, &[], State::Closed),
    (Solo::wait_i_cea, "Stop", stop, &["Close I"], State::Closed),
    (Solo::wait_conn_ack_elect, "Stop", stop, &["Close R"], State::Closed),
    (Solo::wait_returns, "Stop", stop, &["Close I", "Close R"], State::Closed),
    (Solo::wait_returns, "R-Rcv-Message", |s| s.receive(R, dwr()), &["Close R"], State::WaitICea),
];

#[test]
fn every_transition_of_the_rfc_happens_with_its_actions() {
    for (from, event, happen, commands, next) in TABLE {
        let mut solo = from();
        let state = solo.peer.state();
        happen(&mut solo);
        assert_eq!(solo.commands(), *commands, "{state}: {event}");
        assert_eq!(solo.peer.state(), *next, "{state}: {event}");
    }
}

#[test]
fn an_open_connection_is_announced_once_and_its_end_once() {
    let mut ends = 0;
    for (from, event, happen, _, next) in TABLE {
        let mut solo = from();
        let was_open = solo.peer.state().is_open();
        happen(&mut solo);
        let events = solo.events();
        let count = |wanted| events.iter().filter(|event| **event == wanted).count();
        assert_eq!(count("Up"), usize::from(!was_open && next.is_open()), "{event}: {events:?}");
        assert_eq!(count("Down"), usize::from(was_open && !next.is_open()), "{event}: {events:?}");
        ends += count("Down");
    }
    assert_eq!(ends, 6, "Stop, DPR and the loss of the connection, on I and R");
}

#[test]
fn a_dial_that_succeeds_when_it_is_not_wanted_any_more_is_closed() {
    let mut solo = Solo::wait_conn_ack_elect();
    solo.expire();
    solo.commands();
    solo.connected();
    assert_eq!(solo.commands(), ["Close I"]);
    assert_eq!(solo.peer.state(), State::ROpen);
}

#[test]
fn a_cer_that_is_refused_leaves_the_state_as_it_is() {
    let states =
        [Solo::closed, Solo::wait_conn_ack, Solo::wait_i_cea, Solo::r_open, Solo::i_open, Solo::wait_returns];
    for from in states {
        let mut solo = from();
        let before = solo.peer.state();
        let id = rxgate::peer::ConnectionId(9);
        solo.peer.handle_accepted(solo.now, id, &crate::world::LOCAL, cer_with(|_| {}));
        assert_eq!(solo.commands(), ["CEA 5010 on R", "Close R"], "{before}");
        assert_eq!(solo.peer.state(), before);
    }
}

#[test]
fn messages_on_connections_that_were_given_up_are_ignored() {
    let mut solo = Solo::i_open();
    solo.receive(R, dwr());
    solo.receive(R, dpr());
    disconnect_r(&mut solo);
    assert!(solo.commands().is_empty());
    assert!(solo.events().is_empty());
    assert_eq!(solo.peer.state(), State::IOpen);
}

#[test]
fn a_cea_under_another_hop_by_hop_identifier_is_not_the_cea() {
    let mut solo = Solo::wait_i_cea();
    let mut header = solo.last.as_ref().unwrap().header();
    header.hop_by_hop.0 ^= 1;
    solo.receive(I, answer(&header, 2001, |w| w.put(&crate::solo::AUTH_APPLICATION_ID, crate::solo::RX)));
    assert_eq!(solo.peer.state(), State::Closed);
}
