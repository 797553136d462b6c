//! The peer state machine as a table (RFC 6733 §5.6): state and input to actions and next state.
//!
//! Above each arm stands the row of the RFC's table: event | actions | next state. Rows that the RFC does
//! not have say why they exist. What the actions do is in `act.rs`.

use super::State;

/// An event of the RFC's table.
///
/// In an open state one connection is left, so the messages on it need no I or R.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Start: the reconnect timer expired, or the operator says so.
    Start,
    /// R-Conn-CER: a connection was accepted and its CER is acceptable.
    RConnCer,
    /// I-Rcv-Conn-Ack: our dial succeeded.
    IRcvConnAck,
    /// I-Rcv-Conn-Nack: our dial failed.
    IRcvConnNack,
    /// I-Rcv-CEA: an acceptable CEA.
    IRcvCea,
    /// I-Rcv-Non-CEA: any other message, or a CEA that is not acceptable.
    IRcvNonCea,
    /// I-Peer-Disc: the connection we made is gone.
    IPeerDisc,
    /// R-Peer-Disc: the connection we accepted is gone.
    RPeerDisc,
    /// Win-Election.
    WinElection,
    /// Timeout: of the dial, of the capabilities exchange, of the goodbye.
    Timeout,
    /// Stop: shut down, or disconnect by the operator.
    Stop,
    /// Rcv-DPR.
    RcvDpr,
    /// Rcv-DPA.
    RcvDpa,
}

/// An action of the RFC's table.
///
/// Process-CER and Process-CEA come before the table: their outcome decides which input it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// I-Snd-Conn-Req.
    ISndConnReq,
    /// I-Snd-CER.
    ISndCer,
    /// R-Accept: keep the accepted connection and what its CER said.
    RAccept,
    /// R-Reject: refuse the accepted connection, a better one is there.
    RReject,
    /// R-Snd-CEA.
    RSndCea,
    /// Elect.
    Elect,
    /// I-Disc, also Cleanup and Error where they concern I.
    IDisc,
    /// R-Disc, also Error where it concerns R.
    RDisc,
    /// Snd-DPR.
    SndDpr,
    /// Snd-DPA.
    SndDpa,
}

