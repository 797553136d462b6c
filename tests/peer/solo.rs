//! One peer under a script: the test plays the transport and the other node, octet by octet.

use std::time::{Duration, Instant};

use rxgate::{
    peer::{Command, ConnectionId, DisconnectCause, Event, Peer, PeerConfig, State},
    wire::{
        Address, AvpDef, CommandFlags, EndToEndId, Grouped, Header, HopByHopId, Index, MessageBuf,
        Unsigned32, Utf8String, VendorId, Writer,
    },
};

use crate::world::{LOCAL, config};

const fn def<F>(name: &'static str, code: u32) -> AvpDef<F> {
    AvpDef::new(name, code, VendorId::NONE, true)
}

// Numbers of RFC 6733, typed once more on purpose: what the machine writes is read with these.
pub const HOST_IP_ADDRESS: AvpDef<Address> = def("Host-IP-Address", 257);
pub const AUTH_APPLICATION_ID: AvpDef<Unsigned32> = def("Auth-Application-Id", 258);
pub const ACCT_APPLICATION_ID: AvpDef<Unsigned32> = def("Acct-Application-Id", 259);
pub const VENDOR_SPECIFIC: AvpDef<Grouped> = def("Vendor-Specific-Application-Id", 260);
pub const SESSION_ID: AvpDef<Utf8String> = def("Session-Id", 263);
pub const ORIGIN_HOST: AvpDef<Utf8String> = def("Origin-Host", 264);
pub const SUPPORTED_VENDOR_ID: AvpDef<Unsigned32> = def("Supported-Vendor-Id", 265);
pub const VENDOR_ID: AvpDef<Unsigned32> = def("Vendor-Id", 266);
pub const RESULT_CODE: AvpDef<Unsigned32> = def("Result-Code", 268);
pub const PRODUCT_NAME: AvpDef<Utf8String> = def("Product-Name", 269);
pub const DISCONNECT_CAUSE: AvpDef<Unsigned32> = def("Disconnect-Cause", 273);
pub const ORIGIN_STATE_ID: AvpDef<Unsigned32> = def("Origin-State-Id", 278);
pub const FAILED_AVP: AvpDef<Grouped> = def("Failed-AVP", 279);
pub const ERROR_MESSAGE: AvpDef<Utf8String> = def("Error-Message", 281);
pub const PROXY_INFO: AvpDef<Grouped> = def("Proxy-Info", 284);
pub const ORIGIN_REALM: AvpDef<Utf8String> = def("Origin-Realm", 296);
pub const INBAND_SECURITY_ID: AvpDef<Unsigned32> = def("Inband-Security-Id", 299);

pub const RX: u32 = 16_777_236;
pub const PEER: &str = "pcrf.rx.test";
/// The connection that the peer under test makes, and the one that it accepts.
pub const I: ConnectionId = ConnectionId(1);
pub const R: ConnectionId = ConnectionId(2);

pub fn grouped(key: u64) -> bool {
    [260, 279, 284].contains(&key)
}

