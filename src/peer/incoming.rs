//! Requests that come in: refused, recognised as copies, or handed up with a ticket (RFC 6733 §6.1.4, §6.2).

use std::time::Instant;

use super::{
    ConnectionId, Node, NodeEvent, PeerIndex, Ticket,
    duplicates::{Reply, Verdict},
    facts::text,
    refuse, same_identity,
};
use crate::{
    dict::{avp, commands::abbreviation_of, result},
    wire::MessageBuf,
};

impl Node {
    /// Answers a request that was handed up; its identifiers are filled in here. `None`: it gets no answer.
    ///
    /// The answer goes to every copy of the request, each on the connection that it came on, unless that is
    /// gone; it is kept for copies to come.
    /// Returns the connection of the request, for whoever waits for the answer to leave there.
    pub fn answer(
        &mut self,
        now: Instant,
        ticket: Ticket,
        answer: Option<MessageBuf>,
    ) -> Option<ConnectionId> {
        let replies = self.duplicates.answer(now, ticket, answer);
        let connection = replies.first().map(|reply| reply.connection);
        for reply in replies {
            self.reply(now, reply);
        }
        self.leave(now);
        self.settle(now);
        connection
    }

    /// Whoever handled a request that was handed up broke down: its sender hears 5012.
    pub fn cannot_answer(&mut self, now: Instant, ticket: Ticket) {
        let why = "an internal error: see the log";
        let refusal = |request| refuse(self.config.local(), request, result::UNABLE_TO_COMPLY, why);
        let answer = self.duplicates.request(ticket).map(refusal);
        self.answer(now, ticket, answer);
    }

    /// A request came in, of an application that is ours and with AVPs that fit.
    pub(super) fn asked(
        &mut self,
        now: Instant,
        peer: PeerIndex,
        connection: ConnectionId,
        request: MessageBuf,
    ) {
        let Some(slot) = self.slots.get(peer.0) else { return };
        let (host, counters) = (slot.host.clone(), slot.counters.clone());
        counters.requests_received.add();
        if let Err((code, why)) = self.acceptable(&request) {
            counters.refused.add();
            tracing::warn!(
                peer = %host, command = abbreviation_of(request.header()), result_code = code, reason = why,
                "request refused"
            );
            let answer = refuse(self.config.local(), &request, code, &why);
            return self.reply(now, Reply { peer, connection, answer });
        }
        // Without an Origin-Host whoever sent it here stands for it; the layer above will refuse it.
        let origin_host = text(&request, &avp::ORIGIN_HOST).unwrap_or(&host);
        match self.duplicates.check(now, origin_host, (peer, connection), &request) {
            Verdict::New(ticket) => {
                self.events.push_back(NodeEvent::Request { peer: host, ticket, message: request });
            }
            Verdict::Repeat(reply) => {
                counters.duplicates.add();
                self.reply(now, reply);
            }
            Verdict::Wait => counters.duplicates.add(),
            Verdict::TooMany => {
                counters.refused.add();
                let why = "too many requests are being handled";
                let answer = refuse(self.config.local(), &request, result::TOO_BUSY, why);
                self.reply(now, Reply { peer, connection, answer });
            }
        }
    }

    /// Whether we are the ones to handle it. Whose realm it names does not matter: some servers name their
    /// own.
    fn acceptable(&self, request: &MessageBuf) -> Result<(), (u32, String)> {
        if self.stopping {
            return Err((result::UNABLE_TO_DELIVER, "this node is shutting down".into()));
        }
        let command = request.header().command;
        if !self.config.commands.contains(&command) {
            let accepted = &self.config.commands;
            let why = format!("command {command} is not served here, accepted are {accepted:?}");
            return Err((result::COMMAND_UNSUPPORTED, why));
        }
        let own = &self.config.local().origin_host;
        match text(request, &avp::DESTINATION_HOST) {
            Some(host) if !same_identity(host, own) => {
                let why = format!("this is {own}, not {}, and no agent", host.escape_debug());
                Err((result::UNABLE_TO_DELIVER, why))
            }
            _ => Ok(()),
        }
    }

    fn reply(&mut self, now: Instant, Reply { peer, connection, answer }: Reply) {
        if let Some(slot) = self.slots.get_mut(peer.0) {
            slot.counters.answers_sent.add();
            slot.counters.exchanges.sent(&answer);
            slot.peer.answer(now, connection, answer);
            self.agenda.push_back(peer);
        }
    }
}
