//! A request and its answer, for whoever looks on: one readable line, or the octets.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    dict::{avp, commands},
    rx::Outcome,
    wire::{CommandFlags, HEADER_LENGTH, MessageBuf, VendorId, walk},
};

/// A request that came in or was sent, and what was answered.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Whether the request came from the AF.
    pub incoming: bool,
    /// The peer on the other side of the connection; empty if there was none.
    pub peer: Arc<str>,
    /// The request.
    pub request: MessageBuf,
    /// The answer; `None` if none was given or none came.
    pub answer: Option<MessageBuf>,
    /// Between the request and its answer.
    pub took: Duration,
    /// What a rule did, or why there is no answer.
    pub note: Option<String>,
}

/// Is told of every exchange, in the order they end; must not block.
pub type Observer = Arc<dyn Fn(&Exchange) + Send + Sync>;

impl Exchange {
    /// Session-Id of the request.
    pub fn session_id(&self) -> Option<&str> {
        session_id(&self.request)
    }

    /// Whether the request has the T bit: it may have been sent before.
    pub fn is_retransmission(&self) -> bool {
        self.request.header().flags.contains(CommandFlags::RETRANSMIT)
    }

    /// What the answer says.
    pub fn outcome(&self) -> Option<Outcome> {
        self.answer.as_ref().and_then(outcome)
    }
}

/// `<- AAR af;1;2 from af.rx.test: 2001 DIAMETER_SUCCESS (0.3 ms)`.
impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = self.request.header().command;
        let (arrow, word) = if self.incoming { ("<-", "from") } else { ("->", "to") };
        let peer = if self.peer.is_empty() { "nobody" } else { &self.peer };
        match commands::abbreviation(command, true) {
            Some(name) => write!(f, "{arrow} {name}")?,
            None => write!(f, "{arrow} command {command}")?,
        }
        let again = if self.is_retransmission() { " (T)" } else { "" };
        write!(
            f,
            "{again} {} {word} {peer}: ",
            self.session_id().unwrap_or("without Session-Id").escape_debug()
        )?;
        match (self.outcome(), &self.answer) {
            (Some(outcome), _) => write!(f, "{outcome}")?,
            (None, Some(_)) => write!(f, "an answer without a result")?,
            (None, None) => write!(f, "no answer")?,
        }
        if let Some(note) = &self.note {
            write!(f, ", {note}")?;
        }
        write!(f, " ({:.1} ms)", self.took.as_secs_f64() * 1000.0)
    }
}

/// The first Session-Id of a message, read without an index.
pub(super) fn session_id(message: &MessageBuf) -> Option<&str> {
    let avps = message.as_bytes().get(HEADER_LENGTH..).unwrap_or_default();
    let found = walk(avps).find(|avp| avp.key == avp::SESSION_ID.key())?;
    std::str::from_utf8(found.data).ok()
}

/// The first result of an answer, read without an index.
pub(super) fn outcome(answer: &MessageBuf) -> Option<Outcome> {
    let number = |octets: &[u8]| octets.try_into().ok().map(u32::from_be_bytes);
    let inside = |group, key| walk(group).find(|avp| avp.key == key).and_then(|avp| number(avp.data));
    let avps = answer.as_bytes().get(HEADER_LENGTH..).unwrap_or_default();
    walk(avps).find_map(|found| match found.key {
        key if key == avp::RESULT_CODE.key() => number(found.data).map(Outcome::base),
        key if key == avp::EXPERIMENTAL_RESULT.key() => Some(Outcome {
            vendor: VendorId(inside(found.data, avp::VENDOR_ID.key())?),
            code: inside(found.data, avp::EXPERIMENTAL_RESULT_CODE.key())?,
        }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rx::{StAnswer, StRequest},
        wire::{EndToEndId, HopByHopId},
    };

    #[test]
    fn an_exchange_is_one_line() {
        let ids = (HopByHopId(1), EndToEndId(2));
        let request = StRequest { session_id: "af;1;2".into(), ..StRequest::default() }.encode(ids).unwrap();
        let answer = StAnswer { result_code: Some(5002), ..StAnswer::default() }.encode(ids).unwrap();
        let mut exchange = Exchange {
            incoming: true,
            peer: "af.rx.test".into(),
            request,
            answer: Some(answer),
            took: Duration::from_micros(1250),
            note: None,
        };
        let line = "<- STR af;1;2 from af.rx.test: 5002 DIAMETER_UNKNOWN_SESSION_ID (1.2 ms)";
        assert_eq!(exchange.to_string(), line);
        exchange.request = exchange.request.with_hop_by_hop(HopByHopId(3), true);
        (exchange.answer, exchange.note, exchange.incoming) = (None, Some("silence".into()), false);
        assert_eq!(exchange.to_string(), "-> STR (T) af;1;2 to af.rx.test: no answer, silence (1.2 ms)");
    }
}