pub fn message(
    command: u32,
    flags: CommandFlags,
    application: u32,
    ids: (u32, u32),
    fill: impl Fn(&mut Writer<'_>),
) -> MessageBuf {
    MessageBuf::build(command, flags, application, (HopByHopId(ids.0), EndToEndId(ids.1)), fill).unwrap()
}

/// A request of the base protocol.
pub fn base(command: u32, fill: impl Fn(&mut Writer<'_>)) -> MessageBuf {
    message(command, CommandFlags::REQUEST, 0, (0x1001, 0x2001), |w| {
        w.put(&ORIGIN_HOST, PEER);
        w.put(&ORIGIN_REALM, "rx.test");
        fill(w);
    })
}

/// A CER that leaves nothing to be desired.
pub fn cer() -> MessageBuf {
    cer_with(|w| w.put(&AUTH_APPLICATION_ID, RX))
}

/// A CER with everything required, and what `fill` adds.
pub fn cer_with(fill: impl Fn(&mut Writer<'_>)) -> MessageBuf {
    base(257, |w| {
        w.put(&HOST_IP_ADDRESS, LOCAL[0]);
        w.put(&VENDOR_ID, 0);
        w.put(&PRODUCT_NAME, "test");
        fill(w);
    })
}

/// An answer to `request`, from the peer.
pub fn answer(request: &Header, result_code: u32, fill: impl Fn(&mut Writer<'_>)) -> MessageBuf {
    let flags = if result_code / 1000 == 3 { CommandFlags::ERROR } else { CommandFlags::NONE };
    let ids = (request.hop_by_hop.0, request.end_to_end.0);
    message(request.command, flags, request.application, ids, |w| {
        w.put(&RESULT_CODE, result_code);
        w.put(&ORIGIN_HOST, PEER);
        w.put(&ORIGIN_REALM, "rx.test");
        fill(w);
    })
}

pub fn rx_request(hop_by_hop: u32, end_to_end: u32) -> MessageBuf {
    let flags = CommandFlags::REQUEST | CommandFlags::PROXIABLE;
    message(258, flags, RX, (hop_by_hop, end_to_end), |w| {
        w.put(&SESSION_ID, "af;1;1");
        w.put(&ORIGIN_HOST, PEER);
        w.put(&ORIGIN_REALM, "rx.test");
    })
}

pub struct Solo {
    pub peer: Peer,
    pub now: Instant,
    /// The last message sent of each command: 257, 280, 282.
    pub last: Option<MessageBuf>,
}

impl Solo {
    pub fn new(config: PeerConfig) -> Self {
        let now = Instant::now();
        Self { peer: Peer::new(config, 5, now), now, last: None }
    }

    /// The peer under test is `host` and talks to [`PEER`].
    pub fn named(host: &str, connect: bool) -> Self {
        Self::new(config(host, PEER, connect))
    }

    /// Takes all commands, in short: `Connect`, `CER on I`, `CEA 2001 on R`, `Close R`.
    pub fn commands(&mut self) -> Vec<String> {
        let name = |connection| if connection == I { "I" } else { "R" };
        let mut taken = Vec::new();
        while let Some(command) = self.peer.poll_command() {
            taken.push(match command {
                Command::Connect => "Connect".into(),
                Command::Close { connection } => format!("Close {}", name(connection)),
                Command::Send { connection, octets } => {
                    let message = MessageBuf::from_bytes(octets).unwrap();
                    let text = format!("{} on {}", label(&message), name(connection));
                    self.last = Some(message);
                    text
                }
            });
        }
        taken
    }

    /// Takes all events, in short.
    pub fn events(&mut self) -> Vec<&'static str> {
        let mut taken = Vec::new();
        while let Some(event) = self.peer.poll_event() {
            taken.push(match event {
                Event::Up { .. } => "Up",
                Event::Okay => "Okay",
                Event::Suspect => "Suspect",
                Event::Down { .. } => "Down",
                Event::StateLost { .. } => "StateLost",
                Event::Answer { .. } => "Answer",
                Event::LateAnswer { .. } => "LateAnswer",
                Event::Request { .. } => "Request",
            });
        }
        taken
    }

    pub fn receive(&mut self, on: ConnectionId, message: MessageBuf) {
        self.peer.handle_message(self.now, on, message);
    }

    /// Answers what the peer under test sent last.
    pub fn answer_last(&mut self, on: ConnectionId, result_code: u32) {
        self.commands();
        let header = self.last.as_ref().unwrap().header();
        assert!(header.is_request());
        self.receive(on, answer(&header, result_code, |w| w.put(&AUTH_APPLICATION_ID, RX)));
    }

    pub fn connected(&mut self) {
        self.peer.handle_connected(self.now, I, &LOCAL);
    }

    pub fn accept(&mut self, cer: MessageBuf) {
        self.peer.handle_accepted(self.now, R, &LOCAL, cer);
    }

    /// Moves the clock to the next timer and lets it expire; returns how far that was.
    pub fn expire(&mut self) -> Duration {
        let next = self.peer.poll_timeout().unwrap();
        let span = next.saturating_duration_since(self.now);
        self.now = self.now.max(next);
        self.peer.handle_timeout(self.now);
        span
    }

    // The states of RFC 6733 §5.6, each with nothing left to take.

    /// Closed, and never dials.
    pub fn closed() -> Self {
        Self::named("af.rx.test", false)
    }

    pub fn wait_conn_ack() -> Self {
        Self::named("af.rx.test", true).quiet(State::WaitConnAck)
    }

    pub fn wait_i_cea() -> Self {
        let mut solo = Self::wait_conn_ack();
        solo.connected();
        solo.quiet(State::WaitICea)
    }

    pub fn wait_conn_ack_elect() -> Self {
        let mut solo = Self::wait_conn_ack();
        solo.accept(cer());
        solo.quiet(State::WaitConnAckElect)
    }

    /// The election is lost: af is lower than pcrf.
    pub fn wait_returns() -> Self {
        let mut solo = Self::wait_conn_ack_elect();
        solo.connected();
        solo.quiet(State::WaitReturns)
    }

    pub fn r_open() -> Self {
        let mut solo = Self::closed();
        solo.accept(cer());
        solo.quiet(State::ROpen)
    }

    pub fn i_open() -> Self {
        let mut solo = Self::wait_i_cea();
        solo.answer_last(I, 2001);
        solo.quiet(State::IOpen)
    }

    pub fn r_closing() -> Self {
        let mut solo = Self::r_open();
        solo.peer.shut_down(solo.now, DisconnectCause::DoNotWantToTalkToYou);
        solo.quiet(State::Closing)
    }

    pub fn i_closing() -> Self {
        let mut solo = Self::i_open();
        solo.peer.shut_down(solo.now, DisconnectCause::DoNotWantToTalkToYou);
        solo.quiet(State::Closing)
    }

    pub fn quiet(mut self, state: State) -> Self {
        assert_eq!(self.peer.state(), state);
        self.commands();
        self.events();
        self
    }
}

/// `CER`, `CEA 2001`, `258 request`.
pub fn label(message: &MessageBuf) -> String {
    let header = message.header();
    let mut index = Index::new();
    let parsed = message.parse(&mut index, grouped).unwrap();
    let code = parsed.avps().get(&RESULT_CODE).unwrap();
    let name = match header.command {
        257 => "CE".into(),
        280 => "DW".into(),
        282 => "DP".into(),
        command => format!("{command} "),
    };
    match code {
        None if header.is_request() => format!("{name}R"),
        Some(code) if !header.is_request() => format!("{name}A {code}"),
        _ => panic!("a request with a Result-Code, or an answer without: {message:?}"),
    }
}