/// The row for `input` in `state`; `None` where there is none: then nothing happens.
pub(super) fn next(state: State, input: Input) -> Option<(&'static [Action], State)> {
    use Action::*;
    use Input::*;
    use State::*;
    let row: (&'static [Action], State) = match (state, input) {
        // Closed
        // Start | I-Snd-Conn-Req | Wait-Conn-Ack
        (Closed, Start) => (&[ISndConnReq], WaitConnAck),
        // R-Conn-CER | R-Accept, Process-CER, R-Snd-CEA | R-Open
        (Closed, RConnCer) => (&[RAccept, RSndCea], ROpen),

        // Wait-Conn-Ack
        // I-Rcv-Conn-Ack | I-Snd-CER | Wait-I-CEA
        (WaitConnAck, IRcvConnAck) => (&[ISndCer], WaitICea),
        // I-Rcv-Conn-Nack | Cleanup | Closed
        (WaitConnAck, IRcvConnNack) => (&[IDisc], Closed),
        // R-Conn-CER | R-Accept, Process-CER | Wait-Conn-Ack/Elect
        (WaitConnAck, RConnCer) => (&[RAccept], WaitConnAckElect),
        // Timeout | Error | Closed
        (WaitConnAck, Timeout) => (&[IDisc], Closed),

        // Wait-I-CEA
        // I-Rcv-CEA | Process-CEA | I-Open
        (WaitICea, IRcvCea) => (&[], IOpen),
        // R-Conn-CER | R-Accept, Process-CER, Elect | Wait-Returns
        (WaitICea, RConnCer) => (&[RAccept, Elect], WaitReturns),
        // I-Peer-Disc | I-Disc | Closed
        (WaitICea, IPeerDisc) => (&[IDisc], Closed),
        // I-Rcv-Non-CEA | Error | Closed
        (WaitICea, IRcvNonCea) => (&[IDisc], Closed),
        // Timeout | Error | Closed
        (WaitICea, Timeout) => (&[IDisc], Closed),

        // Wait-Conn-Ack/Elect
        // I-Rcv-Conn-Ack | I-Snd-CER, Elect | Wait-Returns
        (WaitConnAckElect, IRcvConnAck) => (&[ISndCer, Elect], WaitReturns),
        // I-Rcv-Conn-Nack | R-Snd-CEA | R-Open
        (WaitConnAckElect, IRcvConnNack) => (&[RSndCea], ROpen),
        // R-Peer-Disc | R-Disc | Wait-Conn-Ack
        (WaitConnAckElect, RPeerDisc) => (&[RDisc], WaitConnAck),
        // R-Conn-CER | R-Reject | Wait-Conn-Ack/Elect
        (WaitConnAckElect, RConnCer) => (&[RReject], WaitConnAckElect),
        // Timeout | Error | Closed
        //
        // We treat it as I-Rcv-Conn-Nack instead: a firewall that swallows our dials must not cost the good
        // connection that the peer made.
        (WaitConnAckElect, Timeout) => (&[IDisc, RSndCea], ROpen),

        // Wait-Returns
        // Win-Election | I-Disc, R-Snd-CEA | R-Open
        (WaitReturns, WinElection) => (&[IDisc, RSndCea], ROpen),
        // I-Peer-Disc | I-Disc, R-Snd-CEA | R-Open
        (WaitReturns, IPeerDisc) => (&[IDisc, RSndCea], ROpen),
        // I-Rcv-CEA | R-Disc | I-Open
        (WaitReturns, IRcvCea) => (&[RDisc], IOpen),
        // R-Peer-Disc | R-Disc | Wait-I-CEA
        (WaitReturns, RPeerDisc) => (&[RDisc], WaitICea),
        // R-Conn-CER | R-Reject | Wait-Returns
        (WaitReturns, RConnCer) => (&[RReject], WaitReturns),
        // Timeout | Error | Closed
        (WaitReturns, Timeout) => (&[IDisc, RDisc], Closed),
        // No row: a refusal on I (4003 ELECTION_LOST, say) ends I, which is what I-Peer-Disc means.
        (WaitReturns, IRcvNonCea) => (&[IDisc, RSndCea], ROpen),

        // R-Open, I-Open. Send-Message, Rcv-Message, Rcv-DWR and Rcv-DWA stay in the state and are handled
        // in `inbound.rs`.
        // R-Conn-CER | R-Reject | R-Open, I-Open
        (ROpen | IOpen, RConnCer) => (&[RReject], state),
        // Stop | Snd-DPR | Closing
        (ROpen | IOpen, Stop) => (&[SndDpr], Closing),
        // Rcv-DPR | Snd-DPA | Closing
        (ROpen | IOpen, RcvDpr) => (&[SndDpa], Closing),
        // R-Peer-Disc | R-Disc | Closed
        (ROpen, RPeerDisc) => (&[RDisc], Closed),
        // I-Peer-Disc | I-Disc | Closed
        (IOpen, IPeerDisc) => (&[IDisc], Closed),

        // Closing
        // I-Rcv-DPA | I-Disc | Closed
        // R-Rcv-DPA | R-Disc | Closed
        (Closing, RcvDpa) => (&[IDisc, RDisc], Closed),
        // Timeout | Error | Closed
        (Closing, Timeout) => (&[IDisc, RDisc], Closed),
        // I-Peer-Disc | I-Disc | Closed
        (Closing, IPeerDisc) => (&[IDisc], Closed),
        // R-Peer-Disc | R-Disc | Closed
        (Closing, RPeerDisc) => (&[RDisc], Closed),
        // No row: both said goodbye at once, and the peer waits for its DPA too.
        (Closing, RcvDpr) => (&[SndDpa], Closing),
        // No row: the peer is back before the old connection ended.
        (Closing, RConnCer) => (&[RReject], Closing),

        // No row: stopped before the connection was open. There is nobody to send a DPR to.
        (WaitConnAck | WaitICea | WaitConnAckElect | WaitReturns, Stop) => (&[IDisc, RDisc], Closed),

        (
            Closed,
            IRcvConnAck | IRcvConnNack | IRcvCea | IRcvNonCea | IPeerDisc | RPeerDisc | WinElection | Timeout
            | Stop | RcvDpr | RcvDpa,
        )
        | (
            WaitConnAck,
            Start | IRcvCea | IRcvNonCea | IPeerDisc | RPeerDisc | WinElection | RcvDpr | RcvDpa,
        )
        | (WaitICea, Start | IRcvConnAck | IRcvConnNack | RPeerDisc | WinElection | RcvDpr | RcvDpa)
        | (WaitConnAckElect, Start | IRcvCea | IRcvNonCea | IPeerDisc | WinElection | RcvDpr | RcvDpa)
        | (WaitReturns, Start | IRcvConnAck | IRcvConnNack | RcvDpr | RcvDpa)
        | (
            ROpen | IOpen,
            Start | IRcvConnAck | IRcvConnNack | IRcvCea | IRcvNonCea | WinElection | Timeout | RcvDpa,
        )
        | (ROpen, IPeerDisc)
        | (IOpen, RPeerDisc)
        | (Closing, Start | IRcvConnAck | IRcvConnNack | IRcvCea | IRcvNonCea | WinElection | Stop) => {
            return None;
        }
    };
    Some(row)
}
